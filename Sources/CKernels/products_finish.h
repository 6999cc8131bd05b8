/*
 * products_finish.h - sums become outputs: scaled, with bias, residual and ReLU. Part of
 * products_body.h.
 */
/* max(0, v); a NaN stays a NaN. */
#define RELU(v) ((v16f)((v16u)(v) & ~(v16u)((v) < 0)))

/* The sums of one pixel and 16 channels, as floats. */
INLINE void sum_of(
    const enum p2s_split split, const struct finish *f, int32_t half, v16f *result) {
    int32_t tile = f->pixel / 16 * 2 + half, row = f->pixel % 16 * 16;
    if (split == P2S_SPLIT_X8) {
        const float *sums = f->sums + tile * 1024 + row;
        v16f v = __builtin_convertvector((v16i)LOAD_U(sums + 768), v16f);
        /* The smallest first; multiplying by a power of two is exact. */
        P2S_UNROLL for (int i = 2; i >= 0; i--) v
            = v * 0x1p-8f + __builtin_convertvector((v16i)LOAD_U(sums + 256 * i), v16f);
        *result = v;
        return;
    }
    const float *sums = f->sums + tile * 256 + row;
    *result = split == P2S_SPLIT_I8 ? __builtin_convertvector((v16i)LOAD_U(sums), v16f)
                                    : LOAD_F(sums);
}

/* Adds what was there before to 32 channels of a pixel. */
INLINE void add_residual(
    const struct p2s_product_conv *conv, const struct finish *f, int64_t at, v16f v[2]) {
    if (conv->residual == P2S_LINE_F32) {
        P2S_UNROLL for (int h = 0; h < 2; h++)
            if (h < f->residual_halves) v[h] = v[h] + LOAD_F(f->residual + h * conv->out_block + at);
        return;
    }
    const uint16_t *line = (const uint16_t *)(const void *)(f->residual + at);
    P2S_UNROLL for (int h = 0; h < 2; h++) v[h]
        = v[h] + (v16f)(__builtin_convertvector(LOAD_H(line + 16 * h), v16u) << 16);
}

/* One pixel by 32 channels. */
INLINE void finish_pixel(
    const enum p2s_split split, const struct p2s_product_conv *conv, struct finish *f) {
    int64_t at = f->at[f->pixel];
    if (at >= 0) {
        v16f v[2];
        P2S_UNROLL for (int h = 0; h < 2; h++) {
            sum_of(split, f, h, &v[h]);
            if (split == P2S_SPLIT_X8) v[h] = v[h] * (f->scale[h] * f->pixel_scale[f->pixel]);
            else if (split != P2S_SPLIT_X6) v[h] = v[h] * f->scale[h];
            v[h] = v[h] + f->bias[h];
        }
        if (f->residual) add_residual(conv, f, at, v);
        P2S_UNROLL for (int h = 0; h < 2; h++) {
            if (conv->relu) v[h] = RELU(v[h]);
            if (f->largest && h < f->halves)
                *f->largest = __builtin_elementwise_max(*f->largest, (v16u)v[h] & 0x7FFFFFFFu);
        }
        if (conv->output == P2S_LINE_BF16) {
            ROUND_LINE(f->output + at, v[0], v[1]);
        } else {
            P2S_UNROLL for (int h = 0; h < 2; h++)
                if (h < f->halves) STORE(f->output + h * conv->out_block + at, v[h]);
        }
    }
    f->pixel++;
}

/* Where each pixel of a pair is written; the same for all panels. */
FLATTEN void find_places(struct unit *u, int32_t pair) {
    const struct p2s_product_conv *conv = u->run->conv;
    const struct p2s_geometry *g = &u->run->geometry;
    u->at_pair = pair;
    int64_t image = pair / g->pairs * conv->out_image;
    int32_t first = pair % g->pairs * P2S_PAIR_PIXELS;
    int32_t y = first / g->columns, x = first % g->columns;
    for (int32_t p = 0; p < P2S_PAIR_PIXELS; p++) {
        int inside = y < conv->rows && x < conv->width;
        u->at[p] = inside ? image + y * conv->out_row + x * (int64_t)P2S_LINE_FLOATS : -1;
        if (++x == g->columns) {
            x = 0;
            y++;
        }
    }
}

/* Zeros the halo next to a pair's pixels in one block. */
FLATTEN void zero_halo(const struct p2s_products *run, float *block, int32_t pair) {
    const struct p2s_product_conv *conv = run->conv;
    const struct p2s_geometry *g = &run->geometry;
    int32_t first = pair % g->pairs * P2S_PAIR_PIXELS, end = first + P2S_PAIR_PIXELS;
    for (int32_t y = first / g->columns; y < conv->rows && y * g->columns < end; y++) {
        int32_t x0 = first - y * g->columns, x1 = end - y * g->columns;
        if (x0 < 0) x0 = 0;
        if (x1 > conv->width) x1 = conv->width;
        if (x0 < x1)
            p2s_zero_halo(
                block + y * conv->out_row, conv->out_row, y, conv->rows, x0, x1, conv->width);
    }
}

/* Hands the sums of a pair by a panel to the slices that follow. */
INLINE void start_finish(
    const enum p2s_split split, struct unit *u, const float *sums, int32_t tiles, int32_t pair,
    int32_t panel) {
    const struct p2s_products *run = u->run;
    const struct p2s_product_conv *conv = run->conv;
    struct finish *f = &u->finish[u->turn];
    int64_t lane = (int64_t)panel * P2S_PANEL_LANES;
    int32_t width = conv->output == P2S_LINE_BF16 ? 1 : 2, first = panel * width;
    int64_t image = pair / run->geometry.pairs;
    f->sums = sums;
    if (u->at_pair != pair) find_places(u, pair);
    f->at = u->at;
    f->pixel = 0;
    f->pixels = 16 * tiles;
    f->halves = conv->output == P2S_LINE_BF16 || first + 1 < conv->out_blocks ? 2 : 1;
    f->output = run->output + first * conv->out_block;
    int32_t residual_first = conv->residual == P2S_LINE_BF16 ? panel : 2 * panel;
    f->residual_halves = residual_first + 1 < conv->residual_blocks ? 2 : 1;
    f->residual = run->residual ? run->residual + residual_first * conv->out_block : 0;
    float scale = split == P2S_SPLIT_I8 ? conv->input_scale[image * conv->in_image] : 1;
    P2S_UNROLL for (int h = 0; h < 2; h++) {
        f->bias[h] = LOAD_F(conv->bias + lane + 16 * h);
        if (split == P2S_SPLIT_X6) continue;
        f->scale[h] = LOAD_F(conv->scale + lane + 16 * h);
        if (split == P2S_SPLIT_I8) f->scale[h] = f->scale[h] * scale;
    }
    f->largest = run->largest ? (v16u *)(void *)(run->scratch + P2S_SUMS_COUNT) + image : 0;
    if (split == P2S_SPLIT_X8) {
        const struct p2s_chunk *chunk = &u->packing.chunk;
        int32_t place = pair - chunk->first;
        const float *scales
            = u->scales + (chunk->ring ? place & 1 : place) * (int64_t)P2S_PAIR_PIXELS;
        for (int32_t p = 0; p < P2S_PAIR_PIXELS; p++) f->pixel_scale[p] = scales[p];
    }
    if (!conv->out_halo) return;
    int32_t blocks = conv->output == P2S_LINE_BF16 ? 1 : f->halves;
    for (int32_t h = 0; h < blocks; h++)
        zero_halo(run, f->output + image * conv->out_image + h * conv->out_block, pair);
}

/*
 * products_packing.h - inputs become lines of parts that tiles are loaded from. Part of
 * products_body.h.
 */
/* Two blocks of a pixel to a line of each part, a word of each lane. */
INLINE void pack_x6(const v16f *low, const v16f *high, char *to, int64_t part) {
    v16u a[3], b[3];
    split_x6(low, a);
    split_x6(high, b);
    P2S_UNROLL for (int i = 0; i < 3; i++) STORE(to + i * part, a[i] >> 16 | b[i]);
}

/* 24-bit integers: nearest to x * inverse, half away from zero, each byte made signed by
 * what it borrows from the next. */
INLINE void slices_of(const v16f *x, float inverse, v16u *result) {
    v16f v = *x * inverse;
    v = v + (v16f)(((v16u)v & 0x80000000u) | 0x3F000000u);
    *result = ((v16u)__builtin_convertvector(v, v16i) + 0x8080u) ^ 0x8080u;
}

/* Four blocks of a pixel to a line of each slice. */
INLINE void pack_x8(
    const struct p2s_product_conv *conv, const float *in, int32_t block, float inverse, char *to,
    int64_t part) {
    v16u w[4];
    P2S_UNROLL for (int q = 0; q < 4; q++) {
        w[q] = ALL(0u);
        if (block + q >= conv->in_blocks || inverse == 0) continue;
        v16f x = LOAD_F(in + q * conv->in_block);
        slices_of(&x, inverse, &w[q]);
    }
    P2S_UNROLL for (int i = 0; i < 3; i++) {
        int shift = 16 - 8 * i; /* the highest first */
        STORE(
            to + i * part,
            (w[0] >> shift & 0xFFu) | (w[1] >> shift & 0xFFu) << 8 | (w[2] >> shift & 0xFFu) << 16
                | w[3] >> shift << 24);
    }
}

/* The scale of a pixel, by its largest magnitude: see p2s_product_conv. */
INLINE void scale_pixel(
    const struct p2s_product_conv *conv, struct packing *k, int32_t pixel, const float *input) {
    v16u most = ALL(0u);
    for (int32_t b = 0; b < conv->in_blocks; b++)
        most = __builtin_elementwise_max(
            most, LOAD_U(input + k->in[pixel] + b * conv->in_block) & 0x7FFFFFFFu);
    uint32_t bits = __builtin_reduce_max(most);
    float value = __builtin_bit_cast(float, bits);
    if (!(value > 0x1p-100f)) value = 0x1p-100f;
    int finite = bits < 0x7F800000u;
    k->inverse[pixel] = finite ? 8323072.0f / value : 0;
    k->scales[k->line[pixel]] = finite ? value / 127 : __builtin_bit_cast(float, 0x7FC00000u);
}

/* One kernel row of an output pixel, of up to 4 planes: 8 numbers of each. */
INLINE void pack_planes(
    const enum p2s_split split, const struct p2s_product_conv *conv, const float *in, char *to,
    int64_t part) {
    const v16u lane = { 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7 };
    v16u exists = (v16u)(lane < ALL((uint32_t)conv->kernel));
    v8f v[P2S_MOST_PLANES];
    P2S_UNROLL for (int c = 0; c < P2S_MOST_PLANES; c++) v[c] = c < conv->planes
        ? *(const v8f_any *)(const void *)(in + c * conv->in_block)
        : (v8f) { 0 };
    v16f low
        = __builtin_shufflevector(v[0], v[1], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    v16f high
        = __builtin_shufflevector(v[2], v[3], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    low = (v16f)((v16u)low & exists);
    high = (v16f)((v16u)high & exists);
    if (split == P2S_SPLIT_X6) pack_x6(&low, &high, to, part);
    else ROUND_LINE(to, low, high);
}

/* One pixel of one block. */
INLINE void pack_line(
    const enum p2s_split split, const struct unit *u, const struct packing *k, int32_t block,
    int32_t pixel) {
    const struct p2s_product_conv *conv = u->run->conv;
    const float *in = u->run->input + k->in[pixel];
    char *to = k->to + block * u->block + (int64_t)k->line[pixel] * P2S_LINE;
    if (split <= P2S_SPLIT_X6 && split != P2S_SPLIT_I8 && conv->planes) {
        pack_planes(split, conv, in + block * conv->in_row, to, u->part);
        return;
    }
    int32_t number = k->block + block;
    if (split == P2S_SPLIT_X6) {
        in += 2 * number * conv->in_block;
        v16f low = LOAD_F(in), high = { 0 };
        if (2 * number + 1 < conv->in_blocks) high = LOAD_F(in + conv->in_block);
        pack_x6(&low, &high, to, u->part);
    } else if (split == P2S_SPLIT_X8) {
        pack_x8(
            conv, in + 4 * number * conv->in_block, 4 * number, k->inverse[pixel], to, u->part);
    } else {
        STORE(to, LOAD_U(in + number * conv->in_block));
    }
}

/* Makes the next group the one at work: where its pixels are and where their lines go. */
FLATTEN void next_group(struct unit *u) {
    const struct p2s_products *run = u->run;
    const struct p2s_product_conv *conv = run->conv;
    const struct p2s_geometry *g = &run->geometry;
    struct packing *k = &u->packing;
    const struct p2s_chunk *chunk = &k->chunk;
    k->unit = 0;
    k->to = u->lines;
    if (g->rowwise) {
        int32_t row = k->group / k->row_groups;
        int32_t column = k->group % k->row_groups * P2S_PAIR_PIXELS;
        int64_t in = chunk->first / g->pairs * conv->in_image + (chunk->row + row) * conv->in_row;
        int32_t plane = (chunk->rows + 1) / 2 * g->columns;
        k->pixels = g->in_columns - column < P2S_PAIR_PIXELS ? g->in_columns - column
                                                             : P2S_PAIR_PIXELS;
        for (int32_t p = 0; p < k->pixels; p++, column++) {
            k->in[p] = in + (int64_t)column * P2S_LINE_FLOATS;
            k->line[p] = conv->stride == 1 ? row * g->columns + column
                : (row % 2 * 2 + column % 2) * plane + row / 2 * g->columns + column / 2;
        }
    } else {
        int32_t pair = chunk->first + k->group, first = pair % g->pairs * P2S_PAIR_PIXELS;
        int32_t y = first / g->columns, x = first % g->columns;
        int32_t step = conv->stride * (conv->planes ? 1 : P2S_LINE_FLOATS);
        int64_t image = pair / g->pairs * conv->in_image;
        k->pixels = g->total - first < P2S_PAIR_PIXELS ? g->total - first : P2S_PAIR_PIXELS;
        if (chunk->ring) k->to += (k->group & 1) * (conv->planes ? conv->kernel : conv->blocks)
            * u->block;
        for (int32_t p = 0; p < k->pixels; p++) {
            k->in[p] = image + (int64_t)y * conv->stride * conv->in_row + (int64_t)x * step;
            k->line[p] = (chunk->ring ? 0 : k->group * P2S_PAIR_PIXELS) + p;
            if (++x == g->columns) {
                x = 0;
                y++;
            }
        }
        k->scales = u->scales + (chunk->ring ? (k->group & 1) * P2S_PAIR_PIXELS : 0);
    }
    int32_t steps = conv->planes ? conv->kernel : conv->blocks;
    k->units = steps * ((k->pixels + 1) / 2);
    if (conv->split == P2S_SPLIT_X8) k->units += k->pixels;
}

/* A unit of packing: two pixels of one block, or the scale of one pixel. */
INLINE void pack_unit(const enum p2s_split split, struct unit *u) {
    struct packing *k = &u->packing;
    int32_t unit = k->unit++, couples = (k->pixels + 1) / 2;
    if (split == P2S_SPLIT_X8 && unit < k->pixels) {
        scale_pixel(u->run->conv, k, unit, u->run->input);
    } else {
        if (split == P2S_SPLIT_X8) unit -= k->pixels;
        int32_t block = unit / couples, pixel = unit % couples * 2;
        pack_line(split, u, k, block, pixel);
        if (pixel + 1 < k->pixels) pack_line(split, u, k, block, pixel + 1);
    }
    if (k->unit == k->units) {
        k->group++;
        if (k->group < k->groups) next_group(u);
        else k->units = 0;
    }
}

/* Allows groups up to `groups`. */
INLINE void allow_packing(struct unit *u, int32_t groups) {
    struct packing *k = &u->packing;
    if (groups <= k->groups) return;
    k->groups = groups;
    if (k->units == 0 && k->group < groups) next_group(u);
}

/* Groups that a pair's tiles read. */
INLINE int32_t groups_of(const struct unit *u, int32_t pair) {
    const struct p2s_product_conv *conv = u->run->conv;
    const struct p2s_geometry *g = &u->run->geometry;
    const struct packing *k = &u->packing;
    if (!g->packed) return 0;
    if (!g->rowwise) return pair - k->chunk.first + 1;
    int32_t last = (pair % g->pairs + 1) * P2S_PAIR_PIXELS;
    if (last > g->total) last = g->total;
    int32_t row = (last - 1) / g->columns * conv->stride + (conv->kernel - 1) * conv->dilation;
    return (row - k->chunk.row + 1) * k->row_groups;
}

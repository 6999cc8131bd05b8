/*
 * products_body.h - a unit of work of a convolution by products of tiles, over the tiles
 * that the including file defines:
 *   TARGET                  function attributes
 *   TILES                   the type of the eight tiles
 *   TILES_BEGIN(t), TILES_END(t)
 *   TILE_ZERO(t, n), TILE_LOAD(t, n, p, stride), TILE_STORE(t, n, p)
 *   TILE_BF16(t, c, a, b)   c += a * b, pairs of bfloat16
 *   TILE_U8(t, c, a, b)     the same, uint8 by int8
 *   TILE_S8(t, c, a, b)     the same, int8 by int8
 *   ROUND_LINE(y, low, high)  32 floats to a line of bfloat16, subnormal numbers to zero
 *
 * A product keeps the tile unit busy for 16 cycles, in which the other units can execute
 * some twenty vector instructions. So after each quad of products there is a slice of what
 * is to be done besides: finishing the sums before, packing the inputs that come next and
 * prefetching weights. All of it is written with the compiler's vectors of 16 lanes, which
 * round in the same way on every machine.
 */
#define INLINE P2S_INLINE TARGET
#define FLATTEN static TARGET

typedef float v16f __attribute__((vector_size(64)));
typedef uint32_t v16u __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef uint16_t v16h __attribute__((vector_size(32)));
typedef float v8f __attribute__((vector_size(32)));
/* The same at any address. */
typedef float v16f_any __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t v16u_any __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t v16h_any __attribute__((vector_size(32), aligned(2), may_alias));
typedef float v8f_any __attribute__((vector_size(32), aligned(4), may_alias));
#define LOAD_F(p) (*(const v16f_any *)(const void *)(p))
#define LOAD_U(p) (*(const v16u_any *)(const void *)(p))
#define LOAD_H(p) (*(const v16h_any *)(const void *)(p))
#define STORE(p, v) (*(v16u_any *)(void *)(p) = (v16u)(v))
#define ALL(x) ((x) + (v16u) { 0 })

/* Sums that become outputs: of up to 32 pixels by 32 channels, a pixel at a time. */
struct finish {
    const float *sums; /* [2 tiles of pixels][2 of channels][1 or 4][16][16] */
    const int64_t *at; /* of each pixel, from the output's origin; negative: not an output */
    int32_t pixel, pixels;
    int32_t halves; /* blocks of 16 of the panel that exist */
    int32_t residual_halves;
    float *output;
    const float *residual;
    v16f scale[2], bias[2];
    v16u *largest;
    float pixel_scale[P2S_PAIR_PIXELS]; /* X8 */
};

/* Inputs on their way to packed lines, in groups of up to 32 pixels. */
struct packing {
    struct p2s_chunk chunk;
    int32_t block; /* the first input block */
    int32_t row_groups;
    int32_t group, groups; /* the group at work; those that may be packed now */
    int32_t unit, units;   /* within that group */
    int32_t pixels;
    char *to; /* where the group's line 0 is */
    float *scales;
    int64_t in[P2S_PAIR_PIXELS];
    int32_t line[P2S_PAIR_PIXELS];
    float inverse[P2S_PAIR_PIXELS]; /* X8 */
};

struct unit {
    const struct p2s_products *run;
    float *scales; /* of packed lines (X8) */
    char *lines;
    int64_t part, block; /* bytes between parts and blocks of packed lines */
    struct finish finish[2];
    int32_t turn;
    int64_t at[P2S_PAIR_PIXELS]; /* of pair at_pair */
    int32_t at_pair;
    struct packing packing;
    /* A slice: pixels to finish, units to pack, lines to prefetch. */
    int32_t finish_step, pack_step, fetch_step;
    const char *fetch;
};

/* ---------------------------------------------------------------- finishing */

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

/* ------------------------------------------------------------------ packing */

/* Three exact parts of a float32 in the upper halves of words: rounded to 8 bits, half away
 * from zero, twice, and the rest. Of what is not finite, or would not be once rounded, the
 * upper half is all there is, a NaN with its quiet bit. */
INLINE void split_x6(const v16f *x, v16u parts[3]) {
    v16u u = (v16u)*x, half = ALL(0x8000u), top = ALL(0xFFFF0000u);
    v16u finite = (v16u)(u + u < ALL(0xFEFF0000u)), nan = (v16u)(u + u > ALL(0xFF000000u));
    v16u high = ((u + (half & finite)) & top) | (nan & 0x00400000u);
    v16f rest = (v16f)((v16u)(*x - (v16f)high) & finite);
    v16u middle = ((v16u)rest + half) & top;
    parts[0] = high;
    parts[1] = middle;
    parts[2] = (v16u)(rest - (v16f)middle) & top;
}

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

/* ----------------------------------------------------------------- products */

/* A slice of what is done besides. */
INLINE void beside(const enum p2s_split split, struct unit *u) {
    struct finish *f = &u->finish[u->turn ^ 1];
    for (int32_t i = 0; i < u->finish_step && f->pixel < f->pixels; i++)
        finish_pixel(split, u->run->conv, f);
    for (int32_t i = 0; i < u->pack_step && u->packing.units > 0; i++) pack_unit(split, u);
    for (int32_t i = 0; i < u->fetch_step; i++, u->fetch += 64)
        __builtin_prefetch(u->fetch, 0, 2);
}

/* The tiles that a block of products reads. */
struct source {
    const char *a; /* of the first pixel, at block 0 and tap 0 */
    int64_t block, part, second; /* bytes to the next block, part and tile of pixels */
    int64_t tap[P2S_MOST_TAPS];
    int32_t blocks, taps;
    const uint32_t *weights;
};

#define A_TILES(i)                                                                            \
    do {                                                                                      \
        TILE_LOAD(t, 4, a + (i) * from->part, P2S_LINE);                                      \
        if (tiles == 2) TILE_LOAD(t, 5, a + (i) * from->part + from->second, P2S_LINE);       \
    } while (0)
#define B_TILES(i)                                                                            \
    do {                                                                                      \
        TILE_LOAD(t, 6, w + (i) * P2S_STEP_WORDS, 2 * P2S_LINE);                              \
        TILE_LOAD(t, 7, w + (i) * P2S_STEP_WORDS + 16, 2 * P2S_LINE);                         \
    } while (0)
#define QUAD(PRODUCT)                                                                         \
    do {                                                                                      \
        PRODUCT(t, 0, 4, 6);                                                                  \
        PRODUCT(t, 1, 4, 7);                                                                  \
        if (tiles == 2) {                                                                     \
            PRODUCT(t, 2, 5, 6);                                                              \
            PRODUCT(t, 3, 5, 7);                                                              \
        }                                                                                     \
        beside(split, u);                                                                     \
    } while (0)

/* One or two tiles of pixels by two of channels, all steps. */
INLINE void multiply_pair(
    const enum p2s_split split, const int tiles, struct unit *u, const struct source *from,
    float *sums, TILES *t) {
    (void)t;
    TILE_ZERO(t, 0);
    TILE_ZERO(t, 1);
    TILE_ZERO(t, 2);
    TILE_ZERO(t, 3);
    const uint32_t *w = from->weights;
    for (int32_t b = 0; b < from->blocks; b++) {
        for (int32_t s = 0; s < from->taps; s++) {
            const char *a = from->a + b * from->block + from->tap[s];
            if (split == P2S_SPLIT_X6) {
                A_TILES(2);
                B_TILES(0);
                QUAD(TILE_BF16);
                A_TILES(1);
                QUAD(TILE_BF16);
                B_TILES(1);
                QUAD(TILE_BF16);
                A_TILES(0);
                QUAD(TILE_BF16);
                B_TILES(2);
                QUAD(TILE_BF16);
                B_TILES(0);
                QUAD(TILE_BF16);
                w += 3 * P2S_STEP_WORDS;
            } else {
                A_TILES(0);
                B_TILES(0);
                if (split == P2S_SPLIT_I8) QUAD(TILE_U8);
                else QUAD(TILE_BF16);
                w += P2S_STEP_WORDS;
            }
        }
    }
    TILE_STORE(t, 0, sums);
    TILE_STORE(t, 1, sums + 256);
    if (tiles == 2) {
        TILE_STORE(t, 2, sums + 512);
        TILE_STORE(t, 3, sums + 768);
    }
}

/* One tile of pixels by one of channels, four sums by the weight of the slices. */
INLINE void multiply_slices(
    struct unit *u, const struct source *from, int32_t half, int64_t pixels, float *sums,
    TILES *t) {
    (void)t;
    TILE_ZERO(t, 0);
    TILE_ZERO(t, 1);
    TILE_ZERO(t, 2);
    TILE_ZERO(t, 3);
    const uint32_t *w = from->weights + 16 * half;
    const char *a = from->a + pixels;
    for (int32_t b = 0; b < from->blocks; b++, a += from->block, w += 3 * P2S_STEP_WORDS) {
        TILE_LOAD(t, 4, a, P2S_LINE);
        TILE_LOAD(t, 5, w, 2 * P2S_LINE);
        TILE_S8(t, 0, 4, 5);
        TILE_LOAD(t, 6, w + P2S_STEP_WORDS, 2 * P2S_LINE);
        TILE_S8(t, 1, 4, 6);
        TILE_LOAD(t, 7, w + 2 * P2S_STEP_WORDS, 2 * P2S_LINE);
        TILE_S8(t, 2, 4, 7);
        beside(P2S_SPLIT_X8, u);
        TILE_LOAD(t, 4, a + from->part, P2S_LINE);
        TILE_S8(t, 1, 4, 5);
        TILE_S8(t, 2, 4, 6);
        TILE_S8(t, 3, 4, 7);
        beside(P2S_SPLIT_X8, u);
        TILE_LOAD(t, 4, a + 2 * from->part, P2S_LINE);
        TILE_S8(t, 2, 4, 5);
        TILE_S8(t, 3, 4, 6);
    }
    TILE_STORE(t, 0, sums);
    TILE_STORE(t, 1, sums + 256);
    TILE_STORE(t, 2, sums + 512);
    TILE_STORE(t, 3, sums + 768);
}

/* The tiles of a pair, packed or in the input itself. */
INLINE void source_of(
    const struct unit *u, int32_t pair, int32_t panel, struct source *from) {
    const struct p2s_products *run = u->run;
    const struct p2s_product_conv *conv = run->conv;
    const struct p2s_geometry *g = &run->geometry;
    const struct p2s_chunk *chunk = &u->packing.chunk;
    int64_t first = (int64_t)(pair % g->pairs) * P2S_PAIR_PIXELS, columns = g->columns;
    from->second = 16 * P2S_LINE;
    from->part = u->part;
    from->block = u->block;
    from->blocks = conv->planes ? conv->kernel : conv->blocks;
    from->taps = g->taps;
    from->weights = conv->weights
        + (int64_t)panel * p2s_product_steps(conv) * g->parts * P2S_STEP_WORDS;
    /* Bytes to the next row and column of taps. */
    int64_t down = conv->dilation * columns * P2S_LINE, right = conv->dilation * (int64_t)P2S_LINE;
    if (!g->packed) {
        const float *input = run->input + pair / g->pairs * conv->in_image
            + conv->first[panel] * conv->in_block + first * P2S_LINE_FLOATS;
        from->a = (const char *)input;
        from->block = conv->in_block * (int64_t)sizeof(float);
    } else if (g->rowwise) {
        from->a = u->lines + (first - chunk->row / conv->stride * columns) * P2S_LINE;
    } else {
        int32_t place = pair - chunk->first;
        from->a = u->lines
            + (chunk->ring ? (place & 1) * from->blocks * u->block
                           : place * (int64_t)P2S_PAIR_PIXELS * P2S_LINE);
    }
    for (int32_t s = 0; s < g->taps; s++) {
        int32_t ky = s / conv->kernel, kx = s % conv->kernel;
        from->tap[s] = ky * down + kx * right;
        if (g->taps == 1) from->tap[s] = 0;
        if (!g->rowwise || conv->stride == 1) continue;
        ky *= conv->dilation;
        kx *= conv->dilation;
        int64_t plane = (chunk->rows + 1) / 2 * columns;
        from->tap[s] = ((ky % 2 * 2 + kx % 2) * plane + ky / 2 * columns + kx / 2) * P2S_LINE;
    }
}

/* Quads of one pair by one panel: after each there is a slice. */
INLINE int32_t quads_of(const enum p2s_split split, const struct unit *u, int32_t tiles) {
    int32_t steps = p2s_product_steps(u->run->conv);
    return split == P2S_SPLIT_X6 ? 6 * steps
        : split == P2S_SPLIT_X8  ? 4 * tiles * steps
                                 : steps;
}

INLINE void multiply(
    const enum p2s_split split, struct unit *u, int32_t pair, int32_t panel, TILES *t) {
    const struct p2s_geometry *g = &u->run->geometry;
    int32_t tiles = g->total - pair % g->pairs * P2S_PAIR_PIXELS > 16 ? 2 : 1;
    struct source from;
    source_of(u, pair, panel, &from);
    float *sums = u->run->scratch + u->turn * 4 * P2S_SUM_FLOATS;
    struct finish *before = &u->finish[u->turn ^ 1];
    int32_t quads = quads_of(split, u, tiles);
    u->finish_step = (before->pixels + quads - 1) / quads;
    if (split == P2S_SPLIT_X8) {
        for (int32_t i = 0; i < 2 * tiles; i++)
            multiply_slices(
                u, &from, i & 1, i / 2 * from.second, sums + i * P2S_SUM_FLOATS, t);
    } else if (tiles == 2) {
        multiply_pair(split, 2, u, &from, sums, t);
    } else {
        multiply_pair(split, 1, u, &from, sums, t);
    }
    while (before->pixel < before->pixels) finish_pixel(split, u->run->conv, before);
    start_finish(split, u, sums, tiles, pair, panel);
    u->turn ^= 1;
}

/* One function per split, which keeps each small. */
FLATTEN void multiply_bf16(struct unit *u, int32_t pair, int32_t panel, TILES *t) {
    multiply(P2S_SPLIT_BF16, u, pair, panel, t);
}
FLATTEN void multiply_i8(struct unit *u, int32_t pair, int32_t panel, TILES *t) {
    multiply(P2S_SPLIT_I8, u, pair, panel, t);
}
FLATTEN void multiply_x6(struct unit *u, int32_t pair, int32_t panel, TILES *t) {
    multiply(P2S_SPLIT_X6, u, pair, panel, t);
}
FLATTEN void multiply_x8(struct unit *u, int32_t pair, int32_t panel, TILES *t) {
    multiply(P2S_SPLIT_X8, u, pair, panel, t);
}

INLINE void multiply_panel(
    const enum p2s_split split, struct unit *u, int32_t pair, int32_t panel, TILES *t) {
    (split == P2S_SPLIT_BF16     ? multiply_bf16
         : split == P2S_SPLIT_I8 ? multiply_i8
         : split == P2S_SPLIT_X6 ? multiply_x6
                                 : multiply_x8)(u, pair, panel, t);
}

/* --------------------------------------------------------------------- unit */

/* The inputs of a pair are packed in time: what is missing now, and the rest of what the next
 * pair needs beside so many quads. */
INLINE void prepare(
    const enum p2s_split split, struct unit *u, int32_t pair, int32_t next, int64_t quads) {
    struct packing *k = &u->packing;
    u->pack_step = 0;
    if (!u->run->geometry.packed) return;
    allow_packing(u, groups_of(u, pair));
    while (k->units > 0) pack_unit(split, u);
    if (next < 0) return;
    int32_t groups = groups_of(u, next) - k->group;
    allow_packing(u, groups_of(u, next));
    if (k->units > 0) u->pack_step = (int32_t)((groups * (int64_t)k->units + quads - 1) / quads);
}

/* Some panels by one chunk of pairs. */
INLINE void multiply_chunk(
    const enum p2s_split split, struct unit *u, const struct p2s_chunk *chunk, int32_t panel0,
    int32_t panel1, int32_t pairs_outer, TILES *t) {
    const struct p2s_products *run = u->run;
    const struct p2s_product_conv *conv = run->conv;
    const struct p2s_geometry *g = &run->geometry;
    struct packing *k = &u->packing;
    k->chunk = *chunk;
    k->block = conv->first[panel0];
    k->row_groups = (g->in_columns + P2S_PAIR_PIXELS - 1) / P2S_PAIR_PIXELS;
    k->group = k->groups = k->units = 0;
    u->part = (int64_t)chunk->lines * P2S_LINE;
    u->block = g->parts * u->part;
    int32_t steps = p2s_product_steps(conv), quads = quads_of(split, u, 2);
    int64_t panel_bytes = (int64_t)steps * g->parts * P2S_STEP_WORDS * 4;
    const char *weights = (const char *)conv->weights;
    if (pairs_outer) {
        for (int32_t pair = chunk->first; pair < chunk->end; pair++) {
            int32_t next = pair + 1 < chunk->end ? pair + 1 : -1;
            prepare(split, u, pair, next, (int64_t)quads * (panel1 - panel0));
            /* The first pair reads weights that are in no cache. */
            int cold = pair == run->pair0;
            u->fetch_step = cold ? (int32_t)(panel_bytes / 64 + quads - 1) / quads : 0;
            if (u->fetch_step > 8) u->fetch_step = 8;
            for (int32_t panel = panel0; panel < panel1; panel++) {
                u->fetch = weights + (panel + 1) * panel_bytes;
                multiply_panel(split, u, pair, panel, t);
            }
        }
        return;
    }
    int64_t share = (int64_t)quads * (chunk->end - chunk->first);
    for (int32_t panel = panel0; panel < panel1; panel++) {
        /* The next panel of weights, spread over all pairs. */
        u->fetch = weights + (panel + 1) * panel_bytes;
        u->fetch_step = (int32_t)((panel_bytes / 64 + share - 1) / share);
        if (u->fetch_step > 8) u->fetch_step = 8;
        for (int32_t pair = chunk->first; pair < chunk->end; pair++) {
            int32_t next = panel == panel0 && pair + 1 < chunk->end ? pair + 1 : -1;
            prepare(split, u, pair, next, quads);
            multiply_panel(split, u, pair, panel, t);
        }
    }
}

INLINE void unit_body(const enum p2s_split split, const struct p2s_products *run) {
    const struct p2s_product_conv *conv = run->conv;
    const struct p2s_geometry *g = &run->geometry;
    struct unit u;
    u.run = run;
    u.turn = 0;
    u.at_pair = -1;
    P2S_UNROLL for (int i = 0; i < 2; i++) u.finish[i].pixel = u.finish[i].pixels = 0;
    v16u *largest = (v16u *)(void *)(run->scratch + P2S_SUMS_COUNT);
    u.scales = (float *)(void *)(largest + conv->images);
    if (run->largest)
        for (int32_t i = 0; i < conv->images; i++) largest[i] = ALL(0u);
    TILES tiles;
    TILES_BEGIN(&tiles);
    int32_t step = g->packed && !g->dense ? 1 : run->panel1 - run->panel0;
    for (int32_t panel = run->panel0; panel < run->panel1; panel += step) {
        int32_t end = panel + step;
        int64_t bytes = (int64_t)(end - panel) * p2s_product_steps(conv) * g->parts
            * P2S_STEP_WORDS * 4;
        int32_t pairs_outer = bytes <= P2S_CACHE_BYTES;
        for (int32_t pair = run->pair0; pair < run->pair1;) {
            struct p2s_chunk chunk
                = p2s_product_chunk(conv, g, pair, run->pair1, pairs_outer);
            int64_t scales = split == P2S_SPLIT_X8 ? (1 + chunk.ring) * (int64_t)chunk.lines : 0;
            u.lines = (char *)(u.scales + (scales + 15) / 16 * 16);
            multiply_chunk(split, &u, &chunk, panel, end, pairs_outer, &tiles);
            pair = chunk.end;
        }
    }
    struct finish *last = &u.finish[u.turn ^ 1];
    while (last->pixel < last->pixels) finish_pixel(split, conv, last);
    TILES_END(&tiles);
    if (!run->largest) return;
    for (int32_t i = 0; i < conv->images; i++)
        run->largest[i * (int64_t)run->units] = __builtin_reduce_max(largest[i]);
}

TARGET static void bf16_unit(const struct p2s_products *run) { unit_body(P2S_SPLIT_BF16, run); }
TARGET static void i8_unit(const struct p2s_products *run) { unit_body(P2S_SPLIT_I8, run); }
TARGET static void x6_unit(const struct p2s_products *run) { unit_body(P2S_SPLIT_X6, run); }
TARGET static void x8_unit(const struct p2s_products *run) { unit_body(P2S_SPLIT_X8, run); }

P2S_INLINE void products_form(const struct p2s_products *run) {
    switch (run->conv->split) {
    case P2S_SPLIT_BF16: bf16_unit(run); break;
    case P2S_SPLIT_I8: i8_unit(run); break;
    case P2S_SPLIT_X6: x6_unit(run); break;
    case P2S_SPLIT_X8: x8_unit(run); break;
    }
}

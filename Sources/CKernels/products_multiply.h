/*
 * products_multiply.h - the products of a pair of tiles by a panel, with slices of other
 * work in between. Part of products_body.h.
 */
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

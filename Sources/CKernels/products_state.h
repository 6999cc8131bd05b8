/*
 * products_state.h - what a unit of work keeps: sums on their way to outputs, inputs on
 * their way to packed lines. Part of products_body.h.
 */
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

/*
 * kernels.h - what the drivers (conv.c, grouped.c, products.c, winograd.c, pool.c, dense.c,
 * pack.c) and the instruction-set files agree on. Not part of the module.
 */
#ifndef P2S_KERNELS_H
#define P2S_KERNELS_H

#include "CKernels.h"
#include "forms.h"

/* P2S_ON_X86(...) and P2S_ON_ARM(...) are their arguments there, and nothing elsewhere. */
#if defined(__x86_64__)
#  define P2S_HAVE_X86 1
#  define P2S_ON_X86(...) __VA_ARGS__
#  define P2S_AVX2 __attribute__((target("avx2,fma")))
#  define P2S_AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#else
#  define P2S_ON_X86(...)
#endif
#if defined(__aarch64__)
#  define P2S_HAVE_NEON 1
#  define P2S_ON_ARM(...) __VA_ARGS__
#else
#  define P2S_ON_ARM(...)
#endif

#define P2S_HIDDEN __attribute__((visibility("hidden")))

/* p2s_amx_state for a processor that has tiles or not; tests execute tiles in software. */
P2S_HIDDEN enum p2s_amx p2s_amx_state_if(int has_tiles);
#define P2S_INLINE static inline __attribute__((always_inline))
#define P2S_UNROLL _Pragma("clang loop unroll(full)")

/* Most pixels in a tile, over all instruction sets. */
#define P2S_TILE_MAX 14

/* `pixels` output pixels by `blocks` (1 or 2) output blocks. */
struct p2s_tile {
    const struct p2s_segment *segments;
    const float *input;
    const float *weights; /* [depth][blocks * 16] */
    const float *bias;
    const float *residual; /* or NULL */
    float *output;
    const float *scale;       /* [blocks * 16]; of reduced forms only, as the next */
    const float *input_scale; /* one */
    int64_t in_pixel;
    int64_t out_block;
    /* Prefetched a line at each step of the reduction, prefetch_step apart. */
    const char *prefetch;
    int64_t prefetch_step; /* 0 or 64 bytes */
    int64_t at[P2S_TILE_MAX]; /* offset of each pixel's output and residual */
    int32_t segment_count;
    int32_t pixels;
    int32_t blocks;
    int32_t relu;
};

/* One row of `width` output pixels of one block of a grouped 3x3. */
struct p2s_grouped_row {
    const float *input;   /* top left tap of pixel 0 */
    const float *weights; /* [ky][depth][kx][16] */
    const float *bias;
    const float *scale;       /* [16]; of reduced forms only, as the next */
    const float *input_scale; /* one */
    float *output;
    int64_t in_row;
    int32_t width;
    int32_t group;
    int32_t depth;
    int32_t stride;
    int32_t relu;
};

/* The 6x6 tiles of one row of tiles of one block, to be transformed. */
struct p2s_winograd_input {
    /* The six input rows from the left halo pixel on, `steps` floats between pixels:
     * 16, or 0 for a row of zeros below the image. */
    const float *rows[6];
    int64_t steps[6];
    int32_t columns; /* that exist, halo included; the rest is zero */
    int32_t tiles;
    int32_t first_tile; /* number of the first one in the image */
    int32_t strip_tiles;
    float *output;        /* element 0 of tile 0 of strip 0 for this block */
    int64_t strip_floats; /* between strips */
    int64_t matrix_floats; /* between the 36 elements */
};

/* One tile of 4x4 outputs of one block, to be transformed back. */
struct p2s_winograd_output {
    const float *sums;
    int64_t matrix_floats; /* between the 36 elements */
    const float *bias;
    const float *residual; /* or NULL */
    float *output;
    int64_t out_row;
    int32_t rows, columns; /* that exist, 1 to 4 */
    int32_t relu;
};

/* Filters of one panel, to be transformed: see p2s_pack_winograd. */
struct p2s_winograd_filters {
    const float *weights;
    const double *scale; /* [filters] or NULL for 1 */
    float *packed;
    int32_t filters;
    int32_t depth;
    int32_t lanes;
};

/* One output row of a 3x3 stride-2 max-pooling from three input rows. */
struct p2s_maxpool_row {
    const float *rows[3]; /* may repeat at the border */
    float *output;
    int32_t in_width;
};

/* Dot products of `rows` (1 to P2S_DOTS_MAX) weight rows with x, each as the 16
 * partial sums over columns c mod 16. */
#define P2S_DOTS_MAX 4
struct p2s_dots {
    const float *weights; /* [rows][columns] */
    const float *x;       /* [columns] */
    float *partial;       /* [rows][16] */
    int32_t rows;
    int32_t columns;
};

/* 16 filters by 16 steps of a panel: packed[k * lanes + r] = scaled weights[r * depth + k]. */
struct p2s_square {
    const float *weights;
    const double *scale; /* [16] or NULL for 1 */
    float *packed;
    int64_t depth;
    int64_t lanes;
};

/* A unit of a convolution by products of tiles: products.h. */
struct p2s_products;

/* Filters of one panel, to be split: see p2s_pack_split. */
struct p2s_split_panel {
    enum p2s_split split;
    const float *weights;
    const double *scale;
    const int32_t *order;
    int32_t filters;
    int32_t count;
    int32_t steps;
    uint32_t *packed;
    float *scales;
};

/* Pixels to be copied to lines of bfloat16 or uint8: see p2s_bf16_lines, p2s_u8_lines. */
struct p2s_lines {
    enum p2s_line line;
    const float *x;
    int64_t in_block;
    int32_t blocks;
    int64_t count;
    float inverse;
    void *y;
};

/* Output pixels of some blocks of a quantized convolution, as p2s_quantized_conv states them. */
struct p2s_quantized_run {
    const struct p2s_quantized_conv *conv;
    const uint8_t *input;
    const int32_t *pixel_bytes;
    int32_t pixels;
    int32_t first, last;
    uint8_t *output;
};

/*
 * For each kernel of the list: the type of its forms, their declarations, and
 * p2s_<name>_for(isa), the form to run. A form that this build lacks is declared and
 * never named again.
 */
#define P2S_DECLARE(name, arguments, avx2, avx512, neon, amx)                \
    typedef void (*p2s_##name##_form) arguments;                             \
    P2S_HIDDEN void p2s_##name##_portable arguments;                         \
    P2S_HIDDEN void p2s_##name##_##avx2 arguments;                           \
    P2S_HIDDEN void p2s_##name##_##avx512 arguments;                         \
    P2S_HIDDEN void p2s_##name##_##neon arguments;                           \
    P2S_HIDDEN void p2s_##name##_##amx arguments;                            \
    P2S_INLINE p2s_##name##_form p2s_##name##_for(enum p2s_isa isa) {        \
        switch (isa) {                                                       \
        P2S_ON_X86(case P2S_ISA_AVX2: return p2s_##name##_##avx2;)           \
        P2S_ON_X86(case P2S_ISA_AVX512: return p2s_##name##_##avx512;)       \
        P2S_ON_X86(case P2S_ISA_AMX: return p2s_##name##_##amx;)             \
        P2S_ON_ARM(case P2S_ISA_NEON: return p2s_##name##_##neon;)           \
        default: return p2s_##name##_portable;                               \
        }                                                                    \
    }
P2S_KERNELS(P2S_DECLARE)
#undef P2S_DECLARE

/* Those of DoubleKernels.h, with the instructions of `isa`. */
P2S_HIDDEN void p2s_double_multiply_in(enum p2s_isa isa, const struct p2s_double_product *product);
P2S_HIDDEN void p2s_double_multiply_rows_in(enum p2s_isa isa, const struct p2s_double_dots *dots);

/* One convolution on its way through the tiles, whatever computes them. */
struct p2s_conv_run {
    const struct p2s_conv *conv;
    const float *input;
    const float *residual;
    float *output;
    const float *scale;
    const float *input_scale;
    p2s_tile_form form;
};

P2S_HIDDEN void p2s_conv_run_unit(const struct p2s_conv_run *run, int32_t unit);

/* One grouped convolution on its way through the rows, whatever computes them. */
struct p2s_grouped_run {
    const struct p2s_grouped *conv;
    const float *input;
    float *output;
    const float *scale;
    const float *input_scale;
    p2s_grouped_form form;
};

P2S_HIDDEN void p2s_grouped_run_unit(const struct p2s_grouped_run *run, int32_t unit);

/* Sets `count` floats to zero. */
P2S_INLINE void p2s_zero(float *p, int64_t count) {
    for (int64_t i = 0; i < count; i++) p[i] = 0;
}

/*
 * Writes the zero halo next to output pixels [x0, x1) of row y of one block:
 * left and right of the row, and above or below it when it is the first or last.
 * `row` is pixel 0 of row y.
 */
P2S_INLINE void p2s_zero_halo(
    float *row, int64_t out_row, int32_t y, int32_t rows, int32_t x0, int32_t x1, int32_t width) {
    int64_t left = x0 == 0 ? -1 : x0, right = x1 == width ? width + 1 : x1;
    if (x0 == 0) p2s_zero(row - P2S_LANES, P2S_LANES);
    if (x1 == width) p2s_zero(row + (int64_t)width * P2S_LANES, P2S_LANES);
    int64_t count = (right - left) * P2S_LANES;
    if (y == 0) p2s_zero(row - out_row + left * P2S_LANES, count);
    if (y == rows - 1) p2s_zero(row + out_row + left * P2S_LANES, count);
}

/* max(0, v); a NaN stays a NaN. */
P2S_INLINE float p2s_relu(float v) { return v < 0 ? 0 : v; }

#endif

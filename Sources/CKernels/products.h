/*
 * products.h - what the driver of products of tiles (products.c) and its forms
 * (products_body.h) agree on. Not part of the module.
 */
#ifndef P2S_PRODUCTS_H
#define P2S_PRODUCTS_H

#include "kernels.h"

enum {
    P2S_LINE = 64,               /* bytes */
    P2S_LINE_FLOATS = 16,
    P2S_STEP_WORDS = 16 * P2S_PANEL_LANES, /* of one part */
    P2S_MOST_TAPS = 9,
    P2S_MOST_PLANES = 4,
    P2S_MOST_KERNEL = 8,
    /* What is gone through again and again, weights or packed inputs, should be no larger:
     * half of the second-level cache of every processor that has AMX. */
    P2S_CACHE_BYTES = 1000 << 10,
    /* Sums of a pair by a panel: 2 x 2 tiles; X8 has four sums for each. */
    P2S_SUM_FLOATS = 4 * 256,
};

/*
 * Where the tiles of a unit are. Outputs are numbered row by row over rows of `columns`
 * lines, of which the first `width` are outputs and the others are computed for nothing:
 * then the inputs of neighboring numbers are neighbors too, across the ends of rows.
 */
struct p2s_geometry {
    int32_t packed;  /* 1: tiles are loaded from working memory, not from the input */
    int32_t parts;
    int32_t columns;
    int32_t in_columns; /* columns of the input that are packed */
    int32_t total;   /* outputs of an image, with those computed for nothing */
    int32_t pairs;   /* of an image */
    int32_t taps;    /* steps of one block */
    int32_t dense;   /* 1: every panel reads every block */
    /* Packed lines: a 1x1 or an image of planes has them in the order of outputs; a 3x3
     * in rows as the input has, for a stride of 2 divided by the parity of row and column. */
    int32_t rowwise;
};

P2S_HIDDEN struct p2s_geometry p2s_product_geometry(const struct p2s_product_conv *conv);

/* Pairs from `first` on, at most `most`, whose packed inputs fit the working memory; the
 * lines that they need. */
struct p2s_chunk {
    int32_t first, end; /* pairs over all images */
    int32_t row;        /* the first input row, counted from the image's first (rowwise) */
    int32_t rows;       /* input rows (rowwise) */
    int32_t lines;      /* of one part of one block, some of them unused */
    int32_t ring;       /* 1: pairs take turns in two places of so many lines */
};

P2S_HIDDEN struct p2s_chunk p2s_product_chunk(
    const struct p2s_product_conv *conv, const struct p2s_geometry *geometry, int32_t first,
    int32_t end, int32_t ring);

/* Bytes of the packed lines of a chunk. */
P2S_HIDDEN int64_t p2s_chunk_bytes(
    const struct p2s_product_conv *conv, const struct p2s_geometry *geometry,
    const struct p2s_chunk *chunk);

/* One unit of work. */
struct p2s_products {
    const struct p2s_product_conv *conv;
    const float *input;
    const float *residual;
    float *output;
    float *scratch;
    uint32_t *largest; /* [images], units apart, or NULL */
    int32_t units;
    int32_t pair0, pair1; /* over all images */
    int32_t panel0, panel1;
    struct p2s_geometry geometry;
};

/* How working memory is divided: sums twice, the largest magnitudes of each image's outputs
 * in 16 lanes, the scale of each packed line (X8), the lines. */
enum { P2S_SUMS_COUNT = 2 * 4 * P2S_SUM_FLOATS };

#endif

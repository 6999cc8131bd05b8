/*
 * products.c - cuts a convolution by products of tiles into units and chunks; the form of the
 * instruction set does the rest (products_body.h).
 */
#pragma STDC FP_CONTRACT OFF
#include "products.h"

static int32_t chunks(int32_t count, int32_t size) { return (count + size - 1) / size; }

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int32_t p2s_split_parts(enum p2s_split split) {
    return split == P2S_SPLIT_X6 || split == P2S_SPLIT_X8 ? 3 : 1;
}

int32_t p2s_product_lane(enum p2s_split split, int32_t word, int32_t element) {
    return split == P2S_SPLIT_BF16 ? 2 * word + element : word + P2S_LANES * element;
}

int32_t p2s_product_steps(const struct p2s_product_conv *conv) {
    return conv->planes ? conv->kernel : conv->blocks * conv->kernel * conv->kernel;
}

struct p2s_geometry p2s_product_geometry(const struct p2s_product_conv *conv) {
    int32_t line_columns = (int32_t)(conv->in_row / P2S_LINE_FLOATS);
    struct p2s_geometry g = {
        .packed = conv->planes || conv->stride > 1 || p2s_split_parts(conv->split) > 1,
        .parts = p2s_split_parts(conv->split),
        .columns = conv->width,
        .in_columns = (conv->width - 1) * conv->stride + (conv->kernel - 1) * conv->dilation + 1,
        .taps = conv->planes ? 1 : conv->kernel * conv->kernel,
        .dense = 1,
    };
    for (int32_t p = 1; p < conv->panels; p++) g.dense &= conv->first[p] == conv->first[0];
    if (!g.packed) {
        g.columns = line_columns;
    } else if (!conv->planes && conv->kernel > 1) {
        g.rowwise = 1;
        g.columns = conv->stride == 1 ? g.in_columns : chunks(g.in_columns, 2);
    }
    g.total = (conv->rows - 1) * g.columns + conv->width;
    g.pairs = chunks(g.total, P2S_PAIR_PIXELS);
    return g;
}

int32_t p2s_product_pairs(const struct p2s_product_conv *conv) {
    return p2s_product_geometry(conv).pairs;
}

int32_t p2s_product_units(const struct p2s_product_conv *conv) {
    return chunks(conv->images * p2s_product_pairs(conv), conv->unit_pairs)
        * chunks(conv->panels, conv->unit_panels);
}

/* Bytes of one line of all parts and blocks that a panel reads. */
static int64_t line_bytes(const struct p2s_product_conv *conv, const struct p2s_geometry *g) {
    return (int64_t)P2S_LINE * g->parts * (conv->planes ? conv->kernel : conv->blocks);
}

int64_t p2s_chunk_bytes(
    const struct p2s_product_conv *conv, const struct p2s_geometry *g,
    const struct p2s_chunk *chunk) {
    return g->packed ? (1 + chunk->ring) * chunk->lines * line_bytes(conv, g) : 0;
}

/* The chunk of these pairs, all of one image if rowwise. */
static struct p2s_chunk chunk_of(
    const struct p2s_product_conv *conv, const struct p2s_geometry *g, int32_t first,
    int32_t end) {
    struct p2s_chunk chunk = { .first = first, .end = end };
    int32_t outputs = (end - first) * P2S_PAIR_PIXELS;
    /* An odd number, so that parts and blocks do not fall into the same few cache sets. */
    chunk.lines = outputs | 1;
    if (!g->rowwise) return chunk;
    int32_t from = first % g->pairs * P2S_PAIR_PIXELS;
    int32_t to = (int32_t)least(from + (int64_t)outputs, g->total) - 1;
    chunk.row = from / g->columns * conv->stride;
    chunk.rows = (to / g->columns - from / g->columns) * conv->stride
        + (conv->kernel - 1) * conv->dilation + 1;
    int32_t lines = conv->stride == 1 ? chunk.rows * g->columns
                                      : 4 * chunks(chunk.rows, 2) * g->columns;
    /* The last tiles may reach over the end. */
    chunk.lines = (lines + P2S_PAIR_PIXELS) | 1;
    return chunk;
}

struct p2s_chunk p2s_product_chunk(
    const struct p2s_product_conv *conv, const struct p2s_geometry *g, int32_t first,
    int32_t end, int32_t ring) {
    if (g->rowwise) end = (int32_t)least(end, first / g->pairs * g->pairs + g->pairs);
    struct p2s_chunk all = chunk_of(conv, g, first, end);
    if (ring && !g->rowwise) {
        if (!g->packed) return all;
        all.ring = 1;
        all.lines = P2S_PAIR_PIXELS;
        return all;
    }
    /* The fewest chunks of nearly equal size. */
    for (int32_t parts = 1;; parts++) {
        struct p2s_chunk chunk = chunk_of(conv, g, first, first + chunks(end - first, parts));
        if (chunk.end == first + 1 || chunk.lines * line_bytes(conv, g) <= P2S_CACHE_BYTES)
            return chunk;
    }
}

/* Floats of working memory before the lines. */
static int64_t head_floats(const struct p2s_product_conv *conv, int64_t lines) {
    return P2S_SUMS_COUNT + (int64_t)conv->images * P2S_LANES + (lines + 15) / 16 * 16;
}

int64_t p2s_product_scratch(const struct p2s_product_conv *conv) {
    struct p2s_geometry g = p2s_product_geometry(conv);
    int64_t bytes = line_bytes(conv, &g);
    if (!g.packed) return head_floats(conv, 0);
    int64_t pairs = least(conv->unit_pairs, (int64_t)conv->images * g.pairs);
    int64_t pair = P2S_PAIR_PIXELS + 1, whole = pairs * P2S_PAIR_PIXELS + 1;
    if (g.rowwise) {
        struct p2s_chunk image = chunk_of(conv, &g, 0, g.pairs);
        /* A pair that begins at the end of a row. */
        int64_t rows = (P2S_PAIR_PIXELS + g.columns - 2) / g.columns * conv->stride
            + (conv->kernel - 1) * conv->dilation + 2;
        pair = least(
            image.lines, (conv->stride == 1 ? rows : 2 * (rows + 1)) * g.columns + pair);
        whole = image.lines;
    }
    int64_t lines = most(2 * P2S_PAIR_PIXELS, most(pair, least(whole, P2S_CACHE_BYTES / bytes)));
    return head_floats(conv, lines) + lines * bytes / (int64_t)sizeof(float);
}

void p2s_product_unit(
    enum p2s_isa isa, const struct p2s_product_conv *conv, const float *input,
    const float *residual, float *output, float *scratch, uint32_t *largest, int32_t unit) {
    struct p2s_products run = {
        .conv = conv,
        .input = input,
        .residual = residual,
        .output = output,
        .scratch = scratch,
        .units = p2s_product_units(conv),
        .geometry = p2s_product_geometry(conv),
    };
    int32_t pairs = conv->images * run.geometry.pairs, pair_chunks = chunks(pairs, conv->unit_pairs);
    run.largest = largest ? largest + unit : 0;
    run.pair0 = unit % pair_chunks * conv->unit_pairs;
    run.pair1 = (int32_t)least(run.pair0 + (int64_t)conv->unit_pairs, pairs);
    run.panel0 = unit / pair_chunks * conv->unit_panels;
    run.panel1 = (int32_t)least(run.panel0 + (int64_t)conv->unit_panels, conv->panels);
    p2s_products_for(isa)(&run);
}

/*
 * winograd.c - cuts a 3x3 convolution by F(4x4, 3x3) into units: rows of tiles to
 * transform, then strips of tiles by panels of outputs. The products of matrices are
 * the convolution's own tiles, with a strip's tiles for pixels.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

enum { MATRICES = 36 };

static int32_t chunks(int32_t count, int32_t size) { return (count + size - 1) / size; }

static int32_t tile_count(const struct p2s_winograd *conv) {
    return chunks(conv->rows, 4) * chunks(conv->width, 4);
}

static int32_t strips(const struct p2s_winograd *conv) {
    return chunks(tile_count(conv), conv->strip_tiles);
}

/* An odd number of cache lines, so that the 36 stores of a tile do not fall into the
 * same few sets of the first-level cache. */
static int64_t matrix_floats(int32_t blocks, int32_t tiles) {
    return (((int64_t)blocks * tiles) | 1) * P2S_LANES;
}

int64_t p2s_winograd_floats(int32_t in_blocks, int32_t rows, int32_t width, int32_t strip_tiles) {
    struct p2s_winograd conv = { .rows = rows, .width = width, .strip_tiles = strip_tiles };
    return strips(&conv) * MATRICES * matrix_floats(in_blocks, strip_tiles);
}

int32_t p2s_winograd_input_units(const struct p2s_winograd *conv) {
    return conv->in_blocks * chunks(conv->rows, 4);
}

void p2s_winograd_input_unit(
    enum p2s_isa isa, const struct p2s_winograd *conv, const float *input, float *transformed,
    int32_t unit) {
    static const float zeros[P2S_LANES];
    int32_t tile_rows = chunks(conv->rows, 4), block = unit / tile_rows, ty = unit % tile_rows;
    struct p2s_winograd_input in = {
        .columns = conv->width + 2,
        .tiles = chunks(conv->width, 4),
        .first_tile = ty * chunks(conv->width, 4),
        .strip_tiles = conv->strip_tiles,
        .output = transformed + (int64_t)block * conv->strip_tiles * P2S_LANES,
        .matrix_floats = matrix_floats(conv->in_blocks, conv->strip_tiles),
    };
    in.strip_floats = MATRICES * in.matrix_floats;
    for (int32_t r = 0; r < 6; r++) {
        int32_t row = 4 * ty + r;
        int exists = row < conv->rows + 2;
        in.rows[r] = exists ? input + block * conv->in_block + row * conv->in_row : zeros;
        in.steps[r] = exists ? P2S_LANES : 0;
    }
    p2s_winograd_input_for(isa)(&in);
}

int32_t p2s_winograd_units(const struct p2s_winograd *conv) {
    return conv->images * strips(conv) * conv->panels;
}

/* All 36 products of one strip and one panel into `sums`
 * [36][panel_blocks][strip_tiles][16]. */
static void multiply(
    enum p2s_isa isa, const struct p2s_winograd *conv, const float *transformed,
    const float *weights, int32_t tiles, float *sums) {
    static const float zeros[2 * P2S_LANES];
    p2s_tile_form form = p2s_tile_for(isa);
    int64_t from = matrix_floats(conv->in_blocks, conv->strip_tiles);
    int64_t to = matrix_floats(conv->panel_blocks, conv->strip_tiles);
    int64_t panel = (int64_t)conv->depth * conv->panel_blocks * P2S_LANES;
    /* A strip in nearly equal runs of tiles. */
    int32_t runs = chunks(tiles, p2s_conv_tile_pixels(isa));
    struct p2s_tile tile = {
        .segments = conv->segments,
        .segment_count = conv->segment_count,
        .bias = zeros,
        .in_pixel = P2S_LANES,
        .out_block = (int64_t)conv->strip_tiles * P2S_LANES,
        .blocks = conv->panel_blocks,
    };
    for (int32_t p = 0; p < P2S_TILE_MAX; p++) tile.at[p] = p * P2S_LANES;
    for (int32_t m = 0; m < MATRICES; m++) {
        for (int32_t r = 0; r < runs; r++) {
            int32_t first = tiles * r / runs;
            tile.pixels = tiles * (r + 1) / runs - first;
            tile.input = transformed + m * from + first * P2S_LANES;
            tile.weights = weights + m * panel;
            tile.output = sums + m * to + first * P2S_LANES;
            /* About a line of the next matrix's inputs for each step. */
            tile.prefetch = (const char *)(tile.input + (m + 1 < MATRICES ? from : 0));
            tile.prefetch_step = m + 1 < MATRICES ? 64 : 0;
            form(&tile);
        }
    }
}

void p2s_winograd_unit(
    enum p2s_isa isa, const struct p2s_winograd *conv, const float *transformed,
    const float *residual, float *output, int32_t unit) {
    /* 77 KiB at most: a thread's stack has that, and the second-level cache too. */
    float sums[MATRICES * (2 * P2S_WINOGRAD_STRIP + 1) * P2S_LANES];
    /* Images within panels, so that they read the weights together. */
    int32_t all = conv->images * strips(conv), panel = unit / all;
    int32_t image = unit % all / strips(conv), strip = unit % strips(conv);
    transformed += image * conv->transformed_image;
    output += image * conv->out_image;
    if (residual) residual += image * conv->out_image;
    int32_t first = strip * conv->strip_tiles, left = tile_count(conv) - first;
    int32_t tiles = left < conv->strip_tiles ? left : conv->strip_tiles;
    int64_t strip_floats = MATRICES * matrix_floats(conv->in_blocks, conv->strip_tiles);
    int64_t panel_floats
        = (int64_t)MATRICES * conv->depth * conv->panel_blocks * P2S_LANES;
    int64_t group_floats = (int64_t)conv->segment_count * conv->strip_tiles * P2S_LANES;
    multiply(
        isa, conv,
        transformed + strip * strip_floats + panel / conv->panels_per_group * group_floats,
        conv->weights + panel * panel_floats, tiles, sums);

    p2s_winograd_output_form form = p2s_winograd_output_for(isa);
    int32_t row_tiles = chunks(conv->width, 4);
    for (int32_t b = 0; b < conv->panel_blocks; b++) {
        int32_t block = panel * conv->panel_blocks + b;
        for (int32_t t = 0; t < tiles; t++) {
            int32_t y = (first + t) / row_tiles * 4, x = (first + t) % row_tiles * 4;
            int64_t at = block * conv->out_block + y * conv->out_row + (int64_t)x * P2S_LANES;
            struct p2s_winograd_output out = {
                .sums = sums + ((int64_t)b * conv->strip_tiles + t) * P2S_LANES,
                .matrix_floats = matrix_floats(conv->panel_blocks, conv->strip_tiles),
                .bias = conv->bias + block * P2S_LANES,
                .residual = residual ? residual + at : 0,
                .output = output + at,
                .out_row = conv->out_row,
                .rows = conv->rows - y < 4 ? conv->rows - y : 4,
                .columns = conv->width - x < 4 ? conv->width - x : 4,
                .relu = conv->relu,
            };
            form(&out);
            if (conv->out_halo)
                for (int32_t r = 0; r < out.rows; r++)
                    p2s_zero_halo(
                        output + block * conv->out_block + (y + r) * conv->out_row, conv->out_row,
                        y + r, conv->rows, x, x + out.columns, conv->width);
        }
    }
}

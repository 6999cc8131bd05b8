/*
 * conv.c - cuts a convolution into tiles and hands them to the form of the
 * instruction set; every order of tiles gives the same bits.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

int32_t p2s_conv_tile_pixels(enum p2s_isa isa) {
    /* Accumulators that fit the registers: 14 x 2 of 32 zmm, 6 x 2 of 16 ymm,
     * 6 x 4 of 32 q; the portable form keeps 4 pixels in memory. */
    switch (isa) {
    case P2S_ISA_AVX512:
    case P2S_ISA_AMX:
        return P2S_TILE_MAX;
    case P2S_ISA_AVX2:
    case P2S_ISA_NEON:
        return 6;
    default:
        return 4;
    }
}

static int32_t chunks(int32_t count, int32_t size) { return (count + size - 1) / size; }

/* Tiles of one image. */
static int32_t image_tiles(const struct p2s_conv *conv) {
    return conv->flat ? conv->row_tiles : conv->rows * conv->row_tiles;
}

static int32_t tile_count(const struct p2s_conv *conv) {
    return conv->images * image_tiles(conv);
}

int32_t p2s_conv_units(const struct p2s_conv *conv) {
    return chunks(tile_count(conv), conv->unit_tiles) * chunks(conv->panels, conv->unit_panels);
}

/* Writes the halo next to pixels [x0, x1), counted from the start of row y;
 * x0 lies in that row. */
static void zero_halo(
    const struct p2s_conv *conv, float *block, int32_t y, int32_t x0, int32_t x1) {
    for (; x0 < x1; y++, x0 = 0, x1 -= conv->width) {
        int32_t end = x1 < conv->width ? x1 : conv->width;
        p2s_zero_halo(
            block + y * conv->out_row, conv->out_row, y, conv->rows, x0, end, conv->width);
    }
}

/* `prefetch` is what the tile's reduction should bring closer meanwhile, or NULL. */
static void run_tile(
    const struct p2s_conv_run *run, int32_t index, int32_t panel, const float *prefetch) {
    const struct p2s_conv *conv = run->conv;
    int32_t image = index / image_tiles(conv);
    index %= image_tiles(conv);
    int32_t y = index / conv->row_tiles, column = index % conv->row_tiles;
    /* The row is cut into nearly equal runs; a flat row is the whole plane. */
    int64_t span = conv->flat ? (int64_t)conv->rows * conv->width : conv->width;
    int32_t x0 = (int32_t)(column * span / conv->row_tiles);
    int32_t x1 = (int32_t)((column + 1) * span / conv->row_tiles);
    int64_t lanes = conv->panel_blocks * P2S_LANES;
    int64_t block = image * conv->out_image + panel * conv->panel_blocks * conv->out_block;
    struct p2s_tile tile = {
        .segments = conv->segments,
        .input = run->input + image * conv->in_image
            + panel / conv->panels_per_group * conv->in_group + y * conv->in_row
            + x0 * conv->in_pixel,
        .weights = conv->weights + panel * lanes * conv->depth,
        .bias = conv->bias + panel * lanes,
        .scale = run->scale ? run->scale + panel * lanes : 0,
        .input_scale = run->input_scale ? run->input_scale + image * conv->in_image : 0,
        .residual = run->residual ? run->residual + block : 0,
        .output = run->output + block,
        .prefetch = (const char *)(prefetch ? prefetch : conv->bias + panel * lanes),
        .prefetch_step = prefetch ? 64 : 0,
        .in_pixel = conv->in_pixel,
        .out_block = conv->out_block,
        .segment_count = conv->segment_count,
        .pixels = x1 - x0,
        .blocks = conv->panel_blocks,
        .relu = conv->relu,
    };
    int32_t row = y + x0 / conv->width, x = x0 % conv->width;
    for (int32_t p = 0; p < x1 - x0; p++) {
        tile.at[p] = row * conv->out_row + (int64_t)x * P2S_LANES;
        if (++x == conv->width) {
            x = 0;
            row++;
        }
    }
    run->form(&tile);
    if (conv->out_halo) {
        row = y + x0 / conv->width;
        x = x0 % conv->width;
        for (int32_t b = 0; b < conv->panel_blocks; b++)
            zero_halo(conv, run->output + block + b * conv->out_block, row, x, x + x1 - x0);
    }
}

void p2s_conv_unit(
    enum p2s_isa isa, const struct p2s_conv *conv, const float *input, const float *residual,
    float *output, int32_t unit) {
    struct p2s_conv_run run = {
        .conv = conv,
        .input = input,
        .residual = residual,
        .output = output,
        .form = p2s_tile_for(isa),
    };
    p2s_conv_run_unit(&run, unit);
}

void p2s_conv_run_unit(const struct p2s_conv_run *run, int32_t unit) {
    const struct p2s_conv *conv = run->conv;
    int32_t tiles = tile_count(conv), tile_chunks = chunks(tiles, conv->unit_tiles);
    int32_t t0 = unit % tile_chunks * conv->unit_tiles;
    int32_t p0 = unit / tile_chunks * conv->unit_panels;
    int32_t t1 = t0 + conv->unit_tiles < tiles ? t0 + conv->unit_tiles : tiles;
    int32_t p1 = p0 + conv->unit_panels < conv->panels ? p0 + conv->unit_panels : conv->panels;
    if (!conv->panel_outer) {
        for (int32_t t = t0; t < t1; t++)
            for (int32_t p = p0; p < p1; p++) run_tile(run, t, p, 0);
        return;
    }
    int32_t ahead = (unit + conv->units_ahead) / tile_chunks * conv->unit_panels;
    for (int32_t p = p0; p < p1; p++) {
        int32_t next = p + 1 < p1 ? p + 1 : ahead;
        int64_t block_floats = (int64_t)conv->depth * P2S_LANES;
        const float *weights = conv->weights + next * conv->panel_blocks * block_floats;
        for (int32_t t = t0; t < t1; t++) {
            /* A tile has a step for each line of one block of the next panel. */
            int wanted = next != p && next < conv->panels && t - t0 < conv->panel_blocks;
            run_tile(run, t, p, wanted ? weights + (t - t0) * block_floats : 0);
        }
    }
}

/*
 * test_residual.c - tests what blocks need beside convolutions: average pooling, padded
 * shortcuts with their border, sigmoid, neighbors, the gated sum. One form serves all
 * instruction sets, so that each is run and judged once for every one.
 */
#include <math.h>

#include "harness.h"

/* Gaps after rows and blocks of both maps, which must be neither read nor written. */
static void lay_out(
    struct numbers *n, struct p2s_maps *maps, int32_t rows, int32_t width, int32_t halo) {
    int64_t gap = P2S_LANES * draw_below(n, 2);
    maps->in_row = (int64_t)maps->in_width * P2S_LANES + gap;
    maps->in_block = maps->in_rows * maps->in_row + gap;
    /* p2s_zero_border knows no gap. */
    maps->out_row = (int64_t)(width + 2 * halo) * P2S_LANES + (halo ? 0 : gap);
    maps->out_block = (rows + 2 * halo) * maps->out_row + gap;
    maps->unit_rows = 1 + draw_below(n, rows);
}

/* Floats from the first to the last that a map of `blocks` holds. */
static int64_t extent(int64_t block, int64_t row, int32_t blocks, int32_t rows, int32_t width) {
    return (blocks - 1) * block + (rows - 1) * row + (int64_t)width * P2S_LANES;
}

static float *input_map(
    struct numbers *n, const struct p2s_maps *maps, int32_t blocks, enum values values) {
    float *input = place_floats(
        INPUT, extent(maps->in_block, maps->in_row, blocks, maps->in_rows, maps->in_width));
    for (int32_t b = 0; b < blocks; b++)
        for (int32_t y = 0; y < maps->in_rows; y++)
            fill(
                n, values, input + b * maps->in_block + y * maps->in_row,
                (int64_t)maps->in_width * P2S_LANES);
    return input;
}

/* The mean of what of a 2x2 window is inside, each row of it summed first. */
static float window_mean(const float *plane, const struct p2s_maps *maps, int32_t y, int32_t x) {
    float sum = 0;
    int32_t count = 0;
    for (int32_t i = 2 * y; i < 2 * y + 2 && i < maps->in_rows; i++) {
        float row = 0;
        for (int32_t j = 2 * x; j < 2 * x + 2 && j < maps->in_width; j++, count++) {
            float v = plane[i * maps->in_row + j * (int64_t)P2S_LANES];
            row = j == 2 * x ? v : row + v;
        }
        sum = i == 2 * y ? row : sum + row;
    }
    return sum / (float)count;
}

void test_avgpool(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 9; rows++)
        for (int32_t width = 1; width <= 13; width++) {
            struct p2s_maps maps
                = { .blocks = 1 + draw_below(&n, 3), .in_rows = rows, .in_width = width };
            int32_t out_rows = (rows + 1) / 2, out_width = (width + 1) / 2;
            lay_out(&n, &maps, out_rows, out_width, 0);
            enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES);
            begin_case("%d blocks of %d x %d pixels, values %d", maps.blocks, rows, width, values);
            float *input = input_map(&n, &maps, maps.blocks, values);
            int64_t count
                = extent(maps.out_block, maps.out_row, maps.blocks, out_rows, out_width);
            struct want *want = wants(count);
            for (int32_t b = 0; b < maps.blocks; b++)
                for (int32_t y = 0; y < out_rows; y++)
                    for (int32_t x = 0; x < out_width; x++)
                        for (int32_t l = 0; l < P2S_LANES; l++) {
                            float mean = window_mean(input + b * maps.in_block + l, &maps, y, x);
                            want[b * maps.out_block + y * maps.out_row + x * P2S_LANES + l]
                                = (struct want) { (double)mean, 0 };
                        }
            for (int32_t i = 0; i < here_count; i++) {
                float *output = place_floats(OUTPUT, count);
                for (int32_t u = p2s_avgpool_units(&maps) - 1; u >= 0; u--)
                    p2s_avgpool_unit(&maps, input, output, u);
                judge(here[i], output, want, count, ALL_AGREE);
            }
        }
}

/* The padded shortcut, and the border around it. */
void test_padding(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 6; rows++)
        for (int32_t width = 1; width <= 6; width++)
            for (int32_t halo = 0; halo < 4; halo++) {
                struct p2s_padding padding = {
                    .maps = { .in_rows = rows, .in_width = width },
                    .stride = 1 + draw_below(&n, 2),
                    .channels = 1 + draw_below(&n, 40),
                    .before = draw_below(&n, 20),
                };
                struct p2s_maps *maps = &padding.maps;
                int32_t in_blocks = (padding.channels + P2S_LANES - 1) / P2S_LANES;
                int32_t last = padding.before + padding.channels + draw_below(&n, 20);
                maps->blocks = last / P2S_LANES + 1;
                int32_t out_rows = (rows - 1) / padding.stride + 1;
                int32_t out_width = (width - 1) / padding.stride + 1;
                lay_out(&n, maps, out_rows, out_width, halo);
                begin_case(
                    "%d channels after %d, %d x %d pixels, stride %d, halo %d", padding.channels,
                    padding.before, rows, width, padding.stride, halo);
                float *input = input_map(&n, maps, in_blocks, ORDINARY);
                int64_t origin = halo * (maps->out_row + P2S_LANES);
                int64_t count = extent(
                    maps->out_block, maps->out_row, maps->blocks, out_rows + 2 * halo,
                    out_width + 2 * halo);
                struct want *want = wants(count);
                for (int32_t b = 0; b < maps->blocks; b++)
                    for (int32_t y = -halo; y < out_rows + halo; y++)
                        for (int32_t x = -halo; x < out_width + halo; x++)
                            for (int32_t l = 0; l < P2S_LANES; l++) {
                                int32_t c = b * P2S_LANES + l - padding.before;
                                int inside = y >= 0 && y < out_rows && x >= 0 && x < out_width
                                    && c >= 0 && c < padding.channels;
                                int64_t from = c / P2S_LANES * maps->in_block
                                    + y * padding.stride * maps->in_row
                                    + (int64_t)x * padding.stride * P2S_LANES + c % P2S_LANES;
                                int64_t at = origin + b * maps->out_block + y * maps->out_row
                                    + x * (int64_t)P2S_LANES + l;
                                want[at]
                                    = (struct want) { inside ? (double)input[from] : 0, 0 };
                            }
                for (int32_t i = 0; i < here_count; i++) {
                    float *output = place_floats(OUTPUT, count);
                    for (int32_t u = p2s_padding_units(&padding) - 1; u >= 0; u--)
                        p2s_padding_unit(&padding, input, output + origin, u);
                    for (int32_t b = 0; halo && b < maps->blocks; b++)
                        p2s_zero_border(output + b * maps->out_block, out_rows, out_width, halo);
                    judge(here[i], output, want, count, ALL_AGREE);
                }
            }
}

void test_sigmoid(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t count = 1; count <= 200; count++) {
        begin_case("%d numbers", count);
        float *x = place_floats(INPUT, count);
        struct want *want = wants(count);
        for (int32_t i = 0; i < count; i++) {
            static const float ends[]
                = { 0, -0.0f, INFINITY, -INFINITY, NAN, 88.8f, -88.8f, 1e30f };
            int32_t magnitude = draw_below(&n, 12) - 5;
            x[i] = draw_below(&n, 8) ? ldexpf(draw_float(&n, ORDINARY), magnitude)
                                     : ends[draw_below(&n, 8)];
            double value = 1 / (1 + exp(-(double)x[i]));
            /* Half a unit in the last place, and a little for the rounding of `value` itself. */
            double unit = value > 0 ? fmax(ldexp(1, ilogb(value) - 23), 0x1p-149) : 0x1p-149;
            want[i] = (struct want) { value, x[i] == x[i] ? 0.51 * unit : 0 };
        }
        for (int32_t i = 0; i < here_count; i++) {
            float *y = place_floats(OUTPUT, count);
            for (int32_t k = 0; k < count; k++) y[k] = x[k];
            p2s_sigmoid(y, count);
            judge(here[i], y, want, count, ALL_AGREE);
        }
    }
}

void test_neighbors(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t kernel = 1; kernel <= 9; kernel += 2)
        for (int32_t count = 1; count <= 40; count++) {
            enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES);
            begin_case("%d neighbors of %d, values %d", kernel, count, values);
            float *weights = place_floats(WEIGHTS, kernel), *x = place_floats(INPUT, count);
            fill(&n, values == INFINITIES ? ORDINARY : values, weights, kernel);
            fill(&n, values, x, count);
            struct want *want = wants(count);
            for (int32_t c = 0; c < count; c++) {
                struct exact sum = exact_start(0);
                for (int32_t t = 0; t < kernel; t++) {
                    int32_t at = c + t - kernel / 2;
                    if (at >= 0 && at < count) exact_add(&sum, weights[t], x[at]);
                }
                want[c] = exact_want(&sum, 0, 0);
            }
            for (int32_t i = 0; i < here_count; i++) {
                float *y = place_floats(OUTPUT, count);
                p2s_neighbors(weights, x, kernel, count, y);
                judge(here[i], y, want, count, ALL_AGREE);
            }
        }
}

void test_gate(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 6; rows++)
        for (int32_t width = 1; width <= 9; width++)
            for (int32_t halo = 0; halo < 2; halo++) {
                struct p2s_maps maps
                    = { .blocks = 1 + draw_below(&n, 3), .in_rows = rows, .in_width = width };
                lay_out(&n, &maps, rows, width, halo);
                enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES);
                begin_case(
                    "%d blocks of %d x %d pixels, halo %d, values %d", maps.blocks, rows, width,
                    halo, values);
                float *input = input_map(&n, &maps, maps.blocks, values);
                float *gates = place_floats(SCALE, maps.blocks * P2S_LANES);
                fill(&n, ORDINARY, gates, maps.blocks * P2S_LANES);
                int64_t origin = halo * (maps.out_row + P2S_LANES);
                int64_t count = extent(
                    maps.out_block, maps.out_row, maps.blocks, rows + 2 * halo, width + 2 * halo);
                /* What is added to, at the pixels; all else is left alone. */
                float *residual = place_floats(RESIDUAL, count);
                struct want *want = wants(count);
                for (int32_t b = 0; b < maps.blocks; b++)
                    for (int32_t y = 0; y < rows; y++)
                        for (int32_t k = 0; k < width * P2S_LANES; k++) {
                            int64_t at = origin + b * maps.out_block + y * maps.out_row + k;
                            float x = input[b * maps.in_block + y * maps.in_row + k];
                            float scaled = x * gates[b * P2S_LANES + k % P2S_LANES];
                            fill(&n, ORDINARY, residual + at, 1);
                            float sum = residual[at] + scaled;
                            want[at] = (struct want) { sum < 0 ? 0 : (double)sum, 0 };
                        }
                for (int32_t i = 0; i < here_count; i++) {
                    float *output = place_floats(OUTPUT, count);
                    for (int64_t k = 0; k < count; k++)
                        if (!is_poison(residual[k])) output[k] = residual[k];
                    for (int32_t u = p2s_gate_units(&maps) - 1; u >= 0; u--)
                        p2s_gate_unit(&maps, input, gates, output + origin, u);
                    judge(here[i], output, want, count, ALL_AGREE);
                }
            }
}

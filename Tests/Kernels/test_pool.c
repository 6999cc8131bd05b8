/*
 * test_pool.c - tests p2s_maxpool_unit for images of 1 to 17 rows and columns, and
 * p2s_mean_block.
 */
#include "harness.h"

/* NaN when one of the window is. */
static double largest(
    const float *plane, int32_t rows, int32_t width, int32_t y, int32_t x, int32_t lane) {
    double best = -__builtin_inf();
    for (int32_t i = 2 * y - 1; i <= 2 * y + 1; i++)
        for (int32_t j = 2 * x - 1; j <= 2 * x + 1; j++) {
            if (i < 0 || i >= rows || j < 0 || j >= width) continue;
            double v = (double)plane[((int64_t)i * width + j) * P2S_LANES + lane];
            if (best != best) continue;
            if (v != v || v > best) best = v;
        }
    return best;
}

static void run_pool(struct numbers *n, struct p2s_maxpool *pool, enum values values) {
    int32_t rows = (pool->in_rows + 1) / 2, width = (pool->in_width + 1) / 2;
    int32_t halo = pool->out_halo, gap = P2S_LANES * draw_below(n, 2);
    int64_t plane = (int64_t)pool->in_rows * pool->in_width * P2S_LANES;
    pool->in_block = plane + gap;
    pool->out_row = (int64_t)(width + 2 * halo) * P2S_LANES + gap;
    pool->out_block = (rows + 2 * halo) * pool->out_row + gap;
    int64_t origin = halo * (pool->out_row + P2S_LANES);
    int64_t count = (pool->blocks - 1) * pool->out_block + (rows + 2 * halo - 1) * pool->out_row
        + (int64_t)(width + 2 * halo) * P2S_LANES;
    float *input = place_floats(INPUT, (pool->blocks - 1) * pool->in_block + plane);
    for (int32_t b = 0; b < pool->blocks; b++) fill(n, values, input + b * pool->in_block, plane);
    struct want *want = wants(count);
    for (int32_t b = 0; b < pool->blocks; b++)
        for (int32_t y = -halo; y < rows + halo; y++)
            for (int32_t x = -halo; x < width + halo; x++) {
                int inside = y >= 0 && y < rows && x >= 0 && x < width;
                int64_t at
                    = origin + b * pool->out_block + y * pool->out_row + x * (int64_t)P2S_LANES;
                for (int32_t l = 0; l < P2S_LANES; l++) {
                    const float *block = input + b * pool->in_block;
                    double value
                        = inside ? largest(block, pool->in_rows, pool->in_width, y, x, l) : 0;
                    want[at + l] = (struct want) { value, 0 };
                }
            }
    for (int32_t i = 0; i < here_count; i++) {
        struct numbers cut = { n->state + (uint64_t)here[i] };
        pool->unit_rows = 1 + draw_below(&cut, rows);
        float *output = place_floats(OUTPUT, count);
        for (int32_t u = p2s_maxpool_units(pool) - 1; u >= 0; u--)
            p2s_maxpool_unit(here[i], pool, input, output + origin, u);
        judge(here[i], output, want, count, ALL_AGREE);
    }
}

void test_maxpool(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 17; rows++)
        for (int32_t width = 1; width <= 17; width++)
            for (int32_t halo = 0; halo < 2; halo++) {
                struct p2s_maxpool pool = {
                    .blocks = 1 + draw_below(&n, 2),
                    .in_rows = rows,
                    .in_width = width,
                    .out_halo = halo,
                };
                enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES);
                begin_case(
                    "%d blocks of %d x %d pixels, halo %d, values %d", pool.blocks, rows, width,
                    halo, values);
                run_pool(&n, &pool, values);
            }
}

void test_mean(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 9; rows++)
        for (int32_t width = 1; width <= 17; width++) {
            enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES);
            begin_case("%d x %d pixels, values %d", rows, width, values);
            int64_t row = (int64_t)width * P2S_LANES, in_row = row + P2S_LANES * draw_below(&n, 3);
            float *input = place_floats(INPUT, (rows - 1) * in_row + row);
            for (int32_t y = 0; y < rows; y++) fill(&n, values, input + y * in_row, row);
            struct want *want = wants(P2S_LANES);
            for (int32_t l = 0; l < P2S_LANES; l++) {
                struct exact sum = exact_start(0);
                for (int32_t y = 0; y < rows; y++)
                    for (int32_t x = 0; x < width; x++)
                        exact_add(&sum, input[y * in_row + (int64_t)x * P2S_LANES + l], 1);
                want[l] = exact_want(&sum, 0, 0);
                /* The division rounds once more. */
                want[l].value /= rows * width;
                want[l].bound = want[l].bound / (rows * width) + 0x1p-149;
            }
            for (int32_t i = 0; i < here_count; i++) {
                float *output = place_floats(OUTPUT, P2S_LANES);
                p2s_mean_block(here[i], input, rows, width, in_row, output);
                judge(here[i], output, want, P2S_LANES, ALL_AGREE);
            }
        }
}

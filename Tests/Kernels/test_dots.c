/* test_dots.c - tests p2s_dense: columns around one and more registers, rows around a block. */
#include "harness.h"

void test_dots(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 2 * P2S_DOTS_MAX + 1; rows++)
        for (int32_t columns = 1; columns <= 70; columns++) {
            enum values values = DRAW_OF(&n, ORDINARY, ORDINARY, DENORMAL, ZEROS, INFINITIES);
            begin_case("%d rows of %d columns, values %d", rows, columns, values);
            float *weights = place_floats(WEIGHTS, (int64_t)rows * columns);
            float *bias = place_floats(BIAS, rows), *x = place_floats(INPUT, columns);
            fill(&n, values, weights, (int64_t)rows * columns);
            fill(&n, values, bias, rows);
            fill(&n, values == INFINITIES ? ORDINARY : values, x, columns);
            struct want *want = wants(rows);
            for (int32_t r = 0; r < rows; r++) {
                struct exact sum = exact_start(bias[r]);
                for (int32_t c = 0; c < columns; c++)
                    exact_add(&sum, weights[(int64_t)r * columns + c], x[c]);
                want[r] = exact_want(&sum, 0, 0);
            }
            for (int32_t i = 0; i < here_count; i++) {
                float *y = place_floats(OUTPUT, rows);
                p2s_dense(here[i], weights, bias, x, rows, columns, y);
                judge(here[i], y, want, rows, FUSED_AGREE);
            }
        }
}

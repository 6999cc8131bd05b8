/*
 * test_double.c - tests p2s_double_multiply and p2s_double_multiply_rows: rows, columns and lengths
 * around one and more registers, strides longer than rows. Every form must give the bits of a loop
 * that rounds each product and each sum, in the order that DoubleKernels.h states.
 */
#include "harness.h"

#include <string.h>

enum { PARTIAL_SUMS = 8 };

static double *place_doubles(enum slot slot, int64_t count) {
    return place(slot, count * (int64_t)sizeof(double));
}

static void fill_doubles(struct numbers *n, enum values values, double *p, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        double fine = (double)draw_below(n, 1 << 30) * 0x1p-60;
        p[i] = (double)draw_float(n, values) * (1 + fine);
    }
}

/* `count` doubles in a slot, drawn. */
static double *drawn(struct numbers *n, enum slot slot, enum values values, int64_t count) {
    double *p = place_doubles(slot, count);
    fill_doubles(n, values, p, count);
    return p;
}

/* A copy in another slot. */
static double *copied(enum slot slot, const double *p, int64_t count) {
    return memcpy(place_doubles(slot, count), p, (size_t)count * sizeof(double));
}

/* A double as two words that judge compares: 1 if it is the expected one, and its value as a float. */
static void judge_doubles(
    enum p2s_isa isa, const double *found, const double *expected, int64_t count) {
    struct want *want = wants(2 * count);
    float *output = place_floats(AGAIN, 2 * count);
    for (int64_t i = 0; i < count; i++) {
        int both_nan = found[i] != found[i] && expected[i] != expected[i];
        int equal = both_nan || memcmp(&found[i], &expected[i], sizeof(double)) == 0;
        output[2 * i] = equal ? 1 : 0;
        output[2 * i + 1] = both_nan ? 0 : (float)found[i];
        want[2 * i] = (struct want) { 1, 0 };
        want[2 * i + 1] = (struct want) { both_nan ? 0 : (double)(float)expected[i], 0 };
    }
    judge(isa, output, want, 2 * count, ALL_AGREE);
}

static enum values draw_values(struct numbers *n) {
    return DRAW_OF(n, ORDINARY, ORDINARY, DENORMAL, ZEROS, INFINITIES);
}

void test_double_multiply(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 9; rows++)
        for (int64_t length = 1; length <= 41; length++) {
            int32_t depth = 1 + draw_below(&n, 6), step = 1 + draw_below(&n, 3);
            int64_t row = (int64_t)depth * step, x_stride = length + draw_below(&n, 3),
                    y_stride = length + draw_below(&n, 3);
            enum values values = draw_values(&n);
            begin_case("%d rows, %d deep, %lld long, values %d", rows, depth, (long long)length, values);
            int64_t weights_count = (rows - 1) * row + (int64_t)(depth - 1) * step + 1;
            int64_t x_count = (depth - 1) * x_stride + length, y_count = (rows - 1) * y_stride + length;
            double *w = drawn(&n, WEIGHTS, values, weights_count), *x = drawn(&n, INPUT, ORDINARY, x_count);
            double *start = drawn(&n, BIAS, ORDINARY, y_count);
            double *expected = copied(RESIDUAL, start, y_count);
            for (int32_t r = 0; r < rows; r++)
                for (int64_t i = 0; i < length; i++)
                    for (int32_t d = 0; d < depth; d++) {
                        double product = w[r * row + (int64_t)d * step] * x[d * x_stride + i];
                        expected[r * y_stride + i] += product;
                    }
            for (int32_t k = 0; k < here_count; k++) {
                double *y = copied(OUTPUT, start, y_count);
                struct p2s_double_product p = {
                    .weights = w, .weight_row = row, .weight_step = step, .x = x, .x_stride = x_stride,
                    .y = y, .y_stride = y_stride, .rows = rows, .depth = depth, .length = length };
                p2s_double_multiply_in(here[k], &p);
                judge_doubles(here[k], y, expected, y_count);
            }
        }
}

/* In eight partial sums, which are added in order. */
static double dot(const double *a, const double *b, int64_t length) {
    double partial[PARTIAL_SUMS] = { 0 }, sum = 0;
    for (int64_t i = 0; i < length; i++) {
        double product = a[i] * b[i];
        partial[i % PARTIAL_SUMS] += product;
    }
    for (int i = 0; i < PARTIAL_SUMS; i++) sum += partial[i];
    return sum;
}

void test_double_multiply_rows(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 6; rows++)
        for (int32_t columns = 1; columns <= 6; columns++)
            for (int64_t length = 1; length <= 27; length++) {
                int64_t a_stride = length + draw_below(&n, 3), b_stride = length + draw_below(&n, 3);
                int64_t step = 1 + draw_below(&n, 3), row = columns * step + draw_below(&n, 2);
                enum values values = draw_values(&n);
                begin_case("%d by %d dots, %lld long, values %d", rows, columns, (long long)length, values);
                int64_t a_count = (rows - 1) * a_stride + length, b_count = (columns - 1) * b_stride + length;
                int64_t count = (rows - 1) * row + (columns - 1) * step + 1;
                double *a = drawn(&n, WEIGHTS, values, a_count), *b = drawn(&n, INPUT, ORDINARY, b_count);
                double *start = drawn(&n, BIAS, ORDINARY, count);
                double *expected = copied(RESIDUAL, start, count);
                for (int32_t r = 0; r < rows; r++)
                    for (int32_t c = 0; c < columns; c++)
                        expected[r * row + c * step] += dot(a + r * a_stride, b + c * b_stride, length);
                for (int32_t k = 0; k < here_count; k++) {
                    double *sums = copied(OUTPUT, start, count);
                    struct p2s_double_dots p = {
                        .a = a, .a_stride = a_stride, .b = b, .b_stride = b_stride, .sums = sums,
                        .sum_row = row, .sum_step = step, .rows = rows, .columns = columns,
                        .length = length };
                    p2s_double_multiply_rows_in(here[k], &p);
                    judge_doubles(here[k], sums, expected, count);
                }
            }
}

/*
 * DoubleKernels.h - products of double-precision matrices, for reference computations and gradients.
 *
 * Every product and every sum is rounded, in an order that depends on no instruction set: all forms
 * agree bit for bit.
 */
#ifndef DOUBLE_KERNELS_H
#define DOUBLE_KERNELS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/* y[r][i] += sum over d of weights[r][d] * x[d][i], in order of d. */
struct p2s_double_product {
    const double *weights;
    int64_t weight_row, weight_step; /* between weights of two r, of two d */
    const double *x;
    int64_t x_stride; /* between two d */
    double *y;
    int64_t y_stride; /* between two r */
    int32_t rows, depth;
    int64_t length;
};

void p2s_double_multiply(const struct p2s_double_product *product);

/* sums[r][c] += sum over i of a[r][i] * b[c][i], in eight partial sums (i mod 8). */
struct p2s_double_dots {
    const double *a;
    int64_t a_stride;
    const double *b;
    int64_t b_stride;
    double *sums;
    int64_t sum_row, sum_step; /* between sums of two r, of two c */
    int32_t rows, columns;
    int64_t length;
};

void p2s_double_multiply_rows(const struct p2s_double_dots *dots);

#pragma clang assume_nonnull end

#endif

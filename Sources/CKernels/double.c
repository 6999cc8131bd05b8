/* double.c - products of double-precision matrices, one body for every instruction set. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

enum { LANES = 8, TILE = 4 };

/* Eight doubles anywhere in memory; the compiler splits them into the registers that there are. */
typedef double lanes __attribute__((vector_size(64), aligned(8), may_alias));

/* `rows` rows of `vectors` vectors. */
P2S_INLINE void multiply_tile(
    const int rows, const int vectors, const struct p2s_double_product *p, int32_t first, int64_t i) {
    lanes sum[TILE][2];
    double *y = p->y + first * p->y_stride + i;
    const double *w = p->weights + first * p->weight_row, *x = p->x + i;
    P2S_UNROLL for (int r = 0; r < rows; r++)
        P2S_UNROLL for (int v = 0; v < vectors; v++) sum[r][v]
            = *(const lanes *)(y + r * p->y_stride + v * LANES);
    for (int32_t d = 0; d < p->depth; d++, x += p->x_stride, w += p->weight_step)
        P2S_UNROLL for (int r = 0; r < rows; r++)
            P2S_UNROLL for (int v = 0; v < vectors; v++) sum[r][v]
                += w[r * p->weight_row] * *(const lanes *)(x + v * LANES);
    P2S_UNROLL for (int r = 0; r < rows; r++)
        P2S_UNROLL for (int v = 0; v < vectors; v++)
            *(lanes *)(y + r * p->y_stride + v * LANES) = sum[r][v];
}

P2S_INLINE void multiply_rows(const int rows, const struct p2s_double_product *p, int32_t first) {
    int64_t i = 0;
    for (; i + 2 * LANES <= p->length; i += 2 * LANES) multiply_tile(rows, 2, p, first, i);
    for (; i + LANES <= p->length; i += LANES) multiply_tile(rows, 1, p, first, i);
    for (; i < p->length; i++)
        for (int r = 0; r < rows; r++) {
            double *y = p->y + (first + r) * p->y_stride + i, sum = *y;
            const double *w = p->weights + (first + r) * p->weight_row;
            for (int32_t d = 0; d < p->depth; d++)
                sum += w[d * p->weight_step] * p->x[d * p->x_stride + i];
            *y = sum;
        }
}

P2S_INLINE void multiply(const struct p2s_double_product *p) {
    int32_t r = 0;
    for (; r + TILE <= p->rows; r += TILE) multiply_rows(TILE, p, r);
    for (; r < p->rows; r++) multiply_rows(1, p, r);
}

P2S_INLINE void dots_tile(
    const int rows, const int columns, const struct p2s_double_dots *p, int32_t first, int32_t start) {
    lanes sum[TILE][TILE];
    const double *a = p->a + first * p->a_stride, *b = p->b + start * p->b_stride;
    P2S_UNROLL for (int r = 0; r < rows; r++)
        P2S_UNROLL for (int c = 0; c < columns; c++) sum[r][c] = (lanes){0};
    int64_t i = 0;
    for (; i + LANES <= p->length; i += LANES)
        P2S_UNROLL for (int r = 0; r < rows; r++)
            P2S_UNROLL for (int c = 0; c < columns; c++) sum[r][c]
                += *(const lanes *)(a + r * p->a_stride + i)
                * *(const lanes *)(b + c * p->b_stride + i);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            double total = 0;
            for (int64_t k = i; k < p->length; k++)
                sum[r][c][k - i] += a[r * p->a_stride + k] * b[c * p->b_stride + k];
            for (int k = 0; k < LANES; k++) total += sum[r][c][k];
            p->sums[(first + r) * p->sum_row + (start + c) * p->sum_step] += total;
        }
}

P2S_INLINE void dots_rows(const int rows, const struct p2s_double_dots *p, int32_t first) {
    int32_t c = 0;
    for (; c + TILE <= p->columns; c += TILE) dots_tile(rows, TILE, p, first, c);
    for (; c < p->columns; c++) dots_tile(rows, 1, p, first, c);
}

P2S_INLINE void dots(const struct p2s_double_dots *p) {
    int32_t r = 0;
    for (; r + TILE <= p->rows; r += TILE) dots_rows(TILE, p, r);
    for (; r < p->rows; r++) dots_rows(1, p, r);
}

#if P2S_HAVE_X86
P2S_AVX512 static void multiply_avx512(const struct p2s_double_product *p) { multiply(p); }
P2S_AVX2 static void multiply_avx2(const struct p2s_double_product *p) { multiply(p); }
P2S_AVX512 static void dots_avx512(const struct p2s_double_dots *p) { dots(p); }
P2S_AVX2 static void dots_avx2(const struct p2s_double_dots *p) { dots(p); }
#endif

void p2s_double_multiply_in(enum p2s_isa isa, const struct p2s_double_product *p) {
    switch (isa) {
    P2S_ON_X86(case P2S_ISA_AMX: case P2S_ISA_AVX512: return multiply_avx512(p);)
    P2S_ON_X86(case P2S_ISA_AVX2: return multiply_avx2(p);)
    default: return multiply(p);
    }
}

void p2s_double_multiply_rows_in(enum p2s_isa isa, const struct p2s_double_dots *p) {
    switch (isa) {
    P2S_ON_X86(case P2S_ISA_AMX: case P2S_ISA_AVX512: return dots_avx512(p);)
    P2S_ON_X86(case P2S_ISA_AVX2: return dots_avx2(p);)
    default: return dots(p);
    }
}

/* All forms agree: the caller need not choose. */
static enum p2s_isa widest(void) {
    if (p2s_isa_supported(P2S_ISA_AVX512)) return P2S_ISA_AVX512;
    return p2s_isa_supported(P2S_ISA_AVX2) ? P2S_ISA_AVX2 : P2S_ISA_PORTABLE;
}

void p2s_double_multiply(const struct p2s_double_product *p) { p2s_double_multiply_in(widest(), p); }

void p2s_double_multiply_rows(const struct p2s_double_dots *p) {
    p2s_double_multiply_rows_in(widest(), p);
}

/*
 * grouped_avx2.c - grouped 3x3 with AVX2: as grouped_avx512.c, with each half of
 * a block in a register of 8 lanes (a group never crosses the halves).
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define INLINE P2S_INLINE P2S_AVX2
enum { MAX_PIXELS = 7 };

/* `pixels` output pixels from `x`, lanes [half, half + 8). */
INLINE void run_body(
    const int pixels, const int stride, const struct p2s_grouped_row *row, int32_t x,
    int32_t half) {
    const int taps = (pixels - 1) * stride + 3;
    __m256 sum[MAX_PIXELS], bias = _mm256_loadu_ps(row->bias + half);
    float *output = row->output + 16 * (int64_t)x + half;
    P2S_UNROLL for (int p = 0; p < pixels; p++) sum[p] = bias;
    __m256i lanes = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    __m256i first = _mm256_and_si256(lanes, _mm256_set1_epi32(-row->group));
    const float *weights = row->weights + half;
    for (int ky = 0; ky < 3; ky++) {
        const float *a = row->input + ky * row->in_row + 16 * (int64_t)x * stride + half;
        __m256i lane = first;
        _Pragma("clang loop unroll(disable)") for (int32_t c = 0; c < row->depth; c++) {
            __m256 w0 = _mm256_loadu_ps(weights), w1 = _mm256_loadu_ps(weights + 16),
                   w2 = _mm256_loadu_ps(weights + 32);
            weights += 48;
            P2S_UNROLL for (int t = 0; t < taps; t++) {
                __m256 v = _mm256_permutevar8x32_ps(_mm256_loadu_ps(a + 16 * t), lane);
                if (t % stride == 0 && t / stride < pixels)
                    sum[t / stride] = _mm256_fmadd_ps(v, w0, sum[t / stride]);
                if (t >= 1 && (t - 1) % stride == 0 && (t - 1) / stride < pixels)
                    sum[(t - 1) / stride] = _mm256_fmadd_ps(v, w1, sum[(t - 1) / stride]);
                if (t >= 2 && (t - 2) % stride == 0 && (t - 2) / stride < pixels)
                    sum[(t - 2) / stride] = _mm256_fmadd_ps(v, w2, sum[(t - 2) / stride]);
            }
            lane = _mm256_add_epi32(lane, _mm256_set1_epi32(1));
        }
    }
    __m256 zero = _mm256_setzero_ps();
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        __m256 v = sum[p];
        /* max returns its second operand when one is NaN: v must be second. */
        if (row->relu) v = _mm256_max_ps(zero, v);
        _mm256_storeu_ps(output + 16 * p, v);
    }
}

/* Runs of `pixels`; the last one overlaps its neighbour and rewrites the same bits. */
INLINE void row_body(const int pixels, const int stride, const struct p2s_grouped_row *row) {
    for (int32_t half = 0; half < 16; half += 8)
        for (int32_t x = 0; x < row->width; x += pixels)
            run_body(
                pixels, stride, row, x + pixels <= row->width ? x : row->width - pixels, half);
}

INLINE void row_stride(const int stride, const struct p2s_grouped_row *row) {
    if (row->width >= 7) row_body(7, stride, row);
    else if (row->width >= 3) row_body(3, stride, row);
    else row_body(1, stride, row);
}

P2S_AVX2 static void row_1(const struct p2s_grouped_row *row) { row_stride(1, row); }
P2S_AVX2 static void row_2(const struct p2s_grouped_row *row) { row_stride(2, row); }

void p2s_grouped_avx2(const struct p2s_grouped_row *row) {
    (row->stride == 2 ? row_2 : row_1)(row);
}
#endif

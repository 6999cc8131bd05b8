/*
 * grouped_avx512.c - grouped 3x3 with AVX-512. A register holds the 16 channels
 * of a pixel. For input channel c of each group, one permutation spreads the
 * value of lane (group start + c) over its group, which up to three output
 * pixels then use; no lane is wasted whatever the group size.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define INLINE P2S_INLINE P2S_AVX512

/* `pixels` output pixels from `x`. All loops over pixels unroll. */
INLINE void run_body(
    const int pixels, const int stride, const struct p2s_grouped_row *row, int32_t x) {
    const int taps = (pixels - 1) * stride + 3;
    __m512 sum[P2S_TILE_MAX], bias = _mm512_loadu_ps(row->bias);
    float *output = row->output + 16 * (int64_t)x;
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        sum[p] = bias;
        __builtin_prefetch(output + 16 * p, 1, 3);
    }
    /* First lane of each lane's group; groups are powers of two. */
    __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i first = _mm512_and_epi32(lanes, _mm512_set1_epi32(-row->group));
    const float *weights = row->weights;
    for (int ky = 0; ky < 3; ky++) {
        const float *a = row->input + ky * row->in_row + 16 * (int64_t)x * stride;
        __m512i lane = first;
        _Pragma("clang loop unroll(disable)") for (int32_t c = 0; c < row->depth; c++) {
            __m512 w0 = _mm512_loadu_ps(weights), w1 = _mm512_loadu_ps(weights + 16),
                   w2 = _mm512_loadu_ps(weights + 32);
            weights += 48;
            P2S_UNROLL for (int t = 0; t < taps; t++) {
                __m512 v = _mm512_permutexvar_ps(lane, _mm512_loadu_ps(a + 16 * t));
                /* Output p reads taps p * stride + kx; for a given tap the later
                 * output takes the smaller kx. */
                if (t % stride == 0 && t / stride < pixels)
                    sum[t / stride] = _mm512_fmadd_ps(v, w0, sum[t / stride]);
                if (t >= 1 && (t - 1) % stride == 0 && (t - 1) / stride < pixels)
                    sum[(t - 1) / stride] = _mm512_fmadd_ps(v, w1, sum[(t - 1) / stride]);
                if (t >= 2 && (t - 2) % stride == 0 && (t - 2) / stride < pixels)
                    sum[(t - 2) / stride] = _mm512_fmadd_ps(v, w2, sum[(t - 2) / stride]);
            }
            lane = _mm512_add_epi32(lane, _mm512_set1_epi32(1));
        }
    }
    __m512 zero = _mm512_setzero_ps();
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        __m512 v = sum[p];
        /* max returns its second operand when one is NaN: v must be second. */
        if (row->relu) v = _mm512_max_ps(zero, v);
        _mm512_storeu_ps(output + 16 * p, v);
    }
}

/* Runs of `pixels`; the last one overlaps its neighbour and rewrites the same bits. */
INLINE void row_body(const int pixels, const int stride, const struct p2s_grouped_row *row) {
    for (int32_t x = 0; x < row->width; x += pixels)
        run_body(pixels, stride, row, x + pixels <= row->width ? x : row->width - pixels);
}

INLINE void row_stride(const int stride, const struct p2s_grouped_row *row) {
    if (row->width >= 14) row_body(14, stride, row);
    else if (row->width >= 7) row_body(7, stride, row);
    else if (row->width >= 3) row_body(3, stride, row);
    else row_body(1, stride, row);
}

P2S_AVX512 static void row_1(const struct p2s_grouped_row *row) { row_stride(1, row); }
P2S_AVX512 static void row_2(const struct p2s_grouped_row *row) { row_stride(2, row); }

void p2s_grouped_avx512(const struct p2s_grouped_row *row) {
    (row->stride == 2 ? row_2 : row_1)(row);
}
#endif

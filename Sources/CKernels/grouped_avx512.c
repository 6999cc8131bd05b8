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

/* How an input value reaches the lanes of its group. Groups of 4 are a register's
 * 128-bit lanes, within which a constant permutation is a fifth faster. */
enum spread { ANY, FOUR };

INLINE __m512 spread_lane(
    const enum spread spread, const int32_t channel, __m512i lane, const float *pixel) {
    __m512 v = _mm512_loadu_ps(pixel);
    if (spread == ANY) return _mm512_permutexvar_ps(lane, v);
    switch (channel) {
    case 0: return _mm512_permute_ps(v, 0x00);
    case 1: return _mm512_permute_ps(v, 0x55);
    case 2: return _mm512_permute_ps(v, 0xAA);
    default: return _mm512_permute_ps(v, 0xFF);
    }
}

/* Adds input channel `channel` of each group, one kernel row, to all sums. */
INLINE void add_channel(
    const int pixels, const int stride, const enum spread spread, const int32_t channel,
    __m512i lane, const float *a, const float *weights, __m512 *sum) {
    const int taps = (pixels - 1) * stride + 3;
    __m512 w0 = _mm512_loadu_ps(weights), w1 = _mm512_loadu_ps(weights + 16),
           w2 = _mm512_loadu_ps(weights + 32);
    P2S_UNROLL for (int t = 0; t < taps; t++) {
        __m512 v = spread_lane(spread, channel, lane, a + 16 * t);
        /* Output p reads the taps p * stride + kx. */
        if (t % stride == 0 && t / stride < pixels)
            sum[t / stride] = _mm512_fmadd_ps(v, w0, sum[t / stride]);
        if (t >= 1 && (t - 1) % stride == 0 && (t - 1) / stride < pixels)
            sum[(t - 1) / stride] = _mm512_fmadd_ps(v, w1, sum[(t - 1) / stride]);
        if (t >= 2 && (t - 2) % stride == 0 && (t - 2) / stride < pixels)
            sum[(t - 2) / stride] = _mm512_fmadd_ps(v, w2, sum[(t - 2) / stride]);
    }
}

/* `pixels` output pixels from `x`. All loops over pixels unroll. */
INLINE void run_body(
    const int pixels, const int stride, const enum spread spread,
    const struct p2s_grouped_row *row, int32_t x) {
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
        if (spread == FOUR) {
            P2S_UNROLL for (int32_t c = 0; c < 4; c++)
                add_channel(pixels, stride, FOUR, c, first, a, weights + 48 * c, sum);
            weights += 4 * 48;
            continue;
        }
        __m512i lane = first;
        _Pragma("clang loop unroll(disable)") for (int32_t c = 0; c < row->depth; c++) {
            add_channel(pixels, stride, ANY, c, lane, a, weights, sum);
            weights += 48;
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
INLINE void row_body(
    const int pixels, const int stride, const enum spread spread,
    const struct p2s_grouped_row *row) {
    for (int32_t x = 0; x < row->width; x += pixels)
        run_body(
            pixels, stride, spread, row, x + pixels <= row->width ? x : row->width - pixels);
}

INLINE void row_stride(
    const int stride, const enum spread spread, const struct p2s_grouped_row *row) {
    /* With stride 2 the compiler keeps inputs in registers and 14 sums would spill. */
    if (row->width >= 14 && stride == 1) row_body(14, stride, spread, row);
    else if (row->width >= 7) row_body(7, stride, spread, row);
    else if (row->width >= 3) row_body(3, stride, spread, row);
    else row_body(1, stride, spread, row);
}

P2S_AVX512 static void row_1(const struct p2s_grouped_row *row) { row_stride(1, ANY, row); }
P2S_AVX512 static void row_2(const struct p2s_grouped_row *row) { row_stride(2, ANY, row); }
P2S_AVX512 static void four_1(const struct p2s_grouped_row *row) { row_stride(1, FOUR, row); }
P2S_AVX512 static void four_2(const struct p2s_grouped_row *row) { row_stride(2, FOUR, row); }

void p2s_grouped_avx512(const struct p2s_grouped_row *row) {
    if (row->group == 4 && row->depth == 4) (row->stride == 2 ? four_2 : four_1)(row);
    else (row->stride == 2 ? row_2 : row_1)(row);
}
#endif

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

/*
 * How an input value reaches the lanes of its group. A constant permutation within
 * 128-bit lanes is a fifth faster than one across the register: groups of 1, 2 and 4
 * need nothing else, groups of 8 after one copy that gives both of their 128-bit lanes
 * the same half of the group. ANY is for padded groups, whose depth varies.
 */
enum spread { ONE, TWO, FOUR, EIGHT, ANY };

INLINE __m512 spread_lane(
    const enum spread spread, const int32_t channel, __m512i lane, __m512 v) {
    if (spread == ANY) return _mm512_permutexvar_ps(lane, v);
    if (spread == ONE) return v;
    if (spread == TWO)
        return channel == 0 ? _mm512_permute_ps(v, 0xA0) : _mm512_permute_ps(v, 0xF5);
    switch (channel % 4) {
    case 0: return _mm512_permute_ps(v, 0x00);
    case 1: return _mm512_permute_ps(v, 0x55);
    case 2: return _mm512_permute_ps(v, 0xAA);
    default: return _mm512_permute_ps(v, 0xFF);
    }
}

/* Adds input channel `channel` of each group, one kernel row, to all sums. */
INLINE void add_channel(
    const int pixels, const int stride, const enum spread spread, const int32_t channel,
    __m512i lane, const __m512 *taps, const float *weights, __m512 *sum) {
    __m512 w0 = _mm512_loadu_ps(weights), w1 = _mm512_loadu_ps(weights + 16),
           w2 = _mm512_loadu_ps(weights + 32);
    P2S_UNROLL for (int t = 0; t < (pixels - 1) * stride + 3; t++) {
        __m512 v = spread_lane(spread, channel, lane, taps[t]);
        /* Output p reads the taps p * stride + kx. */
        if (t % stride == 0 && t / stride < pixels)
            sum[t / stride] = _mm512_fmadd_ps(v, w0, sum[t / stride]);
        if (t >= 1 && (t - 1) % stride == 0 && (t - 1) / stride < pixels)
            sum[(t - 1) / stride] = _mm512_fmadd_ps(v, w1, sum[(t - 1) / stride]);
        if (t >= 2 && (t - 2) % stride == 0 && (t - 2) / stride < pixels)
            sum[(t - 2) / stride] = _mm512_fmadd_ps(v, w2, sum[(t - 2) / stride]);
    }
}

/* Adds one kernel row. The compiler decides which taps stay in registers. */
INLINE void add_row(
    const int pixels, const int stride, const enum spread spread, int32_t depth, __m512i first,
    const float *a, const float *weights, __m512 *sum) {
    enum { MAX_TAPS = (P2S_TILE_MAX - 1) * 2 + 3 };
    const int taps = (pixels - 1) * stride + 3;
    __m512 in[MAX_TAPS];
    if (spread == ANY) {
        _Pragma("clang loop unroll(disable)") for (int32_t c = 0; c < depth; c++) {
            P2S_UNROLL for (int t = 0; t < taps; t++) in[t] = _mm512_loadu_ps(a + 16 * t);
            __m512i lane = _mm512_add_epi32(first, _mm512_set1_epi32(c));
            add_channel(pixels, stride, ANY, c, lane, in, weights + 48 * c, sum);
        }
        return;
    }
    if (spread == EIGHT) {
        P2S_UNROLL for (int half = 0; half < 2; half++) {
            P2S_UNROLL for (int t = 0; t < taps; t++) {
                __m512 v = _mm512_loadu_ps(a + 16 * t);
                in[t] = half ? _mm512_shuffle_f32x4(v, v, 0xF5) : _mm512_shuffle_f32x4(v, v, 0xA0);
                /* Else the compiler makes one permutation across the register of the two. */
                __asm__("" : "+v"(in[t]));
            }
            P2S_UNROLL for (int c = 4 * half; c < 4 * half + 4; c++)
                add_channel(pixels, stride, EIGHT, c, first, in, weights + 48 * c, sum);
        }
        return;
    }
    const int group = spread == ONE ? 1 : spread == TWO ? 2 : 4;
    P2S_UNROLL for (int t = 0; t < taps; t++) in[t] = _mm512_loadu_ps(a + 16 * t);
    P2S_UNROLL for (int c = 0; c < group; c++)
        add_channel(pixels, stride, spread, c, first, in, weights + 48 * c, sum);
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
    const float *a = row->input + 16 * (int64_t)x * stride;
    for (int ky = 0; ky < 3; ky++)
        add_row(
            pixels, stride, spread, row->depth, first, a + ky * row->in_row,
            row->weights + ky * row->depth * 48, sum);
    __m512 zero = _mm512_setzero_ps();
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        __m512 v = sum[p];
        /* max returns its second operand when one is NaN: v must be second. */
        if (row->relu) v = _mm512_max_ps(zero, v);
        _mm512_storeu_ps(output + 16 * p, v);
    }
}

/* Runs of `pixels`; the last one overlaps its neighbor and rewrites the same bits. */
INLINE void row_body(
    const int pixels, const int stride, const enum spread spread,
    const struct p2s_grouped_row *row) {
    for (int32_t x = 0; x < row->width; x += pixels)
        run_body(
            pixels, stride, spread, row, x + pixels <= row->width ? x : row->width - pixels);
}

INLINE void row_stride(
    const int stride, const enum spread spread, const struct p2s_grouped_row *row) {
    /* With stride 2 the compiler keeps taps in registers for the next channel, and 14
     * sums would spill. */
    if (row->width >= 14 && stride == 1) row_body(14, stride, spread, row);
    else if (row->width >= 7) row_body(7, stride, spread, row);
    else if (row->width >= 3) row_body(3, stride, spread, row);
    else row_body(1, stride, spread, row);
}

P2S_AVX512 static void one_1(const struct p2s_grouped_row *row) { row_stride(1, ONE, row); }
P2S_AVX512 static void one_2(const struct p2s_grouped_row *row) { row_stride(2, ONE, row); }
P2S_AVX512 static void two_1(const struct p2s_grouped_row *row) { row_stride(1, TWO, row); }
P2S_AVX512 static void two_2(const struct p2s_grouped_row *row) { row_stride(2, TWO, row); }
P2S_AVX512 static void four_1(const struct p2s_grouped_row *row) { row_stride(1, FOUR, row); }
P2S_AVX512 static void four_2(const struct p2s_grouped_row *row) { row_stride(2, FOUR, row); }
P2S_AVX512 static void eight_2(const struct p2s_grouped_row *row) { row_stride(2, EIGHT, row); }
P2S_AVX512 static void any_1(const struct p2s_grouped_row *row) { row_stride(1, ANY, row); }
P2S_AVX512 static void any_2(const struct p2s_grouped_row *row) { row_stride(2, ANY, row); }

void p2s_grouped_avx512(const struct p2s_grouped_row *row) {
    int two = row->stride == 2;
    switch (row->depth == row->group ? row->group : 0) {
    case 1: (two ? one_2 : one_1)(row); break;
    case 2: (two ? two_2 : two_1)(row); break;
    case 4: (two ? four_2 : four_1)(row); break;
    /* With stride 1 a permutation serves three multiply-adds and the copy does not pay. */
    case 8: (two ? eight_2 : any_1)(row); break;
    default: (two ? any_2 : any_1)(row); break;
    }
}
#endif

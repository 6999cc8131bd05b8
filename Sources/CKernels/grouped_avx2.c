/*
 * grouped_avx2.c - grouped 3x3 with AVX2: as grouped_avx512.c, with each half of
 * a block in a register of 8 lanes (a group never crosses the halves).
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define INLINE P2S_INLINE P2S_AVX2

/* 10 sums, 3 weights and an input leave 2 of 16 registers. */
enum { MAX_PIXELS = 10 };

/*
 * How an input value reaches the lanes of its group: groups of 2 and 4 lie within
 * 128-bit lanes, where a constant permutation is cheap and a variable one dearer; a
 * group of 8 fills a register. ANY is for padded groups of 2 and 4.
 */
enum spread { ONE, TWO, FOUR, EIGHT, ANY };

INLINE __m256 spread_lane(
    const enum spread spread, int32_t channel, __m256i lane, const float *pixel) {
    if (spread == EIGHT) return _mm256_broadcast_ss(pixel + channel);
    __m256 v = _mm256_loadu_ps(pixel);
    if (spread == ANY) return _mm256_permutevar_ps(v, lane);
    if (spread == ONE) return v;
    if (spread == TWO)
        return channel == 0 ? _mm256_permute_ps(v, 0xA0) : _mm256_permute_ps(v, 0xF5);
    switch (channel) {
    case 0: return _mm256_permute_ps(v, 0x00);
    case 1: return _mm256_permute_ps(v, 0x55);
    case 2: return _mm256_permute_ps(v, 0xAA);
    default: return _mm256_permute_ps(v, 0xFF);
    }
}

/* Adds input channel `channel` of each group, one kernel row, to all sums. */
INLINE void add_channel(
    const int pixels, const int stride, const enum spread spread, int32_t channel,
    __m256i lane, const float *a, const float *weights, __m256 *sum) {
    __m256 w0 = _mm256_loadu_ps(weights), w1 = _mm256_loadu_ps(weights + 16),
           w2 = _mm256_loadu_ps(weights + 32);
    P2S_UNROLL for (int t = 0; t < (pixels - 1) * stride + 3; t++) {
        __m256 v = spread_lane(spread, channel, lane, a + 16 * t);
        /* Output p reads the taps p * stride + kx. */
        if (t % stride == 0 && t / stride < pixels)
            sum[t / stride] = _mm256_fmadd_ps(v, w0, sum[t / stride]);
        if (t >= 1 && (t - 1) % stride == 0 && (t - 1) / stride < pixels)
            sum[(t - 1) / stride] = _mm256_fmadd_ps(v, w1, sum[(t - 1) / stride]);
        if (t >= 2 && (t - 2) % stride == 0 && (t - 2) / stride < pixels)
            sum[(t - 2) / stride] = _mm256_fmadd_ps(v, w2, sum[(t - 2) / stride]);
    }
    /* Keeps the compiler from holding taps for the next channel: it would spill. */
    __asm__("" ::: "memory");
}

/* Adds one kernel row. */
INLINE void add_row(
    const int pixels, const int stride, const enum spread spread, int32_t depth, __m256i first,
    const float *a, const float *weights, __m256 *sum) {
    if (spread == ANY || spread == EIGHT) {
        _Pragma("clang loop unroll(disable)") for (int32_t c = 0; c < depth; c++) {
            /* Only the two low bits count, so that the lane stays in its 128 bits. */
            __m256i lane = _mm256_add_epi32(first, _mm256_set1_epi32(c));
            add_channel(pixels, stride, spread, c, lane, a, weights + 48 * c, sum);
        }
        return;
    }
    const int group = spread == ONE ? 1 : spread == TWO ? 2 : 4;
    P2S_UNROLL for (int c = 0; c < group; c++)
        add_channel(pixels, stride, spread, c, first, a, weights + 48 * c, sum);
}

/* `pixels` output pixels from `x`, lanes [half, half + 8). */
INLINE void run_body(
    const int pixels, const int stride, const enum spread spread,
    const struct p2s_grouped_row *row, int32_t x, int32_t half) {
    __m256 sum[MAX_PIXELS], bias = _mm256_loadu_ps(row->bias + half);
    float *output = row->output + 16 * (int64_t)x + half;
    P2S_UNROLL for (int p = 0; p < pixels; p++) sum[p] = bias;
    __m256i lanes = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    __m256i first = _mm256_and_si256(lanes, _mm256_set1_epi32(-row->group));
    const float *a = row->input + 16 * (int64_t)x * stride + half;
    const float *weights = row->weights + half;
    _Pragma("clang loop unroll(disable)") for (int ky = 0; ky < 3; ky++)
        add_row(
            pixels, stride, spread, row->depth, first, a + ky * row->in_row,
            weights + ky * row->depth * 48, sum);
    __m256 zero = _mm256_setzero_ps();
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        __m256 v = sum[p];
        /* max returns its second operand when one is NaN: v must be second. */
        if (row->relu) v = _mm256_max_ps(zero, v);
        _mm256_storeu_ps(output + 16 * p, v);
    }
}

/* Runs of `pixels`; the last one overlaps its neighbor and rewrites the same bits. */
INLINE void row_body(
    const int pixels, const int stride, const enum spread spread,
    const struct p2s_grouped_row *row) {
    for (int32_t half = 0; half < 16; half += 8)
        for (int32_t x = 0; x < row->width; x += pixels)
            run_body(
                pixels, stride, spread, row,
                x + pixels <= row->width ? x : row->width - pixels, half);
}

/* What a row costs in runs of `pixels`: fewer than 8 sums do not fill two multiply-add
 * units of 4 cycles. */
INLINE int32_t cost(int32_t width, int32_t pixels) {
    return (width + pixels - 1) / pixels * (pixels < 8 ? 8 : pixels);
}

INLINE void row_stride(
    const int stride, const enum spread spread, const struct p2s_grouped_row *row) {
    int32_t width = row->width, seven = cost(width, 7), eight = cost(width, 8);
    /* With stride 2 or four unrolled channels 10 sums spill. */
    const int ten_fit = stride == 1 && spread != FOUR;
    if (width < 3) row_body(1, stride, spread, row);
    else if (width < 7) row_body(3, stride, spread, row);
    else if (ten_fit && width >= 10 && cost(width, 10) < seven && cost(width, 10) < eight)
        row_body(10, stride, spread, row);
    else if (width >= 8 && eight < seven) row_body(8, stride, spread, row);
    else row_body(7, stride, spread, row);
}

P2S_AVX2 static void one_1(const struct p2s_grouped_row *row) { row_stride(1, ONE, row); }
P2S_AVX2 static void one_2(const struct p2s_grouped_row *row) { row_stride(2, ONE, row); }
P2S_AVX2 static void two_1(const struct p2s_grouped_row *row) { row_stride(1, TWO, row); }
P2S_AVX2 static void two_2(const struct p2s_grouped_row *row) { row_stride(2, TWO, row); }
P2S_AVX2 static void four_1(const struct p2s_grouped_row *row) { row_stride(1, FOUR, row); }
P2S_AVX2 static void four_2(const struct p2s_grouped_row *row) { row_stride(2, FOUR, row); }
P2S_AVX2 static void eight_1(const struct p2s_grouped_row *row) { row_stride(1, EIGHT, row); }
P2S_AVX2 static void eight_2(const struct p2s_grouped_row *row) { row_stride(2, EIGHT, row); }
P2S_AVX2 static void any_1(const struct p2s_grouped_row *row) { row_stride(1, ANY, row); }
P2S_AVX2 static void any_2(const struct p2s_grouped_row *row) { row_stride(2, ANY, row); }

void p2s_grouped_avx2(const struct p2s_grouped_row *row) {
    int two = row->stride == 2;
    if (row->group == 8) (two ? eight_2 : eight_1)(row);
    else if (row->depth < row->group) (two ? any_2 : any_1)(row);
    else if (row->group == 4) (two ? four_2 : four_1)(row);
    else if (row->group == 2) (two ? two_2 : two_1)(row);
    else (two ? one_2 : one_1)(row);
}
#endif

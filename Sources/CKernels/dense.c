/* dense.c - the classifier: dot products of weight rows with one vector. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

void p2s_dots_portable(const struct p2s_dots *dots) {
    for (int32_t r = 0; r < dots->rows; r++) {
        float *sum = dots->partial + r * P2S_LANES;
        const float *w = dots->weights + (int64_t)r * dots->columns, *x = dots->x;
        p2s_zero(sum, P2S_LANES);
        int32_t c = 0;
        for (; c + P2S_LANES <= dots->columns; c += P2S_LANES)
            for (int l = 0; l < P2S_LANES; l++) sum[l] += w[c + l] * x[c + l];
        for (; c < dots->columns; c++) sum[c % P2S_LANES] += w[c] * x[c];
    }
}

#if P2S_HAVE_X86
#  include <immintrin.h>

/* Rows [first, first + rows). */
P2S_INLINE P2S_AVX512 void dots_16(const int rows, const struct p2s_dots *dots, int32_t first) {
    int32_t columns = dots->columns;
    const float *weights = dots->weights + (int64_t)first * columns;
    __m512 sum[P2S_DOTS_MAX];
    P2S_UNROLL for (int r = 0; r < rows; r++) sum[r] = _mm512_setzero_ps();
    int32_t c = 0;
    for (; c + 16 <= columns; c += 16) {
        __m512 v = _mm512_loadu_ps(dots->x + c);
        P2S_UNROLL for (int r = 0; r < rows; r++) sum[r]
            = _mm512_fmadd_ps(_mm512_loadu_ps(weights + (int64_t)r * columns + c), v, sum[r]);
    }
    if (c < columns) {
        __mmask16 tail = (__mmask16)((1u << (columns - c)) - 1);
        __m512 v = _mm512_maskz_loadu_ps(tail, dots->x + c);
        P2S_UNROLL for (int r = 0; r < rows; r++) {
            __m512 w = _mm512_maskz_loadu_ps(tail, weights + (int64_t)r * columns + c);
            sum[r] = _mm512_mask3_fmadd_ps(w, v, sum[r], tail);
        }
    }
    P2S_UNROLL for (int r = 0; r < rows; r++)
        _mm512_storeu_ps(dots->partial + 16 * (first + r), sum[r]);
}

P2S_AVX512 void p2s_dots_avx512(const struct p2s_dots *dots) {
    if (dots->rows == P2S_DOTS_MAX) dots_16(P2S_DOTS_MAX, dots, 0);
    else
        for (int32_t r = 0; r < dots->rows; r++) dots_16(1, dots, r);
}

/* The tail mask of AVX2 is a vector: lane l is on when l < count. */
P2S_INLINE P2S_AVX2 __m256i first_lanes(int32_t count) {
    __m256i lanes = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lanes);
}

P2S_AVX2 void p2s_dots_avx2(const struct p2s_dots *dots) {
    int32_t columns = dots->columns;
    const float *x = dots->x;
    for (int32_t r = 0; r < dots->rows; r++) {
        const float *w = dots->weights + (int64_t)r * columns;
        for (int half = 0; half < 16; half += 8) {
            __m256 sum = _mm256_setzero_ps();
            int32_t c = half;
            for (; c + 8 <= columns; c += 16)
                sum = _mm256_fmadd_ps(_mm256_loadu_ps(w + c), _mm256_loadu_ps(x + c), sum);
            if (c < columns) {
                __m256i tail = first_lanes(columns - c);
                __m256 more = _mm256_fmadd_ps(
                    _mm256_maskload_ps(w + c, tail), _mm256_maskload_ps(x + c, tail), sum);
                sum = _mm256_blendv_ps(sum, more, _mm256_castsi256_ps(tail));
            }
            _mm256_storeu_ps(dots->partial + 16 * r + half, sum);
        }
    }
}
#endif

#if P2S_HAVE_NEON
#  include <arm_neon.h>

void p2s_dots_neon(const struct p2s_dots *dots) {
    for (int32_t r = 0; r < dots->rows; r++) {
        const float *w = dots->weights + (int64_t)r * dots->columns, *x = dots->x;
        float *partial = dots->partial + 16 * r;
        float32x4_t sum[4];
        P2S_UNROLL for (int q = 0; q < 4; q++) sum[q] = vdupq_n_f32(0);
        int32_t c = 0;
        for (; c + 16 <= dots->columns; c += 16)
            P2S_UNROLL for (int q = 0; q < 4; q++) sum[q]
                = vfmaq_f32(sum[q], vld1q_f32(w + c + 4 * q), vld1q_f32(x + c + 4 * q));
        P2S_UNROLL for (int q = 0; q < 4; q++) vst1q_f32(partial + 4 * q, sum[q]);
        for (; c < dots->columns; c++) {
            float32x2_t s
                = vfma_f32(vdup_n_f32(partial[c % 16]), vdup_n_f32(w[c]), vdup_n_f32(x[c]));
            partial[c % 16] = vget_lane_f32(s, 0);
        }
    }
}
#endif

/* Halves added to halves: ((0+8)+(4+12)) + ... */
static float sum_lanes(float *partial) {
    for (int width = P2S_LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++) partial[l] += partial[l + width];
    return partial[0];
}

void p2s_dense(
    enum p2s_isa isa, const float *weights, const float *bias, const float *x, int32_t rows,
    int32_t columns, float *y) {
    p2s_dots_form form = p2s_dots_for(isa);
    for (int32_t r = 0; r < rows; r += P2S_DOTS_MAX) {
        float partial[P2S_DOTS_MAX * P2S_LANES];
        int32_t count = rows - r < P2S_DOTS_MAX ? rows - r : P2S_DOTS_MAX;
        struct p2s_dots dots = { weights + (int64_t)r * columns, x, partial, count, columns };
        form(&dots);
        for (int32_t i = 0; i < count; i++)
            y[r + i] = bias[r + i] + sum_lanes(partial + i * P2S_LANES);
    }
}

/*
 * pack.c - filters to panels: [filters][depth] becomes [depth][lanes], scaled in
 * double and rounded once. All forms agree bit for bit.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

P2S_INLINE float scaled(float w, double factor) { return (float)((double)w * factor); }

/* Steps [k0, k1) of the reduction, filters [r0, r1). */
struct part {
    int32_t r0, r1, k0, k1;
};

static void pack_part(
    const float *weights, const double *scale, const int32_t *order, int64_t depth, int64_t lanes,
    float *packed, struct part part) {
    for (int32_t r = part.r0; r < part.r1; r++) {
        const float *filter = weights + r * depth;
        double factor = scale ? scale[r] : 1;
        for (int32_t k = part.k0; k < part.k1; k++)
            packed[k * lanes + r] = scaled(filter[order ? order[k] : k], factor);
    }
}

void p2s_pack_portable(const struct p2s_square *square) {
    struct part all = { 0, 16, 0, 16 };
    pack_part(
        square->weights, square->scale, 0, square->depth, square->lanes, square->packed, all);
}

#if P2S_HAVE_X86
#  include <immintrin.h>

P2S_INLINE P2S_AVX512 __m512 scaled_16(__m512 w, double factor) {
    __m512d f = _mm512_set1_pd(factor);
    __m256 low = _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(w)), f));
    __m256 high
        = _mm512_cvtpd_ps(_mm512_mul_pd(_mm512_cvtps_pd(_mm512_extractf32x8_ps(w, 1)), f));
    return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

/* Four rounds of interleaving transpose the square. */
P2S_AVX512 void p2s_pack_avx512(const struct p2s_square *square) {
    const double *scale = square->scale;
    float *packed = square->packed;
    int64_t lanes = square->lanes;
    __m512 a[16], b[16];
    P2S_UNROLL for (int r = 0; r < 16; r++) {
        a[r] = _mm512_loadu_ps(square->weights + r * square->depth);
        if (scale) a[r] = scaled_16(a[r], scale[r]);
    }
    /* After two rounds b[4i + j] holds, in its 128-bit lane q, column 4q + j of
     * rows 4i ... 4i + 3. */
    P2S_UNROLL for (int i = 0; i < 16; i += 4) {
        __m512 t0 = _mm512_unpacklo_ps(a[i], a[i + 1]), t1 = _mm512_unpackhi_ps(a[i], a[i + 1]);
        __m512 t2 = _mm512_unpacklo_ps(a[i + 2], a[i + 3]);
        __m512 t3 = _mm512_unpackhi_ps(a[i + 2], a[i + 3]);
        b[i] = _mm512_shuffle_ps(t0, t2, 0x44);
        b[i + 1] = _mm512_shuffle_ps(t0, t2, 0xEE);
        b[i + 2] = _mm512_shuffle_ps(t1, t3, 0x44);
        b[i + 3] = _mm512_shuffle_ps(t1, t3, 0xEE);
    }
    P2S_UNROLL for (int j = 0; j < 4; j++) {
        /* Columns j, 4 + j, 8 + j, 12 + j: a 4x4 transpose of 128-bit lanes. */
        __m512 t0 = _mm512_shuffle_f32x4(b[j], b[4 + j], 0x88);
        __m512 t1 = _mm512_shuffle_f32x4(b[j], b[4 + j], 0xDD);
        __m512 t2 = _mm512_shuffle_f32x4(b[8 + j], b[12 + j], 0x88);
        __m512 t3 = _mm512_shuffle_f32x4(b[8 + j], b[12 + j], 0xDD);
        _mm512_storeu_ps(packed + j * lanes, _mm512_shuffle_f32x4(t0, t2, 0x88));
        _mm512_storeu_ps(packed + (4 + j) * lanes, _mm512_shuffle_f32x4(t1, t3, 0x88));
        _mm512_storeu_ps(packed + (8 + j) * lanes, _mm512_shuffle_f32x4(t0, t2, 0xDD));
        _mm512_storeu_ps(packed + (12 + j) * lanes, _mm512_shuffle_f32x4(t1, t3, 0xDD));
    }
}
#endif

void p2s_pack_panel(
    enum p2s_isa isa, const float *weights, const double *scale, const int32_t *order,
    int32_t filters, int32_t depth, int32_t lanes, float *packed) {
    int32_t rows = 0, steps = 0;
    if (!order) {
        p2s_pack_form form = p2s_pack_for(isa);
        rows = filters / 16 * 16;
        steps = depth / 16 * 16;
        for (int32_t k = 0; k < steps; k += 16) {
            for (int32_t r = 0; r < rows; r += 16) {
                struct p2s_square square = {
                    .weights = weights + (int64_t)r * depth + k,
                    .scale = scale ? scale + r : 0,
                    .packed = packed + (int64_t)k * lanes + r,
                    .depth = depth,
                    .lanes = lanes,
                };
                form(&square);
            }
        }
    }
    struct part right = { 0, rows, steps, depth }, below = { rows, filters, 0, depth };
    pack_part(weights, scale, order, depth, lanes, packed, right);
    pack_part(weights, scale, order, depth, lanes, packed, below);
}

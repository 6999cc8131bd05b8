/* quantized_avx2.c - the quantized kernels with AVX2: bytes widened to 16 bits, so no sum of two
 * products saturates. */
#pragma STDC FP_CONTRACT OFF
#include "quantized.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

/* Adds the products of two pixels to the sums of one block; with lanes, of one part of it. Quad q
 * has the sums of four filters in two halves each: channels 0 and 1, channels 2 and 3. */
P2S_INLINE P2S_AVX2 void tile(
    const struct p2s_quantized_conv *conv, const uint8_t *const *x, struct p2s_block_weights w,
    const int own_words, const int32_t steps, int32_t (*sums)[16]) {
    __m256i sum[2][4];
    for (int p = 0; p < 2; p++)
        for (int q = 0; q < 4; q++) sum[p][q] = _mm256_setzero_si256();
    for (int32_t tap = 0; tap < conv->taps; tap++) {
        for (int32_t step = 0; step < steps; step++, w.first += w.step) {
            __m256i factor[2];
            for (int p = 0; p < 2; p++) {
                const uint8_t *words = x[p] + conv->tap_bytes[tap] + 4 * step;
                if (own_words) {
                    factor[p] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)words));
                } else {
                    int32_t word;
                    __builtin_memcpy(&word, words, 4);
                    factor[p] = _mm256_cvtepu8_epi16(_mm_set1_epi32(word));
                }
            }
            for (int q = 0; q < 4; q++) {
                __m256i weight = _mm256_cvtepi8_epi16(
                    _mm_loadu_si128((const __m128i *)(w.first + 16 * q)));
                for (int p = 0; p < 2; p++)
                    sum[p][q]
                        = _mm256_add_epi32(sum[p][q], _mm256_madd_epi16(factor[p], weight));
            }
        }
    }
    for (int p = 0; p < 2; p++) {
        for (int q = 0; q < 4; q++) {
            int32_t halves[8];
            _mm256_storeu_si256((__m256i *)halves, sum[p][q]);
            for (int i = 0; i < 4; i++) sums[p][4 * q + i] = halves[2 * i] + halves[2 * i + 1];
        }
    }
}

P2S_INLINE P2S_AVX2 void sums_of(
    const struct p2s_quantized_conv *conv, const uint8_t *const *x, int32_t block,
    int32_t (*sums)[16]) {
    struct p2s_block_weights w = p2s_weights_of(conv, block);
    if (conv->lanes == 0) {
        tile(conv, x, w, 0, conv->window / 4, sums);
        return;
    }
    const int parts = conv->lanes / 4;
    int32_t some[2][16];
    __builtin_memset(sums, 0, 2 * sizeof *sums);
    w.step *= parts;
    for (int part = 0; part < parts; part++, w.first += 64) {
        tile(conv, x, w, 1, 1, some);
        for (int p = 0; p < 2; p++)
            for (int i = 0; i < 16; i++)
                sums[p][p2s_lane_filter(conv->lanes, part, i)] += some[p][i];
    }
}

P2S_AVX2 void p2s_quantized_conv_avx2(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    int32_t pixels, int32_t first, int32_t last, uint8_t *output) {
    int32_t sums[2][16];
    for (int32_t pixel = 0; pixel < pixels; pixel += 2) {
        const int count = pixels - pixel > 1 ? 2 : 1;
        for (int32_t block = first; block < last; block++) {
            const uint8_t *x[2];
            for (int p = 0; p < 2; p++)
                x[p] = input + pixel_bytes[pixel + (p < count ? p : 0)] + conv->first[block];
            sums_of(conv, x, block, sums);
            for (int p = 0; p < count; p++) {
                for (int i = 0; i < 16; i++) sums[p][i] += conv->start[16 * block + i];
                p2s_requantize(
                    conv, sums[p], 16 * block,
                    output + (int64_t)(pixel + p) * conv->out_channels + 16 * block);
            }
        }
    }
}

P2S_AVX2 void p2s_quantized_sum_avx2(
    const struct p2s_quantized_sum *sum, const uint8_t *a, const uint8_t *b, int64_t count,
    uint8_t *output) {
    const float offset_a = -(sum->scale_a * (float)sum->zero_a);
    const float offset_b = -(sum->scale_b * (float)sum->zero_b);
    const float scale_a = sum->scale_a, scale_b = sum->scale_b, inverse = sum->inverse;
    const int32_t zero = sum->zero;
    for (int64_t i = 0; i < count; i++) {
        float value = __builtin_fmaf((float)a[i], scale_a, offset_a)
            + __builtin_fmaf((float)b[i], scale_b, offset_b);
        float v = (value > 0.0f ? value : 0.0f) * inverse;
        output[i] = (uint8_t)p2s_clamped((int32_t)p2s_rint(p2s_bounded(v)) + zero, zero);
    }
}
#endif

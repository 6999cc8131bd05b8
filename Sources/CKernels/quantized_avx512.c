/* quantized_avx512.c - quantized convolutions with AVX512-VNNI: vpdpbusd multiplies unsigned by
 * signed bytes and adds four products without intermediate saturation. */
#pragma STDC FP_CONTRACT OFF
#include "quantized.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define TARGET                                                                                   \
      __attribute__((target("avx512vnni,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#  define INLINE P2S_INLINE TARGET

/* `pixels` output pixels of `blocks` blocks that read the same channels. */
INLINE void tile(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    const int pixels, int32_t block, const int blocks, uint8_t *output) {
    const int32_t steps = conv->window / 4;
    const int64_t size = (int64_t)conv->taps * steps * 64;
    const int8_t *w = conv->weights + block * size;
    const uint8_t *x = input + conv->first[block];
    __m512i sum[12][4];
    P2S_UNROLL for (int b = 0; b < blocks; b++) {
        __m512i start = _mm512_loadu_si512(conv->start + 16 * (block + b));
        P2S_UNROLL for (int p = 0; p < pixels; p++) sum[p][b] = start;
    }
    for (int32_t tap = 0; tap < conv->taps; tap++) {
        const uint8_t *from[12];
        P2S_UNROLL for (int p = 0; p < pixels; p++)
            from[p] = x + pixel_bytes[p] + conv->tap_bytes[tap];
        for (int32_t step = 0; step < steps; step++, w += 64) {
            __m512i weight[4];
            P2S_UNROLL for (int b = 0; b < blocks; b++)
                weight[b] = _mm512_loadu_si512(w + b * size);
            P2S_UNROLL for (int p = 0; p < pixels; p++) {
                int32_t word;
                __builtin_memcpy(&word, from[p] + 4 * step, 4);
                const __m512i words = _mm512_set1_epi32(word);
                P2S_UNROLL for (int b = 0; b < blocks; b++)
                    sum[p][b] = _mm512_dpbusd_epi32(sum[p][b], words, weight[b]);
            }
        }
    }
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        P2S_UNROLL for (int b = 0; b < blocks; b++) {
            int32_t sums[16];
            _mm512_storeu_si512(sums, sum[p][b]);
            p2s_requantize(
                conv, sums, 16 * (block + b),
                output + (int64_t)p * conv->out_channels + 16 * (block + b));
        }
    }
}

INLINE void pixels_of(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    int32_t pixels, int32_t block, const int blocks, const int most, uint8_t *output) {
    int32_t pixel = 0;
    for (; pixel + most <= pixels; pixel += most)
        tile(
            conv, input, pixel_bytes + pixel, most, block, blocks,
            output + (int64_t)pixel * conv->out_channels);
    for (; pixel < pixels; pixel++)
        tile(
            conv, input, pixel_bytes + pixel, 1, block, blocks,
            output + (int64_t)pixel * conv->out_channels);
}

TARGET void p2s_quantized_conv_avx512(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    int32_t pixels, int32_t first, int32_t last, uint8_t *output) {
    int32_t block = first;
    if (conv->shares_window)
        for (; block + 4 <= last; block += 4)
            pixels_of(conv, input, pixel_bytes, pixels, block, 4, 6, output);
    for (; block < last; block++)
        pixels_of(conv, input, pixel_bytes, pixels, block, 1, 12, output);
}
#endif

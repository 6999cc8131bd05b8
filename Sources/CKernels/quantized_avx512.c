/* quantized_avx512.c - quantized convolutions with AVX512-VNNI: vpdpbusd multiplies unsigned by
 * signed bytes and adds four products without intermediate saturation. */
#pragma STDC FP_CONTRACT OFF
#include "quantized.h"

#if P2S_HAVE_X86
#  define TARGET                                                                                   \
      __attribute__((target("avx512vnni,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#  include "quantized_avx512.h"

enum { MOST_PIXELS = 10 };

/* What one call computes. */
struct work {
    const struct p2s_quantized_conv *conv;
    const uint8_t *input;
    const int32_t *pixel_bytes;
    int32_t pixels;
    uint8_t *output;
};

/* The sums of `pixels` pixels of `blocks` blocks become bytes. */
INLINE void finish(
    const struct work *work, const enum p2s_requantization rounding, const int relu, int32_t pixel,
    const int pixels, int32_t block, const int blocks, __m512i (*sum)[4]) {
    const int64_t step = work->conv->out_channels;
    uint8_t *to = work->output + pixel * step + 16 * block;
    P2S_UNROLL for (int b = 0; b < blocks; b++) {
        const struct filters f = filters_of(work->conv, rounding, 16 * (block + b));
        P2S_UNROLL for (int p = 0; p < pixels; p++)
            _mm_storeu_si128(
                (__m128i *)(void *)(to + p * step + 16 * b),
                requantized(&f, rounding, relu, sum[p][b]));
    }
}

INLINE void finish_any(
    const struct work *work, int32_t pixel, const int pixels, int32_t block, const int blocks,
    __m512i (*sum)[4]) {
    switch (work->conv->rounding) {
    case P2S_FBGEMM: finish(work, P2S_FBGEMM, 0, pixel, pixels, block, blocks, sum); return;
    case P2S_ONEDNN:
        if (work->conv->relu) finish(work, P2S_ONEDNN, 1, pixel, pixels, block, blocks, sum);
        else finish(work, P2S_ONEDNN, 0, pixel, pixels, block, blocks, sum);
        return;
    case P2S_QNNPACK: finish(work, P2S_QNNPACK, 0, pixel, pixels, block, blocks, sum); return;
    }
}

/* A panel of `blocks` blocks. The first tiles fetch a part of the next panel's weights each. */
INLINE void panel_tile(
    const struct work *work, int32_t pixel, const int pixels, int32_t block, const int blocks) {
    const struct p2s_quantized_conv *conv = work->conv;
    const int32_t steps = conv->window / 4;
    const int8_t *w = p2s_weights_of(conv, block).first;
    const int64_t lines = (int64_t)conv->taps * steps, part = pixel / pixels;
    const int8_t *next = w + 64 * lines * (part < blocks ? blocks + part : 0);
    __m512i sum[MOST_PIXELS][4];
    const uint8_t *x[MOST_PIXELS];
    P2S_UNROLL for (int b = 0; b < blocks; b++) {
        const __m512i start = _mm512_loadu_si512(conv->start + 16 * (block + b));
        P2S_UNROLL for (int p = 0; p < pixels; p++) sum[p][b] = start;
    }
    P2S_UNROLL for (int p = 0; p < pixels; p++)
        x[p] = work->input + work->pixel_bytes[pixel + p] + conv->first[block];
    for (int32_t tap = 0; tap < conv->taps; tap++) {
        const uint8_t *from[MOST_PIXELS];
        P2S_UNROLL for (int p = 0; p < pixels; p++) from[p] = x[p] + conv->tap_bytes[tap];
        for (int32_t step = 0; step < steps; step++, w += 64 * blocks, next += 64) {
            __m512i weight[4];
            _mm_prefetch((const char *)next, _MM_HINT_T1);
            P2S_UNROLL for (int b = 0; b < blocks; b++) weight[b] = _mm512_loadu_si512(w + 64 * b);
            P2S_UNROLL for (int p = 0; p < pixels; p++) {
                int32_t word;
                __builtin_memcpy(&word, from[p] + 4 * step, 4);
                const __m512i words = _mm512_set1_epi32(word);
                P2S_UNROLL for (int b = 0; b < blocks; b++)
                    sum[p][b] = _mm512_dpbusd_epi32(sum[p][b], words, weight[b]);
            }
        }
    }
    finish_any(work, pixel, pixels, block, blocks, sum);
}

/* Adds what the lanes of one filter have, and puts the filters in order. */
INLINE __m512i joined(const int lanes, const __m512i *part) {
    const __m512i filters
        = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    if (lanes == 4) return _mm512_permutexvar_epi32(filters, part[0]);
    if (lanes == 8) {
        /* Of part 0 and 1 in turn: group 0, group 1, each the sum of its two quads. */
        const __m512i even = _mm512_castps_si512(_mm512_shuffle_ps(
            _mm512_castsi512_ps(part[0]), _mm512_castsi512_ps(part[1]), 0x88));
        const __m512i odd = _mm512_castps_si512(_mm512_shuffle_ps(
            _mm512_castsi512_ps(part[0]), _mm512_castsi512_ps(part[1]), 0xdd));
        /* Lane 4 * i + 2 * part + group. */
        const __m512i order
            = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15);
        return _mm512_permutexvar_epi32(order, _mm512_add_epi32(even, odd));
    }
    __m512i pair[2];
    P2S_UNROLL for (int i = 0; i < 2; i++)
        pair[i] = _mm512_add_epi32(
            _mm512_unpacklo_epi32(part[2 * i], part[2 * i + 1]),
            _mm512_unpackhi_epi32(part[2 * i], part[2 * i + 1]));
    const __m512i all = _mm512_add_epi32(
        _mm512_unpacklo_epi64(pair[0], pair[1]), _mm512_unpackhi_epi64(pair[0], pair[1]));
    return _mm512_permutexvar_epi32(filters, all);
}

/* A block of several groups: a vector multiplies 16 channels of a pixel. */
INLINE void lanes_tile(
    const struct work *work, int32_t pixel, const int pixels, int32_t block, const int lanes) {
    const struct p2s_quantized_conv *conv = work->conv;
    const int parts = lanes / 4;
    const int8_t *w = p2s_weights_of(conv, block).first;
    __m512i sum[MOST_PIXELS][4];
    const uint8_t *x[MOST_PIXELS];
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        x[p] = work->input + work->pixel_bytes[pixel + p] + conv->first[block];
        P2S_UNROLL for (int i = 0; i < parts; i++) sum[p][i] = _mm512_setzero_si512();
    }
    for (int32_t tap = 0; tap < conv->taps; tap++, w += 64 * parts) {
        const int64_t offset = conv->tap_bytes[tap];
        __m512i weight[4];
        P2S_UNROLL for (int i = 0; i < parts; i++) weight[i] = _mm512_loadu_si512(w + 64 * i);
        P2S_UNROLL for (int p = 0; p < pixels; p++) {
            const __m512i words = _mm512_broadcast_i32x4(
                _mm_loadu_si128((const __m128i *)(const void *)(x[p] + offset)));
            P2S_UNROLL for (int i = 0; i < parts; i++)
                sum[p][i] = _mm512_dpbusd_epi32(sum[p][i], words, weight[i]);
        }
    }
    const __m512i start = _mm512_loadu_si512(conv->start + 16 * block);
    P2S_UNROLL for (int p = 0; p < pixels; p++)
        sum[p][0] = _mm512_add_epi32(joined(lanes, sum[p]), start);
    finish_any(work, pixel, pixels, block, 1, sum);
}

/* Calls TILE(pixel, count) for all pixels. What is left after the last full tile is computed by a
 * tile that overlaps it, or one by one. */
#  define ALL_PIXELS(MOST, SOME, TILE)                                                             \
      do {                                                                                         \
          int32_t pixel = 0, all = work->pixels;                                                   \
          for (; pixel + MOST <= all; pixel += MOST) TILE(pixel, MOST);                            \
          if (all - pixel > SOME && all >= MOST) {                                                 \
              TILE(all - MOST, MOST);                                                              \
              pixel = all;                                                                         \
          } else if (all - pixel > 1 && all >= SOME) {                                             \
              for (; pixel + SOME <= all; pixel += SOME) TILE(pixel, SOME);                        \
              if (pixel < all) TILE(all - SOME, SOME);                                             \
              pixel = all;                                                                         \
          }                                                                                        \
          for (; pixel < all; pixel++) TILE(pixel, 1);                                             \
      } while (0)
#  define PANEL(pixel, count) panel_tile(work, pixel, count, block, blocks)
#  define LANES(pixel, count) lanes_tile(work, pixel, count, block, lanes)

INLINE void panel_pixels(const struct work *work, int32_t block, const int blocks) {
    if (blocks == 4) ALL_PIXELS(6, 3, PANEL);
    else ALL_PIXELS(8, 4, PANEL);
}

INLINE void lanes_pixels(const struct work *work, int32_t block, const int lanes) {
    if (lanes == 4) ALL_PIXELS(10, 5, LANES);
    else if (lanes == 8) ALL_PIXELS(8, 4, LANES);
    else ALL_PIXELS(6, 3, LANES);
}

TARGET void p2s_quantized_conv_avx512(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    int32_t pixels, int32_t first, int32_t last, uint8_t *output) {
    const struct work work = { conv, input, pixel_bytes, pixels, output };
    for (int32_t block = first; block < last; block += conv->panel) {
        switch (conv->lanes) {
        case 4: lanes_pixels(&work, block, 4); continue;
        case 8: lanes_pixels(&work, block, 8); continue;
        case 16: lanes_pixels(&work, block, 16); continue;
        }
        switch (last - block < conv->panel ? last - block : conv->panel) {
        case 1: panel_pixels(&work, block, 1); continue;
        case 2: panel_pixels(&work, block, 2); continue;
        case 3: panel_pixels(&work, block, 3); continue;
        case 4: panel_pixels(&work, block, 4); continue;
        }
    }
}
#endif

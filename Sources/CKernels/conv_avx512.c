/*
 * conv_avx512.c - the tile with AVX-512: up to 14 pixels by 2 blocks are 28
 * accumulators, which leaves 2 registers for weights and 1 for the input value.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define INLINE P2S_INLINE P2S_AVX512

/* Constant `pixels`, `blocks`, `stride` (in_pixel) make all loops unroll. */
INLINE void tile_body(
    const int pixels, const int blocks, const int64_t stride, const struct p2s_tile *tile) {
    __m512 sum[P2S_TILE_MAX][2];
    float *output = tile->output;
    const float *residual = tile->residual;
    int64_t out_block = tile->out_block;

    P2S_UNROLL for (int b = 0; b < blocks; b++) {
        __m512 bias = _mm512_loadu_ps(tile->bias + 16 * b);
        P2S_UNROLL for (int p = 0; p < pixels; p++) {
            sum[p][b] = bias;
            /* The result lines are read or written once, after the sum. */
            __builtin_prefetch(output + b * out_block + tile->at[p], 1, 3);
        }
    }
    const float *weights = tile->weights;
    const char *prefetch = tile->prefetch;
    int64_t prefetch_step = tile->prefetch_step;
    for (int32_t s = 0; s < tile->segment_count; s++) {
        const float *a = tile->input + tile->segments[s].offset;
        const float *end = a + tile->segments[s].count;
        for (; a < end; a++) {
            __m512 w[2];
            P2S_UNROLL for (int b = 0; b < blocks; b++) w[b] = _mm512_loadu_ps(weights + 16 * b);
            weights += 16 * blocks;
            _mm_prefetch(prefetch, _MM_HINT_T1);
            prefetch += prefetch_step;
            P2S_UNROLL for (int p = 0; p < pixels; p++) {
                __m512 v = _mm512_set1_ps(a[p * stride]);
                P2S_UNROLL for (int b = 0; b < blocks; b++)
                    sum[p][b] = _mm512_fmadd_ps(v, w[b], sum[p][b]);
            }
        }
    }
    __m512 zero = _mm512_setzero_ps();
    P2S_UNROLL for (int b = 0; b < blocks; b++) {
        P2S_UNROLL for (int p = 0; p < pixels; p++) {
            int64_t at = b * out_block + tile->at[p];
            __m512 v = sum[p][b];
            if (residual) v = _mm512_add_ps(v, _mm512_loadu_ps(residual + at));
            /* max returns its second operand when one is NaN: v must be second. */
            if (tile->relu) v = _mm512_max_ps(zero, v);
            _mm512_storeu_ps(output + at, v);
        }
    }
}

INLINE void tile_pixels(const int blocks, const int64_t stride, const struct p2s_tile *tile) {
    switch (tile->pixels) {
    case 1: tile_body(1, blocks, stride, tile); break;
    case 2: tile_body(2, blocks, stride, tile); break;
    case 3: tile_body(3, blocks, stride, tile); break;
    case 4: tile_body(4, blocks, stride, tile); break;
    case 5: tile_body(5, blocks, stride, tile); break;
    case 6: tile_body(6, blocks, stride, tile); break;
    case 7: tile_body(7, blocks, stride, tile); break;
    case 8: tile_body(8, blocks, stride, tile); break;
    case 9: tile_body(9, blocks, stride, tile); break;
    case 10: tile_body(10, blocks, stride, tile); break;
    case 11: tile_body(11, blocks, stride, tile); break;
    case 12: tile_body(12, blocks, stride, tile); break;
    case 13: tile_body(13, blocks, stride, tile); break;
    case 14: tile_body(14, blocks, stride, tile); break;
    default: break;
    }
}

/* One function for each (blocks, stride), so that none grows out of hand. */
P2S_AVX512 static void tile_1_16(const struct p2s_tile *t) { tile_pixels(1, 16, t); }
P2S_AVX512 static void tile_1_32(const struct p2s_tile *t) { tile_pixels(1, 32, t); }
P2S_AVX512 static void tile_1_2(const struct p2s_tile *t) { tile_pixels(1, 2, t); }
P2S_AVX512 static void tile_2_16(const struct p2s_tile *t) { tile_pixels(2, 16, t); }
P2S_AVX512 static void tile_2_32(const struct p2s_tile *t) { tile_pixels(2, 32, t); }
P2S_AVX512 static void tile_2_2(const struct p2s_tile *t) { tile_pixels(2, 2, t); }

/* Any other stride: pixel by pixel. */
P2S_AVX512 static void tile_any(const struct p2s_tile *tile) {
    for (int32_t p = 0; p < tile->pixels; p++) {
        struct p2s_tile one = *tile;
        one.pixels = 1;
        one.input += p * tile->in_pixel;
        one.at[0] = tile->at[p];
        if (tile->blocks == 2) tile_body(1, 2, 16, &one);
        else tile_body(1, 1, 16, &one);
    }
}

void p2s_tile_avx512(const struct p2s_tile *tile) {
    int two = tile->blocks == 2;
    switch (tile->in_pixel) {
    case 16: (two ? tile_2_16 : tile_1_16)(tile); break;
    case 32: (two ? tile_2_32 : tile_1_32)(tile); break;
    case 2: (two ? tile_2_2 : tile_1_2)(tile); break;
    default: tile_any(tile); break;
    }
}
#endif

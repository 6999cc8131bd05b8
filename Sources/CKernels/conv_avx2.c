/*
 * conv_avx2.c - the tile with AVX2: up to 6 pixels by 1 block (2 registers) are
 * 12 accumulators, which leaves 2 for weights and 1 for the input value.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define INLINE P2S_INLINE P2S_AVX2
enum { MAX_PIXELS = 6 };

/* Block `b` of the tile. Constant `pixels`, `stride` make all loops unroll. */
INLINE void tile_body(
    const int pixels, const int64_t stride, const struct p2s_tile *tile, int32_t b) {
    __m256 sum[MAX_PIXELS][2];
    __m256 bias0 = _mm256_loadu_ps(tile->bias + 16 * b);
    __m256 bias1 = _mm256_loadu_ps(tile->bias + 16 * b + 8);
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        sum[p][0] = bias0;
        sum[p][1] = bias1;
    }
    const float *weights = tile->weights + 16 * b;
    int64_t step = 16 * tile->blocks;
    const char *prefetch = tile->prefetch;
    int64_t prefetch_step = b == 0 ? tile->prefetch_step : 0;
    for (int32_t s = 0; s < tile->segment_count; s++) {
        const float *a = tile->input + tile->segments[s].offset;
        const float *end = a + tile->segments[s].count;
        for (; a < end; a++) {
            __m256 w0 = _mm256_loadu_ps(weights), w1 = _mm256_loadu_ps(weights + 8);
            weights += step;
            _mm_prefetch(prefetch, _MM_HINT_T1);
            prefetch += prefetch_step;
            P2S_UNROLL for (int p = 0; p < pixels; p++) {
                __m256 v = _mm256_broadcast_ss(a + p * stride);
                sum[p][0] = _mm256_fmadd_ps(v, w0, sum[p][0]);
                sum[p][1] = _mm256_fmadd_ps(v, w1, sum[p][1]);
            }
        }
    }
    __m256 zero = _mm256_setzero_ps();
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        P2S_UNROLL for (int h = 0; h < 2; h++) {
            int64_t at = b * tile->out_block + tile->at[p] + 8 * h;
            __m256 v = sum[p][h];
            if (tile->residual) v = _mm256_add_ps(v, _mm256_loadu_ps(tile->residual + at));
            /* max returns its second operand when one is NaN: v must be second. */
            if (tile->relu) v = _mm256_max_ps(zero, v);
            _mm256_storeu_ps(tile->output + at, v);
        }
    }
}

INLINE void tile_pixels(const int64_t stride, const struct p2s_tile *tile) {
    for (int32_t b = 0; b < tile->blocks; b++) {
        switch (tile->pixels) {
        case 1: tile_body(1, stride, tile, b); break;
        case 2: tile_body(2, stride, tile, b); break;
        case 3: tile_body(3, stride, tile, b); break;
        case 4: tile_body(4, stride, tile, b); break;
        case 5: tile_body(5, stride, tile, b); break;
        case 6: tile_body(6, stride, tile, b); break;
        default: break;
        }
    }
}

P2S_AVX2 static void tile_16(const struct p2s_tile *t) { tile_pixels(16, t); }
P2S_AVX2 static void tile_32(const struct p2s_tile *t) { tile_pixels(32, t); }
P2S_AVX2 static void tile_2(const struct p2s_tile *t) { tile_pixels(2, t); }

/* Any other stride: pixel by pixel. */
P2S_AVX2 static void tile_any(const struct p2s_tile *tile) {
    for (int32_t p = 0; p < tile->pixels; p++) {
        struct p2s_tile one = *tile;
        one.pixels = 1;
        one.input += p * tile->in_pixel;
        one.at[0] = tile->at[p];
        for (int32_t b = 0; b < tile->blocks; b++) tile_body(1, 16, &one, b);
    }
}

void p2s_tile_avx2(const struct p2s_tile *tile) {
    switch (tile->in_pixel) {
    case 16: tile_16(tile); break;
    case 32: tile_32(tile); break;
    case 2: tile_2(tile); break;
    default: tile_any(tile); break;
    }
}
#endif

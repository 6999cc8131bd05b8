/*
 * conv_neon.c - the tile with AArch64 Advanced SIMD: up to 6 pixels by 1 block
 * (4 registers) are 24 of the 32 registers; 4 more hold weights.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_NEON
#  include <arm_neon.h>

enum { MAX_PIXELS = 6 };

/* Block `b` of the tile. Constant `pixels` makes the inner loops unroll. */
P2S_INLINE void tile_body(const int pixels, const struct p2s_tile *tile, int32_t b) {
    float32x4_t sum[MAX_PIXELS][4];
    P2S_UNROLL for (int p = 0; p < pixels; p++)
        P2S_UNROLL for (int q = 0; q < 4; q++) sum[p][q] = vld1q_f32(tile->bias + 16 * b + 4 * q);
    const float *weights = tile->weights + 16 * b;
    int64_t step = 16 * tile->blocks, stride = tile->in_pixel;
    for (int32_t s = 0; s < tile->segment_count; s++) {
        const float *a = tile->input + tile->segments[s].offset;
        const float *end = a + tile->segments[s].count;
        for (; a < end; a++) {
            float32x4_t w[4];
            P2S_UNROLL for (int q = 0; q < 4; q++) w[q] = vld1q_f32(weights + 4 * q);
            weights += step;
            P2S_UNROLL for (int p = 0; p < pixels; p++) {
                float32x4_t v = vdupq_n_f32(a[p * stride]);
                P2S_UNROLL for (int q = 0; q < 4; q++) sum[p][q] = vfmaq_f32(sum[p][q], v, w[q]);
            }
        }
    }
    float32x4_t zero = vdupq_n_f32(0);
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        P2S_UNROLL for (int q = 0; q < 4; q++) {
            int64_t at = b * tile->out_block + tile->at[p] + 4 * q;
            float32x4_t v = sum[p][q];
            if (tile->residual) v = vaddq_f32(v, vld1q_f32(tile->residual + at));
            if (tile->relu) v = vmaxq_f32(v, zero); /* fmax propagates NaN */
            vst1q_f32(tile->output + at, v);
        }
    }
}

void p2s_tile_neon(const struct p2s_tile *tile) {
    for (int32_t b = 0; b < tile->blocks; b++) {
        switch (tile->pixels) {
        case 1: tile_body(1, tile, b); break;
        case 2: tile_body(2, tile, b); break;
        case 3: tile_body(3, tile, b); break;
        case 4: tile_body(4, tile, b); break;
        case 5: tile_body(5, tile, b); break;
        case 6: tile_body(6, tile, b); break;
        default: break;
        }
    }
}
#endif

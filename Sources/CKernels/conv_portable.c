/* conv_portable.c - the tile, as specified. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

/* One pixel, one block of 16 outputs, weights `stride` floats apart. */
static void pixel(
    const struct p2s_tile *tile, const float *input, const float *weights, int64_t stride,
    const float *bias, const float *residual, float *output) {
    float sum[P2S_LANES];
    for (int l = 0; l < P2S_LANES; l++) sum[l] = bias[l];
    for (int32_t s = 0; s < tile->segment_count; s++) {
        const float *a = input + tile->segments[s].offset;
        for (int64_t i = 0; i < tile->segments[s].count; i++) {
            for (int l = 0; l < P2S_LANES; l++) sum[l] += a[i] * weights[l];
            weights += stride;
        }
    }
    for (int l = 0; l < P2S_LANES; l++) {
        float v = residual ? sum[l] + residual[l] : sum[l];
        output[l] = tile->relu ? p2s_relu(v) : v;
    }
}

void p2s_tile_portable(const struct p2s_tile *tile) {
    for (int32_t b = 0; b < tile->blocks; b++) {
        for (int32_t p = 0; p < tile->pixels; p++) {
            int64_t at = b * tile->out_block + tile->at[p];
            pixel(
                tile, tile->input + p * tile->in_pixel, tile->weights + b * P2S_LANES,
                tile->blocks * P2S_LANES, tile->bias + b * P2S_LANES,
                tile->residual ? tile->residual + at : 0, tile->output + at);
        }
    }
}

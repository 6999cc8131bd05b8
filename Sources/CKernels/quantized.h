/* quantized.h - the steps that all forms of the quantized kernels share. Not part of the module. */
#ifndef P2S_QUANTIZED_H
#define P2S_QUANTIZED_H

#include "kernels.h"

/* To nearest, ties to even, for |x| below 2^22: the sum has no bits after the point. */
P2S_INLINE float p2s_rint(float x) { return (x + 12582912.0f) - 12582912.0f; }

/* Beyond +-512 the clamp to 0 ... 255 decides, whatever the zero point; NaN becomes -512. */
P2S_INLINE float p2s_bounded(float x) {
    x = x > -512.0f ? x : -512.0f;
    return x < 512.0f ? x : 512.0f;
}

P2S_INLINE int32_t p2s_clamped(int32_t q, int32_t low) {
    q = q < low ? low : q;
    return q > 255 ? 255 : q;
}

/* The vectors of one block's weights. */
struct p2s_block_weights {
    const int8_t *first;
    int64_t step; /* bytes to the next */
};

P2S_INLINE struct p2s_block_weights p2s_weights_of(
    const struct p2s_quantized_conv *conv, int32_t block) {
    const int32_t start = block - block % conv->panel, rest = conv->blocks - start;
    const int64_t vectors = conv->taps * (int64_t)((conv->lanes ? conv->lanes : conv->window) / 4);
    const struct p2s_block_weights weights = {
        conv->weights + 64 * (vectors * start + block - start),
        64 * (int64_t)(rest < conv->panel ? rest : conv->panel),
    };
    return weights;
}

/* The filter of its block that a vector of part `part` has in lane `lane`. */
P2S_INLINE int p2s_lane_filter(int32_t lanes, int part, int lane) {
    return lane % 4 * 4 / lanes * lanes + 4 * part + lane / 4;
}

/* 16 sums of one pixel become its bytes. */
P2S_INLINE void p2s_requantize(
    const struct p2s_quantized_conv *conv, const int32_t *sum, int32_t filter, uint8_t *output) {
    const float *scale = conv->scale + filter, *bias = conv->bias + filter;
    const int32_t *whole = conv->whole + filter;
    const int32_t zero = conv->zero, low = conv->low;
    switch (conv->rounding) {
    case P2S_FBGEMM:
        for (int i = 0; i < 16; i++) {
            float v = ((float)sum[i] + bias[i]) * scale[i];
            output[i] = (uint8_t)p2s_clamped((int32_t)p2s_rint(p2s_bounded(v)) + zero, low);
        }
        return;
    case P2S_ONEDNN:
        for (int i = 0; i < 16; i++) {
            float scaled = (float)sum[i] * conv->factor;
            float product = scaled * scale[i];
            float t = product + bias[i];
            t = conv->relu && !(t > 0.0f) ? 0.0f : t;
            float v = t * conv->inverse;
            v = v + (float)zero;
            output[i] = (uint8_t)p2s_clamped((int32_t)p2s_rint(p2s_bounded(v)), 0);
        }
        return;
    case P2S_QNNPACK:
        for (int i = 0; i < 16; i++) {
            float v = (float)(sum[i] + whole[i]) * scale[i];
            output[i] = (uint8_t)p2s_clamped((int32_t)p2s_rint(p2s_bounded(v)) + zero, low);
        }
        return;
    }
}

typedef void (*p2s_quantized_form)(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    int32_t pixels, int32_t first, int32_t last, uint8_t *output);
typedef void (*p2s_sum_form)(
    const struct p2s_quantized_sum *sum, const uint8_t *a, const uint8_t *b, int64_t count,
    uint8_t *output);

void p2s_quantized_conv_avx512(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    int32_t pixels, int32_t first, int32_t last, uint8_t *output) P2S_HIDDEN;
void p2s_quantized_conv_avx2(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    int32_t pixels, int32_t first, int32_t last, uint8_t *output) P2S_HIDDEN;
void p2s_quantized_sum_avx2(
    const struct p2s_quantized_sum *sum, const uint8_t *a, const uint8_t *b, int64_t count,
    uint8_t *output) P2S_HIDDEN;

#endif

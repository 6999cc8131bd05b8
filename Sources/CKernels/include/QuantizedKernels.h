/*
 * QuantizedKernels.h - the integers of PyTorch's quantized layers, bit for bit. Part of
 * CKernels.h, whose rules hold here too, except for the layout of feature maps:
 *
 *   [row][column][channel], one byte per channel (quint8); a pixel has a multiple of 16
 *   channels, or of 4 in an image. Channels after the last are written and never matter.
 *
 * All forms give the same bits. Sums are exact in 32 bits: the caller checks that
 * 255 * 128 * (products of one sum) is below 2^31.
 */
#ifndef P2S_QUANTIZED_KERNELS_H
#define P2S_QUANTIZED_KERNELS_H

#pragma clang assume_nonnull begin

/* How a sum becomes an output integer; float operations round one by one. */
enum p2s_requantization {
    P2S_FBGEMM = 0,  /* clamp(rint((float(sum) + bias) * scale) + zero, low, 255) */
    P2S_ONEDNN = 1,  /* t = float(sum) * factor * scale + bias, 0 if relu and t < 0;
                        clamp(rint(t * inverse + zero), 0, 255) */
    P2S_QNNPACK = 2, /* clamp(rint(float(sum + whole) * scale) + zero, low, 255) */
} __attribute__((enum_extensibility(closed)));

/*
 * A convolution, or a linear layer as one of one pixel. A block is 16 filters; a panel is as many
 * blocks as are computed together, which read the same channels. Weights are
 *
 *   [panel][tap][window / 4][block of the panel][16 filters][4 channels]    if lanes is 0
 *   [block][tap][lanes / 4][4 filters][16 channels]                         otherwise.
 *
 * The second is for several groups in a block, of 4, 8 or 16 channels each and as many filters:
 * a vector has 4 weights of each channel quad, and no zeros. Part p has filter 4 * p + i of the
 * group of each channel, i = 0 ... 3.
 *
 * Only P2S_ISA_AMX has instructions for products of tiles; the other sets emulate them, slowly.
 */
struct p2s_quantized_conv {
    enum p2s_requantization rounding;
    int32_t taps;              /* kernel pixels */
    int32_t window;            /* input channels that a block reads: a multiple of 4 */
    int32_t blocks;
    int32_t panel;             /* blocks of a panel, 1 ... 4; the last may have fewer */
    int32_t lanes;             /* 0, or channels per group: 4, 8 or 16; panel is then 1, window 16 */
    int32_t tiles;             /* 1: by products of tiles; lanes is then 0, window a multiple of 16 */
    int32_t out_channels;      /* bytes of an output pixel: 16 * blocks */
    const int8_t *weights;     /* as above */
    const int32_t *tap_bytes;  /* from an output pixel's first input pixel, per tap */
    const int32_t *first;      /* first input channel of each block */
    const int32_t *start;      /* -zero point of the input * sum of the weights, per filter */
    const float *scale, *bias; /* per filter */
    const int32_t *whole;      /* per filter; P2S_QNNPACK */
    float factor;              /* scale of the input; P2S_ONEDNN */
    float inverse;             /* 1 / scale of the output; P2S_ONEDNN */
    int32_t zero, low;         /* zero point of the output; the smallest output */
    int32_t relu;              /* P2S_ONEDNN */
};

/* Output pixels whose first input pixels are `pixel_bytes` after `input`, in ascending order; for
 * blocks first ... last - 1, where first is that of a panel, and last too or all. Output pixel i is
 * at output + i * out_channels. */
void p2s_quantized_conv(
    enum p2s_isa isa, const struct p2s_quantized_conv *conv, const uint8_t *input,
    const int32_t *pixel_bytes, int32_t pixels, int32_t first, int32_t last, uint8_t *output);

/* rint(x * inverse) + zero, clamped to 0 ... 255, of `planes` planes of `pixels` floats each;
 * `channels` bytes per output pixel. */
void p2s_quantize_image(
    const float *input, int32_t planes, int64_t pixels, float inverse, int32_t zero,
    int32_t channels, uint8_t *output);

/* The ReLU of a sum, in float32: clamp(rint(max(a + b, 0) * inverse) + zero, zero, 255). */
struct p2s_quantized_sum {
    float scale_a, scale_b;
    int32_t zero_a, zero_b;
    float inverse;
    int32_t zero;
};

/* The first `fused` of `count` elements dequantize as fma(q, scale, -(scale * zero)), as in
 * the vector loop of PyTorch; the others as (q - zero) * scale, as in its leftover loop. */
void p2s_quantized_sum(
    enum p2s_isa isa, const struct p2s_quantized_sum *sum, const uint8_t *a, const uint8_t *b,
    int64_t count, int64_t fused, uint8_t *output);

/* The same in QNNPACK's fixed point. */
struct p2s_quantized_fixed_sum {
    int32_t multiplier_a, multiplier_b;
    int32_t zero_a, zero_b;
    int32_t shift;
    int32_t zero;
};

void p2s_quantized_fixed_sum(
    const struct p2s_quantized_fixed_sum *sum, const uint8_t *a, const uint8_t *b, int64_t count,
    uint8_t *output);

/* One output row of a maximum over kernel x kernel pixels; taps outside the map are left out. */
struct p2s_quantized_pool {
    int32_t rows, width, channels; /* of the input; channels: bytes per pixel */
    int32_t kernel, stride, padding, out_width;
};

void p2s_quantized_max_row(
    const struct p2s_quantized_pool *pool, const uint8_t *input, int32_t row, uint8_t *output);

/* clamp(rint(float(sum - pixels * zero) * factor) + zero, 0, 255) per channel. */
void p2s_quantized_mean(
    const uint8_t *input, int64_t pixels, int32_t channels, float factor, int32_t zero,
    uint8_t *output);

#pragma clang assume_nonnull end

#endif

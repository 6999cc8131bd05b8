/*
 * ReducedKernels.h - convolutions of bfloat16 and of 8-bit integers, whose results
 * are float32 again. Part of CKernels.h, whose rules apply here too.
 *
 * Numbers
 *   BF16  inputs and weights are bfloat16, sums float32.
 *   I8    inputs are 0...255 times one scale for the image, weights -128...127
 *         times one scale for each output channel, sums 32-bit integers. A sum of
 *         65,792 products or fewer cannot overflow: 65,792 * 255 * 128 < 2^31.
 *
 * Words
 *   A reduced tensor has the layout of the float32 tensor that it is a copy of,
 *   halo included, with elements of 2 or 1 bytes. Kernels read it in 4-byte words:
 *   P2S_BF16 has 2 neighboring channels in a word, P2S_I8 4, the first channel in
 *   the lowest bits. Wherever p2s_conv and p2s_grouped count input or weight
 *   floats, the reduced kernels count words. Weights of channels that do not exist
 *   are zero.
 *
 * Rounding
 *   result = sum * (input_scale * scale[c]) + bias[c], then + residual, then ReLU;
 *   each of these operations is rounded to float32.
 *   I8: the sum is exact, its conversion to float32 is rounded; all instruction
 *   sets agree bit for bit.
 *   BF16: products are exact; the sum is rounded after each product, the odd
 *   channel of a word before the even one. AVX512-BF16 takes subnormal inputs for
 *   zero and flushes subnormal sums, so forms may differ by
 *       (terms + 6) * 2^-23 * (|bias| + scale * sum |a * w| + |residual|)
 *         + terms * scale * 2^-125,
 *   and each differs from the exact value by no more than that.
 *
 * NaN and infinity
 *   BF16: a NaN comes out as NaN; it may also reach the channels that share its
 *   word. I8: integers hold no NaN, so a tensor with a NaN or an infinity gets the
 *   scale NaN, and every output of the image that depends on that tensor is NaN.
 */
#ifndef P2S_REDUCED_KERNELS_H
#define P2S_REDUCED_KERNELS_H

#pragma clang assume_nonnull begin

enum p2s_number {
    P2S_BF16 = 0,
    P2S_I8 = 1,
} __attribute__((enum_extensibility(closed)));

/*
 * 1 if `isa` has a form of its own for `number` in this build and on this CPU that is faster
 * than float32, else 0. AVX-512 needs BF16 or VNNI, which are features apart. BF16 with Intel's
 * AVX512-BF16 is not faster: its instruction takes two cycles for the products that float32's
 * multiply-adds do in one. Without a form of its own AVX-512 runs that of AVX2 for I8, and
 * otherwise an instruction set runs the portable form.
 */
int p2s_isa_reduces(enum p2s_isa isa, enum p2s_number number);

/* ------------------------------------------------------------ convolution */

/* A p2s_conv over words. */
struct p2s_reduced_conv {
    /* `weights` points to words: [panels][depth][panel_blocks * 16]. Fast in_pixel:
     * the words of 16 and 32 channels. */
    struct p2s_conv conv;
    enum p2s_number number;
    const float *scale;       /* [panels * panel_blocks * 16] */
    const float *input_scale; /* one per image, in_image apart; 1 for P2S_BF16 */
};

/* Most pixels `isa` computes at once. */
int32_t p2s_reduced_tile_pixels(enum p2s_isa isa, enum p2s_number number);

/* Computes one unit of p2s_conv_units(&conv->conv); see p2s_conv_unit. */
void p2s_reduced_conv_unit(
    enum p2s_isa isa, const struct p2s_reduced_conv *conv, const uint32_t *input,
    const float *_Nullable residual, float *output, int32_t unit);

/* A p2s_grouped over words. */
struct p2s_reduced_grouped {
    /* `weights` points to words: [blocks][ky][depth][kx][16], where depth counts the
     * words of a group (one, when several groups share a word). */
    struct p2s_grouped conv;
    enum p2s_number number;
    const float *scale;       /* [blocks * 16] */
    const float *input_scale; /* one; 1 for P2S_BF16 */
};

/* Computes one unit of p2s_grouped_units(&conv->conv); see p2s_grouped_unit. */
void p2s_reduced_grouped_unit(
    enum p2s_isa isa, const struct p2s_reduced_grouped *conv, const uint32_t *input,
    float *output, int32_t unit);

/* ------------------------------------------------------------ activations */

/* y[i] = x[i] to the nearest bfloat16, ties to even, as float32 again; a NaN stays one. */
void p2s_round_bf16(enum p2s_isa isa, const float *x, int64_t count, float *y);

/* y[i] = x[i] to nearest, ties to even; a NaN stays one. Subnormals may become 0. */
void p2s_to_bf16(enum p2s_isa isa, const float *x, int64_t count, uint16_t *y);

/*
 * The largest bit pattern of |x[i]|: as a float the largest magnitude, infinity if
 * there is one, NaN if there is one.
 */
uint32_t p2s_largest(enum p2s_isa isa, const float *x, int64_t count);

/* What 8-bit integers of a tensor stand for. */
struct p2s_u8_scale {
    float scale;   /* value of 1 */
    float inverse; /* what p2s_to_u8 multiplies with */
};

/*
 * scale = largest / 255, inverse = 255 / largest, where `largest` is the greatest
 * of p2s_largest. Both are 0 when it is below 2^-100, and the scale is NaN, the
 * inverse 0, when it is not finite.
 */
struct p2s_u8_scale p2s_u8_scale(uint32_t largest);

/* y[i] = x[i] * inverse to nearest, ties to even, negative numbers and NaN to 0;
 * x[i] * inverse is at most 255.4. */
void p2s_to_u8(enum p2s_isa isa, const float *x, int64_t count, float inverse, uint8_t *y);

/* ------------------------------------------------------------ weights */

/*
 * Quantizes one filter: returns scale = max |w| / 127 (rounded to float32; 1 when
 * all are 0) and writes w / scale to nearest, ties to even, in -127...127. Not
 * finite: the scale is NaN.
 */
float p2s_quantize_filter(const float *weights, int32_t count, int8_t *integers);

/*
 * Packs `filters` neighboring filters of `count` weights each into consecutive
 * lanes of a panel: word k of filter r at packed[k * lanes + r]. `order` names, for
 * each element of each of the `words` words, its index in a filter, or -1 for zero.
 * weights: float (rounded to nearest, ties to even) or int8_t as `number` says.
 */
void p2s_pack_words(
    enum p2s_number number, const void *weights, const int32_t *order, int32_t filters,
    int32_t count, int32_t words, int32_t lanes, uint32_t *packed);

/*
 * Packs the 16 filters of one block of a grouped 3x3 whose groups have `group` lanes
 * and `depth` channels: [ky][word][kx][16]. filters[l] as in p2s_pack_grouped.
 */
void p2s_pack_grouped_words(
    enum p2s_number number, const void *weights, const int32_t *filters, int32_t group,
    int32_t depth, uint32_t *packed);

#pragma clang assume_nonnull end
#endif

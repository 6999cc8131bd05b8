/*
 * ProductKernels.h - convolutions by products of 16 x 16 tiles, as AMX computes them: of
 * bfloat16, of 8-bit integers, and of float32 split into parts that are one of these. Part
 * of CKernels.h, whose rules apply here too. Only P2S_ISA_AMX has the instructions; the other
 * instruction sets emulate them, bit for bit and about a hundred times slower.
 *
 * Splits
 *   BF16  inputs and weights are bfloat16.
 *   I8    inputs are 0...255 times one scale for the image, weights -127...127 times one
 *         scale for each output channel, as in ReducedKernels.h.
 *   X6    float32 inputs and weights, each the exact sum of three bfloat16: high, middle and
 *         low part, rounded half away from zero. Six products: low * high, middle * high,
 *         middle * middle, high * middle, high * low, high * high.
 *   X8    float32 inputs and weights as 24-bit integers, with one scale for each pixel and
 *         for each output channel (the largest magnitude / (127 * 2^16)), in three slices of
 *         8 signed bits. Eight of the nine products of slices. For a 1x1 alone, since pixels
 *         of different scales cannot be added as integers.
 *
 * Lines
 *   A line is 64 bytes: of one pixel 16 channels of float32, 32 of bfloat16 or 64 of uint8.
 *   An activation is [block][row + 2 * halo][column + 2 * halo] lines, so that strides
 *   counted in floats, 16 to a line, are the same for all three. bfloat16 channels are in
 *   order; channel c of 64 uint8 is byte 4 * (c % 16) + c / 16. Lanes past the last
 *   channel must be finite in every line that is read: their weights are zeros, and these
 *   kernels write zeros there.
 *
 * Order of sums, BF16 and X6
 *   A step is 32 input channels at one tap; steps run over the input blocks and, within
 *   a block, over the taps, row by row. Of each product of a step, the even and the odd
 *   elements (for X6 the first and the second block of 16) form a chain of fused
 *   multiply-adds from +0 each, in order, whose sum is added to the output's sum. Each
 *   operation rounds to nearest even, reads subnormal numbers as zeros and flushes subnormal
 *   results to zero.
 *
 * Rounding
 *   result = sum * scale + bias, + residual, ReLU, each rounded to float32; X6 has no scale.
 *   A bfloat16 output is rounded once more, subnormal numbers to zero. With
 *   M = |bias| + scale * sum |a * w| + |residual| the result differs from the exact value
 *   by at most
 *     BF16  (terms + 6) * 2^-23 * M + terms * scale * T
 *     I8    2^-21 * M: the sum itself is exact
 *     X6    (terms + 3) * 2^-23 * M + terms * T, for inputs and weights below 2^127.99
 *     X8    terms * 2^-22 * max |a| * max |w| + 2^-21 * M + terms * 2^-130,
 *           where max |a| is over the channels of the pixel, and neither is below 2^-100
 *   with T = 2^-124 * (1 + max |a| + max |w|). All instruction sets agree bit for bit, however
 *   work is cut. I8 also agrees with p2s_reduced_conv_unit.
 *
 * NaN and infinity
 *   An output that reads a NaN is NaN; one that reads an infinity is NaN or, before the
 *   ReLU, infinite of either sign. In X8 that is every output of the pixel, and in the
 *   others every output whose panel reads the block of 32 or 64 channels: with a zero
 *   weight too.
 */
#ifndef P2S_PRODUCT_KERNELS_H
#define P2S_PRODUCT_KERNELS_H

#pragma clang assume_nonnull begin

enum p2s_split {
    P2S_SPLIT_BF16 = 0,
    P2S_SPLIT_I8 = 1,
    P2S_SPLIT_X6 = 2,
    P2S_SPLIT_X8 = 3,
} __attribute__((enum_extensibility(closed)));

/* What the lines of an activation contain. */
enum p2s_line {
    P2S_LINE_F32 = 0,
    P2S_LINE_BF16 = 1,
    P2S_LINE_U8 = 2,
} __attribute__((enum_extensibility(closed)));

/* Output channels of a panel. */
#define P2S_PANEL_LANES 32

/* Output pixels of a pair of tiles. */
#define P2S_PAIR_PIXELS 32

/* Lines past the last one of an input that may be read, whatever they contain. */
#define P2S_PRODUCT_SLACK 32

/*
 * A convolution layer, for one image or for several of one size. The input is float32 for
 * X6 and X8, else what the split says. Strides count floats.
 *
 * Panel p computes outputs 32 p ... 32 p + 31 from `blocks` input blocks of 32 channels
 * (64 for I8 and X8) from block first[p] on. With `planes` the input is a planar image of at
 * most 4 planes instead, [plane][row][column] float32, for X6 and BF16 and a kernel of at
 * most 8; `blocks` is then 1 and in_block is the distance of the planes.
 */
struct p2s_product_conv {
    enum p2s_split split;
    enum p2s_line output;   /* F32 or BF16 */
    enum p2s_line residual; /* F32 or BF16 */
    const uint32_t *weights; /* [panels][p2s_product_steps][parts][16][32] words */
    const float *bias;       /* [panels * 32] */
    const float *_Nullable scale;       /* [panels * 32]; not for X6 */
    const float *_Nullable input_scale; /* of I8: one per image, in_image apart */
    const int32_t *first;    /* [panels] */
    int32_t panels;
    int32_t blocks;
    int32_t in_blocks; /* input blocks of 16 that exist; of X6 and X8 alone */
    int32_t planes;
    int32_t kernel; /* 1 or 3; up to 8 with planes */
    int32_t stride; /* 1 or 2; any with planes or a kernel of 1 */
    int32_t dilation;
    int32_t relu;
    int32_t rows;  /* output rows */
    int32_t width; /* output pixels in a row */
    int32_t out_halo;
    int32_t out_blocks; /* of 16 channels, or 32 for BF16 */
    int32_t residual_blocks; /* likewise, by its own lines */
    int32_t images;
    int32_t unit_pairs;  /* pairs of tiles in one unit of work, over all images */
    int32_t unit_panels; /* panels in one unit of work */
    int64_t in_row;
    int64_t in_block;
    int64_t in_image;
    int64_t out_row;
    int64_t out_block;
    int64_t out_image;
};

/* Parts of a number: 1 or 3. */
int32_t p2s_split_parts(enum p2s_split split);

/* Steps of the reduction of one output. */
int32_t p2s_product_steps(const struct p2s_product_conv *conv);

/* Pairs of tiles of one image. */
int32_t p2s_product_pairs(const struct p2s_product_conv *conv);

/* Number of independent units of work in `conv`. */
int32_t p2s_product_units(const struct p2s_product_conv *conv);

/* Floats of working memory that one unit needs, aligned to 64 bytes. */
int64_t p2s_product_scratch(const struct p2s_product_conv *conv);

/*
 * Computes one unit; see p2s_conv_unit. `input` is the first line (or the first float of
 * plane 0) that output pixel (0, 0) reads, `output` the line of pixel (0, 0) of block 0
 * inside its halo, and `residual` has the geometry of `output`, in lines of its own kind, and
 * may be `output` itself if these are the same.
 * Units that run at the same time need working memory of their own.
 *
 * largest, unless NULL: [images][units], the largest bit pattern of |y| among the outputs y
 * that this unit computed of each image, 0 where there are none.
 */
void p2s_product_unit(
    enum p2s_isa isa, const struct p2s_product_conv *conv, const float *input,
    const float *_Nullable residual, float *output, float *scratch,
    uint32_t *_Nullable largest, int32_t unit);

/* ------------------------------------------------------------ activations */

/*
 * Copies `count` neighboring pixels of float32 blocks, in_block floats apart, of which
 * `blocks` (1 to 2 or 1 to 4) exist, to lines of bfloat16 or of uint8; other lanes become
 * zeros. bfloat16: as p2s_to_bf16, subnormal numbers to zero. uint8: as p2s_to_u8.
 */
void p2s_bf16_lines(
    enum p2s_isa isa, const float *x, int64_t in_block, int32_t blocks, int64_t count,
    uint16_t *y);
void p2s_u8_lines(
    enum p2s_isa isa, const float *x, int64_t in_block, int32_t blocks, int64_t count,
    float inverse, uint8_t *y);

/* ------------------------------------------------------------ weights */

/*
 * Elements of a word of the reduction, as `order` of the packers has them: for each
 * step 16 words, for each word 2 channels (BF16, X6) or 4 (I8, X8). This is the lane of the
 * input block in element `element` of word `word`.
 */
int32_t p2s_product_lane(enum p2s_split split, int32_t word, int32_t element);

/*
 * Packs `filters` neighboring filters of `count` float32 weights, scaled, into consecutive
 * lanes of a panel of X6 or X8: [steps][3][16][32] words. `order` names, for each element
 * of each word of each step, its index in a filter, or -1 for zero.
 * scale:  [filters] or NULL for 1; w' = (float)((double)w * scale)
 * scales: of X8, [filters]: what p2s_product_conv.scale becomes, NaN for a filter that is
 *         not finite.
 * Panels of BF16 and I8 are packed by p2s_pack_words with 32 lanes.
 */
void p2s_pack_split(
    enum p2s_isa isa, enum p2s_split split, const float *weights, const double *_Nullable scale,
    const int32_t *order, int32_t filters, int32_t count, int32_t steps, uint32_t *packed,
    float *_Nullable scales);

#pragma clang assume_nonnull end
#endif

/*
 * ResidualKernels.h - what blocks of ResNet-D, of networks with channel attention, of
 * dilated ones and of those for CIFAR need beside convolutions. Part of CKernels.h,
 * whose rules apply here too.
 *
 * Each has one form for all instruction sets: memory is their limit, and what the
 * compiler makes of sixteen equal lanes keeps up with it. All operations round by
 * themselves, none is fused, so that results are the same everywhere.
 */
#ifndef P2S_RESIDUAL_KERNELS_H
#define P2S_RESIDUAL_KERNELS_H

#pragma clang assume_nonnull begin

/* A map that is read and one that is written, of which one unit of work is
 * `unit_rows` output rows of one block. */
struct p2s_maps {
    int32_t blocks;   /* of the output */
    int32_t in_rows;
    int32_t in_width;
    int32_t unit_rows;
    int64_t in_row;   /* between neighboring rows */
    int64_t in_block;
    int64_t out_row;
    int64_t out_block;
};

/*
 * 2x2 average pooling of stride 2 to (in + 1) / 2 rows and columns. A window that
 * reaches over the lower or right edge is the mean of what is inside. Each row of a
 * window is summed first. `input` and `output` are pixel (0, 0) of block 0.
 */
int32_t p2s_avgpool_units(const struct p2s_maps *maps);
void p2s_avgpool_unit(
    const struct p2s_maps *maps, const float *input, float *output, int32_t unit);

/*
 * The shortcut without weights: of every `stride` rows and columns the first, from
 * channel c to channel c + before; all other lanes of the output become zero.
 */
struct p2s_padding {
    struct p2s_maps maps;
    int32_t stride;
    int32_t channels; /* of the input */
    int32_t before;
};

int32_t p2s_padding_units(const struct p2s_padding *padding);
void p2s_padding_unit(
    const struct p2s_padding *padding, const float *input, float *output, int32_t unit);

/*
 * Zeros the `halo` pixels on every side of one block of `rows` by `width` pixels,
 * whose rows have no gap between them; `block` is its first halo float.
 */
void p2s_zero_border(float *block, int32_t rows, int32_t width, int32_t halo);

/*
 * x = 1 / (1 + exp(-x)), in place, computed in double precision and rounded once:
 * within 0.51 units in the last place, or of 2^-149. A NaN stays one.
 */
void p2s_sigmoid(float *x, int32_t count);

/*
 * y[c] = sum over t of weights[t] * x[c + t - kernel / 2], in the order of t, without
 * the terms before the first and after the last of `count` numbers. `kernel` is odd.
 */
void p2s_neighbors(
    const float *weights, const float *x, int32_t kernel, int32_t count, float *y);

/*
 * y = relu(y + x * gate[lane]), with the input as x and the output as y: the sum of a
 * block whose channels are gated. gates: [blocks * 16]. in_rows and in_width are
 * those of both maps.
 */
int32_t p2s_gate_units(const struct p2s_maps *maps);
void p2s_gate_unit(
    const struct p2s_maps *maps, const float *input, const float *gates, float *output,
    int32_t unit);

#pragma clang assume_nonnull end

#endif

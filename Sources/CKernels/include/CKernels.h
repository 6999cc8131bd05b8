/*
 * CKernels.h - float32 kernels of a convolutional network, with explicit
 * instruction-set dispatch.
 *
 * Rules of this module
 *   - Only freestanding headers: every file can be compile-checked for every
 *     triple on any host with `clang -target T -ffreestanding -c`.
 *   - No allocation, no global mutable state, no errors. The caller has checked
 *     every shape; a wrong shape is a programming error.
 *   - Every exported symbol starts with p2s_.
 *   - The portable form is the specification. An instruction set that this CPU
 *     or this build lacks runs the portable form.
 *
 * Layout "nChw16c": [block][row + 2*halo][column + 2*halo][16]
 *   Channel c is lane c % 16 of block c / 16. A 3x3 convolution reads a halo of
 *   one zero pixel; the kernel that produces its input writes that halo.
 *   Lanes past the last channel are written (with unspecified finite or
 *   non-finite values) but never read as channels.
 *
 * Rounding
 *   One output value is bias + sum in a fixed order that depends neither on
 *   tiling nor on threads, then + residual, then ReLU. AVX2, AVX-512 and NEON
 *   round each multiply-add once and agree bit for bit; the portable form rounds
 *   twice. Every form differs from the exact value by at most
 *       (terms + 3) * (2^-23 * (|bias| + sum |a * w| + |residual|) + 2^-149),
 *   where the last summand is for results below the normal range, which are kept.
 *   Pooling and packing use no multiply-add: all forms agree bit for bit.
 *
 * NaN, infinity, zero
 *   A NaN input comes out as NaN: ReLU and max-pooling propagate it. Infinities
 *   follow IEEE 754. Which NaN a NaN is and the sign of a zero are unspecified, so
 *   "bit for bit" means up to these two.
 *
 * Memory
 *   A kernel loads the floats that the reduction of its output pixels names (a
 *   grouped 3x3: all 16 lanes of them), weights, bias and residual of these pixels,
 *   and stores these pixels and their halo: nothing before, between or after. No
 *   buffer needs more alignment than its element. Only prefetches point elsewhere.
 */
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/* Instruction sets a kernel may be asked to use. */
enum p2s_isa {
    P2S_ISA_PORTABLE = 0,
    P2S_ISA_AVX2 = 1,   /* AVX2 and FMA */
    P2S_ISA_AVX512 = 2, /* AVX-512 F, VL, BW, DQ */
    P2S_ISA_NEON = 3,   /* AArch64 Advanced SIMD */
    P2S_ISA_AMX = 4,    /* AMX-TILE, BF16 and INT8, with AVX-512 as above, BF16 and VNNI */
} __attribute__((enum_extensibility(closed)));

/*
 * 1 if this build and this CPU can run `isa`, else 0.
 *
 * For P2S_ISA_AMX this asks Linux for permission to use tiles, which holds for all threads
 * of the process from then on. The system refuses while any thread has a signal stack that
 * is too small for them (below 12 KiB), and afterwards refuses such stacks: so ask once, early.
 */
int p2s_isa_supported(enum p2s_isa isa);

/* What this machine says to P2S_ISA_AMX. */
enum p2s_amx {
    P2S_AMX_MISSING = 0,   /* the processor, the system or the build has none */
    P2S_AMX_REFUSED = 1,   /* the system does not permit it */
    P2S_AMX_DIFFERENT = 2, /* its results are not those of the emulation */
    P2S_AMX_USABLE = 3,
} __attribute__((enum_extensibility(closed)));

/* Asks for permission as p2s_isa_supported does, and then compares a few small layers with
 * their emulation. Not from two threads at the same time. */
enum p2s_amx p2s_amx_state(void);

/* That comparison; only where P2S_ISA_AMX is supported. */
int p2s_tiles_agree(void);

/* Channels in one block. */
#define P2S_LANES 16

/* ------------------------------------------------------------ convolution */

/*
 * A run of `count` consecutive input floats that one output pixel reads,
 * `offset` floats from the pixel's first float. The segments of a layer, in
 * order, spell the reduction: with them one kernel serves 1x1, 3x3 and 7x7.
 *   1x1:            one segment of up to 16 channels for each input block
 *   3x3, per group: one for each (block, ky, kx)
 *   planar image:   one for each (plane, ky), whose floats are the kx
 */
struct p2s_segment {
    int64_t offset;
    int64_t count;
};

/*
 * One convolution layer, for one image or for several of one size whose weights are then
 * read together. Strides and offsets count floats.
 *
 * Output channels come in panels of `panel_blocks` (1 or 2) blocks. Panel p
 * belongs to group p / panels_per_group, reads input + group * in_group, and
 * has its own weights: [panels][depth][panel_blocks * 16], where depth is the
 * sum of the segment counts (p2s_pack_panel writes this).
 *
 * Work is cut into tiles: each output row into `row_tiles` nearly equal runs of
 * at most p2s_conv_tile_pixels(isa) pixels. With `flat` the whole plane is cut
 * as if it were one row; that is right when the inputs of all output pixels lie
 * in_pixel apart, as for a 1x1 of stride 1 over an input without halo.
 */
struct p2s_conv {
    const struct p2s_segment *segments;
    const float *weights;
    const float *bias; /* [panels * panel_blocks * 16] */
    int32_t segment_count;
    int32_t depth;
    int32_t panels;
    int32_t panel_blocks;
    int32_t panels_per_group;
    int32_t relu;     /* 1: max(0, v) at the end */
    int32_t rows;     /* output rows */
    int32_t width;    /* output pixels in a row */
    int32_t out_halo; /* 0 or 1 zero pixels to write around the output */
    int32_t flat;     /* 1: tiles run across the ends of rows */
    int32_t row_tiles;   /* tiles in a row, or in the plane when flat */
    int32_t images;      /* at least 1 */
    int32_t unit_tiles;  /* tiles in one unit of work, over all images */
    int32_t unit_panels; /* panels in one unit of work */
    /* Order within a unit. 0: for each tile all panels; the weights of the unit
     * should fit the second-level cache. 1: for each panel all tiles; the inputs
     * of the unit should, and the weights of the next panel are prefetched. */
    int32_t panel_outer;
    int32_t units_ahead; /* the unit that a thread will likely run next, relative */
    int64_t in_pixel;    /* between the inputs of neighboring output pixels */
    int64_t in_row;      /* between the inputs of neighboring output rows */
    int64_t in_group;    /* between the inputs of neighboring groups */
    int64_t out_row;     /* between neighboring output rows */
    int64_t out_block;   /* between neighboring output blocks */
    int64_t in_image;    /* between the inputs of neighboring images */
    int64_t out_image;   /* between their outputs, and their residuals */
};

/* Most pixels `isa` computes at once. */
int32_t p2s_conv_tile_pixels(enum p2s_isa isa);

/* Number of independent units of work in `conv`. */
int32_t p2s_conv_units(const struct p2s_conv *conv);

/*
 * Computes one unit, 0 <= unit < p2s_conv_units(conv). Units write disjoint
 * outputs and may run in any order and at the same time.
 *
 * `input` is the first float that the first output pixel reads at segment
 * offset 0; `output` is pixel (0, 0) of block 0, inside its halo; `residual`
 * has the geometry of `output`, may be `output` itself, and is added before the
 * ReLU. in_pixel of 2, 16 and 32 are fast, others correct.
 */
void p2s_conv_unit(
    enum p2s_isa isa, const struct p2s_conv *conv, const float *input,
    const float *_Nullable residual, float *output, int32_t unit);

/*
 * Packs `filters` neighboring filters of `depth` weights each, scaled, into
 * consecutive lanes of a panel: packed[k * lanes + r] for step k, filter r. Other
 * lanes of the panel are left alone; those that hold no filter must be zero.
 *
 * weights: [filters][depth]
 * scale:   [filters] or NULL for 1; w' = (float)((double)w * scale)
 * order:   [depth] index of each reduction step inside a filter, or NULL for
 *          0, 1, 2, ...
 */
void p2s_pack_panel(
    enum p2s_isa isa, const float *weights, const double *_Nullable scale,
    const int32_t *_Nullable order, int32_t filters, int32_t depth, int32_t lanes,
    float *packed);

/* -------------------------------------- grouped 3x3, several groups a block */

/*
 * 3x3 convolution, stride 1 or 2, whose groups have `group` = 1, 2, 4 or 8
 * lanes, so that each block of 16 outputs reads the same block of inputs.
 * Only the first `depth` lanes of a group are read as inputs (depth < group when
 * the group is padded).
 *
 * weights: [blocks][ky][depth][kx][16], bias: [blocks * 16]
 * The input has a halo of 1; `input` is its first halo float.
 * The order of the sum is ky, channel, kx.
 */
struct p2s_grouped {
    const float *weights;
    const float *bias;
    int32_t blocks;
    int32_t group;
    int32_t depth;
    int32_t stride;
    int32_t relu;
    int32_t rows;
    int32_t width;
    int32_t out_halo;
    int32_t unit_rows; /* output rows of one block in one unit of work */
    int64_t in_row;    /* between neighboring input rows */
    int64_t in_block;
    int64_t out_row;
    int64_t out_block;
};

/* Number of independent units of work in `conv`. */
int32_t p2s_grouped_units(const struct p2s_grouped *conv);

/* Computes one unit; see p2s_conv_unit. */
void p2s_grouped_unit(
    enum p2s_isa isa, const struct p2s_grouped *conv, const float *input, float *output,
    int32_t unit);

/*
 * Packs the 16 filters of one block into `packed` [ky][depth][kx][16].
 * weights: filter of lane l from weights + filters[l] * depth * 9, laid out
 * [depth][3][3]; filters[l] < 0 makes a zero filter. scale: as in
 * p2s_pack_panel, indexed by filters[l].
 */
void p2s_pack_grouped(
    const float *weights, const double *_Nullable scale, const int32_t *filters, int32_t depth,
    float *packed);

/* ---------------------------------------------------- 3x3 by Winograd's F(4x4) */

/*
 * 3x3 convolution of stride 1 and padding 1, with groups of whole blocks or without,
 * by the minimal filtering algorithm F(4x4, 3x3) (Winograd 1980; Lavin and Gray, arXiv:1509.09308): a tile of
 * 4x4 outputs takes 36 multiplications for each input channel instead of 144.
 * The points are 0, +-2/3, +-3/2 and infinity: half the error of the usual
 * 0, +-1, +-2, because no power of them is far from 1.
 *
 * Two passes, each cut into units that may run in any order and at the same time:
 *   1. p2s_winograd_input_unit: each 6x6 tile d of each channel becomes B' d B, in
 *      `transformed`: [strips][36][in_blocks][strip_tiles][16], p2s_winograd_floats
 *      floats (the 36 lie an odd number of cache lines apart).
 *   2. p2s_winograd_unit: 36 products of matrices, [tiles x depth] by [depth x 16 * panel_blocks],
 *      and the transform A' m A back, then + bias, + residual, ReLU.
 * Tiles are numbered row by row; a strip is `strip_tiles` of them, at most
 * P2S_WINOGRAD_STRIP. Tiles may reach over the lower and right edge.
 *
 * Rounding: the transforms are fixed sequences of additions and multiply-adds, the
 * products run over the channels in order; neither depends on how work is cut. An
 * output differs from the exact value by at most
 *     (depth + 32) * (2^-23 * M + 2^-140),
 *     M = |A'| (sum (|G| |g| |G'|) * (|B'| |d| |B|)) |A| + |bias| + |residual|
 * with the sum over channels; the last summand is for results below the normal range.
 * AVX2, AVX-512 and NEON agree bit for bit.
 *
 * NaN and infinity: an output that reads a NaN is NaN, one that reads an infinity is
 * NaN or, before the ReLU, infinite, of either sign. Other outputs of the same tile may
 * become so too.
 */
struct p2s_winograd {
    /* One for each input block of a group: offset block * strip_tiles * 16, count its
     * channels. */
    const struct p2s_segment *segments;
    const float *weights; /* [panels][36][depth][panel_blocks * 16] */
    const float *bias;    /* [panels * panel_blocks * 16] */
    int32_t segment_count;
    int32_t depth;     /* input channels of a group */
    int32_t in_blocks; /* of all groups */
    int32_t panels;
    int32_t panels_per_group;
    int32_t panel_blocks; /* 1 or 2 */
    int32_t relu;
    int32_t rows; /* of input and output */
    int32_t width;
    int32_t out_halo;
    int32_t strip_tiles;
    int32_t images; /* of the second pass, at least 1 */
    int64_t in_row; /* the input has a halo of 1 */
    int64_t in_block;
    int64_t out_row;
    int64_t out_block;
    int64_t transformed_image; /* between neighboring images, as the next */
    int64_t out_image;
};

/* Most tiles in a strip. */
#define P2S_WINOGRAD_STRIP 16

/* Floats of the transformed input of a convolution with these members. */
int64_t p2s_winograd_floats(int32_t in_blocks, int32_t rows, int32_t width, int32_t strip_tiles);

/* Number of units of the first pass. */
int32_t p2s_winograd_input_units(const struct p2s_winograd *conv);

/* One unit of the first pass; `input` is the first halo float. */
void p2s_winograd_input_unit(
    enum p2s_isa isa, const struct p2s_winograd *conv, const float *input, float *transformed,
    int32_t unit);

/* Number of units of the second pass. */
int32_t p2s_winograd_units(const struct p2s_winograd *conv);

/*
 * One unit of the second pass; `output` is pixel (0, 0) of block 0, inside its halo,
 * `residual` has its geometry and may be `output` itself.
 */
void p2s_winograd_unit(
    enum p2s_isa isa, const struct p2s_winograd *conv, const float *transformed,
    const float *_Nullable residual, float *output, int32_t unit);

/*
 * Packs `filters` neighboring filters, scaled, into consecutive lanes of a panel:
 * packed[(xi * depth + c) * lanes + r] is element xi of G g G' for filter r,
 * channel c, computed in double and rounded once; all forms agree bit for bit.
 * weights: [filters][depth][3][3], scale: as in p2s_pack_panel.
 */
void p2s_pack_winograd(
    enum p2s_isa isa, const float *weights, const double *_Nullable scale, int32_t filters,
    int32_t depth, int32_t lanes, float *packed);

/* --------------------------------------------------------- pooling and head */

/* 3x3 max-pooling, stride 2, padding 1 (which never wins). No halo on input. */
struct p2s_maxpool {
    int32_t blocks;
    int32_t in_rows;
    int32_t in_width;
    int32_t out_halo;
    int32_t unit_rows; /* output rows of one block in one unit of work */
    int64_t in_block;
    int64_t out_row;
    int64_t out_block;
};

/* Number of independent units of work in `pool`. */
int32_t p2s_maxpool_units(const struct p2s_maxpool *pool);

/* Computes one unit; see p2s_conv_unit. Output has ceil(in / 2) rows, columns. */
void p2s_maxpool_unit(
    enum p2s_isa isa, const struct p2s_maxpool *pool, const float *input, float *output,
    int32_t unit);

/*
 * Mean over all pixels of one block: `input` is its pixel (0, 0), `output` 16
 * floats. Each row is summed, then the row sums, then divided by the count.
 */
void p2s_mean_block(
    enum p2s_isa isa, const float *input, int32_t rows, int32_t width, int64_t in_row,
    float *output);

/*
 * y[r] = bias[r] + sum over c of weights[r][c] * x[c], for `rows` rows.
 * The sum runs in 16 partial sums (c mod 16), added pairwise at the end.
 */
void p2s_dense(
    enum p2s_isa isa, const float *weights, const float *bias, const float *x, int32_t rows,
    int32_t columns, float *y);

/* -------------------------------------------------------------------- peak */

/* What a multiply-add of p2s_peak takes. */
enum p2s_peak_kind {
    P2S_PEAK_F32 = 0,  /* float32 times float32, added in float32 */
    P2S_PEAK_BF16 = 1, /* pairs of bfloat16, added in float32 */
    P2S_PEAK_I8 = 2,   /* fours of uint8 times int8, added in int32, wrapping */
} __attribute__((enum_extensibility(closed)));

/* 32-bit words of the operand table; it is 64-byte aligned. */
#define P2S_PEAK_TABLE 400

/* Fills a table with finite numbers, random in sign and below 1 (bytes: any). */
void p2s_peak_fill(enum p2s_peak_kind kind, void *table);

/*
 * Multiply-adds in one round of p2s_peak; 0: this CPU or this build has none of
 * that kind in `isa`. Those of float32 in P2S_ISA_AMX are AVX-512's.
 */
int64_t p2s_peak_multiply_adds(enum p2s_isa isa, enum p2s_peak_kind kind);

/*
 * Executes `rounds` rounds of multiply-adds in registers; the caller takes the
 * time. Returns some sum of all results, finite (it is for the compiler, which
 * must not leave anything out); 0 where p2s_peak_multiply_adds is 0, which has to be asked
 * before P2S_ISA_AMX.
 */
float p2s_peak(enum p2s_isa isa, enum p2s_peak_kind kind, const void *table, int64_t rounds);

#pragma clang assume_nonnull end

#include "ReducedKernels.h"
#include "ProductKernels.h"
#include "ResidualKernels.h"
#include "WindowKernels.h"
#include "QuantizedKernels.h"
#include "DoubleKernels.h"

#endif

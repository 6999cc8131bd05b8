/*
 * WindowKernels.h - pooling over windows of any size, for networks whose pooling is not
 * the usual one. Part of CKernels.h, whose rules hold here too; one form for all
 * instruction sets, whose results are the same everywhere, as in ResidualKernels.h.
 */
#ifndef P2S_WINDOW_KERNELS_H
#define P2S_WINDOW_KERNELS_H

#pragma clang assume_nonnull begin

/* What becomes of the pixels of a window. */
enum p2s_window_kind {
    P2S_WINDOW_MAX = 0,     /* the largest inside the image; NaN if one of them is */
    P2S_WINDOW_MEAN = 1,    /* the mean of those inside the image */
    P2S_WINDOW_ALL = 2,     /* the sum of those inside, divided by the size of the window */
    P2S_WINDOW_BLUR = 3,    /* weights [1 2 1] x [1 2 1] / 16; a window of 3x3, whose pixels
                               outside the image are reflected at its border */
} __attribute__((enum_extensibility(closed)));

/*
 * Output pixel (y, x) is that of the window of kernel x kernel pixels whose first is
 * (y * stride - padding, x * stride - padding). Each window has a pixel inside the image.
 * `input` and `output` are pixel (0, 0) of block 0; no halo is read or written.
 */
struct p2s_window {
    struct p2s_maps maps;
    enum p2s_window_kind kind;
    int32_t kernel;
    int32_t stride;
    int32_t padding;
    int32_t out_rows;
    int32_t out_width;
};

int32_t p2s_window_units(const struct p2s_window *window);
void p2s_window_unit(
    const struct p2s_window *window, const float *input, float *output, int32_t unit);

/* The largest of all pixels of one block, NaN if one of them is; otherwise as p2s_mean_block. */
void p2s_max_block(const float *input, int32_t rows, int32_t width, int64_t in_row, float *output);

#pragma clang assume_nonnull end

#endif

/* window.c - pooling over windows of any size; see WindowKernels.h. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

static int32_t row_chunks(const struct p2s_window *window) {
    return (window->out_rows + window->maps.unit_rows - 1) / window->maps.unit_rows;
}

int32_t p2s_window_units(const struct p2s_window *window) {
    return window->maps.blocks * row_chunks(window);
}

/* The larger, or NaN when either is NaN. */
P2S_INLINE float larger(float a, float b) { return a != a || a > b ? a : b; }

/* A window cut to the image: rows and columns from `first` up to `end`. */
struct span {
    int32_t first, end;
};

static struct span cut(int32_t start, int32_t kernel, int32_t size) {
    int32_t end = start + kernel;
    return (struct span) { start < 0 ? 0 : start, end < size ? end : size };
}

static void largest(
    const float *plane, int64_t in_row, struct span rows, struct span columns, float *restrict y) {
    const float *first = plane + rows.first * in_row + (int64_t)columns.first * P2S_LANES;
    for (int l = 0; l < P2S_LANES; l++) y[l] = first[l];
    for (int32_t r = rows.first; r < rows.end; r++)
        for (int32_t c = columns.first; c < columns.end; c++) {
            const float *pixel = plane + r * in_row + (int64_t)c * P2S_LANES;
            for (int l = 0; l < P2S_LANES; l++) y[l] = larger(pixel[l], y[l]);
        }
}

/* Each row of the window is summed first. */
static void mean(
    const float *plane, int64_t in_row, struct span rows, struct span columns, float count,
    float *restrict y) {
    float total[P2S_LANES];
    p2s_zero(total, P2S_LANES);
    for (int32_t r = rows.first; r < rows.end; r++) {
        float sum[P2S_LANES];
        p2s_zero(sum, P2S_LANES);
        for (int32_t c = columns.first; c < columns.end; c++) {
            const float *pixel = plane + r * in_row + (int64_t)c * P2S_LANES;
            for (int l = 0; l < P2S_LANES; l++) sum[l] += pixel[l];
        }
        for (int l = 0; l < P2S_LANES; l++) total[l] += sum[l];
    }
    for (int l = 0; l < P2S_LANES; l++) y[l] = total[l] / count;
}

/* -1 becomes 1, `size` becomes size - 2; where that is outside too, the border. */
static int32_t reflected(int32_t place, int32_t size) {
    if (place < 0) place = -place;
    if (place >= size) place = 2 * size - 2 - place;
    return place < 0 ? 0 : place < size ? place : size - 1;
}

static void blur(
    const struct p2s_maps *maps, const float *plane, int32_t top, int32_t left, float *restrict y) {
    static const float weights[3] = { 1, 2, 1 };
    float total[P2S_LANES];
    p2s_zero(total, P2S_LANES);
    for (int32_t r = 0; r < 3; r++) {
        const float *row = plane + reflected(top + r, maps->in_rows) * maps->in_row;
        float sum[P2S_LANES];
        p2s_zero(sum, P2S_LANES);
        for (int32_t c = 0; c < 3; c++) {
            const float *pixel = row + (int64_t)reflected(left + c, maps->in_width) * P2S_LANES;
            for (int l = 0; l < P2S_LANES; l++) sum[l] += pixel[l] * weights[c];
        }
        for (int l = 0; l < P2S_LANES; l++) total[l] += sum[l] * weights[r];
    }
    /* A power of two divides exactly. */
    for (int l = 0; l < P2S_LANES; l++) y[l] = total[l] * 0.0625f;
}

void p2s_window_unit(
    const struct p2s_window *window, const float *input, float *output, int32_t unit) {
    const struct p2s_maps *maps = &window->maps;
    int32_t count = row_chunks(window), block = unit / count;
    int32_t first = unit % count * maps->unit_rows, end = first + maps->unit_rows;
    const float *plane = input + block * maps->in_block;
    if (end > window->out_rows) end = window->out_rows;
    for (int32_t y = first; y < end; y++) {
        int32_t top = y * window->stride - window->padding;
        struct span rows = cut(top, window->kernel, maps->in_rows);
        float *target = output + block * maps->out_block + y * maps->out_row;
        for (int32_t x = 0; x < window->out_width; x++, target += P2S_LANES) {
            int32_t left = x * window->stride - window->padding;
            struct span columns = cut(left, window->kernel, maps->in_width);
            int32_t inside = (rows.end - rows.first) * (columns.end - columns.first);
            switch (window->kind) {
            case P2S_WINDOW_MAX: largest(plane, maps->in_row, rows, columns, target); break;
            case P2S_WINDOW_MEAN:
                mean(plane, maps->in_row, rows, columns, (float)inside, target);
                break;
            case P2S_WINDOW_ALL:
                mean(
                    plane, maps->in_row, rows, columns, (float)(window->kernel * window->kernel),
                    target);
                break;
            case P2S_WINDOW_BLUR: blur(maps, plane, top, left, target); break;
            }
        }
    }
}

void p2s_max_block(
    const float *input, int32_t rows, int32_t width, int64_t in_row, float *output) {
    largest(input, in_row, (struct span) { 0, rows }, (struct span) { 0, width }, output);
}

/*
 * grouped.c - cuts a grouped 3x3 convolution into rows of one block, packs its
 * weights, and holds the portable form.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

void p2s_grouped_portable(const struct p2s_grouped_row *row) {
    for (int32_t x = 0; x < row->width; x++) {
        const float *weights = row->weights;
        float sum[P2S_LANES];
        for (int l = 0; l < P2S_LANES; l++) sum[l] = row->bias[l];
        for (int ky = 0; ky < 3; ky++) {
            for (int32_t c = 0; c < row->depth; c++) {
                for (int kx = 0; kx < 3; kx++) {
                    const float *a = row->input + ky * row->in_row
                        + (int64_t)(x * row->stride + kx) * P2S_LANES + c;
                    /* The first lane of l's group: groups are powers of two. */
                    for (int l = 0; l < P2S_LANES; l++) sum[l] += a[l & -row->group] * weights[l];
                    weights += P2S_LANES;
                }
            }
        }
        float *output = row->output + (int64_t)x * P2S_LANES;
        for (int l = 0; l < P2S_LANES; l++) output[l] = row->relu ? p2s_relu(sum[l]) : sum[l];
    }
}

static int32_t row_chunks(const struct p2s_grouped *conv) {
    return (conv->rows + conv->unit_rows - 1) / conv->unit_rows;
}

int32_t p2s_grouped_units(const struct p2s_grouped *conv) {
    return conv->blocks * row_chunks(conv);
}

void p2s_grouped_unit(
    enum p2s_isa isa, const struct p2s_grouped *conv, const float *input, float *output,
    int32_t unit) {
    struct p2s_grouped_run run
        = { .conv = conv, .input = input, .output = output, .form = p2s_grouped_for(isa) };
    p2s_grouped_run_unit(&run, unit);
}

void p2s_grouped_run_unit(const struct p2s_grouped_run *run, int32_t unit) {
    const struct p2s_grouped *conv = run->conv;
    int32_t count = row_chunks(conv), block = unit / count;
    int32_t y0 = unit % count * conv->unit_rows;
    int32_t y1 = y0 + conv->unit_rows < conv->rows ? y0 + conv->unit_rows : conv->rows;
    for (int32_t y = y0; y < y1; y++) {
        struct p2s_grouped_row row = {
            .input = run->input + block * conv->in_block + (int64_t)y * conv->stride * conv->in_row,
            .weights = conv->weights + (int64_t)block * 9 * conv->depth * P2S_LANES,
            .bias = conv->bias + block * P2S_LANES,
            .scale = run->scale ? run->scale + block * P2S_LANES : 0,
            .input_scale = run->input_scale,
            .output = run->output + block * conv->out_block + y * conv->out_row,
            .in_row = conv->in_row,
            .width = conv->width,
            .group = conv->group,
            .depth = conv->depth,
            .stride = conv->stride,
            .relu = conv->relu,
        };
        run->form(&row);
        if (conv->out_halo)
            p2s_zero_halo(
                row.output, conv->out_row, y, conv->rows, 0, conv->width, conv->width);
    }
}

void p2s_pack_grouped(
    const float *weights, const double *scale, const int32_t *filters, int32_t depth,
    float *packed) {
    for (int l = 0; l < P2S_LANES; l++) {
        int32_t filter = filters[l];
        double factor = scale && filter >= 0 ? scale[filter] : 1;
        for (int ky = 0; ky < 3; ky++) {
            for (int32_t c = 0; c < depth; c++) {
                for (int kx = 0; kx < 3; kx++) {
                    float w = 0;
                    if (filter >= 0)
                        w = (float)(weights[((int64_t)filter * depth + c) * 9 + ky * 3 + kx]
                                    * factor);
                    packed[((ky * depth + c) * 3 + kx) * P2S_LANES + l] = w;
                }
            }
        }
    }
}

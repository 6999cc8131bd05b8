/* residual.c - pooling, padding and gates of residual blocks; see ResidualKernels.h. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

static int32_t units(const struct p2s_maps *maps, int32_t rows) {
    return maps->blocks * ((rows + maps->unit_rows - 1) / maps->unit_rows);
}

/* The rows of one unit: of `block`, from `first` up to `end`. */
struct rows {
    int32_t block, first, end;
};

static struct rows unit_rows(const struct p2s_maps *maps, int32_t rows, int32_t unit) {
    int32_t count = (rows + maps->unit_rows - 1) / maps->unit_rows;
    int32_t first = unit % count * maps->unit_rows;
    int32_t end = first + maps->unit_rows;
    return (struct rows) { unit / count, first, end < rows ? end : rows };
}

/* ------------------------------------------------------------ average pooling */

int32_t p2s_avgpool_units(const struct p2s_maps *maps) {
    return units(maps, (maps->in_rows + 1) / 2);
}

/* Means of the windows of one output row; `lower` is `upper` when there is no second row. */
static void average_row(
    const float *upper, const float *lower, int32_t in_width, float *restrict output) {
    int32_t whole = in_width / 2;
    float part = lower == upper ? 0.5f : 0.25f;
    for (int32_t x = 0; x < whole; x++) {
        const float *a = upper + (int64_t)x * 2 * P2S_LANES;
        const float *b = lower + (int64_t)x * 2 * P2S_LANES;
        float *y = output + (int64_t)x * P2S_LANES;
        /* Powers of two divide exactly: a factor is the same as a division. */
        if (lower == upper)
            for (int l = 0; l < P2S_LANES; l++) y[l] = (a[l] + a[P2S_LANES + l]) * part;
        else
            for (int l = 0; l < P2S_LANES; l++)
                y[l] = ((a[l] + a[P2S_LANES + l]) + (b[l] + b[P2S_LANES + l])) * part;
    }
    if (in_width % 2 == 0) return;
    const float *a = upper + (int64_t)whole * 2 * P2S_LANES;
    const float *b = lower + (int64_t)whole * 2 * P2S_LANES;
    float *y = output + (int64_t)whole * P2S_LANES;
    for (int l = 0; l < P2S_LANES; l++) y[l] = lower == upper ? a[l] : (a[l] + b[l]) * 0.5f;
}

void p2s_avgpool_unit(
    const struct p2s_maps *maps, const float *input, float *output, int32_t unit) {
    struct rows part = unit_rows(maps, (maps->in_rows + 1) / 2, unit);
    for (int32_t y = part.first; y < part.end; y++) {
        const float *upper = input + part.block * maps->in_block + 2 * y * maps->in_row;
        const float *lower = 2 * y + 1 < maps->in_rows ? upper + maps->in_row : upper;
        float *row = output + part.block * maps->out_block + y * maps->out_row;
        average_row(upper, lower, maps->in_width, row);
    }
}

/* --------------------------------------------------------------------- padding */

static int32_t kept(int32_t size, int32_t stride) { return (size + stride - 1) / stride; }

int32_t p2s_padding_units(const struct p2s_padding *padding) {
    return units(&padding->maps, kept(padding->maps.in_rows, padding->stride));
}

void p2s_padding_unit(
    const struct p2s_padding *padding, const float *input, float *output, int32_t unit) {
    const struct p2s_maps *maps = &padding->maps;
    struct rows part = unit_rows(maps, kept(maps->in_rows, padding->stride), unit);
    int32_t width = kept(maps->in_width, padding->stride);
    /* Where the channel of each lane of this block comes from; -1 is zero. */
    int64_t from[P2S_LANES];
    for (int l = 0; l < P2S_LANES; l++) {
        int32_t channel = part.block * P2S_LANES + l - padding->before;
        int inside = channel >= 0 && channel < padding->channels;
        from[l] = inside ? channel / P2S_LANES * maps->in_block + channel % P2S_LANES : -1;
    }
    for (int32_t y = part.first; y < part.end; y++) {
        const float *row = input + (int64_t)y * padding->stride * maps->in_row;
        float *target = output + part.block * maps->out_block + y * maps->out_row;
        for (int32_t x = 0; x < width; x++) {
            const float *pixel = row + (int64_t)x * padding->stride * P2S_LANES;
            for (int l = 0; l < P2S_LANES; l++) target[l] = from[l] < 0 ? 0 : pixel[from[l]];
            target += P2S_LANES;
        }
    }
}

void p2s_zero_border(float *block, int32_t rows, int32_t width, int32_t halo) {
    int64_t side = (int64_t)halo * P2S_LANES, inner = (int64_t)width * P2S_LANES;
    int64_t band = halo * (inner + 2 * side);
    /* Above, with the left side of the first row; the right side of each row with the left
     * side of the next; below, with the right side of the last row. */
    p2s_zero(block, band + side);
    float *right = block + band + side + inner;
    for (int32_t y = 1; y < rows; y++, right += inner + 2 * side) p2s_zero(right, 2 * side);
    p2s_zero(right, side + band);
}

/* ----------------------------------------------------------------------- gates */

/*
 * exp(-a) for 0 <= a <= 200, or NaN: 2^-n * exp(-r) with |r| <= log(2) / 2, whose series
 * up to the tenth power is within 3e-13.
 */
static double decay(double a) {
    /* Adding 1.5 * 2^52 rounds to an integer, which is then in the lowest bits. */
    union { double value; uint64_t bits; } shifted = { a * 0x1.71547652b82fep+0 + 0x1.8p52 };
    double n = shifted.value - 0x1.8p52;
    double r = n * 0x1.62e42fefa39efp-1 - a;
    double sum = 1.0 / 3628800;
    static const double factorials[]
        = { 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1 };
    for (int i = 0; i < 10; i++) sum = sum * r + 1 / factorials[i];
    union { uint64_t bits; double value; } scale = { (1023 - (shifted.bits & 0x3ff)) << 52 };
    return sum * scale.value;
}

void p2s_sigmoid(float *x, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        double a = x[i] < 0 ? -(double)x[i] : (double)x[i];
        /* Far out, 1 or less than the least number; a NaN is not greater. */
        double e = decay(a > 200 ? 200 : a);
        x[i] = (float)((x[i] < 0 ? e : 1) / (1 + e));
    }
}

void p2s_neighbors(
    const float *weights, const float *x, int32_t kernel, int32_t count, float *y) {
    for (int32_t c = 0; c < count; c++) {
        float sum = 0;
        for (int32_t t = 0; t < kernel; t++) {
            int64_t at = (int64_t)c + t - kernel / 2;
            if (at >= 0 && at < count) sum += weights[t] * x[at];
        }
        y[c] = sum;
    }
}

int32_t p2s_gate_units(const struct p2s_maps *maps) { return units(maps, maps->in_rows); }

void p2s_gate_unit(
    const struct p2s_maps *maps, const float *input, const float *gates, float *output,
    int32_t unit) {
    struct rows part = unit_rows(maps, maps->in_rows, unit);
    float gate[P2S_LANES];
    for (int l = 0; l < P2S_LANES; l++) gate[l] = gates[part.block * P2S_LANES + l];
    for (int32_t y = part.first; y < part.end; y++) {
        const float *restrict a = input + part.block * maps->in_block + y * maps->in_row;
        float *restrict sum = output + part.block * maps->out_block + y * maps->out_row;
        for (int32_t x = 0; x < maps->in_width; x++, a += P2S_LANES, sum += P2S_LANES)
            for (int l = 0; l < P2S_LANES; l++) sum[l] = p2s_relu(sum[l] + a[l] * gate[l]);
    }
}

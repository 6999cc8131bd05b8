/*
 * test_products.c - tests p2s_product_unit against a witness that computes each output by
 * itself, in the order of sums that ProductKernels.h states, and so must agree in every bit;
 * the witness in turn must be within the stated bound of the exact value. Also the packers.
 */
#include "amx_in_software.h"
#include "words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ numbers */

static uint32_t bits_of(float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* bfloat16 by rounding to nearest even; subnormal numbers to zero. */
static float rounded_bf16(float v) {
    uint32_t bits = bits_of(v);
    if (isnan(v)) return float_of((bits | 0x400000) & 0xFFFF0000);
    if (fabsf(v) < 0x1p-126f) return float_of(bits & 0x80000000);
    return float_of((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
}

/* Three parts whose sum is v. */
static void parts_of(float v, float parts[3]) {
    parts[1] = parts[2] = 0;
    if (!isfinite(v) || fabsf(v) >= float_of(0x7F7F8000)) {
        parts[0] = isnan(v) ? NAN : float_of(bits_of(v) & 0xFFFF0000);
        return;
    }
    parts[0] = float_of((bits_of(v) + 0x8000) & 0xFFFF0000);
    float rest = v - parts[0];
    parts[1] = float_of((bits_of(rest) + 0x8000) & 0xFFFF0000);
    parts[2] = float_of(bits_of(rest - parts[1]) & 0xFFFF0000);
}

/* As a tile product rounds: subnormal numbers are zeros, and results that are below the
 * normal range when rounded to 24 bits become zeros. */
static float normal(float v) { return fabsf(v) < 0x1p-126f ? copysignf(0, v) : v; }

static float flushed(float result, double exact) {
    return fabs(exact) < 0x1p-126 - 0x1p-151 ? copysignf(0, result) : normal(result);
}

static float fused(float a, float b, float c) {
    a = normal(a), b = normal(b), c = normal(c);
    return flushed(fmaf(a, b, c), (double)a * (double)b + (double)c);
}

static float added(float a, float b) {
    a = normal(a), b = normal(b);
    return flushed(a + b, (double)a + (double)b);
}

/* ------------------------------------------------------------------- layers */

enum { MOST_WEIGHTS = 32 * 4 * 9 * 64 };

struct layer {
    struct p2s_product_conv conv;
    int32_t lanes;      /* channels in a block: 32 or 64 */
    int32_t all_blocks; /* of the input */
    int32_t count;      /* weights of a filter */
    enum values values;
    enum { AS_VALUES, NEAR_UNDERFLOW, SUBNORMAL_PARTS, NEAR_OVERFLOW } range;
    enum { NO_RESIDUAL, SEPARATE, IN_PLACE } residual;
    int64_t input_count, output_count, origin;
    int32_t image_lines; /* rows and columns of an input image, lines or planar floats */
    int32_t in_rows, in_columns;
    const float *weights; /* [panels * 32][count]; of I8 integers */
};

static int is_float_input(const struct layer *layer) {
    return p2s_split_parts(layer->conv.split) > 1 || layer->conv.planes;
}

/* The place of a channel of pixel (y, x) of the input of image 0, in elements. */
static int64_t element_at(const struct layer *layer, int32_t channel, int32_t y, int32_t x) {
    const struct p2s_product_conv *c = &layer->conv;
    if (c->planes) return channel * c->in_block + y * c->in_row + x;
    if (is_float_input(layer))
        return channel / 16 * c->in_block + y * c->in_row + x * INT64_C(16) + channel % 16;
    int32_t per = c->split == P2S_SPLIT_I8 ? 4 : 2, lane = channel % layer->lanes;
    int32_t place = c->split == P2S_SPLIT_I8 ? lane % 16 * 4 + lane / 16 : lane;
    return (channel / layer->lanes * c->in_block + y * c->in_row + x * INT64_C(16)) * per + place;
}

/* Weight of (channel of the panel's blocks, tap). */
static int32_t weight_index(const struct layer *layer, int32_t channel, int32_t tap) {
    return channel * layer->conv.kernel * layer->conv.kernel + tap;
}

static int32_t channels_of(const struct layer *layer) {
    return layer->conv.planes ? layer->conv.planes : layer->conv.blocks * layer->lanes;
}

/* The order of a filter's weights in the words of the reduction. */
static int32_t make_order(const struct layer *layer, int32_t *order) {
    const struct p2s_product_conv *c = &layer->conv;
    int32_t taps = c->kernel * c->kernel, per = layer->lanes / 16, at = 0;
    for (int32_t s = 0; s < p2s_product_steps(c); s++)
        for (int32_t w = 0; w < 16; w++)
            for (int32_t e = 0; e < per; e++, at++) {
                int32_t lane = p2s_product_lane(c->split, w, e);
                order[at] = weight_index(layer, s / taps * layer->lanes + lane, s % taps);
                if (!c->planes) continue;
                int32_t plane = lane / 8, kx = lane % 8;
                order[at] = plane < c->planes && kx < c->kernel
                    ? weight_index(layer, plane, s * c->kernel + kx) : -1;
            }
    return at;
}

/* A number of 1 to 2 times 2^exponent, of either sign. */
static float draw_scaled(struct numbers *n, int32_t least, int32_t most) {
    float v = 1 + (float)draw_below(n, 1 << 23) / (1 << 23);
    return ldexpf(draw_below(n, 2) ? v : -v, least + draw_below(n, most - least + 1));
}

/* Inputs and weights whose products and sums straddle the least normal number; or inputs some
 * of whose parts are subnormal, under weights large enough to show them. */
static float draw_input(struct numbers *n, const struct layer *layer) {
    switch (layer->range) {
    case NEAR_UNDERFLOW: return draw_scaled(n, -68, -58);
    case SUBNORMAL_PARTS: return draw_scaled(n, -140, -100);
    /* Around the largest that can be rounded to 8 digits. */
    case NEAR_OVERFLOW:
        return draw_below(n, 32) ? draw_float(n, ORDINARY)
                                 : float_of(0x7F7F7FFF + (uint32_t)draw_below(n, 3));
    default: return draw_float(n, layer->values);
    }
}

static float draw_weight(struct numbers *n, const struct layer *layer) {
    switch (layer->range) {
    case NEAR_UNDERFLOW: return draw_scaled(n, -68, -58);
    case SUBNORMAL_PARTS: return draw_scaled(n, 90, 100);
    case NEAR_OVERFLOW: return draw_scaled(n, -20, -10);
    default: break;
    }
    int finite = layer->values != INFINITIES || draw_below(n, 512) != 0;
    return draw_float(n, layer->values == INFINITIES && finite ? ORDINARY : layer->values);
}

static struct layer draw_layer(struct numbers *n, enum p2s_split split, int64_t number) {
    int planar = (split == P2S_SPLIT_X6 || split == P2S_SPLIT_BF16) && number % 4 == 3;
    int32_t kernel = planar ? 1 + draw_below(n, 8) : split == P2S_SPLIT_X8 ? 1 : DRAW_OF(n, 1, 3, 3);
    struct layer layer = {
        .conv = {
            .split = split,
            .output = DRAW_OF(n, P2S_LINE_F32, P2S_LINE_BF16),
            .residual = DRAW_OF(n, P2S_LINE_F32, P2S_LINE_BF16),
            .panels = 1 + draw_below(n, 3),
            .blocks = planar ? 1 : 1 + draw_below(n, kernel > 1 ? 2 : 4),
            .planes = planar ? 1 + draw_below(n, 4) : 0,
            .kernel = kernel,
            .stride = 1 + draw_below(n, planar || kernel == 1 ? 3 : 2),
            .dilation = planar ? 1 : 1 + draw_below(n, 2),
            .relu = draw_below(n, 2),
            .rows = 1 + draw_below(n, 7),
            .width = DRAW_OF(n, 1, 2, 3, 7, 8, 14, 15, 16, 17, 31, 33),
            .out_halo = draw_below(n, 2),
            .images = DRAW_OF(n, 1, 1, 2, 3),
            .unit_pairs = 1 + draw_below(n, 6),
            .unit_panels = 1 + draw_below(n, 3),
        },
        .lanes = split == P2S_SPLIT_I8 || split == P2S_SPLIT_X8 ? 64 : 32,
        .values = DRAW_OF(n, ORDINARY, ORDINARY, DENORMAL, ZEROS, INFINITIES),
        .range = DRAW_OF(
            n, AS_VALUES, AS_VALUES, AS_VALUES, AS_VALUES, NEAR_UNDERFLOW, SUBNORMAL_PARTS,
            NEAR_OVERFLOW),
        .residual = DRAW_OF(n, NO_RESIDUAL, SEPARATE, IN_PLACE),
    };
    struct p2s_product_conv *c = &layer.conv;
    if (layer.range != AS_VALUES) {
        layer.residual = NO_RESIDUAL;
        c->output = P2S_LINE_F32;
    }
    if (layer.residual == IN_PLACE) c->residual = c->output;
    layer.all_blocks = planar ? 1 : c->blocks + (split == P2S_SPLIT_X8 ? 0 : draw_below(n, 2));
    layer.count = weight_index(&layer, channels_of(&layer), 0);
    return layer;
}

/* Sizes of the buffers: exactly what the header says is touched. */
static void measure(struct numbers *n, struct layer *layer) {
    struct p2s_product_conv *c = &layer->conv;
    int32_t reach = (c->kernel - 1) * (c->planes ? 1 : c->dilation);
    layer->in_rows = (c->rows - 1) * c->stride + reach + 1;
    layer->in_columns = (c->width - 1) * c->stride + reach + 1;
    int32_t per = c->planes ? 1 : 16;
    c->in_row = per * (int64_t)(layer->in_columns + draw_below(n, 3));
    c->in_block = layer->in_rows * c->in_row + per * draw_below(n, 3);
    int32_t blocks16 = layer->all_blocks * layer->lanes / 16;
    /* Blocks of 16 that do not exist count as zeros. */
    c->in_blocks = is_float_input(layer) ? blocks16 - draw_below(n, layer->lanes / 16) : blocks16;
    int32_t blocks = c->planes ? c->planes : is_float_input(layer) ? c->in_blocks : layer->all_blocks;
    int64_t image = (blocks - 1) * c->in_block + (layer->in_rows - 1) * c->in_row
        + per * (int64_t)layer->in_columns;
    c->in_image = image + per * draw_below(n, 2);
    layer->input_count = (c->images - 1) * c->in_image + image;
    if (c->planes || (!is_float_input(layer) && c->stride == 1))
        layer->input_count += P2S_PRODUCT_SLACK * 16;

    int32_t halo = c->out_halo, gap = P2S_LANES * draw_below(n, 2);
    int32_t per_panel = c->output == P2S_LINE_BF16 ? 1 : 2;
    c->out_blocks = c->panels * per_panel - (per_panel == 2 ? draw_below(n, 2) : 0);
    c->out_row = (int64_t)(c->width + 2 * halo) * P2S_LANES + gap;
    c->out_block = (c->rows + 2 * halo) * c->out_row + gap;
    layer->origin = halo * (c->out_row + P2S_LANES);
    c->residual_blocks = c->residual == P2S_LINE_BF16 ? c->panels
        : per_panel == 1 ? 2 * c->panels - draw_below(n, 2)
                         : c->out_blocks;
    int64_t output = (c->out_blocks - 1) * c->out_block
        + (c->rows + 2 * halo - 1) * c->out_row + (int64_t)(c->width + 2 * halo) * P2S_LANES;
    c->out_image = output + gap;
    layer->output_count = (c->images - 1) * c->out_image + output;
}

/* ------------------------------------------------------------------ elements */

static float read_element(const struct layer *layer, const float *input, int64_t at) {
    if (is_float_input(layer)) return input[at];
    if (layer->conv.split == P2S_SPLIT_I8) return (float)((const uint8_t *)(const void *)input)[at];
    return float_of((uint32_t)((const uint16_t *)(const void *)input)[at] << 16);
}

/* Fills what the outputs read; the rest of the input stays poison. */
static void fill_input(struct numbers *n, const struct layer *layer, float *input) {
    const struct p2s_product_conv *c = &layer->conv;
    int32_t channels = c->planes ? c->planes
        : is_float_input(layer)  ? 16 * c->in_blocks
                                 : layer->all_blocks * layer->lanes;
    for (int32_t i = 0; i < c->images; i++) {
        float *image = input + i * c->in_image;
        for (int32_t k = 0; k < channels; k++)
            for (int32_t y = 0; y < layer->in_rows; y++)
                for (int32_t x = 0; x < layer->in_columns; x++) {
                    int64_t at = element_at(layer, k, y, x);
                    float v = draw_input(n, layer);
                    if (is_float_input(layer)) image[at] = v;
                    else if (c->split == P2S_SPLIT_I8)
                        ((uint8_t *)(void *)image)[at] = (uint8_t)draw(n);
                    else
                        ((uint16_t *)(void *)image)[at] = (uint16_t)(bits_of(v) >> 16);
                }
    }
}

/* ------------------------------------------------------------------- witness */

/* What one output reads: values, zero where no channel is. */
struct reading {
    float a[4 * 64 * 9 + 64]; /* by weight_index */
    double largest; /* of the channels of the pixel (X8) */
    int has_nan, has_infinity;
};

static void read_pixel(
    const struct layer *layer, const float *input, int32_t panel, int32_t y, int32_t x,
    struct reading *r) {
    const struct p2s_product_conv *c = &layer->conv;
    memset(r, 0, sizeof *r);
    int32_t channels = channels_of(layer), taps = c->kernel * c->kernel;
    for (int32_t k = 0; k < channels; k++)
        for (int32_t t = 0; t < taps; t++) {
            int32_t channel = c->planes ? k : c->first[panel] * layer->lanes + k;
            int32_t dilation = c->planes ? 1 : c->dilation;
            if (!c->planes && is_float_input(layer) && channel / 16 >= c->in_blocks) continue;
            float v = read_element(
                layer, input,
                element_at(
                    layer, channel, y * c->stride + t / c->kernel * dilation,
                    x * c->stride + t % c->kernel * dilation));
            if (c->planes && c->split == P2S_SPLIT_BF16) v = rounded_bf16(v);
            r->a[weight_index(layer, k, t)] = v;
            r->has_nan |= isnan(v);
            r->has_infinity |= isinf(v);
            if (fabs((double)v) > r->largest) r->largest = fabs((double)v);
        }
}

/* BF16 and X6: chains of each product of each step. */
static float chained(const struct layer *layer, const float *filter, const struct reading *r) {
    static const int a_part[6] = { 2, 1, 1, 0, 0, 0 }, w_part[6] = { 0, 0, 1, 1, 2, 0 };
    static int32_t order[9 * 4 * 64];
    make_order(layer, order);
    int x6 = layer->conv.split == P2S_SPLIT_X6;
    float sum = 0;
    for (int32_t s = 0; s < p2s_product_steps(&layer->conv); s++)
        for (int q = 0; q < (x6 ? 6 : 1); q++) {
            float chain[2] = { 0, 0 };
            for (int32_t i = 0; i < 32; i++) {
                int32_t index = order[s * 32 + i];
                float a = index < 0 ? 0 : r->a[index], w = index < 0 ? 0 : filter[index];
                if (x6) {
                    float a3[3], w3[3];
                    parts_of(a, a3);
                    parts_of(w, w3);
                    a = a3[a_part[q]];
                    w = w3[w_part[q]];
                }
                chain[i & 1] = fused(a, w, chain[i & 1]);
            }
            sum = added(sum, added(chain[0], chain[1]));
        }
    return sum;
}

/* X8: integers of 24 bits, of which the product of the lowest slices is left out. */
static float sliced(
    const struct layer *layer, const float *filter, float w_scale, const struct reading *r,
    float *factor) {
    float largest = 0, w_largest = 0;
    for (int32_t i = 0; i < layer->count; i++) {
        largest = fmaxf(largest, fabsf(r->a[i]));
        w_largest = fmaxf(w_largest, fabsf(filter[i]));
    }
    if (!(largest > 0x1p-100f)) largest = 0x1p-100f;
    if (!(w_largest > 0x1p-100f)) w_largest = 0x1p-100f;
    if (r->has_nan || r->has_infinity) {
        *factor = NAN;
        return 0;
    }
    float inverse = 8323072.0f / largest;
    int64_t sums[4] = { 0 };
    for (int32_t i = 0; i < layer->count; i++) {
        float v = r->a[i] * inverse;
        int32_t a = (int32_t)(v + copysignf(0.5f, v));
        double d = (double)filter[i] * (8323072 / (double)w_largest);
        int32_t w = isfinite(d) ? (int32_t)rint(d) : 0;
        int32_t a0 = (int8_t)a, a1 = (int8_t)((a - a0) / 256), a2 = (a - a0 - 256 * a1) / 65536;
        int32_t w0 = (int8_t)w, w1 = (int8_t)((w - w0) / 256), w2 = (w - w0 - 256 * w1) / 65536;
        sums[0] += a2 * w2;
        sums[1] += a2 * w1 + a1 * w2;
        sums[2] += a2 * w0 + a1 * w1 + a0 * w2;
        sums[3] += a1 * w0 + a0 * w1;
    }
    float v = (float)(int32_t)sums[3];
    for (int i = 2; i >= 0; i--) v = v / 256 + (float)(int32_t)sums[i];
    *factor = w_scale * (largest / 127);
    return v;
}

/* One output before it is rounded to bfloat16, and the stated bound of its error. */
static float witness(
    const struct layer *layer, const float *input, float input_scale, int32_t panel, int32_t lane,
    int32_t y, int32_t x, float residual, int has_residual) {
    const struct p2s_product_conv *c = &layer->conv;
    static struct reading r;
    read_pixel(layer, input, panel, y, x, &r);
    int32_t l = panel * 32 + lane;
    const float *filter = layer->weights + (int64_t)l * layer->count;
    struct exact sum = exact_start(0);
    double w_largest = 0;
    int bad_weight = 0;
    for (int32_t i = 0; i < layer->count; i++) {
        exact_add(&sum, r.a[i], filter[i]);
        w_largest = fmax(w_largest, fabs((double)filter[i]));
        bad_weight |= !isfinite(filter[i]);
    }
    float v, scale = c->scale ? c->scale[l] : 1;
    double exact_scale = (double)scale, magnitude, bound;
    if (c->split == P2S_SPLIT_I8) {
        v = (float)(int32_t)sum.value * (scale * input_scale);
        exact_scale *= (double)input_scale;
        bound = 0x1p-21;
    } else if (c->split == P2S_SPLIT_X8) {
        float factor;
        v = sliced(layer, filter, scale, &r, &factor);
        if (bad_weight) factor = NAN;
        v = v * factor;
        exact_scale = 1;
        bound = 0x1p-21;
    } else {
        v = chained(layer, filter, &r);
        if (c->split == P2S_SPLIT_BF16) v = v * scale;
        bound = (sum.terms + (c->split == P2S_SPLIT_X6 ? 3 : 6)) * 0x1p-23;
        if (c->split == P2S_SPLIT_X6) exact_scale = 1;
    }
    v = v + c->bias[l];
    if (has_residual) v = v + residual;
    if (c->relu && v < 0) v = 0;

    double value = sum.value * exact_scale + (double)c->bias[l] + (has_residual ? (double)residual : 0);
    if (c->relu && value < 0) value = 0;
    magnitude = sum.magnitude * fabs(exact_scale) + fabs((double)c->bias[l])
        + (has_residual ? fabs((double)residual) : 0);
    bound *= magnitude;
    if (c->split == P2S_SPLIT_X6) bound += sum.terms * 0x1p-124 * (1 + r.largest + w_largest);
    if (c->split == P2S_SPLIT_X8)
        bound += sum.terms
            * (0x1p-22 * fmax(r.largest, 0x1p-100) * fmax(w_largest, 0x1p-100) + 0x1p-130);
    if (c->split == P2S_SPLIT_BF16)
        bound += sum.terms * fabs(exact_scale) * 0x1p-124 * (1 + r.largest + w_largest) + 0x1p-148;
    int bounded = isfinite(value) && isfinite(magnitude) && !bad_weight && r.largest < 0x1p127;
    if (bounded && !(fabs((double)v - value) <= bound)) {
        printf(
            "FAILED: split %d, range %d, values %d: the witness has %.9g for %.17g, allowed %.3g\n",
            c->split, layer->range, layer->values, (double)v, value, bound);
        exit(1);
    }
    if ((r.has_nan || isnan(residual)) && !isnan(v)) {
        printf("FAILED: a NaN got lost\n");
        exit(1);
    }
    if (r.has_infinity && isfinite(v) && !(c->relu && v == 0)) {
        printf("FAILED: an infinity got lost\n");
        exit(1);
    }
    return v;
}

/* --------------------------------------------------------------------- cases */

/* A line as floats: two of each word of bfloat16. */
static void expand(const struct layer *layer, const float *output, float *floats, int64_t count) {
    if (layer->conv.output == P2S_LINE_F32) {
        memcpy(floats, output, (size_t)count * sizeof *floats);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        uint32_t word = bits_of(output[i]);
        floats[2 * i] = is_poison(output[i]) ? poison() : float_of(word << 16);
        floats[2 * i + 1] = is_poison(output[i]) ? poison() : float_of(word & 0xFFFF0000);
    }
}

/* Of output channel `channel` of a pixel whose line in block 0 is at `line`. */
static float residual_at(const struct layer *layer, const float *line, int32_t channel) {
    int64_t block = layer->conv.out_block;
    if (layer->conv.residual == P2S_LINE_F32) {
        /* Blocks that do not exist count as zeros. */
        if (channel / 16 >= layer->conv.residual_blocks) return 0;
        return line[channel / 16 * block + channel % 16];
    }
    const uint16_t *halves = (const uint16_t *)(const void *)(line + channel / 32 * block);
    return float_of((uint32_t)halves[channel % 32] << 16);
}

static void fill_residual(struct numbers *n, const struct layer *layer, float *sums) {
    const struct p2s_product_conv *c = &layer->conv;
    for (int32_t i = 0; i < c->images; i++)
        for (int32_t b = 0; b < c->residual_blocks; b++)
            for (int32_t y = 0; y < c->rows; y++)
                for (int32_t x = 0; x < c->width * P2S_LANES; x++) {
                    float v = draw_float(n, layer->values);
                    if (c->residual == P2S_LINE_BF16)
                        v = float_of(
                            (bits_of(v) >> 16) | (bits_of(draw_float(n, layer->values)) & 0xFFFF0000));
                    sums[i * c->out_image + b * c->out_block + y * c->out_row + x] = v;
                }
}

static void run_layer(struct numbers *n, struct layer *layer) {
    struct p2s_product_conv *c = &layer->conv;
    int32_t filters = c->panels * 32, steps = p2s_product_steps(c), parts = p2s_split_parts(c->split);
    static float weights[3 * MOST_WEIGHTS];
    static int8_t integers[3 * MOST_WEIGHTS];
    static int32_t order[9 * 4 * 64];
    int64_t weight_count = (int64_t)filters * layer->count;
    for (int64_t i = 0; i < weight_count; i++) {
        weights[i] = draw_weight(n, layer);
        if (draw_below(n, 4) == 0) weights[i] = 0;
        if (c->split == P2S_SPLIT_BF16) weights[i] = rounded_bf16(weights[i]);
        integers[i] = (int8_t)(draw_below(n, 255) - 127);
        if (c->split == P2S_SPLIT_I8) weights[i] = integers[i];
    }
    layer->weights = weights;
    make_order(layer, order);
    uint32_t *packed = place(WEIGHTS, (int64_t)c->panels * steps * parts * 512 * 4);
    memset(packed, 0, (size_t)c->panels * (size_t)steps * (size_t)parts * 2048);
    float *scale = place_floats(SCALE, filters);
    fill(n, ORDINARY, scale, filters);
    for (int32_t p = 0; p < c->panels; p++) {
        const float *from = weights + (int64_t)p * 32 * layer->count;
        uint32_t *to = packed + (int64_t)p * steps * parts * 512;
        if (parts == 3)
            p2s_pack_split(
                P2S_ISA_PORTABLE, c->split, from, 0, order, 32, layer->count, steps, to,
                scale + p * 32);
        else if (c->split == P2S_SPLIT_I8)
            p2s_pack_words(
                P2S_I8, integers + (int64_t)p * 32 * layer->count, order, 32, layer->count,
                16 * steps, 32, to);
        else
            p2s_pack_words(P2S_BF16, from, order, 32, layer->count, 16 * steps, 32, to);
    }
    int32_t *first = place(SEGMENTS, c->panels * (int64_t)sizeof *first);
    for (int32_t p = 0; p < c->panels; p++)
        first[p] = c->planes ? 0 : draw_below(n, layer->all_blocks - c->blocks + 1);
    float *bias = place_floats(BIAS, filters);
    /* Where sums are tiny a bias would hide them. */
    if (layer->range != AS_VALUES) memset(bias, 0, (size_t)filters * sizeof *bias);
    else fill(n, layer->values == INFINITIES ? ORDINARY : layer->values, bias, filters);
    float *input_scale = place_floats(ORDER, (c->images - 1) * c->in_image + 1);
    for (int32_t i = 0; i < c->images; i++)
        input_scale[i * c->in_image] = draw_float(n, layer->values);
    float *input = place_floats(INPUT, layer->input_count);
    fill_input(n, layer, input);
    c->weights = packed;
    c->bias = bias;
    c->scale = c->split == P2S_SPLIT_X6 ? 0 : scale;
    c->input_scale = c->split == P2S_SPLIT_I8 ? input_scale : 0;
    c->first = first;

    int64_t sum_count = layer->output_count - 2 * layer->origin
        + (c->residual_blocks - c->out_blocks) * c->out_block;
    float *sums = place_floats(RESIDUAL, sum_count);
    fill_residual(n, layer, sums);

    /* Lanes of a block of the output. */
    int32_t wide = c->output == P2S_LINE_BF16 ? 32 : 16, halo = c->out_halo;
    int64_t float_count = layer->output_count * wide / 16;
    struct want *want = wants(float_count);
    static uint32_t largest[3];
    for (int32_t i = 0; i < c->images; i++) {
        largest[i] = 0;
        for (int32_t b = 0; b < c->out_blocks; b++)
            for (int32_t y = -halo; y < c->rows + halo; y++)
                for (int32_t x = -halo; x < c->width + halo; x++) {
                    int64_t line = layer->origin + i * c->out_image + b * c->out_block
                        + y * c->out_row + x * INT64_C(16);
                    int inside = y >= 0 && y < c->rows && x >= 0 && x < c->width;
                    for (int32_t l = 0; l < wide; l++) {
                        int32_t panel = (b * wide + l) / 32, lane = (b * wide + l) % 32;
                        struct want *w = &want[line * wide / 16 + l];
                        *w = (struct want) { 0, 0 };
                        if (!inside) continue;
                        float more = 0;
                        if (layer->residual != NO_RESIDUAL)
                            more = residual_at(
                                layer, sums + line - layer->origin - b * c->out_block, b * wide + l);
                        float v = witness(
                            layer, input + i * c->in_image, input_scale[i * c->in_image], panel, lane,
                            y, x, more, layer->residual != NO_RESIDUAL);
                        uint32_t bits = bits_of(v) & 0x7FFFFFFF;
                        if (bits > largest[i]) largest[i] = bits;
                        if (wide == 32) v = rounded_bf16(v);
                        *w = (struct want) { (double)v, 0 };
                    }
                }
    }
    for (int32_t i = 0; i < here_count; i++) {
        struct numbers cut = { n->state + (uint64_t)here[i] };
        c->unit_pairs = 1 + draw_below(&cut, 6);
        c->unit_panels = 1 + draw_below(&cut, 3);
        int32_t units = p2s_product_units(c), backwards = draw_below(&cut, 2);
        float *output = place_floats(OUTPUT, layer->output_count);
        float *target = output + layer->origin;
        if (layer->residual == IN_PLACE)
            for (int64_t f = 0; f < sum_count; f++) target[f] = sums[f];
        const float *residual
            = layer->residual == NO_RESIDUAL ? 0 : layer->residual == SEPARATE ? sums : target;
        float *scratch = place_floats(SCRATCH, (p2s_product_scratch(c) + 15) / 16 * 16);
        uint32_t *found = place(LARGEST, (int64_t)c->images * units * 4);
        int wants_largest = draw_below(&cut, 2);
        for (int32_t u = 0; u < units; u++)
            p2s_product_unit(
                here[i], c, input, residual, target, scratch, wants_largest ? found : 0,
                backwards ? units - 1 - u : u);
        if (tiles_are_live()) {
            printf("FAILED: a unit ended and its tiles were not released\n");
            exit(1);
        }
        static float floats[1 << 20];
        expand(layer, output, floats, layer->output_count);
        for (int32_t j = 0; j < (wants_largest ? c->images : 0); j++) {
            uint32_t most = 0;
            for (int32_t u = 0; u < units; u++)
                if (found[j * units + u] > most) most = found[j * units + u];
            /* NaN is NaN. */
            if (most == largest[j] || (most > 0x7F800000 && largest[j] > 0x7F800000)) continue;
            printf("FAILED: the largest is 0x%08x, not 0x%08x\n", most, largest[j]);
            exit(1);
        }
        judge(here[i], floats, want, float_count, ALL_AGREE);
    }
}

/*
 * Results around the least normal number: rounded to 24 bits first, with an exponent of any
 * size, and flushed when that is below it. The chain is 2^-126 + 2^-149 - last.
 */
static void test_underflow(void) {
    static const struct {
        float last; /* times 2^-76 */
        double result;
    } cases[] = { { 9, 0x1p-126 }, { 10, 0x1p-126 }, { 12, 0 }, { 8, 0x1p-126 }, { 16, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin_case("2^-126 + 2^-149 - %g * 2^-152", (double)cases[i].last);
        float w[32] = { 0x1p-63f, 0, 0x1p-74f, 0, -0x1p-76f };
        float a[3] = { 0x1p-63f, 0x1p-75f, cases[i].last * 0x1p-76f };
        int32_t order[32], *first = place(SEGMENTS, sizeof *first);
        for (int32_t k = 0; k < 32; k++) order[k] = k;
        *first = 0;
        uint32_t *packed = place(WEIGHTS, 2048);
        memset(packed, 0, 2048);
        p2s_pack_words(P2S_BF16, w, order, 1, 32, 16, 32, packed);
        float *zeros = place_floats(BIAS, 32), *ones = place_floats(SCALE, 32);
        for (int l = 0; l < 32; l++) zeros[l] = 0, ones[l] = 1;
        uint16_t *input = place(INPUT, (1 + P2S_PRODUCT_SLACK) * INT64_C(64));
        memset(input, 0, (1 + P2S_PRODUCT_SLACK) * 64);
        for (int k = 0; k < 3; k++) input[2 * k] = (uint16_t)(bits_of(a[k]) >> 16);
        struct p2s_product_conv conv = {
            .split = P2S_SPLIT_BF16, .weights = packed, .bias = zeros, .scale = ones,
            .first = first, .panels = 1, .blocks = 1, .kernel = 1, .stride = 1, .dilation = 1,
            .rows = 1, .width = 1, .out_blocks = 1, .images = 1, .unit_pairs = 1,
            .unit_panels = 1, .in_row = 16, .out_row = 16, .out_block = 16,
        };
        struct want *want = wants(16);
        for (int l = 0; l < 16; l++) want[l] = (struct want) { l ? 0 : cases[i].result, 0 };
        for (int32_t f = 0; f < here_count; f++) {
            float *output = place_floats(OUTPUT, 16);
            float *scratch = place_floats(SCRATCH, (p2s_product_scratch(&conv) + 15) / 16 * 16);
            p2s_product_unit(
                here[f], &conv, (const float *)(const void *)input, 0, output, scratch, 0, 0);
            judge(here[f], output, want, 16, ALL_AGREE);
        }
    }
}

/* The check that AMX must pass before it is used: of sound tiles, and of broken ones. */
static void test_check(void) {
    int has_amx = p2s_isa_supported(P2S_ISA_AMX);
    if (here[here_count - 1] != P2S_ISA_AMX) return;
    for (int32_t fault = NO_FAULT; fault <= (has_amx ? NO_FAULT : FAULT_S8); fault++) {
        break_amx((enum amx_fault)fault);
        int agrees = p2s_tiles_agree();
        break_amx(NO_FAULT);
        if (agrees == (fault == NO_FAULT)) continue;
        printf("FAILED: fault %d: the tiles %s\n", fault, agrees ? "agree" : "do not agree");
        exit(1);
    }
}

void test_products(uint64_t seed) {
    test_underflow();
    test_check();
    static const char *const names[] = { "bf16", "i8", "x6", "x8" };
    struct numbers n = { seed };
    for (int64_t number = 0; number < 120; number++) {
        enum p2s_split split = (enum p2s_split)(number % 4);
        struct layer layer = draw_layer(&n, split, number / 4);
        struct p2s_product_conv *c = &layer.conv;
        measure(&n, &layer);
        begin_case(
            "%s, %d of %d x %d pixels, %d panels, %d of %d blocks, %d of 16, %d planes, kernel %d, "
            "stride %d, dilation %d, output %d, residual %d, relu %d, halo %d, values %d, range %d",
            names[split], c->images, c->rows, c->width, c->panels, c->blocks, layer.all_blocks,
            c->in_blocks, c->planes, c->kernel, c->stride, c->dilation, c->output, layer.residual,
            c->relu, c->out_halo, layer.values, layer.range);
        run_layer(&n, &layer);
    }
}

/* ------------------------------------------------------------------- packers */

/* The words of a panel as floats: the parts of X6, the signed bytes of X8. */
static void unpack(enum p2s_split split, const uint32_t *words, float *floats, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        uint32_t word = words[i];
        int untouched = is_poison(float_of(word)), per = split == P2S_SPLIT_X6 ? 2 : 4;
        for (int e = 0; e < per; e++)
            floats[i * per + e] = untouched     ? poison()
                : split == P2S_SPLIT_X6 && e == 0 ? float_of(word << 16)
                : split == P2S_SPLIT_X6           ? float_of(word & 0xFFFF0000)
                                                  : (float)(int8_t)(uint8_t)(word >> 8 * e);
    }
}

/* What element `index` of a filter is once scaled, and its three parts or slices. */
static void expect_parts(enum p2s_split split, float w, float largest, float parts[3]) {
    if (split == P2S_SPLIT_X6) {
        parts_of(w, parts);
        return;
    }
    int32_t q = 0;
    if (isfinite(largest))
        q = (int32_t)rint((double)w * (8323072 / fmax((double)largest, 0x1p-100)));
    int32_t q0 = (int8_t)q;
    int32_t q1 = (int8_t)((q - q0) / 256);
    parts[0] = (float)((q - q0 - 256 * q1) / 65536);
    parts[1] = (float)q1;
    parts[2] = (float)q0;
}

void test_split(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t number = 0; number < 128; number++) {
        enum p2s_split split = number & 1 ? P2S_SPLIT_X8 : P2S_SPLIT_X6;
        int32_t per = split == P2S_SPLIT_X6 ? 2 : 4, filters = 1 + number / 2 % 32;
        int32_t count = 1 + draw_below(&n, 100), steps = 1 + draw_below(&n, 3);
        int32_t scaled = draw_below(&n, 2);
        enum values values = DRAW_OF(&n, ORDINARY, ORDINARY, DENORMAL, ZEROS, INFINITIES);
        begin_case(
            "X%d, %d filters of %d, %d steps, scaled %d, values %d", split == P2S_SPLIT_X6 ? 6 : 8,
            filters, count, steps, scaled, values);
        float *weights = place_floats(WEIGHTS, (int64_t)filters * count);
        fill(&n, values, weights, (int64_t)filters * count);
        double *scale = place(SCALE, filters * (int64_t)sizeof *scale);
        for (int32_t f = 0; f < filters; f++) scale[f] = (double)draw_float(&n, ORDINARY) * 1.1 + 0.1;
        int32_t *order = place(ORDER, steps * 16 * per * (int64_t)sizeof *order);
        for (int32_t i = 0; i < steps * 16 * per; i++)
            order[i] = draw_below(&n, 8) ? draw_below(&n, count) : -1;
        int64_t words = steps * INT64_C(3) * 512 - 32 + filters, floats = words * per;
        struct want *want = wants(floats + 32);
        for (int32_t f = 0; f < filters; f++) {
            float largest = 0;
            for (int32_t i = 0; i < steps * 16 * per; i++) {
                if (order[i] < 0) continue;
                float w = weights[(int64_t)f * count + order[i]];
                if (scaled) w = (float)((double)w * scale[f]);
                largest = isnan(w) || isnan(largest) ? NAN : fmaxf(largest, fabsf(w));
            }
            float floor = largest > 0x1p-100f ? largest : 0x1p-100f;
            if (split == P2S_SPLIT_X8)
                want[floats + f]
                    = (struct want) { isfinite(largest) ? (double)(floor / 127) : NAN, 0 };
            for (int32_t i = 0; i < steps * 16 * per; i++) {
                float w = order[i] < 0 ? 0 : weights[(int64_t)f * count + order[i]], parts[3];
                if (scaled) w = (float)((double)w * scale[f]);
                expect_parts(split, w, largest, parts);
                for (int p = 0; p < 3; p++) {
                    int64_t row = (i / (16 * per) * 3 + p) * 16 + i / per % 16;
                    want[(row * 32 + f) * per + i % per] = (struct want) { (double)parts[p], 0 };
                }
            }
        }
        for (int32_t i = 0; i < here_count; i++) {
            uint32_t *packed = (uint32_t *)(void *)place_floats(OUTPUT, words);
            float *scales = place_floats(LARGEST, filters);
            p2s_pack_split(
                here[i], split, weights, scaled ? scale : 0, order, filters, count, steps, packed,
                scales);
            static float got[3 * 3 * 512 * 4 + 32];
            unpack(split, packed, got, words);
            for (int32_t f = 0; f < 32; f++) got[floats + f] = f < filters ? scales[f] : poison();
            judge(here[i], got, want, floats + 32, ALL_AGREE);
        }
    }
}

void test_lines(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t number = 0; number < 200; number++) {
        int bytes = number & 1;
        int32_t blocks = 1 + draw_below(&n, bytes ? 4 : 2), pixels = 1 + draw_below(&n, 20);
        enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES);
        int64_t step = pixels * INT64_C(16) + draw_below(&n, 40), count = pixels * INT64_C(32);
        begin_case(
            "%d pixels of %d blocks to %s, values %d", pixels, blocks, bytes ? "uint8" : "bfloat16",
            values);
        float *x = place_floats(INPUT, (blocks - 1) * step + pixels * INT64_C(16));
        for (int32_t b = 0; b < blocks; b++) fill(&n, values, x + b * step, pixels * INT64_C(16));
        /* What is not finite makes the inverse 0. */
        float inverse = values == INFINITIES ? 0 : draw_float(&n, ORDINARY) * 127 + 127;
        if (bytes) count *= 2;
        struct want *want = wants(count);
        for (int64_t i = 0; i < count; i++) {
            int64_t pixel = i / (bytes ? 64 : 32), element = i % (bytes ? 64 : 32);
            int64_t block = bytes ? element % 4 : element / 16, lane = bytes ? element / 4 : element % 16;
            float v = block < blocks ? x[block * step + pixel * 16 + lane] : 0;
            if (bytes) v = v * inverse > 0 ? fminf(rintf(v * inverse), 255) : 0;
            else v = rounded_bf16(v);
            want[i] = (struct want) { (double)v, 0 };
        }
        for (int32_t f = 0; f < here_count; f++) {
            uint8_t *y = place(OUTPUT, pixels * INT64_C(64));
            static float got[20 * 64];
            if (bytes)
                p2s_u8_lines(here[f], x, step, blocks, pixels, inverse, y);
            else
                p2s_bf16_lines(here[f], x, step, blocks, pixels, (uint16_t *)(void *)y);
            for (int64_t i = 0; i < count; i++) {
                uint16_t half;
                memcpy(&half, y + 2 * (bytes ? 0 : i), sizeof half);
                got[i] = bytes ? (float)y[i] : float_of((uint32_t)half << 16);
            }
            judge(here[f], got, want, count, ALL_AGREE);
        }
    }
}

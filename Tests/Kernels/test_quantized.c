/*
 * test_quantized.c - quantized convolutions and sums: each form against the formula in double
 * precision where that is exact, computed here from the unpacked weights, and all forms alike.
 */
#include <math.h>
#include <string.h>

#include "harness.h"

enum { MOST = 256 };

/* A number in 2^-6 ... 2^-10, sometimes a power of two, which makes ties. */
static float scale(struct numbers *n) {
    float power = 1.0f / (float)(64 << draw_below(n, 5));
    return draw_below(n, 3) == 0 ? power : power * (1 + (float)draw_below(n, 1 << 20) / (1 << 20));
}

/* To nearest, ties to even: the mode that C programs start with. */
static int32_t wanted(
    const struct p2s_quantized_conv *conv, int32_t sum, int32_t filter) {
    float v, zero = (float)conv->zero;
    switch (conv->rounding) {
    case P2S_FBGEMM: {
        float shifted = (float)sum + conv->bias[filter];
        v = rintf(shifted * conv->scale[filter]) + zero;
        break;
    }
    case P2S_ONEDNN: {
        float part = (float)sum * conv->factor;
        float product = part * conv->scale[filter];
        float t = product + conv->bias[filter];
        if (conv->relu && t < 0) t = 0;
        float scaled = t * conv->inverse;
        v = rintf(scaled + zero);
        return v < 0 ? 0 : v > 255 ? 255 : (int32_t)v;
    }
    default: v = rintf((float)(sum + conv->whole[filter]) * conv->scale[filter]) + zero;
    }
    return v < (float)conv->low ? conv->low : v > 255 ? 255 : (int32_t)v;
}

/* `tiles`: by products of tiles. */
static void one_conv(struct numbers *n, enum p2s_requantization rounding, int32_t tiles) {
    const int32_t kernel = DRAW_OF(n, 1, 3), groups = DRAW_OF(n, 1, 1, 2, 4, 8);
    const int32_t inputs = tiles ? DRAW_OF(n, 3, 8, 16, 24, 32, 48, 64, 128)
                                 : DRAW_OF(n, 1, 3, 4, 8, 16);
    const int32_t per_group
        = inputs >= 4 && draw_below(n, 2) ? inputs : DRAW_OF(n, 1, 2, 4, 8, 16, 24, 32, 64);
    const int32_t filters = groups * per_group, blocks = (filters + 15) / 16;
    const int32_t channels = (groups * inputs + 15) / 16 * 16, taps = kernel * kernel;
    const int32_t stride = DRAW_OF(n, 1, 1, 2);
    const int32_t rows = kernel + draw_below(n, 4 * stride);
    const int32_t width = kernel + draw_below(n, DRAW_OF(n, 16, 16, 40));
    const int32_t out_width = (width - kernel) / stride + 1;
    const int32_t pixels = ((rows - kernel) / stride + 1) * out_width;
    static int8_t raw[MOST * 128 * 9];
    static int32_t start[MOST], whole[MOST], first[MOST], tap_bytes[9], pixel_bytes[MOST * 4];
    static float scales[MOST], bias[MOST];
    if (pixels > MOST * 4 || filters > MOST) return;
    const int32_t input_zero = draw_below(n, 256);

    int32_t window = 0;
    for (int32_t b = 0; b < blocks; b++) {
        int32_t last = 16 * b + 15 < filters ? 16 * b + 15 : filters - 1;
        first[b] = 16 * b / per_group * inputs / 4 * 4;
        int32_t size = ((last / per_group + 1) * inputs - first[b] + 3) / 4 * 4;
        window = size > window ? size : window;
    }
    if (tiles) window = (window + 15) / 16 * 16;
    const int32_t lanes = !tiles && groups > 1 && inputs == per_group && inputs >= 4 && draw_below(n, 4) > 0
        ? inputs : 0;
    if (lanes) window = 16;
    for (int32_t b = 0; b < blocks; b++)
        if (lanes) first[b] = 16 * b;
        else if (first[b] > channels - window) first[b] = channels - window;
    /* Any size of panels whose blocks read the same channels. */
    int32_t panel = lanes ? 1 : 1 + draw_below(n, 4);
    for (int32_t b = 0; b < blocks; b++)
        if (first[b] != first[b / panel * panel]) panel = 1;
    const int64_t size = (int64_t)blocks * taps * (lanes ? lanes : window) * 16;
    int8_t *packed = place(WEIGHTS, size);
    memset(packed, 0, (size_t)size);
    for (int32_t f = 0; f < 16 * blocks; f++) {
        start[f] = whole[f] = 0;
        scales[f] = scale(n) / 64;
        bias[f] = rounding == P2S_ONEDNN ? (float)(draw_below(n, 2000) - 1000) / 64
                                         : (float)(draw_below(n, 20000) - 10000);
        whole[f] = draw_below(n, 2000) - 1000;
        if (f >= filters) continue;
        for (int32_t c = 0; c < inputs; c++)
            for (int32_t t = 0; t < taps; t++) {
                int8_t w = (int8_t)(draw_below(n, 256) - 128);
                int32_t at = f / per_group * inputs - first[f / 16] + c, b = f / 16;
                int32_t start0 = b / panel * panel, rest = blocks - start0;
                int32_t count = rest < panel ? rest : panel;
                raw[(f * inputs + c) * taps + t] = w;
                if (lanes) /* [block][tap][part][filter][channel] */
                    packed[(((b * taps + t) * (lanes / 4) + f % lanes / 4) * 4 + f % 4) * 16 + at] = w;
                else /* [panel][tap][step][block][filter][channel] */
                    packed[start0 * taps * window * 16
                           + (((t * (window / 4) + at / 4) * count + b - start0) * 16 + f % 16) * 4
                           + at % 4] = w;
                start[f] -= input_zero * w;
            }
    }
    for (int32_t t = 0; t < taps; t++)
        tap_bytes[t] = (t / kernel * width + t % kernel) * channels;
    for (int32_t p = 0; p < pixels; p++)
        pixel_bytes[p] = (p / out_width * width + p % out_width) * stride * channels;
    struct p2s_quantized_conv conv = {
        .rounding = rounding, .taps = taps, .window = window, .blocks = blocks,
        .panel = panel, .lanes = lanes, .tiles = tiles, .out_channels = 16 * blocks, .weights = packed,
        .tap_bytes = tap_bytes, .first = first, .start = start, .scale = scales, .bias = bias,
        .whole = whole, .factor = 1 + scale(n), .inverse = 16 * scale(n), .zero = draw_below(n, 256),
        .relu = draw_below(n, 2),
    };
    conv.low = conv.relu ? conv.zero : 0;
    uint8_t *input = place(INPUT, (int64_t)rows * width * channels);
    for (int32_t i = 0; i < rows * width * channels; i++) input[i] = (uint8_t)draw_below(n, 256);

    begin_case(
        "rounding %d, %dx%d, stride %d, %d groups of %d to %d, panels of %d, lanes %d, %dx%d pixels",
        rounding, kernel, kernel, stride, groups, inputs, per_group, panel, lanes, rows, width);
    const int32_t count = pixels * 16 * blocks;
    struct want *want = wants(count);
    for (int32_t p = 0; p < pixels; p++)
        for (int32_t f = 0; f < 16 * blocks; f++) {
            struct want *w = &want[p * 16 * blocks + f];
            w->bound = INFINITY;
            if (f >= filters) continue;
            int32_t sum = 0;
            for (int32_t c = 0; c < inputs; c++)
                for (int32_t t = 0; t < taps; t++)
                    sum += (input[pixel_bytes[p] + tap_bytes[t] + f / per_group * inputs + c]
                            - input_zero)
                        * raw[(f * inputs + c) * taps + t];
            w->value = wanted(&conv, sum, f);
            w->bound = 0;
        }
    for (int32_t i = 0; i < here_count; i++) {
        uint8_t *output = place(OUTPUT, count);
        float *seen = place_floats(AGAIN, count);
        const int32_t half = blocks / 2 / panel * panel;
        p2s_quantized_conv(here[i], &conv, input, pixel_bytes, pixels, 0, half, output);
        p2s_quantized_conv(here[i], &conv, input, pixel_bytes, pixels, half, blocks, output);
        for (int32_t k = 0; k < count; k++)
            seen[k] = k % (16 * blocks) < filters ? (float)output[k] : 0;
        judge(here[i], seen, want, count, ALL_AGREE);
    }
}

void test_quantized_conv(uint64_t seed) {
    struct numbers n = { seed };
    for (int round = 0; round < 60; round++) {
        one_conv(&n, P2S_FBGEMM, 0);
        one_conv(&n, P2S_ONEDNN, 0);
        one_conv(&n, P2S_QNNPACK, 0);
    }
}

void test_quantized_tiles(uint64_t seed) {
    struct numbers n = { seed };
    for (int round = 0; round < 40; round++) {
        one_conv(&n, P2S_FBGEMM, 1);
        one_conv(&n, P2S_ONEDNN, 1);
        one_conv(&n, P2S_QNNPACK, 1);
    }
}

void test_quantized_sum(uint64_t seed) {
    struct numbers n = { seed };
    for (int round = 0; round < 60; round++) {
        const int32_t count = 1 + draw_below(&n, 400), fused = draw_below(&n, count + 1);
        struct p2s_quantized_sum sum = {
            .scale_a = scale(&n), .scale_b = scale(&n), .zero_a = draw_below(&n, 256),
            .zero_b = draw_below(&n, 256), .inverse = 1 / scale(&n), .zero = draw_below(&n, 256),
        };
        uint8_t *a = place(INPUT, count), *b = place(RESIDUAL, count);
        for (int32_t i = 0; i < count; i++) a[i] = (uint8_t)draw_below(&n, 256);
        for (int32_t i = 0; i < count; i++) b[i] = (uint8_t)draw_below(&n, 256);
        begin_case("%d elements, %d fused", count, fused);
        struct want *want = wants(count);
        for (int32_t i = 0; i < count; i++) {
            float x, y;
            if (i < fused) {
                x = fmaf(a[i], sum.scale_a, -(sum.scale_a * (float)sum.zero_a));
                y = fmaf(b[i], sum.scale_b, -(sum.scale_b * (float)sum.zero_b));
            } else {
                x = ((float)a[i] - (float)sum.zero_a) * sum.scale_a;
                y = ((float)b[i] - (float)sum.zero_b) * sum.scale_b;
            }
            float v = x + y;
            v = rintf((v > 0 ? v : 0) * sum.inverse) + (float)sum.zero;
            want[i].value = v > 255 ? 255 : v;
            want[i].bound = 0;
        }
        for (int32_t i = 0; i < here_count; i++) {
            uint8_t *output = place(OUTPUT, count);
            float *seen = place_floats(AGAIN, count);
            p2s_quantized_sum(here[i], &sum, a, b, count, fused, output);
            for (int32_t k = 0; k < count; k++) seen[k] = (float)output[k];
            judge(here[i], seen, want, count, ALL_AGREE);
        }
    }
}

/*
 * bench_quantized.c - times quantized convolutions by vectors and by products of tiles, which
 * instruction sets other than AMX emulate. The share is of the peak of float32 multiply-adds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

struct quantized_layer {
    struct p2s_quantized_conv conv;
    const int32_t *pixel_bytes;
    int32_t pixels;
};

static void run_quantized(const struct timing *timing) {
    const struct quantized_layer *layer = timing->layer;
    p2s_quantized_conv(
        timing->isa, &layer->conv, (const uint8_t *)(const void *)timing->input,
        layer->pixel_bytes, layer->pixels, 0, layer->conv.blocks,
        (uint8_t *)(void *)timing->output);
}

/* `channels` in and out, in groups of at least 16. */
static void time_quantized(
    int32_t tiles, int32_t channels, int32_t group, int32_t width, int32_t kernel) {
    const int32_t side = width + kernel - 1, taps = kernel * kernel, blocks = channels / 16;
    const int32_t pixels = width * width, panel = group < 64 ? group / 16 : 4;
    int32_t *first = calloc((size_t)blocks, sizeof *first), tap_bytes[9];
    int32_t *whole = calloc((size_t)channels, sizeof *whole);
    int32_t *pixel_bytes = calloc((size_t)pixels, sizeof *pixel_bytes);
    float *scale = random_floats(channels);
    for (int32_t b = 0; b < blocks; b++) first[b] = 16 * b / group * group;
    for (int32_t t = 0; t < taps; t++)
        tap_bytes[t] = (t / kernel * side + t % kernel) * channels;
    for (int32_t p = 0; p < pixels; p++)
        pixel_bytes[p] = (p / width * side + p % width) * channels;
    float *weights = random_floats((int64_t)channels * taps * group / 4);
    float *input = random_floats((int64_t)side * side * channels / 4);
    float *output = random_floats((int64_t)pixels * channels / 4);
    struct quantized_layer layer = {
        .conv = {
            .rounding = P2S_FBGEMM, .taps = taps, .window = group, .blocks = blocks,
            .panel = panel, .tiles = tiles, .out_channels = channels,
            .weights = (const int8_t *)(const void *)weights, .tap_bytes = tap_bytes,
            .first = first, .start = whole, .scale = scale, .bias = scale, .whole = whole,
        },
        .pixel_bytes = pixel_bytes, .pixels = pixels,
    };
    struct timing timing
        = { .run = run_quantized, .layer = &layer, .input = input, .output = output };
    printf("quantized %s %dx%d, %4d of %4d, %2d x %2d pixels ", tiles ? "tiles  " : "vectors",
           kernel, kernel, channels, group, width, width);
    line(timing, 2.0 * taps * channels * group * pixels, 1);
    free(first), free(whole), free(pixel_bytes), free(scale), free(weights), free(input),
        free(output);
}

void bench_quantized_tiles(void) {
    for (int32_t tiles = 0; tiles < 2; tiles++) {
        time_quantized(tiles, 256, 256, 28, 1);
        time_quantized(tiles, 1024, 1024, 14, 1);
        time_quantized(tiles, 256, 256, 14, 3);
        time_quantized(tiles, 512, 16, 28, 3);
        time_quantized(tiles, 1024, 32, 14, 3);
    }
}

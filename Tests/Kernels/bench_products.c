/*
 * bench_products.c - times convolutions by products of tiles, their packing and the copies
 * that they read. The share is of the peak of float32 multiply-adds, whatever is multiplied;
 * instruction sets other than AMX emulate it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

static float *scratch;

static void run_products(const struct timing *timing) {
    const struct p2s_product_conv *conv = timing->layer;
    for (int32_t u = 0; u < p2s_product_units(conv); u++)
        p2s_product_unit(timing->isa, conv, timing->input, 0, timing->output, scratch, 0, u);
}

/* Random bits do for weights and inputs of any kind, with numbers of ordinary size in the
 * upper halves of words. */
static void time_products(enum p2s_split split, int32_t channels, int32_t width, int32_t kernel) {
    static const char *const names[] = { "bf16", "i8", "x6", "x8" };
    int32_t parts = p2s_split_parts(split), halo = kernel / 2;
    int32_t block = split == P2S_SPLIT_I8 || split == P2S_SPLIT_X8 ? 64 : 32;
    int32_t panels = channels / 32, side = width + 2 * halo;
    int32_t *first = calloc((size_t)panels, sizeof *first);
    float *bias = random_floats(channels);
    struct p2s_product_conv conv = {
        .split = split, .bias = bias, .scale = bias, .input_scale = bias, .first = first,
        .panels = panels, .blocks = channels / block, .in_blocks = channels / 16, .kernel = kernel,
        .stride = 1, .dilation = 1, .relu = 1, .rows = width, .width = width,
        .out_blocks = channels / 16, .images = 1, .unit_pairs = 1 << 20, .unit_panels = panels,
        .in_row = side * INT64_C(16), .in_block = side * side * INT64_C(16),
        .out_row = width * INT64_C(16), .out_block = width * width * INT64_C(16),
    };
    float *weights = random_floats(
        (int64_t)panels * p2s_product_steps(&conv) * parts * 16 * P2S_PANEL_LANES);
    float *input = random_floats(channels / 16 * conv.in_block + P2S_PRODUCT_SLACK * 16);
    float *output = random_floats(channels / 16 * conv.out_block);
    scratch = random_floats(p2s_product_scratch(&conv));
    conv.weights = (const uint32_t *)(const void *)weights;
    struct timing timing
        = { .run = run_products, .layer = &conv, .input = input, .output = output };
    printf("products %-4s %dx%d, %4d channels, %2d x %2d pixels     ", names[split], kernel, kernel,
           channels, width, width);
    line(timing, 2.0 * kernel * kernel * channels * channels * width * width, 1);
    free(first), free(bias), free(weights), free(input), free(output), free(scratch);
}

void bench_products(void) {
    for (int split = P2S_SPLIT_BF16; split <= P2S_SPLIT_X8; split++) {
        time_products((enum p2s_split)split, 256, 28, 1);
        time_products((enum p2s_split)split, 1024, 14, 1);
        if (split != P2S_SPLIT_X8) time_products((enum p2s_split)split, 256, 14, 3);
    }
}

enum { DEPTH = 512 };

static void run_split(const struct timing *timing) {
    p2s_pack_split(
        timing->isa, *(const enum p2s_split *)timing->layer, timing->input, 0,
        (const int32_t *)(const void *)scratch, 32, DEPTH, DEPTH / 32,
        (uint32_t *)(void *)timing->output, timing->output);
}

void bench_split(void) {
    enum p2s_split split = P2S_SPLIT_X6;
    float *input = random_floats(32 * DEPTH), *output = random_floats(3 * 32 * DEPTH);
    int32_t *order = malloc(DEPTH * sizeof *order);
    for (int32_t i = 0; i < DEPTH; i++)
        order[i] = i / 32 * 32 + p2s_product_lane(split, i % 32 / 2, i % 2);
    scratch = (float *)(void *)order;
    struct timing timing = { .run = run_split, .layer = &split, .input = input, .output = output };
    printf("split x6 32 filters of %d, GB/s read               ", DEPTH);
    line(timing, 4.0 * 32 * DEPTH, 0);
    free(input), free(output), free(order);
}

static void run_lines(const struct timing *timing) {
    p2s_u8_lines(
        timing->isa, timing->input, 256 * 16, 4, 256, 1, (uint8_t *)(void *)timing->output);
}

void bench_lines(void) {
    float *input = random_floats(4 * 256 * 16), *output = random_floats(256 * 16);
    struct timing timing = { .run = run_lines, .layer = 0, .input = input, .output = output };
    printf("lines    256 pixels of 64 channels to u8, GB/s read ");
    line(timing, 4.0 * 4 * 256 * 16, 0);
    free(input), free(output);
}

/*
 * bench.c - times every kernel of forms.h on one thread, with data that stays in the
 * caches, for each instruction set here: multiply-adds as 2 operations, useful ones
 * only (a padded lane counts nothing), and the share of the peak of that instruction
 * set. Each figure is the fastest of many runs.
 *
 * Arguments: which kernel (all), channels per group (all; for tile and grouped).
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds_each = 0.1; /* spent on each figure */

/* Seconds of the fastest call. */
static double fastest(void (*body)(void *), void *context) {
    double best = 1e9, start = now();
    int calls = 1;
    do {
        double t0 = now();
        for (int i = 0; i < calls; i++) body(context);
        double each = (now() - t0) / calls;
        if (each < best) best = each;
        /* A run should outlast the clock's resolution by far. */
        if (each * calls < 50e-6) calls *= 2;
    } while (now() - start < seconds_each);
    return best;
}

/* --------------------------------------------------------------------- peak */

struct peak {
    enum p2s_isa isa;
    void *table;
};

enum { PEAK_ROUNDS = 1000 };

static void run_peak(void *context) {
    const struct peak *peak = context;
    volatile float sum = p2s_peak(peak->isa, P2S_PEAK_F32, peak->table, PEAK_ROUNDS);
    (void)sum;
}

/* Operations a second that this instruction set can reach at most; 0 for the portable form,
 * which the compiler may give more or less than that. */
static double peak_rate(enum p2s_isa isa) {
    _Alignas(64) static uint32_t table[P2S_PEAK_TABLE];
    struct peak peak = { isa, table };
    if (isa == P2S_ISA_PORTABLE) return 0;
    p2s_peak_fill(P2S_PEAK_F32, table);
    double operations = 2.0 * PEAK_ROUNDS * (double)p2s_peak_multiply_adds(isa, P2S_PEAK_F32);
    return operations / fastest(run_peak, &peak);
}

/* -------------------------------------------------------------------- table */

enum { ISAS = 5 };
static enum p2s_isa here[ISAS];
static double peaks[ISAS];
static int here_count;

static const char *isa_name(enum p2s_isa isa) {
    return isa == P2S_ISA_AVX2 ? "avx2" : isa == P2S_ISA_AVX512 ? "avx512"
        : isa == P2S_ISA_NEON  ? "neon" : isa == P2S_ISA_AMX ? "amx" : "portable";
}

static void run_timing(void *context) {
    const struct timing *timing = context;
    timing->run(timing);
}

void line(struct timing timing, double operations, int of_peak) {
    for (int i = 0; i < here_count; i++) {
        timing.isa = here[i];
        double rate = operations / fastest(run_timing, &timing);
        printf("  %7.1f", rate / 1e9);
        if (of_peak && peaks[i] > 0) printf(" %3.0f%%", 100 * rate / peaks[i]);
        else printf("     ");
    }
    printf("\n");
    fflush(stdout);
}

float *random_floats(int64_t count) {
    float *p = aligned_alloc(64, (size_t)(count * (int64_t)sizeof(float) + 63) / 64 * 64);
    if (!p) exit(2);
    for (int64_t i = 0; i < count; i++) p[i] = (float)(rand() % 2001 - 1000) / 1000;
    return p;
}

/* -------------------------------------------------------------- convolution */

static int only_group;

static void run_tile(const struct timing *timing) {
    struct p2s_conv conv = *(const struct p2s_conv *)timing->layer;
    int32_t most = p2s_conv_tile_pixels(timing->isa);
    int32_t span = conv.flat ? conv.rows * conv.width : conv.width;
    conv.row_tiles = (span + most - 1) / most;
    conv.unit_tiles = conv.rows * conv.row_tiles;
    for (int32_t u = 0; u < p2s_conv_units(&conv); u++)
        p2s_conv_unit(timing->isa, &conv, timing->input, 0, timing->output, u);
}

/* `kernel` is 1 or 3; whole blocks of channels in each group, in and out. */
static void time_convolution(
    int32_t channels, int32_t group, int32_t kernel, int32_t width, int32_t stride) {
    static struct p2s_segment segments[9 * 128];
    int32_t halo = kernel / 2, in_width = width * stride + 2 * halo, group_blocks = group / 16;
    int64_t in_row = (int64_t)in_width * 16, in_block = in_width * in_row;
    int32_t count = 0;
    for (int32_t b = 0; b < group_blocks; b++)
        for (int32_t ky = 0; ky < kernel; ky++)
            for (int32_t kx = 0; kx < kernel; kx++)
                segments[count++]
                    = (struct p2s_segment) { b * in_block + ky * in_row + kx * 16, 16 };
    int32_t panel_blocks = group_blocks % 2 == 0 ? 2 : 1, depth = kernel * kernel * group;
    float *weights = random_floats((int64_t)channels * depth), *bias = random_floats(channels);
    struct p2s_conv conv = {
        .segments = segments,
        .weights = weights,
        .bias = bias,
        .segment_count = count,
        .depth = depth,
        .panels = channels / 16 / panel_blocks,
        .panel_blocks = panel_blocks,
        .panels_per_group = group_blocks / panel_blocks,
        .relu = 1,
        .images = 1,
        .rows = width,
        .width = width,
        .flat = kernel == 1 && stride == 1,
        .unit_panels = channels / 16 / panel_blocks,
        .panel_outer = (int64_t)channels * depth * 4 > 512 << 10,
        .in_pixel = 16 * stride,
        .in_row = in_row * stride,
        .in_group = group_blocks * in_block,
        .out_row = (int64_t)width * 16,
        .out_block = (int64_t)width * width * 16,
    };
    float *input = random_floats(channels / 16 * in_block);
    float *output = random_floats(channels / 16 * conv.out_block);
    struct timing timing = { .run = run_tile, .layer = &conv, .input = input, .output = output };
    printf(
        "tile     %dx%d, %3d of %4d channels, %2d x %2d, stride %d", kernel, kernel, group,
        channels, width, width, stride);
    line(timing, 2.0 * width * width * channels * depth, 1);
    free(weights), free(bias), free(input), free(output);
}

static void bench_tile(void) {
    if (!only_group) {
        time_convolution(256, 256, 1, 14, 1);
        time_convolution(256, 256, 1, 7, 1);
        time_convolution(256, 256, 1, 14, 2);
        time_convolution(64, 64, 3, 28, 1);
    }
    static const int32_t groups[] = { 16, 32, 48, 64 };
    for (int g = 0; g < 4; g++)
        for (int32_t stride = 1; stride <= 2; stride++)
            for (int32_t width = stride == 1 ? 56 : 28; width >= 7; width /= 2)
                if (!only_group || only_group == groups[g])
                    time_convolution(2 * groups[g], groups[g], 3, width, stride);
}

static void run_grouped(const struct timing *timing) {
    const struct p2s_grouped *conv = timing->layer;
    for (int32_t u = 0; u < p2s_grouped_units(conv); u++)
        p2s_grouped_unit(timing->isa, conv, timing->input, timing->output, u);
}

static void time_grouped(int32_t group, int32_t width, int32_t stride) {
    enum { BLOCKS = 2 };
    int64_t in_row = (int64_t)(width * stride + 2) * 16;
    float *weights = random_floats(BLOCKS * 9 * 16 * group), *bias = random_floats(BLOCKS * 16);
    struct p2s_grouped conv = {
        .weights = weights,
        .bias = bias,
        .blocks = BLOCKS,
        .group = group,
        .depth = group,
        .stride = stride,
        .relu = 1,
        .rows = width,
        .width = width,
        .unit_rows = width,
        .in_row = in_row,
        .in_block = (width * stride + 2) * in_row,
        .out_row = (int64_t)width * 16,
        .out_block = (int64_t)width * width * 16,
    };
    float *input = random_floats(BLOCKS * conv.in_block);
    float *output = random_floats(BLOCKS * conv.out_block);
    struct timing timing = { .run = run_grouped, .layer = &conv, .input = input, .output = output };
    printf(
        "grouped  3x3, %3d of %4d channels, %2d x %2d, stride %d", group, BLOCKS * 16, width,
        width, stride);
    line(timing, 2.0 * width * width * BLOCKS * 16 * 9 * group, 1);
    free(weights), free(bias), free(input), free(output);
}

static void bench_grouped(void) {
    for (int32_t group = 1; group <= 8; group *= 2)
        for (int32_t stride = 1; stride <= 2; stride++)
            for (int32_t width = stride == 1 ? 56 : 28; width >= 7; width /= 2)
                if (!only_group || only_group == group) time_grouped(group, width, stride);
}

/* ------------------------------------------------------------------ reduced */

static void run_reduced_tile(const struct timing *timing) {
    struct p2s_reduced_conv conv = *(const struct p2s_reduced_conv *)timing->layer;
    int32_t most = p2s_reduced_tile_pixels(timing->isa, conv.number);
    conv.conv.row_tiles = (conv.conv.rows * conv.conv.width + most - 1) / most;
    conv.conv.unit_tiles = conv.conv.row_tiles;
    for (int32_t u = 0; u < p2s_conv_units(&conv.conv); u++)
        p2s_reduced_conv_unit(
            timing->isa, &conv, (const void *)timing->input, 0, timing->output, u);
}

/* A 1x1 of 256 channels. Random bits are words of either kind, as far as speed goes: with
 * numbers of ordinary size in their upper halves. */
static void time_reduced_tile(enum p2s_number number, int32_t width) {
    static struct p2s_segment segments[16];
    int32_t pixel = number == P2S_I8 ? 4 : 8;
    int64_t block = (int64_t)width * width * pixel;
    for (int32_t b = 0; b < 16; b++) segments[b] = (struct p2s_segment) { b * block, pixel };
    float *weights = random_floats(256 * 16 * pixel), *bias = random_floats(256);
    float *scale = random_floats(256), *input = random_floats(16 * block);
    float *output = random_floats(256 * (int64_t)width * width);
    struct p2s_reduced_conv conv = {
        .conv = {
            .segments = segments,
            .weights = weights,
            .bias = bias,
            .segment_count = 16,
            .depth = 16 * pixel,
            .panels = 8,
            .panel_blocks = 2,
            .panels_per_group = 8,
            .relu = 1,
            .images = 1,
            .rows = width,
            .width = width,
            .flat = 1,
            .unit_panels = 8,
            .in_pixel = pixel,
            .out_row = (int64_t)width * 16,
            .out_block = (int64_t)width * width * 16,
        },
        .number = number,
        .scale = scale,
        .input_scale = scale,
    };
    struct timing timing
        = { .run = run_reduced_tile, .layer = &conv, .input = input, .output = output };
    printf("%s 1x1, 256 of  256 channels, %2d x %2d, of float32 ",
           number == P2S_I8 ? "tile_i8  " : "tile_bf16", width, width);
    line(timing, 2.0 * 256 * 256 * width * width, 1);
    free(weights), free(bias), free(scale), free(input), free(output);
}

static void bench_tile_bf16(void) { time_reduced_tile(P2S_BF16, 14); }
static void bench_tile_i8(void) { time_reduced_tile(P2S_I8, 14); }

static void run_reduced_grouped(const struct timing *timing) {
    const struct p2s_reduced_grouped *conv = timing->layer;
    for (int32_t u = 0; u < p2s_grouped_units(&conv->conv); u++)
        p2s_reduced_grouped_unit(
            timing->isa, conv, (const void *)timing->input, timing->output, u);
}

static void time_reduced_grouped(
    enum p2s_number number, int32_t group, int32_t width, int32_t stride) {
    enum { BLOCKS = 2 };
    int32_t channels = number == P2S_I8 ? 4 : 2, pixel = 16 / channels;
    int64_t in_row = (int64_t)(width * stride + 2) * pixel;
    float *weights = random_floats(BLOCKS * 9 * 16 * group / channels);
    float *bias = random_floats(BLOCKS * 16), *scale = random_floats(BLOCKS * 16);
    struct p2s_reduced_grouped conv = {
        .conv = {
            .weights = weights,
            .bias = bias,
            .blocks = BLOCKS,
            .group = group,
            .depth = group / channels,
            .stride = stride,
            .relu = 1,
            .rows = width,
            .width = width,
            .unit_rows = width,
            .in_row = in_row,
            .in_block = (width * stride + 2) * in_row,
            .out_row = (int64_t)width * 16,
            .out_block = (int64_t)width * width * 16,
        },
        .number = number,
        .scale = scale,
        .input_scale = scale,
    };
    float *input = random_floats(BLOCKS * conv.conv.in_block);
    float *output = random_floats(BLOCKS * conv.conv.out_block);
    struct timing timing
        = { .run = run_reduced_grouped, .layer = &conv, .input = input, .output = output };
    printf("%s 3x3, %d channels, %2d x %2d, stride %d, of f32",
           number == P2S_I8 ? "grouped_i8  " : "grouped_bf16", group, width, width, stride);
    line(timing, 2.0 * width * width * BLOCKS * 16 * 9 * group, 1);
    free(weights), free(bias), free(scale), free(input), free(output);
}

static void bench_reduced_grouped(enum p2s_number number) {
    for (int32_t group = 4; group <= 8; group *= 2)
        for (int32_t stride = 1; stride <= 2; stride++)
            if (!only_group || only_group == group)
                time_reduced_grouped(number, group, stride == 1 ? 56 : 28, stride);
}

static void bench_grouped_bf16(void) { bench_reduced_grouped(P2S_BF16); }
static void bench_grouped_i8(void) { bench_reduced_grouped(P2S_I8); }

/* ----------------------------------------------------------------- winograd */

static float *transformed;

static void run_winograd_input(const struct timing *timing) {
    const struct p2s_winograd *conv = timing->layer;
    for (int32_t u = 0; u < p2s_winograd_input_units(conv); u++)
        p2s_winograd_input_unit(timing->isa, conv, timing->input, transformed, u);
}

static void run_winograd(const struct timing *timing) {
    const struct p2s_winograd *conv = timing->layer;
    run_winograd_input(timing);
    for (int32_t u = 0; u < p2s_winograd_units(conv); u++)
        p2s_winograd_unit(timing->isa, conv, transformed, 0, timing->output, u);
}

/* The first pass alone, or both passes in operations of the plain convolution. */
static void time_winograd(int32_t channels, int32_t width, int first_pass) {
    static struct p2s_segment segments[32];
    int32_t blocks = channels / 16, strip = P2S_WINOGRAD_STRIP;
    if ((width + 3) / 4 * ((width + 3) / 4) < strip) strip = (width + 3) / 4 * ((width + 3) / 4);
    for (int32_t b = 0; b < blocks; b++)
        segments[b] = (struct p2s_segment) { (int64_t)b * strip * 16, 16 };
    float *weights = random_floats(36 * (int64_t)channels * channels);
    float *bias = random_floats(channels);
    struct p2s_winograd conv = {
        .segments = segments,
        .weights = weights,
        .bias = bias,
        .segment_count = blocks,
        .depth = channels,
        .in_blocks = blocks,
        .panels = blocks / 2,
        .panels_per_group = blocks / 2,
        .panel_blocks = 2,
        .relu = 1,
        .images = 1,
        .rows = width,
        .width = width,
        .strip_tiles = strip,
        .in_row = (int64_t)(width + 2) * 16,
        .in_block = (int64_t)(width + 2) * (width + 2) * 16,
        .out_row = (int64_t)width * 16,
        .out_block = (int64_t)width * width * 16,
    };
    float *input = random_floats(blocks * conv.in_block);
    float *output = random_floats(blocks * conv.out_block);
    transformed = random_floats(p2s_winograd_floats(blocks, width, width, strip));
    double area = (double)width * width * channels;
    struct timing timing = { .layer = &conv, .input = input, .output = output };
    if (first_pass) {
        timing.run = run_winograd_input;
        printf("winograd input, %3d channels, %2d x %2d, GB/s read   ", channels, width, width);
        line(timing, 4 * area, 0);
    } else {
        timing.run = run_winograd;
        printf("winograd 3x3, %3d of %4d channels, %2d x %2d, plain  ", channels, channels, width,
               width);
        line(timing, 2.0 * 9 * channels * area, 1);
    }
    free(weights), free(bias), free(input), free(output), free(transformed);
}

static void bench_winograd_input(void) {
    time_winograd(64, 56, 1);
    time_winograd(128, 28, 1);
    time_winograd(256, 14, 1);
}

static void bench_winograd_output(void) {
    time_winograd(64, 56, 0);
    time_winograd(128, 28, 0);
    time_winograd(256, 14, 0);
}

static void run_winograd_pack(const struct timing *timing) {
    p2s_pack_winograd(
        timing->isa, timing->input, timing->layer, 32, 64, 32, timing->output);
}

static void bench_winograd_pack(void) {
    double scale[32];
    for (int i = 0; i < 32; i++) scale[i] = 1 + 0.01 * i;
    float *input = random_floats(32 * 64 * 9), *output = random_floats(32 * 64 * 36);
    struct timing timing
        = { .run = run_winograd_pack, .layer = scale, .input = input, .output = output };
    printf("winograd pack, 32 filters of 64, GB/s read          ");
    line(timing, 4.0 * 32 * 64 * 9, 0);
    free(input), free(output);
}

/* --------------------------------------------------------------- the others */

static void run_maxpool(const struct timing *timing) {
    const struct p2s_maxpool *pool = timing->layer;
    for (int32_t u = 0; u < p2s_maxpool_units(pool); u++)
        p2s_maxpool_unit(timing->isa, pool, timing->input, timing->output, u);
}

static void bench_maxpool(void) {
    struct p2s_maxpool pool = {
        .blocks = 1, .in_rows = 112, .in_width = 112, .unit_rows = 56,
        .in_block = 112 * 112 * 16, .out_row = 56 * 16, .out_block = 56 * 56 * 16,
    };
    float *input = random_floats(pool.in_block), *output = random_floats(pool.out_block);
    struct timing timing = { .run = run_maxpool, .layer = &pool, .input = input, .output = output };
    printf("maxpool  112 x 112 pixels, GB/s read                ");
    line(timing, 4.0 * (double)pool.in_block, 0);
    free(input), free(output);
}

enum { DENSE_ROWS = 32, DENSE_COLUMNS = 2048 };

static void run_dots(const struct timing *timing) {
    const float *weights = timing->layer;
    p2s_dense(
        timing->isa, weights, weights, timing->input, DENSE_ROWS, DENSE_COLUMNS, timing->output);
}

static void bench_dots(void) {
    float *weights = random_floats(DENSE_ROWS * DENSE_COLUMNS);
    float *input = random_floats(DENSE_COLUMNS), *output = random_floats(DENSE_ROWS);
    struct timing timing = { .run = run_dots, .layer = weights, .input = input, .output = output };
    printf("dots     %d rows of %d, GB/s of weights            ", DENSE_ROWS, DENSE_COLUMNS);
    line(timing, 4.0 * DENSE_ROWS * DENSE_COLUMNS, 0);
    free(weights), free(input), free(output);
}

enum { PACK_DEPTH = 512 };

static void run_pack(const struct timing *timing) {
    p2s_pack_panel(
        timing->isa, timing->input, timing->layer, 0, 32, PACK_DEPTH, 32, timing->output);
}

static void bench_pack(void) {
    double scale[32];
    for (int i = 0; i < 32; i++) scale[i] = 1 + 0.01 * i;
    float *input = random_floats(32 * PACK_DEPTH), *output = random_floats(32 * PACK_DEPTH);
    struct timing timing = { .run = run_pack, .layer = scale, .input = input, .output = output };
    printf("pack     32 filters of %d, GB/s read               ", PACK_DEPTH);
    line(timing, 4.0 * 32 * PACK_DEPTH, 0);
    free(input), free(output);
}

/* In bench_products.c and bench_quantized.c. */
void bench_products(void);
void bench_split(void);
void bench_lines(void);
void bench_quantized_tiles(void);

int main(int count, char **arguments) {
    const char *only = count > 1 ? arguments[1] : "all";
    only_group = count > 2 ? atoi(arguments[2]) : 0;
    static const enum p2s_isa all[]
        = { P2S_ISA_PORTABLE, P2S_ISA_AVX2, P2S_ISA_AVX512, P2S_ISA_NEON, P2S_ISA_AMX };
    for (int i = 0; i < ISAS; i++)
        if (p2s_isa_supported(all[i])) here[here_count++] = all[i];
    printf("GFLOP/s and share of the peak                       ");
    for (int i = 0; i < here_count; i++) printf("  %8s    ", isa_name(here[i]));
    printf("\npeak, in registers                                  ");
    for (int i = 0; i < here_count; i++) {
        peaks[i] = peak_rate(here[i]);
        printf("  %7.1f     ", peaks[i] / 1e9);
    }
    printf("\n");
#define BENCH(name, arguments, avx2, avx512, neon, amx) \
    if (strcmp(only, "all") == 0 || strcmp(only, #name) == 0) bench_##name();
    P2S_KERNELS(BENCH)
    return 0;
}

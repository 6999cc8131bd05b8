/*
 * test_window.c - tests p2s_window_unit for kinds, windows and strides of small images, and
 * p2s_max_block.
 */
#include "harness.h"

static int32_t mirror(int32_t place, int32_t size) {
    if (place < 0) place = -place;
    if (place >= size) place = 2 * size - 2 - place;
    return place < 0 ? 0 : place >= size ? size - 1 : place;
}

static float pixel(const float *plane, int32_t width, int32_t y, int32_t x, int32_t lane) {
    return plane[((int64_t)y * width + x) * P2S_LANES + lane];
}

/* The exact value of one output number, and what rounding may change of it. */
static struct want expected(
    const struct p2s_window *window, const float *plane, int32_t y, int32_t x, int32_t lane) {
    int32_t rows = window->maps.in_rows, width = window->maps.in_width, k = window->kernel;
    double best = -__builtin_inf(), sum = 0, size = 0;
    int32_t count = 0;
    for (int32_t i = 0; i < k; i++)
        for (int32_t j = 0; j < k; j++) {
            int32_t r = y * window->stride - window->padding + i;
            int32_t c = x * window->stride - window->padding + j;
            double weight = 1;
            if (window->kind == P2S_WINDOW_BLUR) {
                weight = (i == 1 ? 2.0 : 1.0) * (j == 1 ? 2.0 : 1.0) / 16;
                r = mirror(r, rows);
                c = mirror(c, width);
            }
            if (r < 0 || r >= rows || c < 0 || c >= width) continue;
            double v = (double)pixel(plane, width, r, c, lane);
            count++;
            sum += weight * v;
            size += weight * (v < 0 ? -v : v);
            if (best == best && (v != v || v > best)) best = v;
        }
    switch (window->kind) {
    case P2S_WINDOW_MAX: return (struct want) { best, 0 };
    case P2S_WINDOW_MEAN: return (struct want) { sum / count, size * 2e-6 / count };
    case P2S_WINDOW_ALL: return (struct want) { sum / (k * k), size * 2e-6 / (k * k) };
    case P2S_WINDOW_BLUR: return (struct want) { sum, size * 1e-6 };
    }
    return (struct want) { 0, 0 };
}

static void run_window(struct numbers *n, struct p2s_window *window, enum values values) {
    struct p2s_maps *maps = &window->maps;
    int32_t gap = P2S_LANES * draw_below(n, 2);
    int64_t plane = (int64_t)maps->in_rows * maps->in_width * P2S_LANES;
    maps->in_row = (int64_t)maps->in_width * P2S_LANES;
    maps->in_block = plane + gap;
    maps->out_row = (int64_t)window->out_width * P2S_LANES;
    maps->out_block = window->out_rows * maps->out_row;
    int64_t count = maps->blocks * maps->out_block;
    float *input = place_floats(INPUT, (maps->blocks - 1) * maps->in_block + plane);
    for (int32_t b = 0; b < maps->blocks; b++) fill(n, values, input + b * maps->in_block, plane);
    struct want *want = wants(count);
    int64_t at = 0;
    for (int32_t b = 0; b < maps->blocks; b++)
        for (int32_t y = 0; y < window->out_rows; y++)
            for (int32_t x = 0; x < window->out_width; x++)
                for (int32_t l = 0; l < P2S_LANES; l++)
                    want[at++] = expected(window, input + b * maps->in_block, y, x, l);
    for (int32_t i = 0; i < here_count; i++) {
        maps->unit_rows = 1 + draw_below(n, window->out_rows);
        float *output = place_floats(OUTPUT, count);
        for (int32_t u = p2s_window_units(window) - 1; u >= 0; u--)
            p2s_window_unit(window, input, output, u);
        judge(here[i], output, want, count, ALL_AGREE);
    }
}

static int32_t out_size(int32_t size, int32_t kernel, int32_t stride, int32_t padding, int ceils) {
    int32_t space = size + 2 * padding - kernel;
    if (space < 0) return 0;
    int32_t out = (space + (ceils ? stride - 1 : 0)) / stride + 1;
    return ceils && (out - 1) * stride >= size + padding ? out - 1 : out;
}

void test_window(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 11; rows++)
        for (int32_t width = 1; width <= 9; width++)
            for (int32_t kind = 0; kind < 4; kind++) {
                int blurs = kind == P2S_WINDOW_BLUR;
                int32_t kernel = blurs ? 3 : 1 + draw_below(&n, 5);
                struct p2s_window window = {
                    .maps = { .blocks = 1 + draw_below(&n, 2), .in_rows = rows, .in_width = width },
                    .kind = (enum p2s_window_kind)kind,
                    .kernel = kernel,
                    .stride = 1 + draw_below(&n, blurs ? 2 : 4),
                    .padding = blurs ? 1 : draw_below(&n, kernel / 2 + 1),
                };
                int ceils = !blurs && draw_below(&n, 2);
                window.out_rows = out_size(rows, kernel, window.stride, window.padding, ceils);
                window.out_width = out_size(width, kernel, window.stride, window.padding, ceils);
                if (!window.out_rows || !window.out_width) continue;
                enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES);
                begin_case(
                    "kind %d, %d x %d pixels, window %d, stride %d, padding %d, values %d", kind, rows,
                    width, kernel, window.stride, window.padding, values);
                run_window(&n, &window, values);
            }
}

void test_max_block(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t rows = 1; rows <= 9; rows++)
        for (int32_t width = 1; width <= 9; width++) {
            enum values values = DRAW_OF(&n, ORDINARY, ZEROS, INFINITIES);
            begin_case("the largest of %d x %d pixels, values %d", rows, width, values);
            int64_t count = (int64_t)rows * width * P2S_LANES;
            float *input = place_floats(INPUT, count);
            fill(&n, values, input, count);
            struct p2s_window whole = {
                .maps = { .in_rows = rows, .in_width = width },
                .kind = P2S_WINDOW_MAX,
                .kernel = rows > width ? rows : width,
                .stride = 1,
            };
            struct want *want = wants(P2S_LANES);
            for (int32_t l = 0; l < P2S_LANES; l++) want[l] = expected(&whole, input, 0, 0, l);
            for (int32_t i = 0; i < here_count; i++) {
                float *output = place_floats(OUTPUT, P2S_LANES);
                p2s_max_block(input, rows, width, (int64_t)width * P2S_LANES, output);
                judge(here[i], output, want, P2S_LANES, ALL_AGREE);
            }
        }
}

/*
 * test_tile.c - tests p2s_conv_unit and p2s_reduced_conv_unit: every tile width, number of
 * blocks, pixel stride, way of adding a residual and ReLU; all else drawn at random.
 */
#include "words.h"

#include <string.h>

/* A layer of arbitrary geometry: more general than any that a network has. */
struct layer {
    struct p2s_conv conv;
    struct p2s_segment segments[5];
    int64_t input_count, output_count, origin;
    int64_t image_output; /* floats of one image */
    int number; /* FLOATS or an enum p2s_number */
    const float *scale, *input_scale; /* of reduced layers; the latter conv.in_image apart */
    enum values values;
    enum { NO_RESIDUAL, SEPARATE, IN_PLACE } residual;
};

/* Of image 0, as all that follows. */
static int64_t pixel_input(const struct layer *layer, int32_t panel, int32_t y, int32_t x) {
    const struct p2s_conv *conv = &layer->conv;
    int64_t plane = conv->flat ? (int64_t)(y * conv->width + x) * conv->in_pixel
                               : y * conv->in_row + x * conv->in_pixel;
    return panel / conv->panels_per_group * conv->in_group + plane;
}

static int64_t pixel_output(const struct layer *layer, int32_t block, int32_t y, int32_t x) {
    return layer->origin + block * layer->conv.out_block + y * layer->conv.out_row
        + x * (int64_t)P2S_LANES;
}

static void draw_segments(struct numbers *n, struct layer *layer) {
    layer->conv.segment_count = 1 + draw_below(n, 4);
    layer->conv.depth = 0;
    int64_t offset = 0;
    for (int32_t s = 0; s < layer->conv.segment_count; s++) {
        int32_t count = DRAW_OF(n, 1, 2, 3, 7, 15, 16, 16, 17, 33);
        layer->segments[s] = (struct p2s_segment) { offset, count };
        layer->conv.depth += count;
        /* Behind, before or over the one before it. */
        offset = draw_below(n, 100);
    }
}

/* Sizes of the buffers: exactly what the header says is touched. */
static void measure(struct numbers *n, struct layer *layer) {
    struct p2s_conv *conv = &layer->conv;
    int32_t halo = conv->out_halo, gap = P2S_LANES * draw_below(n, 2);
    conv->in_row = draw_below(n, 900);
    conv->in_group = draw_below(n, 2000);
    conv->out_row = (int64_t)(conv->width + 2 * halo) * P2S_LANES + gap;
    conv->out_block = (conv->rows + 2 * halo) * conv->out_row + gap;
    layer->origin = halo * (conv->out_row + P2S_LANES);
    int32_t blocks = conv->panels * conv->panel_blocks;
    layer->image_output = (blocks - 1) * conv->out_block
        + (conv->rows + 2 * halo - 1) * conv->out_row
        + (int64_t)(conv->width + 2 * halo) * P2S_LANES;
    conv->out_image = layer->image_output + gap;
    layer->output_count = (conv->images - 1) * conv->out_image + layer->image_output;
    conv->in_image = draw_below(n, 2000);
    layer->input_count = 0;
    int64_t last = pixel_input(layer, conv->panels - 1, conv->rows - 1, conv->width - 1);
    for (int32_t s = 0; s < conv->segment_count; s++) {
        int64_t end = last + layer->segments[s].offset + layer->segments[s].count;
        if (end > layer->input_count) layer->input_count = end;
    }
    layer->input_count += (conv->images - 1) * conv->in_image;
}

/* How work is cut must not show, so that every instruction set gets another cut. */
static void draw_partition(
    struct numbers *n, enum p2s_isa isa, int number, struct p2s_conv *conv) {
    int32_t most = number == FLOATS
        ? p2s_conv_tile_pixels(isa) : p2s_reduced_tile_pixels(isa, (enum p2s_number)number);
    int32_t span = conv->flat ? conv->rows * conv->width : conv->width;
    int32_t least = (span + most - 1) / most;
    conv->row_tiles = draw_below(n, 3) ? least : least + draw_below(n, span - least + 1);
    conv->unit_tiles = 1 + draw_below(n, 8);
    conv->unit_panels = 1 + draw_below(n, 3);
    conv->panel_outer = draw_below(n, 2);
    conv->units_ahead = draw_below(n, 4);
}

/* Fills what the output pixels read; the rest of the input stays poison. */
static void fill_input(struct numbers *n, const struct layer *layer, float *input) {
    const struct p2s_conv *conv = &layer->conv;
    for (int32_t p = 0; p < conv->panels; p++)
        for (int32_t y = 0; y < conv->rows; y++)
            for (int32_t x = 0; x < conv->width; x++)
                for (int32_t s = 0; s < conv->segment_count; s++) {
                    float *a = input + pixel_input(layer, p, y, x) + layer->segments[s].offset;
                    for (int64_t i = 0; i < layer->segments[s].count; i++)
                        if (is_poison(a[i]))
                            fill_elements(n, layer->number, layer->values, a + i, 1);
                }
}

/* The sum, with the bias unless that is added after scaling. */
static struct exact sum_of(
    const struct layer *layer, const float *input, int32_t panel, int32_t lane, int32_t y,
    int32_t x) {
    const struct p2s_conv *conv = &layer->conv;
    int64_t lanes = conv->panel_blocks * P2S_LANES;
    const float *w = conv->weights + panel * conv->depth * lanes + lane;
    struct exact sum
        = exact_start(layer->number == FLOATS ? conv->bias[panel * lanes + lane] : 0);
    for (int32_t s = 0; s < conv->segment_count; s++) {
        const float *a = input + pixel_input(layer, panel, y, x) + conv->segments[s].offset;
        for (int64_t i = 0; i < conv->segments[s].count; i++, w += lanes)
            add_element(&sum, layer->number, a[i], *w);
    }
    return sum;
}

static void expect(
    const struct layer *layer, const float *input, int32_t image, const float *residual,
    struct want *want) {
    const struct p2s_conv *conv = &layer->conv;
    input += image * conv->in_image;
    int32_t halo = conv->out_halo, blocks = conv->panel_blocks;
    for (int32_t b = 0; b < conv->panels * blocks; b++)
        for (int32_t y = -halo; y < conv->rows + halo; y++)
            for (int32_t x = -halo; x < conv->width + halo; x++) {
                int64_t at = pixel_output(layer, b, y, x);
                int inside = y >= 0 && y < conv->rows && x >= 0 && x < conv->width;
                for (int32_t l = 0; l < P2S_LANES; l++) {
                    want[at + l] = (struct want) { 0, 0 };
                    if (!inside) continue;
                    struct exact sum
                        = sum_of(layer, input, b / blocks, b % blocks * P2S_LANES + l, y, x);
                    float more = residual ? residual[at + l - layer->origin] : 0;
                    int32_t c = b * P2S_LANES + l;
                    want[at + l] = layer->number == FLOATS
                        ? exact_want(&sum, more, conv->relu)
                        : reduced_want(
                            &sum, layer->number, layer->input_scale[image * conv->in_image],
                            layer->scale[c],
                            conv->bias[c], more, conv->relu);
                }
            }
}

static void run_unit(
    enum p2s_isa isa, const struct layer *layer, const float *input, const float *residual,
    float *output, int32_t unit) {
    if (layer->number == FLOATS) {
        p2s_conv_unit(isa, &layer->conv, input, residual, output, unit);
        return;
    }
    struct p2s_reduced_conv conv = {
        layer->conv, (enum p2s_number)layer->number, layer->scale, layer->input_scale
    };
    p2s_reduced_conv_unit(isa, &conv, (const void *)input, residual, output, unit);
}

/* One form's output with the work cut as `cut` draws it. */
static float *run_form(
    enum p2s_isa isa, struct layer *layer, const float *input, const float *sums, enum slot slot,
    struct numbers *cut) {
    struct p2s_conv *conv = &layer->conv;
    draw_partition(cut, isa, layer->number, conv);
    float *output = place_floats(slot, layer->output_count);
    float *target = output + layer->origin;
    if (layer->residual == IN_PLACE)
        for (int64_t f = 0; f < layer->output_count - 2 * layer->origin; f++) target[f] = sums[f];
    const float *residual
        = layer->residual == NO_RESIDUAL ? 0 : layer->residual == SEPARATE ? sums : target;
    int32_t units = p2s_conv_units(conv), backwards = draw_below(cut, 2);
    for (int32_t u = 0; u < units; u++)
        run_unit(isa, layer, input, residual, target, backwards ? units - 1 - u : u);
    return output;
}

static void run_layer(struct numbers *n, struct layer *layer) {
    struct p2s_conv *conv = &layer->conv;
    int64_t lanes = (int64_t)conv->panels * conv->panel_blocks * P2S_LANES;
    struct p2s_segment *segments
        = place(SEGMENTS, conv->segment_count * (int64_t)sizeof *segments);
    for (int32_t s = 0; s < conv->segment_count; s++) segments[s] = layer->segments[s];
    float *weights = place_floats(WEIGHTS, lanes * conv->depth);
    float *bias = place_floats(BIAS, lanes), *input = place_floats(INPUT, layer->input_count);
    fill_elements(n, layer->number, layer->values, weights, lanes * conv->depth);
    fill(n, layer->values, bias, lanes);
    if (layer->number != FLOATS) {
        int64_t step = conv->in_image;
        float *scale = place_floats(SCALE, lanes);
        float *input_scale = place_floats(ORDER, (conv->images - 1) * step + 1);
        fill(n, ORDINARY, scale, lanes);
        for (int32_t i = 0; i < conv->images; i++)
            input_scale[i * step] = layer->number == P2S_BF16 ? 1 : draw_float(n, layer->values);
        layer->scale = scale;
        layer->input_scale = input_scale;
    }
    for (int32_t i = 0; i < conv->images; i++) fill_input(n, layer, input + i * conv->in_image);
    conv->segments = segments;
    conv->weights = weights;
    conv->bias = bias;

    /* The residual's pixels: from the first one to the last one, without halo. */
    int64_t sum_count = layer->output_count - 2 * layer->origin;
    float *sums = place_floats(RESIDUAL, sum_count);
    for (int32_t i = 0; i < conv->images; i++)
        for (int32_t b = 0; b < conv->panels * conv->panel_blocks; b++)
            for (int32_t y = 0; y < conv->rows; y++)
                fill(n, layer->values,
                     sums + i * conv->out_image + pixel_output(layer, b, y, 0) - layer->origin,
                     (int64_t)conv->width * P2S_LANES);
    struct want *want = wants(layer->output_count);
    for (int32_t i = 0; i < conv->images; i++)
        expect(
            layer, input, i, layer->residual == NO_RESIDUAL ? 0 : sums + i * conv->out_image,
            want + i * conv->out_image);

    for (int32_t i = 0; i < here_count; i++) {
        struct numbers cut = { n->state + (uint64_t)here[i] };
        float *output = run_form(here[i], layer, input, sums, OUTPUT, &cut);
        judge(here[i], output, want, layer->output_count, agreement_of(layer->number));
        float *again = run_form(here[i], layer, input, sums, AGAIN, &cut);
        judge_again(here[i], output, again, layer->output_count);
    }
}

static void test_layers(uint64_t seed, int number) {
    /* The fast ones, and two others. */
    int32_t pixel = pixel_elements(number);
    const int32_t strides[] = { 2, pixel, 2 * pixel, 7, 3 * pixel };
    struct numbers n = { seed };
    for (int32_t width = 1; width <= 2 * P2S_TILE_MAX + 1; width++)
        for (int32_t blocks = 1; blocks <= 2; blocks++)
            for (int32_t s = 0; s < 5; s++)
                for (int32_t residual = NO_RESIDUAL; residual <= IN_PLACE; residual++)
                    for (int32_t relu = 0; relu < 2; relu++) {
                        struct layer layer = {
                            .conv = {
                                .panels = 1 + draw_below(&n, 3),
                                .panel_blocks = blocks,
                                .panels_per_group = 1 + draw_below(&n, 3),
                                .relu = relu,
                                .rows = 1 + draw_below(&n, 3),
                                .images = DRAW_OF(&n, 1, 1, 2, 3),
                                .width = width,
                                .out_halo = draw_below(&n, 2),
                                .flat = draw_below(&n, 3) == 0,
                                .in_pixel = strides[s],
                            },
                            .number = number,
                            .values = DRAW_OF(&n, ORDINARY, ORDINARY, DENORMAL, ZEROS, INFINITIES),
                            .residual = residual,
                        };
                        draw_segments(&n, &layer);
                        measure(&n, &layer);
                        struct p2s_conv *conv = &layer.conv;
                        begin_case(
                            "%d of %d x %d pixels, %d panels of %d blocks, %d a group, depth %d in %d "
                            "segments, pixel stride %d, residual %d, relu %d, halo %d, flat %d, "
                            "values %d",
                            conv->images, conv->rows, width, conv->panels, blocks,
                            conv->panels_per_group,
                            conv->depth, conv->segment_count, strides[s], residual, relu,
                            conv->out_halo, conv->flat, layer.values);
                        run_layer(&n, &layer);
                    }
}

void test_tile(uint64_t seed) { test_layers(seed, FLOATS); }
void test_tile_bf16(uint64_t seed) { test_layers(seed, P2S_BF16); }

/* The deepest sum that fits an int32, of the largest products. */
static void test_deepest(uint64_t seed) {
    enum { WORDS = 65792 / 4 };
    struct numbers n = { seed };
    struct layer layer = {
        .conv = {
            .images = 1, .panels = 1, .panel_blocks = 2, .panels_per_group = 1, .rows = 1, .width = 1,
            .in_pixel = pixel_elements(P2S_I8), .segment_count = 1, .depth = WORDS,
        },
        .segments = { { 0, WORDS } },
        .number = P2S_I8,
        .residual = NO_RESIDUAL,
    };
    begin_case("%d products of 255 and -128", 4 * WORDS);
    measure(&n, &layer);
    int32_t lanes = layer.conv.panel_blocks * P2S_LANES;
    float *weights = place_floats(WEIGHTS, (int64_t)lanes * WORDS);
    float *input = place_floats(INPUT, layer.input_count), *bias = place_floats(BIAS, lanes);
    float *scale = place_floats(SCALE, lanes), *input_scale = place_floats(ORDER, 1);
    struct p2s_segment *segments = place(SEGMENTS, sizeof *segments);
    memset(weights, 0x80, (size_t)lanes * WORDS * sizeof *weights);
    memset(input, 0xFF, (size_t)layer.input_count * sizeof *input);
    for (int32_t l = 0; l < lanes; l++) scale[l] = 1, bias[l] = 0;
    *input_scale = 1;
    *segments = layer.segments[0];
    layer.conv.segments = segments;
    layer.conv.weights = weights;
    layer.conv.bias = bias;
    layer.scale = scale;
    layer.input_scale = input_scale;
    struct want *want = wants(layer.output_count);
    for (int32_t l = 0; l < lanes; l++)
        want[pixel_output(&layer, l / P2S_LANES, 0, 0) + l % P2S_LANES]
            = (struct want) { -65792.0 * 255 * 128, 0 };
    for (int32_t i = 0; i < here_count; i++) {
        float *output = run_form(here[i], &layer, input, 0, OUTPUT, &n);
        judge(here[i], output, want, layer.output_count, ALL_AGREE);
    }
}

void test_tile_i8(uint64_t seed) {
    test_layers(seed, P2S_I8);
    test_deepest(seed);
}

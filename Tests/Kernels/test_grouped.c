/*
 * test_grouped.c - tests p2s_grouped_unit and p2s_reduced_grouped_unit: every group size,
 * with and without padded groups, both strides, every width around a run of pixels; all
 * else drawn at random.
 */
#include "words.h"

struct layer {
    struct p2s_grouped conv;
    int64_t input_count, output_count, origin;
    int number; /* FLOATS or an enum p2s_number */
    int32_t pixel; /* elements of one */
    const float *scale, *input_scale; /* of reduced layers */
    enum values values;
};

/* Sizes of the buffers: the last taps of the last pixel end the input. */
static void measure(struct numbers *n, struct layer *layer) {
    struct p2s_grouped *conv = &layer->conv;
    int32_t halo = conv->out_halo, gap = P2S_LANES * draw_below(n, 2);
    int32_t in_rows = (conv->rows - 1) * conv->stride + 3;
    int64_t in_width = (int64_t)((conv->width - 1) * conv->stride + 3) * layer->pixel;
    conv->in_row = in_width + layer->pixel * draw_below(n, 3);
    conv->in_block = in_rows * conv->in_row + layer->pixel * draw_below(n, 3);
    conv->out_row = (int64_t)(conv->width + 2 * halo) * P2S_LANES + gap;
    conv->out_block = (conv->rows + 2 * halo) * conv->out_row + gap;
    layer->origin = halo * (conv->out_row + P2S_LANES);
    layer->input_count
        = (conv->blocks - 1) * conv->in_block + (in_rows - 1) * conv->in_row + in_width;
    layer->output_count = (conv->blocks - 1) * conv->out_block
        + (conv->rows + 2 * halo - 1) * conv->out_row
        + (int64_t)(conv->width + 2 * halo) * P2S_LANES;
}

/* The first element of the group of lane `lane`: groups of less than a word share one. */
static int32_t group_start(const struct layer *layer, int32_t lane) {
    return lane / layer->conv.group * layer->conv.group * layer->pixel / P2S_LANES;
}

/* Lanes that pad a group stay poison: they are never read as channels. */
static void fill_input(struct numbers *n, const struct layer *layer, float *input) {
    const struct p2s_grouped *conv = &layer->conv;
    for (int32_t b = 0; b < conv->blocks; b++)
        for (int32_t y = 0; y < (conv->rows - 1) * conv->stride + 3; y++)
            for (int32_t x = 0; x < (conv->width - 1) * conv->stride + 3; x++)
                for (int32_t l = 0; l < P2S_LANES; l += conv->group) {
                    float *group = input + b * conv->in_block + y * conv->in_row
                        + x * layer->pixel + group_start(layer, l);
                    if (is_poison(*group))
                        fill_elements(n, layer->number, layer->values, group, conv->depth);
                }
}

static struct want want_of(
    const struct layer *layer, const float *input, int32_t block, int32_t lane, int32_t y,
    int32_t x) {
    const struct p2s_grouped *conv = &layer->conv;
    float bias = conv->bias[block * P2S_LANES + lane];
    struct exact sum = exact_start(layer->number == FLOATS ? bias : 0);
    const float *w = conv->weights + (int64_t)block * 9 * conv->depth * P2S_LANES + lane;
    for (int32_t ky = 0; ky < 3; ky++)
        for (int32_t c = 0; c < conv->depth; c++)
            for (int32_t kx = 0; kx < 3; kx++, w += P2S_LANES) {
                int64_t at = block * conv->in_block + (y * conv->stride + ky) * conv->in_row
                    + (int64_t)(x * conv->stride + kx) * layer->pixel;
                add_element(
                    &sum, layer->number, input[at + group_start(layer, lane) + c], *w);
            }
    if (layer->number == FLOATS) return exact_want(&sum, 0, conv->relu);
    float scale = layer->scale[block * P2S_LANES + lane];
    return reduced_want(
        &sum, layer->number, *layer->input_scale, scale, bias, 0, conv->relu);
}

static void expect(const struct layer *layer, const float *input, struct want *want) {
    const struct p2s_grouped *conv = &layer->conv;
    int32_t halo = conv->out_halo;
    for (int32_t b = 0; b < conv->blocks; b++)
        for (int32_t y = -halo; y < conv->rows + halo; y++)
            for (int32_t x = -halo; x < conv->width + halo; x++) {
                int64_t at = layer->origin + b * conv->out_block + y * conv->out_row
                    + x * (int64_t)P2S_LANES;
                int inside = y >= 0 && y < conv->rows && x >= 0 && x < conv->width;
                for (int32_t l = 0; l < P2S_LANES; l++)
                    want[at + l]
                        = inside ? want_of(layer, input, b, l, y, x) : (struct want) { 0, 0 };
            }
}

static void run_unit(
    enum p2s_isa isa, const struct layer *layer, const float *input, float *output,
    int32_t unit) {
    if (layer->number == FLOATS) {
        p2s_grouped_unit(isa, &layer->conv, input, output, unit);
        return;
    }
    struct p2s_reduced_grouped conv = {
        layer->conv, (enum p2s_number)layer->number, layer->scale, layer->input_scale
    };
    p2s_reduced_grouped_unit(isa, &conv, (const void *)input, output, unit);
}

static void run_layer(struct numbers *n, struct layer *layer) {
    struct p2s_grouped *conv = &layer->conv;
    int64_t lanes = (int64_t)conv->blocks * P2S_LANES;
    float *weights = place_floats(WEIGHTS, lanes * 9 * conv->depth);
    float *bias = place_floats(BIAS, lanes), *input = place_floats(INPUT, layer->input_count);
    fill_elements(n, layer->number, layer->values, weights, lanes * 9 * conv->depth);
    fill(n, layer->values, bias, lanes);
    if (layer->number != FLOATS) {
        float *scale = place_floats(SCALE, lanes), *input_scale = place_floats(ORDER, 1);
        fill(n, ORDINARY, scale, lanes);
        *input_scale = layer->number == P2S_BF16 ? 1 : draw_float(n, layer->values);
        layer->scale = scale;
        layer->input_scale = input_scale;
    }
    fill_input(n, layer, input);
    conv->weights = weights;
    conv->bias = bias;
    struct want *want = wants(layer->output_count);
    expect(layer, input, want);
    for (int32_t i = 0; i < here_count; i++) {
        struct numbers cut = { n->state + (uint64_t)here[i] };
        conv->unit_rows = 1 + draw_below(&cut, conv->rows);
        float *output = place_floats(OUTPUT, layer->output_count);
        int32_t units = p2s_grouped_units(conv), backwards = draw_below(&cut, 2);
        for (int32_t u = 0; u < units; u++)
            run_unit(here[i], layer, input, output + layer->origin, backwards ? units - 1 - u : u);
        judge(here[i], output, want, layer->output_count, agreement_of(layer->number));
    }
}

static void test_layers(uint64_t seed, int number) {
    struct numbers n = { seed };
    int32_t channels = 16 / pixel_elements(number); /* of an element */
    for (int32_t group = 1; group <= 8; group *= 2)
        for (int32_t depth = 1; depth == 1 || depth * channels <= group; depth++)
            for (int32_t stride = 1; stride <= 2; stride++)
                for (int32_t width = 1; width <= 4 * P2S_TILE_MAX + 1; width++) {
                    struct layer layer = {
                        .conv = {
                            .blocks = 1 + draw_below(&n, 2),
                            .group = group,
                            .depth = depth,
                            .stride = stride,
                            .relu = draw_below(&n, 2),
                            .rows = 1 + draw_below(&n, 3),
                            .width = width,
                            .out_halo = draw_below(&n, 2),
                        },
                        .number = number,
                        .pixel = pixel_elements(number),
                        .values = DRAW_OF(&n, ORDINARY, ORDINARY, DENORMAL, ZEROS, INFINITIES),
                    };
                    measure(&n, &layer);
                    begin_case(
                        "%d blocks of %d x %d pixels, groups of %d with %d elements, stride %d, "
                        "relu %d, halo %d, values %d",
                        layer.conv.blocks, layer.conv.rows, width, group, depth, stride,
                        layer.conv.relu, layer.conv.out_halo, layer.values);
                    run_layer(&n, &layer);
                }
}

void test_grouped(uint64_t seed) { test_layers(seed, FLOATS); }
void test_grouped_bf16(uint64_t seed) { test_layers(seed, P2S_BF16); }
void test_grouped_i8(uint64_t seed) { test_layers(seed, P2S_I8); }

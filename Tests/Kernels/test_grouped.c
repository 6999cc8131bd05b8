/*
 * test_grouped.c - tests p2s_grouped_unit: every group size, with and without padded
 * groups, both strides, every width around a run of pixels; all else drawn at random.
 */
#include "harness.h"

struct layer {
    struct p2s_grouped conv;
    int64_t input_count, output_count, origin;
    enum values values;
};

/* Sizes of the buffers: the last taps of the last pixel end the input. */
static void measure(struct numbers *n, struct layer *layer) {
    struct p2s_grouped *conv = &layer->conv;
    int32_t halo = conv->out_halo, gap = P2S_LANES * draw_below(n, 2);
    int32_t in_rows = (conv->rows - 1) * conv->stride + 3;
    int64_t in_width = (int64_t)((conv->width - 1) * conv->stride + 3) * P2S_LANES;
    conv->in_row = in_width + P2S_LANES * draw_below(n, 3);
    conv->in_block = in_rows * conv->in_row + P2S_LANES * draw_below(n, 3);
    conv->out_row = (int64_t)(conv->width + 2 * halo) * P2S_LANES + gap;
    conv->out_block = (conv->rows + 2 * halo) * conv->out_row + gap;
    layer->origin = halo * (conv->out_row + P2S_LANES);
    layer->input_count
        = (conv->blocks - 1) * conv->in_block + (in_rows - 1) * conv->in_row + in_width;
    layer->output_count = (conv->blocks - 1) * conv->out_block
        + (conv->rows + 2 * halo - 1) * conv->out_row
        + (int64_t)(conv->width + 2 * halo) * P2S_LANES;
}

/* Lanes that pad a group stay poison: they are never read as channels. */
static void fill_input(struct numbers *n, const struct layer *layer, float *input) {
    const struct p2s_grouped *conv = &layer->conv;
    for (int32_t b = 0; b < conv->blocks; b++)
        for (int32_t y = 0; y < (conv->rows - 1) * conv->stride + 3; y++)
            for (int32_t x = 0; x < (conv->width - 1) * conv->stride + 3; x++)
                for (int32_t l = 0; l < P2S_LANES; l++)
                    if (l % conv->group < conv->depth)
                        input[b * conv->in_block + y * conv->in_row + x * P2S_LANES + l]
                            = draw_float(n, layer->values);
}

static struct want want_of(
    const struct layer *layer, const float *input, int32_t block, int32_t lane, int32_t y,
    int32_t x) {
    const struct p2s_grouped *conv = &layer->conv;
    struct exact sum = exact_start(conv->bias[block * P2S_LANES + lane]);
    const float *w = conv->weights + (int64_t)block * 9 * conv->depth * P2S_LANES + lane;
    for (int32_t ky = 0; ky < 3; ky++)
        for (int32_t c = 0; c < conv->depth; c++)
            for (int32_t kx = 0; kx < 3; kx++, w += P2S_LANES) {
                int64_t at = block * conv->in_block + (y * conv->stride + ky) * conv->in_row
                    + (int64_t)(x * conv->stride + kx) * P2S_LANES;
                exact_add(&sum, input[at + lane / conv->group * conv->group + c], *w);
            }
    return exact_want(&sum, 0, conv->relu);
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

static void run_layer(struct numbers *n, struct layer *layer) {
    struct p2s_grouped *conv = &layer->conv;
    int64_t lanes = (int64_t)conv->blocks * P2S_LANES;
    float *weights = place_floats(WEIGHTS, lanes * 9 * conv->depth);
    float *bias = place_floats(BIAS, lanes), *input = place_floats(INPUT, layer->input_count);
    fill(n, layer->values, weights, lanes * 9 * conv->depth);
    fill(n, layer->values, bias, lanes);
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
            p2s_grouped_unit(
                here[i], conv, input, output + layer->origin, backwards ? units - 1 - u : u);
        judge(here[i], output, want, layer->output_count, 1);
    }
}

void test_grouped(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t group = 1; group <= 8; group *= 2)
        for (int32_t depth = 1; depth <= group; depth++)
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
                        .values = DRAW_OF(&n, ORDINARY, ORDINARY, DENORMAL, ZEROS, INFINITIES),
                    };
                    measure(&n, &layer);
                    begin_case(
                        "%d blocks of %d x %d pixels, groups of %d with %d channels, stride %d, "
                        "relu %d, halo %d, values %d",
                        layer.conv.blocks, layer.conv.rows, width, group, depth, stride,
                        layer.conv.relu, layer.conv.out_halo, layer.values);
                    run_layer(&n, &layer);
                }
}

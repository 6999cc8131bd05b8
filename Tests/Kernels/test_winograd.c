/*
 * test_winograd.c - tests both passes of p2s_winograd and p2s_pack_winograd. The exact
 * values are those of the plain convolution; the matrices of the algorithm, worked out
 * here from its points, only give the bounds.
 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

enum { MATRICES = 36, MAX_TILES = 24, MAX_DEPTH = 40, MAX_LANES = 96, MAX_GROUPS = 3 };

/* ----------------------------------------------------------------- matrices */

static double a_t[4][6], b_t[6][6], g_m[6][3];

/* Toom and Cook: points 0, +-2/3, +-3/2 and infinity. */
static void make_matrices(void) {
    static const double points[5] = { 0, 2.0 / 3, -2.0 / 3, 1.5, -1.5 };
    for (int p = 0; p < 5; p++) {
        for (int k = 0; k < 4; k++) a_t[k][p] = pow(points[p], k);
        /* The polynomial that is zero at all other points, and its value at this one. */
        double polynomial[6] = { 1 }, value = 1;
        for (int q = 0; q < 5; q++) {
            if (q == p) continue;
            for (int k = 5; k > 0; k--)
                polynomial[k] = polynomial[k - 1] - points[q] * polynomial[k];
            polynomial[0] *= -points[q];
            value *= points[p] - points[q];
        }
        for (int k = 0; k < 6; k++) b_t[p][k] = fabs(polynomial[k]) < 1e-12 ? 0 : polynomial[k];
        for (int k = 0; k < 3; k++) g_m[p][k] = pow(points[p], k) / value;
    }
    a_t[3][5] = 1;
    g_m[5][2] = 1;
    /* At infinity: zero at all five points. */
    double polynomial[6] = { 1 };
    for (int q = 0; q < 5; q++) {
        for (int k = 5; k > 0; k--) polynomial[k] = polynomial[k - 1] - points[q] * polynomial[k];
        polynomial[0] *= -points[q];
    }
    for (int k = 0; k < 6; k++) b_t[5][k] = fabs(polynomial[k]) < 1e-12 ? 0 : polynomial[k];
}

/* out = M in M', for M [rows][columns]; with absolute values of M if asked. A zero of M
 * takes nothing, not even a NaN. */
static void sandwich(
    const double *m, int rows, int columns, int absolute, const double *in, double *out) {
    double half[6 * 6];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            half[i * columns + j] = 0;
            for (int k = 0; k < columns; k++) {
                double c = m[i * columns + k];
                if (c != 0) half[i * columns + j] += (absolute ? fabs(c) : c) * in[k * columns + j];
            }
        }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < rows; j++) {
            out[i * rows + j] = 0;
            for (int k = 0; k < columns; k++) {
                double c = m[j * columns + k];
                if (c != 0) out[i * rows + j] += (absolute ? fabs(c) : c) * half[i * columns + k];
            }
        }
}

/* -------------------------------------------------------------------- layer */

struct layer {
    struct p2s_winograd conv;
    int64_t input_count, output_count, origin, transformed_count, matrix_floats;
    int32_t groups, group_blocks, tiles, row_tiles, strips;
    enum values values;
    enum { NO_RESIDUAL, SEPARATE, IN_PLACE } residual;
};

static int32_t up(int32_t count, int32_t size) { return (count + size - 1) / size; }

static void measure(struct numbers *n, struct layer *layer) {
    struct p2s_winograd *conv = &layer->conv;
    int32_t halo = conv->out_halo, gap = P2S_LANES * draw_below(n, 2);
    conv->in_row = (int64_t)(conv->width + 2) * P2S_LANES + P2S_LANES * draw_below(n, 2);
    conv->in_block = (conv->rows + 2) * conv->in_row + P2S_LANES * draw_below(n, 2);
    conv->out_row = (int64_t)(conv->width + 2 * halo) * P2S_LANES + gap;
    conv->out_block = (conv->rows + 2 * halo) * conv->out_row + gap;
    layer->origin = halo * (conv->out_row + P2S_LANES);
    layer->group_blocks = up(conv->depth, P2S_LANES);
    layer->groups = up(conv->panels, conv->panels_per_group);
    conv->in_blocks = layer->groups * layer->group_blocks;
    layer->input_count = (conv->in_blocks - 1) * conv->in_block + (conv->rows + 1) * conv->in_row
        + (int64_t)(conv->width + 2) * P2S_LANES;
    layer->output_count = (conv->panels * conv->panel_blocks - 1) * conv->out_block
        + (conv->rows + 2 * halo - 1) * conv->out_row
        + (int64_t)(conv->width + 2 * halo) * P2S_LANES;
    layer->row_tiles = up(conv->width, 4);
    layer->tiles = layer->row_tiles * up(conv->rows, 4);
    layer->strips = up(layer->tiles, conv->strip_tiles);
    layer->transformed_count
        = p2s_winograd_floats(conv->in_blocks, conv->rows, conv->width, conv->strip_tiles);
    layer->matrix_floats = layer->transformed_count / layer->strips / MATRICES;
}

/* Where channel `c` of group `group` begins. */
static int64_t channel_at(const struct layer *layer, int32_t group, int32_t c) {
    return (group * layer->group_blocks + c / P2S_LANES) * layer->conv.in_block + c % P2S_LANES;
}

/* The input with its halo of zeros; lanes past the last channel stay poison. */
static float *make_input(struct numbers *n, const struct layer *layer) {
    const struct p2s_winograd *conv = &layer->conv;
    float *input = place_floats(INPUT, layer->input_count);
    for (int32_t c = 0; c < layer->groups * conv->depth; c++)
        for (int32_t y = 0; y < conv->rows + 2; y++)
            for (int32_t x = 0; x < conv->width + 2; x++) {
                int inside = y > 0 && y <= conv->rows && x > 0 && x <= conv->width;
                input[channel_at(layer, c / conv->depth, c % conv->depth) + y * conv->in_row
                      + x * P2S_LANES] = inside ? draw_float(n, layer->values) : 0;
            }
    return input;
}

/* The 6x6 inputs of one tile of one channel, which begins at `plane`; zeros below and right
 * of the halo. */
static void tile_inputs(
    const struct layer *layer, const float *plane, int32_t tile, double *d) {
    const struct p2s_winograd *conv = &layer->conv;
    for (int32_t i = 0; i < MATRICES; i++) {
        int32_t y = tile / layer->row_tiles * 4 + i / 6, x = tile % layer->row_tiles * 4 + i % 6;
        int exists = y < conv->rows + 2 && x < conv->width + 2;
        d[i] = exists ? (double)plane[y * conv->in_row + x * P2S_LANES] : 0;
    }
}

static void run_input(
    enum p2s_isa isa, const struct layer *layer, const float *input, float *to) {
    for (int32_t u = p2s_winograd_input_units(&layer->conv) - 1; u >= 0; u--)
        p2s_winograd_input_unit(isa, &layer->conv, input, to, u);
}

static struct layer draw_layer(struct numbers *n, int32_t rows, int32_t width) {
    struct layer layer = {
        .conv = {
            .depth = DRAW_OF(n, 1, 3, 15, 16, 17, 32, 33),
            .panels = 1 + draw_below(n, 3),
            .panels_per_group = 1 + draw_below(n, 3),
            .panel_blocks = 1 + draw_below(n, 2),
            .relu = draw_below(n, 2),
            .rows = rows,
            .width = width,
            .out_halo = draw_below(n, 2),
            .strip_tiles = 1 + draw_below(n, P2S_WINOGRAD_STRIP),
            .images = DRAW_OF(n, 1, 1, 2, 3),
        },
        .values = DRAW_OF(n, ORDINARY, ORDINARY, DENORMAL, ZEROS, INFINITIES),
        .residual = (int)draw_below(n, 3),
    };
    measure(n, &layer);
    begin_case(
        "%d x %d pixels, depth %d, %d panels of %d blocks, %d a group, strips of %d, relu %d, "
        "halo %d, residual %d, values %d",
        rows, width, layer.conv.depth, layer.conv.panels, layer.conv.panel_blocks,
        layer.conv.panels_per_group, layer.conv.strip_tiles, layer.conv.relu,
        layer.conv.out_halo, layer.residual, layer.values);
    return layer;
}

/* --------------------------------------------------------------- first pass */

void test_winograd_input(uint64_t seed) {
    struct numbers n = { seed };
    make_matrices();
    for (int32_t rows = 1; rows <= 9; rows++)
        for (int32_t width = 1; width <= 17; width++) {
            struct layer layer = draw_layer(&n, rows, width);
            float *input = make_input(&n, &layer);
            struct want *want = wants(layer.transformed_count);
            for (int32_t c = 0; c < P2S_LANES * layer.conv.in_blocks; c++)
                for (int32_t t = 0; t < layer.tiles; t++) {
                    double d[36], absolute[36], value[36], magnitude[36];
                    tile_inputs(&layer, input + c / 16 * layer.conv.in_block + c % 16, t, d);
                    for (int i = 0; i < MATRICES; i++) absolute[i] = fabs(d[i]);
                    sandwich(&b_t[0][0], 6, 6, 0, d, value);
                    sandwich(&b_t[0][0], 6, 6, 1, absolute, magnitude);
                    int32_t strip = t / layer.conv.strip_tiles, at = t % layer.conv.strip_tiles;
                    for (int m = 0; m < MATRICES; m++) {
                        struct want *w = want
                            + ((int64_t)strip * MATRICES + m) * layer.matrix_floats
                            + (c / 16 * layer.conv.strip_tiles + at) * P2S_LANES + c % 16;
                        *w = (struct want) { value[m], 0x1p-20 * magnitude[m] + 0x1p-140 };
                        if (c % (layer.group_blocks * P2S_LANES) >= layer.conv.depth)
                            w->bound = INFINITY; /* no channel */
                    }
                }
            for (int32_t i = 0; i < here_count; i++) {
                float *transformed = place_floats(OUTPUT, layer.transformed_count);
                run_input(here[i], &layer, input, transformed);
                judge(here[i], transformed, want, layer.transformed_count, FUSED_AGREE);
            }
        }
}

/* -------------------------------------------------------------- second pass */

/* Sum over the channels of |G g G'| * |B' d B|, carried back by |A'|: what rounding is
 * measured by. */
static void tile_magnitudes(
    const struct layer *layer, const double (*d)[MATRICES], const double (*g)[MATRICES],
    double *out) {
    double sum[MATRICES] = { 0 };
    for (int32_t c = 0; c < layer->conv.depth; c++)
        for (int m = 0; m < MATRICES; m++) sum[m] += d[c][m] * g[c][m];
    sandwich(&a_t[0][0], 4, 6, 1, sum, out);
}

/* One output of a group: the plain convolution, with `magnitude` for its bound. */
static struct want output_want(
    const struct layer *layer, const float *input, int32_t group, const float *filter, int32_t y,
    int32_t x, float bias, float residual, double magnitude) {
    const struct p2s_winograd *conv = &layer->conv;
    struct exact sum = exact_start(bias);
    int nan_read = 0, infinity_read = 0;
    for (int32_t c = 0; c < conv->depth; c++)
        for (int32_t tap = 0; tap < 9; tap++) {
            float v = input[channel_at(layer, group, c) + (y + tap / 3) * conv->in_row
                            + (x + tap % 3) * P2S_LANES];
            exact_add(&sum, v, filter[c * 9 + tap]);
            nan_read |= isnan(v);
            infinity_read |= isinf(v);
        }
    struct want want = exact_want(&sum, residual, conv->relu);
    if (nan_read || isnan(residual)) return (struct want) { NAN, 0 };
    if (infinity_read) return (struct want) { 0, conv->relu ? INFINITY : NAN };
    if (!isfinite(magnitude)) return (struct want) { 0, INFINITY };
    magnitude += fabs((double)bias) + fabs((double)residual);
    want.bound = (conv->depth + 32) * (0x1p-23 * magnitude + 0x1p-140);
    return want;
}

static double tile_d[MAX_GROUPS][MAX_TILES][MAX_DEPTH][MATRICES];
static double filter_g[MAX_DEPTH][MATRICES];

static void expect(
    const struct layer *layer, const float *input, const float *filters, const float *bias,
    const float *residual, struct want *want) {
    const struct p2s_winograd *conv = &layer->conv;
    for (int32_t g = 0; g < layer->groups; g++)
        for (int32_t t = 0; t < layer->tiles; t++)
            for (int32_t c = 0; c < conv->depth; c++) {
                double d[MATRICES];
                tile_inputs(layer, input + channel_at(layer, g, c), t, d);
                for (int i = 0; i < MATRICES; i++) d[i] = fabs(d[i]);
                sandwich(&b_t[0][0], 6, 6, 1, d, tile_d[g][t][c]);
            }
    int32_t halo = conv->out_halo;
    for (int32_t l = 0; l < conv->panels * conv->panel_blocks * P2S_LANES; l++) {
        const float *filter = filters + (int64_t)l * conv->depth * 9;
        int32_t group = l / (conv->panel_blocks * P2S_LANES) / conv->panels_per_group;
        for (int32_t c = 0; c < conv->depth; c++) {
            double g[9];
            for (int i = 0; i < 9; i++) g[i] = fabs((double)filter[c * 9 + i]);
            sandwich(&g_m[0][0], 6, 3, 1, g, filter_g[c]);
        }
        int64_t first = layer->origin + l / 16 * conv->out_block + l % 16;
        for (int32_t y = -halo; y < conv->rows + halo; y++)
            for (int32_t x = -halo; x < conv->width + halo; x++)
                want[first + y * conv->out_row + x * P2S_LANES] = (struct want) { 0, 0 };
        for (int32_t t = 0; t < layer->tiles; t++) {
            double magnitudes[16];
            tile_magnitudes(layer, tile_d[group][t], filter_g, magnitudes);
            for (int i = 0; i < 16; i++) {
                int32_t y = t / layer->row_tiles * 4 + i / 4, x = t % layer->row_tiles * 4 + i % 4;
                if (y >= conv->rows || x >= conv->width) continue;
                int64_t at = first + y * conv->out_row + x * P2S_LANES;
                want[at] = output_want(
                    layer, input, group, filter, y, x, bias[l],
                    residual ? residual[at - layer->origin] : 0, magnitudes[i]);
            }
        }
    }
}

/* One form's output with the work cut as `cut` draws it. */
static float *run_form(
    enum p2s_isa isa, const struct layer *layer, struct p2s_segment *segments,
    const float *input, const float *sums, enum slot slot, struct numbers *cut) {
    struct layer other = *layer;
    struct p2s_winograd *conv = &other.conv;
    conv->strip_tiles = 1 + draw_below(cut, P2S_WINOGRAD_STRIP);
    other.transformed_count
        = p2s_winograd_floats(conv->in_blocks, conv->rows, conv->width, conv->strip_tiles);
    for (int32_t b = 0; b < layer->group_blocks; b++)
        segments[b].offset = (int64_t)b * conv->strip_tiles * P2S_LANES;
    conv->transformed_image = other.transformed_count;
    int64_t images = conv->images, all = (images - 1) * conv->out_image + layer->output_count;
    float *transformed = place_floats(TRANSFORMED, images * other.transformed_count);
    for (int64_t i = 0; i < images; i++)
        run_input(isa, &other, input, transformed + i * other.transformed_count);
    float *output = place_floats(slot, all);
    float *target = output + layer->origin;
    if (layer->residual == IN_PLACE)
        for (int64_t f = 0; f < all - 2 * layer->origin; f++) target[f] = sums[f];
    const float *residual
        = layer->residual == NO_RESIDUAL ? 0 : layer->residual == SEPARATE ? sums : target;
    int32_t units = p2s_winograd_units(conv), backwards = draw_below(cut, 2);
    for (int32_t u = 0; u < units; u++)
        p2s_winograd_unit(
            isa, conv, transformed, residual, target, backwards ? units - 1 - u : u);
    return output;
}

static void run_layer(struct numbers *n, struct layer *layer) {
    struct p2s_winograd *conv = &layer->conv;
    static float filters[MAX_LANES * MAX_DEPTH * 9];
    int32_t lanes = conv->panel_blocks * P2S_LANES, all = conv->panels * lanes;
    int64_t panel_floats = (int64_t)MATRICES * conv->depth * lanes;
    enum values finite = layer->values == INFINITIES ? ORDINARY : layer->values;
    fill(n, finite, filters, (int64_t)all * conv->depth * 9);
    float *weights = place_floats(WEIGHTS, conv->panels * panel_floats);
    for (int32_t p = 0; p < conv->panels; p++)
        p2s_pack_winograd(
            P2S_ISA_PORTABLE, filters + (int64_t)p * lanes * conv->depth * 9, 0, lanes,
            conv->depth, lanes, weights + p * panel_floats);
    float *bias = place_floats(BIAS, all);
    fill(n, finite, bias, all);
    struct p2s_segment *segments = place(SEGMENTS, layer->group_blocks * (int64_t)sizeof *segments);
    for (int32_t b = 0; b < layer->group_blocks; b++) {
        int32_t left = conv->depth - b * P2S_LANES;
        segments[b].offset = (int64_t)b * conv->strip_tiles * P2S_LANES;
        segments[b].count = left < P2S_LANES ? left : P2S_LANES;
    }
    conv->segments = segments;
    conv->segment_count = layer->group_blocks;
    conv->weights = weights;
    conv->bias = bias;

    float *input = make_input(n, layer);
    int64_t sum_count = layer->output_count - 2 * layer->origin;
    float *sums = place_floats(RESIDUAL, sum_count);
    for (int32_t b = 0; b < conv->panels * conv->panel_blocks; b++)
        for (int32_t y = 0; y < conv->rows; y++)
            fill(n, layer->values, sums + b * conv->out_block + y * conv->out_row,
                 (int64_t)conv->width * P2S_LANES);
    /* Images are copies of each other, except for what is added. */
    int64_t step = layer->output_count + P2S_LANES, images = conv->images;
    float *image_sums = place_floats(ORDER, (images - 1) * step + sum_count);
    for (int64_t i = 0; i < images; i++)
        for (int64_t f = 0; f < sum_count; f++)
            image_sums[i * step + f] = is_poison(sums[f]) ? sums[f] : i ? 0 : sums[f];
    struct want *want = wants((images - 1) * step + layer->output_count);
    for (int64_t i = 0; i < images; i++)
        expect(
            layer, input, filters, bias,
            layer->residual == NO_RESIDUAL ? 0 : image_sums + i * step, want + i * step);
    conv->out_image = step;

    for (int32_t i = 0; i < here_count; i++) {
        /* Another cut for each instruction set, and a second one: it must not show. */
        struct numbers cut = { n->state + (uint64_t)here[i] };
        float *output = run_form(here[i], layer, segments, input, image_sums, OUTPUT, &cut);
        judge(here[i], output, want, (images - 1) * step + layer->output_count, FUSED_AGREE);
        float *again = run_form(here[i], layer, segments, input, image_sums, AGAIN, &cut);
        judge_again(here[i], output, again, (images - 1) * step + layer->output_count);
    }
}

void test_winograd_output(uint64_t seed) {
    struct numbers n = { seed };
    make_matrices();
    for (int32_t rows = 1; rows <= 9; rows++)
        for (int32_t width = 1; width <= 17; width++) {
            struct layer layer = draw_layer(&n, rows, width);
            run_layer(&n, &layer);
        }
}

/* ------------------------------------------------------------------ packing */

void test_winograd_pack(uint64_t seed) {
    struct numbers n = { seed };
    make_matrices();
    for (int32_t filters = 1; filters <= 32; filters++)
        for (int32_t depth = 1; depth <= 9; depth++) {
            int32_t lanes = filters + draw_below(&n, 5), scaled = draw_below(&n, 2);
            enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS);
            begin_case(
                "%d filters of %d in %d lanes, scaled %d, values %d", filters, depth, lanes,
                scaled, values);
            float *weights = place_floats(WEIGHTS, (int64_t)filters * depth * 9);
            fill(&n, values, weights, (int64_t)filters * depth * 9);
            double *scale = place(SCALE, filters * (int64_t)sizeof *scale);
            for (int32_t r = 0; r < filters; r++)
                scale[r] = (double)draw_float(&n, ORDINARY) * 1.1 + 0.1;
            int64_t count = (int64_t)(MATRICES * depth - 1) * lanes + filters;
            struct want *want = wants(count);
            for (int32_t r = 0; r < filters; r++)
                for (int32_t c = 0; c < depth; c++) {
                    double g[9], absolute[9], u[36], magnitude[36];
                    for (int i = 0; i < 9; i++) {
                        g[i] = (double)weights[(r * depth + c) * 9 + i] * (scaled ? scale[r] : 1);
                        absolute[i] = fabs(g[i]);
                    }
                    sandwich(&g_m[0][0], 6, 3, 0, g, u);
                    sandwich(&g_m[0][0], 6, 3, 1, absolute, magnitude);
                    /* Rounded once to float, and in double on the way. */
                    for (int m = 0; m < MATRICES; m++)
                        want[(int64_t)(m * depth + c) * lanes + r] = (struct want) {
                            u[m], 0x1p-24 * fabs(u[m]) + 0x1p-48 * magnitude[m] + 0x1p-150
                        };
                }
            for (int32_t i = 0; i < here_count; i++) {
                float *packed = place_floats(OUTPUT, count);
                p2s_pack_winograd(
                    here[i], weights, scaled ? scale : 0, filters, depth, lanes, packed);
                judge(here[i], packed, want, count, ALL_AGREE);
            }
        }
}

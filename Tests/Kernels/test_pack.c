/*
 * test_pack.c - tests p2s_pack_panel and p2s_pack_grouped: filters and depths around the
 * square of 16 by 16, with and without scale and order. Every form gives the same bits.
 */
#include "harness.h"

struct panel {
    int32_t filters, depth, lanes, scaled, ordered;
    enum values values;
};

static void run_panel(struct numbers *n, const struct panel *panel) {
    int64_t weight_count = (int64_t)panel->filters * panel->depth;
    int64_t count = (int64_t)(panel->depth - 1) * panel->lanes + panel->filters;
    float *weights = place_floats(WEIGHTS, weight_count);
    fill(n, panel->values, weights, weight_count);
    double *scale = place(SCALE, panel->filters * (int64_t)sizeof *scale);
    for (int32_t r = 0; r < panel->filters; r++)
        scale[r] = (double)draw_float(n, ORDINARY) * 1.1 + 0.1;
    int32_t *order = place(ORDER, panel->depth * (int64_t)sizeof *order);
    /* Any step may take any weight, so that a permutation is not needed. */
    for (int32_t k = 0; k < panel->depth; k++) order[k] = draw_below(n, panel->depth);
    struct want *want = wants(count);
    for (int32_t r = 0; r < panel->filters; r++)
        for (int32_t k = 0; k < panel->depth; k++) {
            float w = weights[r * panel->depth + (panel->ordered ? order[k] : k)];
            float packed = (float)((double)w * (panel->scaled ? scale[r] : 1));
            want[(int64_t)k * panel->lanes + r] = (struct want) { (double)packed, 0 };
        }
    for (int32_t i = 0; i < here_count; i++) {
        float *packed = place_floats(OUTPUT, count);
        p2s_pack_panel(
            here[i], weights, panel->scaled ? scale : 0, panel->ordered ? order : 0,
            panel->filters, panel->depth, panel->lanes, packed);
        judge(here[i], packed, want, count, ALL_AGREE);
    }
}

/* Lanes draw their filter from `filters` of them, or have none. */
static void run_block(
    struct numbers *n, int32_t filters, int32_t depth, int32_t scaled, enum values values) {
    int64_t weight_count = (int64_t)filters * depth * 9, count = 9 * depth * P2S_LANES;
    float *weights = place_floats(WEIGHTS, weight_count);
    fill(n, values, weights, weight_count);
    double *scale = place(SCALE, filters * (int64_t)sizeof *scale);
    for (int32_t r = 0; r < filters; r++) scale[r] = (double)draw_float(n, ORDINARY) * 1.1 + 0.1;
    int32_t *lanes = place(ORDER, P2S_LANES * (int64_t)sizeof *lanes);
    for (int32_t l = 0; l < P2S_LANES; l++) lanes[l] = draw_below(n, filters + 1) - 1;
    struct want *want = wants(count);
    for (int32_t l = 0; l < P2S_LANES; l++)
        for (int32_t tap = 0; tap < 9; tap++)
            for (int32_t c = 0; c < depth; c++) {
                int32_t at = ((tap / 3 * depth + c) * 3 + tap % 3) * P2S_LANES + l;
                float packed = 0;
                if (lanes[l] >= 0)
                    packed = (float)((double)weights[(lanes[l] * depth + c) * 9 + tap]
                                     * (scaled ? scale[lanes[l]] : 1));
                want[at] = (struct want) { (double)packed, 0 };
            }
    for (int32_t i = 0; i < here_count; i++) {
        float *packed = place_floats(OUTPUT, count);
        p2s_pack_grouped(weights, scaled ? scale : 0, lanes, depth, packed);
        judge(here[i], packed, want, count, ALL_AGREE);
    }
}

void test_pack(uint64_t seed) {
    struct numbers n = { seed };
    for (int32_t filters = 1; filters <= 33; filters++)
        for (int32_t depth = 1; depth <= 49; depth++) {
            struct panel panel = {
                .filters = filters,
                .depth = depth,
                .lanes = filters + draw_below(&n, 17),
                .scaled = draw_below(&n, 2),
                .ordered = draw_below(&n, 3) == 0,
                .values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES),
            };
            begin_case(
                "%d filters of %d in %d lanes, scaled %d, ordered %d, values %d", filters, depth,
                panel.lanes, panel.scaled, panel.ordered, panel.values);
            run_panel(&n, &panel);
        }
    for (int32_t filters = 1; filters <= 20; filters++)
        for (int32_t depth = 1; depth <= 8; depth++) {
            int32_t scaled = draw_below(&n, 2);
            enum values values = DRAW_OF(&n, ORDINARY, DENORMAL, ZEROS, INFINITIES);
            begin_case(
                "grouped, %d filters of %d, scaled %d, values %d", filters, depth, scaled, values);
            run_block(&n, filters, depth, scaled, values);
        }
}

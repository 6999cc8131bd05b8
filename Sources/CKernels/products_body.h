/*
 * products_body.h - a unit of work of a convolution by products of tiles, over the tiles
 * that the including file defines:
 *   TARGET                  function attributes
 *   TILES                   the type of the eight tiles
 *   TILES_BEGIN(t), TILES_END(t)
 *   TILE_ZERO(t, n), TILE_LOAD(t, n, p, stride), TILE_STORE(t, n, p)
 *   TILE_BF16(t, c, a, b)   c += a * b, pairs of bfloat16
 *   TILE_U8(t, c, a, b)     the same, uint8 by int8
 *   TILE_S8(t, c, a, b)     the same, int8 by int8
 *   ROUND_LINE(y, low, high)  32 floats to a line of bfloat16, subnormal numbers to zero
 *
 * A product keeps the tile unit busy for 16 cycles, in which the other units can execute
 * some twenty vector instructions. So after each quad of products there is a slice of what
 * is to be done besides: finishing the sums before, packing the inputs that come next and
 * prefetching weights. All of it is written with the compiler's vectors of 16 lanes, which
 * round in the same way on every machine.
 */
#include "vectors.h"

#define INLINE P2S_INLINE TARGET
#define FLATTEN static TARGET

#include "products_state.h"
#include "products_finish.h"
#include "products_packing.h"
#include "products_multiply.h"

/* The inputs of a pair are packed in time: what is missing now, and the rest of what the next
 * pair needs beside so many quads. */
INLINE void prepare(
    const enum p2s_split split, struct unit *u, int32_t pair, int32_t next, int64_t quads) {
    struct packing *k = &u->packing;
    u->pack_step = 0;
    if (!u->run->geometry.packed) return;
    allow_packing(u, groups_of(u, pair));
    while (k->units > 0) pack_unit(split, u);
    if (next < 0) return;
    int32_t groups = groups_of(u, next) - k->group;
    allow_packing(u, groups_of(u, next));
    if (k->units > 0) u->pack_step = (int32_t)((groups * (int64_t)k->units + quads - 1) / quads);
}

/* Some panels by one chunk of pairs. */
INLINE void multiply_chunk(
    const enum p2s_split split, struct unit *u, const struct p2s_chunk *chunk, int32_t panel0,
    int32_t panel1, int32_t pairs_outer, TILES *t) {
    const struct p2s_products *run = u->run;
    const struct p2s_product_conv *conv = run->conv;
    const struct p2s_geometry *g = &run->geometry;
    struct packing *k = &u->packing;
    k->chunk = *chunk;
    k->block = conv->first[panel0];
    k->row_groups = (g->in_columns + P2S_PAIR_PIXELS - 1) / P2S_PAIR_PIXELS;
    k->group = k->groups = k->units = 0;
    u->part = (int64_t)chunk->lines * P2S_LINE;
    u->block = g->parts * u->part;
    int32_t steps = p2s_product_steps(conv), quads = quads_of(split, u, 2);
    int64_t panel_bytes = (int64_t)steps * g->parts * P2S_STEP_WORDS * 4;
    const char *weights = (const char *)conv->weights;
    if (pairs_outer) {
        for (int32_t pair = chunk->first; pair < chunk->end; pair++) {
            int32_t next = pair + 1 < chunk->end ? pair + 1 : -1;
            prepare(split, u, pair, next, (int64_t)quads * (panel1 - panel0));
            /* The first pair reads weights that are in no cache. */
            int cold = pair == run->pair0;
            u->fetch_step = cold ? (int32_t)(panel_bytes / 64 + quads - 1) / quads : 0;
            if (u->fetch_step > 8) u->fetch_step = 8;
            for (int32_t panel = panel0; panel < panel1; panel++) {
                u->fetch = weights + (panel + 1) * panel_bytes;
                multiply_panel(split, u, pair, panel, t);
            }
        }
        return;
    }
    int64_t share = (int64_t)quads * (chunk->end - chunk->first);
    for (int32_t panel = panel0; panel < panel1; panel++) {
        /* The next panel of weights, spread over all pairs. */
        u->fetch = weights + (panel + 1) * panel_bytes;
        u->fetch_step = (int32_t)((panel_bytes / 64 + share - 1) / share);
        if (u->fetch_step > 8) u->fetch_step = 8;
        for (int32_t pair = chunk->first; pair < chunk->end; pair++) {
            int32_t next = panel == panel0 && pair + 1 < chunk->end ? pair + 1 : -1;
            prepare(split, u, pair, next, quads);
            multiply_panel(split, u, pair, panel, t);
        }
    }
}

INLINE void unit_body(const enum p2s_split split, const struct p2s_products *run) {
    const struct p2s_product_conv *conv = run->conv;
    const struct p2s_geometry *g = &run->geometry;
    struct unit u;
    u.run = run;
    u.turn = 0;
    u.at_pair = -1;
    P2S_UNROLL for (int i = 0; i < 2; i++) u.finish[i].pixel = u.finish[i].pixels = 0;
    v16u *largest = (v16u *)(void *)(run->scratch + P2S_SUMS_COUNT);
    u.scales = (float *)(void *)(largest + conv->images);
    if (run->largest)
        for (int32_t i = 0; i < conv->images; i++) largest[i] = ALL(0u);
    TILES tiles;
    TILES_BEGIN(&tiles);
    int32_t step = g->packed && !g->dense ? 1 : run->panel1 - run->panel0;
    for (int32_t panel = run->panel0; panel < run->panel1; panel += step) {
        int32_t end = panel + step;
        int64_t bytes = (int64_t)(end - panel) * p2s_product_steps(conv) * g->parts
            * P2S_STEP_WORDS * 4;
        int32_t pairs_outer = bytes <= P2S_CACHE_BYTES;
        for (int32_t pair = run->pair0; pair < run->pair1;) {
            struct p2s_chunk chunk
                = p2s_product_chunk(conv, g, pair, run->pair1, pairs_outer);
            int64_t scales = split == P2S_SPLIT_X8 ? (1 + chunk.ring) * (int64_t)chunk.lines : 0;
            u.lines = (char *)(u.scales + (scales + 15) / 16 * 16);
            multiply_chunk(split, &u, &chunk, panel, end, pairs_outer, &tiles);
            pair = chunk.end;
        }
    }
    struct finish *last = &u.finish[u.turn ^ 1];
    while (last->pixel < last->pixels) finish_pixel(split, conv, last);
    TILES_END(&tiles);
    if (!run->largest) return;
    for (int32_t i = 0; i < conv->images; i++)
        run->largest[i * (int64_t)run->units] = __builtin_reduce_max(largest[i]);
}

TARGET static void bf16_unit(const struct p2s_products *run) { unit_body(P2S_SPLIT_BF16, run); }
TARGET static void i8_unit(const struct p2s_products *run) { unit_body(P2S_SPLIT_I8, run); }
TARGET static void x6_unit(const struct p2s_products *run) { unit_body(P2S_SPLIT_X6, run); }
TARGET static void x8_unit(const struct p2s_products *run) { unit_body(P2S_SPLIT_X8, run); }

P2S_INLINE void products_form(const struct p2s_products *run) {
    switch (run->conv->split) {
    case P2S_SPLIT_BF16: bf16_unit(run); break;
    case P2S_SPLIT_I8: i8_unit(run); break;
    case P2S_SPLIT_X6: x6_unit(run); break;
    case P2S_SPLIT_X8: x8_unit(run); break;
    }
}

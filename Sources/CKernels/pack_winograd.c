/*
 * pack_winograd.c - filters g to panels of G g G', in double and rounded once.
 * Plain multiplications and additions, lane by lane: the compiler's vectors give the
 * same bits whatever the instruction set.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

enum { LANES = 2 * P2S_LANES };

/* Rows of G: the powers of a point divided by the product of its distances to the
 * others, for the points 0, +-2/3, +-3/2 and infinity; D = (2/3)^2 - (3/2)^2. */
#define A (2.0 / 3)
#define R 1.5
#define D (A * A - R * R)
static const double small[3] = { 1 / (2 * A * A * D), A / (2 * A * A * D), 1 / (2 * D) };
static const double large[3] = { -1 / (2 * R * R * D), -R / (2 * R * R * D), -1 / (2 * D) };

/* G times three values, `step` doubles apart, for all lanes. */
P2S_INLINE void times_g(const double *g, int64_t step, double (*u)[LANES]) {
    for (int l = 0; l < LANES; l++) {
        double g0 = g[l], g1 = g[step + l], g2 = g[2 * step + l];
        double even = small[0] * g0 + small[2] * g2, odd = small[1] * g1;
        u[0][l] = g0;
        u[1][l] = even + odd;
        u[2][l] = even - odd;
        even = large[0] * g0 + large[2] * g2;
        odd = large[1] * g1;
        u[3][l] = even + odd;
        u[4][l] = even - odd;
        u[5][l] = g2;
    }
}

P2S_INLINE void pack_body(const struct p2s_winograd_filters *in) {
    int32_t depth = in->depth;
    double g[9][LANES], half[3][6][LANES], u[6][LANES];
    for (int i = 0; i < 9; i++)
        for (int l = 0; l < LANES; l++) g[i][l] = 0;
    for (int32_t c = 0; c < depth; c++) {
        for (int32_t f = 0; f < in->filters; f++) {
            const float *filter = in->weights + ((int64_t)f * depth + c) * 9;
            double factor = in->scale ? in->scale[f] : 1;
            for (int i = 0; i < 9; i++) g[i][f] = filter[i] * factor;
        }
        for (int x = 0; x < 3; x++) times_g(g[x], 3 * LANES, half[x]);
        for (int y = 0; y < 6; y++) {
            times_g(half[0][y], 6 * LANES, u);
            for (int x = 0; x < 6; x++) {
                float *to = in->packed + ((int64_t)(6 * y + x) * depth + c) * in->lanes;
                for (int32_t f = 0; f < in->filters; f++) to[f] = (float)u[x][f];
            }
        }
    }
}

void p2s_winograd_pack_portable(const struct p2s_winograd_filters *in) { pack_body(in); }

#if P2S_HAVE_X86
P2S_AVX2 void p2s_winograd_pack_avx2(const struct p2s_winograd_filters *in) { pack_body(in); }

P2S_AVX512 void p2s_winograd_pack_avx512(const struct p2s_winograd_filters *in) { pack_body(in); }
#endif

void p2s_pack_winograd(
    enum p2s_isa isa, const float *weights, const double *scale, int32_t filters, int32_t depth,
    int32_t lanes, float *packed) {
    struct p2s_winograd_filters in = { weights, scale, packed, filters, depth, lanes };
    p2s_winograd_pack_for(isa)(&in);
}

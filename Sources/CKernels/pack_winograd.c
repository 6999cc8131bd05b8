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

P2S_INLINE void pack_body(
    const float *weights, const double *scale, int32_t filters, int32_t depth, int32_t lanes,
    float *packed) {
    double g[9][LANES], half[3][6][LANES], u[6][LANES];
    for (int i = 0; i < 9; i++)
        for (int l = 0; l < LANES; l++) g[i][l] = 0;
    for (int32_t c = 0; c < depth; c++) {
        for (int32_t f = 0; f < filters; f++) {
            const float *filter = weights + ((int64_t)f * depth + c) * 9;
            double factor = scale ? scale[f] : 1;
            for (int i = 0; i < 9; i++) g[i][f] = filter[i] * factor;
        }
        for (int x = 0; x < 3; x++) times_g(g[x], 3 * LANES, half[x]);
        for (int y = 0; y < 6; y++) {
            times_g(half[0][y], 6 * LANES, u);
            for (int x = 0; x < 6; x++) {
                float *to = packed + ((int64_t)(6 * y + x) * depth + c) * lanes;
                for (int32_t f = 0; f < filters; f++) to[f] = (float)u[x][f];
            }
        }
    }
}

#if P2S_HAVE_X86
P2S_AVX512 static void pack_avx512(
    const float *weights, const double *scale, int32_t filters, int32_t depth, int32_t lanes,
    float *packed) {
    pack_body(weights, scale, filters, depth, lanes, packed);
}

P2S_AVX2 static void pack_avx2(
    const float *weights, const double *scale, int32_t filters, int32_t depth, int32_t lanes,
    float *packed) {
    pack_body(weights, scale, filters, depth, lanes, packed);
}
#endif

void p2s_pack_winograd(
    enum p2s_isa isa, const float *weights, const double *scale, int32_t filters, int32_t depth,
    int32_t lanes, float *packed) {
    switch (isa) {
#if P2S_HAVE_X86
    case P2S_ISA_AVX512:
        pack_avx512(weights, scale, filters, depth, lanes, packed);
        break;
    case P2S_ISA_AVX2:
        pack_avx2(weights, scale, filters, depth, lanes, packed);
        break;
#endif
    default:
        pack_body(weights, scale, filters, depth, lanes, packed);
    }
}

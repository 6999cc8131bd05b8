/*
 * products_pack.c - weights split into the parts of X6 and X8, and activations copied to
 * lines of bfloat16 and uint8. Vectors of the compiler, 16 filters or channels in one: the
 * same bits whatever the instruction set.
 */
#pragma STDC FP_CONTRACT OFF
#include "products.h"
#include "reduced.h"
#include "vectors.h"

/* ------------------------------------------------------------ weights */

/* Element `index` of 16 filters, of which `filters` exist, scaled. */
P2S_INLINE void gather(
    const struct p2s_split_panel *in, int32_t first, int32_t index, v16f *result) {
    v16f w = { 0 };
    if (index >= 0) {
        P2S_UNROLL for (int l = 0; l < 16; l++)
            if (first + l < in->filters) w[l] = in->weights[(int64_t)(first + l) * in->count + index];
        if (in->scale) {
            v16d factor = { 0 };
            P2S_UNROLL for (int l = 0; l < 16; l++)
                if (first + l < in->filters) factor[l] = in->scale[first + l];
            w = __builtin_convertvector(__builtin_convertvector(w, v16d) * factor, v16f);
        }
    }
    *result = w;
}

/* Writes the lanes of filters that exist. */
P2S_INLINE void put(
    const struct p2s_split_panel *in, int32_t first, uint32_t *to, const v16u *words) {
    if (first + 16 <= in->filters) {
        *(v16u_any *)(void *)to = *words;
        return;
    }
    for (int l = 0; first + l < in->filters; l++) to[l] = (*words)[l];
}

P2S_INLINE void split_x6_panel(const struct p2s_split_panel *in) {
    for (int32_t s = 0; s < in->steps; s++) {
        for (int32_t w = 0; w < 16; w++) {
            const int32_t *order = in->order + (s * 16 + w) * 2;
            for (int32_t f = 0; f < in->filters; f += 16) {
                v16f low, high;
                v16u a[3], b[3];
                gather(in, f, order[0], &low);
                gather(in, f, order[1], &high);
                split_x6(&low, a);
                split_x6(&high, b);
                P2S_UNROLL for (int i = 0; i < 3; i++) {
                    v16u words = a[i] >> 16 | b[i];
                    put(in, f, in->packed + (s * 3 + i) * P2S_STEP_WORDS + w * 32 + f, &words);
                }
            }
        }
    }
}

P2S_INLINE void split_x8_panel(const struct p2s_split_panel *in) {
    for (int32_t f = 0; f < in->filters; f += 16) {
        v16u most = ALL(0u);
        for (int32_t i = 0; i < in->steps * 64; i++) {
            v16f w;
            gather(in, f, in->order[i], &w);
            most = __builtin_elementwise_max(most, (v16u)w & 0x7FFFFFFFu);
        }
        v16d inverse = { 0 };
        for (int l = 0; l < 16 && f + l < in->filters; l++) {
            float value = p2s_float(most[l]);
            int finite = most[l] < 0x7F800000u;
            if (!(value > 0x1p-100f)) value = 0x1p-100f;
            inverse[l] = finite ? 8323072 / (double)value : 0;
            in->scales[f + l] = finite ? value / 127 : p2s_float(0x7FC00000);
        }
        for (int32_t s = 0; s < in->steps; s++) {
            for (int32_t w = 0; w < 16; w++) {
                v16u slices[4];
                P2S_UNROLL for (int e = 0; e < 4; e++) {
                    v16f x;
                    gather(in, f, in->order[(s * 16 + w) * 4 + e], &x);
                    /* Nearest, ties to even. Zeros for a filter that is not finite. */
                    v16d q = __builtin_convertvector(x, v16d) * inverse;
                    q = q + 0x1.8p52 - 0x1.8p52;
                    v16u known = (v16u)(most < ALL(0x7F800000u));
                    q = __builtin_convertvector(
                        (v16f)((v16u)__builtin_convertvector(q, v16f) & known), v16d);
                    slices[e] = ((v16u)__builtin_convertvector(q, v16i) + 0x8080u) ^ 0x8080u;
                }
                P2S_UNROLL for (int i = 0; i < 3; i++) {
                    int shift = 16 - 8 * i; /* the highest first */
                    v16u words = (slices[0] >> shift & 0xFFu) | (slices[1] >> shift & 0xFFu) << 8
                        | (slices[2] >> shift & 0xFFu) << 16 | slices[3] >> shift << 24;
                    put(in, f, in->packed + (s * 3 + i) * P2S_STEP_WORDS + w * 32 + f, &words);
                }
            }
        }
    }
}

P2S_INLINE void split_panel(const struct p2s_split_panel *in) {
    if (in->split == P2S_SPLIT_X6) split_x6_panel(in);
    else split_x8_panel(in);
}

void p2s_split_portable(const struct p2s_split_panel *in) { split_panel(in); }

void p2s_pack_split(
    enum p2s_isa isa, enum p2s_split split, const float *weights, const double *scale,
    const int32_t *order, int32_t filters, int32_t count, int32_t steps, uint32_t *packed,
    float *scales) {
    struct p2s_split_panel in
        = { split, weights, scale, order, filters, count, steps, packed, scales };
    p2s_split_for(isa)(&in);
}

/* ------------------------------------------------------------ activations */

P2S_INLINE void bf16_lines(const struct p2s_lines *in) {
    uint16_t *y = in->y;
    for (int64_t p = 0; p < in->count; p++, y += 32) {
        for (int32_t b = 0; b < 2; b++) {
            v16u u = ALL(0u);
            if (b < in->blocks) u = *(const v16u_any *)(const void *)(in->x + b * in->in_block + p * 16);
            v16u magnitude = u & 0x7FFFFFFFu, rounded = u + 0x7FFFu + (u >> 16 & 1u);
            v16u nan = (v16u)(magnitude > ALL(0x7F800000u));
            v16u tiny = (v16u)(magnitude < ALL(0x00800000u));
            u = ((rounded & ~nan) | ((u | 0x00400000u) & nan)) & ~(tiny & 0x7FFFFFFFu);
            *(v16h_any *)(void *)(y + 16 * b) = __builtin_convertvector(u >> 16, v16h);
        }
    }
}

P2S_INLINE void u8_lines(const struct p2s_lines *in) {
    /* Adding and subtracting 1.5 * 2^23 leaves an integer, to nearest, ties to even. */
    const float rounder = 12582912.0f;
    char *y = in->y;
    for (int64_t p = 0; p < in->count; p++, y += P2S_LINE) {
        v16u word = ALL(0u);
        P2S_UNROLL for (int b = 0; b < 4; b++) {
            if (b >= in->blocks) continue;
            v16f v = *(const v16f_any *)(const void *)(in->x + b * in->in_block + p * 16);
            v = v * in->inverse;
            v = (v16f)((v16u)v & (v16u)(v > 0)) + rounder - rounder;
            word |= (v16u)__builtin_convertvector(v, v16i) << 8 * b;
        }
        *(v16u_any *)(void *)y = word;
    }
}

P2S_INLINE void copy_lines(const struct p2s_lines *in) {
    if (in->line == P2S_LINE_BF16) bf16_lines(in);
    else u8_lines(in);
}

void p2s_lines_portable(const struct p2s_lines *in) { copy_lines(in); }

#if P2S_HAVE_X86
P2S_AVX2 void p2s_split_avx2(const struct p2s_split_panel *in) { split_panel(in); }

P2S_AVX512 void p2s_split_avx512(const struct p2s_split_panel *in) { split_panel(in); }

P2S_AVX2 void p2s_lines_avx2(const struct p2s_lines *in) { copy_lines(in); }

P2S_AVX512 void p2s_lines_avx512(const struct p2s_lines *in) { copy_lines(in); }
#endif

void p2s_bf16_lines(
    enum p2s_isa isa, const float *x, int64_t in_block, int32_t blocks, int64_t count,
    uint16_t *y) {
    struct p2s_lines in = { P2S_LINE_BF16, x, in_block, blocks, count, 0, y };
    p2s_lines_for(isa)(&in);
}

void p2s_u8_lines(
    enum p2s_isa isa, const float *x, int64_t in_block, int32_t blocks, int64_t count,
    float inverse, uint8_t *y) {
    struct p2s_lines in = { P2S_LINE_U8, x, in_block, blocks, count, inverse, y };
    p2s_lines_for(isa)(&in);
}

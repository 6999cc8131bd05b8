/*
 * quantized_avx512.h - 16 sums become bytes, with AVX-512. The including file defines TARGET.
 */
#include <immintrin.h>

#define INLINE P2S_INLINE TARGET

/* The numbers of 16 filters; in registers, because a byte that is written could be one of them. */
struct filters {
    __m512 scale, bias, factor, inverse, added;
    __m512i whole, zero, low;
};

INLINE struct filters filters_of(
    const struct p2s_quantized_conv *conv, const enum p2s_requantization rounding, int32_t first) {
    const struct filters f = {
        .scale = _mm512_loadu_ps(conv->scale + first),
        .bias = _mm512_loadu_ps(conv->bias + first),
        .factor = _mm512_set1_ps(conv->factor),
        .inverse = _mm512_set1_ps(conv->inverse),
        .added = _mm512_set1_ps((float)conv->zero),
        .whole = _mm512_loadu_si512(conv->whole + first),
        .zero = _mm512_set1_epi32(conv->zero),
        .low = _mm512_set1_epi32(rounding == P2S_ONEDNN ? 0 : conv->low),
    };
    return f;
}

/*
 * As p2s_requantize. The conversion to integers rounds to nearest, ties to even; NaN and what is
 * too low become the lowest integer, and what is too high is bounded before.
 */
INLINE __m128i requantized(
    const struct filters *f, const enum p2s_requantization rounding, const int relu, __m512i sum) {
    if (rounding == P2S_QNNPACK) sum = _mm512_add_epi32(sum, f->whole);
    __m512 v = _mm512_cvtepi32_ps(sum);
    if (rounding == P2S_FBGEMM) v = _mm512_add_ps(v, f->bias);
    if (rounding == P2S_ONEDNN) v = _mm512_mul_ps(v, f->factor);
    v = _mm512_mul_ps(v, f->scale);
    if (rounding == P2S_ONEDNN) {
        v = _mm512_add_ps(v, f->bias);
        /* The second operand is the result where the first is NaN, or both are zeros. */
        if (relu) v = _mm512_max_ps(v, _mm512_setzero_ps());
        v = _mm512_mul_ps(v, f->inverse);
        v = _mm512_add_ps(v, f->added);
    }
    __m512i q = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_set1_ps(512.0f), v));
    if (rounding != P2S_ONEDNN) q = _mm512_add_epi32(q, f->zero);
    return _mm512_cvtusepi32_epi8(_mm512_max_epi32(q, f->low));
}

INLINE void finish_rows(
    const struct p2s_quantized_conv *conv, const enum p2s_requantization rounding, const int relu,
    const int32_t *sums, int32_t rows, int32_t block, uint8_t *output) {
    const struct filters f = filters_of(conv, rounding, 16 * block);
    for (int32_t r = 0; r < rows; r++, output += conv->out_channels)
        _mm_storeu_si128(
            (__m128i *)(void *)output,
            requantized(&f, rounding, relu, _mm512_loadu_si512(sums + 16 * r)));
}

/* The sums of `rows` pixels of one block, 16 each, become bytes; the block's first is at `output`. */
INLINE void finish_tile(
    const struct p2s_quantized_conv *conv, const int32_t *sums, int32_t rows, int32_t block,
    uint8_t *output) {
    switch (conv->rounding) {
    case P2S_FBGEMM: finish_rows(conv, P2S_FBGEMM, 0, sums, rows, block, output); return;
    case P2S_ONEDNN:
        if (conv->relu) finish_rows(conv, P2S_ONEDNN, 1, sums, rows, block, output);
        else finish_rows(conv, P2S_ONEDNN, 0, sums, rows, block, output);
        return;
    case P2S_QNNPACK: finish_rows(conv, P2S_QNNPACK, 0, sums, rows, block, output); return;
    }
}

/* reduced_copy.c - activations from float32 to bfloat16 and to 8-bit integers. */
#pragma STDC FP_CONTRACT OFF
#include "reduced.h"

/* Adding and subtracting 1.5 * 2^23 leaves an integer, to nearest, ties to even. */
static const float rounder = 12582912.0f;

static void to_bf16_portable(const float *x, int64_t count, uint16_t *y) {
    for (int64_t i = 0; i < count; i++) y[i] = p2s_bf16(x[i]);
}

P2S_INLINE void round_bf16(const float *x, int64_t count, float *y) {
    for (int64_t i = 0; i < count; i++) y[i] = p2s_float((uint32_t)p2s_bf16(x[i]) << 16);
}

static uint32_t largest_portable(const float *x, int64_t count) {
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = p2s_word(x + i) & 0x7FFFFFFF;
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

static void to_u8_portable(const float *x, int64_t count, float inverse, uint8_t *y) {
    for (int64_t i = 0; i < count; i++) {
        float v = x[i] * inverse;
        y[i] = (uint8_t)(v > 0 ? v + rounder - rounder : 0);
    }
}

#if P2S_HAVE_X86
#  include <immintrin.h>

static int has_avx512(enum p2s_isa isa) { return isa == P2S_ISA_AVX512 || isa == P2S_ISA_AMX; }

P2S_AVX2 static void round_bf16_avx2(const float *x, int64_t count, float *y) {
    round_bf16(x, count, y);
}

P2S_AVX512 static void round_bf16_avx512(const float *x, int64_t count, float *y) {
    round_bf16(x, count, y);
}

/* Each does the multiples of 16 and says how many elements that were. */

__attribute__((target("avx512bf16,avx512f,avx512vl,avx512bw,avx512dq"))) static int64_t
to_bf16_avx512(const float *x, int64_t count, uint16_t *y) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16)
        _mm256_storeu_si256(
            (void *)(y + i), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x + i)));
    return i;
}

P2S_AVX512 static int64_t largest_avx512(const float *x, int64_t count, uint32_t *largest) {
    __m512i most[4], mask = _mm512_set1_epi32(0x7FFFFFFF);
    P2S_UNROLL for (int j = 0; j < 4; j++) most[j] = _mm512_setzero_si512();
    int64_t i = 0;
    for (; i + 64 <= count; i += 64)
        P2S_UNROLL for (int j = 0; j < 4; j++) most[j] = _mm512_max_epu32(
            most[j], _mm512_and_si512(mask, _mm512_loadu_si512(x + i + 16 * j)));
    __m512i low = _mm512_max_epu32(most[0], most[1]), high = _mm512_max_epu32(most[2], most[3]);
    *largest = _mm512_reduce_max_epu32(_mm512_max_epu32(low, high));
    return i;
}

P2S_AVX512 static int64_t to_u8_avx512(const float *x, int64_t count, float inverse, uint8_t *y) {
    __m512 factor = _mm512_set1_ps(inverse), zero = _mm512_setzero_ps();
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        /* max returns its second operand when one is NaN. */
        __m512 v = _mm512_max_ps(_mm512_mul_ps(_mm512_loadu_ps(x + i), factor), zero);
        _mm_storeu_si128((void *)(y + i), _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(v)));
    }
    return i;
}
#endif

void p2s_round_bf16(enum p2s_isa isa, const float *x, int64_t count, float *y) {
#if P2S_HAVE_X86
    if (has_avx512(isa)) {
        round_bf16_avx512(x, count, y);
        return;
    }
    if (isa == P2S_ISA_AVX2) {
        round_bf16_avx2(x, count, y);
        return;
    }
#endif
    (void)isa;
    round_bf16(x, count, y);
}

void p2s_to_bf16(enum p2s_isa isa, const float *x, int64_t count, uint16_t *y) {
    int64_t done = 0;
#if P2S_HAVE_X86
    if (has_avx512(isa) && __builtin_cpu_supports("avx512bf16"))
        done = to_bf16_avx512(x, count, y);
#endif
    (void)isa;
    to_bf16_portable(x + done, count - done, y + done);
}

uint32_t p2s_largest(enum p2s_isa isa, const float *x, int64_t count) {
    int64_t done = 0;
    uint32_t largest = 0;
#if P2S_HAVE_X86
    if (has_avx512(isa)) done = largest_avx512(x, count, &largest);
#endif
    (void)isa;
    uint32_t rest = largest_portable(x + done, count - done);
    return rest > largest ? rest : largest;
}

void p2s_to_u8(enum p2s_isa isa, const float *x, int64_t count, float inverse, uint8_t *y) {
    int64_t done = 0;
#if P2S_HAVE_X86
    if (has_avx512(isa)) done = to_u8_avx512(x, count, inverse, y);
#endif
    (void)isa;
    to_u8_portable(x + done, count - done, inverse, y + done);
}

struct p2s_u8_scale p2s_u8_scale(uint32_t largest) {
    struct p2s_u8_scale result = { 0, 0 };
    float value = p2s_float(largest);
    if (largest >= 0x7F800000) {
        result.scale = p2s_float(0x7FC00000);
    } else if (value >= 0x1p-100f) {
        result.scale = value / 255;
        result.inverse = 255 / value;
    }
    return result;
}

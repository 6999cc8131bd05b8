/*
 * A function that folds 256 bytes at a time in four 512-bit registers; included once per polynomial.
 *
 * Before including, define NAME, FINISH(crc, bytes, count), and the constants BY_2048, BY_512 and BY_128: the
 * pairs x^(d+32), x^(d-32) modulo the polynomial for a distance of d bits, bit-reflected and shifted left by
 * one.
 */
#define FOLDED_TARGET __attribute__((target("avx512f,vpclmulqdq,pclmul,sse4.2")))

static FOLDED_TARGET uint32_t NAME(uint32_t crc, const uint8_t *p, size_t count)
{
    if (count >= 256) {
        const __m512i by2048 = _mm512_broadcast_i32x4(_mm_set_epi64x(BY_2048));
        const __m512i by512 = _mm512_broadcast_i32x4(_mm_set_epi64x(BY_512));
        const __m128i by128 = _mm_set_epi64x(BY_128);
        const __m512i start = _mm512_inserti32x4(_mm512_setzero_si512(), _mm_cvtsi32_si128((int)crc), 0);
        __m512i x0 = _mm512_xor_si512(_mm512_loadu_si512(p), start);
        __m512i x1 = _mm512_loadu_si512(p + 64), x2 = _mm512_loadu_si512(p + 128);
        __m512i x3 = _mm512_loadu_si512(p + 192);
        for (p += 256, count -= 256; count >= 256; p += 256, count -= 256) {
            x0 = fold_wide(x0, by2048, _mm512_loadu_si512(p));
            x1 = fold_wide(x1, by2048, _mm512_loadu_si512(p + 64));
            x2 = fold_wide(x2, by2048, _mm512_loadu_si512(p + 128));
            x3 = fold_wide(x3, by2048, _mm512_loadu_si512(p + 192));
        }
        x0 = fold_wide(fold_wide(fold_wide(x0, by512, x1), by512, x2), by512, x3);
        __m128i y = _mm512_extracti32x4_epi32(x0, 0);
        y = fold(y, by128, _mm512_extracti32x4_epi32(x0, 1));
        y = fold(y, by128, _mm512_extracti32x4_epi32(x0, 2));
        y = fold(y, by128, _mm512_extracti32x4_epi32(x0, 3));
        uint8_t rest[16];
        _mm_storeu_si128((__m128i *)rest, y);
        crc = FINISH(0, rest, 16);
    }
    return FINISH(crc, p, count);
}

#undef NAME
#undef FINISH
#undef BY_2048
#undef BY_512
#undef BY_128
#undef FOLDED_TARGET

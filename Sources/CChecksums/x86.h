/*
 * x86-64: CRC32C with SSE4.2's instruction, CRC-32 with carry-less multiplication (PCLMUL), and both with
 * 512-bit carry-less multiplication.
 */
#include <immintrin.h>

#define P2S_HAVE_CRC32C 1
#define P2S_HAVE_CRC32 1
#define P2S_HAVE_WIDE_FOLDS 1

static int have_crc32c(void) { return __builtin_cpu_supports("sse4.2"); }
static int have_crc32(void) { return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.2"); }

#define NAME crc32c_fast
#define TARGET __attribute__((target("sse4.2")))
#define STEP8(crc, byte) _mm_crc32_u8(crc, byte)
#define STEP64(crc, word) (uint32_t)_mm_crc32_u64(crc, word)
#define POLYNOMIAL P2S_CRC32C_POLYNOMIAL
#define SKIP1 P2S_CRC32C_SKIP1
#define SKIP2 P2S_CRC32C_SKIP2
#include "interleaved.h"

#define FOLD_TARGET __attribute__((target("pclmul,sse4.2")))

/* Folds 16 bytes forward by the distance encoded in `k` and XORs them into the 16 bytes there. */
static inline FOLD_TARGET __m128i fold(__m128i x, __m128i k, __m128i next)
{
    __m128i low = _mm_clmulepi64_si128(x, k, 0x00), high = _mm_clmulepi64_si128(x, k, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/*
 * Folds 64 bytes at a time (Gopal et al., "Fast CRC Computation Using PCLMULQDQ", 2009), then passes the last
 * 16 folded bytes, whose checksum equals that of everything before, to the portable form.
 */
static FOLD_TARGET uint32_t crc32_fast(uint32_t crc, const uint8_t *p, size_t count)
{
    if (count >= 64) {
        /* x^(512+32), x^(512-32) fold by 64 bytes; x^(128+32), x^(128-32) by 16. Bit-reflected. */
        const __m128i by64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
        const __m128i by16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
        const __m128i *q = (const __m128i *)p;
        __m128i x0 = _mm_xor_si128(_mm_loadu_si128(q), _mm_cvtsi32_si128((int)crc));
        __m128i x1 = _mm_loadu_si128(q + 1), x2 = _mm_loadu_si128(q + 2), x3 = _mm_loadu_si128(q + 3);
        for (p += 64, count -= 64; count >= 64; p += 64, count -= 64) {
            q = (const __m128i *)p;
            x0 = fold(x0, by64, _mm_loadu_si128(q));
            x1 = fold(x1, by64, _mm_loadu_si128(q + 1));
            x2 = fold(x2, by64, _mm_loadu_si128(q + 2));
            x3 = fold(x3, by64, _mm_loadu_si128(q + 3));
        }
        x0 = fold(fold(fold(x0, by16, x1), by16, x2), by16, x3);
        uint8_t rest[16];
        _mm_storeu_si128((__m128i *)rest, x0);
        crc = ~p2s_crc32_portable(~0u, rest, 16);
    }
    return ~p2s_crc32_portable(~crc, p, count);
}

static int have_wide_folds(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq") && have_crc32();
}

#define FOLD_WIDE_TARGET __attribute__((target("avx512f,vpclmulqdq")))

static inline FOLD_WIDE_TARGET __m512i fold_wide(__m512i x, __m512i k, __m512i next)
{
    __m512i low = _mm512_clmulepi64_epi128(x, k, 0x00), high = _mm512_clmulepi64_epi128(x, k, 0x11);
    return _mm512_ternarylogic_epi64(low, high, next, 0x96);
}

#define NAME crc32_wide
#define FINISH crc32_fast
#define BY_2048 0x01322d1430, 0x011542778a
#define BY_512 0x01c6e41596, 0x0154442bd4
#define BY_128 0x00ccaa009e, 0x01751997d0
#include "folded.h"

#define NAME crc32c_wide
#define FINISH crc32c_fast
#define BY_2048 0x00b9e02b86, 0x00dcb17aa4
#define BY_512 0x009e4addf8, 0x00740eef02
#define BY_128 0x014cd00bd6, 0x00f20c0dfe
#include "folded.h"

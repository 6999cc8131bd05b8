/*
 * peak.c - how fast this CPU multiplies and adds when nothing else is in the way.
 *
 * A round is one multiply-add into each of a set of independent accumulators, all
 * in registers: enough of them to hide the latency of a multiply-add on every
 * unit. The operands change with each round and come from a table that fits the
 * first-level cache, A vectors and B vectors that are each used several times, as
 * in the kernels. They are random, because processors clock higher on constant
 * data. They lie within -1..1, so that a sum of n products stays within -n..n and
 * is finite for every n; int32 sums wrap.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

enum {
    TABLE = P2S_PEAK_TABLE,
    /* Operands start at one of so many vectors of 64 bytes. */
    STARTS = 16,
};

/* The operands of round `r`: up to 10 vectors of 64 bytes. */
P2S_INLINE const char *operands(const void *table, int64_t r) {
    return (const char *)table + (r * 7 & (STARTS - 1)) * 64;
}

/* Steele, Lea and Flood's SplitMix64. */
static uint64_t splitmix(uint64_t counter) {
    uint64_t z = counter + 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void p2s_peak_fill(enum p2s_peak_kind kind, void *table) {
    for (int i = 0; i < TABLE; i++) {
        uint64_t random = splitmix((uint64_t)i);
        /* -1 to 1 in 24 bits; bf16 is the upper half of a float32. */
        float value = (float)(int64_t)(random >> 40) * 0x1p-23f - 1;
        uint32_t bits = __builtin_bit_cast(uint32_t, value);
        uint32_t other = __builtin_bit_cast(
            uint32_t, (float)(int64_t)(random << 24 >> 40) * 0x1p-23f - 1);
        switch (kind) {
        case P2S_PEAK_F32:
            ((float *)table)[i] = value;
            break;
        case P2S_PEAK_BF16:
            ((uint32_t *)table)[i] = (bits >> 16) | (other & 0xFFFF0000u);
            break;
        case P2S_PEAK_I8:
            ((uint32_t *)table)[i] = (uint32_t)random;
            break;
        }
    }
}

/* ----------------------------------------------------------------- portable */

enum { PORTABLE_SUMS = 8 };
typedef float quad __attribute__((vector_size(16)));

static float peak_portable(const void *table, int64_t rounds) {
    quad sum[PORTABLE_SUMS];
    P2S_UNROLL for (int i = 0; i < PORTABLE_SUMS; i++) sum[i] = (quad){0};
    for (int64_t r = 0; r < rounds; r++) {
        const quad *v = (const quad *)operands(table, r);
        P2S_UNROLL for (int b = 0; b < 4; b++)
            P2S_UNROLL for (int a = 0; a < 2; a++) sum[2 * b + a] += v[a] * v[2 + b];
    }
    quad total = sum[0];
    P2S_UNROLL for (int i = 1; i < PORTABLE_SUMS; i++) total += sum[i];
    return total[0] + total[1] + total[2] + total[3];
}

/* ---------------------------------------------------------------------- x86 */

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define P2S_BF16 __attribute__((target("avx512bf16,avx512f,avx512vl,avx512bw,avx512dq")))
#  define P2S_VNNI __attribute__((target("avx512vnni,avx512f,avx512vl,avx512bw,avx512dq")))

/* 16 registers: 3 x 4 accumulators, 3 vectors A, one B. */
enum { AVX2_A = 3, AVX2_B = 4, AVX512_A = 4, AVX512_B = 6 };

P2S_AVX2 static float peak_avx2(const void *table, int64_t rounds) {
    __m256 sum[AVX2_A * AVX2_B];
    P2S_UNROLL for (int i = 0; i < AVX2_A * AVX2_B; i++) sum[i] = _mm256_setzero_ps();
    for (int64_t r = 0; r < rounds; r++) {
        const float *v = (const float *)operands(table, r);
        __m256 a[AVX2_A];
        P2S_UNROLL for (int i = 0; i < AVX2_A; i++) a[i] = _mm256_load_ps(v + 8 * i);
        P2S_UNROLL for (int j = 0; j < AVX2_B; j++) {
            __m256 b = _mm256_load_ps(v + 8 * (AVX2_A + j));
            P2S_UNROLL for (int i = 0; i < AVX2_A; i++)
                sum[AVX2_A * j + i] = _mm256_fmadd_ps(a[i], b, sum[AVX2_A * j + i]);
        }
    }
    P2S_UNROLL for (int i = 1; i < AVX2_A * AVX2_B; i++) sum[0] = _mm256_add_ps(sum[0], sum[i]);
    return _mm256_cvtss_f32(sum[0]) + _mm256_cvtss_f32(_mm256_permute_ps(sum[0], 1));
}

/*
 * 24 accumulators, 4 vectors A, one B: 29 of 32 registers. One body for the three
 * kinds; MULTIPLY_ADD(sum, a, b) is the instruction.
 */
#  define P2S_PEAK_512(VECTOR, ZERO, LOAD, MULTIPLY_ADD)                                          \
      VECTOR sum[AVX512_A * AVX512_B];                                                            \
      P2S_UNROLL for (int i = 0; i < AVX512_A * AVX512_B; i++) sum[i] = ZERO();                   \
      for (int64_t r = 0; r < rounds; r++) {                                                      \
          const char *v = operands(table, r);                                                     \
          __m512i a[AVX512_A];                                                                    \
          P2S_UNROLL for (int i = 0; i < AVX512_A; i++) a[i] = LOAD(v + 64 * i);                  \
          P2S_UNROLL for (int j = 0; j < AVX512_B; j++) {                                         \
              __m512i b = LOAD(v + 64 * (AVX512_A + j));                                          \
              P2S_UNROLL for (int i = 0; i < AVX512_A; i++) sum[AVX512_A * j + i]                 \
                  = MULTIPLY_ADD(sum[AVX512_A * j + i], a[i], b);                                 \
          }                                                                                       \
      }

P2S_AVX512 static float peak_avx512(const void *table, int64_t rounds) {
#  define P2S_F32(s, a, b) _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), s)
    P2S_PEAK_512(__m512, _mm512_setzero_ps, _mm512_load_si512, P2S_F32)
    P2S_UNROLL for (int i = 1; i < AVX512_A * AVX512_B; i++) sum[0] = _mm512_add_ps(sum[0], sum[i]);
    return _mm512_reduce_add_ps(sum[0]);
}

P2S_BF16 static float peak_bf16(const void *table, int64_t rounds) {
#  define P2S_PAIRS(s, a, b) _mm512_dpbf16_ps(s, (__m512bh)(a), (__m512bh)(b))
    P2S_PEAK_512(__m512, _mm512_setzero_ps, _mm512_load_si512, P2S_PAIRS)
    P2S_UNROLL for (int i = 1; i < AVX512_A * AVX512_B; i++) sum[0] = _mm512_add_ps(sum[0], sum[i]);
    return _mm512_reduce_add_ps(sum[0]);
}

P2S_VNNI static float peak_i8(const void *table, int64_t rounds) {
    P2S_PEAK_512(__m512i, _mm512_setzero_si512, _mm512_load_si512, _mm512_dpbusd_epi32)
    P2S_UNROLL for (int i = 1; i < AVX512_A * AVX512_B; i++)
        sum[0] = _mm512_add_epi32(sum[0], sum[i]);
    return (float)_mm512_reduce_add_epi32(sum[0]);
}

#  define P2S_TILES                                                                               \
      __attribute__((target("amx-tile,amx-bf16,amx-int8,avx512f,avx512vl,avx512bw,avx512dq")))

/* As the kernels have it: two tiles A, two B, four of sums. Tiles 4 to 7 overlap in the table. */
#  define P2S_PEAK_TILES(PRODUCT)                                                                 \
      _Alignas(64) float sums[256];                                                               \
      p2s_tiles_begin();                                                                          \
      _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);                                 \
      _tile_loadd(4, (const char *)table, 64), _tile_loadd(5, (const char *)table + 128, 64);      \
      _tile_loadd(6, (const char *)table + 256, 64), _tile_loadd(7, (const char *)table + 512, 64); \
      for (int64_t r = 0; r < rounds; r++) {                                                      \
          PRODUCT(0, 4, 6), PRODUCT(1, 4, 7), PRODUCT(2, 5, 6), PRODUCT(3, 5, 7);                 \
      }                                                                                           \
      _tile_stored(0, sums, 64);                                                                  \
      float sum = sums[0];                                                                        \
      _tile_stored(3, sums, 64);                                                                  \
      _tile_release();

enum { TILES_BF16 = 4 * 16 * 16 * 32, TILES_I8 = 4 * 16 * 16 * 64 };

P2S_TILES static void p2s_tiles_begin(void) {
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } full = {
        .palette = 1,
        .row_bytes = { 64, 64, 64, 64, 64, 64, 64, 64 },
        .rows = { 16, 16, 16, 16, 16, 16, 16, 16 },
    };
    _tile_loadconfig(&full);
}

P2S_TILES static float peak_tiles_bf16(const void *table, int64_t rounds) {
    P2S_PEAK_TILES(_tile_dpbf16ps)
    return sum + sums[0];
}

P2S_TILES static float peak_tiles_i8(const void *table, int64_t rounds) {
    P2S_PEAK_TILES(_tile_dpbusd)
    return (float)(__builtin_bit_cast(int32_t, sum) / 2 + __builtin_bit_cast(int32_t, sums[0]) / 2);
}
#endif

/* --------------------------------------------------------------------- NEON */

#if P2S_HAVE_NEON
#  include <arm_neon.h>

enum { NEON_A = 4, NEON_B = 6 };

static float peak_neon(const void *table, int64_t rounds) {
    float32x4_t sum[NEON_A * NEON_B];
    P2S_UNROLL for (int i = 0; i < NEON_A * NEON_B; i++) sum[i] = vdupq_n_f32(0);
    for (int64_t r = 0; r < rounds; r++) {
        const float *v = (const float *)operands(table, r);
        float32x4_t a[NEON_A];
        P2S_UNROLL for (int i = 0; i < NEON_A; i++) a[i] = vld1q_f32(v + 4 * i);
        P2S_UNROLL for (int j = 0; j < NEON_B; j++) {
            float32x4_t b = vld1q_f32(v + 4 * (NEON_A + j));
            P2S_UNROLL for (int i = 0; i < NEON_A; i++) sum[NEON_A * j + i]
                = vfmaq_f32(sum[NEON_A * j + i], a[i], b);
        }
    }
    P2S_UNROLL for (int i = 1; i < NEON_A * NEON_B; i++) sum[0] = vaddq_f32(sum[0], sum[i]);
    return vaddvq_f32(sum[0]);
}
#endif

/* ----------------------------------------------------------------- dispatch */

int64_t p2s_peak_multiply_adds(enum p2s_isa isa, enum p2s_peak_kind kind) {
    if (!p2s_isa_supported(isa)) return 0;
#if P2S_HAVE_X86
    __builtin_cpu_init();
    if (isa == P2S_ISA_AMX && kind != P2S_PEAK_F32)
        return kind == P2S_PEAK_BF16 ? TILES_BF16 : TILES_I8;
    if (isa == P2S_ISA_AMX) isa = P2S_ISA_AVX512;
    if (kind == P2S_PEAK_BF16)
        return isa == P2S_ISA_AVX512 && __builtin_cpu_supports("avx512bf16")
            ? AVX512_A * AVX512_B * 32 : 0;
    if (kind == P2S_PEAK_I8)
        return isa == P2S_ISA_AVX512 && __builtin_cpu_supports("avx512vnni")
            ? AVX512_A * AVX512_B * 64 : 0;
    if (isa == P2S_ISA_AVX2) return AVX2_A * AVX2_B * 8;
    if (isa == P2S_ISA_AVX512) return AVX512_A * AVX512_B * 16;
#endif
    if (kind != P2S_PEAK_F32) return 0;
#if P2S_HAVE_NEON
    if (isa == P2S_ISA_NEON) return NEON_A * NEON_B * 4;
#endif
    return PORTABLE_SUMS * 4;
}

float p2s_peak(enum p2s_isa isa, enum p2s_peak_kind kind, const void *table, int64_t rounds) {
    /* Asking for AMX anew would take longer than what is timed. */
    if (isa != P2S_ISA_AMX && p2s_peak_multiply_adds(isa, kind) == 0) return 0;
#if P2S_HAVE_X86
    if (isa == P2S_ISA_AMX && kind == P2S_PEAK_BF16) return peak_tiles_bf16(table, rounds);
    if (isa == P2S_ISA_AMX && kind == P2S_PEAK_I8) return peak_tiles_i8(table, rounds);
    if (isa == P2S_ISA_AMX) isa = P2S_ISA_AVX512;
    if (kind == P2S_PEAK_BF16) return peak_bf16(table, rounds);
    if (kind == P2S_PEAK_I8) return peak_i8(table, rounds);
    if (isa == P2S_ISA_AVX2) return peak_avx2(table, rounds);
    if (isa == P2S_ISA_AVX512) return peak_avx512(table, rounds);
#endif
#if P2S_HAVE_NEON
    if (isa == P2S_ISA_NEON) return peak_neon(table, rounds);
#endif
    return peak_portable(table, rounds);
}

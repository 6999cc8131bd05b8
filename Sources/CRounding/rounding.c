/* Splits the work into blocks that stay in the L1 cache and picks a form for each call. */
#pragma STDC FP_CONTRACT OFF

#include "CRounding.h"
#include "half.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define P2S_BLOCK 512

typedef float __attribute__((aligned(1), may_alias)) unaligned_float;

static void halves_of_floats(uint16_t *halves, const float *floats, size_t count)
{
    for (size_t i = 0; i < count; i++) halves[i] = half_of_float(floats[i]);
}

static void floats_of_halves(float *floats, const uint16_t *halves, size_t count)
{
    for (size_t i = 0; i < count; i++) floats[i] = float_of_half(halves[i]);
}

#define FORM(name) name##_portable
#define TARGET
#define HALVES_OF_FLOATS halves_of_floats
#define FLOATS_OF_HALVES floats_of_halves
#include "loops.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define P2S_HAVE_FAST 1
#define F16C __attribute__((target("avx2,f16c")))

static int have_fast(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c"); }

static F16C void halves_of_floats_f16c(uint16_t *halves, const float *floats, size_t count)
{
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128((__m128i *)(halves + i), _mm256_cvtps_ph(_mm256_loadu_ps(floats + i), 0));
    halves_of_floats(halves + i, floats + i, count - i);
}

static F16C void floats_of_halves_f16c(float *floats, const uint16_t *halves, size_t count)
{
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(floats + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(halves + i))));
    floats_of_halves(floats + i, halves + i, count - i);
}

#define FORM(name) name##_avx2
#define TARGET F16C
#define HALVES_OF_FLOATS halves_of_floats_f16c
#define FLOATS_OF_HALVES floats_of_halves_f16c
#include "loops.h"

#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")))

static int have_wide(void)
{
    return have_fast() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

#define FORM(name) name##_avx512
#define TARGET WIDE
#define HALVES_OF_FLOATS halves_of_floats_f16c
#define FLOATS_OF_HALVES floats_of_halves_f16c
#include "loops.h"
#define CALL(name, ...)                                                      \
    (form == P2S_ROUNDING_BEST && have_wide() ? name##_avx512(__VA_ARGS__)    \
        : form == P2S_ROUNDING_BEST && have_fast() ? name##_avx2(__VA_ARGS__) \
        : form == P2S_ROUNDING_AVX2 ? name##_avx2(__VA_ARGS__)                \
                                    : name##_portable(__VA_ARGS__))
#else
#define CALL(name, ...) ((void)form, name##_portable(__VA_ARGS__))
#endif

static const size_t width[] = {4, 2, 2, 8};

static size_t block(size_t left) { return left < P2S_BLOCK ? left : P2S_BLOCK; }

int p2s_rounding_has(enum p2s_rounding_form form)
{
#ifdef P2S_HAVE_FAST
    return form != P2S_ROUNDING_AVX2 || have_fast();
#else
    return form != P2S_ROUNDING_AVX2;
#endif
}

void p2s_widen(
    enum p2s_element type, const void *source, double *values, size_t count, enum p2s_rounding_form form)
{
    for (size_t i = 0; i < count; i += P2S_BLOCK)
        CALL(widen, type, (const char *)source + i * width[type], values + i, block(count - i));
}

void p2s_scale(double *values, double factor, size_t count, enum p2s_rounding_form form)
{
    CALL(scale, values, factor, count);
}

double p2s_largest_magnitude(const double *values, size_t count, enum p2s_rounding_form form)
{
    return CALL(largest, values, count);
}

size_t p2s_round(
    enum p2s_element type, const double *exact, void *stored, size_t count, struct p2s_rounding_error *error,
    enum p2s_rounding_form form)
{
    for (size_t i = 0; i < count; i += P2S_BLOCK) {
        size_t n = block(count - i), done;
        done = CALL(round, type, exact + i, (char *)stored + i * width[type], n, error);
        if (done < n) return i + done;
    }
    return count;
}

void p2s_quantize(
    const double *exact, double scale, int8_t *stored, size_t count, struct p2s_rounding_error *error,
    enum p2s_rounding_form form)
{
    for (size_t i = 0; i < count; i += P2S_BLOCK)
        CALL(quantize, exact + i, scale, stored + i, block(count - i), error);
}

double p2s_relative_error(const struct p2s_rounding_error *error)
{
    double squared_error = 0, squared_value = 0;
    for (int k = 0; k < 8; k++) {
        squared_error += error->squared_error[k];
        squared_value += error->squared_value[k];
    }
    return squared_value > 0 ? sqrt(squared_error / squared_value) : 0;
}

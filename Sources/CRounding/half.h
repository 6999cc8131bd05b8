/* Conversions to and from the 16-bit types, one value at a time: the specification of the fast forms. */
#ifndef P2S_HALF_H
#define P2S_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* IEEE binary16 to float; exact. */
static inline float float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3FF;
    if (exponent == 31) return float_of(sign | 0x7F800000 | fraction << 13 | (fraction ? 0x400000 : 0));
    if (exponent == 0) {
        float magnitude = (float)fraction * 0x1p-24f;
        return float_of(sign | bits_of(magnitude));
    }
    return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

/* Rounds to nearest, ties to even; overflow gives infinity, NaN stays a quiet NaN. */
static inline uint16_t half_of_float(float value)
{
    uint32_t bits = bits_of(value), magnitude = bits & 0x7FFFFFFF;
    uint16_t sign = bits >> 16 & 0x8000;
    if (magnitude >= 0x7F800000)
        return magnitude > 0x7F800000 ? sign | 0x7E00 | (magnitude >> 13 & 0x3FF) : sign | 0x7C00;
    if (magnitude < 0x38800000) {
        /* Subnormal: adding 0.5 aligns the last bit of the half with the last bit of the float and rounds
         * there. */
        return sign | (uint16_t)(bits_of(float_of(magnitude) + 0.5f) - 0x3F000000);
    }
    uint32_t rebased = magnitude - 0x38000000, rounded = (rebased + 0xFFF + (rebased >> 13 & 1)) >> 13;
    return rounded >= 0x7C00 ? sign | 0x7C00 : sign | (uint16_t)rounded;
}

static inline uint16_t bfloat_of_float(float value)
{
    uint32_t bits = bits_of(value);
    uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
    return (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? quiet : rounded);
}

/*
 * Rounds to float so that a second rounding, to at most 22 bits, gives the correctly rounded result: an
 * inexact value is truncated and its last bit set ("round to odd", Boldo and Melquiond 2008).
 */
static inline float odd_of_double(double value)
{
    float nearest = (float)value;
    double back = nearest;
    uint32_t bits = bits_of(nearest);
    uint32_t away = __builtin_fabs(back) > __builtin_fabs(value), inexact = back < value || back > value;
    return float_of((bits - away) | inexact);
}

#endif

/*
 * products_portable.c - convolutions by products of tiles in plain C: the specification. Sums
 * are computed in double precision and rounded to float32, which gives what rounding the exact
 * sum once gives: a double has more than twice the digits of a float, and those of a product of
 * two bfloat16 are 16 (Figueroa, When is double rounding innocuous?, 1995).
 */
#pragma STDC FP_CONTRACT OFF
#include "products.h"
#include "reduced.h"

#define TARGET

/* Subnormal numbers are zeros. */
P2S_INLINE float without_subnormal(float v) {
    uint32_t bits = p2s_float_bits(v);
    return bits & 0x7F800000 ? v : p2s_float(bits & 0x80000000);
}

/* x + y rounded to float32, but zero where rounding to 24 bits with an exponent of any size
 * leaves it below the normal range. */
static float add_rounded(double x, double y) {
    double sum = x + y;
    float result = (float)sum;
    if (sum > -0x1p-126 * (1 - 0x1p-25) && sum < 0x1p-126 * (1 - 0x1p-25))
        return p2s_float(p2s_float_bits(result) & 0x80000000);
    return result;
}

static float multiply_add(uint32_t a, uint32_t b, float c) {
    double x = (double)without_subnormal(p2s_float(a)), y = (double)without_subnormal(p2s_float(b));
    return add_rounded(x * y, (double)without_subnormal(c));
}

static void emulate_bf16(uint32_t *sums, const uint32_t *a, const uint32_t *b) {
    for (int m = 0; m < 16; m++) {
        for (int n = 0; n < 16; n++) {
            float even = 0, odd = 0;
            for (int k = 0; k < 16; k++) {
                uint32_t x = a[16 * m + k], y = b[16 * k + n];
                even = multiply_add(x << 16, y << 16, even);
                odd = multiply_add(x & 0xFFFF0000, y & 0xFFFF0000, odd);
            }
            float both = add_rounded((double)even, (double)odd);
            float sum = without_subnormal(p2s_float(sums[16 * m + n]));
            sums[16 * m + n] = p2s_float_bits(add_rounded((double)sum, (double)both));
        }
    }
}
#define EMULATE_BF16 emulate_bf16

#include "products_emulated.h"
#include "products_body.h"

void p2s_products_portable(const struct p2s_products *run) { products_form(run); }

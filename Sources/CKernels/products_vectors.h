/*
 * products_vectors.h - the product of two tiles of bfloat16 for products_emulated.h, with
 * the fused multiply-adds of AVX2 or AVX-512, whose control register can be told to treat
 * subnormal numbers as AMX does. The including file defines TARGET.
 */
#include <immintrin.h>

static TARGET void emulate_bf16(uint32_t *sums, const uint32_t *a, const uint32_t *b) {
    typedef float lanes __attribute__((vector_size(64)));
    typedef uint32_t words __attribute__((vector_size(64)));
    uint32_t before = _mm_getcsr(), during = 0x9FC0; /* FTZ, DAZ, nearest, all masked */
    /* The operands keep the arithmetic between the two. */
    __asm__ volatile("ldmxcsr %0" : : "m"(during) : "memory");
    for (int m = 0; m < 16; m++) {
        lanes even = { 0 }, odd = { 0 }, sum;
        for (int k = 0; k < 16; k++) {
            words y;
            __builtin_memcpy(&y, b + 16 * k, sizeof y);
            words x = a[16 * m + k] + (words) { 0 };
            even = __builtin_elementwise_fma((lanes)(x << 16), (lanes)(y << 16), even);
            odd = __builtin_elementwise_fma(
                (lanes)(x & 0xFFFF0000u), (lanes)(y & 0xFFFF0000u), odd);
        }
        __builtin_memcpy(&sum, sums + 16 * m, sizeof sum);
        sum = sum + (even + odd);
        __builtin_memcpy(sums + 16 * m, &sum, sizeof sum);
    }
    __asm__ volatile("ldmxcsr %0" : : "m"(before) : "memory");
}
#define EMULATE_BF16 emulate_bf16

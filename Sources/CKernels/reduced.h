/* reduced.h - what the reduced kernels share. Not part of the module. */
#ifndef P2S_REDUCED_H
#define P2S_REDUCED_H

#include "kernels.h"

/* Channels in a word. */
P2S_INLINE int32_t p2s_word_channels(enum p2s_number number) { return number == P2S_I8 ? 4 : 2; }

/* A word at any pointer, whatever wrote it. */
P2S_INLINE uint32_t p2s_word(const void *p) {
    uint32_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

P2S_INLINE uint32_t p2s_float_bits(float v) { return p2s_word(&v); }

P2S_INLINE float p2s_float(uint32_t bits) {
    float v;
    __builtin_memcpy(&v, &bits, sizeof v);
    return v;
}

/* To nearest, ties to even; a NaN becomes a quiet one. */
P2S_INLINE uint16_t p2s_bf16(float v) {
    uint32_t bits = p2s_float_bits(v);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

#endif

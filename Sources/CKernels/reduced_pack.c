/* reduced_pack.c - weights to bfloat16 and 8-bit integers, in words. */
#pragma STDC FP_CONTRACT OFF
#include "reduced.h"

float p2s_quantize_filter(const float *weights, int32_t count, int8_t *integers) {
    uint32_t largest = p2s_largest(P2S_ISA_PORTABLE, weights, count);
    for (int32_t i = 0; i < count; i++) integers[i] = 0;
    if (largest == 0) return 1;
    if (largest >= 0x7F800000) return p2s_float(0x7FC00000);
    /* In double, and no smaller than a float can be: what conversion stores. */
    float scale = (float)((double)p2s_float(largest) / 127);
    if (scale == 0) scale = p2s_float(1);
    for (int32_t i = 0; i < count; i++) {
        double v = (double)weights[i] / (double)scale;
        v = v + 0x1.8p52 - 0x1.8p52; /* to nearest, ties to even */
        integers[i] = (int8_t)(v < -127 ? -127 : v > 127 ? 127 : v);
    }
    return scale;
}

/* Element `index` of the weights in the lowest bits. */
P2S_INLINE uint32_t element(const enum p2s_number number, const void *weights, int64_t index) {
    return number == P2S_I8 ? (uint8_t)((const int8_t *)weights)[index]
                            : p2s_bf16(((const float *)weights)[index]);
}

P2S_INLINE void pack_words(
    const enum p2s_number number, const void *weights, const int32_t *order, int32_t filters,
    int32_t count, int32_t words, int32_t lanes, uint32_t *packed) {
    const int32_t channels = p2s_word_channels(number), bits = 32 / channels;
    for (int32_t k = 0; k < words; k++) {
        for (int32_t r = 0; r < filters; r++) {
            uint32_t word = 0;
            for (int32_t i = 0; i < channels; i++) {
                int32_t index = order[k * channels + i];
                if (index >= 0)
                    word |= element(number, weights, (int64_t)r * count + index) << (i * bits);
            }
            packed[(int64_t)k * lanes + r] = word;
        }
    }
}

void p2s_pack_words(
    enum p2s_number number, const void *weights, const int32_t *order, int32_t filters,
    int32_t count, int32_t words, int32_t lanes, uint32_t *packed) {
    if (number == P2S_I8) pack_words(P2S_I8, weights, order, filters, count, words, lanes, packed);
    else pack_words(P2S_BF16, weights, order, filters, count, words, lanes, packed);
}

void p2s_pack_grouped_words(
    enum p2s_number number, const void *weights, const int32_t *filters, int32_t group,
    int32_t depth, uint32_t *packed) {
    const int32_t channels = p2s_word_channels(number), bits = 32 / channels;
    int32_t words = (group + channels - 1) / channels;
    for (int32_t l = 0; l < P2S_LANES; l++) {
        /* Where the group starts in its first word: not at 0 when groups share it. */
        int32_t start = l / group * group % channels;
        for (int32_t k = 0; k < 9 * words; k++) {
            int32_t ky = k / (3 * words), first = k / 3 % words * channels, kx = k % 3;
            uint32_t word = 0;
            for (int32_t i = 0; i < channels; i++) {
                int32_t c = first + i - start;
                if (filters[l] < 0 || c < 0 || c >= depth) continue;
                int64_t index = ((int64_t)filters[l] * depth + c) * 9 + ky * 3 + kx;
                word |= element(number, weights, index) << (i * bits);
            }
            packed[k * P2S_LANES + l] = word;
        }
    }
}

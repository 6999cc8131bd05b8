/*
 * test_copies.c - tests what makes reduced tensors: p2s_to_bf16, p2s_largest, p2s_to_u8
 * for every length around their vectors, p2s_pack_words and p2s_pack_grouped_words.
 */
#include "words.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* The nearer of the two bfloat16 around v, the even one of two as near; NaN for NaN. */
static uint16_t nearest_bf16(float v) {
    uint32_t down = bits_of(v) >> 16, up = down + 1, word;
    float below, above;
    if (isnan(v)) return 0x7FC0;
    memcpy(&below, (word = down << 16, &word), sizeof below);
    memcpy(&above, (word = up << 16, &word), sizeof above);
    if (isinf(v)) return (uint16_t)down;
    double to_below = fabs((double)v - (double)below), to_above = fabs((double)above - (double)v);
    return (uint16_t)(to_below < to_above || (to_below == to_above && down % 2 == 0) ? down : up);
}

static float bf16_value(uint16_t bits) {
    uint32_t word = (uint32_t)bits << 16;
    float v;
    memcpy(&v, &word, sizeof v);
    return v;
}

static void want_word(struct want *want, uint32_t word) {
    /* As two floats, which hold 16 bits each. */
    want[0] = (struct want) { (double)(word & 0xFFFF), 0 };
    want[1] = (struct want) { (double)(word >> 16), 0 };
}

/* Numbers halfway between two that the copy can hold, the even one below or above. For bytes
 * one of them is 255, so that they stand for themselves. */
static void fill_ties(struct numbers *n, int number, float *x, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        uint32_t word = (uint32_t)(0x3F00 + draw_below(n, 0x100)) << 16 | 0x8000;
        memcpy(x + i, &word, sizeof word);
        if (number == P2S_I8) x[i] = i == 0 ? 255 : (float)draw_below(n, 255) + 0.5f;
    }
}

enum { TIES = VALUES };

/* One output of `count` elements and the two halves of the largest bit pattern. */
static void run_copy(struct numbers *n, int number, int32_t count, int32_t values) {
    float *x = place_floats(INPUT, count);
    if (values == TIES)
        fill_ties(n, number, x, count);
    else
        fill(n, (enum values)values, x, count);
    struct want *want = wants(count + 2);
    uint32_t largest = 0;
    for (int32_t i = 0; i < count; i++) {
        uint32_t magnitude = bits_of(x[i]) & 0x7FFFFFFF;
        largest = magnitude > largest ? magnitude : largest;
    }
    /* 0 when one is not finite, and the bytes then too. */
    float inverse = p2s_u8_scale(largest).inverse;
    for (int32_t i = 0; i < count; i++) {
        float v = x[i] * inverse;
        double u8 = v > 0 ? nearbyint((double)v) : 0;
        want[i] = (struct want) {
            number == P2S_I8 ? u8 : (double)bf16_value(nearest_bf16(x[i])), 0
        };
    }
    want_word(want + count, largest);
    for (int32_t i = 0; i < here_count; i++) {
        float *output = place_floats(OUTPUT, count + 2);
        if (number == P2S_I8) {
            uint8_t *y = place(SCALE, count);
            p2s_to_u8(here[i], x, count, inverse, y);
            for (int32_t k = 0; k < count; k++) output[k] = (float)y[k];
        } else {
            uint16_t *y = place(SCALE, count * (int64_t)sizeof *y);
            p2s_to_bf16(here[i], x, count, y);
            for (int32_t k = 0; k < count; k++) output[k] = bf16_value(y[k]);
            float *rounded = place_floats(BIAS, count);
            p2s_round_bf16(here[i], x, count, rounded);
            /* The same, except for subnormal numbers, which stay. */
            for (int32_t k = 0; k < count; k++)
                if (!(rounded[k] == output[k]) && fabsf(x[k]) >= 0x1p-126f && !isnan(x[k]))
                    output[k] = rounded[k];
        }
        uint32_t found = p2s_largest(here[i], x, count);
        output[count] = (float)(found & 0xFFFF);
        output[count + 1] = (float)(found >> 16);
        judge(here[i], output, want, count + 2, ALL_AGREE);
    }
}

/* Element `i` of word `word`, or 0 where there is none. */
static uint32_t element(int number, const void *weights, int64_t i) {
    if (i < 0) return 0;
    if (number == P2S_I8) return (uint8_t)((const int8_t *)weights)[i];
    return nearest_bf16(((const float *)weights)[i]);
}

static void judge_words(const uint32_t *packed, const struct want *want, int64_t count) {
    float *output = place_floats(OUTPUT, 2 * count);
    for (int64_t i = 0; i < count; i++) {
        if (want[2 * i].bound < 0) continue;
        output[2 * i] = (float)(packed[i] & 0xFFFF);
        output[2 * i + 1] = (float)(packed[i] >> 16);
    }
    for (int32_t i = 0; i < here_count; i++) judge(here[i], output, want, 2 * count, ALL_AGREE);
}

static const void *make_weights(struct numbers *n, int number, int64_t count) {
    if (number == P2S_I8) {
        int8_t *weights = place(WEIGHTS, count);
        for (int64_t i = 0; i < count; i++) weights[i] = (int8_t)draw(n);
        return weights;
    }
    float *weights = place_floats(WEIGHTS, count);
    fill(n, ORDINARY, weights, count);
    return weights;
}

static void run_panel(struct numbers *n, int number, int32_t filters, int32_t words) {
    int32_t channels = 16 / pixel_elements(number), lanes = filters + draw_below(n, 5);
    int32_t count = 1 + draw_below(n, words * channels);
    const void *weights = make_weights(n, number, (int64_t)filters * count);
    int32_t *order = place(ORDER, (int64_t)words * channels * (int64_t)sizeof *order);
    for (int32_t k = 0; k < words * channels; k++) order[k] = draw_below(n, count + 1) - 1;
    int64_t size = (int64_t)(words - 1) * lanes + filters;
    uint32_t *packed = place(RESIDUAL, size * (int64_t)sizeof *packed);
    struct want *want = wants(2 * size);
    for (int32_t k = 0; k < words; k++)
        for (int32_t r = 0; r < filters; r++) {
            uint32_t word = 0;
            for (int32_t i = 0; i < channels; i++) {
                int64_t index = order[k * channels + i];
                if (index >= 0) index += (int64_t)r * count;
                word |= element(number, weights, index) << (32 / channels * i);
            }
            want_word(want + 2 * ((int64_t)k * lanes + r), word);
        }
    p2s_pack_words(
        (enum p2s_number)number, weights, order, filters, count, words, lanes, packed);
    judge_words(packed, want, size);
}

static void run_block(struct numbers *n, int number, int32_t group, int32_t depth) {
    int32_t channels = 16 / pixel_elements(number), filters = 1 + draw_below(n, 16);
    int32_t words = (group + channels - 1) / channels;
    const void *weights = make_weights(n, number, (int64_t)filters * depth * 9);
    int32_t *lanes = place(ORDER, P2S_LANES * (int64_t)sizeof *lanes);
    for (int32_t l = 0; l < P2S_LANES; l++) lanes[l] = draw_below(n, filters + 1) - 1;
    int64_t size = 9 * words * P2S_LANES;
    uint32_t *packed = place(RESIDUAL, size * (int64_t)sizeof *packed);
    struct want *want = wants(2 * size);
    /* Channel c of lane l's group is lane (start of the group + c) of the block. */
    for (int32_t ky = 0; ky < 3; ky++)
        for (int32_t k = 0; k < words; k++)
            for (int32_t kx = 0; kx < 3; kx++)
                for (int32_t l = 0; l < P2S_LANES; l++) {
                    int32_t start = l / group * group, first = start / channels * channels;
                    uint32_t word = 0;
                    for (int32_t i = 0; i < channels; i++) {
                        int32_t c = first + k * channels + i - start;
                        int exists = lanes[l] >= 0 && c >= 0 && c < depth;
                        int64_t index = ((int64_t)lanes[l] * depth + c) * 9 + ky * 3 + kx;
                        word |= element(number, weights, exists ? index : -1)
                            << (32 / channels * i);
                    }
                    want_word(want + 2 * (((ky * words + k) * 3 + kx) * P2S_LANES + l), word);
                }
    p2s_pack_grouped_words((enum p2s_number)number, weights, lanes, group, depth, packed);
    judge_words(packed, want, size);
}

void test_copies(uint64_t seed) {
    struct numbers n = { seed };
    for (int number = P2S_BF16; number <= P2S_I8; number++) {
        for (int32_t count = 0; count <= 200; count++) {
            int32_t values = DRAW_OF(&n, ORDINARY, ZEROS, INFINITIES, TIES);
            begin_case("%d elements to number %d, values %d", count, number, values);
            run_copy(&n, number, count, values);
        }
        for (int32_t filters = 1; filters <= 17; filters++)
            for (int32_t words = 1; words <= 9; words++) {
                begin_case("%d filters of %d words, number %d", filters, words, number);
                run_panel(&n, number, filters, words);
            }
        for (int32_t group = 1; group <= 8; group *= 2)
            for (int32_t depth = 1; depth <= group; depth++) {
                begin_case("groups of %d with %d channels, number %d", group, depth, number);
                run_block(&n, number, group, depth);
            }
    }
}

/* words.c - the elements of float32 and of reduced tensors. */
#include "words.h"

#include <math.h>
#include <string.h>

int32_t pixel_elements(int number) {
    return number == FLOATS ? 16 : number == P2S_BF16 ? 8 : 4;
}

static uint32_t word_of(float v) {
    uint32_t word;
    memcpy(&word, &v, sizeof word);
    return word;
}

static float float_of(uint32_t word) {
    float v;
    memcpy(&v, &word, sizeof v);
    return v;
}

static void draw_into(struct numbers *numbers, int number, enum values values, float *p) {
    uint32_t word;
    if (number == FLOATS) {
        word = word_of(draw_float(numbers, values));
    } else if (number == P2S_I8) {
        word = (uint32_t)draw(numbers);
        /* Bytes of 0 and the extremes more often than by chance. */
        if (values == ZEROS) word &= (uint32_t)draw(numbers) | 0xFF0000FF;
        if (values == DENORMAL) word = draw_below(numbers, 2) ? 0x80FF7F00 : 0x80808080;
    } else {
        word = word_of(draw_float(numbers, values)) >> 16;
        word |= word_of(draw_float(numbers, values)) & 0xFFFF0000;
    }
    memcpy(p, &word, sizeof word);
}

float draw_element(struct numbers *numbers, int number, enum values values) {
    float v;
    draw_into(numbers, number, values, &v);
    return v;
}

void fill_elements(
    struct numbers *numbers, int number, enum values values, float *p, int64_t count) {
    for (int64_t i = 0; i < count; i++) draw_into(numbers, number, values, p + i);
}

void add_element(struct exact *sum, int number, float a, float w) {
    uint32_t x = word_of(a), y = word_of(w);
    if (number == FLOATS) {
        exact_add(sum, a, w);
    } else if (number == P2S_BF16) {
        exact_add(sum, float_of(x & 0xFFFF0000), float_of(y & 0xFFFF0000));
        exact_add(sum, float_of(x << 16), float_of(y << 16));
    } else {
        for (int i = 0; i < 32; i += 8)
            exact_add(sum, (float)(x >> i & 0xFF), (float)(int8_t)(uint8_t)(y >> i));
    }
}

struct want reduced_want(
    const struct exact *sum, int number, float input_scale, float scale, float bias,
    float residual, int relu) {
    if (number == P2S_I8) {
        /* The sum is exact, and every step from it has one rounding. */
        float v = (float)(int32_t)sum->value * (input_scale * scale) + bias;
        v = v + residual;
        return (struct want) { relu && v < 0 ? 0 : (double)v, 0 };
    }
    double factor = fabs((double)input_scale * (double)scale);
    double magnitude
        = fabs((double)bias) + factor * sum->magnitude + fabs((double)residual);
    double value = sum->value * (double)input_scale * (double)scale + (double)bias
        + (double)residual;
    return (struct want) {
        relu && value < 0 ? 0 : value,
        (sum->terms + 6) * 0x1p-23 * magnitude + sum->terms * factor * 0x1p-125 + 0x1p-148,
    };
}

enum agreement agreement_of(int number) {
    return number == FLOATS ? FUSED_AGREE : number == P2S_I8 ? ALL_AGREE : NONE_AGREE;
}

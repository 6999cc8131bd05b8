/*
 * products_check.c - whether this processor's tiles compute what the emulation computes: one
 * small layer of each split, and a quantized one, compared bit by bit. A guard against a processor, a virtual
 * machine or a build whose tiles are not what they should be.
 */
#pragma STDC FP_CONTRACT OFF
#include "products.h"

#if P2S_HAVE_X86
enum {
    CHANNELS = 64,
    PIXELS = 37, /* a pair of tiles, and one tile that is not full */
    INPUT_WORDS = (CHANNELS / 16 * PIXELS + P2S_PRODUCT_SLACK) * 16,
    WEIGHT_WORDS = CHANNELS / 32 * 3 * P2S_STEP_WORDS,
    OUTPUT_FLOATS = 2 * PIXELS * 16,
    SCRATCH_FLOATS = 1 << 14,
};

/* Steele, Lea and Flood's SplitMix64. */
static uint32_t random_word(uint64_t counter) {
    uint64_t z = (counter + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)(z ^ (z >> 31));
}

/* Both halves of a word as bfloat16 of 0.5 to 2 and either sign; a float32 of that size too. */
static uint32_t ordinary(uint32_t word) { return (word & 0x80FF80FFu) | 0x3F003F00u; }

/* What some pixels have in one channel or in all. */
static uint32_t special(uint32_t word, int32_t pixel, int32_t block, int32_t lane) {
    uint32_t number = ordinary(word);
    switch (pixel) {
    case 3: return block == 0 && lane == 5 ? 0x7F807F80u : number;  /* infinity */
    case 7: return block == 1 && lane == 2 ? 0xFFC1FFC1u : number;  /* NaN */
    case 11: return word & 0x807F807Fu;                             /* subnormal */
    case 17: return (number & 0x80FF80FFu) | 0x00800080u;           /* sums around 2^-126 */
    case 33: return 0x80008000u;                                    /* negative zero */
    default: return number;
    }
}

static int same(const float *x, const float *y) {
    uint32_t a = __builtin_bit_cast(uint32_t, *x), b = __builtin_bit_cast(uint32_t, *y);
    return a == b || (*x != *x && *y != *y);
}

/* One layer on both; counts outputs that differ. */
static int32_t differences(enum p2s_split split) {
    static _Alignas(64) uint32_t input[INPUT_WORDS], weights[WEIGHT_WORDS];
    static _Alignas(64) float outputs[2][OUTPUT_FLOATS], scratch[SCRATCH_FLOATS];
    static const float input_scale = 0.0078125f;
    static const int32_t first = 0;
    float bias[P2S_PANEL_LANES], scale[P2S_PANEL_LANES];
    int is_float = p2s_split_parts(split) > 1, is_integer = split & 1;
    int32_t lanes = is_integer ? 64 : 32;
    struct p2s_product_conv conv = {
        .split = split, .output = split == P2S_SPLIT_BF16 ? P2S_LINE_BF16 : P2S_LINE_F32,
        .weights = weights, .bias = bias, .scale = scale, .input_scale = &input_scale,
        .first = &first, .panels = 1, .blocks = CHANNELS / lanes, .in_blocks = CHANNELS / 16,
        .kernel = 1, .stride = 1, .dilation = 1, .rows = 1, .width = PIXELS,
        .out_blocks = split == P2S_SPLIT_BF16 ? 1 : 2, .images = 1,
        .unit_pairs = 2, .unit_panels = 1, .in_row = PIXELS * 16, .in_block = PIXELS * 16,
        .out_row = PIXELS * 16, .out_block = PIXELS * 16,
    };
    if (p2s_product_scratch(&conv) > SCRATCH_FLOATS) return 1;
    for (int32_t i = 0; i < INPUT_WORDS; i++) {
        uint32_t word = random_word((uint64_t)(4 * i + (int32_t)split));
        int is_bytes = is_integer && !is_float;
        input[i] = is_bytes ? word : special(word, i / 16 % PIXELS, i / 16 / PIXELS, i % 16);
    }
    for (int32_t i = 0; i < WEIGHT_WORDS; i++) {
        uint32_t word = random_word((uint64_t)i << 32 | (uint64_t)split);
        weights[i] = is_integer ? word : ordinary(word);
    }
    for (int32_t l = 0; l < P2S_PANEL_LANES; l++) {
        bias[l] = split == P2S_SPLIT_BF16 ? 0 : (float)(l - 16);
        scale[l] = 1 + (float)l * 0x1p-6f;
    }
    for (int32_t i = 0; i < 2; i++) {
        for (int32_t f = 0; f < OUTPUT_FLOATS; f++) outputs[i][f] = 0;
        p2s_product_unit(
            i ? P2S_ISA_AVX512 : P2S_ISA_AMX, &conv, (const float *)(const void *)input, 0,
            outputs[i], scratch, 0, 0);
    }
    int32_t count = 0;
    for (int32_t f = 0; f < OUTPUT_FLOATS; f++) count += !same(&outputs[0][f], &outputs[1][f]);
    return count;
}

/* Whether a quantized layer has the same bytes: 3x1 taps of 80 channels, so rows are gathered and
 * the last tile of weights is not full. */
static int quantized_agree(void) {
    enum { TAPS = 3, WINDOW = 80, VECTORS = TAPS * WINDOW / 4 };
    static _Alignas(64) uint8_t input[(PIXELS + TAPS - 1) * WINDOW], outputs[2][PIXELS * 32];
    static _Alignas(64) int8_t weights[VECTORS * 2 * 64];
    static const int32_t tap_bytes[TAPS] = { 0, WINDOW, 2 * WINDOW }, first[2] = { 0, 0 };
    int32_t pixel_bytes[PIXELS], start[32], whole[32];
    float scale[32], bias[32];
    for (size_t i = 0; i < sizeof input; i++) input[i] = (uint8_t)random_word(i);
    for (size_t i = 0; i < sizeof weights; i++) weights[i] = (int8_t)random_word(1u << 20 | i);
    for (int32_t i = 0; i < PIXELS; i++) pixel_bytes[i] = i * WINDOW;
    for (int32_t i = 0; i < 32; i++) {
        start[i] = -1000 * i;
        whole[i] = i;
        scale[i] = 0x1p-13f * (1 + (float)i / 64);
        bias[i] = (float)i;
    }
    const struct p2s_quantized_conv conv = {
        .rounding = P2S_FBGEMM, .taps = TAPS, .window = WINDOW, .blocks = 2, .panel = 2, .tiles = 1,
        .out_channels = 32, .weights = weights, .tap_bytes = tap_bytes, .first = first,
        .start = start, .scale = scale, .bias = bias, .whole = whole, .zero = 128,
    };
    for (int32_t i = 0; i < 2; i++)
        p2s_quantized_conv(
            i ? P2S_ISA_AVX512 : P2S_ISA_AMX, &conv, input, pixel_bytes, PIXELS, 0, 2, outputs[i]);
    return __builtin_memcmp(outputs[0], outputs[1], sizeof outputs[0]) == 0;
}

int p2s_tiles_agree(void) {
    return differences(P2S_SPLIT_BF16) == 0 && differences(P2S_SPLIT_I8) == 0
        && differences(P2S_SPLIT_X6) == 0 && differences(P2S_SPLIT_X8) == 0 && quantized_agree();
}
#else
int p2s_tiles_agree(void) { return 0; }
#endif

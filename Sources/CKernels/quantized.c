/* quantized.c - the portable form of the quantized kernels, which is their specification. */
#pragma STDC FP_CONTRACT OFF
#include "quantized.h"

/* 16 sums of four products each, of the words at `x`: the same word, or one of four. */
static void multiply(const uint8_t *x, int own_words, const int8_t *w, int32_t *const *sums) {
    for (int i = 0; i < 16; i++, w += 4) {
        const uint8_t *word = x + (own_words ? 4 * (i % 4) : 0);
        *sums[i] += word[0] * w[0] + word[1] * w[1] + word[2] * w[2] + word[3] * w[3];
    }
}

static void conv_portable(
    const struct p2s_quantized_conv *conv, const uint8_t *input, const int32_t *pixel_bytes,
    int32_t pixels, int32_t first, int32_t last, uint8_t *output) {
    const int32_t lanes = conv->lanes, steps = (lanes ? lanes : conv->window) / 4;
    for (int32_t block = first; block < last; block++) {
        int32_t sum[16], *sums[4][16];
        for (int part = 0; part < 4; part++)
            for (int i = 0; i < 16; i++)
                sums[part][i] = &sum[lanes ? p2s_lane_filter(lanes, part, i) % 16 : i];
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            const uint8_t *x = input + pixel_bytes[pixel] + conv->first[block];
            struct p2s_block_weights w = p2s_weights_of(conv, block);
            for (int i = 0; i < 16; i++) sum[i] = conv->start[16 * block + i];
            for (int32_t tap = 0; tap < conv->taps; tap++)
                for (int32_t step = 0; step < steps; step++, w.first += w.step)
                    multiply(
                        x + conv->tap_bytes[tap] + (lanes ? 0 : 4 * step), lanes > 0, w.first,
                        sums[lanes ? step : 0]);
            p2s_requantize(
                conv, sum, 16 * block, output + (int64_t)pixel * conv->out_channels + 16 * block);
        }
    }
}

/* What this CPU runs for `isa`: AVX-512 here includes VNNI. */
static enum p2s_isa runs(enum p2s_isa isa) {
#if P2S_HAVE_X86
    if (isa == P2S_ISA_AMX || isa == P2S_ISA_AVX512) {
        if (p2s_isa_supported(P2S_ISA_AVX512) && __builtin_cpu_supports("avx512vnni"))
            return P2S_ISA_AVX512;
        isa = P2S_ISA_AVX2;
    }
    if (isa == P2S_ISA_AVX2 && p2s_isa_supported(isa)) return isa;
#endif
    (void)isa;
    return P2S_ISA_PORTABLE;
}

void p2s_quantized_conv(
    enum p2s_isa isa, const struct p2s_quantized_conv *conv, const uint8_t *input,
    const int32_t *pixel_bytes, int32_t pixels, int32_t first, int32_t last, uint8_t *output) {
    if (conv->tiles) {
        const struct p2s_quantized_run run = { conv, input, pixel_bytes, pixels, first, last, output };
        p2s_quantized_tiles_for(isa)(&run);
        return;
    }
    p2s_quantized_form form = conv_portable;
    isa = runs(isa);
#if P2S_HAVE_X86
    if (isa == P2S_ISA_AVX512) form = p2s_quantized_conv_avx512;
    if (isa == P2S_ISA_AVX2) form = p2s_quantized_conv_avx2;
#endif
    form(conv, input, pixel_bytes, pixels, first, last, output);
}

void p2s_quantize_image(
    const float *input, int32_t planes, int64_t pixels, float inverse, int32_t zero,
    int32_t channels, uint8_t *output) {
    for (int64_t pixel = 0; pixel < pixels; pixel++) {
        uint8_t *bytes = output + pixel * channels;
        for (int32_t plane = 0; plane < planes; plane++) {
            float v = input[plane * pixels + pixel] * inverse;
            bytes[plane] = (uint8_t)p2s_clamped((int32_t)p2s_rint(p2s_bounded(v)) + zero, 0);
        }
        for (int32_t plane = planes; plane < channels; plane++) bytes[plane] = 0;
    }
}

/* The product and the sum are exact in double precision: q has 8 bits, a scale 24, and their
 * exponents differ by less than 9. One rounding is left, as in a fused multiply-add. */
static float fused(uint8_t q, float scale, float offset) {
    return (float)((double)q * (double)scale + (double)offset);
}

static uint8_t rectified(const struct p2s_quantized_sum *sum, float value) {
    float v = (value > 0.0f ? value : 0.0f) * sum->inverse;
    return (uint8_t)p2s_clamped((int32_t)p2s_rint(p2s_bounded(v)) + sum->zero, sum->zero);
}

static void sum_portable(
    const struct p2s_quantized_sum *sum, const uint8_t *a, const uint8_t *b, int64_t count,
    uint8_t *output) {
    const float offset_a = -(sum->scale_a * (float)sum->zero_a);
    const float offset_b = -(sum->scale_b * (float)sum->zero_b);
    for (int64_t i = 0; i < count; i++)
        output[i] = rectified(
            sum, fused(a[i], sum->scale_a, offset_a) + fused(b[i], sum->scale_b, offset_b));
}

void p2s_quantized_sum(
    enum p2s_isa isa, const struct p2s_quantized_sum *sum, const uint8_t *a, const uint8_t *b,
    int64_t count, int64_t fused, uint8_t *output) {
    p2s_sum_form form = sum_portable;
#if P2S_HAVE_X86
    if (runs(isa) != P2S_ISA_PORTABLE) form = p2s_quantized_sum_avx2;
#endif
    (void)isa;
    form(sum, a, b, fused, output);
    for (int64_t i = fused; i < count; i++) {
        float first = ((float)a[i] - (float)sum->zero_a) * sum->scale_a;
        float second = ((float)b[i] - (float)sum->zero_b) * sum->scale_b;
        output[i] = rectified(sum, first + second);
    }
}

void p2s_quantized_fixed_sum(
    const struct p2s_quantized_fixed_sum *sum, const uint8_t *a, const uint8_t *b, int64_t count,
    uint8_t *output) {
    const uint32_t mask = ((uint32_t)1 << sum->shift) - 1;
    const int32_t threshold = (int32_t)(mask >> 1);
    for (int64_t i = 0; i < count; i++) {
        int32_t total = (a[i] - sum->zero_a) * sum->multiplier_a
            + (b[i] - sum->zero_b) * sum->multiplier_b;
        int32_t rest = (int32_t)((uint32_t)total & mask) - (total < 0);
        int32_t q = (total >> sum->shift) + (rest > threshold) + sum->zero;
        output[i] = (uint8_t)p2s_clamped(q, sum->zero);
    }
}

/* The larger of each byte; what is read is not what is written. */
static void largest(const uint8_t *restrict from, int32_t count, uint8_t *restrict to) {
    for (int32_t i = 0; i < count; i++) to[i] = to[i] > from[i] ? to[i] : from[i];
}

void p2s_quantized_max_row(
    const struct p2s_quantized_pool *pool, const uint8_t *input, int32_t row, uint8_t *output) {
    const int32_t channels = pool->channels;
    for (int32_t x = 0; x < pool->out_width; x++, output += channels) {
        for (int32_t c = 0; c < channels; c++) output[c] = 0;
        for (int32_t i = 0; i < pool->kernel; i++) {
            const int32_t y = row * pool->stride - pool->padding + i;
            if (y < 0 || y >= pool->rows) continue;
            for (int32_t j = 0; j < pool->kernel; j++) {
                const int32_t at = x * pool->stride - pool->padding + j;
                if (at < 0 || at >= pool->width) continue;
                largest(input + ((int64_t)y * pool->width + at) * channels, channels, output);
            }
        }
    }
}

/* 16 channels at a time, so each pixel's cache line is read once. */
void p2s_quantized_mean(
    const uint8_t *input, int64_t pixels, int32_t channels, float factor, int32_t zero,
    uint8_t *output) {
    for (int32_t first = 0; first < channels; first += 16) {
        const int32_t count = channels - first < 16 ? channels - first : 16;
        int64_t total[16] = { 0 };
        for (int64_t pixel = 0; pixel < pixels; pixel++)
            for (int32_t c = 0; c < count; c++) total[c] += input[pixel * channels + first + c];
        for (int32_t c = 0; c < count; c++) {
            float v = (float)(int32_t)(total[c] - pixels * zero) * factor;
            output[first + c] = (uint8_t)p2s_clamped((int32_t)p2s_rint(p2s_bounded(v)) + zero, 0);
        }
    }
}

/* reduced.c - chooses the form of a reduced convolution and hands it its tiles. */
#pragma STDC FP_CONTRACT OFF
#include "reduced.h"

int p2s_isa_reduces(enum p2s_isa isa, enum p2s_number number) {
#if P2S_HAVE_X86
    /* A processor with AMX has AVX-512 too. */
    if (isa == P2S_ISA_AMX) isa = P2S_ISA_AVX512;
    if (isa == P2S_ISA_AVX512 && p2s_isa_supported(isa))
        return number == P2S_I8
            ? __builtin_cpu_supports("avx512vnni") != 0
            : __builtin_cpu_supports("avx512bf16") != 0 && !__builtin_cpu_is("intel");
    if (isa == P2S_ISA_AVX2 && number == P2S_I8) return p2s_isa_supported(isa);
#endif
    return isa == P2S_ISA_PORTABLE && number == P2S_I8;
}

/* The forms are tested wherever they run, fast or not. */
static enum p2s_isa runs(enum p2s_isa isa, enum p2s_number number) {
#if P2S_HAVE_X86
    if (isa == P2S_ISA_AMX) isa = P2S_ISA_AVX512;
    if (isa == P2S_ISA_AVX512 && number == P2S_I8 && !__builtin_cpu_supports("avx512vnni"))
        return P2S_ISA_AVX2;
    if (isa == P2S_ISA_AVX512 && number == P2S_BF16 && !__builtin_cpu_supports("avx512bf16"))
        return P2S_ISA_PORTABLE;
#endif
    (void)number;
    return isa;
}

static p2s_tile_form tile_form(enum p2s_isa isa, enum p2s_number number) {
    isa = runs(isa, number);
    return number == P2S_I8 ? p2s_tile_i8_for(isa) : p2s_tile_bf16_for(isa);
}

static p2s_grouped_form row_form(enum p2s_isa isa, enum p2s_number number) {
    isa = runs(isa, number);
    return number == P2S_I8 ? p2s_grouped_i8_for(isa) : p2s_grouped_bf16_for(isa);
}

int32_t p2s_reduced_tile_pixels(enum p2s_isa isa, enum p2s_number number) {
    return runs(isa, number) == P2S_ISA_AVX512 ? P2S_TILE_MAX : 4;
}

void p2s_reduced_conv_unit(
    enum p2s_isa isa, const struct p2s_reduced_conv *conv, const uint32_t *input,
    const float *residual, float *output, int32_t unit) {
    /* The tiles only do arithmetic with this pointer; their forms read words. */
    struct p2s_conv_run run = {
        .conv = &conv->conv,
        .input = (const float *)(const void *)input,
        .residual = residual,
        .output = output,
        .scale = conv->scale,
        .input_scale = conv->input_scale,
        .form = tile_form(isa, conv->number),
    };
    p2s_conv_run_unit(&run, unit);
}

void p2s_reduced_grouped_unit(
    enum p2s_isa isa, const struct p2s_reduced_grouped *conv, const uint32_t *input,
    float *output, int32_t unit) {
    struct p2s_grouped_run run = {
        .conv = &conv->conv,
        .input = (const float *)(const void *)input,
        .output = output,
        .scale = conv->scale,
        .input_scale = conv->input_scale,
        .form = row_form(isa, conv->number),
    };
    p2s_grouped_run_unit(&run, unit);
}

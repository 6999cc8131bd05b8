/*
 * test_peak.c - tests p2s_peak: its operands, and that its sums stay finite and take part in
 * every round, so that a compiler cannot leave one out.
 */
#include "harness.h"

#include <math.h>
#include <string.h>

static float bf16_value(uint32_t bits) {
    float v;
    bits <<= 16;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* The table, aligned as the header asks. */
static void *make_table(enum p2s_peak_kind kind) {
    static _Alignas(64) uint32_t table[P2S_PEAK_TABLE];
    p2s_peak_fill(kind, table);
    return table;
}

/* Operands of 1 at most, and of both signs. */
static void run_operands(enum p2s_peak_kind kind) {
    begin_case("operands of kind %d", (int)kind);
    uint32_t *table = make_table(kind);
    int32_t beyond = 0, negative = 0, count = 0;
    for (int32_t i = 0; i < P2S_PEAK_TABLE; i++) {
        float values[2] = { bf16_value(table[i] & 0xFFFF), bf16_value(table[i] >> 16) };
        if (kind == P2S_PEAK_F32) memcpy(values, table + i, sizeof *values);
        for (int k = 0; k < (kind == P2S_PEAK_F32 ? 1 : 2); k++, count++) {
            beyond += !(fabsf(values[k]) <= 1);
            negative += values[k] < 0;
        }
    }
    struct want *want = wants(2);
    want[0] = (struct want) { 0, 0 };
    want[1] = (struct want) { count / 2.0, count / 6.0 };
    for (int32_t i = 0; i < here_count; i++) {
        float *output = place_floats(OUTPUT, 2);
        output[0] = (float)beyond;
        output[1] = (float)negative;
        judge(here[i], output, want, 2, ALL_AGREE);
    }
}

/* Nothing, the sums of 1 to 4 rounds all different, and the sum of many finite. */
static void run_rounds(enum p2s_peak_kind kind) {
    begin_case("rounds of kind %d", (int)kind);
    void *table = make_table(kind);
    for (int32_t i = 0; i < here_count; i++) {
        /* AMX may be executed in software. */
        int exists = here[i] == P2S_ISA_AMX || p2s_peak_multiply_adds(here[i], kind) > 0;
        float *output = place_floats(OUTPUT, 4), sums[5];
        for (int32_t r = 0; r < 5; r++) sums[r] = p2s_peak(here[i], kind, table, r);
        int32_t different = 0;
        for (int32_t r = 1; r < 5; r++) {
            int before = 0;
            for (int32_t k = 1; k < r; k++) before |= sums[k] == sums[r];
            different += !before;
        }
        struct want *want = wants(4);
        want[0] = (struct want) { 0, 0 };
        want[1] = (struct want) { exists ? 4 : 1, 0 };
        want[2] = (struct want) { 1, 0 };
        want[3] = (struct want) { 1, 0 };
        output[0] = sums[0];
        output[1] = (float)different;
        int32_t many = here[i] == P2S_ISA_AMX ? 1000 : 100000; /* slow in software */
        output[2] = (float)!!isfinite(p2s_peak(here[i], kind, table, many));
        /* Every instruction set multiplies floats, the portable form nothing else. */
        int never = kind != P2S_PEAK_F32 && here[i] == P2S_ISA_PORTABLE;
        never |= kind == P2S_PEAK_I8 && here[i] == P2S_ISA_AVX2;
        output[3] = (float)(kind == P2S_PEAK_F32 ? exists : !(never && exists));
        judge(here[i], output, want, 4, NONE_AGREE);
    }
}

void test_peak(uint64_t seed) {
    (void)seed;
    run_operands(P2S_PEAK_F32);
    run_operands(P2S_PEAK_BF16);
    run_rounds(P2S_PEAK_F32);
    run_rounds(P2S_PEAK_BF16);
    run_rounds(P2S_PEAK_I8);
}

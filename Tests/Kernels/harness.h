/*
 * harness.h - what the tests of all kernels share: numbers, guarded memory, the
 * comparison with exact values, and the comparison of instruction sets.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdarg.h>
#include <stddef.h>

/* The same numbers on every machine, whether or not it fuses. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

/* ------------------------------------------------------------------ numbers */

/* Depends on the seed alone, and not on the machine (SplitMix64). */
struct numbers {
    uint64_t state;
};

uint64_t draw(struct numbers *numbers);
/* 0 <= result < below */
int32_t draw_below(struct numbers *numbers, int32_t below);
/* One of `count` values. */
int32_t draw_of(struct numbers *numbers, const int32_t *values, int32_t count);
#define DRAW_OF(numbers, ...) \
    draw_of( \
        numbers, (const int32_t[]) { __VA_ARGS__ }, \
        sizeof((const int32_t[]) { __VA_ARGS__ }) / sizeof(int32_t))

/* What floats are drawn from. Each also checks a rule of CKernels.h. */
enum values {
    ORDINARY,   /* -1 ... 1 */
    DENORMAL,   /* products and sums below the normal range */
    ZEROS,      /* half of them zeros of either sign */
    INFINITIES, /* a few infinities and NaNs among ordinary numbers */
    VALUES
};

float draw_float(struct numbers *numbers, enum values values);
void fill(struct numbers *numbers, enum values values, float *p, int64_t count);

/* ----------------------------------------------------------- guarded memory */

/* Each buffer of a case has its own slot, used again by the next case. */
enum slot {
    INPUT, WEIGHTS, BIAS, RESIDUAL, OUTPUT, SEGMENTS, SCALE, ORDER, TRANSFORMED, SCRATCH, LARGEST,
    AGAIN, SLOTS
};

/* On which side of a buffer the memory that must not be touched begins. */
enum side { GUARD_ABOVE, GUARD_BELOW, SIDES };

/* Which side is guarded from now on. AddressSanitizer guards both at once. */
void guard(enum side side);

/* Exactly `bytes` bytes in this slot, next to memory that faults; aligned to 64 bytes if
 * that divides their number. */
void *place(enum slot slot, int64_t bytes);
float *place_floats(enum slot slot, int64_t count);

/* A NaN that no kernel computes: fills what must be neither read nor written. */
float poison(void);
int is_poison(float v);
void fill_poison(float *p, int64_t count);

/* ----------------------------------------------------- expectation, verdict */

/* What one float of the output must be. */
struct want {
    double value;
    double bound; /* greatest distance; 0: equal; negative: must be left alone;
                   * infinite: anything; NaN: anything that is not finite */
};

/* bias + sum a * w + residual in double precision, with what the bound needs. */
struct exact {
    double value;
    double magnitude;
    int32_t terms;
};

struct exact exact_start(float bias);
void exact_add(struct exact *sum, float a, float w);
/* The bound of CKernels.h, after the residual (may be 0) and ReLU. */
struct want exact_want(const struct exact *sum, float residual, int relu);

/* Storage for at least `count` wants, all "must be left alone". */
struct want *wants(int64_t count);

/* Names the case, in the words of printf, for what goes wrong in it. */
void begin_case(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Instruction sets that run here, the portable form first. */
extern enum p2s_isa here[];
extern int32_t here_count;

/* Which forms must give the same bits. */
enum agreement {
    ALL_AGREE,
    FUSED_AGREE, /* all but the portable form, which rounds twice */
    NONE_AGREE,
};

/* All that must hold of one form's output: each float as wanted, and the same bits as
 * the forms that it must agree with. */
void judge(
    enum p2s_isa isa, const float *output, const struct want *want, int64_t count,
    enum agreement agreement);

/* The same form with its work cut in another way must give the same bits. */
void judge_again(enum p2s_isa isa, const float *output, const float *again, int64_t count);

#endif

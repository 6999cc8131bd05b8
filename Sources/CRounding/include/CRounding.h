/*
 * CRounding: blocks of weights from one number type to another, with what the rounding costs.
 *
 * Everything is computed in double precision and rounded once, to nearest, ties to even. No operation is contracted and
 * sums run in eight lanes in every form, so all forms give the same bits.
 */
#ifndef CROUNDING_H
#define CROUNDING_H

#include <stddef.h>
#include <stdint.h>

/* Little-endian element types; any alignment. */
enum p2s_element {
    P2S_ELEMENT_F32 = 0,
    P2S_ELEMENT_F16 = 1,
    P2S_ELEMENT_BF16 = 2,
    P2S_ELEMENT_F64 = 3,
};

/* How far stored values are from exact ones. Exact values that are not finite count for nothing. */
struct p2s_rounding_error {
    double max_error, max_value;
    /* Lane k holds the sums of the elements k, k + 8, … of each block. */
    double squared_error[8], squared_value[8];
};

/* ‖stored − exact‖₂ / ‖exact‖₂; 0 for zeros. */
double p2s_relative_error(const struct p2s_rounding_error *error);

/* How the loops are compiled. */
enum p2s_rounding_form {
    /* For the best instructions that this machine has. */
    P2S_ROUNDING_BEST = 0,
    /* For those that every machine has. */
    P2S_ROUNDING_PORTABLE = 1,
    P2S_ROUNDING_AVX2 = 2,
};

/* 1 when this machine can run a form. */
int p2s_rounding_has(enum p2s_rounding_form form);

/* The values of `count` elements; exact. */
void p2s_widen(enum p2s_element type, const void *source, double *values, size_t count, enum p2s_rounding_form form);

/* Multiplies each value by the factor. */
void p2s_scale(double *values, double factor, size_t count, enum p2s_rounding_form form);

/* The largest magnitude; NaN when a value is NaN. */
double p2s_largest_magnitude(const double *values, size_t count, enum p2s_rounding_form form);

/*
 * Rounds to a floating-point type and adds to `error`.
 *
 * Returns the place of the first finite value that became infinite, or `count`.
 */
size_t p2s_round(
    enum p2s_element type, const double *exact, void *stored, size_t count, struct p2s_rounding_error *error,
    enum p2s_rounding_form form);

/* Integers: the value over `scale`, rounded, within -127…127. The values are finite and the scale above zero. */
void p2s_quantize(
    const double *exact, double scale, int8_t *stored, size_t count, struct p2s_rounding_error *error,
    enum p2s_rounding_form form);

#endif

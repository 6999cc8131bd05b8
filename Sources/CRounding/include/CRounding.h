/*
 * CRounding: converts weights from one number type to another and measures the rounding error.
 *
 * Values are computed in double precision and rounded once, to nearest, ties to even. No operation is
 * contracted and every form sums in eight lanes, so all forms give the same bits.
 */
#ifndef CROUNDING_H
#define CROUNDING_H

#include <stddef.h>
#include <stdint.h>

/* Element types, little-endian, with any alignment. */
enum p2s_element {
    P2S_ELEMENT_F32 = 0,
    P2S_ELEMENT_F16 = 1,
    P2S_ELEMENT_BF16 = 2,
    P2S_ELEMENT_F64 = 3,
};

/* The error of stored values against exact ones. Non-finite exact values are ignored. */
struct p2s_rounding_error {
    double max_error, max_value;
    /* Lane k holds the sums over elements k, k + 8, … of each block. */
    double squared_error[8], squared_value[8];
};

/* ‖stored − exact‖₂ / ‖exact‖₂; 0 if all exact values are zero. */
double p2s_relative_error(const struct p2s_rounding_error *error);

/* The instructions that the loops are compiled for. */
enum p2s_rounding_form {
    /* The best that this machine supports. */
    P2S_ROUNDING_BEST = 0,
    /* The baseline that every machine supports. */
    P2S_ROUNDING_PORTABLE = 1,
    P2S_ROUNDING_AVX2 = 2,
};

/* 1 if this machine can run the form. */
int p2s_rounding_has(enum p2s_rounding_form form);

/* Widens `count` elements to double; exact. */
void p2s_widen(
    enum p2s_element type, const void *source, double *values, size_t count, enum p2s_rounding_form form);

/* Multiplies each value by `factor`. */
void p2s_scale(double *values, double factor, size_t count, enum p2s_rounding_form form);

/* The largest magnitude; NaN if any value is NaN. */
double p2s_largest_magnitude(const double *values, size_t count, enum p2s_rounding_form form);

/*
 * Rounds to a floating-point type and adds to `error`.
 *
 * Returns the index of the first finite value that became infinite, or `count` if none did.
 */
size_t p2s_round(
    enum p2s_element type, const double *exact, void *stored, size_t count, struct p2s_rounding_error *error,
    enum p2s_rounding_form form);

/* Quantizes to int8: round(exact / scale), clamped to [-127, 127]. Values must be finite, the scale positive.
 * */
void p2s_quantize(
    const double *exact, double scale, int8_t *stored, size_t count, struct p2s_rounding_error *error,
    enum p2s_rounding_form form);

#endif

/*
 * words.h - what a tensor's elements are: floats, or words of the reduced kernels, which
 * the tests keep in arrays of float all the same and never compute with as floats.
 */
#ifndef WORDS_H
#define WORDS_H

#include "harness.h"

enum { FLOATS = -1 /* or an enum p2s_number */ };

/* Elements of a pixel's 16 channels. */
int32_t pixel_elements(int number);

float draw_element(struct numbers *numbers, int number, enum values values);
void fill_elements(
    struct numbers *numbers, int number, enum values values, float *p, int64_t count);

/* Adds a product, or those of the channels in a word. */
void add_element(struct exact *sum, int number, float a, float w);

/* The output of a sum that began with 0, by the rules of ReducedKernels.h. */
struct want reduced_want(
    const struct exact *sum, int number, float input_scale, float scale, float bias,
    float residual, int relu);

/* Which forms give the same bits. */
enum agreement agreement_of(int number);

#endif

/* winograd_portable.c - the transforms, a float at a time: the specification. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#define VEC float
#define VEC_LANES 1
#define VEC_LOAD(p) (*(p))
#define VEC_STORE(p, v) (*(p) = (v))
#define VEC_SET(x) ((float)(x))
#define VEC_FMA(a, b, c) ((a) * (b) + (c))
#define VEC_RELU(v) p2s_relu(v)
#define VEC_TARGET
#include "winograd_body.h"

void p2s_winograd_input_portable(const struct p2s_winograd_input *input) { input_body(input); }

void p2s_winograd_output_portable(const struct p2s_winograd_output *output) {
    output_body(output);
}

/* winograd_neon.c - the transforms with AArch64 Advanced SIMD: a block in four
 * registers. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_NEON
#  include <arm_neon.h>

#  define VEC float32x4_t
#  define VEC_LANES 4
#  define VEC_LOAD(p) vld1q_f32(p)
#  define VEC_STORE(p, v) vst1q_f32(p, v)
#  define VEC_SET(x) vdupq_n_f32(x)
#  define VEC_FMA(a, b, c) vfmaq_f32(c, a, b)
#  define VEC_RELU(v) vmaxq_f32(v, vdupq_n_f32(0)) /* fmax propagates NaN */
#  define VEC_TARGET
#  include "winograd_body.h"

void p2s_winograd_input_neon(const struct p2s_winograd_input *input) { input_body(input); }

void p2s_winograd_output_neon(const struct p2s_winograd_output *output) { output_body(output); }
#endif

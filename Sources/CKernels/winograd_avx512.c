/* winograd_avx512.c - the transforms with AVX-512: a register is a block. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define VEC __m512
#  define VEC_LANES 16
#  define VEC_LOAD(p) _mm512_loadu_ps(p)
#  define VEC_STORE(p, v) _mm512_storeu_ps(p, v)
#  define VEC_SET(x) _mm512_set1_ps(x)
#  define VEC_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
/* max returns its second operand when one is NaN: v must be second. */
#  define VEC_RELU(v) _mm512_max_ps(_mm512_setzero_ps(), v)
#  define VEC_TARGET P2S_AVX512
#  include "winograd_body.h"

P2S_AVX512 void p2s_winograd_input_avx512(const struct p2s_winograd_input *input) {
    input_body(input);
}

P2S_AVX512 void p2s_winograd_output_avx512(const struct p2s_winograd_output *output) {
    output_body(output);
}
#endif

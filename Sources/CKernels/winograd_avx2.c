/* winograd_avx2.c - the transforms with AVX2: a block in two registers. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define VEC __m256
#  define VEC_LANES 8
#  define VEC_LOAD(p) _mm256_loadu_ps(p)
#  define VEC_STORE(p, v) _mm256_storeu_ps(p, v)
#  define VEC_SET(x) _mm256_set1_ps(x)
#  define VEC_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
/* max returns its second operand when one is NaN: v must be second. */
#  define VEC_RELU(v) _mm256_max_ps(_mm256_setzero_ps(), v)
#  define VEC_TARGET P2S_AVX2
#  include "winograd_body.h"

P2S_AVX2 void p2s_winograd_input_avx2(const struct p2s_winograd_input *input) {
    input_body(input);
}

P2S_AVX2 void p2s_winograd_output_avx2(const struct p2s_winograd_output *output) {
    output_body(output);
}
#endif

/* reduced_bf16_avx512.c - bfloat16 with AVX512-BF16: vdpbf16ps adds two products. */
#pragma STDC FP_CONTRACT OFF
#include "reduced.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define TARGET                                                                                   \
      __attribute__((target("avx512bf16,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#  define CHANNELS 2

typedef __m512 sum_t;
P2S_INLINE TARGET sum_t no_sum(void) { return _mm512_setzero_ps(); }
P2S_INLINE TARGET sum_t dot(sum_t s, __m512i a, __m512i w) {
    return _mm512_dpbf16_ps(s, (__m512bh)a, (__m512bh)w);
}
P2S_INLINE TARGET __m512 real(sum_t s) { return s; }

#  include "reduced_avx512.h"

void p2s_tile_bf16_avx512(const struct p2s_tile *tile) { tile_form(tile); }
void p2s_grouped_bf16_avx512(const struct p2s_grouped_row *row) { row_form(row); }
#endif

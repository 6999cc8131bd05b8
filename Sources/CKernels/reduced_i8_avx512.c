/* reduced_i8_avx512.c - 8-bit integers with AVX512-VNNI: vpdpbusd adds four products
 * without intermediate saturation. */
#pragma STDC FP_CONTRACT OFF
#include "reduced.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define TARGET                                                                                   \
      __attribute__((target("avx512vnni,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#  define CHANNELS 4

typedef __m512i sum_t;
P2S_INLINE TARGET sum_t no_sum(void) { return _mm512_setzero_si512(); }
P2S_INLINE TARGET sum_t dot(sum_t s, __m512i a, __m512i w) { return _mm512_dpbusd_epi32(s, a, w); }
P2S_INLINE TARGET __m512 real(sum_t s) { return _mm512_cvtepi32_ps(s); }

#  include "reduced_avx512.h"

void p2s_tile_i8_avx512(const struct p2s_tile *tile) { tile_form(tile); }
void p2s_grouped_i8_avx512(const struct p2s_grouped_row *row) { row_form(row); }
#endif

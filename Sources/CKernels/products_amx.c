/*
 * products_amx.c - convolutions by products of tiles with AMX.
 *
 * The tiles are configured for each unit and released at its end, so that signal handlers,
 * other code of this thread and context switches never meet them.
 */
#pragma STDC FP_CONTRACT OFF
#include "products.h"

#if P2S_HAVE_X86
#  define TARGET                                                                              \
      __attribute__((target("amx-tile,amx-bf16,amx-int8,avx512bf16,avx512f,avx512vl,avx512bw," \
                            "avx512dq,avx2,fma")))

#  include "tiles_amx.h"
#  define ROUND_LINE(y, low, high)                                                            \
      _mm512_storeu_si512(y, (__m512i)_mm512_cvtne2ps_pbh((__m512)(high), (__m512)(low)))
#  include "products_body.h"

void p2s_products_amx(const struct p2s_products *run) { products_form(run); }
#endif

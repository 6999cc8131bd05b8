/*
 * quantized_tiles_amx.c - quantized convolutions by products of tiles with AMX. Tiles are
 * configured and released as in products_amx.c.
 */
#pragma STDC FP_CONTRACT OFF
#include "quantized.h"

#if P2S_HAVE_X86
#  define TARGET                                                                              \
      __attribute__((target("amx-tile,amx-int8,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#  include "quantized_avx512.h"
#  include "tiles_amx.h"
#  include "quantized_tiles.h"

TARGET void p2s_quantized_tiles_amx(const struct p2s_quantized_run *run) { tiles_form(run); }
#endif

/* quantized_tiles_avx512.c - quantized convolutions by products of tiles, which AVX-512 emulates. */
#pragma STDC FP_CONTRACT OFF
#include "quantized.h"

#if P2S_HAVE_X86
#  define TARGET P2S_AVX512
#  include "quantized_avx512.h"
#  include "products_emulated.h"
#  include "quantized_tiles.h"

TARGET void p2s_quantized_tiles_avx512(const struct p2s_quantized_run *run) { tiles_form(run); }
#endif

/* products_avx2.c - convolutions by products of tiles, which AVX2 emulates. */
#pragma STDC FP_CONTRACT OFF
#include "products.h"

#if P2S_HAVE_X86
#  define TARGET P2S_AVX2
#  include "products_vectors.h"
#  include "products_emulated.h"
#  include "products_body.h"

void p2s_products_avx2(const struct p2s_products *run) { products_form(run); }
#endif

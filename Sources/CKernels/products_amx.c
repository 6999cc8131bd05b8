/*
 * products_amx.c - convolutions by products of tiles with AMX.
 *
 * The tiles are configured for each unit and released at its end, so that signal handlers,
 * other code of this thread and context switches never meet them.
 */
#pragma STDC FP_CONTRACT OFF
#include "products.h"

#if P2S_HAVE_X86
#  include <immintrin.h>

#  define TARGET                                                                              \
      __attribute__((target("amx-tile,amx-bf16,amx-int8,avx512bf16,avx512f,avx512vl,avx512bw," \
                            "avx512dq,avx2,fma")))

/* What LDTILECFG reads: all eight tiles have 16 rows of 64 bytes. */
struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static const struct tile_config full_tiles = {
    .palette = 1,
    .row_bytes = { 64, 64, 64, 64, 64, 64, 64, 64 },
    .rows = { 16, 16, 16, 16, 16, 16, 16, 16 },
};

/* Tiles are registers. */
struct no_tiles {
    char unused;
};
#  define TILES struct no_tiles
#  define TILES_BEGIN(t) ((t)->unused = 0, _tile_loadconfig(&full_tiles))
#  define TILES_END(t) ((void)(t), _tile_release())
#  define TILE_ZERO(t, n) _tile_zero(n)
#  define TILE_LOAD(t, n, p, stride) _tile_loadd(n, p, stride)
#  define TILE_STORE(t, n, p) _tile_stored(n, p, 64)
#  define TILE_BF16(t, c, a, b) _tile_dpbf16ps(c, a, b)
#  define TILE_U8(t, c, a, b) _tile_dpbusd(c, a, b)
#  define TILE_S8(t, c, a, b) _tile_dpbssd(c, a, b)
#  define ROUND_LINE(y, low, high)                                                            \
      _mm512_storeu_si512(y, (__m512i)_mm512_cvtne2ps_pbh((__m512)(high), (__m512)(low)))
#  include "products_body.h"

void p2s_products_amx(const struct p2s_products *run) { products_form(run); }
#endif

/*
 * tiles_amx.h - the tiles of AMX, all of 16 rows of 64 bytes, for products_body.h and
 * quantized_tiles.h. The including file defines TARGET.
 */
#include <immintrin.h>

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
#define TILES struct no_tiles
#define TILES_BEGIN(t) ((t)->unused = 0, _tile_loadconfig(&full_tiles))
#define TILES_END(t) ((void)(t), _tile_release())
#define TILE_ZERO(t, n) _tile_zero(n)
#define TILE_LOAD(t, n, p, stride) _tile_loadd(n, p, stride)
#define TILE_STORE(t, n, p) _tile_stored(n, p, 64)
#define TILE_BF16(t, c, a, b) _tile_dpbf16ps(c, a, b)
#define TILE_U8(t, c, a, b) _tile_dpbusd(c, a, b)
#define TILE_S8(t, c, a, b) _tile_dpbssd(c, a, b)

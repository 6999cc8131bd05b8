/*
 * products_emulated.h - the tiles of AMX in memory, all of 16 rows of 64 bytes, for
 * products_body.h. A product of bfloat16 is the order of sums of ProductKernels.h, which
 * was compared with the hardware bit by bit. The including file defines:
 *   TARGET                        function attributes
 *   EMULATE_BF16(sums, a, b)      that product: 16 rows of sums, words of a, words of b
 */
struct tiles {
    uint32_t tile[8][256];
};

#define TILES struct tiles
#define TILES_BEGIN(t) (void)(t)
#define TILES_END(t) (void)(t)
#define TILE_ZERO(t, n) __builtin_memset((t)->tile[n], 0, 1024)
#define TILE_LOAD(t, n, p, stride) load_tile((t)->tile[n], p, stride)
#define TILE_STORE(t, n, p) __builtin_memcpy(p, (t)->tile[n], 1024)
#define TILE_BF16(t, c, a, b) EMULATE_BF16((t)->tile[c], (t)->tile[a], (t)->tile[b])
#define TILE_U8(t, c, a, b) multiply_bytes(0, (t)->tile[c], (t)->tile[a], (t)->tile[b])
#define TILE_S8(t, c, a, b) multiply_bytes(1, (t)->tile[c], (t)->tile[a], (t)->tile[b])

static TARGET void load_tile(uint32_t *tile, const void *from, int64_t stride) {
    for (int r = 0; r < 16; r++)
        __builtin_memcpy(tile + 16 * r, (const char *)from + r * stride, 64);
}

/* Sums wrap. */
P2S_INLINE TARGET void multiply_bytes(
    const int is_signed, uint32_t *sums, const uint32_t *a, const uint32_t *b) {
    typedef int32_t lanes __attribute__((vector_size(64)));
    typedef uint32_t words __attribute__((vector_size(64)));
    for (int m = 0; m < 16; m += 4) {
        words sum[4];
        __builtin_memcpy(sum, sums + 16 * m, sizeof sum);
        for (int k = 0; k < 16; k++) {
            words w;
            __builtin_memcpy(&w, b + 16 * k, sizeof w);
            P2S_UNROLL for (int i = 0; i < 32; i += 8) {
                lanes y = (lanes)(w << (24 - i)) >> 24;
                P2S_UNROLL for (int r = 0; r < 4; r++) {
                    uint8_t byte = (uint8_t)(a[16 * (m + r) + k] >> i);
                    sum[r] += (words)(y * (is_signed ? (int32_t)(int8_t)byte : (int32_t)byte));
                }
            }
        }
        __builtin_memcpy(sums + 16 * m, sum, sizeof sum);
    }
}

/* 32 floats to a line of bfloat16, nearest even; subnormal numbers become zeros and a NaN
 * quiet, as AVX512-BF16 does it. */
P2S_INLINE TARGET void round_line(void *to, const void *low, const void *high) {
    uint16_t line[32];
    for (int i = 0; i < 32; i++) {
        uint32_t u;
        __builtin_memcpy(&u, (const char *)(i < 16 ? low : high) + i % 16 * 4, 4);
        uint32_t magnitude = u & 0x7FFFFFFF, rounded = (u + 0x7FFF + (u >> 16 & 1)) >> 16;
        line[i] = (uint16_t)(magnitude > 0x7F800000  ? u >> 16 | 0x40
                                 : magnitude < 0x800000 ? u >> 16 & 0x8000
                                                        : rounded);
    }
    __builtin_memcpy(to, line, 64);
}
#define ROUND_LINE(y, low, high) round_line(y, &(low), &(high))

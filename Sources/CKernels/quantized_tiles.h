/*
 * quantized_tiles.h - quantized convolutions by products of tiles. A tile of the input is 16
 * pixels by 64 bytes of their channels and taps; a tile of the weights is 16 of the vectors
 * that the other forms read, one below the other; a tile of sums is 16 pixels by the 16
 * filters of a block. Sums are those of the other forms, and so are the bytes.
 *
 * A tile of the input is loaded where it lies if its 64 bytes are channels of one tap, and the
 * pixels have equal distances; otherwise its rows are gathered, in pieces of 16 bytes or more.
 *
 * The including file defines TARGET, the tiles as in products_body.h, and
 *   finish_tile(conv, sums, rows, block, output)   sums of one block become bytes
 */
#ifndef INLINE
#define INLINE P2S_INLINE TARGET
#endif

enum { ROWS = 16, ROW_BYTES = 64, TILE_BYTES = ROWS * ROW_BYTES };

/* The pixels of one tile. */
struct tile_rows {
    const uint8_t *pixel[ROWS]; /* their first input pixels */
    int32_t count;
    int64_t step; /* from each to the next, if that is the same for all of 16; otherwise 0 */
};

INLINE struct tile_rows rows_of(const struct p2s_quantized_run *run, int32_t pixel, int32_t block) {
    const int32_t *bytes = run->pixel_bytes + pixel;
    const int32_t rest = run->pixels - pixel;
    struct tile_rows rows = { .count = rest < ROWS ? rest : ROWS };
    int is_even = rows.count == ROWS;
    for (int32_t r = 0; r < rows.count; r++) {
        rows.pixel[r] = run->input + bytes[r] + run->conv->first[block];
        is_even &= r < 2 || bytes[r] - bytes[r - 1] == bytes[1] - bytes[0];
    }
    if (is_even) rows.step = bytes[1] - bytes[0];
    return rows;
}

/* Where the pieces of a chunk of 64 bytes are, from a pixel on; the last chunk may have fewer. */
struct chunk {
    int64_t at[ROW_BYTES / 16];
    int32_t pieces;
};

/* The next chunk after channel `*channel` of tap `*tap`. */
INLINE struct chunk next_chunk(
    const int piece, const struct p2s_quantized_conv *conv, int32_t *tap, int32_t *channel) {
    struct chunk chunk = { .pieces = 0 };
    for (int i = 0; i < ROW_BYTES / piece && *tap < conv->taps; i++) {
        chunk.at[chunk.pieces++] = conv->tap_bytes[*tap] + *channel;
        *channel += piece;
        if (*channel < conv->window) continue;
        *channel = 0;
        ++*tap;
    }
    return chunk;
}

/* What is after the last piece meets weights that are zero. */
INLINE void gather(
    const int piece, const struct tile_rows *rows, const struct chunk *chunk, uint8_t *to) {
    for (int32_t r = 0; r < rows->count; r++)
        for (int32_t i = 0; i < chunk->pieces; i++)
            __builtin_memcpy(to + ROW_BYTES * r + piece * i, rows->pixel[r] + chunk->at[i], piece);
}

/* The weights after the last full chunk, with zeros up to 16 vectors. */
INLINE void copy_tail(
    const struct p2s_quantized_conv *conv, struct p2s_block_weights w, const int blocks,
    int8_t *tail) {
    const int64_t vectors = conv->taps * (int64_t)(conv->window / 4), left = vectors % ROWS;
    __builtin_memset(tail, 0, 2 * TILE_BYTES);
    w.first += (vectors - left) * w.step;
    for (int64_t i = 0; i < left; i++)
        __builtin_memcpy(tail + 2 * ROW_BYTES * i, w.first + w.step * i, (size_t)(64 * blocks));
}

#define INPUT_TILE(n, i)                                                                      \
    do {                                                                                      \
        if (piece == ROW_BYTES && rows[i].step) {                                             \
            TILE_LOAD(t, n, rows[i].pixel[0] + chunk.at[0], rows[i].step);                    \
        } else {                                                                              \
            gather(piece, &rows[i], &chunk, lines + (i) * TILE_BYTES);                        \
            TILE_LOAD(t, n, lines + (i) * TILE_BYTES, ROW_BYTES);                             \
        }                                                                                     \
    } while (0)

/* One or two tiles of pixels by one or two blocks: `sums` has four tiles, [pixels][block]. */
INLINE void multiply_tiles(
    const int piece, const int tiles, const int blocks, const struct p2s_quantized_conv *conv,
    int32_t block, struct p2s_block_weights w, const int8_t *tail, const struct tile_rows *rows,
    uint8_t *lines, int32_t *sums, TILES *t) {
    (void)t;
    const int32_t *start = conv->start + 16 * block;
    /* The same row 16 times. */
    TILE_LOAD(t, 0, start, 0);
    if (blocks == 2) TILE_LOAD(t, 1, start + 16, 0);
    if (tiles == 2) TILE_LOAD(t, 2, start, 0);
    if (tiles == 2 && blocks == 2) TILE_LOAD(t, 3, start + 16, 0);
    for (int32_t tap = 0, channel = 0; tap < conv->taps; w.first += ROWS * w.step) {
        const struct chunk chunk = next_chunk(piece, conv, &tap, &channel);
        INPUT_TILE(4, 0);
        if (tiles == 2) INPUT_TILE(5, 1);
        if (chunk.pieces < ROW_BYTES / piece) w.first = tail, w.step = 2 * ROW_BYTES;
        TILE_LOAD(t, 6, w.first, w.step);
        if (blocks == 2) TILE_LOAD(t, 7, w.first + 64, w.step);
        TILE_U8(t, 0, 4, 6);
        if (blocks == 2) TILE_U8(t, 1, 4, 7);
        if (tiles == 2) TILE_U8(t, 2, 5, 6);
        if (tiles == 2 && blocks == 2) TILE_U8(t, 3, 5, 7);
    }
    TILE_STORE(t, 0, sums);
    if (blocks == 2) TILE_STORE(t, 1, sums + 256);
    if (tiles == 2) TILE_STORE(t, 2, sums + 512);
    if (tiles == 2 && blocks == 2) TILE_STORE(t, 3, sums + 768);
}

/* All pixels of one or two blocks. */
INLINE void multiply_blocks(
    const int piece, const int blocks, const struct p2s_quantized_run *run, int32_t block,
    TILES *t) {
    const struct p2s_quantized_conv *conv = run->conv;
    const struct p2s_block_weights w = p2s_weights_of(conv, block);
    _Alignas(64) int8_t tail[2 * TILE_BYTES];
    _Alignas(64) uint8_t lines[2 * TILE_BYTES];
    _Alignas(64) int32_t sums[4 * 256];
    copy_tail(conv, w, blocks, tail);
    __builtin_memset(lines, 0, sizeof lines);
    for (int32_t pixel = 0; pixel < run->pixels; pixel += 2 * ROWS) {
        const int tiles = run->pixels - pixel > ROWS ? 2 : 1;
        struct tile_rows rows[2] = { rows_of(run, pixel, block) };
        if (tiles == 2) {
            rows[1] = rows_of(run, pixel + ROWS, block);
            multiply_tiles(piece, 2, blocks, conv, block, w, tail, rows, lines, sums, t);
        } else {
            multiply_tiles(piece, 1, blocks, conv, block, w, tail, rows, lines, sums, t);
        }
        for (int i = 0; i < tiles; i++)
            for (int b = 0; b < blocks; b++)
                finish_tile(
                    conv, sums + 512 * i + 256 * b, rows[i].count, block + b,
                    run->output + (pixel + ROWS * i) * (int64_t)conv->out_channels
                        + 16 * (block + b));
    }
}

/* One function per size of pieces, which keeps each small. */
#define PIECES(bytes)                                                                         \
    static TARGET void multiply_##bytes(                                                      \
        const struct p2s_quantized_run *run, int32_t block, int32_t blocks, TILES *t) {       \
        if (blocks == 2) multiply_blocks(bytes, 2, run, block, t);                            \
        else multiply_blocks(bytes, 1, run, block, t);                                        \
    }
PIECES(64)
PIECES(32)
PIECES(16)

/* Blocks of a panel by two, which read the same channels. */
P2S_INLINE TARGET void tiles_form(const struct p2s_quantized_run *run) {
    const struct p2s_quantized_conv *conv = run->conv;
    TILES tiles;
    TILES_BEGIN(&tiles);
    for (int32_t panel = run->first; panel < run->last; panel += conv->panel) {
        const int32_t rest = run->last - panel, count = rest < conv->panel ? rest : conv->panel;
        for (int32_t b = 0; b < count; b += 2) {
            const int32_t blocks = count - b > 1 ? 2 : 1;
            if (conv->window % 64 == 0) multiply_64(run, panel + b, blocks, &tiles);
            else if (conv->window % 32 == 0) multiply_32(run, panel + b, blocks, &tiles);
            else multiply_16(run, panel + b, blocks, &tiles);
        }
    }
    TILES_END(&tiles);
}

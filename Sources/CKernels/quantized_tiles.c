/* quantized_tiles.c - quantized convolutions by products of tiles in plain C, which is their
 * specification. */
#pragma STDC FP_CONTRACT OFF
#include "quantized.h"

#define TARGET

P2S_INLINE void finish_tile(
    const struct p2s_quantized_conv *conv, const int32_t *sums, int32_t rows, int32_t block,
    uint8_t *output) {
    for (int32_t r = 0; r < rows; r++)
        p2s_requantize(conv, sums + 16 * r, 16 * block, output + r * (int64_t)conv->out_channels);
}

#include "products_emulated.h"
#include "quantized_tiles.h"

void p2s_quantized_tiles_portable(const struct p2s_quantized_run *run) { tiles_form(run); }

/*
 * grouped_neon.c - grouped 3x3 with AArch64 Advanced SIMD, pixel by pixel: a
 * byte table lookup spreads each group's input value over its lanes.
 */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_NEON
#  include <arm_neon.h>

/* Byte indices, within the register that holds lane q * 4, of the first lane of
 * each lane's group. Groups of 8 take both halves from their own first register. */
static uint8x16_t group_bytes(int32_t group) {
    uint8_t bytes[16];
    for (int lane = 0; lane < 4; lane++)
        for (int byte = 0; byte < 4; byte++)
            bytes[lane * 4 + byte] = (uint8_t)((group >= 4 ? 0 : lane / group * group) * 4 + byte);
    return vld1q_u8(bytes);
}

static void pixel(const struct p2s_grouped_row *row, int32_t x, uint8x16_t first) {
    float32x4_t sum[4];
    P2S_UNROLL for (int q = 0; q < 4; q++) sum[q] = vld1q_f32(row->bias + 4 * q);
    const float *weights = row->weights;
    for (int ky = 0; ky < 3; ky++) {
        const float *taps = row->input + ky * row->in_row + 16 * (int64_t)x * row->stride;
        for (int32_t c = 0; c < row->depth; c++) {
            /* Channel c of a group of 8 may lie in its second register. */
            int32_t skip = c / 4 * 4;
            uint8x16_t index = vaddq_u8(first, vdupq_n_u8((uint8_t)((c - skip) * 4)));
            for (int kx = 0; kx < 3; kx++) {
                const float *a = taps + 16 * kx + skip;
                P2S_UNROLL for (int q = 0; q < 4; q++) {
                    int source = row->group == 8 ? q / 2 * 2 : q;
                    uint8x16_t v = vreinterpretq_u8_f32(vld1q_f32(a + 4 * source));
                    float32x4_t spread = vreinterpretq_f32_u8(vqtbl1q_u8(v, index));
                    sum[q] = vfmaq_f32(sum[q], spread, vld1q_f32(weights + 4 * q));
                }
                weights += 16;
            }
        }
    }
    float *output = row->output + 16 * (int64_t)x;
    P2S_UNROLL for (int q = 0; q < 4; q++) {
        if (row->relu) sum[q] = vmaxq_f32(sum[q], vdupq_n_f32(0)); /* fmax propagates NaN */
        vst1q_f32(output + 4 * q, sum[q]);
    }
}

void p2s_grouped_neon(const struct p2s_grouped_row *row) {
    uint8x16_t first = group_bytes(row->group);
    for (int32_t x = 0; x < row->width; x++) pixel(row, x, first);
}
#endif

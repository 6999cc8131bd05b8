/* reduced_portable.c - the reduced tile and the reduced grouped row, as specified. */
#pragma STDC FP_CONTRACT OFF
#include "reduced.h"

/* The sum of one output lane. */
struct sum {
    float real;
    int32_t integer;
};

P2S_INLINE void add_word(const enum p2s_number number, struct sum *sum, uint32_t a, uint32_t w) {
    if (number == P2S_BF16) {
        sum->real += p2s_float(a & 0xFFFF0000) * p2s_float(w & 0xFFFF0000);
        sum->real += p2s_float(a << 16) * p2s_float(w << 16);
        return;
    }
    for (int i = 0; i < 32; i += 8)
        sum->integer += (int32_t)(uint8_t)(a >> i) * (int32_t)(int8_t)(uint8_t)(w >> i);
}

/* Sums to outputs: scale and bias for 16 lanes. */
P2S_INLINE void finish(
    const enum p2s_number number, const struct sum *sums, float input_scale, const float *scale,
    const float *bias, const float *residual, int32_t relu, float *output) {
    for (int l = 0; l < P2S_LANES; l++) {
        float sum = number == P2S_BF16 ? sums[l].real : (float)sums[l].integer;
        float v = sum * (input_scale * scale[l]) + bias[l];
        if (residual) v += residual[l];
        output[l] = relu ? p2s_relu(v) : v;
    }
}

P2S_INLINE void tile_form(const enum p2s_number number, const struct p2s_tile *tile) {
    int64_t step = tile->blocks * P2S_LANES;
    for (int32_t b = 0; b < tile->blocks; b++) {
        for (int32_t p = 0; p < tile->pixels; p++) {
            struct sum sums[P2S_LANES] = { { 0, 0 } };
            const float *weights = tile->weights + b * P2S_LANES;
            for (int32_t s = 0; s < tile->segment_count; s++) {
                const float *a = tile->input + p * tile->in_pixel + tile->segments[s].offset;
                for (int64_t i = 0; i < tile->segments[s].count; i++) {
                    uint32_t word = p2s_word(a + i);
                    for (int l = 0; l < P2S_LANES; l++)
                        add_word(number, &sums[l], word, p2s_word(weights + l));
                    weights += step;
                }
            }
            int64_t at = b * tile->out_block + tile->at[p];
            finish(
                number, sums, *tile->input_scale, tile->scale + b * P2S_LANES,
                tile->bias + b * P2S_LANES, tile->residual ? tile->residual + at : 0, tile->relu,
                tile->output + at);
        }
    }
}

P2S_INLINE void row_form(const enum p2s_number number, const struct p2s_grouped_row *row) {
    const int channels = p2s_word_channels(number), pixel = P2S_LANES / channels;
    for (int32_t x = 0; x < row->width; x++) {
        const float *weights = row->weights;
        struct sum sums[P2S_LANES] = { { 0, 0 } };
        for (int ky = 0; ky < 3; ky++) {
            for (int32_t c = 0; c < row->depth; c++) {
                for (int kx = 0; kx < 3; kx++) {
                    const float *a
                        = row->input + ky * row->in_row + (int64_t)(x * row->stride + kx) * pixel + c;
                    for (int l = 0; l < P2S_LANES; l++)
                        add_word(
                            number, &sums[l], p2s_word(a + l / row->group * row->group / channels),
                            p2s_word(weights + l));
                    weights += P2S_LANES;
                }
            }
        }
        finish(
            number, sums, *row->input_scale, row->scale, row->bias, 0, row->relu,
            row->output + (int64_t)x * P2S_LANES);
    }
}

void p2s_tile_bf16_portable(const struct p2s_tile *tile) { tile_form(P2S_BF16, tile); }
void p2s_tile_i8_portable(const struct p2s_tile *tile) { tile_form(P2S_I8, tile); }
void p2s_grouped_bf16_portable(const struct p2s_grouped_row *row) { row_form(P2S_BF16, row); }
void p2s_grouped_i8_portable(const struct p2s_grouped_row *row) { row_form(P2S_I8, row); }

/*
 * reduced_avx512.h - the reduced tile and grouped row with AVX-512, for whichever
 * dot product the including file defines:
 *
 *   TARGET          the attribute that turns its instructions on
 *   sum_t           16 sums
 *   no_sum()        16 zeros
 *   dot(s, a, w)    s + the dot product of the channels in each word of a and w
 *   real(s)         the sums as floats
 *   CHANNELS        channels in a word
 *
 * As in conv_avx512.c, 14 pixels by 2 blocks are 28 accumulators. One broadcast
 * word feeds 2 or 4 times as many products as a float does, at the same rate.
 */
#include <immintrin.h>

#define INLINE P2S_INLINE TARGET
enum { PIXEL = P2S_LANES / CHANNELS };

INLINE __m512 finish(
    sum_t sum, __m512 scale, __m512 bias, const float *residual, int32_t relu) {
    __m512 v = _mm512_add_ps(_mm512_mul_ps(real(sum), scale), bias);
    if (residual) v = _mm512_add_ps(v, _mm512_loadu_ps(residual));
    /* max returns its second operand when one is NaN: v must be second. */
    return relu ? _mm512_max_ps(_mm512_setzero_ps(), v) : v;
}

INLINE __m512 lane_scale(const float *input_scale, const float *scale) {
    return _mm512_mul_ps(_mm512_set1_ps(*input_scale), _mm512_loadu_ps(scale));
}

/* Constant `pixels`, `blocks`, `stride` (in_pixel) make all loops unroll. */
INLINE void tile_body(
    const int pixels, const int blocks, const int64_t stride, const struct p2s_tile *tile) {
    sum_t sum[P2S_TILE_MAX][2];
    float *output = tile->output;
    const float *residual = tile->residual;
    int64_t out_block = tile->out_block;

    P2S_UNROLL for (int b = 0; b < blocks; b++) {
        P2S_UNROLL for (int p = 0; p < pixels; p++) {
            sum[p][b] = no_sum();
            /* The result lines are read or written once, after the sum. */
            __builtin_prefetch(output + b * out_block + tile->at[p], 1, 3);
        }
    }
    const float *weights = tile->weights;
    const char *prefetch = tile->prefetch;
    int64_t prefetch_step = tile->prefetch_step;
    for (int32_t s = 0; s < tile->segment_count; s++) {
        const float *a = tile->input + tile->segments[s].offset;
        const float *end = a + tile->segments[s].count;
        for (; a < end; a++) {
            __m512i w[2];
            P2S_UNROLL for (int b = 0; b < blocks; b++)
                w[b] = _mm512_loadu_si512(weights + 16 * b);
            weights += 16 * blocks;
            _mm_prefetch(prefetch, _MM_HINT_T1);
            prefetch += prefetch_step;
            P2S_UNROLL for (int p = 0; p < pixels; p++) {
                __m512i v = _mm512_set1_epi32((int)p2s_word(a + p * stride));
                P2S_UNROLL for (int b = 0; b < blocks; b++) sum[p][b] = dot(sum[p][b], v, w[b]);
            }
        }
    }
    P2S_UNROLL for (int b = 0; b < blocks; b++) {
        __m512 scale = lane_scale(tile->input_scale, tile->scale + 16 * b);
        __m512 bias = _mm512_loadu_ps(tile->bias + 16 * b);
        P2S_UNROLL for (int p = 0; p < pixels; p++) {
            int64_t at = b * out_block + tile->at[p];
            __m512 v = finish(sum[p][b], scale, bias, residual ? residual + at : 0, tile->relu);
            _mm512_storeu_ps(output + at, v);
        }
    }
}

INLINE void tile_pixels(const int blocks, const int64_t stride, const struct p2s_tile *tile) {
    switch (tile->pixels) {
    case 1: tile_body(1, blocks, stride, tile); break;
    case 2: tile_body(2, blocks, stride, tile); break;
    case 3: tile_body(3, blocks, stride, tile); break;
    case 4: tile_body(4, blocks, stride, tile); break;
    case 5: tile_body(5, blocks, stride, tile); break;
    case 6: tile_body(6, blocks, stride, tile); break;
    case 7: tile_body(7, blocks, stride, tile); break;
    case 8: tile_body(8, blocks, stride, tile); break;
    case 9: tile_body(9, blocks, stride, tile); break;
    case 10: tile_body(10, blocks, stride, tile); break;
    case 11: tile_body(11, blocks, stride, tile); break;
    case 12: tile_body(12, blocks, stride, tile); break;
    case 13: tile_body(13, blocks, stride, tile); break;
    case 14: tile_body(14, blocks, stride, tile); break;
    default: break;
    }
}

/* One function for each (blocks, stride), so that none grows out of hand. */
TARGET static void tile_1_near(const struct p2s_tile *t) { tile_pixels(1, PIXEL, t); }
TARGET static void tile_1_apart(const struct p2s_tile *t) { tile_pixels(1, 2 * PIXEL, t); }
TARGET static void tile_2_near(const struct p2s_tile *t) { tile_pixels(2, PIXEL, t); }
TARGET static void tile_2_apart(const struct p2s_tile *t) { tile_pixels(2, 2 * PIXEL, t); }

/* Any other stride: pixel by pixel. */
TARGET static void tile_any(const struct p2s_tile *tile) {
    for (int32_t p = 0; p < tile->pixels; p++) {
        struct p2s_tile one = *tile;
        one.pixels = 1;
        one.input += p * tile->in_pixel;
        one.at[0] = tile->at[p];
        if (tile->blocks == 2) tile_body(1, 2, PIXEL, &one);
        else tile_body(1, 1, PIXEL, &one);
    }
}

P2S_INLINE void tile_form(const struct p2s_tile *tile) {
    int two = tile->blocks == 2;
    switch (tile->in_pixel) {
    case PIXEL: (two ? tile_2_near : tile_1_near)(tile); break;
    case 2 * PIXEL: (two ? tile_2_apart : tile_1_apart)(tile); break;
    default: tile_any(tile); break;
    }
}

/* The words of one pixel, in the lowest lanes. */
INLINE __m512i pixel_words(const float *a) {
    return CHANNELS == 4 ? _mm512_castsi128_si512(_mm_loadu_si128((const void *)a))
                         : _mm512_castsi256_si512(_mm256_loadu_si256((const void *)a));
}

/* `pixels` output pixels from `x`; as in grouped_avx512.c. */
INLINE void run_body(
    const int pixels, const int stride, const struct p2s_grouped_row *row, int32_t x) {
    const int taps = (pixels - 1) * stride + 3;
    sum_t sum[P2S_TILE_MAX];
    float *output = row->output + 16 * (int64_t)x;
    P2S_UNROLL for (int p = 0; p < pixels; p++) {
        sum[p] = no_sum();
        __builtin_prefetch(output + 16 * p, 1, 3);
    }
    /* First word of each lane's group; groups and words are powers of two. */
    __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i first = _mm512_and_epi32(lanes, _mm512_set1_epi32(-row->group));
    first = _mm512_srli_epi32(first, CHANNELS == 4 ? 2 : 1);
    const float *weights = row->weights;
    for (int ky = 0; ky < 3; ky++) {
        const float *a = row->input + ky * row->in_row + PIXEL * (int64_t)x * stride;
        __m512i word = first;
        _Pragma("clang loop unroll(disable)") for (int32_t c = 0; c < row->depth; c++) {
            __m512i w0 = _mm512_loadu_si512(weights), w1 = _mm512_loadu_si512(weights + 16),
                    w2 = _mm512_loadu_si512(weights + 32);
            weights += 48;
            P2S_UNROLL for (int t = 0; t < taps; t++) {
                __m512i v = _mm512_permutexvar_epi32(word, pixel_words(a + PIXEL * t));
                /* Output p reads the taps p * stride + kx. */
                if (t % stride == 0 && t / stride < pixels)
                    sum[t / stride] = dot(sum[t / stride], v, w0);
                if (t >= 1 && (t - 1) % stride == 0 && (t - 1) / stride < pixels)
                    sum[(t - 1) / stride] = dot(sum[(t - 1) / stride], v, w1);
                if (t >= 2 && (t - 2) % stride == 0 && (t - 2) / stride < pixels)
                    sum[(t - 2) / stride] = dot(sum[(t - 2) / stride], v, w2);
            }
            word = _mm512_add_epi32(word, _mm512_set1_epi32(1));
        }
    }
    __m512 scale = lane_scale(row->input_scale, row->scale), bias = _mm512_loadu_ps(row->bias);
    P2S_UNROLL for (int p = 0; p < pixels; p++)
        _mm512_storeu_ps(output + 16 * p, finish(sum[p], scale, bias, 0, row->relu));
}

/* Runs of `pixels`; the last one overlaps its neighbor and rewrites the same bits. */
INLINE void row_body(const int pixels, const int stride, const struct p2s_grouped_row *row) {
    for (int32_t x = 0; x < row->width; x += pixels)
        run_body(pixels, stride, row, x + pixels <= row->width ? x : row->width - pixels);
}

INLINE void row_stride(const int stride, const struct p2s_grouped_row *row) {
    /* With stride 2 the compiler keeps inputs in registers and 14 sums would spill. */
    if (row->width >= 14 && stride == 1) row_body(14, stride, row);
    else if (row->width >= 7) row_body(7, stride, row);
    else if (row->width >= 3) row_body(3, stride, row);
    else row_body(1, stride, row);
}

TARGET static void row_1(const struct p2s_grouped_row *row) { row_stride(1, row); }
TARGET static void row_2(const struct p2s_grouped_row *row) { row_stride(2, row); }

P2S_INLINE void row_form(const struct p2s_grouped_row *row) {
    (row->stride == 2 ? row_2 : row_1)(row);
}

/* pool.c - max-pooling and the mean over a plane. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

/* The larger, or NaN when either is NaN. */
P2S_INLINE float larger(float a, float b) { return a != a || a > b ? a : b; }

void p2s_maxpool_portable(const struct p2s_maxpool_row *row) {
    int32_t width = (row->in_width + 1) / 2;
    for (int32_t x = 0; x < width; x++) {
        int32_t x0 = x == 0 ? 0 : 2 * x - 1;
        int32_t x1 = 2 * x + 2 < row->in_width ? 2 * x + 2 : row->in_width;
        float *output = row->output + (int64_t)x * P2S_LANES;
        for (int l = 0; l < P2S_LANES; l++) output[l] = row->rows[0][x0 * P2S_LANES + l];
        for (int r = 0; r < 3; r++)
            for (int32_t i = x0; i < x1; i++)
                for (int l = 0; l < P2S_LANES; l++)
                    output[l] = larger(row->rows[r][(int64_t)i * P2S_LANES + l], output[l]);
    }
}

#if P2S_HAVE_X86
#  include <immintrin.h>

/* max returns its second operand when one is NaN, so a NaN in b survives; one in
 * a is put back. */
P2S_INLINE P2S_AVX512 __m512 larger_16(__m512 a, __m512 b) {
    __mmask16 nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
    return _mm512_mask_mov_ps(_mm512_max_ps(a, b), nan, a);
}

P2S_INLINE P2S_AVX512 __m512 column_16(const struct p2s_maxpool_row *row, int32_t x) {
    int64_t at = (int64_t)x * 16;
    __m512 upper = larger_16(_mm512_loadu_ps(row->rows[0] + at), _mm512_loadu_ps(row->rows[1] + at));
    return larger_16(upper, _mm512_loadu_ps(row->rows[2] + at));
}

P2S_AVX512 void p2s_maxpool_avx512(const struct p2s_maxpool_row *row) {
    int32_t width = (row->in_width + 1) / 2;
    __m512 left = column_16(row, 0);
    for (int32_t x = 0; x < width; x++) {
        __m512 v = larger_16(left, column_16(row, 2 * x));
        if (2 * x + 1 < row->in_width) {
            left = column_16(row, 2 * x + 1);
            v = larger_16(v, left);
        }
        _mm512_storeu_ps(row->output + (int64_t)x * 16, v);
    }
}

P2S_INLINE P2S_AVX2 __m256 larger_8(__m256 a, __m256 b) {
    return _mm256_blendv_ps(_mm256_max_ps(a, b), a, _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}

P2S_INLINE P2S_AVX2 __m256 column_8(const struct p2s_maxpool_row *row, int64_t at) {
    __m256 upper = larger_8(_mm256_loadu_ps(row->rows[0] + at), _mm256_loadu_ps(row->rows[1] + at));
    return larger_8(upper, _mm256_loadu_ps(row->rows[2] + at));
}

P2S_AVX2 void p2s_maxpool_avx2(const struct p2s_maxpool_row *row) {
    int32_t width = (row->in_width + 1) / 2;
    for (int half = 0; half < 16; half += 8) {
        __m256 left = column_8(row, half);
        for (int32_t x = 0; x < width; x++) {
            __m256 v = larger_8(left, column_8(row, (int64_t)x * 32 + half));
            if (2 * x + 1 < row->in_width) {
                left = column_8(row, (int64_t)x * 32 + 16 + half);
                v = larger_8(v, left);
            }
            _mm256_storeu_ps(row->output + (int64_t)x * 16 + half, v);
        }
    }
}
#endif

static int32_t row_chunks(const struct p2s_maxpool *pool) {
    return ((pool->in_rows + 1) / 2 + pool->unit_rows - 1) / pool->unit_rows;
}

int32_t p2s_maxpool_units(const struct p2s_maxpool *pool) {
    return pool->blocks * row_chunks(pool);
}

void p2s_maxpool_unit(
    enum p2s_isa isa, const struct p2s_maxpool *pool, const float *input, float *output,
    int32_t unit) {
    p2s_maxpool_form form = p2s_maxpool_for(isa);
    int32_t rows = (pool->in_rows + 1) / 2, width = (pool->in_width + 1) / 2;
    int32_t count = row_chunks(pool), block = unit / count;
    int32_t y0 = unit % count * pool->unit_rows;
    int32_t y1 = y0 + pool->unit_rows < rows ? y0 + pool->unit_rows : rows;
    for (int32_t y = y0; y < y1; y++) {
        struct p2s_maxpool_row row;
        row.in_width = pool->in_width;
        row.output = output + block * pool->out_block + y * pool->out_row;
        for (int32_t r = 0; r < 3; r++) {
            /* Repeating a border row of the window cannot change its maximum. */
            int32_t in = 2 * y - 1 + r;
            in = in < 0 ? 0 : in < pool->in_rows ? in : pool->in_rows - 1;
            row.rows[r] = input + block * pool->in_block + (int64_t)in * pool->in_width * P2S_LANES;
        }
        form(&row);
        if (pool->out_halo) p2s_zero_halo(row.output, pool->out_row, y, rows, 0, width, width);
    }
}

/* Plain additions in a fixed order, one lane after another: the compiler's vectors
 * give the same bits as any intrinsics would. */
void p2s_mean_block(
    enum p2s_isa isa, const float *input, int32_t rows, int32_t width, int64_t in_row,
    float *output) {
    (void)isa;
    float total[P2S_LANES];
    p2s_zero(total, P2S_LANES);
    for (int32_t y = 0; y < rows; y++) {
        float sum[P2S_LANES];
        p2s_zero(sum, P2S_LANES);
        for (int32_t x = 0; x < width; x++)
            for (int l = 0; l < P2S_LANES; l++)
                sum[l] += input[y * in_row + (int64_t)x * P2S_LANES + l];
        for (int l = 0; l < P2S_LANES; l++) total[l] += sum[l];
    }
    float count = (float)((int64_t)rows * width);
    for (int l = 0; l < P2S_LANES; l++) output[l] = total[l] / count;
}

/*
 * winograd_body.h - the transforms of F(4x4, 3x3) over the vector that the including
 * file defines:
 *   VEC, VEC_LANES          a vector of floats, which divide a block's 16
 *   VEC_LOAD(p), VEC_STORE(p, v), VEC_SET(x)
 *   VEC_FMA(a, b, c)        a * b + c
 *   VEC_RELU(v)             max(0, v); a NaN stays a NaN
 *   VEC_TARGET              function attributes
 * and whose operators + and - work lane by lane.
 */
#define VEC_INLINE P2S_INLINE VEC_TARGET

/* Powers of the points +-a, +-1/a for a = 2/3, and a^2 + 1/a^2. */
#define A1 (2.0f / 3)
#define A2 (4.0f / 9)
#define A3 (8.0f / 27)
#define R1 1.5f
#define R2 2.25f
#define R3 3.375f
#define S2 (97.0f / 36)

/* B' times six values. */
VEC_INLINE void transform_input(const VEC d[6], VEC v[6]) {
    VEC even = VEC_FMA(VEC_SET(-R2), d[2], d[4]);
    VEC odd = VEC_FMA(VEC_SET(-R1), d[1], VEC_SET(A1) * d[3]);
    v[1] = even + odd;
    v[2] = even - odd;
    even = VEC_FMA(VEC_SET(-A2), d[2], d[4]);
    odd = VEC_FMA(VEC_SET(-A1), d[1], VEC_SET(R1) * d[3]);
    v[3] = even + odd;
    v[4] = even - odd;
    v[0] = VEC_FMA(VEC_SET(-S2), d[2], d[0] + d[4]);
    v[5] = VEC_FMA(VEC_SET(-S2), d[3], d[1] + d[5]);
}

/* A' times six values. */
VEC_INLINE void transform_output(const VEC m[6], VEC y[4]) {
    VEC s1 = m[1] + m[2], t1 = m[1] - m[2], s2 = m[3] + m[4], t2 = m[3] - m[4];
    y[0] = m[0] + s1 + s2;
    y[1] = VEC_FMA(VEC_SET(R1), t2, VEC_SET(A1) * t1);
    y[2] = VEC_FMA(VEC_SET(R2), s2, VEC_SET(A2) * s1);
    y[3] = VEC_FMA(VEC_SET(R3), t2, VEC_FMA(VEC_SET(A3), t1, m[5]));
}

/* Lanes [lane, lane + VEC_LANES) of a row of tiles. Neighboring tiles share two
 * columns: `seen` keeps the last eight, each transformed along its rows once. */
VEC_INLINE void input_lanes(const struct p2s_winograd_input *in, const int lane) {
    VEC seen[8][6];
    int32_t ready = 0;
    for (int32_t t = 0; t < in->tiles; t++) {
        for (; ready < 4 * t + 6; ready++) {
            VEC d[6];
            P2S_UNROLL for (int r = 0; r < 6; r++) d[r]
                = ready < in->columns ? VEC_LOAD(in->rows[r] + ready * in->steps[r] + lane)
                                      : VEC_SET(0);
            transform_input(d, seen[ready % 8]);
        }
        int32_t tile = in->first_tile + t;
        float *output = in->output + tile / in->strip_tiles * in->strip_floats
            + tile % in->strip_tiles * P2S_LANES + lane;
        P2S_UNROLL for (int r = 0; r < 6; r++) {
            VEC d[6], v[6];
            P2S_UNROLL for (int x = 0; x < 6; x++) d[x] = seen[(4 * t + x) % 8][r];
            transform_input(d, v);
            P2S_UNROLL for (int x = 0; x < 6; x++)
                VEC_STORE(output + (6 * r + x) * in->matrix_floats, v[x]);
        }
    }
}

VEC_INLINE void input_body(const struct p2s_winograd_input *in) {
    for (int lane = 0; lane < P2S_LANES; lane += VEC_LANES) input_lanes(in, lane);
}

VEC_INLINE void output_lanes(const struct p2s_winograd_output *out, const int lane) {
    VEC half[6][4];
    P2S_UNROLL for (int x = 0; x < 6; x++) {
        VEC m[6];
        P2S_UNROLL for (int r = 0; r < 6; r++) m[r]
            = VEC_LOAD(out->sums + (6 * r + x) * out->matrix_floats + lane);
        transform_output(m, half[x]);
    }
    VEC bias = VEC_LOAD(out->bias + lane);
    P2S_UNROLL for (int r = 0; r < 4; r++) {
        if (r >= out->rows) break;
        VEC m[6], y[4];
        P2S_UNROLL for (int x = 0; x < 6; x++) m[x] = half[x][r];
        transform_output(m, y);
        P2S_UNROLL for (int x = 0; x < 4; x++) {
            if (x >= out->columns) break;
            int64_t at = r * out->out_row + x * P2S_LANES + lane;
            VEC v = y[x] + bias;
            if (out->residual) v = v + VEC_LOAD(out->residual + at);
            VEC_STORE(out->output + at, out->relu ? VEC_RELU(v) : v);
        }
    }
}

VEC_INLINE void output_body(const struct p2s_winograd_output *out) {
    for (int lane = 0; lane < P2S_LANES; lane += VEC_LANES) output_lanes(out, lane);
}

/*
 * test_scales.c - tests what 8-bit integers stand for: p2s_u8_scale of activations, with the
 * largest one as p2s_to_u8 writes it, and p2s_quantize_filter of weights.
 */
#include "harness.h"

#include <math.h>
#include <string.h>

/* The scale and its inverse for a tensor whose largest magnitude is `largest`, and its byte. */
static void run_activation(float largest, struct want scale, struct want inverse, double byte) {
    begin_case("activations up to %g", (double)largest);
    struct want *want = wants(3);
    want[0] = scale;
    want[1] = inverse;
    want[2] = (struct want) { byte, 0 };
    for (int32_t i = 0; i < here_count; i++) {
        float *x = place_floats(INPUT, 1), *output = place_floats(OUTPUT, 3);
        uint8_t *y = place(SCALE, 1);
        *x = largest;
        struct p2s_u8_scale scales = p2s_u8_scale(p2s_largest(here[i], x, 1));
        p2s_to_u8(here[i], x, 1, scales.inverse, y);
        output[0] = scales.scale;
        output[1] = scales.inverse;
        output[2] = (float)*y;
        judge(here[i], output, want, 3, ALL_AGREE);
    }
}

/* A filter's scale and integers. */
static void run_filter(const float *filter, int32_t count, double scale, const double *integers) {
    begin_case("a filter of %d, scale %g", count, scale);
    struct want *want = wants(count + 1);
    want[0] = (struct want) { scale, 0 };
    for (int32_t i = 0; i < count; i++) want[i + 1] = (struct want) { integers[i], 0 };
    for (int32_t i = 0; i < here_count; i++) {
        float *weights = place_floats(WEIGHTS, count), *output = place_floats(OUTPUT, count + 1);
        int8_t *to = place(RESIDUAL, count);
        memcpy(weights, filter, (size_t)count * sizeof *filter);
        memset(to, 1, (size_t)count);
        output[0] = p2s_quantize_filter(weights, count, to);
        for (int32_t k = 0; k < count; k++) output[k + 1] = (float)to[k];
        judge(here[i], output, want, count + 1, ALL_AGREE);
    }
}

/* One weight of 127 makes the scale 1: every other one is rounded as it is. */
static void run_random_filter(struct numbers *n, int32_t count) {
    float filter[64];
    double integers[64];
    for (int32_t i = 0; i < count; i++) {
        /* Steps of a quarter, so that a fourth of them are ties. */
        filter[i] = (float)(draw_below(n, 1015) - 507) / 4;
        integers[i] = nearbyint((double)filter[i]);
    }
    filter[draw_below(n, count)] = 127;
    for (int32_t i = 0; i < count; i++) integers[i] = nearbyint((double)filter[i]);
    run_filter(filter, count, 1, integers);
}

void test_scales(uint64_t seed) {
    struct numbers n = { seed };
    static const struct want nothing = { 0, 0 }, nan = { NAN, 0 };
    static const float none[] = { 0, 0x1p-149f, 0x1p-101f };
    for (int i = 0; i < 3; i++) run_activation(none[i], nothing, nothing, 0);
    static const float unbounded[] = { NAN, INFINITY, -INFINITY };
    for (int i = 0; i < 3; i++) run_activation(unbounded[i], nan, nothing, 0);
    static const float some[] = { 0x1p-100f, 0.1f, 1, 3, 255, 3.40282347e38f };
    for (int i = 0; i < 6; i++) {
        struct want scale = { (double)(some[i] / 255), 0 };
        run_activation(some[i], scale, (struct want) { (double)(255 / some[i]), 0 }, 255);
    }

    for (int32_t count = 1; count <= 64; count++) run_random_filter(&n, count);
    static const float zeros[] = { 0, -0.0f }, broken[] = { 1, NAN }, endless[] = { -INFINITY, 1 };
    static const double no_integers[2];
    run_filter(zeros, 2, 1, no_integers);
    run_filter(broken, 2, NAN, no_integers);
    run_filter(endless, 2, NAN, no_integers);
    /* The least float is no 127th: the scale is then the least float too. */
    static const float least[] = { 0x1p-149f }, one[] = { 1, 1.6f / 127, -1.49f / 127 };
    static const double least_integers[] = { 1 }, one_integers[] = { 127, 2, -1 };
    run_filter(least, 1, 0x1p-149, least_integers);
    run_filter(one, 3, (double)(1 / 127.0f), one_integers);
}

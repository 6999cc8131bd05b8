/* bench.h - what the files of the timings share. */
#ifndef BENCH_H
#define BENCH_H

#include "kernels.h"

/* One line: `operations` (or bytes, which have no peak) of one call on each instruction set. */
struct timing {
    enum p2s_isa isa;
    void (*run)(const struct timing *);
    const void *layer;
    const float *input;
    float *output;
};

/* Times it on each instruction set here and ends the line that the caller began. */
void line(struct timing timing, double operations, int of_peak);

/* Aligned to 64 bytes. */
float *random_floats(int64_t count);

#endif

/*
 * vectors.h - the compiler's vectors of 16 lanes, which round in the same way on every
 * machine, and the split of float32 into parts that products of tiles need.
 */
#ifndef P2S_VECTORS_H
#define P2S_VECTORS_H
#include "kernels.h"

typedef float v16f __attribute__((vector_size(64)));
typedef double v16d __attribute__((vector_size(128)));
typedef uint32_t v16u __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef uint16_t v16h __attribute__((vector_size(32)));
typedef float v8f __attribute__((vector_size(32)));
/* The same at any address. */
typedef float v16f_any __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t v16u_any __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t v16h_any __attribute__((vector_size(32), aligned(2), may_alias));
typedef float v8f_any __attribute__((vector_size(32), aligned(4), may_alias));
#define LOAD_F(p) (*(const v16f_any *)(const void *)(p))
#define LOAD_U(p) (*(const v16u_any *)(const void *)(p))
#define LOAD_H(p) (*(const v16h_any *)(const void *)(p))
#define STORE(p, v) (*(v16u_any *)(void *)(p) = (v16u)(v))
#define ALL(x) ((x) + (v16u) { 0 })

/* Three exact parts of a float32 in the upper halves of words: rounded to 8 bits, half away
 * from zero, twice, and the rest. Of what is not finite, or would not be once rounded, the
 * upper half is all there is, a NaN with its quiet bit. */
P2S_INLINE void split_x6(const v16f *x, v16u parts[3]) {
    v16u u = (v16u)*x, half = ALL(0x8000u), top = ALL(0xFFFF0000u);
    v16u finite = (v16u)(u + u < ALL(0xFEFF0000u)), nan = (v16u)(u + u > ALL(0xFF000000u));
    v16u high = ((u + (half & finite)) & top) | (nan & 0x00400000u);
    v16f rest = (v16f)((v16u)(*x - (v16f)high) & finite);
    v16u middle = ((v16u)rest + half) & top;
    parts[0] = high;
    parts[1] = middle;
    parts[2] = (v16u)(rest - (v16f)middle) & top;
}
#endif

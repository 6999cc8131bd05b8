/* isa.c - which instruction sets this build and this CPU can run. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

#if P2S_HAVE_X86
static int has_avx512(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#if P2S_HAVE_X86 && defined(__linux__)
#  include <cpuid.h>

/* A system call without the system's headers, which not every target has. */
static long linux_call(long number, long first, long second) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

/* AMX-TILE, AMX-BF16 and AMX-INT8 of the processor, and the tile state, which the system must
 * save. */
static int has_amx(void) {
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if (!(d >> 22 & 1) || !(d >> 24 & 1) || !(d >> 25 & 1)) return 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return 0; /* OSXSAVE */
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low >> 17 & 3) == 3 && has_avx512() && __builtin_cpu_supports("avx512bf16")
        && __builtin_cpu_supports("avx512vnni");
}

/* The permission to use tiles, which a process has to ask for: without it the first tile
 * instruction ends it. An old system, a filter of system calls and a signal stack that is too
 * small refuse. */
static int may_use_tiles(void) {
    enum { ARCH_PRCTL = 158, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    return linux_call(ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#elif P2S_HAVE_X86
static int has_amx(void) { return 0; }

static int may_use_tiles(void) { return 0; }
#endif

enum p2s_amx p2s_amx_state_if(int has_tiles) {
#if P2S_HAVE_X86
    if (!has_tiles) return P2S_AMX_MISSING;
    if (!may_use_tiles()) return P2S_AMX_REFUSED;
    return p2s_tiles_agree() ? P2S_AMX_USABLE : P2S_AMX_DIFFERENT;
#else
    (void)has_tiles;
    return P2S_AMX_MISSING;
#endif
}

enum p2s_amx p2s_amx_state(void) {
#if P2S_HAVE_X86
    return p2s_amx_state_if(has_amx());
#else
    return P2S_AMX_MISSING;
#endif
}

int p2s_isa_supported(enum p2s_isa isa) {
    switch (isa) {
    case P2S_ISA_PORTABLE:
        return 1;
#if P2S_HAVE_X86
    case P2S_ISA_AVX2:
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case P2S_ISA_AVX512:
        return has_avx512();
    case P2S_ISA_AMX:
        return has_amx() && may_use_tiles();
#endif
#if P2S_HAVE_NEON
    case P2S_ISA_NEON:
        return 1;
#endif
    default:
        return 0;
    }
}

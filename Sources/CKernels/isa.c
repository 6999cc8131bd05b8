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

/* A system call, by hand: headers of the system are not for every target. */
static long linux_call(long number, long first, long second) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

/* AMX-TILE, AMX-BF16 and AMX-INT8 of the processor; the tile state, which the system must
 * save; and the permission to use it, which a process has to ask for: without that the first
 * tile instruction ends it. An old system, a filter of system calls and a signal stack that is
 * too small refuse. */
static int has_amx(void) {
    enum { ARCH_PRCTL = 158, REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 };
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if (!(d >> 22 & 1) || !(d >> 24 & 1) || !(d >> 25 & 1)) return 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return 0; /* OSXSAVE */
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if ((low >> 17 & 3) != 3) return 0;
    return linux_call(ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#elif P2S_HAVE_X86
static int has_amx(void) { return 0; }
#endif

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
        return has_avx512() && __builtin_cpu_supports("avx512bf16")
            && __builtin_cpu_supports("avx512vnni") && has_amx();
#endif
#if P2S_HAVE_NEON
    case P2S_ISA_NEON:
        return 1;
#endif
    default:
        return 0;
    }
}

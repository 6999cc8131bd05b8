/* isa.c - which instruction sets this build and this CPU can run. */
#pragma STDC FP_CONTRACT OFF
#include "kernels.h"

int p2s_isa_supported(enum p2s_isa isa) {
    switch (isa) {
    case P2S_ISA_PORTABLE:
        return 1;
#if P2S_HAVE_X86
    case P2S_ISA_AVX2:
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case P2S_ISA_AVX512:
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#if P2S_HAVE_NEON
    case P2S_ISA_NEON:
        return 1;
#endif
    default:
        return 0;
    }
}

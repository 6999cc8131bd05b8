/* Picks a form for each call; querying the CPU's features costs one load, so nothing is cached. */
#include "CChecksums.h"
#include "internal.h"

#if defined(__x86_64__)
#include "x86.h"
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#include "arm.h"
#endif

#if !defined(P2S_HAVE_CRC32C)
#define have_crc32c() 0
#define crc32c_fast(crc, data, count) (crc)
#endif
#if !defined(P2S_HAVE_CRC32)
#define have_crc32() 0
#define crc32_fast(crc, data, count) (crc)
#endif
#if !defined(P2S_HAVE_WIDE_FOLDS)
#define have_wide_folds() 0
#define crc32c_wide(crc, data, count) (crc)
#define crc32_wide(crc, data, count) (crc)
#endif

int p2s_crc_has(p2s_crc_form form)
{
    switch (form) {
    case P2S_CRC_PORTABLE: return 1;
    case P2S_CRC_INSTRUCTIONS: return have_crc32c() && have_crc32();
    case P2S_CRC_WIDE: return have_wide_folds();
    }
    return 0;
}

uint32_t p2s_crc32c_by(p2s_crc_form form, uint32_t crc, const void *data, size_t count)
{
    switch (form) {
    case P2S_CRC_PORTABLE: break;
    case P2S_CRC_INSTRUCTIONS: return ~crc32c_fast(~crc, data, count);
    case P2S_CRC_WIDE: return ~crc32c_wide(~crc, data, count);
    }
    return p2s_crc32c_portable(crc, data, count);
}

uint32_t p2s_crc32_by(p2s_crc_form form, uint32_t crc, const void *data, size_t count)
{
    switch (form) {
    case P2S_CRC_PORTABLE: break;
    case P2S_CRC_INSTRUCTIONS: return ~crc32_fast(~crc, data, count);
    case P2S_CRC_WIDE: return ~crc32_wide(~crc, data, count);
    }
    return p2s_crc32_portable(crc, data, count);
}

uint32_t p2s_crc32c(uint32_t crc, const void *data, size_t count)
{
    p2s_crc_form form = have_wide_folds() ? P2S_CRC_WIDE
        : have_crc32c()                   ? P2S_CRC_INSTRUCTIONS
                                          : P2S_CRC_PORTABLE;
    return p2s_crc32c_by(form, crc, data, count);
}

uint32_t p2s_crc32(uint32_t crc, const void *data, size_t count)
{
    p2s_crc_form form = have_wide_folds() ? P2S_CRC_WIDE
        : have_crc32()                    ? P2S_CRC_INSTRUCTIONS
                                          : P2S_CRC_PORTABLE;
    return p2s_crc32_by(form, crc, data, count);
}

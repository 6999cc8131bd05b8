/* Picks a back end for each call; asking costs one load, so nothing is cached. */
#include "CChecksums.h"
#include "internal.h"

#if defined(__x86_64__)
#include "x86.h"
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#include "arm.h"
#endif

uint32_t p2s_crc32c(uint32_t crc, const void *data, size_t count)
{
#ifdef P2S_HAVE_CRC32C
    if (have_crc32c()) return ~crc32c_fast(~crc, data, count);
#endif
    return p2s_crc32c_portable(crc, data, count);
}

uint32_t p2s_crc32(uint32_t crc, const void *data, size_t count)
{
#ifdef P2S_HAVE_CRC32
    if (have_crc32()) return ~crc32_fast(~crc, data, count);
#endif
    return p2s_crc32_portable(crc, data, count);
}

int p2s_crc32c_is_accelerated(void)
{
#ifdef P2S_HAVE_CRC32C
    return have_crc32c() != 0;
#else
    return 0;
#endif
}

int p2s_crc32_is_accelerated(void)
{
#ifdef P2S_HAVE_CRC32
    return have_crc32() != 0;
#else
    return 0;
#endif
}

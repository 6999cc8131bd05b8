/* AArch64: both checksums with the CRC instructions, optional in ARMv8.0 and mandatory since ARMv8.1. */
#include <arm_acle.h>

#define P2S_HAVE_CRC32C 1
#define P2S_HAVE_CRC32 1

#if defined(__APPLE__) || defined(__ARM_FEATURE_CRC32)
static int have_crc32c(void) { return 1; }
#elif defined(__linux__)
/* Declared here because <sys/auxv.h> is not a freestanding header. 16 is AT_HWCAP, bit 7 is HWCAP_CRC32. */
unsigned long getauxval(unsigned long type);
static int have_crc32c(void) { return getauxval(16) >> 7 & 1; }
#else
static int have_crc32c(void) { return 0; }
#endif
static int have_crc32(void) { return have_crc32c(); }

#define NAME crc32c_fast
#define TARGET __attribute__((target("crc")))
#define STEP8(crc, byte) __crc32cb(crc, byte)
#define STEP64(crc, word) __crc32cd(crc, word)
#define POLYNOMIAL P2S_CRC32C_POLYNOMIAL
#define SKIP1 P2S_CRC32C_SKIP1
#define SKIP2 P2S_CRC32C_SKIP2
#include "interleaved.h"

#define NAME crc32_fast
#define TARGET __attribute__((target("crc")))
#define STEP8(crc, byte) __crc32b(crc, byte)
#define STEP64(crc, word) __crc32d(crc, word)
#define POLYNOMIAL P2S_CRC32_POLYNOMIAL
#define SKIP1 P2S_CRC32_SKIP1
#define SKIP2 P2S_CRC32_SKIP2
#include "interleaved.h"

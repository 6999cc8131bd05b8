/*
 * CChecksums.h - CRC32C (Castagnoli) and CRC-32 (IEEE 802.3, as in zip and gzip).
 *
 * Rules of this module:
 *   - Only freestanding headers, so every back end can be checked for every triple on any host.
 *   - No allocation, no global mutable state, no errors.
 *   - Every exported symbol starts with p2s_.
 *
 * A checksum of several pieces: pass the result for the pieces so far as `crc`, 0 for the first.
 */
#ifndef P2S_CCHECKSUMS_H
#define P2S_CCHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

/* The fastest form that this machine has. p2s_crc32c(0, "123456789", 9) is 0xE3069283. */
uint32_t p2s_crc32c(uint32_t crc, const void *data, size_t count);
/* The fastest form that this machine has. p2s_crc32(0, "123456789", 9) is 0xCBF43926. */
uint32_t p2s_crc32(uint32_t crc, const void *data, size_t count);

/* The specification, which the tests hold the fast forms to. */
uint32_t p2s_crc32c_portable(uint32_t crc, const void *data, size_t count);
uint32_t p2s_crc32_portable(uint32_t crc, const void *data, size_t count);

/* The checksum of A followed by B, from crc(A), crc(B) and the number of bytes in B. */
uint32_t p2s_crc32c_combine(uint32_t crc_a, uint32_t crc_b, uint64_t count_b);
uint32_t p2s_crc32_combine(uint32_t crc_a, uint32_t crc_b, uint64_t count_b);

/* 1 when p2s_crc32c (p2s_crc32) uses instructions made for it on this machine. */
int p2s_crc32c_is_accelerated(void);
int p2s_crc32_is_accelerated(void);

#endif

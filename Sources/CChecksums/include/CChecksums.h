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

/* The specification, which the tests hold the other forms to. */
uint32_t p2s_crc32c_portable(uint32_t crc, const void *data, size_t count);
uint32_t p2s_crc32_portable(uint32_t crc, const void *data, size_t count);

typedef enum p2s_crc_form {
    P2S_CRC_PORTABLE,
    /* The instructions of SSE4.2 and PCLMUL, or those of ARMv8. */
    P2S_CRC_INSTRUCTIONS,
    /* Carry-less multiplication of 512 bits. */
    P2S_CRC_WIDE,
} p2s_crc_form;

/* 1 when this machine has what a form needs. */
int p2s_crc_has(p2s_crc_form form);
/* One form, which the machine must have. */
uint32_t p2s_crc32c_by(p2s_crc_form form, uint32_t crc, const void *data, size_t count);
uint32_t p2s_crc32_by(p2s_crc_form form, uint32_t crc, const void *data, size_t count);

/* The checksum of A followed by B, from crc(A), crc(B) and the number of bytes in B. */
uint32_t p2s_crc32c_combine(uint32_t crc_a, uint32_t crc_b, uint64_t count_b);
uint32_t p2s_crc32_combine(uint32_t crc_a, uint32_t crc_b, uint64_t count_b);

#endif

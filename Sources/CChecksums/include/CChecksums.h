/*
 * CChecksums.h - CRC32C (Castagnoli) and CRC-32 (IEEE 802.3, as in zip and gzip).
 *
 * Rules of this module:
 *   - Only freestanding headers, so that any host can compile every back end for every target triple.
 *   - No allocation, no global mutable state, no errors.
 *   - Every exported symbol starts with p2s_.
 *
 * To checksum data in pieces, pass the result so far as `crc`, and 0 for the first piece.
 */
#ifndef P2S_CCHECKSUMS_H
#define P2S_CCHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

/* Uses the fastest form that this machine supports. p2s_crc32c(0, "123456789", 9) is 0xE3069283. */
uint32_t p2s_crc32c(uint32_t crc, const void *data, size_t count);
/* Uses the fastest form that this machine supports. p2s_crc32(0, "123456789", 9) is 0xCBF43926. */
uint32_t p2s_crc32(uint32_t crc, const void *data, size_t count);

/* The specification: tests compare every other form with it. */
uint32_t p2s_crc32c_portable(uint32_t crc, const void *data, size_t count);
uint32_t p2s_crc32_portable(uint32_t crc, const void *data, size_t count);

typedef enum p2s_crc_form {
    P2S_CRC_PORTABLE,
    /* SSE4.2 and PCLMUL, or the CRC instructions of ARMv8. */
    P2S_CRC_INSTRUCTIONS,
    /* 512-bit carry-less multiplication (VPCLMULQDQ). */
    P2S_CRC_WIDE,
} p2s_crc_form;

/* 1 if this machine supports the form. */
int p2s_crc_has(p2s_crc_form form);
/* Uses the given form, which the machine must support. */
uint32_t p2s_crc32c_by(p2s_crc_form form, uint32_t crc, const void *data, size_t count);
uint32_t p2s_crc32_by(p2s_crc_form form, uint32_t crc, const void *data, size_t count);

/* The checksum of A followed by B, from crc(A), crc(B) and the number of bytes in B. */
uint32_t p2s_crc32c_combine(uint32_t crc_a, uint32_t crc_b, uint64_t count_b);
uint32_t p2s_crc32_combine(uint32_t crc_a, uint32_t crc_b, uint64_t count_b);

#endif

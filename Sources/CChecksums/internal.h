/* Shared by the back ends; nothing here is exported to Swift. */
#ifndef P2S_INTERNAL_H
#define P2S_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* Both polynomials with the highest power in the lowest bit. */
#define P2S_CRC32C_POLYNOMIAL 0x82F63B78u
#define P2S_CRC32_POLYNOMIAL 0xEDB88320u

/*
 * Three checksums run side by side over blocks of this size, because a CRC instruction takes three cycles
 * but one can start in each; 16 KiB makes the joining cost about 3 %.
 */
#define P2S_BLOCK 16384
/* p2s_power(polynomial, P2S_BLOCK) and of twice that, for each polynomial; the tests compare the results. */
#define P2S_CRC32C_SKIP1 0xBF455269u
#define P2S_CRC32C_SKIP2 0xE2EA32DCu
#define P2S_CRC32_SKIP1 0x30362F1Au
#define P2S_CRC32_SKIP2 0x7B5A9CC3u

/* a * b modulo the polynomial. */
uint32_t p2s_multiply(uint32_t polynomial, uint32_t a, uint32_t b);
/* x^(8 * count) modulo the polynomial: what `count` zero bytes do to a checksum. */
uint32_t p2s_power(uint32_t polynomial, uint64_t count);

#endif

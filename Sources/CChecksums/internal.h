/* Shared by the back ends; not exported to Swift. */
#ifndef P2S_INTERNAL_H
#define P2S_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* Both polynomials bit-reflected: the highest power is the lowest bit. */
#define P2S_CRC32C_POLYNOMIAL 0x82F63B78u
#define P2S_CRC32_POLYNOMIAL 0xEDB88320u

/*
 * Three checksums run side by side over blocks of this size, because a CRC instruction has a latency of three
 * cycles but a throughput of one per cycle; with 16 KiB, combining them costs about 3 %.
 */
#define P2S_BLOCK 16384
/* p2s_power(polynomial, P2S_BLOCK) and p2s_power(polynomial, 2 * P2S_BLOCK); tests cover both. */
#define P2S_CRC32C_SKIP1 0xBF455269u
#define P2S_CRC32C_SKIP2 0xE2EA32DCu
#define P2S_CRC32_SKIP1 0x30362F1Au
#define P2S_CRC32_SKIP2 0x7B5A9CC3u

/* a * b modulo the polynomial. */
uint32_t p2s_multiply(uint32_t polynomial, uint32_t a, uint32_t b);
/* x^(8 * count) modulo the polynomial: the effect of `count` zero bytes on a checksum. */
uint32_t p2s_power(uint32_t polynomial, uint64_t count);

#endif

/* The portable forms (slicing-by-8) and the arithmetic that combines checksums. */
#include "CChecksums.h"
#include "internal.h"
#include "tables.h"

/* Reads byte by byte, little-endian on any host; compilers turn it into one load. */
static uint64_t load64(const uint8_t *p)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static uint32_t slice8(const uint32_t table[8][256], uint32_t crc, const uint8_t *p, size_t count)
{
    for (; count >= 8; count -= 8, p += 8) {
        uint64_t v = load64(p) ^ crc;
        crc = table[7][v & 255] ^ table[6][v >> 8 & 255] ^ table[5][v >> 16 & 255] ^
              table[4][v >> 24 & 255] ^ table[3][v >> 32 & 255] ^ table[2][v >> 40 & 255] ^
              table[1][v >> 48 & 255] ^ table[0][v >> 56];
    }
    for (; count > 0; count--) crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
    return crc;
}

uint32_t p2s_crc32c_portable(uint32_t crc, const void *data, size_t count)
{
    return ~slice8(p2s_crc32c_table, ~crc, data, count);
}

uint32_t p2s_crc32_portable(uint32_t crc, const void *data, size_t count)
{
    return ~slice8(p2s_crc32_table, ~crc, data, count);
}

uint32_t p2s_multiply(uint32_t polynomial, uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (int bit = 31; bit >= 0; bit--) {
        product ^= a >> bit & 1 ? b : 0;
        b = b >> 1 ^ (b & 1 ? polynomial : 0);
    }
    return product;
}

uint32_t p2s_power(uint32_t polynomial, uint64_t count)
{
    /* In this bit order 1 is 0x80000000; x^8 is 0x00800000. */
    uint32_t power = 0x80000000u, square = 0x00800000u;
    for (; count > 0; count >>= 1) {
        if (count & 1) power = p2s_multiply(polynomial, power, square);
        square = p2s_multiply(polynomial, square, square);
    }
    return power;
}

uint32_t p2s_crc32c_combine(uint32_t crc_a, uint32_t crc_b, uint64_t count_b)
{
    return p2s_multiply(P2S_CRC32C_POLYNOMIAL, p2s_power(P2S_CRC32C_POLYNOMIAL, count_b), crc_a) ^ crc_b;
}

uint32_t p2s_crc32_combine(uint32_t crc_a, uint32_t crc_b, uint64_t count_b)
{
    return p2s_multiply(P2S_CRC32_POLYNOMIAL, p2s_power(P2S_CRC32_POLYNOMIAL, count_b), crc_a) ^ crc_b;
}

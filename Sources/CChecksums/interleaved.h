/*
 * A function that runs three interleaved streams; included once per polynomial and instruction set.
 *
 * Before including, define NAME, TARGET, STEP8(crc, byte), STEP64(crc, word), POLYNOMIAL, SKIP1, SKIP2.
 * Assumes a little-endian host, as x86-64 and AArch64 are.
 */
static TARGET uint32_t NAME(uint32_t crc, const uint8_t *p, size_t count)
{
    uint32_t a = crc;
    while (count >= 3 * P2S_BLOCK) {
        uint32_t b = 0, c = 0;
        for (size_t i = 0; i < P2S_BLOCK; i += 8) {
            uint64_t va, vb, vc;
            __builtin_memcpy(&va, p + i, 8);
            __builtin_memcpy(&vb, p + P2S_BLOCK + i, 8);
            __builtin_memcpy(&vc, p + 2 * P2S_BLOCK + i, 8);
            a = STEP64(a, va);
            b = STEP64(b, vb);
            c = STEP64(c, vc);
        }
        a = p2s_multiply(POLYNOMIAL, SKIP2, a) ^ p2s_multiply(POLYNOMIAL, SKIP1, b) ^ c;
        p += 3 * P2S_BLOCK;
        count -= 3 * P2S_BLOCK;
    }
    for (; count >= 8; count -= 8, p += 8) {
        uint64_t v;
        __builtin_memcpy(&v, p, 8);
        a = STEP64(a, v);
    }
    for (; count > 0; count--) a = STEP8(a, *p++);
    return a;
}

#undef NAME
#undef TARGET
#undef STEP8
#undef STEP64
#undef POLYNOMIAL
#undef SKIP1
#undef SKIP2

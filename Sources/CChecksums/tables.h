/*
 * Tables of the portable form: 8 x 256 entries per polynomial.
 *
 * A CRC is linear, so the entry of a byte is the XOR of the entries of its bits, and those are successive
 * states of one shift register: entry [k][1 << b] is the polynomial after 8k + 7 - b more steps. Hence 64
 * constants per polynomial (printed by iterating c = c >> 1 ^ (c & 1 ? poly : 0)) determine all 2048 entries.
 */
#ifndef P2S_TABLES_H
#define P2S_TABLES_H

#include <stdint.h>

#define P2S_BIT(i, b, x) (((i) >> (b) & 1) ? (x) : 0u)
#define P2S_1(i, a, b, c, d, e, f, g, h)                                                       \
    (P2S_BIT(i, 7, a) ^ P2S_BIT(i, 6, b) ^ P2S_BIT(i, 5, c) ^ P2S_BIT(i, 4, d) ^               \
     P2S_BIT(i, 3, e) ^ P2S_BIT(i, 2, f) ^ P2S_BIT(i, 1, g) ^ P2S_BIT(i, 0, h))
#define P2S_4(i, ...)                                                                          \
    P2S_1((i), __VA_ARGS__), P2S_1((i) + 1, __VA_ARGS__), P2S_1((i) + 2, __VA_ARGS__),         \
        P2S_1((i) + 3, __VA_ARGS__)
#define P2S_16(i, ...)                                                                         \
    P2S_4((i), __VA_ARGS__), P2S_4((i) + 4, __VA_ARGS__), P2S_4((i) + 8, __VA_ARGS__),         \
        P2S_4((i) + 12, __VA_ARGS__)
#define P2S_64(i, ...)                                                                         \
    P2S_16((i), __VA_ARGS__), P2S_16((i) + 16, __VA_ARGS__), P2S_16((i) + 32, __VA_ARGS__),    \
        P2S_16((i) + 48, __VA_ARGS__)
#define P2S_256(...)                                                                           \
    { P2S_64(0, __VA_ARGS__), P2S_64(64, __VA_ARGS__), P2S_64(128, __VA_ARGS__),               \
      P2S_64(192, __VA_ARGS__) }

static const uint32_t p2s_crc32c_table[8][256] = {
    P2S_256(0x82F63B78, 0x417B1DBC, 0x20BD8EDE, 0x105EC76F,
            0x8AD958CF, 0xC79A971F, 0xE13B70F7, 0xF26B8303),
    P2S_256(0xFBC3FAF9, 0xFF17C604, 0x7F8BE302, 0x3FC5F181,
            0x9D14C3B8, 0x4E8A61DC, 0x274530EE, 0x13A29877),
    P2S_256(0x8B277743, 0xC76580D9, 0xE144FB14, 0x70A27D8A,
            0x38513EC5, 0x9EDEA41A, 0x4F6F520D, 0xA541927E),
    P2S_256(0x52A0C93F, 0xABA65FE7, 0xD725148B, 0xE964B13D,
            0xF64463E6, 0x7B2231F3, 0xBF672381, 0xDD45AAB8),
    P2S_256(0x6EA2D55C, 0x37516AAE, 0x1BA8B557, 0x8F2261D3,
            0xC5670B91, 0xE045BEB0, 0x7022DF58, 0x38116FAC),
    P2S_256(0x1C08B7D6, 0x0E045BEB, 0x85F4168D, 0xC00C303E,
            0x6006181F, 0xB2F53777, 0xDB8CA0C3, 0xEF306B19),
    P2S_256(0xF56E0EF4, 0x7AB7077A, 0x3D5B83BD, 0x9C5BFAA6,
            0x4E2DFD53, 0xA5E0C5D1, 0xD0065990, 0x68032CC8),
    P2S_256(0x34019664, 0x1A00CB32, 0x0D006599, 0x847609B4,
            0x423B04DA, 0x211D826D, 0x9278FA4E, 0x493C7D27),
};

static const uint32_t p2s_crc32_table[8][256] = {
    P2S_256(0xEDB88320, 0x76DC4190, 0x3B6E20C8, 0x1DB71064,
            0x0EDB8832, 0x076DC419, 0xEE0E612C, 0x77073096),
    P2S_256(0x3B83984B, 0xF0794F05, 0x958424A2, 0x4AC21251,
            0xC8D98A08, 0x646CC504, 0x32366282, 0x191B3141),
    P2S_256(0xE1351B80, 0x709A8DC0, 0x384D46E0, 0x1C26A370,
            0x0E1351B8, 0x0709A8DC, 0x0384D46E, 0x01C26A37),
    P2S_256(0xED59B63B, 0x9B14583D, 0xA032AF3E, 0x5019579F,
            0xC5B428EF, 0x8F629757, 0xAA09C88B, 0xB8BC6765),
    P2S_256(0xB1E6B092, 0x58F35849, 0xC1C12F04, 0x60E09782,
            0x30704BC1, 0xF580A6C0, 0x7AC05360, 0x3D6029B0),
    P2S_256(0x1EB014D8, 0x0F580A6C, 0x07AC0536, 0x03D6029B,
            0xEC53826D, 0x9B914216, 0x4DC8A10B, 0xCB5CD3A5),
    P2S_256(0x8816EAF2, 0x440B7579, 0xCFBD399C, 0x67DE9CCE,
            0x33EF4E67, 0xF44F2413, 0x979F1129, 0xA6770BB4),
    P2S_256(0x533B85DA, 0x299DC2ED, 0xF9766256, 0x7CBB312B,
            0xD3E51BB5, 0x844A0EFA, 0x4225077D, 0xCCAA009E),
};

#endif

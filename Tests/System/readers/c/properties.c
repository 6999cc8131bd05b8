/*
 * Tests the reader's guarantees on a small file with every kind of record:
 *   - a rule that is violated alone is reported by its own name;
 *   - every flipped bit and every truncation is detected by level 2 with strict;
 *   - nothing outside the file is accessed (a guard page follows it), at any base address;
 *   - after level 0 alone, every accessor is safe on hostile files, and after level 1 every accessor
 *     succeeds.
 *
 * properties [MUTATIONS [SEED]]; or properties --write FILE, to inspect the file or give it to another
 * reader.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "build.h"
#include "touch.h"

static int failures;
static long passed;

#define EXPECT(condition, ...) \
    do { \
        if (condition) passed++; \
        else if (failures++ < 20) { \
            printf("%s:%d: ", __FILE__, __LINE__); \
            printf(__VA_ARGS__); \
            putchar('\n'); \
        } \
    } while (0)

static void sha256(const void *bytes, size_t size, uint8_t out[32], void *context)
{
    (void)context;
    SHA256((const unsigned char *)bytes, size, out);
}

static enum swt_error check(const uint8_t *bytes, size_t size)
{
    swt_file f;
    enum swt_error e = swt_open(&f, bytes, size, 2);
    return e ? e : swt_check_strict(&f, sha256, NULL);
}

static uint64_t random_state;
static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 11) % n);
}

static uint8_t original[BUILD_CAPACITY];
static struct build_layout layout;

/* BUILD_CAPACITY bytes that end where an inaccessible page starts. */
static uint8_t *guarded;

static uint8_t *against_guard(const uint8_t *bytes, size_t size)
{
    return (uint8_t *)memcpy(guarded + BUILD_CAPACITY - size, bytes, size);
}

/* A change of one field, and the one rule that it violates. Sections HEADER and TABLE start at bytes 0 and
 * 64. */
enum { HEADER = -2, TABLE = -1 };
static const struct { int section; unsigned at, bytes; uint64_t value; enum swt_error expected; } rules[] = {
    {HEADER, 0, 1, 0x88, SWT_ERR_MAGIC}, {HEADER, 8, 2, 2, SWT_ERR_VERSION},
    {HEADER, 8, 2, 0, SWT_ERR_VERSION},
    {HEADER, 12, 4, 128, SWT_ERR_HEADER_SIZE}, {HEADER, 16, 8, 1u << 20, SWT_ERR_TRUNCATED},
    {HEADER, 16, 8, UINT64_MAX, SWT_ERR_TRUNCATED}, {HEADER, 16, 8, 64, SWT_ERR_TRAILING_BYTES},
    {HEADER, 24, 8, UINT64_MAX, SWT_ERR_DATA_OFFSET},
    {HEADER, 24, 8, 63 + 32 * BUILD_KINDS, SWT_ERR_SECTION_COUNT},
    {HEADER, 24, 8, 64 + 32 * BUILD_KINDS, SWT_ERR_SECTION_PLACE},
    {HEADER, 32, 4, BUILD_TENSORS + 1, SWT_ERR_SECTION_SIZE}, {HEADER, 36, 4, 65, SWT_ERR_SECTION_COUNT},
    {HEADER, 36, 4, UINT32_MAX, SWT_ERR_SECTION_COUNT}, {HEADER, 40, 1, 5, SWT_ERR_ALIGNMENT},
    {HEADER, 40, 1, 17, SWT_ERR_ALIGNMENT}, {HEADER, 41, 1, 5, SWT_ERR_ALIGNMENT},
    {HEADER, 41, 1, 17, SWT_ERR_ALIGNMENT},
    {HEADER, 41, 1, 255, SWT_ERR_ALIGNMENT}, {HEADER, 42, 2, 1, SWT_ERR_RESERVED},
    {HEADER, 44, 4, 1, SWT_ERR_REQUIRED_FEATURE}, {HEADER, 44, 4, 0x80000000u, SWT_ERR_REQUIRED_FEATURE},
    {HEADER, 48, 4, 0xFFFFFFFFu, SWT_OK}, {HEADER, 52, 8, 1, SWT_ERR_RESERVED},
    {HEADER, 59, 1, 1, SWT_ERR_RESERVED},
    {TABLE, 320, 1, ' ', SWT_ERR_SECTION_KIND}, {TABLE, 320, 1, 0x7F, SWT_ERR_SECTION_KIND},
    {TABLE, 320, 4, 0x41424344u, SWT_OK}, {TABLE, 320, 4, 0x4154454Du, SWT_ERR_SECTION_TWICE},
    {TABLE, 4, 4, 0, SWT_ERR_SECTION_FLAGS}, {TABLE, 324, 4, 2, SWT_ERR_SECTION_FLAGS},
    {TABLE, 100, 4, 1, SWT_ERR_SECTION_FLAGS}, {TABLE, 324, 4, 1, SWT_ERR_UNKNOWN_CRITICAL_SECTION},
    {TABLE, 328, 8, 64, SWT_ERR_SECTION_PLACE},
    {TABLE, 328, 8, UINT64_MAX & ~(uint64_t)63, SWT_ERR_SECTION_PLACE},
    {TABLE, 336, 8, UINT64_MAX, SWT_ERR_SECTION_PLACE}, {TABLE, 336, 8, 1u << 20, SWT_ERR_SECTION_PLACE},
    {TABLE, 56 - 32 + 96, 4, 7, SWT_ERR_SECTION_SIZE}, {TABLE, 24, 4, 0xFFFFFFFFu, SWT_ERR_SECTION_SIZE},
    {SWT_TENS, 0, 4, UINT32_MAX, SWT_ERR_NAME}, {SWT_TENS, 0, 4, 60000, SWT_ERR_NAME},
    {SWT_TENS, 4, 2, 0, SWT_ERR_NAME},
    {SWT_TENS, 4, 2, 4096, SWT_ERR_NAME}, {SWT_TENS, 6, 1, 0, SWT_ERR_DTYPE},
    {SWT_TENS, 7, 1, 7, SWT_ERR_RANK},
    {SWT_TENS, 7, 1, 255, SWT_ERR_RANK}, {SWT_TENS, 8, 8, 0, SWT_ERR_DATA_BOUNDS},
    {SWT_TENS, 8, 8, UINT64_MAX, SWT_ERR_DATA_BOUNDS},
    {SWT_TENS, 8, 8, (uint64_t)1 << 63, SWT_ERR_DATA_BOUNDS},
    {SWT_TENS, 16, 8, 95, SWT_ERR_DATA_LENGTH}, {SWT_TENS, 16, 8, UINT64_MAX, SWT_ERR_DATA_LENGTH},
    {SWT_TENS, 40, 4, 1, SWT_ERR_DIMENSIONS}, {SWT_TENS, 24, 4, 0x40000000u, SWT_ERR_DATA_LENGTH},
    {SWT_TENS, 24, 8, UINT64_MAX, SWT_ERR_OVERFLOW}, {SWT_TENS, 48, 4, 0x76541322u, SWT_ERR_DIM_ORDER},
    {SWT_TENS, 48, 4, 0x76541324u, SWT_ERR_DIM_ORDER}, {SWT_TENS, 48, 4, 0x67541320u, SWT_ERR_DIM_ORDER},
    {SWT_TENS, 48, 4, 0x7654132Fu, SWT_ERR_DIM_ORDER}, {SWT_TENS, 52, 4, 1, SWT_ERR_DATA_CHECKSUM},
    {SWT_TENS, 56, 4, 0, SWT_ERR_LINK}, {SWT_TENS, 60, 1, 8, SWT_ERR_ROLE},
    {SWT_TENS, 61, 1, 8, SWT_ERR_FLAGS},
    {SWT_TENS, 61, 1, 1, SWT_ERR_LINK}, {SWT_TENS, 61, 1, 2, SWT_ERR_LINK},
    {SWT_TENS, 61, 1, 3, SWT_ERR_FLAGS},
    {SWT_TENS, 62, 2, 1, SWT_ERR_RESERVED}, {SWT_TENS, 128 + 56, 4, 99, SWT_ERR_LINK},
    {SWT_TENS, 128 + 56, 4, SWT_NONE, SWT_ERR_LINK}, {SWT_TENS, 128 + 56, 4, 2, SWT_ERR_ALIAS},
    {SWT_TENS, 128 + 56, 4, 3, SWT_ERR_ALIAS}, {SWT_TENS, 128 + 56, 4, 0, SWT_ERR_ALIAS},
    {SWT_TENS, 128 + 52, 4, 0, SWT_ERR_ALIAS}, {SWT_TENS, 128 + 8, 8, 0, SWT_ERR_ALIAS},
    {SWT_TENS, 128 + 48, 4, 0x76543201u, SWT_ERR_ALIAS}, {SWT_TENS, 192 + 56, 4, 2, SWT_ERR_LINK},
    {SWT_BYNM, 0, 4, BUILD_TENSORS, SWT_ERR_NAME_ORDER}, {SWT_BYNM, 0, 4, UINT32_MAX, SWT_ERR_NAME_ORDER},
    {SWT_BYNM, 0, 4, 10, SWT_ERR_NAME_ORDER}, {SWT_META, 0, 4, UINT32_MAX, SWT_ERR_METADATA},
    {SWT_META, 4, 2, 0, SWT_ERR_METADATA}, {SWT_META, 6, 2, 0, SWT_ERR_METADATA},
    {SWT_META, 6, 2, 9, SWT_ERR_METADATA},
    {SWT_META, 12, 4, UINT32_MAX, SWT_ERR_METADATA}, {SWT_META, 16, 8, 1, SWT_ERR_METADATA},
    {SWT_META, 6, 2, 6, SWT_ERR_METADATA}, {SWT_META, 24 + 8, 4, 1, SWT_ERR_METADATA},
    {SWT_META, 24 + 12, 4, 1, SWT_ERR_METADATA}, {SWT_META, 72 + 16, 8, 2, SWT_ERR_METADATA},
    {SWT_META, 96 + 6, 2, 1, SWT_ERR_UTF8}, {SWT_META, 96 + 6, 2, 8, SWT_ERR_UTF8},
    {SWT_QNTZ, 0, 1, 0, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 0, 1, 4, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 0, 1, 1, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 0, 1, 3, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 1, 1, 1, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 1, 1, 2, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 2, 1, 0, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 2, 1, 65, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 3, 1, 1, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 3, 1, 2, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 4, 4, 1, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 8, 4, SWT_NONE, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 8, 4, 5, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 8, 4, 0, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 12, 4, SWT_NONE, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 12, 4, 1, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 12, 4, 7, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 16, 4, 99, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 20, 4, 99, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 25, 1, 1, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 31, 1, 1, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 32 + 4, 4, 0, SWT_ERR_QUANTIZATION},
    {SWT_QNTZ, 32 + 4, 4, 3, SWT_ERR_QUANTIZATION}, {SWT_QNTZ, 32 + 4, 4, UINT32_MAX, SWT_ERR_QUANTIZATION},
    {SWT_DGST, 0, 1, 0, SWT_ERR_DATA_DIGEST}, {SWT_DGST, 64, 1, 0, SWT_ERR_DATA_DIGEST},
    {SWT_SRCD, 0, 4, UINT32_MAX, SWT_ERR_SOURCE_DIGEST}, {SWT_SRCD, 7, 1, 1, SWT_ERR_SOURCE_DIGEST},
    {SWT_SRCD, 15, 1, 1, SWT_ERR_SOURCE_DIGEST}, {SWT_SRCD, 96 + 4, 2, 0, SWT_ERR_SOURCE_DIGEST},
    {SWT_GSET, 0, 4, UINT32_MAX, SWT_ERR_GOLDEN}, {SWT_GSET, 6, 2, 1, SWT_ERR_GOLDEN},
    {SWT_GSET, 8, 4, 1, SWT_ERR_GOLDEN},
    {SWT_GSET, 12, 4, 0, SWT_ERR_GOLDEN}, {SWT_GSET, 12, 4, UINT32_MAX, SWT_ERR_GOLDEN},
    {SWT_GSET, 16, 4, 99, SWT_ERR_GOLDEN}, {SWT_GSET, 16, 4, SWT_NONE, SWT_ERR_GOLDEN},
    {SWT_GSET, 31, 1, 1, SWT_ERR_GOLDEN},
    {SWT_GSET, 32 + 12, 4, 0, SWT_ERR_GOLDEN}, {SWT_GOLD, 0, 4, UINT32_MAX, SWT_ERR_GOLDEN},
    {SWT_GOLD, 6, 1, 0, SWT_ERR_GOLDEN}, {SWT_GOLD, 6, 1, 4, SWT_ERR_GOLDEN},
    {SWT_GOLD, 7, 1, 1, SWT_ERR_GOLDEN},
    {SWT_GOLD, 7, 1, 2, SWT_ERR_GOLDEN}, {SWT_GOLD, 32, 4, 13, SWT_ERR_GOLDEN},
    {SWT_GOLD, 36, 4, 99, SWT_ERR_GOLDEN},
    {SWT_GOLD, 36, 4, 0, SWT_ERR_GOLDEN}, {SWT_ERRS, 1, 1, 8, SWT_ERR_RECEIPT},
    {SWT_ERRS, 2, 2, 1, SWT_ERR_RECEIPT},
    {SWT_STRS, 0, 1, 0x1F, SWT_ERR_UTF8}, {SWT_STRS, 130, 1, 0xC0, SWT_ERR_UTF8},
};

static void test_rules(void)
{
    static uint8_t bytes[BUILD_CAPACITY];
    size_t i, size = layout.size;
    for (i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        size_t base = rules[i].section == HEADER ? 0
            : rules[i].section == TABLE ? 64 : layout.section[rules[i].section];
        enum swt_error e;
        memcpy(bytes, original, size);
        put(bytes + base + rules[i].at, rules[i].value, rules[i].bytes);
        repair(bytes, size, 1);
        e = check(against_guard(bytes, size), size);
        EXPECT(e == rules[i].expected, "rule %zu: expected %s, found %s", i,
            swt_error_name(rules[i].expected),
               swt_error_name(e));
    }
    /* a newer minor version: what 1.0 reserves may have a meaning */
    for (i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        enum swt_error e, old = rules[i].expected;
        if (old != SWT_ERR_RESERVED && old != SWT_ERR_ROLE) continue;
        memcpy(bytes, original, size);
        bytes[10] = 1;
        put(bytes + (rules[i].section == HEADER ? 0 : layout.section[SWT_TENS]) + rules[i].at, rules[i].value,
            rules[i].bytes);
        repair(bytes, size, 1);
        e = check(bytes, size);
        EXPECT(e == SWT_OK, "rule %zu in version 1.1: %s", i, swt_error_name(e));
    }
}

static void test_damage(void)
{
    size_t bit, n, size = layout.size;
    uint8_t *bytes = against_guard(original, size);
    long found = 0;
    EXPECT(check(bytes, size) == SWT_OK, "the file itself: %s", swt_error_name(check(bytes, size)));
    for (bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1 << bit % 8);
        found += check(bytes, size) != SWT_OK;
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1 << bit % 8);
    }
    EXPECT(found == (long)(8 * size), "%ld of %zu flipped bits found", found, 8 * size);
    printf("%ld of %zu flipped bits found; ", found, 8 * size);
    for (found = 0, n = 0; n < size; n++) found += check(against_guard(original, n), n) == SWT_ERR_TRUNCATED;
    EXPECT(found == (long)size, "%ld of %zu truncations found", found, size);
    printf("%ld of %zu truncations\n", found, size);
}

static void test_access(void)
{
    static uint8_t shifted[BUILD_CAPACITY + 64];
    float out[16];
    uint8_t id[32], other[32];
    uint32_t i;
    size_t shift;
    swt_file f;
    swt_tensor t;
    swt_meta m;
    enum swt_error e;
    for (shift = 0; shift < 64; shift++) {
        memcpy(shifted + shift, original, layout.size);
        e = check(shifted + shift, layout.size);
        EXPECT(e == SWT_OK, "at address %zu: %s", shift, swt_error_name(e));
    }
    e = swt_open(&f, against_guard(original, layout.size), layout.size, 1);
    EXPECT(e == SWT_OK, "open: %s", swt_error_name(e));
    e = touch(&f);
    EXPECT(e == SWT_OK, "touch: %s", swt_error_name(e));
    for (i = 0; i < BUILD_TENSORS; i++) {
        const char *name = build_tensors[i].name;
        uint32_t found = SWT_NONE;
        EXPECT(!swt_find(&f, name, strlen(name), &found) && found == i, "%s is found at %u", name, found);
        EXPECT(swt_find(&f, name, strlen(name) - 1, &found) == SWT_ERR_NO_SUCH_TENSOR,
            "a prefix of %s is found", name);
    }
    EXPECT(swt_find(&f, "", 0, &i) == SWT_ERR_NO_SUCH_TENSOR, "the empty name is found");
    EXPECT(swt_tensor_at(&f, BUILD_TENSORS, &t) == SWT_ERR_NO_SUCH_TENSOR, "tensor %d", BUILD_TENSORS);
    EXPECT(!swt_meta_find(&f, "b.i64", 5, &m) && (int64_t)m.num == -5, "b.i64");
    EXPECT(swt_meta_find(&f, "b.i65", 5, &m) == SWT_ERR_NO_SUCH_TENSOR, "b.i65");

    /* q.weight is stored by columns (dim_order 1, 0); its channels are dimension 0 */
    e = swt_tensor_at(&f, 3, &t);
    EXPECT(!e && !swt_widen(&f, &t, 0, 6, out), "q.weight");
    for (i = 0; i < 6; i++) {
        int8_t q = (int8_t)(uint8_t)(17 * 3 + 31 * i + 5);
        float expected = i % 2 ? 1.5f * (float)(q + 2) : 0.5f * (float)(q - 3);
        EXPECT(out[i] == expected, "q.weight[%u] is %g, not %g", i, (double)out[i], (double)expected);
    }
    e = swt_tensor_at(&f, 6, &t); /* blocks of two along a row of five: three scales per row */
    EXPECT(!e && !swt_widen(&f, &t, 0, 10, out), "blocks");
    for (i = 0; i < 10; i++) {
        float expected = 0.25f * (float)(i / 5 * 3 + i % 5 / 2 + 1) * (float)(uint8_t)(17 * 6 + 31 * i + 5);
        EXPECT(out[i] == expected, "blocks[%u] is %g, not %g", i, (double)out[i], (double)expected);
    }
    e = swt_tensor_at(&f, 8, &t); /* bytes 17*8+5 = 0x8D and (17*8+36) & 15 = 0xC */
    EXPECT(!e && !swt_widen(&f, &t, 0, 3, out) && out[0] == -3 && out[1] == -8 && out[2] == -4, "nibbles");
    EXPECT(swt_widen(&f, &t, 1, 3, out) == SWT_ERR_DATA_BOUNDS
        && swt_widen(&f, &t, UINT64_MAX, 2, out) == SWT_ERR_DATA_BOUNDS,
           "widening outside");
    e = swt_tensor_at(&f, 11, &t);
    EXPECT(!e && swt_widen(&f, &t, 0, 0, out) == SWT_ERR_DTYPE, "a type of the future");

    /* the index alone, and the data fetched by the caller */
    EXPECT(swt_index_size(original, layout.size) == layout.data_offset && swt_index_size(original, 64) == 0,
        "index size");
    e = swt_open_index(&f, against_guard(original, layout.data_offset), layout.data_offset, NULL, layout.size,
        1);
    EXPECT(e == SWT_OK, "index alone: %s", swt_error_name(e));
    EXPECT(!swt_tensor_at(&f, 0, &t) && !t.data && swt_check_tensor(&f, 0) == SWT_ERR_UNREADABLE, "no data");
    EXPECT(swt_widen(&f, &t, 0, 1, out) != SWT_OK && swt_check_strict(&f, sha256, NULL) == SWT_ERR_UNREADABLE,
        "no data");
    EXPECT(touch(&f) == SWT_OK, "touch without data");
    EXPECT(!swt_content_id(&f, sha256, NULL, id), "content id");
    sha256(original, layout.data_offset, other, NULL);
    EXPECT(memcmp(id, other, 32) == 0, "content id");
}

static void test_numbers(void)
{
    static uint8_t bytes[300];
    uint32_t h;
    size_t i, n;
    EXPECT(swt_crc32c_portable(0, (const uint8_t *)"123456789", 9) == 0xE3069283u, "portable CRC32C");
    for (i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i * 7 + i);
    for (i = 0; i < 9; i++)
        for (n = 0; n < sizeof bytes - i; n++) {
            uint32_t expected = build_crc(0x1234567, bytes + i, n);
            EXPECT(swt_crc32c_portable(0x1234567, bytes + i, n) == expected, "portable CRC32C of %zu bytes",
                n);
            EXPECT(SWT_CRC32C(0x1234567, bytes + i, n) == expected, "this machine's CRC32C of %zu bytes", n);
        }
    for (h = 0; h < 65536; h++) { /* IEEE 754: (-1)^s 2^(e-15) 1.f, or 2^-14 0.f */
        int exponent = (int)(h >> 10 & 31), fraction = (int)(h & 1023);
        double magnitude = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
            : exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
        double expected = h >> 15 ? -magnitude : magnitude;
        float f = swt_f16((uint16_t)h);
        EXPECT((f != f && expected != expected)
            || ((double)f == expected && !signbit(f) == !signbit(expected)), "f16 %04x", h);
    }
    EXPECT(swt_bf16(0xC020) == -2.5f, "bf16");
    EXPECT(swt_utf8("\xF4\x8F\xBF\xBF\xED\x9F\xBF\xE0\xA0\x80", 10, 0) && swt_utf8("\n", 1, 1), "UTF-8");
    EXPECT(!swt_utf8("\xF4\x90\x80\x80", 4, 1) && !swt_utf8("\xED\xA0\x80", 3, 1) &&
           !swt_utf8("\xE0\x9F\xBF", 3, 1) && !swt_utf8("\xF0\x8F\xBF\xBF", 4, 1) &&
           !swt_utf8("\xC1\xBF", 2, 1) && !swt_utf8("\xE2\x82", 2, 1) &&
           !swt_utf8("\x80", 1, 1) && !swt_utf8("\x7F", 1, 0) && !swt_utf8("\t", 1, 0), "not UTF-8");
    EXPECT(strcmp(swt_error_name(SWT_ERR_NO_SUCH_TENSOR), "no-such-tensor") == 0
        && SWT_ERR_NO_SUCH_TENSOR == 47, "names");
}

/* Mutations that hit fields more often than random noise. */
static void mutate(uint8_t *bytes, size_t size)
{
    static const uint64_t values[] = {0, 1, 2, 63, 64, 127, 255, 4095, 4096, 0x7FFFFFFF, 0x80000000u,
                                      0xFFFFFFFFu, (uint64_t)1 << 62, INT64_MAX, (uint64_t)1 << 63,
                                      UINT64_MAX - 63, UINT64_MAX};
    uint32_t n = 1 + random_below(4);
    while (n--) {
        size_t region = random_below(8) ? layout.data_offset : size; /* mostly the index */
        size_t at = random_below((uint32_t)region);
        unsigned width = 1u << random_below(4);
        switch (random_below(4)) {
        case 0: bytes[at] = (uint8_t)(bytes[at] ^ 1 << random_below(8)); break;
        case 1: bytes[at] = (uint8_t)random_below(256); break;
        case 2:
            at &= ~(size_t)(width - 1);
            put(bytes + at, values[random_below(sizeof values / sizeof values[0])], width);
            break;
        default: /* another field's value: small numbers become other plausible small numbers */
            at &= ~(size_t)(width - 1);
            memmove(bytes + at, bytes + (random_below((uint32_t)region) & ~(width - 1)), width);
        }
    }
}

static void test_mutations(long count)
{
    long i, opened[4] = {0, 0, 0, 0}, failed = 0;
    size_t size = layout.size;
    swt_file f;
    for (i = 0; i < count; i++) {
        uint8_t *bytes = against_guard(original, size);
        mutate(bytes, size);
        if (i % 2) repair(bytes, size, i % 4 == 3);
        if (swt_open(&f, bytes, size, 0)) continue;
        opened[0]++;
        (void)touch(&f);
        (void)swt_check_strict(&f, sha256, NULL);
        if (swt_open(&f, bytes, size, 1)) continue;
        opened[1]++;
        if (touch(&f) && !failed++) printf("mutation %ld: level 1 passed, but %s\n", i,
            swt_error_name(touch(&f)));
        if (swt_open(&f, bytes, size, 2)) continue;
        opened[2]++;
        opened[3] += swt_check_strict(&f, sha256, NULL) == SWT_OK;
    }
    EXPECT(failed == 0, "%ld files passed level 1 and then failed", failed);
    EXPECT(opened[0] > count / 4 && opened[1] > 0 && opened[2] > 0, "the mutations reach no depth");
    printf("%ld mutations: %ld opened at level 0, %ld at 1, %ld at 2, %ld strictly\n", count,
           opened[0], opened[1], opened[2], opened[3]);
}

int main(int argc, char **argv)
{
    long mutations = argc > 1 ? atol(argv[1]) : 1000000;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned variant;
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        FILE *file = fopen(argv[2], "wb");
        layout = build(original, 6, 6);
        return file && fwrite(original, 1, layout.size, file) == layout.size && fclose(file) == 0 ? 0 : 2;
    }
    random_state = argc > 2 ? strtoull(argv[2], NULL, 0) : 20260101;
    random_state += !random_state;
    guarded = (uint8_t *)mmap(NULL, BUILD_CAPACITY + page, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guarded == MAP_FAILED || BUILD_CAPACITY % page
        || mprotect(guarded + BUILD_CAPACITY, page, PROT_NONE)) return 2;
    printf("seed %llu\n", (unsigned long long)random_state);
    test_numbers();
    for (variant = 0; variant < 2; variant++) { /* packed tightly, and with gaps between the tensors */
        layout = build(original, variant ? 7 : 6, variant ? 9 : 6);
        test_rules();
        test_damage();
        test_access();
        test_mutations(mutations / 2);
    }
    printf("properties: %ld passed, %d failed\n", passed, failures);
    return failures != 0;
}

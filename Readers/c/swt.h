/*
 * swt.h - reads .swt weight files, version 1 (FORMAT.md). Single header, C99 or C++11, no allocation, no
 * global state.
 *
 * Map the file, or read it whole, and look up tensors by name:
 *
 *     swt_file f;  swt_tensor t;  uint32_t i;
 *     enum swt_error e = swt_open(&f, bytes, size, 1);       // 0: header only, 1: whole index, 2: all data
 *     if (!e) e = swt_find(&f, "fc.weight", 9, &i);
 *     if (!e) e = swt_tensor_at(&f, i, &t);                  // t.data, t.data_len, t.dims ...
 *     if (!e) e = swt_check_tensor(&f, i);                   // the values are undamaged
 *     if (e) fprintf(stderr, "%s at byte %llu\n", swt_error_name(e), (unsigned long long)f.error_offset);
 *
 * If other processes may write to the file while it is mapped, read its first 64 bytes and then
 * swt_index_size() bytes into memory, and pass that copy to swt_open_index() with the mapping, or with NULL
 * to fetch tensors yourself by data_off and data_len.
 *
 * Every access checks the record that it reads, so no call reads outside the bytes it was given, whatever the
 * file contains, even at level 0. Level 1 also proves that names are unique, tensors are disjoint and there
 * are no gaps. Results point into the caller's bytes, which must stay valid. A swt_file is a plain value:
 * copy it to use it in several threads (error_offset is written).
 */
#ifndef SWT_H
#define SWT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef SWT_API
#define SWT_API static inline
#endif

/* The rules that a file can violate. NO_SUCH_TENSOR also means that an index, key or record does not exist.
 * */
#define SWT_ERRORS(X) \
    X(UNREADABLE, "unreadable") X(MAGIC, "magic") X(VERSION, "version") X(TRUNCATED, "truncated") \
    X(TRAILING_BYTES, "trailing-bytes") X(HEADER_SIZE, "header-size") X(ALIGNMENT, "alignment") \
    X(DATA_OFFSET, "data-offset") X(REQUIRED_FEATURE, "required-feature") \
    X(HEADER_CHECKSUM, "header-checksum") X(RESERVED, "reserved") X(LIMIT, "limit") \
    X(SECTION_COUNT, "section-count") X(SECTION_KIND, "section-kind") X(SECTION_TWICE, "section-twice") \
    X(SECTION_FLAGS, "section-flags") X(SECTION_PLACE, "section-place") X(SECTION_SIZE, "section-size") \
    X(SECTION_MISSING, "section-missing") X(UNKNOWN_CRITICAL_SECTION, "unknown-critical-section") \
    X(SECTION_CHECKSUM, "section-checksum") X(PADDING, "padding") X(NAME, "name") X(DTYPE, "dtype") \
    X(RANK, "rank") X(DIMENSIONS, "dimensions") X(OVERFLOW, "overflow") X(DATA_LENGTH, "data-length") \
    X(DATA_BOUNDS, "data-bounds") X(DATA_PLACE, "data-place") X(DIM_ORDER, "dim-order") X(ROLE, "role") \
    X(FLAGS, "flags") X(LINK, "link") X(ALIAS, "alias") X(FILE_END, "file-end") X(NAME_ORDER, "name-order") \
    X(METADATA, "metadata") X(QUANTIZATION, "quantization") X(SOURCE_DIGEST, "source-digest") \
    X(GOLDEN, "golden") X(RECEIPT, "receipt") X(DATA_CHECKSUM, "data-checksum") \
    X(DATA_DIGEST, "data-digest") X(DIGEST_MISSING, "digest-missing") X(UTF8, "utf8") \
    X(NO_SUCH_TENSOR, "no-such-tensor")

enum swt_error {
    SWT_OK = 0,
#define SWT_ENUMERATOR(id, text) SWT_ERR_##id,
    SWT_ERRORS(SWT_ENUMERATOR)
#undef SWT_ENUMERATOR
    SWT_ERROR_COUNT
};

/* The stable name of an error: "data-bounds"; "ok" for SWT_OK. */
SWT_API const char *swt_error_name(enum swt_error error)
{
    static const char *const names[] = {"ok",
#define SWT_TEXT(id, text) text,
        SWT_ERRORS(SWT_TEXT)
#undef SWT_TEXT
    };
    return (unsigned)error < SWT_ERROR_COUNT ? names[error] : "?";
}

enum swt_dtype {
    SWT_F32 = 1, SWT_F16, SWT_BF16, SWT_I8, SWT_U8, SWT_I4, SWT_F64, SWT_I64, SWT_I32, SWT_I16, SWT_BOOL,
    SWT_F8_E4M3FN, SWT_F8_E5M2, SWT_U16, SWT_U32, SWT_U64, SWT_COMPLEX32, SWT_COMPLEX64, SWT_COMPLEX128,
    SWT_F8_E4M3FNUZ, SWT_F8_E5M2FNUZ, SWT_F8_E8M0FNU, SWT_F4_E2M1FN_X2, SWT_OPAQUE
};
enum { SWT_FLAG_ALIAS = 1, SWT_FLAG_QUANTIZED = 2, SWT_FLAG_DERIVED = 4, SWT_SYMMETRIC = 1 };
enum swt_kind { /* sections, in the order of FORMAT.md section 2 */
    SWT_TENS, SWT_BYNM, SWT_STRS, SWT_META, SWT_QNTZ, SWT_DGST, SWT_SRCD, SWT_GSET, SWT_GOLD, SWT_ERRS,
    SWT_KINDS
};
#define SWT_NONE 0xFFFFFFFFu

/* An open file. Only read the fields; an absent section has offset 0. */
typedef struct swt_file {
    const uint8_t *index; /* bytes [0, data_offset) */
    const uint8_t *data;  /* byte 0 of the file, or NULL; only bytes from data_offset on are read */
    uint64_t file_size, data_offset;
    uint64_t error_offset; /* offset of the last error */
    uint32_t tensor_count;
    uint16_t version_minor;
    uint8_t tensor_align_log2;
    uint8_t newer; /* a newer minor version: reserved fields and unknown bits are ignored */
    struct { uint64_t offset, size; uint32_t count; } sections[SWT_KINDS];
} swt_file;

typedef struct swt_tensor {
    const char *name; /* not NUL-terminated */
    const uint8_t *data; /* data_len bytes, aligned like the mapping; NULL if opened without data */
    uint64_t data_off, data_len;
    uint64_t elements; /* 0 if the dtype is unknown, because the product of dims may then overflow */
    uint32_t dims[6], dim_order, crc32c, link;
    uint16_t name_len;
    uint8_t dtype, rank, role, flags;
} swt_tensor;

/* type 1 text, 2 i64, 3 f64 bits, 4 bool (all in num), 5 bytes, 6 i64[], 7 f64[] (little-endian in value), 8
 * JSON */
typedef struct swt_meta {
    const char *key;
    const uint8_t *value;
    uint64_t num;
    uint32_t value_len;
    uint16_t key_len, type;
} swt_meta;

typedef struct swt_quant {
    uint32_t block, scale_tensor, zero_tensor, act_scale_tensor, act_zero_tensor;
    uint8_t scheme, axis, bits, flags, source_dtype;
} swt_quant;

typedef struct swt_source {
    const char *name;
    const uint8_t *sha256;
    uint16_t name_len;
    uint8_t dtype;
} swt_source;

typedef struct swt_receipt {
    float max_abs_error, rel_l2_error, max_abs_value;
    uint8_t source_dtype, operations;
} swt_receipt;

typedef struct swt_golden_set {
    const char *name;
    uint32_t first, count, input_tensor;
    uint16_t name_len;
} swt_golden_set;

typedef struct swt_golden {
    const char *name;
    uint64_t input_seed, sample_seed;
    uint32_t dims[4], input_tensor, expected, top1;
    float floor_rel_l2, floor_max, k;
    uint16_t name_len;
    uint8_t kind, input;
} swt_golden;

/* A SHA-256 function supplied by the caller. */
typedef void (*swt_sha256)(const void *bytes, size_t size, uint8_t out[32], void *context);

/* Little-endian loads, byte by byte: any alignment, any host; compilers turn each into one load. */
SWT_API uint16_t swt_u16(const uint8_t *p) { return (uint16_t)(p[0] | (unsigned)p[1] << 8); }
SWT_API uint32_t swt_u32(const uint8_t *p) { return swt_u16(p) | (uint32_t)swt_u16(p + 2) << 16; }
SWT_API uint64_t swt_u64(const uint8_t *p) { return swt_u32(p) | (uint64_t)swt_u32(p + 4) << 32; }
SWT_API float swt_f32(uint32_t bits) { float v; memcpy(&v, &bits, 4); return v; }
SWT_API double swt_f64(uint64_t bits) { double v; memcpy(&v, &bits, 8); return v; }

/*
 * CRC32C. `crc` is 0 for the first piece, or the result for the preceding bytes. Define SWT_CRC32C(crc, p, n)
 * to use your own implementation.
 *
 * The portable form treats the 32 bits of state as eight nibbles; table[k][n] is the state after nibble n and
 * k zero nibbles have been shifted out. The table has 512 bytes, and loads do not depend on each other.
 */
SWT_API uint32_t swt_crc32c_portable(uint32_t crc, const uint8_t *p, size_t n)
{
    static const uint32_t table[8][16] = {
        {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
         0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75},
        {0x00000000, 0xf26b8303, 0xe13b70f7, 0x1350f3f4, 0xc79a971f, 0x35f1141c, 0x26a1e7e8, 0xd4ca64eb,
         0x8ad958cf, 0x78b2dbcc, 0x6be22838, 0x9989ab3b, 0x4d43cfd0, 0xbf284cd3, 0xac78bf27, 0x5e133c24},
        {0x00000000, 0x3fc5f181, 0x7f8be302, 0x404e1283, 0xff17c604, 0xc0d23785, 0x809c2506, 0xbf59d487,
         0xfbc3faf9, 0xc4060b78, 0x844819fb, 0xbb8de87a, 0x04d43cfd, 0x3b11cd7c, 0x7b5fdfff, 0x449a2e7e},
        {0x00000000, 0x13a29877, 0x274530ee, 0x34e7a899, 0x4e8a61dc, 0x5d28f9ab, 0x69cf5132, 0x7a6dc945,
         0x9d14c3b8, 0x8eb65bcf, 0xba51f356, 0xa9f36b21, 0xd39ea264, 0xc03c3a13, 0xf4db928a, 0xe7790afd},
        {0x00000000, 0x70a27d8a, 0xe144fb14, 0x91e6869e, 0xc76580d9, 0xb7c7fd53, 0x26217bcd, 0x56830647,
         0x8b277743, 0xfb850ac9, 0x6a638c57, 0x1ac1f1dd, 0x4c42f79a, 0x3ce08a10, 0xad060c8e, 0xdda47104},
        {0x00000000, 0xa541927e, 0x4f6f520d, 0xea2ec073, 0x9edea41a, 0x3b9f3664, 0xd1b1f617, 0x74f06469,
         0x38513ec5, 0x9d10acbb, 0x773e6cc8, 0xd27ffeb6, 0xa68f9adf, 0x03ce08a1, 0xe9e0c8d2, 0x4ca15aac},
        {0x00000000, 0xe964b13d, 0xd725148b, 0x3e41a5b6, 0xaba65fe7, 0x42c2eeda, 0x7c834b6c, 0x95e7fa51,
         0x52a0c93f, 0xbbc47802, 0x8585ddb4, 0x6ce16c89, 0xf90696d8, 0x106227e5, 0x2e238253, 0xc747336e},
        {0x00000000, 0xdd45aab8, 0xbf672381, 0x62228939, 0x7b2231f3, 0xa6679b4b, 0xc4451272, 0x1900b8ca,
         0xf64463e6, 0x2b01c95e, 0x49234067, 0x9466eadf, 0x8d665215, 0x5023f8ad, 0x32017194, 0xef44db2c},
    };
    crc = ~crc;
    for (; n >= 4; p += 4, n -= 4) {
        uint32_t x = crc ^ swt_u32(p);
        int k;
        for (crc = 0, k = 7; k >= 0; k--, x >>= 4) crc ^= table[k][x & 15];
    }
    for (; n; p++, n--) {
        crc ^= *p;
        crc = (crc >> 4) ^ table[0][crc & 15];
        crc = (crc >> 4) ^ table[0][crc & 15];
    }
    return ~crc;
}

#ifndef SWT_CRC32C
#if defined(__GNUC__) && defined(__x86_64__)
/* The product of two polynomials modulo the CRC's polynomial; bit 31 is the constant term. */
SWT_API uint32_t swt_crc32c_times(uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (; a; a <<= 1) {
        if (a >> 31) product ^= b;
        b = (b >> 1) ^ (b & 1 ? 0x82f63b78u : 0);
    }
    return product;
}

/* Three interleaved streams, because the instruction's latency is three cycles and its throughput one per
 * cycle. Multiplying a CRC by x^(8n) advances it over n zero bytes; the constants are for 4096 and 8192
 * bytes. */
__attribute__((target("sse4.2"))) SWT_API uint32_t swt_crc32c_sse42(uint32_t crc, const uint8_t *p, size_t n)
{
    uint64_t a = (uint32_t)~crc;
    for (; n >= 3 * 4096; p += 3 * 4096, n -= 3 * 4096) {
        uint64_t b = 0, c = 0;
        size_t i;
        for (i = 0; i < 4096; i += 8) {
            a = __builtin_ia32_crc32di(a, swt_u64(p + i));
            b = __builtin_ia32_crc32di(b, swt_u64(p + 4096 + i));
            c = __builtin_ia32_crc32di(c, swt_u64(p + 8192 + i));
        }
        a = swt_crc32c_times(0x28461564u, (uint32_t)a) ^ swt_crc32c_times(0x35d73a62u, (uint32_t)b) ^ c;
    }
    for (; n >= 8; p += 8, n -= 8) a = __builtin_ia32_crc32di(a, swt_u64(p));
    for (; n; p++, n--) a = __builtin_ia32_crc32qi((uint32_t)a, *p);
    return ~(uint32_t)a;
}
#define SWT_CRC32C(crc, p, n) \
    (__builtin_cpu_supports("sse4.2") ? swt_crc32c_sse42(crc, p, n) : swt_crc32c_portable(crc, p, n))
#elif defined(__ARM_FEATURE_CRC32) && defined(__aarch64__)
#include <arm_acle.h>
SWT_API uint32_t swt_crc32c_arm(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    for (; n >= 8; p += 8, n -= 8) crc = __crc32cd(crc, swt_u64(p));
    for (; n; p++, n--) crc = __crc32cb(crc, *p);
    return ~crc;
}
#define SWT_CRC32C(crc, p, n) swt_crc32c_arm(crc, p, n)
#else
#define SWT_CRC32C(crc, p, n) swt_crc32c_portable(crc, p, n)
#endif
#endif

SWT_API enum swt_error swt_fail(swt_file *f, enum swt_error error, uint64_t at)
{
    f->error_offset = at;
    return error;
}
/* For functions that return enum swt_error: the condition, the error if it is false, and the offset. */
#define SWT_MUST(rule, id, at) do { if (!(rule)) return swt_fail(f, SWT_ERR_##id, at); } while (0)
#define SWT_TRY(call) do { enum swt_error error_ = (call); if (error_) return error_; } while (0)

/* Cannot wrap: swt_open_index refuses sizes from 2^62, and every x is at most the size of the file. */
SWT_API uint64_t swt_align(uint64_t x, unsigned log2)
{
    uint64_t mask = ((uint64_t)1 << log2) - 1;
    return (x + mask) & ~mask;
}

/* Offset of record i. The caller has checked i against the section's count, and level 0 the count against its
 * size. */
SWT_API uint64_t swt_record(const swt_file *f, enum swt_kind kind, uint32_t i, unsigned size)
{
    return f->sections[kind].offset + (uint64_t)i * size;
}

/* A text of the string pool, or NULL if it exceeds the pool. */
SWT_API const char *swt_text(const swt_file *f, uint32_t off, uint32_t len)
{
    uint64_t size = f->sections[SWT_STRS].size, start = f->sections[SWT_STRS].offset;
    return off <= size && len <= size - off ? (const char *)f->index + start + off : NULL;
}

/* Compares bytewise; a prefix sorts before the longer text. The result is negative, 0 or positive. */
SWT_API int swt_compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
    size_t n = a_len < b_len ? a_len : b_len;
    int order = n ? memcmp(a, b, n) : 0;
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* Checks that bytes [from, to) are zero. */
SWT_API enum swt_error swt_check_zeros(swt_file *f, const uint8_t *base, uint64_t from, uint64_t to)
{
    while (to - from >= 8 && swt_u64(base + from) == 0) from += 8;
    for (; from < to; from++) SWT_MUST(base[from] == 0, PADDING, from);
    return SWT_OK;
}

/* Tensor i, after checking every rule on its record alone, and on its target's record if it is an alias. */
SWT_API enum swt_error swt_tensor_at(swt_file *f, uint32_t i, swt_tensor *t)
{
    static const uint8_t dtype_bits[] = {
        0, 32, 16, 16, 8, 8, 4, 64, 64, 32, 16, 8, 8, 8, 16, 32, 64, 32, 64, 128, 8, 8, 8, 8, 8};
    SWT_MUST(i < f->tensor_count, NO_SUCH_TENSOR, 0);
    const uint64_t at = swt_record(f, SWT_TENS, i, 64);
    const uint8_t *p = f->index + at;
    unsigned k, seen = 0;

    t->name_len = swt_u16(p + 4);
    t->name = swt_text(f, swt_u32(p), t->name_len);
    SWT_MUST(t->name && t->name_len >= 1 && t->name_len <= 4095, NAME, at);
    t->dtype = p[6];
    SWT_MUST(t->dtype, DTYPE, at + 6);
    t->rank = p[7];
    SWT_MUST(t->rank <= 6, RANK, at + 7);
    t->data_off = swt_u64(p + 8);
    t->data_len = swt_u64(p + 16);
    for (k = 0; k < 6; k++) {
        t->dims[k] = swt_u32(p + 24 + 4 * k);
        SWT_MUST(k < t->rank || t->dims[k] == 0, DIMENSIONS, at + 24 + 4 * k);
    }
    t->elements = 0;
    if (t->dtype <= SWT_OPAQUE) { /* the size of an unknown type cannot be checked */
        uint64_t bits = dtype_bits[t->dtype];
        for (t->elements = 1, k = 0; k < t->rank; k++) {
            uint32_t d = t->dims[k] ? t->dims[k] : 1; /* a zero must not hide an overflow in some readers */
            /* Below 2^31, no 32-bit factor can overflow, which saves the division. */
            SWT_MUST(bits >> 31 == 0 || d <= (uint64_t)INT64_MAX / bits, OVERFLOW, at + 24 + 4 * k);
            bits *= d;
            t->elements *= t->dims[k];
        }
        bits = t->elements ? bits : 0;
        SWT_MUST(t->data_len == bits / 8 + (bits % 8 != 0), DATA_LENGTH, at + 16);
    }
    t->dim_order = swt_u32(p + 48);
    for (k = t->dim_order == 0x76543210u ? 8 : 0; k < 8; k++) { /* row-major is valid for every rank */
        unsigned dim = t->dim_order >> 4 * k & 15;
        SWT_MUST(k < t->rank ? dim < t->rank && !(seen >> dim & 1) : dim == k, DIM_ORDER, at + 48);
        seen |= 1u << dim;
    }
    t->crc32c = swt_u32(p + 52);
    t->link = swt_u32(p + 56);
    t->role = p[60];
    t->flags = p[61];
    SWT_MUST(t->role <= 7 || f->newer, ROLE, at + 60);
    SWT_MUST((t->flags & 3) != 3 && (t->flags <= 7 || f->newer), FLAGS, at + 61);
    SWT_MUST(swt_u16(p + 62) == 0 || f->newer, RESERVED, at + 62);

    if (t->flags & SWT_FLAG_ALIAS) {
        const uint8_t *target;
        SWT_MUST(t->link < f->tensor_count, LINK, at + 56);
        SWT_MUST(t->link < i, ALIAS, at + 56);
        target = f->index + swt_record(f, SWT_TENS, t->link, 64);
        SWT_MUST(!(target[61] & 3) && memcmp(p + 6, target + 6, 50) == 0, ALIAS, at + 56);
    } else {
        SWT_MUST(t->flags & SWT_FLAG_QUANTIZED ? t->link < f->sections[SWT_QNTZ].count : t->link == SWT_NONE,
                 LINK, at + 56);
    }
    SWT_MUST(t->data_off >= f->data_offset && t->data_off <= f->file_size &&
             t->data_len <= f->file_size - t->data_off, DATA_BOUNDS, at + 8);
    SWT_MUST(t->data_off == swt_align(t->data_off, f->tensor_align_log2), DATA_PLACE, at + 8);
    t->data = f->data ? f->data + t->data_off : NULL;
    return SWT_OK;
}

/* Index and name of the tensor at `position` in the order of names. */
SWT_API enum swt_error swt_by_name(
    swt_file *f, uint32_t position, uint32_t *i, const char **name, uint16_t *len)
{
    SWT_MUST(position < f->tensor_count, NO_SUCH_TENSOR, 0);
    const uint64_t at = swt_record(f, SWT_BYNM, position, 4);
    *i = swt_u32(f->index + at);
    SWT_MUST(*i < f->tensor_count, NAME_ORDER, at);
    const uint64_t record = swt_record(f, SWT_TENS, *i, 64);
    *len = swt_u16(f->index + record + 4);
    *name = swt_text(f, swt_u32(f->index + record), *len);
    SWT_MUST(*name, NAME, record);
    return SWT_OK;
}

/* Index of the tensor with this name, by binary search. */
SWT_API enum swt_error swt_find(swt_file *f, const void *name, size_t len, uint32_t *i)
{
    uint32_t low = 0, high = f->tensor_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *found;
        uint16_t found_len;
        SWT_TRY(swt_by_name(f, middle, i, &found, &found_len));
        int order = swt_compare(name, len, found, found_len);
        if (order == 0) return SWT_OK;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return swt_fail(f, SWT_ERR_NO_SUCH_TENSOR, f->sections[SWT_BYNM].offset);
}

/* The recorded SHA-256 of tensor i, or NULL. */
SWT_API const uint8_t *swt_digest(const swt_file *f, uint32_t i)
{
    return i < f->sections[SWT_DGST].count ? f->index + swt_record(f, SWT_DGST, i, 32) : NULL;
}

/* Metadata entry i of f->sections[SWT_META].count, in ascending order of keys. */
SWT_API enum swt_error swt_meta_at(swt_file *f, uint32_t i, swt_meta *m)
{
    SWT_MUST(i < f->sections[SWT_META].count, NO_SUCH_TENSOR, 0);
    const uint64_t at = swt_record(f, SWT_META, i, 24);
    const uint8_t *p = f->index + at;
    const uint32_t off = swt_u32(p + 8);
    unsigned k;
    m->key_len = swt_u16(p + 4);
    m->key = swt_text(f, swt_u32(p), m->key_len);
    SWT_MUST(m->key && m->key_len, METADATA, at);
    for (k = 0; k < m->key_len; k++) {
        char c = m->key[k];
        SWT_MUST((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.', METADATA, at);
    }
    m->type = swt_u16(p + 6);
    m->value = NULL;
    m->value_len = 0;
    m->num = swt_u64(p + 16);
    if (m->type >= 2 && m->type <= 4) {
        SWT_MUST(off == 0 && swt_u32(p + 12) == 0 && (m->type != 4 || m->num <= 1), METADATA, at + 8);
    } else if (m->type == 0 || m->type > 8) {
        SWT_MUST(f->newer, METADATA, at + 6);
    } else {
        m->value_len = swt_u32(p + 12);
        m->value = (const uint8_t *)swt_text(f, off, m->value_len);
        SWT_MUST(m->value && m->num == 0, METADATA, at + 8);
        SWT_MUST((m->type != 6 && m->type != 7) || m->value_len % 8 == 0, METADATA, at + 12);
    }
    return SWT_OK;
}

/* The metadata entry with this key, by binary search; NO_SUCH_TENSOR if there is none. */
SWT_API enum swt_error swt_meta_find(swt_file *f, const void *key, size_t len, swt_meta *m)
{
    uint32_t low = 0, high = f->sections[SWT_META].count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        SWT_TRY(swt_meta_at(f, middle, m));
        int order = swt_compare(key, len, m->key, m->key_len);
        if (order == 0) return SWT_OK;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return swt_fail(f, SWT_ERR_NO_SUCH_TENSOR, f->sections[SWT_META].offset);
}

/* Quantization record i; swt_quant_of checks it against a tensor. */
SWT_API enum swt_error swt_quant_at(swt_file *f, uint32_t i, swt_quant *q)
{
    SWT_MUST(i < f->sections[SWT_QNTZ].count, NO_SUCH_TENSOR, 0);
    const uint64_t at = swt_record(f, SWT_QNTZ, i, 32);
    const uint8_t *p = f->index + at;
    const uint32_t n = f->tensor_count;
    swt_tensor scale, zero;
    q->scheme = p[0];
    q->axis = p[1];
    q->bits = p[2];
    q->flags = p[3];
    q->block = swt_u32(p + 4);
    q->scale_tensor = swt_u32(p + 8);
    q->zero_tensor = swt_u32(p + 12);
    q->act_scale_tensor = swt_u32(p + 16);
    q->act_zero_tensor = swt_u32(p + 20);
    q->source_dtype = p[24];
    SWT_MUST(q->scheme >= 1 && q->scheme <= 3, QUANTIZATION, at);
    SWT_MUST(q->bits >= 1 && q->bits <= 64, QUANTIZATION, at + 2);
    SWT_MUST(q->flags <= 1 || f->newer, QUANTIZATION, at + 3);
    SWT_MUST((q->scheme == 3) == (q->block != 0), QUANTIZATION, at + 4);
    SWT_MUST(q->scale_tensor < n, QUANTIZATION, at + 8);
    SWT_MUST(q->flags & SWT_SYMMETRIC ? q->zero_tensor == SWT_NONE : q->zero_tensor < n,
             QUANTIZATION, at + 12);
    SWT_MUST(q->act_scale_tensor < n || q->act_scale_tensor == SWT_NONE, QUANTIZATION, at + 16);
    SWT_MUST(q->act_zero_tensor < n || q->act_zero_tensor == SWT_NONE, QUANTIZATION, at + 20);
    SWT_MUST((p[25] == 0 && swt_u16(p + 26) == 0 && swt_u32(p + 28) == 0) || f->newer, QUANTIZATION, at + 25);
    SWT_TRY(swt_tensor_at(f, q->scale_tensor, &scale));
    SWT_MUST(scale.dtype == SWT_F32 || scale.dtype == SWT_F64, QUANTIZATION, at + 8);
    SWT_MUST(scale.rank == 1 || (scale.rank == 0 && q->scheme == 1), QUANTIZATION, at + 8);
    SWT_MUST(scale.elements == 1 || q->scheme != 1, QUANTIZATION, at + 8);
    if (q->zero_tensor != SWT_NONE) {
        SWT_TRY(swt_tensor_at(f, q->zero_tensor, &zero));
        /* i8 u8 i4 f64 i64 i32 i16 are 4 to 10, u16 u32 u64 are 14 to 16 */
        SWT_MUST(zero.dtype == SWT_F32 || (zero.dtype >= SWT_I8 && zero.dtype <= SWT_I16) ||
                 (zero.dtype >= SWT_U16 && zero.dtype <= SWT_U64), QUANTIZATION, at + 12);
        SWT_MUST(zero.rank == scale.rank && memcmp(zero.dims, scale.dims, sizeof zero.dims) == 0,
                 QUANTIZATION, at + 12);
    }
    return SWT_OK;
}

/* The quantization record of tensor t, checked against its shape. A scalar counts as shape [1]. */
SWT_API enum swt_error swt_quant_of(swt_file *f, const swt_tensor *t, swt_quant *q)
{
    SWT_MUST(t->flags & SWT_FLAG_QUANTIZED, NO_SUCH_TENSOR, 0);
    SWT_TRY(swt_quant_at(f, t->link, q));
    const uint64_t at = swt_record(f, SWT_QNTZ, t->link, 32);
    swt_tensor scale;
    uint64_t n = 1;
    unsigned k;
    SWT_MUST(q->axis < (t->rank ? t->rank : 1), QUANTIZATION, at + 1);
    SWT_TRY(swt_tensor_at(f, q->scale_tensor, &scale));
    if (q->scheme == 2 && t->rank) n = t->dims[q->axis];
    for (k = 0; q->scheme == 3 && k < t->rank; k++) {
        uint64_t d = k == q->axis ? ((uint64_t)t->dims[k] + q->block - 1) / q->block : t->dims[k];
        SWT_MUST(d == 0 || n <= UINT64_MAX / d, QUANTIZATION, at); /* an unknown dtype may have any dims */
        n *= d;
    }
    SWT_MUST(scale.elements == n, QUANTIZATION, at + 8);
    return SWT_OK;
}

/* Name, type and digest of tensor i of the source checkpoint, in ascending order of names. */
SWT_API enum swt_error swt_source_at(swt_file *f, uint32_t i, swt_source *s)
{
    SWT_MUST(i < f->sections[SWT_SRCD].count, NO_SUCH_TENSOR, 0);
    const uint64_t at = swt_record(f, SWT_SRCD, i, 48);
    const uint8_t *p = f->index + at;
    s->name_len = swt_u16(p + 4);
    s->name = swt_text(f, swt_u32(p), s->name_len);
    s->dtype = p[6];
    s->sha256 = p + 16;
    SWT_MUST(s->name, SOURCE_DIGEST, at);
    SWT_MUST((p[7] == 0 && swt_u64(p + 8) == 0) || f->newer, SOURCE_DIGEST, at + 7);
    return SWT_OK;
}

/* The receipt of tensor i: what the conversion did to it. */
SWT_API enum swt_error swt_receipt_at(swt_file *f, uint32_t i, swt_receipt *r)
{
    SWT_MUST(i < f->sections[SWT_ERRS].count, NO_SUCH_TENSOR, 0);
    const uint64_t at = swt_record(f, SWT_ERRS, i, 16);
    const uint8_t *p = f->index + at;
    r->source_dtype = p[0];
    r->operations = p[1];
    r->max_abs_error = swt_f32(swt_u32(p + 4));
    r->rel_l2_error = swt_f32(swt_u32(p + 8));
    r->max_abs_value = swt_f32(swt_u32(p + 12));
    SWT_MUST((r->operations <= 7 && swt_u16(p + 2) == 0) || f->newer, RECEIPT, at + 1);
    return SWT_OK;
}

/* Golden set i; its vectors are those with indices [first, first + count). */
SWT_API enum swt_error swt_golden_set_at(swt_file *f, uint32_t i, swt_golden_set *s)
{
    SWT_MUST(i < f->sections[SWT_GSET].count, NO_SUCH_TENSOR, 0);
    const uint64_t at = swt_record(f, SWT_GSET, i, 32);
    const uint8_t *p = f->index + at;
    const uint32_t vectors = f->sections[SWT_GOLD].count;
    s->name_len = swt_u16(p + 4);
    s->name = swt_text(f, swt_u32(p), s->name_len);
    s->first = swt_u32(p + 8);
    s->count = swt_u32(p + 12);
    s->input_tensor = swt_u32(p + 16);
    SWT_MUST(s->name, GOLDEN, at);
    SWT_MUST(s->first <= vectors && s->count <= vectors - s->first, GOLDEN, at + 8);
    SWT_MUST(s->input_tensor < f->tensor_count || s->input_tensor == SWT_NONE, GOLDEN, at + 16);
    SWT_MUST((swt_u16(p + 6) == 0 && swt_u32(p + 20) == 0 && swt_u64(p + 24) == 0) || f->newer,
             GOLDEN, at + 6);
    return SWT_OK;
}

/* Expected output j of a golden set, with j below s->count. */
SWT_API enum swt_error swt_golden_at(swt_file *f, const swt_golden_set *s, uint32_t j, swt_golden *g)
{
    const uint32_t vectors = f->sections[SWT_GOLD].count;
    SWT_MUST(j < s->count && s->first < vectors && j < vectors - s->first, NO_SUCH_TENSOR, 0);
    const uint64_t at = swt_record(f, SWT_GOLD, s->first + j, 64);
    const uint8_t *p = f->index + at;
    swt_tensor expected;
    unsigned k;
    g->name_len = swt_u16(p + 4);
    g->name = swt_text(f, swt_u32(p), g->name_len);
    g->kind = p[6];
    g->input = p[7];
    g->input_seed = swt_u64(p + 8);
    for (k = 0; k < 4; k++) g->dims[k] = swt_u32(p + 16 + 4 * k);
    g->input_tensor = swt_u32(p + 32);
    g->expected = swt_u32(p + 36);
    g->sample_seed = swt_u64(p + 40);
    g->floor_rel_l2 = swt_f32(swt_u32(p + 48));
    g->floor_max = swt_f32(swt_u32(p + 52));
    g->k = swt_f32(swt_u32(p + 56));
    g->top1 = swt_u32(p + 60);
    SWT_MUST(g->name, GOLDEN, at);
    SWT_MUST(g->kind >= 1 && g->kind <= 3 && g->input <= 1, GOLDEN, at + 6);
    SWT_MUST(g->input ? g->input_tensor == SWT_NONE
                      : g->input_tensor == s->input_tensor && g->input_tensor < f->tensor_count,
             GOLDEN, at + 32);
    SWT_MUST(g->expected < f->tensor_count, GOLDEN, at + 36);
    SWT_TRY(swt_tensor_at(f, g->expected, &expected));
    SWT_MUST(expected.role == 5 || expected.role == 6, GOLDEN, at + 36);
    return SWT_OK;
}

/* Level 1, in one pass over each section. */
SWT_API enum swt_error swt_check_index(swt_file *f)
{
    uint64_t end = f->data_offset;
    uint32_t i, j, number = 0, vectors = 0;
    const char *before = NULL, *name = NULL;
    uint16_t before_len = 0, len = 0;
    swt_tensor t;
    swt_meta m;
    swt_quant q;
    swt_source s;
    swt_receipt r;
    swt_golden_set set;
    swt_golden g;
    for (i = 0; i < f->tensor_count; i++) {
        SWT_TRY(swt_tensor_at(f, i, &t));
        if (t.flags & SWT_FLAG_ALIAS) continue;
        SWT_MUST(t.data_off == swt_align(end, f->tensor_align_log2), DATA_PLACE,
                 swt_record(f, SWT_TENS, i, 64) + 8);
        end = t.data_off + t.data_len;
    }
    SWT_MUST(f->file_size == swt_align(end, 6) + 64, FILE_END, 16);
    for (i = 0; i < f->tensor_count; i++, before = name, before_len = len) {
        SWT_TRY(swt_by_name(f, i, &number, &name, &len));
        SWT_MUST(!i || swt_compare(before, before_len, name, len) < 0, NAME_ORDER,
                 swt_record(f, SWT_BYNM, i, 4));
    }
    for (i = 0; i < f->sections[SWT_META].count; i++, before = m.key, before_len = m.key_len) {
        SWT_TRY(swt_meta_at(f, i, &m));
        SWT_MUST(!i || swt_compare(before, before_len, m.key, m.key_len) < 0, METADATA,
                 swt_record(f, SWT_META, i, 24));
    }
    for (i = 0; i < f->sections[SWT_QNTZ].count; i++) SWT_TRY(swt_quant_at(f, i, &q));
    for (i = 0; i < f->tensor_count && f->sections[SWT_QNTZ].count; i++) {
        SWT_TRY(swt_tensor_at(f, i, &t));
        if (t.flags & SWT_FLAG_QUANTIZED) SWT_TRY(swt_quant_of(f, &t, &q));
    }
    for (i = 0; i < f->sections[SWT_SRCD].count; i++, before = s.name, before_len = s.name_len) {
        SWT_TRY(swt_source_at(f, i, &s));
        SWT_MUST(!i || swt_compare(before, before_len, s.name, s.name_len) <= 0, SOURCE_DIGEST,
                 swt_record(f, SWT_SRCD, i, 48));
    }
    for (i = 0; i < f->sections[SWT_GSET].count; i++, vectors += set.count) {
        SWT_TRY(swt_golden_set_at(f, i, &set));
        SWT_MUST(set.first == vectors, GOLDEN, swt_record(f, SWT_GSET, i, 32) + 8);
        for (j = 0; j < set.count; j++) SWT_TRY(swt_golden_at(f, &set, j, &g));
    }
    SWT_MUST(vectors == f->sections[SWT_GOLD].count, GOLDEN, f->sections[SWT_GOLD].offset);
    for (i = 0; i < f->sections[SWT_ERRS].count; i++) SWT_TRY(swt_receipt_at(f, i, &r));
    return SWT_OK;
}

/* Level 2 for one tensor: its values and the gap after it; the gap before it belongs to the previous tensor.
 * */
SWT_API enum swt_error swt_check_tensor(swt_file *f, uint32_t i)
{
    swt_tensor t;
    uint64_t end, next;
    SWT_TRY(swt_tensor_at(f, i, &t));
    SWT_MUST(t.data, UNREADABLE, t.data_off);
    SWT_MUST(SWT_CRC32C(0, t.data, (size_t)t.data_len) == t.crc32c, DATA_CHECKSUM, t.data_off);
    end = t.data_off + t.data_len;
    if (t.dtype == SWT_I4 && t.elements % 2) SWT_MUST(f->data[end - 1] >> 4 == 0, PADDING, end - 1);
    next = swt_align(end, f->tensor_align_log2);
    return swt_check_zeros(f, f->data, end, next < f->file_size ? next : f->file_size);
}

/* Level 2 for the whole file. Aliases have their target's bytes and checksum and are skipped. */
SWT_API enum swt_error swt_check_data(swt_file *f)
{
    uint64_t end = f->data_offset;
    uint32_t i;
    swt_tensor t;
    SWT_MUST(f->data, UNREADABLE, f->data_offset);
    for (i = 0; i < f->tensor_count; i++) {
        SWT_TRY(swt_tensor_at(f, i, &t));
        if (t.flags & SWT_FLAG_ALIAS) continue;
        SWT_TRY(swt_check_tensor(f, i));
        end = t.data_off + t.data_len;
    }
    return swt_check_zeros(f, f->data, end, f->file_size);
}

/* Size of the index in bytes, given the first 64 bytes of a file; 0 if they are not a .swt header for that
 * size. */
SWT_API uint64_t swt_index_size(const void *header, uint64_t file_size)
{
    const uint8_t *p = (const uint8_t *)header;
    uint64_t size = swt_u64(p + 24);
    return memcmp(p, "\x89SWT\r\n\x1a\n", 8) == 0 && size >= 64 && size <= file_size ? size : 0;
}

/*
 * Opens a file of `file_size` bytes whose first `index_len` bytes are at `index`; `data` is the address of
 * byte 0 of the mapped file, or NULL. After an error, only error_offset in `f` is valid.
 */
SWT_API enum swt_error swt_open_index(
    swt_file *f, const void *index, uint64_t index_len, const void *data, uint64_t file_size, int level)
{
    /* critical, size of a record, one record per tensor */
    static const struct { char kind[5]; uint8_t critical, record, each; } kinds[SWT_KINDS] = {
        {"TENS", 1, 64, 1}, {"BYNM", 1, 4, 1}, {"STRS", 1, 1, 0}, {"META", 0, 24, 0}, {"QNTZ", 1, 32, 0},
        {"DGST", 0, 32, 1}, {"SRCD", 0, 48, 0}, {"GSET", 1, 32, 0}, {"GOLD", 0, 64, 0}, {"ERRS", 0, 16, 1}};
    const uint8_t *h = (const uint8_t *)index;
    uint32_t i, j, section_count;
    uint64_t end;
    uint8_t data_align_log2;
    memset(f, 0, sizeof *f);
    SWT_MUST(index_len >= 64 && file_size >= 64, TRUNCATED, index_len);
    SWT_MUST(memcmp(h, "\x89SWT\r\n\x1a\n", 8) == 0, MAGIC, 0);
    SWT_MUST(swt_u16(h + 8) == 1, VERSION, 8);
    SWT_MUST(file_size >> 62 == 0 && (!data || file_size <= SIZE_MAX), LIMIT, 16);
    f->index = h;
    f->data = (const uint8_t *)data;
    f->file_size = file_size;
    f->version_minor = swt_u16(h + 10);
    f->newer = f->version_minor > 0;
    f->data_offset = swt_u64(h + 24);
    f->tensor_count = swt_u32(h + 32);
    section_count = swt_u32(h + 36);
    f->tensor_align_log2 = h[40];
    data_align_log2 = h[41];
    SWT_MUST(swt_u32(h + 12) == 64, HEADER_SIZE, 12);
    SWT_MUST(swt_u64(h + 16) <= file_size, TRUNCATED, file_size);
    SWT_MUST(swt_u64(h + 16) == file_size, TRAILING_BYTES, swt_u64(h + 16));
    SWT_MUST(f->tensor_align_log2 >= 6 && f->tensor_align_log2 <= data_align_log2 && data_align_log2 <= 16,
             ALIGNMENT, 40);
    SWT_MUST((swt_u16(h + 42) == 0 && swt_u64(h + 52) == 0) || f->newer, RESERVED, 42);
    SWT_MUST(swt_u32(h + 44) == 0, REQUIRED_FEATURE, 44);
    SWT_MUST(f->data_offset <= file_size, DATA_OFFSET, 24);
    SWT_MUST(f->data_offset <= index_len, TRUNCATED, index_len);
    end = 64 + 32 * (uint64_t)section_count;
    SWT_MUST(section_count <= 64 && end <= f->data_offset, SECTION_COUNT, 36);
    SWT_MUST(SWT_CRC32C(SWT_CRC32C(0, h, 60), h + 64, 32 * (size_t)section_count) == swt_u32(h + 60),
             HEADER_CHECKSUM, 60);

    for (i = 0; i < section_count; i++) {
        const uint64_t at = 64 + 32 * (uint64_t)i;
        const uint8_t *p = h + at;
        const uint32_t flags = swt_u32(p + 4), count = swt_u32(p + 24);
        const uint64_t offset = swt_u64(p + 8), size = swt_u64(p + 16);
        int kind;
        for (j = 0; j < 4; j++) SWT_MUST(p[j] >= 0x21 && p[j] <= 0x7E, SECTION_KIND, at);
        for (j = 0; j < i; j++) SWT_MUST(memcmp(p, h + 64 + 32 * j, 4) != 0, SECTION_TWICE, at);
        SWT_MUST(flags <= 1 || f->newer, SECTION_FLAGS, at + 4);
        for (kind = 0; kind < SWT_KINDS && memcmp(p, kinds[kind].kind, 4) != 0;) kind++;
        SWT_MUST(kind < SWT_KINDS || !(flags & 1), UNKNOWN_CRITICAL_SECTION, at);
        SWT_MUST(offset == swt_align(end, 6) && offset <= f->data_offset && size <= f->data_offset - offset,
                 SECTION_PLACE, at + 8);
        if (kind < SWT_KINDS) {
            SWT_MUST((flags & 1) == kinds[kind].critical, SECTION_FLAGS, at + 4);
            SWT_MUST((uint64_t)count * kinds[kind].record == size, SECTION_SIZE, at + 16);
            SWT_MUST(!kinds[kind].each || count == f->tensor_count, SECTION_SIZE, at + 24);
            f->sections[kind].offset = offset;
            f->sections[kind].size = size;
            f->sections[kind].count = count;
        }
        if (level >= 1) { /* level 1c, here because the table may change if it is mapped: read it only once */
            SWT_TRY(swt_check_zeros(f, h, end, offset));
            SWT_MUST(SWT_CRC32C(0, h + offset, (size_t)size) == swt_u32(p + 28), SECTION_CHECKSUM, offset);
        }
        end = offset + size;
    }
    for (i = SWT_TENS; i <= SWT_STRS; i++) SWT_MUST(f->sections[i].offset, SECTION_MISSING, 64);
    SWT_MUST(f->sections[SWT_GSET].offset || !f->sections[SWT_GOLD].offset, SECTION_MISSING, 64);
    SWT_MUST(f->data_offset == swt_align(end, data_align_log2), DATA_OFFSET, 24);
    if (level >= 1) SWT_TRY(swt_check_zeros(f, h, end, f->data_offset));
    if (level >= 1) SWT_TRY(swt_check_index(f));
    return level >= 2 ? swt_check_data(f) : SWT_OK;
}

/* Opens a file that is mapped or read whole. The cost of level 0 does not depend on the number of tensors. */
SWT_API enum swt_error swt_open(swt_file *f, const void *bytes, uint64_t size, int level)
{
    return swt_open_index(f, bytes, size, bytes, size, level);
}

/* The content id: 32 bytes that cover every byte of the file. Compare it with a trusted copy, then check all
 * levels. */
SWT_API enum swt_error swt_content_id(swt_file *f, swt_sha256 sha256, void *context, uint8_t out[32])
{
    SWT_MUST(f->sections[SWT_DGST].offset, DIGEST_MISSING, 64);
    sha256(f->index, (size_t)f->data_offset, out, context);
    return SWT_OK;
}

/* 1 if the text is valid UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF), and without
 * control characters unless `controls` allows them. */
SWT_API int swt_utf8(const void *text, size_t n, int controls)
{
    const uint8_t *p = (const uint8_t *)text;
    while (n) {
        unsigned c = *p, k;
        unsigned more = c < 0x80 ? 0 : c < 0xC2 ? 4 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : c < 0xF5 ? 3 : 4;
        if (more == 4 || more >= n || (!controls && (c < 0x20 || c == 0x7F))) return 0;
        for (k = 1; k <= more; k++) if ((p[k] & 0xC0) != 0x80) return 0;
        if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F)) return 0;
        if ((c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F)) return 0;
        p += more + 1;
        n -= more + 1;
    }
    return 1;
}

/* Half, bfloat16 and one element of a tensor as numbers; exact. An i4 is two's complement. */
SWT_API float swt_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3FF;
    if (exponent == 0) return (sign ? -1.0f : 1.0f) * (float)fraction * 5.9604644775390625e-8f; /* 2^-24 */
    return swt_f32(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);
}
SWT_API float swt_bf16(uint16_t b) { return swt_f32((uint32_t)b << 16); }

/* Element i in storage order, with i below t->elements. Returns 0 for unsupported types (f8, f4, complex,
 * opaque). */
SWT_API int swt_number(const swt_tensor *t, uint64_t i, double *value)
{
    const uint8_t *p = t->data;
    switch (t->dtype) {
    case SWT_F32: *value = (double)swt_f32(swt_u32(p + 4 * i)); return 1;
    case SWT_F16: *value = (double)swt_f16(swt_u16(p + 2 * i)); return 1;
    case SWT_BF16: *value = (double)swt_bf16(swt_u16(p + 2 * i)); return 1;
    case SWT_F64: *value = swt_f64(swt_u64(p + 8 * i)); return 1;
    case SWT_I4: *value = (double)(((p[i / 2] >> (i % 2 * 4) & 15) ^ 8) - 8); return 1;
    case SWT_I8: *value = (double)(int8_t)p[i]; return 1;
    case SWT_U8: case SWT_BOOL: *value = (double)p[i]; return 1;
    case SWT_I16: *value = (double)(int16_t)swt_u16(p + 2 * i); return 1;
    case SWT_U16: *value = (double)swt_u16(p + 2 * i); return 1;
    case SWT_I32: *value = (double)(int32_t)swt_u32(p + 4 * i); return 1;
    case SWT_U32: *value = (double)swt_u32(p + 4 * i); return 1;
    case SWT_I64: *value = (double)(int64_t)swt_u64(p + 8 * i); return 1;
    case SWT_U64: *value = (double)swt_u64(p + 8 * i); return 1;
    default: return 0;
    }
}

/* Index of the scale for element `position` in storage order. Block scales are in logical row-major order. */
SWT_API uint64_t swt_scale_index(const swt_tensor *t, const swt_quant *q, uint64_t position)
{
    uint32_t at[6] = {0};
    uint64_t index = 0;
    unsigned k;
    if (q->scheme == 1 || t->rank == 0) return 0;
    for (k = t->rank; k-- > 0;) {
        unsigned dim = t->dim_order >> 4 * k & 15;
        at[dim] = (uint32_t)(position % t->dims[dim]);
        position /= t->dims[dim];
    }
    if (q->scheme == 2) return at[q->axis];
    for (k = 0; k < t->rank; k++) {
        uint64_t blocks = ((uint64_t)t->dims[k] + q->block - 1) / q->block;
        index = k == q->axis ? index * blocks + at[k] / q->block : index * t->dims[k] + at[k];
    }
    return index;
}

/*
 * Elements [first, first + count) in storage order as floats; quantized ones become scale * (q - zero). This
 * is a reference implementation: an engine that keeps int8 or f16 reads t->data itself.
 */
SWT_API enum swt_error swt_widen(swt_file *f, const swt_tensor *t, uint64_t first, uint64_t count, float *out)
{
    swt_quant q;
    swt_tensor scale, zero;
    uint64_t i;
    const int quantized = t->flags & SWT_FLAG_QUANTIZED;
    memset(&q, 0, sizeof q);
    SWT_MUST(t->dtype <= SWT_OPAQUE && t->data, DTYPE, t->data_off);
    SWT_MUST(first <= t->elements && count <= t->elements - first, DATA_BOUNDS, t->data_off);
    if (quantized) {
        SWT_TRY(swt_quant_of(f, t, &q));
        SWT_TRY(swt_tensor_at(f, q.scale_tensor, &scale));
        if (q.zero_tensor != SWT_NONE) SWT_TRY(swt_tensor_at(f, q.zero_tensor, &zero));
    }
    for (i = 0; i < count; i++) {
        double value, s = 1, z = 0;
        SWT_MUST(swt_number(t, first + i, &value), DTYPE, t->data_off);
        if (quantized) {
            uint64_t k = swt_scale_index(t, &q, first + i);
            SWT_MUST(swt_number(&scale, k, &s), QUANTIZATION, scale.data_off);
            if (q.zero_tensor != SWT_NONE) SWT_MUST(swt_number(&zero, k, &z), QUANTIZATION, zero.data_off);
        }
        out[i] = (float)(s * (value - z));
    }
    return SWT_OK;
}

/* Checks that every value of a tensor of scales is finite and positive. */
SWT_API enum swt_error swt_check_scales(swt_file *f, uint32_t i)
{
    swt_tensor t;
    uint64_t k;
    double value;
    SWT_TRY(swt_tensor_at(f, i, &t));
    if (t.dtype != SWT_F32 && t.dtype != SWT_F64) return SWT_OK; /* an activation's scale may have any type */
    for (k = 0; k < t.elements; k++)
        SWT_MUST(swt_number(&t, k, &value) && value > 0 && value - value == 0, QUANTIZATION, t.data_off);
    return SWT_OK;
}

/*
 * Level 3. Run it after levels 1 and 2, which it does not repeat. It is safe without them, but only level 1,
 * which proves that golden sets do not share vectors, keeps the work linear in the size of the file.
 */
SWT_API enum swt_error swt_check_strict(swt_file *f, swt_sha256 sha256, void *context)
{
    uint32_t i, j, window;
    uint8_t digest[32];
    swt_tensor t;
    swt_meta m;
    swt_source s;
    swt_golden_set set;
    swt_golden g;
    SWT_MUST(f->data, UNREADABLE, f->data_offset);
    for (i = 0; i < f->tensor_count; i++) {
        SWT_TRY(swt_tensor_at(f, i, &t));
        SWT_MUST(swt_utf8(t.name, t.name_len, 0), UTF8, swt_record(f, SWT_TENS, i, 64));
    }
    for (i = 0; i < f->sections[SWT_META].count; i++) {
        SWT_TRY(swt_meta_at(f, i, &m));
        SWT_MUST((m.type != 1 && m.type != 8) || swt_utf8(m.value, m.value_len, 1), UTF8,
                 swt_record(f, SWT_META, i, 24));
    }
    for (i = 0; i < f->sections[SWT_SRCD].count; i++) {
        SWT_TRY(swt_source_at(f, i, &s));
        SWT_MUST(swt_utf8(s.name, s.name_len, 1), UTF8, swt_record(f, SWT_SRCD, i, 48));
    }
    for (i = 0; i < f->sections[SWT_GSET].count; i++) {
        SWT_TRY(swt_golden_set_at(f, i, &set));
        SWT_MUST(swt_utf8(set.name, set.name_len, 1), UTF8, swt_record(f, SWT_GSET, i, 32));
        for (j = 0; j < set.count; j++) {
            SWT_TRY(swt_golden_at(f, &set, j, &g));
            SWT_MUST(swt_utf8(g.name, g.name_len, 1), UTF8, swt_record(f, SWT_GOLD, set.first + j, 64));
        }
    }
    /* Many records may refer to one tensor of scales; marking it keeps the work linear. The 4 KiB of marks
     * cover one window of tensors at a time. */
    for (window = 0; f->sections[SWT_QNTZ].count && window < f->tensor_count;) {
        uint8_t seen[4096] = {0};
        for (i = 0; i < f->sections[SWT_QNTZ].count; i++) {
            const uint8_t *p = f->index + swt_record(f, SWT_QNTZ, i, 32);
            for (j = 8; j <= 16; j += 8) { /* scale_tensor, act_scale_tensor */
                uint32_t scales = swt_u32(p + j), k = scales - window;
                if (scales == SWT_NONE || k >= 8 * sizeof seen || seen[k / 8] >> k % 8 & 1) continue;
                seen[k / 8] = (uint8_t)(seen[k / 8] | 1 << k % 8);
                SWT_TRY(swt_check_scales(f, scales));
            }
        }
        window = f->tensor_count - window > 8 * sizeof seen ? window + (uint32_t)(8 * sizeof seen)
                                                            : f->tensor_count;
    }
    SWT_MUST(f->sections[SWT_DGST].offset, DIGEST_MISSING, 64);
    for (i = 0; i < f->tensor_count; i++) {
        const uint8_t *stated = swt_digest(f, i), *found = digest;
        SWT_TRY(swt_tensor_at(f, i, &t));
        if (t.flags & SWT_FLAG_ALIAS) found = swt_digest(f, t.link); /* an earlier tensor, already checked */
        else sha256(t.data, (size_t)t.data_len, digest, context);
        SWT_MUST(memcmp(stated, found, 32) == 0, DATA_DIGEST, swt_record(f, SWT_DGST, i, 32));
    }
    return SWT_OK;
}

#undef SWT_MUST
#undef SWT_TRY
#endif

/* Builds a small .swt file with every section and every kind of record, according to FORMAT.md, without the
 * reader. */
#ifndef BUILD_H
#define BUILD_H

#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swt.h"

enum { BUILD_CAPACITY = 1 << 16, BUILD_NONE = -1 };

struct build_tensor {
    const char *name;
    uint32_t dims[6];
    uint64_t len;
    uint32_t dim_order, link;
    uint8_t dtype, rank, role, flags;
};

#define ROWS 0x76543210u
static const struct build_tensor build_tensors[] = {
    {"conv.weight", {2, 3, 2, 2, 0, 0}, 96, 0x76541320u, SWT_NONE, SWT_F32, 4, 0, 4},
    {"emb", {3, 5, 0, 0, 0, 0}, 30, ROWS, SWT_NONE, SWT_F16, 2, 0, 0},
    {"tied", {3, 5, 0, 0, 0, 0}, 30, ROWS, 1, SWT_F16, 2, 0, SWT_FLAG_ALIAS},
    {"q.weight", {2, 3, 0, 0, 0, 0}, 6, 0x76543201u, 0, SWT_I8, 2, 0, SWT_FLAG_QUANTIZED},
    {"q.weight.scale", {2, 0, 0, 0, 0, 0}, 8, ROWS, SWT_NONE, SWT_F32, 1, 2, 0},
    {"q.weight.zero_point", {2, 0, 0, 0, 0, 0}, 8, ROWS, SWT_NONE, SWT_I32, 1, 3, 0},
    {"blocks", {2, 5, 0, 0, 0, 0}, 10, ROWS, 1, SWT_U8, 2, 0, SWT_FLAG_QUANTIZED},
    {"blocks.scale", {6, 0, 0, 0, 0, 0}, 48, ROWS, SWT_NONE, SWT_F64, 1, 2, 0},
    {"nibbles", {3, 0, 0, 0, 0, 0}, 2, ROWS, SWT_NONE, SWT_I4, 1, 7, 0},
    {"empty", {0, 4, 0, 0, 0, 0}, 0, ROWS, SWT_NONE, SWT_F32, 2, 1, 0},
    {"scalar", {0, 0, 0, 0, 0, 0}, 8, ROWS, SWT_NONE, SWT_I64, 0, 1, 0},
    {"future", {7, 0, 0, 0, 0, 0}, 9, ROWS, SWT_NONE, 200, 1, 7, 0},
    {"golden/g/input", {1, 1, 1, 2, 0, 0}, 8, ROWS, SWT_NONE, SWT_F32, 4, 4, 0},
    {"golden/g/logits_f64", {1, 2, 0, 0, 0, 0}, 16, ROWS, SWT_NONE, SWT_F64, 2, 5, 0},
};
enum { BUILD_TENSORS = sizeof build_tensors / sizeof build_tensors[0], BUILD_KINDS = 11 };

static void put(uint8_t *p, uint64_t value, unsigned bytes)
{
    for (; bytes; bytes--, value >>= 8) *p++ = (uint8_t)value;
}

static void put_f32(uint8_t *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, 4);
    put(p, bits, 4);
}

static void put_f64(uint8_t *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, 8);
    put(p, bits, 8);
}

/* CRC32C bit by bit, so that no code is shared with the reader. */
static uint32_t build_crc(uint32_t crc, const uint8_t *p, size_t n)
{
    int bit;
    for (crc = ~crc; n; n--) {
        crc ^= *p++;
        for (bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return ~crc;
}

static size_t round_up(size_t x, unsigned log2)
{
    return (x + ((size_t)1 << log2) - 1) >> log2 << log2;
}

static size_t build_text(uint8_t *pool, size_t *used, const char *text)
{
    size_t at = *used, n = strlen(text);
    memcpy(pool + at, text, n);
    *used = at + n;
    return at;
}

/* Values of tensor i: arbitrary but deterministic, with positive scales and a zero last nibble. */
static void build_values(uint32_t i, uint8_t *p)
{
    const struct build_tensor *t = &build_tensors[i];
    uint64_t k;
    for (k = 0; k < t->len; k++) p[k] = (uint8_t)(17 * i + 31 * k + 5);
    if (t->dtype == SWT_F16) for (k = 0; k < t->len / 2; k++) put(p + 2 * k, 0x3C00 + 64 * k, 2);
    if (t->role == 2 && t->dtype == SWT_F32)
        for (k = 0; k < t->len / 4; k++) put_f32(p + 4 * k, 0.5f + (float)k);
    if (t->role == 2 && t->dtype == SWT_F64)
        for (k = 0; k < t->len / 8; k++) put_f64(p + 8 * k, 0.25 * (double)(k + 1));
    if (t->dtype == SWT_I32)
        for (k = 0; k < t->len / 4; k++) put(p + 4 * k, (uint64_t)(3 - 5 * (int64_t)k), 4);
    if (t->dtype == SWT_I4) p[t->len - 1] &= 15;
}

/* Offset of section `kind` in a built file, in the order of enum swt_kind. */
struct build_layout { size_t section[BUILD_KINDS], data_offset, size; };

/* Writes the file to `out`, which must have BUILD_CAPACITY bytes, and returns its layout. */
static struct build_layout build(uint8_t *out, unsigned tensor_align, unsigned data_align)
{
    static const char names[BUILD_KINDS][5] = {
        "TENS", "BYNM", "STRS", "META", "QNTZ", "DGST", "SRCD", "GSET", "GOLD", "ERRS", "xtra"};
    static const unsigned record[BUILD_KINDS] = {64, 4, 1, 24, 32, 32, 48, 32, 64, 16, 1};
    static const uint8_t critical[BUILD_KINDS] = {1, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0};
    static const struct { const char *key; unsigned type, len; uint64_t num; const char *value; } metas[] = {
        {"a.text", 1, 0, 0, "caf\xC3\xA9"}, {"b.i64", 2, 0, UINT64_MAX - 4, ""},
        {"c.f64", 3, 0, 0x3FF8000000000000u, ""},
        {"d.bool", 4, 0, 1, ""}, {"e.bytes", 5, 0, 0, "\xFF\xFE"}, {"f.i64s", 6, 16, 0, "ABCDEFGHIJKLMNOP"},
        {"g.f64s", 7, 8, 0, "abcdefgh"}, {"h.json", 8, 0, 0, "{}"}};
    enum { METAS = sizeof metas / sizeof metas[0] };
    uint8_t *body[BUILD_KINDS], *pool;
    size_t size[BUILD_KINDS] = {0}, used = 0, end, at;
    uint32_t order[BUILD_TENSORS], i, j;
    struct build_layout layout;

    for (i = 0; i < BUILD_KINDS; i++) body[i] = (uint8_t *)calloc(1, 4096);
    pool = body[2];
    for (i = 0; i < BUILD_TENSORS; i++) { /* insertion sort by name */
        for (j = i; j && strcmp(build_tensors[order[j - 1]].name, build_tensors[i].name) > 0; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    size[0] = 64 * BUILD_TENSORS;
    size[1] = 4 * BUILD_TENSORS;
    size[5] = 32 * BUILD_TENSORS;
    size[9] = 16 * BUILD_TENSORS;
    for (i = 0; i < BUILD_TENSORS; i++) {
        const struct build_tensor *t = &build_tensors[order[i]];
        uint8_t *p = body[0] + 64 * order[i];
        put(body[1] + 4 * i, order[i], 4);
        put(p, build_text(pool, &used, t->name), 4);
        put(p + 4, strlen(t->name), 2);
        p[6] = t->dtype;
        p[7] = t->rank;
        put(p + 16, t->len, 8);
        for (j = 0; j < 6; j++) put(p + 24 + 4 * j, t->dims[j], 4);
        put(p + 48, t->dim_order, 4);
        put(p + 56, t->link, 4);
        p[60] = t->role;
        p[61] = t->flags;
        p = body[9] + 16 * i;
        p[0] = SWT_F32;
        p[1] = (uint8_t)(i % 8);
        put_f32(p + 4, 0.125f);
        put_f32(p + 8, 0.5f);
        put_f32(p + 12, (float)i);
    }
    for (i = 0; i < METAS; i++, size[3] += 24) {
        uint8_t *p = body[3] + 24 * i;
        put(p, build_text(pool, &used, metas[i].key), 4);
        put(p + 4, strlen(metas[i].key), 2);
        put(p + 6, metas[i].type, 2);
        put(p + 16, metas[i].num, 8);
        if (metas[i].type < 2 || metas[i].type > 4) {
            put(p + 8, build_text(pool, &used, metas[i].value), 4);
            put(p + 12, strlen(metas[i].value), 4);
        }
    }
    /* a channel's scales and zeros; then blocks of two along axis 1 */
    for (i = 0; i < 2; i++, size[4] += 32) {
        uint8_t *p = body[4] + 32 * i;
        p[0] = (uint8_t)(i ? 3 : 2);
        p[1] = (uint8_t)i;
        p[2] = 8;
        p[3] = (uint8_t)i;
        put(p + 4, i ? 2 : 0, 4);
        put(p + 8, i ? 7 : 4, 4);
        put(p + 12, i ? SWT_NONE : 5, 4);
        put(p + 16, i ? SWT_NONE : 4, 4);
        put(p + 20, SWT_NONE, 4);
        p[24] = SWT_F32;
    }
    for (i = 0; i < 3; i++, size[6] += 48) { /* an empty name, and two equal ones */
        uint8_t *p = body[6] + 48 * i;
        put(p, i ? (i == 1 ? build_text(pool, &used, "src") : used - 3) : 0, 4);
        put(p + 4, i ? 3 : 0, 2);
        p[6] = SWT_F32;
        memset(p + 16, (int)(i + 1), 32);
    }
    /* one set with a stored, one with a procedural input */
    for (i = 0; i < 2; i++, size[7] += 32, size[8] += 64) {
        uint8_t *p = body[7] + 32 * i;
        put(p, build_text(pool, &used, i ? "h" : "g"), 4);
        put(p + 4, 1, 2);
        put(p + 8, i, 4);
        put(p + 12, 1, 4);
        put(p + 16, i ? SWT_NONE : 12, 4);
        p = body[8] + 64 * i;
        put(p, build_text(pool, &used, "logits"), 4);
        put(p + 4, 6, 2);
        p[6] = (uint8_t)(i + 1);
        p[7] = (uint8_t)i;
        put(p + 8, 42 * i, 8);
        for (j = 0; j < 4; j++) put(p + 16 + 4 * j, j == 3 ? 2 : 1, 4);
        put(p + 32, i ? SWT_NONE : 12, 4);
        put(p + 36, 13, 4);
        put(p + 40, 7, 8);
        put_f32(p + 48, 1e-6f);
        put_f32(p + 52, 1e-5f);
        put_f32(p + 56, 8);
        put(p + 60, i ? SWT_NONE : 1, 4);
    }
    size[2] = used;
    memcpy(body[10], "a section of the future", 23);
    size[10] = 23;

    memset(out, 0, BUILD_CAPACITY);
    end = 64 + 32 * BUILD_KINDS;
    for (i = 0; i < BUILD_KINDS; i++) {
        layout.section[i] = at = round_up(end, 6);
        end = at + size[i];
    }
    layout.data_offset = end = round_up(end, data_align);
    for (i = 0; i < BUILD_TENSORS; i++) {
        const struct build_tensor *t = &build_tensors[i];
        uint8_t *p = body[0] + 64 * i;
        if (t->flags & SWT_FLAG_ALIAS) {
            memcpy(p + 6, body[0] + 64 * t->link + 6, 50);
            memcpy(body[5] + 32 * i, body[5] + 32 * t->link, 32);
            continue;
        }
        at = round_up(end, tensor_align);
        build_values(i, out + at);
        put(p + 8, at, 8);
        put(p + 52, build_crc(0, out + at, (size_t)t->len), 4);
        SHA256(out + at, (size_t)t->len, body[5] + 32 * i);
        end = at + (size_t)t->len;
    }
    layout.size = round_up(end, 6) + 64;
    for (i = 0; i < BUILD_KINDS; i++) {
        uint8_t *p = out + 64 + 32 * i;
        memcpy(out + layout.section[i], body[i], size[i]);
        memcpy(p, names[i], 4);
        put(p + 4, critical[i], 4);
        put(p + 8, layout.section[i], 8);
        put(p + 16, size[i], 8);
        put(p + 24, size[i] / record[i], 4);
        put(p + 28, build_crc(0, body[i], size[i]), 4);
        free(body[i]);
    }
    memcpy(out, "\x89SWT\r\n\x1a\n", 8);
    put(out + 8, 1, 2);
    put(out + 12, 64, 4);
    put(out + 16, layout.size, 8);
    put(out + 24, layout.data_offset, 8);
    put(out + 32, BUILD_TENSORS, 4);
    put(out + 36, BUILD_KINDS, 4);
    out[40] = (uint8_t)tensor_align;
    out[41] = (uint8_t)data_align;
    put(out + 60, build_crc(build_crc(0, out, 60), out + 64, 32 * BUILD_KINDS), 4);
    return layout;
}
#endif

/* Calls every function of the reader on a file and reads every byte that it returns. */
#ifndef TOUCH_H
#define TOUCH_H

#include "swt.h"

static volatile uint64_t touch_sink;

static void touch_bytes(const void *bytes, uint64_t n)
{
    const uint8_t *p = (const uint8_t *)bytes;
    uint64_t sum = 0;
    for (; n; n--) sum += *p++;
    touch_sink += sum;
}

/* Returns the first error of any accessor; after level 1 there must be none. */
static enum swt_error touch(swt_file *f)
{
    enum swt_error first = SWT_OK, e;
    uint32_t i, j, found;
    uint16_t len;
    const char *name;
    float out[16];
    swt_tensor t;
    swt_meta m;
    swt_quant q;
    swt_source s;
    swt_receipt r;
    swt_golden_set set;
    swt_golden g;
#define NOTE(call) ((e = (call)) != SWT_OK && first == SWT_OK ? (void)(first = e) : (void)0)
    for (i = 0; i < f->tensor_count; i++) {
        NOTE(swt_tensor_at(f, i, &t));
        if (!e) {
            touch_bytes(t.name, t.name_len);
            if (t.data) touch_bytes(t.data, t.data_len);
            if (t.data && t.elements) {
                uint64_t n = t.elements < 16 ? t.elements : 16;
                e = swt_widen(f, &t, t.elements - n, n, out);
                if (!e) touch_bytes(out, n * sizeof out[0]);
                else if (e != SWT_ERR_DTYPE && !first) first = e;
            }
            if (t.flags & SWT_FLAG_QUANTIZED) NOTE(swt_quant_of(f, &t, &q));
            (void)swt_check_tensor(f, i);
        }
        NOTE(swt_by_name(f, i, &j, &name, &len));
        if (!e) {
            touch_bytes(name, len);
            NOTE(swt_find(f, name, len, &found));
            if (!e && found != j && !first) first = SWT_ERR_NAME_ORDER;
        }
        if (swt_digest(f, i)) touch_bytes(swt_digest(f, i), 32);
    }
    for (i = 0; i < f->sections[SWT_META].count; i++) {
        NOTE(swt_meta_at(f, i, &m));
        if (e) continue;
        touch_bytes(m.key, m.key_len);
        if (m.value) touch_bytes(m.value, m.value_len);
        NOTE(swt_meta_find(f, m.key, m.key_len, &m));
    }
    for (i = 0; i < f->sections[SWT_QNTZ].count; i++) NOTE(swt_quant_at(f, i, &q));
    for (i = 0; i < f->sections[SWT_SRCD].count; i++) {
        NOTE(swt_source_at(f, i, &s));
        if (!e) touch_bytes(s.name, s.name_len), touch_bytes(s.sha256, 32);
    }
    for (i = 0; i < f->sections[SWT_ERRS].count; i++) NOTE(swt_receipt_at(f, i, &r));
    for (i = 0; i < f->sections[SWT_GSET].count; i++) {
        NOTE(swt_golden_set_at(f, i, &set));
        if (e) continue;
        touch_bytes(set.name, set.name_len);
        for (j = 0; j < set.count; j++) {
            NOTE(swt_golden_at(f, &set, j, &g));
            if (!e) touch_bytes(g.name, g.name_len);
        }
    }
#undef NOTE
    return first;
}

static void touch_put(uint8_t *p, uint64_t value, unsigned bytes)
{
    for (; bytes; bytes--, value >>= 8) *p++ = (uint8_t)value;
}

/* Corrects the header's checksum, with `everything` also the sections', so that the checks after them are
 * reached. */
static void repair(uint8_t *bytes, size_t size, int everything)
{
    uint32_t i, n;
    if (size < 64 || (n = swt_u32(bytes + 36)) > 64 || 64 + 32 * (size_t)n > size) return;
    for (i = 0; everything && i < n; i++) {
        uint8_t *p = bytes + 64 + 32 * (size_t)i;
        uint64_t offset = swt_u64(p + 8), length = swt_u64(p + 16);
        if (offset <= size && length <= size - offset)
            touch_put(p + 28, swt_crc32c_portable(0, bytes + offset, (size_t)length), 4);
    }
    touch_put(bytes + 60, swt_crc32c_portable(swt_crc32c_portable(0, bytes, 60), bytes + 64, 32 * (size_t)n),
        4);
}
#endif

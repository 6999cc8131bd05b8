/*
 * Prints the contents of a .swt file in the form common to all readers of the format, so that their output
 * can be compared byte by byte; or prints "error <rule>" and exits with status 1.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "swt.h"

static void sha256(const void *bytes, size_t size, uint8_t out[32], void *context)
{
    (void)context;
    SHA256((const unsigned char *)bytes, size, out);
}

static void hex(const void *bytes, size_t n)
{
    const uint8_t *p = (const uint8_t *)bytes;
    size_t i;
    if (n == 0) putchar('-');
    for (i = 0; i < n; i++) printf("%02x", p[i]);
}

static void number_or_dash(uint32_t n)
{
    if (n == SWT_NONE) printf(" -");
    else printf(" %" PRIu32, n);
}

static uint32_t bits(float v)
{
    uint32_t u;
    memcpy(&u, &v, 4);
    return u;
}

static void list_tensor(uint32_t i, const swt_tensor *t)
{
    uint8_t digest[32];
    unsigned k;
    printf("tensor %" PRIu32 " ", i);
    hex(t->name, t->name_len);
    printf(" %u %u ", t->dtype, t->rank);
    if (t->rank == 0) putchar('-');
    for (k = 0; k < t->rank; k++) printf(k ? "x%" PRIu32 : "%" PRIu32, t->dims[k]);
    printf(" %08" PRIx32 " %" PRIu64 " %" PRIu64 " %08" PRIx32 " %u %u", t->dim_order,
           t->data_off, t->data_len, t->crc32c,
           t->role, t->flags);
    number_or_dash(t->link);
    putchar(' ');
    if (t->dtype <= SWT_OPAQUE) {
        sha256(t->data, (size_t)t->data_len, digest, NULL);
        hex(digest, 32);
    } else {
        putchar('-');
    }
    putchar('\n');
}

static void list_meta(const swt_meta *m)
{
    uint32_t k;
    printf("meta ");
    hex(m->key, m->key_len);
    printf(" %u ", m->type);
    switch (m->type) {
    case 1: case 5: case 8: hex(m->value, m->value_len); break;
    case 2: printf("%" PRId64, (int64_t)m->num); break;
    case 3: printf("%016" PRIx64, m->num); break;
    case 4: printf("%" PRIu64, m->num); break;
    case 6: case 7:
        if (m->value_len == 0) putchar('-');
        for (k = 0; k < m->value_len; k += 8) {
            if (k) putchar(',');
            if (m->type == 6) printf("%" PRId64, (int64_t)swt_u64(m->value + k));
            else printf("%016" PRIx64, swt_u64(m->value + k));
        }
        break;
    default: putchar('?');
    }
    putchar('\n');
}

/* Prints the listing; an error here means that the preceding checks missed something. */
static enum swt_error list(swt_file *f)
{
    enum swt_error e = SWT_OK;
    uint32_t i, j, k;
    uint8_t id[32];
    swt_tensor t;
    swt_meta m;
    swt_quant q;
    swt_source s;
    swt_receipt r;
    swt_golden_set set;
    swt_golden g;
    printf("file 1.%u %" PRIu64 " %" PRIu32 "\nid ", f->version_minor, f->file_size, f->tensor_count);
    hex(id, swt_content_id(f, sha256, NULL, id) ? 0 : 32);
    putchar('\n');
    for (i = 0; !e && i < f->tensor_count; i++)
        if (!(e = swt_tensor_at(f, i, &t))) list_tensor(i, &t);
    for (i = 0; !e && i < f->tensor_count; i++) {
        const char *name;
        uint16_t len;
        e = swt_by_name(f, i, &j, &name, &len);
        if (!e) e = swt_find(f, name, len, &k);
        if (e) break;
        printf("find ");
        hex(name, len);
        printf(" %" PRIu32 "\n", k);
    }
    for (i = 0; !e && i < f->sections[SWT_META].count; i++)
        if (!(e = swt_meta_at(f, i, &m))) list_meta(&m);
    for (i = 0; !e && i < f->sections[SWT_QNTZ].count; i++) {
        if ((e = swt_quant_at(f, i, &q))) break;
        printf("quant %" PRIu32 " %u %u %u %u %" PRIu32 " %" PRIu32, i, q.scheme, q.axis,
               q.bits, q.flags, q.block,
               q.scale_tensor);
        number_or_dash(q.zero_tensor);
        number_or_dash(q.act_scale_tensor);
        number_or_dash(q.act_zero_tensor);
        printf(" %u\n", q.source_dtype);
    }
    for (i = 0; !e && i < f->sections[SWT_SRCD].count; i++) {
        if ((e = swt_source_at(f, i, &s))) break;
        printf("source ");
        hex(s.name, s.name_len);
        printf(" %u ", s.dtype);
        hex(s.sha256, 32);
        putchar('\n');
    }
    for (i = 0; !e && i < f->sections[SWT_ERRS].count; i++) {
        if ((e = swt_receipt_at(f, i, &r))) break;
        printf("receipt %" PRIu32 " %u %u %08" PRIx32 " %08" PRIx32 " %08" PRIx32 "\n", i,
               r.source_dtype, r.operations,
               bits(r.max_abs_error), bits(r.rel_l2_error), bits(r.max_abs_value));
    }
    for (i = 0; !e && i < f->sections[SWT_GSET].count; i++) {
        if ((e = swt_golden_set_at(f, i, &set))) break;
        printf("gset ");
        hex(set.name, set.name_len);
        printf(" %" PRIu32 " %" PRIu32, set.first, set.count);
        number_or_dash(set.input_tensor);
        putchar('\n');
    }
    for (i = 0; !e && i < f->sections[SWT_GSET].count; i++) {
        e = swt_golden_set_at(f, i, &set);
        for (j = 0; !e && j < set.count; j++) {
            if ((e = swt_golden_at(f, &set, j, &g))) break;
            printf("gold ");
            hex(g.name, g.name_len);
            printf(" %u %u %" PRIu64 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32, g.kind,
                   g.input, g.input_seed,
                   g.dims[0], g.dims[1], g.dims[2], g.dims[3]);
            number_or_dash(g.input_tensor);
            printf(" %" PRIu32 " %" PRIu64 " %08" PRIx32 " %08" PRIx32 " %08" PRIx32, g.expected,
                   g.sample_seed,
                   bits(g.floor_rel_l2), bits(g.floor_max), bits(g.k));
            number_or_dash(g.top1);
            putchar('\n');
        }
    }
    return e;
}

int main(int argc, char **argv)
{
    enum swt_error e = SWT_ERR_UNREADABLE;
    struct stat status;
    swt_file f;
    int descriptor;
    memset(&f, 0, sizeof f);
    if (argc != 2) {
        fprintf(stderr, "usage: list FILE.swt\n");
        return 2;
    }
    descriptor = open(argv[1], O_RDONLY);
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
        size_t size = (size_t)status.st_size;
        /* an empty file cannot be mapped, and the reader reads no byte of it */
        void *bytes = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, descriptor, 0) : &f;
        if (bytes != MAP_FAILED) {
            e = swt_open(&f, bytes, size, 2);
            if (!e) e = swt_check_strict(&f, sha256, NULL);
            if (!e) e = list(&f);
        }
    }
    if (e) {
        printf("error %s\n", swt_error_name(e));
        fprintf(stderr, "%s: %s at byte %" PRIu64 "\n", argv[1], swt_error_name(e), f.error_offset);
        return 1;
    }
    return fflush(stdout) ? 2 : 0;
}

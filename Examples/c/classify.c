/*
 * Uses a .swt file as an engine would, with only swt.h and the C library:
 *
 *     cc -std=c99 -O2 -I../../Readers/c classify.c -lm -o classify && ./classify model.swt
 *
 * It maps the file, checks the index, prints the architecture and the tensors, and runs the last layer, fc.
 * Its input is PyTorch's output of the average pool (the tap `avgpool` of a golden test in the file), and the
 * logits must agree with that golden's by the rule of FORMAT.md section 9. This verifies fc, whatever its
 * stored type, and the path from file to floats; the layers before it are up to your engine. Golden tests
 * with only samples of `avgpool` are skipped. Exit status: 0 they agree, 1 they do not, 2 no such golden
 * test, 3 the file is bad.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "swt.h"

/* Exits on every error of the reader. This is the example's choice; the reader itself never exits. */
static void must(swt_file *f, enum swt_error e, const char *what)
{
    if (!e) return;
    fprintf(stderr, "%s: %s at byte %" PRIu64 "\n", what, swt_error_name(e), f->error_offset);
    exit(3);
}

/* A tensor, checked against its checksum, as floats in storage order; the caller frees them. */
static float *load(swt_file *f, uint32_t i, swt_tensor *t, const char *what)
{
    float *values;
    must(f, swt_tensor_at(f, i, t), what);
    must(f, swt_check_tensor(f, i), what);
    if (t->flags & SWT_FLAG_QUANTIZED) {
        swt_quant q;
        must(f, swt_quant_of(f, t, &q), what);
        must(f, swt_check_tensor(f, q.scale_tensor), what);
        if (q.zero_tensor != SWT_NONE) must(f, swt_check_tensor(f, q.zero_tensor), what);
    }
    values = (float *)malloc((size_t)t->elements * sizeof *values + 1);
    if (!values) exit(3);
    must(f, swt_widen(f, t, 0, t->elements, values), what);
    return values;
}

static int row_major(const swt_tensor *t, unsigned rank)
{
    return t->rank == rank && t->dim_order == 0x76543210u;
}

static void print_architecture(swt_file *f)
{
    uint32_t i;
    swt_meta m;
    for (i = 0; i < f->sections[SWT_META].count; i++) {
        must(f, swt_meta_at(f, i, &m), "metadata");
        if (m.key_len < 5 || memcmp(m.key, "arch.", 5) != 0) continue;
        printf("%.*s = ", (int)m.key_len, m.key);
        if (m.type == 1) printf("%.*s", (int)m.value_len, (const char *)m.value);
        if (m.type == 2) printf("%" PRId64, (int64_t)m.num);
        if (m.type == 3) printf("%g", swt_f64(m.num));
        for (uint32_t k = 0; m.type == 6 && k < m.value_len; k += 8)
            printf("%" PRId64 " ", (int64_t)swt_u64(m.value + k));
        putchar('\n');
    }
}

static void print_tensors(swt_file *f)
{
    uint32_t i;
    swt_tensor t;
    for (i = 0; i < f->tensor_count; i++) {
        must(f, swt_tensor_at(f, i, &t), "tensor");
        printf("%10" PRIu64 " bytes at %10" PRIu64 "  dtype %2u  ", t.data_len, t.data_off, t.dtype);
        printf("%.*s [", (int)t.name_len, t.name);
        for (unsigned k = 0; k < t.rank; k++) printf(k ? ", %" PRIu32 : "%" PRIu32, t.dims[k]);
        puts("]");
    }
}

/* A whole output of a golden test by name, row-major [rows, columns]. */
static float *golden(swt_file *f, const swt_golden_set *set, const char *name, swt_golden *g, swt_tensor *t)
{
    uint32_t j;
    for (j = 0; j < set->count; j++) {
        float *values;
        must(f, swt_golden_at(f, set, j, g), "golden");
        if (g->kind != 1 || swt_compare(g->name, g->name_len, name, strlen(name)) != 0) continue;
        values = load(f, g->expected, t, name);
        if (row_major(t, 2)) return values;
        free(values);
    }
    return NULL;
}

/* Compares logits[n] = weight features[n] + bias with the golden's; 1 if they agree. */
static int agrees(const swt_golden *g, const float *weight, const float *bias, const float *features,
                  const float *expected, uint32_t rows, uint32_t classes, uint32_t width)
{
    double sum = 0, squares = 0, error = 0, largest = 0, count = (double)rows * classes, deviation, relative;
    uint32_t n, c, j;
    for (n = 0; n < rows; n++) {
        uint32_t best = 0;
        double top = -INFINITY;
        for (c = 0; c < classes; c++) {
            const float *w = weight + (size_t)c * width, *x = features + (size_t)n * width;
            double y = (double)bias[c], r = (double)expected[(size_t)n * classes + c];
            for (j = 0; j < width; j++) y += (double)w[j] * (double)x[j];
            if (y > top) top = y, best = c;
            sum += r;
            squares += r * r;
            error += (y - r) * (y - r);
            if (!(fabs(y - r) <= largest)) largest = fabs(y - r); /* keeps NaN */
        }
        printf("  row %" PRIu32 ": class %" PRIu32 ", logit %.4f\n", n, best, top);
    }
    deviation = sqrt(squares / count - sum / count * (sum / count));
    relative = sqrt(error / squares);
    largest /= deviation;
    const double k = (double)g->k;
    const double allowed = k * (double)g->floor_rel_l2, most = 1.5 * k * (double)g->floor_max;
    printf("  relative error %.2e of %.2e allowed, largest %.2e of %.2e\n", relative, allowed, largest, most);
    return relative <= allowed && largest <= most;
}

int main(int argc, char **argv)
{
    struct stat status;
    swt_file f;
    swt_tensor w, b;
    uint32_t weight_number, bias_number, i;
    int descriptor, ran = 0, failed = 0;
    void *bytes = MAP_FAILED;
    if (argc != 2) {
        fprintf(stderr, "usage: classify MODEL.swt\n");
        return 3;
    }
    descriptor = open(argv[1], O_RDONLY);
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_size > 0)
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED) {
        fprintf(stderr, "%s: cannot be read\n", argv[1]);
        return 3;
    }
    close(descriptor);

    must(&f, swt_open(&f, bytes, (uint64_t)status.st_size, 1), argv[1]);
    print_architecture(&f);
    print_tensors(&f);

    must(&f, swt_find(&f, "fc.weight", 9, &weight_number), "fc.weight"); /* names are resolved once */
    must(&f, swt_find(&f, "fc.bias", 7, &bias_number), "fc.bias");
    float *weight = load(&f, weight_number, &w, "fc.weight"), *bias = load(&f, bias_number, &b, "fc.bias");
    if (!row_major(&w, 2) || !row_major(&b, 1) || b.dims[0] != w.dims[0]) return 3;

    for (i = 0; i < f.sections[SWT_GSET].count; i++) {
        swt_golden_set set;
        swt_golden g;
        swt_tensor x, y;
        float *features, *logits;
        must(&f, swt_golden_set_at(&f, i, &set), "golden set");
        features = golden(&f, &set, "avgpool", &g, &x);
        logits = golden(&f, &set, "logits", &g, &y);
        printf("golden %.*s\n", (int)set.name_len, set.name);
        if (features && logits && y.elements && x.dims[1] == w.dims[1] && y.dims[1] == w.dims[0] &&
            x.dims[0] == y.dims[0]) {
            ran++;
            failed += !agrees(&g, weight, bias, features, logits, x.dims[0], w.dims[0], w.dims[1]);
        } else {
            puts("  does not have all values of avgpool and logits for this fc");
        }
        free(features);
        free(logits);
    }
    free(weight);
    free(bias);
    munmap(bytes, (size_t)status.st_size);
    printf("golden tests of fc: %d run, %d failed\n", ran, failed);
    return failed ? 1 : ran ? 0 : 2;
}

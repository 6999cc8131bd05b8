/*
 * Reads a .swt file with only swt.h and the C library:
 *
 *     values MODEL.swt          lists the tensors
 *     values MODEL.swt NAME     prints a tensor's values, one per line, with enough digits for float32
 *
 * The file is read into memory with stdio, so this runs wherever C does; classify.c maps it instead.
 * swt_widen converts any stored type to floats, here a few thousand at a time. Exit status: 0 done, 2 usage,
 * 5 the file cannot be read, is damaged or has no such tensor.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "swt.h"

#define WINDOW ((uint64_t)4096)

/* The whole file, which the caller frees; NULL if it cannot be read. */
static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long end;
    if (!file) return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0) {
        *size = (size_t)end;
        bytes = (uint8_t *)malloc(*size);
        if (bytes && fread(bytes, 1, *size, file) != *size) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

static enum swt_error list(swt_file *file)
{
    for (uint32_t i = 0; i < file->tensor_count; i++) {
        swt_tensor t;
        enum swt_error error = swt_tensor_at(file, i, &t);
        if (error) return error;
        printf("%.*s [", (int)t.name_len, t.name);
        for (unsigned k = 0; k < t.rank; k++) printf(k ? ",%" PRIu32 : "%" PRIu32, t.dims[k]);
        printf("] type %u, %" PRIu64 " bytes at %" PRIu64 "\n", t.dtype, t.data_len, t.data_off);
    }
    return SWT_OK;
}

/* Checks the CRC32C of a tensor, and of the scales and zero points of a quantized one. */
static enum swt_error check(swt_file *file, uint32_t number, const swt_tensor *t)
{
    swt_quant q;
    enum swt_error error = swt_check_tensor(file, number);
    if (error || !(t->flags & SWT_FLAG_QUANTIZED)) return error;
    error = swt_quant_of(file, t, &q);
    if (!error) error = swt_check_tensor(file, q.scale_tensor);
    if (!error && q.zero_tensor != SWT_NONE) error = swt_check_tensor(file, q.zero_tensor);
    return error;
}

static enum swt_error print_values(swt_file *file, const char *name)
{
    float values[WINDOW];
    uint32_t number;
    swt_tensor t;
    enum swt_error error = swt_find(file, name, strlen(name), &number);
    if (!error) error = swt_tensor_at(file, number, &t);
    if (!error) error = check(file, number, &t); /* first, so that no value of a damaged tensor is printed */
    if (error) return error;
    for (uint64_t first = 0; first < t.elements; first += WINDOW) {
        uint64_t count = t.elements - first < WINDOW ? t.elements - first : WINDOW;
        error = swt_widen(file, &t, first, count, values);
        if (error) return error;
        for (uint64_t i = 0; i < count; i++) printf("%.9g\n", (double)values[i]);
    }
    return SWT_OK;
}

int main(int count, char **words)
{
    swt_file file;
    size_t size = 0;
    if (count != 2 && count != 3) {
        fprintf(stderr, "usage: values MODEL.swt [NAME]\n");
        return 2;
    }
    uint8_t *bytes = read_file(words[1], &size);
    if (!bytes) {
        fprintf(stderr, "values: %s: cannot be read\n", words[1]);
        return 5;
    }
    enum swt_error error = swt_open(&file, bytes, size, 1);
    if (!error) error = count == 3 ? print_values(&file, words[2]) : list(&file);
    if (error == SWT_ERR_NO_SUCH_TENSOR && count == 3)
        fprintf(stderr, "values: %s: there is no tensor %s\n", words[1], words[2]);
    else if (error)
        fprintf(stderr, "values: %s: %s at byte %" PRIu64 "\n", words[1], swt_error_name(error),
                file.error_offset);
    free(bytes);
    return error ? 5 : 0;
}

/*
 * The reader as a library: link with libSWTC instead of including swt.h.
 *
 *     swift build -c release --product SWTC
 *     cc -std=c99 -I../../Sources/SWTC/include open.c -L../../.build/release -lSWTC -o open
 *     LD_LIBRARY_PATH=../../.build/release ./open model.swt
 *
 * Verifies every byte, then prints the tensors and the sums of their values. Each tensor is loaded twice:
 * row-major, and in blocks of 16 output channels as some engines need. Exit status: 0 done, 1 the file is
 * bad.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "p2s_swt.h"

static int fail(const char *what, const p2s_error *error)
{
    fprintf(stderr, "%s: %s: %s\n", what, error->rule, error->message);
    return 1;
}

static double sum(const float *values, int64_t count)
{
    double total = 0;
    for (int64_t i = 0; i < count; i++) total += values[i];
    return total;
}

int main(int count, char **words)
{
    p2s_error error;
    p2s_file *file = count == 2 ? p2s_open(words[1], &error) : NULL;
    char text[80];
    if (count != 2) return fprintf(stderr, "usage: open MODEL.swt\n"), 1;
    if (!file) return fail(words[1], &error);
    if (!p2s_verify(file, &error)) return fail(words[1], &error);
    if (p2s_content_id(file, text)) printf("%s\n", text);
    if (p2s_metadata(file, "arch.name", text, sizeof text) >= 0) printf("%s\n", text);
    for (int64_t i = 0; i < p2s_count(file); i++) {
        p2s_tensor t;
        if (!p2s_get(file, i, &t, &error)) return fail("tensor", &error);
        if (p2s_find(file, t.name) != i) return fprintf(stderr, "%s is not found\n", t.name), 1;
        p2s_layout layout = t.rank == 4 ? P2S_BLOCKED_16 : P2S_ROW_MAJOR;
        int64_t room = p2s_load(file, i, layout, NULL, 0, &error);
        if (room < 0) return fail(t.name, &error);
        float *values = (float *)malloc((size_t)room * sizeof *values + 1);
        float *blocks = (float *)malloc((size_t)room * sizeof *blocks + 1);
        if (!values || !blocks) return 1;
        int64_t n = p2s_load(file, i, P2S_ROW_MAJOR, values, (size_t)room, &error);
        p2s_load(file, i, layout, blocks, (size_t)room, &error);
        double a = sum(values, n), b = sum(blocks, room);
        printf("%-36s %2u %8" PRIu64 " bytes  ", t.name, t.dtype, t.byte_count);
        printf("%8" PRId64 " floats  sum %.6g\n", room, a);
        free(values), free(blocks);
        /* Only the order of the additions differs. */
        double tolerance = 1e-6 * (1 + (double)n);
        if (a - b > tolerance || b - a > tolerance) return fprintf(stderr, "the sums differ\n"), 1;
    }
    p2s_close(file);
    return 0;
}

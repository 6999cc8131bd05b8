/* The C part of the benchmark: opens a .swt file as a program would, and looks up names. Times are in
 * seconds. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "p2s_swt.h"
#include "swt.h"

double bench_open(const char *path, int level, int times);
double bench_find(const char *path, int times);
double bench_library_open(const char *path, int times);
double bench_library_find(const char *path, int times);

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *map(const char *path, size_t *size)
{
    struct stat status;
    int descriptor = open(path, O_RDONLY);
    void *bytes;
    if (descriptor < 0) return MAP_FAILED;
    bytes = MAP_FAILED;
    if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
        *size = (size_t)status.st_size;
        bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    }
    close(descriptor);
    return bytes;
}

/* Of one open(), mmap(), swt_open() and munmap(); below 0 if the file is bad. */
double bench_open(const char *path, int level, int times)
{
    double start = now();
    int i;
    for (i = 0; i < times; i++) {
        swt_file f;
        size_t size = 0;
        void *bytes = map(path, &size);
        enum swt_error e;
        if (bytes == MAP_FAILED) return -1;
        e = swt_open(&f, bytes, size, level);
        munmap(bytes, size);
        if (e) return -1;
    }
    return (now() - start) / times;
}

/* Of one swt_find() and swt_tensor_at(), over all names in a scattered order. */
double bench_find(const char *path, int times)
{
    swt_file f;
    swt_tensor t;
    size_t size = 0;
    void *bytes = map(path, &size);
    struct { const char *name; uint16_t len; } *names;
    double start, seconds = -1;
    uint64_t step, i;
    if (bytes == MAP_FAILED) return -1;
    if (swt_open(&f, bytes, size, 1) == SWT_OK && f.tensor_count > 0 &&
        (names = calloc(f.tensor_count, sizeof *names)) != NULL) {
        uint32_t found, n = f.tensor_count, failed = 0;
        for (i = 0; i < n; i++) {
            failed += swt_tensor_at(&f, (uint32_t)(i * 7919 % n), &t) != SWT_OK; /* a prime: scattered */
            names[i].name = t.name;
            names[i].len = t.name_len;
        }
        start = now();
        for (step = 0; step < (uint64_t)times; step++)
            for (i = 0; i < n; i++)
                failed += swt_find(&f, names[i].name, names[i].len, &found) || swt_tensor_at(&f, found, &t);
        seconds = failed ? -1 : (now() - start) / times / n;
        free(names);
    }
    munmap(bytes, size);
    return seconds;
}

/* Of one p2s_open() and p2s_close(): the Swift reader, all levels that it checks at opening. */
double bench_library_open(const char *path, int times)
{
    double start = now();
    int i;
    for (i = 0; i < times; i++) {
        p2s_file *file = p2s_open(path, NULL);
        if (!file) return -1;
        p2s_close(file);
    }
    return (now() - start) / times;
}

/* Of one p2s_find(), over all names in a scattered order. */
double bench_library_find(const char *path, int times)
{
    p2s_file *file = p2s_open(path, NULL);
    double start, seconds = -1;
    int64_t i, n = file ? p2s_count(file) : 0, failed = 0;
    const char **names = calloc((size_t)n + 1, sizeof *names);
    int step;
    if (file && names) {
        for (i = 0; i < n; i++) {
            p2s_tensor t;
            failed += !p2s_get(file, i * 7919 % n, &t, NULL);
            names[i] = t.name;
        }
        start = now();
        for (step = 0; step < times; step++)
            for (i = 0; i < n; i++) failed += p2s_find(file, names[i]) < 0;
        seconds = failed ? -1 : (now() - start) / times / (double)n;
    }
    free(names);
    p2s_close(file);
    return seconds;
}

/*
 * libFuzzer entry. In an empty folder, with the corpus or a file of `properties --write seeds/FILE` as seeds:
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -IReaders/c fuzz.c -o fuzz
 *     ./fuzz -max_total_time=60 -max_len=8192 work seeds
 *
 * Reads the input unchanged, and then a copy with corrected size and checksums, so that the fuzzer gets past
 * them.
 */
#include <stdlib.h>

#include "touch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A fake digest: level 3 runs until it compares the first one. It reads the bytes, like a real one. */
static void no_digest(const void *bytes, size_t size, uint8_t out[32], void *context)
{
    (void)context;
    touch_bytes(bytes, size);
    memset(out, 0, 32);
}

static void open_at_each_level(const uint8_t *bytes, size_t size)
{
    swt_file f;
    int level;
    for (level = 0; level <= 2; level++) {
        enum swt_error found;
        if (swt_open(&f, bytes, size, level)) continue;
        found = touch(&f);
        if (level && found) abort(); /* after level 1, no record is invalid */
        (void)swt_check_strict(&f, no_digest, NULL);
        if (swt_open_index(&f, bytes, f.data_offset, NULL, size, level < 2 ? level : 1)) abort();
        (void)touch(&f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    /* exact size, so that a read beyond it is detected */
    uint8_t *copy = (uint8_t *)calloc(size ? size : 1, 1);
    if (!copy) return 0;
    if (size) memcpy(copy, bytes, size);
    open_at_each_level(copy, size);
    if (size >= 64) {
        memcpy(copy, "\x89SWT\r\n\x1a\n\1", 9);
        copy[9] = 0;
        touch_put(copy + 16, size, 8);
        repair(copy, size, 1);
        open_at_each_level(copy, size);
    }
    free(copy);
    return 0;
}

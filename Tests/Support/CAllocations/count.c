/*
 * count.c - intercepts glibc's allocator for the whole test program. With another C
 * library, or under a sanitizer that intercepts it already, nothing is counted.
 */
#include "CAllocations.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) \
      || __has_feature(memory_sanitizer)
#    define SANITIZED 1
#  endif
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)
static _Thread_local int64_t blocks;

/* glibc's internal names of the functions replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    blocks++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    blocks++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    blocks++;
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    blocks++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    void *result = memalign(alignment, size);
    if (!result) return ENOMEM;
    *block = result;
    return 0;
}

int p2s_allocations_counted(void) { return 1; }
int64_t p2s_allocations(void) { return blocks; }
#else
int p2s_allocations_counted(void) { return 0; }
int64_t p2s_allocations(void) { return 0; }
#endif

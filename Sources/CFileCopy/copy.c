#if defined(__linux__)
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <unistd.h>
#endif

#include <errno.h>

#include "CFileCopy.h"

int64_t p2s_copy_file_range(int source, int64_t from, int destination, int64_t to, size_t count) {
#if defined(__linux__)
  off_t source_offset = from;
  off_t destination_offset = to;
  return copy_file_range(source, &source_offset, destination, &destination_offset, count, 0);
#else
  (void)source, (void)from, (void)destination, (void)to, (void)count;
  errno = ENOSYS;
  return -1;
#endif
}

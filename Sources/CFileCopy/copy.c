#if defined(__linux__)
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
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

int p2s_reserve(int file, int64_t count) {
#if defined(__linux__)
  // Not posix_fallocate, which writes zeros where the file system cannot reserve.
  int result;
  do result = fallocate(file, 0, 0, count);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
#else
  (void)file, (void)count;
  return EOPNOTSUPP;
#endif
}

void p2s_start_write_back(int file, int64_t offset, int64_t count) {
#if defined(__linux__)
  (void)sync_file_range(file, offset, count, SYNC_FILE_RANGE_WRITE);
#else
  (void)file, (void)offset, (void)count;
#endif
}

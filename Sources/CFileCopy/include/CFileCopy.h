#ifndef CFILECOPY_H
#define CFILECOPY_H

#include <stddef.h>
#include <stdint.h>

/// Copies up to `count` bytes from one open file to another in the kernel, which may share the blocks.
///
/// Returns the number of bytes copied, 0 at the end of the source, or -1 with errno set; ENOSYS where the
/// system has no such call. (glibc declares copy_file_range only with _GNU_SOURCE, which Swift's Glibc module
/// does not set.)
int64_t p2s_copy_file_range(int source, int64_t from, int destination, int64_t to, size_t count);

/// Reserves disk space for the first `count` bytes of an open file, which becomes at least that large.
///
/// Returns 0 or an error number; EOPNOTSUPP where the system or the file system cannot reserve.
int p2s_reserve(int file, int64_t count);

/// Starts writing a range to disk without waiting; does nothing where the system has no such call.
void p2s_start_write_back(int file, int64_t offset, int64_t count);

#endif

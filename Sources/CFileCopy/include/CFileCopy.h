#ifndef CFILECOPY_H
#define CFILECOPY_H

#include <stddef.h>
#include <stdint.h>

/// Has the system copy up to `count` bytes from one open file to another, or share their blocks.
///
/// Returns the bytes copied, 0 at the end of the source, or -1 with errno; ENOSYS where the system has no such call.
/// (glibc declares copy_file_range for _GNU_SOURCE only, which Swift's module of it does not set.)
int64_t p2s_copy_file_range(int source, int64_t from, int destination, int64_t to, size_t count);

/// Reserves the first `count` bytes of an open file; its size becomes at least that.
///
/// Returns 0, or an error number; EOPNOTSUPP where the system or the file system has no such call.
int p2s_reserve(int file, int64_t count);

/// Has the system start to write a range to the disk and returns; does nothing where there is no such call.
void p2s_start_write_back(int file, int64_t offset, int64_t count);

#endif

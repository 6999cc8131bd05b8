/*
 * Makes the n-th call that changes a file fail, or kills the process at it. LD_PRELOAD this, and set
 *
 *     P2S_FAULT_AT=n        the call, counted from 1; 0 only counts
 *     P2S_FAULT_ERRNO=e     its errno; without it, the process is killed as by SIGKILL
 *     P2S_FAULT_SHORT=1     a write writes one byte before it fails, as on a disk that fills up
 *     P2S_FAULT_COUNT=path  a file for the total number of calls
 *
 * It counts the calls that AtomicFile makes to write a file, only on descriptors of regular files, so output
 * to the terminal is not affected.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int calls;

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("P2S_FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) fprintf(file, "%d\n", calls), fclose(file);
}

static int number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

/* Returns 1 and sets errno if this call must fail. */
static int faulty(void)
{
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) != number("P2S_FAULT_AT", 0)) return 0;
    errno = number("P2S_FAULT_ERRNO", 0);
    if (!errno) raise(SIGKILL);
    return 1;
}

static int regular(int descriptor)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static ssize_t put(int fd, const void *bytes, size_t count, off_t at)
{
    if (regular(fd) && faulty()) {
        int error = errno;
        if (number("P2S_FAULT_SHORT", 0) && count > 1) return REAL(pwrite)(fd, bytes, 1, at);
        errno = error;
        return -1;
    }
    return REAL(pwrite)(fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return put(fd, bytes, count, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) { return put(fd, bytes, count, at); }

ssize_t copy_file_range(int in, off64_t *at, int out, off64_t *to, size_t count, unsigned flags)
{
    return faulty() ? -1 : REAL(copy_file_range)(in, at, out, to, count, flags);
}

int fsync(int fd) { return faulty() ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return faulty() ? -1 : REAL(fdatasync)(fd); }
int fallocate(int fd, int mode, off_t at, off_t count)
{
    return faulty() ? -1 : REAL(fallocate)(fd, mode, at, count);
}
int fallocate64(int fd, int mode, off64_t at, off64_t count)
{
    return faulty() ? -1 : REAL(fallocate64)(fd, mode, at, count);
}
int fchmod(int fd, mode_t mode) { return faulty() ? -1 : REAL(fchmod)(fd, mode); }
int ftruncate(int fd, off_t size) { return faulty() ? -1 : REAL(ftruncate)(fd, size); }
int rename(const char *from, const char *to) { return faulty() ? -1 : REAL(rename)(from, to); }
int link(const char *from, const char *to) { return faulty() ? -1 : REAL(link)(from, to); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    return faulty() ? -1 : REAL(renameat2)(a, from, b, to, flags);
}

static int opened(const char *path, int flags, mode_t mode)
{
    if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) && faulty()) return -1;
    return REAL(open)(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return opened(path, flags, mode);
}

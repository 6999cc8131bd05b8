/*
 * CThreads.h - a small pool of threads for regions of a few microseconds.
 *
 * A waiting thread spins for about 100 microseconds and then sleeps in the kernel,
 * so that regions in a row cost 0.1 us each and an idle pool costs nothing.
 */
#ifndef CTHREADS_H
#define CTHREADS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

struct p2s_threads;

/* Processors that this process may run on, at least 1. */
int32_t p2s_threads_available(void);

/*
 * A pool of `count` threads, the caller of p2s_threads_run being one of them.
 * When the system grants fewer, the pool is smaller. NULL: out of memory.
 */
struct p2s_threads *_Nullable p2s_threads_create(int32_t count);

/* Threads that take part in a region, the caller included. */
int32_t p2s_threads_count(const struct p2s_threads *threads);

/*
 * Calls body(context, u) once for each u in [0, units), from several threads and
 * in any order; returns when all calls have returned. Calls from several threads
 * take turns; a body must not call it on the same pool.
 */
void p2s_threads_run(
    struct p2s_threads *threads, int32_t units, void *_Nullable context,
    void (*body)(void *_Nullable context, int32_t unit));

/* Ends the threads. No region may be running. */
void p2s_threads_destroy(struct p2s_threads *threads);

#pragma clang assume_nonnull end
#endif

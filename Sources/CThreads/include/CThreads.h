/*
 * CThreads.h - a small thread pool for parallel regions of a few microseconds.
 *
 * A waiting thread spins for about 100 microseconds and then sleeps in the kernel,
 * so regions in a row cost 0.1 us each and an idle pool costs nothing.
 *
 * A child made by fork while no region is running may use and destroy the pool; the
 * calling thread then does all the work.
 */
#ifndef CTHREADS_H
#define CTHREADS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

struct p2s_threads;

/* Number of processors that this process may run on, at least 1. */
int32_t p2s_threads_available(void);

/*
 * Creates a pool of `count` threads, including the caller of p2s_threads_run.
 * The pool is smaller if the system grants fewer. NULL if out of memory.
 */
struct p2s_threads *_Nullable p2s_threads_create(int32_t count);

/* Number of threads that run a region, including the caller. */
int32_t p2s_threads_count(const struct p2s_threads *threads);

/*
 * Calls body(context, u) once for each u in [0, units), from several threads and
 * in any order; returns after all calls have returned. Concurrent callers take
 * turns; a body must not call this on the same pool.
 */
void p2s_threads_run(
    struct p2s_threads *threads, int32_t units, void *_Nullable context,
    void (*body)(void *_Nullable context, int32_t unit));

/* Joins the threads and frees the pool. No region may be running. */
void p2s_threads_destroy(struct p2s_threads *threads);

#pragma clang assume_nonnull end
#endif

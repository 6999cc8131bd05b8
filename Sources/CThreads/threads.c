/*
 * threads.c - the pool. A region is published by one store of `ticket`, whose
 * upper half is the region's number and whose lower half is the next unit. A
 * thread claims a unit by compare-and-swap on the whole ticket, so a late thread
 * can never take a unit of a region that it did not see. A region never waits for
 * a thread that has claimed no unit.
 */
#if defined(__linux__)
#  define _GNU_SOURCE
#  include <linux/futex.h>
#  include <sched.h>
#  include <sys/syscall.h>
#endif
#include "CThreads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SPIN_NANOSECONDS = 100 * 1000 };

struct p2s_threads {
    _Atomic uint64_t ticket;
    /* The current region; read between two reads of the ticket. */
    void (*_Atomic body)(void *, int32_t);
    void *_Atomic context;
    _Atomic int32_t units;
    _Atomic int32_t unfinished;

    /* Sleeping threads wait for it to change; it changes with each region and on quit. */
    _Atomic uint32_t signal;
    _Atomic int32_t sleepers;
    _Atomic int32_t quit;

    pthread_mutex_t turn; /* held by the caller of p2s_threads_run */
#if !defined(__linux__)
    pthread_mutex_t lock;
    pthread_cond_t wake;
#endif
    pid_t owner; /* a child made by fork has the pool without its threads */
    int32_t count;
    pthread_t helpers[];
};

static uint64_t nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#if defined(__linux__)
/* The kernel compares `signal` with `seen` again before sleeping. */
static void sleep_while(struct p2s_threads *t, uint32_t seen) {
    while (atomic_load(&t->signal) == seen)
        syscall(SYS_futex, &t->signal, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void raise_signal(struct p2s_threads *t) {
    atomic_fetch_add(&t->signal, 1);
    if (atomic_load(&t->sleepers) > 0)
        syscall(SYS_futex, &t->signal, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}
#else
static void sleep_while(struct p2s_threads *t, uint32_t seen) {
    pthread_mutex_lock(&t->lock);
    while (atomic_load(&t->signal) == seen) pthread_cond_wait(&t->wake, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

static void raise_signal(struct p2s_threads *t) {
    atomic_fetch_add(&t->signal, 1);
    if (atomic_load(&t->sleepers) > 0) {
        pthread_mutex_lock(&t->lock);
        pthread_cond_broadcast(&t->wake);
        pthread_mutex_unlock(&t->lock);
    }
}
#endif

/* Waits until `signal` differs from `seen`; returns its value. */
static uint32_t wait_signal(struct p2s_threads *t, uint32_t seen) {
    uint64_t deadline = nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < 64; i++) {
            uint32_t now = atomic_load_explicit(&t->signal, memory_order_acquire);
            if (now != seen) return now;
            relax();
        }
    } while (nanoseconds() < deadline);
    /* Sequentially consistent with raise_signal: either raise_signal sees the
     * sleeper, or the sleeper sees the new signal. */
    atomic_fetch_add(&t->sleepers, 1);
    sleep_while(t, seen);
    atomic_fetch_sub(&t->sleepers, 1);
    return atomic_load(&t->signal);
}

/* Claims and runs units of the current region until none are left. */
static void work(struct p2s_threads *t) {
    uint64_t ticket = atomic_load_explicit(&t->ticket, memory_order_acquire);
    for (;;) {
        int32_t unit = (int32_t)(uint32_t)ticket;
        if (unit >= atomic_load_explicit(&t->units, memory_order_acquire)) return;
        void (*body)(void *, int32_t) = atomic_load_explicit(&t->body, memory_order_acquire);
        void *context = atomic_load_explicit(&t->context, memory_order_acquire);
        /* Reading a new field implies (by acquire and release) that the old ticket is
         * gone, so success proves that the fields belong to the ticket's region. */
        if (!atomic_compare_exchange_weak_explicit(
                &t->ticket, &ticket, ticket + 1, memory_order_acq_rel, memory_order_acquire))
            continue;
        body(context, unit);
        atomic_fetch_sub_explicit(&t->unfinished, 1, memory_order_release);
        ticket = atomic_load_explicit(&t->ticket, memory_order_acquire);
    }
}

static void *helper(void *argument) {
    struct p2s_threads *t = argument;
    uint32_t seen = 0;
    for (;;) {
        seen = wait_signal(t, seen);
        if (atomic_load(&t->quit)) return NULL;
        work(t);
    }
}

int32_t p2s_threads_available(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int32_t)n : 1;
}

struct p2s_threads *p2s_threads_create(int32_t count) {
    if (count < 1) count = 1;
    struct p2s_threads *t = calloc(1, sizeof *t + (size_t)(count - 1) * sizeof(pthread_t));
    if (!t) return NULL;
    pthread_mutex_init(&t->turn, NULL);
#if !defined(__linux__)
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
#endif
    t->owner = getpid();
    t->count = 1;
    while (t->count < count && pthread_create(&t->helpers[t->count - 1], NULL, helper, t) == 0)
        t->count++;
    return t;
}

int32_t p2s_threads_count(const struct p2s_threads *threads) { return threads->count; }

void p2s_threads_run(
    struct p2s_threads *t, int32_t units, void *context, void (*body)(void *, int32_t)) {
    if (units <= 0) return;
    if (t->count == 1 || units == 1) {
        for (int32_t u = 0; u < units; u++) body(context, u);
        return;
    }
    pthread_mutex_lock(&t->turn);
    /* A late thread may hold the old ticket while the fields change; all units of
     * the old region are claimed, so its compare-and-swap can only fail. */
    uint64_t old = atomic_load_explicit(&t->ticket, memory_order_relaxed);
    uint64_t closed = ((old >> 32) + 1) << 32 | INT32_MAX;
    atomic_store_explicit(&t->ticket, closed, memory_order_seq_cst);
    atomic_store_explicit(&t->body, body, memory_order_release);
    atomic_store_explicit(&t->context, context, memory_order_release);
    atomic_store_explicit(&t->units, units, memory_order_release);
    atomic_store_explicit(&t->unfinished, units, memory_order_relaxed);
    atomic_store_explicit(&t->ticket, ((closed >> 32) + 1) << 32, memory_order_release);
    raise_signal(t);
    work(t);
    for (uint32_t spins = 0; atomic_load_explicit(&t->unfinished, memory_order_acquire) > 0;) {
        if (++spins < 4096) relax();
        else sched_yield();
    }
    pthread_mutex_unlock(&t->turn);
}

void p2s_threads_destroy(struct p2s_threads *t) {
    atomic_store(&t->quit, 1);
    raise_signal(t);
    for (int32_t i = 0; i < t->count - 1 && t->owner == getpid(); i++) pthread_join(t->helpers[i], NULL);
    pthread_mutex_destroy(&t->turn);
#if !defined(__linux__)
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
#endif
    free(t);
}

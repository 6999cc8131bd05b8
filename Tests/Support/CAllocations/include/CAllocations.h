/*
 * CAllocations.h - counts the calls of a thread to the C allocator. Swift's objects,
 * arrays and closures come from there too.
 */
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdint.h>

/* 1 if calls are counted in this build, else 0. */
int p2s_allocations_counted(void);

/* Number of blocks that the calling thread has allocated since it started. */
int64_t p2s_allocations(void);

#endif

/*
 * CAllocations.h - counts what a thread asks the C allocator for. Swift's objects,
 * arrays and closures come from there too.
 */
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdint.h>

/* 1 if calls are counted in this build, else 0. */
int p2s_allocations_counted(void);

/* Blocks that the calling thread has asked for since it started. */
int64_t p2s_allocations(void);

#endif

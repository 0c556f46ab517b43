/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages under memory.c: arenas of slabs, kept out of core dumps and locked slab by slab. Free
 * blocks are zero but for the link in their first word, so that nobody clears them twice.
 * Thread-safe, and usable in the child of a fork.
 */
#ifndef KEYCLAVE_COMMON_MEMORY_ARENA_H
#define KEYCLAVE_COMMON_MEMORY_ARENA_H

#include <stddef.h>

#define MEMORY_ARENA_BLOCK_MAX 8192U
#define MEMORY_ARENA_CLASSES 30U

/* A free block. */
struct memory_arena_link {
	struct memory_arena_link *next;
};

/* The class of blocks for SIZE bytes, 1 to MEMORY_ARENA_BLOCK_MAX. */
unsigned memory_arena_class(size_t size);

/* The size of each block of CLASS: a multiple of 16, and so is each block's address. */
size_t memory_arena_class_size(unsigned class);

/* Up to COUNT free blocks of CLASS, linked from *LIST. The number of them; 0: no memory. */
size_t memory_arena_take(unsigned class, size_t count, struct memory_arena_link **list);

/* Takes back LIST, whose blocks are wiped by now; they may be of different classes. */
void memory_arena_give(struct memory_arena_link *list);

/* Zeroed pages of their own for SIZE bytes above MEMORY_ARENA_BLOCK_MAX; NULL: no memory. */
void *memory_arena_large_new(size_t size);

/* Wipes and takes back. */
void memory_arena_large_free(void *p);

/*
 * The bytes that may be used at P, the start of a block or of large pages; *CLASS is
 * MEMORY_ARENA_CLASSES for the latter. Aborts when P is none of ours.
 */
size_t memory_arena_usable(const void *p, unsigned *class);

struct memory_arena_status {
	size_t taken;	 /* bytes of blocks and large pages that are not here */
	size_t locked;	 /* bytes of pages that are locked */
	size_t unlocked; /* bytes of used pages that the system refused to lock */
};

void memory_arena_status(struct memory_arena_status *status);

#endif

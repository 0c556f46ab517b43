/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for secrets: wiped on free, kept out of core dumps, locked as far as the limit allows, and
 * compared in constant time. Used by the enclave for keys and by clients for PINs and tickets.
 */
#ifndef KEYCLAVE_COMMON_MEMORY_H
#define KEYCLAVE_COMMON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Overwrites; the compiler cannot drop it. */
void memory_wipe(void *p, size_t size);

/* Constant time in the contents for equal sizes. */
bool memory_equal(const void *a, const void *b, size_t size);

/* SIZE zeroed bytes, or NULL when there is no memory. Free with memory_secret_free. */
void *memory_secret_new(size_t size);

/* As realloc, wiping what is left behind. On failure returns NULL and P stays. P may be NULL. */
void *memory_secret_resize(void *p, size_t size);

/* Wipes all the allocated bytes; NULL is accepted. */
void memory_secret_free(void *p);

/*
 * Gives each thread a cache of freed blocks of its own, returned when it ends. For programs that are
 * ours, where this allocator serves libcrypto; never called in somebody else's process. Call it once,
 * before there are threads. Without it every call takes one process-wide lock, also across fork.
 */
void memory_thread_caches(void);

struct memory_status {
	size_t allocated;   /* bytes in blocks handed out, or kept by a thread, each rounded up */
	size_t locked;      /* bytes of their pages that mlock holds */
	size_t unlocked;    /* bytes of their pages that mlock refused: they may be swapped */
	size_t lock_limit;  /* RLIMIT_MEMLOCK, SIZE_MAX when unlimited */
};

/* What `keyclave status` reports of the process's secret memory. */
void memory_status(struct memory_status *status);

/*
 * Fills P from getrandom(2). False only when the kernel refuses, which callers must treat as fatal
 * to the operation. Used where libcrypto is not linked (client identifiers, file names).
 */
bool memory_random(void *p, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret memory over the arenas of memory_arena.c, with a cache of free blocks for each thread in
 * programs that are ours. Builds with a sanitizer use its malloc instead, wiping all the same, so
 * that overruns and uses after free of secrets are seen.
 */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "common/memory.h"
#include "common/memory_arena.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define MEMORY_SANITIZED 1
#endif
#endif

void memory_wipe(void *p, size_t size)
{
	if (size)
		explicit_bzero(p, size);
}

bool memory_equal(const void *a, const void *b, size_t size)
{
	const volatile unsigned char *x = a;
	const volatile unsigned char *y = b;
	unsigned difference = 0;

	for (size_t i = 0; i < size; i++)
		difference |= (unsigned)(x[i] ^ y[i]);
	return !difference;
}

bool memory_random(void *p, size_t size)
{
	unsigned char *at = p;

	while (size) {
		ssize_t n = getrandom(at, size, 0);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
	}
	return true;
}

static size_t memory_lock_limit(void)
{
	struct rlimit limit = {0};

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return 0;
	return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)limit.rlim_cur;
}

#ifdef MEMORY_SANITIZED

static atomic_size_t memory_allocated;

void memory_thread_caches(void)
{
}

void *memory_secret_new(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (p)
		atomic_fetch_add(&memory_allocated, malloc_usable_size(p));
	return p;
}

void memory_secret_free(void *p)
{
	size_t size = 0;

	if (!p)
		return;
	size = malloc_usable_size(p);
	atomic_fetch_sub(&memory_allocated, size);
	memory_wipe(p, size);
	free(p);
}

void *memory_secret_resize(void *p, size_t size)
{
	void *moved = memory_secret_new(size);
	size_t old = p ? malloc_usable_size(p) : 0;

	if (!moved || !p)
		return moved;
	memcpy(moved, p, old < size ? old : size);
	memory_secret_free(p);
	return moved;
}

void memory_status(struct memory_status *status)
{
	*status = (struct memory_status){.allocated = atomic_load(&memory_allocated),
					 .unlocked = atomic_load(&memory_allocated),
					 .lock_limit = memory_lock_limit()};
}

#else

/* ---- a cache of free blocks for each thread ---- */

#define CACHE_BYTES_PER_CLASS 16384U
#define CACHE_BLOCKS_MAX 64U

struct memory_cache {
	struct {
		struct memory_arena_link *head;
		unsigned count;
		unsigned limit; /* blocks that stay here */
	} bin[MEMORY_ARENA_CLASSES];
};

static atomic_bool memory_caches;
static pthread_key_t memory_cache_key;
static __thread struct memory_cache *memory_cache;
/* Set when this thread's cache is gone: what later destructors free goes straight to the arenas. */
static __thread bool memory_cache_closed;

static unsigned memory_cache_limit(unsigned class)
{
	size_t blocks = CACHE_BYTES_PER_CLASS / memory_arena_class_size(class);

	return blocks > CACHE_BLOCKS_MAX ? CACHE_BLOCKS_MAX : (unsigned)blocks;
}

static void memory_cache_close(void *arg)
{
	struct memory_cache *cache = arg;

	memory_cache = NULL;
	memory_cache_closed = true;
	for (unsigned class = 0; class < MEMORY_ARENA_CLASSES; class ++)
		memory_arena_give(cache->bin[class].head);
	free(cache);
}

void memory_thread_caches(void)
{
	if (!atomic_load(&memory_caches) &&
	    !pthread_key_create(&memory_cache_key, memory_cache_close))
		atomic_store(&memory_caches, true);
}

/* NULL: this thread works without one. */
static struct memory_cache *memory_cache_get(void)
{
	struct memory_cache *cache = memory_cache;

	if (cache || !atomic_load_explicit(&memory_caches, memory_order_relaxed) ||
	    memory_cache_closed)
		return cache;
	cache = calloc(1, sizeof(*cache));
	if (cache && pthread_setspecific(memory_cache_key, cache)) {
		free(cache);
		cache = NULL;
	}
	for (unsigned class = 0; cache && class < MEMORY_ARENA_CLASSES; class++)
		cache->bin[class].limit = memory_cache_limit(class);
	memory_cache = cache;
	return cache;
}

static struct memory_arena_link *memory_cache_pop(struct memory_cache *cache, unsigned class)
{
	struct memory_arena_link *block = cache->bin[class].head;

	if (!block) {
		cache->bin[class].count = (unsigned)memory_arena_take(
		    class, cache->bin[class].limit / 2, &cache->bin[class].head);
		block = cache->bin[class].head;
		if (!block)
			return NULL;
	}
	cache->bin[class].head = block->next;
	cache->bin[class].count--;
	return block;
}

static void memory_cache_push(struct memory_cache *cache, unsigned class,
			      struct memory_arena_link *block)
{
	unsigned limit = cache->bin[class].limit;

	block->next = cache->bin[class].head;
	cache->bin[class].head = block;
	if (++cache->bin[class].count <= limit)
		return;
	/* Half stays: the last ones freed, which are warm. */
	for (unsigned i = 1; i < limit / 2; i++)
		block = block->next;
	memory_arena_give(block->next);
	block->next = NULL;
	cache->bin[class].count = limit / 2;
}

/* ---- secret memory ---- */

void *memory_secret_new(size_t size)
{
	struct memory_cache *cache = NULL;
	struct memory_arena_link *block = NULL;
	unsigned class = 0;

	if (size > MEMORY_ARENA_BLOCK_MAX)
		return memory_arena_large_new(size);
	class = memory_arena_class(size);
	cache = memory_cache_get();
	if (cache)
		block = memory_cache_pop(cache, class);
	else
		memory_arena_take(class, 1, &block);
	if (block)
		block->next = NULL; /* the rest is zero already */
	return block;
}

void memory_secret_free(void *p)
{
	struct memory_cache *cache = NULL;
	struct memory_arena_link *block = p;
	unsigned class = 0;
	size_t size = 0;

	if (!p)
		return;
	size = memory_arena_usable(p, &class);
	if (class == MEMORY_ARENA_CLASSES) {
		memory_arena_large_free(p);
		return;
	}
	memory_wipe(p, size);
	cache = memory_cache_get();
	if (cache)
		memory_cache_push(cache, class, block);
	else
		memory_arena_give(block); /* its link is zero: a list of one */
}

void *memory_secret_resize(void *p, size_t size)
{
	void *moved = NULL;
	unsigned class = 0;
	size_t usable = 0;

	if (!p)
		return memory_secret_new(size);
	usable = memory_arena_usable(p, &class);
	if (size <= usable && (usable <= 64 || size > usable / 2)) {
		memory_wipe((char *)p + size, usable - size);
		return p;
	}
	moved = memory_secret_new(size);
	if (!moved)
		return NULL;
	memcpy(moved, p, size < usable ? size : usable);
	memory_secret_free(p);
	return moved;
}

void memory_status(struct memory_status *status)
{
	struct memory_arena_status arenas = {0};

	memory_arena_status(&arenas);
	*status = (struct memory_status){.allocated = arenas.taken,
					 .locked = arenas.locked,
					 .unlocked = arenas.unlocked,
					 .lock_limit = memory_lock_limit()};
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena is 1 MiB at a multiple of 1 MiB, so that a block's address leads to its slab without a
 * search. The first slab of an arena is its header. What does not fit an arena has a mapping of its
 * own with the same header. One lock; memory.c keeps the daemon's threads off it.
 */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/memory.h"
#include "common/memory_arena.h"

#define ARENA_SIZE ((size_t)1 << 20)
#define ARENA_PAGE ((size_t)4096)
#define SLAB_SIZE ((size_t)16384)
#define SLAB_COUNT (ARENA_SIZE / SLAB_SIZE)
#define ARENA_MAGIC 0x4b436172656e6131U
/* All slabs but the first, which is the header. */
#define ARENA_ALL_FREE (~(uint64_t)1)

enum slab_lock {
	SLAB_UNTRIED = 0, /* never used, so nothing to lock */
	SLAB_LOCKED,
	SLAB_REFUSED,
};

struct slab {
	struct slab *next; /* among the slabs of its class that have free blocks */
	struct slab *previous;
	struct memory_arena_link *free;
	uint16_t used;	/* blocks taken */
	uint16_t fresh; /* blocks from here on were never taken */
	uint16_t size;	/* of a block */
	uint8_t class;	/* MEMORY_ARENA_CLASSES: first of RUN slabs of large pages */
	uint8_t run;
	uint8_t lock; /* enum slab_lock */
};

struct arena {
	uint64_t magic;
	size_t mapped;	     /* bytes of the mapping; above ARENA_SIZE: one large block */
	uint64_t free_slabs; /* a bit each */
	uint8_t lock;	     /* of a large block's pages */
	struct arena *next;
	struct arena *previous;
	struct slab slab[SLAB_COUNT];
};

_Static_assert(sizeof(struct arena) <= SLAB_SIZE, "the header fits the first slab");
_Static_assert(SLAB_COUNT == 64, "free_slabs has a bit for each slab");

static pthread_mutex_t arena_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct arena *arena_list;
static unsigned arena_empty; /* arenas without a used slab */
static struct slab *arena_partial[MEMORY_ARENA_CLASSES];
static struct memory_arena_status arena_state;

/* ---- size classes: steps of 16 to 128, then four to each doubling ---- */

unsigned memory_arena_class(size_t size)
{
	unsigned top = 0;

	if (size <= 128)
		return size ? (unsigned)((size - 1) / 16) : 0;
	if (size > 4096)
		return size <= 5440 ? 28 : 29;
	top = 63U - (unsigned)__builtin_clzll(size - 1);
	return 8 + (top - 7) * 4 + (unsigned)(((size - 1) >> (top - 2)) & 3);
}

size_t memory_arena_class_size(unsigned class)
{
	if (class < 8)
		return ((size_t) class + 1) * 16;
	if (class < 28)
		return ((size_t) class % 4 + 5) << ((class - 8) / 4 + 5);
	return class == 28 ? 5440 : 8192;
}

/* ---- mappings ---- */

/* Locks do not pass to the child of a fork (mlock(2)): it must not believe that they do. */
static void arena_child(void)
{
	for (struct arena *a = arena_list; a; a = a->next) {
		if (a->lock == SLAB_LOCKED)
			a->lock = SLAB_REFUSED;
		for (size_t i = 1; a->mapped == ARENA_SIZE && i < SLAB_COUNT; i++)
			if (a->slab[i].lock == SLAB_LOCKED)
				a->slab[i].lock = SLAB_REFUSED;
	}
	arena_state.unlocked += arena_state.locked;
	arena_state.locked = 0;
	pthread_mutex_unlock(&arena_mutex);
}

static void arena_before_fork(void)
{
	pthread_mutex_lock(&arena_mutex);
}

static void arena_parent(void)
{
	pthread_mutex_unlock(&arena_mutex);
}

/* At load, so that it comes before other handlers of this library, which may use secret memory. */
__attribute__((constructor)) static void arena_prepare_fork(void)
{
	pthread_atfork(arena_before_fork, arena_parent, arena_child);
}

static uint8_t arena_lock_pages(void *p, size_t size, uint8_t before)
{
	uint8_t after = mlock(p, size) ? SLAB_REFUSED : SLAB_LOCKED;

	if (before == SLAB_REFUSED)
		arena_state.unlocked -= size;
	if (after == SLAB_LOCKED)
		arena_state.locked += size;
	else
		arena_state.unlocked += size;
	return after;
}

static void arena_forget_pages(size_t size, uint8_t lock)
{
	if (lock == SLAB_LOCKED)
		arena_state.locked -= size;
	else if (lock == SLAB_REFUSED)
		arena_state.unlocked -= size;
}

/* A mapping of SIZE bytes, whole pages, at a multiple of ARENA_SIZE. Its header is filled in. */
static struct arena *arena_map(size_t size)
{
	size_t reserved = 0;
	size_t before = 0;
	char *p = NULL;
	struct arena *a = NULL;

	if (__builtin_add_overflow(size, ARENA_SIZE, &reserved))
		return NULL;
	p = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p & (ARENA_SIZE - 1);
	if (before)
		munmap(p, before);
	if (reserved - before > size)
		munmap(p + before + size, reserved - before - size);
	p += before;
	/* Refused by kernels without core dumps only, where there is nothing to keep it out of. */
	(void)madvise(p, size, MADV_DONTDUMP);
	a = (struct arena *)(void *)p;
	a->magic = ARENA_MAGIC;
	a->mapped = size;
	a->next = arena_list;
	if (arena_list)
		arena_list->previous = a;
	arena_list = a;
	return a;
}

static void arena_unmap(struct arena *a)
{
	if (a->previous)
		a->previous->next = a->next;
	else
		arena_list = a->next;
	if (a->next)
		a->next->previous = a->previous;
	munmap(a, a->mapped);
}

static struct arena *arena_of(const void *p)
{
	struct arena *a = (struct arena *)((uintptr_t)p & ~(uintptr_t)(ARENA_SIZE - 1));

	/* A foreign pointer would have us wipe foreign memory. */
	if (!a || a->magic != ARENA_MAGIC)
		abort();
	return a;
}

/* ---- slabs ---- */

static size_t slab_index(const struct arena *a, const void *p)
{
	return (size_t)((uintptr_t)p - (uintptr_t)a) / SLAB_SIZE;
}

static char *slab_memory(const struct slab *s)
{
	struct arena *a = arena_of(s);

	return (char *)a + (size_t)(s - a->slab) * SLAB_SIZE;
}

/* A bit for each slab at which COUNT free ones begin. */
static uint64_t arena_runs(const struct arena *a, size_t count)
{
	uint64_t runs = a->free_slabs;

	for (size_t i = 1; i < count; i++)
		runs &= a->free_slabs >> i;
	return runs;
}

static uint64_t slab_bits(size_t index, size_t count)
{
	return (count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1) << index;
}

static void slab_unlink(struct slab *s)
{
	if (s->previous)
		s->previous->next = s->next;
	else
		arena_partial[s->class] = s->next;
	if (s->next)
		s->next->previous = s->previous;
	s->next = NULL;
	s->previous = NULL;
}

static void slab_link(struct slab *s)
{
	s->previous = NULL;
	s->next = arena_partial[s->class];
	if (s->next)
		s->next->previous = s;
	arena_partial[s->class] = s;
}

/* COUNT free slabs in a row, their pages locked as far as possible; NULL: no memory. */
static struct slab *slab_new(unsigned class, size_t count)
{
	struct arena *a = arena_list;
	struct slab *s = NULL;
	size_t index = 0;

	while (a && (a->mapped != ARENA_SIZE || !arena_runs(a, count)))
		a = a->next;
	if (!a) {
		a = arena_map(ARENA_SIZE);
		if (!a)
			return NULL;
		a->free_slabs = ARENA_ALL_FREE;
		arena_empty++;
	}
	if (a->free_slabs == ARENA_ALL_FREE)
		arena_empty--;
	index = (size_t)__builtin_ctzll(arena_runs(a, count));
	a->free_slabs &= ~slab_bits(index, count);
	s = &a->slab[index];
	for (size_t i = 0; i < count; i++)
		if (s[i].lock != SLAB_LOCKED)
			s[i].lock = arena_lock_pages((char *)a + (index + i) * SLAB_SIZE, SLAB_SIZE,
						     s[i].lock);
	*s = (struct slab){.class = (uint8_t) class, .run = (uint8_t)count, .lock = s->lock};
	if (class < MEMORY_ARENA_CLASSES)
		s->size = (uint16_t)memory_arena_class_size(class);
	return s;
}

/* The pages are zero by now. One empty arena is kept, so that a busy boundary does not map and
 * unmap. */
static void slab_free(struct slab *s)
{
	struct arena *a = arena_of(s);

	a->free_slabs |= slab_bits((size_t)(s - a->slab), s->run);
	if (a->free_slabs != ARENA_ALL_FREE)
		return;
	if (!arena_empty) {
		arena_empty++;
		return;
	}
	for (size_t i = 1; i < SLAB_COUNT; i++)
		arena_forget_pages(SLAB_SIZE, a->slab[i].lock);
	arena_unmap(a);
}

/* ---- blocks ---- */

static struct memory_arena_link *slab_take(struct slab *s, size_t size)
{
	struct memory_arena_link *block = s->free;

	if (block) {
		s->free = block->next;
	} else {
		block = (struct memory_arena_link *)(void *)(slab_memory(s) + s->fresh * size);
		s->fresh++;
	}
	s->used++;
	if (!s->free && (s->fresh + 1U) * size > SLAB_SIZE)
		slab_unlink(s);
	return block;
}

size_t memory_arena_take(unsigned class, size_t count, struct memory_arena_link **list)
{
	size_t size = memory_arena_class_size(class);
	size_t taken = 0;

	*list = NULL;
	pthread_mutex_lock(&arena_mutex);
	for (taken = 0; taken < count; taken++) {
		struct slab *s = arena_partial[class];
		struct memory_arena_link *block = NULL;

		if (!s) {
			s = slab_new(class, 1);
			if (!s)
				break;
			slab_link(s);
		}
		block = slab_take(s, size);
		block->next = *list;
		*list = block;
	}
	arena_state.taken += taken * size;
	pthread_mutex_unlock(&arena_mutex);
	return taken;
}

static void slab_give(struct slab *s, struct memory_arena_link *block)
{
	size_t size = s->size;

	if (!s->free && (s->fresh + 1U) * size > SLAB_SIZE)
		slab_link(s);
	block->next = s->free;
	s->free = block;
	s->used--;
	arena_state.taken -= size;
	/* The last slab of its class stays, or the next request would only make it again. */
	if (!s->used && (s->next || s->previous)) {
		slab_unlink(s);
		memory_wipe(slab_memory(s), SLAB_SIZE);
		slab_free(s);
	}
}

void memory_arena_give(struct memory_arena_link *list)
{
	pthread_mutex_lock(&arena_mutex);
	while (list) {
		struct memory_arena_link *next = list->next;
		struct arena *a = arena_of(list);

		slab_give(&a->slab[slab_index(a, list)], list);
		list = next;
	}
	pthread_mutex_unlock(&arena_mutex);
}

/* ---- large pages ---- */

static void *arena_mapping_new(size_t size)
{
	struct arena *a = NULL;
	size_t mapped = 0;

	if (__builtin_add_overflow(size, 2 * ARENA_PAGE - 1, &mapped))
		return NULL;
	mapped &= ~(ARENA_PAGE - 1);
	a = arena_map(mapped);
	if (!a)
		return NULL;
	a->lock = arena_lock_pages((char *)a + ARENA_PAGE, mapped - ARENA_PAGE, SLAB_UNTRIED);
	arena_state.taken += mapped - ARENA_PAGE;
	return (char *)a + ARENA_PAGE;
}

void *memory_arena_large_new(size_t size)
{
	size_t count = size / SLAB_SIZE + (size % SLAB_SIZE ? 1 : 0);
	struct slab *s = NULL;
	void *p = NULL;

	pthread_mutex_lock(&arena_mutex);
	if (count >= SLAB_COUNT)
		p = arena_mapping_new(size);
	else
		s = slab_new(MEMORY_ARENA_CLASSES, count);
	if (s) {
		arena_state.taken += count * SLAB_SIZE;
		p = slab_memory(s);
	}
	pthread_mutex_unlock(&arena_mutex);
	return p;
}

void memory_arena_large_free(void *p)
{
	struct arena *a = arena_of(p);
	unsigned class = 0;
	size_t size = memory_arena_usable(p, &class);

	memory_wipe(p, size);
	pthread_mutex_lock(&arena_mutex);
	arena_state.taken -= size;
	if (a->mapped == ARENA_SIZE) {
		slab_free(&a->slab[slab_index(a, p)]);
	} else {
		arena_forget_pages(size, a->lock);
		arena_unmap(a);
	}
	pthread_mutex_unlock(&arena_mutex);
}

size_t memory_arena_usable(const void *p, unsigned *class)
{
	const struct arena *a = arena_of(p);
	const struct slab *s = NULL;

	*class = MEMORY_ARENA_CLASSES;
	if (a->mapped != ARENA_SIZE)
		return a->mapped - ARENA_PAGE;
	s = &a->slab[slab_index(a, p)];
	*class = s->class;
	return s->class < MEMORY_ARENA_CLASSES ? s->size : s->run * SLAB_SIZE;
}

void memory_arena_status(struct memory_arena_status *status)
{
	pthread_mutex_lock(&arena_mutex);
	*status = arena_state;
	pthread_mutex_unlock(&arena_mutex);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of a token's objects. Called by objects.c. Inside the enclave; holds hashes of public
 * values only.
 */
#include "config.h"

#include "token/index.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define BUCKETS_FIRST 64

struct index_list {
	uint64_t hash;
	struct index_list *next;
	struct index_list *next_idle;
	bool idle; /* is in index->idle */
	uint32_t *handle;
	size_t count, capacity;
};

bool index_covers(CK_ATTRIBUTE_TYPE type)
{
	return type == CKA_LABEL || type == CKA_ID || type == CKA_CLASS || type == CKA_KEY_TYPE;
}

void index_init(struct index *index)
{
	memset(index, 0, sizeof(*index));
	/* Without it the index is only easier to slow down. */
	if (!memory_random(&index->seed, sizeof(index->seed)))
		index->seed = 0;
}

void index_free(struct index *index)
{
	for (size_t i = 0; i < index->buckets; i++)
		while (index->bucket[i]) {
			struct index_list *list = index->bucket[i];

			index->bucket[i] = list->next;
			free(list->handle);
			free(list);
		}
	free(index->bucket);
	memset(index, 0, sizeof(*index));
}

/* FNV-1a over the seed, the type and the value, with a final mix for the low bits. */
static uint64_t hash_of(const struct index *index, CK_ATTRIBUTE_TYPE type, struct span value)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ index->seed;

	h = (h ^ type) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < value.size; i++)
		h = (h ^ value.data[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static struct index_list *list_find(const struct index *index, uint64_t hash)
{
	struct index_list *list =
	    index->buckets ? index->bucket[hash & (index->buckets - 1)] : NULL;

	while (list && list->hash != hash)
		list = list->next;
	return list;
}

static void list_idle(struct index *index, struct index_list *list)
{
	if (list->idle)
		return;
	list->idle = true;
	list->next_idle = index->idle;
	index->idle = list;
}

static bool grow(struct index *index)
{
	size_t buckets = index->buckets ? 2 * index->buckets : BUCKETS_FIRST;
	struct index_list **bucket = calloc(buckets, sizeof(struct index_list *));

	if (!bucket)
		return false;
	for (size_t i = 0; i < index->buckets; i++)
		while (index->bucket[i]) {
			struct index_list *list = index->bucket[i];

			index->bucket[i] = list->next;
			list->next = bucket[list->hash & (buckets - 1)];
			bucket[list->hash & (buckets - 1)] = list;
		}
	free(index->bucket);
	index->bucket = bucket;
	index->buckets = buckets;
	return true;
}

bool index_prepare(struct index *index, CK_ATTRIBUTE_TYPE type, struct span value, size_t room)
{
	uint64_t hash = hash_of(index, type, value);
	struct index_list *list = list_find(index, hash);
	size_t wanted = 0, capacity = 0;
	uint32_t *grown = NULL;

	if (!list) {
		if (index->lists >= index->buckets && !grow(index))
			return false;
		list = calloc(1, sizeof(*list));
		if (!list)
			return false;
		list->hash = hash;
		list->next = index->bucket[hash & (index->buckets - 1)];
		index->bucket[hash & (index->buckets - 1)] = list;
		index->lists++;
		list_idle(index, list);
	}
	wanted = list->count + room;
	if (wanted <= list->capacity)
		return true;
	capacity = wanted > list->count + list->count / 2 ? wanted : list->count + list->count / 2;
	grown = reallocarray(list->handle, capacity, sizeof(*grown));
	if (!grown)
		return false;
	list->handle = grown;
	list->capacity = capacity;
	return true;
}

size_t index_after(const uint32_t *handles, size_t count, uint64_t after)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (handles[middle] <= after)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void index_add(struct index *index, CK_ATTRIBUTE_TYPE type, struct span value, uint64_t handle)
{
	struct index_list *list = list_find(index, hash_of(index, type, value));
	size_t i = 0;

	if (!list || list->count == list->capacity)
		return;
	i = index_after(list->handle, list->count, handle);
	memmove(&list->handle[i + 1], &list->handle[i], (list->count - i) * sizeof(*list->handle));
	list->handle[i] = (uint32_t)handle;
	list->count++;
}

void index_remove(struct index *index, CK_ATTRIBUTE_TYPE type, struct span value, uint64_t handle)
{
	struct index_list *list = list_find(index, hash_of(index, type, value));
	size_t i = list && handle ? index_after(list->handle, list->count, handle - 1) : 0;

	if (!list || i >= list->count || list->handle[i] != handle)
		return;
	list->count--;
	memmove(&list->handle[i], &list->handle[i + 1], (list->count - i) * sizeof(*list->handle));
	if (!list->count)
		list_idle(index, list);
}

void index_tidy(struct index *index)
{
	while (index->idle) {
		struct index_list *list = index->idle;
		struct index_list **link = &index->bucket[list->hash & (index->buckets - 1)];

		index->idle = list->next_idle;
		list->idle = false;
		if (list->count)
			continue;
		while (*link != list)
			link = &(*link)->next;
		*link = list->next;
		free(list->handle);
		free(list);
		index->lists--;
	}
}

const uint32_t *index_find(const struct index *index, CK_ATTRIBUTE_TYPE type, struct span value,
			   size_t *count)
{
	const struct index_list *list = list_find(index, hash_of(index, type, value));

	*count = list ? list->count : 0;
	return *count ? list->handle : NULL;
}

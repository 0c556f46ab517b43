/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An owned, sorted set of attributes whose values lie one after the other in one secret buffer.
 * Made by token/, crypto/ and service/ in the enclave, where a value may be a private key.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "mechanism/attribute_set.h"

struct entry {
	CK_ATTRIBUTE_TYPE type;
	size_t offset; /* in .bytes; in no particular order */
	size_t size;
};

struct attribute_set {
	struct entry *entry; /* sorted by type */
	size_t count;
	size_t room;
	struct buffer bytes;
};

/* What an empty value points to, so that it is not taken for an absent one. */
static const uint8_t nothing[1];

struct attribute_set *attribute_set_new(void)
{
	struct attribute_set *set = calloc(1, sizeof(*set));

	if (set)
		set->bytes.secret = true;
	return set;
}

struct attribute_set *attribute_set_copy(const struct attribute_set *set)
{
	struct attribute_set *copy = attribute_set_new();

	if (!copy)
		return NULL;
	if (!buffer_append(&copy->bytes, set->bytes.data, set->bytes.size))
		goto fail;
	if (set->count > 0) {
		copy->entry = calloc(set->count, sizeof(*copy->entry));
		if (!copy->entry)
			goto fail;
		memcpy(copy->entry, set->entry, set->count * sizeof(*copy->entry));
	}
	copy->count = set->count;
	copy->room = set->count;
	return copy;
fail:
	attribute_set_free(&copy);
	return NULL;
}

void attribute_set_free(struct attribute_set **set)
{
	if (!set || !*set)
		return;
	buffer_free(&(*set)->bytes);
	free((*set)->entry);
	free(*set);
	*set = NULL;
}

/* The index of TYPE, or of the place where it would stand. */
static size_t place(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type)
{
	size_t low = 0;
	size_t high = set->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (set->entry[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct entry *find(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type)
{
	const size_t i = place(set, type);

	return i < set->count && set->entry[i].type == type ? &set->entry[i] : NULL;
}

/* Takes SIZE bytes at OFFSET out of the buffer: what follows moves up, the tail is wiped. */
static void cut(struct attribute_set *set, size_t offset, size_t size)
{
	const size_t after = offset + size;
	size_t i = 0;

	if (size == 0)
		return;
	memmove(set->bytes.data + offset, set->bytes.data + after, set->bytes.size - after);
	memory_wipe(set->bytes.data + set->bytes.size - size, size);
	set->bytes.size -= size;
	for (i = 0; i < set->count; i++) {
		if (set->entry[i].offset >= after)
			set->entry[i].offset -= size;
	}
}

static bool make_room(struct attribute_set *set)
{
	const size_t room = set->room > 0 ? 2 * set->room : 16;
	struct entry *entry = NULL;

	if (set->count < set->room)
		return true;
	entry = reallocarray(set->entry, room, sizeof(*entry));
	if (!entry)
		return false;
	set->entry = entry;
	set->room = room;
	return true;
}

/* Appends to the buffer, from wherever VALUE is: it may be one of the set's own. */
static bool append(struct attribute_set *set, struct span value, size_t *offset)
{
	const uintptr_t own = (uintptr_t)set->bytes.data;
	const uintptr_t from = (uintptr_t)value.data;
	const bool inside = value.size > 0 && set->bytes.size > 0 && from >= own &&
			    from < own + set->bytes.size;

	*offset = set->bytes.size;
	if (value.size > SIZE_MAX - set->bytes.size ||
	    !buffer_reserve(&set->bytes, set->bytes.size + value.size))
		return false;
	if (inside)
		value.data = set->bytes.data + (from - own);
	return buffer_append(&set->bytes, value.data, value.size);
}

bool attribute_set_put(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, struct span value)
{
	const size_t i = place(set, type);
	struct entry *entry = NULL;
	size_t offset = 0;

	if (!make_room(set) || !append(set, value, &offset))
		return false;
	entry = &set->entry[i];
	if (i < set->count && entry->type == type) {
		const struct entry old = *entry;

		entry->offset = offset;
		entry->size = value.size;
		cut(set, old.offset, old.size);
		return true;
	}
	memmove(entry + 1, entry, (set->count - i) * sizeof(*entry));
	*entry = (struct entry){.type = type, .offset = offset, .size = value.size};
	set->count++;
	return true;
}

bool attribute_set_put_bool(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, bool value)
{
	const uint8_t byte = value ? 1 : 0;

	return attribute_set_put(set, type, (struct span){&byte, 1});
}

bool attribute_set_put_ulong(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	uint8_t bytes[8];

	attribute_put_ulong(bytes, value);
	return attribute_set_put(set, type, (struct span){bytes, sizeof(bytes)});
}

void attribute_set_remove(struct attribute_set *set, CK_ATTRIBUTE_TYPE type)
{
	const size_t i = place(set, type);
	struct entry old;

	if (i >= set->count || set->entry[i].type != type)
		return;
	old = set->entry[i];
	set->count--;
	memmove(&set->entry[i], &set->entry[i + 1], (set->count - i) * sizeof(old));
	cut(set, old.offset, old.size);
}

static struct span value_of(const struct attribute_set *set, const struct entry *entry)
{
	if (entry->size == 0)
		return (struct span){nothing, 0};
	return (struct span){set->bytes.data + entry->offset, entry->size};
}

struct span attribute_set_get(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type)
{
	const struct entry *entry = find(set, type);

	return entry ? value_of(set, entry) : (struct span){NULL, 0};
}

bool attribute_set_has(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type)
{
	return find(set, type) != NULL;
}

bool attribute_set_bool(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type, bool otherwise)
{
	const struct span value = attribute_set_get(set, type);

	return value.size == 1 ? value.data[0] != 0 : otherwise;
}

CK_ULONG attribute_set_ulong(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type,
			     CK_ULONG otherwise)
{
	const struct span value = attribute_set_get(set, type);

	return value.size == 8 ? attribute_get_ulong(value.data) : otherwise;
}

size_t attribute_set_count(const struct attribute_set *set)
{
	return set->count;
}

struct attribute attribute_set_at(const struct attribute_set *set, size_t index)
{
	const struct entry *entry = &set->entry[index];

	return (struct attribute){.type = entry->type, .value = value_of(set, entry)};
}

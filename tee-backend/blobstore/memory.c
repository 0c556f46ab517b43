/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blob store's engine without a disk: a sorted array. It keeps the layers above honest in their
 * tests, because it obeys the same contract as SQLite; nothing survives the process.
 */
#include "config.h"

#include "blobstore/blobstore.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "blobstore/engine.h"
#include "common/log.h"

struct record {
	struct blob_name name;
	uint64_t version;
	uint8_t *data; /* owned; NULL if size is 0 */
	size_t size;
};

struct memory_store {
	struct blobstore base;	/* first */
	pthread_mutex_t lock;	/* of all below */
	struct record *records; /* sorted by name */
	size_t count;
	size_t capacity;
};

/* What a write replaced, to be put back if a later one of its batch fails. */
struct undo {
	struct record before; /* version 0: there was none */
	struct blob_name name;
};

static struct memory_store *store_of(struct blobstore *base)
{
	return (struct memory_store *)base;
}

static int name_compare(struct blob_name a, struct blob_name b)
{
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	if (a.token != b.token)
		return a.token < b.token ? -1 : 1;
	if (a.id != b.id)
		return a.id < b.id ? -1 : 1;
	return 0;
}

/* Where NAME is, or where it would be. */
static size_t record_position(const struct memory_store *s, struct blob_name name, bool *found)
{
	size_t low = 0;
	size_t high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (name_compare(s->records[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < s->count && name_compare(s->records[low].name, name) == 0;
	return low;
}

static bool record_reserve(struct memory_store *s, size_t more)
{
	size_t capacity = s->capacity ? s->capacity : 64;
	struct record *records = NULL;

	if (more <= s->capacity - s->count)
		return true;
	while (capacity - s->count < more)
		capacity *= 2;
	records = realloc(s->records, capacity * sizeof(*records));
	if (!records)
		return false;
	s->records = records;
	s->capacity = capacity;
	return true;
}

/* Puts R at its place; the room was reserved. A record of its name is overwritten, not freed. */
static void record_put(struct memory_store *s, struct record r)
{
	bool found = false;
	size_t at = record_position(s, r.name, &found);

	if (!found) {
		memmove(&s->records[at + 1], &s->records[at], (s->count - at) * sizeof(r));
		s->count++;
	}
	s->records[at] = r;
}

static void record_drop(struct memory_store *s, struct blob_name name)
{
	bool found = false;
	size_t at = record_position(s, name, &found);

	if (!found)
		return;
	s->count--;
	memmove(&s->records[at], &s->records[at + 1], (s->count - at) * sizeof(s->records[0]));
}

/* Applies W; what was there before goes to UNDO, which then owns its bytes. */
static CK_RV write_apply(struct memory_store *s, const struct blob_write *w, struct undo *undo)
{
	bool found = false;
	size_t at = record_position(s, w->name, &found);
	struct record r = {.name = w->name, .version = w->version, .size = w->blob.size};

	if ((found ? s->records[at].version : 0) != w->expected)
		return CKR_KEYCLAVE_CONFLICT;
	if (w->version && r.size) {
		r.data = malloc(r.size);
		if (!r.data)
			return CKR_DEVICE_MEMORY;
		memcpy(r.data, w->blob.data, r.size);
	}
	*undo = (struct undo){.name = w->name};
	if (found)
		undo->before = s->records[at];
	if (w->version)
		record_put(s, r);
	else
		record_drop(s, w->name);
	return CKR_OK;
}

static void write_revert(struct memory_store *s, const struct undo *undo)
{
	bool found = false;
	size_t at = record_position(s, undo->name, &found);

	if (found)
		free(s->records[at].data);
	if (undo->before.version)
		record_put(s, undo->before);
	else
		record_drop(s, undo->name);
}

static CK_RV memory_write(struct blobstore *base, const struct blob_write *writes, size_t count)
{
	struct memory_store *s = store_of(base);
	struct undo *undo = calloc(count, sizeof(*undo));
	CK_RV rv = CKR_DEVICE_MEMORY;
	size_t done = 0;

	if (!undo)
		return CKR_DEVICE_MEMORY;
	if (pthread_mutex_lock(&s->lock) != 0) {
		free(undo);
		return CKR_DEVICE_ERROR;
	}
	/* Room for all of them first, so that neither a put nor its undoing can fail. */
	if (record_reserve(s, count))
		rv = CKR_OK;
	for (; rv == CKR_OK && done < count; done++) {
		rv = write_apply(s, &writes[done], &undo[done]);
		if (rv != CKR_OK)
			break;
	}
	if (rv != CKR_OK) {
		while (done > 0)
			write_revert(s, &undo[--done]);
	}
	for (size_t i = 0; i < done; i++)
		free(undo[i].before.data);
	pthread_mutex_unlock(&s->lock);
	free(undo);
	return rv;
}

static CK_RV memory_get(struct blobstore *base, struct blob_name name, struct buffer *blob,
			uint64_t *version)
{
	struct memory_store *s = store_of(base);
	bool found = false;
	CK_RV rv = CKR_OK;
	size_t at = 0;

	if (pthread_mutex_lock(&s->lock) != 0)
		return CKR_DEVICE_ERROR;
	at = record_position(s, name, &found);
	if (found) {
		if (buffer_set(blob, s->records[at].data, s->records[at].size))
			*version = s->records[at].version;
		else
			rv = CKR_DEVICE_MEMORY;
	}
	pthread_mutex_unlock(&s->lock);
	return rv;
}

static CK_RV memory_is_empty(struct blobstore *base, bool *empty)
{
	struct memory_store *s = store_of(base);

	if (pthread_mutex_lock(&s->lock) != 0)
		return CKR_DEVICE_ERROR;
	*empty = s->count == 0;
	pthread_mutex_unlock(&s->lock);
	return CKR_OK;
}

static CK_RV memory_list(struct blobstore *base, uint32_t kind, uint64_t token,
			 CK_RV (*each)(struct blob_name name, uint64_t version, struct span blob,
				       void *arg),
			 void *arg)
{
	struct memory_store *s = store_of(base);
	bool found = false;
	CK_RV rv = CKR_OK;
	size_t at = 0;

	if (pthread_mutex_lock(&s->lock) != 0)
		return CKR_DEVICE_ERROR;
	at = record_position(s, (struct blob_name){kind, token, 0}, &found);
	for (; rv == CKR_OK && at < s->count; at++) {
		const struct record *r = &s->records[at];

		if (r->name.kind != kind || r->name.token != token)
			break;
		rv = each(r->name, r->version, (struct span){r->data, r->size}, arg);
	}
	pthread_mutex_unlock(&s->lock);
	return rv;
}

static void memory_free(struct blobstore *base)
{
	struct memory_store *s = store_of(base);

	for (size_t i = 0; i < s->count; i++)
		free(s->records[i].data);
	free(s->records);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static const struct blobstore_ops memory_ops = {
    .get = memory_get,
    .is_empty = memory_is_empty,
    .write = memory_write,
    .list = memory_list,
    .free = memory_free,
};

CK_RV blobstore_open_memory(struct blobstore **store)
{
	struct memory_store *s = calloc(1, sizeof(*s));
	pthread_mutexattr_t attributes;

	*store = NULL;
	if (!s || pthread_mutexattr_init(&attributes) != 0) {
		free(s);
		log_error("no memory for a store");
		return CKR_DEVICE_MEMORY;
	}
	/* A list's callback that calls back is refused as SQLite's engine does, not left to hang.
	 */
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&s->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	s->base.ops = &memory_ops;
	*store = &s->base;
	return CKR_OK;
}

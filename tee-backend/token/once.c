/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of requests that run once. Called by commit.c (to write), and through token_once_result
 * by service/ (to find). Inside the enclave. A host that removes these records can only make a
 * client's own resend run again.
 */
#include "config.h"

#include "token/once.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/memory.h"

/*
 * The record's id: contexts are random numbers of our own, and for one context no two sequences
 * give the same (the mix is a bijection). Ids stay below 2^63.
 */
static uint64_t once_id(const struct once *once)
{
	uint64_t id = 0, z = once->sequence;

	memcpy(&id, once->context, sizeof(id));
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (id ^ z ^ z >> 31) >> 1;
}

static struct blob_name once_name(const struct record_once *record)
{
	return (struct blob_name){RECORD_ONCE, 0, once_id(&record->once)};
}

static bool once_same(const struct once *a, const struct once *b)
{
	return a->sequence == b->sequence &&
	       memcmp(a->context, b->context, sizeof(a->context)) == 0;
}

void once_init(struct once_log *log)
{
	memset(log, 0, sizeof(*log));
	pthread_mutex_init(&log->lock, NULL);
}

void once_free(struct once_log *log)
{
	while (log->oldest) {
		struct once_entry *entry = log->oldest;

		log->oldest = entry->newer;
		once_drop(&entry);
	}
	pthread_mutex_destroy(&log->lock);
	memset(log, 0, sizeof(*log));
}

/* The entry under the same id, whosever it is: its record is the one that a new one replaces. */
static struct once_entry *entry_find(const struct once_log *log, const struct once *once)
{
	uint64_t id = once_id(once);
	struct once_entry *entry = log->bucket[id % ONCE_BUCKETS];

	while (entry && once_id(&entry->record.once) != id)
		entry = entry->next;
	return entry;
}

static void entry_unlink(struct once_log *log, struct once_entry *entry)
{
	struct once_entry **link = &log->bucket[once_id(&entry->record.once) % ONCE_BUCKETS];

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	*(entry->older ? &entry->older->newer : &log->oldest) = entry->newer;
	*(entry->newer ? &entry->newer->older : &log->newest) = entry->older;
	log->count--;
}

/* As the newest. */
static void entry_link(struct once_log *log, struct once_entry *entry)
{
	struct once_entry **bucket = &log->bucket[once_id(&entry->record.once) % ONCE_BUCKETS];

	entry->older = log->newest;
	entry->newer = NULL;
	*(entry->older ? &entry->older->newer : &log->oldest) = entry;
	log->newest = entry;
	entry->next = *bucket;
	*bucket = entry;
	log->count++;
}

void once_drop(struct once_entry **entry)
{
	if (!*entry)
		return;
	memory_wipe(*entry, sizeof(**entry));
	free(*entry);
	*entry = NULL;
}

bool once_find(struct once_log *log, const struct once *once, struct record_once *record)
{
	struct once_entry *entry = NULL;
	bool found = false;

	pthread_mutex_lock(&log->lock);
	entry = entry_find(log, once);
	found = entry && once_same(&entry->record.once, once);
	if (found)
		*record = entry->record;
	pthread_mutex_unlock(&log->lock);
	return found;
}

CK_RV once_stage(struct once_log *log, struct batch *batch, const struct record_once *record,
		 const uint8_t key[SEAL_KEY_SIZE], struct once_entry **entry)
{
	struct once_entry *made = calloc(1, sizeof(*made)), *old = NULL;
	struct buffer body = {.secret = true};
	uint64_t version = 0;
	CK_RV rv = CKR_DEVICE_MEMORY;

	*entry = NULL;
	if (!made)
		return CKR_DEVICE_MEMORY;
	made->record = *record;
	made->record.time = (uint64_t)time(NULL);
	pthread_mutex_lock(&log->lock);
	old = entry_find(log, &record->once);
	version = old ? old->version : 0;
	pthread_mutex_unlock(&log->lock);
	made->version = version + 1;
	if (record_write_once(&body, &made->record))
		rv = batch_put(batch, key, once_name(&made->record), version, made->version,
			       buffer_span(&body), NULL);
	buffer_free(&body);
	if (rv == CKR_OK)
		*entry = made;
	else
		once_drop(&made);
	return rv;
}

void once_keep(struct once_log *log, struct once_entry **entry)
{
	struct once_entry *old = NULL;

	pthread_mutex_lock(&log->lock);
	old = entry_find(log, &(*entry)->record.once);
	if (old)
		entry_unlink(log, old);
	entry_link(log, *entry);
	pthread_mutex_unlock(&log->lock);
	once_drop(&old);
	*entry = NULL;
}

static bool entry_due(const struct once_entry *entry, size_t count, uint64_t now)
{
	uint64_t age = now > entry->record.time ? now - entry->record.time : 0;

	return age > ONCE_FORGET_S || count > ONCE_MAX || (count > ONCE_KEEP && age > ONCE_KEEP_S);
}

CK_RV once_prune(struct once_log *log, struct batch *batch, size_t *pruned)
{
	uint64_t now = (uint64_t)time(NULL);
	struct once_entry *entry = NULL;
	CK_RV rv = CKR_OK;

	*pruned = 0;
	pthread_mutex_lock(&log->lock);
	entry = log->oldest;
	while (rv == CKR_OK && entry && *pruned < ONCE_PRUNE_MAX &&
	       entry_due(entry, log->count - *pruned, now) &&
	       !batch_names(batch, once_name(&entry->record))) {
		rv = batch_delete(batch, once_name(&entry->record), entry->version);
		entry = entry->newer;
		(*pruned)++;
	}
	pthread_mutex_unlock(&log->lock);
	return rv;
}

void once_forget(struct once_log *log, size_t pruned)
{
	while (pruned-- > 0) {
		struct once_entry *entry = NULL;

		pthread_mutex_lock(&log->lock);
		entry = log->oldest;
		if (entry)
			entry_unlink(log, entry);
		pthread_mutex_unlock(&log->lock);
		once_drop(&entry);
	}
}

struct loading {
	const uint8_t *key;
	struct buffer plain;
	struct once_entry **entry;
	size_t count, capacity;
};

static CK_RV load_add(struct loading *l, struct once_entry *entry)
{
	if (l->count == l->capacity) {
		size_t capacity = l->capacity ? 2 * l->capacity : 256;
		struct once_entry **grown =
		    reallocarray(l->entry, capacity, sizeof(struct once_entry *));

		if (!grown)
			return CKR_DEVICE_MEMORY;
		l->entry = grown;
		l->capacity = capacity;
	}
	l->entry[l->count++] = entry;
	return CKR_OK;
}

static CK_RV load_one(struct blob_name name, uint64_t version, struct span blob, void *arg)
{
	struct loading *l = arg;
	struct once_entry *entry = calloc(1, sizeof(*entry));
	CK_RV rv = CKR_OK;

	if (!entry)
		return CKR_DEVICE_MEMORY;
	rv = seal_open(l->key, name, version, blob, &l->plain);
	if (rv == CKR_OK)
		rv = record_read_once(buffer_span(&l->plain), &entry->record);
	if (rv == CKR_OK && once_id(&entry->record.once) != name.id)
		rv = CKR_DATA_INVALID;
	entry->version = version;
	if (rv == CKR_OK)
		rv = load_add(l, entry);
	if (rv == CKR_OK)
		return CKR_OK;
	once_drop(&entry);
	if (rv != CKR_DATA_INVALID)
		return rv;
	log_error("once %llu: does not open; ignored", (unsigned long long)name.id);
	return CKR_OK;
}

static int by_time(const void *a, const void *b)
{
	const struct once_entry *const *x = a, *const *y = b;

	return ((*x)->record.time > (*y)->record.time) - ((*x)->record.time < (*y)->record.time);
}

CK_RV once_load(struct once_log *log, struct blobstore *blobs, const uint8_t key[SEAL_KEY_SIZE])
{
	struct loading l = {.key = key, .plain = {.secret = true}};
	CK_RV rv = blobstore_list(blobs, RECORD_ONCE, 0, load_one, &l);

	if (l.count)
		qsort(l.entry, l.count, sizeof(struct once_entry *), by_time);
	for (size_t i = 0; i < l.count; i++)
		entry_link(log, l.entry[i]);
	free(l.entry);
	buffer_free(&l.plain);
	if (rv == CKR_DEVICE_MEMORY)
		return rv;
	if (rv != CKR_OK)
		log_error("once: the list of remembered requests is damaged; part of it is lost");
	return CKR_OK;
}

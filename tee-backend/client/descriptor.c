/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key descriptors by slot and handle, counted, in a table under the client's lock. Public facts only, of
 * keys that this context may see. Inside the host's process.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "client/descriptor.h"
#include "client/descriptor_cache.h"
#include "client/forked.h"

/* Beyond this a bucket is emptied when it gets one more. */
#define DESCRIPTOR_ENTRIES_MAX 4096

struct descriptor_entry {
	struct descriptor facts; /* first: a descriptor is its entry */
	struct descriptor_entry *next;
	atomic_uint refs; /* the table's own included */
	uint64_t generation;
	uint8_t bytes[]; /* of the facts' spans */
};

static size_t descriptor_bucket(uint64_t slot, CK_OBJECT_HANDLE handle)
{
	return (handle ^ slot * 31) % DESCRIPTOR_BUCKETS;
}

static void descriptor_entry_free(struct descriptor_entry *entry)
{
	if (entry && atomic_fetch_sub(&entry->refs, 1) == 1)
		free(entry);
}

void descriptor_free(const struct descriptor **descriptor)
{
	const struct descriptor *facts = *descriptor;

	*descriptor = NULL;
	/* What descriptor_get gave away as const is a whole entry of ours. */
	descriptor_entry_free((struct descriptor_entry *)(uintptr_t)facts);
}

/* Takes out what matches, for descriptor_free_list. The caller holds .lock. */
static struct descriptor_entry *descriptor_cut(struct client *client, size_t bucket, uint64_t slot,
					       CK_OBJECT_HANDLE handle)
{
	struct descriptor_entry **at = &client->descriptors[bucket];
	struct descriptor_entry *cut = NULL;

	while (*at) {
		struct descriptor_entry *entry = *at;

		if (entry->facts.slot != slot || (handle && entry->facts.handle != handle)) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		entry->next = cut;
		cut = entry;
		client->descriptor_count--;
	}
	return cut;
}

static void descriptor_free_list(struct descriptor_entry *first)
{
	while (first) {
		struct descriptor_entry *entry = first;

		first = entry->next;
		descriptor_entry_free(entry);
	}
}

void descriptor_cache_free(struct client *client)
{
	for (size_t i = 0; i < DESCRIPTOR_BUCKETS; i++) {
		descriptor_free_list(client->descriptors[i]);
		client->descriptors[i] = NULL;
	}
	client->descriptor_count = 0;
}

void descriptor_drop(struct client *client, uint64_t slot, CK_OBJECT_HANDLE handle)
{
	size_t only = descriptor_bucket(slot, handle);

	forked_check(client);
	for (size_t i = 0; i < DESCRIPTOR_BUCKETS; i++) {
		struct descriptor_entry *cut = NULL;

		if (handle && i != only)
			continue;
		pthread_mutex_lock(&client->lock);
		cut = descriptor_cut(client, i, slot, handle);
		pthread_mutex_unlock(&client->lock);
		descriptor_free_list(cut);
	}
}

/* A reference to what is cached, or NULL. A session object does not outlive the daemon's context. */
static const struct descriptor *descriptor_cached(struct client *client, uint64_t slot,
						  CK_OBJECT_HANDLE handle)
{
	struct descriptor_entry *entry = NULL;

	pthread_mutex_lock(&client->lock);
	entry = client->descriptors[descriptor_bucket(slot, handle)];
	while (entry && (entry->facts.slot != slot || entry->facts.handle != handle))
		entry = entry->next;
	if (entry && !entry->facts.is_token && entry->generation != client->generation)
		entry = NULL;
	if (entry)
		atomic_fetch_add(&entry->refs, 1);
	pthread_mutex_unlock(&client->lock);
	return entry ? &entry->facts : NULL;
}

static struct span descriptor_copy(uint8_t **at, struct span value)
{
	struct span copy = {*at, value.size};

	if (value.size)
		memcpy(*at, value.data, value.size);
	*at += value.size;
	return copy;
}

static struct descriptor_entry *descriptor_make(uint64_t slot, CK_OBJECT_HANDLE handle,
						const struct describe_response *r)
{
	size_t size = r->public_info.size + r->id.size + r->label.size;
	struct descriptor_entry *entry = calloc(1, sizeof(*entry) + size);
	uint8_t *at = NULL;

	if (!entry)
		return NULL;
	at = entry->bytes;
	atomic_init(&entry->refs, 1);
	entry->facts = (struct descriptor){
		.slot = slot,
		.handle = handle,
		.class = r->class,
		.key_type = r->key_type,
		.bits = r->bits,
		.usage = r->usage,
		.always_authenticate = r->always_authenticate,
		.is_token = r->is_token,
		.is_private = r->is_private,
		.version = r->version,
		.mechanisms = r->mechanisms,
		.curve = r->ec_params.size ? mechanism_curve_find(r->ec_params) : NULL,
	};
	entry->facts.public_info = descriptor_copy(&at, r->public_info);
	entry->facts.id = descriptor_copy(&at, r->id);
	entry->facts.label = descriptor_copy(&at, r->label);
	return entry;
}

/* Puts ENTRY, fetched in GENERATION, in place of an older one. */
static void descriptor_keep(struct client *client, struct descriptor_entry *entry, uint64_t generation)
{
	size_t bucket = descriptor_bucket(entry->facts.slot, entry->facts.handle);
	struct descriptor_entry *cut = NULL;
	struct descriptor_entry *full = NULL;

	pthread_mutex_lock(&client->lock);
	cut = descriptor_cut(client, bucket, entry->facts.slot, entry->facts.handle);
	if (client->descriptor_count >= DESCRIPTOR_ENTRIES_MAX) {
		full = client->descriptors[bucket];
		client->descriptors[bucket] = NULL;
		for (const struct descriptor_entry *e = full; e; e = e->next)
			client->descriptor_count--;
	}
	entry->generation = generation;
	atomic_fetch_add(&entry->refs, 1);
	entry->next = client->descriptors[bucket];
	client->descriptors[bucket] = entry;
	client->descriptor_count++;
	pthread_mutex_unlock(&client->lock);
	descriptor_free_list(cut);
	descriptor_free_list(full);
}

CK_RV descriptor_get(struct client *client, uint64_t slot, CK_OBJECT_HANDLE handle,
		     const struct descriptor **descriptor)
{
	const struct object_request request = {.slot = slot, .handle = handle};
	struct descriptor_entry *entry = NULL;
	struct client_answer answer;
	uint64_t generation = 0;
	CK_RV rv = CKR_OK;

	forked_check(client);
	*descriptor = descriptor_cached(client, slot, handle);
	if (*descriptor)
		return CKR_OK;
	if (!handle || handle > HANDLE_MAX)
		return CKR_KEY_HANDLE_INVALID;
	/* Before it is asked for, so that what a restart took away is never kept as newer. */
	generation = client_generation(client);
	rv = client_call(client, REQUEST_DESCRIBE, &request, &answer);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = CKR_KEY_HANDLE_INVALID;
	if (rv == CKR_OK) {
		if (attribute_class_bit(answer.message.describe_response.class) & CLASS_KEY)
			entry = descriptor_make(slot, handle, &answer.message.describe_response);
		else
			rv = CKR_KEY_HANDLE_INVALID;
	}
	client_done(&answer);
	if (rv != CKR_OK)
		return rv;
	if (!entry)
		return CKR_HOST_MEMORY;
	descriptor_keep(client, entry, generation);
	*descriptor = &entry->facts;
	return CKR_OK;
}

void descriptor_seen(struct client *client, const struct descriptor *descriptor, uint64_t version)
{
	if (descriptor->version != version)
		descriptor_drop(client, descriptor->slot, descriptor->handle);
}

static bool descriptor_allows(const struct descriptor *descriptor, CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < descriptor->mechanisms.count; i++)
		if (descriptor->mechanisms.item[i] == type)
			return true;
	return descriptor->mechanisms.count == 0;
}

CK_RV descriptor_permits(const struct descriptor *descriptor, const struct mechanism *m,
			 CK_FLAGS usage)
{
	if (!(m->row->flags & usage))
		return CKR_MECHANISM_INVALID;
	/* PKCS#11 v3.0 section 5.1.6: a wrong type weighs more than a missing permission. */
	if (!mechanism_takes_key(m->row, descriptor->key_type))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!(descriptor->usage & usage))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return descriptor_allows(descriptor, m->row->type) ? CKR_OK : CKR_MECHANISM_INVALID;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts by id, in a table of buckets under one lock that is taken at hello and at the end of a
 * connection only; a request goes by its link's pointer. Inside the enclave.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "service/context.h"

static struct context **context_bucket(struct service *service, const uint8_t *id)
{
	size_t hash = 0;

	memcpy(&hash, id, sizeof(hash)); /* ids are random bytes of our own making */
	return &service->contexts[hash % SERVICE_CONTEXT_BUCKETS];
}

/* The caller holds contexts_lock. */
static struct context *context_find(struct service *service, const uint8_t *id)
{
	struct context *context = *context_bucket(service, id);

	while (context && memcmp(context->id, id, PROTOCOL_CONTEXT_ID_SIZE))
		context = context->next;
	return context;
}

static struct context *context_make(struct service *service, const uint8_t *id)
{
	struct context *context = calloc(1, sizeof(*context));

	if (!context)
		return NULL;
	context->service = service;
	atomic_init(&context->refs, 1);
	memcpy(context->id, id, PROTOCOL_CONTEXT_ID_SIZE);
	if (!replay_init(&context->replay)) {
		free(context);
		return NULL;
	}
	(void)pthread_mutex_init(&context->lock, NULL);
	return context;
}

void context_free(struct context **context)
{
	struct context *last = *context;

	*context = NULL;
	if (!last || atomic_fetch_sub(&last->refs, 1) != 1)
		return;
	attachment_free_all(last);
	session_objects_free(last->service, &last->objects);
	streams_free(last->service, &last->streams);
	replay_free(&last->replay);
	evidence_cache_free(&last->evidence);
	(void)pthread_mutex_destroy(&last->lock);
	memory_wipe(last, sizeof(*last));
	free(last);
}

/* Puts it into the table, whose reference is the one it was made with. The caller holds contexts_lock. */
static CK_RV context_enter(struct service *service, struct context *context)
{
	struct context **bucket = context_bucket(service, context->id);

	if (service->context_count >= CONTEXTS_MAX)
		return CKR_DEVICE_MEMORY;
	context->next = *bucket;
	*bucket = context;
	service->context_count++;
	return CKR_OK;
}

/* Takes it out when neither a connection nor a control socket is left; true: the caller frees it. */
static bool context_expire(struct service *service, struct context *context)
{
	struct context **at = context_bucket(service, context->id);

	if (context->links || context->control)
		return false;
	while (*at && *at != context)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = context->next;
	context->next = NULL;
	service->context_count--;
	return true;
}

/* Under contexts_lock: one more connection. */
static void context_link(struct context *context)
{
	context->links++;
	atomic_fetch_add(&context->refs, 1);
}

static void context_own(struct context *context, uid_t uid, const uint8_t *key_hash)
{
	context->uid = uid;
	memcpy(context->key_hash, key_hash, CONTEXT_HASH_SIZE);
	context->known = true;
}

static CK_RV context_add(struct service *service, const uint8_t *id, uid_t uid,
			 const uint8_t *key_hash, struct context **context)
{
	struct context *made = context_make(service, id);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!made)
		return rv;
	context_own(made, uid, key_hash);
	pthread_mutex_lock(&service->contexts_lock);
	rv = context_enter(service, made);
	if (rv == CKR_OK)
		context_link(made);
	pthread_mutex_unlock(&service->contexts_lock);
	if (rv == CKR_OK)
		*context = made;
	else
		context_free(&made);
	return rv;
}

CK_RV context_new(struct service *service, uid_t uid, const uint8_t key_hash[CONTEXT_HASH_SIZE],
		  struct context **context)
{
	uint8_t id[PROTOCOL_CONTEXT_ID_SIZE];

	if (!memory_random(id, sizeof(id)))
		return CKR_DEVICE_ERROR;
	return context_add(service, id, uid, key_hash, context);
}

/* The known context ID of this owner, with a reference, or NULL. The caller holds contexts_lock. */
static CK_RV context_lookup(struct service *service, const uint8_t *id, uid_t uid,
			    const uint8_t *key_hash, struct context **context)
{
	struct context *found = context_find(service, id);

	*context = NULL;
	if (!found || !found->known)
		return CKR_OK;
	if (found->uid != uid || !memory_equal(found->key_hash, key_hash, CONTEXT_HASH_SIZE))
		return CKR_ACTION_PROHIBITED;
	*context = found;
	return CKR_OK;
}

CK_RV context_join(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], uid_t uid,
		   const uint8_t key_hash[CONTEXT_HASH_SIZE], struct context **context, bool *made)
{
	struct context *spare = context_make(service, id);
	struct context *found = NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	*made = false;
	if (!spare)
		return rv;
	pthread_mutex_lock(&service->contexts_lock);
	rv = context_lookup(service, id, uid, key_hash, &found);
	if (rv == CKR_OK && !found) {
		*made = true;
		found = context_find(service, id); /* its control socket came back first */
		if (!found) {
			rv = context_enter(service, spare);
			if (rv == CKR_OK) {
				found = spare;
				spare = NULL;
			}
		}
		if (rv == CKR_OK) {
			context_own(found, uid, key_hash);
			found->restored = true;
		}
	}
	if (rv == CKR_OK) {
		context_link(found);
		*context = found;
	}
	pthread_mutex_unlock(&service->contexts_lock);
	context_free(&spare);
	return rv;
}

/* The caller owns COPY alone; ORIGINAL is locked here. */
static bool context_copy(struct context *original, struct context *copy)
{
	bool ok = false;

	pthread_mutex_lock(&original->lock);
	ok = attachment_copy_all(original, copy);
	if (ok)
		ok = session_objects_copy(original->service, &original->objects, &copy->objects);
	if (ok)
		copy->nonces = original->nonces;
	pthread_mutex_unlock(&original->lock);
	return ok;
}

CK_RV context_clone(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], uid_t uid,
		    const uint8_t key_hash[CONTEXT_HASH_SIZE],
		    const uint8_t new_hash[CONTEXT_HASH_SIZE], struct context **context, bool *made)
{
	struct context *original = NULL;
	struct context *copy = NULL;
	uint8_t new_id[PROTOCOL_CONTEXT_ID_SIZE];
	CK_RV rv = CKR_OK;

	*made = false;
	if (!memory_random(new_id, sizeof(new_id)))
		return CKR_DEVICE_ERROR;
	copy = context_make(service, new_id);
	if (!copy)
		return CKR_DEVICE_MEMORY;
	context_own(copy, uid, new_hash);

	/* attach_lock: no C_InitToken between the parent's attachments and the copies of them. */
	pthread_mutex_lock(&service->attach_lock);
	pthread_mutex_lock(&service->contexts_lock);
	rv = context_lookup(service, id, uid, key_hash, &original);
	if (original)
		atomic_fetch_add(&original->refs, 1);
	pthread_mutex_unlock(&service->contexts_lock);
	if (rv == CKR_OK && !original)
		*made = true;
	if (original && !context_copy(original, copy))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK) {
		pthread_mutex_lock(&service->contexts_lock);
		rv = context_enter(service, copy);
		if (rv == CKR_OK)
			context_link(copy);
		pthread_mutex_unlock(&service->contexts_lock);
	}
	pthread_mutex_unlock(&service->attach_lock);
	context_free(&original);
	if (rv == CKR_OK)
		*context = copy;
	else
		context_free(&copy);
	return rv;
}

void context_leave(struct context **context)
{
	struct context *left = *context;
	bool over = false;

	if (!left)
		return;
	pthread_mutex_lock(&left->service->contexts_lock);
	left->links--;
	over = context_expire(left->service, left);
	pthread_mutex_unlock(&left->service->contexts_lock);
	if (over) {
		struct context *table = left;

		context_free(&table);
	}
	context_free(context);
}

void context_control(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], bool alive)
{
	struct context *spare = alive ? context_make(service, id) : NULL;
	struct context *over = NULL;
	struct context *found = NULL;

	pthread_mutex_lock(&service->contexts_lock);
	found = context_find(service, id);
	if (!found && spare && context_enter(service, spare) == CKR_OK) {
		found = spare;
		spare = NULL;
	}
	if (found) {
		found->control = alive;
		if (context_expire(service, found))
			over = found;
	}
	pthread_mutex_unlock(&service->contexts_lock);
	context_free(&over);
	context_free(&spare);
}

size_t context_count(struct service *service)
{
	size_t count = 0;

	pthread_mutex_lock(&service->contexts_lock);
	count = service->context_count;
	pthread_mutex_unlock(&service->contexts_lock);
	return count;
}

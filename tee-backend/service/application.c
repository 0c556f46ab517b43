/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts by id, in a table of buckets under one lock that is taken at hello and at the end of a
 * connection only; a request goes by its link's pointer. Inside the enclave.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "service/application.h"

static struct application **application_bucket(struct service *service, const uint8_t *id)
{
	size_t hash = 0;

	memcpy(&hash, id, sizeof(hash)); /* ids are random bytes of our own making */
	return &service->contexts[hash % SERVICE_CONTEXT_BUCKETS];
}

/* The caller holds contexts_lock. */
static struct application *application_find(struct service *service, const uint8_t *id)
{
	struct application *context = *application_bucket(service, id);

	while (context && memcmp(context->id, id, PROTOCOL_CONTEXT_ID_SIZE))
		context = context->next;
	return context;
}

static struct application *application_make(struct service *service, const uint8_t *id)
{
	struct application *context = calloc(1, sizeof(*context));

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

void application_free(struct application **context)
{
	struct application *last = *context;

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
static CK_RV application_enter(struct service *service, struct application *context)
{
	struct application **bucket = application_bucket(service, context->id);

	if (service->context_count >= APPLICATIONS_MAX)
		return CKR_DEVICE_MEMORY;
	context->next = *bucket;
	*bucket = context;
	service->context_count++;
	return CKR_OK;
}

/* Takes it out when neither a connection nor a control socket is left; true: the caller frees it. */
static bool application_expire(struct service *service, struct application *context)
{
	struct application **at = application_bucket(service, context->id);

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
static void application_link(struct application *context)
{
	context->links++;
	atomic_fetch_add(&context->refs, 1);
}

static void application_own(struct application *context, uint64_t owner, const uint8_t *key_hash)
{
	context->owner = owner;
	memcpy(context->key_hash, key_hash, APPLICATION_HASH_SIZE);
	context->known = true;
}

static CK_RV application_add(struct service *service, const uint8_t *id, uint64_t owner,
			 const uint8_t *key_hash, struct application **context)
{
	struct application *made = application_make(service, id);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!made)
		return rv;
	application_own(made, owner, key_hash);
	pthread_mutex_lock(&service->contexts_lock);
	rv = application_enter(service, made);
	if (rv == CKR_OK)
		application_link(made);
	pthread_mutex_unlock(&service->contexts_lock);
	if (rv == CKR_OK)
		*context = made;
	else
		application_free(&made);
	return rv;
}

CK_RV application_new(struct service *service, uint64_t owner, const uint8_t key_hash[APPLICATION_HASH_SIZE],
		  struct application **context)
{
	uint8_t id[PROTOCOL_CONTEXT_ID_SIZE];

	if (!memory_random(id, sizeof(id)))
		return CKR_DEVICE_ERROR;
	return application_add(service, id, owner, key_hash, context);
}

/* The known context ID of this owner, with a reference, or NULL. The caller holds contexts_lock. */
static CK_RV application_lookup(struct service *service, const uint8_t *id, uint64_t owner,
			    const uint8_t *key_hash, struct application **context)
{
	struct application *found = application_find(service, id);

	*context = NULL;
	if (!found || !found->known)
		return CKR_OK;
	if (found->owner != owner || !memory_equal(found->key_hash, key_hash, APPLICATION_HASH_SIZE))
		return CKR_ACTION_PROHIBITED;
	*context = found;
	return CKR_OK;
}

CK_RV application_join(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], uint64_t owner,
		   const uint8_t key_hash[APPLICATION_HASH_SIZE], struct application **context, bool *made)
{
	struct application *spare = application_make(service, id);
	struct application *found = NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	*made = false;
	if (!spare)
		return rv;
	pthread_mutex_lock(&service->contexts_lock);
	rv = application_lookup(service, id, owner, key_hash, &found);
	if (rv == CKR_OK && !found) {
		*made = true;
		found = application_find(service, id); /* its control socket came back first */
		if (!found) {
			rv = application_enter(service, spare);
			if (rv == CKR_OK) {
				found = spare;
				spare = NULL;
			}
		}
		if (rv == CKR_OK) {
			application_own(found, owner, key_hash);
			found->restored = true;
		}
	}
	if (rv == CKR_OK) {
		application_link(found);
		*context = found;
	}
	pthread_mutex_unlock(&service->contexts_lock);
	application_free(&spare);
	return rv;
}

/* The caller owns COPY alone; ORIGINAL is locked here. */
static bool application_copy(struct application *original, struct application *copy)
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

CK_RV application_clone(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], uint64_t owner,
		    const uint8_t key_hash[APPLICATION_HASH_SIZE],
		    const uint8_t new_hash[APPLICATION_HASH_SIZE], struct application **context, bool *made)
{
	struct application *original = NULL;
	struct application *copy = NULL;
	uint8_t new_id[PROTOCOL_CONTEXT_ID_SIZE];
	CK_RV rv = CKR_OK;

	*made = false;
	if (!memory_random(new_id, sizeof(new_id)))
		return CKR_DEVICE_ERROR;
	copy = application_make(service, new_id);
	if (!copy)
		return CKR_DEVICE_MEMORY;
	application_own(copy, owner, new_hash);

	/* attach_lock: no C_InitToken between the parent's attachments and the copies of them. */
	pthread_mutex_lock(&service->attach_lock);
	pthread_mutex_lock(&service->contexts_lock);
	rv = application_lookup(service, id, owner, key_hash, &original);
	if (original)
		atomic_fetch_add(&original->refs, 1);
	pthread_mutex_unlock(&service->contexts_lock);
	if (rv == CKR_OK && !original)
		*made = true;
	if (original && !application_copy(original, copy))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK) {
		pthread_mutex_lock(&service->contexts_lock);
		rv = application_enter(service, copy);
		if (rv == CKR_OK)
			application_link(copy);
		pthread_mutex_unlock(&service->contexts_lock);
	}
	pthread_mutex_unlock(&service->attach_lock);
	application_free(&original);
	if (rv == CKR_OK)
		*context = copy;
	else
		application_free(&copy);
	return rv;
}

void application_leave(struct application **context)
{
	struct application *left = *context;
	bool over = false;

	if (!left)
		return;
	pthread_mutex_lock(&left->service->contexts_lock);
	left->links--;
	over = application_expire(left->service, left);
	pthread_mutex_unlock(&left->service->contexts_lock);
	if (over) {
		struct application *table = left;

		application_free(&table);
	}
	application_free(context);
}

void application_control(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], bool alive)
{
	struct application *spare = alive ? application_make(service, id) : NULL;
	struct application *over = NULL;
	struct application *found = NULL;

	pthread_mutex_lock(&service->contexts_lock);
	found = application_find(service, id);
	if (!found && spare && application_enter(service, spare) == CKR_OK) {
		found = spare;
		spare = NULL;
	}
	if (found) {
		found->control = alive;
		if (application_expire(service, found))
			over = found;
	}
	pthread_mutex_unlock(&service->contexts_lock);
	application_free(&over);
	application_free(&spare);
}

size_t application_count(struct service *service)
{
	size_t count = 0;

	pthread_mutex_lock(&service->contexts_lock);
	count = service->context_count;
	pthread_mutex_unlock(&service->contexts_lock);
	return count;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attachments of contexts to tokens. attach_lock keeps an attachment and C_InitToken apart: while a
 * context is attached its token is the one that the slot has. Inside the enclave.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "service/application.h"

static void attachment_set_user(struct attachment *attachment, CK_USER_TYPE user)
{
	CK_USER_TYPE before = atomic_exchange(&attachment->user, user);

	if (before == CKU_SO)
		atomic_fetch_sub(&attachment->service->so_logins, 1);
	if (user == CKU_SO)
		atomic_fetch_add(&attachment->service->so_logins, 1);
}

void attachment_free(struct attachment **attachment)
{
	struct attachment *last = *attachment;

	*attachment = NULL;
	if (!last || atomic_fetch_sub(&last->refs, 1) != 1)
		return;
	attachment_set_user(last, ATTACHMENT_NOBODY);
	token_free(&last->token);
	memory_wipe(last, sizeof(*last));
	free(last);
}

static struct attachment *attachment_new(struct service *service, uint64_t slot)
{
	struct attachment *attachment = calloc(1, sizeof(*attachment));

	if (!attachment)
		return NULL;
	attachment->service = service;
	atomic_init(&attachment->refs, 1);
	attachment->slot = slot;
	atomic_init(&attachment->user, ATTACHMENT_NOBODY);
	return attachment;
}

/* Borrowed; the caller holds the context's lock. */
static struct attachment *attachment_find(const struct application *context, uint64_t slot)
{
	struct attachment *attachment = context->attachments;

	while (attachment && attachment->slot != slot)
		attachment = attachment->next;
	return attachment;
}

struct attachment *attachment_get(struct application *context, uint64_t slot)
{
	struct attachment *attachment = NULL;

	pthread_mutex_lock(&context->lock);
	attachment = attachment_find(context, slot);
	if (attachment)
		atomic_fetch_add(&attachment->refs, 1);
	pthread_mutex_unlock(&context->lock);
	return attachment;
}

CK_RV attachment_open(struct application *context, uint64_t slot)
{
	struct service *service = context->service;
	struct attachment *made = attachment_new(service, slot);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!made)
		return rv;
	pthread_mutex_lock(&service->attach_lock);
	rv = token_store_find(service->tokens, slot, &made->token);
	if (rv == CKR_OK && !made->token)
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	if (rv == CKR_OK) {
		pthread_mutex_lock(&context->lock);
		if (!attachment_find(context, slot)) {
			made->next = context->attachments;
			context->attachments = made;
			made = NULL;
		}
		pthread_mutex_unlock(&context->lock);
	}
	pthread_mutex_unlock(&service->attach_lock);
	attachment_free(&made);
	return rv;
}

/* What belongs to a slot, or to its login only. The caller holds the context's lock. */
static void attachment_clear(struct application *context, uint64_t slot, bool private_only)
{
	session_objects_drop(context->service, &context->objects, slot, NULL, private_only);
	streams_drop(context->service, &context->streams, slot, private_only);
	grant_drop(&context->grants, slot);
	if (!private_only)
		nonce_forget(&context->nonces, slot, 0);
}

void attachment_close(struct application *context, uint64_t slot)
{
	struct attachment **at = &context->attachments;
	struct attachment *closed = NULL;

	pthread_mutex_lock(&context->lock);
	while (*at && (*at)->slot != slot)
		at = &(*at)->next;
	closed = *at;
	if (closed) {
		*at = closed->next;
		closed->next = NULL;
		/* A request that still runs on it must not find a login. */
		attachment_set_user(closed, ATTACHMENT_NOBODY);
		attachment_clear(context, slot, false);
	}
	pthread_mutex_unlock(&context->lock);
	attachment_free(&closed);
}

bool attachment_copy_all(struct application *original, struct application *copy)
{
	for (const struct attachment *from = original->attachments; from; from = from->next) {
		struct attachment *made = attachment_new(original->service, from->slot);

		if (!made)
			return false;
		made->next = copy->attachments;
		copy->attachments = made;
		if (token_store_find(original->service->tokens, from->slot, &made->token) != CKR_OK ||
		    made->token != from->token ||
		    !memory_random(made->login, sizeof(made->login)))
			return false;
		attachment_set_user(made, from->user);
	}
	return true;
}

void attachment_free_all(struct application *context)
{
	while (context->attachments) {
		struct attachment *attachment = context->attachments;

		context->attachments = attachment->next;
		attachment_free(&attachment);
	}
}

bool attachment_exists(struct service *service, uint64_t slot)
{
	bool found = false;

	pthread_mutex_lock(&service->contexts_lock);
	for (size_t i = 0; !found && i < SERVICE_CONTEXT_BUCKETS; i++) {
		for (struct application *context = service->contexts[i]; !found && context;
		     context = context->next) {
			pthread_mutex_lock(&context->lock);
			found = attachment_find(context, slot) != NULL;
			pthread_mutex_unlock(&context->lock);
		}
	}
	pthread_mutex_unlock(&service->contexts_lock);
	return found;
}

CK_RV attachment_login(struct application *context, struct attachment *attachment, CK_USER_TYPE user,
		       const uint8_t name[TOKEN_LOGIN_SIZE])
{
	uint8_t login[TOKEN_LOGIN_SIZE];

	if (name)
		memcpy(login, name, sizeof(login));
	else if (!memory_random(login, sizeof(login)))
		return CKR_DEVICE_ERROR;
	pthread_mutex_lock(&context->lock);
	memcpy(attachment->login, login, sizeof(login));
	attachment_set_user(attachment, user);
	pthread_mutex_unlock(&context->lock);
	return CKR_OK;
}

void attachment_logout(struct application *context, struct attachment *attachment)
{
	pthread_mutex_lock(&context->lock);
	attachment_set_user(attachment, ATTACHMENT_NOBODY);
	memory_wipe(attachment->login, sizeof(attachment->login));
	attachment_clear(context, attachment->slot, true);
	pthread_mutex_unlock(&context->lock);
}

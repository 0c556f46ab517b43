/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C_FindObjects in pages: handles ascend through three ranges, so that "after" is all the state there is.
 * Inside the enclave.
 */
#include "config.h"

#include "service/cmd_evidence.h"
#include "service/cmd_find.h"

#define FIND_PAGE 16384 /* handles in one answer */
#define FIND_BATCH 256

struct find {
	struct call *call;
	const struct attributes *template;
	bool private_too;
	uint64_t after;
	bool more;
	CK_RV rv;
};

static size_t find_room(const struct find *find)
{
	return FIND_PAGE - find->call->data->size / 4;
}

static void find_add(struct find *find, uint64_t handle)
{
	const uint8_t bytes[4] = {(uint8_t)(handle >> 24), (uint8_t)(handle >> 16),
				  (uint8_t)(handle >> 8), (uint8_t)handle};

	if (!find_room(find))
		find->more = true;
	else if (!buffer_append(find->call->data, bytes, sizeof(bytes)))
		find->rv = CKR_DEVICE_MEMORY;
}

static bool find_on(const struct find *find)
{
	return find->rv == CKR_OK && !find->more;
}

static void find_on_token(struct find *find)
{
	uint64_t handles[FIND_BATCH];
	uint64_t after = find->after;
	bool more = after < HANDLE_TOKEN_MAX;

	while (find_on(find) && more) {
		size_t max = find_room(find) < FIND_BATCH ? find_room(find) : FIND_BATCH;
		size_t count = 0;

		if (!max) {
			find->more = true;
			break;
		}
		find->rv = token_find(find->call->token, find->template, find->private_too, after,
				      handles, max, &count, &more);
		if (find->rv != CKR_OK)
			break;
		for (size_t i = 0; find_on(find) && i < count; i++)
			find_add(find, handles[i]);
		if (count)
			after = handles[count - 1];
		else
			more = false;
	}
}

/* CKA_KEYCLAVE_DAMAGED true: refused objects, of which nothing else is known. */
static bool find_is_for_damaged(const struct attributes *template)
{
	bool damaged = false;

	return attributes_bool(template, CKA_KEYCLAVE_DAMAGED, &damaged) && damaged;
}

static void find_damaged(struct find *find)
{
	uint64_t handles[FIND_BATCH];
	size_t count = 0;
	bool more = true;

	/* They are not shown to whom private objects are not, nor by another attribute than this. */
	if (find->call->user == ATTACHMENT_NOBODY || find->template->count != 1)
		return;
	for (uint64_t after = find->after; find_on(find) && more; after = count ? handles[count - 1] : after) {
		find->rv = token_find_damaged(find->call->token, after, handles, FIND_BATCH, &count, &more);
		for (size_t i = 0; find_on(find) && i < count; i++)
			find_add(find, handles[i]);
	}
}

static void find_in_context(struct find *find)
{
	struct call *call = find->call;
	struct session_objects *objects = &call->context->objects;

	pthread_mutex_lock(&call->context->lock);
	for (size_t i = 0; find_on(find) && i < objects->count; i++) {
		const struct session_object *item = &objects->item[i];

		if (item->handle > find->after && item->slot == call->slot &&
		    (find->private_too || !object_is_private(item->object)) &&
		    object_matches(item->object, find->template))
			find_add(find, item->handle);
	}
	pthread_mutex_unlock(&call->context->lock);
}

static void find_made_up(struct find *find, uint64_t handle)
{
	if (handle > find->after && cmd_evidence_matches(find->call, handle, find->template))
		find_add(find, handle);
}

/* Handles of token keys of CLASS above AFTER, whoever may see them. */
static size_t find_keys(struct find *find, CK_OBJECT_CLASS class, bool private_too, uint64_t after,
			uint64_t handles[FIND_BATCH], bool *more)
{
	struct attributes template = {.count = 0};
	uint8_t value[8];
	size_t count = 0;

	attribute_put_ulong(value, class);
	(void)attributes_add(&template, CKA_CLASS, (struct span){value, sizeof(value)});
	*more = false;
	find->rv = token_find(find->call->token, &template, private_too, after, handles, FIND_BATCH,
			      &count, more);
	return find->rv == CKR_OK ? count : 0;
}

/*
 * Evidence objects of the token's keys, in order. Those of private keys are public, as the keys' public
 * halves are; those of secret keys are seen by who sees the key.
 */
static void find_evidence_on_token(struct find *find)
{
	uint64_t private[FIND_BATCH];
	uint64_t secret[FIND_BATCH];
	uint64_t after = find->after & ~HANDLE_EVIDENCE_BIT;
	bool more = !(find->after & HANDLE_EVIDENCE_BIT) || after < HANDLE_TOKEN_MAX;

	if (!(find->after & HANDLE_EVIDENCE_BIT))
		after = 0;
	while (find_on(find) && more) {
		bool more_private = false;
		bool more_secret = false;
		size_t privates = find_keys(find, CKO_PRIVATE_KEY, true, after, private, &more_private);
		size_t secrets = 0;
		uint64_t end = HANDLE_TOKEN_MAX;
		size_t p = 0;
		size_t s = 0;

		if (find->rv == CKR_OK)
			secrets = find_keys(find, CKO_SECRET_KEY, find->private_too, after, secret,
					    &more_secret);
		/* Up to where both lists are known. */
		if (more_private && privates)
			end = private[privates - 1];
		if (more_secret && secrets && secret[secrets - 1] < end)
			end = secret[secrets - 1];
		while (find_on(find)) {
			uint64_t next = HANDLE_MAX;

			if (p < privates)
				next = private[p];
			if (s < secrets && secret[s] < next)
				next = secret[s];
			if (next > end)
				break;
			p += p < privates && private[p] == next;
			s += s < secrets && secret[s] == next;
			find_made_up(find, HANDLE_EVIDENCE_BIT | next);
		}
		after = end;
		more = (more_private && privates) || (more_secret && secrets);
	}
}

static void find_evidence_in_context(struct find *find)
{
	struct call *call = find->call;
	struct session_object *item = NULL;
	CK_OBJECT_HANDLE at = HANDLE_SESSION_BIT;
	bool found = true;

	/* One at a time: cmd_evidence_matches takes the context's lock itself. */
	while (find_on(find) && found) {
		found = false;
		pthread_mutex_lock(&call->context->lock);
		for (size_t i = 0; !found && i < call->context->objects.count; i++) {
			item = &call->context->objects.item[i];
			found = item->handle > at && item->slot == call->slot &&
				(item->handle | HANDLE_EVIDENCE_BIT) > find->after &&
				(object_class(item->object) == CKO_PRIVATE_KEY ||
				 object_class(item->object) == CKO_SECRET_KEY) &&
				(find->private_too || !object_is_private(item->object));
			if (found)
				at = item->handle;
		}
		pthread_mutex_unlock(&call->context->lock);
		if (found)
			find_made_up(find, HANDLE_EVIDENCE_BIT | at);
	}
}

/* By its label too, so that who lists secret keys sees his own. */
static void find_derivation(struct find *find)
{
	const struct object *root = token_derivation(find->call->token);

	if (find->private_too && find->after < HANDLE_ROOT && attributes_find(find->template, CKA_LABEL) &&
	    object_matches(root, find->template))
		find_add(find, HANDLE_ROOT);
}

/* What the token makes up is found only by who asks for its class (DESIGN section 7, rule 15). */
static void find_evidence(struct find *find)
{
	CK_OBJECT_CLASS class = CK_UNAVAILABLE_INFORMATION;

	if (!attributes_ulong(find->template, CKA_CLASS, &class))
		return;
	if (class == CKO_DATA) {
		find_made_up(find, HANDLE_EVIDENCE_BIT);
		if (find_on(find))
			find_evidence_on_token(find);
		if (find_on(find))
			find_evidence_in_context(find);
	} else if (class == CKO_HW_FEATURE) {
		find_made_up(find, HANDLE_HW_FEATURE);
	} else if (class == CKO_SECRET_KEY) {
		find_derivation(find);
	}
}

CK_RV cmd_find(struct call *call)
{
	const struct find_request *request = &call->request->find_request;
	struct find_response *response = &call->response->find_response;
	struct find find = {
		.call = call,
		.template = &request->template,
		.private_too = call->user == CKU_USER,
		.after = request->after,
		.rv = CKR_OK,
	};

	if (find_is_for_damaged(&request->template)) {
		find_damaged(&find);
	} else {
		find_on_token(&find);
		if (find_on(&find))
			find_in_context(&find);
		if (find_on(&find))
			find_evidence(&find);
	}
	response->handles = buffer_span(call->data);
	response->more = find.more;
	return find.rv;
}

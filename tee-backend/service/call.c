/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What handlers have in common. Whoever is not logged in as user does not see that a private object
 * exists (PKCS#11 v3.1 section 2.4: "private objects" are for the user alone, not for the SO). Inside the
 * enclave.
 */
#include "config.h"

#include <unistd.h>

#include "service/call.h"

struct object_policy call_policy(const struct call *call)
{
	return (struct object_policy){
		.extractable_allowed = call->service->settings.extractable_allowed,
		.so = call->user == CKU_SO,
		.user = call->user == CKU_USER,
	};
}

bool call_owns_store(const struct call *call)
{
	return call->link->peer.owner == 0 || call->link->peer.owner == geteuid();
}

bool call_handle_is_made_up(uint64_t handle)
{
	return handle & HANDLE_EVIDENCE_BIT && handle != HANDLE_ROOT;
}

CK_RV call_object(struct call *call, uint64_t handle, struct object **object)
{
	struct object *found = NULL;
	CK_RV rv = CKR_OBJECT_HANDLE_INVALID;

	*object = NULL;
	if (!handle || handle > HANDLE_MAX || call_handle_is_made_up(handle))
		return rv;
	if (handle == HANDLE_ROOT) {
		found = object_retain(token_derivation(call->token));
	} else if (handle & HANDLE_SESSION_BIT) {
		const struct session_object *item = NULL;

		pthread_mutex_lock(&call->context->lock);
		item = session_objects_find(&call->context->objects, call->slot, handle);
		if (item)
			found = object_retain(item->object);
		pthread_mutex_unlock(&call->context->lock);
	} else {
		rv = token_object(call->token, handle, &found);
		if (rv != CKR_OK)
			return rv;
	}
	if (!found)
		return CKR_OBJECT_HANDLE_INVALID;
	if (object_is_private(found) && call->user != CKU_USER) {
		object_free(&found);
		return CKR_OBJECT_HANDLE_INVALID;
	}
	*object = found;
	return CKR_OK;
}

CK_RV call_hold(struct call *call, uint64_t handle, struct object **object)
{
	CK_RV rv = call_object(call, handle, object);

	for (size_t i = 0; rv == CKR_OK && i < CALL_HELD_MAX; i++) {
		if (!call->held[i]) {
			call->held[i] = *object;
			return CKR_OK;
		}
	}
	object_free(object);
	return rv == CKR_OK ? CKR_DEVICE_MEMORY : rv;
}

CK_RV call_grant(struct call *call, uint64_t handle, const struct object *object, CK_FLAGS usage,
		 struct span grant)
{
	bool good = false;

	if (!attribute_set_bool(object_attributes(object), CKA_ALWAYS_AUTHENTICATE, false))
		return CKR_OK;
	pthread_mutex_lock(&call->context->lock);
	good = grant_spend(&call->context->grants, grant, call->slot, handle, usage,
			   call->once.sequence, service_now());
	pthread_mutex_unlock(&call->context->lock);
	return good ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

CK_RV call_key(struct call *call, uint64_t handle, const struct mechanism *m, CK_FLAGS usage,
	       struct span grant, CK_RV invalid, struct object **object, struct key **key)
{
	CK_RV rv = call_object(call, handle, object);

	*key = NULL;
	if (rv == CKR_OK)
		rv = object_permits(*object, m, usage);
	/* Parsed before the grant is spent: a key that cannot be used costs none. */
	if (rv == CKR_OK)
		rv = object_key(*object, key);
	if (rv == CKR_OK)
		rv = call_grant(call, handle, *object, usage, grant);
	if (rv != CKR_OK) {
		key_free(key);
		object_free(object);
	}
	return rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_HANDLE_INVALID ? invalid : rv;
}

CK_RV call_operate(struct call *call, CK_FLAGS usage, call_operation *operation)
{
	const struct operate_request *request = &call->request->operate_request;
	struct operate_response *response = &call->response->operate_response;
	struct object *object = NULL;
	struct key *key = NULL;
	CK_RV rv = call_key(call, request->key, &request->mechanism, usage, request->grant,
			    CKR_KEY_HANDLE_INVALID, &object, &key);

	if (rv != CKR_OK)
		return rv;
	rv = operation(key, &request->mechanism, request->data, call->data);
	response->data = buffer_span(call->data);
	response->version = object_version(object);
	key_free(&key);
	object_free(&object);
	return rv;
}

static CK_RV call_keep_session(struct call *call, uint64_t session, struct object *object,
			       CK_OBJECT_HANDLE *handle)
{
	CK_RV rv = CKR_SESSION_HANDLE_INVALID;
	bool attached = false;

	pthread_mutex_lock(&call->context->lock);
	/* Detached meanwhile: nobody would ever drop it. */
	for (struct attachment *a = call->context->attachments; a; a = a->next)
		attached = attached || a == call->attachment;
	if (attached)
		rv = session_objects_add(call->service, &call->context->objects, call->slot, session,
					 object, handle);
	pthread_mutex_unlock(&call->context->lock);
	return rv;
}

static void call_drop_session(struct call *call, CK_OBJECT_HANDLE handle)
{
	pthread_mutex_lock(&call->context->lock);
	(void)session_objects_remove(call->service, &call->context->objects, call->slot, handle);
	pthread_mutex_unlock(&call->context->lock);
}

CK_RV call_keep(struct call *call, uint64_t session, struct object *const objects[], size_t count,
		CK_OBJECT_HANDLE handles[])
{
	struct object *durable[2] = {NULL, NULL};
	uint64_t given[2] = {0, 0};
	size_t durable_count = 0;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < count; i++)
		handles[i] = 0;
	for (size_t i = 0; rv == CKR_OK && i < count; i++) {
		if (object_is_token(objects[i]))
			durable[durable_count++] = objects[i];
		else
			rv = call_keep_session(call, session, objects[i], &handles[i]);
	}
	if (rv == CKR_OK && durable_count)
		rv = token_insert(call->token, durable, durable_count, &call->once, given);
	durable_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (rv == CKR_OK && object_is_token(objects[i]))
			handles[i] = given[durable_count++];
		else if (rv != CKR_OK && handles[i])
			call_drop_session(call, handles[i]);
	}
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects: made, copied, read, changed and destroyed. A token object's change is a compare-and-swap in
 * the store, a session object's one in its context's map. Inside the enclave.
 */
#include "config.h"

#include "service/cmd_evidence.h"
#include "service/cmd_object.h"

/* How often a change is tried again because somebody else changed the same object. */
#define OBJECT_RETRIES 64

CK_RV cmd_object_create(struct call *call)
{
	static const uint8_t public[1] = {0};
	const struct create_request *request = &call->request->create_request;
	struct object_policy policy = call_policy(call);
	struct attributes template = request->template;
	bool nonce = cmd_evidence_is_nonce(&template);
	struct attribute_set *set = NULL;
	struct object *object = NULL;
	CK_OBJECT_HANDLE handle = 0;
	CK_RV rv = CKR_OK;

	if (nonce && !attributes_find(&template, CKA_PRIVATE) &&
	    !attributes_add(&template, CKA_PRIVATE, (struct span){public, sizeof(public)}))
		return CKR_TEMPLATE_INCONSISTENT;
	rv = object_begin(OBJECT_CREATED, &policy, NULL, NULL, CK_UNAVAILABLE_INFORMATION, &template,
			  &set);
	if (rv == CKR_OK)
		rv = object_finish(OBJECT_CREATED, NULL, NULL, &set, &object);
	if (rv == CKR_OK && nonce) {
		struct span value = attribute_set_get(object_attributes(object), CKA_VALUE);

		if (object_is_private(object))
			rv = CKR_TEMPLATE_INCONSISTENT;
		else if (!value.size || value.size > KEYCLAVE_NONCE_MAX)
			rv = CKR_ATTRIBUTE_VALUE_INVALID;
	}
	if (rv == CKR_OK)
		rv = call_keep(call, request->session, &object, 1, &handle);
	if (rv == CKR_OK && nonce)
		cmd_evidence_set_nonce(call, object, handle);
	call->response->handle_response.handle = handle;
	attribute_set_free(&set);
	object_free(&object);
	return rv;
}

CK_RV cmd_object_copy(struct call *call)
{
	const struct copy_request *request = &call->request->copy_request;
	struct object_policy policy = call_policy(call);
	struct object *object = NULL;
	struct object *copy = NULL;
	CK_OBJECT_HANDLE handle = 0;
	CK_RV rv = CKR_ACTION_PROHIBITED;

	/* What the token makes up is CKA_COPYABLE false. */
	if (request->handle & HANDLE_EVIDENCE_BIT)
		return rv;
	rv = call_object(call, request->handle, &object);
	if (rv == CKR_OK)
		rv = object_copy(object, &policy, &request->template, &copy);
	if (rv == CKR_OK)
		rv = call_keep(call, request->session, &copy, 1, &handle);
	call->response->handle_response.handle = handle;
	object_free(&copy);
	object_free(&object);
	return rv;
}

/* RV: why it is not to be had. */
static CK_RV object_discard(struct call *call, CK_OBJECT_HANDLE handle, CK_RV rv)
{
	CK_RV discarded = token_discard(call->token, handle, &call->once);

	/* Private and not for this user, or nothing at all. */
	if (discarded == CKR_ACTION_PROHIBITED || discarded == CKR_OBJECT_HANDLE_INVALID)
		return rv;
	return discarded;
}

CK_RV cmd_object_destroy(struct call *call)
{
	CK_OBJECT_HANDLE handle = call->request->object_request.handle;
	struct object *object = NULL;
	CK_RV rv = CKR_ACTION_PROHIBITED;

	if (handle & HANDLE_EVIDENCE_BIT)
		return rv;
	rv = call_object(call, handle, &object);
	/*
	 * A refused record: whether it was private is not known any more, so that one of those who may see what is
	 * has to say that it shall go.
	 */
	if (!(handle & HANDLE_SESSION_BIT) && (rv == CKR_DEVICE_ERROR || rv == CKR_OBJECT_HANDLE_INVALID) &&
	    call->user != ATTACHMENT_NOBODY)
		return object_discard(call, handle, rv);
	if (rv != CKR_OK)
		return rv;
	if (!(handle & HANDLE_SESSION_BIT)) {
		rv = token_remove(call->token, handle, &call->once);
	} else if (!attribute_set_bool(object_attributes(object), CKA_DESTROYABLE, true)) {
		rv = CKR_ACTION_PROHIBITED;
	} else {
		pthread_mutex_lock(&call->context->lock);
		if (!session_objects_remove(call->service, &call->context->objects, call->slot, handle))
			rv = CKR_OBJECT_HANDLE_INVALID;
		pthread_mutex_unlock(&call->context->lock);
	}
	if (rv == CKR_OK)
		cmd_evidence_forget_nonce(call, handle);
	object_free(&object);
	return rv;
}

/* Puts CHANGED in the place of FROM. CKR_KEYCLAVE_CONFLICT: that is not what is there any more. */
static CK_RV object_replace(struct call *call, CK_OBJECT_HANDLE handle, const struct object *from,
			    struct object *changed)
{
	struct session_object *item = NULL;
	struct object *old = NULL;
	CK_RV rv = CKR_OK;

	if (!(handle & HANDLE_SESSION_BIT))
		return token_replace(call->token, handle, from, changed, &call->once);
	pthread_mutex_lock(&call->context->lock);
	item = session_objects_find(&call->context->objects, call->slot, handle);
	if (!item) {
		rv = CKR_OBJECT_HANDLE_INVALID;
	} else if (item->object != from) {
		rv = CKR_KEYCLAVE_CONFLICT;
	} else {
		old = item->object;
		item->object = object_retain(changed);
	}
	pthread_mutex_unlock(&call->context->lock);
	object_free(&old);
	return rv;
}

CK_RV cmd_object_set(struct call *call)
{
	const struct set_request *request = &call->request->set_request;
	struct object_policy policy = call_policy(call);
	CK_RV rv = CKR_ACTION_PROHIBITED;

	if (request->handle & HANDLE_EVIDENCE_BIT)
		return rv;
	for (int i = 0; i < OBJECT_RETRIES; i++) {
		struct object *object = NULL;
		struct object *changed = NULL;

		rv = call_object(call, request->handle, &object);
		if (rv == CKR_OK)
			rv = object_change(object, &policy, &request->template, &changed);
		if (rv == CKR_OK)
			rv = object_replace(call, request->handle, object, changed);
		object_free(&changed);
		object_free(&object);
		if (rv != CKR_KEYCLAVE_CONFLICT)
			return rv;
	}
	return CKR_DEVICE_ERROR;
}

CK_RV cmd_object_size(struct call *call)
{
	const struct object_request *request = &call->request->object_request;
	struct object *object = NULL;
	CK_RV rv = CKR_OK;

	/* Its evidence is made when it is asked for: there is no size before. */
	if (call_handle_is_made_up(request->handle)) {
		struct span class = {0};

		rv = cmd_evidence_get(call, request->handle, CKA_CLASS, (struct span){0}, &class);
		call->response->size_response.size = CK_UNAVAILABLE_INFORMATION;
		return rv;
	}
	rv = call_object(call, request->handle, &object);
	if (rv == CKR_OK)
		call->response->size_response.size = object_size(object);
	object_free(&object);
	return rv;
}

/* One attribute of a stored object. */
static CK_RV object_get_one(struct call *call, const struct object *object, CK_ATTRIBUTE_TYPE type,
			    struct span *value)
{
	const struct get_request *request = &call->request->get_request;
	CK_RV rv = CKR_OK;

	if (type != CKA_KEYCLAVE_EVIDENCE)
		return object_get(object, type, value);
	rv = cmd_evidence_make(call, request->handle, object, request->nonce, call->data);
	*value = buffer_span(call->data);
	return rv;
}

CK_RV cmd_object_get(struct call *call)
{
	const struct get_request *request = &call->request->get_request;
	struct get_response *response = &call->response->get_response;
	bool made_up = call_handle_is_made_up(request->handle);
	struct object *object = NULL;
	CK_RV rv = CKR_OK;

	response->verdict = CKR_OK;
	if (!made_up)
		rv = call_hold(call, request->handle, &object);
	for (size_t i = 0; rv == CKR_OK && i < request->types.count; i++) {
		CK_ATTRIBUTE_TYPE type = request->types.item[i];
		struct span value = {0};
		CK_RV one = made_up ? cmd_evidence_get(call, request->handle, type, request->nonce,
						       &value) :
				      object_get_one(call, object, type, &value);

		if (one == CKR_ATTRIBUTE_SENSITIVE || one == CKR_ATTRIBUTE_TYPE_INVALID) {
			/* The first of them is the verdict on all (PKCS#11 v3.1 section 5.7.5). */
			if (response->verdict == CKR_OK)
				response->verdict = one;
			value = (struct span){0};
		} else if (one != CKR_OK) {
			rv = one;
		}
		if (rv == CKR_OK && !attributes_add(&response->attributes, type, value))
			rv = CKR_TEMPLATE_INCONSISTENT;
	}
	return rv;
}

static void object_mechanisms(const struct attribute_set *set, struct numbers *mechanisms)
{
	struct span list = attribute_set_get(set, CKA_ALLOWED_MECHANISMS);

	for (size_t i = 0; i + 8 <= list.size && mechanisms->count < PROTOCOL_NUMBERS_MAX; i += 8)
		mechanisms->item[mechanisms->count++] = attribute_get_ulong(list.data + i);
}

CK_RV cmd_object_describe(struct call *call)
{
	struct describe_response *response = &call->response->describe_response;
	const struct attribute_set *set = NULL;
	struct object *object = NULL;
	struct key *key = NULL;
	CK_RV rv = call_hold(call, call->request->object_request.handle, &object);

	if (rv == CKR_OK)
		rv = object_key(object, &key);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = CKR_KEY_HANDLE_INVALID;
	if (rv != CKR_OK)
		return rv;
	set = object_attributes(object);
	response->class = object_class(object);
	response->key_type = key_type(key);
	response->bits = key_bits(key);
	response->usage = object_usage(object);
	response->always_authenticate = attribute_set_bool(set, CKA_ALWAYS_AUTHENTICATE, false);
	response->is_token = object_is_token(object);
	response->is_private = object_is_private(object);
	response->version = object_version(object);
	object_mechanisms(set, &response->mechanisms);
	response->public_info = attribute_set_get(set, CKA_PUBLIC_KEY_INFO);
	response->ec_params = attribute_set_get(set, CKA_EC_PARAMS);
	response->id = attribute_set_get(set, CKA_ID);
	response->label = attribute_set_get(set, CKA_LABEL);
	key_free(&key);
	return CKR_OK;
}

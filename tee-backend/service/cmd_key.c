/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making keys, and moving them where policy allows it. An object is made in two halves around the work of
 * crypto/: what the template may ask for, then what the token says of the result. Inside the enclave.
 */
#include "config.h"

#include "crypto/operate.h"
#include "mechanism/keyclave.h"
#include "service/cmd_key.h"

static CK_RV key_keep(struct call *call, uint64_t session, struct object **object)
{
	CK_OBJECT_HANDLE handle = 0;
	CK_RV rv = call_keep(call, session, object, 1, &handle);

	call->response->handle_response.handle = handle;
	object_free(object);
	return rv;
}

CK_RV cmd_key_generate(struct call *call)
{
	const struct generate_request *request = &call->request->generate_request;
	const struct mechanism_row *row = request->mechanism.row;
	struct object_policy policy = call_policy(call);
	struct attribute_set *set = NULL;
	struct object *object = NULL;
	CK_RV rv = CKR_MECHANISM_INVALID;

	if (!(row->flags & CKF_GENERATE))
		return rv;
	rv = object_begin(OBJECT_GENERATED, &policy, row, NULL, CKO_SECRET_KEY, &request->template,
			  &set);
	if (rv == CKR_OK)
		rv = key_generate(&request->mechanism, set);
	if (rv == CKR_OK)
		rv = object_finish(OBJECT_GENERATED, row, NULL, &set, &object);
	if (rv == CKR_OK)
		rv = key_keep(call, request->session, &object);
	attribute_set_free(&set);
	return rv;
}

CK_RV cmd_key_generate_pair(struct call *call)
{
	const struct generate_pair_request *request = &call->request->generate_pair_request;
	const struct mechanism_row *row = request->mechanism.row;
	struct object_policy policy = call_policy(call);
	struct attribute_set *public_set = NULL;
	struct attribute_set *private_set = NULL;
	struct object *pair[2] = {NULL, NULL};
	CK_OBJECT_HANDLE handles[2] = {0, 0};
	CK_RV rv = CKR_MECHANISM_INVALID;

	if (!(row->flags & CKF_GENERATE_KEY_PAIR))
		return rv;
	rv = object_begin(OBJECT_GENERATED, &policy, row, NULL, CKO_PUBLIC_KEY,
			  &request->public_template, &public_set);
	if (rv == CKR_OK)
		rv = object_begin(OBJECT_GENERATED, &policy, row, NULL, CKO_PRIVATE_KEY,
				  &request->private_template, &private_set);
	if (rv == CKR_OK)
		rv = key_generate_pair(&request->mechanism, public_set, private_set);
	if (rv == CKR_OK)
		rv = object_finish(OBJECT_GENERATED, row, NULL, &public_set, &pair[0]);
	if (rv == CKR_OK)
		rv = object_finish(OBJECT_GENERATED, row, NULL, &private_set, &pair[1]);
	if (rv == CKR_OK)
		rv = call_keep(call, request->session, pair, 2, handles);
	call->response->generate_pair_response.public_key = handles[0];
	call->response->generate_pair_response.private_key = handles[1];
	attribute_set_free(&public_set);
	attribute_set_free(&private_set);
	object_free(&pair[0]);
	object_free(&pair[1]);
	return rv;
}

/* The target's errors are those of the key to be wrapped, not of the wrapping key. */
static CK_RV key_wrap_target(struct call *call, uint64_t handle, const struct object *wrapping,
			     struct key **target)
{
	struct object *object = NULL;
	CK_RV rv = call_object(call, handle, &object);

	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = CKR_KEY_HANDLE_INVALID;
	if (rv == CKR_OK && !(attribute_class_bit(object_class(object)) & CLASS_KEY))
		rv = CKR_KEY_HANDLE_INVALID;
	if (rv == CKR_OK)
		rv = object_may_wrap(wrapping, object);
	if (rv == CKR_OK)
		rv = object_key(object, target);
	object_free(&object);
	return rv;
}

static CK_RV key_wrapping_error(CK_RV rv)
{
	switch (rv) {
	case CKR_KEY_TYPE_INCONSISTENT:
		return CKR_WRAPPING_KEY_TYPE_INCONSISTENT;
	case CKR_KEY_SIZE_RANGE:
		return CKR_WRAPPING_KEY_SIZE_RANGE;
	default:
		return rv;
	}
}

CK_RV cmd_key_wrap(struct call *call)
{
	const struct wrap_request *request = &call->request->wrap_request;
	struct wrap_response *response = &call->response->wrap_response;
	struct object *wrapping = NULL;
	struct key *wrapping_key = NULL;
	struct key *target = NULL;
	CK_RV rv = call_object(call, request->wrapping_key, &wrapping);

	if (rv == CKR_OK)
		rv = key_wrapping_error(object_permits(wrapping, &request->mechanism, CKF_WRAP));
	if (rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_HANDLE_INVALID)
		rv = CKR_WRAPPING_KEY_HANDLE_INVALID;
	if (rv == CKR_OK)
		rv = object_key(wrapping, &wrapping_key);
	if (rv == CKR_OK)
		rv = key_wrap_target(call, request->key, wrapping, &target);
	/* A length is no use of the key: it spends no grant (DESIGN section 7, rule 4). */
	if (rv == CKR_OK && !request->length_only)
		rv = call_grant(call, request->wrapping_key, wrapping, CKF_WRAP, request->grant);
	if (rv == CKR_OK)
		rv = operate_wrap(wrapping_key, &request->mechanism, target, call->data);
	if (rv == CKR_OK) {
		response->size = call->data->size;
		if (!request->length_only)
			response->data = buffer_span(call->data);
	}
	key_free(&target);
	key_free(&wrapping_key);
	object_free(&wrapping);
	return rv;
}

static CK_RV key_unwrapping_error(CK_RV rv)
{
	switch (rv) {
	case CKR_KEY_TYPE_INCONSISTENT:
		return CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT;
	case CKR_KEY_SIZE_RANGE:
		return CKR_UNWRAPPING_KEY_SIZE_RANGE;
	default:
		return rv;
	}
}

CK_RV cmd_key_unwrap(struct call *call)
{
	const struct unwrap_request *request = &call->request->unwrap_request;
	const struct mechanism_row *row = request->mechanism.row;
	struct object_policy policy = call_policy(call);
	struct buffer encoded = {.secret = true};
	struct attribute_set *set = NULL;
	struct object *unwrapping = NULL;
	struct object *object = NULL;
	struct key *key = NULL;
	CK_RV rv = key_unwrapping_error(call_key(call, request->unwrapping_key, &request->mechanism,
						 CKF_UNWRAP, request->grant,
						 CKR_UNWRAPPING_KEY_HANDLE_INVALID, &unwrapping, &key));

	if (rv == CKR_OK)
		rv = object_begin(OBJECT_UNWRAPPED, &policy, row, unwrapping, CK_UNAVAILABLE_INFORMATION,
				  &request->template, &set);
	if (rv == CKR_OK)
		rv = operate_unwrap(key, &request->mechanism, request->wrapped, &encoded);
	if (rv == CKR_OK)
		rv = key_decode(buffer_span(&encoded), set);
	if (rv == CKR_OK)
		rv = object_finish(OBJECT_UNWRAPPED, row, unwrapping, &set, &object);
	if (rv == CKR_OK)
		rv = key_keep(call, request->session, &object);
	buffer_free(&encoded);
	attribute_set_free(&set);
	key_free(&key);
	object_free(&unwrapping);
	return rv;
}

/* The new key's length: as the template says, else the type's own if it has one, else the mechanism's. */
static size_t key_derived_size(const struct attribute_set *set)
{
	CK_ULONG size = attribute_set_ulong(set, CKA_VALUE_LEN, 0);

	return size == CK_UNAVAILABLE_INFORMATION ? 0 : size;
}

/* The root for derivation has inputs of its own beside the caller's. */
static CK_RV key_derive_value(struct call *call, uint64_t handle, const struct key *key, const struct mechanism *m,
			      size_t size, bool bind, struct buffer *value)
{
	if (handle == HANDLE_ROOT)
		return token_derive(call->token, m, size, bind, value);
	return bind ? CKR_TEMPLATE_INCONSISTENT : operate_derive(key, m, size, value);
}

CK_RV cmd_key_derive(struct call *call)
{
	const struct derive_request *request = &call->request->derive_request;
	const struct mechanism_row *row = request->mechanism.row;
	struct object_policy policy = call_policy(call);
	struct buffer value = {.secret = true};
	struct attribute_set *set = NULL;
	struct object *base = NULL;
	struct object *object = NULL;
	struct key *key = NULL;
	CK_RV rv = call_key(call, request->base_key, &request->mechanism, CKF_DERIVE, request->grant,
			    CKR_KEY_HANDLE_INVALID, &base, &key);

	if (rv == CKR_OK)
		rv = object_begin(OBJECT_DERIVED, &policy, row, base, CKO_SECRET_KEY, &request->template,
				  &set);
	if (rv == CKR_OK)
		rv = key_derive_value(call, request->base_key, key, &request->mechanism, key_derived_size(set),
				      attribute_set_bool(set, CKA_KEYCLAVE_BIND_MEASUREMENT, false), &value);
	if (rv == CKR_OK) {
		rv = key_decode(buffer_span(&value), set);
		/* There is no wrapped key here: the length does not suit the type. */
		if (rv == CKR_WRAPPED_KEY_INVALID)
			rv = CKR_KEY_SIZE_RANGE;
	}
	if (rv == CKR_OK)
		rv = object_finish(OBJECT_DERIVED, row, base, &set, &object);
	if (rv == CKR_OK)
		rv = key_keep(call, request->session, &object);
	buffer_free(&value);
	attribute_set_free(&set);
	key_free(&key);
	object_free(&base);
	return rv;
}

/*
 * The rule for a shared secret that leaves the enclave is the one for a derived key whose value may be
 * read: such a key is begun, by the same code, and thrown away.
 */
static CK_RV key_agree_allowed(struct call *call, const struct object *base,
			       const struct mechanism_row *row)
{
	static const uint8_t no[1] = {0};
	static const uint8_t yes[1] = {1};
	struct object_policy policy = call_policy(call);
	struct attributes template = {.count = 0};
	struct attribute_set *set = NULL;
	uint8_t type[8];
	bool ok = false;
	CK_RV rv = CKR_OK;

	attribute_put_ulong(type, CKK_GENERIC_SECRET);
	ok = attributes_add(&template, CKA_KEY_TYPE, (struct span){type, sizeof(type)}) &&
	     attributes_add(&template, CKA_TOKEN, (struct span){no, sizeof(no)}) &&
	     attributes_add(&template, CKA_PRIVATE, (struct span){no, sizeof(no)}) &&
	     attributes_add(&template, CKA_SENSITIVE, (struct span){no, sizeof(no)}) &&
	     attributes_add(&template, CKA_EXTRACTABLE, (struct span){yes, sizeof(yes)});
	if (!ok)
		return CKR_DEVICE_MEMORY;
	rv = object_begin(OBJECT_DERIVED, &policy, row, base, CKO_SECRET_KEY, &template, &set);
	/* CKA_DERIVE_TEMPLATE may have had the last word. */
	if (rv == CKR_OK && (attribute_set_bool(set, CKA_SENSITIVE, true) ||
			     !attribute_set_bool(set, CKA_EXTRACTABLE, false)))
		rv = CKR_ACTION_PROHIBITED;
	attribute_set_free(&set);
	return rv == CKR_OK || rv == CKR_DEVICE_MEMORY ? rv : CKR_ACTION_PROHIBITED;
}

CK_RV cmd_key_agree(struct call *call)
{
	const struct agree_request *request = &call->request->agree_request;
	struct operate_response *response = &call->response->operate_response;
	struct object *base = NULL;
	struct key *key = NULL;
	CK_RV rv = CKR_ARGUMENTS_BAD;

	if (request->size > PROTOCOL_CHUNK_MAX)
		return rv;
	rv = call_key(call, request->key, &request->mechanism, CKF_DERIVE, request->grant,
		      CKR_KEY_HANDLE_INVALID, &base, &key);
	if (rv == CKR_OK)
		rv = key_agree_allowed(call, base, request->mechanism.row);
	if (rv == CKR_OK)
		rv = key_derive_value(call, request->key, key, &request->mechanism, request->size, false,
				      call->data);
	if (rv == CKR_OK) {
		response->data = buffer_span(call->data);
		response->version = object_version(base);
	}
	key_free(&key);
	object_free(&base);
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that come out of a KMS straight into the token. Whoever may import is not who may read: the KMS gave the key to this
 * enclave's code, and the caller never gets it in the clear, whatever the token's policy allows for keys of his own.
 */
#include "config.h"

#include "crypto/private_key.h"
#include "mechanism/keyclave.h"
#include "service/cmd_kms.h"

/* Nothing in a template may ask for the key in the clear. */
static bool stays_in(const struct attributes *template)
{
	bool value = false;

	return (!attributes_find(template, CKA_EXTRACTABLE) ||
		(attributes_bool(template, CKA_EXTRACTABLE, &value) && !value)) &&
	       (!attributes_find(template, CKA_SENSITIVE) || (attributes_bool(template, CKA_SENSITIVE, &value) && value));
}

static CK_RV check_request(const struct import_kms_request *request)
{
	const struct attribute *label = attributes_find(&request->template, CKA_LABEL);

	if (!label)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!label->value.size || label->value.size > 255 || !span_is_utf8(label->value))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!span_is_utf8(request->kms_key) || (request->sealed.size > 0) != (request->iv.size > 0) ||
	    (request->unbound && request->sealed.size))
		return CKR_ARGUMENTS_BAD;
	return stays_in(&request->template) ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

/* What the KMS gives to this enclave, into PLAIN. */
static CK_RV unwrap(struct call *call, const struct import_kms_request *request, struct buffer *plain)
{
	struct kms *kms = token_store_kms(call->service->tokens);
	struct token_facts facts = {.flags = 0};
	struct kms_binding binding = {
		.key = request->kms_key,
		.label = attributes_find(&request->template, CKA_LABEL)->value,
		.version = request->version,
		.unbound = request->unbound,
	};
	CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;

	token_facts(call->token, &facts);
	binding.serial = span_text(facts.serial);
	if (kms && request->sealed.size)
		rv = kms_unwrap_envelope(kms, &binding, request->ciphertext, request->iv, request->sealed, plain);
	else if (kms)
		rv = kms_unwrap(kms, &binding, request->ciphertext, plain);
	return rv == CKR_DATA_INVALID ? CKR_WRAPPED_KEY_INVALID : rv;
}

/*
 * A secret key is the bytes themselves, when the template says so; a private key says itself of which type it is. ENCODED
 * is what key_decode takes, TEMPLATE is completed; NUMBERS is what it borrows.
 */
static CK_RV recognise(struct attributes *template, struct buffer *plain, struct buffer *encoded, uint8_t numbers[16])
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = 0, asked = 0;
	CK_RV rv = CKR_OK;

	if (attributes_find(template, CKA_CLASS) && !attributes_ulong(template, CKA_CLASS, &class))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (class == CKO_SECRET_KEY)
		return buffer_set(encoded, plain->data, plain->size) ? CKR_OK : CKR_DEVICE_MEMORY;
	if (class != CKO_PRIVATE_KEY)
		return CKR_TEMPLATE_INCONSISTENT;
	rv = private_key_read(buffer_span(plain), encoded, &type);
	if (rv != CKR_OK)
		return rv;
	if (attributes_find(template, CKA_KEY_TYPE) &&
	    (!attributes_ulong(template, CKA_KEY_TYPE, &asked) || asked != type))
		return CKR_TEMPLATE_INCONSISTENT;
	attribute_put_ulong(numbers, class);
	attribute_put_ulong(numbers + 8, type);
	if ((!attributes_find(template, CKA_CLASS) && !attributes_add(template, CKA_CLASS, (struct span){numbers, 8})) ||
	    (!attributes_find(template, CKA_KEY_TYPE) &&
	     !attributes_add(template, CKA_KEY_TYPE, (struct span){numbers + 8, 8})))
		return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

CK_RV cmd_kms_import(struct call *call)
{
	const struct import_kms_request *request = &call->request->import_kms_request;
	struct object_policy policy = call_policy(call);
	struct buffer plain = {.secret = true}, encoded = {.secret = true};
	struct attributes template = request->template;
	struct attribute_set *set = NULL;
	struct object *object = NULL;
	CK_OBJECT_HANDLE handle = 0;
	uint8_t numbers[16];
	CK_RV rv = check_request(request);

	if (rv == CKR_OK)
		rv = unwrap(call, request, &plain);
	if (rv == CKR_OK)
		rv = recognise(&template, &plain, &encoded, numbers);
	if (rv == CKR_OK)
		rv = object_begin(OBJECT_KMS_UNWRAPPED, &policy, NULL, NULL, CK_UNAVAILABLE_INFORMATION, &template, &set);
	if (rv == CKR_OK)
		rv = key_decode(buffer_span(&encoded), set);
	if (rv == CKR_OK)
		rv = object_finish(OBJECT_KMS_UNWRAPPED, NULL, NULL, &set, &object);
	if (rv == CKR_OK)
		rv = call_keep(call, request->session, &object, 1, &handle);
	call->response->handle_response.handle = handle;
	object_free(&object);
	attribute_set_free(&set);
	buffer_free(&encoded);
	buffer_free(&plain);
	return rv;
}

CK_RV cmd_kms_rotate(struct call *call)
{
	if (!call_owns_store(call))
		return CKR_ACTION_PROHIBITED;
	return token_store_rotate(call->service->tokens);
}

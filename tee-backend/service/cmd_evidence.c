/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence and the objects that stand for it. Claims and signature are made by token_evidence; here is
 * which nonce applies, that the same question gets the same bytes, and what PKCS#11 sees of it all.
 * Inside the enclave.
 */
#include "config.h"

#include <string.h>

#include "service/cmd_evidence.h"

#define EVIDENCE_TOKEN_LABEL "token"

static const uint8_t evidence_no[1] = {0};
static const uint8_t evidence_yes[1] = {1};

/* ---- nonces ---- */

bool cmd_evidence_is_nonce(const struct attributes *template)
{
	CK_OBJECT_CLASS class = CK_UNAVAILABLE_INFORMATION;
	const struct attribute *application = attributes_find(template, CKA_APPLICATION);

	return attributes_ulong(template, CKA_CLASS, &class) && class == CKO_DATA && application &&
	       span_equal(application->value, span_text(KEYCLAVE_APPLICATION_NONCE));
}

/* The token's older nonce objects have no effect any more. */
static void evidence_remove_nonces(struct call *call, CK_OBJECT_HANDLE keep)
{
	struct attributes template = {.count = 0};
	uint64_t handles[16];
	uint8_t class[8];
	size_t count = 0;
	bool more = false;

	attribute_put_ulong(class, CKO_DATA);
	(void)attributes_add(&template, CKA_CLASS, (struct span){class, sizeof(class)});
	(void)attributes_add(&template, CKA_APPLICATION, span_text(KEYCLAVE_APPLICATION_NONCE));
	if (token_find(call->token, &template, false, 0, handles, 16, &count, &more) != CKR_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		if (handles[i] != keep)
			(void)token_remove(call->token, handles[i], NULL);
	}
}

void cmd_evidence_set_nonce(struct call *call, const struct object *object, CK_OBJECT_HANDLE handle)
{
	struct span value = attribute_set_get(object_attributes(object), CKA_VALUE);

	if (!object_is_token(object)) {
		pthread_mutex_lock(&call->context->lock);
		nonce_set(&call->context->nonces, call->slot, handle, value, service_now());
		pthread_mutex_unlock(&call->context->lock);
		return;
	}
	pthread_mutex_lock(&call->service->nonces_lock);
	nonce_set(&call->service->nonces, call->slot, handle, value, service_now());
	pthread_mutex_unlock(&call->service->nonces_lock);
	evidence_remove_nonces(call, handle);
}

void cmd_evidence_forget_nonce(struct call *call, CK_OBJECT_HANDLE handle)
{
	if (handle & HANDLE_SESSION_BIT) {
		pthread_mutex_lock(&call->context->lock);
		nonce_forget(&call->context->nonces, call->slot, handle);
		pthread_mutex_unlock(&call->context->lock);
		return;
	}
	pthread_mutex_lock(&call->service->nonces_lock);
	nonce_forget(&call->service->nonces, call->slot, handle);
	pthread_mutex_unlock(&call->service->nonces_lock);
}

static void evidence_copy_nonce(struct evidence_subject *subject, struct span nonce)
{
	subject->nonce_size = nonce.size;
	if (nonce.size)
		memcpy(subject->nonce, nonce.data, nonce.size);
}

/* The caller's own nonce, else the context's nonce object, else the token's. */
static void evidence_nonce(struct call *call, struct span nonce, struct evidence_subject *subject)
{
	const struct nonce *set = NULL;
	uint64_t now = service_now();

	if (nonce.size) {
		evidence_copy_nonce(subject, nonce);
		return;
	}
	pthread_mutex_lock(&call->context->lock);
	set = nonce_get(&call->context->nonces, call->slot, now);
	if (set)
		evidence_copy_nonce(subject, (struct span){set->bytes, set->size});
	pthread_mutex_unlock(&call->context->lock);
	if (set)
		return;
	pthread_mutex_lock(&call->service->nonces_lock);
	set = nonce_get(&call->service->nonces, call->slot, now);
	if (set)
		evidence_copy_nonce(subject, (struct span){set->bytes, set->size});
	pthread_mutex_unlock(&call->service->nonces_lock);
}

/* ---- evidence ---- */

CK_RV cmd_evidence_make(struct call *call, uint64_t handle, const struct object *object,
			struct span nonce, struct buffer *out)
{
	struct evidence_subject subject = {.slot = call->slot, .handle = handle};
	bool cached = false;
	CK_RV rv = CKR_OK;

	if (nonce.size > KEYCLAVE_NONCE_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (object) {
		subject.version = object_version(object);
	} else {
		token_facts(call->token, &call->facts);
		subject.version = call->facts.epoch;
	}
	evidence_nonce(call, nonce, &subject);
	/* Before the evidence is made: what changes meanwhile makes it stale at the next question. */
	rv = platform_state(call->service->platform, &subject.state);
	if (rv != CKR_OK)
		return rv;
	pthread_mutex_lock(&call->context->lock);
	cached = evidence_cache_get(&call->context->evidence, &subject, service_now(), out);
	pthread_mutex_unlock(&call->context->lock);
	if (cached)
		return CKR_OK;
	rv = token_evidence(call->token, object, (struct span){subject.nonce, subject.nonce_size}, out);
	if (rv != CKR_OK)
		return rv;
	pthread_mutex_lock(&call->context->lock);
	evidence_cache_put(&call->context->evidence, &subject, service_now(), buffer_span(out));
	pthread_mutex_unlock(&call->context->lock);
	return CKR_OK;
}

/*
 * The key whose evidence object this is, held until the answer is encoded. That of a private key is public
 * although the key may not be: what it says is what its public half says.
 */
static CK_RV evidence_key(struct call *call, uint64_t handle, struct object **key)
{
	CK_USER_TYPE user = call->user;
	struct object *object = NULL;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < CALL_HELD_MAX; i++)
		object_free(&call->held[i]);
	call->user = CKU_USER;
	rv = call_hold(call, handle, &object);
	call->user = user;
	if (rv != CKR_OK)
		return rv;
	switch (object_class(object)) {
	case CKO_PRIVATE_KEY:
		break;
	case CKO_SECRET_KEY:
		if (object_is_private(object) && user != CKU_USER)
			return CKR_OBJECT_HANDLE_INVALID;
		break;
	default:
		return CKR_OBJECT_HANDLE_INVALID;
	}
	*key = object;
	return CKR_OK;
}

CK_RV cmd_evidence(struct call *call)
{
	const struct evidence_request *request = &call->request->evidence_request;
	struct object *object = NULL;
	CK_RV rv = CKR_OK;

	if (request->handle)
		rv = call_hold(call, request->handle, &object);
	if (rv == CKR_OK)
		rv = cmd_evidence_make(call, request->handle, object, request->nonce, call->data);
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID)
		rv = CKR_KEY_HANDLE_INVALID;
	call->response->evidence_response.evidence = buffer_span(call->data);
	return rv;
}

/* ---- the objects ---- */

static CK_RV evidence_number(struct call *call, uint64_t number, struct span *value)
{
	attribute_put_ulong(call->number, number);
	*value = (struct span){call->number, sizeof(call->number)};
	return CKR_OK;
}

static CK_RV evidence_bool(bool is, struct span *value)
{
	*value = (struct span){is ? evidence_yes : evidence_no, 1};
	return CKR_OK;
}

static CK_RV evidence_bytes(struct call *call, uint64_t handle, const struct object *key,
			    struct span nonce, struct span *value)
{
	CK_RV rv = cmd_evidence_make(call, handle, key, nonce, call->data);

	*value = buffer_span(call->data);
	return rv;
}

/* The token's CKO_HW_FEATURE object (PKCS#11 v3.1 section 4.3). */
static CK_RV evidence_feature(struct call *call, CK_ATTRIBUTE_TYPE type, struct span nonce,
			      struct span *value)
{
	const struct platform_description *platform = platform_describe(call->service->platform);

	switch (type) {
	case CKA_CLASS:
		*value = (struct span){call->class, sizeof(call->class)};
		attribute_put_ulong(call->class, CKO_HW_FEATURE);
		return CKR_OK;
	case CKA_HW_FEATURE_TYPE:
		return evidence_number(call, CKH_KEYCLAVE_TOKEN, value);
	case CKA_KEYCLAVE_EVIDENCE:
		return evidence_bytes(call, 0, NULL, nonce, value);
	case CKA_KEYCLAVE_PLATFORM:
		*value = span_text(platform->name);
		return CKR_OK;
	case CKA_KEYCLAVE_ROLLBACK:
		*value = span_text(platform->rollback);
		return CKR_OK;
	case CKA_KEYCLAVE_TOKEN_IDENTITY:
		token_facts(call->token, &call->facts);
		*value = (struct span){call->facts.identity, call->facts.identity_size};
		return CKR_OK;
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

/* The evidence object of a key, or of the token when KEY is NULL. */
static CK_RV evidence_data(struct call *call, uint64_t handle, const struct object *key,
			   CK_ATTRIBUTE_TYPE type, struct span nonce, struct span *value)
{
	switch (type) {
	case CKA_CLASS:
		*value = (struct span){call->class, sizeof(call->class)};
		attribute_put_ulong(call->class, CKO_DATA);
		return CKR_OK;
	case CKA_TOKEN:
		return evidence_bool(!key || object_is_token(key), value);
	case CKA_PRIVATE:
	case CKA_MODIFIABLE:
	case CKA_COPYABLE:
	case CKA_DESTROYABLE:
		return evidence_bool(false, value);
	case CKA_APPLICATION:
		*value = span_text(KEYCLAVE_APPLICATION_EVIDENCE);
		return CKR_OK;
	case CKA_LABEL:
		*value = key ? attribute_set_get(object_attributes(key), CKA_LABEL) :
			       span_text(EVIDENCE_TOKEN_LABEL);
		if (!value->data)
			*value = span_text("");
		return CKR_OK;
	case CKA_OBJECT_ID:
		*value = span_text("");
		return CKR_OK;
	case CKA_VALUE:
		return evidence_bytes(call, handle, key, nonce, value);
	default:
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

CK_RV cmd_evidence_get(struct call *call, uint64_t handle, CK_ATTRIBUTE_TYPE type, struct span nonce,
		       struct span *value)
{
	struct object *key = NULL;
	CK_RV rv = CKR_OK;

	if (!(handle & HANDLE_EVIDENCE_BIT))
		return CKR_OBJECT_HANDLE_INVALID;
	if (handle == HANDLE_HW_FEATURE)
		return evidence_feature(call, type, nonce, value);
	handle &= ~HANDLE_EVIDENCE_BIT;
	if (handle)
		rv = evidence_key(call, handle, &key);
	return rv == CKR_OK ? evidence_data(call, handle, key, type, nonce, value) : rv;
}

bool cmd_evidence_matches(struct call *call, uint64_t handle, const struct attributes *template)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct attribute *wanted = &template->item[i];
		struct span value = {0};

		if (wanted->type == CKA_VALUE || wanted->type == CKA_KEYCLAVE_EVIDENCE ||
		    cmd_evidence_get(call, handle, wanted->type, (struct span){0}, &value) != CKR_OK ||
		    !span_equal(value, wanted->value))
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects and their attributes (PKCS#11 v3.1 section 5.7). Templates are decoded wholly and checked by
 * the attribute table before anything is sent; values come back in portable form.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "mechanism/keyclave.h"
#include "mechanism/native.h"
#include "pkcs11/session.h"

/* The handle's number says where the object lives (DESIGN section 7, rule 13). */
static bool handle_is_token(CK_OBJECT_HANDLE handle)
{
	return (handle & HANDLE_SESSION_BIT) == 0;
}

static bool template_token(const struct attributes *template, bool otherwise)
{
	bool value = otherwise;

	(void)attributes_bool(template, CKA_TOKEN, &value);
	return value;
}

MODULE_EXPORT CK_RV C_CreateObject(CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate,
				   CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phObject)
{
	struct native_arena arena = {0};
	struct create_request request = {0};
	struct client_answer answer = {0};
	struct session *s = NULL;
	bool token = false;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!pTemplate || !phObject) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	rv = native_template(pTemplate, ulCount, &request.template, &arena);
	if (rv != CKR_OK)
		goto out;
	token = template_token(&request.template, false);
	rv = session_may_write(s, token);
	if (rv != CKR_OK)
		goto out;
	request.slot = s->slot;
	request.session = s->number;
	rv = client_call(s->client, REQUEST_CREATE, &request, &answer);
	if (rv != CKR_OK)
		goto out;
	*phObject = answer.message.handle_response.handle;
	s->made_objects = s->made_objects || !token;
out:
	client_done(&answer);
	native_arena_free(&arena);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_CopyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
				 CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount,
				 CK_OBJECT_HANDLE_PTR phNewObject)
{
	struct native_arena arena = {0};
	struct copy_request request = {0};
	struct client_answer answer = {0};
	struct session *s = NULL;
	bool token = false;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if ((!pTemplate && ulCount) || !phNewObject) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	rv = native_template(pTemplate, ulCount, &request.template, &arena);
	if (rv != CKR_OK)
		goto out;
	token = template_token(&request.template, handle_is_token(hObject));
	rv = session_may_write(s, token);
	if (rv != CKR_OK)
		goto out;
	request.slot = s->slot;
	request.session = s->number;
	request.handle = hObject;
	rv = client_call(s->client, REQUEST_COPY, &request, &answer);
	if (rv != CKR_OK)
		goto out;
	*phNewObject = answer.message.handle_response.handle;
	s->made_objects = s->made_objects || !token;
out:
	client_done(&answer);
	native_arena_free(&arena);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_DestroyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject)
{
	struct object_request request = {0};
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = session_may_write(s, handle_is_token(hObject));
	if (rv == CKR_OK) {
		request.slot = s->slot;
		request.handle = hObject;
		rv = client_tell(s->client, REQUEST_DESTROY, &request);
		descriptor_drop(s->client, s->slot, hObject);
	}
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_GetObjectSize(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
				    CK_ULONG_PTR pulSize)
{
	struct object_request request = {0};
	struct client_answer answer = {0};
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!pulSize) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	request.slot = s->slot;
	request.handle = hObject;
	rv = client_call(s->client, REQUEST_SIZE, &request, &answer);
	if (rv == CKR_OK)
		*pulSize = answer.message.size_response.size;
out:
	client_done(&answer);
	session_leave(s);
	return rv;
}

/*
 * Fills one entry. The call's result is one of the errors of its entries, in the order of weight that callers
 * expect: too small a buffer is found out by asking again, so the other two come first.
 */
static CK_RV answer_one(const struct get_response *got, size_t index, CK_ATTRIBUTE *entry)
{
	const struct attribute *attribute = &got->attributes.item[index];
	const struct attribute_row *row = attribute_any(entry->type);

	if (row && attribute->value.data)
		return native_from_portable(row, attribute->value, entry);
	entry->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	/* The enclave's verdict speaks of all entries; what the table does not know is the other kind. */
	return row ? got->verdict : CKR_ATTRIBUTE_TYPE_INVALID;
}

static CK_RV get_batch(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template, size_t count)
{
	struct get_request request = {.slot = s->slot, .handle = object};
	struct client_answer answer = {0};
	CK_RV rv = CKR_OK, result = CKR_OK;

	for (size_t i = 0; i < count; i++)
		request.types.item[request.types.count++] = template[i].type;
	if (s->nonce_object == object)
		request.nonce = (struct span){s->nonce, s->nonce_size};
	rv = client_call(s->client, REQUEST_GET, &request, &answer);
	if (rv != CKR_OK)
		return rv;
	if (answer.message.get_response.attributes.count != count) {
		client_done(&answer);
		return CKR_DEVICE_ERROR;
	}
	for (size_t i = 0; i < count; i++) {
		rv = answer_one(&answer.message.get_response, i, &template[i]);
		if (rv != CKR_OK && (result == CKR_OK || result == CKR_BUFFER_TOO_SMALL))
			result = rv;
	}
	client_done(&answer);
	return result;
}

MODULE_EXPORT CK_RV C_GetAttributeValue(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
					CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	struct session *s = NULL;
	CK_ULONG done = 0;
	CK_RV rv = session_enter(hSession, &s), result = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	if (!pTemplate && ulCount) {
		result = CKR_ARGUMENTS_BAD;
		goto out;
	}
	/* Once at least: with an empty template the handle is checked all the same. */
	do {
		CK_ULONG n = ulCount - done < ATTRIBUTES_MAX ? ulCount - done : ATTRIBUTES_MAX;

		rv = get_batch(s, hObject, pTemplate + done, n);
		if (rv != CKR_OK && (result == CKR_OK || result == CKR_BUFFER_TOO_SMALL))
			result = rv;
		if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL && rv != CKR_ATTRIBUTE_SENSITIVE &&
		    rv != CKR_ATTRIBUTE_TYPE_INVALID)
			break;
		done += n;
	} while (done < ulCount);
out:
	session_leave(s);
	return result;
}

/* CKA_KEYCLAVE_NONCE stays here: it writes nothing and needs no read/write session. */
static CK_RV set_nonce(struct session *s, CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *nonce)
{
	if (nonce->ulValueLen > sizeof(s->nonce) || (!nonce->pValue && nonce->ulValueLen))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (nonce->ulValueLen)
		memcpy(s->nonce, nonce->pValue, nonce->ulValueLen);
	s->nonce_size = nonce->ulValueLen;
	s->nonce_object = object;
	return CKR_OK;
}

MODULE_EXPORT CK_RV C_SetAttributeValue(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
					CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	struct native_arena arena = {0};
	struct set_request request = {0};
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!pTemplate && ulCount) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	if (ulCount == 1 && pTemplate[0].type == CKA_KEYCLAVE_NONCE) {
		rv = set_nonce(s, hObject, &pTemplate[0]);
		goto out;
	}
	rv = session_may_write(s, handle_is_token(hObject));
	if (rv == CKR_OK)
		rv = native_template(pTemplate, ulCount, &request.template, &arena);
	if (rv != CKR_OK)
		goto out;
	request.slot = s->slot;
	request.handle = hObject;
	rv = client_tell(s->client, REQUEST_SET, &request);
	descriptor_drop(s->client, s->slot, hObject);
out:
	native_arena_free(&arena);
	session_leave(s);
	return rv;
}

/* Appends one answer's handles to the session's results. */
static CK_RV find_take(struct session *s, const struct find_response *response)
{
	size_t count = response->handles.size / 4;
	CK_OBJECT_HANDLE *grown = NULL;

	if (count == 0)
		return CKR_OK;
	grown = realloc(s->found, (s->found_count + count) * sizeof(*grown));
	if (!grown)
		return CKR_HOST_MEMORY;
	s->found = grown;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = response->handles.data + 4 * i;

		s->found[s->found_count++] = (CK_OBJECT_HANDLE)p[0] << 24 | (CK_OBJECT_HANDLE)p[1] << 16 |
					     (CK_OBJECT_HANDLE)p[2] << 8 | p[3];
	}
	return CKR_OK;
}

static CK_RV find_all(struct session *s, struct find_request *request)
{
	bool more = true;
	CK_RV rv = CKR_OK;

	s->found_count = s->found_next = 0;
	while (more) {
		struct client_answer answer = {0};

		rv = client_call(s->client, REQUEST_FIND, request, &answer);
		if (rv != CKR_OK)
			return rv;
		rv = find_take(s, &answer.message.find_response);
		more = answer.message.find_response.more && answer.message.find_response.handles.size >= 4;
		client_done(&answer);
		if (rv != CKR_OK)
			return rv;
		if (more)
			request->after = s->found[s->found_count - 1];
	}
	return CKR_OK;
}

MODULE_EXPORT CK_RV C_FindObjectsInit(CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate,
				      CK_ULONG ulCount)
{
	struct native_arena arena = {0};
	struct find_request request = {0};
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!pTemplate && ulCount) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	if (s->finding) {
		rv = CKR_OPERATION_ACTIVE;
		goto out;
	}
	request.slot = s->slot;
	rv = native_template(pTemplate, ulCount, &request.template, &arena);
	if (rv == CKR_OK) {
		rv = find_all(s, &request);
	} else if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID ||
		   rv == CKR_TEMPLATE_INCONSISTENT) {
		/*
		 * Other vendors' attributes (NSS asks for its own), values that no attribute can have, or two
		 * for one: no object of ours has that. The first two may be errors of this call, as in few
		 * tokens; the third is none (PKCS#11 v3.0 section 5.7.7).
		 */
		s->found_count = s->found_next = 0;
		rv = CKR_OK;
	}
	s->finding = rv == CKR_OK;
out:
	native_arena_free(&arena);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_FindObjects(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE_PTR phObject,
				  CK_ULONG ulMaxObjectCount, CK_ULONG_PTR pulObjectCount)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!phObject || !pulObjectCount) {
		rv = CKR_ARGUMENTS_BAD;
	} else if (!s->finding) {
		rv = CKR_OPERATION_NOT_INITIALIZED;
	} else {
		CK_ULONG n = s->found_count - s->found_next;

		if (n > ulMaxObjectCount)
			n = ulMaxObjectCount;
		if (n)
			memcpy(phObject, s->found + s->found_next, n * sizeof(*phObject));
		s->found_next += n;
		*pulObjectCount = n;
	}
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE hSession)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!s->finding)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	s->finding = false;
	session_leave(s);
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key management (PKCS#11 v3.1 section 5.18): generate, wrap, unwrap, derive. All of it happens in the
 * enclave; here templates and mechanisms are decoded, and read-only sessions are held to their word.
 */
#include "config.h"

#include <string.h>

#include "mechanism/native.h"
#include "pkcs11/session.h"

/* The mechanism, if it serves the function that USAGE stands for. */
static CK_RV key_mechanism(const CK_MECHANISM *native, CK_FLAGS usage, struct mechanism *m)
{
	CK_RV rv = native ? mechanism_from_native(native, m) : CKR_ARGUMENTS_BAD;

	if (rv == CKR_OK && !(m->row->flags & usage))
		rv = CKR_MECHANISM_INVALID;
	return rv == CKR_OK ? mechanism_check(m) : rv;
}

/* Decodes a template of a key to be made, and says whether it will be a session object. */
static CK_RV key_template(struct session *s, const CK_ATTRIBUTE *native, CK_ULONG count,
			  struct attributes *template, struct native_arena *arena, bool *session_object)
{
	bool token = false;
	CK_RV rv = !native && count ? CKR_ARGUMENTS_BAD : native_template(native, count, template, arena);

	if (rv != CKR_OK)
		return rv;
	(void)attributes_bool(template, CKA_TOKEN, &token);
	if (!token)
		*session_object = true;
	return session_may_write(s, token);
}

/* The common end of the calls that make one key. */
static CK_RV key_made(struct session *s, enum request_id id, const void *request, bool session_object,
		      CK_OBJECT_HANDLE_PTR handle)
{
	struct client_answer answer = {0};
	CK_RV rv = client_call(s->client, id, request, &answer);

	if (rv == CKR_OK) {
		*handle = answer.message.handle_response.handle;
		s->made_objects = s->made_objects || session_object;
	}
	client_done(&answer);
	return rv;
}

MODULE_EXPORT CK_RV C_GenerateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				  CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey)
{
	struct native_arena arena = {0};
	struct generate_request request = {0};
	struct session *s = NULL;
	bool session_object = false;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = phKey ? key_mechanism(pMechanism, CKF_GENERATE, &request.mechanism) : CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = key_template(s, pTemplate, ulCount, &request.template, &arena, &session_object);
	if (rv == CKR_OK) {
		request.slot = s->slot;
		request.session = s->number;
		rv = key_made(s, REQUEST_GENERATE, &request, session_object, phKey);
	}
	native_arena_free(&arena);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				      CK_ATTRIBUTE_PTR pPublicKeyTemplate, CK_ULONG ulPublicKeyAttributeCount,
				      CK_ATTRIBUTE_PTR pPrivateKeyTemplate,
				      CK_ULONG ulPrivateKeyAttributeCount, CK_OBJECT_HANDLE_PTR phPublicKey,
				      CK_OBJECT_HANDLE_PTR phPrivateKey)
{
	struct native_arena public_arena = {0}, private_arena = {0};
	struct generate_pair_request request = {0};
	struct client_answer answer = {0};
	struct session *s = NULL;
	bool session_object = false;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!phPublicKey || !phPrivateKey)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = key_mechanism(pMechanism, CKF_GENERATE_KEY_PAIR, &request.mechanism);
	if (rv == CKR_OK)
		rv = key_template(s, pPublicKeyTemplate, ulPublicKeyAttributeCount, &request.public_template,
				  &public_arena, &session_object);
	if (rv == CKR_OK)
		rv = key_template(s, pPrivateKeyTemplate, ulPrivateKeyAttributeCount,
				  &request.private_template, &private_arena, &session_object);
	if (rv != CKR_OK)
		goto out;
	request.slot = s->slot;
	request.session = s->number;
	rv = client_call(s->client, REQUEST_GENERATE_PAIR, &request, &answer);
	if (rv == CKR_OK) {
		*phPublicKey = answer.message.generate_pair_response.public_key;
		*phPrivateKey = answer.message.generate_pair_response.private_key;
		s->made_objects = s->made_objects || session_object;
	}
out:
	client_done(&answer);
	native_arena_free(&public_arena);
	native_arena_free(&private_arena);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_WrapKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
			      CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pWrappedKey,
			      CK_ULONG_PTR pulWrappedKeyLen)
{
	struct wrap_request request = {.wrapping_key = hWrappingKey, .key = hKey};
	struct client_answer answer = {0};
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = pulWrappedKeyLen ? key_mechanism(pMechanism, CKF_WRAP, &request.mechanism) : CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		goto out;
	request.slot = s->slot;
	request.length_only = !pWrappedKey; /* rule 2: the length depends on a key that only the enclave sees */
	rv = client_call(s->client, REQUEST_WRAP, &request, &answer);
	if (rv != CKR_OK)
		goto out;
	if (pWrappedKey && *pulWrappedKeyLen < answer.message.wrap_response.size)
		rv = CKR_BUFFER_TOO_SMALL;
	else if (pWrappedKey)
		memcpy(pWrappedKey, answer.message.wrap_response.data.data, answer.message.wrap_response.data.size);
	*pulWrappedKeyLen = answer.message.wrap_response.size;
out:
	client_done(&answer);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_UnwrapKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey,
				CK_ULONG ulWrappedKeyLen, CK_ATTRIBUTE_PTR pTemplate,
				CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey)
{
	struct native_arena arena = {0};
	struct unwrap_request request = {.unwrapping_key = hUnwrappingKey};
	struct session *s = NULL;
	bool session_object = false;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = pWrappedKey && phKey ? key_mechanism(pMechanism, CKF_UNWRAP, &request.mechanism)
				  : CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = key_template(s, pTemplate, ulAttributeCount, &request.template, &arena, &session_object);
	if (rv == CKR_OK) {
		request.slot = s->slot;
		request.session = s->number;
		request.wrapped = (struct span){pWrappedKey, ulWrappedKeyLen};
		rv = key_made(s, REQUEST_UNWRAP, &request, session_object, phKey);
	}
	native_arena_free(&arena);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_DeriveKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				CK_OBJECT_HANDLE hBaseKey, CK_ATTRIBUTE_PTR pTemplate,
				CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey)
{
	struct native_arena arena = {0};
	struct derive_request request = {.base_key = hBaseKey};
	struct session *s = NULL;
	bool session_object = false;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = phKey ? key_mechanism(pMechanism, CKF_DERIVE, &request.mechanism) : CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = key_template(s, pTemplate, ulAttributeCount, &request.template, &arena, &session_object);
	if (rv == CKR_OK) {
		request.slot = s->slot;
		request.session = s->number;
		rv = key_made(s, REQUEST_DERIVE, &request, session_object, phKey);
	}
	native_arena_free(&arena);
	session_leave(s);
	return rv;
}

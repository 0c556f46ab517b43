/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing and verifying, with and without recovery (PKCS#11 v3.1 sections 5.13 and 5.15). A signature is
 * one round trip: {key, mechanism, digest or message}.
 */
#include "config.h"

#include <string.h>

#include "common/memory.h"
#include "pkcs11/session.h"
#include "pkcs11/sign.h"

#define DIGEST_INFO_MAX 32

/* What goes to the enclave once the message is complete. */
struct final_input {
	struct mechanism mechanism;
	struct span data;
	uint8_t bytes[DIGEST_INFO_MAX + HASH_SIZE_MAX];
};

/* The digest, as the raw mechanism of the row takes it: RSA PKCS #1 v1.5 wants a DigestInfo around it. */
static CK_RV finish_hash(struct operation *op, struct final_input *input)
{
	const struct mechanism_row *digest = mechanism_find(op->mechanism.row->digest);
	size_t n = 0;

	if (op->mechanism.row->scheme == SCHEME_RSA_PKCS1) {
		if (!digest || digest->digest_info_size > DIGEST_INFO_MAX)
			return CKR_MECHANISM_INVALID;
		memcpy(input->bytes, digest->digest_info, digest->digest_info_size);
		n = digest->digest_info_size;
	}
	n += hash_final(&op->hash, input->bytes + n);
	input->mechanism.row = mechanism_find(op->mechanism.row->raw);
	input->data = (struct span){input->bytes, n};
	return input->mechanism.row ? CKR_OK : CKR_MECHANISM_INVALID;
}

static CK_RV finish_input(struct operation *op, struct final_input *input)
{
	input->mechanism = op->mechanism;
	input->data = buffer_span(&op->held);
	return op->route == ROUTE_HASH ? finish_hash(op, input) : CKR_OK;
}

/* The result goes to op->result. */
static CK_RV run_operate(struct session *s, struct operation *op, enum request_id id,
			 const struct mechanism *mechanism, struct span data)
{
	struct operate_request request = {.slot = s->slot,
					  .key = op->key->handle,
					  .mechanism = *mechanism,
					  .data = data};
	struct client_answer answer = {0};
	CK_RV rv = operation_spend(op, &request.grant);

	if (rv == CKR_OK)
		rv = client_call(s->client, id, &request, &answer);
	operation_heard(s, op, rv, answer.message.operate_response.version);
	if (rv == CKR_OK) {
		const struct operate_response *response = &answer.message.operate_response;

		if (!buffer_set(&op->result, response->data.data, response->data.size))
			rv = CKR_HOST_MEMORY;
	}
	client_done(&answer);
	return rv;
}

static CK_RV finish_sign(struct session *s, struct operation *op)
{
	struct final_input input;
	CK_RV rv = CKR_OK;

	if (op->streaming)
		return operation_stream_final(s, op, (struct span){NULL, 0});
	rv = finish_input(op, &input);
	if (rv == CKR_OK)
		rv = run_operate(s, op, REQUEST_SIGN, &input.mechanism, input.data);
	memory_wipe(input.bytes, sizeof(input.bytes));
	return rv;
}

static CK_RV finish_verify(struct session *s, struct operation *op, struct span signature)
{
	struct verify_request request = {.slot = s->slot, .key = op->key->handle, .signature = signature};
	struct client_answer answer = {0};
	struct final_input input;
	CK_RV rv = CKR_OK;

	if (op->streaming)
		return operation_stream_final(s, op, signature);
	rv = finish_input(op, &input);
	if (rv != CKR_OK)
		return rv;
	request.mechanism = input.mechanism;
	request.data = input.data;
	rv = client_call(s->client, REQUEST_VERIFY, &request, &answer);
	operation_heard(s, op, rv, answer.message.verify_response.version);
	client_done(&answer);
	memory_wipe(input.bytes, sizeof(input.bytes));
	return rv;
}

/* One part of a message in op->held without a copy when nothing is held: the hot path of C_Sign. */
static CK_RV sign_whole(struct session *s, struct operation *op, struct span data)
{
	CK_RV rv = CKR_OK;

	if (op->route == ROUTE_WHOLE && data.size <= PROTOCOL_CHUNK_MAX)
		return run_operate(s, op, REQUEST_SIGN, &op->mechanism, data);
	rv = operation_absorb(s, op, data);
	return rv == CKR_OK ? finish_sign(s, op) : rv;
}

MODULE_EXPORT CK_RV C_SignInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
			       CK_OBJECT_HANDLE hKey)
{
	return operation_init_call(hSession, OPERATION_SIGN, pMechanism, hKey);
}

MODULE_EXPORT CK_RV C_Sign(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
			   CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find_whole(s, OPERATION_SIGN, (pData || !ulDataLen) && pulSignatureLen, &op);
	if (rv != CKR_OK)
		goto out;
	if (operation_answer_size(pSignature, pulSignatureLen,
				  mechanism_signature_size(&op->mechanism, op->key->bits), true, &rv))
		goto out;
	rv = sign_whole(s, op, (struct span){pData, ulDataLen});
	if (rv == CKR_OK)
		rv = operation_deliver(s, op, pSignature, pulSignatureLen, true);
	else
		operation_end(s, OPERATION_SIGN);
out:
	session_leave(s);
	return rv;
}

CK_RV sign_update(struct session *session, enum operation_kind kind, struct span part)
{
	struct operation *op = NULL;
	CK_RV rv = operation_find(session, kind, &op);

	if (rv == CKR_OK)
		rv = operation_may_update(session, op);
	if (rv != CKR_OK)
		return rv;
	op->multi = true;
	return operation_absorb(session, op, part);
}

static CK_RV update_call(CK_SESSION_HANDLE handle, enum operation_kind kind, CK_BYTE_PTR part, CK_ULONG size)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, kind, &op);
	if (rv == CKR_OK)
		rv = !part && size ? CKR_ARGUMENTS_BAD : sign_update(s, kind, (struct span){part, size});
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_SignUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	return update_call(hSession, OPERATION_SIGN, pPart, ulPartLen);
}

MODULE_EXPORT CK_RV C_SignFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature,
				CK_ULONG_PTR pulSignatureLen)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, OPERATION_SIGN, &op);
	if (rv != CKR_OK)
		goto out;
	if (!pulSignatureLen) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	rv = operation_may_update(s, op);
	if (rv != CKR_OK)
		goto out;
	if (operation_answer_size(pSignature, pulSignatureLen,
				  mechanism_signature_size(&op->mechanism, op->key->bits), true, &rv))
		goto out;
	rv = finish_sign(s, op);
	if (rv == CKR_OK)
		rv = operation_deliver(s, op, pSignature, pulSignatureLen, true);
	else
		operation_end(s, OPERATION_SIGN);
out:
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_VerifyInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				 CK_OBJECT_HANDLE hKey)
{
	return operation_init_call(hSession, OPERATION_VERIFY, pMechanism, hKey);
}

/* Whatever comes back ends the operation, except bad arguments. */
static CK_RV verify_end(struct session *s, struct operation *op, CK_BYTE_PTR signature, CK_ULONG size)
{
	CK_RV rv = CKR_SIGNATURE_LEN_RANGE;

	if (size == mechanism_signature_size(&op->mechanism, op->key->bits))
		rv = finish_verify(s, op, (struct span){signature, size});
	operation_end(s, OPERATION_VERIFY);
	return rv;
}

MODULE_EXPORT CK_RV C_Verify(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
			     CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find_whole(s, OPERATION_VERIFY, (pData || !ulDataLen) && pSignature, &op);
	if (rv != CKR_OK)
		goto out;
	rv = operation_absorb(s, op, (struct span){pData, ulDataLen});
	if (rv == CKR_OK)
		rv = verify_end(s, op, pSignature, ulSignatureLen);
out:
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_VerifyUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	return update_call(hSession, OPERATION_VERIFY, pPart, ulPartLen);
}

MODULE_EXPORT CK_RV C_VerifyFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature,
				  CK_ULONG ulSignatureLen)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, OPERATION_VERIFY, &op);
	if (rv == CKR_OK && !pSignature)
		rv = CKR_ARGUMENTS_BAD;
	else if (rv == CKR_OK)
		rv = operation_may_update(s, op);
	if (rv == CKR_OK)
		rv = verify_end(s, op, pSignature, ulSignatureLen);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_SignRecoverInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				      CK_OBJECT_HANDLE hKey)
{
	return operation_init_call(hSession, OPERATION_SIGN_RECOVER, pMechanism, hKey);
}

MODULE_EXPORT CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
					CK_OBJECT_HANDLE hKey)
{
	return operation_init_call(hSession, OPERATION_VERIFY_RECOVER, pMechanism, hKey);
}

/* Both recovering calls: one part in, one part out, of at most the modulus' size. */
static CK_RV recover_call(CK_SESSION_HANDLE handle, enum operation_kind kind, enum request_id id,
			  struct span in, CK_BYTE_PTR out, CK_ULONG_PTR out_size)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, kind, &op);
	if (rv != CKR_OK)
		goto out;
	if ((!in.data && in.size) || !out_size) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	if (op->finished) {
		rv = operation_deliver(s, op, out, out_size, true);
		goto out;
	}
	if (operation_answer_size(out, out_size, (op->key->bits + 7) / 8, kind == OPERATION_SIGN_RECOVER, &rv))
		goto out;
	rv = run_operate(s, op, id, &op->mechanism, in);
	if (rv == CKR_OK)
		rv = operation_deliver(s, op, out, out_size, true);
	else
		operation_end(s, kind);
out:
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_SignRecover(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
				  CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	return recover_call(hSession, OPERATION_SIGN_RECOVER, REQUEST_SIGN_RECOVER,
			    (struct span){pData, ulDataLen}, pSignature, pulSignatureLen);
}

MODULE_EXPORT CK_RV C_VerifyRecover(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature,
				    CK_ULONG ulSignatureLen, CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)
{
	return recover_call(hSession, OPERATION_VERIFY_RECOVER, REQUEST_VERIFY_RECOVER,
			    (struct span){pSignature, ulSignatureLen}, pData, pulDataLen);
}

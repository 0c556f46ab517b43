/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message digests (PKCS#11 v3.1 section 5.12): computed here, without the enclave, until a key goes into one.
 */
#include "config.h"

#include <string.h>

#include "pkcs11/session.h"
#include "pkcs11/sign.h"

MODULE_EXPORT CK_RV C_DigestInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism)
{
	return operation_init_call(hSession, OPERATION_DIGEST, pMechanism, CK_INVALID_HANDLE);
}

static CK_RV digest_finish(struct session *s, struct operation *op)
{
	uint8_t out[HASH_SIZE_MAX];

	if (op->streaming)
		return operation_stream_final(s, op, (struct span){NULL, 0});
	return buffer_set(&op->result, out, hash_final(&op->hash, out)) ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV digest_end(struct session *s, struct operation *op, CK_BYTE_PTR out, CK_ULONG_PTR out_size)
{
	CK_RV rv = digest_finish(s, op);

	if (rv == CKR_OK)
		return operation_deliver(s, op, out, out_size, true);
	operation_end(s, OPERATION_DIGEST);
	return rv;
}

MODULE_EXPORT CK_RV C_Digest(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
			     CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find_whole(s, OPERATION_DIGEST, (pData || !ulDataLen) && pulDigestLen, &op);
	if (rv != CKR_OK)
		goto out;
	if (operation_answer_size(pDigest, pulDigestLen, op->mechanism.row->output, true, &rv))
		goto out;
	rv = operation_absorb(s, op, (struct span){pData, ulDataLen});
	if (rv == CKR_OK)
		rv = digest_end(s, op, pDigest, pulDigestLen);
out:
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_DigestUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, OPERATION_DIGEST, &op);
	if (rv == CKR_OK)
		rv = !pPart && ulPartLen ? CKR_ARGUMENTS_BAD
					 : sign_update(s, OPERATION_DIGEST, (struct span){pPart, ulPartLen});
	session_leave(s);
	return rv;
}

/* From here on the hash's state lies in the enclave: with a key in it, it is as secret as the key. */
static CK_RV digest_key(struct session *s, struct operation *op, CK_OBJECT_HANDLE key)
{
	struct stream_key_request request = {.slot = s->slot, .key = key};
	uint8_t state[HASH_STATE_MAX];
	CK_RV rv = CKR_OK;

	if (!op->streaming)
		rv = operation_stream_open(s, op, (struct span){state, hash_export(&op->hash, state)});
	if (rv != CKR_OK)
		return rv;
	request.stream = op->stream;
	return client_tell(s->client, REQUEST_STREAM_KEY, &request);
}

MODULE_EXPORT CK_RV C_DigestKey(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hKey)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, OPERATION_DIGEST, &op);
	if (rv == CKR_OK)
		rv = operation_may_update(s, op);
	if (rv != CKR_OK)
		goto out;
	op->multi = true;
	rv = digest_key(s, op, hKey);
	if (rv != CKR_OK)
		operation_end(s, OPERATION_DIGEST);
out:
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_DigestFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pDigest,
				  CK_ULONG_PTR pulDigestLen)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, OPERATION_DIGEST, &op);
	if (rv != CKR_OK)
		goto out;
	if (!pulDigestLen)
		rv = CKR_ARGUMENTS_BAD;
	else if (!operation_answer_size(pDigest, pulDigestLen, op->mechanism.row->output, true, &rv))
		rv = digest_end(s, op, pDigest, pulDigestLen);
out:
	session_leave(s);
	return rv;
}

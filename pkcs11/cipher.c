/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encryption and decryption (PKCS#11 v3.1 sections 5.8 and 5.10). What fits a frame is one round trip. ECB, CBC and
 * CTR go block by block with the chaining value kept here; all else in many parts is a stream in the
 * enclave, which gives no plaintext before it has checked the tag (DESIGN section 7, rule 3).
 */
#include "config.h"

#include <string.h>

#include "common/memory.h"
#include "pkcs11/cipher.h"

#define BLOCK 16U

static CK_RV range_error(const struct operation *op)
{
	return op->kind == OPERATION_ENCRYPT ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
}

static bool pads(const struct operation *op)
{
	return op->mechanism.row->scheme == SCHEME_AES_CBC_PAD;
}

/* One frame in one frame out; the result goes to op->result. */
static CK_RV run_frame(struct session *s, struct operation *op, struct span data)
{
	struct operate_request request = {.slot = s->slot,
					  .key = op->key->handle,
					  .mechanism = op->mechanism,
					  .data = data};
	struct client_answer answer = {0};
	CK_RV rv = operation_spend(op, &request.grant);

	if (rv == CKR_OK)
		rv = client_call(s->client,
				 op->kind == OPERATION_ENCRYPT ? REQUEST_ENCRYPT : REQUEST_DECRYPT,
				 &request, &answer);
	operation_heard(s, op, rv, answer.message.operate_response.version);
	if (rv == CKR_OK) {
		const struct operate_response *response = &answer.message.operate_response;

		if (!buffer_set(&op->result, response->data.data, response->data.size))
			rv = CKR_HOST_MEMORY;
	}
	client_done(&answer);
	return rv;
}

/* One link of the chain: whole blocks, but for the last part of CTR. */
static CK_RV run_link(struct session *s, struct operation *op, struct span data, bool last)
{
	struct chain_request request = {.slot = s->slot,
					.key = op->key->handle,
					.mechanism = op->mechanism,
					.encrypt = op->kind == OPERATION_ENCRYPT,
					.last = last,
					.data = data};
	struct client_answer answer = {0};
	const struct chain_response *response = &answer.message.chain_response;
	CK_RV rv = operation_spend(op, &request.grant);

	if (rv != CKR_OK)
		return rv;
	if (op->mechanism.iv.size == sizeof(op->chain))
		request.mechanism.iv = (struct span){op->chain, sizeof(op->chain)};
	rv = client_call(s->client, REQUEST_CHAIN, &request, &answer);
	operation_heard(s, op, rv, response->version);
	if (rv != CKR_OK)
		return rv;
	if (response->next_iv.size == sizeof(op->chain))
		memcpy(op->chain, response->next_iv.data, sizeof(op->chain));
	if (response->grant.size == sizeof(op->grant))
		memcpy(op->grant, response->grant.data, sizeof(op->grant));
	if (response->data.size && !buffer_append(&op->result, response->data.data, response->data.size))
		rv = CKR_HOST_MEMORY;
	client_done(&answer);
	return rv;
}

/* How much of HELD + SIZE bytes stays here: what is no whole block, and the block that may be padding. */
static size_t chain_keeps(const struct operation *op, size_t size)
{
	size_t all = op->held.size + size, keep = all % BLOCK;

	if (keep == 0 && all && op->kind == OPERATION_DECRYPT && pads(op))
		keep = BLOCK;
	return keep;
}

static CK_RV chain_take(struct session *s, struct operation *op, struct span data)
{
	size_t keep = chain_keeps(op, data.size), send = op->held.size + data.size - keep;
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && send) {
		size_t n = send < PROTOCOL_CHUNK_MAX ? send : PROTOCOL_CHUNK_MAX;
		size_t fresh = n > op->held.size ? n - op->held.size : 0;

		if (op->held.size == 0) {
			rv = run_link(s, op, (struct span){data.data, n}, false);
		} else {
			if (!buffer_append(&op->held, data.data, fresh))
				return CKR_HOST_MEMORY;
			rv = run_link(s, op, buffer_span(&op->held), false);
			buffer_reset(&op->held);
		}
		data = (struct span){data.data + fresh, data.size - fresh};
		send -= n;
	}
	if (rv == CKR_OK && data.size && !buffer_append(&op->held, data.data, data.size))
		rv = CKR_HOST_MEMORY;
	return rv;
}

static CK_RV chain_final(struct session *s, struct operation *op)
{
	uint8_t padding[BLOCK];
	size_t n = BLOCK - op->held.size % BLOCK;

	if (pads(op) && op->kind == OPERATION_ENCRYPT) {
		memset(padding, (int)n, n); /* RFC 5652 section 6.3 */
		if (!buffer_append(&op->held, padding, n))
			return CKR_HOST_MEMORY;
		return run_link(s, op, buffer_span(&op->held), false);
	}
	if (pads(op) && op->held.size != BLOCK)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (op->held.size == 0)
		return CKR_OK;
	if (!pads(op) && op->mechanism.row->scheme != SCHEME_AES_CTR)
		return range_error(op);
	return run_link(s, op, buffer_span(&op->held), true);
}

static CK_RV take(struct session *s, struct operation *op, struct span data)
{
	CK_RV rv = CKR_OK;

	op->total += data.size;
	if (op->route == ROUTE_CHAIN)
		return chain_take(s, op, data);
	if (!op->streaming)
		rv = operation_stream_open(s, op, (struct span){NULL, 0});
	return rv == CKR_OK ? operation_stream_update(s, op, data) : rv;
}

static CK_RV finish(struct session *s, struct operation *op)
{
	CK_RV rv = CKR_OK;

	if (op->route == ROUTE_CHAIN)
		return chain_final(s, op);
	if (!op->streaming)
		rv = operation_stream_open(s, op, (struct span){NULL, 0});
	return rv == CKR_OK ? operation_stream_final(s, op, (struct span){NULL, 0}) : rv;
}

/* The single-part call. More than a frame holds goes the way of many parts. */
static CK_RV whole(struct session *s, struct operation *op, struct span data)
{
	CK_RV rv = CKR_OK;

	if (data.size <= PROTOCOL_CHUNK_MAX)
		return run_frame(s, op, data);
	if (!op->mechanism.row->multi_part)
		return range_error(op);
	rv = take(s, op, data);
	return rv == CKR_OK ? finish(s, op) : rv;
}

static CK_RV whole_call(CK_SESSION_HANDLE handle, enum operation_kind kind, struct span in, CK_BYTE_PTR out,
			CK_ULONG_PTR out_size)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	size_t size = 0;
	bool exact = false;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find_whole(s, kind, (in.data || !in.size) && out_size, &op);
	if (rv != CKR_OK)
		goto out;
	if (op->finished) {
		rv = operation_deliver(s, op, out, out_size, true);
		goto out;
	}
	rv = mechanism_cipher_size(&op->mechanism, kind == OPERATION_ENCRYPT, op->key->bits, in.size, &size,
				   &exact);
	if (rv == CKR_OK && operation_answer_size(out, out_size, size, exact, &rv))
		goto out;
	if (rv == CKR_OK)
		rv = whole(s, op, in);
	if (rv == CKR_OK)
		rv = operation_deliver(s, op, out, out_size, true);
	else
		operation_end(s, kind);
out:
	session_leave(s);
	return rv;
}

/* Exact for every mechanism in many parts: an authenticated decryption gives nothing before its end. */
static size_t update_size(const struct operation *op, size_t size)
{
	if (op->route == ROUTE_CHAIN)
		return op->held.size + size - chain_keeps(op, size);
	return op->kind == OPERATION_ENCRYPT ? size : 0;
}

CK_RV cipher_update(struct session *session, enum operation_kind kind, struct span part, CK_BYTE_PTR out,
		    CK_ULONG_PTR out_size, bool *taken)
{
	struct operation *op = NULL;
	CK_RV rv = operation_find(session, kind, &op);

	if (taken)
		*taken = false;
	if (rv != CKR_OK)
		return rv;
	if ((!part.data && part.size) || !out_size)
		return CKR_ARGUMENTS_BAD;
	rv = operation_may_update(session, op);
	if (rv != CKR_OK)
		return rv;
	op->multi = true;
	if (operation_answer_size(out, out_size, update_size(op, part.size), true, &rv))
		return rv;
	rv = take(session, op, part);
	if (rv != CKR_OK) {
		operation_end(session, kind);
		return rv;
	}
	if (taken)
		*taken = true;
	return operation_deliver(session, op, out, out_size, false);
}

static CK_RV update_call(CK_SESSION_HANDLE handle, enum operation_kind kind, struct span part,
			 CK_BYTE_PTR out, CK_ULONG_PTR out_size)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	rv = cipher_update(s, kind, part, out, out_size, NULL);
	session_leave(s);
	return rv;
}

/* The most that the last part can give. */
static size_t final_size(const struct operation *op, bool *exact)
{
	size_t tag = op->mechanism.tag_bits / 8;

	*exact = true;
	if (op->route == ROUTE_CHAIN) {
		*exact = !(pads(op) && op->kind == OPERATION_DECRYPT);
		return pads(op) ? BLOCK : op->held.size;
	}
	if (op->kind == OPERATION_ENCRYPT)
		return tag;
	return op->total > tag ? (size_t)op->total - tag : 0;
}

static CK_RV final_call(CK_SESSION_HANDLE handle, enum operation_kind kind, CK_BYTE_PTR out,
			CK_ULONG_PTR out_size)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	size_t size = 0;
	bool exact = false;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, kind, &op);
	if (rv != CKR_OK)
		goto out;
	if (!out_size) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	if (op->finished && op->multi) {
		rv = operation_deliver(s, op, out, out_size, true);
		goto out;
	}
	rv = operation_may_update(s, op);
	if (rv != CKR_OK)
		goto out;
	size = final_size(op, &exact);
	if (operation_answer_size(out, out_size, size, exact, &rv))
		goto out;
	op->multi = true;
	rv = finish(s, op);
	if (rv == CKR_OK)
		rv = operation_deliver(s, op, out, out_size, true);
	else
		operation_end(s, kind);
out:
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_EncryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				  CK_OBJECT_HANDLE hKey)
{
	return operation_init_call(hSession, OPERATION_ENCRYPT, pMechanism, hKey);
}

MODULE_EXPORT CK_RV C_Encrypt(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
			      CK_BYTE_PTR pEncryptedData, CK_ULONG_PTR pulEncryptedDataLen)
{
	return whole_call(hSession, OPERATION_ENCRYPT, (struct span){pData, ulDataLen}, pEncryptedData,
			  pulEncryptedDataLen);
}

MODULE_EXPORT CK_RV C_EncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
				    CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	return update_call(hSession, OPERATION_ENCRYPT, (struct span){pPart, ulPartLen}, pEncryptedPart,
			   pulEncryptedPartLen);
}

MODULE_EXPORT CK_RV C_EncryptFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastEncryptedPart,
				   CK_ULONG_PTR pulLastEncryptedPartLen)
{
	return final_call(hSession, OPERATION_ENCRYPT, pLastEncryptedPart, pulLastEncryptedPartLen);
}

MODULE_EXPORT CK_RV C_DecryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				  CK_OBJECT_HANDLE hKey)
{
	return operation_init_call(hSession, OPERATION_DECRYPT, pMechanism, hKey);
}

MODULE_EXPORT CK_RV C_Decrypt(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedData,
			      CK_ULONG ulEncryptedDataLen, CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen)
{
	return whole_call(hSession, OPERATION_DECRYPT, (struct span){pEncryptedData, ulEncryptedDataLen},
			  pData, pulDataLen);
}

MODULE_EXPORT CK_RV C_DecryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
				    CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen)
{
	return update_call(hSession, OPERATION_DECRYPT, (struct span){pEncryptedPart, ulEncryptedPartLen},
			   pPart, pulPartLen);
}

MODULE_EXPORT CK_RV C_DecryptFinal(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastPart,
				   CK_ULONG_PTR pulLastPartLen)
{
	return final_call(hSession, OPERATION_DECRYPT, pLastPart, pulLastPartLen);
}

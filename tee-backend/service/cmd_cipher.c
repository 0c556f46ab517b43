/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encryption and decryption in one frame, and the parts of chained modes. Inside the enclave.
 */
#include "config.h"

#include "crypto/operate.h"
#include "crypto/stream.h"
#include "service/cmd_cipher.h"

CK_RV cmd_cipher_encrypt(struct call *call)
{
	return call_operate(call, CKF_ENCRYPT, operate_encrypt);
}

CK_RV cmd_cipher_decrypt(struct call *call)
{
	return call_operate(call, CKF_DECRYPT, operate_decrypt);
}

CK_RV cmd_cipher_decrypt_implicit(struct call *call)
{
	return call_operate(call, CKF_DECRYPT, operate_decrypt_implicit);
}

CK_RV cmd_cipher_decrypt_tls(struct call *call)
{
	const struct decrypt_tls_request *request = &call->request->decrypt_tls_request;
	struct operate_response *response = &call->response->operate_response;
	const struct mechanism m = {.row = mechanism_find(CKM_RSA_PKCS)};
	struct object *object = NULL;
	struct key *key = NULL;
	CK_RV rv = CKR_ARGUMENTS_BAD;

	if (!m.row)
		return CKR_MECHANISM_INVALID;
	if (request->client_version > UINT16_MAX || request->negotiated_version > UINT16_MAX)
		return rv;
	rv = call_key(call, request->key, &m, CKF_DECRYPT, request->grant, CKR_KEY_HANDLE_INVALID,
		      &object, &key);
	if (rv != CKR_OK)
		return rv;
	rv = operate_decrypt_tls(key, request->data, (unsigned)request->client_version,
				 (unsigned)request->negotiated_version, call->data);
	response->data = buffer_span(call->data);
	response->version = object_version(object);
	key_free(&key);
	object_free(&object);
	return rv;
}

/* A part that is not the last one pays for the next: the grant goes on with the operation. */
static CK_RV cipher_next_grant(struct call *call, const struct object *object, CK_FLAGS usage,
			       struct span *grant)
{
	const struct chain_request *request = &call->request->chain_request;
	uint8_t id[PROTOCOL_GRANT_SIZE];
	size_t at = call->data->size;
	bool made = false;

	if (request->last ||
	    !attribute_set_bool(object_attributes(object), CKA_ALWAYS_AUTHENTICATE, false))
		return CKR_OK;
	pthread_mutex_lock(&call->context->lock);
	made = grant_make(&call->context->grants, request->slot, request->key, usage, service_now(), id);
	pthread_mutex_unlock(&call->context->lock);
	if (!made)
		return CKR_DEVICE_ERROR;
	if (!buffer_append(call->data, id, sizeof(id)))
		return CKR_DEVICE_MEMORY;
	*grant = (struct span){call->data->data + at, sizeof(id)};
	return CKR_OK;
}

CK_RV cmd_cipher_chain(struct call *call)
{
	const struct chain_request *request = &call->request->chain_request;
	struct chain_response *response = &call->response->chain_response;
	CK_FLAGS usage = request->encrypt ? CKF_ENCRYPT : CKF_DECRYPT;
	struct object *object = NULL;
	struct key *key = NULL;
	uint8_t next_iv[16] = {0};
	size_t size = 0;
	CK_RV rv = call_key(call, request->key, &request->mechanism, usage, request->grant,
			    CKR_KEY_HANDLE_INVALID, &object, &key);

	if (rv != CKR_OK)
		return rv;
	rv = stream_chain(key, &request->mechanism, request->encrypt, request->last, request->data,
			  next_iv, call->data);
	size = call->data->size;
	if (rv == CKR_OK && !buffer_append(call->data, next_iv, sizeof(next_iv)))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = cipher_next_grant(call, object, usage, &response->grant);
	if (rv == CKR_OK) {
		response->data = (struct span){call->data->data, size};
		response->next_iv = (struct span){call->data->data + size, sizeof(next_iv)};
		response->version = object_version(object);
	}
	key_free(&key);
	object_free(&object);
	return rv;
}

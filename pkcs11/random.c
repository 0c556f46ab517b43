/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers of the enclave (PKCS#11 v3.1 section 5.19). Nothing is kept in advance: a buffer of them
 * would be shared by forked children.
 */
#include "config.h"

#include <string.h>

#include "pkcs11/session.h"

MODULE_EXPORT CK_RV C_SeedRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSeed, CK_ULONG ulSeedLen)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!pSeed && ulSeedLen)
		rv = CKR_ARGUMENTS_BAD;
	while (rv == CKR_OK && ulSeedLen) {
		size_t n = ulSeedLen < PROTOCOL_CHUNK_MAX ? ulSeedLen : PROTOCOL_CHUNK_MAX;
		struct seed_request request = {{pSeed, n}};

		rv = client_tell(s->client, REQUEST_SEED, &request);
		pSeed += n;
		ulSeedLen -= n;
	}
	session_leave(s);
	return rv;
}

static CK_RV random_part(struct session *s, CK_BYTE *out, size_t size)
{
	struct random_request request = {size};
	struct client_answer answer = {0};
	CK_RV rv = client_call(s->client, REQUEST_RANDOM, &request, &answer);

	if (rv == CKR_OK && answer.message.random_response.data.size != size)
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK)
		memcpy(out, answer.message.random_response.data.data, size);
	client_done(&answer);
	return rv;
}

MODULE_EXPORT CK_RV C_GenerateRandom(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pRandomData,
				     CK_ULONG ulRandomLen)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!pRandomData && ulRandomLen)
		rv = CKR_ARGUMENTS_BAD;
	while (rv == CKR_OK && ulRandomLen) {
		size_t n = ulRandomLen < PROTOCOL_CHUNK_MAX ? ulRandomLen : PROTOCOL_CHUNK_MAX;

		rv = random_part(s, pRandomData, n);
		pRandomData += n;
		ulRandomLen -= n;
	}
	session_leave(s);
	return rv;
}

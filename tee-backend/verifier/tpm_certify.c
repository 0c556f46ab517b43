/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMS_ATTEST of type TPM_ST_ATTEST_CERTIFY (Part 2, section 10.12.3).
 */
#include "config.h"

#include "verifier/cursor.h"
#include "verifier/tpm_certify.h"
#include "verifier/tpm_quote.h"

#define TPM_GENERATED 0xff544347u
#define ST_ATTEST_CERTIFY 0x8017
#define NAME_MAX_SIZE (2 + TPM_HASH_SIZE_MAX)
#define CLOCK_AND_FIRMWARE 25

static bool read_attest(struct span attest, struct span *extra_data, struct span *name)
{
	struct cursor c;

	cursor_init(&c, attest);
	if (cursor_be32(&c) != TPM_GENERATED || cursor_be16(&c) != ST_ATTEST_CERTIFY)
		return false;
	cursor_tpm2b(&c, NAME_MAX_SIZE); /* qualified signer */
	*extra_data = cursor_tpm2b(&c, TPM_HASH_SIZE_MAX + 2);
	cursor_bytes(&c, CLOCK_AND_FIRMWARE);
	*name = cursor_tpm2b(&c, NAME_MAX_SIZE);
	cursor_tpm2b(&c, NAME_MAX_SIZE); /* qualified name */
	return cursor_end(&c);
}

bool tpm_certify_verify(EVP_PKEY *key, struct span attest, struct span signature, struct span nonce, struct span name,
			const char **why)
{
	const struct tpm_quote signed_part = {.attest = attest};
	struct tpm_quote_signature s;
	struct span extra_data = {0}, found = {0};

	if (!tpm_quote_read_signature(signature, &s, why))
		return false;
	*why = "not signed by the key that the hardware names";
	if (!tpm_quote_verify(key, &s, &signed_part))
		return false;
	*why = "not of the form of TPM2_Certify";
	if (!read_attest(attest, &extra_data, &found))
		return false;
	*why = "of another time";
	if (!span_equal(extra_data, nonce))
		return false;
	*why = "of another key than the TPM's storage root key";
	if (!span_equal(found, name))
		return false;
	*why = NULL;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HCL report, or an SVSM's manifest: none is vouched for here, by no hardware.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/hcl.h"
#include "verifier/svsm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy policy = {.allow = POLICY_ALLOW_NO_REVOCATION | POLICY_ALLOW_ANY_MEASUREMENT};
	struct appraisal a = {.policy = &policy, .time = INT64_C(1790000000)};
	const struct span input = {data, size}, none = {0};
	struct tpm_public public;
	EVP_PKEY *key = NULL;
	const char *why = NULL;
	uint8_t name[2 + TPM_HASH_SIZE_MAX];

	if (hcl_appraise(&a, input, input, none, &key) || key)
		abort();
	if (svsm_appraise(&a, input, none, input, input, &public))
		abort();
	if (tpm_public_read(input, &public, &why)) {
		key = tpm_public_key(&public);
		(void)tpm_public_name(&public, name);
		(void)tpm_public_unfit_to_attest(&public);
		EVP_PKEY_free(key);
	} else if (!why) {
		abort();
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a TPM from anywhere, with the logs that the same bytes may be: whoever signed it, nothing may crash; and where
 * nobody vouches for the key, it is refused and says nothing of itself.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy closed, open = {.allow = POLICY_ALLOW_HOST_VTPM | POLICY_ALLOW_NO_REVOCATION};
	struct appraisal a = {.policy = &closed, .time = INT64_C(1790000000)};
	const struct span input = {data, size}, none = {0};

	if (tpm_appraise(&a, input, none, none, none) || a.tee || a.fact_count)
		abort();
	if (!a.check_count || a.check[a.check_count - 1].passed)
		abort();
	a = (struct appraisal){.policy = &open, .time = INT64_C(1790000000)};
	if (!tpm_appraise(&a, input, none, input, input) && a.check[a.check_count - 1].passed)
		abort();
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A quote from anywhere: none is good without CRLs, nor says anything of itself then. Where their lack is allowed a genuine one
 * may be.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/tdx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy closed, open = {.allow = POLICY_ALLOW_NO_REVOCATION | POLICY_ALLOW_DEBUG};
	struct appraisal a = {.policy = &closed, .time = INT64_C(1790000000)};
	const struct span input = {data, size};

	if (tdx_appraise(&a, input, input))
		abort();
	if (a.tee || a.fact_count || !a.check_count || a.check[a.check_count - 1].passed)
		abort();
	a = (struct appraisal){.policy = &open, .time = INT64_C(1790000000)};
	if (!tdx_appraise(&a, input, (struct span){0}) && a.check[a.check_count - 1].passed)
		abort();
	return 0;
}

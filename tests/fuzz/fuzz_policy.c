/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy file of any bytes: read or refused with a reason; what was read frees cleanly.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy = {0};
	char why[256] = "";

	if (!policy_read(&policy, (struct span){data, size}, why, sizeof(why)) && !why[0])
		abort();
	if (policy.expectation_count > POLICY_EXPECTATIONS_MAX || policy.identity_count > POLICY_VALUES_MAX)
		abort();
	policy_free(&policy);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence from anywhere against the verifier: no input may crash it, and none that it was not given by the
 * platform's key may be good under a policy that pins another identity.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/verifier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t nobody[] = {0};
	const struct policy open = {
		.allow = POLICY_ALLOW_NOTEE | POLICY_ALLOW_NO_NONCE | POLICY_ALLOW_ANY_IDENTITY};
	const struct policy closed = {.allow = POLICY_ALLOW_NOTEE | POLICY_ALLOW_NO_NONCE,
				      .identity = {{.data = nobody, .size = sizeof(nobody)}},
				      .identity_count = 1};
	struct verifier_verdict verdict;

	verifier_check((struct span){data, size}, &open, NULL, 0, &verdict);
	verifier_check((struct span){data, size}, &closed, NULL, 0, &verdict);
	if (verdict.outcome == VERIFIER_GOOD && !span_equal(verdict.claims.identity, (struct span){nobody, 1}))
		abort();
	return 0;
}

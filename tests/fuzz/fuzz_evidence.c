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
	static const uint8_t nobody[] = {0};
	const struct verifier_policy open = {.allow_notee = true, .no_nonce = true, .any_identity = true};
	const struct verifier_policy closed = {
		.allow_notee = true, .no_nonce = true, .identity = {nobody, sizeof(nobody)}};
	struct verifier_verdict verdict;

	verifier_check((struct span){data, size}, &open, &verdict);
	verifier_check((struct span){data, size}, &closed, &verdict);
	if (verdict.outcome == VERIFIER_GOOD && !span_equal(verdict.claims.identity, closed.identity))
		abort();
	return 0;
}

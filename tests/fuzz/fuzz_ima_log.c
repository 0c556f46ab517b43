/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of measured files from anywhere.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/ima_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy policy;
	struct appraisal a = {.policy = &policy, .platform = "tpm"};
	uint8_t value[TPM_HASH_SIZE_MAX];
	const char *why = NULL;

	if (ima_log_replay((struct span){data, size}, TPM_HASH_SHA256, value, &why) == (why != NULL))
		abort();
	(void)ima_log_facts(&a, (struct span){data, size});
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event log from anywhere: read, replayed, described and searched for facts, whatever is in it.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/event_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy policy;
	const struct span log = {data, size};
	struct event_log_reader r;
	struct event_log_event event;
	struct event_log_values values;
	const char *why = NULL;
	char text[128];

	if (event_log_open(&r, log))
		while (event_log_next(&r, &event))
			event_log_describe(&r, &event, TPM_HASH_SHA256, text, sizeof(text));
	for (int cc = 0; cc < 2; cc++) {
		struct appraisal a = {.policy = &policy, .platform = "tpm"};
		enum tpm_hash bank = cc ? TPM_HASH_SHA384 : TPM_HASH_SHA256;

		if (event_log_replay(log, bank, &values, &why) == (why != NULL))
			abort();
		if (!why)
			event_log_facts(&a, log, bank, UINT32_MAX, cc);
	}
	return 0;
}

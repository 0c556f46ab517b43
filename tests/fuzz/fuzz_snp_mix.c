/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixes as a hostile store might keep them, and reports: what is read is written back as the same bytes, and never
 * without the fields that security rule 3 demands.
 */
#include "config.h"

#include <stdlib.h>

#include "platform/snp_mix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span input = {data, size};
	struct snp_report report = {0};
	struct buffer again = {0};
	struct snp_mix mix;
	const char *why = NULL;

	(void)snp_report_read(input, &report, &why);
	if (!snp_mix_read(input, &mix, &why))
		return 0;
	if ((mix.key.fields & SNP_MIX_MANDATORY) != SNP_MIX_MANDATORY)
		abort();
	if (!snp_mix_write(&mix, &again) || !span_equal(buffer_span(&again), input))
		abort();
	(void)snp_mix_differs(&mix, &report, 0);
	buffer_free(&again);
	return 0;
}

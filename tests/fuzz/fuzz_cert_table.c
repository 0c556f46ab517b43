/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate tables as an SNP host might hand them over: no input may crash the reader, and what it lets through is
 * PEM of certificates and nothing else.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "platform/cert_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "-----BEGIN CERTIFICATE-----\n";
	struct buffer pem = {0};
	const char *why = NULL;
	bool good = cert_table_pem((struct span){data, size}, &pem, &why);

	if (!good && pem.size)
		abort();
	if (pem.size && (pem.size < sizeof(head) || memcmp(pem.data, head, sizeof(head) - 1) != 0))
		abort();
	buffer_free(&pem);
	return 0;
}

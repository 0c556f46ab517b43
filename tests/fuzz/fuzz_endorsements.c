/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of certificates, CRLs, a certificate table or JSON, from anywhere: taken or refused, within its limits.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/endorsements.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct endorsements e = {0};
	const char *why = NULL;
	bool taken = endorsements_add(&e, (struct span){data, size}, &why);

	if (!taken && !why)
		abort();
	if (sk_X509_num(e.certificates) > ENDORSEMENTS_CERTIFICATES_MAX || sk_X509_num(e.roots) > 0 ||
	    e.json_count > ENDORSEMENTS_JSON_MAX)
		abort();
	if (taken && sk_X509_num(e.certificates) <= 0 && sk_X509_CRL_num(e.crls) <= 0 && !e.json_count)
		abort();
	endorsements_free(&e);
	return 0;
}

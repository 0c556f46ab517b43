/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and CRLs from anywhere as a chain: the first is the leaf, all are offered; once without trust, once with
 * the last as a root of the user's. Nothing of it ends in a vendor's root, so that only the second can be good.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct appraisal a;
	const struct policy policy = {0};
	struct endorsements e = {0};
	const char *why = NULL;

	endorsements_add(&e, (struct span){data, size}, &why);
	for (enum chain_vendor v = CHAIN_AMD; v <= CHAIN_TPM && sk_X509_num(e.certificates) > 0; v++) {
		const struct chain_request request = {.vendor = v,
						      .leaf = sk_X509_value(e.certificates, 0),
						      .time = 1790000000,
						      .crl_wanted = v != CHAIN_NITRO};
		X509 *last = sk_X509_value(e.certificates, sk_X509_num(e.certificates) - 1);

		a = (struct appraisal){.policy = &policy, .endorsements = &e};
		if (chain_verify(&a, &request))
			abort();
		e.roots = sk_X509_new_null();
		if (!e.roots || !sk_X509_push(e.roots, last))
			abort();
		a = (struct appraisal){.policy = &policy, .endorsements = &e};
		if (chain_verify(&a, &request) && !appraisal_find(&a, "root"))
			abort();
		sk_X509_free(e.roots);
		e.roots = NULL;
	}
	endorsements_free(&e);
	return 0;
}

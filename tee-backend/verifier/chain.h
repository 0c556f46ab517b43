/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate to a vendor's pinned root. The roots are a table of hashes of public keys with their provenance
 * (DESIGN 9); the certificates themselves come with the evidence or from files.
 */
#ifndef KEYCLAVE_VERIFIER_CHAIN_H
#define KEYCLAVE_VERIFIER_CHAIN_H

#include "verifier/appraisal.h"

enum chain_vendor {
	CHAIN_AMD,   /* ARK of each product */
	CHAIN_INTEL, /* Intel SGX Root CA */
	CHAIN_NITRO, /* AWS Nitro Enclaves G1 */
	CHAIN_TPM,   /* EK and AK roots of the clouds' vTPMs */
};

struct chain_request {
	enum chain_vendor vendor;
	X509 *leaf;
	STACK_OF(X509) * carried; /* beside the appraisal's endorsements; NULL: none */
	int64_t time;             /* seconds since 1970 */
	bool crl_wanted;          /* each certificate below the root must be covered by a CRL that is in date; AMD's
				     VCEKs and VLEKs are in none: there the ASK or ASVK */
	const char *product;      /* AMD: "Milan"; the root must be of it. NULL: any */
};

/*
 * A certificate that its issuer's newest CRL lists is refused, also when that CRL is past its date and when none was
 * wanted. A CRL that another issued, or that does not speak of all of its issuer's certificates, is as none.
 *
 * The checks "certificate chain" and, when wanted, "revocation" (passed with a word when the policy allows its lack).
 * True when the leaf chains to a pinned root, or to one of the appraisal's own roots (and then a fact "root" says so).
 */
bool chain_verify(struct appraisal *a, const struct chain_request *request);

#endif

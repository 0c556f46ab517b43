/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speaks for a platform's keys and is not in its report: certificates, CRLs, Intel's TCB information and QE
 * identity. From files that the user names, or carried with the evidence; in both cases untrusted until a chain to
 * a pinned vendor root holds. Recognised by content.
 */
#ifndef KEYCLAVE_VERIFIER_ENDORSEMENTS_H
#define KEYCLAVE_VERIFIER_ENDORSEMENTS_H

#include <openssl/x509.h>

#include "common/buffer.h"

#define ENDORSEMENTS_FILE_MAX ((size_t)1024 * 1024)
#define ENDORSEMENTS_CERTIFICATES_MAX 64
#define ENDORSEMENTS_JSON_MAX 16

struct endorsements {
	STACK_OF(X509) * certificates;
	STACK_OF(X509_CRL) * crls;
	STACK_OF(X509) * roots; /* further trust anchors, from --trust-root: tests and private CAs. Never from evidence */
	struct buffer json[ENDORSEMENTS_JSON_MAX]; /* signed objects of Intel's PCS, exact bytes */
	size_t json_count;
};

/*
 * Adds all that FILE holds: certificates and CRLs in PEM or DER (also several, one after the other, padded
 * with NULs), an SNP certificate table (GUIDs), JSON of Intel's PCS (also dcap-qvl's collection of it, from which
 * {"tcbInfo":<exact text>,"signature":"<hex>"} and "enclaveIdentity" are made as the PCS serves them). What is there
 * already is not added twice. False, and WHY (static): nothing recognised, something else among it, or over a limit;
 * what came before that may have been added.
 */
bool endorsements_add(struct endorsements *e, struct span file, const char **why);

/* Adds the certificates of FILE as trust anchors of their own. */
bool endorsements_add_roots(struct endorsements *e, struct span file, const char **why);
void endorsements_free(struct endorsements *e);

#endif

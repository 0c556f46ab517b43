/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libkeyclave-verify: evidence of Keyclave, or of a TEE itself, to a verdict, offline. The public C API; see
 * libkeyclave-verify(3). Thread-safe; keeps no state; opens no file and no socket; links libcrypto, libcbor and jansson.
 */
#ifndef KEYCLAVE_VERIFIER_KEYCLAVE_VERIFY_H
#define KEYCLAVE_VERIFIER_KEYCLAVE_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Results of keyclave_verify. */
#define KEYCLAVE_VERIFY_GOOD 0
#define KEYCLAVE_VERIFY_REFUSED 1
#define KEYCLAVE_VERIFY_UNUSABLE 2 /* no evidence, or a policy or endorsement that cannot be read */
#define KEYCLAVE_VERIFY_FAILED 3   /* no memory, or the arguments are wrong */

struct keyclave_verify_bytes {
	const void *data; /* NULL: none */
	size_t size;
};

/* What must hold, and what helps to judge. Zeros refuse everything: a policy is wanted. All is borrowed for the call. */
struct keyclave_verify_request {
	size_t size; /* sizeof(struct keyclave_verify_request): a later library knows what an older caller has */

	/* The collection; or a certificate or certificate request that carries it, and then it must be about its key. */
	struct keyclave_verify_bytes evidence;

	const char *policy; /* JSON, docs/evidence.md; NULL: an empty one */
	struct keyclave_verify_bytes nonce;      /* that was asked for; none: the policy must allow "no-nonce" */
	struct keyclave_verify_bytes public_key; /* SubjectPublicKeyInfo that it must be about; none: any */

	/* Files of certificates, CRLs, Intel's TCB information and QE identity: PEM, DER, JSON. */
	const struct keyclave_verify_bytes *endorsements;
	size_t endorsement_count;
	/* Further trust anchors. For tests and private platforms. */
	const struct keyclave_verify_bytes *roots;
	size_t root_count;

	int64_t time; /* seconds since 1970 at which certificates must be valid; 0: now */

	/* Evidence of a platform alone, without claims: "sev-snp", "tdx", "nitro". NULL: Keyclave's collection. */
	const char *bare;
	struct keyclave_verify_bytes report_data; /* with .bare: what it must contain */
};

/*
 * Verifies. REPORT, unless NULL, gets a JSON text that says which checks were made, the first that failed and why, the
 * platform's facts, and the claims when all is good; for keyclave_verify_free. It is NULL when there is no memory for it.
 */
int keyclave_verify(const struct keyclave_verify_request *request, char **report);

void keyclave_verify_free(char *report);

#ifdef __cplusplus
}
#endif

#endif

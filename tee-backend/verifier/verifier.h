/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence and a policy to a verdict: pure, offline, failing closed (security rule 11). Used by the CLI, by
 * clients and by the enclave. Nothing in the evidence is believed before its signature is checked.
 */
#ifndef KEYCLAVE_VERIFIER_VERIFIER_H
#define KEYCLAVE_VERIFIER_VERIFIER_H

#include "verifier/claims.h"

enum verifier_outcome {
	VERIFIER_GOOD = 0,
	VERIFIER_REFUSED = 1,
	VERIFIER_UNUSABLE = 2, /* not evidence at all */
};

/* What must hold. {0} accepts nothing: success needs at least a pinned token identity. */
struct verifier_policy {
	bool allow_notee;        /* evidence that no TEE vouches for may pass (security rule 12) */
	struct span nonce;       /* that the evidence must carry; data NULL: see .no_nonce */
	bool no_nonce;           /* freshness is not asked for, and the verdict says so */
	struct span identity;    /* SubjectPublicKeyInfo of the token, or its SHA-256 (32 bytes); pinned */
	bool any_identity;       /* trust on first use: the verdict says so */
	struct span public_key;  /* SubjectPublicKeyInfo that the evidence must be about; data NULL: any */
	uint64_t policy_set;     /* enum claims_policy bits that must be set */
	uint64_t policy_clear;   /* and that must be clear */
	bool generated;          /* origin must be: born in the enclave */
};

#define VERIFIER_CHECKS_MAX 16

struct verifier_check {
	const char *name; /* static: "signature" */
	bool passed;
	char detail[160]; /* what was found, or what was expected */
};

struct verifier_verdict {
	enum verifier_outcome outcome;
	struct verifier_check check[VERIFIER_CHECKS_MAX]; /* in order; the last one is the first that failed */
	size_t count;
	bool tee;             /* hardware vouches */
	struct claims claims; /* borrowed from the evidence; zeros when it was unusable */
};

/*
 * Always fills VERDICT. Stops at the first check that fails. The policy's demands are checked in the order: form,
 * claims, platform, signature, nonce, identity, key, policy.
 */
void verifier_check(struct span evidence, const struct verifier_policy *policy,
		    struct verifier_verdict *verdict);

#endif

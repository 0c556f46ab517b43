/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence and a policy to a verdict: pure, offline, failing closed (security rule 11). Used by the CLI, by
 * clients and by the enclave. Nothing in the evidence is believed before its signature is checked.
 */
#ifndef KEYCLAVE_VERIFIER_VERIFIER_H
#define KEYCLAVE_VERIFIER_VERIFIER_H

#include "verifier/appraisal.h"
#include "verifier/claims.h"

enum verifier_outcome {
	VERIFIER_GOOD = 0,
	VERIFIER_REFUSED = 1,
	VERIFIER_UNUSABLE = 2, /* not evidence at all */
};

struct verifier_verdict {
	enum verifier_outcome outcome;
	struct appraisal appraisal; /* .check in order: the last one is the first that failed */
	struct claims claims;       /* borrowed from the evidence; zeros when it was unusable, or evidence without claims */
	bool has_claims;
	bool authentic; /* the platform's own checks passed: facts and claims are its word, whatever the policy says */
};

/*
 * Always fills VERDICT; everything is borrowed from EVIDENCE, POLICY and ENDORSEMENTS (NULL: none). TIME: seconds
 * since 1970, when certificates must be valid. Stops at the first check that fails: form, claims, the platform's own
 * checks (signature, chain, debug, ...), the policy's demands on its facts, measurement, nonce, token identity,
 * public key, key policy.
 */
void verifier_check(struct span evidence, const struct policy *policy, const struct endorsements *endorsements,
		    int64_t time, struct verifier_verdict *verdict);

/*
 * The same for a platform's bare evidence as other programs carry it (an SNP report, a TDX quote, an NSM document): no
 * claims, so neither identity nor key are judged. REPORT_DATA: what it must contain; empty: not asked, and the nonce
 * check says so. PLATFORM is a name of platforms.h; unknown: unusable.
 */
void verifier_check_bare(const char *platform, struct span evidence, struct span report_data,
			 const struct policy *policy, const struct endorsements *endorsements, int64_t time,
			 struct verifier_verdict *verdict);

#endif

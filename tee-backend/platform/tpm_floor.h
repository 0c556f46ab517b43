/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The version floor (security rule 4): a counter in NV memory says which approved versions are too old to open the root, and the
 * TPM itself compares (TPM2_PolicyNV), so that not even an old image that has a hole can go round it. Inside the enclave;
 * called by tpm.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_FLOOR_H
#define KEYCLAVE_PLATFORM_TPM_FLOOR_H

#include "platform/tpm_context.h"

/* A blob opens for this many versions, from its .first on: two levels of TPM2_PolicyOR, eight branches each. */
#define TPM_FLOOR_WINDOW 64

/*
 * The counter has no authorisation: whoever raises it locks versions out, as he does who deletes it. Nobody lowers it: one that is
 * defined anew begins above all that ever were.
 */
struct tpm_floor {
	uint32_t handle; /* NV index; 0: there is none. Its Name follows from it */
	uint64_t start;  /* the counter's value that stands for version .zero */
	uint32_t zero;
	uint32_t first; /* the lowest version that the blob opens for */
};

/* A counter whose floor is VERSION. */
CK_RV tpm_floor_new(const struct tpm_context *c, uint32_t version, struct tpm_floor *floor);

/* Takes it away again. */
void tpm_floor_delete(const struct tpm_context *c, const struct tpm_floor *floor);

/* The floor now. CKR_TOKEN_NOT_RECOGNIZED, logged: the counter is gone, or another one. */
CK_RV tpm_floor_read(const struct tpm_context *c, const struct tpm_floor *floor, uint64_t *version);

/* To VERSION, one by one; never down. */
CK_RV tpm_floor_raise(const struct tpm_context *c, const struct tpm_floor *floor, uint32_t version);

/*
 * The policy of a blob that opens for FLOOR's window of versions: a PolicyOR of, for each version, PolicyAuthorize by the key of
 * this name with the version's reference, and PolicyNV: the counter is at most where the version stands.
 */
bool tpm_floor_policy(const struct tpm_floor *floor, const TPM2B_NAME *key, TPM2B_DIGEST *policy);

/*
 * In a policy session in which PolicyAuthorize for VERSION ran: PolicyNV and the ORs. CKR_DATA_INVALID, logged: VERSION is below
 * the floor, or outside the window.
 */
CK_RV tpm_floor_run(const struct tpm_context *c, ESYS_TR session, const struct tpm_floor *floor, const TPM2B_NAME *key,
		    uint32_t version);

#endif

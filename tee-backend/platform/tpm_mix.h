/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mix of a wrap slot on a TPM: the sealed blob, what it is bound to, and the TPM that it is for. Hostile until the root
 * that it leads to has proved the store's head. docs/store.md, section 4. Called by tpm.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_MIX_H
#define KEYCLAVE_PLATFORM_TPM_MIX_H

#include "common/buffer.h"
#include "platform/tpm_floor.h"
#include "platform/tpm_pcr.h"

enum tpm_mix_kind {
	TPM_MIX_PCRS = 1, /* TPM2_PolicyPCR of these values */
	TPM_MIX_KEY = 2,  /* TPM2_PolicyAuthorize by the key of this name */
	TPM_MIX_VERSIONS = 3, /* the same with a version, that is not below the floor (tpm_floor.h) */
};

/* Borrows from the bytes that it was read from. */
struct tpm_mix {
	uint64_t kind;		/* enum tpm_mix_kind */
	struct span srk;	/* name of the storage root key */
	struct span ek;		/* of the endorsement key; empty: of a slot from before it was pinned */
	struct span public;	/* TPM2B_PUBLIC */
	struct span private;	/* TPM2B_PRIVATE */
	struct span policy_key; /* its name; empty for TPM_MIX_PCRS */
	struct tpm_floor floor; /* of TPM_MIX_VERSIONS */
	struct tpm_pcr_selection selection;
	struct tpm_pcr_values values; /* when it was sealed */
};

bool tpm_mix_write(const struct tpm_mix *mix, struct buffer *out); /* false: no memory, or too large */
bool tpm_mix_read(struct span bytes, struct tpm_mix *mix, const char **why);

#endif

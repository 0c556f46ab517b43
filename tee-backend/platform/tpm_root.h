/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wrap slot's key: sealed in the TPM under what the configuration binds it to, opened when that holds, and which
 * approved versions it opens for. Inside the enclave; called by tpm.c, under its lock.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_ROOT_H
#define KEYCLAVE_PLATFORM_TPM_ROOT_H

#include <limits.h>

#include "common/settings.h"
#include "platform/platform.h"
#include "platform/tpm_floor.h"
#include "platform/tpm_policy.h"

#define TPM_ROOT_FLOOR_OWN UINT32_MAX

struct tpm_root {
	struct tpm_pcr_selection selection;
	struct tpm_policy_key policy_key; /* .key NULL: bound to PCR values */
	char policy_dir[PATH_MAX];
	uint32_t wanted_floor;  /* tpm-version-floor; 0: as it is, TPM_ROOT_FLOOR_OWN: the version that runs */
	struct tpm_floor floor; /* of the slot that opened and that the store vouches for; .handle 0: none */
	struct tpm_policy_approval approval; /* by which it opened */
	bool opened;
	TPM2B_DIGEST measured; /* TPM2_PolicyPCR of the values of .selection under which it did */
};

/* What SETTINGS bind it to. CKR_TOKEN_NOT_PRESENT, logged. */
CK_RV tpm_root_configure(struct tpm_root *root, const struct settings *settings);
void tpm_root_free(struct tpm_root *root);

/* As platform_key, platform_key_new and platform_key_is_current. */
CK_RV tpm_root_open(struct tpm_root *root, const struct tpm_context *c, struct span mix, uint8_t key[PLATFORM_KEY_SIZE]);
CK_RV tpm_root_new(struct tpm_root *root, const struct tpm_context *c, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE]);
bool tpm_root_is_current(struct tpm_root *root, const struct tpm_context *c, struct span mix);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thirty-two bytes sealed in a TPM under a policy. They cross the bus encrypted, in sessions salted to the storage root
 * key. Inside the enclave; called by tpm.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_SEAL_H
#define KEYCLAVE_PLATFORM_TPM_SEAL_H

#include "platform/tpm_context.h"

#define TPM_SEAL_SIZE 32
#define TPM_SEAL_AREA_MAX 1024

/* PUBLIC and PRIVATE get TPM2B_PUBLIC and TPM2B_PRIVATE as the TPM writes them. */
CK_RV tpm_seal_close(const struct tpm_context *c, const struct tpm_primary *srk, const TPM2B_DIGEST *policy,
		     const uint8_t secret[TPM_SEAL_SIZE], struct buffer *public, struct buffer *private);

/*
 * In a policy SESSION that was brought to the policy; SRK is dropped on the way, for there is room for few objects.
 * CKR_DATA_INVALID, logged: the blob is not this TPM's, or the policy does not hold. SECRET is secret memory.
 */
CK_RV tpm_seal_open(const struct tpm_context *c, struct tpm_primary *srk, ESYS_TR session, struct span public,
		    struct span private, uint8_t secret[TPM_SEAL_SIZE]);

#endif

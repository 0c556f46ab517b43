/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the platform configuration registers now. Inside the enclave; used by the files tpm_*.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_PCR_READ_H
#define KEYCLAVE_PLATFORM_TPM_PCR_READ_H

#include "platform/tpm_context.h"
#include "platform/tpm_pcr.h"

TPML_PCR_SELECTION tpm_pcr_read_list(const struct tpm_pcr_selection *selection);

/*
 * The values, by a session of their own salted to SRK and audited, so that nobody on the bus makes them up.
 * CKR_DEVICE_ERROR: the bank is not allocated, or has not all of these (logged).
 */
CK_RV tpm_pcr_read(const struct tpm_context *c, const struct tpm_primary *srk, const struct tpm_pcr_selection *selection,
		   struct tpm_pcr_values *values);

/*
 * The TPM's own count of changes to PCRs (TPM2_PCR_Read, pcrUpdateCounter). Nobody authenticates it: for caches only, whose
 * users have a nonce of their own.
 */
CK_RV tpm_pcr_read_updates(const struct tpm_context *c, uint64_t *updates);

#endif

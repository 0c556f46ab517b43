/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM's evidence: a quote by an attestation key, in the form of docs/evidence.md. Inside the enclave; called by tpm.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_ATTEST_H
#define KEYCLAVE_PLATFORM_TPM_ATTEST_H

#include "platform/platform.h"
#include "platform/tpm_pcr_read.h"

/* The EK's certificate, DER, from where TPMs keep it; empty: there is none. */
CK_RV tpm_attest_certificate(const struct tpm_context *c, struct buffer *certificate);

/*
 * The key that quotes: the one at PERSISTENT, for as long as it is there; 0: made from the endorsement seed, the same for as long
 * as that lasts.
 */
CK_RV tpm_attest_key(const struct tpm_context *c, uint32_t persistent, struct tpm_primary *ak);
void tpm_attest_key_drop(const struct tpm_context *c, uint32_t persistent, struct tpm_primary *ak);

/*
 * REPORT (docs/evidence.md, `tpm`): PCR0 to 15 of BANK quoted over DIGEST, its SHA-512 where the TPM takes so much.
 * BINDING: of a vTPM whose hardware vouches for it, with the key that this is about; NULL: none.
 */
CK_RV tpm_attest_quote(const struct tpm_context *c, TPM2_ALG_ID bank, const struct platform_digest *digest,
		       struct span ek_certificate, const struct platform_binding *binding, struct buffer *report);

#endif

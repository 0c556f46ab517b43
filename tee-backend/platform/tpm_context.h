/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a TPM 2.0 by tpm2-tss: keys and sessions that are taken and given back, and what its errors mean.
 * A TPM without a resource manager has room for three objects and three sessions: nobody holds more than two of either.
 * Inside the enclave; the bus behind it is not. Used by the files tpm_*.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_CONTEXT_H
#define KEYCLAVE_PLATFORM_TPM_CONTEXT_H

#include <tss2/tss2_esys.h>

#include "common/buffer.h"
#include "common/status.h"

struct tpm_context {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	bool ecc; /* it has elliptic curves */
	TPM2B_NAME ek, srk; /* of this TPM, by tpm_ek_authenticate; empty before */
};

/* TCTI as tpm2-tss writes it: "device:/dev/tpmrm0", "swtpm:path=/path". CKR_TOKEN_NOT_PRESENT, logged. */
CK_RV tpm_context_open(struct tpm_context *c, const char *tcti);
void tpm_context_close(struct tpm_context *c);

/*
 * After a command that failed: one whose response was not authentic leaves an ESAPI context that takes no further command.
 * Begins anew on the same connection, and flushes what was left in the TPM.
 */
void tpm_context_recover(struct tpm_context *c);

/* Logs that the TPM refused WHAT, and what RC means: CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR. */
CK_RV tpm_context_failed(TSS2_RC rc, const char *what);

/* RC without the layer and the number of handle, parameter or session: TPM2_RC_SIZE and the like. */
TSS2_RC tpm_context_code(TSS2_RC rc);

/* A transient key made from one of the TPM's seeds: the same template gives the same key for as long as the seed lasts. */
struct tpm_primary {
	ESYS_TR handle; /* ESYS_TR_NONE: none */
	TPM2B_NAME name;
	TPMT_PUBLIC public;
};

/*
 * The TCG's template of a restricted storage key, P-256 or RSA 2048, with AES-128-CFB: what SRK and EK have in common (TCG EK
 * Credential Profile, annex B.3.3 and B.3.4; Provisioning Guidance, section 7.5.1). No policy is set.
 */
TPM2B_PUBLIC tpm_context_storage_key(bool ecc, TPMA_OBJECT attributes);

/*
 * The storage root key by the TCG's template: ECC P-256 where the TPM has it, else RSA 2048. NAME, if not empty, is the one
 * that is pinned: another is CKR_DATA_INVALID, logged (another TPM, a cleared one, or somebody in between), and so is one that
 * the endorsement key does not vouch for (tpm_ek.h). Sessions are salted to it.
 */
CK_RV tpm_context_srk(const struct tpm_context *c, struct span name, struct tpm_primary *srk);

/* The same, whatever its name: made in SESSION, an HMAC session or ESYS_TR_PASSWORD. */
CK_RV tpm_context_srk_in(const struct tpm_context *c, ESYS_TR session, struct tpm_primary *srk);
CK_RV tpm_context_primary(const struct tpm_context *c, ESYS_TR hierarchy, ESYS_TR session, const TPM2B_PUBLIC *template,
			  struct tpm_primary *primary);
void tpm_context_drop(const struct tpm_context *c, struct tpm_primary *primary);

/*
 * A session: TYPE TPM2_SE_HMAC, salted to SRK, its ATTRIBUTES (TPMA_SESSION_DECRYPT: to the TPM, _ENCRYPT: from it, _AUDIT);
 * or TPM2_SE_POLICY, with SRK NULL.
 */
CK_RV tpm_context_session(const struct tpm_context *c, const struct tpm_primary *srk, TPM2_SE type,
			  TPMA_SESSION attributes, ESYS_TR *session);

/* Flushes an object or session, and sets it to ESYS_TR_NONE. */
void tpm_context_flush(const struct tpm_context *c, ESYS_TR *handle);

/* NAME = algorithm || hash of the public area, computed here. False: not a SHA-256 name, or no memory. */
bool tpm_context_name(const TPMT_PUBLIC *public, TPM2B_NAME *name);

/* SIZE random bytes by the TPM, encrypted on their way. */
CK_RV tpm_context_random(const struct tpm_context *c, uint8_t *out, size_t size);

static inline struct span tpm_context_span(const TPM2B_NAME *name)
{
	return (struct span){name->name, name->size};
}

#endif

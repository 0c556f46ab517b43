/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endorsement key: which TPM this is. It vouches for the storage root key, to which everything else's sessions are salted
 * (security rule 7). Inside the enclave; called by tpm.c and the files that pin it.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_EK_H
#define KEYCLAVE_PLATFORM_TPM_EK_H

#include "platform/tpm_context.h"

/*
 * Makes the endorsement key by the TCG's template, of the kind that CERTIFICATE (DER; may be empty) is for, and in a session that is
 * salted to it the storage root key: C->ek and C->srk are their names from now on, and tpm_context_srk takes no other. Logs which
 * one it is, and whether the certificate is of it. CKR_DEVICE_ERROR, logged.
 */
CK_RV tpm_ek_authenticate(struct tpm_context *c, struct span certificate);

/* The endorsement key by the TCG's template, ECC P-256 or RSA 2048. */
CK_RV tpm_ek_primary(const struct tpm_context *c, bool ecc, struct tpm_primary *ek);

/*
 * CKR_TOKEN_NOT_RECOGNIZED, logged with both names: this is not the TPM that PINNED names; WHAT was made with it. An empty PINNED, of
 * a store from before endorsement keys were pinned, is any.
 */
CK_RV tpm_ek_check(const struct tpm_context *c, struct span pinned, const char *what);

#endif

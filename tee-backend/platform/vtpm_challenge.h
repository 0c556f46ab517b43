/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A challenge of a TPM by its endorsement key (TPM2_ActivateCredential): whoever answers it holds the EK's private half, and an
 * object of the given name beside it. Inside the enclave, which is the challenger; called by vtpm_binding.c.
 */
#ifndef KEYCLAVE_PLATFORM_VTPM_CHALLENGE_H
#define KEYCLAVE_PLATFORM_VTPM_CHALLENGE_H

#include "platform/tpm_context.h"

/*
 * CKR_OK: the TPM of EK, an RSA key that is loaded, holds OBJECT. CKR_DATA_INVALID, logged: it does not answer. The secret is made
 * and encrypted here, for the other side may be the host's.
 */
CK_RV vtpm_challenge(const struct tpm_context *c, const struct tpm_primary *ek, const struct tpm_primary *object);

#endif

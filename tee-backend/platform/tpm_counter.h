/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A monotonic counter in a TPM's NV memory. Its authorisation is a secret of the store's, so that nobody else reads,
 * advances or answers for it: reads and increments go in HMAC sessions (security rule 7). Inside the enclave; called by tpm.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_COUNTER_H
#define KEYCLAVE_PLATFORM_TPM_COUNTER_H

#include "platform/platform.h"
#include "platform/tpm_context.h"

/* Defines an index and counts once. ID: as platform_counter_new. */
CK_RV tpm_counter_new(const struct tpm_context *c, const uint8_t auth[PLATFORM_KEY_SIZE], struct buffer *id, uint64_t *value);

/*
 * CKR_TOKEN_NOT_RECOGNIZED, logged: it is not there, is another one, has another authorisation, or this is another TPM.
 */
CK_RV tpm_counter_read(const struct tpm_context *c, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], bool increment,
		       uint64_t *value);

#endif

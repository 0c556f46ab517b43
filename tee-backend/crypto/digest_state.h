/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests that go on where a client's stopped: C_DigestKey moves the state of a hash into the enclave
 * (DESIGN section 7, rule 3). Used by stream.c alone, in the enclave.
 */
#ifndef KEYCLAVE_CRYPTO_DIGEST_STATE_H
#define KEYCLAVE_CRYPTO_DIGEST_STATE_H

#include "crypto/digest.h"

struct digest_state; /* opaque; one thread at a time */

/*
 * STATE of ROW (a DIGEST): chaining value || byte count (8, big-endian) || bytes of the unfinished block.
 * CKR_ARGUMENTS_BAD when it is not that, CKR_MECHANISM_INVALID, CKR_DEVICE_MEMORY.
 */
CK_RV digest_state_open(const struct mechanism_row *row, struct span state,
			struct digest_state **opened);
void digest_state_feed(struct digest_state *state, struct span data);

/* row->output bytes. Only digest_state_free may follow. */
void digest_state_close(struct digest_state *state, uint8_t out[DIGEST_MAX]);
void digest_state_free(struct digest_state **state);

#endif

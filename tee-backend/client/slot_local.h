/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client says of slots while there is neither a daemon nor a store: one slot with a token that
 * waits for C_InitToken (DESIGN section 7, rule 8). As the daemon would answer on an empty store.
 */
#ifndef KEYCLAVE_CLIENT_SLOT_LOCAL_H
#define KEYCLAVE_CLIENT_SLOT_LOCAL_H

#include "client/internal.h"

/* True after a call that found nobody listening, if that is what this client's user has to expect. */
bool slot_local_applies(struct client *client);

void slot_local_list(struct numbers *slots);

/* The spans are static. CKR_SLOT_ID_INVALID. */
CK_RV slot_local_token(const struct client *client, uint64_t slot, struct token_response *token);

#endif

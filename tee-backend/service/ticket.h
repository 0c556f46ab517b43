/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets: what lets a client come back. A join ticket names a context, a login ticket a login on one
 * token (security rule 13). Sealed under the hierarchy's ticket key; to clients they are just bytes.
 * Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_TICKET_H
#define KEYCLAVE_SERVICE_TICKET_H

#include "service/application.h"

struct ticket_join {
	uint8_t context[PROTOCOL_CONTEXT_ID_SIZE];
	uint8_t key_hash[APPLICATION_HASH_SIZE];
	uint64_t owner; /* of the context's first connection; locally, a worker of another uid may join it */
};

/* SHA-256 of a context key. False: KEY is not PROTOCOL_CONTEXT_KEY_SIZE bytes, or libcrypto failed. */
bool ticket_hash_key(struct span key, uint8_t hash[APPLICATION_HASH_SIZE]);

/* OUT gets the join ticket of CONTEXT. CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR. */
CK_RV ticket_make_join(struct service *service, const struct application *context, struct buffer *out);

/* CKR_ACTION_PROHIBITED: not a join ticket of ours. */
CK_RV ticket_open_join(struct service *service, struct span ticket, struct ticket_join *join);

/* OUT gets the ticket of the user's login at ATTACHMENT. */
CK_RV ticket_make_login(struct application *context, struct attachment *attachment, struct buffer *out);

/*
 * Is TICKET good for a login of CONTEXT at ATTACHMENT's token? It must be bound to the context key whose
 * hash is KEY_HASH, to the context's owner, the token's identity, its PIN and login generation, be younger than
 * TOKEN_LOGIN_LIFETIME_S, and of a login that was not ended by a logout. NAME gets the login's.
 * CKR_USER_NOT_LOGGED_IN.
 */
CK_RV ticket_open_login(struct application *context, struct attachment *attachment, struct span ticket,
			const uint8_t key_hash[APPLICATION_HASH_SIZE], uint8_t name[TOKEN_LOGIN_SIZE]);

/* The login at ATTACHMENT ends: its tickets are no good any more, when this is CKR_OK not even after a restart. */
CK_RV ticket_end_login(struct application *context, struct attachment *attachment);

#endif

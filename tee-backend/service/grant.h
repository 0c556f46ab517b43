/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants: what C_Login(CKU_CONTEXT_SPECIFIC) yields, one use of one key that is CKA_ALWAYS_AUTHENTICATE,
 * bound to context, key and operation (DESIGN section 7, rule 4). Inside the enclave; callers hold
 * the context's lock.
 */
#ifndef KEYCLAVE_SERVICE_GRANT_H
#define KEYCLAVE_SERVICE_GRANT_H

#include <stdbool.h>

#include "protocol/message.h"

#define GRANTS_MAX 64       /* of one context; the oldest gives way */
#define GRANT_LIFETIME_S 300

struct grant {
	uint8_t id[PROTOCOL_GRANT_SIZE];
	uint64_t slot;
	CK_OBJECT_HANDLE key;
	protocol_usage usage; /* 0: free */
	uint64_t since;       /* seconds of CLOCK_MONOTONIC */
	uint64_t spent_by;    /* sequence number of the request that used it; 0: not used */
};

struct grants {
	struct grant item[GRANTS_MAX];
	size_t next;
};

/* ID gets a new grant's. False: no random bytes. */
bool grant_make(struct grants *grants, uint64_t slot, CK_OBJECT_HANDLE key, protocol_usage usage,
		uint64_t now, uint8_t id[PROTOCOL_GRANT_SIZE]);

/*
 * Spends a grant. A request that is sent again with the same sequence number finds it still valid. False: none
 * such, of another key or operation, spent, or too old.
 */
bool grant_spend(struct grants *grants, struct span id, uint64_t slot, CK_OBJECT_HANDLE key,
		 protocol_usage usage, uint64_t sequence, uint64_t now);

/* All of a slot. */
void grant_drop(struct grants *grants, uint64_t slot);

#endif

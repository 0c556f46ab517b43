/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An authorised update, on the side of the version that runs (security rules 4 and 17): a challenge, the root wrapped for who
 * answers it well, and what wrap slots there are. Each is one write of the store's head, or none. Inside the enclave;
 * called by token/ from any thread.
 */
#ifndef KEYCLAVE_KEYS_UPDATE_H
#define KEYCLAVE_KEYS_UPDATE_H

#include "keys/hierarchy.h"
#include "keys/migration_policy.h"

#define UPDATE_CHALLENGE_SIZE HEAD_CHALLENGE_SIZE

/*
 * A new nonce for the evidence of the next version, in the place of the one before. It is in the head, so that it is good after
 * a restart, until a grant uses it up. CKR_ACTION_PROHIBITED, logged: the store has no policy of migrations, or the file is
 * not the one that it was made with. CKR_FUNCTION_NOT_SUPPORTED: there is no store.
 */
CK_RV update_challenge(const struct hierarchy *hierarchy, struct blobstore *store, uint8_t nonce[UPDATE_CHALLENGE_SIZE]);

/*
 * Verifies REQUEST and adds a wrap slot for it; VERDICT says whether, and else why not, which is logged too. A request that has its
 * slot already is granted again without a write. Errors as update_challenge; CKR_DEVICE_MEMORY: no room for one more slot.
 */
CK_RV update_grant(const struct hierarchy *hierarchy, struct blobstore *store, struct span request, struct span endorsements,
		   struct migration_verdict *verdict);

/* Takes all slots of kind migration and the challenge away. *COUNT: how many slots. */
CK_RV update_cancel(const struct hierarchy *hierarchy, struct blobstore *store, uint64_t *count);

/* What is public of the head's slots; a slot's text is for people: what its key is bound to. */
struct update_status {
	uint64_t kind[HEAD_SLOTS_MAX]; /* enum head_slot_kind */
	char binding[HEAD_SLOTS_MAX][256];
	size_t count;
	bool challenged;  /* a challenge waits for its answer */
	bool may_migrate; /* there is a policy, and its file is the same */
};
CK_RV update_status(const struct hierarchy *hierarchy, struct platform *platform, struct blobstore *store,
		    struct update_status *status);

#endif

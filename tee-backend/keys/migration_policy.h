/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By which policy a store moves to another version or machine (security rule 17): a file that is named when the store is made, whose
 * hash its head keeps for ever. What it leaves open nobody can close later, so one that does not pin enough makes no store.
 * Inside the enclave.
 */
#ifndef KEYCLAVE_KEYS_MIGRATION_POLICY_H
#define KEYCLAVE_KEYS_MIGRATION_POLICY_H

#include "keys/head.h"
#include "keys/migration.h"

struct migration_policy; /* opaque; only read after migration_policy_use, so thread-safe */

/*
 * The file PATH, for as long as the process lives: after the start the sandbox has no more access to it. *POLICY is NULL
 * where PATH is empty. A file that cannot be read is said by migration_policy_use. CKR_DEVICE_MEMORY.
 */
CK_RV migration_policy_load(const char *path, struct migration_policy **policy);
void migration_policy_free(struct migration_policy **policy);

/* Its path, for messages, and its SHA-256 (HEAD_MIGRATION_SIZE bytes); NULL: it could not be read. */
const char *migration_policy_path(const struct migration_policy *policy);
const uint8_t *migration_policy_digest(const struct migration_policy *policy);

/*
 * Parses it for stores of PLATFORM whose root PROTECTOR protects. CKR_DEVICE_ERROR, logged with what is missing: unreadable, no policy, or it does not pin the
 * platform, what is measured or who signed it with a floor of its version, and a floor of the TCB; or it allows what would
 * make that worthless (debug, any measurement, no nonce, ...).
 */
CK_RV migration_policy_use(struct migration_policy *policy, const char *platform, const char *protector);

struct migration_verdict {
	bool good;
	char detail[256];               /* the check that failed, and why */
	struct migration_target target; /* when good; borrows from the request */
};

/*
 * Whether REQUEST is fresh evidence (of HEAD's challenge) of purpose migration that meets POLICY, for HEAD's platform and protector.
 * ENDORSEMENTS: certificates and CRLs that help to judge, as endorsements_add takes them; may be empty. CKR_OK whatever the
 * verdict; CKR_DEVICE_MEMORY.
 */
CK_RV migration_policy_judge(const struct migration_policy *policy, const struct head *head, struct span request,
			     struct span endorsements, struct migration_verdict *verdict);

#endif

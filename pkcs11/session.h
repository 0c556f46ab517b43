/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 sessions: they live here, in the client; the enclave knows of contexts only. A session owns its
 * active operations and its find results. Called by every chapter of the module.
 */
#ifndef KEYCLAVE_PKCS11_SESSION_H
#define KEYCLAVE_PKCS11_SESSION_H

#include "pkcs11/module.h"
#include "pkcs11/operation.h"

struct session {
	CK_SESSION_HANDLE handle;
	uint64_t slot;
	uint64_t number; /* names it to the enclave, for session objects (never reused in a context) */
	bool read_write;
	bool made_objects; /* session objects exist: REQUEST_RELEASE at close */
	struct client *client;
	struct operation *operations[OPERATION_KINDS]; /* NULL until first used; kept till the session ends */
	/* C_FindObjects: results not yet fetched by the program */
	bool finding;
	CK_OBJECT_HANDLE *found;
	size_t found_count, found_next;
	/* CKA_KEYCLAVE_NONCE, local to the session */
	CK_OBJECT_HANDLE nonce_object;
	uint8_t nonce[64];
	size_t nonce_size;
};

/*
 * module_enter, then the session, locked for this thread. CKR_CRYPTOKI_NOT_INITIALIZED,
 * CKR_SESSION_HANDLE_INVALID. Pair with session_leave, which also leaves the module.
 */
CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **session);
void session_leave(struct session *session);

/* CKR_SESSION_READ_ONLY when an object with this CKA_TOKEN may not be made or changed in the session. */
CK_RV session_may_write(const struct session *session, bool token_object);

/* Ends every operation of all sessions on SLOT (logout: pkcs11-peers, SoftHSM#900). Internal to session.c and slot.c. */
void session_reset_slot(uint64_t slot);

#endif

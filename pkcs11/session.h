/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 sessions: they live here, in the client; the enclave knows of contexts only. A session owns its
 * active operations and its find results. Called by every chapter of the module.
 */
#ifndef KEYCLAVE_PKCS11_SESSION_H
#define KEYCLAVE_PKCS11_SESSION_H

#include <pthread.h>

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

	/* CKA_KEYCLAVE_NONCE of nonce_object, local to the session */
	CK_OBJECT_HANDLE nonce_object;
	uint8_t nonce[64];
	size_t nonce_size;

	/* session.c's own */
	pthread_mutex_t lock;
	unsigned references;
	bool closed;
};

/*
 * module_enter, then the session, locked for this thread. CKR_CRYPTOKI_NOT_INITIALIZED,
 * CKR_SESSION_HANDLE_INVALID. Pair with session_leave, which also leaves the module.
 */
CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **session);
void session_leave(struct session *session);

/*
 * CKR_OK when an object with this CKA_TOKEN may be made, changed or destroyed here, else
 * CKR_SESSION_READ_ONLY.
 */
CK_RV session_may_write(const struct session *session, bool token_object);

/* How many sessions this process has on SLOT, and how many of them are read/write. */
void session_count(uint64_t slot, CK_ULONG *all, CK_ULONG *read_write);

/* Ends every operation of all sessions on SLOT, with no session's lock held: after a logout. */
void session_reset_slot(uint64_t slot);

/* C_Finalize (TELL: the enclave hears of it) and a child that starts anew (it must not). */
void session_drop_all(bool tell);

/* For module.c: the table is consistent while a fork happens; a child makes all locks new. */
void session_fork_prepare(void);
void session_fork_done(void);
void session_repair(void);

#endif

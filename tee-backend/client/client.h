/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of one context: a pool of connections to the daemon, its login tickets, and the
 * recovery from everything that a host program does to us: fork, closed descriptors, dropped privileges,
 * a daemon that was restarted or not yet started (DESIGN section 7). Used by pkcs11/, ossl-provider/
 * and cli/. Knows no policy and no keys; links no libcrypto.
 */
#ifndef KEYCLAVE_CLIENT_CLIENT_H
#define KEYCLAVE_CLIENT_CLIENT_H

#include "common/settings.h"
#include "protocol/request.h"

struct client; /* opaque; every function may be called from any thread */

/*
 * Makes a context; opens no socket (rule 8). SETTINGS is copied. PROGRAM names us in the daemon's log.
 * CKR_HOST_MEMORY, CKR_ARGUMENTS_BAD (the endpoint is malformed; one line is logged).
 */
CK_RV client_open(const struct settings *settings, const char *program, struct client **client);

/* Ends the context in this process only; a parent, a child or a sibling keeps its own. */
void client_close(struct client **client);

/*
 * Installs the handlers that hold the locks of all clients over a fork(2). Whoever calls a client under a lock of his own, and
 * holds that one over a fork too, calls this before his own pthread_atfork(3): then his is taken first there as well.
 */
void client_forks(void);

/* Which daemon may be started on demand and when: see client_start_policy. */
enum client_start {
	CLIENT_START_NEVER,  /* only a daemon that already listens */
	CLIENT_START_STORE,  /* start it if a store exists (the module's and the provider's default) */
	CLIENT_START_ALWAYS, /* start it, it may make the store: C_InitToken, the CLI */
};
void client_start_policy(struct client *client, enum client_start policy);

/* An answer. Its spans lie in a connection's buffer, which client_done gives back to the pool. */
struct client_answer {
	union message message;
	struct connection *connection; /* internal */
};

/*
 * One round trip. REQUEST is the struct of row ID (request table); ANSWER gets its response. On CKR_OK the
 * caller must call client_done; on any other result there is nothing to give back (but calling it does no
 * harm). Besides the enclave's own verdict: CKR_HOST_MEMORY; CKR_DEVICE_ERROR for operations and
 * CKR_TOKEN_NOT_PRESENT for slots, tokens, attach and login when no daemon can be reached within
 * connect-timeout (rule 11). A request is sent again after a broken connection as its row allows, with
 * the same sequence number; a caller never sees the break.
 */
CK_RV client_call(struct client *client, enum request_id id, const void *request,
		  struct client_answer *answer);
void client_done(struct client_answer *answer);

/* For requests whose response is empty, or of no interest. */
CK_RV client_tell(struct client *client, enum request_id id, const void *request);

/*
 * The slots in order, answered locally as {1} when there is no store (rule 8).
 * At most MAX; CKR_BUFFER_TOO_SMALL never happens: PROTOCOL_NUMBERS_MAX bounds them.
 */
CK_RV client_slots(struct client *client, struct numbers *slots);

/*
 * As REQUEST_TOKEN; answered locally as the uninitialised token when there is no store. ANSWER needs
 * client_done.
 */
CK_RV client_token(struct client *client, uint64_t slot, struct client_answer *answer);

/* Counted: the first attaches, the last detaches (rule 12); a reconnection attaches again. */
CK_RV client_attach(struct client *client, uint64_t slot);
CK_RV client_detach(struct client *client, uint64_t slot);

/*
 * Login state is kept here, with the ticket, so that it survives a restart of the daemon and a fork.
 * The caller serialises these per slot (rule 12).
 */
CK_RV client_login(struct client *client, uint64_t slot, CK_USER_TYPE user, struct span pin);
CK_RV client_logout(struct client *client, uint64_t slot);

/* CKU_USER, CKU_SO, or CK_UNAVAILABLE_INFORMATION: what this process holds after any lost login was noticed. */
CK_USER_TYPE client_user(struct client *client, uint64_t slot);

/*
 * Raised when the context in the daemon is not the one it was (a restart): session objects made before
 * are gone. In a forked child it is the parent's number until the daemon is lost.
 */
uint64_t client_generation(struct client *client);

/* True in a process that is not the one that called client_open. */
bool client_is_forked(struct client *client);

#endif

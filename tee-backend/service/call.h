/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on its way through the service: what dispatch.c found out before the handler ran, and what
 * handlers have in common: finding an object that the caller may see, a key that he may use, and keeping
 * a new object. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CALL_H
#define KEYCLAVE_SERVICE_CALL_H

#include "service/application.h"

/* One connection. Used by one thread at a time. */
struct link {
	struct service *service;
	struct service_peer peer;
	uint8_t exporter[SERVICE_EXPORTER_SIZE]; /* of a remote peer */
	bool attested; /* it has had its evidence */
	bool control;  /* this connection is its context's control socket */
	struct application *context; /* NULL before hello */
	struct buffer data;      /* results until they are encoded; secret memory, kept between requests */
};

#define CALL_HELD_MAX 2

struct call {
	struct service *service;
	struct link *link;
	struct application *context;       /* NULL before hello */
	struct attachment *attachment; /* of RIGHT_ATTACHED and above; else NULL */
	struct token *token;           /* its token */
	uint64_t slot;                 /* of requests that have one */
	CK_USER_TYPE user;             /* who was logged in when the request came */
	const struct request_row *row;
	struct once once;              /* of REPLAY_ONCE rows: for functions that take one */
	bool repeated;                 /* perhaps sent before, and this worker does not know what came of it */
	bool recalled;                 /* the store does, and its effect is to be made again: write no .once */
	const union message *request;
	union message *response;
	struct buffer *data;           /* the link's, empty: for bytes that the response borrows */
	struct token_facts facts;      /* likewise, as are the next two */
	uint8_t class[8];
	uint8_t number[8];
	struct object *held[CALL_HELD_MAX]; /* objects that the response borrows from; dropped after encoding */
	int fd;                        /* to send with the response, or -1 */
	bool close;                    /* end the connection after the answer */
};

/* What templates may ask for in this call. */
struct object_policy call_policy(const struct call *call);

/*
 * The object HANDLE, if the caller may see it: a reference for the caller. CKR_OBJECT_HANDLE_INVALID (none,
 * another context's, private without login, or made up), CKR_DEVICE_ERROR (its record was refused).
 */
CK_RV call_object(struct call *call, uint64_t handle, struct object **object);

/* True if the caller could as well remove the store itself: root, or the daemon's own user, on this machine. */
bool call_owns_store(const struct call *call);

/* Does HANDLE name evidence, or the hardware feature: what cmd_evidence_get reads? HANDLE_ROOT is an object like others. */
bool call_handle_is_made_up(uint64_t handle);

/* As call_object, kept in call->held: borrowed until the answer is encoded. */
CK_RV call_hold(struct call *call, uint64_t handle, struct object **object);

/*
 * The key HANDLE for one operation: found, permitted for MECHANISM and USAGE (one CKF_ bit), and, when it
 * is CKA_ALWAYS_AUTHENTICATE, paid for with GRANT. One reference each of OBJECT and KEY for the caller.
 * INVALID instead of CKR_OBJECT_HANDLE_INVALID; CKR_USER_NOT_LOGGED_IN: no grant; as object_permits.
 */
CK_RV call_key(struct call *call, uint64_t handle, const struct mechanism *m, CK_FLAGS usage,
	       struct span grant, CK_RV invalid, struct object **object, struct key **key);

/* A REQUEST_* with an operate_request, by OPERATION of crypto/operate.h for USAGE. Allocates nothing. */
typedef CK_RV call_operation(const struct key *key, const struct mechanism *m, struct span data,
			     struct buffer *out);
CK_RV call_operate(struct call *call, CK_FLAGS usage, call_operation *operation);

/* The grant alone, for a key that was found before. */
CK_RV call_grant(struct call *call, uint64_t handle, const struct object *object, CK_FLAGS usage,
		 struct span grant);

/*
 * Keeps COUNT (1 or 2) new objects, on the token or as session objects of SESSION as each says, and gives
 * their handles. All or nothing.
 */
CK_RV call_keep(struct call *call, uint64_t session, struct object *const objects[], size_t count,
		CK_OBJECT_HANDLE handles[]);

#endif

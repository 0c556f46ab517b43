/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A context: one application, that is, what C_Initialize made or what a forked child became. It owns
 * attachments to tokens with their logins, session objects, grants, streams and the memory of its last
 * results. Lives while a connection or its control socket does. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_APPLICATION_H
#define KEYCLAVE_SERVICE_APPLICATION_H

#include "service/attachment.h"
#include "service/evidence_cache.h"
#include "service/grant.h"
#include "service/internal.h"
#include "service/replay.h"
#include "service/session_objects.h"
#include "service/streams.h"

#define APPLICATION_HASH_SIZE 32 /* SHA-256 of the client's context key */
#define APPLICATIONS_MAX 65536

struct application {
	struct application *next; /* of its bucket */
	struct service *service;
	atomic_uint refs;

	/* Set before others see the context, or, when only the control socket came back, by the first JOIN. */
	uint8_t id[PROTOCOL_CONTEXT_ID_SIZE];
	uint8_t key_hash[APPLICATION_HASH_SIZE];
	uint64_t owner; /* of struct service_peer */

	/* Under contexts_lock. */
	bool known;   /* false: only the control socket came back after a restart */
	bool control; /* a copy of its control socket is open somewhere */
	size_t links;

	bool restored; /* made by a JOIN after a restart: older results may be in the store only */

	pthread_mutex_t lock; /* all that follows */
	struct attachment *attachments;
	struct session_objects objects;
	struct grants grants;
	struct streams streams;
	struct replay replay;
	struct nonces nonces;
	struct evidence_cache evidence;
};

/*
 * Each of the first three gives a counted reference that is also one of .links; give it back with
 * application_leave. CKR_DEVICE_MEMORY.
 */
CK_RV application_new(struct service *service, uint64_t owner, const uint8_t key_hash[APPLICATION_HASH_SIZE],
		  struct application **context);

/* The context ID, or one made anew with the same id; *MADE says so. CKR_ACTION_PROHIBITED: another key or owner. */
CK_RV application_join(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], uint64_t owner,
		   const uint8_t key_hash[APPLICATION_HASH_SIZE], struct application **context, bool *made);

/*
 * A new context under NEW_HASH that starts with the logins, session objects and attachments of context ID
 * of owner UID and KEY_HASH; *MADE: that one is lost, so the new one is empty.
 */
CK_RV application_clone(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], uint64_t owner,
		    const uint8_t key_hash[APPLICATION_HASH_SIZE],
		    const uint8_t new_hash[APPLICATION_HASH_SIZE], struct application **context, bool *made);

/* A connection ends. */
void application_leave(struct application **context);

/* A control socket was made, came back, or is over. */
void application_control(struct service *service, const uint8_t id[PROTOCOL_CONTEXT_ID_SIZE], bool alive);

/* Drops a plain reference. */
void application_free(struct application **context);

size_t application_count(struct service *service);

#endif

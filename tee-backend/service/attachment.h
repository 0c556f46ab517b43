/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A context's place at one token, from its first open to its last close there, and who is logged in
 * (DESIGN section 7, rule 12). Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_ATTACHMENT_H
#define KEYCLAVE_SERVICE_ATTACHMENT_H

#include "service/internal.h"

/* Nobody is logged in. */
#define ATTACHMENT_NOBODY CK_UNAVAILABLE_INFORMATION

/* Counted, so that a request outlives a concurrent detach. */
struct attachment {
	struct attachment *next; /* of its context, under context.lock */
	struct service *service;
	atomic_uint refs;
	uint64_t slot;
	struct token *token;
	_Atomic CK_USER_TYPE user;            /* CKU_USER, CKU_SO or ATTACHMENT_NOBODY */
	uint8_t login[TOKEN_LOGIN_SIZE];      /* names this login in its ticket; under context.lock */
};

/* First open of a token. CKR_TOKEN_NOT_RECOGNIZED (uninitialised), CKR_SLOT_ID_INVALID. No error if attached. */
CK_RV attachment_open(struct application *context, uint64_t slot);

/* Last close: session objects, streams, grants and login of the slot are gone. */
void attachment_close(struct application *context, uint64_t slot);

/* The attachment to SLOT with a reference for the caller, or NULL: not attached. */
struct attachment *attachment_get(struct application *context, uint64_t slot);
void attachment_free(struct attachment **attachment);

/* COPY, which nobody else knows yet, gets the attachments of ORIGINAL, logins included; both are locked or new. */
bool attachment_copy_all(struct application *original, struct application *copy);
void attachment_free_all(struct application *context);

/* True if any context is attached to SLOT. The caller holds attach_lock. */
bool attachment_exists(struct service *service, uint64_t slot);

/* Sets who is logged in; the login gets NAME or (NULL) one of its own. CKR_DEVICE_ERROR: no random bytes. */
CK_RV attachment_login(struct application *context, struct attachment *attachment, CK_USER_TYPE user,
		       const uint8_t name[TOKEN_LOGIN_SIZE]);

/* Private session objects, streams on private keys and grants of the slot are gone. */
void attachment_logout(struct application *context, struct attachment *attachment);

#endif

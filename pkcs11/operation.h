/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An active operation of a session: what C_*Init decided and what its parts have left behind. One state
 * machine for sign, verify, encrypt, decrypt, digest and the recovering pair; the chapters (sign.c,
 * cipher.c, digest.c) differ in arguments only.
 */
#ifndef KEYCLAVE_PKCS11_OPERATION_H
#define KEYCLAVE_PKCS11_OPERATION_H

#include "client/descriptor.h"

enum operation_kind {
	OPERATION_SIGN,
	OPERATION_VERIFY,
	OPERATION_SIGN_RECOVER,
	OPERATION_VERIFY_RECOVER,
	OPERATION_ENCRYPT,
	OPERATION_DECRYPT,
	OPERATION_DIGEST,
	OPERATION_KINDS,
};

struct operation; /* completed by its owner */
struct session;

/* Ends it: wipes what it holds, closes its stream in the enclave if there is one. Idle already: nothing. */
void operation_end(struct session *session, enum operation_kind kind);

/* At the session's end, after operation_end: gives back the memory. NULL is accepted. */
void operation_free(struct operation **operation);

/* CKU_CONTEXT_SPECIFIC login: gets a grant for the active operation that waits for one. CKR_OPERATION_NOT_INITIALIZED. */
CK_RV operation_grant(struct session *session, struct span pin);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An active operation of a session: what C_*Init decided and what its parts have left behind. One state
 * machine for sign, verify, encrypt, decrypt, digest and the recovering pair; the chapters (sign.c,
 * cipher.c, digest.c) differ in arguments only. DESIGN section 7, rules 1 to 4.
 */
#ifndef KEYCLAVE_PKCS11_OPERATION_H
#define KEYCLAVE_PKCS11_OPERATION_H

#include "client/descriptor.h"
#include "pkcs11/hash.h"

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

/* How the message gets to the enclave. */
enum operation_route {
	ROUTE_HASH,  /* hashed here; the digest goes to the mechanism's raw one (or is the result) */
	ROUTE_WHOLE, /* in one frame; a longer message goes by stream */
	ROUTE_CHAIN, /* block by block, the chaining value being here */
};

struct session;

struct operation {
	enum operation_kind kind;
	enum operation_route route;
	bool active;
	bool multi;        /* an Update was made: the single-part call is no longer allowed */
	bool streaming;    /* the enclave holds the state */
	bool finished;     /* executed; .result waits for a buffer that it fits in */
	bool granted;
	struct mechanism mechanism; /* its spans lie in .parameters */
	struct buffer parameters;
	const struct descriptor *key; /* NULL: a digest */
	struct hash hash;
	struct buffer held;   /* bytes not yet sent */
	struct buffer result; /* bytes not yet given to the program */
	uint64_t total;       /* bytes of the message so far */
	uint64_t stream;
	uint8_t chain[16]; /* chaining value of ROUTE_CHAIN */
	uint8_t grant[PROTOCOL_GRANT_SIZE];
};

/*
 * C_*Init. A NULL mechanism ends what is active (PKCS#11 v3.0 section 5.8.1). KEY is not read for digests.
 * CKR_OPERATION_ACTIVE, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_HANDLE_INVALID and the
 * refusals of descriptor_permits.
 */
CK_RV operation_init(struct session *session, enum operation_kind kind, const CK_MECHANISM *mechanism,
		     CK_OBJECT_HANDLE key);

/* The whole of a C_*Init call: operation_init in the session of HANDLE. */
CK_RV operation_init_call(CK_SESSION_HANDLE handle, enum operation_kind kind, const CK_MECHANISM *mechanism,
			  CK_OBJECT_HANDLE key);

/* The active one of this kind, or CKR_OPERATION_NOT_INITIALIZED. */
CK_RV operation_find(struct session *session, enum operation_kind kind, struct operation **operation);

/*
 * The active one of this kind, for its single-part call. GOOD: the call's arguments are. CKR_ARGUMENTS_BAD, and
 * CKR_OPERATION_NOT_INITIALIZED (and the end) when parts came before.
 */
CK_RV operation_find_whole(struct session *session, enum operation_kind kind, bool good,
			   struct operation **operation);

/* Before a first part: CKR_OPERATION_NOT_INITIALIZED (and the end) when the mechanism is for one part only. */
CK_RV operation_may_update(struct session *session, struct operation *operation);

/*
 * Takes DATA of a sign, verify or digest operation: hashes it, holds it, or streams it. An error has ended
 * the operation.
 */
CK_RV operation_absorb(struct session *session, struct operation *operation, struct span data);

/* The grant for a key that wants one each time; {NULL, 0} for others. CKR_USER_NOT_LOGGED_IN. */
CK_RV operation_spend(struct operation *operation, struct span *grant);

/*
 * What the enclave's answer RV, of VERSION when it is CKR_OK, says of the cached descriptor: a key that changed or that
 * it refuses is asked about anew (rule 1).
 */
void operation_heard(struct session *session, const struct operation *operation, CK_RV rv, uint64_t version);

/* Opens the operation's stream in the enclave; STATE: of a digest, else empty. */
CK_RV operation_stream_open(struct session *session, struct operation *operation, struct span state);

/* Sends DATA in chunks; what comes out is appended to .result. */
CK_RV operation_stream_update(struct session *session, struct operation *operation, struct span data);

/* Ends the stream; the whole of what comes out is appended to .result. */
CK_RV operation_stream_final(struct session *session, struct operation *operation, struct span signature);

/*
 * The two-call pattern (rule 2). SIZE is what the result will have at most, EXACT whether it will have
 * just that. True: the call is answered with *RV (a length query, or too small a buffer for an exact size).
 */
bool operation_answer_size(CK_BYTE_PTR out, CK_ULONG_PTR out_size, size_t size, bool exact, CK_RV *rv);

/*
 * Gives .result to the program. CKR_BUFFER_TOO_SMALL keeps it for the next call (.finished). OVER: that
 * was the operation's last part, so it ends with success.
 */
CK_RV operation_deliver(struct session *session, struct operation *operation, CK_BYTE_PTR out,
			CK_ULONG_PTR out_size, bool over);

/* Ends it: wipes what it holds, closes its stream in the enclave if there is one. Idle already: nothing. */
void operation_end(struct session *session, enum operation_kind kind);

/* At the session's end, after operation_end: gives back the memory. NULL is accepted. */
void operation_free(struct operation **operation);

/* CKU_CONTEXT_SPECIFIC login: gets a grant for the active operation that waits for one. CKR_OPERATION_NOT_INITIALIZED. */
CK_RV operation_grant(struct session *session, struct span pin);

#endif

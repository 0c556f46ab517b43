/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All writes of one store: changes of concurrent callers go into the store together (one sync for
 * all), in one batch with the pages, heads and slots above them, and appear in memory when they are durable.
 * Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_COMMIT_H
#define KEYCLAVE_TOKEN_COMMIT_H

#include "token/batch.h"
#include "token/internal.h"
#include "token/once.h"

enum change_kind {
	CHANGE_HEAD,    /* .edit of the token's head */
	CHANGE_NOTE,    /* nothing but the once record */
	CHANGE_INSERT,  /* .objects at new .handles */
	CHANGE_REPLACE, /* .from by .to at .handle */
	CHANGE_REMOVE,  /* the object at .handle */
	CHANGE_DISCARD, /* the refused object at .handle */
	CHANGE_ENDED,   /* the login .name ended at .time */
	CHANGE_TOKEN,   /* .made in the place of .token, whose records go; .token NULL: in an empty or refused slot */
};

struct change {
	enum change_kind kind;
	struct token *token;
	bool epoch; /* HEAD: raises it */
	void (*edit)(struct record_head *head, const void *arg);
	const void *arg;
	struct object *const *objects;
	size_t count;
	uint64_t handles[2];
	uint64_t handle;
	const struct object *from;
	struct object *to;
	struct token *made;
	uint64_t replaced; /* TOKEN: number of the refused one; 0: none */
	const uint8_t *name; /* TOKEN_LOGIN_SIZE bytes */
	uint64_t time;

	/* What is remembered of the request, when .once is not NULL. */
	const struct once *once;
	CK_RV verdict;
	const uint8_t *candidate; /* not NULL: the verdict is open; RECORD_HASH_SIZE bytes */

	/* The committer's. */
	CK_RV rv;
	bool settled; /* its once was decided before */
	bool staged;
	bool done; /* under the queue's lock */
	struct once_entry *entry;
	struct change *next;
};

/*
 * CKR_OK: durable and visible. Otherwise nothing of it happened: CKR_OBJECT_HANDLE_INVALID, CKR_ACTION_PROHIBITED,
 * CKR_KEYCLAVE_CONFLICT (REPLACE: not .from any more), CKR_TOKEN_NOT_PRESENT (the token is over),
 * CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR (which may also mean: written, but the platform's counter did not follow). If .once was decided before, its result and handles, and no effect.
 */
CK_RV commit_run(struct token_store *store, struct change *change);

CK_RV commit_new(struct commit **commit);
void commit_free(struct commit **commit);

/* ---- between commit.c and commit_stage.c ---- */

struct draft_page {
	struct record_page page;
	uint64_t base; /* version in the store, 0: none */
	bool gone;     /* without objects: removed */
	bool refused;  /* stays as it is until it is gone */
	bool left[RECORD_PAGE_HANDLES]; /* of a refused one: objects that the store still has */
	struct draft_page *next;
};

struct transaction;
struct ended_draft;

struct draft {
	struct token *token;
	struct record_head head;
	struct record_link link;
	struct draft_page *pages;
	struct ended_draft *ended; /* NULL: unchanged */
	bool epoch;
	struct draft *next;
};

/* Takes the record NAME out of the store, in whatever version it is there; one that cannot be read stays. */
CK_RV commit_sweep(struct transaction *t, struct blob_name name);

struct transaction {
	struct token_store *store;
	struct batch batch;
	struct draft *drafts;
	struct record_slots *slots; /* NULL: unchanged */
	size_t inserts;             /* objects that this transaction may add at most */
	size_t inserted;
	size_t pruned;
	bool counts; /* a PIN, a policy or what is deleted: the platform's counter goes on */
};

/* Whether CHANGE can be done, as things stand with those staged before it. */
CK_RV commit_check(struct transaction *t, struct change *change);

/* The page's draft, made if there is none. NULL: no memory. */
struct draft_page *commit_page(struct draft *draft, uint64_t id);

/* Puts CHANGE into drafts and batch. On failure the transaction is of no use any more. */
CK_RV commit_stage(struct transaction *t, struct change *change);

/* Puts pages, heads and slots into the batch, when all changes are staged. */
CK_RV commit_seal(struct transaction *t);

#endif

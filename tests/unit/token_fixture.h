/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of token/ share: a store over a blob store that fails when it is told to and can be
 * tampered with, tokens with PINs in it, and templates. Failures of the fixture itself fail the test.
 */
#ifndef KEYCLAVE_TESTS_TOKEN_FIXTURE_H
#define KEYCLAVE_TESTS_TOKEN_FIXTURE_H

#include "blobstore/engine.h"
#include "platform/platform_ops.h"
#include "token/token.h"
#include "../lib/scratch.h"

#define SO_PIN "so-pin-12345678"
#define USER_PIN "user-pin-1234"

enum failing {
	FAIL_NEVER,
	FAIL_BEFORE, /* the write is refused */
	FAIL_AFTER,  /* the write is done, and then nobody hears of it: killed in between */
};

/* An engine between token/ and the real one. */
struct failing_blobs {
	struct blobstore base; /* first */
	struct blobstore *real;
	enum failing how;
	unsigned countdown; /* writes that still pass; the next one and all after it fail */
	CK_RV rv;           /* with this */
	unsigned writes;    /* that were asked for */
	size_t records;     /* in them */
};

struct fixed_platform {
	struct platform base; /* first */
	struct platform_ops ops;
};

struct fixture {
	struct fixed_platform platform;
	struct settings settings;
	struct scratch scratch; /* SQLite only */
	bool sqlite;
	struct failing_blobs blobs;
	struct token_store *store;
	struct object_policy policy; /* user is logged in, extractable keys are allowed */
};

/* cmocka set-ups; *STATE is the fixture. */
int fixture_memory(void **state);
int fixture_sqlite(void **state);
int fixture_teardown(void **state);

/* Closes store and engine as if killed, and opens both again. */
void fixture_reopen(struct fixture *f);
CK_RV fixture_try_reopen(struct fixture *f);

/* From the COUNTth write on (1: the next) all fail with RV. */
void fixture_fail(struct fixture *f, enum failing how, unsigned count, CK_RV rv);

/* The token in SLOT; the caller frees it. */
struct token *fixture_token(struct fixture *f, uint64_t slot);

/* A new token in the empty slot, with SO_PIN and USER_PIN. Its slot. */
uint64_t fixture_init(struct fixture *f, const char *label);

/* A data object of the token with LABEL. */
struct object *fixture_data(struct fixture *f, const char *label);

/* Stores one; its handle. */
uint64_t fixture_insert(struct fixture *f, struct token *token, const char *label);

/* Its label, or NULL when it cannot be had; static storage. */
const char *fixture_label(struct token *token, uint64_t handle);

/* How many objects of LABEL are found; *FIRST (may be NULL) gets the first one. */
size_t fixture_find(struct token *token, const char *label, uint64_t *first);

struct span text_span(const char *text);

/* Templates; the bytes live until the template is done with. */
struct sample {
	struct attributes list;
	uint8_t bytes[ATTRIBUTES_MAX][8];
};
void sample_bool(struct sample *s, CK_ATTRIBUTE_TYPE type, bool value);
void sample_ulong(struct sample *s, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void sample_bytes(struct sample *s, CK_ATTRIBUTE_TYPE type, struct span value);
void sample_text(struct sample *s, CK_ATTRIBUTE_TYPE type, const char *value);
void sample_remove(struct sample *s, CK_ATTRIBUTE_TYPE type);

#endif

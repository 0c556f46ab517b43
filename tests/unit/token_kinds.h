/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One good object of every kind that a template can ask for, for the table-driven tests of token/'s object
 * rules. Keys are generated once.
 */
#ifndef KEYCLAVE_TESTS_TOKEN_KINDS_H
#define KEYCLAVE_TESTS_TOKEN_KINDS_H

#include "token_fixture.h"

enum kind {
	KIND_DATA,
	KIND_CERTIFICATE,
	KIND_AES,
	KIND_GENERIC,
	KIND_RSA_PUBLIC,
	KIND_RSA_PRIVATE,
	KIND_EC_PUBLIC,
	KIND_EC_PRIVATE,
	KIND_ED_PUBLIC,
	KIND_ED_PRIVATE,
	KIND_X_PUBLIC,
	KIND_X_PRIVATE,
	KINDS,
};

struct kind_row {
	const char *name;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;         /* or ATTRIBUTE_ANY_KEY_TYPE */
	CK_MECHANISM_TYPE generation; /* or CK_UNAVAILABLE_INFORMATION */
	const char *curve;
};
extern const struct kind_row kind_rows[KINDS];

/* cmocka's group set-up and tear-down. */
int kinds_start(void **state);
int kinds_end(void **state);

/* A template that C_CreateObject takes, with nothing that it could do without. */
void kind_create(enum kind kind, struct sample *s);

/* The same for C_GenerateKey(Pair), with CKA_CLASS and CKA_KEY_TYPE left out. */
void kind_generate(enum kind kind, struct sample *s);

/* Some value that is valid for ROW. */
struct span kind_value(const struct attribute_row *row);

/* What object_begin and, if that is CKR_OK, object_finish come to. *OBJECT may be NULL: begin only. */
CK_RV kind_make(enum object_birth birth, const struct object_policy *policy, enum kind kind,
		const struct object *base, const struct sample *s, struct object **object);

/* A good object of KIND with MORE (may be NULL) in its template; the test fails if it cannot be made. */
struct object *kind_object(enum kind kind, const struct sample *more);

#endif

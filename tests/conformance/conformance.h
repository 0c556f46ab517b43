/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the chapters of the conformance suite share: the module under test, its token, and the notation
 * of templates. A chapter is a function that makes calls and records what they give (record.h).
 */
#ifndef KEYCLAVE_TESTS_CONFORMANCE_CONFORMANCE_H
#define KEYCLAVE_TESTS_CONFORMANCE_CONFORMANCE_H

#include "record.h"

struct conformance {
	CK_FUNCTION_LIST *f;
	CK_FUNCTION_LIST_3_0 *f3; /* NULL in chapters that SoftHSM2 runs too */
	const char *name; /* of the chapter, and its token's label */
	CK_SLOT_ID slot;  /* of the chapter's token */
};

/* Each runs in a process of its own, before C_Initialize. */
void general_chapter(struct conformance *c);
void slot_chapter(struct conformance *c);
void pin_chapter(struct conformance *c);
void session_chapter(struct conformance *c);
void object_chapter(struct conformance *c);
void attribute_chapter(struct conformance *c);
void find_chapter(struct conformance *c);
void sign_chapter(struct conformance *c);
void cipher_chapter(struct conformance *c);
void digest_chapter(struct conformance *c);
void key_chapter(struct conformance *c);
void wrap_chapter(struct conformance *c);
void recover_chapter(struct conformance *c);
void dual_chapter(struct conformance *c);
void version3_chapter(struct conformance *c);

/* ---- the token (runner.c) ---- */
#define SO_PIN "12345678"
#define USER_PIN "87654321"
#define NO_SLOT 0x7ffffff1UL
#define NO_SESSION 0x7ffffff1UL
#define NO_OBJECT 0x3ffffff1UL

/* A PIN and its length, as the calls take them. */
#define PIN(text) (CK_UTF8CHAR *)(char[]){text}, sizeof(text) - 1

/* Each ends the process with a message when the module refuses what every case builds on. */
CK_SESSION_HANDLE runner_session(struct conformance *c, CK_FLAGS flags);
/* Another read/write session instead of SESSION, with nothing active. */
void runner_fresh(struct conformance *c, CK_SESSION_HANDLE *session);
void runner_login(struct conformance *c, CK_SESSION_HANDLE session);
/* C_Initialize, C_InitToken on the empty slot, and the user's PIN: what most chapters begin with. */
void runner_begin(struct conformance *c);
/* C_InitToken on the slot, no PIN of the user yet; then runner_init_pin makes it. */
void runner_init_token(struct conformance *c);
void runner_init_pin(struct conformance *c);
/* Sets .slot to where the chapter's token is; SoftHSM2 numbers slots anew at C_Initialize. */
void runner_find_token(struct conformance *c);
/* The last slot that has an uninitialised token. */
CK_SLOT_ID runner_empty_slot(struct conformance *c);

/* ---- templates ---- */
extern CK_BBOOL runner_true, runner_false;

#define YES(type) {(type), &runner_true, sizeof(CK_BBOOL)}
#define NO(type) {(type), &runner_false, sizeof(CK_BBOOL)}
#define NUMBER(type, number) {(type), &(CK_ULONG){number}, sizeof(CK_ULONG)}
#define TEXT(type, text) {(type), (char[]){text}, sizeof(text) - 1}
#define BYTES(type, array) {(type), (array), sizeof(array)}
#define NOTHING(type) {(type), NULL, 0}
/* Two arguments: the template and how many attributes it has. */
#define TEMPLATE(...) \
	(CK_ATTRIBUTE[]){__VA_ARGS__}, sizeof((CK_ATTRIBUTE[]){__VA_ARGS__}) / sizeof(CK_ATTRIBUTE)
/* A mechanism without, and with a parameter. */
#define MECHANISM(type) &(CK_MECHANISM){(type), NULL, 0}
#define MECHANISM_WITH(type, parameter) &(CK_MECHANISM){(type), &(parameter), sizeof(parameter)}

/* Every function of the 2.40 list that takes a session, with good arguments otherwise (every_call.c). */
void every_call(struct conformance *c, CK_SESSION_HANDLE session);
/* Those that take a slot or nothing. */
void every_call_slot(struct conformance *c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Finding objects (PKCS#11 v2.40 section 5.7): templates, parts, and who sees what. */
#include "config.h"

#include <stdio.h>

#include "sample.h"

#define FOUND_MAX 64

static CK_BYTE some_bytes[16] = {1};

static struct search {
	const char *name;
	CK_ATTRIBUTE *template;
	CK_ULONG count;
} searches[] = {
	{"data objects", TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), TEXT(CKA_APPLICATION, "conformance"))},
	{"secret keys", TEMPLATE(NUMBER(CKA_CLASS, CKO_SECRET_KEY))},
	{"public keys", TEMPLATE(NUMBER(CKA_CLASS, CKO_PUBLIC_KEY))},
	{"private keys", TEMPLATE(NUMBER(CKA_CLASS, CKO_PRIVATE_KEY))},
	{"RSA keys", TEMPLATE(NUMBER(CKA_KEY_TYPE, CKK_RSA))},
	{"certificates", TEMPLATE(NUMBER(CKA_CLASS, CKO_CERTIFICATE))},
	{"label", TEMPLATE(TEXT(CKA_LABEL, "a"))},
	{"label, part of it", TEMPLATE(TEXT(CKA_LABEL, "sampl"))},
	{"empty label", TEMPLATE(NOTHING(CKA_LABEL), NUMBER(CKA_CLASS, CKO_SECRET_KEY))},
	{"label and class", TEMPLATE(TEXT(CKA_LABEL, "a"), NUMBER(CKA_CLASS, CKO_DATA))},
	{"label and another class", TEMPLATE(TEXT(CKA_LABEL, "a"), NUMBER(CKA_CLASS, CKO_PUBLIC_KEY))},
	{"token objects", TEMPLATE(YES(CKA_TOKEN), TEXT(CKA_APPLICATION, "conformance"))},
	{"private objects", TEMPLATE(YES(CKA_PRIVATE), TEXT(CKA_APPLICATION, "conformance"))},
	{"keys that sign", TEMPLATE(YES(CKA_SIGN))},
	{"a value that may be read", TEMPLATE(TEXT(CKA_VALUE, "hidden"))},
	{"a modulus", TEMPLATE(BYTES(CKA_MODULUS, sample_rsa_modulus), NUMBER(CKA_CLASS, CKO_PUBLIC_KEY))},
	{"the value of a key that may be read", TEMPLATE(BYTES(CKA_VALUE, sample_secret_value))},
	{"the value of a sensitive key", TEMPLATE(BYTES(CKA_VALUE, sample_aes_value), YES(CKA_SENSITIVE))},
	{"no such attribute", TEMPLATE(BYTES(0x7fff1234, some_bytes))},
	{"an attribute of no object", TEMPLATE(BYTES(CKA_COEFFICIENT, some_bytes))},
	{"a class of four bytes", TEMPLATE({CKA_CLASS, some_bytes, 4})},
	{"a bool of two bytes", TEMPLATE({CKA_TOKEN, some_bytes, 2})},
	{"an attribute twice", TEMPLATE(TEXT(CKA_LABEL, "a"), TEXT(CKA_LABEL, "a"))},
	{"an attribute twice, not alike", TEMPLATE(TEXT(CKA_LABEL, "a"), TEXT(CKA_LABEL, "b"))},
};

static void searches_run(struct conformance *c, CK_SESSION_HANDLE s, const char *who)
{
	char name[96];

	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
		CK_OBJECT_HANDLE found[FOUND_MAX];
		CK_ULONG count = 0;
		CK_RV rv = c->f->C_FindObjectsInit(s, searches[i].template, searches[i].count);

		if (rv == CKR_OK)
			rv = c->f->C_FindObjects(s, found, FOUND_MAX, &count);
		(void)snprintf(name, sizeof(name), "%s: %s", who, searches[i].name);
		record_number(name, rv, count);
		(void)c->f->C_FindObjectsFinal(s);
	}
}

static void make(struct conformance *c, CK_SESSION_HANDLE s)
{
	for (int i = 0; i < 8; i++) {
		CK_BBOOL token = i & 1, private = (i & 2) != 0;
		CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
		char label[2] = {i & 4 ? 'b' : 'a', 0};

		(void)c->f->C_CreateObject(s, TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), TEXT(CKA_APPLICATION, "conformance"),
			{CKA_TOKEN, &token, 1}, {CKA_PRIVATE, &private, 1}, {CKA_LABEL, label, 1},
			TEXT(CKA_VALUE, "hidden")), &object);
	}
}

#define OURS TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), TEXT(CKA_APPLICATION, "conformance"))

static void in_parts(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_OBJECT_HANDLE found[FOUND_MAX];
	CK_ULONG count = 99;
	CK_RV rv = CKR_OK;

	record_rv("objects: no init", f->C_FindObjects(s, found, 1, &count));
	record_rv("final: no init", f->C_FindObjectsFinal(s));
	record_rv("init: NULL template", f->C_FindObjectsInit(s, NULL, 1));
	record_rv("init", f->C_FindObjectsInit(s, OURS));
	record_rv("init: active", f->C_FindObjectsInit(s, OURS));
	record_rv("objects: NULL handles", f->C_FindObjects(s, NULL, 1, &count));
	record_rv("objects: NULL count", f->C_FindObjects(s, found, 1, NULL));
	rv = f->C_FindObjects(s, found, 3, &count);
	record_number("objects: first three", rv, count);
	rv = f->C_FindObjects(s, found, 3, &count);
	record_number("objects: next three", rv, count);
	rv = f->C_FindObjects(s, found, 3, &count);
	record_number("objects: the rest", rv, count);
	rv = f->C_FindObjects(s, found, 3, &count);
	record_number("objects: no more", rv, count);
	record_rv("final", f->C_FindObjectsFinal(s));
	record_rv("final: again", f->C_FindObjectsFinal(s));
	record_rv("objects: after final", f->C_FindObjects(s, found, 1, &count));
	record_rv("init: everything", f->C_FindObjectsInit(s, NULL, 0));
	record_rv("objects: one of everything", f->C_FindObjects(s, found, 1, &count));
	record_rv("final: in between", f->C_FindObjectsFinal(s));
	(void)f->C_FindObjectsInit(s, OURS);
	rv = f->C_FindObjects(s, found, 0, &count);
	record_number("objects: none at most", rv, count);
	(void)f->C_FindObjectsFinal(s);
}

void find_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	make(c, s);
	searches_run(c, s, "find");
	searches_run(c, runner_session(c, 0), "find in another session");
	in_parts(c, s);
	(void)c->f->C_Logout(s);
	searches_run(c, s, "find, logged out");
	(void)c->f->C_CloseAllSessions(c->slot);
	s = runner_session(c, CKF_RW_SESSION);
	searches_run(c, s, "find, new session");
	runner_login(c, s);
	searches_run(c, s, "find, new session and login");
}

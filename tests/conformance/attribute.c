/* SPDX-License-Identifier: Apache-2.0 */
/* C_GetAttributeValue and C_SetAttributeValue (PKCS#11 v2.40 section 5.7). */
#include "config.h"

#include <stdio.h>

#include "sample.h"

/* What an object says of itself, attribute by attribute. */
static void dump(struct conformance *c, CK_SESSION_HANDLE s, const char *what, CK_OBJECT_HANDLE object)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *name;
	} each[] = {
		{CKA_CLASS, "CLASS"},
		{CKA_TOKEN, "TOKEN"},
		{CKA_PRIVATE, "PRIVATE"},
		{CKA_MODIFIABLE, "MODIFIABLE"},
		{CKA_COPYABLE, "COPYABLE"},
		{CKA_DESTROYABLE, "DESTROYABLE"},
		{CKA_LABEL, "LABEL"},
		{CKA_APPLICATION, "APPLICATION"},
		{CKA_OBJECT_ID, "OBJECT_ID"},
		{CKA_KEY_TYPE, "KEY_TYPE"},
		{CKA_ID, "ID"},
		{CKA_SUBJECT, "SUBJECT"},
		{CKA_START_DATE, "START_DATE"},
		{CKA_END_DATE, "END_DATE"},
		{CKA_DERIVE, "DERIVE"},
		{CKA_LOCAL, "LOCAL"},
		{CKA_KEY_GEN_MECHANISM, "KEY_GEN_MECHANISM"},
		{CKA_ALLOWED_MECHANISMS, "ALLOWED_MECHANISMS"},
		{CKA_SENSITIVE, "SENSITIVE"},
		{CKA_ALWAYS_SENSITIVE, "ALWAYS_SENSITIVE"},
		{CKA_EXTRACTABLE, "EXTRACTABLE"},
		{CKA_NEVER_EXTRACTABLE, "NEVER_EXTRACTABLE"},
		{CKA_ENCRYPT, "ENCRYPT"},
		{CKA_DECRYPT, "DECRYPT"},
		{CKA_SIGN, "SIGN"},
		{CKA_SIGN_RECOVER, "SIGN_RECOVER"},
		{CKA_VERIFY, "VERIFY"},
		{CKA_VERIFY_RECOVER, "VERIFY_RECOVER"},
		{CKA_WRAP, "WRAP"},
		{CKA_UNWRAP, "UNWRAP"},
		{CKA_TRUSTED, "TRUSTED"},
		{CKA_WRAP_WITH_TRUSTED, "WRAP_WITH_TRUSTED"},
		{CKA_WRAP_TEMPLATE, "WRAP_TEMPLATE"},
		{CKA_UNWRAP_TEMPLATE, "UNWRAP_TEMPLATE"},
		{CKA_ALWAYS_AUTHENTICATE, "ALWAYS_AUTHENTICATE"},
		{CKA_CHECK_VALUE, "CHECK_VALUE"},
		{CKA_VALUE, "VALUE"},
		{CKA_VALUE_LEN, "VALUE_LEN"},
		{CKA_MODULUS, "MODULUS"},
		{CKA_MODULUS_BITS, "MODULUS_BITS"},
		{CKA_PUBLIC_EXPONENT, "PUBLIC_EXPONENT"},
		{CKA_PRIVATE_EXPONENT, "PRIVATE_EXPONENT"},
		{CKA_PRIME_1, "PRIME_1"},
		{CKA_EC_PARAMS, "EC_PARAMS"},
		{CKA_EC_POINT, "EC_POINT"},
		{CKA_PUBLIC_KEY_INFO, "PUBLIC_KEY_INFO"},
		{CKA_CERTIFICATE_TYPE, "CERTIFICATE_TYPE"},
	};
	char name[96];

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		CK_BYTE value[1024];
		CK_ATTRIBUTE a = {each[i].type, value, sizeof(value)};
		CK_RV rv = c->f->C_GetAttributeValue(s, object, &a, 1);

		(void)snprintf(name, sizeof(name), "get, %s: %s", what, each[i].name);
		record_bytes(name, rv, value, a.ulValueLen);
	}
}

static void dumps(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	dump(c, s, "data", handles[SAMPLE_DATA]);
	dump(c, s, "RSA private key", handles[SAMPLE_RSA_PRIVATE]);
	dump(c, s, "RSA public key", handles[SAMPLE_RSA_PUBLIC]);
	dump(c, s, "EC private key", handles[SAMPLE_EC_PRIVATE]);
	dump(c, s, "EC public key", handles[SAMPLE_EC_PUBLIC]);
	dump(c, s, "AES key", handles[SAMPLE_AES]);
	dump(c, s, "locked-in key", handles[SAMPLE_LOCKED_IN]);
	dump(c, s, "no such object", NO_OBJECT);
}

#define SECRET(type) NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, type)

/* What a token says of a key when its template does not. */
static struct defaulted {
	const char *name;
	CK_ATTRIBUTE *template;
	CK_ULONG count;
} defaulted[] = {
	{"default secret", TEMPLATE(SECRET(CKK_GENERIC_SECRET), BYTES(CKA_VALUE, sample_secret_value))},
	{"default AES key", TEMPLATE(SECRET(CKK_AES), BYTES(CKA_VALUE, sample_aes_value))},
	{"default RSA public key", TEMPLATE(NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA),
		BYTES(CKA_MODULUS, sample_rsa_modulus), BYTES(CKA_PUBLIC_EXPONENT, sample_rsa_public_exponent))},
	{"default EC public key", TEMPLATE(NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC),
		BYTES(CKA_EC_PARAMS, sample_ec_params), BYTES(CKA_EC_POINT, sample_ec_point))},
	{"default EC private key", TEMPLATE(NUMBER(CKA_CLASS, CKO_PRIVATE_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC),
		BYTES(CKA_EC_PARAMS, sample_ec_params), BYTES(CKA_VALUE, sample_ec_private_value))},
};

static void defaults(struct conformance *c, CK_SESSION_HANDLE s)
{
	for (size_t i = 0; i < sizeof(defaulted) / sizeof(defaulted[0]); i++) {
		CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

		(void)c->f->C_CreateObject(s, defaulted[i].template, defaulted[i].count, &key);
		dump(c, s, defaulted[i].name, key);
	}
}

/* A generated key, whose value no line can show. */
static void generated(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_BBOOL local = 9, always = 9, never = 9, sensitive = 9, extractable = 9;
	CK_ULONG mechanism = 0, length = 0;
	CK_ATTRIBUTE get[] = {
		{CKA_LOCAL, &local, 1}, {CKA_ALWAYS_SENSITIVE, &always, 1}, {CKA_NEVER_EXTRACTABLE, &never, 1},
		{CKA_SENSITIVE, &sensitive, 1}, {CKA_EXTRACTABLE, &extractable, 1},
		{CKA_KEY_GEN_MECHANISM, &mechanism, sizeof(mechanism)}, {CKA_VALUE_LEN, &length, sizeof(length)},
	};

	record_rv("generated: AES", c->f->C_GenerateKey(s, MECHANISM(CKM_AES_KEY_GEN),
							TEMPLATE(NUMBER(CKA_VALUE_LEN, 32)), &key));
	record_rv("generated: seven attributes", c->f->C_GetAttributeValue(s, key, get, 7));
	record_fact("generated: LOCAL", local);
	record_fact("generated: ALWAYS_SENSITIVE", always);
	record_fact("generated: NEVER_EXTRACTABLE", never);
	record_fact("generated: SENSITIVE", sensitive);
	record_fact("generated: EXTRACTABLE", extractable);
	record_fact("generated: KEY_GEN_MECHANISM", mechanism);
	record_fact("generated: VALUE_LEN", length);
}

static void buffers(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_OBJECT_HANDLE data = handles[SAMPLE_DATA], locked = handles[SAMPLE_LOCKED_IN];
	CK_BYTE value[64], label[64];
	CK_ATTRIBUTE one = {CKA_VALUE, NULL, 0};
	CK_ATTRIBUTE several[] = {{CKA_LABEL, label, sizeof(label)}, {CKA_MODULUS, value, sizeof(value)},
				  {CKA_VALUE, value, sizeof(value)}};
	CK_RV rv = f->C_GetAttributeValue(s, data, &one, 1);

	record_number("get: how long", rv, one.ulValueLen);
	one = (CK_ATTRIBUTE){CKA_VALUE, value, 2};
	rv = f->C_GetAttributeValue(s, data, &one, 1);
	record_number("get: too small", rv, one.ulValueLen);
	record_rv("get: NULL template", f->C_GetAttributeValue(s, data, NULL, 1));
	record_rv("get: nothing", f->C_GetAttributeValue(s, data, &one, 0));
	record_rv("get: no handle", f->C_GetAttributeValue(s, CK_INVALID_HANDLE, &one, 1));
	record_rv("get: one of three is not there", f->C_GetAttributeValue(s, data, several, 3));
	record_number("get: first of three", CKR_OK, several[0].ulValueLen);
	record_number("get: second of three", CKR_OK, several[1].ulValueLen);
	record_number("get: third of three", CKR_OK, several[2].ulValueLen);
	several[0].ulValueLen = several[2].ulValueLen = sizeof(value);
	several[1] = (CK_ATTRIBUTE){CKA_VALUE_LEN, value, sizeof(CK_ULONG)};
	rv = f->C_GetAttributeValue(s, locked, several, 3);
	record_rv("get: one of three is sensitive", rv);
	record_number("get: beside the sensitive one", CKR_OK, several[1].ulValueLen);
	record_number("get: the sensitive one", CKR_OK, several[2].ulValueLen);
	one = (CK_ATTRIBUTE){CKA_VALUE, NULL, 0};
	rv = f->C_GetAttributeValue(s, locked, &one, 1);
	record_rv("get: how long is the sensitive one", rv);
	record_number("get: it does not say", CKR_OK, one.ulValueLen);
	one = (CK_ATTRIBUTE){0x7fff1234, value, sizeof(value)};
	record_rv("get: no such attribute", f->C_GetAttributeValue(s, data, &one, 1));
}

static CK_BYTE some_bytes[16] = {9};

static struct change {
	const char *name;
	enum sample object;
	CK_ATTRIBUTE attribute;
} changes[] = {
	{"label", SAMPLE_AES, TEXT(CKA_LABEL, "new")},
	{"empty label", SAMPLE_AES, NOTHING(CKA_LABEL)},
	{"NULL label with a length", SAMPLE_AES, {CKA_LABEL, NULL, 5}},
	{"id", SAMPLE_AES, TEXT(CKA_ID, "\1")},
	{"no such attribute", SAMPLE_AES, BYTES(0x7fff1234, some_bytes)},
	{"an attribute of other classes", SAMPLE_AES, BYTES(CKA_MODULUS, some_bytes)},
	{"class", SAMPLE_AES, NUMBER(CKA_CLASS, CKO_DATA)},
	{"class, the same", SAMPLE_AES, NUMBER(CKA_CLASS, CKO_SECRET_KEY)},
	{"key type", SAMPLE_AES, NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET)},
	{"value of a key", SAMPLE_AES, BYTES(CKA_VALUE, some_bytes)},
	{"value length", SAMPLE_AES, NUMBER(CKA_VALUE_LEN, 16)},
	{"token", SAMPLE_AES, YES(CKA_TOKEN)},
	{"private", SAMPLE_AES, NO(CKA_PRIVATE)},
	{"modifiable", SAMPLE_AES, NO(CKA_MODIFIABLE)},
	{"copyable off", SAMPLE_SECRET, NO(CKA_COPYABLE)},
	{"copyable on", SAMPLE_SECRET, YES(CKA_COPYABLE)},
	{"destroyable", SAMPLE_SECRET, NO(CKA_DESTROYABLE)},
	{"local", SAMPLE_AES, YES(CKA_LOCAL)},
	{"always sensitive", SAMPLE_AES, YES(CKA_ALWAYS_SENSITIVE)},
	{"never extractable", SAMPLE_AES, YES(CKA_NEVER_EXTRACTABLE)},
	{"key generation mechanism", SAMPLE_AES, NUMBER(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN)},
	{"encrypt off", SAMPLE_AES, NO(CKA_ENCRYPT)},
	{"encrypt on", SAMPLE_AES, YES(CKA_ENCRYPT)},
	{"a bool of 8 bytes", SAMPLE_AES, NUMBER(CKA_ENCRYPT, 1)},
	{"derive", SAMPLE_AES, YES(CKA_DERIVE)},
	{"start date", SAMPLE_AES, TEXT(CKA_START_DATE, "20260131")},
	{"start date, too long", SAMPLE_AES, TEXT(CKA_START_DATE, "202601311")},
	{"trusted", SAMPLE_AES, YES(CKA_TRUSTED)},
	{"wrap with trusted", SAMPLE_AES, YES(CKA_WRAP_WITH_TRUSTED)},
	{"wrap with trusted, off again", SAMPLE_AES, NO(CKA_WRAP_WITH_TRUSTED)},
	{"sensitive", SAMPLE_SECRET, YES(CKA_SENSITIVE)},
	{"sensitive, off again", SAMPLE_SECRET, NO(CKA_SENSITIVE)},
	{"extractable, off", SAMPLE_SECRET, NO(CKA_EXTRACTABLE)},
	{"extractable, on again", SAMPLE_SECRET, YES(CKA_EXTRACTABLE)},
	{"always authenticate", SAMPLE_EC_PRIVATE, YES(CKA_ALWAYS_AUTHENTICATE)},
	{"modulus", SAMPLE_RSA_PUBLIC, BYTES(CKA_MODULUS, some_bytes)},
	{"subject", SAMPLE_RSA_PUBLIC, BYTES(CKA_SUBJECT, some_bytes)},
	{"verify off", SAMPLE_RSA_PUBLIC, NO(CKA_VERIFY)},
	{"curve", SAMPLE_EC_PUBLIC, BYTES(CKA_EC_PARAMS, some_bytes)},
	{"value of data", SAMPLE_DATA, BYTES(CKA_VALUE, some_bytes)},
	{"application of data", SAMPLE_DATA, TEXT(CKA_APPLICATION, "x")},
	{"label of data", SAMPLE_DATA, TEXT(CKA_LABEL, "x")},
	{"no such object", SAMPLE_UNKNOWN, TEXT(CKA_LABEL, "x")},
	{"no handle", SAMPLE_NONE, TEXT(CKA_LABEL, "x")},
};

static void set(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	char name[96];

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		(void)snprintf(name, sizeof(name), "set: %s", changes[i].name);
		record_rv(name, c->f->C_SetAttributeValue(s, handles[changes[i].object], &changes[i].attribute, 1));
	}
}

static void set_rights(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE ro = runner_session(c, 0);
	CK_OBJECT_HANDLE token = CK_INVALID_HANDLE, session = CK_INVALID_HANDLE, fixed = CK_INVALID_HANDLE;
	CK_ATTRIBUTE label[] = {TEXT(CKA_LABEL, "other")}, value = {CKA_LABEL, (CK_BYTE[16]){0}, 16};
	CK_ATTRIBUTE mixed[] = {TEXT(CKA_LABEL, "mixed"), NUMBER(CKA_CLASS, CKO_DATA), YES(CKA_TOKEN)};

	(void)f->C_CreateObject(s, TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), YES(CKA_TOKEN), NO(CKA_PRIVATE),
					    TEXT(CKA_LABEL, "first")), &token);
	(void)f->C_CreateObject(s, TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), NO(CKA_TOKEN), NO(CKA_PRIVATE)), &session);
	record_rv("set: NULL template", f->C_SetAttributeValue(s, token, NULL, 1));
	record_rv("set: nothing", f->C_SetAttributeValue(s, token, label, 0));
	record_rv("set: one of three refused", f->C_SetAttributeValue(s, token, mixed, 3));
	(void)f->C_GetAttributeValue(s, token, &value, 1);
	record_bytes("set: all or nothing", CKR_OK, value.pValue, value.ulValueLen);
	record_rv("set: token object, read-only session", f->C_SetAttributeValue(ro, token, label, 1));
	record_rv("set: session object, read-only session", f->C_SetAttributeValue(ro, session, label, 1));
	record_rv("set: token object", f->C_SetAttributeValue(s, token, label, 1));
	(void)f->C_CreateObject(s, TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), NO(CKA_MODIFIABLE), NO(CKA_PRIVATE)), &fixed);
	record_rv("set: what is not modifiable", f->C_SetAttributeValue(s, fixed, label, 1));
	(void)f->C_Logout(s);
	record_rv("set: public object, not logged in", f->C_SetAttributeValue(s, token, label, 1));
	record_rv("destroy: public object, not logged in", f->C_DestroyObject(s, token));
}

void attribute_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	dumps(c, s, handles);
	defaults(c, s);
	generated(c, s);
	buffers(c, s, handles);
	set(c, s, handles);
	set_rights(c, s);
}

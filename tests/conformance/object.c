/* SPDX-License-Identifier: Apache-2.0 */
/* Making, copying and destroying objects (PKCS#11 v2.40 section 5.7). */
#include "config.h"

#include <stdio.h>

#include "sample.h"

#define CLASS(class) NUMBER(CKA_CLASS, class)
#define AES NUMBER(CKA_KEY_TYPE, CKK_AES)
#define RSA NUMBER(CKA_KEY_TYPE, CKK_RSA)
#define EC NUMBER(CKA_KEY_TYPE, CKK_EC)
#define SECRET NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
#define AES_VALUE BYTES(CKA_VALUE, sample_aes_value)
#define MODULUS BYTES(CKA_MODULUS, sample_rsa_modulus)
#define EXPONENT BYTES(CKA_PUBLIC_EXPONENT, sample_rsa_public_exponent)
#define PRIVATE_EXPONENT BYTES(CKA_PRIVATE_EXPONENT, sample_rsa_private_exponent)
#define CURVE BYTES(CKA_EC_PARAMS, sample_ec_params)
#define POINT BYTES(CKA_EC_POINT, sample_ec_point)
#define SCALAR BYTES(CKA_VALUE, sample_ec_private_value)

static CK_BYTE subject[] = {0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 0x61};
static CK_BYTE some_bytes[24] = {1, 2, 3};
static CK_BYTE bool_of_two[2] = {1, 0};
static CK_BYTE two = 2;
static CK_BYTE wrong_curve[] = {0x06, 0x03, 0x2a, 0x03, 0x04};
static CK_BYTE wrong_point[67] = {0x04, 0x41, 0x04, 1};
static CK_DATE date = {{'2', '0', '2', '6'}, {'0', '1'}, {'3', '1'}};
static CK_DATE no_date = {{'2', '0', '2', '6'}, {'1', '3'}, {'4', '1'}};

static struct creation {
	const char *name;
	CK_ATTRIBUTE *template;
	CK_ULONG count;
} creations[] = {
	{"no attributes", NULL, 0},
	{"no class", TEMPLATE(TEXT(CKA_LABEL, "x"))},
	{"no such class", TEMPLATE(CLASS(0x99))},
	{"a class that cannot be made", TEMPLATE(CLASS(CKO_MECHANISM))},
	{"class too short", TEMPLATE({CKA_CLASS, some_bytes, 4})},
	{"no such attribute", TEMPLATE(CLASS(CKO_DATA), BYTES(0x7fff1234, some_bytes))},
	{"data", TEMPLATE(CLASS(CKO_DATA), NO(CKA_PRIVATE))},
	{"data, everything", TEMPLATE(CLASS(CKO_DATA), YES(CKA_PRIVATE), TEXT(CKA_LABEL, "l"), YES(CKA_MODIFIABLE),
				      TEXT(CKA_APPLICATION, "app"), BYTES(CKA_OBJECT_ID, wrong_curve),
				      BYTES(CKA_VALUE, some_bytes))},
	{"data, an attribute of keys", TEMPLATE(CLASS(CKO_DATA), YES(CKA_SIGN))},
	{"data, an attribute twice", TEMPLATE(CLASS(CKO_DATA), TEXT(CKA_LABEL, "a"), TEXT(CKA_LABEL, "a"))},
	{"data, an attribute twice, not alike", TEMPLATE(CLASS(CKO_DATA), TEXT(CKA_LABEL, "a"), TEXT(CKA_LABEL, "b"))},
	{"data, bool of two bytes", TEMPLATE(CLASS(CKO_DATA), {CKA_PRIVATE, bool_of_two, 2})},
	{"data, bool is 2", TEMPLATE(CLASS(CKO_DATA), {CKA_MODIFIABLE, &two, 1})},
	{"data, bool is nothing", TEMPLATE(CLASS(CKO_DATA), {CKA_PRIVATE, NULL, 0})},
	{"data, value is nothing", TEMPLATE(CLASS(CKO_DATA), NO(CKA_PRIVATE), {CKA_VALUE, NULL, 0})},
	{"data, value NULL with a length", TEMPLATE(CLASS(CKO_DATA), {CKA_VALUE, NULL, 5})},
	{"certificate", TEMPLATE(CLASS(CKO_CERTIFICATE), NUMBER(CKA_CERTIFICATE_TYPE, CKC_X_509), NO(CKA_PRIVATE),
				 BYTES(CKA_SUBJECT, subject), BYTES(CKA_VALUE, some_bytes))},
	{"certificate, no type", TEMPLATE(CLASS(CKO_CERTIFICATE), BYTES(CKA_SUBJECT, subject),
					  BYTES(CKA_VALUE, some_bytes))},
	{"certificate, no such type", TEMPLATE(CLASS(CKO_CERTIFICATE), NUMBER(CKA_CERTIFICATE_TYPE, 0x99),
					       BYTES(CKA_SUBJECT, subject), BYTES(CKA_VALUE, some_bytes))},
	{"certificate, no subject", TEMPLATE(CLASS(CKO_CERTIFICATE), NUMBER(CKA_CERTIFICATE_TYPE, CKC_X_509),
					     BYTES(CKA_VALUE, some_bytes))},
	{"certificate, no value", TEMPLATE(CLASS(CKO_CERTIFICATE), NUMBER(CKA_CERTIFICATE_TYPE, CKC_X_509),
					   BYTES(CKA_SUBJECT, subject))},
	{"certificate, trusted", TEMPLATE(CLASS(CKO_CERTIFICATE), NUMBER(CKA_CERTIFICATE_TYPE, CKC_X_509),
					  BYTES(CKA_SUBJECT, subject), BYTES(CKA_VALUE, some_bytes), YES(CKA_TRUSTED))},
	{"AES key", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE)},
	{"AES key, no key type", TEMPLATE(CLASS(CKO_SECRET_KEY), AES_VALUE)},
	{"AES key, no such key type", TEMPLATE(CLASS(CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, 0x999), AES_VALUE)},
	{"AES key, no value", TEMPLATE(CLASS(CKO_SECRET_KEY), AES)},
	{"AES key, 13 bytes", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, {CKA_VALUE, some_bytes, 13})},
	{"AES key, 24 bytes", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, BYTES(CKA_VALUE, some_bytes))},
	{"AES key, value length too", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, NUMBER(CKA_VALUE_LEN, 16))},
	{"AES key, said to be local", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, YES(CKA_LOCAL))},
	{"AES key, said to be always sensitive", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, YES(CKA_ALWAYS_SENSITIVE))},
	{"AES key, said to be never extractable", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, YES(CKA_NEVER_EXTRACTABLE))},
	{"AES key, a mechanism that made it", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE,
						       NUMBER(CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN))},
	{"AES key, trusted by the user", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, YES(CKA_TRUSTED))},
	{"AES key, with a modulus", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, MODULUS)},
	{"AES key, dates", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, {CKA_START_DATE, &date, sizeof(date)},
				    NOTHING(CKA_END_DATE))},
	{"AES key, no date at all", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, {CKA_START_DATE, &no_date, sizeof(date)})},
	{"AES key, half a date", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, {CKA_START_DATE, &date, 5})},
	{"AES key, a wrong check value", TEMPLATE(CLASS(CKO_SECRET_KEY), AES, AES_VALUE, {CKA_CHECK_VALUE, some_bytes, 3})},
	{"secret, no value", TEMPLATE(CLASS(CKO_SECRET_KEY), SECRET)},
	{"secret, an empty value", TEMPLATE(CLASS(CKO_SECRET_KEY), SECRET, NOTHING(CKA_VALUE))},
	{"secret", TEMPLATE(CLASS(CKO_SECRET_KEY), SECRET, BYTES(CKA_VALUE, some_bytes))},
	{"RSA public key", TEMPLATE(CLASS(CKO_PUBLIC_KEY), RSA, MODULUS, EXPONENT)},
	{"RSA public key, no modulus", TEMPLATE(CLASS(CKO_PUBLIC_KEY), RSA, EXPONENT)},
	{"RSA public key, no exponent", TEMPLATE(CLASS(CKO_PUBLIC_KEY), RSA, MODULUS)},
	{"RSA public key, bits given", TEMPLATE(CLASS(CKO_PUBLIC_KEY), RSA, MODULUS, EXPONENT, NUMBER(CKA_MODULUS_BITS, 2048))},
	{"RSA public key, sensitive", TEMPLATE(CLASS(CKO_PUBLIC_KEY), RSA, MODULUS, EXPONENT, YES(CKA_SENSITIVE))},
	{"RSA public key, a class of secrets", TEMPLATE(CLASS(CKO_SECRET_KEY), RSA, MODULUS, EXPONENT)},
	{"RSA private key, no components", TEMPLATE(CLASS(CKO_PRIVATE_KEY), RSA)},
	{"RSA private key, modulus only", TEMPLATE(CLASS(CKO_PRIVATE_KEY), RSA, MODULUS)},
	{"RSA private key, without primes", TEMPLATE(CLASS(CKO_PRIVATE_KEY), RSA, MODULUS, EXPONENT, PRIVATE_EXPONENT)},
	{"RSA private key, one prime", TEMPLATE(CLASS(CKO_PRIVATE_KEY), RSA, MODULUS, EXPONENT, PRIVATE_EXPONENT,
						BYTES(CKA_PRIME_1, sample_rsa_prime_1))},
	{"RSA private key, its primes are alike", TEMPLATE(CLASS(CKO_PRIVATE_KEY), RSA, MODULUS, EXPONENT, PRIVATE_EXPONENT,
						BYTES(CKA_PRIME_1, sample_rsa_prime_1), BYTES(CKA_PRIME_2, sample_rsa_prime_1),
						BYTES(CKA_EXPONENT_1, sample_rsa_exponent_1),
						BYTES(CKA_EXPONENT_2, sample_rsa_exponent_2),
						BYTES(CKA_COEFFICIENT, sample_rsa_coefficient))},
	{"EC public key", TEMPLATE(CLASS(CKO_PUBLIC_KEY), EC, CURVE, POINT)},
	{"EC public key, no curve", TEMPLATE(CLASS(CKO_PUBLIC_KEY), EC, POINT)},
	{"EC public key, no point", TEMPLATE(CLASS(CKO_PUBLIC_KEY), EC, CURVE)},
	{"EC public key, no such curve", TEMPLATE(CLASS(CKO_PUBLIC_KEY), EC, BYTES(CKA_EC_PARAMS, wrong_curve), POINT)},
	{"EC public key, no such point", TEMPLATE(CLASS(CKO_PUBLIC_KEY), EC, CURVE, BYTES(CKA_EC_POINT, wrong_point))},
	{"EC private key", TEMPLATE(CLASS(CKO_PRIVATE_KEY), EC, CURVE, SCALAR)},
	{"EC private key, no curve", TEMPLATE(CLASS(CKO_PRIVATE_KEY), EC, SCALAR)},
	{"EC private key, no value", TEMPLATE(CLASS(CKO_PRIVATE_KEY), EC, CURVE)},
	{"EC private key, too long", TEMPLATE(CLASS(CKO_PRIVATE_KEY), EC, CURVE, MODULUS, BYTES(CKA_VALUE, sample_rsa_modulus))},
	{"EC private key, ever to be confirmed", TEMPLATE(CLASS(CKO_PRIVATE_KEY), EC, CURVE, SCALAR, YES(CKA_ALWAYS_AUTHENTICATE))},
};

static void create(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	char name[96];

	record_rv("create: NULL template", c->f->C_CreateObject(s, NULL, 1, &object));
	record_rv("create: NULL handle", c->f->C_CreateObject(s, creations[0].template, 0, NULL));
	for (size_t i = 0; i < sizeof(creations) / sizeof(creations[0]); i++) {
		(void)snprintf(name, sizeof(name), "create: %s", creations[i].name);
		record_rv(name, c->f->C_CreateObject(s, creations[i].template, creations[i].count, &object));
	}
}

/* Who may make what: the session's kind and the login. */
static void rights(struct conformance *c)
{
	static const struct {
		const char *name;
		CK_FLAGS session;
		CK_USER_TYPE user;
	} states[] = {
		{"read-only public", 0, CK_UNAVAILABLE_INFORMATION},
		{"read/write public", CKF_RW_SESSION, CK_UNAVAILABLE_INFORMATION},
		{"read-only user", 0, CKU_USER},
		{"read/write user", CKF_RW_SESSION, CKU_USER},
		{"SO", CKF_RW_SESSION, CKU_SO},
	};
	char name[96];

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		CK_SESSION_HANDLE s = runner_session(c, states[i].session);
		CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

		if (states[i].user == CKU_USER)
			(void)c->f->C_Login(s, CKU_USER, PIN(USER_PIN));
		if (states[i].user == CKU_SO)
			(void)c->f->C_Login(s, CKU_SO, PIN(SO_PIN));
		for (int kind = 0; kind < 4; kind++) {
			CK_BBOOL token = kind & 1, private = kind & 2 ? CK_TRUE : CK_FALSE;
			CK_ATTRIBUTE template[] = {CLASS(CKO_DATA), {CKA_TOKEN, &token, sizeof(token)},
						   {CKA_PRIVATE, &private, sizeof(private)}};

			(void)snprintf(name, sizeof(name), "rights: %s, %s %s object", states[i].name,
				       private ? "private" : "public", token ? "token" : "session");
			record_rv(name, c->f->C_CreateObject(s, template, 3, &object));
		}
		(void)c->f->C_CloseAllSessions(c->slot);
	}
}

static void copy(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE ro = runner_session(c, 0);
	CK_OBJECT_HANDLE made = CK_INVALID_HANDLE, fixed = CK_INVALID_HANDLE, open_key = handles[SAMPLE_AES];

	record_rv("copy: no template", f->C_CopyObject(s, open_key, NULL, 0, &made));
	record_rv("copy: NULL template with a count", f->C_CopyObject(s, open_key, NULL, 1, &made));
	record_rv("copy: NULL handle", f->C_CopyObject(s, open_key, NULL, 0, NULL));
	record_rv("copy: no such object", f->C_CopyObject(s, NO_OBJECT, TEMPLATE(TEXT(CKA_LABEL, "x")), &made));
	record_rv("copy: a new label", f->C_CopyObject(s, open_key, TEMPLATE(TEXT(CKA_LABEL, "copy")), &made));
	record_rv("copy: to the token", f->C_CopyObject(s, open_key, TEMPLATE(YES(CKA_TOKEN)), &made));
	record_rv("copy: to the token, read-only session", f->C_CopyObject(ro, open_key, TEMPLATE(YES(CKA_TOKEN)), &made));
	(void)f->C_CreateObject(s, TEMPLATE(CLASS(CKO_DATA), YES(CKA_TOKEN), NO(CKA_PRIVATE)), &made);
	record_rv("copy: token to session, read-only session", f->C_CopyObject(ro, made, TEMPLATE(NO(CKA_TOKEN)), &made));
	record_rv("copy: more sensitive", f->C_CopyObject(s, open_key, TEMPLATE(YES(CKA_SENSITIVE)), &made));
	record_rv("copy: less sensitive", f->C_CopyObject(s, made, TEMPLATE(NO(CKA_SENSITIVE)), &made));
	record_rv("copy: less extractable", f->C_CopyObject(s, open_key, TEMPLATE(NO(CKA_EXTRACTABLE)), &made));
	record_rv("copy: more extractable", f->C_CopyObject(s, made, TEMPLATE(YES(CKA_EXTRACTABLE)), &made));
	record_rv("copy: less private", f->C_CopyObject(s, open_key, TEMPLATE(NO(CKA_PRIVATE)), &made));
	record_rv("copy: more private", f->C_CopyObject(s, handles[SAMPLE_DATA], TEMPLATE(YES(CKA_PRIVATE)), &made));
	record_rv("copy: other class", f->C_CopyObject(s, open_key, TEMPLATE(CLASS(CKO_DATA)), &made));
	record_rv("copy: other value", f->C_CopyObject(s, open_key, TEMPLATE(BYTES(CKA_VALUE, some_bytes)), &made));
	record_rv("copy: no such attribute", f->C_CopyObject(s, open_key, TEMPLATE(BYTES(0x7fff1234, some_bytes)), &made));
	record_rv("copy: an attribute of other classes", f->C_CopyObject(s, open_key, TEMPLATE(MODULUS), &made));
	record_rv("copy: not modifiable", f->C_CopyObject(s, open_key, TEMPLATE(NO(CKA_MODIFIABLE)), &made));
	(void)f->C_CreateObject(s, TEMPLATE(CLASS(CKO_DATA), NO(CKA_MODIFIABLE), NO(CKA_PRIVATE)), &fixed);
	record_rv("copy: of what is not modifiable", f->C_CopyObject(s, fixed, TEMPLATE(TEXT(CKA_LABEL, "x")), &made));
	record_rv("copy: not to be copied", f->C_CopyObject(s, open_key, TEMPLATE(NO(CKA_COPYABLE)), &made));
	record_rv("copy: make what is not to be copied",
		  f->C_CreateObject(s, TEMPLATE(CLASS(CKO_DATA), NO(CKA_COPYABLE), NO(CKA_PRIVATE)), &fixed));
	record_rv("copy: of what is not to be copied", f->C_CopyObject(s, fixed, TEMPLATE(TEXT(CKA_LABEL, "x")), &made));
	(void)f->C_CloseSession(ro);
}

static void destroy(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE ro = runner_session(c, 0);
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE, kept = CK_INVALID_HANDLE;
	CK_ULONG size = 0;

	record_rv("destroy: no such object", f->C_DestroyObject(s, NO_OBJECT));
	record_rv("destroy: no handle", f->C_DestroyObject(s, CK_INVALID_HANDLE));
	(void)f->C_CreateObject(s, TEMPLATE(CLASS(CKO_DATA), YES(CKA_TOKEN), NO(CKA_PRIVATE)), &object);
	record_rv("destroy: token object, read-only session", f->C_DestroyObject(ro, object));
	record_rv("destroy: token object", f->C_DestroyObject(s, object));
	record_rv("destroy: again", f->C_DestroyObject(s, object));
	record_rv("size: destroyed", f->C_GetObjectSize(s, object, &size));
	record_rv("make: not destroyable",
		  f->C_CreateObject(s, TEMPLATE(CLASS(CKO_DATA), NO(CKA_DESTROYABLE), NO(CKA_PRIVATE)), &kept));
	record_rv("destroy: not destroyable", f->C_DestroyObject(s, kept));
	(void)f->C_CreateObject(ro, TEMPLATE(CLASS(CKO_DATA), NO(CKA_TOKEN), NO(CKA_PRIVATE)), &object);
	record_rv("size: NULL", f->C_GetObjectSize(s, object, NULL));
	record_rv("size: no such object", f->C_GetObjectSize(s, NO_OBJECT, &size));
	record_rv("destroy: session object, read-only session", f->C_DestroyObject(ro, object));
	(void)f->C_CloseSession(ro);
}

void object_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	runner_begin(c);
	rights(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	create(c, s);
	copy(c, s, handles);
	destroy(c, s);
}

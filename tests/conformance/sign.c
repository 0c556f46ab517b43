/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and MACs (PKCS#11 v2.40 section 5.11): one table of mechanisms, then the calls' states. Recovery is in
 * expected.c, since SoftHSM2 has none.
 */
#include "config.h"


#include "sample.h"

#define PSS(hash, mgf, salt) MECHANISM_PARAMETERS(CK_RSA_PKCS_PSS_PARAMS, hash, mgf, salt)
#define MECHANISM_PARAMETERS(type, ...) &(type){__VA_ARGS__}, sizeof(type)

static CK_BYTE data[600] = "data to be signed";
static CK_BYTE number[8] = {1};

/* SIZE bytes of data are signed, and verified by the other half. RANDOM: only the size can be compared. */
static struct signing {
	const char *name;
	CK_MECHANISM mechanism;
	enum sample sign, verify;
	CK_ULONG size;
	enum { FIXED, RANDOM } value;
} signings[] = {
	{"RSA PKCS", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 20, FIXED},
	{"RSA PKCS, nothing", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 0, FIXED},
	{"RSA PKCS, as long as it may be", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 245, FIXED},
	{"RSA PKCS, too long", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 246, FIXED},
	{"RSA raw", {CKM_RSA_X_509, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 200, FIXED},
	{"RSA raw, 256 bytes", {CKM_RSA_X_509, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 256, FIXED},
	{"RSA SHA-1", {CKM_SHA1_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 600, FIXED},
	{"RSA SHA-224", {CKM_SHA224_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 600, FIXED},
	{"RSA SHA-256", {CKM_SHA256_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 600, FIXED},
	{"RSA SHA-384", {CKM_SHA384_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 600, FIXED},
	{"RSA SHA-512", {CKM_SHA512_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 600, FIXED},
	{"RSA PSS", {CKM_RSA_PKCS_PSS, PSS(CKM_SHA256, CKG_MGF1_SHA256, 32)}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 32, RANDOM},
	{"RSA PSS, not a digest's length", {CKM_RSA_PKCS_PSS, PSS(CKM_SHA256, CKG_MGF1_SHA256, 32)}, SAMPLE_RSA_PRIVATE,
	 SAMPLE_RSA_PUBLIC, 31, RANDOM},
	{"RSA PSS SHA-1", {CKM_SHA1_RSA_PKCS_PSS, PSS(CKM_SHA_1, CKG_MGF1_SHA1, 20)}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 600, RANDOM},
	{"RSA PSS SHA-256", {CKM_SHA256_RSA_PKCS_PSS, PSS(CKM_SHA256, CKG_MGF1_SHA256, 32)}, SAMPLE_RSA_PRIVATE,
	 SAMPLE_RSA_PUBLIC, 600, RANDOM},
	{"RSA PSS SHA-256, no salt", {CKM_SHA256_RSA_PKCS_PSS, PSS(CKM_SHA256, CKG_MGF1_SHA256, 0)}, SAMPLE_RSA_PRIVATE,
	 SAMPLE_RSA_PUBLIC, 600, FIXED},
	{"RSA PSS SHA-512, salt of 190", {CKM_SHA512_RSA_PKCS_PSS, PSS(CKM_SHA512, CKG_MGF1_SHA512, 190)}, SAMPLE_RSA_PRIVATE,
	 SAMPLE_RSA_PUBLIC, 600, RANDOM},
	{"RSA PSS SHA-512, salt of 191", {CKM_SHA512_RSA_PKCS_PSS, PSS(CKM_SHA512, CKG_MGF1_SHA512, 191)}, SAMPLE_RSA_PRIVATE,
	 SAMPLE_RSA_PUBLIC, 600, RANDOM},
	{"RSA PSS SHA-256, other hash", {CKM_SHA256_RSA_PKCS_PSS, PSS(CKM_SHA384, CKG_MGF1_SHA384, 32)}, SAMPLE_RSA_PRIVATE,
	 SAMPLE_RSA_PUBLIC, 600, RANDOM},
	{"RSA PSS SHA-256, other MGF", {CKM_SHA256_RSA_PKCS_PSS, PSS(CKM_SHA256, CKG_MGF1_SHA1, 32)}, SAMPLE_RSA_PRIVATE,
	 SAMPLE_RSA_PUBLIC, 600, RANDOM},
	{"RSA PSS SHA-256, no parameter", {CKM_SHA256_RSA_PKCS_PSS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 600, RANDOM},
	{"RSA PSS SHA-256, short parameter", {CKM_SHA256_RSA_PKCS_PSS, number, 8}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 600, RANDOM},
	{"RSA PSS, no such hash", {CKM_RSA_PKCS_PSS, PSS(0x999, CKG_MGF1_SHA256, 32)}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 32, RANDOM},
	{"ECDSA", {CKM_ECDSA, NULL, 0}, SAMPLE_EC_PRIVATE, SAMPLE_EC_PUBLIC, 32, RANDOM},
	{"ECDSA, short", {CKM_ECDSA, NULL, 0}, SAMPLE_EC_PRIVATE, SAMPLE_EC_PUBLIC, 20, RANDOM},
	{"ECDSA, long", {CKM_ECDSA, NULL, 0}, SAMPLE_EC_PRIVATE, SAMPLE_EC_PUBLIC, 64, RANDOM},
	{"ECDSA SHA-256", {CKM_ECDSA_SHA256, NULL, 0}, SAMPLE_EC_PRIVATE, SAMPLE_EC_PUBLIC, 600, RANDOM},
	{"HMAC SHA-1", {CKM_SHA_1_HMAC, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 600, FIXED},
	{"HMAC SHA-224", {CKM_SHA224_HMAC, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 600, FIXED},
	{"HMAC SHA-256", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 600, FIXED},
	{"HMAC SHA-256, nothing", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 0, FIXED},
	{"HMAC SHA-384", {CKM_SHA384_HMAC, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 600, FIXED},
	{"HMAC SHA-512", {CKM_SHA512_HMAC, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 600, FIXED},
	{"HMAC with a parameter", {CKM_SHA256_HMAC, number, 8}, SAMPLE_SECRET, SAMPLE_SECRET, 16, FIXED},
	{"RSA PKCS with a parameter", {CKM_RSA_PKCS, number, 8}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 20, FIXED},
	{"by a public key", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 20, FIXED},
	{"RSA by an EC key", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_EC_PRIVATE, SAMPLE_EC_PUBLIC, 20, FIXED},
	{"ECDSA by an RSA key", {CKM_ECDSA, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 20, FIXED},
	{"HMAC by an AES key", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 20, FIXED},
	{"HMAC by an RSA key", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 20, FIXED},
	{"by a useless key", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_USELESS, SAMPLE_USELESS, 20, FIXED},
	{"by data", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_DATA, SAMPLE_DATA, 20, FIXED},
	{"by no such key", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_UNKNOWN, SAMPLE_UNKNOWN, 20, FIXED},
	{"by no handle", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_NONE, SAMPLE_NONE, 20, FIXED},
	{"no such mechanism", {CKM_VENDOR_DEFINED | 0x7777, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 20, FIXED},
	{"a mechanism of ciphers", {CKM_AES_ECB, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 20, FIXED},
	{"a mechanism of digests", {CKM_SHA256, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 20, FIXED},
};

static void note(const char *what, const struct signing *row, CK_RV rv, const CK_BYTE *value, CK_ULONG size)
{
	record_bytes(what, rv, row->value == FIXED ? value : NULL, size);
}

/* In two parts, where the mechanism can. */
static void sign_parts(struct conformance *c, struct signing *row, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_BYTE value[512];
	CK_ULONG size = sizeof(value), half = row->size / 2;
	CK_RV rv = f->C_SignInit(s, &row->mechanism, handles[row->sign]);

	if (rv == CKR_OK)
		rv = f->C_SignUpdate(s, data, half);
	record_rv("update", rv);
	if (rv == CKR_OK)
		rv = f->C_SignUpdate(s, data + half, row->size - half);
	if (rv != CKR_OK)
		goto out;
	rv = f->C_SignFinal(s, value, &size);
	note("final", row, rv, value, size);
	rv = f->C_VerifyInit(s, &row->mechanism, handles[row->verify]);
	if (rv == CKR_OK)
		rv = f->C_VerifyUpdate(s, data, half);
	if (rv == CKR_OK)
		rv = f->C_VerifyUpdate(s, data + half, row->size - half);
	if (rv == CKR_OK)
		rv = f->C_VerifyFinal(s, value, size);
	record_rv("verified in parts", rv);
out:
	(void)f->C_CloseSession(s);
}

static void verify_whole(struct conformance *c, struct signing *row, const CK_OBJECT_HANDLE *handles,
			 CK_BYTE *value, CK_ULONG size)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_RV rv = f->C_VerifyInit(s, &row->mechanism, handles[row->verify]);

	record_rv("verify init", rv);
	if (rv == CKR_OK && size) {
		record_rv("verify", f->C_Verify(s, data, row->size, value, size));
		runner_fresh(c, &s);
		(void)f->C_VerifyInit(s, &row->mechanism, handles[row->verify]);
		value[size - 1] ^= 1;
		record_rv("a wrong one", f->C_Verify(s, data, row->size, value, size));
		runner_fresh(c, &s);
		(void)f->C_VerifyInit(s, &row->mechanism, handles[row->verify]);
		record_rv("a short one", f->C_Verify(s, data, row->size, value, size - 1));
	}
	(void)f->C_CloseSession(s);
}

static void sign_row(struct conformance *c, struct signing *row, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_BYTE value[512] = {0};
	CK_ULONG size = sizeof(value);
	CK_RV rv = f->C_SignInit(s, &row->mechanism, handles[row->sign]);

	record_row("row", row->name);
	record_rv("init", rv);
	if (rv == CKR_OK) {
		rv = f->C_Sign(s, data, row->size, value, &size);
		note("sign", row, rv, value, size);
	}
	(void)f->C_CloseSession(s);
	if (rv == CKR_OK)
		sign_parts(c, row, handles);
	verify_whole(c, row, handles, value, rv == CKR_OK ? size : 0);
	record_row_end();
}

static void begin(struct conformance *c, CK_SESSION_HANDLE *s, CK_OBJECT_HANDLE key)
{
	runner_fresh(c, s);
	(void)c->f->C_SignInit(*s, MECHANISM(CKM_SHA256_HMAC), key);
}

static void sign_states(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_BYTE value[64];
	CK_ULONG size = 0;
	CK_RV rv = CKR_OK;

	record_rv("sign: no init", f->C_Sign(s, data, 9, value, &size));
	record_rv("sign update: no init", f->C_SignUpdate(s, data, 9));
	record_rv("sign final: no init", f->C_SignFinal(s, value, &size));
	record_rv("sign init: NULL mechanism", f->C_SignInit(s, NULL, key));
	begin(c, &s, key);
	record_rv("sign init: active", f->C_SignInit(s, MECHANISM(CKM_SHA256_HMAC), key));
	rv = f->C_Sign(s, data, 9, NULL, &size);
	record_number("sign: how long", rv, size);
	size = 31;
	rv = f->C_Sign(s, data, 9, value, &size);
	record_number("sign: too small", rv, size);
	rv = f->C_Sign(s, data, 9, value, &size);
	record_bytes("sign: after both", rv, value, size);
	record_rv("sign: over", f->C_Sign(s, data, 9, value, &size));
	begin(c, &s, key);
	record_rv("sign: NULL size", f->C_Sign(s, data, 9, value, NULL));
	record_rv("sign: over by the error", f->C_SignUpdate(s, data, 9));
	begin(c, &s, key);
	size = sizeof(value);
	record_rv("sign: NULL data", f->C_Sign(s, NULL, 9, value, &size));
	begin(c, &s, key);
	record_rv("sign update: NULL data", f->C_SignUpdate(s, NULL, 9));
	begin(c, &s, key);
	(void)f->C_SignUpdate(s, data, 9);
	size = sizeof(value);
	record_rv("sign: after an update", f->C_Sign(s, data, 9, value, &size));
	begin(c, &s, key);
	(void)f->C_SignUpdate(s, data, 9);
	rv = f->C_SignFinal(s, NULL, &size);
	record_number("sign final: how long", rv, size);
	size = 1;
	rv = f->C_SignFinal(s, value, &size);
	record_number("sign final: too small", rv, size);
	rv = f->C_SignFinal(s, value, &size);
	record_bytes("sign final: after both", rv, value, size);
	begin(c, &s, key);
	record_rv("sign final: NULL size", f->C_SignFinal(s, value, NULL));
	begin(c, &s, key);
	size = sizeof(value);
	rv = f->C_SignFinal(s, value, &size);
	record_bytes("sign final: without an update", rv, value, size);
	(void)f->C_CloseSession(s);
}

static void verify_begin(struct conformance *c, CK_SESSION_HANDLE *s, CK_OBJECT_HANDLE key)
{
	runner_fresh(c, s);
	(void)c->f->C_VerifyInit(*s, MECHANISM(CKM_SHA256_HMAC), key);
}

static void verify_states(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_BYTE value[64] = {0};

	record_rv("verify: no init", f->C_Verify(s, data, 9, value, 32));
	record_rv("verify update: no init", f->C_VerifyUpdate(s, data, 9));
	record_rv("verify final: no init", f->C_VerifyFinal(s, value, 32));
	record_rv("verify init: NULL mechanism", f->C_VerifyInit(s, NULL, key));
	verify_begin(c, &s, key);
	record_rv("verify init: active", f->C_VerifyInit(s, MECHANISM(CKM_SHA256_HMAC), key));
	record_rv("verify: NULL signature", f->C_Verify(s, data, 9, NULL, 32));
	record_rv("verify: over by the error", f->C_VerifyUpdate(s, data, 9));
	verify_begin(c, &s, key);
	record_rv("verify: NULL data", f->C_Verify(s, NULL, 9, value, 32));
	verify_begin(c, &s, key);
	record_rv("verify: wrong", f->C_Verify(s, data, 9, value, 32));
	record_rv("verify: over", f->C_Verify(s, data, 9, value, 32));
	verify_begin(c, &s, key);
	(void)f->C_VerifyUpdate(s, data, 9);
	record_rv("verify: after an update", f->C_Verify(s, data, 9, value, 32));
	verify_begin(c, &s, key);
	record_rv("verify update: NULL", f->C_VerifyUpdate(s, NULL, 9));
	verify_begin(c, &s, key);
	(void)f->C_VerifyUpdate(s, data, 9);
	record_rv("verify final: NULL", f->C_VerifyFinal(s, NULL, 32));
	verify_begin(c, &s, key);
	(void)f->C_VerifyUpdate(s, data, 9);
	record_rv("verify final: wrong", f->C_VerifyFinal(s, value, 32));
	record_rv("verify final: over", f->C_VerifyFinal(s, value, 32));
	verify_begin(c, &s, key);
	record_rv("verify and sign at once", f->C_SignInit(s, MECHANISM(CKM_SHA256_HMAC), key));
	(void)f->C_CloseSession(s);
}

/* Confirmed use: a login for each signature. */
static void always_authenticate(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_BYTE value[512];
	CK_ULONG size = sizeof(value);

	record_rv("confirmed: make", f->C_CreateObject(s, TEMPLATE(
		NUMBER(CKA_CLASS, CKO_PRIVATE_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC), NO(CKA_TOKEN), YES(CKA_PRIVATE),
		YES(CKA_SIGN), YES(CKA_ALWAYS_AUTHENTICATE), BYTES(CKA_EC_PARAMS, sample_ec_params),
		BYTES(CKA_VALUE, sample_ec_private_value)), &key));
	record_rv("confirmed: init", f->C_SignInit(s, MECHANISM(CKM_ECDSA), key));
	record_rv("confirmed: without", f->C_Sign(s, data, 32, value, &size));
	/* What the refusal did to the operation is not compared here. */
	runner_fresh(c, &s);
	(void)f->C_SignInit(s, MECHANISM(CKM_ECDSA), key);
	record_rv("confirmed: login, wrong PIN", f->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN("00000000")));
	runner_fresh(c, &s);
	(void)f->C_SignInit(s, MECHANISM(CKM_ECDSA), key);
	record_rv("confirmed: login", f->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
	size = 0;
	record_rv("confirmed: how long", f->C_Sign(s, data, 32, NULL, &size));
	size = sizeof(value);
	record_rv("confirmed: sign", f->C_Sign(s, data, 32, value, &size));
	(void)f->C_SignInit(s, MECHANISM(CKM_ECDSA), key);
	record_rv("confirmed: once only", f->C_Sign(s, data, 32, value, &size));
	(void)f->C_CloseSession(s);
}

/* Public keys verify, private ones are not there, without a login. */
static void logged_out(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;

	(void)f->C_Logout(s);
	record_rv("sign init: not logged in", f->C_SignInit(s, MECHANISM(CKM_SHA256_HMAC), handles[SAMPLE_SECRET]));
	record_rv("verify init: not logged in", f->C_VerifyInit(s, MECHANISM(CKM_RSA_PKCS), handles[SAMPLE_RSA_PUBLIC]));
}

void sign_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	for (size_t i = 0; i < sizeof(signings) / sizeof(signings[0]); i++)
		sign_row(c, &signings[i], handles);
	sign_states(c, runner_session(c, 0), handles[SAMPLE_SECRET]);
	verify_states(c, runner_session(c, 0), handles[SAMPLE_SECRET]);
	always_authenticate(c, runner_session(c, 0));
	logged_out(c, s, handles);
}

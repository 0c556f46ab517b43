/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapping and unwrapping keys (PKCS#11 v2.40 section 5.13). */
#include "config.h"

#include "sample.h"

#define PARAMETERS(type, ...) &(type){__VA_ARGS__}, sizeof(type)
#define KEY_WRAP {CKM_AES_KEY_WRAP, NULL, 0}
#define SECRET_KEY NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET)

static CK_BYTE number[8] = {1};
static CK_BYTE iv[16] = {1};

static struct wrapping {
	const char *name;
	CK_MECHANISM mechanism;
	enum sample by, key;
	enum { FIXED, RANDOM } value;
} wrappings[] = {
	{"key wrap, secret", KEY_WRAP, SAMPLE_AES, SAMPLE_SECRET, FIXED},
	{"key wrap, 20 bytes", KEY_WRAP, SAMPLE_AES, SAMPLE_TWENTY, FIXED},
	{"key wrap, itself", KEY_WRAP, SAMPLE_AES, SAMPLE_AES, FIXED},
	{"key wrap, private key", KEY_WRAP, SAMPLE_AES, SAMPLE_RSA_PRIVATE, RANDOM},
	{"key wrap, EC private key", KEY_WRAP, SAMPLE_AES, SAMPLE_EC_PRIVATE, RANDOM},
	{"key wrap with an IV", {CKM_AES_KEY_WRAP, number, 8}, SAMPLE_AES, SAMPLE_SECRET, FIXED},
	{"key wrap, IV of 7", {CKM_AES_KEY_WRAP, number, 7}, SAMPLE_AES, SAMPLE_SECRET, FIXED},
	{"RSA PKCS, secret", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_SECRET, RANDOM},
	{"RSA OAEP, secret", {CKM_RSA_PKCS_OAEP, PARAMETERS(CK_RSA_PKCS_OAEP_PARAMS, CKM_SHA_1, CKG_MGF1_SHA1,
							     CKZ_DATA_SPECIFIED, NULL, 0)},
	 SAMPLE_RSA_PUBLIC, SAMPLE_SECRET, RANDOM},
	{"RSA OAEP, no parameter", {CKM_RSA_PKCS_OAEP, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_SECRET, RANDOM},
	{"RSA PKCS, private key", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_EC_PRIVATE, RANDOM},
	{"RSA PKCS, long private key", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, RANDOM},
	{"CBC, secret", {CKM_AES_CBC, iv, 16}, SAMPLE_AES, SAMPLE_SECRET, FIXED},
	{"CBC, 20 bytes", {CKM_AES_CBC, iv, 16}, SAMPLE_AES, SAMPLE_TWENTY, FIXED},
	{"CBC padded, secret", {CKM_AES_CBC_PAD, iv, 16}, SAMPLE_AES, SAMPLE_SECRET, FIXED},
	{"what is not extractable", KEY_WRAP, SAMPLE_AES, SAMPLE_LOCKED_IN, FIXED},
	{"a public key", KEY_WRAP, SAMPLE_AES, SAMPLE_RSA_PUBLIC, FIXED},
	{"data", KEY_WRAP, SAMPLE_AES, SAMPLE_DATA, FIXED},
	{"no such key", KEY_WRAP, SAMPLE_AES, SAMPLE_UNKNOWN, FIXED},
	{"no handle", KEY_WRAP, SAMPLE_AES, SAMPLE_NONE, FIXED},
	{"by no such key", KEY_WRAP, SAMPLE_UNKNOWN, SAMPLE_SECRET, FIXED},
	{"by no handle", KEY_WRAP, SAMPLE_NONE, SAMPLE_SECRET, FIXED},
	{"by a key that may not", KEY_WRAP, SAMPLE_USELESS, SAMPLE_SECRET, FIXED},
	{"by data", KEY_WRAP, SAMPLE_DATA, SAMPLE_SECRET, FIXED},
	{"AES by an RSA key", KEY_WRAP, SAMPLE_RSA_PUBLIC, SAMPLE_SECRET, FIXED},
	{"RSA by an AES key", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_AES, SAMPLE_SECRET, FIXED},
	{"by a private key", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_SECRET, FIXED},
	{"a mechanism of signatures", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_AES, SAMPLE_SECRET, FIXED},
	{"no such mechanism", {CKM_VENDOR_DEFINED | 0x7777, NULL, 0}, SAMPLE_AES, SAMPLE_SECRET, FIXED},
};

static enum sample unwrapping_key(const struct wrapping *row)
{
	return row->by == SAMPLE_RSA_PUBLIC ? SAMPLE_RSA_PRIVATE : row->by;
}

/* What was wrapped comes back with the value that it had; a private key, as a key that can be used. */
static void unwrap_row(struct conformance *c, CK_SESSION_HANDLE s, struct wrapping *row,
		       const CK_OBJECT_HANDLE *handles, CK_BYTE *wrapped, CK_ULONG size)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE, by = handles[unwrapping_key(row)];
	CK_ATTRIBUTE secret[] = {SECRET_KEY, NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE), NUMBER(CKA_VALUE_LEN, 20)};
	CK_ATTRIBUTE rsa[] = {NUMBER(CKA_CLASS, CKO_PRIVATE_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA), NO(CKA_SENSITIVE),
			      YES(CKA_EXTRACTABLE)};
	CK_ATTRIBUTE *template = row->key == SAMPLE_RSA_PRIVATE ? rsa : secret;
	CK_ULONG count = row->key == SAMPLE_TWENTY ? 5 : 4;
	CK_BYTE value[512];
	CK_ATTRIBUTE a = {row->key == SAMPLE_RSA_PRIVATE ? CKA_PRIME_1 : CKA_VALUE, value, sizeof(value)};
	CK_RV rv = f->C_UnwrapKey(s, &row->mechanism, by, wrapped, size, template, count, &key);

	record_rv("unwrap", rv);
	if (rv == CKR_OK) {
		rv = f->C_GetAttributeValue(s, key, &a, 1);
		record_bytes("value", rv, value, a.ulValueLen);
	}
	wrapped[size - 1] ^= 1;
	record_rv("a changed one", f->C_UnwrapKey(s, &row->mechanism, by, wrapped, size, template, count, &key));
	record_rv("a short one", f->C_UnwrapKey(s, &row->mechanism, by, wrapped, size - 1, template, count, &key));
}

static void wrap_row(struct conformance *c, CK_SESSION_HANDLE s, struct wrapping *row,
		     const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_BYTE wrapped[4096];
	CK_ULONG size = sizeof(wrapped);
	CK_RV rv = f->C_WrapKey(s, &row->mechanism, handles[row->by], handles[row->key], wrapped, &size);

	record_row("row", row->name);
	record_bytes("wrap", rv, row->value == FIXED ? wrapped : NULL, size);
	if (rv == CKR_OK &&
	    (row->key == SAMPLE_SECRET || row->key == SAMPLE_TWENTY || row->key == SAMPLE_RSA_PRIVATE))
		unwrap_row(c, s, row, handles, wrapped, size);
	record_row_end();
}

static void buffers(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_MECHANISM m = KEY_WRAP;
	CK_OBJECT_HANDLE by = handles[SAMPLE_AES], key = handles[SAMPLE_SECRET];
	CK_BYTE wrapped[64];
	CK_ULONG size = 0;
	CK_RV rv = CKR_OK;

	record_rv("wrap: NULL mechanism", f->C_WrapKey(s, NULL, by, key, wrapped, &size));
	record_rv("wrap: NULL size", f->C_WrapKey(s, &m, by, key, wrapped, NULL));
	rv = f->C_WrapKey(s, &m, by, key, NULL, &size);
	record_number("wrap: how long", rv, size);
	size = 39;
	rv = f->C_WrapKey(s, &m, by, key, wrapped, &size);
	record_number("wrap: too small", rv, size);
	size = 40;
	rv = f->C_WrapKey(s, &m, by, key, wrapped, &size);
	record_bytes("wrap: just large enough", rv, wrapped, size);
}

static void unwrap(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE ro = runner_session(c, 0);
	CK_MECHANISM m = KEY_WRAP;
	CK_OBJECT_HANDLE by = handles[SAMPLE_AES], key = CK_INVALID_HANDLE;
	CK_BYTE in[64];
	CK_ULONG size = sizeof(in);
	CK_ATTRIBUTE template[] = {SECRET_KEY, YES(CKA_TOKEN)};

	(void)f->C_WrapKey(s, &m, by, handles[SAMPLE_SECRET], in, &size);
	record_rv("unwrap: NULL mechanism", f->C_UnwrapKey(s, NULL, by, in, size, template, 2, &key));
	record_rv("unwrap: NULL data", f->C_UnwrapKey(s, &m, by, NULL, size, template, 2, &key));
	record_rv("unwrap: NULL template", f->C_UnwrapKey(s, &m, by, in, size, NULL, 2, &key));
	record_rv("unwrap: NULL handle", f->C_UnwrapKey(s, &m, by, in, size, template, 2, NULL));
	record_rv("unwrap: no class", f->C_UnwrapKey(s, &m, by, in, size, template + 1, 1, &key));
	record_rv("unwrap: no key type", f->C_UnwrapKey(s, &m, by, in, size, template, 1, &key));
	record_rv("unwrap: a class of public keys", f->C_UnwrapKey(s, &m, by, in, size,
		  TEMPLATE(NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA)), &key));
	record_rv("unwrap: as a private key", f->C_UnwrapKey(s, &m, by, in, size,
		  TEMPLATE(NUMBER(CKA_CLASS, CKO_PRIVATE_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA)), &key));
	record_rv("unwrap: with a value", f->C_UnwrapKey(s, &m, by, in, size,
		  TEMPLATE(SECRET_KEY, BYTES(CKA_VALUE, number)), &key));
	record_rv("unwrap: with its length", f->C_UnwrapKey(s, &m, by, in, size,
		  TEMPLATE(SECRET_KEY, NUMBER(CKA_VALUE_LEN, 32)), &key));
	record_rv("unwrap: an AES key", f->C_UnwrapKey(s, &m, by, in, size,
		  TEMPLATE(NUMBER(CKA_CLASS, CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_AES)), &key));
	record_rv("unwrap: a token key, read-only session", f->C_UnwrapKey(ro, &m, by, in, size, template, 3, &key));
	record_rv("unwrap: a token key", f->C_UnwrapKey(s, &m, by, in, size, template, 3, &key));
	record_rv("unwrap: by a key that may not", f->C_UnwrapKey(s, &m, handles[SAMPLE_USELESS], in, size, template, 2, &key));
	record_rv("unwrap: by no such key", f->C_UnwrapKey(s, &m, NO_OBJECT, in, size, template, 2, &key));
	record_rv("unwrap: by an RSA key", f->C_UnwrapKey(s, &m, handles[SAMPLE_RSA_PRIVATE], in, size, template, 2, &key));
	record_rv("unwrap: by data", f->C_UnwrapKey(s, &m, handles[SAMPLE_DATA], in, size, template, 2, &key));
	record_rv("unwrap: a mechanism of signatures",
		  f->C_UnwrapKey(s, MECHANISM(CKM_SHA256_HMAC), by, in, size, template, 2, &key));
	(void)f->C_Logout(s);
	record_rv("wrap: not logged in", f->C_WrapKey(s, &m, by, handles[SAMPLE_SECRET], in, &size));
	record_rv("unwrap: not logged in", f->C_UnwrapKey(s, &m, by, in, size, template, 2, &key));
}

void wrap_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	for (size_t i = 0; i < sizeof(wrappings) / sizeof(wrappings[0]); i++)
		wrap_row(c, s, &wrappings[i], handles);
	buffers(c, s, handles);
	unwrap(c, s, handles);
}

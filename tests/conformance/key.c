/* SPDX-License-Identifier: Apache-2.0 */
/* Generating and deriving keys (PKCS#11 v2.40 section 5.13). Wrapping is wrap.c. */
#include "config.h"

#include <stdio.h>

#include "sample.h"

#define CLASS(class) NUMBER(CKA_CLASS, class)
#define TYPE(type) NUMBER(CKA_KEY_TYPE, type)
#define CURVE BYTES(CKA_EC_PARAMS, sample_ec_params)

static CK_BYTE wrong_curve[] = {0x06, 0x03, 0x2a, 0x03, 0x04};
static CK_BYTE number[8] = {1};
static CK_BYTE even_exponent[3] = {1, 0, 2};

static struct generation {
	const char *name;
	CK_MECHANISM mechanism;
	CK_ATTRIBUTE *template;
	CK_ULONG count;
} generations[] = {
	{"AES 128", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 16))},
	{"AES 256, class and type", {CKM_AES_KEY_GEN, NULL, 0},
	 TEMPLATE(CLASS(CKO_SECRET_KEY), TYPE(CKK_AES), NUMBER(CKA_VALUE_LEN, 32))},
	{"AES, no length", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(TEXT(CKA_LABEL, "x"))},
	{"AES, no template", {CKM_AES_KEY_GEN, NULL, 0}, NULL, 0},
	{"AES, 17 bytes", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 17))},
	{"AES, no bytes", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 0))},
	{"AES, another class", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(CLASS(CKO_PUBLIC_KEY), NUMBER(CKA_VALUE_LEN, 16))},
	{"AES, another type", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(TYPE(CKK_GENERIC_SECRET), NUMBER(CKA_VALUE_LEN, 16))},
	{"AES, a value", {CKM_AES_KEY_GEN, NULL, 0},
	 TEMPLATE(NUMBER(CKA_VALUE_LEN, 16), BYTES(CKA_VALUE, sample_aes_value))},
	{"AES, said to be local", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 16), YES(CKA_LOCAL))},
	{"AES, said not to be always sensitive", {CKM_AES_KEY_GEN, NULL, 0},
	 TEMPLATE(NUMBER(CKA_VALUE_LEN, 16), NO(CKA_ALWAYS_SENSITIVE))},
	{"AES, trusted", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 16), YES(CKA_TRUSTED))},
	{"AES, no such attribute", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 16), BYTES(0x7fff1234, number))},
	{"AES with a parameter", {CKM_AES_KEY_GEN, number, 8}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 16))},
	{"AES, public", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 16), NO(CKA_PRIVATE))},
	{"AES, open", {CKM_AES_KEY_GEN, NULL, 0},
	 TEMPLATE(NUMBER(CKA_VALUE_LEN, 16), NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE))},
	{"secret", {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 20))},
	{"secret, no length", {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0}, TEMPLATE(TEXT(CKA_LABEL, "x"))},
	{"secret, no bytes", {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 0))},
	{"a mechanism of pairs", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(CURVE)},
	{"a mechanism of ciphers", {CKM_AES_ECB, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 16))},
	{"no such mechanism", {CKM_VENDOR_DEFINED | 0x7777, NULL, 0}, TEMPLATE(NUMBER(CKA_VALUE_LEN, 16))},
};

static void generate(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	char name[96];

	record_rv("generate: NULL mechanism", f->C_GenerateKey(s, NULL, generations[0].template, 1, &key));
	record_rv("generate: NULL template", f->C_GenerateKey(s, MECHANISM(CKM_AES_KEY_GEN), NULL, 1, &key));
	record_rv("generate: NULL handle",
		  f->C_GenerateKey(s, MECHANISM(CKM_AES_KEY_GEN), generations[0].template, 1, NULL));
	for (size_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
		struct generation *row = &generations[i];

		(void)snprintf(name, sizeof(name), "generate: %s", row->name);
		record_rv(name, f->C_GenerateKey(s, &row->mechanism, row->template, row->count, &key));
	}
}

#define NO_PRIVATE_TEMPLATE NULL, 0

static struct pair {
	const char *name;
	CK_MECHANISM mechanism;
	CK_ATTRIBUTE *public;
	CK_ULONG public_count;
	CK_ATTRIBUTE *private;
	CK_ULONG private_count;
} pairs[] = {
	{"RSA 2048", {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0},
	 TEMPLATE(NUMBER(CKA_MODULUS_BITS, 2048), BYTES(CKA_PUBLIC_EXPONENT, sample_rsa_public_exponent)), NO_PRIVATE_TEMPLATE},
	{"RSA, no exponent", {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_MODULUS_BITS, 2048)), NO_PRIVATE_TEMPLATE},
	{"RSA, no bits", {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(TEXT(CKA_LABEL, "x")), NO_PRIVATE_TEMPLATE},
	{"RSA, 256 bits", {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_MODULUS_BITS, 256)), NO_PRIVATE_TEMPLATE},
	{"RSA, 65536 bits", {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(NUMBER(CKA_MODULUS_BITS, 65536)), NO_PRIVATE_TEMPLATE},
	{"RSA, even exponent", {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0},
	 TEMPLATE(NUMBER(CKA_MODULUS_BITS, 2048), BYTES(CKA_PUBLIC_EXPONENT, even_exponent)), NO_PRIVATE_TEMPLATE},
	{"RSA, a modulus", {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0},
	 TEMPLATE(NUMBER(CKA_MODULUS_BITS, 2048), BYTES(CKA_MODULUS, sample_rsa_modulus)), NO_PRIVATE_TEMPLATE},
	{"EC", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(CURVE), NO_PRIVATE_TEMPLATE},
	{"EC, classes and types", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(CLASS(CKO_PUBLIC_KEY), TYPE(CKK_EC), CURVE),
	 TEMPLATE(CLASS(CKO_PRIVATE_KEY), TYPE(CKK_EC), YES(CKA_SIGN))},
	{"EC, no curve", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(TEXT(CKA_LABEL, "x")), NO_PRIVATE_TEMPLATE},
	{"EC, the curve with the private key", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(TEXT(CKA_LABEL, "x")), TEMPLATE(CURVE)},
	{"EC, no such curve", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(BYTES(CKA_EC_PARAMS, wrong_curve)), NO_PRIVATE_TEMPLATE},
	{"EC, the public class is private", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(CLASS(CKO_PRIVATE_KEY), CURVE), NO_PRIVATE_TEMPLATE},
	{"EC, the private class is secret", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(CURVE), TEMPLATE(CLASS(CKO_SECRET_KEY))},
	{"EC, the type is RSA", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(CURVE), TEMPLATE(TYPE(CKK_RSA))},
	{"EC, a private value", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(CURVE), TEMPLATE(BYTES(CKA_VALUE, sample_ec_private_value))},
	{"EC, the public key is sensitive", {CKM_EC_KEY_PAIR_GEN, NULL, 0}, TEMPLATE(CURVE, YES(CKA_SENSITIVE)), NO_PRIVATE_TEMPLATE},
	{"a mechanism of secrets", {CKM_AES_KEY_GEN, NULL, 0}, TEMPLATE(CURVE), NO_PRIVATE_TEMPLATE},
	{"no such mechanism", {CKM_VENDOR_DEFINED | 0x7777, NULL, 0}, TEMPLATE(CURVE), NO_PRIVATE_TEMPLATE},
};

static void generate_pair(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_OBJECT_HANDLE public = CK_INVALID_HANDLE, private = CK_INVALID_HANDLE;
	CK_ATTRIBUTE *curve = pairs[7].public;
	char name[96];

	record_rv("pair: NULL mechanism", f->C_GenerateKeyPair(s, NULL, curve, 1, NULL, 0, &public, &private));
	record_rv("pair: NULL public template",
		  f->C_GenerateKeyPair(s, MECHANISM(CKM_EC_KEY_PAIR_GEN), NULL, 1, NULL, 0, &public, &private));
	record_rv("pair: NULL private template",
		  f->C_GenerateKeyPair(s, MECHANISM(CKM_EC_KEY_PAIR_GEN), curve, 1, NULL, 1, &public, &private));
	record_rv("pair: NULL public handle",
		  f->C_GenerateKeyPair(s, MECHANISM(CKM_EC_KEY_PAIR_GEN), curve, 1, NULL, 0, NULL, &private));
	record_rv("pair: NULL private handle",
		  f->C_GenerateKeyPair(s, MECHANISM(CKM_EC_KEY_PAIR_GEN), curve, 1, NULL, 0, &public, NULL));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct pair *row = &pairs[i];

		(void)snprintf(name, sizeof(name), "pair: %s", row->name);
		record_rv(name, f->C_GenerateKeyPair(s, &row->mechanism, row->public, row->public_count,
						     row->private, row->private_count, &public, &private));
	}
}

#define ECDH(kdf, shared, shared_size, point, point_size) \
	{CKM_ECDH1_DERIVE, &(CK_ECDH1_DERIVE_PARAMS){kdf, shared_size, shared, point_size, point}, \
	 sizeof(CK_ECDH1_DERIVE_PARAMS)}
#define OPEN_SECRET CLASS(CKO_SECRET_KEY), TYPE(CKK_GENERIC_SECRET), NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE)

static struct derivation {
	const char *name;
	CK_MECHANISM mechanism;
	enum sample key;
	CK_ATTRIBUTE *template;
	CK_ULONG count;
} derivations[] = {
	{"a secret", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"a secret of 32 bytes", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE,
	 TEMPLATE(OPEN_SECRET, NUMBER(CKA_VALUE_LEN, 32))},
	{"a secret of 20 bytes", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE,
	 TEMPLATE(OPEN_SECRET, NUMBER(CKA_VALUE_LEN, 20))},
	{"a secret of 33 bytes", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE,
	 TEMPLATE(OPEN_SECRET, NUMBER(CKA_VALUE_LEN, 33))},
	{"an AES key", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE,
	 TEMPLATE(CLASS(CKO_SECRET_KEY), TYPE(CKK_AES), NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE), NUMBER(CKA_VALUE_LEN, 16))},
	{"no class", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE, TEMPLATE(TYPE(CKK_GENERIC_SECRET))},
	{"another class", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE,
	 TEMPLATE(CLASS(CKO_PRIVATE_KEY), TYPE(CKK_GENERIC_SECRET))},
	{"no key type", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE, TEMPLATE(CLASS(CKO_SECRET_KEY))},
	{"point in an octet string", ECDH(CKD_NULL, NULL, 0, sample_ec_point, 67), SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"a short point", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 64), SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"a point that is none", ECDH(CKD_NULL, NULL, 0, sample_rsa_modulus, 65), SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"no point", ECDH(CKD_NULL, NULL, 0, NULL, 0), SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"no such KDF", ECDH(0x99, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"shared data without a KDF", ECDH(CKD_NULL, number, 8, sample_ec_peer_point, 65), SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"no parameter", {CKM_ECDH1_DERIVE, NULL, 0}, SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"a short parameter", {CKM_ECDH1_DERIVE, number, 8}, SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"from a public key", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_EC_PUBLIC, TEMPLATE(OPEN_SECRET)},
	{"from an RSA key", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_RSA_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"from no such key", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_UNKNOWN, TEMPLATE(OPEN_SECRET)},
	{"from no handle", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_NONE, TEMPLATE(OPEN_SECRET)},
	{"from data", ECDH(CKD_NULL, NULL, 0, sample_ec_peer_point, 65), SAMPLE_DATA, TEMPLATE(OPEN_SECRET)},
	{"a mechanism of ciphers", {CKM_AES_ECB, NULL, 0}, SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
	{"no such mechanism", {CKM_VENDOR_DEFINED | 0x7777, NULL, 0}, SAMPLE_EC_PRIVATE, TEMPLATE(OPEN_SECRET)},
};

static void derive(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

	record_rv("derive: NULL mechanism", f->C_DeriveKey(s, NULL, handles[SAMPLE_EC_PRIVATE], derivations[0].template, 4, &key));
	record_rv("derive: NULL template", f->C_DeriveKey(s, &derivations[0].mechanism, handles[SAMPLE_EC_PRIVATE], NULL, 1, &key));
	record_rv("derive: NULL handle",
		  f->C_DeriveKey(s, &derivations[0].mechanism, handles[SAMPLE_EC_PRIVATE], derivations[0].template, 4, NULL));
	for (size_t i = 0; i < sizeof(derivations) / sizeof(derivations[0]); i++) {
		struct derivation *row = &derivations[i];
		CK_BYTE value[128];
		CK_ATTRIBUTE a = {CKA_VALUE, value, sizeof(value)};
		CK_RV rv = f->C_DeriveKey(s, &row->mechanism, handles[row->key], row->template, row->count, &key);

		record_row("derive", row->name);
		record_rv("derive", rv);
		if (rv == CKR_OK) {
			rv = f->C_GetAttributeValue(s, key, &a, 1);
			record_bytes("value", rv, value, a.ulValueLen);
		}
		record_row_end();
	}
}

/* Keys of the token, made where one may not. */
static void rights(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE ro = runner_session(c, 0);
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE, other = CK_INVALID_HANDLE;
	CK_ATTRIBUTE token[] = {NUMBER(CKA_VALUE_LEN, 16), YES(CKA_TOKEN)};
	CK_ATTRIBUTE curve[] = {CURVE}, private[] = {YES(CKA_TOKEN)};

	record_rv("rights: token key, read-only session", f->C_GenerateKey(ro, MECHANISM(CKM_AES_KEY_GEN), token, 2, &key));
	record_rv("rights: session key, read-only session", f->C_GenerateKey(ro, MECHANISM(CKM_AES_KEY_GEN), token, 1, &key));
	record_rv("rights: token pair, read-only session",
		  f->C_GenerateKeyPair(ro, MECHANISM(CKM_EC_KEY_PAIR_GEN), curve, 1, private, 1, &key, &other));
	record_rv("rights: token key", f->C_GenerateKey(s, MECHANISM(CKM_AES_KEY_GEN), token, 2, &key));
	(void)f->C_Logout(s);
	record_rv("rights: not logged in", f->C_GenerateKey(s, MECHANISM(CKM_AES_KEY_GEN), token, 1, &key));
	record_rv("rights: pair, not logged in",
		  f->C_GenerateKeyPair(s, MECHANISM(CKM_EC_KEY_PAIR_GEN), curve, 1, NULL, 0, &key, &other));
	record_rv("rights: a key after logout", f->C_DestroyObject(s, key));
}

void key_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	generate(c, s);
	generate_pair(c, s);
	derive(c, s, handles);
	rights(c, s);
}

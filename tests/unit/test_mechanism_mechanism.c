/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs' parameters of each shape are taken or refused, and the sizes of results are those of
 * the clauses.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mechanism/mechanism.h"

static uint8_t bytes[64];

static CK_RV decode(CK_MECHANISM_TYPE type, void *parameter, size_t size, struct mechanism *m)
{
	const CK_MECHANISM native = {type, parameter, size};

	return mechanism_from_native(&native, m);
}

static CK_RV verdict(CK_MECHANISM_TYPE type, void *parameter, size_t size)
{
	struct mechanism m;

	return decode(type, parameter, size, &m);
}

/*
 * Every parameter structure: no pointer, no bytes, one byte off either way, and sizes beyond all
 * memory.
 */
static void structures_of_wrong_size_are_refused(void **state)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		size_t size;
	} shapes[] = {
		{CKM_AES_CBC, 16},
		{CKM_AES_CBC_PAD, 16},
		{CKM_AES_CTR, sizeof(CK_AES_CTR_PARAMS)},
		{CKM_AES_GCM, sizeof(CK_GCM_PARAMS)},
		{CKM_RSA_PKCS_PSS, sizeof(CK_RSA_PKCS_PSS_PARAMS)},
		{CKM_SHA256_RSA_PKCS_PSS, sizeof(CK_RSA_PKCS_PSS_PARAMS)},
		{CKM_RSA_PKCS_OAEP, sizeof(CK_RSA_PKCS_OAEP_PARAMS)},
		{CKM_ECDH1_DERIVE, sizeof(CK_ECDH1_DERIVE_PARAMS)},
		{CKM_SHA256_HMAC_GENERAL, sizeof(CK_MAC_GENERAL_PARAMS)},
		{CKM_HKDF_DERIVE, sizeof(CK_HKDF_PARAMS)},
		{CKM_SP800_108_COUNTER_KDF, sizeof(CK_SP800_108_KDF_PARAMS)},
	};
	size_t i = 0;

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const CK_MECHANISM_TYPE type = shapes[i].type;
		const size_t size = shapes[i].size;

		assert_int_equal(verdict(type, NULL, 0), CKR_MECHANISM_PARAM_INVALID);
		assert_int_equal(verdict(type, NULL, size), CKR_MECHANISM_PARAM_INVALID);
		assert_int_equal(verdict(type, bytes, 0), CKR_MECHANISM_PARAM_INVALID);
		assert_int_equal(verdict(type, bytes, size - 1), CKR_MECHANISM_PARAM_INVALID);
		assert_int_equal(verdict(type, bytes, size + 1), CKR_MECHANISM_PARAM_INVALID);
		assert_int_equal(verdict(type, bytes, SIZE_MAX), CKR_MECHANISM_PARAM_INVALID);
	}
}

static void no_mechanism_is_refused(void **state)
{
	struct mechanism m;

	(void)state;
	assert_int_equal(mechanism_from_native(NULL, &m), CKR_ARGUMENTS_BAD);
	assert_int_equal(verdict(CKM_MD5_RSA_PKCS, NULL, 0), CKR_MECHANISM_INVALID);
	memset(&m, 0, sizeof(m));
	assert_int_equal(mechanism_check(&m), CKR_MECHANISM_INVALID);
}

static void none_is_taken(void **state)
{
	struct mechanism m;

	(void)state;
	assert_int_equal(decode(CKM_ECDSA, NULL, 0, &m), CKR_OK);
	assert_string_equal(m.row->name, "CKM_ECDSA");
	assert_int_equal(verdict(CKM_ECDSA, bytes, 0), CKR_OK);
	assert_int_equal(verdict(CKM_ECDSA, bytes, 1), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(verdict(CKM_ECDSA, NULL, 1), CKR_MECHANISM_PARAM_INVALID);
}

static void iv_is_taken(void **state)
{
	struct mechanism m;

	(void)state;
	assert_int_equal(decode(CKM_AES_CBC, bytes + 1, 16, &m), CKR_OK);
	assert_ptr_equal(m.iv.data, bytes + 1);
	assert_int_equal(m.iv.size, 16);
	assert_int_equal(decode(CKM_AES_KEY_WRAP, NULL, 0, &m), CKR_OK);
	assert_int_equal(m.iv.size, 0);
	assert_int_equal(decode(CKM_AES_KEY_WRAP, bytes, 8, &m), CKR_OK);
	assert_int_equal(m.iv.size, 8);
	assert_int_equal(verdict(CKM_AES_KEY_WRAP, bytes, 4), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(verdict(CKM_AES_KEY_WRAP, NULL, 8), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(verdict(CKM_AES_KEY_WRAP_KWP, bytes, 4), CKR_OK);
	assert_int_equal(verdict(CKM_AES_KEY_WRAP_KWP, NULL, 0), CKR_OK);
	assert_int_equal(verdict(CKM_AES_KEY_WRAP_KWP, bytes, 8), CKR_MECHANISM_PARAM_INVALID);
}

static void ctr_is_taken(void **state)
{
	uint8_t unaligned[sizeof(CK_AES_CTR_PARAMS) + 1];
	CK_AES_CTR_PARAMS params = {.ulCounterBits = 32};
	struct mechanism m;

	(void)state;
	params.cb[15] = 7;
	memcpy(unaligned + 1, &params, sizeof(params));
	assert_int_equal(decode(CKM_AES_CTR, unaligned + 1, sizeof(params), &m), CKR_OK);
	assert_int_equal(m.counter_bits, 32);
	assert_int_equal(m.iv.size, 16);
	assert_int_equal(m.iv.data[15], 7);
	params.ulCounterBits = 128;
	assert_int_equal(verdict(CKM_AES_CTR, &params, sizeof(params)), CKR_OK);
	params.ulCounterBits = 129;
	assert_int_equal(verdict(CKM_AES_CTR, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params.ulCounterBits = 0;
	assert_int_equal(verdict(CKM_AES_CTR, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
}

static void gcm_is_taken(void **state)
{
	static const CK_ULONG good[] = {32, 64, 96, 104, 112, 120, 128};
	CK_GCM_PARAMS params = {bytes, 12, 0, bytes + 12, 5, 128};
	struct mechanism m;
	CK_ULONG tag = 0;
	size_t i = 0;

	(void)state;
	assert_int_equal(decode(CKM_AES_GCM, &params, sizeof(params), &m), CKR_OK);
	assert_ptr_equal(m.iv.data, bytes);
	assert_int_equal(m.iv.size, 12);
	assert_int_equal(m.aad.size, 5);
	assert_int_equal(m.tag_bits, 128);
	for (tag = 0; tag <= 200; tag++) {
		bool fits = false;

		for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
			fits = fits || tag == good[i];
		params.ulTagBits = tag;
		assert_int_equal(verdict(CKM_AES_GCM, &params, sizeof(params)),
				 fits ? CKR_OK : CKR_MECHANISM_PARAM_INVALID);
	}
	/* The layout of v2.40 before its errata, without ulIvBits. */
	assert_int_equal(verdict(CKM_AES_GCM, &params, sizeof(params) - sizeof(CK_ULONG)),
			 CKR_MECHANISM_PARAM_INVALID);
}

static void gcm_limits_hold(void **state)
{
	const CK_GCM_PARAMS good = {bytes, 12, 96, NULL, 0, 128};
	CK_GCM_PARAMS params = good;

	(void)state;
	assert_int_equal(verdict(CKM_AES_GCM, &params, sizeof(params)), CKR_OK);
	params.ulIvLen = 0;
	assert_int_equal(verdict(CKM_AES_GCM, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params.ulIvLen = MECHANISM_IV_MAX + 1;
	assert_int_equal(verdict(CKM_AES_GCM, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = good;
	params.pIv = NULL;
	assert_int_equal(verdict(CKM_AES_GCM, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = good;
	params.ulAADLen = 1;
	assert_int_equal(verdict(CKM_AES_GCM, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params.pAAD = bytes;
	params.ulAADLen = MECHANISM_AAD_MAX + 1;
	assert_int_equal(verdict(CKM_AES_GCM, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
}

static void pss_is_taken(void **state)
{
	CK_RSA_PKCS_PSS_PARAMS params = {CKM_SHA256, CKG_MGF1_SHA256, 32};
	struct mechanism m;

	(void)state;
	assert_int_equal(decode(CKM_RSA_PKCS_PSS, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(m.hash, CKM_SHA256);
	assert_int_equal(m.mgf, CKG_MGF1_SHA256);
	assert_int_equal(m.salt_size, 32);
	assert_int_equal(verdict(CKM_SHA256_RSA_PKCS_PSS, &params, sizeof(params)), CKR_OK);
	assert_int_equal(verdict(CKM_SHA384_RSA_PKCS_PSS, &params, sizeof(params)),
			 CKR_MECHANISM_PARAM_INVALID);
	params.mgf = CKG_MGF1_SHA1;
	assert_int_equal(verdict(CKM_SHA256_RSA_PKCS_PSS, &params, sizeof(params)), CKR_OK);
	params.mgf = 0;
	assert_int_equal(verdict(CKM_RSA_PKCS_PSS, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_RSA_PKCS_PSS_PARAMS){CKM_MD5, CKG_MGF1_SHA256, 16};
	assert_int_equal(verdict(CKM_RSA_PKCS_PSS, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256_HMAC, CKG_MGF1_SHA256, 16};
	assert_int_equal(verdict(CKM_RSA_PKCS_PSS, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, (CK_ULONG)-2};
	assert_int_equal(verdict(CKM_RSA_PKCS_PSS, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
}

static void salts_fit_keys(void **state)
{
	CK_RSA_PKCS_PSS_PARAMS params = {CKM_SHA512, CKG_MGF1_SHA512, 190};
	struct mechanism m;

	(void)state;
	assert_int_equal(decode(CKM_SHA512_RSA_PKCS_PSS, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(mechanism_check_key(&m, 2048), CKR_OK);
	assert_int_equal(mechanism_check_key(&m, 2047), CKR_OK);
	assert_int_equal(mechanism_check_key(&m, 2041), CKR_MECHANISM_PARAM_INVALID); /* a byte less */
	assert_int_equal(mechanism_check_key(&m, 512), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(mechanism_check_key(&m, 0), CKR_MECHANISM_PARAM_INVALID);
	params.sLen = 191;
	assert_int_equal(decode(CKM_SHA512_RSA_PKCS_PSS, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(mechanism_check_key(&m, 2048), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(decode(CKM_ECDSA, NULL, 0, &m), CKR_OK);
	assert_int_equal(mechanism_check_key(&m, 256), CKR_OK);
}

static void oaep_is_taken(void **state)
{
	CK_RSA_PKCS_OAEP_PARAMS params = {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, bytes, 9};
	struct mechanism m;

	(void)state;
	assert_int_equal(decode(CKM_RSA_PKCS_OAEP, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(m.label.size, 9);
	assert_int_equal(m.hash, CKM_SHA_1);
	params.pSourceData = NULL;
	assert_int_equal(verdict(CKM_RSA_PKCS_OAEP, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params.ulSourceDataLen = 0;
	assert_int_equal(verdict(CKM_RSA_PKCS_OAEP, &params, sizeof(params)), CKR_OK);
	params.source = 0;
	assert_int_equal(verdict(CKM_RSA_PKCS_OAEP, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params.source = CKZ_DATA_SPECIFIED;
	params.pSourceData = bytes;
	params.ulSourceDataLen = MECHANISM_LABEL_MAX + 1;
	assert_int_equal(verdict(CKM_RSA_PKCS_OAEP, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params.ulSourceDataLen = 1;
	params.hashAlg = CKM_MD5;
	assert_int_equal(verdict(CKM_RSA_PKCS_OAEP, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
}

static void ecdh_is_taken(void **state)
{
	CK_ECDH1_DERIVE_PARAMS params = {CKD_NULL, 0, NULL, 32, bytes};
	struct mechanism m;

	(void)state;
	assert_int_equal(decode(CKM_ECDH1_DERIVE, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(m.kdf, CKD_NULL);
	assert_ptr_equal(m.peer.data, bytes);
	params.ulSharedDataLen = 3;
	params.pSharedData = bytes;
	assert_int_equal(verdict(CKM_ECDH1_DERIVE, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params.kdf = CKD_SHA256_KDF;
	assert_int_equal(decode(CKM_ECDH1_DERIVE, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(m.shared.size, 3);
	params.kdf = CKD_SHA256_KDF_SP800;
	assert_int_equal(verdict(CKM_ECDH1_DERIVE, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, 0, bytes};
	assert_int_equal(verdict(CKM_ECDH1_DERIVE, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, 32, NULL};
	assert_int_equal(verdict(CKM_ECDH1_DERIVE, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, MECHANISM_PEER_MAX + 1, bytes};
	assert_int_equal(verdict(CKM_ECDH1_DERIVE, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_ECDH1_DERIVE_PARAMS){CKD_SHA1_KDF, MECHANISM_SHARED_MAX + 1, bytes, 32, bytes};
	assert_int_equal(verdict(CKM_ECDH1_DERIVE, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
}

static CK_RV hkdf_verdict(CK_HKDF_PARAMS params)
{
	return verdict(CKM_HKDF_DERIVE, &params, sizeof(params));
}

static void hkdf_is_taken(void **state)
{
	const CK_HKDF_PARAMS good = {CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, bytes, 5, 0, bytes, 9};
	CK_HKDF_PARAMS params = good;
	struct mechanism m;

	(void)state;
	assert_int_equal(decode(CKM_HKDF_DERIVE, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(m.hash, CKM_SHA256);
	assert_true(m.extract == 1 && m.expand == 1 && m.salt.size == 5 && m.info.size == 9);
	params.ulSaltType = CKF_HKDF_SALT_NULL;
	assert_int_equal(decode(CKM_HKDF_DERIVE, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(m.salt.size, 0);
	params.ulSaltType = CKF_HKDF_SALT_KEY;
	assert_int_equal(hkdf_verdict(params), CKR_MECHANISM_PARAM_INVALID);
	params.bExtract = CK_FALSE; /* PKCS#11 v3.1 section 6.62.2: then no salt counts */
	assert_int_equal(hkdf_verdict(params), CKR_OK);
	params.bExpand = CK_FALSE;
	assert_int_equal(hkdf_verdict(params), CKR_MECHANISM_PARAM_INVALID);
	params = good;
	params.bExpand = CK_FALSE;
	assert_int_equal(decode(CKM_HKDF_DERIVE, &params, sizeof(params), &m), CKR_OK);
	assert_int_equal(m.info.size, 0);
	params = good;
	params.bExtract = 2;
	assert_int_equal(hkdf_verdict(params), CKR_MECHANISM_PARAM_INVALID);
	params = good;
	params.prfHashMechanism = CKM_SHA256_HMAC;
	assert_int_equal(hkdf_verdict(params), CKR_MECHANISM_PARAM_INVALID);
	params = good;
	params.pInfo = NULL;
	assert_int_equal(hkdf_verdict(params), CKR_MECHANISM_PARAM_INVALID);
	params = good;
	params.ulSaltLen = MECHANISM_SALT_MAX + 1;
	assert_int_equal(hkdf_verdict(params), CKR_MECHANISM_PARAM_INVALID);
	params = good;
	params.ulInfoLen = MECHANISM_INFO_MAX + 1;
	assert_int_equal(hkdf_verdict(params), CKR_MECHANISM_PARAM_INVALID);
}

static CK_SP800_108_COUNTER_FORMAT counter_format = {CK_FALSE, 32};
static CK_SP800_108_DKM_LENGTH_FORMAT length_format = {CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 32};

#define COUNTER {CK_SP800_108_ITERATION_VARIABLE, &counter_format, sizeof(counter_format)}
#define DKM_LENGTH {CK_SP800_108_DKM_LENGTH, &length_format, sizeof(length_format)}
#define ARRAY(size) {CK_SP800_108_BYTE_ARRAY, bytes, (size)}
#define DECODE(prf, m, ...) decode_sp800_108(prf, (CK_PRF_DATA_PARAM[]){__VA_ARGS__}, \
	sizeof((CK_PRF_DATA_PARAM[]){__VA_ARGS__}) / sizeof(CK_PRF_DATA_PARAM), m)

static CK_RV decode_sp800_108(CK_MECHANISM_TYPE prf, CK_PRF_DATA_PARAM *data, CK_ULONG count, struct mechanism *m)
{
	CK_SP800_108_KDF_PARAMS params = {prf, count, data, 0, NULL};

	return decode(CKM_SP800_108_COUNTER_KDF, &params, sizeof(params), m);
}

static void sp800_108_is_taken(void **state)
{
	CK_PRF_DATA_PARAM data[] = {COUNTER};
	CK_SP800_108_KDF_PARAMS params = {CKM_SHA256_HMAC, 1, data, 1, NULL};
	struct mechanism m;

	(void)state;
	assert_int_equal(DECODE(CKM_SHA384_HMAC, &m, COUNTER, ARRAY(4), ARRAY(1), ARRAY(7), DKM_LENGTH), CKR_OK);
	assert_int_equal(m.hash, CKM_SHA384);
	assert_true(m.fixed.size == 4 && m.fixed_2.size == 1 && m.fixed_3.size == 7 && m.fixed_4.size == 0);
	assert_int_equal(m.length_follows, 1);
	assert_int_equal(DECODE(CKM_SHA_1_HMAC, &m, COUNTER), CKR_OK);
	assert_int_equal(m.length_follows, 0);
	assert_int_equal(DECODE(CKM_AES_CMAC, &m, COUNTER), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC_GENERAL, &m, COUNTER), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, COUNTER, ARRAY(MECHANISM_FIXED_MAX + 1)),
			 CKR_MECHANISM_PARAM_INVALID);
	/* Additional keys. */
	assert_int_equal(verdict(CKM_SP800_108_COUNTER_KDF, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_SP800_108_KDF_PARAMS){CKM_SHA256_HMAC, 1, NULL, 0, NULL};
	assert_int_equal(verdict(CKM_SP800_108_COUNTER_KDF, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
}

static void sp800_108_order_is_fixed(void **state)
{
	CK_SP800_108_COUNTER_FORMAT little = {CK_TRUE, 32};
	CK_SP800_108_COUNTER_FORMAT narrow = {CK_FALSE, 8};
	CK_SP800_108_DKM_LENGTH_FORMAT segments = {CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS, CK_FALSE, 32};
	struct mechanism m;

	(void)state;
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, ARRAY(1), COUNTER), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, COUNTER, COUNTER), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, COUNTER, DKM_LENGTH, ARRAY(1)), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, COUNTER, DKM_LENGTH, DKM_LENGTH), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, COUNTER, ARRAY(1), ARRAY(1), ARRAY(1), ARRAY(1), ARRAY(1)),
			 CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, {CK_SP800_108_ITERATION_VARIABLE, &little, sizeof(little)}),
			 CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, {CK_SP800_108_ITERATION_VARIABLE, &narrow, sizeof(narrow)}),
			 CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, {CK_SP800_108_ITERATION_VARIABLE, NULL, 0}),
			 CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, COUNTER, {CK_SP800_108_DKM_LENGTH, &segments, sizeof(segments)}),
			 CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(DECODE(CKM_SHA256_HMAC, &m, COUNTER, {CK_SP800_108_KEY_HANDLE, bytes, 8}),
			 CKR_MECHANISM_PARAM_INVALID);
}

static void eddsa_is_pure_only(void **state)
{
	CK_EDDSA_PARAMS params = {CK_FALSE, 0, NULL};

	(void)state;
	assert_int_equal(verdict(CKM_EDDSA, NULL, 0), CKR_OK);
	assert_int_equal(verdict(CKM_EDDSA, &params, sizeof(params)), CKR_OK);
	assert_int_equal(verdict(CKM_EDDSA, &params, sizeof(params) - 1), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(verdict(CKM_EDDSA, NULL, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params.phFlag = CK_TRUE;
	assert_int_equal(verdict(CKM_EDDSA, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
	params = (CK_EDDSA_PARAMS){CK_FALSE, 1, bytes};
	assert_int_equal(verdict(CKM_EDDSA, &params, sizeof(params)), CKR_MECHANISM_PARAM_INVALID);
}

static void mac_length_is_taken(void **state)
{
	CK_MAC_GENERAL_PARAMS length = 10;
	struct mechanism m;

	(void)state;
	assert_int_equal(decode(CKM_SHA256_HMAC_GENERAL, &length, sizeof(length), &m), CKR_OK);
	assert_int_equal(mechanism_signature_size(&m, 0), 10);
	length = 32;
	assert_int_equal(verdict(CKM_SHA256_HMAC_GENERAL, &length, sizeof(length)), CKR_OK);
	length = 33;
	assert_int_equal(verdict(CKM_SHA256_HMAC_GENERAL, &length, sizeof(length)),
			 CKR_MECHANISM_PARAM_INVALID);
	length = 0;
	assert_int_equal(verdict(CKM_SHA256_HMAC_GENERAL, &length, sizeof(length)),
			 CKR_MECHANISM_PARAM_INVALID);
}

static void signature_sizes(void **state)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_ULONG bits;
		size_t size;
	} vectors[] = {
		{CKM_RSA_PKCS, 2048, 256},     {CKM_RSA_PKCS, 2047, 256},  {CKM_RSA_X_509, 1025, 129},
		{CKM_SHA256_RSA_PKCS, 3072, 384}, {CKM_ECDSA, 256, 64},    {CKM_ECDSA_SHA384, 384, 96},
		{CKM_ECDSA_SHA512, 521, 132},  {CKM_EDDSA, 255, 64},       {CKM_SHA_1_HMAC, 160, 20},
		{CKM_SHA512_HMAC, 8, 64},      {CKM_AES_CBC, 256, 0},      {CKM_RSA_PKCS_OAEP, 2048, 0},
		{CKM_SHA256, 0, 0},            {CKM_ECDH1_DERIVE, 256, 0}, {CKM_AES_KEY_GEN, 0, 0},
		{CKM_EC_KEY_PAIR_GEN, 256, 0},
	};
	size_t i = 0;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct mechanism m = {.row = mechanism_find(vectors[i].type)};

		assert_int_equal(mechanism_signature_size(&m, vectors[i].bits), vectors[i].size);
	}
}

struct size_vector {
	CK_MECHANISM_TYPE type;
	bool encrypt;
	CK_ULONG bits;
	size_t input;
	CK_RV rv;
	size_t size;
	bool exact;
};

static void check_sizes(const struct size_vector *v, size_t count, struct mechanism m)
{
	size_t i = 0;

	for (i = 0; i < count; i++) {
		size_t size = 0;
		bool exact = false;

		m.row = mechanism_find(v[i].type);
		assert_int_equal(mechanism_cipher_size(&m, v[i].encrypt, v[i].bits, v[i].input, &size, &exact),
				 v[i].rv);
		if (v[i].rv != CKR_OK)
			continue;
		assert_int_equal(size, v[i].size);
		assert_int_equal(exact, v[i].exact);
	}
}

static void rsa_sizes(void **state)
{
	static const struct size_vector vectors[] = {
		{CKM_RSA_PKCS, true, 2048, 245, CKR_OK, 256, true},
		{CKM_RSA_PKCS, true, 2048, 0, CKR_OK, 256, true},
		{CKM_RSA_PKCS, true, 2048, 246, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_RSA_PKCS, false, 2048, 256, CKR_OK, 245, false},
		{CKM_RSA_PKCS, false, 2048, 255, CKR_ENCRYPTED_DATA_LEN_RANGE, 0, false},
		{CKM_RSA_PKCS, false, 2048, 257, CKR_ENCRYPTED_DATA_LEN_RANGE, 0, false},
		{CKM_RSA_X_509, true, 1024, 128, CKR_OK, 128, true},
		{CKM_RSA_X_509, true, 1024, 129, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_RSA_X_509, false, 1024, 128, CKR_OK, 128, true},
		{CKM_RSA_PKCS_OAEP, true, 2048, 190, CKR_OK, 256, true},
		{CKM_RSA_PKCS_OAEP, true, 2048, 191, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_RSA_PKCS_OAEP, false, 2048, 256, CKR_OK, 190, false},
		{CKM_RSA_PKCS_OAEP, true, 512, 0, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_RSA_PKCS_PSS, true, 2048, 32, CKR_MECHANISM_INVALID, 0, false},
		{CKM_SHA256_RSA_PKCS, true, 2048, 32, CKR_MECHANISM_INVALID, 0, false},
		{CKM_ECDSA, true, 256, 32, CKR_MECHANISM_INVALID, 0, false},
	};

	(void)state;
	check_sizes(vectors, sizeof(vectors) / sizeof(vectors[0]), (struct mechanism){.hash = CKM_SHA256});
}

static void aes_sizes(void **state)
{
	static const struct size_vector vectors[] = {
		{CKM_AES_ECB, true, 256, 32, CKR_OK, 32, true},
		{CKM_AES_ECB, true, 256, 31, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_AES_CBC, true, 256, 0, CKR_OK, 0, true},
		{CKM_AES_CBC, false, 256, 17, CKR_ENCRYPTED_DATA_LEN_RANGE, 0, false},
		{CKM_AES_CBC_PAD, true, 256, 0, CKR_OK, 16, true},
		{CKM_AES_CBC_PAD, true, 256, 15, CKR_OK, 16, true},
		{CKM_AES_CBC_PAD, true, 256, 16, CKR_OK, 32, true},
		{CKM_AES_CBC_PAD, true, 256, SIZE_MAX, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_AES_CBC_PAD, false, 256, 32, CKR_OK, 31, false},
		{CKM_AES_CBC_PAD, false, 256, 0, CKR_ENCRYPTED_DATA_LEN_RANGE, 0, false},
		{CKM_AES_CBC_PAD, false, 256, 33, CKR_ENCRYPTED_DATA_LEN_RANGE, 0, false},
		{CKM_AES_GCM, true, 256, 5, CKR_OK, 21, true},
		{CKM_AES_GCM, true, 256, SIZE_MAX, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_AES_GCM, false, 256, 16, CKR_OK, 0, true},
		{CKM_AES_GCM, false, 256, 15, CKR_ENCRYPTED_DATA_LEN_RANGE, 0, false},
		{CKM_AES_KEY_WRAP, true, 256, 16, CKR_OK, 24, true},
		{CKM_AES_KEY_WRAP, true, 256, 8, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_AES_KEY_WRAP, true, 256, 20, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_AES_KEY_WRAP, false, 256, 24, CKR_OK, 16, true},
		{CKM_AES_KEY_WRAP, false, 256, 16, CKR_ENCRYPTED_DATA_LEN_RANGE, 0, false},
		{CKM_AES_KEY_WRAP_KWP, true, 256, 1, CKR_OK, 16, true},
		{CKM_AES_KEY_WRAP_KWP, true, 256, 20, CKR_OK, 32, true}, /* RFC 5649 section 6 */
		{CKM_AES_KEY_WRAP_KWP, true, 256, 7, CKR_OK, 16, true},  /* RFC 5649 section 6 */
		{CKM_AES_KEY_WRAP_KWP, true, 256, 0, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_AES_KEY_WRAP_KWP, true, 256, SIZE_MAX, CKR_DATA_LEN_RANGE, 0, false},
		{CKM_AES_KEY_WRAP_KWP, false, 256, 32, CKR_OK, 24, false},
		{CKM_AES_KEY_WRAP_KWP, false, 256, 8, CKR_ENCRYPTED_DATA_LEN_RANGE, 0, false},
		{CKM_AES_KEY_GEN, true, 256, 8, CKR_MECHANISM_INVALID, 0, false},
	};

	(void)state;
	check_sizes(vectors, sizeof(vectors) / sizeof(vectors[0]), (struct mechanism){.tag_bits = 128});
}

/* PKCS#11 v3.1 section 6.11.3: CKR_DATA_LEN_RANGE when the counter's bits would overflow. */
static void counter_may_not_wrap(void **state)
{
	uint8_t block[16];
	struct mechanism m = {.row = mechanism_find(CKM_AES_CTR), .iv = {block, sizeof(block)}};
	size_t size = 0;
	bool exact = false;

	(void)state;
	memset(block, 0xff, sizeof(block));
	m.counter_bits = 1;
	assert_int_equal(mechanism_cipher_size(&m, true, 256, 16, &size, &exact), CKR_OK);
	assert_int_equal(mechanism_cipher_size(&m, true, 256, 17, &size, &exact), CKR_DATA_LEN_RANGE);
	m.counter_bits = 128;
	assert_int_equal(mechanism_cipher_size(&m, true, 256, 17, &size, &exact), CKR_DATA_LEN_RANGE);
	block[0] = 0x7f;
	assert_int_equal(mechanism_cipher_size(&m, true, 256, 17, &size, &exact), CKR_OK);
	assert_int_equal(size, 17);
	assert_true(exact);
	m.counter_bits = 64;
	assert_int_equal(mechanism_cipher_size(&m, false, 256, 17, &size, &exact), CKR_DATA_LEN_RANGE);
	block[15] = 0xfd;
	assert_int_equal(mechanism_cipher_size(&m, false, 256, 48, &size, &exact), CKR_OK);
	assert_int_equal(mechanism_cipher_size(&m, false, 256, 49, &size, &exact), CKR_DATA_LEN_RANGE);
	memset(block, 0, sizeof(block));
	assert_int_equal(mechanism_cipher_size(&m, false, 256, SIZE_MAX, &size, &exact), CKR_OK);
	m.counter_bits = 8;
	assert_int_equal(mechanism_cipher_size(&m, true, 256, 4096, &size, &exact), CKR_OK);
	assert_int_equal(mechanism_cipher_size(&m, true, 256, 4097, &size, &exact), CKR_DATA_LEN_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structures_of_wrong_size_are_refused),
		cmocka_unit_test(no_mechanism_is_refused),
		cmocka_unit_test(none_is_taken),
		cmocka_unit_test(iv_is_taken),
		cmocka_unit_test(ctr_is_taken),
		cmocka_unit_test(gcm_is_taken),
		cmocka_unit_test(gcm_limits_hold),
		cmocka_unit_test(pss_is_taken),
		cmocka_unit_test(salts_fit_keys), cmocka_unit_test(oaep_is_taken),
		cmocka_unit_test(ecdh_is_taken),
		cmocka_unit_test(hkdf_is_taken),
		cmocka_unit_test(sp800_108_is_taken),
		cmocka_unit_test(sp800_108_order_is_fixed),
		cmocka_unit_test(eddsa_is_pure_only),
		cmocka_unit_test(mac_length_is_taken),
		cmocka_unit_test(signature_sizes),
		cmocka_unit_test(rsa_sizes),
		cmocka_unit_test(aes_sizes),
		cmocka_unit_test(counter_may_not_wrap),
	};

	return cmocka_run_group_tests_name("mechanism", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare points and signatures to libcrypto's forms.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>
#include <strings.h>

#include "verifier/ecdsa.h"

#define COORDINATE_MAX 66

EVP_PKEY *ecdsa_key(const char *curve, struct span point)
{
	uint8_t encoded[1 + 2 * COORDINATE_MAX] = {0x04};
	char name[16] = "";
	OSSL_PARAM params[3];
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *key = NULL;

	if (!point.size || point.size > sizeof(encoded) - 1 || strlen(curve) >= sizeof(name))
		return NULL;
	memcpy(encoded + 1, point.data, point.size);
	memcpy(name, curve, strlen(curve) + 1);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded, 1 + point.size);
	params[2] = OSSL_PARAM_construct_end();
	ERR_set_mark();
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	ERR_pop_to_mark();
	return key;
}

bool ecdsa_is_on(const EVP_PKEY *key, const char *curve)
{
	static const char *const names[][2] = {{"P-256", "prime256v1"}, {"P-384", "secp384r1"}};
	char name[64] = "";

	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || !EVP_PKEY_get_group_name(key, name, sizeof(name), NULL))
		return false;
	for (size_t i = 0; i < 2; i++)
		if (strcmp(curve, names[i][0]) == 0)
			return strcasecmp(name, names[i][0]) == 0 || strcmp(name, names[i][1]) == 0;
	return false;
}

/* DER of r and s; the caller frees. 0: no memory. */
static size_t to_der(struct span signature, unsigned char **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int half = (int)(signature.size / 2), size = 0;
	BIGNUM *r = BN_bin2bn(signature.data, half, NULL), *s = BN_bin2bn(signature.data + half, half, NULL);

	if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else {
		size = i2d_ECDSA_SIG(sig, der);
	}
	ECDSA_SIG_free(sig);
	return size > 0 ? (size_t)size : 0;
}

bool ecdsa_verify(EVP_PKEY *key, const EVP_MD *md, struct span signature, struct span first, struct span second)
{
	EVP_MD_CTX *ctx = NULL;
	unsigned char *der = NULL;
	size_t der_size = 0;
	bool good = false;

	if (!key || !md || !signature.size || signature.size % 2 || signature.size > (size_t)2 * COORDINATE_MAX)
		return false;
	ERR_set_mark();
	ctx = EVP_MD_CTX_new();
	der_size = to_der(signature, &der);
	good = ctx && der_size && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
	       EVP_DigestVerifyUpdate(ctx, first.data, first.size) == 1 &&
	       EVP_DigestVerifyUpdate(ctx, second.data, second.size) == 1 &&
	       EVP_DigestVerifyFinal(ctx, der, der_size) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return good;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPMT_PUBLIC to a key.
 */
#include "config.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#include "verifier/cursor.h"
#include "verifier/ecdsa.h"
#include "verifier/tpm_public.h"

#define ALG_RSA 0x0001
#define ALG_ECC 0x0023
#define ALG_NULL 0x0010
#define ALG_AES 0x0006
#define ALG_SM4 0x0013
#define ALG_CAMELLIA 0x0026
#define ALG_ECDAA 0x001a
#define CURVE_P256 0x0003
#define CURVE_P384 0x0004
#define RSA_SIZE_MAX 1024
#define ECC_SIZE_MAX 66

/* TPMT_SYM_DEF_OBJECT. */
static bool skip_symmetric(struct cursor *c)
{
	uint16_t algorithm = cursor_be16(c);

	if (algorithm == ALG_NULL)
		return true;
	cursor_bytes(c, 4); /* bits and mode */
	return algorithm == ALG_AES || algorithm == ALG_SM4 || algorithm == ALG_CAMELLIA;
}

/* TPMT_RSA_SCHEME, TPMT_ECC_SCHEME, TPMT_KDF_SCHEME: null, or with a hash. */
static void skip_scheme(struct cursor *c)
{
	uint16_t scheme = cursor_be16(c);

	if (scheme != ALG_NULL && scheme != 0x0015) /* RSAES has no hash */
		cursor_be16(c);
	if (scheme == ALG_ECDAA)
		cursor_be16(c);
}

static void read_rsa(struct cursor *c, struct tpm_public *public)
{
	skip_scheme(c);
	cursor_be16(c); /* bits: the modulus says it */
	public->exponent = cursor_be32(c);
	if (public->exponent == 0)
		public->exponent = 65537; /* section 12.2.3.5: zero is the default */
	public->modulus = cursor_tpm2b(c, RSA_SIZE_MAX);
}

static void read_ecc(struct cursor *c, struct tpm_public *public)
{
	uint16_t curve = 0;

	skip_scheme(c);
	curve = cursor_be16(c);
	skip_scheme(c); /* key derivation */
	public->curve = curve == CURVE_P256 ? "P-256" : curve == CURVE_P384 ? "P-384" : NULL;
	public->x = cursor_tpm2b(c, ECC_SIZE_MAX);
	public->y = cursor_tpm2b(c, ECC_SIZE_MAX);
}

bool tpm_public_read(struct span area, struct tpm_public *public, const char **why)
{
	struct cursor c;
	uint16_t type = 0;

	*public = (struct tpm_public){.area = area};
	cursor_init(&c, area);
	type = cursor_be16(&c);
	public->name_algorithm = cursor_be16(&c);
	public->attributes = cursor_be32(&c);
	cursor_tpm2b(&c, TPM_HASH_SIZE_MAX); /* policy */
	public->ecc = type == ALG_ECC;
	*why = "a public area of a form that is not known";
	if ((type != ALG_RSA && type != ALG_ECC) || !skip_symmetric(&c))
		return false;
	if (public->ecc)
		read_ecc(&c, public);
	else
		read_rsa(&c, public);
	if (!cursor_end(&c) || (public->ecc && !public->curve))
		return false;
	*why = NULL;
	return true;
}

EVP_PKEY *tpm_public_rsa(struct span modulus, struct span exponent)
{
	BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.size, NULL), *e = BN_bin2bn(exponent.data, (int)exponent.size, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *key = NULL;

	ERR_set_mark();
	if (n && e && build && BN_num_bits(n) >= 2048 && BN_num_bits(n) <= 8192 && BN_num_bits(e) <= 32 && BN_is_odd(e) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(build);
	ctx = params ? EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL) : NULL;
	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	ERR_pop_to_mark();
	return key;
}

EVP_PKEY *tpm_public_key(const struct tpm_public *public)
{
	uint8_t point[2 * ECC_SIZE_MAX] = {0};
	uint8_t exponent[4] = {(uint8_t)(public->exponent >> 24), (uint8_t)(public->exponent >> 16),
			       (uint8_t)(public->exponent >> 8), (uint8_t)public->exponent};
	size_t size = 0;

	if (!public->ecc)
		return tpm_public_rsa(public->modulus, (struct span){exponent, sizeof(exponent)});
	size = strcmp(public->curve, "P-256") == 0 ? 32 : 48;
	if (public->x.size > size || public->y.size > size || !public->x.size || !public->y.size)
		return NULL;
	/* Some TPMs leave leading zeros away. */
	memcpy(point + size - public->x.size, public->x.data, public->x.size);
	memcpy(point + 2 * size - public->y.size, public->y.data, public->y.size);
	return ecdsa_key(public->curve, (struct span){point, 2 * size});
}

size_t tpm_public_name(const struct tpm_public *public, uint8_t name[2 + TPM_HASH_SIZE_MAX])
{
	if (!tpm_hash_is_strong(public->name_algorithm) ||
	    !tpm_hash_two(public->name_algorithm, public->area, (struct span){0}, name + 2))
		return 0;
	name[0] = (uint8_t)(public->name_algorithm >> 8);
	name[1] = (uint8_t)public->name_algorithm;
	return 2 + tpm_hash_size(public->name_algorithm);
}

const char *tpm_public_unfit_to_attest(const struct tpm_public *public)
{
	const uint32_t needed = TPM_PUBLIC_FIXED_TPM | TPM_PUBLIC_FIXED_PARENT | TPM_PUBLIC_SENSITIVE_DATA_ORIGIN |
				TPM_PUBLIC_RESTRICTED | TPM_PUBLIC_SIGN;

	if (!(public->attributes & TPM_PUBLIC_RESTRICTED))
		return "it is not restricted: it signs what anybody wrote";
	if ((public->attributes & needed) != needed)
		return "it has not all of: sign, fixedTPM, fixedParent, sensitiveDataOrigin";
	if (public->attributes & TPM_PUBLIC_DECRYPT)
		return "it decrypts too";
	return NULL;
}

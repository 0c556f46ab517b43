/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys between attributes, EVP_PKEY and PKCS#8. Enclave only.
 */
#include "config.h"

#include "crypto/rsa_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/bignum.h"
#include "crypto/der.h"
#include "crypto/key_format.h"
#include "crypto/library.h"
#include "crypto/pkey.h"
#include "crypto/rsa_components.h"

/* rsaEncryption with its NULL, RFC 3279 section 2.3.1. */
static const uint8_t rsa_encryption[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
					 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
static const struct span algorithm = {rsa_encryption, sizeof(rsa_encryption)};

static const uint8_t default_exponent[] = {0x01, 0x00, 0x01};

/* How many components of OBJECT to give to libcrypto: all, or none of those of the CRT. */
static size_t components_of(const struct attribute_set *object, CK_OBJECT_CLASS class)
{
	size_t i = 0;

	if (class == CKO_PUBLIC_KEY)
		return RSA_E + 1;
	for (i = RSA_P; i < RSA_COMPONENTS; i++) {
		if (attribute_set_get(object, rsa_parts[i].type).size == 0)
			return RSA_D + 1;
	}
	return RSA_COMPONENTS;
}

static CK_RV import(const struct attribute_set *object, size_t count, int selection, EVP_PKEY **pkey)
{
	OSSL_PARAM params[RSA_COMPONENTS + 1];
	struct buffer native = {.secret = true};
	size_t at = 0;
	size_t i = 0;
	CK_RV rv = CKR_OK;

	for (i = 0; i < count; i++)
		at += attribute_set_get(object, rsa_parts[i].type).size;
	if (!buffer_resize(&native, at))
		return CKR_DEVICE_MEMORY;
	for (i = 0, at = 0; i < count; i++) {
		const struct span value = attribute_set_get(object, rsa_parts[i].type);

		(void)bignum_native(value, native.data + at, value.size);
		params[i] = OSSL_PARAM_construct_BN(rsa_parts[i].param, native.data + at, value.size);
		at += value.size;
	}
	params[count] = OSSL_PARAM_construct_end();
	rv = pkey_import("RSA", selection, params, pkey);
	buffer_free(&native);
	return rv;
}

CK_RV rsa_key_load(const struct attribute_set *object, struct key *key)
{
	const struct span n = attribute_set_get(object, CKA_MODULUS);
	const struct span e = attribute_set_get(object, CKA_PUBLIC_EXPONENT);
	const bool private_key = key->class == CKO_PRIVATE_KEY;
	CK_RV rv = CKR_OK;

	if (n.size == 0 || e.size == 0 ||
	    (private_key && attribute_set_get(object, CKA_PRIVATE_EXPONENT).size == 0))
		return CKR_TEMPLATE_INCOMPLETE;
	rv = rsa_components_check_public(n, e);
	if (rv != CKR_OK)
		return rv;
	key->bits = rsa_components_bits(n);
	return import(object, components_of(object, key->class),
		      private_key ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, &key->pkey);
}

/* CKA_PUBLIC_KEY_INFO, and on public keys CKA_MODULUS_BITS. */
static CK_RV put_public(struct attribute_set *object)
{
	struct buffer numbers = {0};
	struct buffer body = {0};
	const struct span n = attribute_set_get(object, CKA_MODULUS);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (der_put_unsigned(&numbers, n) &&
	    der_put_unsigned(&numbers, attribute_set_get(object, CKA_PUBLIC_EXPONENT)) &&
	    der_put(&body, DER_SEQUENCE, buffer_span(&numbers)))
		rv = key_format_put_public(object, algorithm, buffer_span(&body));
	if (rv == CKR_OK && attribute_set_ulong(object, CKA_CLASS, CKO_PRIVATE_KEY) == CKO_PUBLIC_KEY &&
	    !attribute_set_put_ulong(object, CKA_MODULUS_BITS,
				     rsa_components_bits(attribute_set_get(object, CKA_MODULUS))))
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&numbers);
	buffer_free(&body);
	return rv;
}

CK_RV rsa_key_complete(struct attribute_set *object)
{
	CK_RV rv = CKR_OK;

	if (attribute_set_ulong(object, CKA_CLASS, CKO_PUBLIC_KEY) == CKO_PRIVATE_KEY) {
		rv = rsa_components_complete(object);
	} else {
		const struct span n = attribute_set_get(object, CKA_MODULUS);
		const struct span e = attribute_set_get(object, CKA_PUBLIC_EXPONENT);

		rv = n.size == 0 || e.size == 0 ? CKR_TEMPLATE_INCOMPLETE
						: rsa_components_check_public(n, e);
	}
	return rv == CKR_OK ? put_public(object) : rv;
}

/* The size and exponent that PUBLIC asks for, the default exponent put where it asks for none. */
static CK_RV generation_of(const struct mechanism *m, struct attribute_set *public_object,
			   size_t *bits, struct span *e)
{
	const CK_ULONG asked = attribute_set_ulong(public_object, CKA_MODULUS_BITS, 0);

	if (asked == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (asked < m->row->min_key || asked > m->row->max_key || asked % 8 != 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (attribute_set_get(public_object, CKA_PUBLIC_EXPONENT).size == 0 &&
	    !attribute_set_put(public_object, CKA_PUBLIC_EXPONENT,
			       (struct span){default_exponent, sizeof(default_exponent)}))
		return CKR_DEVICE_MEMORY;
	*e = attribute_set_get(public_object, CKA_PUBLIC_EXPONENT);
	while (e->size > 0 && e->data[0] == 0) {
		e->data++;
		e->size--;
	}
	/* FIPS 186-5 section A.1.1: odd, over 2^16 and under 2^256; longer ones fit no long modulus. */
	if (e->size < 3 || e->size > (asked > 3072 ? 8 : 32) || !(e->data[e->size - 1] & 1))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	*bits = asked;
	return CKR_OK;
}

static CK_RV put_components(const EVP_PKEY *pkey, size_t count, struct attribute_set *object)
{
	struct buffer bytes = {.secret = true};
	CK_RV rv = CKR_OK;
	size_t i = 0;

	for (i = 0; rv == CKR_OK && i < count; i++) {
		if (!bignum_of_key(pkey, rsa_parts[i].param, 0, &bytes))
			rv = library_failure(CKR_DEVICE_MEMORY);
		else if (!attribute_set_put(object, rsa_parts[i].type, buffer_span(&bytes)))
			rv = CKR_DEVICE_MEMORY;
	}
	buffer_free(&bytes);
	return rv;
}

CK_RV rsa_key_generate_pair(const struct mechanism *m, struct attribute_set *public_object,
			    struct attribute_set *private_object)
{
	uint8_t exponent[32] = {0};
	OSSL_PARAM params[3];
	EVP_PKEY *pkey = NULL;
	struct span e = {0};
	size_t bits = 0;
	CK_RV rv = generation_of(m, public_object, &bits, &e);

	if (rv != CKR_OK)
		return rv;
	(void)bignum_native(e, exponent, e.size);
	params[0] = OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits);
	params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent, e.size);
	params[2] = OSSL_PARAM_construct_end();
	rv = pkey_generate("RSA", params, &pkey);
	if (rv == CKR_OK)
		rv = put_components(pkey, RSA_E + 1, public_object);
	if (rv == CKR_OK)
		rv = put_components(pkey, RSA_COMPONENTS, private_object);
	if (rv == CKR_OK)
		rv = put_public(public_object);
	if (rv == CKR_OK)
		rv = put_public(private_object);
	EVP_PKEY_free(pkey);
	return rv;
}

CK_RV rsa_key_encode(const struct key *key, struct buffer *out)
{
	static const struct span two_primes = {NULL, 0}; /* version 0 */
	struct buffer number = {.secret = true};
	struct buffer numbers = {.secret = true};
	struct buffer body = {.secret = true};
	CK_RV rv = CKR_OK;
	size_t i = 0;

	if (!der_put_unsigned(&numbers, two_primes))
		rv = CKR_DEVICE_MEMORY;
	for (i = 0; rv == CKR_OK && i < RSA_COMPONENTS; i++) {
		if (!bignum_of_key(key->pkey, rsa_parts[i].param, 0, &number))
			rv = library_failure(CKR_KEY_NOT_WRAPPABLE);
		else if (!der_put_unsigned(&numbers, buffer_span(&number)))
			rv = CKR_DEVICE_MEMORY;
	}
	if (rv == CKR_OK && (!der_put(&body, DER_SEQUENCE, buffer_span(&numbers)) ||
			     !key_format_private(out, algorithm, buffer_span(&body))))
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&number);
	buffer_free(&numbers);
	buffer_free(&body);
	return rv;
}

CK_RV rsa_key_decode(struct span encoded, struct attribute_set *object)
{
	struct span given = {0};
	struct span key = {0};
	struct span body = {0};
	struct span number = {0};
	size_t i = 0;

	if (!key_format_open_private(encoded, &given, &key) || !span_equal(given, algorithm) ||
	    !der_only(key, DER_SEQUENCE, &body) || !der_take_unsigned(&body, &number) ||
	    number.size != 0)
		return CKR_WRAPPED_KEY_INVALID;
	for (i = 0; i < RSA_COMPONENTS; i++) {
		if (!der_take_unsigned(&body, &number) || number.size == 0)
			return CKR_WRAPPED_KEY_INVALID;
		if (!attribute_set_put(object, rsa_parts[i].type, number))
			return CKR_DEVICE_MEMORY;
	}
	return body.size == 0 ? rsa_key_complete(object) : CKR_WRAPPED_KEY_INVALID;
}

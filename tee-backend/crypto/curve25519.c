/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 and X25519 keys between attributes, EVP_PKEY and PKCS#8. Enclave only. Any 32 bytes are a
 * private key (RFC 8032 section 5.1.5 and RFC 7748 section 5 clamp them), so there is nothing to check.
 */
#include "config.h"

#include "crypto/curve25519.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/params.h>

#include "common/memory.h"
#include "crypto/der.h"
#include "crypto/key_format.h"
#include "crypto/library.h"
#include "crypto/pkey.h"

/* The curve of OBJECT, which must be one of its key type, or of MECHANISM's where it has none yet. */
static CK_RV curve_of(const struct attribute_set *object, const struct mechanism_row *generation,
		      const struct mechanism_curve **curve)
{
	const struct span params = attribute_set_get(object, CKA_EC_PARAMS);
	const struct mechanism_curve *found = mechanism_curve_find(params);

	if (params.size == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!found || found->field_size != CURVE25519_SIZE || found->key_type == CKK_EC)
		return CKR_CURVE_NOT_SUPPORTED;
	if (generation ? !mechanism_takes_key(generation, found->key_type)
		       : attribute_set_ulong(object, CKA_KEY_TYPE, found->key_type) != found->key_type)
		return CKR_CURVE_NOT_SUPPORTED;
	*curve = found;
	return CKR_OK;
}

static CK_RV new_private(const struct mechanism_curve *curve, struct span value, EVP_PKEY **pkey)
{
	if (value.size != CURVE25519_SIZE)
		return value.size == 0 ? CKR_TEMPLATE_INCOMPLETE : CKR_ATTRIBUTE_VALUE_INVALID;
	*pkey = EVP_PKEY_new_raw_private_key_ex(library_context(), curve->name, LIBRARY_PROPERTIES,
						value.data, value.size);
	return *pkey ? CKR_OK : library_failure(CKR_DEVICE_ERROR);
}

static CK_RV new_public(const struct mechanism_curve *curve, struct span point, EVP_PKEY **pkey)
{
	struct span plain = {0};

	if (point.size == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!key_format_open_point(point, CURVE25519_SIZE, &plain))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	*pkey = EVP_PKEY_new_raw_public_key_ex(library_context(), curve->name, LIBRARY_PROPERTIES,
					       plain.data, plain.size);
	return *pkey ? CKR_OK : library_failure(CKR_DEVICE_ERROR);
}

CK_RV curve25519_load(const struct attribute_set *object, struct key *key)
{
	CK_RV rv = curve_of(object, NULL, &key->curve);

	if (rv != CKR_OK)
		return rv;
	key->bits = key->curve->bits;
	if (key->class == CKO_PRIVATE_KEY)
		return new_private(key->curve, attribute_set_get(object, CKA_VALUE), &key->pkey);
	return new_public(key->curve, attribute_set_get(object, CKA_EC_POINT), &key->pkey);
}

static CK_RV put_public(struct attribute_set *object, const struct mechanism_curve *curve,
			const EVP_PKEY *pkey)
{
	const struct span oid = {curve->params, curve->params_size};
	uint8_t point[CURVE25519_SIZE];
	const struct span plain = {point, sizeof(point)};
	const struct span given = attribute_set_get(object, CKA_EC_POINT);
	struct span opened = {0};
	size_t size = sizeof(point);
	CK_RV rv = CKR_OK;

	if (EVP_PKEY_get_raw_public_key(pkey, point, &size) != 1 || size != sizeof(point))
		return library_failure(CKR_DEVICE_ERROR);
	if (given.size > 0 && (!key_format_open_point(given, CURVE25519_SIZE, &opened) ||
			       !span_equal(opened, plain)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!attribute_set_put(object, CKA_EC_PARAMS, oid))
		return CKR_DEVICE_MEMORY;
	rv = key_format_put_point(object, plain);
	return rv == CKR_OK ? key_format_put_public(object, oid, plain) : rv;
}

CK_RV curve25519_complete(struct attribute_set *object)
{
	struct key key = {.class = attribute_set_ulong(object, CKA_CLASS, CKO_PUBLIC_KEY)};
	CK_RV rv = curve25519_load(object, &key);

	if (rv == CKR_OK)
		rv = put_public(object, key.curve, key.pkey);
	EVP_PKEY_free(key.pkey);
	return rv;
}

CK_RV curve25519_generate_pair(const struct mechanism *m, struct attribute_set *public_object,
			       struct attribute_set *private_object)
{
	const OSSL_PARAM params[] = {OSSL_PARAM_END};
	const struct mechanism_curve *curve = NULL;
	uint8_t value[CURVE25519_SIZE];
	size_t size = sizeof(value);
	EVP_PKEY *pkey = NULL;
	CK_RV rv = curve_of(public_object, m->row, &curve);

	if (rv == CKR_OK)
		rv = pkey_generate(curve->name, params, &pkey);
	if (rv == CKR_OK)
		rv = put_public(public_object, curve, pkey);
	if (rv == CKR_OK)
		rv = put_public(private_object, curve, pkey);
	if (rv == CKR_OK && EVP_PKEY_get_raw_private_key(pkey, value, &size) != 1)
		rv = library_failure(CKR_DEVICE_ERROR);
	if (rv == CKR_OK && !attribute_set_put(private_object, CKA_VALUE, (struct span){value, size}))
		rv = CKR_DEVICE_MEMORY;
	memory_wipe(value, sizeof(value));
	EVP_PKEY_free(pkey);
	return rv;
}

CK_RV curve25519_encode(const struct key *key, struct buffer *out)
{
	uint8_t value[CURVE25519_SIZE];
	size_t size = sizeof(value);
	struct buffer inner = {.secret = true};
	CK_RV rv = CKR_OK;

	/* CurvePrivateKey, RFC 8410 section 7: an OCTET STRING within the OCTET STRING. */
	if (EVP_PKEY_get_raw_private_key(key->pkey, value, &size) != 1)
		rv = library_failure(CKR_DEVICE_ERROR);
	else if (!der_put(&inner, DER_OCTET_STRING, (struct span){value, size}) ||
		 !key_format_private(
			 out, (struct span){key->curve->params, key->curve->params_size},
			 buffer_span(&inner)))
		rv = CKR_DEVICE_MEMORY;
	memory_wipe(value, sizeof(value));
	buffer_free(&inner);
	return rv;
}

CK_RV curve25519_decode(struct span encoded, struct attribute_set *object)
{
	struct span algorithm = {0};
	struct span key = {0};
	struct span value = {0};
	const struct mechanism_curve *curve = NULL;

	if (!key_format_open_private(encoded, &algorithm, &key) ||
	    !der_only(key, DER_OCTET_STRING, &value) || value.size != CURVE25519_SIZE)
		return CKR_WRAPPED_KEY_INVALID;
	if (!attribute_set_put(object, CKA_EC_PARAMS, algorithm) ||
	    !attribute_set_put(object, CKA_VALUE, value))
		return CKR_DEVICE_MEMORY;
	if (curve_of(object, NULL, &curve) != CKR_OK)
		return CKR_WRAPPED_KEY_INVALID;
	return curve25519_complete(object);
}

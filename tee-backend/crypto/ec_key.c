/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys on P-256, P-384 and P-521 between attributes, EVP_PKEY and PKCS#8 (RFC 5915). Enclave only. The
 * cofactor of these curves is 1: a point on the curve that is not infinity is a public key.
 */
#include "config.h"

#include "crypto/ec_key.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "common/memory.h"
#include "crypto/bignum.h"
#include "crypto/der.h"
#include "crypto/key_format.h"
#include "crypto/library.h"
#include "crypto/pkey.h"

#define UNCOMPRESSED 0x04

/* id-ecPublicKey, RFC 5480 section 2.1.1. */
static const uint8_t ec_public_key[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

static size_t point_size(const struct mechanism_curve *curve)
{
	return 1 + 2 * curve->field_size;
}

static CK_RV curve_of(const struct attribute_set *object, const struct mechanism_curve **curve)
{
	const struct span params = attribute_set_get(object, CKA_EC_PARAMS);

	if (params.size == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	*curve = mechanism_curve_find(params);
	if (!*curve || (*curve)->key_type != CKK_EC || (*curve)->field_size > EC_KEY_FIELD_MAX)
		return CKR_CURVE_NOT_SUPPORTED;
	return CKR_OK;
}

/* The plain uncompressed point of OBJECT; absent: empty, and CKR_OK. */
static CK_RV point_of(const struct attribute_set *object, const struct mechanism_curve *curve,
		      struct span *point)
{
	const struct span given = attribute_set_get(object, CKA_EC_POINT);

	*point = (struct span){0};
	if (given.size == 0)
		return CKR_OK;
	if (!key_format_open_point(given, point_size(curve), point) || point->data[0] != UNCOMPRESSED)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

static OSSL_PARAM octets(const char *key, struct span value)
{
	return OSSL_PARAM_construct_octet_string(key, (void *)(uintptr_t)value.data, value.size);
}

static OSSL_PARAM group(const struct mechanism_curve *curve)
{
	return OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
						(char *)(uintptr_t)curve->name, 0);
}

/* SCALAR may be empty: a public key. libcrypto checks that POINT is on the curve. */
static CK_RV import(const struct mechanism_curve *curve, struct span scalar, struct span point,
		    EVP_PKEY **pkey)
{
	uint8_t native[EC_KEY_FIELD_MAX] = {0};
	OSSL_PARAM params[4];
	size_t n = 0;
	CK_RV rv = CKR_OK;

	if (!bignum_native(scalar, native, curve->order_size))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	params[n++] = group(curve);
	params[n++] = octets(OSSL_PKEY_PARAM_PUB_KEY, point);
	if (scalar.size > 0)
		params[n++] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native,
						      curve->order_size);
	params[n] = OSSL_PARAM_construct_end();
	rv = pkey_import("EC", scalar.size > 0 ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params, pkey);
	memory_wipe(native, sizeof(native));
	return rv;
}

CK_RV ec_key_peer(const struct mechanism_curve *curve, struct span point, CK_RV otherwise,
		  EVP_PKEY **pkey)
{
	const CK_RV rv = import(curve, (struct span){0}, point, pkey);

	return rv == CKR_ATTRIBUTE_VALUE_INVALID ? otherwise : rv;
}

/*
 * The point of a private SCALAR, which is checked to be in 1..n-1. The multiplication of the generator
 * by a scalar is libcrypto's constant-time ladder or table walk.
 */
static CK_RV public_point(const struct mechanism_curve *curve, struct span scalar,
			  uint8_t point[EC_KEY_POINT_MAX])
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name_ex(library_context(), NULL, EC_curve_nist2nid(curve->name));
	BN_CTX *ctx = BN_CTX_secure_new_ex(library_context());
	BIGNUM *d = bignum_from(scalar);
	EC_POINT *q = NULL;
	CK_RV rv = CKR_DEVICE_ERROR;

	if (!g || !ctx || !d)
		goto out;
	if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(g)) >= 0) {
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
		goto out;
	}
	q = EC_POINT_new(g);
	if (q && EC_POINT_mul(g, q, d, NULL, NULL, ctx) == 1 &&
	    EC_POINT_point2oct(g, q, POINT_CONVERSION_UNCOMPRESSED, point, point_size(curve), ctx) ==
		    point_size(curve))
		rv = CKR_OK;
out:
	if (rv == CKR_DEVICE_ERROR)
		rv = library_failure(d ? rv : CKR_DEVICE_MEMORY);
	EC_POINT_clear_free(q);
	BN_clear_free(d);
	BN_CTX_free(ctx);
	EC_GROUP_free(g);
	return rv;
}

CK_RV ec_key_load(const struct attribute_set *object, struct key *key)
{
	uint8_t computed[EC_KEY_POINT_MAX];
	struct span scalar = {0};
	struct span point = {0};
	CK_RV rv = curve_of(object, &key->curve);

	if (rv == CKR_OK)
		rv = point_of(object, key->curve, &point);
	if (rv != CKR_OK)
		return rv;
	if (key->class == CKO_PRIVATE_KEY) {
		scalar = attribute_set_get(object, CKA_VALUE);
		if (scalar.size == 0)
			return CKR_TEMPLATE_INCOMPLETE;
		if (point.size == 0) {
			rv = public_point(key->curve, scalar, computed);
			if (rv != CKR_OK)
				return rv;
			point = (struct span){computed, point_size(key->curve)};
		}
	}
	if (point.size == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	key->bits = key->curve->bits;
	return import(key->curve, scalar, point, &key->pkey);
}

/* CKA_EC_PARAMS in its one form, CKA_EC_POINT and CKA_PUBLIC_KEY_INFO. */
static CK_RV put_public(struct attribute_set *object, const struct mechanism_curve *curve,
			struct span point)
{
	const struct span oid = {curve->params, curve->params_size};
	struct buffer algorithm = {0};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (buffer_append(&algorithm, ec_public_key, sizeof(ec_public_key)) &&
	    buffer_append(&algorithm, oid.data, oid.size) &&
	    attribute_set_put(object, CKA_EC_PARAMS, oid))
		rv = key_format_put_point(object, point);
	if (rv == CKR_OK)
		rv = key_format_put_public(object, buffer_span(&algorithm), point);
	buffer_free(&algorithm);
	return rv;
}

CK_RV ec_key_complete(struct attribute_set *object)
{
	uint8_t point[EC_KEY_POINT_MAX];
	const struct mechanism_curve *curve = NULL;
	EVP_PKEY *pkey = NULL;
	struct span given = {0};
	CK_RV rv = curve_of(object, &curve);

	if (rv == CKR_OK)
		rv = point_of(object, curve, &given);
	if (rv != CKR_OK)
		return rv;
	if (attribute_set_ulong(object, CKA_CLASS, CKO_PUBLIC_KEY) == CKO_PRIVATE_KEY) {
		const struct span scalar = attribute_set_get(object, CKA_VALUE);

		if (scalar.size == 0)
			return CKR_TEMPLATE_INCOMPLETE;
		/* Longer than any scalar, leading zeros aside: not worth a multiplication. */
		if (scalar.size > 2 * EC_KEY_FIELD_MAX)
			return CKR_ATTRIBUTE_VALUE_INVALID;
		rv = public_point(curve, scalar, point);
		if (rv == CKR_OK && given.size > 0 &&
		    memcmp(given.data, point, point_size(curve)) != 0)
			rv = CKR_ATTRIBUTE_VALUE_INVALID;
	} else {
		if (given.size == 0)
			return CKR_TEMPLATE_INCOMPLETE;
		memcpy(point, given.data, given.size);
		rv = import(curve, (struct span){0}, given, &pkey);
		EVP_PKEY_free(pkey);
	}
	return rv == CKR_OK ? put_public(object, curve, (struct span){point, point_size(curve)}) : rv;
}

/* POINT and SCALAR (.secret) of a key, of their full sizes. */
static CK_RV read_key(const EVP_PKEY *pkey, const struct mechanism_curve *curve,
		      uint8_t point[EC_KEY_POINT_MAX], struct buffer *scalar)
{
	size_t size = 0;

	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, EC_KEY_POINT_MAX,
					    &size) != 1 ||
	    size != point_size(curve) || point[0] != UNCOMPRESSED ||
	    !bignum_of_key(pkey, OSSL_PKEY_PARAM_PRIV_KEY, curve->order_size, scalar))
		return library_failure(CKR_DEVICE_MEMORY);
	return CKR_OK;
}

CK_RV ec_key_generate_pair(const struct mechanism *m, struct attribute_set *public_object,
			   struct attribute_set *private_object)
{
	uint8_t point[EC_KEY_POINT_MAX];
	const struct mechanism_curve *curve = NULL;
	struct buffer scalar = {.secret = true};
	OSSL_PARAM params[2];
	EVP_PKEY *pkey = NULL;
	struct span bytes = {0};
	CK_RV rv = curve_of(public_object, &curve);

	if (rv == CKR_OK && (curve->bits < m->row->min_key || curve->bits > m->row->max_key))
		rv = CKR_CURVE_NOT_SUPPORTED;
	if (rv != CKR_OK)
		return rv;
	params[0] = group(curve);
	params[1] = OSSL_PARAM_construct_end();
	rv = pkey_generate("EC", params, &pkey);
	if (rv == CKR_OK)
		rv = read_key(pkey, curve, point, &scalar);
	bytes = (struct span){point, point_size(curve)};
	if (rv == CKR_OK)
		rv = put_public(public_object, curve, bytes);
	if (rv == CKR_OK)
		rv = put_public(private_object, curve, bytes);
	if (rv == CKR_OK && !attribute_set_put(private_object, CKA_VALUE, buffer_span(&scalar)))
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&scalar);
	EVP_PKEY_free(pkey);
	return rv;
}

CK_RV ec_key_encode(const struct key *key, struct buffer *out)
{
	static const uint8_t one = 1;
	const struct mechanism_curve *curve = key->curve;
	uint8_t point[EC_KEY_POINT_MAX];
	struct buffer algorithm = {0};
	struct buffer bits = {0};
	struct buffer scalar = {.secret = true};
	struct buffer body = {.secret = true};
	struct buffer whole = {.secret = true};
	CK_RV rv = read_key(key->pkey, curve, point, &scalar);

	/* RFC 5915 section 3; the curve is named outside, as RFC 5958 has it. */
	if (rv == CKR_OK &&
	    (!der_put_unsigned(&body, (struct span){&one, 1}) ||
	     !der_put(&body, DER_OCTET_STRING, buffer_span(&scalar)) ||
	     !der_put_bits(&bits, (struct span){point, point_size(curve)}) ||
	     !der_put(&body, DER_CONTEXT_1, buffer_span(&bits)) ||
	     !der_put(&whole, DER_SEQUENCE, buffer_span(&body)) ||
	     !buffer_append(&algorithm, ec_public_key, sizeof(ec_public_key)) ||
	     !buffer_append(&algorithm, curve->params, curve->params_size) ||
	     !key_format_private(out, buffer_span(&algorithm), buffer_span(&whole))))
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&algorithm);
	buffer_free(&bits);
	buffer_free(&scalar);
	buffer_free(&body);
	buffer_free(&whole);
	return rv;
}

/* ECPrivateKey: the scalar, and what else it says of the key. */
static bool open_ec_private_key(struct span der, struct span *scalar, struct span *params,
				struct span *point)
{
	struct span body = {0};
	struct span version = {0};
	struct span tagged = {0};
	struct span bits = {0};

	if (!der_only(der, DER_SEQUENCE, &body) || !der_take_unsigned(&body, &version) ||
	    version.size != 1 || version.data[0] != 1 || !der_take(&body, DER_OCTET_STRING, scalar))
		return false;
	if (der_next_is(body, DER_CONTEXT_0) && !der_take(&body, DER_CONTEXT_0, params))
		return false;
	if (der_next_is(body, DER_CONTEXT_1)) {
		if (!der_take(&body, DER_CONTEXT_1, &tagged) ||
		    !der_only(tagged, DER_BIT_STRING, &bits) || bits.size < 2 || bits.data[0] != 0)
			return false;
		*point = (struct span){bits.data + 1, bits.size - 1};
	}
	return body.size == 0;
}

CK_RV ec_key_decode(struct span encoded, struct attribute_set *object)
{
	struct span algorithm = {0};
	struct span key = {0};
	struct span oid = {0};
	struct span params = {0};
	struct span scalar = {0};
	struct span point = {0};

	if (!key_format_open_private(encoded, &algorithm, &key) ||
	    algorithm.size <= sizeof(ec_public_key) ||
	    memcmp(algorithm.data, ec_public_key, sizeof(ec_public_key)) != 0 ||
	    !open_ec_private_key(key, &scalar, &params, &point))
		return CKR_WRAPPED_KEY_INVALID;
	oid = (struct span){algorithm.data + sizeof(ec_public_key),
			    algorithm.size - sizeof(ec_public_key)};
	if (params.size > 0 && !span_equal(params, oid))
		return CKR_WRAPPED_KEY_INVALID;
	if (!attribute_set_put(object, CKA_EC_PARAMS, oid) ||
	    !attribute_set_put(object, CKA_VALUE, scalar) ||
	    (point.size > 0 && !attribute_set_put(object, CKA_EC_POINT, point)))
		return CKR_DEVICE_MEMORY;
	return ec_key_complete(object);
}

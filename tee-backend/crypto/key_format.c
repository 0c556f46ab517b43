/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SubjectPublicKeyInfo, PrivateKeyInfo and CKA_EC_POINT. Enclave only; what it opens may be hostile.
 */
#include "config.h"

#include "crypto/key_format.h"

#include "crypto/der.h"

bool key_format_private(struct buffer *out, struct span algorithm, struct span key)
{
	struct buffer body = {.secret = true};
	static const struct span version_1 = {NULL, 0}; /* the number 0 */
	bool ok = der_put_unsigned(&body, version_1) && der_put(&body, DER_SEQUENCE, algorithm) &&
		  der_put(&body, DER_OCTET_STRING, key) &&
		  der_put(out, DER_SEQUENCE, buffer_span(&body));

	buffer_free(&body);
	return ok;
}

/* Zeros with which wrapping filled up a semiblock (PKCS#11 v3.1 section 6.16.3). */
static bool is_filler(struct span rest)
{
	static const uint8_t zeros[7];

	return rest.size <= sizeof(zeros) && span_equal(rest, (struct span){zeros, rest.size});
}

bool key_format_open_private(struct span encoded, struct span *algorithm, struct span *key)
{
	struct span body = {0};
	struct span version = {0};
	struct span rest = {0};

	if (!der_take(&encoded, DER_SEQUENCE, &body) || !is_filler(encoded) ||
	    !der_take_unsigned(&body, &version) ||
	    version.size > 1 || (version.size == 1 && version.data[0] != 1) ||
	    !der_take(&body, DER_SEQUENCE, algorithm) || !der_take(&body, DER_OCTET_STRING, key))
		return false;
	if (der_next_is(body, DER_CONTEXT_0) && !der_take(&body, DER_CONTEXT_0, &rest))
		return false;
	if (version.size == 1 && der_next_is(body, DER_CONTEXT_1_PRIMITIVE) &&
	    !der_take(&body, DER_CONTEXT_1_PRIMITIVE, &rest))
		return false;
	return body.size == 0;
}

CK_RV key_format_put_public(struct attribute_set *object, struct span algorithm, struct span bits)
{
	const struct span given = attribute_set_get(object, CKA_PUBLIC_KEY_INFO);
	struct buffer body = {0};
	struct buffer info = {0};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!der_put(&body, DER_SEQUENCE, algorithm) || !der_put_bits(&body, bits) ||
	    !der_put(&info, DER_SEQUENCE, buffer_span(&body)))
		goto out;
	if (given.size > 0 && !span_equal(given, buffer_span(&info))) {
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
		goto out;
	}
	if (attribute_set_put(object, CKA_PUBLIC_KEY_INFO, buffer_span(&info)))
		rv = CKR_OK;
out:
	buffer_free(&body);
	buffer_free(&info);
	return rv;
}

bool key_format_open_point(struct span point, size_t size, struct span *plain)
{
	if (point.size == size) {
		*plain = point;
		return true;
	}
	return der_only(point, DER_OCTET_STRING, plain) && plain->size == size;
}

CK_RV key_format_put_point(struct attribute_set *object, struct span plain)
{
	struct buffer wrapped = {0};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (der_put(&wrapped, DER_OCTET_STRING, plain) &&
	    attribute_set_put(object, CKA_EC_POINT, buffer_span(&wrapped)))
		rv = CKR_OK;
	buffer_free(&wrapped);
	return rv;
}

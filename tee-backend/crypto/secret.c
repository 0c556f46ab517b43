/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of generic secrets, and of the keys of MACs, which are no different. Enclave only.
 */
#include "config.h"

#include "crypto/secret.h"

#include <openssl/rand.h>

#include "common/memory.h"
#include "crypto/digest.h"
#include "crypto/library.h"

#define CIPHER_BLOCK 16 /* wrapping pads with less than one */

CK_RV secret_load(const struct attribute_set *object, struct key *key)
{
	const struct span value = attribute_set_get(object, CKA_VALUE);

	if (value.size == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	key->value.secret = true;
	if (!buffer_set(&key->value, value.data, value.size))
		return CKR_DEVICE_MEMORY;
	key->bits = value.size * 8;
	return CKR_OK;
}

CK_RV secret_encode(const struct key *key, struct buffer *out)
{
	return buffer_set(out, key->value.data, key->value.size) ? CKR_OK : CKR_DEVICE_MEMORY;
}

CK_RV secret_put_random(struct attribute_set *object, size_t size)
{
	struct buffer value = {.secret = true};
	CK_RV rv = CKR_OK;

	if (!buffer_resize(&value, size))
		rv = CKR_DEVICE_MEMORY;
	else if (RAND_priv_bytes_ex(library_context(), value.data, size, 0) != 1)
		rv = library_failure(CKR_DEVICE_ERROR);
	else if (!attribute_set_put(object, CKA_VALUE, buffer_span(&value)))
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&value);
	return rv;
}

CK_RV secret_put_unwrapped(struct attribute_set *object, struct span value)
{
	const CK_ULONG size = attribute_set_ulong(object, CKA_VALUE_LEN, value.size);
	size_t i = 0;

	if (size > value.size || value.size - size >= CIPHER_BLOCK)
		return CKR_WRAPPED_KEY_INVALID;
	for (i = size; i < value.size; i++) {
		if (value.data[i] != 0)
			return CKR_WRAPPED_KEY_INVALID;
	}
	return attribute_set_put(object, CKA_VALUE, (struct span){value.data, size})
		       ? CKR_OK
		       : CKR_DEVICE_MEMORY;
}

CK_RV secret_put_computed(struct attribute_set *object, const uint8_t check[SECRET_CHECK_SIZE])
{
	const struct span computed = {check, SECRET_CHECK_SIZE};
	const struct span given = attribute_set_get(object, CKA_CHECK_VALUE);
	const size_t size = attribute_set_get(object, CKA_VALUE).size;

	if (given.size > 0 && !span_equal(given, computed))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!given.data && !attribute_set_put(object, CKA_CHECK_VALUE, computed))
		return CKR_DEVICE_MEMORY;
	return attribute_set_put_ulong(object, CKA_VALUE_LEN, size) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static CK_RV secret_complete(struct attribute_set *object)
{
	const struct span value = attribute_set_get(object, CKA_VALUE);
	uint8_t digest[DIGEST_MAX];
	CK_ULONG min = 0;
	CK_ULONG max = 0;
	CK_RV rv = CKR_OK;

	family_key_limits(FAMILY_SECRET, &min, &max);
	if (!value.data)
		return CKR_TEMPLATE_INCOMPLETE;
	if (value.size * 8 < min || value.size * 8 > max)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	rv = digest_compute(digest_row(CKM_SHA_1), &value, 1, digest);
	if (rv == CKR_OK)
		rv = secret_put_computed(object, digest);
	memory_wipe(digest, sizeof(digest));
	return rv;
}

static CK_RV secret_generate(const struct mechanism *m, struct attribute_set *object)
{
	const CK_ULONG size = attribute_set_ulong(object, CKA_VALUE_LEN, 0);
	CK_RV rv = CKR_OK;

	if (!attribute_set_has(object, CKA_VALUE_LEN))
		return CKR_TEMPLATE_INCOMPLETE;
	if (size > m->row->max_key / 8 || size * 8 < m->row->min_key)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	rv = secret_put_random(object, size);
	return rv == CKR_OK ? secret_complete(object) : rv;
}

static CK_RV secret_decode(struct span encoded, struct attribute_set *object)
{
	const CK_RV rv = secret_put_unwrapped(object, encoded);

	return rv == CKR_OK ? secret_complete(object) : rv;
}

const struct family_ops secret_family = {
	.family = FAMILY_SECRET,
	.key_type = CKK_GENERIC_SECRET,
	.load = secret_load,
	.complete = secret_complete,
	.generate = secret_generate,
	.encode = secret_encode,
	.decode = secret_decode,
};

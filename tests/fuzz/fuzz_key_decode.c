/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that come out of C_UnwrapKey: whoever wrapped them chose every byte. The first one says which
 * type the template wants. What is taken is a key that can be used, and encodes to itself.
 */
#include "config.h"

#include <stdlib.h>

#include "crypto/operate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct attribute_set *object_of(CK_KEY_TYPE type, bool secret)
{
	struct attribute_set *object = attribute_set_new();

	must(object && attribute_set_put_ulong(object, CKA_CLASS, secret ? CKO_SECRET_KEY : CKO_PRIVATE_KEY) &&
	     attribute_set_put_ulong(object, CKA_KEY_TYPE, type));
	return object;
}

static void encodes_to_itself(const struct key *key, const struct mechanism_key_type *type)
{
	struct attribute_set *object = object_of(type->type, type->secret);
	struct buffer encoded = {.secret = true};
	struct buffer again = {.secret = true};
	struct key *other = NULL;

	must(key_encode(key, &encoded) == CKR_OK);
	must(key_decode(buffer_span(&encoded), object) == CKR_OK);
	must(key_new(object, &other) == CKR_OK);
	must(key_encode(other, &again) == CKR_OK);
	must(span_equal(buffer_span(&encoded), buffer_span(&again)));
	key_free(&other);
	buffer_free(&encoded);
	buffer_free(&again);
	attribute_set_free(&object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = 0;
	const struct mechanism_key_type *types = mechanism_key_types(&count);
	const struct mechanism_key_type *type = NULL;
	struct attribute_set *object = NULL;
	struct key *key = NULL;
	CK_RV rv = CKR_OK;

	if (size == 0)
		return 0;
	must(operate_start());
	type = &types[data[0] % count];
	object = object_of(type->type, type->secret);
	rv = key_decode((struct span){data + 1, size - 1}, object);
	must(rv == CKR_OK || rv == CKR_WRAPPED_KEY_INVALID || rv == CKR_KEY_SIZE_RANGE ||
	     rv == CKR_CURVE_NOT_SUPPORTED);
	if (rv == CKR_OK) {
		must(key_new(object, &key) == CKR_OK);
		encodes_to_itself(key, type);
	}
	key_free(&key);
	attribute_set_free(&object);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, bytes and mechanisms for the tests of crypto/.
 */
#include "config.h"

#include "crypto_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_test.h"

#define SAMPLES_MAX 4096

static struct buffer *bytes[SAMPLES_MAX];
static struct attribute_set *objects[SAMPLES_MAX];
static struct key *keys[SAMPLES_MAX];
static size_t bytes_count;
static size_t objects_count;
static size_t keys_count;

static struct attribute_set *keep(struct attribute_set *object)
{
	assert_non_null(object);
	assert_true(objects_count < SAMPLES_MAX);
	objects[objects_count++] = object;
	return object;
}

struct span sample_hex(const char *hex)
{
	const size_t size = hex ? strlen(hex) / 2 : 0;
	struct buffer *b = calloc(1, sizeof(*b));
	size_t i = 0;

	assert_non_null(b);
	assert_true(bytes_count < SAMPLES_MAX);
	bytes[bytes_count++] = b;
	assert_true(!hex || strlen(hex) % 2 == 0);
	assert_true(buffer_resize(b, size > 0 ? size : 1));
	for (i = 0; i < size; i++) {
		unsigned value = 0;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
		b->data[i] = (uint8_t)value;
	}
	return (struct span){b->data, size};
}

struct attribute_set *sample_object(CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	struct attribute_set *object = keep(attribute_set_new());

	assert_true(attribute_set_put_ulong(object, CKA_CLASS, class));
	assert_true(attribute_set_put_ulong(object, CKA_KEY_TYPE, type));
	return object;
}

struct key *sample_key(const struct attribute_set *object)
{
	struct key *key = NULL;

	assert_int_equal(key_new(object, &key), CKR_OK);
	assert_true(keys_count < SAMPLES_MAX);
	keys[keys_count++] = key;
	return key;
}

struct key *sample_secret(CK_KEY_TYPE type, struct span value)
{
	struct attribute_set *object = sample_object(CKO_SECRET_KEY, type);

	assert_true(attribute_set_put(object, CKA_VALUE, value));
	return sample_key(object);
}

struct attribute_set *sample_private(CK_KEY_TYPE type, struct span pkcs8)
{
	struct attribute_set *object = sample_object(CKO_PRIVATE_KEY, type);

	assert_int_equal(key_decode(pkcs8, object), CKR_OK);
	return object;
}

struct attribute_set *sample_public(const struct attribute_set *object)
{
	static const CK_ATTRIBUTE_TYPE public_parts[] = {CKA_MODULUS, CKA_PUBLIC_EXPONENT,
							 CKA_EC_PARAMS, CKA_EC_POINT};
	struct attribute_set *made =
		sample_object(CKO_PUBLIC_KEY, attribute_set_ulong(object, CKA_KEY_TYPE, 0));
	size_t i = 0;

	for (i = 0; i < sizeof(public_parts) / sizeof(public_parts[0]); i++) {
		const struct span value = attribute_set_get(object, public_parts[i]);

		if (value.data)
			assert_true(attribute_set_put(made, public_parts[i], value));
	}
	assert_int_equal(key_complete(made), CKR_OK);
	return made;
}

void sample_pair(CK_MECHANISM_TYPE mechanism, const char *curve, CK_ULONG bits,
		 struct attribute_set **public_object, struct attribute_set **private_object)
{
	const struct mechanism m = sample_mechanism(mechanism);
	const struct mechanism_curve *c = curve ? mechanism_curve_named(curve) : NULL;
	const CK_KEY_TYPE type = m.row->key_types[0];

	*public_object = sample_object(CKO_PUBLIC_KEY, type);
	*private_object = sample_object(CKO_PRIVATE_KEY, type);
	if (bits > 0)
		assert_true(attribute_set_put_ulong(*public_object, CKA_MODULUS_BITS, bits));
	if (c)
		assert_true(attribute_set_put(*public_object, CKA_EC_PARAMS,
					      (struct span){c->params, c->params_size}));
	assert_int_equal(key_generate_pair(&m, *public_object, *private_object), CKR_OK);
}

struct mechanism sample_mechanism(CK_MECHANISM_TYPE type)
{
	struct mechanism m = {.row = mechanism_find(type)};

	assert_non_null(m.row);
	return m;
}

const struct mechanism_row *sample_row(const char *name)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	fail_msg("%s is not a mechanism", name);
	return NULL;
}

CK_KEY_TYPE sample_key_type(const char *name)
{
	size_t count = 0;
	const struct mechanism_key_type *types = mechanism_key_types(&count);
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	}
	fail_msg("%s is not a key type", name);
	return 0;
}

void sample_free(void)
{
	while (bytes_count > 0) {
		buffer_free(bytes[--bytes_count]);
		free(bytes[bytes_count]);
	}
	while (objects_count > 0)
		attribute_set_free(&objects[--objects_count]);
	while (keys_count > 0)
		key_free(&keys[--keys_count]);
}

int sample_start(void **state)
{
	(void)state;
	return operate_start() ? 0 : -1;
}

int sample_teardown(void **state)
{
	(void)state;
	sample_free();
	return 0;
}

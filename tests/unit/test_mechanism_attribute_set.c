/* SPDX-License-Identifier: Apache-2.0 */
/* An attribute set keeps what was put, sorted, whatever the order of puts and removals. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mechanism/attribute_set.h"

static struct span text(const char *s)
{
	return (struct span){(const uint8_t *)s, strlen(s)};
}

static void values_are_kept(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct span value = {0};

	(void)state;
	assert_non_null(set);
	assert_int_equal(attribute_set_count(set), 0);
	assert_null(attribute_set_get(set, CKA_LABEL).data);
	assert_false(attribute_set_has(set, CKA_LABEL));
	assert_true(attribute_set_put(set, CKA_LABEL, text("first")));
	assert_true(attribute_set_put(set, CKA_ID, (struct span){NULL, 0}));
	value = attribute_set_get(set, CKA_ID);
	assert_non_null(value.data);
	assert_int_equal(value.size, 0);
	assert_true(attribute_set_has(set, CKA_ID));
	assert_true(span_equal(attribute_set_get(set, CKA_LABEL), text("first")));
	assert_true(attribute_set_put(set, CKA_LABEL, text("a longer second")));
	assert_true(span_equal(attribute_set_get(set, CKA_LABEL), text("a longer second")));
	assert_int_equal(attribute_set_count(set), 2);
	attribute_set_remove(set, CKA_SUBJECT);
	attribute_set_remove(set, CKA_ID);
	assert_null(attribute_set_get(set, CKA_ID).data);
	assert_int_equal(attribute_set_count(set), 1);
	attribute_set_free(&set);
	assert_null(set);
	attribute_set_free(&set);
	attribute_set_free(NULL);
}

static void typed_values(void **state)
{
	struct attribute_set *set = attribute_set_new();

	(void)state;
	assert_true(attribute_set_put_bool(set, CKA_TOKEN, true));
	assert_true(attribute_set_put_bool(set, CKA_PRIVATE, false));
	assert_true(attribute_set_put_ulong(set, CKA_CLASS, CKO_SECRET_KEY));
	assert_true(attribute_set_put_ulong(set, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION));
	assert_true(attribute_set_bool(set, CKA_TOKEN, false));
	assert_false(attribute_set_bool(set, CKA_PRIVATE, true));
	assert_true(attribute_set_bool(set, CKA_SIGN, true));
	assert_true(attribute_set_bool(set, CKA_CLASS, true));
	assert_int_equal(attribute_set_ulong(set, CKA_CLASS, 9), CKO_SECRET_KEY);
	assert_int_equal(attribute_set_ulong(set, CKA_TOKEN, 9), 9);
	assert_int_equal(attribute_set_ulong(set, CKA_KEY_TYPE, 9), 9);
	assert_true(attribute_set_ulong(set, CKA_KEY_GEN_MECHANISM, 0) == CK_UNAVAILABLE_INFORMATION);
	attribute_set_free(&set);
}

/* A value of the set itself may be put again, although the buffer moves meanwhile. */
static void own_values_can_be_put(void **state)
{
	struct attribute_set *set = attribute_set_new();
	size_t i = 0;

	(void)state;
	assert_true(attribute_set_put(set, CKA_LABEL, text("0123456789abcdef0123456789abcdef")));
	for (i = 0; i < 200; i++) {
		const CK_ATTRIBUTE_TYPE type = CKA_VENDOR_DEFINED + i;

		assert_true(attribute_set_put(set, type, attribute_set_get(set, CKA_LABEL)));
		assert_true(span_equal(attribute_set_get(set, type), attribute_set_get(set, CKA_LABEL)));
	}
	assert_true(attribute_set_put(set, CKA_LABEL, attribute_set_get(set, CKA_LABEL)));
	assert_true(
		span_equal(attribute_set_get(set, CKA_LABEL), text("0123456789abcdef0123456789abcdef")));
	attribute_set_free(&set);
}

static size_t stir(size_t *seed, size_t below)
{
	*seed = *seed * 6364136223846793005UL + 1442695040888963407UL;
	return (*seed >> 33) % below;
}

/* Against a plain array: 5,000 puts and removals of 40 types with values of 0 to 60 bytes. */
static void random_order(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct attribute_set *copy = NULL;
	uint8_t model[40][60];
	size_t size[40];
	bool there[40] = {false};
	size_t seed = 1;
	size_t step = 0;
	size_t i = 0;

	(void)state;
	for (step = 0; step < 5000; step++) {
		const size_t type = stir(&seed, 40);

		if (stir(&seed, 3) == 0) {
			attribute_set_remove(set, type);
			there[type] = false;
		} else {
			size[type] = stir(&seed, 61);
			memset(model[type], (int)stir(&seed, 256), size[type]);
			there[type] = true;
			assert_true(attribute_set_put(set, type, (struct span){model[type], size[type]}));
		}
		for (i = 0; i < 40; i++) {
			const struct span value = attribute_set_get(set, i);

			assert_int_equal(value.data != NULL, there[i]);
			if (there[i])
				assert_true(span_equal(value, (struct span){model[i], size[i]}));
		}
	}
	copy = attribute_set_copy(set);
	assert_int_equal(attribute_set_count(copy), attribute_set_count(set));
	for (i = 0; i < attribute_set_count(copy); i++) {
		const struct attribute a = attribute_set_at(set, i);
		const struct attribute b = attribute_set_at(copy, i);

		assert_int_equal(a.type, b.type);
		assert_true(span_equal(a.value, b.value));
		assert_true(a.value.size == 0 || a.value.data != b.value.data);
		assert_true(i == 0 || attribute_set_at(set, i - 1).type < a.type);
	}
	attribute_set_free(&set);
	assert_true(attribute_set_put_bool(copy, CKA_TOKEN, true));
	attribute_set_free(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_kept),
		cmocka_unit_test(typed_values),
		cmocka_unit_test(own_values_can_be_put),
		cmocka_unit_test(random_order),
	};

	return cmocka_run_group_tests_name("attribute_set", tests, NULL, NULL);
}

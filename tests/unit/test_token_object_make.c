/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object_make.c: for every row of the attribute table and every kind of object, what each footnote
 * says about creation, generation and unwrapping; defaults; and what the token computes.
 */
#include "config.h"

#include "token/object.h"

#include "cmocka_test.h"
#include "mechanism/keyclave.h"
#include "token_kinds.h"

static const struct object_policy all = {.extractable_allowed = true, .so = true, .user = true};
static const struct object_policy user = {.extractable_allowed = true, .user = true};

/* What is tried with each row; fails the test with the names. */
static void expect(enum kind kind, const struct attribute_row *row, const char *what, CK_RV got,
		   CK_RV wanted)
{
	if (got != wanted)
		fail_msg("%s, %s %s: 0x%lx, not 0x%lx", kind_rows[kind].name, what,
			 row ? row->name : "nothing", got, wanted);
}

static bool of_kind(enum kind kind, const struct attribute_row *row)
{
	return attribute_find(row->type, attribute_class_bit(kind_rows[kind].class),
			      kind_rows[kind].key_type) == row;
}

static const struct {
	enum object_birth birth;
	unsigned must, must_not;
} births[] = {
    {OBJECT_CREATED, NOTE_CREATE_MUST, NOTE_CREATE_MUST_NOT | NOTE_DERIVE_ONLY},
    {OBJECT_GENERATED, NOTE_GENERATE_MUST, NOTE_GENERATE_MUST_NOT | NOTE_DERIVE_ONLY},
    {OBJECT_UNWRAPPED, NOTE_UNWRAP_MUST, NOTE_UNWRAP_MUST_NOT | NOTE_DERIVE_ONLY},
    {OBJECT_KMS_UNWRAPPED, NOTE_UNWRAP_MUST, NOTE_UNWRAP_MUST_NOT | NOTE_DERIVE_ONLY},
    {OBJECT_DERIVED, 0, NOTE_GENERATE_MUST_NOT},
};

#define BIRTHS (sizeof(births) / sizeof(births[0]))

/* False: this kind is never born so. */
static bool template_of(enum object_birth birth, enum kind kind, struct sample *s)
{
	const struct kind_row *row = &kind_rows[kind];
	bool secret = row->class == CKO_SECRET_KEY;

	s->list.count = 0;
	switch (birth) {
	case OBJECT_CREATED:
		kind_create(kind, s);
		return true;
	case OBJECT_GENERATED:
		kind_generate(kind, s);
		return row->generation != CK_UNAVAILABLE_INFORMATION;
	case OBJECT_UNWRAPPED:
	case OBJECT_KMS_UNWRAPPED:
		sample_ulong(s, CKA_KEY_TYPE, row->key_type);
		return secret || row->class == CKO_PRIVATE_KEY;
	case OBJECT_DERIVED:
		sample_ulong(s, CKA_KEY_TYPE, row->key_type);
		return secret;
	}
	return false;
}

static void try_row(size_t b, enum kind kind, const struct sample *good,
		    const struct attribute_row *row)
{
	static const uint8_t bad[] = {0, 0x81, 3, 0xff, 0};
	bool computed = row->type == CKA_CHECK_VALUE || row->type == CKA_PUBLIC_KEY_INFO;
	struct sample s = *good;

	if (!of_kind(kind, row)) {
		if (attribute_find(row->type, attribute_class_bit(kind_rows[kind].class),
				   kind_rows[kind].key_type))
			return; /* another row of the same type is this kind's */
		sample_bytes(&s, row->type, kind_value(row));
		expect(kind, row, "with the foreign",
		       kind_make(births[b].birth, &all, kind, NULL, &s, NULL),
		       CKR_ATTRIBUTE_TYPE_INVALID);
		return;
	}
	if (row->notes & births[b].must && attributes_find(&good->list, row->type)) {
		sample_remove(&s, row->type);
		expect(kind, row, "without", kind_make(births[b].birth, &all, kind, NULL, &s, NULL),
		       CKR_TEMPLATE_INCOMPLETE);
		s = *good;
	}
	sample_bytes(&s, row->type, kind_value(row));
	if (row->notes & (births[b].must_not | NOTE_TOKEN_SETS | NOTE_VIRTUAL)) {
		expect(kind, row, "with the forbidden",
		       kind_make(births[b].birth, &all, kind, NULL, &s, NULL),
		       CKR_ATTRIBUTE_READ_ONLY);
		return;
	}
	if (computed && births[b].birth != OBJECT_CREATED) {
		expect(kind, row, "with the computed",
		       kind_make(births[b].birth, &all, kind, NULL, &s, NULL),
		       CKR_ATTRIBUTE_READ_ONLY);
		return;
	}
	if (row->form != ATTRIBUTE_BYTES) {
		sample_bytes(&s, row->type, (struct span){bad, sizeof(bad)});
		expect(kind, row, "with a bad value of",
		       kind_make(births[b].birth, &all, kind, NULL, &s, NULL),
		       CKR_ATTRIBUTE_VALUE_INVALID);
	}
	/* Twice, with two values; class and key type have been taken before. */
	s = *good;
	if (row->form != ATTRIBUTE_BOOL)
		return;
	sample_remove(&s, row->type);
	assert_true(attributes_add(&s.list, row->type, (struct span){(const uint8_t[]){0}, 1}));
	assert_true(attributes_add(&s.list, row->type, (struct span){(const uint8_t[]){0}, 1}));
	if (row->type != CKA_EXTRACTABLE)
		expect(kind, row, "with twice the same",
		       kind_make(births[b].birth, &all, kind, NULL, &s, NULL), CKR_OK);
	assert_true(attributes_add(&s.list, row->type, (struct span){(const uint8_t[]){1}, 1}));
	expect(kind, row, "with both values of",
	       kind_make(births[b].birth, &all, kind, NULL, &s, NULL), CKR_TEMPLATE_INCONSISTENT);
}

static void every_footnote_of_every_row(void **state)
{
	size_t count = 0;
	const struct attribute_row *rows = attribute_rows(&count);

	(void)state;
	for (size_t b = 0; b < BIRTHS; b++)
		for (enum kind kind = 0; kind < KINDS; kind++) {
			struct sample good;

			if (!template_of(births[b].birth, kind, &good))
				continue;
			expect(kind, NULL, "with",
			       kind_make(births[b].birth, &all, kind, NULL, &good, NULL), CKR_OK);
			for (size_t i = 0; i < count; i++)
				try_row(b, kind, &good, &rows[i]);
		}
}

/* Every default of the table is in the object, and nothing else that was not given or computed. */
static void every_default(void **state)
{
	size_t count = 0;
	const struct attribute_row *rows = attribute_rows(&count);

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct object *object = kind_object(kind, NULL);
		const struct attribute_set *set = object_attributes(object);
		struct sample s;

		kind_create(kind, &s);
		for (size_t i = 0; i < count; i++) {
			struct span value = attribute_set_get(set, rows[i].type);

			if (!of_kind(kind, &rows[i]) || attributes_find(&s.list, rows[i].type) ||
			    rows[i].type == CKA_PUBLIC_KEY_INFO)
				continue;
			if (rows[i].fallback &&
			    !span_equal(value,
					(struct span){rows[i].fallback, rows[i].fallback_size}))
				fail_msg("%s: default of %s", kind_rows[kind].name, rows[i].name);
			if (rows[i].notes & NOTE_VIRTUAL)
				assert_null(value.data);
			/* Usage is the token's to default; each flag has a value. */
			if (rows[i].notes & NOTE_DEFAULT_TOKEN && rows[i].form == ATTRIBUTE_BOOL)
				assert_non_null(value.data);
		}
		for (size_t i = 0; i < attribute_set_count(set); i++)
			assert_non_null(attribute_find(attribute_set_at(set, i).type,
						       attribute_class_bit(kind_rows[kind].class),
						       kind_rows[kind].key_type));
		object_free(&object);
	}
}

static bool flag(const struct object *object, CK_ATTRIBUTE_TYPE type)
{
	struct span value = {NULL, 0};

	assert_int_equal(object_get(object, type, &value), CKR_OK);
	return value.data[0];
}

static CK_ULONG number(const struct object *object, CK_ATTRIBUTE_TYPE type)
{
	return attribute_set_ulong(object_attributes(object), type, 0);
}

/* SENSITIVE x EXTRACTABLE at each birth: LOCAL, ALWAYS_SENSITIVE, NEVER_EXTRACTABLE, origin. */
static void the_history_of_keys(void **state)
{
	(void)state;
	for (size_t b = 0; b < BIRTHS; b++)
		for (int bits = 0; bits < 4; bits++) {
			enum object_birth birth = births[b].birth;
			bool sensitive = bits & 1, extractable = bits & 2,
			     generated = birth == OBJECT_GENERATED;
			struct object *object = NULL;
			struct sample s;
			struct span id = {NULL, 0};

			assert_true(template_of(birth, KIND_AES, &s));
			sample_bool(&s, CKA_SENSITIVE, sensitive);
			sample_bool(&s, CKA_EXTRACTABLE, extractable);
			assert_int_equal(kind_make(birth, &user, KIND_AES, NULL, &s, &object),
					 CKR_OK);
			assert_int_equal(flag(object, CKA_LOCAL), generated);
			assert_int_equal(flag(object, CKA_ALWAYS_SENSITIVE),
					 generated && sensitive);
			assert_int_equal(flag(object, CKA_NEVER_EXTRACTABLE),
					 generated && !extractable);
			assert_int_equal(number(object, CKA_KEY_GEN_MECHANISM),
					 generated ? CKM_AES_KEY_GEN : CK_UNAVAILABLE_INFORMATION);
			assert_int_equal(number(object, CKA_KEYCLAVE_VERSION), 1);
			assert_int_equal(number(object, CKA_KEYCLAVE_ORIGIN),
					 birth == OBJECT_CREATED   ? CKV_KEYCLAVE_ORIGIN_IMPORTED
					 : generated		   ? CKV_KEYCLAVE_ORIGIN_GENERATED
					 : birth == OBJECT_DERIVED ? CKV_KEYCLAVE_ORIGIN_DERIVED
					 : birth == OBJECT_KMS_UNWRAPPED
						 ? CKV_KEYCLAVE_ORIGIN_KMS_UNWRAPPED
						 : CKV_KEYCLAVE_ORIGIN_UNWRAPPED);
			assert_int_equal(object_get(object, CKA_UNIQUE_ID, &id), CKR_OK);
			assert_int_equal(id.size, 32);
			assert_int_equal(object_get(object, CKA_VALUE, &id),
					 sensitive || !extractable ? CKR_ATTRIBUTE_SENSITIVE
								   : CKR_OK);
			object_free(&object);
		}
}

/* A derived key is no better than its base. */
static void derived_keys_inherit(void **state)
{
	struct sample s = {.list = {.count = 0}};
	struct object *base = NULL, *derived = NULL;

	(void)state;
	kind_generate(KIND_EC_PRIVATE, &s);
	sample_bool(&s, CKA_EXTRACTABLE, false);
	assert_int_equal(kind_make(OBJECT_GENERATED, &user, KIND_EC_PRIVATE, NULL, &s, &base),
			 CKR_OK);
	s.list.count = 0;
	assert_int_equal(kind_make(OBJECT_DERIVED, &user, KIND_GENERIC, base, &s, &derived),
			 CKR_OK);
	assert_int_equal(number(derived, CKA_KEY_TYPE), CKK_GENERIC_SECRET);
	assert_true(flag(derived, CKA_ALWAYS_SENSITIVE) && flag(derived, CKA_NEVER_EXTRACTABLE));
	object_free(&derived);
	sample_bool(&s, CKA_SENSITIVE, false);
	sample_bool(&s, CKA_EXTRACTABLE, true);
	assert_int_equal(kind_make(OBJECT_DERIVED, &user, KIND_GENERIC, base, &s, &derived),
			 CKR_OK);
	assert_false(flag(derived, CKA_ALWAYS_SENSITIVE) || flag(derived, CKA_NEVER_EXTRACTABLE));
	object_free(&derived);
	object_free(&base);
	/* An imported base was seen outside. */
	base = kind_object(KIND_EC_PRIVATE, NULL);
	s.list.count = 0;
	assert_int_equal(kind_make(OBJECT_DERIVED, &user, KIND_GENERIC, base, &s, &derived),
			 CKR_OK);
	assert_false(flag(derived, CKA_ALWAYS_SENSITIVE) || flag(derived, CKA_NEVER_EXTRACTABLE));
	object_free(&derived);
	object_free(&base);
}

/* CKA_UNWRAP_TEMPLATE and CKA_DERIVE_TEMPLATE are added, and contradicting them is refused. */
static void templates_of_the_base_key(void **state)
{
	/* [[CKA_EXTRACTABLE, h'00'], [CKA_MODIFIABLE, h'00']] */
	static const uint8_t nested[] = {0x82, 0x82, 0x19, 0x01, 0x62, 0x41, 0x00,
					 0x82, 0x19, 0x01, 0x70, 0x41, 0x00};
	struct sample more = {.list = {.count = 0}}, s = {.list = {.count = 0}};
	struct object *base = NULL, *object = NULL;

	(void)state;
	sample_bytes(&more, CKA_UNWRAP_TEMPLATE, (struct span){nested, sizeof(nested)});
	sample_bytes(&more, CKA_DERIVE_TEMPLATE, (struct span){nested, sizeof(nested)});
	base = kind_object(KIND_AES, &more);
	for (int i = 0; i < 2; i++) {
		enum object_birth birth = i ? OBJECT_DERIVED : OBJECT_UNWRAPPED;

		assert_true(template_of(birth, KIND_AES, &s));
		assert_int_equal(kind_make(birth, &user, KIND_AES, base, &s, &object), CKR_OK);
		assert_false(flag(object, CKA_MODIFIABLE));
		object_free(&object);
		sample_bool(&s, CKA_EXTRACTABLE, true);
		assert_int_equal(kind_make(birth, &user, KIND_AES, base, &s, &object),
				 CKR_TEMPLATE_INCONSISTENT);
	}
	object_free(&base);
}

static void policy_of_the_token_and_of_the_caller(void **state)
{
	const struct object_policy strict = {.user = true}, nobody = {.extractable_allowed = true};
	struct sample s;

	(void)state;
	kind_generate(KIND_AES, &s);
	assert_int_equal(kind_make(OBJECT_GENERATED, &strict, KIND_AES, NULL, &s, NULL), CKR_OK);
	sample_bool(&s, CKA_EXTRACTABLE, true);
	assert_int_equal(kind_make(OBJECT_GENERATED, &strict, KIND_AES, NULL, &s, NULL),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(kind_make(OBJECT_GENERATED, &user, KIND_AES, NULL, &s, NULL), CKR_OK);
	sample_bool(&s, CKA_EXTRACTABLE, false);
	sample_bool(&s, CKA_SENSITIVE, false);
	assert_int_equal(kind_make(OBJECT_GENERATED, &strict, KIND_AES, NULL, &s, NULL),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	/* Private by default: nobody may make it, unless it is to be public. */
	kind_generate(KIND_AES, &s);
	assert_int_equal(kind_make(OBJECT_GENERATED, &nobody, KIND_AES, NULL, &s, NULL),
			 CKR_USER_NOT_LOGGED_IN);
	sample_bool(&s, CKA_PRIVATE, false);
	assert_int_equal(kind_make(OBJECT_GENERATED, &nobody, KIND_AES, NULL, &s, NULL), CKR_OK);
	/* Only the SO vouches. */
	kind_create(KIND_CERTIFICATE, &s);
	sample_bool(&s, CKA_TRUSTED, true);
	assert_int_equal(kind_make(OBJECT_CREATED, &user, KIND_CERTIFICATE, NULL, &s, NULL),
			 CKR_ATTRIBUTE_READ_ONLY);
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_CERTIFICATE, NULL, &s, NULL), CKR_OK);
	sample_bool(&s, CKA_TRUSTED, false);
	assert_int_equal(kind_make(OBJECT_CREATED, &user, KIND_CERTIFICATE, NULL, &s, NULL),
			 CKR_OK);
	/* PKCS#11 v3.1 table 30. */
	kind_create(KIND_EC_PRIVATE, &s);
	sample_bool(&s, CKA_ALWAYS_AUTHENTICATE, true);
	assert_int_equal(kind_make(OBJECT_CREATED, &user, KIND_EC_PRIVATE, NULL, &s, NULL), CKR_OK);
	sample_bool(&s, CKA_PRIVATE, false);
	assert_int_equal(kind_make(OBJECT_CREATED, &user, KIND_EC_PRIVATE, NULL, &s, NULL),
			 CKR_TEMPLATE_INCONSISTENT);
}

static void classes_and_key_types(void **state)
{
	struct sample s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		static const CK_OBJECT_CLASS refused[] = {CKO_HW_FEATURE, CKO_PROFILE, 0x1234};

		kind_create(KIND_DATA, &s);
		sample_ulong(&s, CKA_CLASS, refused[i]);
		assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_DATA, NULL, &s, NULL),
				 CKR_ATTRIBUTE_VALUE_INVALID);
	}
	kind_create(KIND_AES, &s);
	sample_ulong(&s, CKA_KEY_TYPE, CKK_RSA);
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_AES, NULL, &s, NULL),
			 CKR_TEMPLATE_INCONSISTENT);
	sample_ulong(&s, CKA_KEY_TYPE, CKK_BATON);
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_AES, NULL, &s, NULL),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	kind_generate(KIND_AES, &s);
	sample_ulong(&s, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
	assert_int_equal(kind_make(OBJECT_GENERATED, &all, KIND_AES, NULL, &s, NULL),
			 CKR_TEMPLATE_INCONSISTENT);
	kind_generate(KIND_AES, &s);
	sample_ulong(&s, CKA_CLASS, CKO_PRIVATE_KEY);
	assert_int_equal(kind_make(OBJECT_GENERATED, &all, KIND_AES, NULL, &s, NULL),
			 CKR_TEMPLATE_INCONSISTENT);
	s.list.count = 0;
	sample_ulong(&s, CKA_KEY_TYPE, CKK_RSA);
	assert_int_equal(kind_make(OBJECT_UNWRAPPED, &all, KIND_RSA_PUBLIC, NULL, &s, NULL),
			 CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(kind_make(OBJECT_DERIVED, &all, KIND_RSA_PRIVATE, NULL, &s, NULL),
			 CKR_TEMPLATE_INCONSISTENT);
	kind_create(KIND_CERTIFICATE, &s);
	sample_ulong(&s, CKA_CERTIFICATE_TYPE, CKC_WTLS);
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_CERTIFICATE, NULL, &s, NULL),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	kind_create(KIND_CERTIFICATE, &s);
	sample_text(&s, CKA_VALUE, "");
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_CERTIFICATE, NULL, &s, NULL),
			 CKR_TEMPLATE_INCONSISTENT);
	sample_text(&s, CKA_URL, "https://example.org");
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_CERTIFICATE, NULL, &s, NULL), CKR_OK);
}

/* Usage that a template leaves out: what the mechanism table can do, and never CKA_WRAP. */
static void usage_by_default(void **state)
{
	static const struct {
		enum kind kind;
		CK_FLAGS usage;
	} wanted[] = {
	    {KIND_RSA_PUBLIC, CKF_ENCRYPT | CKF_VERIFY | CKF_VERIFY_RECOVER},
	    {KIND_RSA_PRIVATE, CKF_DECRYPT | CKF_SIGN | CKF_SIGN_RECOVER | CKF_UNWRAP},
	    {KIND_EC_PUBLIC, CKF_VERIFY},
	    {KIND_EC_PRIVATE, CKF_SIGN},
	    {KIND_ED_PRIVATE, CKF_SIGN},
	    {KIND_X_PRIVATE, 0},
	    {KIND_AES, CKF_ENCRYPT | CKF_DECRYPT | CKF_UNWRAP},
	    {KIND_GENERIC, CKF_SIGN | CKF_VERIFY},
	};
	struct sample more = {.list = {.count = 0}};
	struct object *object = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		object = kind_object(wanted[i].kind, NULL);
		if (object_usage(object) != wanted[i].usage)
			fail_msg("%s: 0x%lx", kind_rows[wanted[i].kind].name, object_usage(object));
		object_free(&object);
	}
	sample_bool(&more, CKA_WRAP, true);
	sample_bool(&more, CKA_ENCRYPT, false);
	object = kind_object(KIND_AES, &more);
	assert_int_equal(object_usage(object), CKF_DECRYPT | CKF_UNWRAP | CKF_WRAP);
	object_free(&object);
}

/* A check value or a public key that comes with a key must be the key's. */
static void what_is_computed_is_compared(void **state)
{
	struct object *object = kind_object(KIND_AES, NULL);
	struct span value = {NULL, 0};
	struct sample s;
	uint8_t check[3];

	(void)state;
	assert_int_equal(object_get(object, CKA_CHECK_VALUE, &value), CKR_OK);
	assert_int_equal(value.size, 3);
	for (size_t i = 0; i < 3; i++)
		check[i] = value.data[i];
	object_free(&object);
	kind_create(KIND_AES, &s);
	sample_bytes(&s, CKA_CHECK_VALUE, (struct span){check, 3});
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_AES, NULL, &s, &object), CKR_OK);
	object_free(&object);
	check[1] ^= 1;
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_AES, NULL, &s, &object),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	sample_bytes(&s, CKA_CHECK_VALUE, (struct span){check, 0});
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_AES, NULL, &s, &object), CKR_OK);
	assert_int_equal(object_get(object, CKA_CHECK_VALUE, &value), CKR_ATTRIBUTE_TYPE_INVALID);
	object_free(&object);
	kind_create(KIND_EC_PUBLIC, &s);
	sample_text(&s, CKA_PUBLIC_KEY_INFO, "another key");
	assert_int_equal(kind_make(OBJECT_CREATED, &all, KIND_EC_PUBLIC, NULL, &s, &object),
			 CKR_ATTRIBUTE_VALUE_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_footnote_of_every_row),
	    cmocka_unit_test(every_default),
	    cmocka_unit_test(the_history_of_keys),
	    cmocka_unit_test(derived_keys_inherit),
	    cmocka_unit_test(templates_of_the_base_key),
	    cmocka_unit_test(policy_of_the_token_and_of_the_caller),
	    cmocka_unit_test(classes_and_key_types),
	    cmocka_unit_test(usage_by_default),
	    cmocka_unit_test(what_is_computed_is_compared),
	};

	return cmocka_run_group_tests(tests, kinds_start, kinds_end);
}

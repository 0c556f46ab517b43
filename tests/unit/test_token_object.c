/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.c, object_change.c, object_permits.c and object_key.c: what can be read and changed,
 * copies, uses, wrapping, and the bounded cache of parsed keys.
 */
#include "config.h"

#include "token/object.h"

#include <pthread.h>

#include "cmocka_test.h"
#include "mechanism/keyclave.h"
#include "token/object_key.h"
#include "token_kinds.h"

static const struct object_policy so = {.extractable_allowed = true, .so = true, .user = true};
static const struct object_policy user = {.extractable_allowed = true, .user = true};
static const struct object_policy nobody = {.extractable_allowed = true};

static bool flag(const struct object *object, CK_ATTRIBUTE_TYPE type)
{
	return attribute_set_bool(object_attributes(object), type, false);
}

static CK_RV set_one(const struct object *object, const struct object_policy *policy,
		     CK_ATTRIBUTE_TYPE type, struct span value, bool copying,
		     struct object **result)
{
	struct sample s = {.list = {.count = 0}};
	struct object *made = NULL;
	CK_RV rv = CKR_OK;

	sample_bytes(&s, type, value);
	rv = copying ? object_copy(object, policy, &s.list, &made)
		     : object_change(object, policy, &s.list, &made);
	assert_true((rv == CKR_OK) == (made != NULL));
	if (result)
		*result = made;
	else
		object_free(&made);
	return rv;
}

static CK_RV set_bool(const struct object *object, CK_ATTRIBUTE_TYPE type, bool value, bool copying,
		      struct object **result)
{
	static const uint8_t values[2] = {0, 1};

	return set_one(object, &user, type, (struct span){&values[value], 1}, copying, result);
}

/* For each row and kind, C_SetAttributeValue and C_CopyObject: the table's word, and nothing else. */
static void every_row_changes_as_it_says(void **state)
{
	size_t count = 0;
	const struct attribute_row *rows = attribute_rows(&count);

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct object *object = kind_object(kind, NULL);
		unsigned bit = attribute_class_bit(kind_rows[kind].class);

		for (size_t i = 0; i < count; i++) {
			const struct attribute_row *row = &rows[i];
			bool one_way = row->notes & (NOTE_ONLY_TO_TRUE | NOTE_ONLY_TO_FALSE);
			CK_RV changed = CKR_ATTRIBUTE_READ_ONLY, copied = CKR_ATTRIBUTE_READ_ONLY;

			if (attribute_find(row->type, bit, kind_rows[kind].key_type) != row ||
			    one_way || row->type == CKA_PRIVATE || row->type == CKA_CLASS)
				continue;
			if (row->notes & NOTE_MODIFIABLE && !(row->notes & NOTE_VIRTUAL))
				changed = copied = CKR_OK;
			else if (row->notes & NOTE_COPY_ONLY)
				copied = CKR_OK;
			/* The same again is no change to a copy. */
			if (!(row->notes & NOTE_TOKEN_SETS) &&
			    span_equal(attribute_set_get(object_attributes(object), row->type),
				       kind_value(row)))
				copied = CKR_OK;
			if (set_one(object, &so, row->type, kind_value(row), false, NULL) !=
			    changed)
				fail_msg("%s: change of %s", kind_rows[kind].name, row->name);
			if (set_one(object, &so, row->type, kind_value(row), true, NULL) != copied)
				fail_msg("%s: copy with %s", kind_rows[kind].name, row->name);
		}
		object_free(&object);
	}
}

static void one_way_flags_go_one_way(void **state)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		bool to;
	} flags[] = {{CKA_SENSITIVE, true},
		     {CKA_EXTRACTABLE, false},
		     {CKA_WRAP_WITH_TRUSTED, true},
		     {CKA_COPYABLE, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct sample more = {.list = {.count = 0}};
		struct object *object = NULL, *gone = NULL;

		sample_bool(&more, flags[i].type, !flags[i].to);
		object = kind_object(KIND_AES, &more);
		assert_int_equal(set_bool(object, flags[i].type, flags[i].to, false, &gone),
				 CKR_OK);
		assert_int_equal(flag(gone, flags[i].type), flags[i].to);
		assert_int_equal(object_version(gone), 2);
		assert_int_equal(set_bool(gone, flags[i].type, !flags[i].to, false, NULL),
				 CKR_ATTRIBUTE_READ_ONLY);
		/* "It becomes a read only attribute": even the same value. */
		assert_int_equal(set_bool(gone, flags[i].type, flags[i].to, false, NULL),
				 CKR_ATTRIBUTE_READ_ONLY);
		if (flags[i].type != CKA_COPYABLE) {
			assert_int_equal(set_bool(gone, flags[i].type, !flags[i].to, true, NULL),
					 CKR_ATTRIBUTE_READ_ONLY);
			assert_int_equal(set_bool(gone, flags[i].type, flags[i].to, true, NULL),
					 CKR_OK);
		}
		object_free(&gone);
		/* History is not rewritten by what is set later. */
		assert_int_equal(set_bool(object, flags[i].type, flags[i].to, true, &gone), CKR_OK);
		assert_false(flag(gone, CKA_ALWAYS_SENSITIVE) || flag(gone, CKA_NEVER_EXTRACTABLE));
		object_free(&gone);
		object_free(&object);
	}
}

static void trusted_is_the_security_officers(void **state)
{
	static const uint8_t yes[] = {1};
	struct object *object = kind_object(KIND_CERTIFICATE, NULL), *trusted = NULL;

	(void)state;
	assert_int_equal(set_one(object, &user, CKA_TRUSTED, (struct span){yes, 1}, false, NULL),
			 CKR_ATTRIBUTE_READ_ONLY);
	assert_int_equal(set_one(object, &user, CKA_TRUSTED, (struct span){yes, 1}, true, NULL),
			 CKR_ATTRIBUTE_READ_ONLY);
	assert_int_equal(set_one(object, &so, CKA_TRUSTED, (struct span){yes, 1}, false, &trusted),
			 CKR_OK);
	assert_true(flag(trusted, CKA_TRUSTED));
	object_free(&trusted);
	object_free(&object);
}

static void what_is_closed_stays_closed(void **state)
{
	struct sample more = {.list = {.count = 0}};
	struct object *object = NULL, *copy = NULL;

	(void)state;
	sample_bool(&more, CKA_MODIFIABLE, false);
	object = kind_object(KIND_DATA, &more);
	assert_int_equal(set_one(object, &user, CKA_LABEL, text_span("x"), false, NULL),
			 CKR_ACTION_PROHIBITED);
	assert_int_equal(set_one(object, &user, CKA_LABEL, text_span("x"), true, NULL), CKR_OK);
	object_free(&object);
	more.list.count = 0;
	sample_bool(&more, CKA_COPYABLE, false);
	object = kind_object(KIND_DATA, &more);
	assert_int_equal(set_one(object, &user, CKA_LABEL, text_span("x"), true, NULL),
			 CKR_ACTION_PROHIBITED);
	object_free(&object);
	/* A private object is no public one's source, and the user's alone. */
	object = kind_object(KIND_AES, NULL);
	assert_int_equal(set_bool(object, CKA_PRIVATE, false, true, NULL),
			 CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(set_one(object, &nobody, CKA_LABEL, text_span("x"), true, NULL),
			 CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(set_one(object, &nobody, CKA_LABEL, text_span("x"), false, NULL),
			 CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(set_one(object, &user, 0x7fff0000, text_span("x"), false, NULL),
			 CKR_ATTRIBUTE_TYPE_INVALID);
	object_free(&object);
	/* A copy is another object of the same origin. */
	object = kind_object(KIND_EC_PRIVATE, NULL);
	assert_int_equal(set_one(object, &user, CKA_LABEL, text_span("copy"), true, &copy), CKR_OK);
	assert_false(span_equal(attribute_set_get(object_attributes(object), CKA_UNIQUE_ID),
				attribute_set_get(object_attributes(copy), CKA_UNIQUE_ID)));
	assert_true(span_equal(attribute_set_get(object_attributes(object), CKA_KEYCLAVE_ORIGIN),
			       attribute_set_get(object_attributes(copy), CKA_KEYCLAVE_ORIGIN)));
	assert_true(span_equal(attribute_set_get(object_attributes(object), CKA_VALUE),
			       attribute_set_get(object_attributes(copy), CKA_VALUE)));
	assert_int_equal(object_version(copy), 1);
	object_free(&copy);
	object_free(&object);
}

/* A sensitive value is neither read nor matched: a search must not be an oracle. */
static void secrets_do_not_match(void **state)
{
	struct sample more = {.list = {.count = 0}}, s = {.list = {.count = 0}};
	struct object *object = kind_object(KIND_AES, NULL);
	struct span value = {NULL, 0};

	(void)state;
	sample_text(&s, CKA_VALUE, "0123456789abcdef");
	assert_int_equal(object_get(object, CKA_VALUE, &value), CKR_ATTRIBUTE_SENSITIVE);
	assert_null(value.data);
	assert_false(object_matches(object, &s.list));
	assert_int_equal(object_get(object, CKA_MODULUS, &value), CKR_ATTRIBUTE_TYPE_INVALID);
	object_free(&object);
	for (int i = 0; i < 2; i++) {
		more.list.count = 0;
		sample_bool(&more, CKA_SENSITIVE, i == 1);
		sample_bool(&more, CKA_EXTRACTABLE, i == 1);
		object = kind_object(KIND_AES, &more);
		assert_int_equal(object_get(object, CKA_VALUE, &value), CKR_ATTRIBUTE_SENSITIVE);
		object_free(&object);
	}
	sample_bool(&more, CKA_SENSITIVE, false);
	sample_bool(&more, CKA_EXTRACTABLE, true);
	object = kind_object(KIND_AES, &more);
	assert_true(object_matches(object, &s.list));
	sample_text(&s, CKA_LABEL, "");
	assert_true(object_matches(object, &s.list));
	sample_text(&s, CKA_LABEL, "x");
	assert_false(object_matches(object, &s.list));
	assert_true(object_size(object) > 16);
	object_free(&object);
}

static CK_RV permits(const struct object *object, CK_MECHANISM_TYPE type, CK_FLAGS usage)
{
	struct mechanism m = {.row = mechanism_find(type)};

	assert_non_null(m.row);
	return object_permits(object, &m, usage);
}

static void keys_serve_what_they_allow(void **state)
{
	struct sample more = {.list = {.count = 0}};
	struct object *private = kind_object(KIND_EC_PRIVATE, NULL),
		      *data = kind_object(KIND_DATA, NULL), *no = NULL;
	uint8_t only[8];

	(void)state;
	assert_int_equal(permits(private, CKM_ECDSA, CKF_SIGN), CKR_OK);
	assert_int_equal(permits(private, CKM_ECDSA, CKF_VERIFY), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(permits(private, CKM_ECDH1_DERIVE, CKF_DERIVE),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(permits(private, CKM_ECDH1_DERIVE, CKF_SIGN), CKR_MECHANISM_INVALID);
	assert_int_equal(permits(private, CKM_RSA_PKCS, CKF_SIGN), CKR_KEY_TYPE_INCONSISTENT);
	/* The type weighs more than the flag. */
	assert_int_equal(permits(private, CKM_RSA_PKCS, CKF_DECRYPT), CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(permits(data, CKM_ECDSA, CKF_SIGN), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(set_bool(private, CKA_SIGN, false, false, &no), CKR_OK);
	assert_int_equal(permits(no, CKM_ECDSA, CKF_SIGN), CKR_KEY_FUNCTION_NOT_PERMITTED);
	object_free(&no);
	object_free(&private);
	object_free(&data);
	attribute_put_ulong(only, CKM_ECDSA_SHA256);
	sample_bytes(&more, CKA_ALLOWED_MECHANISMS, (struct span){only, 8});
	/* Dates are for reference only. */
	sample_text(&more, CKA_END_DATE, "20010101");
	private = kind_object(KIND_EC_PRIVATE, &more);
	assert_int_equal(permits(private, CKM_ECDSA_SHA256, CKF_SIGN), CKR_OK);
	assert_int_equal(permits(private, CKM_ECDSA, CKF_SIGN), CKR_MECHANISM_INVALID);
	object_free(&private);
}

static void wrapping_asks_both_keys(void **state)
{
	/* [[CKA_KEY_TYPE, CKK_AES]] */
	static const uint8_t aes_only[] = {0x81, 0x82, 0x19, 0x01, 0x00, 0x48, 0,
					   0,	 0,    0,    0,	   0,	 0,    0x1f};
	struct sample more = {.list = {.count = 0}};
	struct object *wrapping = kind_object(KIND_AES, NULL),
		      *target = kind_object(KIND_AES, NULL);
	struct object *trusted = NULL, *picky = NULL, *generic = NULL;

	(void)state;
	assert_int_equal(object_may_wrap(wrapping, target), CKR_KEY_UNEXTRACTABLE);
	object_free(&target);
	sample_bool(&more, CKA_EXTRACTABLE, true);
	target = kind_object(KIND_AES, &more);
	generic = kind_object(KIND_GENERIC, &more);
	assert_int_equal(object_may_wrap(wrapping, target), CKR_OK);
	object_free(&target);
	sample_bool(&more, CKA_WRAP_WITH_TRUSTED, true);
	target = kind_object(KIND_AES, &more);
	assert_int_equal(object_may_wrap(wrapping, target), CKR_KEY_NOT_WRAPPABLE);
	more.list.count = 0;
	sample_bool(&more, CKA_TRUSTED, true);
	trusted = kind_object(KIND_AES, &more);
	assert_int_equal(object_may_wrap(trusted, target), CKR_OK);
	more.list.count = 0;
	sample_bytes(&more, CKA_WRAP_TEMPLATE, (struct span){aes_only, sizeof(aes_only)});
	sample_bool(&more, CKA_TRUSTED, true);
	picky = kind_object(KIND_AES, &more);
	assert_int_equal(object_may_wrap(picky, target), CKR_OK);
	assert_int_equal(object_may_wrap(picky, generic), CKR_KEY_HANDLE_INVALID);
	object_free(&target);
	target = kind_object(KIND_EC_PUBLIC, NULL);
	assert_int_equal(object_may_wrap(wrapping, target), CKR_KEY_NOT_WRAPPABLE);
	object_free(&target);
	object_free(&wrapping);
	object_free(&trusted);
	object_free(&picky);
	object_free(&generic);
}

#define CACHED 20

static void parsed_keys_are_bounded(void **state)
{
	struct object *object[CACHED] = {NULL}, *data = kind_object(KIND_DATA, NULL);
	struct key *key = NULL, *again = NULL;
	size_t one = 0, before = object_key_memory();

	(void)state;
	assert_int_equal(object_key(data, &key), CKR_KEY_HANDLE_INVALID);
	object_free(&data);
	for (size_t i = 0; i < CACHED; i++)
		object[i] = kind_object(KIND_EC_PRIVATE, NULL);
	assert_int_equal(object_key(object[0], &key), CKR_OK);
	assert_int_equal(object_key(object[0], &again), CKR_OK);
	assert_ptr_equal(key, again);
	key_free(&again);
	one = object_key_memory() - before;
	assert_true(one > 0);
	object_key_budget(before + 4 * one);
	for (size_t i = 1; i < CACHED; i++) {
		assert_int_equal(object_key(object[i], &again), CKR_OK);
		key_free(&again);
		assert_true(object_key_memory() <= before + 4 * one);
	}
	/* The one in use lives on; its object parses anew. */
	assert_int_equal(key_bits(key), 256);
	assert_int_equal(object_key(object[0], &again), CKR_OK);
	assert_ptr_not_equal(key, again);
	key_free(&again);
	key_free(&key);
	object_forget_key(object[0]);
	object_forget_key(object[0]);
	/* Less than one key: it is used, and the next one takes its place. */
	object_key_budget(1);
	for (size_t i = 0; i < CACHED; i++) {
		assert_int_equal(object_key(object[i], &again), CKR_OK);
		key_free(&again);
	}
	assert_true(object_key_memory() <= before + one);
	for (size_t i = 0; i < CACHED; i++)
		object_free(&object[i]);
	assert_int_equal(object_key_memory(), before);
	object_key_budget((size_t)64 << 20);
}

struct user {
	struct object **object;
	unsigned seed, wrong;
};

static void *use_keys(void *arg)
{
	struct user *u = arg;

	for (int i = 0; i < 400; i++) {
		struct object *object = NULL;
		struct key *key = NULL;

		u->seed = u->seed * 1103515245 + 12345;
		object = object_retain(u->object[u->seed >> 16 & 7]);
		if (object_key(object, &key) != CKR_OK || key_bits(key) != 128)
			u->wrong++;
		if (i % 16 == 0)
			object_forget_key(object);
		key_free(&key);
		object_free(&object);
	}
	return NULL;
}

/* Room for two keys, eight objects, four threads: keys are forgotten while others use them. */
static void keys_are_forgotten_under_threads(void **state)
{
	struct object *object[8];
	struct user user_of[4];
	pthread_t thread[4];
	struct key *key = NULL;
	size_t before = object_key_memory();

	(void)state;
	for (size_t i = 0; i < 8; i++)
		object[i] = kind_object(KIND_AES, NULL);
	assert_int_equal(object_key(object[0], &key), CKR_OK);
	object_key_budget(before + 2 * key_memory(key));
	key_free(&key);
	for (unsigned i = 0; i < 4; i++) {
		user_of[i] = (struct user){object, i, 0};
		assert_int_equal(pthread_create(&thread[i], NULL, use_keys, &user_of[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(user_of[i].wrong, 0);
	}
	for (size_t i = 0; i < 8; i++)
		object_free(&object[i]);
	assert_int_equal(object_key_memory(), before);
	object_key_budget((size_t)64 << 20);
}

static void what_is_no_object_is_not_loaded(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct object *object = NULL;

	(void)state;
	assert_int_equal(object_load(&set, &object), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_null(set);
	assert_null(object);
	object_free(&object);
	object_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_changes_as_it_says),
	    cmocka_unit_test(one_way_flags_go_one_way),
	    cmocka_unit_test(trusted_is_the_security_officers),
	    cmocka_unit_test(what_is_closed_stays_closed),
	    cmocka_unit_test(secrets_do_not_match),
	    cmocka_unit_test(keys_serve_what_they_allow),
	    cmocka_unit_test(wrapping_asks_both_keys),
	    cmocka_unit_test(parsed_keys_are_bounded),
	    cmocka_unit_test(keys_are_forgotten_under_threads),
	    cmocka_unit_test(what_is_no_object_is_not_loaded),
	};

	return cmocka_run_group_tests(tests, kinds_start, kinds_end);
}

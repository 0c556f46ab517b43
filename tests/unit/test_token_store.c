/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_store.c and token.c: slots and C_InitToken, objects in and out, limits, requests that run
 * once, and what is there after a crash. Over the memory engine and over SQLite.
 */
#include "config.h"

#include "token/token.h"

#include <stdio.h>
#include <string.h>

#include "cmocka_test.h"
#include "protocol/message.h"
#include "token/internal.h"
#include "token_fixture.h"

static const struct once once_a = {.context = {1, 2, 3}, .sequence = 7};

static void slots_are(struct fixture *f, const uint64_t *wanted, size_t wanted_count)
{
	uint64_t slots[256] = {0};
	size_t count = 0;

	assert_int_equal(token_store_slots(f->store, slots, 256, &count), CKR_OK);
	assert_int_equal(count, wanted_count);
	assert_memory_equal(slots, wanted, count * sizeof(slots[0]));
}

static void slots_are_stable_and_the_empty_one_is_last(void **state)
{
	struct fixture *f = *state;
	struct token *token = NULL;

	slots_are(f, (const uint64_t[]){1}, 1);
	assert_int_equal(token_store_find(f->store, 1, &token), CKR_OK);
	assert_null(token);
	assert_int_equal(token_store_find(f->store, 2, &token), CKR_SLOT_ID_INVALID);
	assert_int_equal(fixture_init(f, "one"), 1);
	assert_int_equal(fixture_init(f, "two"), 2);
	slots_are(f, (const uint64_t[]){1, 2, 3}, 3);
	fixture_reopen(f);
	slots_are(f, (const uint64_t[]){1, 2, 3}, 3);
	assert_int_equal(token_store_find(f->store, 3, &token), CKR_OK);
	assert_null(token);
}

static void facts_tell_what_was_given(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "caf\xc3\xa9");
	struct token *token = fixture_token(f, slot);
	struct token_facts facts, again;

	token_facts(token, &facts);
	assert_string_equal(facts.label, "caf\xc3\xa9");
	assert_int_equal(strspn(facts.serial, "0123456789abcdef"), 16);
	assert_int_equal(facts.flags, CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED |
					  CKF_USER_PIN_INITIALIZED);
	assert_int_equal(facts.objects, 0);
	assert_int_equal(facts.damaged, 0);
	assert_true(facts.identity_size > 32);
	fixture_insert(f, token, "x");
	token_facts(token, &again);
	assert_int_equal(again.objects, 1);
	token_free(&token);

	fixture_reopen(f);
	token = fixture_token(f, slot);
	token_facts(token, &again);
	assert_string_equal(again.serial, facts.serial);
	assert_string_equal(again.label, facts.label);
	assert_int_equal(again.objects, 1);
	token_free(&token);
}

/* A promise that the store cannot keep is worse than none. */
static void a_store_without_counter_promises_none(void **state)
{
	struct fixture *f = *state;

	f->platform.base.description.rollback = "counter";
	assert_int_equal(fixture_try_reopen(f), CKR_TOKEN_NOT_RECOGNIZED);
	assert_null(f->store);
}

static void labels_must_be_text(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(token_store_init(f->store, 1, text_span(SO_PIN), text_span("\xff"), NULL),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(token_store_init(f->store, 1, text_span(SO_PIN),
					  text_span("123456789012345678901234567890123"), NULL),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(token_store_init(f->store, 1, text_span("123"), text_span("x"), NULL),
			 CKR_PIN_LEN_RANGE);
	assert_int_equal(token_store_init(f->store, 9, text_span(SO_PIN), text_span("x"), NULL),
			 CKR_SLOT_ID_INVALID);
	slots_are(f, (const uint64_t[]){1}, 1);
}

static void initialising_again_destroys_and_keeps_the_serial(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "before");
	struct token *token = fixture_token(f, slot), *now = NULL;
	struct token_facts before, after;
	uint64_t last = 0;

	for (int i = 0; i < (f->sqlite ? 20 : 300); i++)
		last = fixture_insert(f, token, "mine");
	token_facts(token, &before);
	assert_int_equal(
	    token_store_init(f->store, slot, text_span("wrong-so-pin"), text_span("n"), NULL),
	    CKR_PIN_INCORRECT);
	assert_int_equal(fixture_find(token, "mine", NULL) > 0, 1);
	assert_int_equal(
	    token_store_init(f->store, slot, text_span(SO_PIN), text_span("after"), NULL), CKR_OK);

	now = fixture_token(f, slot);
	token_facts(now, &after);
	assert_string_equal(after.serial, before.serial);
	assert_string_equal(after.label, "after");
	assert_int_equal(after.objects, 0);
	assert_true(after.epoch > before.epoch);
	assert_true(after.identity_size == before.identity_size &&
		    memcmp(after.identity, before.identity, after.identity_size) != 0);
	assert_false(after.flags & (CKF_USER_PIN_INITIALIZED | CKF_SO_PIN_COUNT_LOW));
	assert_int_equal(token_check_pin(now, CKU_USER, text_span(USER_PIN), NULL),
			 CKR_USER_PIN_NOT_INITIALIZED);
	assert_int_equal(token_set_pin(now, CKU_USER, text_span(USER_PIN), text_span("23456"), NULL),
			 CKR_PIN_INCORRECT);
	/* Who still holds the old one gets nothing done any more. */
	assert_int_equal(fixture_find(token, "mine", NULL), 0);
	assert_null(fixture_label(token, last));
	assert_int_equal(token_remove(token, last, NULL), CKR_TOKEN_NOT_PRESENT);
	assert_int_equal(token_check_pin(token, CKU_SO, text_span(SO_PIN), NULL),
			 CKR_TOKEN_NOT_PRESENT);
	token_free(&token);
	assert_true(fixture_insert(f, now, "new") > last);
	token_free(&now);

	fixture_reopen(f);
	now = fixture_token(f, slot);
	token_facts(now, &after);
	assert_int_equal(after.objects, 1);
	assert_int_equal(after.damaged, 0);
	assert_int_equal(token_check_pin(now, CKU_SO, text_span(SO_PIN), NULL), CKR_OK);
	token_free(&now);
}

static void objects_come_back_with_their_handles(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t"), handle[600];
	struct token *token = fixture_token(f, slot);
	char label[32];

	for (size_t i = 0; i < 600; i++) {
		snprintf(label, sizeof(label), "object %zu", i);
		handle[i] = fixture_insert(f, token, label);
		assert_true(i == 0 || handle[i] > handle[i - 1]);
	}
	/* A page in the middle goes as a whole, and single ones of others. */
	for (size_t i = 0; i < 600; i++)
		if ((handle[i] >= 256 && handle[i] < 512) || i % 7 == 0)
			assert_int_equal(token_remove(token, handle[i], NULL), CKR_OK);
	token_free(&token);
	for (int round = 0; round < 2; round++) {
		token = fixture_token(f, slot);
		for (size_t i = 0; i < 600; i++) {
			bool gone = (handle[i] >= 256 && handle[i] < 512) || i % 7 == 0;

			snprintf(label, sizeof(label), "object %zu", i);
			assert_int_equal(fixture_find(token, label, NULL), gone ? 0 : 1);
			if (gone)
				assert_null(fixture_label(token, handle[i]));
			else
				assert_string_equal(fixture_label(token, handle[i]), label);
		}
		token_free(&token);
		fixture_reopen(f);
	}
}

static void a_pair_has_two_handles_in_order(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	struct object *pair[2] = {fixture_data(f, "a"), fixture_data(f, "b")};
	uint64_t handles[2] = {0, 0};

	assert_int_equal(token_insert(token, pair, 2, NULL, handles), CKR_OK);
	assert_int_equal(handles[1], handles[0] + 1);
	assert_string_equal(fixture_label(token, handles[1]), "b");
	object_free(&pair[0]);
	object_free(&pair[1]);
	token_free(&token);
}

static void replacing_is_compare_and_swap(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	struct token *token = fixture_token(f, slot);
	uint64_t handle = fixture_insert(f, token, "old");
	struct object *from = NULL, *to = NULL;
	struct sample s = {.list = {.count = 0}};
	struct token_facts before, after;

	sample_text(&s, CKA_LABEL, "new");
	assert_int_equal(token_object(token, handle, &from), CKR_OK);
	assert_int_equal(object_change(from, &f->policy, &s.list, &to), CKR_OK);
	token_facts(token, &before);
	assert_int_equal(token_replace(token, handle, from, to, NULL), CKR_OK);
	token_facts(token, &after);
	assert_int_equal(after.epoch, before.epoch); /* a label is no policy */
	assert_int_equal(token_replace(token, handle, from, to, NULL), CKR_KEYCLAVE_CONFLICT);
	assert_int_equal(token_replace(token, handle + 1, from, to, NULL),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(fixture_find(token, "old", NULL), 0);
	assert_int_equal(fixture_find(token, "new", NULL), 1);
	assert_int_equal(object_version(to), 2);
	object_free(&from);

	sample_remove(&s, CKA_LABEL);
	sample_bool(&s, CKA_COPYABLE, false);
	assert_int_equal(object_change(to, &f->policy, &s.list, &from), CKR_OK);
	assert_int_equal(token_replace(token, handle, to, from, NULL), CKR_OK);
	token_facts(token, &after);
	assert_int_equal(after.epoch, before.epoch + 1);
	object_free(&from);
	object_free(&to);
	token_free(&token);

	fixture_reopen(f);
	token = fixture_token(f, slot);
	assert_string_equal(fixture_label(token, handle), "new");
	assert_int_equal(token_object(token, handle, &to), CKR_OK);
	assert_int_equal(object_version(to), 3);
	object_free(&to);
	token_free(&token);
}

static void what_is_not_destroyable_stays(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	struct object *object = fixture_data(f, "keep"), *kept = NULL;
	struct sample s = {.list = {.count = 0}};
	uint64_t handle = 0;

	sample_bool(&s, CKA_DESTROYABLE, false);
	assert_int_equal(object_copy(object, &f->policy, &s.list, &kept), CKR_OK);
	assert_int_equal(token_insert(token, &kept, 1, NULL, &handle), CKR_OK);
	assert_int_equal(token_remove(token, handle, NULL), CKR_ACTION_PROHIBITED);
	assert_string_equal(fixture_label(token, handle), "keep");
	object_free(&object);
	object_free(&kept);
	token_free(&token);
}

static void the_limit_of_objects_is_the_stores(void **state)
{
	struct fixture *f = *state;
	uint64_t a = fixture_init(f, "a"), b = fixture_init(f, "b"), handles[2] = {0, 0}, first = 0;
	struct token *one = NULL, *two = NULL;
	struct object *pair[2] = {fixture_data(f, "x"), fixture_data(f, "y")};

	f->settings.max_objects = 3;
	fixture_reopen(f);
	one = fixture_token(f, a);
	two = fixture_token(f, b);
	assert_int_equal(token_insert(one, pair, 2, NULL, handles), CKR_OK);
	first = handles[0];
	assert_int_equal(token_insert(two, pair, 2, NULL, handles), CKR_DEVICE_MEMORY);
	assert_int_equal(handles[0], 0);
	assert_int_equal(token_insert(two, pair, 1, NULL, handles), CKR_OK);
	assert_int_equal(token_insert(one, pair, 1, NULL, handles), CKR_DEVICE_MEMORY);
	assert_int_equal(token_remove(one, first, NULL), CKR_OK);
	assert_int_equal(token_insert(two, pair, 1, NULL, handles), CKR_OK);
	object_free(&pair[0]);
	object_free(&pair[1]);
	token_free(&one);
	token_free(&two);
}

static void finding_pages_through_many(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	struct sample s = {.list = {.count = 0}};
	uint64_t handles[8], last = 0;
	size_t count = 0, seen = 0;
	bool more = true;

	for (int i = 0; i < 50; i++)
		fixture_insert(f, token, i % 2 ? "odd" : "even");
	sample_text(&s, CKA_LABEL, "odd");
	sample_ulong(&s, CKA_CLASS, CKO_DATA);
	while (more) {
		assert_int_equal(token_find(token, &s.list, false, last, handles, 8, &count, &more),
				 CKR_OK);
		for (size_t i = 0; i < count; i++) {
			assert_true(handles[i] > last);
			last = handles[i];
			seen++;
		}
	}
	assert_int_equal(seen, 25);
	/* What has no index; and nothing at all. */
	s.list.count = 0;
	sample_text(&s, CKA_VALUE, "some data");
	assert_int_equal(token_find(token, &s.list, false, 10, handles, 8, &count, &more), CKR_OK);
	assert_int_equal(count, 8);
	assert_true(more);
	assert_int_equal(handles[0], 11);
	sample_text(&s, CKA_VALUE, "other data");
	assert_int_equal(token_find(token, &s.list, false, 0, handles, 8, &count, &more), CKR_OK);
	assert_int_equal(count, 0);
	s.list.count = 0;
	assert_int_equal(token_find(token, &s.list, false, 49, handles, 8, &count, &more), CKR_OK);
	assert_int_equal(count, 1);
	assert_false(more);
	token_free(&token);
}

static void private_objects_are_found_by_the_user_only(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	struct object *object = fixture_data(f, "p"), *hidden = NULL;
	struct sample s = {.list = {.count = 0}};
	uint64_t handle = 0, handles[4];
	size_t count = 0;
	bool more = false;

	sample_bool(&s, CKA_PRIVATE, true);
	assert_int_equal(object_copy(object, &f->policy, &s.list, &hidden), CKR_OK);
	assert_int_equal(token_insert(token, &hidden, 1, NULL, &handle), CKR_OK);
	s.list.count = 0;
	assert_int_equal(token_find(token, &s.list, false, 0, handles, 4, &count, &more), CKR_OK);
	assert_int_equal(count, 0);
	assert_int_equal(token_find(token, &s.list, true, 0, handles, 4, &count, &more), CKR_OK);
	assert_int_equal(count, 1);
	object_free(&object);
	object_free(&hidden);
	token_free(&token);
}

/* ---- once ---- */

/* DESIGN section 7, rule 13: what was given once is never given again, and at the end there is no more. */
static void handles_are_never_given_twice(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	struct token *token = fixture_token(f, slot);
	struct object *object = fixture_data(f, "x");
	uint64_t last = fixture_insert(f, token, "x"), handles[2] = {0, 0};

	for (int i = 0; i < 3; i++) {
		uint64_t next = 0;

		assert_int_equal(token_remove(token, last, NULL), CKR_OK);
		token_free(&token);
		fixture_reopen(f);
		token = fixture_token(f, slot);
		next = fixture_insert(f, token, "x");
		assert_true(next > last);
		last = next;
	}
	/* As after a very long life. */
	token->head.next_handle = HANDLE_TOKEN_MAX;
	assert_int_equal(fixture_insert(f, token, "the last"), HANDLE_TOKEN_MAX);
	assert_int_equal(token_insert(token, &object, 1, NULL, handles), CKR_DEVICE_MEMORY);
	assert_int_equal(token_remove(token, HANDLE_TOKEN_MAX, NULL), CKR_OK);
	assert_int_equal(token_insert(token, &object, 1, NULL, handles), CKR_DEVICE_MEMORY);
	assert_string_equal(fixture_label(token, last), "x");
	object_free(&object);
	token_free(&token);
}

static uint64_t epoch_of(struct token *token)
{
	struct token_facts facts;

	token_facts(token, &facts);
	return facts.epoch;
}

/* Rule 19: PIN, policy and delete writes raise it (of policy: replacing_is_compare_and_swap), others do not. */
static void what_raises_the_epoch(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	uint64_t before = epoch_of(token), handle = fixture_insert(f, token, "x");

	assert_int_equal(token_end_login(token, (const uint8_t[TOKEN_LOGIN_SIZE]){1}, 1000), CKR_OK);
	assert_int_equal(epoch_of(token), before);
	assert_int_equal(token_remove(token, handle, NULL), CKR_OK);
	assert_int_equal(epoch_of(token), before + 1);
	assert_int_equal(token_check_pin(token, CKU_USER, text_span("wrong"), NULL), CKR_PIN_INCORRECT);
	assert_true(epoch_of(token) > before + 1);
	before = epoch_of(token);
	assert_int_equal(token_set_pin(token, CKU_USER, text_span(USER_PIN), text_span("another-pin"), NULL), CKR_OK);
	assert_true(epoch_of(token) > before);
	token_free(&token);
}

static void once_twice_is_one_object(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	struct token *token = fixture_token(f, slot);
	struct object *pair[2] = {fixture_data(f, "one"), fixture_data(f, "two")};
	uint64_t first[2] = {0, 0}, again[2] = {0, 0};
	struct once other = once_a;
	CK_RV rv = CKR_GENERAL_ERROR;

	assert_false(token_once_result(f->store, &once_a, &rv, again));
	assert_int_equal(token_insert(token, pair, 2, &once_a, first), CKR_OK);
	assert_int_equal(token_insert(token, pair, 2, &once_a, again), CKR_OK);
	assert_memory_equal(first, again, sizeof(first));
	token_free(&token);
	fixture_reopen(f);
	token = fixture_token(f, slot);
	memset(again, 0, sizeof(again));
	assert_true(token_once_result(f->store, &once_a, &rv, again));
	assert_int_equal(rv, CKR_OK);
	assert_memory_equal(first, again, sizeof(first));
	assert_int_equal(token_insert(token, pair, 2, &once_a, again), CKR_OK);
	assert_memory_equal(first, again, sizeof(first));
	assert_int_equal(fixture_find(token, "one", NULL), 1);
	other.sequence++;
	assert_int_equal(token_insert(token, pair, 1, &other, again), CKR_OK);
	assert_int_equal(fixture_find(token, "one", NULL), 2);
	assert_int_equal(token_remove(token, first[0], &(struct once){.sequence = 1}), CKR_OK);
	assert_int_equal(token_remove(token, first[0], &(struct once){.sequence = 1}), CKR_OK);
	assert_int_equal(token_remove(token, first[0], NULL), CKR_OBJECT_HANDLE_INVALID);
	object_free(&pair[0]);
	object_free(&pair[1]);
	token_free(&token);
}

static void once_initialises_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(token_store_init(f->store, 1, text_span(SO_PIN), text_span("t"), &once_a),
			 CKR_OK);
	assert_int_equal(token_store_init(f->store, 1, text_span(SO_PIN), text_span("u"), &once_a),
			 CKR_OK);
	fixture_reopen(f);
	assert_int_equal(token_store_init(f->store, 1, text_span(SO_PIN), text_span("v"), &once_a),
			 CKR_OK);
	slots_are(f, (const uint64_t[]){1, 2}, 2);
}

/* ---- crashes ---- */

/* Each of the ways to be killed around a write: the object is there as a whole or not at all. */
static void crash_leaves_all_or_nothing(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");

	for (int how = FAIL_BEFORE; how <= FAIL_AFTER; how++) {
		struct token *token = fixture_token(f, slot);
		struct object *object = fixture_data(f, "crash");
		uint64_t handle = 0, kept = fixture_insert(f, token, "kept");
		size_t had = fixture_find(token, "crash", NULL);
		struct once once = {.sequence = 100 + (uint64_t)how};
		struct token_facts facts;

		fixture_fail(f, (enum failing)how, 1, CKR_DEVICE_ERROR);
		assert_int_equal(token_insert(token, &object, 1, &once, &handle), CKR_DEVICE_ERROR);
		assert_int_equal(fixture_find(token, "crash", NULL), had);
		token_free(&token);
		fixture_reopen(f);
		token = fixture_token(f, slot);
		token_facts(token, &facts);
		assert_int_equal(facts.damaged, 0);
		assert_string_equal(fixture_label(token, kept), "kept");
		/* The resend finds out what became of it. */
		assert_int_equal(token_insert(token, &object, 1, &once, &handle), CKR_OK);
		assert_int_equal(fixture_find(token, "crash", NULL), had + 1);
		object_free(&object);
		token_free(&token);
	}
}

static void a_full_disk_changes_nothing(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	struct token *token = fixture_token(f, slot);
	uint64_t handle = fixture_insert(f, token, "x");
	struct object *object = fixture_data(f, "y"), *from = NULL, *to = NULL;
	struct sample s = {.list = {.count = 0}};
	uint64_t other = 0;

	sample_text(&s, CKA_LABEL, "z");
	assert_int_equal(token_object(token, handle, &from), CKR_OK);
	assert_int_equal(object_change(from, &f->policy, &s.list, &to), CKR_OK);
	fixture_fail(f, FAIL_BEFORE, 1, CKR_DEVICE_MEMORY);
	assert_int_equal(token_insert(token, &object, 1, NULL, &other), CKR_DEVICE_MEMORY);
	assert_int_equal(token_remove(token, handle, NULL), CKR_DEVICE_MEMORY);
	assert_int_equal(token_replace(token, handle, from, to, NULL), CKR_DEVICE_MEMORY);
	assert_int_equal(token_store_init(f->store, slot, text_span(SO_PIN), text_span("n"), NULL),
			 CKR_DEVICE_MEMORY);
	assert_int_equal(
	    token_store_init(f->store, slot + 1, text_span(SO_PIN), text_span("n"), NULL),
	    CKR_DEVICE_MEMORY);
	slots_are(f, (const uint64_t[]){1, 2}, 2);
	assert_string_equal(fixture_label(token, handle), "x");
	assert_int_equal(fixture_find(token, "y", NULL) + fixture_find(token, "z", NULL), 0);
	f->blobs.how = FAIL_NEVER;
	assert_int_equal(token_insert(token, &object, 1, NULL, &other), CKR_OK);
	assert_int_equal(token_replace(token, handle, from, to, NULL), CKR_OK);
	assert_int_equal(fixture_find(token, "y", NULL) + fixture_find(token, "z", NULL), 2);
	object_free(&object);
	object_free(&from);
	object_free(&to);
	token_free(&token);
}

#define ON_BOTH(test)                                                                              \
	cmocka_unit_test_setup_teardown(test, fixture_memory, fixture_teardown),                   \
	{                                                                                          \
		"sqlite_" #test, test, fixture_sqlite, fixture_teardown, NULL                      \
	}
#define ON_MEMORY(test) cmocka_unit_test_setup_teardown(test, fixture_memory, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_BOTH(slots_are_stable_and_the_empty_one_is_last),
	    ON_MEMORY(facts_tell_what_was_given),
	    ON_MEMORY(a_store_without_counter_promises_none),
	    ON_MEMORY(labels_must_be_text),
	    ON_BOTH(initialising_again_destroys_and_keeps_the_serial),
	    ON_MEMORY(objects_come_back_with_their_handles),
	    ON_MEMORY(a_pair_has_two_handles_in_order),
	    ON_BOTH(replacing_is_compare_and_swap),
	    ON_MEMORY(what_is_not_destroyable_stays),
	    ON_MEMORY(the_limit_of_objects_is_the_stores),
	    ON_MEMORY(finding_pages_through_many),
	    ON_MEMORY(handles_are_never_given_twice),
	    ON_MEMORY(what_raises_the_epoch),
	    ON_MEMORY(private_objects_are_found_by_the_user_only),
	    ON_BOTH(once_twice_is_one_object),
	    ON_BOTH(once_initialises_once),
	    ON_BOTH(crash_leaves_all_or_nothing),
	    ON_MEMORY(a_full_disk_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

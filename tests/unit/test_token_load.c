/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_load.c against a hostile store: each record flipped, removed, swapped, put back or added is
 * refused by name, and everything else goes on working.
 */
#include "config.h"

#include "token/token.h"

#include <stdio.h>
#include <string.h>

#include "cmocka_test.h"
#include "common/log.h"
#include "keys/seal.h"
#include "token_fixture.h"
#include "../lib/captured_log.h"

#define FIRST_ON_PAGE_1 256

/* A token with two objects on its page 0 and two on page 1, and a second token with one. */
struct scene {
	struct fixture *f;
	uint64_t on_0[2], on_1[2];
	uint64_t of_2;
};

static void build(struct scene *s, void **state)
{
	struct token *token = NULL;

	s->f = *state;
	assert_int_equal(fixture_init(s->f, "one"), 1);
	assert_int_equal(fixture_init(s->f, "two"), 2);
	token = fixture_token(s->f, 1);
	s->on_0[0] = fixture_insert(s->f, token, "a");
	s->on_0[1] = fixture_insert(s->f, token, "b");
	for (uint64_t last = s->on_0[1]; last < FIRST_ON_PAGE_1 - 1;) {
		last = fixture_insert(s->f, token, "filler");
		assert_int_equal(token_remove(token, last, NULL), CKR_OK);
	}
	s->on_1[0] = fixture_insert(s->f, token, "c");
	s->on_1[1] = fixture_insert(s->f, token, "d");
	assert_int_equal(s->on_1[0], FIRST_ON_PAGE_1);
	token_free(&token);
	token = fixture_token(s->f, 2);
	s->of_2 = fixture_insert(s->f, token, "e");
	token_free(&token);
}

/* ---- tampering, on the real engine ---- */

struct copy {
	struct blob_name name;
	uint64_t version;
	struct buffer blob;
};

static void take(struct scene *s, struct copy *copy, uint32_t kind, uint64_t token, uint64_t id)
{
	*copy = (struct copy){.name = {kind, token, id}};
	assert_int_equal(blobstore_get(s->f->blobs.real, copy->name, &copy->blob, &copy->version),
			 CKR_OK);
	assert_true(copy->version > 0);
}

static void drop(struct scene *s, struct blob_name name)
{
	struct buffer blob = {0};
	uint64_t version = 0;

	assert_int_equal(blobstore_get(s->f->blobs.real, name, &blob, &version), CKR_OK);
	buffer_free(&blob);
	if (version)
		assert_int_equal(blobstore_write(s->f->blobs.real,
						 &(struct blob_write){name, version, 0, {NULL, 0}},
						 1),
				 CKR_OK);
}

/* BLOB stands under NAME in VERSION, whatever was there. */
static void put(struct scene *s, struct blob_name name, uint64_t version, const struct buffer *blob)
{
	drop(s, name);
	assert_int_equal(blobstore_write(s->f->blobs.real,
					 &(struct blob_write){name, 0, version, buffer_span(blob)},
					 1),
			 CKR_OK);
}

static void flip(struct scene *s, uint32_t kind, uint64_t token, uint64_t id)
{
	struct copy c;

	take(s, &c, kind, token, id);
	c.blob.data[c.blob.size / 2] ^= 1;
	put(s, c.name, c.version, &c.blob);
	buffer_free(&c.blob);
}

/* ---- expectations ---- */

struct wanted {
	const char *words;
	bool found;
};

static void look(const char *line, void *arg)
{
	struct wanted *w = arg;

	w->found = w->found || strstr(line, w->words);
}

static bool named(struct token *token, const char *words)
{
	struct wanted w = {words, false};

	token_damage(token, look, &w);
	return w.found;
}

/* After a restart: WORDS are in the damage of token 1, and exactly LABELS (letters) can be had. */
static void expect(struct scene *s, const char *words, const char *labels)
{
	const uint64_t handles[] = {s->on_0[0], s->on_0[1], s->on_1[0], s->on_1[1]};
	struct token *token = NULL;

	fixture_reopen(s->f);
	token = fixture_token(s->f, 1);
	if (words && !named(token, words))
		fail_msg("not named: %s", words);
	for (size_t i = 0; i < 4; i++) {
		const char label[2] = {(char)('a' + i), '\0'};
		const char *got = fixture_label(token, handles[i]);
		struct object *object = NULL;

		if (strchr(labels, label[0])) {
			assert_non_null(got);
			assert_string_equal(got, label);
			assert_int_equal(fixture_find(token, label, NULL), 1);
			continue;
		}
		assert_null(got);
		assert_int_equal(fixture_find(token, label, NULL), 0);
		assert_int_equal(token_object(token, handles[i], &object), CKR_DEVICE_ERROR);
		assert_int_equal(token_remove(token, handles[i], NULL), CKR_DEVICE_ERROR);
	}
	/* It still takes new ones, and they come back. */
	assert_true(fixture_insert(s->f, token, "new") > s->on_1[1]);
	assert_int_equal(token_check_pin(token, CKU_USER, text_span(USER_PIN), NULL), CKR_OK);
	token_free(&token);
	fixture_reopen(s->f);
	token = fixture_token(s->f, 1);
	assert_true(fixture_find(token, "new", NULL) > 0);
	token_free(&token);
	token = fixture_token(s->f, 2);
	assert_string_equal(fixture_label(token, s->of_2), "e");
	token_free(&token);
}

/* Token 1 is refused, with WORDS in the log; token 2 goes on. */
static void expect_no_token(struct scene *s, const char *words)
{
	struct captured_log log;
	struct token *token = NULL;
	uint64_t slots[8];
	size_t count = 0;

	captured_log_begin(&log);
	fixture_reopen(s->f);
	captured_log_end(&log);
	assert_true(captured_log_has(&log, words));
	assert_int_equal(token_store_slots(s->f->store, slots, 8, &count), CKR_OK);
	assert_int_equal(count, 3);
	assert_int_equal(token_store_find(s->f->store, 1, &token), CKR_TOKEN_NOT_RECOGNIZED);
	assert_null(token);
	assert_int_equal(token_store_init(s->f->store, 1, text_span(SO_PIN), text_span("x"), NULL),
			 CKR_TOKEN_NOT_RECOGNIZED);
	token = fixture_token(s->f, 2);
	assert_string_equal(fixture_label(token, s->of_2), "e");
	assert_true(fixture_insert(s->f, token, "more") > 0);
	token_free(&token);
	assert_int_equal(fixture_init(s->f, "three"), 3);
}

static void expect_no_store(struct scene *s, const char *words)
{
	struct captured_log log;

	captured_log_begin(&log);
	assert_int_equal(fixture_try_reopen(s->f), CKR_TOKEN_NOT_RECOGNIZED);
	captured_log_end(&log);
	assert_true(captured_log_has(&log, words));
}

/* ---- objects ---- */

static void nothing_is_wrong_with_a_whole_store(void **state)
{
	struct scene s;
	struct token_facts facts;
	struct token *token = NULL;

	build(&s, state);
	expect(&s, NULL, "abcd");
	token = fixture_token(s.f, 1);
	token_facts(token, &facts);
	assert_int_equal(facts.damaged, 0);
	token_free(&token);
}

static void a_flipped_bit_of_an_object(void **state)
{
	struct scene s;

	build(&s, state);
	flip(&s, RECORD_OBJECT, 1, s.on_0[1]);
	expect(&s, "token 1 object 2: was changed", "acd");
}

static void a_removed_object(void **state)
{
	struct scene s;

	build(&s, state);
	drop(&s, (struct blob_name){RECORD_OBJECT, 1, s.on_1[0]});
	expect(&s, "token 1 object 256: was removed", "abd");
}

static void two_swapped_objects(void **state)
{
	struct scene s;
	struct copy a, b;

	build(&s, state);
	take(&s, &a, RECORD_OBJECT, 1, s.on_0[0]);
	take(&s, &b, RECORD_OBJECT, 1, s.on_0[1]);
	put(&s, a.name, a.version, &b.blob);
	put(&s, b.name, b.version, &a.blob);
	buffer_free(&a.blob);
	buffer_free(&b.blob);
	expect(&s, "token 1 object 2: was changed", "cd");
}

static void an_object_of_another_token(void **state)
{
	struct scene s;
	struct copy e;

	build(&s, state);
	take(&s, &e, RECORD_OBJECT, 2, s.of_2);
	put(&s, (struct blob_name){RECORD_OBJECT, 1, s.on_0[0]}, e.version, &e.blob);
	buffer_free(&e.blob);
	expect(&s, "token 1 object 1: was changed", "bcd");
}

/* An older version, put back, as itself and as the newer one. */
static void a_replayed_object(void **state)
{
	struct scene s;
	struct copy old;
	struct token *token = NULL;
	struct object *from = NULL, *to = NULL;
	struct sample t = {.list = {.count = 0}};

	build(&s, state);
	take(&s, &old, RECORD_OBJECT, 1, s.on_0[0]);
	token = fixture_token(s.f, 1);
	sample_bool(&t, CKA_COPYABLE, false);
	assert_int_equal(token_object(token, s.on_0[0], &from), CKR_OK);
	assert_int_equal(object_change(from, &s.f->policy, &t.list, &to), CKR_OK);
	assert_int_equal(token_replace(token, s.on_0[0], from, to, NULL), CKR_OK);
	object_free(&from);
	object_free(&to);
	token_free(&token);
	put(&s, old.name, old.version, &old.blob);
	expect(&s, "token 1 object 1: was replaced by an older one (version 1, not 2)", "bcd");
	put(&s, old.name, old.version + 1, &old.blob);
	expect(&s, "token 1 object 1: was changed", "bcd");
	buffer_free(&old.blob);
}

static void a_destroyed_object_put_back(void **state)
{
	struct scene s;
	struct copy old;
	struct token *token = NULL;

	build(&s, state);
	take(&s, &old, RECORD_OBJECT, 1, s.on_0[0]);
	token = fixture_token(s.f, 1);
	assert_int_equal(token_remove(token, s.on_0[0], NULL), CKR_OK);
	token_free(&token);
	put(&s, old.name, old.version, &old.blob);
	fixture_reopen(s.f);
	token = fixture_token(s.f, 1);
	assert_true(named(token, "token 1 object 1: no page names it"));
	assert_null(fixture_label(token, s.on_0[0]));
	assert_string_equal(fixture_label(token, s.on_0[1]), "b");
	token_free(&token);
	buffer_free(&old.blob);
}

/* ---- pages ---- */

static void a_flipped_bit_of_a_page(void **state)
{
	struct scene s;

	build(&s, state);
	flip(&s, RECORD_PAGE, 1, 0);
	expect(&s, "token 1 page 0: was changed", "cd");
	assert_non_null(s.f->store);
}

/* The page that takes the next handle: it is passed over. */
static void a_removed_page(void **state)
{
	struct scene s;

	build(&s, state);
	drop(&s, (struct blob_name){RECORD_PAGE, 1, 1});
	expect(&s, "token 1 page 1: was removed", "ab");
}

static void swapped_pages(void **state)
{
	struct scene s;
	struct copy a, b;

	build(&s, state);
	take(&s, &a, RECORD_PAGE, 1, 0);
	take(&s, &b, RECORD_PAGE, 1, 1);
	put(&s, a.name, a.version, &b.blob);
	put(&s, b.name, b.version, &a.blob);
	buffer_free(&a.blob);
	buffer_free(&b.blob);
	expect(&s, "token 1 page 0: was changed", "");
}

static void a_replayed_page(void **state)
{
	struct scene s;
	struct copy old, object;
	struct token *token = NULL;

	build(&s, state);
	take(&s, &old, RECORD_PAGE, 1, 1);
	take(&s, &object, RECORD_OBJECT, 1, s.on_1[0]);
	token = fixture_token(s.f, 1);
	assert_int_equal(token_remove(token, s.on_1[0], NULL), CKR_OK);
	token_free(&token);
	/* The destroyed key together with the page that knew it. */
	put(&s, old.name, old.version, &old.blob);
	put(&s, object.name, object.version, &object.blob);
	buffer_free(&old.blob);
	buffer_free(&object.blob);
	expect(&s, "token 1 page 1: was replaced by an older one", "ab");
}

/* ---- heads and slots ---- */

static void a_flipped_bit_of_a_head(void **state)
{
	struct scene s;

	build(&s, state);
	flip(&s, RECORD_TOKEN, 1, 0);
	expect_no_token(&s, "token 1 head: was changed");
}

static void a_removed_head(void **state)
{
	struct scene s;

	build(&s, state);
	drop(&s, (struct blob_name){RECORD_TOKEN, 1, 0});
	expect_no_token(&s, "token 1 head: was removed");
}

/* Failed attempts cannot be forgotten by putting back the head from before them. */
static void a_replayed_head(void **state)
{
	struct scene s;
	struct copy old;
	struct token *token = NULL;

	build(&s, state);
	take(&s, &old, RECORD_TOKEN, 1, 0);
	token = fixture_token(s.f, 1);
	assert_int_equal(token_check_pin(token, CKU_USER, text_span("guess"), NULL),
			 CKR_PIN_INCORRECT);
	token_free(&token);
	put(&s, old.name, old.version, &old.blob);
	buffer_free(&old.blob);
	expect_no_token(&s, "token 1 head: was replaced by an older one");
}

static void swapped_heads(void **state)
{
	struct scene s;
	struct copy a, b;

	build(&s, state);
	take(&s, &a, RECORD_TOKEN, 1, 0);
	take(&s, &b, RECORD_TOKEN, 2, 0);
	put(&s, a.name, a.version, &b.blob);
	buffer_free(&a.blob);
	buffer_free(&b.blob);
	expect_no_token(&s, "token 1 head: was changed");
}

static void slots_flipped_or_removed(void **state)
{
	struct scene s;
	struct copy slots;

	build(&s, state);
	take(&s, &slots, RECORD_SLOTS, 0, 0);
	flip(&s, RECORD_SLOTS, 0, 0);
	expect_no_store(&s, "slots: was changed");
	drop(&s, slots.name);
	expect_no_store(&s, "slots: was removed");
	put(&s, slots.name, slots.version, &slots.blob);
	buffer_free(&slots.blob);
	expect(&s, NULL, "abcd");
}

/* An older RECORD_SLOTS makes every head that was written since one of another version. */
static void replayed_slots(void **state)
{
	struct scene s;
	struct copy old;
	struct token *token = NULL;

	build(&s, state);
	take(&s, &old, RECORD_SLOTS, 0, 0);
	token = fixture_token(s.f, 1);
	assert_int_equal(token_check_pin(token, CKU_USER, text_span("guess"), NULL),
			 CKR_PIN_INCORRECT);
	token_free(&token);
	put(&s, old.name, old.version, &old.blob);
	buffer_free(&old.blob);
	expect_no_token(&s, "token 1 head: is of another version");
}

/* Two lives of one store, with the same versions: what one life made does not fit into the other. */
static void mixtures_of_two_lives(void **state)
{
	struct scene s;
	struct copy before[4], other;
	struct token *token = NULL;
	uint64_t handle = 0;
	static const uint32_t kinds[] = {RECORD_SLOTS, RECORD_TOKEN, RECORD_PAGE};

	build(&s, state);
	take(&s, &before[0], RECORD_SLOTS, 0, 0);
	take(&s, &before[1], RECORD_TOKEN, 1, 0);
	take(&s, &before[2], RECORD_PAGE, 1, 1);
	token = fixture_token(s.f, 1);
	handle = fixture_insert(s.f, token, "first life");
	token_free(&token);
	take(&s, &other, RECORD_OBJECT, 1, handle);
	drop(&s, other.name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		put(&s, before[i].name, before[i].version, &before[i].blob);
		buffer_free(&before[i].blob);
	}
	fixture_reopen(s.f);
	token = fixture_token(s.f, 1);
	assert_int_equal(fixture_insert(s.f, token, "second life"), handle);
	token_free(&token);
	put(&s, other.name, other.version, &other.blob);
	buffer_free(&other.blob);
	fixture_reopen(s.f);
	token = fixture_token(s.f, 1);
	assert_true(named(token, "token 1 object 258: is of another copy of the store"));
	assert_null(fixture_label(token, handle));
	assert_string_equal(fixture_label(token, s.on_1[0]), "c");
	token_free(&token);
}

/* ---- while it runs ---- */

/* Somebody else's write under ours: refused, nothing is lost. */
static void a_write_under_our_feet(void **state)
{
	struct scene s;
	struct copy head;
	struct captured_log log;
	struct token *token = NULL;
	struct object *object = NULL;
	uint64_t handle = 0;
	CK_RV rv = CKR_OK;

	build(&s, state);
	take(&s, &head, RECORD_TOKEN, 1, 0);
	put(&s, head.name, head.version + 5, &head.blob);
	token = fixture_token(s.f, 1);
	object = fixture_data(s.f, "x");
	captured_log_begin(&log);
	rv = token_insert(token, &object, 1, NULL, &handle);
	captured_log_end(&log);
	assert_int_equal(rv, CKR_DEVICE_ERROR);
	assert_true(captured_log_has(&log, "changed by somebody else"));
	assert_string_equal(fixture_label(token, s.on_0[0]), "a");
	assert_int_equal(fixture_find(token, "x", NULL), 0);
	put(&s, head.name, head.version, &head.blob);
	assert_int_equal(token_insert(token, &object, 1, NULL, &handle), CKR_OK);
	object_free(&object);
	token_free(&token);
	buffer_free(&head.blob);
}

/* ---- what was refused goes when it is told to, and nothing else does ---- */

static void expect_damaged(struct token *token, const uint64_t *handles, size_t count)
{
	uint64_t found[8] = {0};
	size_t n = 0;
	bool more = false;

	assert_int_equal(token_find_damaged(token, 0, found, 8, &n, &more), CKR_OK);
	assert_int_equal(n, count);
	assert_false(more);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(found[i], handles[i]);
	if (count < 2)
		return;
	/* In pages, as a search. */
	assert_int_equal(token_find_damaged(token, 0, found, 1, &n, &more), CKR_OK);
	assert_true(n == 1 && more && found[0] == handles[0]);
	assert_int_equal(token_find_damaged(token, found[0], found, 1, &n, &more), CKR_OK);
	assert_true(n == 1 && found[0] == handles[1]);
}

static uint64_t damaged(struct token *token)
{
	struct token_facts facts;

	token_facts(token, &facts);
	return facts.damaged;
}

/* Token 1 is without damage, also after a restart, and LABELS can be had. */
static void expect_whole(struct scene *s, struct token **token, const char *labels)
{
	const uint64_t handles[] = {s->on_0[0], s->on_0[1], s->on_1[0], s->on_1[1]};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(damaged(*token), 0);
		expect_damaged(*token, NULL, 0);
		for (size_t k = 0; k < 4; k++) {
			const char label[2] = {(char)('a' + k), '\0'};
			struct object *object = NULL;

			if (strchr(labels, label[0])) {
				assert_string_equal(fixture_label(*token, handles[k]), label);
				continue;
			}
			assert_int_equal(token_object(*token, handles[k], &object), CKR_OBJECT_HANDLE_INVALID);
			assert_int_equal(token_discard(*token, handles[k], NULL), CKR_OBJECT_HANDLE_INVALID);
		}
		token_free(token);
		fixture_reopen(s->f);
		*token = fixture_token(s->f, 1);
	}
}

static void a_refused_object_can_go(void **state)
{
	for (int how = 0; how < 3; how++) {
		struct scene s;
		struct copy older;
		struct token *token = NULL;

		fixture_teardown(state);
		fixture_memory(state);
		build(&s, state);
		take(&s, &older, RECORD_OBJECT, 1, s.on_0[1]);
		if (how == 0)
			flip(&s, RECORD_OBJECT, 1, s.on_0[1]);
		if (how == 1)
			drop(&s, older.name);
		if (how == 2)
			put(&s, older.name, older.version + 7, &older.blob);
		fixture_reopen(s.f);
		token = fixture_token(s.f, 1);
		expect_damaged(token, &s.on_0[1], 1);
		assert_int_equal(token_discard(token, s.on_0[0], NULL), CKR_ACTION_PROHIBITED);
		assert_int_equal(token_discard(token, 4711, NULL), CKR_OBJECT_HANDLE_INVALID);
		assert_int_equal(damaged(token), 1);
		/* What is not written has not happened. */
		fixture_fail(s.f, FAIL_BEFORE, 1, CKR_DEVICE_ERROR);
		assert_int_equal(token_discard(token, s.on_0[1], NULL), CKR_DEVICE_ERROR);
		s.f->blobs.how = FAIL_NEVER;
		expect_damaged(token, &s.on_0[1], 1);
		assert_int_equal(token_discard(token, s.on_0[1], NULL), CKR_OK);
		expect_whole(&s, &token, "acd");
		buffer_free(&older.blob);
		token_free(&token);
	}
}

static void a_record_that_no_page_names_can_go(void **state)
{
	struct scene s;
	struct copy gone;
	struct token *token = NULL;

	build(&s, state);
	take(&s, &gone, RECORD_OBJECT, 1, s.on_0[0]);
	token = fixture_token(s.f, 1);
	assert_int_equal(token_remove(token, s.on_0[0], NULL), CKR_OK);
	token_free(&token);
	put(&s, gone.name, gone.version, &gone.blob);
	fixture_reopen(s.f);
	token = fixture_token(s.f, 1);
	expect_damaged(token, &s.on_0[0], 1);
	assert_int_equal(token_discard(token, s.on_0[0], NULL), CKR_OK);
	expect_whole(&s, &token, "bcd");
	buffer_free(&gone.blob);
	token_free(&token);
}

/* Object by object: the page goes with the last one, and its handles are not given again. */
static void a_refused_page_can_go(void **state)
{
	struct scene s;
	struct token *token = NULL;

	build(&s, state);
	flip(&s, RECORD_PAGE, 1, 1);
	fixture_reopen(s.f);
	token = fixture_token(s.f, 1);
	expect_damaged(token, s.on_1, 2);
	assert_int_equal(damaged(token), 3);
	assert_int_equal(token_discard(token, s.on_1[1] + 1, NULL), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(token_discard(token, s.on_1[0], NULL), CKR_OK);
	for (int i = 0; i < 2; i++) {
		expect_damaged(token, &s.on_1[1], 1);
		assert_int_equal(damaged(token), 2);
		token_free(&token);
		fixture_reopen(s.f);
		token = fixture_token(s.f, 1);
	}
	assert_int_equal(token_discard(token, s.on_1[1], NULL), CKR_OK);
	expect_whole(&s, &token, "ab");
	assert_true(fixture_insert(s.f, token, "new") >= 2 * FIRST_ON_PAGE_1);
	token_free(&token);
}

static void a_page_of_which_nothing_is_left_can_go(void **state)
{
	struct scene s;
	struct token *token = NULL;
	const uint64_t first = FIRST_ON_PAGE_1;

	build(&s, state);
	drop(&s, (struct blob_name){RECORD_PAGE, 1, 1});
	drop(&s, (struct blob_name){RECORD_OBJECT, 1, s.on_1[0]});
	drop(&s, (struct blob_name){RECORD_OBJECT, 1, s.on_1[1]});
	fixture_reopen(s.f);
	token = fixture_token(s.f, 1);
	expect_damaged(token, &first, 1);
	assert_int_equal(token_discard(token, first, NULL), CKR_OK);
	expect_whole(&s, &token, "ab");
	token_free(&token);
}

static size_t lines;

static void count_line(const char *line, void *arg)
{
	lines += strstr(line, arg) != NULL;
}

/* The SO PIN is lost with it; a new token stands in the slot, and nothing of the old one is left. */
static void a_refused_head_can_be_replaced(void **state)
{
	static char words[] = "token 1 head: was changed";
	struct scene s;
	struct token *token = NULL;
	struct token_facts before, after;
	uint64_t slots[8];
	size_t count = 0;

	build(&s, state);
	token = fixture_token(s.f, 1);
	token_facts(token, &before);
	token_free(&token);
	flip(&s, RECORD_TOKEN, 1, 0);
	fixture_reopen(s.f);
	assert_int_equal(token_store_damaged(s.f->store), 1);
	lines = 0;
	token_store_damage(s.f->store, count_line, words);
	assert_int_equal(lines, 1);
	assert_int_equal(token_store_replace(s.f->store, 1, text_span("1"), text_span("n"), NULL), CKR_PIN_LEN_RANGE);
	assert_int_equal(token_store_init(s.f->store, 1, text_span(SO_PIN), text_span("n"), NULL),
			 CKR_TOKEN_NOT_RECOGNIZED);
	assert_int_equal(token_store_replace(s.f->store, 1, text_span("another-so-pin"), text_span("n"), NULL), CKR_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(token_store_damaged(s.f->store), 0);
		assert_int_equal(token_store_slots(s.f->store, slots, 8, &count), CKR_OK);
		assert_true(count == 3 && slots[0] == 1 && slots[1] == 2);
		token = fixture_token(s.f, 1);
		token_facts(token, &after);
		assert_string_equal(after.label, "n");
		assert_string_not_equal(after.serial, before.serial);
		assert_int_equal(after.objects, 0);
		assert_int_equal(after.damaged, 0);
		assert_int_equal(token_check_pin(token, CKU_SO, text_span("another-so-pin"), NULL), CKR_OK);
		assert_int_equal(token_check_pin(token, CKU_SO, text_span(SO_PIN), NULL), CKR_PIN_INCORRECT);
		token_free(&token);
		token = fixture_token(s.f, 2);
		assert_string_equal(fixture_label(token, s.of_2), "e");
		token_free(&token);
		fixture_reopen(s.f);
	}
	/* A whole one wants its own SO's PIN, whoever asks. */
	assert_int_equal(token_store_replace(s.f->store, 2, text_span("another-so-pin"), text_span("n"), NULL),
			 CKR_PIN_INCORRECT);
}

#define ATTACK(test) cmocka_unit_test_setup_teardown(test, fixture_memory, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ATTACK(nothing_is_wrong_with_a_whole_store),
	    ATTACK(a_flipped_bit_of_an_object),
	    ATTACK(a_removed_object),
	    ATTACK(two_swapped_objects),
	    ATTACK(an_object_of_another_token),
	    ATTACK(a_replayed_object),
	    ATTACK(a_destroyed_object_put_back),
	    ATTACK(a_flipped_bit_of_a_page),
	    ATTACK(a_removed_page),
	    ATTACK(swapped_pages),
	    ATTACK(a_replayed_page),
	    ATTACK(a_flipped_bit_of_a_head),
	    ATTACK(a_removed_head),
	    ATTACK(a_replayed_head),
	    ATTACK(swapped_heads),
	    ATTACK(slots_flipped_or_removed),
	    ATTACK(replayed_slots),
	    ATTACK(mixtures_of_two_lives),
	    ATTACK(a_write_under_our_feet),
	    ATTACK(a_refused_object_can_go),
	    ATTACK(a_record_that_no_page_names_can_go),
	    ATTACK(a_refused_page_can_go),
	    ATTACK(a_page_of_which_nothing_is_left_can_go),
	    ATTACK(a_refused_head_can_be_replaced),
	};

	log_open("test", LOG_LEVEL_WARNING);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

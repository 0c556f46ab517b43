/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit.c: many threads insert, change, find, read, remove and log in at once; writers share
 * batches, readers see whole objects, and all of it is there after a restart. Made for TSan.
 */
#include "config.h"

#include "token/token.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_test.h"
#include "token_fixture.h"

#define THREADS 4
#define ROUNDS 60
#define MINE 8 /* objects that a thread keeps */

struct worker {
	struct fixture *f;
	struct token *token;
	unsigned number;
	uint64_t kept[MINE];
	unsigned wrong; /* cmocka's asserts are not for threads */
};

static uint64_t insert(struct worker *w, const char *label)
{
	struct object *object = fixture_data(w->f, label);
	uint64_t handle = 0;

	if (token_insert(w->token, &object, 1, NULL, &handle) != CKR_OK)
		w->wrong++;
	object_free(&object);
	return handle;
}

static void rename_to(struct worker *w, uint64_t handle, const char *label)
{
	struct sample s = {.list = {.count = 0}};
	struct object *from = NULL, *to = NULL;

	sample_text(&s, CKA_LABEL, label);
	if (token_object(w->token, handle, &from) != CKR_OK ||
	    object_change(from, &w->f->policy, &s.list, &to) != CKR_OK ||
	    token_replace(w->token, handle, from, to, NULL) != CKR_OK)
		w->wrong++;
	object_free(&from);
	object_free(&to);
}

/* Renamed meanwhile by its own thread: then the other label is there, whole. */
static bool is_renamed(const struct object *object)
{
	struct span label = attribute_set_get(object_attributes(object), CKA_LABEL);

	return label.size > 3 && !memcmp(label.data, "of ", 3);
}

static void look_around(struct worker *w, const char *label, size_t at_least)
{
	struct sample s = {.list = {.count = 0}};
	uint64_t handles[64] = {0};
	size_t count = 0;
	bool more = false;
	struct token_facts facts;

	sample_text(&s, CKA_LABEL, label);
	token_find(w->token, &s.list, true, 0, handles, 64, &count, &more);
	if (count < at_least)
		w->wrong++;
	for (size_t i = 0; i < count; i++) {
		struct object *object = NULL;

		/* Another thread may have taken it away, but never a part of it. */
		if (token_object(w->token, handles[i], &object) == CKR_OK &&
		    !object_matches(object, &s.list) && !is_renamed(object))
			w->wrong++;
		object_free(&object);
	}
	token_facts(w->token, &facts);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	char label[32];

	snprintf(label, sizeof(label), "of %u", w->number);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t handle = insert(w, "shared");

		look_around(w, "shared", 0);
		if (i < MINE) {
			w->kept[i] = handle;
			rename_to(w, handle, label);
			look_around(w, label, i + 1);
		} else if (token_remove(w->token, handle, NULL) != CKR_OK) {
			w->wrong++;
		}
	}
	return NULL;
}

static void *log_in(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < 3; i++) {
		if (token_check_pin(w->token, CKU_USER, text_span("wrong"), NULL) !=
			CKR_PIN_INCORRECT ||
		    token_check_pin(w->token, CKU_USER, text_span(USER_PIN), NULL) != CKR_OK)
			w->wrong++;
		if (token_end_login(w->token, (const uint8_t[TOKEN_LOGIN_SIZE]){(uint8_t)i, 9}, 1000) != CKR_OK)
			w->wrong++;
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	struct token *token = fixture_token(f, slot);
	struct worker worker[THREADS + 1] = {{.f = f}};
	pthread_t thread[THREADS + 1];
	struct token_facts facts;

	for (unsigned i = 0; i <= THREADS; i++) {
		worker[i] = (struct worker){.f = f, .token = token, .number = i};
		assert_int_equal(
		    pthread_create(&thread[i], NULL, i < THREADS ? work : log_in, &worker[i]), 0);
	}
	for (unsigned i = 0; i <= THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(worker[i].wrong, 0);
	}
	token_free(&token);
	fixture_reopen(f);
	token = fixture_token(f, slot);
	token_facts(token, &facts);
	assert_int_equal(facts.objects, THREADS * MINE);
	assert_int_equal(facts.damaged, 0);
	for (uint8_t i = 0; i <= 3; i++)
		assert_int_equal(token_login_is_over(token, (const uint8_t[TOKEN_LOGIN_SIZE]){i, 9}, 1), i < 3);
	for (unsigned i = 0; i < THREADS; i++)
		for (unsigned k = 0; k < MINE; k++) {
			char label[32];

			snprintf(label, sizeof(label), "of %u", i);
			assert_string_equal(fixture_label(token, worker[i].kept[k]), label);
		}
	token_free(&token);
}

/* A slow engine: what comes meanwhile goes together. */
static CK_RV slow_write(struct blobstore *store, const struct blob_write *writes, size_t count)
{
	struct failing_blobs *blobs = (struct failing_blobs *)store;

	usleep(20000);
	blobs->writes++;
	return blobstore_write(blobs->real, writes, count);
}

static void *insert_some(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < 5; i++)
		insert(w, "x");
	return NULL;
}

static void writers_share_batches(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	struct blobstore_ops slow = *f->blobs.base.ops;
	const struct blobstore_ops *usual = f->blobs.base.ops;
	struct worker worker[8];
	pthread_t thread[8];
	unsigned writes = f->blobs.writes;

	slow.write = slow_write;
	f->blobs.base.ops = &slow;
	for (unsigned i = 0; i < 8; i++) {
		worker[i] = (struct worker){.f = f, .token = token};
		assert_int_equal(pthread_create(&thread[i], NULL, insert_some, &worker[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(worker[i].wrong, 0);
	}
	f->blobs.base.ops = usual;
	assert_int_equal(fixture_find(token, "x", NULL), 40);
	/* 40 one by one; two or three waves of eight at best. */
	assert_in_range(f->blobs.writes - writes, 5, 30);
	token_free(&token);
}

/* One change that cannot be done does not fail those that came along with it. */
struct together {
	struct worker w;
	struct object *object;
	uint64_t handle;
	CK_RV rv;
};

static void *insert_one(void *arg)
{
	struct together *t = arg;

	t->rv = token_insert(t->w.token, &t->object, 1, NULL, &t->handle);
	return NULL;
}

static void *remove_one(void *arg)
{
	struct together *t = arg;

	t->rv = token_remove(t->w.token, t->handle, NULL);
	return NULL;
}

static void each_gets_its_own_verdict(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	uint64_t handle = fixture_insert(f, token, "once");
	struct together t[8];
	pthread_t thread[8];
	struct blobstore_ops slow = *f->blobs.base.ops;
	const struct blobstore_ops *usual = f->blobs.base.ops;
	unsigned removed = 0;

	slow.write = slow_write;
	f->blobs.base.ops = &slow;
	for (unsigned i = 0; i < 8; i++) {
		t[i] = (struct together){.w = {.f = f, .token = token},
					 .object = fixture_data(f, "new"),
					 .handle = handle};
		assert_int_equal(
		    pthread_create(&thread[i], NULL, i % 2 ? insert_one : remove_one, &t[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(thread[i], NULL);
		if (i % 2)
			assert_int_equal(t[i].rv, CKR_OK);
		else if (t[i].rv == CKR_OK)
			removed++;
		else
			assert_int_equal(t[i].rv, CKR_OBJECT_HANDLE_INVALID);
		object_free(&t[i].object);
	}
	f->blobs.base.ops = usual;
	assert_int_equal(removed, 1);
	assert_int_equal(fixture_find(token, "new", NULL), 4);
	token_free(&token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(threads_do_not_disturb_each_other, fixture_memory,
					    fixture_teardown),
	    cmocka_unit_test_setup_teardown(writers_share_batches, fixture_memory,
					    fixture_teardown),
	    cmocka_unit_test_setup_teardown(each_gets_its_own_verdict, fixture_memory,
					    fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

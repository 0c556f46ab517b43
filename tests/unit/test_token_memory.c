/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token/ without memory: every allocation of a life of a store is refused once, from the first to
 * the last. Each time the call says so, nothing half-done is seen or stored, and nothing leaks
 * (ASan).
 */
#include "config.h"

#include "token/token.h"

#include <stdlib.h>
#include <string.h>

#include "cmocka_test.h"
#include "token_fixture.h"

/* The program is linked with --wrap for these. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);

static long countdown = -1; /* allocations that still pass; negative: all do */

static bool refused(void)
{
	if (countdown < 0)
		return false;
	return countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return refused() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return refused() ? NULL : __real_reallocarray(p, count, size);
}

/*
 * Calls STEP with every allocation refused in turn, until one call asks for no more. A step can do
 * without some (what only makes things faster); UNDO makes it possible again.
 */
static void sweep(struct fixture *f, CK_RV (*step)(struct fixture *f, void *arg),
		  void (*undo)(struct fixture *f, void *arg), void *arg, long at_least)
{
	for (long n = 0;; n++) {
		CK_RV rv = CKR_OK;
		bool all = false;

		countdown = n;
		rv = step(f, arg);
		all = countdown >= 0;
		countdown = -1;
		if (rv != CKR_OK && (all || rv != CKR_DEVICE_MEMORY))
			fail_msg("allocation %ld: 0x%lx", n, rv);
		if (all) {
			assert_true(n >= at_least);
			return;
		}
		if (rv == CKR_OK && undo)
			undo(f, arg);
		assert_true(n < 5000);
	}
}

struct subject {
	struct token *token;
	struct object *object;
	uint64_t handle;
	struct once once;
};

static CK_RV step_insert(struct fixture *f, void *arg)
{
	struct subject *s = arg;

	(void)f;
	return token_insert(s->token, &s->object, 1, &s->once, &s->handle);
}

static CK_RV step_remove(struct fixture *f, void *arg)
{
	struct subject *s = arg;

	(void)f;
	return token_remove(s->token, s->handle, &s->once);
}

static void undo_insert(struct fixture *f, void *arg)
{
	struct subject *s = arg;

	assert_int_equal(token_remove(s->token, s->handle, NULL), CKR_OK);
	s->once.sequence++;
	(void)f;
}

static void undo_remove(struct fixture *f, void *arg)
{
	struct subject *s = arg;

	assert_int_equal(token_insert(s->token, &s->object, 1, NULL, &s->handle), CKR_OK);
	s->once.sequence++;
	(void)f;
}

static CK_RV step_replace(struct fixture *f, void *arg)
{
	struct subject *s = arg;
	struct sample t = {.list = {.count = 0}};
	struct object *from = NULL, *to = NULL;
	CK_RV rv = token_object(s->token, s->handle, &from);

	sample_text(&t, CKA_LABEL, "second");
	if (rv == CKR_OK)
		rv = object_change(from, &f->policy, &t.list, &to);
	if (rv == CKR_OK)
		rv = token_replace(s->token, s->handle, from, to, NULL);
	object_free(&from);
	object_free(&to);
	return rv;
}

static CK_RV step_end_login(struct fixture *f, void *arg)
{
	const struct subject *s = arg;

	(void)f;
	return token_end_login(s->token, (const uint8_t[TOKEN_LOGIN_SIZE]){1}, 1000);
}

static CK_RV step_begin(struct fixture *f, void *arg)
{
	struct sample s = {.list = {.count = 0}};
	struct attribute_set *set = NULL;
	struct object *object = NULL;
	CK_RV rv = CKR_OK;

	(void)arg;
	sample_text(&s, CKA_VALUE, "v");
	rv = object_begin(OBJECT_CREATED, &f->policy, NULL, NULL, CKO_DATA, &s.list, &set);
	if (rv == CKR_OK)
		rv = object_finish(OBJECT_CREATED, NULL, NULL, &set, &object);
	object_free(&object);
	return rv;
}

static CK_RV step_reopen(struct fixture *f, void *arg)
{
	CK_RV rv = CKR_OK;

	(void)arg;
	token_store_free(&f->store);
	rv = token_store_open(&f->settings, &f->platform.base, &f->blobs.base, &f->store);
	return rv;
}

static void every_allocation_of_a_life(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	struct subject s = {.token = fixture_token(f, slot), .object = fixture_data(f, "first")};

	sweep(f, step_begin, NULL, NULL, 3);
	sweep(f, step_insert, undo_insert, &s, 10);
	assert_int_equal(fixture_find(s.token, "first", NULL), 1);
	sweep(f, step_replace, NULL, &s, 10);
	assert_int_equal(fixture_find(s.token, "first", NULL), 0);
	assert_int_equal(fixture_find(s.token, "second", NULL), 1);
	sweep(f, step_end_login, NULL, &s, 10);
	token_free(&s.token);
	sweep(f, step_reopen, NULL, NULL, 10);
	s.token = fixture_token(f, slot);
	assert_true(token_login_is_over(s.token, (const uint8_t[TOKEN_LOGIN_SIZE]){1}, 1));
	assert_string_equal(fixture_label(s.token, s.handle), "second");
	s.once.sequence++;
	sweep(f, step_remove, undo_remove, &s, 10);
	assert_null(fixture_label(s.token, s.handle));
	object_free(&s.object);
	token_free(&s.token);
	fixture_reopen(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_allocation_of_a_life, fixture_memory,
					    fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

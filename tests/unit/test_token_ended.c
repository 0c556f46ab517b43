/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ended.c: a login that was ended stays so, over restarts, a clock that is set back, more logouts than are kept and
 * a store that takes the names away; and no other login ends with it.
 */
#include "config.h"

#include "token/token.h"

#include <string.h>
#include <time.h>

#include "cmocka_test.h"
#include "common/log.h"
#include "keys/seal.h"
#include "token_fixture.h"
#include "token/record.h"

#define DAY TOKEN_LOGIN_LIFETIME_S

struct scene {
	struct fixture *f;
	struct token *token;
};

static void build(struct scene *s, void **state)
{
	s->f = *state;
	s->token = fixture_token(s->f, fixture_init(s->f, "t"));
}

static void reopen(struct scene *s)
{
	token_free(&s->token);
	fixture_reopen(s->f);
	s->token = fixture_token(s->f, 1);
}

/* Login NUMBER has this name. */
static const uint8_t *name_of(uint32_t number)
{
	static uint8_t name[TOKEN_LOGIN_SIZE];

	memset(name, 7, sizeof(name));
	memcpy(name, &number, sizeof(number));
	return name;
}

static void end(struct scene *s, uint32_t number, uint64_t now)
{
	assert_int_equal(token_end_login(s->token, name_of(number), now), CKR_OK);
}

static bool over(struct scene *s, uint32_t number, uint64_t made)
{
	return token_login_is_over(s->token, name_of(number), made);
}

static CK_RV count_one(struct blob_name name, uint64_t version, struct span blob, void *arg)
{
	(void)name;
	(void)version;
	(void)blob;
	(*(size_t *)arg)++;
	return CKR_OK;
}

static size_t pages(struct scene *s)
{
	size_t count = 0;

	assert_int_equal(blobstore_list(s->f->blobs.real, RECORD_ENDED, 1, count_one, &count), CKR_OK);
	return count;
}

static void an_ended_login_stays_so(void **state)
{
	struct scene s;
	struct token_facts facts;

	build(&s, state);
	assert_false(over(&s, 1, 1000));
	end(&s, 1, 2000);
	for (int i = 0; i < 2; i++) {
		assert_true(over(&s, 1, 1000));
		assert_true(over(&s, 1, 3000));
		assert_false(over(&s, 2, 1000));
		reopen(&s);
	}
	/* Other writes leave it as it is. */
	(void)fixture_insert(s.f, s.token, "x");
	reopen(&s);
	assert_true(over(&s, 1, 1000));
	token_facts(s.token, &facts);
	assert_int_equal(facts.damaged, 0);
	token_free(&s.token);
}

static void what_is_not_written_has_not_happened(void **state)
{
	struct scene s;

	build(&s, state);
	end(&s, 1, 2000);
	fixture_fail(s.f, FAIL_BEFORE, 1, CKR_DEVICE_MEMORY);
	assert_int_equal(token_end_login(s.token, name_of(2), 2000), CKR_DEVICE_MEMORY);
	s.f->blobs.how = FAIL_NEVER;
	assert_false(over(&s, 2, 1000));
	end(&s, 3, 2000);
	reopen(&s);
	assert_true(over(&s, 1, 1000) && over(&s, 3, 1000));
	assert_false(over(&s, 2, 1000));
	token_free(&s.token);
}

/* A page goes when a day is over for all of it, and a clock that is set back revives nothing. */
static void names_go_with_their_tickets(void **state)
{
	struct scene s;
	const uint64_t begun = 100000;

	build(&s, state);
	for (uint32_t i = 0; i < RECORD_ENDED_NAMES; i++)
		end(&s, i, begun + i);
	end(&s, 5000, begun + 2 * RECORD_ENDED_NAMES);
	assert_int_equal(pages(&s), 2);
	end(&s, 5001, begun + DAY + RECORD_ENDED_NAMES - 2);
	assert_int_equal(pages(&s), 2);
	end(&s, 5002, begun + DAY + RECORD_ENDED_NAMES - 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pages(&s), 1);
		for (uint32_t k = 0; k < RECORD_ENDED_NAMES; k++)
			assert_true(over(&s, k, begun + k));
		assert_true(over(&s, 5000, begun + 1) && over(&s, 5001, begun + DAY));
		/* Another login of before that is older than a day, so over by its age too; and a younger one. */
		assert_true(over(&s, 6000, begun + RECORD_ENDED_NAMES - 1));
		assert_false(over(&s, 6000, begun + RECORD_ENDED_NAMES));
		reopen(&s);
	}
	token_free(&s.token);
}

static void more_than_are_kept(void **state)
{
	struct scene s;
	const uint32_t most = RECORD_ENDED_NAMES * RECORD_ENDED_PAGES;

	build(&s, state);
	for (uint32_t i = 0; i < most; i++)
		end(&s, i, 100000 + i);
	assert_int_equal(pages(&s), RECORD_ENDED_PAGES);
	assert_false(over(&s, most, 1));
	end(&s, most, 100000 + most);
	assert_int_equal(pages(&s), RECORD_ENDED_PAGES);
	reopen(&s);
	for (uint32_t i = 0; i <= most; i += 3)
		assert_true(over(&s, i, 100000 + (i < RECORD_ENDED_NAMES ? i : 0)));
	/* Those of another login that are older than the oldest name end with it; no others. */
	assert_true(over(&s, most + 1, 100000 + RECORD_ENDED_NAMES - 1));
	assert_false(over(&s, most + 1, 100000 + RECORD_ENDED_NAMES));
	token_free(&s.token);
}

static void a_new_token_knows_none(void **state)
{
	struct scene s;

	build(&s, state);
	end(&s, 1, 2000);
	token_free(&s.token);
	assert_int_equal(token_store_init(s.f->store, 1, text_span(SO_PIN), text_span("again"), NULL), CKR_OK);
	s.token = fixture_token(s.f, 1);
	assert_int_equal(pages(&s), 0);
	assert_false(over(&s, 1, 1000));
	end(&s, 2, 2000);
	reopen(&s);
	assert_true(over(&s, 2, 1000));
	token_free(&s.token);
}

/* The attack on it: without the name the ticket would be good again. So no ticket of before is. */
static void names_that_are_taken_away(void **state)
{
	const struct blob_name first = {RECORD_ENDED, 1, 0};
	struct scene s;
	struct buffer blob = {0}, older = {0};
	uint64_t version = 0, older_version = 0;
	uint64_t now = (uint64_t)time(NULL);
	struct token_facts facts;

	for (int how = 0; how < 3; how++) {
		fixture_teardown(state);
		fixture_memory(state);
		build(&s, state);
		end(&s, 1, now - 100);
		assert_int_equal(blobstore_get(s.f->blobs.real, first, &older, &older_version), CKR_OK);
		end(&s, 2, now - 100);
		assert_int_equal(blobstore_get(s.f->blobs.real, first, &blob, &version), CKR_OK);
		assert_int_equal(version, older_version + 1);
		assert_int_equal(blobstore_write(s.f->blobs.real,
						 &(struct blob_write){first, version, 0, {NULL, 0}}, 1),
				 CKR_OK);
		blob.data[60] ^= 1;
		if (how == 1)
			assert_int_equal(blobstore_write(s.f->blobs.real,
							 &(struct blob_write){first, 0, version, buffer_span(&blob)}, 1),
					 CKR_OK);
		else if (how == 2)
			assert_int_equal(blobstore_write(s.f->blobs.real,
							 &(struct blob_write){first, 0, older_version,
									      buffer_span(&older)},
							 1),
					 CKR_OK);
		reopen(&s);
		token_facts(s.token, &facts);
		assert_int_equal(facts.damaged, 1);
		assert_true(over(&s, 1, now - 200) && over(&s, 2, now - 200) && over(&s, 3, now - 1));
		assert_false(over(&s, 3, now + 10));
		/* With the next logout the store is whole again, and that is remembered. */
		end(&s, 4, now);
		reopen(&s);
		token_facts(s.token, &facts);
		assert_int_equal(facts.damaged, 0);
		assert_true(over(&s, 2, now - 200) && over(&s, 4, now + 10));
		assert_false(over(&s, 3, now + 10));
		token_free(&s.token);
	}
	buffer_free(&blob);
	buffer_free(&older);
}

#define ON_MEMORY(test) cmocka_unit_test_setup_teardown(test, fixture_memory, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_MEMORY(an_ended_login_stays_so),	  ON_MEMORY(what_is_not_written_has_not_happened),
	    ON_MEMORY(names_go_with_their_tickets), ON_MEMORY(more_than_are_kept),
	    ON_MEMORY(a_new_token_knows_none),	  ON_MEMORY(names_that_are_taken_away),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * once.c: what is remembered of requests is forgotten by number and age, a little with each write,
 * and a record that does not open does no harm.
 */
#include "config.h"

#include "token/once.h"

#include <string.h>
#include <time.h>

#include "cmocka_test.h"
#include "token_fixture.h"

/*
 * COUNT results from AGE seconds ago, written as if by an earlier life; their sequences begin at
 * FIRST.
 */
static void remember(struct fixture *f, uint64_t first, size_t count, uint64_t age)
{
	const uint8_t *key = hierarchy_storage_key(token_store_hierarchy(f->store));
	struct once_log *log = calloc(1, sizeof(*log));

	assert_non_null(log);
	once_init(log);
	for (size_t i = 0; i < count; i++) {
		struct record_once record = {.once = {.context = {4}, .sequence = first + i},
					     .rv = CKR_OK};
		struct once_entry *entry = NULL;
		struct batch batch = {NULL, NULL, 0, 0};
		struct buffer body = {0};

		assert_int_equal(once_stage(log, &batch, &record, key, &entry), CKR_OK);
		/* The same record, older: sealed anew under the name that it was given. */
		entry->record.time = (uint64_t)time(NULL) - age;
		assert_true(record_write_once(&body, &entry->record));
		buffer_free(&batch.blob[0]);
		assert_int_equal(
		    seal_close(key, batch.write[0].name, 1, buffer_span(&body), &batch.blob[0]),
		    CKR_OK);
		batch.write[0].blob = buffer_span(&batch.blob[0]);
		assert_int_equal(batch_write(&batch, f->blobs.real), CKR_OK);
		once_drop(&entry);
		buffer_free(&body);
		batch_free(&batch);
	}
	once_free(log);
	free(log);
}

static CK_RV count_one(struct blob_name name, uint64_t version, struct span blob, void *arg)
{
	size_t *count = arg;

	(void)name;
	(void)version;
	(void)blob;
	(*count)++;
	return CKR_OK;
}

static size_t stored(struct fixture *f)
{
	size_t count = 0;

	assert_int_equal(blobstore_list(f->blobs.real, RECORD_ONCE, 0, count_one, &count), CKR_OK);
	return count;
}

static bool remembers(struct fixture *f, uint64_t sequence)
{
	const struct once once = {.context = {4}, .sequence = sequence};
	uint64_t handles[2];
	CK_RV rv = CKR_OK;

	return token_once_result(f->store, &once, &rv, handles);
}

static void write_often(struct fixture *f, uint64_t slot, int times)
{
	struct token *token = fixture_token(f, slot);

	for (int i = 0; i < times; i++)
		assert_int_equal(token_end_login(token, (const uint8_t[TOKEN_LOGIN_SIZE]){1}, 1000), CKR_OK);
	token_free(&token);
}

static void the_newest_thousand_are_kept(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");

	remember(f, 1, 20, 200);
	remember(f, 21, ONCE_KEEP, 100);
	fixture_reopen(f);
	assert_true(remembers(f, 1) && remembers(f, 20 + ONCE_KEEP));
	write_often(f, slot, 1);
	assert_int_equal(stored(f), 20 + ONCE_KEEP - ONCE_PRUNE_MAX);
	write_often(f, slot, 10);
	assert_int_equal(stored(f), ONCE_KEEP);
	assert_false(remembers(f, 1) || remembers(f, 20));
	assert_true(remembers(f, 21) && remembers(f, 20 + ONCE_KEEP));
	fixture_reopen(f);
	assert_false(remembers(f, 20));
	assert_true(remembers(f, 21));
}

static void the_last_minute_is_kept_and_an_hour_is_not(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");

	remember(f, 1, ONCE_KEEP + 20, 5);
	remember(f, 5000, 3, ONCE_FORGET_S + 5);
	fixture_reopen(f);
	write_often(f, slot, 3);
	assert_false(remembers(f, 5000) || remembers(f, 5002));
	assert_true(remembers(f, 1) && remembers(f, ONCE_KEEP + 20));
	assert_int_equal(stored(f), ONCE_KEEP + 20);
}

/* A write that fails forgets nothing. */
static void forgetting_is_part_of_the_write(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	struct token *token = NULL;

	remember(f, 1, 3, ONCE_FORGET_S + 5);
	fixture_reopen(f);
	token = fixture_token(f, slot);
	fixture_fail(f, FAIL_BEFORE, 1, CKR_DEVICE_MEMORY);
	assert_int_equal(token_end_login(token, (const uint8_t[TOKEN_LOGIN_SIZE]){1}, 1000), CKR_DEVICE_MEMORY);
	assert_true(remembers(f, 1) && remembers(f, 3));
	f->blobs.how = FAIL_NEVER;
	assert_int_equal(token_end_login(token, (const uint8_t[TOKEN_LOGIN_SIZE]){1}, 1000), CKR_OK);
	assert_false(remembers(f, 1) || remembers(f, 3));
	assert_int_equal(stored(f), 0);
	token_free(&token);
}

static void a_forged_record_is_nothing(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	const uint8_t junk[80] = {1};

	remember(f, 1, 1, 5);
	assert_int_equal(
	    blobstore_write(
		f->blobs.real,
		&(struct blob_write){{RECORD_ONCE, 0, 12345}, 0, 1, {junk, sizeof(junk)}}, 1),
	    CKR_OK);
	fixture_reopen(f);
	assert_true(remembers(f, 1));
	write_often(f, slot, 1);
}

#define ON_MEMORY(test) cmocka_unit_test_setup_teardown(test, fixture_memory, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_MEMORY(the_newest_thousand_are_kept),
	    ON_MEMORY(the_last_minute_is_kept_and_an_hour_is_not),
	    ON_MEMORY(forgetting_is_part_of_the_write),
	    ON_MEMORY(a_forged_record_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

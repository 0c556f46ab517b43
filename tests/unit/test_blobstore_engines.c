/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of blobstore.h, asked of every engine through one suite: compare-and-swap, atomic
 * batches, order, sizes, and two threads at once.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobstore/blobstore.h"
#include "common/log.h"
#include "../lib/scratch.h"

struct fixture {
	struct blobstore *store;
	struct scratch scratch; /* unused by the memory engine */
};

static int setup_memory(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	return f && blobstore_open_memory(&f->store) == CKR_OK ? 0 : -1;
}

static int setup_sqlite(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[PATH_MAX];

	*state = f;
	if (!f || !scratch_make(&f->scratch))
		return -1;
	return blobstore_open_sqlite(scratch_path(&f->scratch, "store", path), true, &f->store) ==
		       CKR_OK
		   ? 0
		   : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	blobstore_free(&f->store);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static struct blob_write put(uint64_t id, uint64_t expected, uint64_t version, const char *text)
{
	return (struct blob_write){
	    .name = {5, 1, id}, .expected = expected, .version = version, .blob = span_text(text)};
}

static struct blob_write drop(uint64_t id, uint64_t expected)
{
	return (struct blob_write){.name = {5, 1, id}, .expected = expected};
}

static void expect_record(struct blobstore *store, uint64_t id, uint64_t version, const char *text)
{
	struct buffer blob = {0};
	uint64_t found = 99;

	assert_int_equal(blobstore_get(store, (struct blob_name){5, 1, id}, &blob, &found), CKR_OK);
	assert_int_equal(found, version);
	assert_int_equal(blob.size, strlen(text));
	if (blob.size)
		assert_memory_equal(blob.data, text, blob.size);
	buffer_free(&blob);
}

static void test_get_of_nothing(void **state)
{
	struct fixture *f = *state;
	bool empty = false;

	expect_record(f->store, 1, 0, "");
	assert_int_equal(blobstore_is_empty(f->store, &empty), CKR_OK);
	assert_true(empty);
}

static void test_insert_update_delete(void **state)
{
	struct fixture *f = *state;
	struct blob_write insert = put(1, 0, 1, "one");
	struct blob_write update = put(1, 1, 5, "five");
	struct blob_write erase = drop(1, 5);
	bool empty = true;

	assert_int_equal(blobstore_write(f->store, &insert, 1), CKR_OK);
	expect_record(f->store, 1, 1, "one");
	assert_int_equal(blobstore_is_empty(f->store, &empty), CKR_OK);
	assert_false(empty);
	assert_int_equal(blobstore_write(f->store, &update, 1), CKR_OK);
	expect_record(f->store, 1, 5, "five");
	assert_int_equal(blobstore_write(f->store, &erase, 1), CKR_OK);
	expect_record(f->store, 1, 0, "");
	assert_int_equal(blobstore_is_empty(f->store, &empty), CKR_OK);
	assert_true(empty);
}

static void test_conflicts(void **state)
{
	struct fixture *f = *state;
	struct blob_write first = put(1, 0, 3, "three");
	struct blob_write again = put(1, 0, 4, "four");
	struct blob_write stale = put(1, 2, 4, "four");
	struct blob_write ahead = put(1, 4, 5, "five");
	struct blob_write absent = put(2, 1, 2, "two");
	struct blob_write erase_stale = drop(1, 2);
	struct blob_write erase_absent = drop(2, 1);

	assert_int_equal(blobstore_write(f->store, &first, 1), CKR_OK);
	assert_int_equal(blobstore_write(f->store, &again, 1), CKR_KEYCLAVE_CONFLICT);
	assert_int_equal(blobstore_write(f->store, &stale, 1), CKR_KEYCLAVE_CONFLICT);
	assert_int_equal(blobstore_write(f->store, &ahead, 1), CKR_KEYCLAVE_CONFLICT);
	assert_int_equal(blobstore_write(f->store, &absent, 1), CKR_KEYCLAVE_CONFLICT);
	assert_int_equal(blobstore_write(f->store, &erase_stale, 1), CKR_KEYCLAVE_CONFLICT);
	assert_int_equal(blobstore_write(f->store, &erase_absent, 1), CKR_KEYCLAVE_CONFLICT);
	expect_record(f->store, 1, 3, "three");
	expect_record(f->store, 2, 0, "");
}

/* The last write fails: what was inserted, changed, deleted and deleted-then-inserted before is as
 * it was. */
static void test_batch_is_atomic(void **state)
{
	struct fixture *f = *state;
	const struct blob_write before[] = {put(1, 0, 1, "one"), put(2, 0, 1, "two"),
					    put(3, 0, 1, "three"), put(9, 0, 7, "nine")};
	const struct blob_write batch[] = {put(4, 0, 1, "new"),
					   put(1, 1, 2, "changed"),
					   drop(2, 1),
					   drop(3, 1),
					   put(3, 0, 1, "again"),
					   put(1, 2, 3, "twice"),
					   put(9, 6, 8, "conflict")};

	assert_int_equal(blobstore_write(f->store, before, 4), CKR_OK);
	assert_int_equal(blobstore_write(f->store, batch, 7), CKR_KEYCLAVE_CONFLICT);
	expect_record(f->store, 1, 1, "one");
	expect_record(f->store, 2, 1, "two");
	expect_record(f->store, 3, 1, "three");
	expect_record(f->store, 4, 0, "");
	expect_record(f->store, 9, 7, "nine");
	/* And without the last one all of it happens, in its order. */
	assert_int_equal(blobstore_write(f->store, batch, 6), CKR_OK);
	expect_record(f->store, 1, 3, "twice");
	expect_record(f->store, 2, 0, "");
	expect_record(f->store, 3, 1, "again");
	expect_record(f->store, 4, 1, "new");
	assert_int_equal(blobstore_write(f->store, NULL, 0), CKR_OK);
}

static void test_arguments(void **state)
{
	struct fixture *f = *state;
	const uint64_t big = (uint64_t)INT64_MAX + 1;
	struct blob_write bad[] = {put(1, 0, 0, ""),
				   put(1, 2, 2, ""),
				   put(1, 3, 2, ""),
				   put(big, 0, 1, ""),
				   put(1, 0, big, ""),
				   drop(1, big),
				   {.name = {5, big, 1}, .version = 1}};
	struct buffer blob = {0};
	uint64_t version = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(blobstore_write(f->store, &bad[i], 1), CKR_ARGUMENTS_BAD);
	assert_int_equal(blobstore_get(f->store, (struct blob_name){5, big, 1}, &blob, &version),
			 CKR_ARGUMENTS_BAD);
	bad[0] = put(1, 0, 1, "");
	bad[0].blob.size = BLOBSTORE_BLOB_MAX + 1;
	assert_int_equal(blobstore_write(f->store, bad, 1), CKR_DATA_LEN_RANGE);
	/* The largest numbers that are allowed. */
	bad[0] = (struct blob_write){.name = {UINT32_MAX, big - 1, big - 1}, .version = big - 1};
	assert_int_equal(blobstore_write(f->store, bad, 1), CKR_OK);
	assert_int_equal(blobstore_get(f->store, bad[0].name, &blob, &version), CKR_OK);
	assert_int_equal(version, big - 1);
	assert_int_equal(blob.size, 0);
	buffer_free(&blob);
}

static void test_sizes(void **state)
{
	struct fixture *f = *state;
	static const size_t sizes[] = {0, 1, 100, 4000, 8192, 70000, 1048576, BLOBSTORE_BLOB_MAX};
	uint8_t *data = malloc(BLOBSTORE_BLOB_MAX);
	struct buffer blob = {0};
	uint64_t version = 0;

	assert_non_null(data);
	for (size_t i = 0; i < BLOBSTORE_BLOB_MAX; i++)
		data[i] = (uint8_t)(i * 2654435761U >> 13);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct blob_write w = put(i + 1, 0, 1, "");

		w.blob = (struct span){data, sizes[i]};
		assert_int_equal(blobstore_write(f->store, &w, 1), CKR_OK);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(
		    blobstore_get(f->store, (struct blob_name){5, 1, i + 1}, &blob, &version),
		    CKR_OK);
		assert_int_equal(version, 1);
		assert_int_equal(blob.size, sizes[i]);
		assert_true(sizes[i] == 0 || memcmp(blob.data, data, sizes[i]) == 0);
	}
	buffer_free(&blob);
	free(data);
}

struct walk {
	uint64_t last;
	size_t count;
	size_t stop_at; /* 0: never */
	struct blobstore *call_back;
	CK_RV called_back;
};

static CK_RV walk_each(struct blob_name name, uint64_t version, struct span blob, void *arg)
{
	struct walk *walk = arg;
	char expected[32];
	struct buffer got = {0};

	assert_int_equal(name.kind, 5);
	assert_int_equal(name.token, 1);
	assert_true(walk->count == 0 || name.id > walk->last);
	snprintf(expected, sizeof(expected), "%llu/%llu", (unsigned long long)name.id,
		 (unsigned long long)version);
	assert_true(span_equal(blob, span_text(expected)));
	walk->last = name.id;
	walk->count++;
	if (walk->call_back)
		walk->called_back = blobstore_get(walk->call_back, name, &got, &version);
	buffer_free(&got);
	return walk->count == walk->stop_at ? CKR_CANCEL : CKR_OK;
}

/* 10,000 records in a scattered order, among neighbours of other kinds and tokens. */
static void test_list_of_ten_thousand(void **state)
{
	enum { COUNT = 10000, BATCH = 500 };
	struct fixture *f = *state;
	static char texts[BATCH][32];
	struct blob_write batch[BATCH];
	const struct blob_write others[] = {{.name = {4, 1, 3}, .version = 1},
					    {.name = {6, 1, 3}, .version = 1},
					    {.name = {5, 0, 3}, .version = 1},
					    {.name = {5, 2, 3}, .version = 1}};
	struct walk walk = {0};

	assert_int_equal(blobstore_write(f->store, others, 4), CKR_OK);
	for (uint64_t i = 0; i < COUNT; i++) {
		uint64_t id = i * 7919 % 10007; /* a permutation with gaps */
		size_t at = i % BATCH;

		snprintf(texts[at], sizeof(texts[at]), "%llu/%llu", (unsigned long long)id,
			 (unsigned long long)(i + 1));
		batch[at] = put(id, 0, i + 1, texts[at]);
		if (at == BATCH - 1)
			assert_int_equal(blobstore_write(f->store, batch, BATCH), CKR_OK);
	}
	assert_int_equal(blobstore_list(f->store, 5, 1, walk_each, &walk), CKR_OK);
	assert_int_equal(walk.count, COUNT);
	walk = (struct walk){.stop_at = 7};
	assert_int_equal(blobstore_list(f->store, 5, 1, walk_each, &walk), CKR_CANCEL);
	assert_int_equal(walk.count, 7);
	assert_int_equal(blobstore_list(f->store, 5, 3, walk_each, &walk), CKR_OK);
	assert_int_equal(walk.count, 7);
}

/* The contract forbids it; it must not hang, and the list goes on. */
static void test_list_calls_back(void **state)
{
	struct fixture *f = *state;
	const struct blob_write two[] = {put(1, 0, 1, "1/1"), put(2, 0, 1, "2/1")};
	struct walk walk = {.call_back = f->store};

	assert_int_equal(blobstore_write(f->store, two, 2), CKR_OK);
	assert_int_equal(blobstore_list(f->store, 5, 1, walk_each, &walk), CKR_OK);
	assert_int_equal(walk.count, 2);
	assert_int_equal(walk.called_back, CKR_DEVICE_ERROR);
	expect_record(f->store, 2, 1, "2/1");
}

/* Adds 1 to the version, 200 times, by compare-and-swap. */
static void *increment(void *arg)
{
	struct blobstore *store = arg;
	uintptr_t failed = 0;

	for (int done = 0; done < 200 && !failed;) {
		struct buffer blob = {0};
		uint64_t version = 0;
		CK_RV rv = blobstore_get(store, (struct blob_name){5, 1, 1}, &blob, &version);
		struct blob_write w = put(1, version, version + 1, "count");

		buffer_free(&blob);
		if (rv == CKR_OK)
			rv = blobstore_write(store, &w, 1);
		if (rv == CKR_OK)
			done++;
		else if (rv != CKR_KEYCLAVE_CONFLICT)
			failed = 1;
	}
	return (void *)failed;
}

static void test_threads(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[4];
	void *failed = NULL;

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, increment, f->store), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	expect_record(f->store, 1, 800, "count");
}

#define FOR_ENGINE(test, engine)                                                                   \
	{                                                                                          \
#test " (" #engine ")", test, setup_##engine, teardown, NULL                       \
	}
#define FOR_ENGINES(test) FOR_ENGINE(test, memory), FOR_ENGINE(test, sqlite)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FOR_ENGINES(test_get_of_nothing),
	    FOR_ENGINES(test_insert_update_delete),
	    FOR_ENGINES(test_conflicts),
	    FOR_ENGINES(test_batch_is_atomic),
	    FOR_ENGINES(test_arguments),
	    FOR_ENGINES(test_sizes),
	    FOR_ENGINES(test_list_of_ten_thousand),
	    FOR_ENGINES(test_list_calls_back),
	    FOR_ENGINES(test_threads),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("blobstore engines", tests, NULL, NULL);
}

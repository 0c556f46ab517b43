/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret memory as its users see it: zeroed, wiped, sized, locked where the system lets us, out of
 * core dumps, and usable from many threads and from the child of a fork.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"
#include "cmocka_test.h"

/* Builds with a sanitizer use its malloc: nothing to see in pages there. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static bool all_zero(const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

static size_t allocated(void)
{
	struct memory_status status = {0};

	memory_status(&status);
	return status.allocated;
}

static void test_wipe_and_equal(void **state)
{
	unsigned char a[40];
	unsigned char b[40];

	(void)state;
	memset(a, 0x5a, sizeof(a));
	memset(b, 0x5a, sizeof(b));
	assert_true(memory_equal(a, b, sizeof(a)));
	b[39] ^= 0x80;
	assert_false(memory_equal(a, b, sizeof(a)));
	assert_true(memory_equal(a, b, 39));
	assert_true(memory_equal(NULL, NULL, 0));
	memory_wipe(a + 1, 38);
	assert_true(a[0] == 0x5a && a[39] == 0x5a && all_zero(a + 1, 38));
	memory_wipe(NULL, 0);
}

static void test_random_differs(void **state)
{
	unsigned char a[300] = {0};
	unsigned char b[300] = {0};

	(void)state;
	assert_true(memory_random(a, sizeof(a)));
	assert_true(memory_random(b, sizeof(b)));
	assert_false(memory_equal(a, b, sizeof(a)));
	assert_false(all_zero(a + sizeof(a) - 16, 16));
	assert_true(memory_random(NULL, 0));
}

/* Every size around each class boundary, twice, so that blocks are used again. */
static void test_every_size_is_zeroed_and_aligned(void **state)
{
	size_t before = allocated();

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t size = 0; size < 20000; size += size < 300 ? 1 : 61) {
			unsigned char *p = memory_secret_new(size);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			assert_true(all_zero(p, size));
			memset(p, 0xa5, size);
			memory_secret_free(p);
		}
	}
	memory_secret_free(NULL);
	assert_int_equal(allocated(), before);
}

static void test_large_blocks(void **state)
{
	static const size_t sizes[] = {8192,	8193,	 16384,	  16385,   65536,
				       1032192, 1032193, 1048576, 5000000, 20000000};
	size_t before = allocated();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *p = memory_secret_new(sizes[i]);

		assert_non_null(p);
		assert_true(all_zero(p, sizes[i]));
		memset(p, 1, sizes[i]);
		assert_true(allocated() >= before + sizes[i]);
		memory_secret_free(p);
		assert_int_equal(allocated(), before);
	}
	/* A sanitizer's malloc ends the program instead. */
	if (!SANITIZED) {
		assert_null(memory_secret_new(SIZE_MAX));
		assert_null(memory_secret_new(SIZE_MAX / 2));
	}
}

static void test_resize_keeps_and_wipes(void **state)
{
	unsigned char *p = memory_secret_resize(NULL, 16);
	size_t before = allocated();

	(void)state;
	assert_non_null(p);
	memcpy(p, "0123456789", 10);
	for (size_t size = 17; size < 100000; size += size / 3 + 1) {
		unsigned char *q = memory_secret_resize(p, size);

		assert_non_null(q);
		assert_memory_equal(q, "0123456789", 10);
		assert_true(all_zero(q + 10, size - 10));
		p = q;
	}
	if (!SANITIZED)
		assert_null(memory_secret_resize(p, SIZE_MAX));
	assert_memory_equal(p, "0123456789", 10);
	p = memory_secret_resize(p, 4);
	assert_non_null(p);
	p = memory_secret_resize(p, 16);
	assert_memory_equal(p, "0123", 4);
	assert_true(all_zero(p + 4, 12));
	assert_int_equal(allocated(), before);
	memory_secret_free(p);
}

static void test_free_wipes(void **state)
{
	volatile unsigned char *p = NULL;

	(void)state;
	if (SANITIZED)
		skip();
	p = memory_secret_new(200);
	memset((void *)(uintptr_t)p, 0xff, 200);
	memory_secret_free((void *)(uintptr_t)p);
	/* The page stays ours. The first word is the free list's. */
	for (size_t i = sizeof(void *); i < 200; i++)
		assert_int_equal(p[i], 0);
}

/* The VmFlags line of smaps(5) for the mapping that holds P. */
static void vm_flags(const void *p, char *flags, size_t size)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512] = "";
	bool here = false;

	*flags = 0;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long start = 0;
		unsigned long end = 0;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = (uintptr_t)p >= start && (uintptr_t)p < end;
		else if (here && !strncmp(line, "VmFlags:", 8))
			snprintf(flags, size, "%s", line);
	}
	fclose(f);
}

static void test_pages_are_locked_and_not_dumped(void **state)
{
	struct memory_status status = {0};
	char flags[512] = "";
	void *p = NULL;

	(void)state;
	if (SANITIZED)
		skip();
	p = memory_secret_new(64);
	vm_flags(p, flags, sizeof(flags));
	assert_non_null(strstr(flags, " dd"));
	memory_status(&status);
	if (status.unlocked == 0)
		assert_non_null(strstr(flags, " lo"));
	assert_true(status.locked + status.unlocked >= status.allocated);
	memory_secret_free(p);
}

/* Runs CHECK in a child; its exit status is the verdict. */
static void in_child(bool (*check)(void))
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (!pid)
		_exit(check() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool works_without_locking(void)
{
	struct rlimit none = {0};
	struct memory_status status = {0};
	unsigned char *p = NULL;

	/* CAP_IPC_LOCK of root would go round the limit. */
	if (setrlimit(RLIMIT_MEMLOCK, &none) || (!geteuid() && setresuid(65534, 65534, 65534)))
		return false;
	for (int i = 0; i < 100; i++) {
		p = memory_secret_new(8000);
		if (!p)
			return false;
		memset(p, 1, 8000);
	}
	memory_status(&status);
	return status.unlocked >= 800000 && status.lock_limit == 0;
}

static void test_refused_lock_is_reported(void **state)
{
	(void)state;
	in_child(works_without_locking);
}

static unsigned char *inherited;

static bool child_uses_secrets(void)
{
	struct memory_status status = {0};
	unsigned char *p = memory_secret_new(32);

	memory_status(&status);
	if (!p || strcmp((const char *)inherited, "from the parent") || (!SANITIZED && status.unlocked == 0))
		return false;
	memory_secret_free(inherited);
	memory_secret_free(p);
	return true;
}

static void test_fork(void **state)
{
	(void)state;
	inherited = memory_secret_new(32);
	assert_non_null(inherited);
	strcpy((char *)inherited, "from the parent");
	in_child(child_uses_secrets);
	assert_string_equal((const char *)inherited, "from the parent");
	memory_secret_free(inherited);
}

static void *churn(void *arg)
{
	static char overwritten[] = "overwritten";
	static char not_zeroed[] = "not zeroed";
	unsigned seed = *(unsigned *)arg;
	unsigned char *held[64] = {NULL};
	size_t size[64] = {0};

	for (int i = 0; i < 20000; i++) {
		unsigned slot = (seed = seed * 1103515245u + 12345u) >> 16 & 63;

		if (held[slot]) {
			for (size_t k = 0; k < size[slot]; k++)
				if (held[slot][k] != (unsigned char)slot)
					return overwritten;
			memory_secret_free(held[slot]);
		}
		size[slot] = (seed >> 8) % (i % 100 ? 700 : 40000) + 1;
		held[slot] = memory_secret_new(size[slot]);
		if (!held[slot] || !all_zero(held[slot], size[slot]))
			return not_zeroed;
		memset(held[slot], (int)slot, size[slot]);
	}
	for (int i = 0; i < 64; i++)
		memory_secret_free(held[i]);
	return NULL;
}

static void run_threads(void)
{
	pthread_t thread[4];
	unsigned seed[4] = {1, 2, 3, 4};

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, churn, &seed[i]), 0);
	for (int i = 0; i < 4; i++) {
		void *error = NULL;

		assert_int_equal(pthread_join(thread[i], &error), 0);
		assert_null(error);
	}
}

static void *give_back(void *arg)
{
	void **blocks = arg;

	for (int i = 0; i < 1000; i++)
		memory_secret_free(blocks[i]);
	return NULL;
}

static void test_threads(void **state)
{
	size_t before = allocated();

	(void)state;
	run_threads();
	assert_int_equal(allocated(), before);
}

/* Last: the caches cannot be switched off again. */
static void test_threads_with_caches(void **state)
{
	size_t before = allocated();
	void *blocks[1000];
	pthread_t other;

	(void)state;
	memory_thread_caches();
	run_threads();
	/* A thread's cache went back when it ended. */
	assert_int_equal(allocated(), before);
	for (int i = 0; i < 1000; i++)
		assert_non_null(blocks[i] = memory_secret_new(100));
	assert_int_equal(pthread_create(&other, NULL, give_back, blocks), 0);
	assert_int_equal(pthread_join(other, NULL), 0);
	/* What stays is in this thread's cache: a batch at most. */
	assert_true(allocated() <= before + 64 * 112);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wipe_and_equal),
		cmocka_unit_test(test_random_differs),
		cmocka_unit_test(test_every_size_is_zeroed_and_aligned),
		cmocka_unit_test(test_large_blocks),
		cmocka_unit_test(test_resize_keeps_and_wipes),
		cmocka_unit_test(test_free_wipes),
		cmocka_unit_test(test_pages_are_locked_and_not_dumped),
		cmocka_unit_test(test_refused_lock_is_reported),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_threads_with_caches),
	};

	return cmocka_run_group_tests_name("common/memory", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arenas themselves, in sanitizer builds too: classes, the promise that free memory is zero, pages
 * given back, and a system without memory (mmap is wrapped by the linker).
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/memory_arena.h"
#include "cmocka_test.h"

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);

static bool mmap_fails;
static size_t mapped;

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (mmap_fails) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	mapped += size;
	return __real_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size)
{
	mapped -= size;
	return __real_munmap(at, size);
}

static size_t taken(void)
{
	struct memory_arena_status status = {0};

	memory_arena_status(&status);
	return status.taken;
}

/* First, before there is an arena. */
static void test_no_memory(void **state)
{
	struct memory_arena_link *list = NULL;

	(void)state;
	mmap_fails = true;
	assert_int_equal(memory_arena_take(3, 5, &list), 0);
	assert_null(list);
	assert_null(memory_arena_large_new(20000));
	assert_null(memory_arena_large_new(3000000));
	mmap_fails = false;
	assert_int_equal(taken(), 0);
}

static void test_classes(void **state)
{
	(void)state;
	for (size_t size = 1; size <= MEMORY_ARENA_BLOCK_MAX; size++) {
		unsigned class = memory_arena_class(size);

		assert_true(class < MEMORY_ARENA_CLASSES);
		assert_true(memory_arena_class_size(class) >= size);
		assert_true(class == 0 || memory_arena_class_size(class - 1) < size);
		assert_int_equal(memory_arena_class_size(class) % 16, 0);
	}
}

static void check_zero_and_fill(void *p, size_t size)
{
	unsigned char *bytes = p;

	for (size_t i = sizeof(struct memory_arena_link); i < size; i++)
		assert_int_equal(bytes[i], 0);
	memset(bytes + sizeof(struct memory_arena_link), 0xee,
	       size - sizeof(struct memory_arena_link));
}

static void wipe_list(struct memory_arena_link *list, size_t size)
{
	for (; list; list = list->next)
		memset(list + 1, 0, size - sizeof(*list));
}

/* Slabs go from class to class and to large pages and back; what is free must always be zero. */
static void test_slabs_change_hands_zeroed(void **state)
{
	size_t before = taken();

	(void)state;
	for (unsigned round = 0; round < 3 * MEMORY_ARENA_CLASSES; round++) {
		unsigned class = (round * 7) % MEMORY_ARENA_CLASSES;
		size_t size = memory_arena_class_size(class);
		size_t count = 70000 / size;
		struct memory_arena_link *list = NULL;
		unsigned char *large = NULL;

		assert_int_equal(memory_arena_take(class, count, &list), count);
		for (struct memory_arena_link *l = list; l; l = l->next) {
			unsigned found = 0;

			check_zero_and_fill(l, size);
			assert_int_equal(memory_arena_usable(l, &found), size);
			assert_int_equal(found, class);
		}
		assert_int_equal(taken(), before + count * size);
		wipe_list(list, size);
		memory_arena_give(list);
		large = memory_arena_large_new(9000 + round * 3000);
		assert_non_null(large);
		for (size_t i = 0; i < 9000 + round * 3000; i++)
			assert_int_equal(large[i], 0);
		memset(large, 0x77, 9000 + round * 3000);
		memory_arena_large_free(large);
		assert_int_equal(taken(), before);
	}
}

static void test_pages_go_back(void **state)
{
	struct memory_arena_link *list = NULL;
	struct memory_arena_status status = {0};
	void *large = NULL;
	size_t before = mapped;

	(void)state;
	assert_int_equal(memory_arena_take(29, 4000, &list), 4000); /* 32 MiB */
	assert_true(mapped > before + 4000 * 8192UL);
	wipe_list(list, 8192);
	memory_arena_give(list);
	/* One empty arena stays, and perhaps one for the last slab of the class. */
	assert_true(mapped <= before + (2U << 20));
	large = memory_arena_large_new(10000000);
	assert_non_null(large);
	memory_arena_large_free(large);
	assert_true(mapped <= before + (2U << 20));
	memory_arena_status(&status);
	assert_true(status.locked + status.unlocked <= mapped);
}

static void test_foreign_pointers_abort(void **state)
{
	(void)state;
	/* An address in a mapping of our own, without an arena's header. */
	unsigned char *p = aligned_alloc(1U << 20, 1U << 20);
	unsigned class = 0;

	assert_non_null(p);
	memset(p, 0, 64);
	expect_assert_failure(memory_arena_usable(p + 4096, &class));
	free(p);
}

/* abort(3) of the code under test becomes cmocka's assertion. */
void __wrap_abort(void);
void __wrap_abort(void)
{
	mock_assert(0, "abort", __FILE__, __LINE__);
	__builtin_unreachable();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_slabs_change_hands_zeroed),
		cmocka_unit_test(test_pages_go_back),
		cmocka_unit_test(test_foreign_pointers_abort),
	};

	return cmocka_run_group_tests_name("common/memory_arena", tests, NULL, NULL);
}

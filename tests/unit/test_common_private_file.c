/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and folders that hold a secret: every mode, type and owner that lets others in is refused.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/private_file.h"

#include "../lib/scratch.h"

#include "cmocka_test.h"

static bool passes(const char *path, mode_t type, bool root)
{
	const struct private_file_rule rule = {.type = type, .root = root, .remedy = "make another"};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = false;

	assert_true(fd >= 0);
	good = private_file_check(fd, path, &rule);
	close(fd);
	return good;
}

static void test_modes(void **state)
{
	static const mode_t special[] = {04600, 02600, 01600};
	struct scratch scratch;
	const char *folder = scratch.path;
	char file[PATH_MAX];
	int fd = -1;

	(void)state;
	assert_true(scratch_make(&scratch));
	scratch_path(&scratch, "secret", file);
	fd = open(file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	for (mode_t mode = 0400; mode <= 0777; mode++) {
		assert_int_equal(chmod(file, mode), 0);
		assert_int_equal(passes(file, S_IFREG, false), mode == 0400 || mode == 0600);
	}
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		assert_int_equal(chmod(file, special[i]), 0);
		assert_false(passes(file, S_IFREG, false));
	}
	assert_int_equal(chmod(file, 0600), 0);
	assert_false(passes(file, S_IFDIR, false));
	assert_false(passes(folder, S_IFREG, false));
	for (mode_t mode = 0700; mode <= 0777; mode++) {
		assert_int_equal(chmod(folder, mode), 0);
		assert_int_equal(passes(folder, S_IFDIR, false), mode == 0700);
	}
	assert_int_equal(chmod(folder, 02700), 0);
	assert_true(passes(folder, S_IFDIR, false));
	scratch_remove(&scratch);
}

static void test_owners(void **state)
{
	struct scratch scratch;
	const char *folder = scratch.path;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(scratch_make(&scratch));
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(chown(folder, 65534, 65534), 0);
	assert_false(passes(folder, S_IFDIR, true));
	assert_int_equal(chown(folder, 0, 0), 0);
	/* As another user: root's is good only where it is said to be. */
	{
		const struct private_file_rule own = {.type = S_IFDIR, .remedy = ""};
		const struct private_file_rule roots = {.type = S_IFDIR, .root = true, .remedy = ""};
		int fd = open(folder, O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0);
		assert_int_equal(seteuid(65534), 0);
		assert_false(private_file_check(fd, folder, &own));
		assert_true(private_file_check(fd, folder, &roots));
		assert_int_equal(seteuid(0), 0);
		close(fd);
	}
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

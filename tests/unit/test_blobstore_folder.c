/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's folder: who may own it, what may lie in it, and that one process has it at a time.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blobstore/blobstore.h"
#include "blobstore/folder.h"
#include "common/log.h"
#include "../lib/captured_log.h"
#include "../lib/scratch.h"

struct fixture {
	struct scratch scratch;
	char store[PATH_MAX];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || !scratch_make(&f->scratch))
		return -1;
	scratch_path(&f->scratch, "store", f->store);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static void expect_opens(struct fixture *f, bool create)
{
	struct blobstore *store = NULL;

	assert_int_equal(blobstore_open_sqlite(f->store, create, &store), CKR_OK);
	blobstore_free(&store);
	assert_null(store);
}

static void expect_refused(const char *path, bool create, CK_RV rv, const char *words)
{
	struct blobstore *store = NULL;
	struct captured_log log;
	CK_RV got = CKR_OK;

	captured_log_begin(&log);
	got = blobstore_open_sqlite(path, create, &store);
	captured_log_end(&log);
	assert_int_equal(got, rv);
	assert_null(store);
	/* An absent store is no error, so there is no line. */
	assert_true(words ? captured_log_has(&log, words) : log.text[0] == '\0');
}

static void test_created_only_when_asked(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];
	struct stat st;

	expect_refused(f->store, false, CKR_TOKEN_NOT_PRESENT, NULL);
	assert_int_not_equal(access(f->store, F_OK), 0);
	umask(0);
	expect_opens(f, true);
	umask(022);
	expect_opens(f, false);
	assert_int_equal(stat(f->store, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(scratch_path(&f->scratch, "store/keyclave.db", path), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(scratch_path(&f->scratch, "store/store.lock", path), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* A folder without a database is no store either. */
	assert_int_equal(remove(scratch_path(&f->scratch, "store/keyclave.db", path)), 0);
	expect_refused(f->store, false, CKR_TOKEN_NOT_PRESENT, NULL);
	expect_refused(scratch_path(&f->scratch, "no/such/folder", path), true, CKR_DEVICE_ERROR,
		       "cannot make the folder");
	expect_refused("", true, CKR_DEVICE_ERROR, "path is empty");
}

static void test_modes_and_owners(void **state)
{
	static const char *const files[] = {"store/keyclave.db", "store/store.lock"};
	struct fixture *f = *state;
	char path[PATH_MAX];

	expect_opens(f, true);
	for (mode_t bit = 01; bit <= 040; bit <<= 1) {
		assert_int_equal(chmod(f->store, 0700 | bit), 0);
		expect_refused(f->store, false, CKR_DEVICE_ERROR, "chmod 0700");
	}
	assert_int_equal(chmod(f->store, 0700), 0);
	for (size_t i = 0; i < 2; i++) {
		scratch_path(&f->scratch, files[i], path);
		for (mode_t bit = 01; bit <= 0100; bit <<= 1) {
			assert_int_equal(chmod(path, 0600 | bit), 0);
			expect_refused(f->store, false, CKR_DEVICE_ERROR, "chmod 0600");
		}
		assert_int_equal(chmod(path, 0600), 0);
		if (geteuid() != 0)
			continue;
		assert_int_equal(chown(path, 65534, 65534), 0);
		expect_refused(f->store, false, CKR_DEVICE_ERROR, "belongs to user 65534");
		assert_int_equal(chown(path, 0, 0), 0);
	}
	assert_int_equal(chmod(f->store, 02700), 0);
	expect_opens(f, false);
	if (geteuid() == 0) {
		assert_int_equal(chown(f->store, 65534, 65534), 0);
		expect_refused(f->store, true, CKR_DEVICE_ERROR, "belongs to user 65534");
		assert_int_equal(chown(f->store, 0, 0), 0);
	}
	expect_opens(f, false);
}

static void test_links(void **state)
{
	static const char *const files[] = {"store/keyclave.db", "store/store.lock",
					    "store/keyclave.db-wal", "store/keyclave.db-journal"};
	struct fixture *f = *state;
	char path[PATH_MAX];
	char other[PATH_MAX];
	char with_slash[PATH_MAX + 2];
	struct blobstore *store = NULL;

	expect_opens(f, true);
	scratch_path(&f->scratch, "other", other);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		scratch_path(&f->scratch, files[i], path);
		bool there = rename(path, other) == 0;

		assert_int_equal(symlink(other, path), 0);
		expect_refused(f->store, true, CKR_DEVICE_ERROR, "symbolic link");
		assert_int_equal(remove(path), 0);
		assert_int_equal(symlink("/nowhere/at/all", path), 0);
		expect_refused(f->store, true, CKR_DEVICE_ERROR, "symbolic link");
		assert_int_equal(remove(path), 0);
		assert_int_equal(mkfifo(path, 0600), 0);
		expect_refused(f->store, true, CKR_DEVICE_ERROR, "not a plain file");
		assert_int_equal(remove(path), 0);
		if (!there)
			continue;
		assert_int_equal(link(other, path), 0);
		expect_refused(f->store, true, CKR_DEVICE_ERROR, "hard links");
		assert_int_equal(remove(other), 0);
	}
	expect_opens(f, false);
	/* The folder itself; a link further up is the administrator's business. */
	assert_int_equal(rename(f->store, other), 0);
	assert_int_equal(symlink(other, f->store), 0);
	expect_refused(f->store, true, CKR_DEVICE_ERROR, "symbolic link");
	snprintf(with_slash, sizeof(with_slash), "%s/", f->store);
	expect_refused(with_slash, true, CKR_DEVICE_ERROR, "symbolic link");
	assert_int_equal(remove(f->store), 0);
	assert_int_equal(rename(other, f->store), 0);
	scratch_path(&f->scratch, "above", other);
	assert_int_equal(symlink(f->scratch.path, other), 0);
	scratch_path(&f->scratch, "above/store", path);
	assert_int_equal(blobstore_open_sqlite(path, false, &store), CKR_OK);
	blobstore_free(&store);
	/* A file where the folder should be. */
	scratch_path(&f->scratch, "file", path);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	expect_refused(path, true, CKR_DEVICE_ERROR, "no folder");
}

static void test_second_opener_is_told_who_has_it(void **state)
{
	struct fixture *f = *state;
	struct blobstore *store = NULL;
	char words[64];
	pid_t child = -1;
	int status = -1;

	assert_int_equal(blobstore_open_sqlite(f->store, true, &store), CKR_OK);
	snprintf(words, sizeof(words), "process %ld has it", (long)getpid());
	expect_refused(f->store, false, CKR_TOKEN_NOT_PRESENT, words);
	expect_refused(f->store, true, CKR_TOKEN_NOT_PRESENT, words);
	child = fork();
	if (child == 0) {
		struct blobstore *second = NULL;

		_exit(blobstore_open_sqlite(f->store, false, &second) == CKR_TOKEN_NOT_PRESENT ? 0
											       : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	blobstore_free(&store);
	expect_opens(f, false);
}

/* Killed with -9, the holder leaves no lock behind. */
static void test_lock_dies_with_its_holder(void **state)
{
	struct fixture *f = *state;
	int ready[2];
	char byte = 0;
	char words[64];
	pid_t child = -1;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct blobstore *store = NULL;

		if (blobstore_open_sqlite(f->store, true, &store) == CKR_OK &&
		    write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	snprintf(words, sizeof(words), "process %ld has it", (long)child);
	expect_refused(f->store, false, CKR_TOKEN_NOT_PRESENT, words);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	expect_opens(f, false);
}

static void test_network_file_systems(void **state)
{
	(void)state;
	assert_string_equal(folder_network(0x6969, NULL), "nfs");
	assert_string_equal(folder_network(0xFF534D42, ""), "cifs");
	assert_string_equal(folder_network(0xFE534D42, NULL), "smb3");
	assert_string_equal(folder_network(0x01021997, NULL), "9p");
	assert_string_equal(folder_network(0x65735546, "fuse.sshfs"), "fuse.sshfs");
	assert_null(folder_network(0x65735546, "fuse.fuse-overlayfs"));
	assert_null(folder_network(0x65735546, ""));
	assert_null(folder_network(0xEF53, NULL));     /* ext4 */
	assert_null(folder_network(0x01021994, NULL)); /* tmpfs */
	assert_null(folder_network(0x58465342, NULL)); /* xfs */
	assert_null(folder_network(0x9123683E, NULL)); /* btrfs */
	assert_null(folder_network(0, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_created_only_when_asked),
	    TEST(test_modes_and_owners),
	    TEST(test_links),
	    TEST(test_second_opener_is_told_who_has_it),
	    TEST(test_lock_dies_with_its_holder),
	    cmocka_unit_test(test_network_file_systems),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("blobstore folder", tests, NULL, NULL);
}

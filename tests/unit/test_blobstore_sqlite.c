/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite engine against what may befall a file: foreign and newer databases, planted schemas,
 * flipped bits, kill -9 at any moment, and disks that are full.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "blobstore/blobstore.h"
#include "common/log.h"
#include "batch.h"
#include "../lib/captured_log.h"
#include "../lib/scratch.h"

struct fixture {
	struct scratch scratch;
	char store[PATH_MAX];
	char database[PATH_MAX];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || !scratch_make(&f->scratch))
		return -1;
	scratch_path(&f->scratch, "store", f->store);
	scratch_path(&f->scratch, "store/keyclave.db", f->database);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

/* A store with one whole batch in it, closed. */
static void make_store(struct fixture *f)
{
	struct blobstore *store = NULL;

	assert_int_equal(blobstore_open_sqlite(f->store, true, &store), CKR_OK);
	assert_int_equal(batch_write(store, 1), CKR_OK);
	blobstore_free(&store);
}

static void expect_refused(struct fixture *f, CK_RV rv, const char *words)
{
	for (int create = 0; create < 2; create++) {
		struct blobstore *store = NULL;
		struct captured_log log;
		CK_RV got = CKR_OK;

		captured_log_begin(&log);
		got = blobstore_open_sqlite(f->store, create, &store);
		captured_log_end(&log);
		assert_int_equal(got, rv);
		assert_null(store);
		assert_true(captured_log_has(&log, words));
	}
}

/* SQL as somebody else runs it on the closed file. */
static void run_sql(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	assert_int_equal(sqlite3_open(f->database, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(chmod(f->database, 0600), 0);
}

/* ---- foreign files ---- */

static void test_settings_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct blobstore *store = NULL;
	char path[PATH_MAX];
	struct stat st;

	make_store(f);
	/* Closed, the log is gone: the database alone is the store. */
	assert_int_not_equal(access(scratch_path(&f->scratch, "store/keyclave.db-wal", path), F_OK),
			     0);
	run_sql(f, "CREATE TEMP TABLE t (a CHECK (a = 1)); INSERT INTO t SELECT application_id = "
		   "0x4B434C56 "
		   "AND user_version = 1 AND journal_mode = 'wal' FROM pragma_application_id, "
		   "pragma_user_version, pragma_journal_mode");
	assert_int_equal(blobstore_open_sqlite(f->store, false, &store), CKR_OK);
	assert_int_equal(batch_write(store, 2), CKR_OK);
	/* Open, there is a log, private too, and no shared-memory file that others could map. */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_not_equal(access(scratch_path(&f->scratch, "store/keyclave.db-shm", path), F_OK),
			     0);
	blobstore_free(&store);
}

static void test_foreign_and_newer(void **state)
{
	struct fixture *f = *state;
	struct blobstore *store = NULL;

	make_store(f);
	run_sql(f, "PRAGMA user_version = 2");
	expect_refused(f, CKR_DEVICE_ERROR, "newer Keyclave (schema 2; this one knows 1)");
	run_sql(f, "PRAGMA user_version = 0");
	expect_refused(f, CKR_DEVICE_ERROR, "not ours");
	run_sql(f, "PRAGMA user_version = 1; PRAGMA application_id = 0x12345678");
	expect_refused(f, CKR_DEVICE_ERROR,
		       "another program's database (application id 0x12345678)");
	run_sql(f, "PRAGMA application_id = 0x4B434C56");
	assert_int_equal(blobstore_open_sqlite(f->store, false, &store), CKR_OK);
	assert_int_equal(batch_last(store), 1);
	blobstore_free(&store);
}

static void test_planted_schema(void **state)
{
	static const struct {
		const char *plant;
		const char *remove;
	} cases[] = {
	    {"CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record; END",
	     "DROP TRIGGER t"},
	    {"CREATE VIEW v AS SELECT * FROM record", "DROP VIEW v"},
	    {"CREATE TABLE other (a)", "DROP TABLE other"},
	    {"CREATE INDEX i ON record (version)", "DROP INDEX i"},
	};
	struct fixture *f = *state;
	struct blobstore *store = NULL;

	make_store(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run_sql(f, cases[i].plant);
		expect_refused(f, CKR_DEVICE_ERROR, "not ours");
		run_sql(f, cases[i].remove);
	}
	run_sql(f, "ALTER TABLE record ADD COLUMN more INTEGER");
	expect_refused(f, CKR_DEVICE_ERROR, "not ours");
	run_sql(f, "ALTER TABLE record DROP COLUMN more");
	(void)store;
}

/* Rows that STRICT would never have let in: the schema's text says so, its rows do not. */
static void test_rows_of_wrong_types(void **state)
{
	struct fixture *f = *state;
	struct blobstore *store = NULL;
	struct buffer blob = {0};
	uint64_t version = 0;

	make_store(f);
	run_sql(f,
		"CREATE TEMP TABLE saved AS SELECT sql FROM sqlite_schema WHERE name = 'record';"
		"DROP TABLE record;"
		"CREATE TABLE record (kind, token, id, version, blob, PRIMARY KEY (kind, token, "
		"id)) WITHOUT ROWID;"
		"INSERT INTO record VALUES (5, 1, 1, 1, 'text'), (5, 1, 2, 'one', x'00'), (5, 1, "
		"3, -1, x'00'),"
		"(5, 1, 4, 1, NULL), (5, 1, 5, 1, x'aa'), (5, 1, 6, 1, 7.5), (5, 1, -7, 1, x'00');"
		"PRAGMA writable_schema = ON;"
		"UPDATE sqlite_schema SET sql = (SELECT sql FROM saved) WHERE name = 'record';");
	assert_int_equal(blobstore_open_sqlite(f->store, false, &store), CKR_OK);
	for (uint64_t id = 1; id <= 6; id++)
		assert_int_equal(
		    blobstore_get(store, (struct blob_name){5, 1, id}, &blob, &version),
		    id == 5 ? CKR_OK : CKR_DEVICE_ERROR);
	blobstore_free(&store);
	buffer_free(&blob);
}

static void test_not_a_database(void **state)
{
	struct fixture *f = *state;
	struct blobstore *store = NULL;
	int fd = -1;

	make_store(f);
	fd = open(f->database, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "garbage garbage!", 16, 0), 16);
	close(fd);
	expect_refused(f, CKR_DEVICE_ERROR, "put back a copy of the folder");
	/* Cut to nothing it is the same as removed: a new one, when asked for. */
	assert_int_equal(truncate(f->database, 0), 0);
	assert_int_equal(blobstore_open_sqlite(f->store, false, &store), CKR_TOKEN_NOT_PRESENT);
	assert_int_equal(blobstore_open_sqlite(f->store, true, &store), CKR_OK);
	assert_int_equal(batch_last(store), 0);
	blobstore_free(&store);
}

static CK_RV count_each(struct blob_name name, uint64_t version, struct span blob, void *arg)
{
	size_t *count = arg;

	(void)name;
	(void)version;
	(void)blob;
	(*count)++;
	return CKR_OK;
}

/* Any single bit: refused, or read as something (the seal's business), never a crash; most records
 * stay. */
static void test_flipped_bits(void **state)
{
	enum { OBJECTS = 60, FLIPS = 150 };
	struct fixture *f = *state;
	struct blobstore *store = NULL;
	static uint8_t data[700];
	struct stat st;
	size_t opened = 0;
	size_t read_back = 0;
	int fd = -1;

	assert_int_equal(blobstore_open_sqlite(f->store, true, &store), CKR_OK);
	for (uint64_t id = 1; id <= OBJECTS; id++) {
		struct blob_write w = {
		    .name = {5, 1, id}, .version = 1, .blob = {data, sizeof(data)}};

		assert_int_equal(blobstore_write(store, &w, 1), CKR_OK);
	}
	blobstore_free(&store);
	assert_int_equal(stat(f->database, &st), 0);
	fd = open(f->database, O_RDWR | O_CLOEXEC);
	srandom(4711);
	log_open("test", (enum log_level)0); /* hundreds of lines otherwise */
	for (int flip = 0; flip < FLIPS; flip++) {
		/* Every third one in the first page, which all else hangs on. */
		off_t at = flip % 3 ? random() % st.st_size : random() % 200;
		uint8_t good = 0;
		uint8_t bad = 0;
		struct buffer blob = {0};
		size_t count = 0;

		assert_int_equal(pread(fd, &good, 1, at), 1);
		bad = (uint8_t)(good ^ 1U << random() % 8);
		assert_int_equal(pwrite(fd, &bad, 1, at), 1);
		if (blobstore_open_sqlite(f->store, false, &store) == CKR_OK) {
			opened++;
			blobstore_list(store, 5, 1, count_each, &count);
			for (uint64_t id = 1; id <= OBJECTS; id++) {
				uint64_t version = 0;

				if (blobstore_get(store, (struct blob_name){5, 1, id}, &blob,
						  &version) == CKR_OK &&
				    version)
					read_back++;
			}
		}
		blobstore_free(&store);
		buffer_free(&blob);
		assert_int_equal(pwrite(fd, &good, 1, at), 1);
	}
	close(fd);
	log_open("test", LOG_LEVEL_ERROR);
	assert_true(opened > FLIPS / 2);
	assert_true(read_back > opened * OBJECTS * 9 / 10);
}

/* Another program holds the file: told so, after a short wait. */
static void test_locked_by_another_program(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db = NULL;

	make_store(f);
	assert_int_equal(sqlite3_open(f->database, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM record", NULL, NULL, NULL),
			 SQLITE_OK);
	expect_refused(f, CKR_TOKEN_NOT_PRESENT, "another program has the file open");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- kill -9 ---- */

/* Writes batches for ever, and says each number once it is told that it is durable. */
static void write_until_killed(const char *path, int out)
{
	struct blobstore *store = NULL;
	uint64_t number = 0;
	struct buffer blob = {0};

	if (blobstore_open_sqlite(path, true, &store) != CKR_OK ||
	    blobstore_get(store, (struct blob_name){5, 1, 1}, &blob, &number) != CKR_OK)
		_exit(1);
	for (;;) {
		number++;
		if (batch_write(store, number) != CKR_OK || write(out, &number, sizeof(number)) < 0)
			_exit(2);
	}
}

/*
 * One life of a writer: killed MICROSECONDS after it has said COUNT numbers. Gives the last number
 * that it said, or SAID.
 */
static uint64_t one_life(const char *path, int count, useconds_t microseconds, uint64_t said)
{
	uint64_t number = 0;
	int status = 0;
	int out[2];
	pid_t child = -1;

	assert_int_equal(pipe(out), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(out[0]);
		write_until_killed(path, out[1]);
	}
	close(out[1]);
	while (count-- > 0 && read(out[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
		said = number;
	usleep(microseconds);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (read(out[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
		said = number;
	close(out[0]);
	return said;
}

/* The store goes through all lives; whatever was said to be there is, and nothing is there by half.
 */
static void test_killed_while_writing(void **state)
{
	enum { LIVES = 20 };
	struct fixture *f = *state;
	uint64_t said = 0;

	srandom((unsigned)getpid());
	for (int life = 0; life < LIVES; life++) {
		struct blobstore *store = NULL;
		uint64_t before = said;
		uint64_t there = 0;

		said = one_life(f->store, 1 + (int)(random() % 20), (useconds_t)(random() % 2000),
				said);
		assert_true(said > before);
		assert_int_equal(blobstore_open_sqlite(f->store, true, &store), CKR_OK);
		there = batch_last(store);
		blobstore_free(&store);
		/* The last batch may have been durable without having been said. */
		assert_true(there == said || there == said + 1);
		said = there;
	}
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Killed while it is made: there is no store, or a whole one; making it again works. */
static void test_killed_while_being_made(void **state)
{
	enum { LIVES = 20 };
	struct fixture *f = *state;
	char path[PATH_MAX];
	char leaf[32];
	long start = now_us();
	long whole = 0;

	/* How long it takes here, from fork to the first batch. */
	assert_int_equal(one_life(f->store, 1, 0, 0) > 0, true);
	whole = now_us() - start;
	for (int life = 0; life < LIVES; life++) {
		struct blobstore *store = NULL;
		CK_RV rv = CKR_OK;

		snprintf(leaf, sizeof(leaf), "store%d", life);
		scratch_path(&f->scratch, leaf, path);
		one_life(path, 0, (useconds_t)(whole * life / LIVES), 0);
		rv = blobstore_open_sqlite(path, false, &store);
		assert_true(rv == CKR_OK || rv == CKR_TOKEN_NOT_PRESENT);
		if (rv != CKR_OK)
			assert_int_equal(blobstore_open_sqlite(path, true, &store), CKR_OK);
		batch_last(store);
		blobstore_free(&store);
	}
}

/* ---- full disks ---- */

/* Inserts 3,000 byte records until there is no room; gives how many were acknowledged. */
static uint64_t insert_until_full(struct blobstore *store, uint64_t next, CK_RV *last)
{
	static uint8_t data[3000];

	for (*last = CKR_OK; *last == CKR_OK && next < 100000; next++) {
		struct blob_write batch[] = {
		    {.name = {6, 1, next}, .version = 1, .blob = {data, sizeof(data)}},
		    {.name = {4, 1, next}, .version = 1, .blob = {data, sizeof(data)}},
		};

		*last = blobstore_write(store, batch, 2);
		if (*last != CKR_OK)
			break;
	}
	return next;
}

static size_t count_records(struct blobstore *store, uint32_t kind)
{
	size_t count = 0;

	assert_int_equal(blobstore_list(store, kind, 1, count_each, &count), CKR_OK);
	return count;
}

/* A file that may not grow (as with a quota): EFBIG, which SQLite reports as an I/O error. */
static void test_file_size_limit(void **state)
{
	struct fixture *f = *state;
	struct blobstore *store = NULL;
	struct rlimit old;
	struct rlimit small;
	uint64_t inserted = 0;
	CK_RV last = CKR_OK;
	CK_RV second = CKR_OK;

	make_store(f);
	assert_int_equal(blobstore_open_sqlite(f->store, false, &store), CKR_OK);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 400000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	log_open("test", LOG_LEVEL_ERROR);
	inserted = insert_until_full(store, 0, &last);
	second = insert_until_full(store, inserted, &last) == inserted ? last : CKR_OK;
	setrlimit(RLIMIT_FSIZE, &old);
	log_open("test", LOG_LEVEL_ERROR);
	assert_true(inserted > 10);
	assert_int_equal(last, CKR_DEVICE_MEMORY);
	assert_int_equal(second, CKR_DEVICE_MEMORY);
	assert_int_equal(count_records(store, 6), inserted);
	/* Room again: it goes on as if nothing had been. */
	assert_int_equal(batch_write(store, 2), CKR_OK);
	blobstore_free(&store);
	assert_int_equal(blobstore_open_sqlite(f->store, false, &store), CKR_OK);
	assert_int_equal(count_records(store, 6), inserted);
	assert_int_equal(count_records(store, 4), inserted);
	assert_int_equal(batch_last(store), 2);
	blobstore_free(&store);
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* A disk of a mebibyte at PATH, for this process only. */
static bool mount_small_disk(const char *path)
{
	char map[64];

	if (geteuid() != 0) {
		snprintf(map, sizeof(map), "0 %u 1", (unsigned)geteuid());
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
		    !write_text("/proc/self/uid_map", map))
			return false;
	} else if (unshare(CLONE_NEWNS) != 0) {
		return false;
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	return mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0;
}

/* Takes all the room that is left. */
static int write_ballast(const char *folder)
{
	static const uint8_t block[512];
	char path[PATH_MAX + 8];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/ballast", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (fd >= 0 && write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		;
	return fd;
}

/* Fills the disk with records of its own, stops and starts on it, and goes on when there is room.
 */
static int fill_disk(const char *folder, const char *path)
{
	struct blobstore *store = NULL;
	CK_RV last = CKR_OK;
	uint64_t inserted = 0;
	int ballast = write_ballast(folder);

	if (ballast < 0 || ftruncate(ballast, 400000) != 0)
		return 11;
	if (blobstore_open_sqlite(path, true, &store) != CKR_OK || batch_write(store, 1) != CKR_OK)
		return 12;
	inserted = insert_until_full(store, 0, &last);
	if (last != CKR_DEVICE_MEMORY || inserted < 10 || count_records(store, 6) != inserted)
		return 13;
	/* Closing cannot write the log back. */
	blobstore_free(&store);
	if (blobstore_open_sqlite(path, false, &store) != CKR_OK)
		return 14;
	if (count_records(store, 6) != inserted || count_records(store, 4) != inserted ||
	    batch_last(store) != 1)
		return 15;
	if (ftruncate(ballast, 0) != 0 || insert_until_full(store, inserted, &last) < inserted + 5)
		return 16;
	close(ballast);
	blobstore_free(&store);
	return 0;
}

/* Others fill the disk while the store is in use: PINs (which overwrite) are counted on and on. */
static int fill_disk_around(const char *folder, const char *path)
{
	struct blobstore *store = NULL;
	uint64_t number = 0;
	int ballast = -1;

	if (blobstore_open_sqlite(path, true, &store) != CKR_OK)
		return 21;
	while (number < 10) {
		if (batch_write(store, ++number) != CKR_OK)
			return 22;
		/* The database has its size from earlier days, and the log a few batches of today.
		 */
		if (number != 5)
			continue;
		blobstore_free(&store);
		if (blobstore_open_sqlite(path, false, &store) != CKR_OK)
			return 25;
	}
	ballast = write_ballast(folder);
	while (number < 200) {
		if (batch_write(store, ++number) != CKR_OK)
			return 23;
	}
	if (ballast < 0 || batch_last(store) != 200)
		return 24;
	close(ballast);
	blobstore_free(&store);
	return 0;
}

/* In a child. 77: this machine does not let us mount. */
static int on_small_disk(const char *folder)
{
	char path[PATH_MAX + 8];
	int failed = 0;

	if (!mount_small_disk(folder))
		return 77;
	snprintf(path, sizeof(path), "%s/store", folder);
	failed = fill_disk_around(folder, path);
	if (failed)
		return failed;
	if (umount2(folder, MNT_DETACH) != 0 || mount("tmpfs", folder, "tmpfs", 0, "size=1m") != 0)
		return 30;
	return fill_disk(folder, path);
}

static void test_full_disk(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0)
		_exit(on_small_disk(f->scratch.path));
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_settings_of_the_file),
	    TEST(test_foreign_and_newer),
	    TEST(test_planted_schema),
	    TEST(test_rows_of_wrong_types),
	    TEST(test_not_a_database),
	    TEST(test_flipped_bits),
	    TEST(test_locked_by_another_program),
	    TEST(test_killed_while_writing),
	    TEST(test_killed_while_being_made),
	    TEST(test_file_size_limit),
	    TEST(test_full_disk),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("blobstore sqlite", tests, NULL, NULL);
}

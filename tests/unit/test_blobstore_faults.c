/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite engine with every single failure: each allocation, each write, each sync of a short
 * life in turn, and the power cut before each, after which a file is what was last synced. Own
 * program, because SQLite's allocator and file system are global.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "common/log.h"
#include "../lib/scratch.h"

#define BATCHES 4

enum fault {
	FAULT_NONE,
	FAULT_MEMORY_ONCE,
	FAULT_MEMORY,	  /* from then on */
	FAULT_WRITE_ONCE, /* an I/O error */
	FAULT_FULL,	  /* from then on */
	FAULT_SYNC_ONCE,
	FAULT_POWER, /* everything fails from then on, and what was not synced is gone */
};

static enum fault fault;
static long countdown; /* calls of the fault's kind until it strikes; < 0: it has struck */
static unsigned syncs;

/* True if this call, of a kind that FAULT is about, has to fail. */
static bool strikes(bool for_ever)
{
	if (countdown > 0)
		countdown--;
	if (countdown > 0)
		return false;
	if (countdown == 0) {
		countdown = -1;
		return true;
	}
	return for_ever;
}

/* ---- the allocator ---- */

static sqlite3_mem_methods real_memory;

static bool memory_fails(void)
{
	return (fault == FAULT_MEMORY_ONCE && strikes(false)) ||
	       (fault == FAULT_MEMORY && strikes(true));
}

static void *faulty_malloc(int size)
{
	return memory_fails() ? NULL : real_memory.xMalloc(size);
}

static void *faulty_realloc(void *p, int size)
{
	return memory_fails() ? NULL : real_memory.xRealloc(p, size);
}

/* ---- the file system ---- */

/* What a write or truncation since the last sync replaced. */
struct undo {
	struct undo *next; /* an older one */
	sqlite3_file *real;
	sqlite3_int64 file_size;
	sqlite3_int64 offset;
	int size;
	unsigned char old[]; /* SIZE bytes, zeros beyond the old end */
};

struct shim_file {
	sqlite3_file base;  /* first */
	sqlite3_file *real; /* lies right behind */
};

static struct undo *undo_list;
static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct shim_file *)file)->real;
}

static void remember(sqlite3_file *real, sqlite3_int64 offset, int size)
{
	struct undo *u = calloc(1, sizeof(*u) + (size_t)size);

	assert_non_null(u);
	u->real = real;
	u->offset = offset;
	u->size = size;
	real->pMethods->xFileSize(real, &u->file_size);
	/* A short read zero-fills. */
	real->pMethods->xRead(real, u->old, size, offset);
	u->next = undo_list;
	undo_list = u;
}

/* Forgets what is now safe (REAL synced or closed; NULL: all). */
static void forget(const sqlite3_file *real)
{
	struct undo **at = &undo_list;

	while (*at) {
		struct undo *u = *at;

		if (!real || u->real == real) {
			*at = u->next;
			free(u);
		} else {
			at = &u->next;
		}
	}
}

/* The power is off: files go back to their last sync, newest change first. */
static void cut_power(void)
{
	for (struct undo *u = undo_list; u; u = u->next) {
		u->real->pMethods->xWrite(u->real, u->old, u->size, u->offset);
		u->real->pMethods->xTruncate(u->real, u->file_size);
	}
	forget(NULL);
}

/* A call that changes the disk: SQLITE_OK, or how it fails. */
static int change_fails(bool is_write)
{
	if (fault == FAULT_POWER && strikes(true)) {
		cut_power();
		return SQLITE_IOERR_WRITE;
	}
	if (fault == FAULT_WRITE_ONCE && is_write && strikes(false))
		return SQLITE_IOERR_WRITE;
	if (fault == FAULT_FULL && is_write && strikes(true))
		return SQLITE_FULL;
	return SQLITE_OK;
}

static int shim_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	int rc = change_fails(true);

	if (rc != SQLITE_OK)
		return rc;
	remember(real_of(file), offset, size);
	return real_of(file)->pMethods->xWrite(real_of(file), data, size, offset);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_int64 old = 0;
	int rc = change_fails(false);

	if (rc != SQLITE_OK)
		return rc;
	real_of(file)->pMethods->xFileSize(real_of(file), &old);
	if (old > size)
		remember(real_of(file), size, (int)(old - size));
	return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

/* The real disk need not be waited for: it does not lose its power. */
static int shim_sync(sqlite3_file *file, int flags)
{
	int rc = change_fails(false);

	(void)flags;
	if (rc != SQLITE_OK)
		return SQLITE_IOERR_FSYNC;
	if (fault == FAULT_SYNC_ONCE && strikes(false))
		return SQLITE_IOERR_FSYNC;
	syncs++;
	forget(real_of(file));
	return SQLITE_OK;
}

static int shim_close(sqlite3_file *file)
{
	forget(real_of(file));
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int shim_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
	return real_of(file)->pMethods->xRead(real_of(file), data, size, offset);
}

static int shim_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int shim_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int shim_check_reserved(sqlite3_file *file, int *out)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int shim_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int shim_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int shim_characteristics(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 1, /* no shared memory, no mapping: the engine must not need them */
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_file_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_characteristics,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
		     int *out_flags)
{
	struct shim_file *shim = (struct shim_file *)file;
	int rc = SQLITE_OK;

	(void)vfs;
	shim->real = (sqlite3_file *)(shim + 1);
	rc = real_vfs->xOpen(real_vfs, name, shim->real, flags, out_flags);
	shim->base.pMethods = rc == SQLITE_OK ? &shim_methods : NULL;
	return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	if (fault == FAULT_POWER && countdown < 0)
		return SQLITE_IOERR_DELETE;
	return real_vfs->xDelete(real_vfs, name, sync);
}

static int setup_program(void **state)
{
	static sqlite3_vfs shim;
	static sqlite3_mem_methods memory;

	(void)state;
	/* The shim loses what was not synced; the real disk need not be waited for. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) != SQLITE_OK)
		return -1;
	memory = real_memory;
	memory.xMalloc = faulty_malloc;
	memory.xRealloc = faulty_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) != SQLITE_OK)
		return -1;
	real_vfs = sqlite3_vfs_find(NULL);
	shim = *real_vfs;
	shim.zName = "shim";
	shim.szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile;
	shim.xOpen = shim_open;
	shim.xDelete = shim_delete;
	return sqlite3_vfs_register(&shim, 1) == SQLITE_OK ? 0 : -1;
}

/* ---- lives ---- */

/* From an empty folder to BATCHES batches; gives the number of those that were acknowledged. */
static uint64_t live(const char *path, CK_RV *rv)
{
	struct blobstore *store = NULL;
	uint64_t acknowledged = 0;

	*rv = blobstore_open_sqlite(path, true, &store);
	while (*rv == CKR_OK && acknowledged < BATCHES) {
		*rv = batch_write(store, acknowledged + 1);
		if (*rv == CKR_OK)
			acknowledged++;
	}
	blobstore_free(&store);
	return acknowledged;
}

/*
 * Lives again and again, with the fault STEP calls later each time, until a life has seen no
 * fault. MAYBE: the batch that failed may be there after all. EXPECTED: what a failure is reported
 * as (0: any).
 */
static unsigned sweep(enum fault which, unsigned step, bool maybe, CK_RV expected)
{
	unsigned lives = 0;
	bool struck = true;

	/* Hundreds of failures, a line each. */
	log_open("test", getenv("KC_TEST_LOG") ? LOG_LEVEL_ERROR : (enum log_level)0);
	while (struck) {
		struct scratch folder;
		struct blobstore *store = NULL;
		char path[PATH_MAX];
		uint64_t acknowledged = 0;
		uint64_t there = 0;
		CK_RV rv = CKR_OK;

		assert_true(scratch_make(&folder));
		scratch_path(&folder, "store", path);
		fault = which;
		countdown = 1 + (long)(lives++ * step);
		acknowledged = live(path, &rv);
		struck = countdown < 0;
		fault = FAULT_NONE;
		forget(NULL);
		if (rv != CKR_OK && expected && rv != expected)
			fail_msg("fault %d in life %u: 0x%lx", (int)which, lives, rv);
		assert_int_equal(blobstore_open_sqlite(path, true, &store), CKR_OK);
		there = batch_last(store);
		if (there != acknowledged && !(maybe && there == acknowledged + 1))
			fail_msg("fault %d in life %u: %llu acknowledged, %llu there", (int)which,
				 lives, (unsigned long long)acknowledged,
				 (unsigned long long)there);
		/* And it goes on from there. */
		assert_int_equal(batch_write(store, there + 1), CKR_OK);
		blobstore_free(&store);
		scratch_remove(&folder);
	}
	log_open("test", LOG_LEVEL_ERROR);
	print_message("# %u lives\n", lives);
	return lives;
}

static void test_memory_fails_once(void **state)
{
	(void)state;
	assert_true(sweep(FAULT_MEMORY_ONCE, 7, false, CKR_DEVICE_MEMORY) > 50);
}

static void test_memory_is_gone(void **state)
{
	(void)state;
	assert_true(sweep(FAULT_MEMORY, 11, false, CKR_DEVICE_MEMORY) > 50);
}

static void test_write_fails_once(void **state)
{
	(void)state;
	assert_true(sweep(FAULT_WRITE_ONCE, 2, false, CKR_DEVICE_ERROR) > 20);
}

static void test_disk_is_full(void **state)
{
	(void)state;
	assert_true(sweep(FAULT_FULL, 2, false, CKR_DEVICE_MEMORY) > 20);
}

static void test_sync_fails_once(void **state)
{
	(void)state;
	assert_true(sweep(FAULT_SYNC_ONCE, 1, true, CKR_DEVICE_ERROR) > BATCHES);
}

static void test_power_is_cut(void **state)
{
	(void)state;
	assert_true(sweep(FAULT_POWER, 1, true, 0) > 20);
}

/* Each batch costs one sync of the log, and is not acknowledged before it. */
static void test_one_sync_a_batch(void **state)
{
	struct scratch folder;
	struct blobstore *store = NULL;
	char path[PATH_MAX];

	(void)state;
	assert_true(scratch_make(&folder));
	assert_int_equal(blobstore_open_sqlite(scratch_path(&folder, "store", path), true, &store),
			 CKR_OK);
	assert_int_equal(batch_write(store, 1), CKR_OK);
	for (uint64_t number = 2; number < 10; number++) {
		unsigned before = syncs;

		assert_int_equal(batch_write(store, number), CKR_OK);
		assert_int_equal(syncs, before + 1);
	}
	blobstore_free(&store);
	scratch_remove(&folder);
}

/* After a failed sync nobody knows what the disk has: the store says so to all who ask. */
static void test_broken_until_opened_again(void **state)
{
	struct scratch folder;
	struct blobstore *store = NULL;
	struct buffer blob = {0};
	uint64_t version = 0;
	char path[PATH_MAX];
	bool empty = false;

	(void)state;
	assert_true(scratch_make(&folder));
	assert_int_equal(blobstore_open_sqlite(scratch_path(&folder, "store", path), true, &store),
			 CKR_OK);
	assert_int_equal(batch_write(store, 1), CKR_OK);
	fault = FAULT_SYNC_ONCE;
	countdown = 1;
	assert_int_equal(batch_write(store, 2), CKR_DEVICE_ERROR);
	fault = FAULT_NONE;
	assert_int_equal(batch_write(store, 2), CKR_DEVICE_ERROR);
	assert_int_equal(blobstore_get(store, (struct blob_name){5, 1, 1}, &blob, &version),
			 CKR_DEVICE_ERROR);
	assert_int_equal(blobstore_is_empty(store, &empty), CKR_DEVICE_ERROR);
	blobstore_free(&store);
	assert_int_equal(blobstore_open_sqlite(path, false, &store), CKR_OK);
	assert_in_range(batch_last(store), 1, 2);
	blobstore_free(&store);
	buffer_free(&blob);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory_fails_once),
	    cmocka_unit_test(test_memory_is_gone),
	    cmocka_unit_test(test_write_fails_once),
	    cmocka_unit_test(test_disk_is_full),
	    cmocka_unit_test(test_sync_fails_once),
	    cmocka_unit_test(test_power_is_cut),
	    cmocka_unit_test(test_one_sync_a_batch),
	    cmocka_unit_test(test_broken_until_opened_again),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("blobstore faults", tests, setup_program, NULL);
}

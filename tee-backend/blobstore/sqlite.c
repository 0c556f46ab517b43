/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blob store's SQLite engine: one connection that is used by one thread at a time, every batch
 * a transaction that is synced before it is answered. What the file holds is hostile: what a row
 * says is checked here, its schema in database.c. docs/store.md, section 7.
 */
#include "config.h"

#include "blobstore/blobstore.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobstore/database.h"
#include "blobstore/engine.h"
#include "blobstore/folder.h"
#include "common/log.h"

/* Pages of the log after which they are copied into the database. */
#define CHECKPOINT_PAGES 1000

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_GET,
	STATEMENT_LIST,
	STATEMENT_ANY,
	STATEMENT_INSERT,
	STATEMENT_UPDATE,
	STATEMENT_DELETE,
	STATEMENTS,
};

static const char *const statement_sql[STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_GET] =
	"SELECT id, version, blob FROM record WHERE kind = ?1 AND token = ?2 AND id = ?3",
    [STATEMENT_LIST] =
	"SELECT id, version, blob FROM record WHERE kind = ?1 AND token = ?2 ORDER BY id",
    [STATEMENT_ANY] = "SELECT 1 FROM record LIMIT 1",
    [STATEMENT_INSERT] =
	"INSERT INTO record (kind, token, id, version, blob) VALUES (?1, ?2, ?3, ?5, ?6)",
    [STATEMENT_UPDATE] = ("UPDATE record SET version = ?5, blob = ?6 WHERE kind = ?1 "
			  "AND token = ?2 AND id = ?3 AND version = ?4"),
    [STATEMENT_DELETE] =
	"DELETE FROM record WHERE kind = ?1 AND token = ?2 AND id = ?3 AND version = ?4",
};

struct sqlite_store {
	struct blobstore base; /* first */
	pthread_mutex_t lock;  /* of all below */
	struct folder folder;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	int error;   /* errno after the last step: sqlite3_system_errno() stays 0 for writes */
	bool broken; /* a sync failed: what the disk has is not known */
};

static struct sqlite_store *store_of(struct blobstore *base)
{
	return (struct sqlite_store *)base;
}

/*
 * Logs the failure of what the store was DOING, and says what it is for the caller. After a failed
 * sync the kernel may have dropped the pages and call the next sync a success: the store is done
 * with.
 */
static CK_RV status_of(struct sqlite_store *s, int rc, const char *doing)
{
	CK_RV rv = database_status(&s->folder, rc, s->error, doing);

	if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
		s->broken = true;
		log_error("store %s: a sync failed, so it is not used any more until the daemon "
			  "starts again",
			  s->folder.path);
	}
	return rv;
}

/* A row that SQLite found well formed and we do not. */
static CK_RV row_refused(struct sqlite_store *s, struct blob_name name)
{
	log_error(
	    "store %s/" DATABASE_NAME ": record %u/%llu/%llu has columns of a wrong type or size",
	    s->folder.path, name.kind, (unsigned long long)name.token, (unsigned long long)name.id);
	return CKR_DEVICE_ERROR;
}

/* ---- statements ---- */

static CK_RV store_lock(struct sqlite_store *s)
{
	if (pthread_mutex_lock(&s->lock) != 0) {
		log_error("store %s: called from its own list", s->folder.path);
		return CKR_DEVICE_ERROR;
	}
	if (s->broken) {
		pthread_mutex_unlock(&s->lock);
		return CKR_DEVICE_ERROR;
	}
	return CKR_OK;
}

/* Ready to be used again, with nothing bound: blobs are the caller's and go away. */
static void statement_done(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

static int bind_name(sqlite3_stmt *statement, struct blob_name name, bool with_id)
{
	int rc = sqlite3_bind_int64(statement, 1, name.kind);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(statement, 2, (sqlite3_int64)name.token);
	if (rc == SQLITE_OK && with_id)
		rc = sqlite3_bind_int64(statement, 3, (sqlite3_int64)name.id);
	return rc;
}

static int statement_step(struct sqlite_store *s, sqlite3_stmt *statement)
{
	int rc = SQLITE_OK;

	errno = 0;
	rc = sqlite3_step(statement);
	s->error = errno;
	return rc;
}

/* Runs a statement that gives no row. */
static int statement_run(struct sqlite_store *s, enum statement which)
{
	sqlite3_stmt *statement = s->statements[which];
	int rc = statement_step(s, statement);

	statement_done(statement);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* The present row's id, version and blob; false when a hostile file gave them another form. */
static bool row_read(sqlite3_stmt *statement, struct blob_name *name, uint64_t *version,
		     struct span *blob)
{
	sqlite3_int64 id = sqlite3_column_int64(statement, 0);
	sqlite3_int64 v = sqlite3_column_int64(statement, 1);

	if (sqlite3_column_type(statement, 0) != SQLITE_INTEGER ||
	    sqlite3_column_type(statement, 1) != SQLITE_INTEGER ||
	    sqlite3_column_type(statement, 2) != SQLITE_BLOB || id < 0 || v < 1)
		return false;
	name->id = (uint64_t)id;
	*version = (uint64_t)v;
	blob->data = sqlite3_column_blob(statement, 2);
	blob->size = (size_t)sqlite3_column_bytes(statement, 2);
	/* A size without data: SQLite had no memory to join the pages, or the size is 0. */
	return blob->size <= BLOBSTORE_BLOB_MAX && (blob->data || blob->size == 0);
}

/* ---- operations ---- */

static CK_RV sqlite_get(struct blobstore *base, struct blob_name name, struct buffer *blob,
			uint64_t *version)
{
	struct sqlite_store *s = store_of(base);
	sqlite3_stmt *statement = s->statements[STATEMENT_GET];
	struct span found = {0};
	CK_RV rv = store_lock(s);
	int rc = SQLITE_OK;

	if (rv != CKR_OK)
		return rv;
	rc = bind_name(statement, name, true);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW) {
		if (!row_read(statement, &name, version, &found)) {
			rv = sqlite3_errcode(s->db) == SQLITE_NOMEM ? CKR_DEVICE_MEMORY
								    : row_refused(s, name);
		} else if (!buffer_set(blob, found.data, found.size)) {
			log_error("store %s: no memory for a record of %zu bytes", s->folder.path,
				  found.size);
			rv = CKR_DEVICE_MEMORY;
		}
	} else if (rc != SQLITE_DONE) {
		rv = status_of(s, rc, "cannot read a record");
	}
	if (rv != CKR_OK)
		*version = 0;
	statement_done(statement);
	pthread_mutex_unlock(&s->lock);
	return rv;
}

static CK_RV sqlite_is_empty(struct blobstore *base, bool *empty)
{
	struct sqlite_store *s = store_of(base);
	CK_RV rv = store_lock(s);
	int rc = SQLITE_OK;

	if (rv != CKR_OK)
		return rv;
	rc = sqlite3_step(s->statements[STATEMENT_ANY]);
	if (rc == SQLITE_DONE)
		*empty = true;
	else if (rc != SQLITE_ROW)
		rv = status_of(s, rc, "cannot read");
	statement_done(s->statements[STATEMENT_ANY]);
	pthread_mutex_unlock(&s->lock);
	return rv;
}

static CK_RV sqlite_list(struct blobstore *base, uint32_t kind, uint64_t token,
			 CK_RV (*each)(struct blob_name name, uint64_t version, struct span blob,
				       void *arg),
			 void *arg)
{
	struct sqlite_store *s = store_of(base);
	sqlite3_stmt *statement = s->statements[STATEMENT_LIST];
	struct blob_name name = {.kind = kind, .token = token};
	struct span blob = {0};
	uint64_t version = 0;
	CK_RV rv = store_lock(s);
	int rc = SQLITE_OK;

	if (rv != CKR_OK)
		return rv;
	rc = bind_name(statement, name, false);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	while (rv == CKR_OK && rc == SQLITE_ROW) {
		if (!row_read(statement, &name, &version, &blob)) {
			rv = sqlite3_errcode(s->db) == SQLITE_NOMEM ? CKR_DEVICE_MEMORY
								    : row_refused(s, name);
			break;
		}
		rv = each(name, version, blob, arg);
		if (rv == CKR_OK)
			rc = sqlite3_step(statement);
	}
	if (rv == CKR_OK && rc != SQLITE_DONE)
		rv = status_of(s, rc, "cannot list records");
	statement_done(statement);
	pthread_mutex_unlock(&s->lock);
	return rv;
}

/* One write of a batch. SQLITE_OK with *CONFLICT set when the version there is another one. */
static int write_apply(struct sqlite_store *s, const struct blob_write *w, bool *conflict)
{
	enum statement which = !w->version   ? STATEMENT_DELETE
			       : w->expected ? STATEMENT_UPDATE
					     : STATEMENT_INSERT;
	sqlite3_stmt *statement = s->statements[which];
	int rc = bind_name(statement, w->name, true);

	if (rc == SQLITE_OK && which != STATEMENT_INSERT)
		rc = sqlite3_bind_int64(statement, 4, (sqlite3_int64)w->expected);
	if (rc == SQLITE_OK && which != STATEMENT_DELETE)
		rc = sqlite3_bind_int64(statement, 5, (sqlite3_int64)w->version);
	/* An empty blob needs an address, or it is NULL. */
	if (rc == SQLITE_OK && which != STATEMENT_DELETE)
		rc = sqlite3_bind_blob(statement, 6, w->blob.size ? (const void *)w->blob.data : "",
				       (int)w->blob.size, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = statement_step(s, statement);
	statement_done(statement);
	if (rc == SQLITE_CONSTRAINT_PRIMARYKEY) {
		*conflict = true;
		return SQLITE_OK;
	}
	if (rc == SQLITE_DONE && which != STATEMENT_INSERT && sqlite3_changes(s->db) != 1)
		*conflict = true;
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void roll_back(struct sqlite_store *s)
{
	/* Some errors have rolled it back already. */
	if (sqlite3_get_autocommit(s->db))
		return;
	statement_run(s, STATEMENT_ROLLBACK);
	if (!sqlite3_get_autocommit(s->db)) {
		log_error("store %s: not used any more until the daemon starts again: no way back "
			  "from a batch",
			  s->folder.path);
		s->broken = true;
	}
}

static CK_RV write_batch(struct sqlite_store *s, const struct blob_write *writes, size_t count)
{
	const char *doing = "cannot begin a batch";
	bool conflict = false;
	CK_RV rv = CKR_OK;
	int rc = statement_run(s, STATEMENT_BEGIN);

	for (size_t i = 0; rc == SQLITE_OK && !conflict && i < count; i++) {
		doing = "cannot write a record";
		rc = write_apply(s, &writes[i], &conflict);
	}
	if (rc == SQLITE_OK && !conflict) {
		doing = "cannot commit";
		rc = statement_run(s, STATEMENT_COMMIT);
	}
	if (rc != SQLITE_OK)
		rv = status_of(s, rc, doing);
	else if (conflict)
		rv = CKR_KEYCLAVE_CONFLICT;
	if (rv != CKR_OK)
		roll_back(s);
	return rv;
}

static CK_RV sqlite_write(struct blobstore *base, const struct blob_write *writes, size_t count)
{
	struct sqlite_store *s = store_of(base);
	CK_RV rv = store_lock(s);

	if (rv != CKR_OK)
		return rv;
	rv = write_batch(s, writes, count);
	/*
	 * On a disk that others have filled PINs must still be counted and objects deleted. Once
	 * the log has been copied into the database, its room is used again.
	 */
	if (rv == CKR_DEVICE_MEMORY && !s->broken &&
	    sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) ==
		SQLITE_OK)
		rv = write_batch(s, writes, count);
	pthread_mutex_unlock(&s->lock);
	return rv;
}

/*
 * After a commit that left PAGES in the log. SQLite's own hook would drop the error; but a database
 * whose sync failed must not have its log cut by a later one that "worked". The batch itself is
 * safe in the log.
 */
static int checkpoint(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_store *s = arg;
	int rc = SQLITE_OK;

	if (pages < CHECKPOINT_PAGES)
		return SQLITE_OK;
	rc = sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	/* A full disk is met again, and reported, by the next batch that needs the room. */
	if ((rc & 0xff) == SQLITE_IOERR)
		status_of(s, rc, "cannot copy the log into the database");
	return SQLITE_OK;
}

static void sqlite_free(struct blobstore *base)
{
	struct sqlite_store *s = store_of(base);

	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	/* Writes the log back into the database and removes it. */
	if (s->db && sqlite3_close(s->db) != SQLITE_OK)
		log_error("store %s: SQLite would not close", s->folder.path);
	folder_close(&s->folder);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static const struct blobstore_ops sqlite_ops = {
    .get = sqlite_get,
    .is_empty = sqlite_is_empty,
    .write = sqlite_write,
    .list = sqlite_list,
    .free = sqlite_free,
};

static CK_RV statements_prepare(struct sqlite_store *s)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < STATEMENTS; i++)
		rc = sqlite3_prepare_v3(s->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
					&s->statements[i], NULL);
	return rc == SQLITE_OK ? CKR_OK : status_of(s, rc, "cannot prepare its statements");
}

CK_RV blobstore_open_sqlite(const char *path, bool create, struct blobstore **store)
{
	struct sqlite_store *s = calloc(1, sizeof(*s));
	pthread_mutexattr_t attributes;
	CK_RV rv = CKR_OK;

	*store = NULL;
	if (!s || pthread_mutexattr_init(&attributes) != 0) {
		free(s);
		log_error("store: no memory");
		return CKR_DEVICE_MEMORY;
	}
	/* A list's callback that calls back is refused, not left to hang. */
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&s->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	s->base.ops = &sqlite_ops;
	rv = folder_open(path, create, &s->folder);
	if (rv == CKR_OK)
		rv = database_open(&s->folder, create, &s->db);
	if (rv == CKR_OK)
		sqlite3_wal_hook(s->db, checkpoint, s);
	if (rv == CKR_OK)
		rv = statements_prepare(s);
	if (rv != CKR_OK) {
		sqlite_free(&s->base);
		return rv;
	}
	*store = &s->base;
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blob store's SQLite engine: one table, one connection that is used by one thread at a time,
 * every batch a transaction that is synced before it is answered. What the file holds is hostile:
 * its schema must be ours to the letter and what a row says is checked. docs/store.md, section 7.
 */
#include "config.h"

#include "blobstore/blobstore.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobstore/engine.h"
#include "blobstore/folder.h"
#include "common/log.h"

#define DATABASE "keyclave.db"
#define APPLICATION_ID 0x4B434C56 /* "KCLV" */
#define SCHEMA_VERSION 1
/* Half a second that another program (a backup) may hold the file before a start is refused. */
#define BUSY_MS 500
/* Pages of the log after which they are copied into the database. */
#define CHECKPOINT_PAGES 1000

static const char table_sql[] =
    "CREATE TABLE record (kind INTEGER NOT NULL, token INTEGER NOT NULL, id INTEGER NOT NULL, "
    "version INTEGER NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (kind, token, id)) "
    "WITHOUT ROWID, STRICT";

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

/* ---- SQLite's codes to ours ---- */

/* True if the system said that there is no room; SQLite itself knows ENOSPC only. */
static bool disk_is_full(const struct sqlite_store *s)
{
	return s->error == ENOSPC || s->error == EDQUOT || s->error == EFBIG;
}

static CK_RV ioerr_status(struct sqlite_store *s, int rc)
{
	switch (rc) {
	case SQLITE_IOERR_NOMEM:
		return CKR_DEVICE_MEMORY;
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
		/* The kernel may have dropped the pages and call the next sync a success. */
		s->broken = true;
		log_error("store %s: not used any more until the daemon starts again, because a "
			  "sync failed",
			  s->folder.path);
		return CKR_DEVICE_ERROR;
	default:
		return disk_is_full(s) ? CKR_DEVICE_MEMORY : CKR_DEVICE_ERROR;
	}
}

/* Logs the failure of what the store was DOING once, and says what it is for the caller. */
static CK_RV status_of(struct sqlite_store *s, int rc, const char *doing)
{
	const char *advice = "";
	CK_RV rv = CKR_DEVICE_ERROR;

	switch (rc & 0xff) {
	case SQLITE_FULL:
		advice = "; make room on the disk";
		rv = CKR_DEVICE_MEMORY;
		break;
	case SQLITE_NOMEM:
		rv = CKR_DEVICE_MEMORY;
		break;
	case SQLITE_IOERR:
		rv = ioerr_status(s, rc);
		advice = rv == CKR_DEVICE_MEMORY ? "; make room on the disk" : "; check the disk";
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		advice = "; the file is damaged: stop the daemon and put back a copy of the "
			 "folder, or move it "
			 "away to begin anew";
		break;
	case SQLITE_READONLY:
		rv = CKR_TOKEN_WRITE_PROTECTED;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		advice = "; another program has the file open";
		rv = CKR_TOKEN_NOT_PRESENT;
		break;
	default:
		break;
	}
	log_error("store %s/" DATABASE ": %s: %s (SQLite %d)%s", s->folder.path, doing,
		  sqlite3_errstr(rc), rc, advice);
	return rv;
}

/* A row that SQLite found well formed and we do not. */
static CK_RV row_refused(struct sqlite_store *s, struct blob_name name)
{
	log_error("store %s/" DATABASE ": record %u/%llu/%llu has columns of a wrong type or size",
		  s->folder.path, name.kind, (unsigned long long)name.token,
		  (unsigned long long)name.id);
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

/* ---- opening ---- */

/* The one integer that SQL gives. */
static int query_int(sqlite3 *db, const char *sql, sqlite3_int64 *value)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW) {
		*value = sqlite3_column_int64(statement, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? SQLITE_ERROR : rc;
}

/* Runs SQL, whose one row must say EXPECTED (NULL: whatever it says). */
static int run_pragma(sqlite3 *db, const char *sql, const char *expected)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	const char *text = NULL;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(statement, 0);
		/* A setting that was refused for want of memory is said in the row, not in the
		 * code. */
		if (expected && (!text || strcmp(text, expected) != 0))
			rc = sqlite3_errcode(db) == SQLITE_NOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
		else
			rc = SQLITE_DONE;
	} else if (rc == SQLITE_DONE && expected) {
		rc = SQLITE_ERROR;
	}
	sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* What protects us from the file, and the file's users from each other. Order matters. */
static int harden(sqlite3 *db)
{
	static const struct {
		int option;
		int value;
	} options[] = {
	    {SQLITE_DBCONFIG_DEFENSIVE, 1},	 {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
	    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
	    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},	 {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
	    {SQLITE_DBCONFIG_DQS_DML, 0},	 {SQLITE_DBCONFIG_DQS_DDL, 0},
	};
	static const int limits[][2] = {
	    {SQLITE_LIMIT_LENGTH, (int)BLOBSTORE_BLOB_MAX + 4096},
	    {SQLITE_LIMIT_SQL_LENGTH, 4096},
	    {SQLITE_LIMIT_COLUMN, 16},
	    {SQLITE_LIMIT_EXPR_DEPTH, 16},
	    {SQLITE_LIMIT_ATTACHED, 0},
	    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
	    {SQLITE_LIMIT_WORKER_THREADS, 0},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int now = -1;

		if (sqlite3_db_config(db, options[i].option, options[i].value, &now) != SQLITE_OK ||
		    now != options[i].value)
			return SQLITE_ERROR;
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(db, limits[i][0], limits[i][1]);
	return sqlite3_busy_timeout(db, BUSY_MS);
}

/* EXCLUSIVE before WAL: then its index lies in our memory and not in a file that others could map.
 */
static int set_pragmas(sqlite3 *db)
{
	static const struct {
		const char *sql;
		const char *expected;
	} pragmas[] = {
	    {"PRAGMA cell_size_check = ON", NULL},
	    {"PRAGMA mmap_size = 0", NULL},
	    {"PRAGMA temp_store = MEMORY", NULL},
	    {"PRAGMA page_size = 8192", NULL},
	    {"PRAGMA locking_mode = EXCLUSIVE", "exclusive"},
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		rc = run_pragma(db, pragmas[i].sql, pragmas[i].expected);
	return rc;
}

static int set_journal(sqlite3 *db)
{
	static const struct {
		const char *sql;
		const char *expected;
	} pragmas[] = {
	    {"PRAGMA journal_mode = WAL", "wal"},
	    {"PRAGMA synchronous = FULL", NULL},
	    {"PRAGMA secure_delete = ON", "1"},
	    {"PRAGMA journal_size_limit = 4194304", NULL},
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		rc = run_pragma(db, pragmas[i].sql, pragmas[i].expected);
	return rc;
}

/* Exactly our table: a trigger or a view would run a stranger's SQL. */
static int schema_compare(sqlite3 *db, bool *same)
{
	sqlite3_stmt *statement = NULL;
	int rows = 0;
	int rc = sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema", -1, &statement, NULL);

	*same = true;
	while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(statement, 0);

		rows++;
		if (!text || strcmp((const char *)text, table_sql) != 0)
			*same = false;
		rc = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	if (rows != 1)
		*same = false;
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Table and both ids appear at once: a kill leaves all or none. */
static CK_RV schema_create(struct sqlite_store *s)
{
	char sql[sizeof(table_sql) + 256];
	int rc = set_journal(s->db);

	snprintf(
	    sql, sizeof(sql),
	    "BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	    table_sql, APPLICATION_ID, SCHEMA_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return status_of(s, rc, "cannot make the store");
	return folder_sync(&s->folder);
}

/* docs/store.md, section 8: the upgrade rule. Schema 1 is the first, so there are no steps yet. */
static CK_RV schema_check(struct sqlite_store *s, sqlite3_int64 version)
{
	bool same = false;
	int rc = SQLITE_OK;

	if (version > SCHEMA_VERSION) {
		log_error("store %s: made by a newer Keyclave (schema %lld; this one knows %d): "
			  "use that one",
			  s->folder.path, (long long)version, SCHEMA_VERSION);
		return CKR_DEVICE_ERROR;
	}
	rc = schema_compare(s->db, &same);
	if (rc != SQLITE_OK)
		return status_of(s, rc, "cannot read its schema");
	if (!same || version != SCHEMA_VERSION) {
		log_error("store %s/" DATABASE ": its tables are not ours (schema %lld)",
			  s->folder.path, (long long)version);
		return CKR_DEVICE_ERROR;
	}
	rc = set_journal(s->db);
	return rc == SQLITE_OK ? CKR_OK : status_of(s, rc, "cannot set up its journal");
}

/* Ours, fresh, or somebody else's? Nothing is changed before that is known. */
static CK_RV schema_open(struct sqlite_store *s, bool create)
{
	sqlite3_int64 application = 0;
	sqlite3_int64 version = 0;
	sqlite3_int64 tables = 0;
	int rc = query_int(s->db, "PRAGMA application_id", &application);

	if (rc == SQLITE_OK)
		rc = query_int(s->db, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = query_int(s->db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc != SQLITE_OK)
		return status_of(s, rc, "cannot open");
	/* Empty, or killed while it was made. */
	if (application == 0 && version == 0 && tables == 0)
		return create ? schema_create(s) : CKR_TOKEN_NOT_PRESENT;
	if (application != APPLICATION_ID) {
		log_error("store %s/" DATABASE
			  ": it is another program's database (application id 0x%08llx)",
			  s->folder.path, (unsigned long long)application);
		return CKR_DEVICE_ERROR;
	}
	return schema_check(s, version);
}

static CK_RV database_open(struct sqlite_store *s, bool create)
{
	static const char *const companions[] = {DATABASE "-wal", DATABASE "-journal"};
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
			  SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
	char path[PATH_MAX + sizeof(DATABASE) + 1];
	CK_RV rv = folder_file(&s->folder, DATABASE, create);
	int rc = SQLITE_OK;

	/* A planted link in place of the log would make SQLite write elsewhere. */
	for (size_t i = 0; rv == CKR_OK && i < sizeof(companions) / sizeof(companions[0]); i++) {
		rv = folder_file(&s->folder, companions[i], false);
		if (rv == CKR_TOKEN_NOT_PRESENT)
			rv = CKR_OK;
	}
	if (rv != CKR_OK)
		return rv;
	if (!sqlite3_threadsafe()) {
		log_error("store: this SQLite was built without threads");
		return CKR_DEVICE_ERROR;
	}
	snprintf(path, sizeof(path), "%s/" DATABASE, s->folder.path);
	rc = sqlite3_open_v2(path, &s->db, flags, NULL);
	if (rc == SQLITE_OK)
		sqlite3_wal_hook(s->db, checkpoint, s);
	if (rc == SQLITE_OK)
		rc = harden(s->db);
	if (rc == SQLITE_OK)
		rc = set_pragmas(s->db);
	return rc == SQLITE_OK ? schema_open(s, create) : status_of(s, rc, "cannot open");
}

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
		rv = database_open(s, create);
	if (rv == CKR_OK)
		rv = statements_prepare(s);
	if (rv != CKR_OK) {
		sqlite_free(&s->base);
		return rv;
	}
	*store = &s->base;
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database file: opened with everything off that a hostile one could use, and refused unless
 * its schema is ours to the letter. Called by sqlite.c; docs/store.md, sections 7 and 8.
 */
#include "config.h"

#include "blobstore/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "blobstore/blobstore.h"
#include "common/log.h"

#define APPLICATION_ID 0x4B434C56 /* "KCLV" */
#define SCHEMA_VERSION 1
/* Half a second that another program (a backup) may hold the file before a start is refused. */
#define BUSY_MS 500

static const char table_sql[] =
    "CREATE TABLE record (kind INTEGER NOT NULL, token INTEGER NOT NULL, id INTEGER NOT NULL, "
    "version INTEGER NOT NULL, blob BLOB NOT NULL, PRIMARY KEY (kind, token, id)) "
    "WITHOUT ROWID, STRICT";

/* What the system said tells a full disk from a bad one; SQLite itself knows ENOSPC only. */
static CK_RV ioerr_status(int rc, int error)
{
	if (rc == SQLITE_IOERR_NOMEM || error == ENOSPC || error == EDQUOT || error == EFBIG)
		return CKR_DEVICE_MEMORY;
	return CKR_DEVICE_ERROR;
}

CK_RV database_status(const struct folder *folder, int rc, int error, const char *doing)
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
		rv = ioerr_status(rc, error);
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
	log_error("store %s/" DATABASE_NAME ": %s: %s (SQLite %d)%s", folder->path, doing,
		  sqlite3_errstr(rc), rc, advice);
	return rv;
}

static CK_RV failed(const struct folder *folder, int rc, const char *doing)
{
	return database_status(folder, rc, errno, doing);
}

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
static CK_RV schema_create(const struct folder *folder, sqlite3 *db)
{
	char sql[sizeof(table_sql) + 256];
	int rc = set_journal(db);

	snprintf(
	    sql, sizeof(sql),
	    "BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	    table_sql, APPLICATION_ID, SCHEMA_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return failed(folder, rc, "cannot make the store");
	return folder_sync(folder);
}

/* docs/store.md, section 8: the upgrade rule. Schema 1 is the first, so there are no steps yet. */
static CK_RV schema_check(const struct folder *folder, sqlite3 *db, sqlite3_int64 version)
{
	bool same = false;
	int rc = SQLITE_OK;

	if (version > SCHEMA_VERSION) {
		log_error("store %s: made by a newer Keyclave (schema %lld; this one knows %d): "
			  "use that one",
			  folder->path, (long long)version, SCHEMA_VERSION);
		return CKR_DEVICE_ERROR;
	}
	rc = schema_compare(db, &same);
	if (rc != SQLITE_OK)
		return failed(folder, rc, "cannot read its schema");
	if (!same || version != SCHEMA_VERSION) {
		log_error("store %s/" DATABASE_NAME ": its tables are not ours (schema %lld)",
			  folder->path, (long long)version);
		return CKR_DEVICE_ERROR;
	}
	rc = set_journal(db);
	return rc == SQLITE_OK ? CKR_OK : failed(folder, rc, "cannot set up its journal");
}

/* Ours, fresh, or somebody else's? Nothing is changed before that is known. */
static CK_RV schema_open(const struct folder *folder, sqlite3 *db, bool create)
{
	sqlite3_int64 application = 0;
	sqlite3_int64 version = 0;
	sqlite3_int64 tables = 0;
	int rc = query_int(db, "PRAGMA application_id", &application);

	if (rc == SQLITE_OK)
		rc = query_int(db, "PRAGMA user_version", &version);
	if (rc == SQLITE_OK)
		rc = query_int(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc != SQLITE_OK)
		return failed(folder, rc, "cannot open");
	/* Empty, or killed while it was made. */
	if (application == 0 && version == 0 && tables == 0)
		return create ? schema_create(folder, db) : CKR_TOKEN_NOT_PRESENT;
	if (application != APPLICATION_ID) {
		log_error("store %s/" DATABASE_NAME
			  ": it is another program's database (application id 0x%08llx)",
			  folder->path, (unsigned long long)application);
		return CKR_DEVICE_ERROR;
	}
	return schema_check(folder, db, version);
}

CK_RV database_open(const struct folder *folder, bool create, sqlite3 **database)
{
	static const char *const companions[] = {DATABASE_NAME "-wal", DATABASE_NAME "-journal"};
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
			  SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
	char path[PATH_MAX + sizeof(DATABASE_NAME) + 1];
	CK_RV rv = folder_file(folder, DATABASE_NAME, create);
	sqlite3 *db = NULL;
	int rc = SQLITE_OK;

	*database = NULL;
	/* A planted link in place of the log would make SQLite write elsewhere. */
	for (size_t i = 0; rv == CKR_OK && i < sizeof(companions) / sizeof(companions[0]); i++) {
		rv = folder_file(folder, companions[i], false);
		if (rv == CKR_TOKEN_NOT_PRESENT)
			rv = CKR_OK;
	}
	if (rv != CKR_OK)
		return rv;
	if (!sqlite3_threadsafe()) {
		log_error("store: this SQLite was built without threads");
		return CKR_DEVICE_ERROR;
	}
	snprintf(path, sizeof(path), "%s/" DATABASE_NAME, folder->path);
	rc = sqlite3_open_v2(path, &db, flags, NULL);
	if (rc == SQLITE_OK)
		rc = harden(db);
	if (rc == SQLITE_OK)
		rc = set_pragmas(db);
	rv = rc == SQLITE_OK ? schema_open(folder, db, create) : failed(folder, rc, "cannot open");
	if (rv == CKR_OK)
		*database = db;
	else
		sqlite3_close(db);
	return rv;
}

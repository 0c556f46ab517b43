/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite file of a store: its opening, its making, and what SQLite's codes mean to callers.
 * Private to blobstore/.
 */
#ifndef KEYCLAVE_BLOBSTORE_DATABASE_H
#define KEYCLAVE_BLOBSTORE_DATABASE_H

#include <sqlite3.h>

#include "blobstore/folder.h"

#define DATABASE_NAME "keyclave.db"

/*
 * A connection for one thread at a time, in EXCLUSIVE WAL mode, with extended result codes.
 * CKR_TOKEN_NOT_PRESENT: there is no store in FOLDER (not logged), or another program holds it.
 * Else one line logged. The caller closes it.
 */
CK_RV database_open(const struct folder *folder, bool create, sqlite3 **database);

/*
 * Logs that DOING failed with SQLite's RC, with advice, and gives the code for callers:
 * CKR_DEVICE_MEMORY (FULL, NOMEM, or I/O with an ERROR, an errno, that says no room),
 * CKR_TOKEN_WRITE_PROTECTED, CKR_TOKEN_NOT_PRESENT (held by another program), CKR_DEVICE_ERROR.
 */
CK_RV database_status(const struct folder *folder, int rc, int error, const char *doing);

#endif

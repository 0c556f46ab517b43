/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder that a store lies in: owned by nobody else, on a local file system, and locked by
 * store.lock for as long as one process uses it. Private to blobstore/; whoever writes to the disk
 * of a running machine as another user is kept out here, whoever can change it offline is met by
 * the seal.
 */
#ifndef KEYCLAVE_BLOBSTORE_FOLDER_H
#define KEYCLAVE_BLOBSTORE_FOLDER_H

#include <limits.h>
#include <stdbool.h>

#include "mechanism/cryptoki.h"

/* Start with {-1, -1, ""}. */
struct folder {
	int fd;		     /* the folder itself */
	int lock;	     /* store.lock, locked (OFD) until closed */
	char path[PATH_MAX]; /* resolved: without symbolic links */
};

/*
 * Opens, checks and locks; CREATE makes the folder (0700). CKR_TOKEN_NOT_PRESENT: there is none
 * (not logged), or another process holds it (logged with its id). Else one line logged and
 * CKR_DEVICE_ERROR, CKR_TOKEN_WRITE_PROTECTED or CKR_DEVICE_MEMORY.
 */
CK_RV folder_open(const char *path, bool create, struct folder *folder);

/* Unlocks and closes. */
void folder_close(struct folder *folder);

/*
 * Checks the file NAME in it: regular, ours, one link, nobody else may read or write it; CREATE
 * makes an empty one (0600). CKR_TOKEN_NOT_PRESENT: there is none (not logged). Else as
 * folder_open.
 */
CK_RV folder_file(const struct folder *folder, const char *name, bool create);

/* Makes the names in the folder durable. */
CK_RV folder_sync(const struct folder *folder);

/*
 * The name of the network file system that statfs's MAGIC, or the mount's TYPE (as in mountinfo;
 * may be NULL), stands for; NULL when it is local.
 */
const char *folder_network(unsigned long magic, const char *type);

#endif

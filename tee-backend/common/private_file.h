/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an open file is nobody else's: what holds a secret is refused where others could have read or written it.
 * Inside the enclave; used where a secret lies in a file.
 */
#ifndef KEYCLAVE_COMMON_PRIVATE_FILE_H
#define KEYCLAVE_COMMON_PRIVATE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct private_file_rule {
	mode_t type;	    /* S_IFREG or S_IFDIR */
	bool root;	    /* it may belong to root as well as to this process's user */
	const char *remedy; /* what to do if somebody may have read it, for the log */
};

/*
 * True if FD is of the type, belongs to the effective user, and its mode is no wider than 0600 or 0700 (a folder's setgid
 * bit, taken from the one above, opens nothing). False: logged, with NAME.
 */
bool private_file_check(int fd, const char *name, const struct private_file_rule *rule);

#endif

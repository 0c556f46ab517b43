/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of the open descriptor, not of the path: nobody can put another file in between.
 */
#include "config.h"

#include "common/private_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

bool private_file_check(int fd, const char *name, const struct private_file_rule *rule)
{
	const bool folder = rule->type == S_IFDIR;
	struct stat st;

	if (fstat(fd, &st) != 0 || (st.st_mode & S_IFMT) != rule->type)
		log_error("%s: not a plain %s", name, folder ? "folder" : "file");
	else if (st.st_uid != geteuid() && !(rule->root && st.st_uid == 0))
		log_error("%s: belongs to user %u, but this process runs as %u", name, (unsigned)st.st_uid,
			  (unsigned)geteuid());
	else if (st.st_mode & (folder ? 0077 : 07177))
		log_error("%s: mode %04o lets others in: if somebody may have read it, %s; else chmod %s", name,
			  (unsigned)(st.st_mode & 07777), rule->remedy, folder ? "0700" : "0600");
	else
		return true;
	return false;
}

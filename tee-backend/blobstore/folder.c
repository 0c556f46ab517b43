/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's folder: its checks and its lock. Called by sqlite.c. An open-file-description lock,
 * not a POSIX one, because a library that opens and closes the same file would drop the latter.
 */
#include "config.h"

#include "blobstore/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/log.h"

#define LOCK_NAME "store.lock"
#define FUSE_MAGIC 0x65735546UL

/* linux/magic.h has some of them only; statfs(2) and the file systems' sources have the rest. */
static const struct {
	unsigned long magic; /* 0: behind FUSE, known by its type only */
	const char *type;
} networks[] = {
    {0x6969, "nfs"},	      {0x6969, "nfs4"},	      {0xFF534D42, "cifs"},  {0xFE534D42, "smb3"},
    {0x517B, "smbfs"},	      {0x01021997, "9p"},     {0x00C36400, "ceph"},  {0x5346414F, "afs"},
    {0x6B414653, "kafs"},     {0x73757245, "coda"},   {0x564C, "ncpfs"},     {0x7461636F, "ocfs2"},
    {0x01161970, "gfs2"},     {0x0BD00BD0, "lustre"}, {0x47504653, "gpfs"},  {0x19830326, "beegfs"},
    {0x20030528, "orangefs"}, {0, "fuse.sshfs"},      {0, "fuse.glusterfs"}, {0, "fuse.ceph"},
    {0, "fuse.ceph-fuse"},    {0, "fuse.rclone"},     {0, "fuse.s3fs"},	     {0, "fuse.davfs"},
    {0, "fuse.curlftpfs"},    {0, "fuse.smbnetfs"},   {0, "fuse.juicefs"},   {0, "fuse.seaweedfs"},
    {0, "fuse.gcsfuse"},      {0, "fuse.nfs"},
};

const char *folder_network(unsigned long magic, const char *type)
{
	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
		if (networks[i].magic && networks[i].magic == magic)
			return networks[i].type;
		if (type && strcmp(networks[i].type, type) == 0)
			return networks[i].type;
	}
	return NULL;
}

/* The code of a system call that failed with ERROR. */
static CK_RV status_of(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return CKR_DEVICE_MEMORY;
	case EROFS:
		return CKR_TOKEN_WRITE_PROTECTED;
	default:
		return CKR_DEVICE_ERROR;
	}
}

/* The type of the mount that FD lies on, from the kernel's own tables; "" if they do not say. */
static void mount_type(int fd, char type[64])
{
	char path[64];
	char line[4096];
	long wanted = -1;
	FILE *file = NULL;

	type[0] = '\0';
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "mnt_id: %ld", &wanted) == 1)
			break;
	}
	if (file)
		fclose(file);
	file = wanted < 0 ? NULL : fopen("/proc/self/mountinfo", "re");
	while (file && fgets(line, sizeof(line), file)) {
		const char *dash = strstr(line, " - ");

		if (strtol(line, NULL, 10) == wanted && dash && sscanf(dash, " - %63s", type) == 1)
			break;
	}
	if (file)
		fclose(file);
}

/* Two machines do not see each other's locks there, and a sync may promise nothing. */
static CK_RV check_local(const struct folder *f)
{
	struct statfs fs;
	char type[64] = "";
	const char *network = NULL;

	if (fstatfs(f->fd, &fs) != 0) {
		log_error("store %s: %s", f->path, strerror(errno));
		return status_of(errno);
	}
	/* f_type is signed, and some of the numbers use its 32nd bit. */
	if (((unsigned long)fs.f_type & 0xFFFFFFFFUL) == FUSE_MAGIC)
		mount_type(f->fd, type);
	network = folder_network((unsigned long)fs.f_type & 0xFFFFFFFFUL, type);
	if (network) {
		log_error("store %s: it lies on a network file system (%s); set state-dir to a "
			  "local disk",
			  f->path, network);
		return CKR_DEVICE_ERROR;
	}
	return CKR_OK;
}

/* Nobody but this process's user may read or write what NAME in the folder (NULL: itself) is. */
static CK_RV check_private(const struct folder *f, const char *name, const struct stat *st)
{
	mode_t allowed = name ? 0600 : 0700;
	const char *slash = name ? "/" : "";

	if (!name)
		name = "";
	if (allowed == 0600 && !S_ISREG(st->st_mode)) {
		log_error("store %s%s%s: it is %s, not a plain file", f->path, slash, name,
			  S_ISLNK(st->st_mode) ? "a symbolic link" : "something else");
		return CKR_DEVICE_ERROR;
	}
	if (st->st_uid != geteuid()) {
		log_error("store %s%s%s: it belongs to user %u, but this process runs as %u",
			  f->path, slash, name, (unsigned)st->st_uid, (unsigned)geteuid());
		return CKR_DEVICE_ERROR;
	}
	/* A folder may have taken its group bit (setgid) from the one above: that opens nothing. */
	if (st->st_mode & (allowed == 0700 ? 0077 : 07177)) {
		log_error("store %s%s%s: mode %04o lets others in; chmod %04o", f->path, slash,
			  name, (unsigned)(st->st_mode & 07777), (unsigned)allowed);
		return CKR_DEVICE_ERROR;
	}
	if (allowed == 0600 && st->st_nlink != 1) {
		log_error("store %s%s%s: it has %lu names (hard links)", f->path, slash, name,
			  (unsigned long)st->st_nlink);
		return CKR_DEVICE_ERROR;
	}
	return CKR_OK;
}

/* Syncs the folder that PATH is in, so that a power cut does not lose the new name. */
static bool parent_sync(int fd)
{
	int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = parent >= 0 && fsync(parent) == 0;

	if (parent >= 0)
		close(parent);
	return done;
}

/* Opens PATH without following a link in its last part; MADE says that mkdir was ours. */
static CK_RV open_folder(const char *path, bool create, struct folder *f, bool *made)
{
	char plain[PATH_MAX];
	size_t size = strlen(path);

	/* "store/" would follow a link that "store" is. */
	while (size > 1 && path[size - 1] == '/')
		size--;
	if (size == 0 || size >= sizeof(plain)) {
		log_error("store: its path is empty or too long");
		return CKR_DEVICE_ERROR;
	}
	memcpy(plain, path, size);
	plain[size] = '\0';
	*made = create && mkdir(plain, 0700) == 0;
	if (create && !*made && errno != EEXIST) {
		log_error("store %s: cannot make the folder: %s", plain, strerror(errno));
		return status_of(errno);
	}
	f->fd = open(plain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (f->fd < 0 && errno == ENOENT && !create)
		return CKR_TOKEN_NOT_PRESENT;
	if (f->fd < 0) {
		log_error("store %s: %s", plain,
			  errno == ELOOP || errno == ENOTDIR
			      ? "it is no folder, or a symbolic link to one"
			      : strerror(errno));
		return status_of(errno);
	}
	if (!realpath(plain, f->path)) {
		log_error("store %s: %s", plain, strerror(errno));
		return status_of(errno);
	}
	return CKR_OK;
}

/* Who has locked it, as he wrote it; 0 if that is not readable. */
static long lock_holder(int lock)
{
	char text[32] = "";
	ssize_t got = pread(lock, text, sizeof(text) - 1, 0);

	return got > 0 ? strtol(text, NULL, 10) : 0;
}

static CK_RV lock_once(struct folder *f, bool *replaced)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat opened;
	struct stat named;
	CK_RV rv = folder_file(f, LOCK_NAME, true);

	*replaced = false;
	if (rv != CKR_OK)
		return rv;
	f->lock = openat(f->fd, LOCK_NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (f->lock < 0) {
		log_error("store %s/" LOCK_NAME ": %s", f->path, strerror(errno));
		return status_of(errno);
	}
	if (fcntl(f->lock, F_OFD_SETLK, &whole) != 0) {
		if (errno != EAGAIN && errno != EACCES) {
			log_error("store %s/" LOCK_NAME ": cannot lock: %s", f->path,
				  strerror(errno));
			return status_of(errno);
		}
		log_error("store %s: process %ld has it; a store has one daemon only", f->path,
			  lock_holder(f->lock));
		return CKR_TOKEN_NOT_PRESENT;
	}
	/* Whoever removed the file while we waited would let a second daemon in. */
	*replaced = fstat(f->lock, &opened) != 0 ||
		    fstatat(f->fd, LOCK_NAME, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
		    opened.st_ino != named.st_ino || opened.st_dev != named.st_dev;
	return CKR_OK;
}

static CK_RV lock_folder(struct folder *f)
{
	char text[32];
	bool replaced = true;
	CK_RV rv = CKR_OK;
	int size = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	for (int tries = 0; replaced; tries++) {
		if (f->lock >= 0)
			close(f->lock);
		f->lock = -1;
		if (tries == 10) {
			log_error("store %s/" LOCK_NAME ": somebody keeps replacing it", f->path);
			return CKR_DEVICE_ERROR;
		}
		rv = lock_once(f, &replaced);
		if (rv != CKR_OK)
			return rv;
	}
	/* For people to read; a full disk is no reason to refuse. */
	if (ftruncate(f->lock, 0) != 0 || pwrite(f->lock, text, (size_t)size, 0) != size)
		log_warning("store %s/" LOCK_NAME ": cannot note the process: %s", f->path,
			    strerror(errno));
	return CKR_OK;
}

CK_RV folder_open(const char *path, bool create, struct folder *f)
{
	struct stat st;
	bool made = false;
	CK_RV rv = CKR_OK;

	*f = (struct folder){.fd = -1, .lock = -1};
	rv = open_folder(path, create, f, &made);
	if (rv != CKR_OK)
		goto out;
	if ((made && fchmod(f->fd, 0700) != 0) || (made && !parent_sync(f->fd)) ||
	    fstat(f->fd, &st) != 0) {
		log_error("store %s: %s", f->path, strerror(errno));
		rv = status_of(errno);
		goto out;
	}
	rv = check_private(f, NULL, &st);
	if (rv == CKR_OK)
		rv = check_local(f);
	if (rv == CKR_OK)
		rv = lock_folder(f);
out:
	if (rv != CKR_OK)
		folder_close(f);
	return rv;
}

void folder_close(struct folder *f)
{
	if (f->lock >= 0)
		close(f->lock);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->lock = -1;
}

CK_RV folder_file(const struct folder *f, const char *name, bool create)
{
	struct stat st;
	int fd = -1;
	int error = 0;

	if (create) {
		fd = openat(f->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		error = fd < 0 ? errno : 0;
		if (fd >= 0 && fchmod(fd, 0600) != 0)
			error = errno;
		if (fd >= 0)
			close(fd);
		if (error && error != EEXIST) {
			log_error("store %s/%s: cannot make it: %s", f->path, name,
				  strerror(error));
			return status_of(error);
		}
	}
	if (fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return CKR_TOKEN_NOT_PRESENT;
		log_error("store %s/%s: %s", f->path, name, strerror(errno));
		return status_of(errno);
	}
	return check_private(f, name, &st);
}

CK_RV folder_sync(const struct folder *f)
{
	if (fsync(f->fd) == 0)
		return CKR_OK;
	log_error("store %s: cannot sync the folder: %s", f->path, strerror(errno));
	return status_of(errno);
}

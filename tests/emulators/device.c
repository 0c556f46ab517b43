/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The FUSE file system of one device node, see device.h.
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "control.h"
#include "device.h"
#include "mount.h"
#include "signing.h"

static const struct device *served;
static atomic_int open_files;

static bool is_served(const char *path)
{
	return path[0] == '/' && strcmp(path + 1, served->name) == 0;
}

static int device_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	(void)info;
	memset(st, 0, sizeof(*st));
	if (strcmp(path, "/") == 0) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
		return 0;
	}
	if (!is_served(path))
		return -ENOENT;
	st->st_mode = S_IFREG | served->mode;
	st->st_nlink = 1;
	return 0;
}

static int device_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
			  struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	(void)path;
	(void)offset;
	(void)info;
	(void)flags;
	fill(buffer, ".", NULL, 0, 0);
	fill(buffer, "..", NULL, 0, 0);
	fill(buffer, served->name, NULL, 0, 0);
	return 0;
}

/* An open file: the response that was not read yet. One system call at a time, as on the node. */
struct file {
	uint8_t response[DEVICE_RESPONSE_MAX];
	size_t size;
	size_t at;
};

static int device_open(const char *path, struct fuse_file_info *info)
{
	struct file *file = NULL;

	if (!is_served(path))
		return -ENOENT;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	open_files++;
	info->fh = (uint64_t)(uintptr_t)file;
	info->direct_io = 1;
	info->nonseekable = 1;
	return 0;
}

static int device_release(const char *path, struct fuse_file_info *info)
{
	(void)path;
	free((void *)(uintptr_t)info->fh);
	if (--open_files == 0 && served->closed)
		served->closed();
	return 0;
}

static int device_write(const char *path, const char *bytes, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct file *file = (struct file *)(uintptr_t)info->fh;
	int error = 0;

	(void)path;
	(void)offset;
	if (!served->transact)
		return -EINVAL;
	control_refresh();
	file->at = 0;
	file->size = 0;
	error = served->transact((const uint8_t *)bytes, size, file->response, &file->size);
	return error ? error : (int)size;
}

static int device_read(const char *path, char *bytes, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct file *file = (struct file *)(uintptr_t)info->fh;

	(void)path;
	(void)offset;
	if (!served->transact)
		return -EINVAL;
	if (size > file->size - file->at)
		size = file->size - file->at;
	memcpy(bytes, file->response + file->at, size);
	file->at += size;
	return (int)size;
}

static int device_ioctl(const char *path, unsigned command, void *caller, struct fuse_file_info *info,
			unsigned flags, void *argument)
{
	uint8_t nothing[256] = {0};

	(void)info;
	if (!is_served(path) || !served->ioctl || (flags & FUSE_IOCTL_DIR))
		return -ENOTTY;
	control_refresh();
	return served->ioctl(command, argument ? argument : nothing, (uint64_t)(uintptr_t)caller);
}

static const struct fuse_operations operations = {
    .getattr = device_getattr,
    .readdir = device_readdir,
    .open = device_open,
    .release = device_release,
    .write = device_write,
    .read = device_read,
    .ioctl = device_ioctl,
};

/* The caller's thread id serves as well as its process id. */
static pid_t caller_pid(void)
{
	return fuse_get_context()->pid;
}

bool device_copy_in(void *to, uint64_t from, size_t size)
{
	const struct iovec local = {to, size};
	const struct iovec remote = {(void *)(uintptr_t)from, size};

	return process_vm_readv(caller_pid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

bool device_copy_out(uint64_t to, const void *from, size_t size)
{
	const struct iovec local = {(void *)(uintptr_t)from, size};
	const struct iovec remote = {(void *)(uintptr_t)to, size};

	return process_vm_writev(caller_pid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

int device_serve(int argc, char **argv, const struct device *device)
{
	struct mount_options options;

	served = device;
	if (!mount_parse(argc, argv, &options))
		return 64;
	signing_open(options.ca);
	control_open(options.control);
	return mount_serve(&options, device->name, &operations, sizeof(operations));
}

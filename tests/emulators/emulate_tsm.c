/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emulate-tsm --kind=sev|tdx: what an SNP guest or a TD sees below /sys. configfs-tsm as Linux keeps it (text is taken
 * at write(2), a blob at close(2)), the VMPL, RTMRs that extend when written (drivers/virt/coco/guest/tsm-mr.c), and the
 * CCEL table, which is the file of the control line "event-log FILE".
 */
#include "config.h"

#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "signing.h"
#include "snp_firmware.h"
#include "tdx_module.h"
#include "tsm_entry.h"

#define REPORTS "/kernel/config/tsm/report"
#define REGISTERS "/devices/virtual/misc/tdx_guest/measurements/"
#define EVENT_LOG "/firmware/acpi/tables/data/CCEL"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Files beside configfs. */
enum plain { PLAIN_VMPL, PLAIN_EVENT_LOG, PLAIN_MRTD, PLAIN_RTMR0, PLAIN_COUNT = PLAIN_RTMR0 + 4 };

static const struct {
	const char *path;
	mode_t mode;
	enum tsm_kind kind;
} plains[PLAIN_COUNT] = {
    [PLAIN_VMPL] = {"/devices/system/cpu/sev/vmpl", 0444, TSM_KIND_SEV},
    [PLAIN_EVENT_LOG] = {EVENT_LOG, 0400, TSM_KIND_TDX},
    [PLAIN_MRTD] = {REGISTERS "mrtd:sha384", 0444, TSM_KIND_TDX},
    [PLAIN_RTMR0] = {REGISTERS "rtmr0:sha384", 0644, TSM_KIND_TDX},
    [PLAIN_RTMR0 + 1] = {REGISTERS "rtmr1:sha384", 0644, TSM_KIND_TDX},
    [PLAIN_RTMR0 + 2] = {REGISTERS "rtmr2:sha384", 0644, TSM_KIND_TDX},
    [PLAIN_RTMR0 + 3] = {REGISTERS "rtmr3:sha384", 0644, TSM_KIND_TDX},
};

static enum tsm_kind kind;

/* An open file. */
struct handle {
	struct tsm_entry *entry; /* NULL: a plain file */
	enum tsm_attribute attribute;
	enum plain plain;
	struct buffer data;
	bool filled;
	bool written;
};

/* What PATH is. */
enum node { NODE_NONE, NODE_FOLDER, NODE_ENTRY, NODE_ATTRIBUTE, NODE_PLAIN };

static bool is_above(const char *path, const char *of)
{
	size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);

	return strncmp(path, of, size) == 0 && of[size] == '/';
}

static bool plain_is_there(enum plain p)
{
	char path[256];

	return plains[p].kind == kind &&
	       (p != PLAIN_EVENT_LOG || control_text("event-log", path, sizeof(path)));
}

static enum node find_in_reports(const char *name, struct handle *h)
{
	const char *slash = strchrnul(name, '/');

	h->entry = tsm_entry_find(name, (size_t)(slash - name));
	if (!h->entry)
		return NODE_NONE;
	if (!*slash)
		return NODE_ENTRY;
	for (unsigned a = 0; a < TSM_ATTRIBUTES; a++) {
		if (strcmp(slash + 1, tsm_entry_attribute_name(a)) == 0 && tsm_entry_mode(a)) {
			h->attribute = a;
			return NODE_ATTRIBUTE;
		}
	}
	return NODE_NONE;
}

static enum node find(const char *path, struct handle *h)
{
	memset(h, 0, sizeof(*h));
	control_refresh();
	if (strcmp(path, REPORTS) == 0 || is_above(path, REPORTS))
		return NODE_FOLDER;
	if (is_above(REPORTS, path))
		return find_in_reports(path + sizeof(REPORTS), h);
	for (unsigned p = 0; p < PLAIN_COUNT; p++) {
		if (!plain_is_there(p))
			continue;
		if (is_above(path, plains[p].path))
			return NODE_FOLDER;
		if (strcmp(path, plains[p].path) == 0) {
			h->plain = p;
			return NODE_PLAIN;
		}
	}
	return NODE_NONE;
}

static int tsm_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	struct handle h;
	enum node node = NODE_NONE;

	(void)info;
	pthread_mutex_lock(&lock);
	node = find(path, &h);
	memset(st, 0, sizeof(*st));
	st->st_uid = geteuid();
	st->st_gid = getegid();
	st->st_nlink = 1;
	st->st_mode = S_IFDIR | 0755;
	if (node == NODE_PLAIN)
		st->st_mode = S_IFREG | plains[h.plain].mode;
	if (node == NODE_ATTRIBUTE)
		st->st_mode = S_IFREG | tsm_entry_mode(h.attribute);
	if (node == NODE_ATTRIBUTE || node == NODE_ENTRY) {
		st->st_uid = h.entry->owner;
		st->st_gid = h.entry->group;
	}
	pthread_mutex_unlock(&lock);
	return node == NODE_NONE ? -ENOENT : 0;
}

/* The next part of OF below PATH, once for each name. */
static void fill_below(const char *path, const char *of, void *buffer, fuse_fill_dir_t fill)
{
	size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);
	char name[256];

	if (!is_above(path, of))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(of + size + 1, "/"), of + size + 1);
	fill(buffer, name, NULL, 0, 0);
}

static int tsm_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
		       struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	struct handle h;
	enum node node = NODE_NONE;

	(void)offset;
	(void)info;
	(void)flags;
	pthread_mutex_lock(&lock);
	node = find(path, &h);
	fill(buffer, ".", NULL, 0, 0);
	fill(buffer, "..", NULL, 0, 0);
	fill_below(path, REPORTS, buffer, fill);
	for (unsigned p = 0; p < PLAIN_COUNT; p++)
		if (plain_is_there(p))
			fill_below(path, plains[p].path, buffer, fill);
	for (size_t n = 0; strcmp(path, REPORTS) == 0 && tsm_entry_at(n); n++)
		fill(buffer, tsm_entry_at(n)->name, NULL, 0, 0);
	for (unsigned a = 0; node == NODE_ENTRY && a < TSM_ATTRIBUTES; a++)
		if (tsm_entry_mode(a))
			fill(buffer, tsm_entry_attribute_name(a), NULL, 0, 0);
	pthread_mutex_unlock(&lock);
	return node == NODE_NONE ? -ENOENT : 0;
}

static int tsm_mkdir(const char *path, mode_t mode)
{
	int error = -EPERM;

	(void)mode;
	pthread_mutex_lock(&lock);
	control_refresh();
	if (is_above(REPORTS, path) && !strchr(path + sizeof(REPORTS), '/'))
		error = tsm_entry_make(path + sizeof(REPORTS));
	pthread_mutex_unlock(&lock);
	return error;
}

static int tsm_rmdir(const char *path)
{
	int error = -EPERM;

	pthread_mutex_lock(&lock);
	if (is_above(REPORTS, path))
		error = tsm_entry_remove(path + sizeof(REPORTS));
	pthread_mutex_unlock(&lock);
	return error;
}

static int tsm_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *info)
{
	struct handle h;
	enum node node = NODE_NONE;

	(void)info;
	pthread_mutex_lock(&lock);
	node = find(path, &h);
	if (node == NODE_ATTRIBUTE || node == NODE_ENTRY) {
		h.entry->owner = user == (uid_t)-1 ? h.entry->owner : user;
		h.entry->group = group == (gid_t)-1 ? h.entry->group : group;
	}
	pthread_mutex_unlock(&lock);
	return node == NODE_ATTRIBUTE || node == NODE_ENTRY ? 0 : -EPERM;
}

static int tsm_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
	(void)path;
	(void)size;
	(void)info;
	return 0;
}

static int tsm_open(const char *path, struct fuse_file_info *info)
{
	struct handle *h = calloc(1, sizeof(*h));
	enum node node = NODE_NONE;

	if (!h)
		return -ENOMEM;
	pthread_mutex_lock(&lock);
	node = find(path, h);
	pthread_mutex_unlock(&lock);
	if (node != NODE_ATTRIBUTE && node != NODE_PLAIN) {
		free(h);
		return node == NODE_NONE ? -ENOENT : -EISDIR;
	}
	info->fh = (uint64_t)(uintptr_t)h;
	info->direct_io = 1;
	return 0;
}

static struct handle *handle_of(const struct fuse_file_info *info)
{
	return (struct handle *)(uintptr_t)info->fh;
}

static int show_plain(struct handle *h)
{
	char path[256];
	char text[16];
	FILE *file = NULL;

	if (h->plain == PLAIN_VMPL) {
		snprintf(text, sizeof(text), "%u\n", snp_firmware_vmpl());
		buffer_set(&h->data, text, strlen(text));
	} else if (h->plain == PLAIN_EVENT_LOG) {
		control_text("event-log", path, sizeof(path));
		file = fopen(path, "re");
		if (!file)
			return -EIO;
		buffer_resize(&h->data, 65536);
		buffer_resize(&h->data, fread(h->data.data, 1, h->data.size, file));
		fclose(file);
	} else {
		buffer_resize(&h->data, TDX_MODULE_REGISTER_SIZE);
		tdx_module_register(h->plain == PLAIN_MRTD ? 4U : (unsigned)(h->plain - PLAIN_RTMR0),
				    h->data.data);
	}
	return 0;
}

static int tsm_read(const char *path, char *out, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct handle *h = handle_of(info);
	size_t at = (size_t)offset;
	int result = 0;

	(void)path;
	pthread_mutex_lock(&lock);
	control_refresh();
	if (!h->filled)
		result = h->entry ? tsm_entry_show(h->entry, h->attribute, &h->data) : show_plain(h);
	if (result == 0) {
		h->filled = true;
		size = at >= h->data.size ? 0 : size < h->data.size - at ? size : h->data.size - at;
		if (size)
			memcpy(out, h->data.data + at, size);
		result = (int)size;
	}
	pthread_mutex_unlock(&lock);
	return result;
}

static int write_register(const struct handle *h, const char *data, size_t size, off_t offset)
{
	if (offset != 0 || size != TDX_MODULE_REGISTER_SIZE)
		return -EINVAL;
	tdx_module_extend((unsigned)(h->plain - PLAIN_RTMR0), (const uint8_t *)data);
	return 0;
}

static int tsm_write(const char *path, const char *data, size_t size, off_t offset,
		     struct fuse_file_info *info)
{
	struct handle *h = handle_of(info);
	int error = 0;

	(void)path;
	pthread_mutex_lock(&lock);
	control_refresh();
	if (!h->entry) {
		error = write_register(h, data, size, offset);
	} else if (!tsm_entry_is_blob(h->attribute)) {
		error = tsm_entry_store(h->entry, h->attribute,
					(struct span){(const uint8_t *)data, size});
	} else if ((size_t)offset + size > 64) {
		error = -EFBIG;
	} else {
		if (h->data.size < (size_t)offset + size)
			buffer_resize(&h->data, (size_t)offset + size);
		memcpy(h->data.data + offset, data, size);
		h->written = true;
	}
	pthread_mutex_unlock(&lock);
	return error ? error : (int)size;
}

/* At close(2), whose result configfs does not tell. */
static int tsm_flush(const char *path, struct fuse_file_info *info)
{
	struct handle *h = handle_of(info);

	(void)path;
	pthread_mutex_lock(&lock);
	control_refresh();
	if (h->written)
		(void)tsm_entry_store(h->entry, h->attribute, buffer_span(&h->data));
	h->written = false;
	pthread_mutex_unlock(&lock);
	return 0;
}

static int tsm_release(const char *path, struct fuse_file_info *info)
{
	struct handle *h = handle_of(info);

	(void)path;
	buffer_free(&h->data);
	free(h);
	return 0;
}

/* Nothing is remembered by the kernel: the tree changes with the control file. */
static void *tsm_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
	(void)connection;
	config->attr_timeout = 0;
	config->entry_timeout = 0;
	config->negative_timeout = 0;
	config->direct_io = 1;
	return NULL;
}

static const struct fuse_operations operations = {
    .getattr = tsm_getattr,
    .readdir = tsm_readdir,
    .mkdir = tsm_mkdir,
    .rmdir = tsm_rmdir,
    .chown = tsm_chown,
    .truncate = tsm_truncate,
    .open = tsm_open,
    .read = tsm_read,
    .write = tsm_write,
    .flush = tsm_flush,
    .release = tsm_release,
    .init = tsm_init,
};

int main(int argc, char **argv)
{
	struct mount_options options;

	if (!mount_parse(argc, argv, &options))
		return 64;
	kind = options.kind && strcmp(options.kind, "tdx") == 0 ? TSM_KIND_TDX : TSM_KIND_SEV;
	tsm_entry_open(kind);
	control_open(options.control);
	signing_open(options.ca);
	return mount_serve(&options, "tsm", &operations, sizeof(operations));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One report: mkdir, write, close (only then takes configfs a binary attribute), read, compare the generation,
 * rmdir. Whatever says that somebody else was faster is tried again in a new folder until the deadline.
 */
#include "config.h"

#include "platform/tsm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "platform/retry.h"

/* keyclave-PID-RANDOM; TSM_PREPARED has nothing behind it. */
#define PREFIX TSM_PREPARED "-"

/* One try. */
struct entry {
	const struct tsm_request *request;
	char path[PATH_MAX];
	bool own;	     /* made by us, to be removed by us */
	const char *step;    /* of a failure, for the log */
	unsigned long base;  /* generation before our writes */
	unsigned long wrote; /* number of them */
};

/* One user of the prepared folder at a time in this process; another process's shows in the generation. */
static pthread_mutex_t prepared_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- one attribute ---- */

/* -1 and errno. */
static int open_attribute(struct entry *e, const char *name, int flags)
{
	char path[PATH_MAX + 64];

	e->step = name;
	snprintf(path, sizeof(path), "%s/%s", e->path, name);
	return open(path, flags | O_CLOEXEC);
}

/* All in one write, and close()d. 0 or an errno. */
static int write_attribute(struct entry *e, const char *name, const void *data, size_t size)
{
	int fd = open_attribute(e, name, O_WRONLY);
	ssize_t wrote = 0;
	int error = 0;

	if (fd < 0)
		return errno;
	wrote = write(fd, data, size);
	if (wrote < 0)
		error = errno;
	else if ((size_t)wrote != size)
		error = EIO;
	if (close(fd) != 0 && !error)
		error = errno;
	if (!error)
		e->wrote++;
	return error;
}

static int write_text(struct entry *e, const char *name, const char *text)
{
	return write_attribute(e, name, text, strlen(text));
}

/* All of it, TSM_BLOB_MAX at most. 0 or an errno. */
static int read_attribute(struct entry *e, const char *name, struct buffer *out)
{
	int fd = open_attribute(e, name, O_RDONLY);
	int error = 0;
	ssize_t got = 0;
	size_t size = 0;

	if (fd < 0)
		return errno;
	buffer_reset(out);
	do {
		if (size > TSM_BLOB_MAX)
			error = EFBIG;
		else if (!buffer_resize(out, size + 16384))
			error = ENOMEM;
		if (error)
			break;
		got = read(fd, out->data + size, out->size - size);
		if (got < 0)
			error = errno;
		else
			size += (size_t)got;
	} while (!error && got > 0);
	close(fd);
	if (!error && !buffer_resize(out, size))
		error = ENOMEM;
	if (error)
		buffer_reset(out);
	return error;
}

/* A line of text without its end. 0 or an errno; TEXT is empty then. */
static int read_text(struct entry *e, const char *name, char *text, size_t size)
{
	struct buffer line = {0};
	int error = read_attribute(e, name, &line);

	*text = '\0';
	while (line.size && line.data[line.size - 1] == '\n')
		line.size--;
	if (!error && (line.size >= size || (line.size && memchr(line.data, 0, line.size))))
		error = EPROTO;
	if (!error && line.size) {
		memcpy(text, line.data, line.size);
		text[line.size] = '\0';
	}
	buffer_free(&line);
	return error;
}

static int read_generation(struct entry *e, unsigned long *generation)
{
	char text[32];
	char *end = NULL;
	int error = read_text(e, "generation", text, sizeof(text));

	if (error)
		return error;
	errno = 0;
	*generation = strtoul(text, &end, 10);
	return errno || end == text || *end ? EPROTO : 0;
}

/* ---- folders ---- */

/* Those of our own that a killed process left: the process that its name tells is gone. */
static void remove_leftovers(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry = NULL;

	while (dir && (entry = readdir(dir)) != NULL) {
		char *end = NULL;
		long pid = 0;

		if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		pid = strtol(entry->d_name + sizeof(PREFIX) - 1, &end, 10);
		if (pid <= 0 || pid > INT_MAX || *end != '-' || pid == getpid() ||
		    kill((pid_t)pid, 0) == 0 || errno != ESRCH)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) == 0)
			log_info("%s/%s: removed, its process is gone", folder, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

static bool is_forbidden(int error)
{
	return error == EACCES || error == EPERM || error == EROFS;
}

/* 0 or an errno. Where we may not make a folder, or not use what is in it, the prepared one is taken. */
static int make_entry(struct entry *e)
{
	const char *folder = e->request->folder;
	uint8_t random[8];
	uint64_t number = 0;
	int error = 0;
	int fd = -1;

	e->step = "mkdir";
	if (!memory_random(random, sizeof(random)))
		return EIO;
	memcpy(&number, random, sizeof(number));
	snprintf(e->path, sizeof(e->path), "%s/" PREFIX "%ld-%016llx", folder, (long)getpid(),
		 (unsigned long long)number);
	if (mkdir(e->path, 0700) == 0) {
		fd = open_attribute(e, "inblob", O_WRONLY);
		if (fd >= 0) {
			close(fd);
			e->own = true;
			return 0;
		}
		error = errno;
		rmdir(e->path);
	} else {
		error = errno;
	}
	if (!is_forbidden(error))
		return error;
	snprintf(e->path, sizeof(e->path), "%s/" TSM_PREPARED, folder);
	fd = open_attribute(e, "inblob", O_WRONLY);
	if (fd < 0)
		return error;
	close(fd);
	return 0;
}

static void drop_entry(const struct entry *e)
{
	if (e->own && rmdir(e->path) != 0)
		log_warning("%s: cannot be removed: %s", e->path, strerror(errno));
}

/* ---- one report ---- */

static int check_provider(struct entry *e)
{
	char provider[64];
	int error = read_text(e, "provider", provider, sizeof(provider));

	if (error)
		return error;
	if (strcmp(provider, e->request->provider) == 0)
		return 0;
	log_info("%s: provider %s, not %s", e->request->folder, provider, e->request->provider);
	return ENXIO;
}

static int write_request(struct entry *e)
{
	const struct tsm_request *r = e->request;
	char level[16];
	int error = read_generation(e, &e->base);

	if (!error && r->privlevel >= 0) {
		snprintf(level, sizeof(level), "%d", r->privlevel);
		error = write_text(e, "privlevel", level);
	}
	if (!error && r->service_provider)
		error = write_text(e, "service_provider", r->service_provider);
	if (!error && r->service_guid)
		error = write_text(e, "service_guid", r->service_guid);
	return error ? error : write_attribute(e, "inblob", r->inblob, sizeof(r->inblob));
}

static int read_report(struct entry *e, struct tsm_report *report)
{
	unsigned long generation = 0;
	int error = read_attribute(e, "outblob", &report->outblob);

	if (!error)
		error = read_attribute(e, "auxblob", &report->auxblob);
	if (error == ENOENT && strcmp(e->step, "auxblob") == 0)
		error = 0;
	if (!error && e->request->service_provider)
		error = read_attribute(e, "manifestblob", &report->manifestblob);
	if (!error)
		error = read_generation(e, &generation);
	if (error)
		return error;
	/* Also when a write was lost: what configfs thinks of one at close(2) is told to nobody. */
	e->step = "generation";
	if (generation != e->base + e->wrote)
		return ESTALE;
	e->step = "outblob";
	return report->outblob.size ? 0 : ENODATA;
}

/* 0 or an errno. */
static int try_report(struct entry *e, struct tsm_report *report)
{
	int error = make_entry(e);

	if (error)
		return error;
	if (!e->own)
		pthread_mutex_lock(&prepared_lock);
	error = check_provider(e);
	if (!error)
		error = write_request(e);
	if (!error)
		error = read_report(e, report);
	if (!e->own)
		pthread_mutex_unlock(&prepared_lock);
	drop_entry(e);
	return error;
}

static bool is_busy(int error)
{
	return error == EBUSY || error == EINTR || error == EWOULDBLOCK || error == ESTALE;
}

static CK_RV report_failed(const struct entry *e, int error)
{
	const bool none = error == ENXIO || (error == ENOENT && strcmp(e->step, "mkdir") == 0);

	if (none) {
		log_info("%s: no reports of %s here", e->request->folder, e->request->provider);
		return CKR_TOKEN_NOT_PRESENT;
	}
	if (strcmp(e->step, "inblob") == 0 && is_forbidden(error)) {
		log_info("%s: no folder can be used there: %s", e->request->folder, strerror(error));
		return CKR_ACTION_PROHIBITED;
	}
	if (error == ESTALE)
		log_error("%s: another program kept writing into our request", e->path);
	else
		log_error("%s: no report: %s: %s", e->request->folder, e->step, strerror(error));
	return error == ENOMEM ? CKR_DEVICE_MEMORY : CKR_DEVICE_ERROR;
}

CK_RV tsm_report_get(const struct tsm_request *request, struct tsm_report *report)
{
	struct entry e = {0};
	struct retry retry;
	int error = 0;

	remove_leftovers(request->folder);
	retry_begin(&retry, request->deadline_ms);
	do {
		e = (struct entry){.request = request};
		error = try_report(&e, report);
	} while (is_busy(error) && retry_again(&retry));
	if (!error)
		return CKR_OK;
	tsm_report_free(report);
	return report_failed(&e, error);
}

void tsm_report_free(struct tsm_report *report)
{
	buffer_free(&report->outblob);
	buffer_free(&report->auxblob);
	buffer_free(&report->manifestblob);
}

int tsm_privlevel_floor(const char *folder)
{
	const struct tsm_request request = {.folder = folder};
	struct entry e = {.request = &request};
	char text[16];
	char *end = NULL;
	long level = -1;

	if (make_entry(&e) != 0)
		return -1;
	if (read_text(&e, "privlevel_floor", text, sizeof(text)) == 0) {
		level = strtol(text, &end, 10);
		if (end == text || *end || level < 0 || level > 3)
			level = -1;
	}
	drop_entry(&e);
	return (int)level;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host might have configfs-tsm say: provider, generation, privilege level floor and the blobs, each any bytes or not
 * there. The code under test opens, writes and reads real files, those of the prepared folder, since it may not make one of its
 * own here.
 *
 * The first byte of the input: bit n set, attribute n is not there. Then the attributes in the order of the table, each behind
 * its size in two bytes, big-endian; the last one has the rest.
 */
#include "config.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/tsm.h"

#define NOBODY 65534
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const attributes[] = {"provider", "generation", "privlevel_floor", "auxblob", "manifestblob", "outblob"};
#define GENERATION 1

static char top[64], folder[96];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	if (geteuid() == 0 || seteuid(0) == 0)
		(void)chmod(top, 0700);
	(void)chmod(top, 0700);
	(void)nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A folder in which nothing can be made, with the prepared one in it. Root gives it to another user and becomes him. */
static void set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(top, sizeof(top), "%.40s/kc-fuzz-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(top))
		abort();
	snprintf(folder, sizeof(folder), "%s/" TSM_PREPARED, top);
	if (mkdir(folder, 0777) != 0 || chmod(folder, 0777) != 0 || chmod(top, 0555) != 0)
		abort();
	atexit(clean_up);
	if (geteuid() == 0 && seteuid(NOBODY) != 0)
		abort();
}

/* NULL DATA: it is not there. */
static void put(const char *name, const uint8_t *data, size_t size)
{
	char path[160];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
	if (!data)
		return;
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

/*
 * The generation has to rise with our write: inblob and generation are one file, and the request, which is ours, is what the
 * second reading finds. It says one more than a first reading of "2".
 */
static void link_generation(void)
{
	char from[160], to[160];

	snprintf(from, sizeof(from), "%s/%s", folder, attributes[GENERATION]);
	snprintf(to, sizeof(to), "%s/inblob", folder);
	(void)unlink(to);
	if (link(from, to) != 0)
		put("inblob", (const uint8_t *)"", 0);
}

static void ask(struct span outblob, const char *service)
{
	struct tsm_request request = {.folder = top, .provider = "tdx_guest", .privlevel = -1, .service_provider = NULL};
	struct tsm_report report = {0};

	memset(request.inblob, '\n', sizeof(request.inblob));
	request.inblob[0] = '3';
	if (service) {
		/* svsm's attribute is written like the blob; it leaves the generation alone. */
		put("service_provider", (const uint8_t *)"", 0);
		request.service_provider = service;
		request.inblob[0] = '4';
	}
	link_generation();
	if (tsm_report_get(&request, &report) == CKR_OK) {
		if (!report.outblob.size || report.outblob.size > TSM_BLOB_MAX || report.auxblob.size > TSM_BLOB_MAX ||
		    !span_equal(buffer_span(&report.outblob), outblob))
			abort();
	} else if (report.outblob.size || report.auxblob.size || report.manifestblob.size) {
		abort();
	}
	tsm_report_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span value[ATTRIBUTES] = {{0}};
	int level = 0;

	if (!*top)
		set_up();
	if (!size)
		return 0;
	const uint8_t missing = data[0];

	data++;
	size--;
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		size_t length = size;

		if (i + 1 < ATTRIBUTES) {
			if (size < 2)
				return 0;
			length = (size_t)data[0] << 8 | data[1];
			data += 2;
			size -= 2;
			length = length > size ? size : length;
		}
		value[i] = (struct span){data, length};
		data += length;
		size -= length;
	}
	for (int service = 0; service < 2; service++) {
		for (size_t i = 0; i < ATTRIBUTES; i++)
			put(attributes[i], missing >> i & 1 ? NULL : value[i].data, value[i].size);
		ask(value[ATTRIBUTES - 1], service ? "svsm" : NULL);
	}
	level = tsm_privlevel_floor(top);
	if (level < -1 || level > 3)
		abort();
	return 0;
}

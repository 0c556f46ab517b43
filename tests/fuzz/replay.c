/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files and folders of its command line: what make check does with the
 * seeds, and how a fuzzer's finding is replayed without libFuzzer. Options (-runs=0) are passed over,
 * so that both kinds of program take the same command line.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_FILE_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	uint8_t *data = NULL;
	size_t size = 0;
	FILE *f = NULL;
	int rc = -1;

	data = malloc(REPLAY_FILE_MAX);
	f = fopen(path, "rb");
	if (data == NULL || f == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		goto out;
	}
	size = fread(data, 1, REPLAY_FILE_MAX, f);
	if (ferror(f) || !feof(f)) {
		fprintf(stderr, "%s: unreadable or too large\n", path);
		goto out;
	}
	/* A block of exactly this size, so that a sanitizer sees the first byte read past it. */
	uint8_t *exact = malloc(size > 0 ? size : 1);
	if (exact == NULL)
		goto out;
	memcpy(exact, data, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	rc = 0;
out:
	if (f != NULL)
		fclose(f);
	free(data);
	return rc;
}

static int replay_path(const char *path, unsigned *count)
{
	struct stat st = {0};
	DIR *dir = NULL;
	struct dirent *entry = NULL;
	int rc = 0;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		++*count;
		return replay_file(path);
	}
	dir = opendir(path);
	if (dir == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		char *name = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&name, "%s/%s", path, entry->d_name) < 0) {
			rc = -1;
			break;
		}
		rc = replay_path(name, count);
		free(name);
	}
	closedir(dir);
	return rc;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (replay_path(argv[i], &count) != 0)
			return 1;
	}
	printf("%u inputs replayed\n", count);
	return count > 0 ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control file, see control.h.
 */
#include "config.h"

#include "control.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *file_path;
static char text[8192];
static unsigned used[LINES];

void control_open(const char *path)
{
	file_path = path;
}

void control_refresh(void)
{
	char now[sizeof(text)] = "";
	FILE *file = file_path ? fopen(file_path, "re") : NULL;
	size_t got = file ? fread(now, 1, sizeof(now) - 1, file) : 0;

	now[got] = '\0';
	if (file)
		fclose(file);
	pthread_mutex_lock(&lock);
	if (strcmp(now, text) != 0) {
		memcpy(text, now, sizeof(text));
		memset(used, 0, sizeof(used));
	}
	pthread_mutex_unlock(&lock);
}

/* The line's number, or -1; the caller has the lock. */
static int find(const char *name, char *value, size_t size)
{
	const char *line = text;
	size_t length = strlen(name);

	for (int n = 0; *line && n < LINES; n++) {
		const char *end = strchrnul(line, '\n');

		if (strncmp(line, name, length) == 0 && strchr(" \n", line[length])) {
			const char *start = line + length + strspn(line + length, " ");

			snprintf(value, size, "%.*s", (int)(end - start), start < end ? start : "");
			return n;
		}
		line = *end ? end + 1 : end;
	}
	return -1;
}

bool control_fault(const char *name)
{
	char value[64];
	bool now = false;
	int line = 0;

	pthread_mutex_lock(&lock);
	line = find(name, value, sizeof(value));
	if (line >= 0)
		now = !*value || used[line]++ < strtoul(value, NULL, 0);
	pthread_mutex_unlock(&lock);
	return now;
}

bool control_text(const char *name, char *value, size_t size)
{
	int line = 0;

	pthread_mutex_lock(&lock);
	line = find(name, value, size);
	pthread_mutex_unlock(&lock);
	return line >= 0;
}

uint64_t control_number(const char *name, uint64_t otherwise)
{
	char value[64];

	return control_text(name, value, sizeof(value)) ? strtoull(value, NULL, 0) : otherwise;
}

void control_digest(const char *name, const char *otherwise, uint8_t *bytes, size_t size)
{
	uint8_t digest[EVP_MAX_MD_SIZE] = {0};
	char value[512];

	if (!control_text(name, value, sizeof(value)))
		snprintf(value, sizeof(value), "%s", otherwise);
	if (strcmp(value, "zero") != 0)
		EVP_Digest(value, strlen(value), digest, NULL, EVP_sha384(), NULL);
	for (size_t i = 0; i < size; i++)
		bytes[i] = digest[i % 48];
}

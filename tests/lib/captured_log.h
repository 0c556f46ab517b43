/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the code under test logged: stderr goes to a file for a while. A refusal has to explain itself, so
 * tests look at the line as well as at the code. Static inline, for the unit tests.
 */
#ifndef KEYCLAVE_TESTS_CAPTURED_LOG_H
#define KEYCLAVE_TESTS_CAPTURED_LOG_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct captured_log {
	FILE *file;
	int stderr_copy;
	char text[8192];
};

static inline void captured_log_begin(struct captured_log *c)
{
	fflush(stderr);
	c->text[0] = '\0';
	c->file = tmpfile();
	c->stderr_copy = dup(STDERR_FILENO);
	if (c->file)
		dup2(fileno(c->file), STDERR_FILENO);
}

/* Gives stderr back; the text stays in C. */
static inline const char *captured_log_end(struct captured_log *c)
{
	ssize_t got = 0;

	fflush(stderr);
	dup2(c->stderr_copy, STDERR_FILENO);
	close(c->stderr_copy);
	if (c->file) {
		got = pread(fileno(c->file), c->text, sizeof(c->text) - 1, 0);
		fclose(c->file);
	}
	c->text[got > 0 ? got : 0] = '\0';
	/* So that a failed test shows it. */
	fputs(c->text, stderr);
	return c->text;
}

static inline bool captured_log_has(const struct captured_log *c, const char *words)
{
	return strstr(c->text, words) != NULL;
}

#endif

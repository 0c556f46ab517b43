/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small evaluator of the headers' constants: numbers, names, parentheses, and the operators | and
 * +.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"

#define FILES 2
#define DEPTH_MAX 8

static char *text[FILES];

static char *read_file(const char *name)
{
	const char *root = getenv("KC_SRCDIR");
	char path[4096];
	char *contents = NULL;
	size_t size = 0;
	FILE *f = NULL;

	snprintf(path, sizeof(path), "%s/tee-backend/mechanism/%s", root ? root : ".", name);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	if (getdelim(&contents, &size, '\0', f) < 0) {
		free(contents);
		contents = NULL;
	}
	fclose(f);
	return contents;
}

bool constants_load(void)
{
	text[0] = read_file("cryptoki.h");
	text[1] = read_file("keyclave.h");
	return text[0] && text[1];
}

void constants_unload(void)
{
	size_t i = 0;

	for (i = 0; i < FILES; i++) {
		free(text[i]);
		text[i] = NULL;
	}
}

/* What stands after "#define NAME" and blanks, or NULL. */
static const char *definition(const char *name)
{
	const size_t size = strlen(name);
	size_t i = 0;

	for (i = 0; i < FILES; i++) {
		const char *at = text[i];

		while (at && (at = strstr(at, "#define ")) != NULL) {
			at += strlen("#define ");
			if (strncmp(at, name, size) == 0 && isblank((unsigned char)at[size]))
				return at + size;
		}
	}
	return NULL;
}

static bool sum(const char **at, unsigned depth, unsigned long *value);

static void skip_blanks(const char **at)
{
	while (isblank((unsigned char)**at))
		(*at)++;
}

static bool operand(const char **at, unsigned depth, unsigned long *value)
{
	char name[128];
	size_t n = 0;
	char *end = NULL;

	skip_blanks(at);
	if (**at == '(') {
		(*at)++;
		if (!sum(at, depth, value))
			return false;
		skip_blanks(at);
		return *(*at)++ == ')';
	}
	if (isdigit((unsigned char)**at)) {
		*value = strtoul(*at, &end, 0);
		while (*end == 'U' || *end == 'L')
			end++;
		*at = end;
		return true;
	}
	while ((isalnum((unsigned char)**at) || **at == '_') && n + 1 < sizeof(name))
		name[n++] = *(*at)++;
	name[n] = '\0';
	if (n > 0 && depth < DEPTH_MAX) {
		const char *there = definition(name);

		return there && sum(&there, depth + 1, value);
	}
	return false;
}

static bool sum(const char **at, unsigned depth, unsigned long *value)
{
	if (!operand(at, depth, value))
		return false;
	for (;;) {
		unsigned long right = 0;
		char sign = '\0';

		skip_blanks(at);
		sign = **at;
		if (sign != '|' && sign != '+')
			return true;
		(*at)++;
		if (!operand(at, depth, &right))
			return false;
		*value = sign == '|' ? *value | right : *value + right;
	}
}

bool constants_value(const char *name, unsigned long *value)
{
	const char *at = definition(name);

	return at && sum(&at, 0, value);
}

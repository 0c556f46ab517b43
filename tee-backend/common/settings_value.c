/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to value and back for the rows of settings.c, and the XDG base directories. What is refused
 * leaves the member as it was.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/log.h"
#include "common/settings_value.h"

static const char *value_copy(const char *text, size_t length, void *member, size_t size)
{
	static __thread char expected[64];

	if (length >= size) {
		snprintf(expected, sizeof(expected), "at most %zu characters", size - 1);
		return expected;
	}
	memmove(member, text, length);
	memset((char *)member + length, 0, size - length);
	return NULL;
}

static const char *value_text(const char *text, void *member, size_t size)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return "text without control characters";
	return value_copy(text, strlen(text), member, size);
}

static const char *value_word(const char *text, void *member, size_t size)
{
	size_t length = strlen(text);

	if (!length || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
		return "a word of lower case letters, digits and '-'";
	return value_copy(text, length, member, size);
}

static const char *value_path(const char *text, void *member, size_t size)
{
	size_t length = strlen(text);

	if (length && *text != '/')
		return "an absolute path";
	while (length > 1 && text[length - 1] == '/')
		length--;
	return value_copy(text, length, member, size);
}

static const char *value_log_level(const char *text, void *member, size_t size)
{
	enum log_level level = LOG_LEVEL_NOTICE;

	if (*text && !log_level_parse(text, &level))
		return "error, warning, notice, info or debug";
	return value_copy(text, strlen(text), member, size);
}

/* Digits only, so that signs, blanks and hexadecimal are no numbers. END: behind the last digit. */
static bool value_digits(const char *text, unsigned long long *number, char **end)
{
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, end, 10);
	return !errno;
}

/* The unit's size in milliseconds; 0: no unit of time. */
static unsigned long long value_unit(const char *unit)
{
	static const struct {
		const char *name;
		unsigned milliseconds;
	} units[] = {
	    {"", 1000}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000},
	};

	unit += strspn(unit, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].milliseconds;
	return 0;
}

static const char *value_number(const struct settings_type *type, const char *text, void *member)
{
	static __thread char expected[96];
	unsigned long long number = 0;
	unsigned long long factor = 1;
	unsigned divisor = type->kind == SETTINGS_SECONDS ? 1000 : 1;
	char *end = NULL;
	bool good = value_digits(text, &number, &end);

	if (good && type->kind == SETTINGS_NUMBER)
		good = !*end;
	else if (good)
		good = (factor = value_unit(end)) != 0;
	good = good && !__builtin_mul_overflow(number, factor, &number) && number % divisor == 0;
	number /= divisor;
	if (good && number >= type->min && number <= type->max) {
		*(unsigned *)member = (unsigned)number;
		return NULL;
	}
	snprintf(expected, sizeof(expected), "%s from %u to %u%s",
		 type->kind == SETTINGS_NUMBER ? "a number" : "a time", type->min, type->max,
		 type->kind == SETTINGS_NUMBER	  ? ""
		 : type->kind == SETTINGS_SECONDS ? " seconds"
						  : " ms");
	return expected;
}

static const char *value_switch(const struct settings_type *type, const char *text, void *member)
{
	static __thread char expected[64];

	if (!strcmp(text, type->on) || !strcmp(text, type->off)) {
		*(bool *)member = !strcmp(text, type->on);
		return NULL;
	}
	snprintf(expected, sizeof(expected), "%s or %s", type->on, type->off);
	return expected;
}

static bool value_passwd(const char *name, uid_t uid, struct passwd *entry, char *memory,
			 size_t size)
{
	struct passwd *found = NULL;
	int error = name ? getpwnam_r(name, entry, memory, size, &found)
			 : getpwuid_r(uid, entry, memory, size, &found);

	return !error && found;
}

static const char *value_user(const char *text, void *member)
{
	uid_t *uid = member;
	unsigned long long number = 0;
	char *end = NULL;
	char memory[4096];
	struct passwd entry = {0};

	if (!strcmp(text, "none")) {
		*uid = (uid_t)-1;
		return NULL;
	}
	if (value_digits(text, &number, &end) && !*end && number < (uid_t)-1) {
		*uid = (uid_t)number;
		return NULL;
	}
	if (!*text || !value_passwd(text, 0, &entry, memory, sizeof(memory)))
		return "a user's name or number, or none";
	*uid = entry.pw_uid;
	return NULL;
}

const char *settings_value_parse(const struct settings_type *type, const char *text, void *member,
				 size_t size)
{
	switch (type->kind) {
	case SETTINGS_TEXT:
		return value_text(text, member, size);
	case SETTINGS_WORD:
		return value_word(text, member, size);
	case SETTINGS_PATH:
		return value_path(text, member, size);
	case SETTINGS_LOG_LEVEL:
		return value_log_level(text, member, size);
	case SETTINGS_NUMBER:
	case SETTINGS_SECONDS:
	case SETTINGS_MILLISECONDS:
		return value_number(type, text, member);
	case SETTINGS_SWITCH:
		return value_switch(type, text, member);
	case SETTINGS_USER:
		return value_user(text, member);
	}
	return "another kind of value";
}

void settings_value_format(const struct settings_type *type, const void *member, char *text,
			   size_t size)
{
	switch (type->kind) {
	case SETTINGS_TEXT:
	case SETTINGS_WORD:
	case SETTINGS_PATH:
	case SETTINGS_LOG_LEVEL:
		snprintf(text, size, "%s", (const char *)member);
		break;
	case SETTINGS_NUMBER:
		snprintf(text, size, "%u", *(const unsigned *)member);
		break;
	case SETTINGS_SECONDS:
		snprintf(text, size, "%us", *(const unsigned *)member);
		break;
	case SETTINGS_MILLISECONDS:
		snprintf(text, size, "%ums", *(const unsigned *)member);
		break;
	case SETTINGS_SWITCH:
		snprintf(text, size, "%s", *(const bool *)member ? type->on : type->off);
		break;
	case SETTINGS_USER:
		if (*(const uid_t *)member == (uid_t)-1)
			snprintf(text, size, "none");
		else
			snprintf(text, size, "%u", (unsigned)*(const uid_t *)member);
		break;
	}
}

bool settings_value_home(const char *variable, const char *fallback, const char *leaf, char *path,
			 size_t size)
{
	const char *base = secure_getenv(variable);
	const char *home = secure_getenv("HOME");
	char memory[4096];
	struct passwd entry = {0};
	int n = 0;

	/* XDG base directory specification: relative paths are invalid and ignored. */
	if (base && *base == '/') {
		n = snprintf(path, size, "%s/%s", base, leaf);
		return n > 0 && (size_t)n < size;
	}
	if (!home || *home != '/') {
		if (!value_passwd(NULL, geteuid(), &entry, memory, sizeof(memory)))
			return false;
		home = entry.pw_dir;
	}
	if (!home || *home != '/')
		return false;
	n = snprintf(path, size, "%s/%s/%s", home, fallback, leaf);
	return n > 0 && (size_t)n < size;
}

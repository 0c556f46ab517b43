/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of values that a setting may have, text to member and back. Called by settings.c with
 * the rows of its table; the text was written by whoever may configure the program.
 */
#ifndef KEYCLAVE_COMMON_SETTINGS_VALUE_H
#define KEYCLAVE_COMMON_SETTINGS_VALUE_H

#include <stdbool.h>
#include <stddef.h>

enum settings_kind {
	SETTINGS_TEXT,	       /* char[]: any printable text */
	SETTINGS_WORD,	       /* char[]: lower case letters, digits, '-' */
	SETTINGS_PATH,	       /* char[]: absolute path or empty; no trailing '/' */
	SETTINGS_LOG_LEVEL,    /* char[]: a name of log_level_parse or empty */
	SETTINGS_NUMBER,       /* unsigned */
	SETTINGS_SECONDS,      /* unsigned; "30", "30s", "10min", "2h" */
	SETTINGS_MILLISECONDS, /* unsigned; as SECONDS and "500ms"; without a unit seconds */
	SETTINGS_SWITCH,       /* bool: .on or .off */
	SETTINGS_USER,	       /* uid_t: name, number, or "none" */
};

struct settings_type {
	enum settings_kind kind;
	unsigned min; /* of numbers and times, in the member's unit */
	unsigned max;
	const char *on; /* of switches */
	const char *off;
};

/*
 * TEXT into MEMBER of SIZE bytes. NULL when it is acceptable; else MEMBER is unchanged and the
 * result (static, or valid until the thread's next call) says what was expected.
 */
const char *settings_value_parse(const struct settings_type *type, const char *text, void *member,
				 size_t size);

/* MEMBER as text that settings_value_parse reads back. */
void settings_value_format(const struct settings_type *type, const void *member, char *text,
			   size_t size);

/*
 * $VARIABLE/LEAF, else HOME/FALLBACK/LEAF, where HOME is the variable or the user's entry in
 * passwd(5); in set-uid programs always the latter. False: there is neither, or it is too long.
 */
bool settings_value_home(const char *variable, const char *fallback, const char *leaf, char *path,
			 size_t size);

#endif

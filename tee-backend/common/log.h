/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event, to stderr, with the journal's <N> priority prefix when stderr is the journal
 * (JOURNAL_STREAM). Never a secret in it: callers log names, sizes and codes only. In a client's
 * process it is silent unless KEYCLAVE_LOG or the configuration asks for it.
 */
#ifndef KEYCLAVE_COMMON_LOG_H
#define KEYCLAVE_COMMON_LOG_H

#include <stdbool.h>

/* syslog(3) priorities, so that a level is the number that the journal wants. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* PROGRAM (static storage) heads each line. A level above MAX is dropped. */
void log_open(const char *program, enum log_level max);

/* "error", "warning", "notice", "info", "debug" to a level; false when it is none of them. */
bool log_level_parse(const char *name, enum log_level *level);

bool log_enabled(enum log_level level);

/* Control characters in the result are escaped, and it is cut at 1,000 bytes. errno is preserved. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

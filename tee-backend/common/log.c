/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per event with one write(2), so that lines of several threads and processes do not mix.
 * Nothing is written before log_open: a client library must not talk on its host's stderr unasked.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define LOG_LINE_MAX 1000

static _Atomic(const char *) log_program = NULL;
static atomic_int log_max = -1;
static atomic_bool log_journal = false;

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that it gave us. */
static bool log_stderr_is_journal(void)
{
	const char *stream = secure_getenv("JOURNAL_STREAM");
	unsigned long long device = 0;
	unsigned long long inode = 0;
	struct stat st = {0};
	char rest = 0;

	if (!stream || sscanf(stream, "%llu:%llu%c", &device, &inode, &rest) != 2)
		return false;
	return !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

void log_open(const char *program, enum log_level max)
{
	atomic_store(&log_journal, log_stderr_is_journal());
	atomic_store(&log_program, program);
	atomic_store(&log_max, (int)max);
}

bool log_level_parse(const char *name, enum log_level *level)
{
	static const struct {
		const char *name;
		enum log_level level;
	} names[] = {
	    {"error", LOG_LEVEL_ERROR},	  {"warning", LOG_LEVEL_WARNING},
	    {"notice", LOG_LEVEL_NOTICE}, {"info", LOG_LEVEL_INFO},
	    {"debug", LOG_LEVEL_DEBUG},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i].name)) {
			*level = names[i].level;
			return true;
		}
	}
	return false;
}

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&log_max, memory_order_relaxed);
}

/* Escapes C0, DEL and the UTF-8 form of C1, with which a name could rewrite a terminal's lines. */
static size_t log_escape(char *line, size_t used, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;

		if (used + 4 > LOG_LINE_MAX)
			break;
		if (*p < 0x20 || *p == 0x7f || c1) {
			line[used++] = '\\';
			line[used++] = 'x';
			line[used++] = hex[*p >> 4];
			line[used++] = hex[*p & 15];
		} else {
			line[used++] = (char)*p;
		}
	}
	return used;
}

static void __attribute__((format(printf, 2, 0)))
log_write(enum log_level level, const char *format, va_list args)
{
	const char *program = atomic_load(&log_program);
	char text[LOG_LINE_MAX + 1] = "";
	char line[LOG_LINE_MAX + 1] = "";
	int saved = errno;
	size_t used = 0;
	size_t done = 0;

	if (!log_enabled(level))
		return;
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		goto out;
	if (atomic_load(&log_journal))
		used = (size_t)snprintf(line, sizeof(line), "<%d>", (int)level);
	used = log_escape(line, used, program ? program : "keyclave");
	used = log_escape(line, used, ": ");
	used = log_escape(line, used, text);
	line[used++] = '\n';
	while (done < used) {
		ssize_t n = write(STDERR_FILENO, line + done, used - done);

		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			done += (size_t)n;
	}
out:
	errno = saved;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(LOG_LEVEL_WARNING, format, args);
	va_end(args);
}

void log_notice(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(LOG_LEVEL_NOTICE, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}

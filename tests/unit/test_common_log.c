/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines as they arrive on stderr: silence before log_open, levels, escapes, the cut, the journal's
 * prefix, errno.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "cmocka_test.h"

static int saved_stderr = -1;
static FILE *capture;

static void capture_begin(void)
{
	fflush(stderr);
	capture = tmpfile();
	assert_non_null(capture);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fileno(capture), STDERR_FILENO) >= 0);
}

static const char *capture_end(void)
{
	static char text[4096];
	size_t n = 0;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	rewind(capture);
	n = fread(text, 1, sizeof(text) - 1, capture);
	text[n] = 0;
	fclose(capture);
	return text;
}

static void test_silent_before_open(void **state)
{
	(void)state;
	capture_begin();
	log_error("nobody asked");
	assert_string_equal(capture_end(), "");
	assert_false(log_enabled(LOG_LEVEL_ERROR));
}

static void test_levels(void **state)
{
	(void)state;
	log_open("prog", LOG_LEVEL_NOTICE);
	assert_true(log_enabled(LOG_LEVEL_NOTICE));
	assert_false(log_enabled(LOG_LEVEL_INFO));
	capture_begin();
	errno = ENOSPC;
	log_error("e %d", 1);
	log_warning("w");
	log_notice("n");
	log_info("i");
	log_debug("d");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(capture_end(), "prog: e 1\nprog: w\nprog: n\n");
}

static void test_escapes(void **state)
{
	(void)state;
	capture_begin();
	log_error("a\nb\x1b[0m\x7f \xc2\x9b \xc3\xbc");
	assert_string_equal(capture_end(), "prog: a\\x0ab\\x1b[0m\\x7f \\xc2\x9b \xc3\xbc\n");
}

static void test_cut(void **state)
{
	char long_text[3000];
	const char *line = NULL;

	(void)state;
	memset(long_text, '\n', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	capture_begin();
	log_error("%s", long_text);
	line = capture_end();
	assert_true(strlen(line) <= 1001 && strlen(line) > 900);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void test_journal_prefix(void **state)
{
	char stream[64] = "";
	struct stat st = {0};

	(void)state;
	capture_begin();
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("prog", LOG_LEVEL_DEBUG);
	log_warning("w");
	log_debug("d");
	assert_string_equal(capture_end(), "<4>prog: w\n<7>prog: d\n");
	/* Another stream than stderr's: plain lines. */
	setenv("JOURNAL_STREAM", "1:1", 1);
	capture_begin();
	log_open("prog", LOG_LEVEL_DEBUG);
	log_debug("d");
	assert_string_equal(capture_end(), "prog: d\n");
	unsetenv("JOURNAL_STREAM");
}

static void test_level_names(void **state)
{
	enum log_level level = LOG_LEVEL_ERROR;

	(void)state;
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_parse("error", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_false(log_level_parse("Error", &level));
	assert_false(log_level_parse("", &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent_before_open), cmocka_unit_test(test_levels),
		cmocka_unit_test(test_escapes),		   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_journal_prefix),	   cmocka_unit_test(test_level_names),
	};

	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests_name("common/log", tests, NULL, NULL);
}

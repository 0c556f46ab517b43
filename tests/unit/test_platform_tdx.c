/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TDX platform: quotes that are over what was asked for or none, the boot's event log, no key of its own. With
 * emulate-tsm.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "platform/platform_ops.h"
#include "../lib/captured_log.h"
#include "cmocka_test.h"
#include "emulator.h"

#define QUOTE_DATA (48 + 520)

static struct emulator emulator;
static struct settings settings;
static struct platform *platform;
static struct captured_log log_text;

static int setup(void **state)
{
	(void)state;
	if (!emulator_make(&emulator) || !emulator_start(&emulator, "emulate-tsm", "sys", "--kind=tdx"))
		return -1;
	snprintf(settings.platform, sizeof(settings.platform), "tdx");
	snprintf(settings.platform_root, sizeof(settings.platform_root), "%s", emulator.root);
	settings.device_timeout_ms = 20000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	platform_free(&platform);
	emulator_stop(&emulator);
	return 0;
}

static CK_RV reopen(const char *control)
{
	CK_RV rv = CKR_OK;

	platform_free(&platform);
	emulator_control(&emulator, control);
	captured_log_begin(&log_text);
	rv = platform_open(&settings, &platform);
	captured_log_end(&log_text);
	return rv;
}

static void test_open(void **state)
{
	const struct platform_description *d = NULL;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];

	(void)state;
	assert_int_equal(reopen(""), CKR_OK);
	assert_true(captured_log_has(&log_text, "no sealing key"));
	assert_true(captured_log_has(&log_text, "without the boot's event log"));
	d = platform_describe(platform);
	assert_string_equal(d->name, "tdx");
	assert_string_equal(d->protector, PLATFORM_NO_KEY);
	assert_int_equal(platform_key_new(platform, &mix, key), CKR_FUNCTION_NOT_SUPPORTED);
	assert_non_null(platform_paths(platform)[0]);
	assert_null(platform_paths(platform)[1]);
	snprintf(settings.platform_root, sizeof(settings.platform_root), "/nonexistent");
	assert_int_equal(reopen(""), CKR_TOKEN_NOT_PRESENT);
	assert_true(captured_log_has(&log_text, "quotes need configfs"));
}

static void expect(const char *control, CK_RV rv, const char *words)
{
	static const struct platform_digest digest = {.sha512 = "a digest of claims"};
	struct platform_evidence evidence = {0};
	CK_RV got = CKR_OK;

	emulator_control(&emulator, control);
	captured_log_begin(&log_text);
	got = platform_evidence_get(platform, &digest, &evidence);
	captured_log_end(&log_text);
	assert_int_equal(got, rv);
	assert_true(captured_log_has(&log_text, words));
	if (rv == CKR_OK)
		assert_memory_equal(evidence.report.data + QUOTE_DATA, digest.sha512, sizeof(digest.sha512));
	platform_evidence_free(&evidence);
}

static void test_quotes(void **state)
{
	(void)state;
	assert_int_equal(reopen(""), CKR_OK);
	expect("", CKR_OK, "");
	expect("busy 2\n", CKR_OK, "");
	expect("interrupted 2\n", CKR_OK, "");
	expect("intruder 2\n", CKR_OK, "");
	expect("timeout 1\n", CKR_DEVICE_ERROR, "Connection timed out");
	expect("firmware-error 1\n", CKR_DEVICE_ERROR, "Input/output error");
	expect("empty\n", CKR_DEVICE_ERROR, "No data available");
	expect("long\n", CKR_DEVICE_ERROR, "more than 8 KiB");
	expect("short 1\n", CKR_DEVICE_ERROR, "too short");
	expect("short 600\n", CKR_DEVICE_ERROR, "too short");
	expect("other-data\n", CKR_DEVICE_ERROR, "over other report data");
	expect("no-provider\n", CKR_DEVICE_ERROR, "no provider");
	expect("", CKR_OK, "");
}

static void test_measurement(void **state)
{
	struct buffer one = {0};
	struct buffer two = {0};

	(void)state;
	assert_int_equal(reopen(""), CKR_OK);
	emulator_control(&emulator, "");
	assert_int_equal(platform_measurement(platform, &one), CKR_OK);
	assert_int_equal(one.size, 4 * 48);
	assert_int_equal(platform_measurement(platform, &two), CKR_OK);
	assert_true(span_equal(buffer_span(&one), buffer_span(&two)));
	emulator_control(&emulator, "no-provider\n");
	assert_int_equal(platform_measurement(platform, &two), CKR_DEVICE_ERROR);
	buffer_free(&one);
	buffer_free(&two);
}

static void test_event_log(void **state)
{
	static const struct platform_digest digest = {.sha512 = {1}};
	struct platform_evidence evidence = {0};
	char path[PATH_MAX];
	char control[PATH_MAX + 16];
	FILE *file = NULL;

	(void)state;
	scratch_path(&emulator.folder, "log", path);
	file = fopen(path, "we");
	assert_non_null(file);
	for (unsigned i = 0; i < 20000; i++)
		fputc((int)(i & 0xff), file);
	fclose(file);
	snprintf(control, sizeof(control), "event-log %s\n", path);
	assert_int_equal(reopen(control), CKR_OK);
	assert_int_equal(platform_evidence_get(platform, &digest, &evidence), CKR_OK);
	assert_int_equal(evidence.event_log.size, 20000);
	assert_int_equal(evidence.event_log.data[19999], 19999 & 0xff);
	platform_evidence_free(&evidence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quotes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_measurement, setup, teardown),
		cmocka_unit_test_setup_teardown(test_event_log, setup, teardown),
	};
	const char *why = emulator_begin();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	log_open("test", LOG_LEVEL_NOTICE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

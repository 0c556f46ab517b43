/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Nitro platform: no key of its own, evidence that never names a public key, entropy. With emulate-nsm.
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

static struct emulator emulator;
static struct settings settings;
static struct platform *platform;
static struct captured_log log_text;

static int setup(void **state)
{
	(void)state;
	if (!emulator_make(&emulator) || !emulator_start(&emulator, "emulate-nsm", "dev", NULL))
		return -1;
	snprintf(settings.platform, sizeof(settings.platform), "auto");
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
	assert_true(captured_log_has(&log_text, "auto: nitro, for /dev/nsm is there"));
	assert_true(captured_log_has(&log_text, "no sealing key"));
	d = platform_describe(platform);
	assert_string_equal(d->name, "nitro");
	assert_string_equal(d->protector, PLATFORM_NO_KEY);
	assert_true(d->tee);
	assert_int_equal(platform_key_new(platform, &mix, key), CKR_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(platform_key(platform, (struct span){0}, key), CKR_FUNCTION_NOT_SUPPORTED);
	assert_null(platform_paths(platform)[0]);
	assert_int_equal(reopen("pcr0 zero\n"), CKR_OK);
	assert_true(captured_log_has(&log_text, "debug mode"));
	assert_int_equal(reopen("refuse InternalError\n"), CKR_DEVICE_ERROR);
	assert_null(platform);
}

static void test_evidence(void **state)
{
	static const struct platform_digest digest = {.sha512 = "a digest of claims"};
	static const uint8_t no_key[] = "\x6apublic_key\xf6";
	struct platform_evidence evidence = {0};

	(void)state;
	assert_int_equal(reopen(""), CKR_OK);
	assert_int_equal(platform_evidence_get(platform, &digest, &evidence), CKR_OK);
	assert_non_null(memmem(evidence.report.data, evidence.report.size, digest.sha512, sizeof(digest.sha512)));
	assert_non_null(memmem(evidence.report.data, evidence.report.size, no_key, sizeof(no_key) - 1));
	assert_int_equal(evidence.certificates.size, 0);
	platform_evidence_free(&evidence);
	emulator_control(&emulator, "short 200\n");
	assert_int_equal(platform_evidence_get(platform, &digest, &evidence), CKR_DEVICE_ERROR);
	platform_evidence_free(&evidence);
}

static void test_measurement(void **state)
{
	struct buffer one = {0};
	struct buffer two = {0};

	(void)state;
	assert_int_equal(reopen(""), CKR_OK);
	assert_int_equal(platform_measurement(platform, &one), CKR_OK);
	assert_int_equal(one.size, 3 * 48);
	assert_int_equal(platform_measurement(platform, &two), CKR_OK);
	assert_true(span_equal(buffer_span(&one), buffer_span(&two)));
	assert_int_equal(reopen("pcr0 zero\n"), CKR_OK);
	assert_int_equal(platform_measurement(platform, &two), CKR_OK);
	assert_false(span_equal(buffer_span(&one), buffer_span(&two)));
	buffer_free(&one);
	buffer_free(&two);
}

static void test_random(void **state)
{
	uint8_t one[300] = {0};
	uint8_t two[32] = {0};
	size_t got = 0;

	(void)state;
	assert_int_equal(reopen(""), CKR_OK);
	assert_int_equal(platform_random(platform, one, sizeof(one), &got), CKR_OK);
	assert_int_equal(got, 256);
	assert_int_equal(platform_random(platform, two, sizeof(two), &got), CKR_OK);
	assert_int_equal(got, sizeof(two));
	assert_memory_not_equal(one, two, sizeof(two));
	emulator_control(&emulator, "timeout\n");
	assert_int_equal(platform_random(platform, two, sizeof(two), &got), CKR_DEVICE_ERROR);
	assert_int_equal(got, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_evidence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_measurement, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};
	const char *why = emulator_begin();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	log_open("test", LOG_LEVEL_NOTICE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

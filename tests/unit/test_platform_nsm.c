/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Nitro security module through its ioctl: what it gives, what it refuses, and answers that are cut, spoilt or to
 * something else. With emulate-nsm.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <fcntl.h>
#include <unistd.h>
#include <pthread.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/log.h"
#include "platform/nsm.h"
#include "../lib/captured_log.h"
#include "cmocka_test.h"
#include "emulator.h"

static struct emulator emulator;
static struct nsm *nsm;
static char path[PATH_MAX + 16];

static int setup(void **state)
{
	(void)state;
	if (!emulator_make(&emulator) || !emulator_start(&emulator, "emulate-nsm", "dev", NULL))
		return -1;
	snprintf(path, sizeof(path), "%s/dev/nsm", emulator.root);
	return nsm_open(path, &nsm) == CKR_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	nsm_free(&nsm);
	emulator_stop(&emulator);
	return 0;
}

static void test_describe(void **state)
{
	struct nsm_description d;

	(void)state;
	assert_int_equal(nsm_describe(nsm, &d), CKR_OK);
	assert_int_equal(d.version[0], 1);
	assert_int_equal(d.max_pcrs, 32);
	assert_int_equal(d.locked & 0xffff, 0xffff);
	assert_string_equal(d.module_id, "i-0123456789abcdef0-enc0123456789abcdef");
	assert_string_equal(d.digest, "SHA384");
}

static void test_pcrs(void **state)
{
	struct buffer before = {0};
	struct buffer after = {0};
	bool locked = true;

	(void)state;
	assert_int_equal(nsm_pcr(nsm, 16, &locked, &before), CKR_OK);
	assert_false(locked);
	assert_int_equal(before.size, 48);
	assert_int_equal(nsm_extend(nsm, 16, span_text("a KMS key"), &after), CKR_OK);
	assert_memory_not_equal(before.data, after.data, 48);
	assert_int_equal(nsm_pcr(nsm, 16, &locked, &before), CKR_OK);
	assert_memory_equal(before.data, after.data, 48);
	assert_int_equal(nsm_lock(nsm, 16), CKR_OK);
	assert_int_equal(nsm_pcr(nsm, 16, &locked, &before), CKR_OK);
	assert_true(locked);
	assert_int_equal(nsm_extend(nsm, 16, span_text("again"), &after), CKR_ACTION_PROHIBITED);
	assert_int_equal(nsm_extend(nsm, 0, span_text("an image"), &after), CKR_ACTION_PROHIBITED);
	assert_int_equal(nsm_lock_below(nsm, 20), CKR_OK);
	assert_int_equal(nsm_pcr(nsm, 19, &locked, &before), CKR_OK);
	assert_true(locked);
	assert_int_equal(nsm_pcr(nsm, 20, &locked, &before), CKR_OK);
	assert_false(locked);
	/* Not even sent. */
	assert_int_equal(nsm_pcr(nsm, 32, &locked, &before), CKR_ARGUMENTS_BAD);
	assert_int_equal(nsm_lock_below(nsm, 33), CKR_ARGUMENTS_BAD);
	buffer_free(&before);
	buffer_free(&after);
}

/* The value of a text key in the document's payload; the payload stands as a byte string or bare. */
static bool payload_has(struct span document, const char *key, struct span value)
{
	struct buffer wanted = {0};
	struct cbor_writer w;
	bool found = false;

	cbor_writer_init(&w, &wanted, 4096);
	cbor_writer_text(&w, key);
	if (value.size)
		cbor_writer_bytes(&w, value);
	else
		cbor_writer_null(&w);
	assert_false(w.failed);
	found = memmem(document.data, document.size, wanted.data, wanted.size) != NULL;
	buffer_free(&wanted);
	return found;
}

static void test_attestation(void **state)
{
	const struct span data = span_text("a digest of claims");
	const struct span key = span_text("a key of the KMS request");
	struct buffer document = {0};
	uint8_t long_data[NSM_MESSAGE_DATA_MAX + 1] = {1};

	(void)state;
	assert_int_equal(nsm_attest(nsm, data, (struct span){0}, &document), CKR_OK);
	assert_true(payload_has(buffer_span(&document), "user_data", data));
	assert_true(payload_has(buffer_span(&document), "nonce", (struct span){0}));
	/* Security rule 1. */
	assert_true(payload_has(buffer_span(&document), "public_key", (struct span){0}));
	assert_int_equal(nsm_attest(nsm, data, span_text("nonce"), &document), CKR_OK);
	assert_true(payload_has(buffer_span(&document), "nonce", span_text("nonce")));
	assert_int_equal(nsm_attest_recipient(nsm, key, &document), CKR_OK);
	assert_true(payload_has(buffer_span(&document), "public_key", key));
	assert_true(payload_has(buffer_span(&document), "user_data", (struct span){0}));
	assert_int_equal(nsm_attest_recipient(nsm, (struct span){0}, &document), CKR_ARGUMENTS_BAD);
	assert_int_equal(nsm_attest(nsm, (struct span){long_data, sizeof(long_data)}, data, &document),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(nsm_attest(nsm, (struct span){long_data, sizeof(long_data) - 1},
				    (struct span){long_data, sizeof(long_data) - 1}, &document),
			 CKR_OK);
	buffer_free(&document);
}

static void test_random(void **state)
{
	struct buffer one = {.secret = true};
	struct buffer two = {.secret = true};

	(void)state;
	assert_int_equal(nsm_random(nsm, &one), CKR_OK);
	assert_int_equal(nsm_random(nsm, &two), CKR_OK);
	assert_int_equal(one.size, 256);
	assert_int_equal(two.size, 256);
	assert_memory_not_equal(one.data, two.data, 256);
	buffer_free(&one);
	buffer_free(&two);
}

static void expect_failure(const char *control, CK_RV rv, const char *words)
{
	struct nsm_description d;
	struct captured_log log;
	CK_RV got = CKR_OK;

	emulator_control(&emulator, control);
	captured_log_begin(&log);
	got = nsm_describe(nsm, &d);
	captured_log_end(&log);
	assert_int_equal(got, rv);
	assert_true(captured_log_has(&log, words));
	assert_string_equal(d.module_id, "");
	/* And it goes on. */
	emulator_control(&emulator, "");
	assert_int_equal(nsm_describe(nsm, &d), CKR_OK);
}

static void test_faults(void **state)
{
	struct nsm_description d;
	struct buffer random = {0};
	char control[64];

	(void)state;
	expect_failure("timeout\n", CKR_DEVICE_ERROR, strerror(ETIMEDOUT));
	expect_failure("garbage\n", CKR_DEVICE_ERROR, "not usable");
	expect_failure("trailing\n", CKR_DEVICE_ERROR, "bytes follow");
	expect_failure("other-answer\n", CKR_DEVICE_ERROR, "an answer to something else");
	expect_failure("refuse InternalError\n", CKR_DEVICE_ERROR, "InternalError");
	expect_failure("refuse InvalidArgument\n", CKR_ARGUMENTS_BAD, "InvalidArgument");
	expect_failure("refuse ReadOnlyIndex\n", CKR_ACTION_PROHIBITED, "ReadOnlyIndex");
	/* The driver cuts silently: wherever, it is noticed. */
	for (unsigned size = 0; size < 150; size += 7) {
		snprintf(control, sizeof(control), "short %u\n", size);
		expect_failure(control, CKR_DEVICE_ERROR, "not usable");
	}
	emulator_control(&emulator, "short 100\n");
	assert_int_equal(nsm_random(nsm, &random), CKR_DEVICE_ERROR);
	assert_int_equal(random.size, 0);
	emulator_control(&emulator, "indefinite\n");
	assert_int_equal(nsm_describe(nsm, &d), CKR_OK);
	buffer_free(&random);
}

static void test_missing(void **state)
{
	struct nsm *other = NULL;
	struct captured_log log;
	CK_RV rv = CKR_OK;

	(void)state;
	captured_log_begin(&log);
	rv = nsm_open("/nonexistent/nsm", &other);
	captured_log_end(&log);
	assert_int_equal(rv, CKR_TOKEN_NOT_PRESENT);
	assert_null(other);
	assert_true(captured_log_has(&log, "/nonexistent/nsm"));
	nsm_free(&other);
	/* A file that is there and no device. */
	assert_int_equal(nsm_open("/dev/null", &other), CKR_OK);
	assert_int_equal(nsm_random(other, &(struct buffer){0}), CKR_DEVICE_ERROR);
	nsm_free(&other);
}

static void *many_requests(void *arg)
{
	struct buffer document = {0};
	uint8_t data[8] = {0};
	bool *good = arg;

	*good = true;
	for (unsigned i = 0; *good && i < 50; i++) {
		data[0] = (uint8_t)i;
		memcpy(data + 1, &arg, 7);
		*good = nsm_attest(nsm, (struct span){data, sizeof(data)}, (struct span){0}, &document) ==
			    CKR_OK &&
			payload_has(buffer_span(&document), "user_data",
				    (struct span){data, sizeof(data)});
	}
	buffer_free(&document);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	bool good[4] = {false};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many_requests, &good[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_true(good[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_describe, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pcrs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attestation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
	};
	const char *why = emulator_begin();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	log_open("test", LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

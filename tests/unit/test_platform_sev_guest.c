/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SEV guest device through its ioctls: reports, keys, the certificate table, and each way in which host, firmware
 * or driver can fail. With emulate-sev-guest.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <time.h>

#include "common/memory.h"
#include "common/log.h"
#include "platform/cert_table.h"
#include "platform/sev_guest.h"
#include "platform/snp_mix.h"
#include "platform/snp_report.h"
#include "../lib/captured_log.h"
#include "cmocka_test.h"
#include "emulator.h"

#define DEADLINE_MS 20000 /* for what must succeed on a busy machine */
#define SHORT_MS 300

static struct emulator emulator;
static struct sev_guest *guest;
static char path[PATH_MAX + 16];
static const uint8_t data[SEV_GUEST_REPORT_DATA_SIZE] = "what the report is over";

static int setup(void **state)
{
	(void)state;
	if (!emulator_make(&emulator) || !emulator_start(&emulator, "emulate-sev-guest", "dev", NULL))
		return -1;
	snprintf(path, sizeof(path), "%s/dev/sev-guest", emulator.root);
	return sev_guest_open(path, DEADLINE_MS, &guest) == CKR_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sev_guest_free(&guest);
	emulator_stop(&emulator);
	return 0;
}

static void test_report(void **state)
{
	struct buffer report = {0};
	struct snp_report r;
	const char *why = NULL;

	(void)state;
	emulator_control(&emulator, "tcb 0x0102030405060708\nsvn 3\npolicy 0xb0000\n");
	assert_int_equal(sev_guest_report(guest, data, 0, &report), CKR_OK);
	assert_true(snp_report_read(buffer_span(&report), &r, &why));
	assert_memory_equal(r.data, data, sizeof(r.data));
	assert_int_equal(r.committed_tcb, 0x0102030405060708);
	assert_int_equal(r.svn, 3);
	assert_int_equal(r.policy, 0xb0000);
	assert_int_equal(r.vmpl, 0);
	assert_int_equal(sev_guest_report(guest, data, 2, &report), CKR_OK);
	assert_true(snp_report_read(buffer_span(&report), &r, &why));
	assert_int_equal(r.vmpl, 2);
	/* Not even sent. */
	assert_int_equal(sev_guest_report(guest, data, 4, &report), CKR_ARGUMENTS_BAD);
	buffer_free(&report);
}

static void test_extended_report(void **state)
{
	struct buffer report = {0};
	struct buffer table = {0};
	struct buffer pem = {0};
	const char *why = NULL;

	(void)state;
	assert_int_equal(sev_guest_extended_report(guest, data, 0, &report, &table), CKR_OK);
	assert_int_equal(report.size, SEV_GUEST_REPORT_SIZE);
	assert_int_equal(table.size, SEV_GUEST_TABLE_MAX);
	assert_true(cert_table_pem(buffer_span(&table), &pem, &why));
	emulator_control(&emulator, "no-certificates\n");
	assert_int_equal(sev_guest_extended_report(guest, data, 0, &report, &table), CKR_OK);
	assert_true(cert_table_pem(buffer_span(&table), &pem, &why));
	assert_int_equal(pem.size, 0);
	buffer_free(&report);
	buffer_free(&table);
	buffer_free(&pem);
}

/* The host has more certificates than the driver takes: the key survives, and the report comes alone. */
static void test_large_certificates(void **state)
{
	struct buffer report = {0};
	struct buffer table = {0};
	struct captured_log log;
	CK_RV rv = CKR_OK;

	(void)state;
	emulator_control(&emulator, "large-certificates\n");
	captured_log_begin(&log);
	rv = sev_guest_extended_report(guest, data, 0, &report, &table);
	captured_log_end(&log);
	assert_int_equal(rv, CKR_OK);
	assert_true(captured_log_has(&log, "20480 bytes"));
	assert_int_equal(report.size, SEV_GUEST_REPORT_SIZE);
	assert_int_equal(table.size, 0);
	emulator_control(&emulator, "");
	assert_int_equal(sev_guest_extended_report(guest, data, 0, &report, &table), CKR_OK);
	buffer_free(&report);
	buffer_free(&table);
}

static const struct sev_guest_key usual = {
    .root = 2,
    .fields = SNP_MIX_MANDATORY,
    .tcb = 0x0102030405060708,
};

static void derive(const struct sev_guest_key *request, const char *control, CK_RV rv,
		   uint8_t key[SEV_GUEST_KEY_SIZE])
{
	char text[256];

	snprintf(text, sizeof(text), "tcb 0x0202030405060708\n%s", control);
	emulator_control(&emulator, text);
	memset(key, 0, SEV_GUEST_KEY_SIZE);
	assert_int_equal(sev_guest_derive(guest, request, key), rv);
}

static void test_derived_key(void **state)
{
	uint8_t first[SEV_GUEST_KEY_SIZE];
	uint8_t key[SEV_GUEST_KEY_SIZE];
	struct sev_guest_key request = usual;
	static const char *const changes[] = {"measurement another launch\n", "policy 0xb0000\n",
					      "chip another\n"};

	(void)state;
	derive(&request, "", CKR_OK, first);
	derive(&request, "", CKR_OK, key);
	assert_memory_equal(first, key, sizeof(key));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		derive(&request, changes[i], CKR_OK, key);
		assert_memory_not_equal(first, key, sizeof(key));
	}
	/* Not mixed in unless asked for. */
	derive(&request, "image-id another\n", CKR_OK, key);
	assert_memory_equal(first, key, sizeof(key));
	request.fields |= SEV_GUEST_FIELD_IMAGE_ID;
	derive(&request, "", CKR_OK, first);
	derive(&request, "image-id another\n", CKR_OK, key);
	assert_memory_not_equal(first, key, sizeof(key));
	request = usual;
	request.tcb = 0x0202030405060708;
	derive(&request, "", CKR_OK, key);
	assert_memory_not_equal(first, key, sizeof(key));
	request.vmpl = 1;
	derive(&request, "", CKR_OK, first);
	assert_memory_not_equal(first, key, sizeof(key));
}

static void test_refused_keys(void **state)
{
	uint8_t key[SEV_GUEST_KEY_SIZE];
	uint8_t none[SEV_GUEST_KEY_SIZE] = {0};
	struct sev_guest_key request = usual;

	(void)state;
	request.tcb = 0x0102030405060709; /* one part above */
	derive(&request, "", CKR_MECHANISM_PARAM_INVALID, key);
	assert_memory_equal(key, none, sizeof(key));
	request = usual;
	derive(&request, "vmpl 1\n", CKR_MECHANISM_PARAM_INVALID, key);
	request.fields |= SEV_GUEST_FIELD_GUEST_SVN;
	request.svn = 8;
	derive(&request, "svn 7\n", CKR_MECHANISM_PARAM_INVALID, key);
	request = usual;
	request.root = 4;
	derive(&request, "", CKR_DEVICE_ERROR, key);
	request.vmpl = 4;
	derive(&request, "", CKR_ARGUMENTS_BAD, key);
	/* None of these cost the mailbox. */
	derive(&usual, "", CKR_OK, key);
}

/* What FAULT does to a report, and to the one after it. */
static void expect_report(const char *fault, CK_RV rv, const char *words, CK_RV next)
{
	struct buffer report = {0};
	struct captured_log log;
	CK_RV got = CKR_OK;

	emulator_control(&emulator, fault);
	captured_log_begin(&log);
	got = sev_guest_report(guest, data, 0, &report);
	captured_log_end(&log);
	assert_int_equal(got, rv);
	assert_true(captured_log_has(&log, words));
	assert_int_equal(report.size, rv == CKR_OK ? SEV_GUEST_REPORT_SIZE : 0);
	emulator_control(&emulator, "");
	assert_int_equal(sev_guest_report(guest, data, 0, &report), next);
	buffer_free(&report);
}

static void test_busy(void **state)
{
	struct timespec begin;
	struct timespec end;

	(void)state;
	expect_report("busy 3\n", CKR_OK, "", CKR_OK);
	sev_guest_free(&guest);
	assert_int_equal(sev_guest_open(path, SHORT_MS, &guest), CKR_OK);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	expect_report("busy\n", CKR_DEVICE_ERROR, "throttled", CKR_OK);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < DEADLINE_MS / 1000);
}

static void test_throttled(void **state)
{
	(void)state;
	/* The driver gave up, and wiped its key. */
	expect_report("throttled 1\n", CKR_DEVICE_ERROR, "throttled the request for too long",
		      CKR_DEVICE_ERROR);
	expect_report("", CKR_DEVICE_ERROR, "has to be started again", CKR_DEVICE_ERROR);
}

static void test_firmware_error(void **state)
{
	(void)state;
	expect_report("firmware-error 1\n", CKR_DEVICE_ERROR, "firmware error 0x1b, host error 0x0",
		      CKR_DEVICE_ERROR);
}

static void test_bad_reports(void **state)
{
	(void)state;
	expect_report("status 0x16\n", CKR_MECHANISM_PARAM_INVALID, "invalid parameter", CKR_OK);
	expect_report("status 0x27\n", CKR_DEVICE_ERROR, "invalid key", CKR_OK);
	expect_report("wrong-size\n", CKR_DEVICE_ERROR, "a report of 1200 bytes", CKR_OK);
	expect_report("errno\n", CKR_DEVICE_ERROR, strerror(EFAULT), CKR_OK);
}

static void test_missing(void **state)
{
	struct sev_guest *other = NULL;

	(void)state;
	assert_int_equal(sev_guest_open("/nonexistent/sev-guest", 1, &other), CKR_TOKEN_NOT_PRESENT);
	assert_null(other);
	sev_guest_free(&other);
}

static void *many_reports(void *arg)
{
	struct buffer report = {0};
	uint8_t mine[SEV_GUEST_REPORT_DATA_SIZE] = {0};
	bool *good = arg;

	*good = true;
	for (unsigned i = 0; *good && i < 50; i++) {
		memcpy(mine, &arg, sizeof(arg));
		mine[sizeof(arg)] = (uint8_t)i;
		*good = sev_guest_report(guest, mine, 0, &report) == CKR_OK &&
			memcmp(report.data + 0x50, mine, sizeof(mine)) == 0;
	}
	buffer_free(&report);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	bool good[4] = {false};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many_reports, &good[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++)
		assert_true(good[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_report, setup, teardown),
		cmocka_unit_test_setup_teardown(test_extended_report, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_certificates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_derived_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_throttled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_firmware_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_reports, setup, teardown),
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

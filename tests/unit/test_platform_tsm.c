/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configfs-tsm through its files: reports of SNP, of an SVSM and of TDX, other writers, busy hosts, lost writes,
 * leftovers, missing rights; RTMRs. With emulate-tsm.
 */
#include "config.h"

#include <errno.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "common/log.h"
#include "platform/rtmr.h"
#include "platform/tsm.h"
#include "../lib/captured_log.h"
#include "cmocka_test.h"
#include "emulator.h"

#define DEADLINE_MS 20000 /* for what must succeed on a busy machine */
#define SHORT_MS 300
#define TDX_DATA (48 + 520)

static struct emulator emulator;
static char folder[PATH_MAX + 64];
static char registers[PATH_MAX + 64];
static struct tsm_request request;

static int begin(const char *kind, const char *provider, int privlevel)
{
	if (!emulator_make(&emulator) || !emulator_start(&emulator, "emulate-tsm", "sys", kind))
		return -1;
	snprintf(folder, sizeof(folder), "%s" TSM_FOLDER, emulator.root);
	snprintf(registers, sizeof(registers), "%s" RTMR_FOLDER, emulator.root);
	request = (struct tsm_request){
		.folder = folder,
		.provider = provider,
		.inblob = "what the report is over",
		.privlevel = privlevel,
		.deadline_ms = DEADLINE_MS,
	};
	return 0;
}

static int setup_sev(void **state)
{
	(void)state;
	return begin("--kind=sev", "sev_guest", 0);
}

static int setup_tdx(void **state)
{
	(void)state;
	return begin("--kind=tdx", "tdx_guest", -1);
}

static unsigned count_entries(void)
{
	DIR *dir = opendir(folder);
	unsigned count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count - 2;
}

static int teardown(void **state)
{
	(void)state;
	emulator_stop(&emulator);
	return 0;
}

static void expect(const char *control, CK_RV rv, const char *words)
{
	struct tsm_report report = {0};
	struct captured_log log;
	CK_RV got = CKR_OK;

	emulator_control(&emulator, control);
	captured_log_begin(&log);
	got = tsm_report_get(&request, &report);
	captured_log_end(&log);
	assert_int_equal(got, rv);
	assert_true(captured_log_has(&log, words));
	assert_true((rv == CKR_OK) == (report.outblob.size > 0));
	tsm_report_free(&report);
	/* Whatever happened, the folder was removed. */
	assert_int_equal(count_entries(), 0);
}

static void test_sev(void **state)
{
	struct tsm_report report = {0};

	(void)state;
	assert_int_equal(tsm_report_get(&request, &report), CKR_OK);
	assert_int_equal(report.outblob.size, 1184);
	assert_memory_equal(report.outblob.data + 0x50, request.inblob, 64);
	assert_int_equal(report.manifestblob.size, 0);
	tsm_report_free(&report);
	assert_int_equal(tsm_privlevel_floor(folder), 0);
	emulator_control(&emulator, "vmpl 2\n");
	assert_int_equal(tsm_privlevel_floor(folder), 2);
	expect("vmpl 2\n", CKR_DEVICE_ERROR, "privlevel: Invalid argument");
	request.privlevel = 2;
	expect("vmpl 2\n", CKR_OK, "");
	assert_int_equal(count_entries(), 0);
}

/* Section 3.2 of the SVSM: a report of VMPL 0 over what we gave and the manifest. */
static void test_svsm(void **state)
{
	struct tsm_report report = {0};
	uint8_t digest[64];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	(void)state;
	request.privlevel = 2;
	request.service_provider = "svsm";
	request.service_guid = "c476f1eb-0123-45a5-9641-b4e7dde5bfe3";
	emulator_control(&emulator, "vmpl 2\n");
	assert_int_equal(tsm_report_get(&request, &report), CKR_OK);
	assert_true(report.manifestblob.size > 0);
	EVP_DigestInit_ex(ctx, EVP_sha512(), NULL);
	EVP_DigestUpdate(ctx, request.inblob, sizeof(request.inblob));
	EVP_DigestUpdate(ctx, report.manifestblob.data, report.manifestblob.size);
	EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	assert_memory_equal(report.outblob.data + 0x50, digest, 64);
	assert_int_equal(report.outblob.data[0x30], 0);
	tsm_report_free(&report);
	/* No SVSM: its attributes are not there. */
	request.privlevel = 0;
	expect("", CKR_DEVICE_ERROR, "service_provider");
}

static void test_tdx(void **state)
{
	struct tsm_report report = {0};

	(void)state;
	assert_int_equal(tsm_report_get(&request, &report), CKR_OK);
	assert_true(report.outblob.size > TDX_DATA + 64);
	assert_memory_equal(report.outblob.data + TDX_DATA, request.inblob, 64);
	assert_int_equal(report.auxblob.size, 0);
	tsm_report_free(&report);
	assert_int_equal(tsm_privlevel_floor(folder), -1);
	request.provider = "sev_guest";
	expect("", CKR_TOKEN_NOT_PRESENT, "");
}

static void test_retries(void **state)
{
	(void)state;
	expect("busy 2\n", CKR_OK, "");
	expect("interrupted 1\n", CKR_OK, "");
	expect("again 3\n", CKR_OK, "");
	expect("intruder 2\n", CKR_OK, "");
	expect("lost-write 1\n", CKR_DEVICE_ERROR, "outblob: Invalid argument");
	request.deadline_ms = SHORT_MS;
	expect("busy\n", CKR_DEVICE_ERROR, strerror(EBUSY));
	expect("intruder\n", CKR_DEVICE_ERROR, "another program kept writing");
}

static void test_failures(void **state)
{
	(void)state;
	expect("timeout 1\n", CKR_DEVICE_ERROR, strerror(ETIMEDOUT));
	expect("firmware-error 1\n", CKR_DEVICE_ERROR, strerror(EIO));
	expect("empty\n", CKR_DEVICE_ERROR, "outblob");
	expect("huge\n", CKR_DEVICE_ERROR, strerror(EFBIG));
	expect("no-provider\n", CKR_TOKEN_NOT_PRESENT, "");
	request.folder = "/nonexistent/report";
	expect("", CKR_TOKEN_NOT_PRESENT, "");
}

static void test_leftovers(void **state)
{
	char path[sizeof(folder) + 128];
	pid_t dead = fork();

	(void)state;
	if (dead == 0)
		_exit(0);
	waitpid(dead, NULL, 0);
	snprintf(path, sizeof(path), "%s/keyclave-%d-0123456789abcdef", folder, (int)dead);
	assert_int_equal(mkdir(path, 0700), 0);
	expect("", CKR_OK, "");
	/* Those of others stay. */
	snprintf(path, sizeof(path), "%s/keyclave-%d-0123456789abcdef", folder, (int)getppid());
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/somebody-%d-1", folder, (int)dead);
	assert_int_equal(mkdir(path, 0700), 0);
	tsm_report_free(&(struct tsm_report){0});
	assert_int_equal(tsm_privlevel_floor(folder), 0);
	assert_int_equal(count_entries(), 2);
}

/* In a child without rights: a report with the prepared folder, none without. */
static CK_RV as_nobody(void)
{
	struct tsm_report report = {0};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(99);
		_exit(tsm_report_get(&request, &report) == CKR_OK ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return (CK_RV)WEXITSTATUS(status);
}

static void test_prepared(void **state)
{
	static const char *const names[] = {"inblob", "outblob", "auxblob", "privlevel", "generation"};
	char path[sizeof(folder) + 64];

	(void)state;
	chmod(emulator.folder.path, 0755);
	if (as_nobody() == 99)
		skip();
	assert_int_equal(as_nobody(), 1);
	snprintf(path, sizeof(path), "%s/" TSM_PREPARED, folder);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/" TSM_PREPARED "/%s", folder, names[i]);
		assert_int_equal(chown(path, 65534, 65534), 0);
	}
	assert_int_equal(as_nobody(), 0);
	assert_int_equal(as_nobody(), 0);
	/* Others leave it alone. */
	assert_int_equal(count_entries(), 1);
}

static void *many_reports(void *arg)
{
	struct tsm_request mine = request;
	struct tsm_report report = {0};
	bool *good = arg;

	*good = true;
	for (unsigned i = 0; *good && i < 20; i++) {
		memcpy(mine.inblob, &arg, sizeof(arg));
		mine.inblob[sizeof(arg)] = (uint8_t)i;
		*good = tsm_report_get(&mine, &report) == CKR_OK &&
			memcmp(report.outblob.data + TDX_DATA, mine.inblob, 64) == 0;
	}
	tsm_report_free(&report);
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
	assert_int_equal(count_entries(), 0);
}

/* As whoever measures the application does, by a write of 48 bytes. */
static void extend_register(const uint8_t digest[RTMR_SIZE])
{
	char path[PATH_MAX + 128];
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/rtmr3:sha384", registers);
	file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fwrite(digest, 1, RTMR_SIZE, file), RTMR_SIZE);
	assert_int_equal(fclose(file), 0);
}

static void test_registers(void **state)
{
	uint8_t value[RTMR_SIZE];
	uint8_t wanted[2 * RTMR_SIZE] = {0};
	uint8_t digest[RTMR_SIZE] = "a digest";

	(void)state;
	assert_int_equal(rtmr_read(registers, 3, value), CKR_OK);
	assert_memory_equal(value, wanted, RTMR_SIZE);
	extend_register(digest);
	memcpy(wanted + RTMR_SIZE, digest, RTMR_SIZE);
	EVP_Digest(wanted, sizeof(wanted), wanted, NULL, EVP_sha384(), NULL);
	assert_int_equal(rtmr_read(registers, 3, value), CKR_OK);
	assert_memory_equal(value, wanted, RTMR_SIZE);
	assert_int_equal(rtmr_read(registers, 4, value), CKR_ARGUMENTS_BAD);
	assert_int_equal(rtmr_read("/nonexistent", 3, value), CKR_FUNCTION_NOT_SUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sev, setup_sev, teardown),
		cmocka_unit_test_setup_teardown(test_svsm, setup_sev, teardown),
		cmocka_unit_test_setup_teardown(test_tdx, setup_tdx, teardown),
		cmocka_unit_test_setup_teardown(test_retries, setup_sev, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup_tdx, teardown),
		cmocka_unit_test_setup_teardown(test_leftovers, setup_sev, teardown),
		cmocka_unit_test_setup_teardown(test_prepared, setup_sev, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup_tdx, teardown),
		cmocka_unit_test_setup_teardown(test_registers, setup_tdx, teardown),
	};
	const char *why = emulator_begin();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	log_open("test", LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

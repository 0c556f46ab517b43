/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of the platform: "auto" takes notee only where no TEE and no service is (security rule
 * 12). The marks of a confidential guest are laid out in a folder of the test's own.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "platform/platform_ops.h"
#include "../lib/captured_log.h"
#include "../lib/scratch.h"

struct fixture {
	struct scratch folder;
	struct settings settings;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || !scratch_make(&f->folder))
		return -1;
	snprintf(f->settings.platform_root, sizeof(f->settings.platform_root), "%s", f->folder.path);
	snprintf(f->settings.platform, sizeof(f->settings.platform), "auto");
	snprintf(f->settings.state_dir, sizeof(f->settings.state_dir), "%s/state", f->folder.path);
	snprintf(f->settings.endpoint, sizeof(f->settings.endpoint), "unix:%s/run/s",
		 f->folder.path);
	snprintf(f->settings.snp_root_key, sizeof(f->settings.snp_root_key), "vcek");
	snprintf(f->settings.snp_vmpl, sizeof(f->settings.snp_vmpl), "auto");
	f->settings.state_dir_override = true;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	scratch_remove(&f->folder);
	free(f);
	return 0;
}

/* Makes LEAF under the probe's root, with its folders. */
static void plant(struct fixture *f, const char *leaf, const char *content)
{
	char path[PATH_MAX];
	FILE *file = NULL;

	scratch_path(&f->folder, leaf + 1, path);
	for (char *slash = strchr(path + strlen(f->folder.path) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

static void uproot(struct fixture *f, const char *leaf)
{
	char path[PATH_MAX];

	assert_int_equal(remove(scratch_path(&f->folder, leaf + 1, path)), 0);
}

/* NAME: the platform that is opened then. */
static void expect_opened(struct fixture *f, CK_RV rv, const char *words, const char *name)
{
	struct platform *platform = NULL;
	struct captured_log log;
	CK_RV got = CKR_OK;

	captured_log_begin(&log);
	got = platform_open(&f->settings, &platform);
	captured_log_end(&log);
	assert_int_equal(got, rv);
	assert_true(captured_log_has(&log, words));
	assert_true((rv == CKR_OK) == (platform != NULL));
	if (platform)
		assert_string_equal(platform_describe(platform)->name, name);
	platform_free(&platform);
	assert_null(platform);
}

static void expect(struct fixture *f, CK_RV rv, const char *words)
{
	expect_opened(f, rv, words, "notee");
}

static void test_auto_on_a_laptop(void **state)
{
	struct fixture *f = *state;

	plant(f, "/proc/cpuinfo", "processor : 0\nflags : fpu vme hypervisor aes\n");
	expect(f, CKR_OK, "no TEE found, so notee");
}

static void test_auto_in_a_guest(void **state)
{
	/* These have no device behind them: what counts is which platform tries, and that it is never notee. */
	static const struct {
		const char *mark;
		CK_RV rv;
		const char *words;
	} cases[] = {
	    {"/dev/sev-guest", CKR_OK, "auto: sev-snp, for /dev/sev-guest is there"},
	    {"/dev/tdx_guest", CKR_TOKEN_NOT_PRESENT, "auto: tdx, for /dev/tdx_guest is there"},
	    {"/dev/nsm", CKR_DEVICE_ERROR, "auto: nitro, for /dev/nsm is there"},
	    {"/sys/class/misc/sev-guest", CKR_TOKEN_NOT_PRESENT, "auto: sev-snp"},
	    {"/sys/class/misc/tdx_guest", CKR_TOKEN_NOT_PRESENT, "auto: tdx"},
	    {"/sys/class/misc/nsm", CKR_TOKEN_NOT_PRESENT, "auto: nitro"},
	    {"/sys/devices/platform/sev-guest", CKR_TOKEN_NOT_PRESENT, "auto: sev-snp"},
	    {"/sys/devices/system/cpu/sev/vmpl", CKR_TOKEN_NOT_PRESENT, "auto: sev-snp"},
	    {"/sys/kernel/config/tsm/report", CKR_TOKEN_NOT_PRESENT,
	     "this is a confidential guest (/sys/kernel/config/tsm/report)"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		plant(f, cases[i].mark, "");
		expect_opened(f, cases[i].rv, cases[i].words, "sev-snp");
		uproot(f, cases[i].mark);
	}
	expect(f, CKR_OK, "notee");
}

static void test_auto_by_cpu_flags(void **state)
{
	static const struct {
		const char *flags;
		const char *mark; /* NULL: not a confidential guest */
	} cases[] = {
	    {"flags : fpu tdx_guest aes\n", "auto: tdx, for cpuinfo: tdx_guest"},
	    {"flags\t\t: fpu hypervisor sev sev_es sev_snp\n", "auto: sev-snp, for cpuinfo: sev_snp"},
	    {"flags : hypervisor sev\n", "cpuinfo: sev"},
	    /* A host that can have such guests is none. */
	    {"flags : fpu sme sev sev_es sev_snp tdx_host_platform\n", NULL},
	    {"flags : hypervisor sevfoo xsev notdx_guest\n", NULL},
	    {"model name : tdx_guest hypervisor sev\nflags : fpu\n", NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		plant(f, "/proc/cpuinfo", cases[i].flags);
		if (cases[i].mark)
			expect(f, CKR_TOKEN_NOT_PRESENT, cases[i].mark);
		else
			expect(f, CKR_OK, "notee");
	}
}

static void test_auto_for_a_service(void **state)
{
	struct fixture *f = *state;

	snprintf(f->settings.endpoint, sizeof(f->settings.endpoint), "unix:%s/keyclave.sock",
		 KEYCLAVE_RUNDIR);
	expect(f, CKR_TOKEN_NOT_PRESENT, "system-wide service");
	f->settings.endpoint[0] = '\0';
	snprintf(f->settings.state_dir, sizeof(f->settings.state_dir), "%s", KEYCLAVE_STATEDIR);
	expect(f, CKR_TOKEN_NOT_PRESENT, "system-wide service");
	/* Root with a folder of its own is somebody who tries it out. */
	snprintf(f->settings.state_dir, sizeof(f->settings.state_dir), "%s", f->folder.path);
	assert_null(platform_system_mark(&f->settings, 0));
	f->settings.state_dir_override = false;
	assert_non_null(platform_system_mark(&f->settings, 0));
	assert_null(platform_system_mark(&f->settings, 1000));
}

/* Asked for by name it runs everywhere, and says what that means. */
static void test_by_name(void **state)
{
	struct fixture *f = *state;

	snprintf(f->settings.platform, sizeof(f->settings.platform), "notee");
	plant(f, "/dev/sev-guest", "");
	expect(f, CKR_OK, "its TEE does not protect these keys");
	snprintf(f->settings.platform, sizeof(f->settings.platform), "sgx");
	expect(f, CKR_TOKEN_NOT_PRESENT,
	       "platform sgx: not known to this build (it has: auto, nitro, tdx, sev-snp");
	f->settings.platform[0] = '\0';
	expect(f, CKR_TOKEN_NOT_PRESENT, "not known");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_auto_on_a_laptop),   TEST(test_auto_in_a_guest), TEST(test_auto_by_cpu_flags),
	    TEST(test_auto_for_a_service), TEST(test_by_name),
	};

	log_open("test", LOG_LEVEL_NOTICE);
	return cmocka_run_group_tests_name("platform", tests, NULL, NULL);
}

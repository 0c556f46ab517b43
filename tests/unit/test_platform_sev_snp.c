/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SEV-SNP platform: security rule 3 as attacks (another measurement, policy, chip, an older TCB, a mix that the
 * store made up), its two ways to a report, and what it says when it refuses. With emulate-sev-guest and emulate-tsm.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "platform/platform_ops.h"
#include "platform/snp_mix.h"
#include "../lib/captured_log.h"
#include "cmocka_test.h"
#include "emulator.h"

struct fixture {
	struct emulator emulator;
	struct settings settings;
	struct platform *platform;
	struct captured_log log;
};

static int start(void **state, bool device, bool tsm)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || !emulator_make(&f->emulator))
		return -1;
	if (device && !emulator_start(&f->emulator, "emulate-sev-guest", "dev", NULL))
		return -1;
	if (tsm && !emulator_start(&f->emulator, "emulate-tsm", "sys", "--kind=sev"))
		return -1;
	snprintf(f->settings.platform, sizeof(f->settings.platform), "sev-snp");
	snprintf(f->settings.platform_root, sizeof(f->settings.platform_root), "%s", f->emulator.root);
	snprintf(f->settings.snp_root_key, sizeof(f->settings.snp_root_key), "vcek");
	snprintf(f->settings.snp_vmpl, sizeof(f->settings.snp_vmpl), "auto");
	f->settings.snp_launch_measured = true;
	f->settings.device_timeout_ms = 20000;
	return 0;
}

static int setup_both(void **state)
{
	return start(state, true, true);
}

static int setup_device(void **state)
{
	return start(state, true, false);
}

static int setup_tsm(void **state)
{
	return start(state, false, true);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	platform_free(&f->platform);
	emulator_stop(&f->emulator);
	free(f);
	return 0;
}

static CK_RV reopen(struct fixture *f, const char *control)
{
	CK_RV rv = CKR_OK;

	platform_free(&f->platform);
	emulator_control(&f->emulator, control);
	captured_log_begin(&f->log);
	rv = platform_open(&f->settings, &f->platform);
	captured_log_end(&f->log);
	return rv;
}

static void new_key(struct fixture *f, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	assert_int_equal(platform_key_new(f->platform, mix, key), CKR_OK);
	assert_true(mix->size > 0 && mix->size <= PLATFORM_MIX_MAX);
}

/* The key of MIX after a restart under CONTROL. */
static CK_RV old_key(struct fixture *f, const char *control, struct span mix,
		     uint8_t key[PLATFORM_KEY_SIZE])
{
	CK_RV rv = reopen(f, control);

	memset(key, 0, PLATFORM_KEY_SIZE);
	if (rv != CKR_OK)
		return rv;
	captured_log_begin(&f->log);
	rv = platform_key(f->platform, mix, key);
	captured_log_end(&f->log);
	return rv;
}

static void test_description(void **state)
{
	struct fixture *f = *state;
	const struct platform_description *d = NULL;

	assert_int_equal(reopen(f, ""), CKR_OK);
	d = platform_describe(f->platform);
	assert_string_equal(d->name, "sev-snp");
	assert_string_equal(d->protector, "snp-derived-key");
	assert_string_equal(d->rollback, "none");
	assert_true(d->tee);
	assert_non_null(strstr(platform_paths(f->platform)[0], "/sys/kernel/config/tsm/report"));
}

static void test_restart(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];
	uint8_t again[PLATFORM_KEY_SIZE];

	assert_int_equal(reopen(f, ""), CKR_OK);
	new_key(f, &mix, key);
	assert_int_equal(old_key(f, "", buffer_span(&mix), again), CKR_OK);
	assert_memory_equal(key, again, sizeof(key));
	assert_true(platform_key_is_current(f->platform, buffer_span(&mix)));
	buffer_free(&mix);
}

static void test_other_guests(void **state)
{
	static const struct {
		const char *control;
		const char *words;
	} cases[] = {
		{"measurement a bent launch\n", "the launch measurement differs"},
		{"policy 0xb0000\n", "the guest policy differs"},
		{"vmpl 1\n", "the privilege level (VMPL) differs"},
		{"chip another\n", "the chip differs"},
		{"tcb 0xd015000000000004\n", "the committed TCB version is older"},
	};
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];
	uint8_t other[PLATFORM_KEY_SIZE];
	uint8_t none[PLATFORM_KEY_SIZE] = {0};

	assert_int_equal(reopen(f, "tcb 0xd115000000000004\n"), CKR_OK);
	new_key(f, &mix, key);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Without the kernel's own word for it, the level has to be stated. */
		snprintf(f->settings.snp_vmpl, sizeof(f->settings.snp_vmpl), "%s",
			 strncmp(cases[i].control, "vmpl", 4) == 0 ? "1" : "auto");
		assert_int_equal(old_key(f, cases[i].control, buffer_span(&mix), other),
				 CKR_DATA_INVALID);
		assert_memory_equal(other, none, sizeof(none));
		assert_true(captured_log_has(&f->log, cases[i].words));
	}
	buffer_free(&mix);
}

/* As a store that lies about the measurement would have it: no refusal, but another key. */
static void test_forged_mix(void **state)
{
	struct fixture *f = *state;
	struct buffer bytes = {0};
	struct buffer forged = {0};
	struct snp_mix mix;
	struct snp_mix other;
	const char *why = NULL;
	uint8_t key[PLATFORM_KEY_SIZE];
	uint8_t got[PLATFORM_KEY_SIZE];

	assert_int_equal(reopen(f, ""), CKR_OK);
	new_key(f, &bytes, key);
	assert_true(snp_mix_read(buffer_span(&bytes), &mix, &why));
	assert_int_equal(reopen(f, "measurement a bent launch\n"), CKR_OK);
	new_key(f, &forged, got);
	assert_true(snp_mix_read(buffer_span(&forged), &other, &why));
	memcpy(mix.measurement, other.measurement, sizeof(mix.measurement));
	assert_true(snp_mix_write(&mix, &forged));
	assert_int_equal(old_key(f, "measurement a bent launch\n", buffer_span(&forged), got), CKR_OK);
	assert_memory_not_equal(key, got, sizeof(key));
	/* Without one of the three that are never dropped. */
	for (unsigned bit = 0; bit < 6; bit++) {
		other = mix;
		other.key.fields = SNP_MIX_MANDATORY & ~(1ULL << bit);
		assert_true(snp_mix_write(&other, &forged));
		if (!(SNP_MIX_MANDATORY >> bit & 1))
			continue;
		assert_int_equal(old_key(f, "", buffer_span(&forged), got), CKR_DATA_INVALID);
		assert_true(captured_log_has(&f->log, "not mixed from policy, measurement and TCB"));
	}
	other = mix;
	other.key.fields |= 1ULL << 40;
	assert_true(snp_mix_write(&other, &forged));
	assert_int_equal(old_key(f, "", buffer_span(&forged), got), CKR_DATA_INVALID);
	for (size_t size = 0; size < bytes.size; size++)
		assert_int_equal(platform_key(f->platform, (struct span){bytes.data, size}, got),
				 CKR_DATA_INVALID);
	buffer_free(&bytes);
	buffer_free(&forged);
}

/* The TCB goes forward only: an old slot opens, and a new one is wanted. */
static void test_newer_tcb(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0};
	struct buffer newer = {0};
	uint8_t key[PLATFORM_KEY_SIZE];
	uint8_t got[PLATFORM_KEY_SIZE];

	assert_int_equal(reopen(f, "tcb 0x7014000000000003\n"), CKR_OK);
	new_key(f, &mix, key);
	assert_int_equal(old_key(f, "tcb 0x7114000000000003\n", buffer_span(&mix), got), CKR_OK);
	assert_memory_equal(key, got, sizeof(key));
	assert_false(platform_key_is_current(f->platform, buffer_span(&mix)));
	new_key(f, &newer, got);
	assert_memory_not_equal(key, got, sizeof(key));
	assert_true(platform_key_is_current(f->platform, buffer_span(&newer)));
	/* Where a part went up and another down there is no forward. */
	assert_int_equal(reopen(f, "tcb 0x7113000000000003\n"), CKR_OK);
	assert_true(platform_key_is_current(f->platform, buffer_span(&mix)));
	assert_int_equal(old_key(f, "tcb 0x7113000000000003\n", buffer_span(&mix), got),
			 CKR_DATA_INVALID);
	buffer_free(&mix);
	buffer_free(&newer);
}

static void test_fields(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];
	uint8_t got[PLATFORM_KEY_SIZE];

	snprintf(f->settings.snp_fields, sizeof(f->settings.snp_fields), "image-id guest-svn");
	assert_int_equal(reopen(f, ""), CKR_OK);
	new_key(f, &mix, key);
	/* A configuration that was changed since changes nothing for the store. */
	snprintf(f->settings.snp_fields, sizeof(f->settings.snp_fields), "family-id");
	assert_int_equal(old_key(f, "svn 9\n", buffer_span(&mix), got), CKR_OK);
	assert_memory_equal(key, got, sizeof(key));
	assert_true(captured_log_has(&f->log, "the store keeps"));
	assert_int_equal(old_key(f, "image-id another\n", buffer_span(&mix), got), CKR_OK);
	assert_memory_not_equal(key, got, sizeof(key));
	assert_int_equal(old_key(f, "svn 6\n", buffer_span(&mix), got), CKR_DATA_INVALID);
	snprintf(f->settings.snp_fields, sizeof(f->settings.snp_fields), "image-id chip");
	assert_int_equal(reopen(f, ""), CKR_TOKEN_NOT_PRESENT);
	assert_true(captured_log_has(&f->log, "snp-fields: chip"));
	f->settings.snp_fields[0] = '\0';
	snprintf(f->settings.snp_root_key, sizeof(f->settings.snp_root_key), "arcade");
	assert_int_equal(reopen(f, ""), CKR_TOKEN_NOT_PRESENT);
	snprintf(f->settings.snp_root_key, sizeof(f->settings.snp_root_key), "vlek");
	assert_int_equal(reopen(f, ""), CKR_OK);
	assert_int_equal(platform_key_new(f->platform, &mix, key), CKR_DEVICE_ERROR);
	snprintf(f->settings.snp_vmpl, sizeof(f->settings.snp_vmpl), "4");
	assert_int_equal(reopen(f, ""), CKR_TOKEN_NOT_PRESENT);
	buffer_free(&mix);
}

/* Nobody said that the launch covers all: no root of it, and the reason. */
static void test_unmeasured_launch(void **state)
{
	struct fixture *f = *state;

	f->settings.snp_launch_measured = false;
	assert_int_equal(reopen(f, ""), CKR_OK);
	assert_true(captured_log_has(&f->log, "covers kernel, initrd and command line"));
	assert_true(captured_log_has(&f->log, "snp-launch = measured-kernel"));
	assert_string_equal(platform_describe(f->platform)->protector, PLATFORM_NO_KEY);
	assert_string_equal(platform_describe(f->platform)->name, "sev-snp");
}

static void expect_evidence(struct fixture *f, const char *control, CK_RV rv, const char *words)
{
	static const struct platform_digest digest = {.sha512 = "a digest of claims"};
	struct platform_evidence evidence = {0};
	CK_RV got = CKR_OK;

	emulator_control(&f->emulator, control);
	captured_log_begin(&f->log);
	got = platform_evidence_get(f->platform, &digest, &evidence);
	captured_log_end(&f->log);
	assert_int_equal(got, rv);
	assert_true(captured_log_has(&f->log, words));
	if (rv == CKR_OK) {
		assert_int_equal(evidence.report.size, SNP_REPORT_SIZE);
		assert_memory_equal(evidence.report.data + 0x50, digest.sha512, sizeof(digest.sha512));
		assert_int_equal(evidence.event_log.size, 0);
	}
	platform_evidence_free(&evidence);
}

static void test_evidence(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(reopen(f, ""), CKR_OK);
	expect_evidence(f, "", CKR_OK, "");
	expect_evidence(f, "bad-certificates\n", CKR_OK, "");
	expect_evidence(f, "no-certificates\n", CKR_OK, "");
	expect_evidence(f, "other-data\n", CKR_DEVICE_ERROR, "other report data");
	expect_evidence(f, "busy 2\n", CKR_OK, "");
	f->settings.device_timeout_ms = 300;
	assert_int_equal(reopen(f, ""), CKR_OK);
	expect_evidence(f, "busy\n", CKR_DEVICE_ERROR, "");
}

static void test_measurement(void **state)
{
	struct fixture *f = *state;
	struct buffer one = {0};
	struct buffer two = {0};

	assert_int_equal(reopen(f, ""), CKR_OK);
	assert_int_equal(platform_measurement(f->platform, &one), CKR_OK);
	assert_int_equal(one.size, 48);
	assert_int_equal(reopen(f, "tcb 0xdb1d000000000004\n"), CKR_OK);
	assert_int_equal(platform_measurement(f->platform, &two), CKR_OK);
	assert_true(span_equal(buffer_span(&one), buffer_span(&two)));
	assert_int_equal(reopen(f, "measurement a bent launch\n"), CKR_OK);
	assert_int_equal(platform_measurement(f->platform, &two), CKR_OK);
	assert_false(span_equal(buffer_span(&one), buffer_span(&two)));
	buffer_free(&one);
	buffer_free(&two);
}

static void test_bad_evidence_by_tsm(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(reopen(f, ""), CKR_OK);
	assert_string_equal(platform_describe(f->platform)->protector, PLATFORM_NO_KEY);
	assert_true(captured_log_has(&f->log, "no root without /dev/sev-guest"));
	expect_evidence(f, "", CKR_OK, "");
	expect_evidence(f, "short 1183\n", CKR_DEVICE_ERROR, "not 1184 bytes");
	expect_evidence(f, "wrong-size\n", CKR_DEVICE_ERROR, "not 1184 bytes");
	expect_evidence(f, "intruder 1\n", CKR_OK, "");
	expect_evidence(f, "no-provider\n", CKR_DEVICE_ERROR, "neither /dev/sev-guest nor");
}

/* An old kernel has no configfs-tsm; or it has one without rights for us. */
static void test_second_way(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(reopen(f, "no-provider\n"), CKR_OK);
	expect_evidence(f, "no-provider\n", CKR_OK, "");
	expect_evidence(f, "", CKR_OK, "");
}

static void test_nothing_there(void **state)
{
	struct fixture *f = *state;

	snprintf(f->settings.platform_root, sizeof(f->settings.platform_root), "/nonexistent");
	assert_int_equal(reopen(f, ""), CKR_TOKEN_NOT_PRESENT);
	assert_true(captured_log_has(&f->log, "/nonexistent/dev/sev-guest"));
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_description, setup_both),	 TEST(test_restart, setup_both),
		TEST(test_restart, setup_device),	 TEST(test_other_guests, setup_both),
		TEST(test_other_guests, setup_device),	 TEST(test_forged_mix, setup_both),
		TEST(test_newer_tcb, setup_both),	 TEST(test_fields, setup_both),
		TEST(test_unmeasured_launch, setup_both), TEST(test_evidence, setup_both),
		TEST(test_evidence, setup_device),	 TEST(test_bad_evidence_by_tsm, setup_tsm),
		TEST(test_measurement, setup_both),	 TEST(test_measurement, setup_tsm),
		TEST(test_second_way, setup_both),	 TEST(test_nothing_there, setup_tsm),
	};
	const char *why = emulator_begin();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	log_open("test", LOG_LEVEL_NOTICE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

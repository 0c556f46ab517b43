/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the TPM platform binds the root to, over swtpm: approvals with versions and the floor under them, against an image that was
 * approved once; the endorsement key; what is measured, and the state that evidence is cached by. With emulate-tpm.
 */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/log.h"
#include "platform/platform_ops.h"
#include "platform/tpm_approval.h"
#include "platform/tpm_ek.h"
#include "platform/tpm_floor.h"
#include "../lib/captured_log.h"
#include "cmocka_test.h"
#include "emulator.h"
#include "tpm_bus.h"

#define COUNTER_ATTRIBUTES 0x02040014U /* counter, AUTHREAD, AUTHWRITE, NO_DA */

struct fixture {
	struct emulator emulator;
	struct settings settings;
	struct platform *platform;
	struct captured_log log;
	EVP_PKEY *policy_key;
};

/* ---- the machine ---- */

/* KERNEL is measured into PCR4. */
static void boot(struct fixture *f, const char *tpm, uint8_t kernel)
{
	platform_free(&f->platform);
	emulator_kill(&f->emulator);
	assert_true(tpm_bus_power_on(&f->emulator, tpm));
	assert_int_equal(tpm_bus_extend(&f->emulator, 4, kernel), TPM_BUS_SUCCESS);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || !emulator_make(&f->emulator))
		return -1;
	snprintf(f->settings.platform, sizeof(f->settings.platform), "tpm");
	snprintf(f->settings.platform_root, sizeof(f->settings.platform_root), "%s", f->emulator.root);
	if (snprintf(f->settings.tpm_tcti, sizeof(f->settings.tpm_tcti), "device:%s/dev/tpmrm0", f->emulator.root) >=
	    (int)sizeof(f->settings.tpm_tcti))
		return -1;
	snprintf(f->settings.tpm_pcrs, sizeof(f->settings.tpm_pcrs), "sha256:0,4");
	f->settings.tpm_counter = true;
	f->settings.device_timeout_ms = 20000;
	boot(f, "tpm", 1);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	platform_free(&f->platform);
	emulator_stop(&f->emulator);
	EVP_PKEY_free(f->policy_key);
	free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	platform_free(&f->platform);
	assert_int_equal(platform_open(&f->settings, &f->platform), CKR_OK);
}

static CK_RV new_key(struct fixture *f, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	CK_RV rv = CKR_OK;

	captured_log_begin(&f->log);
	rv = platform_key_new(f->platform, mix, key);
	captured_log_end(&f->log);
	return rv;
}

static CK_RV old_key(struct fixture *f, const struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	CK_RV rv = CKR_OK;

	memset(key, 0, PLATFORM_KEY_SIZE);
	captured_log_begin(&f->log);
	rv = platform_key(f->platform, buffer_span(mix), key);
	captured_log_end(&f->log);
	return rv;
}

static void assert_refused(struct fixture *f, const struct buffer *mix, const char *words)
{
	static const uint8_t none[PLATFORM_KEY_SIZE];
	uint8_t key[PLATFORM_KEY_SIZE];

	assert_int_equal(old_key(f, mix, key), CKR_DATA_INVALID);
	assert_true(captured_log_has(&f->log, words));
	assert_memory_equal(key, none, sizeof(none));
}

static void assert_opens(struct fixture *f, const struct buffer *mix, const uint8_t key[PLATFORM_KEY_SIZE])
{
	uint8_t again[PLATFORM_KEY_SIZE];

	assert_int_equal(old_key(f, mix, again), CKR_OK);
	assert_memory_equal(key, again, PLATFORM_KEY_SIZE);
}

/* ---- approvals ---- */

static void use_approvals(struct fixture *f)
{
	FILE *file = NULL;

	f->policy_key = EVP_EC_gen("P-256");
	assert_non_null(f->policy_key);
	snprintf(f->settings.tpm_policy_dir, sizeof(f->settings.tpm_policy_dir), "%s/policies", f->emulator.folder.path);
	assert_int_equal(mkdir(f->settings.tpm_policy_dir, 0700), 0);
	scratch_path(&f->emulator.folder, "policy.pem", f->settings.tpm_policy_key);
	file = fopen(f->settings.tpm_policy_key, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_PUBKEY(file, f->policy_key), 1);
	fclose(file);
}

/* Approves what the log asked for, as VERSION. */
static void approve(struct fixture *f, uint32_t version)
{
	static const char words[] = "whose policy is ";
	const char *at = strstr(f->log.text, words);
	uint8_t policy[TPM_APPROVAL_POLICY_SIZE];
	struct buffer signature = {0};
	char path[PATH_MAX + 32];
	FILE *file = NULL;

	assert_non_null(at);
	assert_true(hex_decode((struct span){(const uint8_t *)at + sizeof(words) - 1, 2 * sizeof(policy)}, policy));
	assert_true(tpm_approval_sign(f->policy_key, policy, version, &signature));
	snprintf(path, sizeof(path), "%s/v%u.sig", f->settings.tpm_policy_dir, version);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(signature.data, 1, signature.size, file), signature.size);
	fclose(file);
	buffer_free(&signature);
}

static void test_approval_names(void **state)
{
	uint32_t version = 9;

	(void)state;
	assert_true(tpm_approval_file("kernel-6.12-v7.sig", &version));
	assert_int_equal(version, 7);
	assert_true(tpm_approval_file("plain.sig", &version));
	assert_int_equal(version, 0);
	assert_true(tpm_approval_file("99999999999999999999.sig", &version));
	assert_int_equal(version, 0);
	assert_true(tpm_approval_file("2147483648.sig", &version));
	assert_int_equal(version, 0);
	assert_false(tpm_approval_file("7.sig.old", &version));
	assert_false(tpm_approval_file("sig", &version));
}

/* What was approved once opens nothing after the floor was raised, whichever wrap slot it brings. */
static void test_floor(void **state)
{
	struct fixture *f = *state;
	struct buffer first = {0}, second = {0};
	uint8_t key[PLATFORM_KEY_SIZE], key2[PLATFORM_KEY_SIZE];

	use_approvals(f);
	reopen(f);
	assert_int_equal(new_key(f, &first, key), CKR_DATA_INVALID);
	approve(f, 1);
	assert_int_equal(new_key(f, &first, key), CKR_OK);
	assert_true(captured_log_has(&f->log, "version floor was made"));
	assert_true(first.size <= PLATFORM_MIX_MAX);

	boot(f, "tpm", 2);
	reopen(f);
	assert_refused(f, &first, "with a version, whose policy is");
	approve(f, 2);
	assert_opens(f, &first, key);
	assert_true(platform_key_is_current(f->platform, buffer_span(&first)));

	/* Raised, and sealed anew. */
	snprintf(f->settings.tpm_version_floor, sizeof(f->settings.tpm_version_floor), "own");
	reopen(f);
	assert_opens(f, &first, key);
	assert_false(platform_key_is_current(f->platform, buffer_span(&first)));
	assert_int_equal(new_key(f, &second, key2), CKR_OK);
	assert_true(captured_log_has(&f->log, "version floor is 2 now"));
	assert_opens(f, &second, key2);
	assert_true(platform_key_is_current(f->platform, buffer_span(&second)));

	f->settings.tpm_version_floor[0] = '\0';
	boot(f, "tpm", 1);
	reopen(f);
	assert_refused(f, &second, "approved as version 1, but the version floor is 2");
	assert_refused(f, &first, "approved as version 1, but the version floor is 2");
	buffer_free(&first);
	buffer_free(&second);
}

static void test_floor_settings(void **state)
{
	static const char *const wrong[] = {"0", "-1", "owner", "2147483648", "1x"};
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];

	snprintf(f->settings.tpm_version_floor, sizeof(f->settings.tpm_version_floor), "1");
	assert_int_equal(platform_open(&f->settings, &f->platform), CKR_TOKEN_NOT_PRESENT);
	use_approvals(f);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(f->settings.tpm_version_floor, sizeof(f->settings.tpm_version_floor), "%s", wrong[i]);
		assert_int_equal(platform_open(&f->settings, &f->platform), CKR_TOKEN_NOT_PRESENT);
	}
	/* A wanted floor takes no approval without a version, nor one below it. */
	snprintf(f->settings.tpm_version_floor, sizeof(f->settings.tpm_version_floor), "5");
	reopen(f);
	assert_int_equal(new_key(f, &mix, key), CKR_DATA_INVALID);
	approve(f, 0);
	assert_int_equal(new_key(f, &mix, key), CKR_DATA_INVALID);
	approve(f, 4);
	assert_int_equal(new_key(f, &mix, key), CKR_DATA_INVALID);
	assert_true(captured_log_has(&f->log, "above what runs"));
	buffer_free(&mix);
}

/* The comparison is the TPM's own: what our program does not ask first. FILL: as tpm_bus_define, 0: no authorisation. */
static TSS2_RC policy_nv(const struct tpm_context *c, uint32_t handle, uint64_t operand_value, uint8_t fill)
{
	TPM2B_AUTH auth = {.size = fill ? 32 : 0};
	TPM2B_OPERAND operand = {.size = 8};
	ESYS_TR index = ESYS_TR_NONE, session = ESYS_TR_NONE;
	TSS2_RC rc = TSS2_RC_SUCCESS;

	for (unsigned i = 0; i < 8; i++)
		operand.buffer[i] = (uint8_t)(operand_value >> (56 - 8 * i) & 0xff);
	assert_int_equal(Esys_TR_FromTPMPublic(c->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &index),
			 TSS2_RC_SUCCESS);
	memset(auth.buffer, fill, auth.size);
	assert_int_equal(Esys_TR_SetAuth(c->esys, index, &auth), TSS2_RC_SUCCESS);
	assert_int_equal(tpm_context_session(c, NULL, TPM2_SE_POLICY, 0, &session), CKR_OK);
	rc = Esys_PolicyNV(c->esys, index, index, session, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &operand, 0,
			   TPM2_EO_UNSIGNED_LE);
	tpm_context_flush(c, &session);
	Esys_TR_Close(c->esys, &index);
	return tpm_context_code(rc);
}

static void test_floor_in_the_tpm(void **state)
{
	struct fixture *f = *state;
	struct tpm_context c;
	struct tpm_floor floor;
	TPM2B_NAME key = {.size = 34};
	TPM2B_DIGEST one, two;
	uint64_t version = 0;

	assert_int_equal(tpm_context_open(&c, f->settings.tpm_tcti), CKR_OK);
	assert_int_equal(tpm_ek_authenticate(&c, (struct span){0}), CKR_OK);
	assert_int_equal(tpm_floor_new(&c, 5, &floor), CKR_OK);
	assert_int_equal(tpm_floor_read(&c, &floor, &version), CKR_OK);
	assert_int_equal(version, 5);
	assert_int_equal(policy_nv(&c, floor.handle, floor.start, 0), TSS2_RC_SUCCESS);
	assert_int_equal(tpm_floor_raise(&c, &floor, 7), CKR_OK);
	assert_int_equal(policy_nv(&c, floor.handle, floor.start, 0), TPM2_RC_POLICY);
	assert_int_equal(policy_nv(&c, floor.handle, floor.start + 1, 0), TPM2_RC_POLICY);
	assert_int_equal(policy_nv(&c, floor.handle, floor.start + 2, 0), TSS2_RC_SUCCESS);
	/* Never down. */
	assert_int_equal(tpm_floor_raise(&c, &floor, 6), CKR_OK);
	assert_int_equal(tpm_floor_read(&c, &floor, &version), CKR_OK);
	assert_int_equal(version, 7);
	/* A blob is bound to its window, its counter and its key. */
	assert_true(tpm_floor_policy(&floor, &key, &one));
	floor.first++;
	assert_true(tpm_floor_policy(&floor, &key, &two));
	assert_memory_not_equal(one.buffer, two.buffer, sizeof(two.buffer[0]) * 32);
	tpm_context_close(&c);

	/* The attack: deleted, and made anew with the same Name. */
	assert_int_equal(tpm_bus_undefine(&f->emulator, floor.handle), TPM_BUS_SUCCESS);
	assert_int_equal(tpm_bus_define(&f->emulator, floor.handle, COUNTER_ATTRIBUTES, 'a'), TPM_BUS_SUCCESS);
	assert_int_equal(tpm_bus_increment(&f->emulator, floor.handle, 'a'), TPM_BUS_SUCCESS);
	assert_int_equal(tpm_context_open(&c, f->settings.tpm_tcti), CKR_OK);
	assert_int_equal(tpm_ek_authenticate(&c, (struct span){0}), CKR_OK);
	/* It begins above all that ever were, so that the version of the day is refused, too. */
	assert_int_not_equal(tpm_floor_read(&c, &floor, &version), CKR_OK);
	assert_int_equal(policy_nv(&c, floor.handle, floor.start + 2, 'a'), TPM2_RC_POLICY);
	assert_int_equal(policy_nv(&c, floor.handle, floor.start + 3, 'a'), TSS2_RC_SUCCESS);
	tpm_context_close(&c);
}

/* ---- the endorsement key ---- */

static void test_other_tpm(void **state)
{
	static const uint8_t auth[PLATFORM_KEY_SIZE] = {1};
	struct fixture *f = *state;
	struct buffer mix = {0}, id = {0};
	uint8_t key[PLATFORM_KEY_SIZE];
	uint64_t value = 0;

	captured_log_begin(&f->log);
	reopen(f);
	captured_log_end(&f->log);
	assert_true(captured_log_has(&f->log, "its endorsement key is 000b"));
	assert_int_equal(new_key(f, &mix, key), CKR_OK);
	assert_int_equal(platform_counter_new(f->platform, auth, &id, &value), CKR_OK);
	boot(f, "another", 1);
	reopen(f);
	assert_refused(f, &mix, "this wrap slot was made with another TPM");
	assert_true(captured_log_has(&f->log, "its endorsement key was 000b"));
	captured_log_begin(&f->log);
	assert_int_equal(platform_counter_read(f->platform, buffer_span(&id), auth, &value), CKR_TOKEN_NOT_RECOGNIZED);
	captured_log_end(&f->log);
	assert_true(captured_log_has(&f->log, "the store's counter was made with another TPM"));
	buffer_free(&mix);
	buffer_free(&id);
}

/* ---- measurement and state ---- */

static void test_measurement(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0}, one = {0}, two = {0};
	uint8_t key[PLATFORM_KEY_SIZE];
	uint64_t before = 0, after = 0;

	reopen(f);
	assert_int_equal(platform_measurement(f->platform, &one), CKR_DEVICE_ERROR);
	assert_int_equal(new_key(f, &mix, key), CKR_OK);
	assert_int_equal(platform_measurement(f->platform, &one), CKR_OK);
	assert_int_equal(one.size, TPM_APPROVAL_POLICY_SIZE);
	/* What is extended while it serves changes the state, and not what was booted. */
	assert_int_equal(platform_state(f->platform, &before), CKR_OK);
	assert_int_equal(platform_state(f->platform, &after), CKR_OK);
	assert_int_equal(before, after);
	assert_int_equal(platform_measurement(f->platform, &two), CKR_OK);
	assert_true(span_equal(buffer_span(&one), buffer_span(&two)));
	boot(f, "tpm", 1);
	reopen(f);
	assert_opens(f, &mix, key);
	assert_int_equal(platform_measurement(f->platform, &two), CKR_OK);
	assert_true(span_equal(buffer_span(&one), buffer_span(&two)));
	boot(f, "tpm", 2);
	reopen(f);
	assert_int_equal(new_key(f, &mix, key), CKR_OK);
	assert_int_equal(platform_measurement(f->platform, &two), CKR_OK);
	assert_false(span_equal(buffer_span(&one), buffer_span(&two)));
	buffer_free(&mix);
	buffer_free(&one);
	buffer_free(&two);
}

/* Another PCR, even one that the root is not sealed to, and cached evidence is stale. */
static void test_state(void **state)
{
	struct fixture *f = *state;
	uint64_t before = 0, after = 0;

	reopen(f);
	assert_int_equal(platform_state(f->platform, &before), CKR_OK);
	platform_free(&f->platform);
	assert_int_equal(tpm_bus_extend(&f->emulator, 10, 0x77), TPM_BUS_SUCCESS);
	reopen(f);
	assert_int_equal(platform_state(f->platform, &after), CKR_OK);
	assert_int_not_equal(before, after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_approval_names),
		TEST(test_floor),
		TEST(test_floor_settings),
		TEST(test_floor_in_the_tpm),
		TEST(test_other_tpm),
		TEST(test_measurement),
		TEST(test_state),
	};
	const char *why = tpm_bus_begin();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	log_open("test", LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

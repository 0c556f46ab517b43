/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM platform over swtpm and the whole of tpm2-tss: another boot, another TPM, a wrap slot that the store made up, a
 * bus that lies, a TPM that is locked, owned or without SHA-512, banks that bind nothing, and the counter's attacks. Its
 * quotes are checked by tpm2_checkquote too. With emulate-tpm.
 */
#include "config.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cbor_reader.h"
#include "common/log.h"
#include "keys/binding.h"
#include "platform/platform_ops.h"
#include "../lib/captured_log.h"
#include "cmocka_test.h"
#include "emulator.h"
#include "tpm_bus.h"

#define COUNTER_ATTRIBUTES 0x02040014U /* counter, AUTHREAD, AUTHWRITE, NO_DA */
#define LOCKABLE_ATTRIBUTES 0x00040004U /* AUTHREAD, AUTHWRITE */

struct fixture {
	struct emulator emulator;
	struct settings settings;
	struct platform *platform;
	struct captured_log log;
};

static const uint8_t auth[PLATFORM_KEY_SIZE] = {1, 2, 3};

/* ---- the machine ---- */

static void boot(struct fixture *f, const char *tpm)
{
	assert_true(tpm_bus_power_on(&f->emulator, tpm));
	for (unsigned pcr = 0; pcr <= 7; pcr++)
		assert_int_equal(tpm_bus_extend(&f->emulator, pcr, 0xb0), TPM_BUS_SUCCESS);
}

static void power_off(struct fixture *f)
{
	platform_free(&f->platform);
	emulator_kill(&f->emulator);
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
	snprintf(f->settings.tpm_pcrs, sizeof(f->settings.tpm_pcrs), "sha256:0,2,4,7");
	f->settings.tpm_counter = true;
	f->settings.device_timeout_ms = 20000;
	return 0;
}

static int setup_booted(void **state)
{
	if (setup(state) != 0)
		return -1;
	boot(*state, "tpm");
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	platform_free(&f->platform);
	emulator_stop(&f->emulator);
	free(f);
	return 0;
}

static CK_RV reopen(struct fixture *f)
{
	CK_RV rv = CKR_OK;

	platform_free(&f->platform);
	captured_log_begin(&f->log);
	rv = platform_open(&f->settings, &f->platform);
	captured_log_end(&f->log);
	return rv;
}

static CK_RV new_key(struct fixture *f, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	CK_RV rv = CKR_OK;

	buffer_reset(mix);
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

static void open_and_seal(struct fixture *f, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	assert_int_equal(reopen(f), CKR_OK);
	assert_int_equal(new_key(f, mix, key), CKR_OK);
	assert_true(mix->size > 0 && mix->size <= PLATFORM_MIX_MAX);
}

/* MIX gives KEY. */
static void assert_opens(struct fixture *f, const struct buffer *mix, const uint8_t key[PLATFORM_KEY_SIZE])
{
	uint8_t again[PLATFORM_KEY_SIZE];

	assert_int_equal(old_key(f, mix, again), CKR_OK);
	assert_memory_equal(key, again, PLATFORM_KEY_SIZE);
}

/* Nothing of the key comes out. */
static void assert_refused(struct fixture *f, const struct buffer *mix, CK_RV want, const char *words)
{
	static const uint8_t none[PLATFORM_KEY_SIZE];
	uint8_t key[PLATFORM_KEY_SIZE];

	assert_int_equal(old_key(f, mix, key), want);
	assert_true(captured_log_has(&f->log, words));
	assert_memory_equal(key, none, sizeof(none));
}

/* ---- the key ---- */

static void test_description(void **state)
{
	struct fixture *f = *state;
	const struct platform_description *d = NULL;

	assert_int_equal(reopen(f), CKR_OK);
	d = platform_describe(f->platform);
	assert_string_equal(d->name, "tpm");
	assert_string_equal(d->protector, "tpm");
	assert_string_equal(d->rollback, "counter");
	assert_false(d->tee);
	f->settings.tpm_counter = false;
	assert_int_equal(reopen(f), CKR_OK);
	assert_string_equal(platform_describe(f->platform)->rollback, "none");
}

static void test_restart(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0}, other = {0};
	uint8_t key[PLATFORM_KEY_SIZE], other_key[PLATFORM_KEY_SIZE];

	open_and_seal(f, &mix, key);
	assert_int_equal(new_key(f, &other, other_key), CKR_OK);
	assert_memory_not_equal(key, other_key, sizeof(key));
	power_off(f);
	boot(f, "tpm");
	assert_int_equal(reopen(f), CKR_OK);
	assert_opens(f, &mix, key);
	assert_opens(f, &other, other_key);
	assert_true(platform_key_is_current(f->platform, buffer_span(&mix)));
	snprintf(f->settings.tpm_pcrs, sizeof(f->settings.tpm_pcrs), "sha256:0,2,4,7,5");
	assert_int_equal(reopen(f), CKR_OK);
	assert_false(platform_key_is_current(f->platform, buffer_span(&mix)));
	assert_opens(f, &mix, key);
	buffer_free(&mix);
	buffer_free(&other);
}

static void put_digest(const uint8_t then[32], uint8_t fill, uint8_t now[32])
{
	uint8_t both[64];

	memcpy(both, then, 32);
	memset(both + 32, fill, 32);
	assert_true(EVP_Digest(both, sizeof(both), now, NULL, EVP_sha256(), NULL));
}

/* The store lies about the values: they are in the TPM's policy too. */
static void test_other_boot(void **state)
{
	static const uint8_t zero[32];
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE], then[32], now[32], *at = NULL;

	open_and_seal(f, &mix, key);
	assert_int_equal(tpm_bus_extend(&f->emulator, 5, 0x55), TPM_BUS_SUCCESS);
	assert_opens(f, &mix, key);
	assert_int_equal(tpm_bus_extend(&f->emulator, 7, 0x77), TPM_BUS_SUCCESS);
	assert_refused(f, &mix, CKR_DATA_INVALID, "PCR7 (sha256) differs: then ");
	assert_false(captured_log_has(&f->log, "PCR4"));
	put_digest(zero, 0xb0, then);
	put_digest(then, 0x77, now);
	for (uint8_t *from = mix.data; (at = memmem(from, mix.size - (size_t)(from - mix.data), then, 32)); from = at + 32)
		if (at[-3] == 7)
			memcpy(at, now, 32);
	assert_refused(f, &mix, CKR_DATA_INVALID, "the policy does not hold");
	buffer_free(&mix);
}

static void test_other_tpm(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];

	open_and_seal(f, &mix, key);
	power_off(f);
	boot(f, "another");
	assert_int_equal(reopen(f), CKR_OK);
	assert_refused(f, &mix, CKR_DATA_INVALID, "this wrap slot was made with another TPM");
	buffer_free(&mix);
}

/* Whatever bit the store changes, no other key comes of it. */
static void test_forged_mix(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE], other[PLATFORM_KEY_SIZE];

	open_and_seal(f, &mix, key);
	assert_true(mix.size > 100);
	for (size_t i = 0; i < mix.size; i += i < 16 ? 1 : 7) {
		CK_RV rv = CKR_OK;

		mix.data[i] ^= 0x10;
		rv = old_key(f, &mix, other);
		assert_true(rv == CKR_DATA_INVALID);
		mix.data[i] ^= 0x10;
	}
	mix.size--;
	assert_refused(f, &mix, CKR_DATA_INVALID, "mix is refused");
	mix.size++;
	assert_opens(f, &mix, key);
	buffer_free(&mix);
}

/* ---- the bus ---- */

#define CREATE_PRIMARY 0x131
#define NV_INCREMENT 0x134
#define NV_READ 0x14e
#define CREATE 0x153
#define UNSEAL 0x15e
#define GET_RANDOM 0x17b
#define PCR_READ 0x17e

static void bad_bus(struct fixture *f, const char *fault, unsigned code)
{
	char line[64];

	snprintf(line, sizeof(line), "%s 0x%x\n", fault, code);
	emulator_control(&f->emulator, line);
}

/* What the TPM said in a salted session cannot be changed on its way. */
static void test_bus(void **state)
{
	static const unsigned unsealing[] = {PCR_READ, UNSEAL};
	static const unsigned sealing[] = {PCR_READ, CREATE, UNSEAL};
	struct fixture *f = *state;
	struct buffer mix = {0}, other = {0};
	uint8_t key[PLATFORM_KEY_SIZE], bytes[64];
	size_t got = 0;

	open_and_seal(f, &mix, key);
	for (size_t i = 0; i < sizeof(unsealing) / sizeof(unsealing[0]); i++) {
		bad_bus(f, "tamper", unsealing[i]);
		assert_int_not_equal(old_key(f, &mix, bytes), CKR_OK);
		assert_memory_not_equal(bytes, key, sizeof(key));
	}
	for (size_t i = 0; i < sizeof(sealing) / sizeof(sealing[0]); i++) {
		bad_bus(f, "tamper", sealing[i]);
		assert_int_equal(new_key(f, &other, bytes), CKR_DEVICE_ERROR);
	}
	/* Another salt key: its name, a bit of its X. */
	bad_bus(f, "tamper", CREATE_PRIMARY);
	assert_refused(f, &mix, CKR_DEVICE_ERROR, "TPM2_CreatePrimary");
	emulator_control(&f->emulator, "tamper 0x131 30\n");
	assert_refused(f, &mix, CKR_DEVICE_ERROR, "TPM2_CreatePrimary");
	bad_bus(f, "tamper", GET_RANDOM);
	assert_int_equal(platform_random(f->platform, bytes, sizeof(bytes), &got), CKR_DEVICE_ERROR);
	assert_int_equal(got, 0);
	/* When the bus is good again, all is: nothing of these is left in the TPM. */
	emulator_control(&f->emulator, "");
	assert_opens(f, &mix, key);
	assert_int_equal(platform_random(f->platform, bytes, sizeof(bytes), &got), CKR_OK);
	assert_int_equal(got, sizeof(bytes));
	buffer_free(&mix);
	buffer_free(&other);
}

/* Sessions and objects go back, whatever fails: a TPM has room for three. */
static void test_refusals(void **state)
{
	static const struct {
		const char *fault, *words;
		CK_RV rv;
	} cases[] = {
		{"refuse 0x15e 0x921\n", "TPM2_Unseal: ", CKR_DEVICE_ERROR},
		{"refuse 0x15e 0x921\n", "the TPM is locked after wrong authorisations", CKR_DEVICE_ERROR},
		{"refuse 0x157 0x902\n", "TPM2_Load: ", CKR_DEVICE_MEMORY},
		{"refuse 0x131 0x902\n", "TPM2_CreatePrimary: ", CKR_DEVICE_MEMORY},
		{"refuse 0x131 0x9a2\n", "is the hierarchy's authorisation set?", CKR_DEVICE_ERROR},
		{"refuse 0x176 0x903\n", "TPM2_StartAuthSession: ", CKR_DEVICE_MEMORY},
		{"refuse 0x17e 0x101\n", "TPM2_PCR_Read: ", CKR_DEVICE_ERROR},
		{"refuse 0x17f 0x101\n", "TPM2_PolicyPCR: ", CKR_DEVICE_ERROR},
		{"refuse 0x15e 0x99d\n", "the policy does not hold", CKR_DATA_INVALID},
		{"refuse 0x15e 0x128\n", "the policy does not hold", CKR_DATA_INVALID},
	};
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];

	open_and_seal(f, &mix, key);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		emulator_control(&f->emulator, cases[i].fault);
		assert_refused(f, &mix, cases[i].rv, cases[i].words);
	}
	emulator_control(&f->emulator, "");
	assert_opens(f, &mix, key);
	buffer_free(&mix);
}

/* Others' wrong authorisations lock their own objects, and none of ours. */
static void test_lockout(void **state)
{
	const uint32_t index = 0x01500001;
	struct fixture *f = *state;
	struct buffer mix = {0}, id = {0};
	uint8_t key[PLATFORM_KEY_SIZE];
	uint64_t value = 0, next = 0;

	open_and_seal(f, &mix, key);
	assert_int_equal(platform_counter_new(f->platform, auth, &id, &value), CKR_OK);
	assert_int_equal(tpm_bus_one_try(&f->emulator), TPM_BUS_SUCCESS);
	assert_int_equal(tpm_bus_define(&f->emulator, index, LOCKABLE_ATTRIBUTES, 'a'), TPM_BUS_SUCCESS);
	assert_int_equal(tpm_bus_write(&f->emulator, index, 'b'), TPM_BUS_AUTH_FAIL);
	assert_int_equal(tpm_bus_write(&f->emulator, index, 'a'), TPM_BUS_LOCKOUT);
	assert_opens(f, &mix, key);
	assert_int_equal(new_key(f, &mix, key), CKR_OK);
	assert_int_equal(platform_counter_increment(f->platform, buffer_span(&id), auth, &next), CKR_OK);
	assert_int_equal(next, value + 1);
	buffer_free(&mix);
	buffer_free(&id);
}

static void test_owned(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];

	assert_int_equal(reopen(f), CKR_OK);
	assert_int_equal(tpm_bus_take_ownership(&f->emulator), TPM_BUS_SUCCESS);
	assert_int_not_equal(new_key(f, &mix, key), CKR_OK);
	assert_true(captured_log_has(&f->log, "is the hierarchy's authorisation set?"));
	buffer_free(&mix);
}

/* ---- what binds nothing ---- */

static void expect_settings(struct fixture *f, const char *pcrs, const char *words)
{
	snprintf(f->settings.tpm_pcrs, sizeof(f->settings.tpm_pcrs), "%s", pcrs);
	assert_int_equal(reopen(f), CKR_TOKEN_NOT_PRESENT);
	assert_null(f->platform);
	assert_true(captured_log_has(&f->log, words));
}

static void test_settings(void **state)
{
	struct fixture *f = *state;

	expect_settings(f, "sha1:0,2,4", "SHA-1 binds nothing");
	expect_settings(f, "sha256:0,16", "can be reset by anybody");
	expect_settings(f, "sha256:23", "can be reset by anybody");
	expect_settings(f, "sha256:24", "expected a bank and PCRs");
	expect_settings(f, "sha256:", "expected a bank and PCRs");
	expect_settings(f, "", "expected a bank and PCRs");
	snprintf(f->settings.tpm_pcrs, sizeof(f->settings.tpm_pcrs), "sha256:0");
	snprintf(f->settings.tpm_tcti, sizeof(f->settings.tpm_tcti), "device:/nonexistent");
	assert_int_equal(reopen(f), CKR_TOKEN_NOT_PRESENT);
	assert_true(captured_log_has(&f->log, "no TPM by tpm-tcti = device:/nonexistent"));
}

static void test_unused_bank(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];

	snprintf(f->settings.tpm_pcrs, sizeof(f->settings.tpm_pcrs), "sha384:0,2,4,7");
	assert_int_equal(reopen(f), CKR_OK);
	assert_int_equal(new_key(f, &mix, key), CKR_DEVICE_ERROR);
	assert_true(captured_log_has(&f->log, "nothing was measured into the PCRs"));
	/* Localities' PCRs, all ones since the reset. */
	snprintf(f->settings.tpm_pcrs, sizeof(f->settings.tpm_pcrs), "sha256:8,17,18");
	assert_int_equal(reopen(f), CKR_OK);
	assert_int_equal(new_key(f, &mix, key), CKR_DEVICE_ERROR);
	assert_true(captured_log_has(&f->log, "nothing was measured into the PCRs"));
	buffer_free(&mix);
}

static void test_sha1_only(void **state)
{
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];

	assert_int_equal(tpm_bus_allocate_sha1(&f->emulator), TPM_BUS_SUCCESS);
	power_off(f);
	assert_true(tpm_bus_power_on(&f->emulator, "tpm"));
	assert_int_equal(reopen(f), CKR_OK);
	assert_int_equal(new_key(f, &mix, key), CKR_DEVICE_ERROR);
	assert_true(captured_log_has(&f->log, "the TPM has no bank sha256 with all of these PCRs"));
	assert_true(captured_log_has(&f->log, "tpm2_pcrallocate"));
	buffer_free(&mix);
}

/* Security rule 9: a confidential guest's TPM may be its host's. */
static void test_host_vtpm(void **state)
{
	static const char *const folders[] = {"/sys", "/sys/kernel", "/sys/kernel/config", "/sys/kernel/config/tsm",
					      "/sys/kernel/config/tsm/report"};
	struct fixture *f = *state;
	struct buffer mix = {0};
	uint8_t key[PLATFORM_KEY_SIZE];
	char path[PATH_MAX + 64];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", f->emulator.root, folders[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	/* Nothing is sealed before it was judged, nor after it was refused. */
	assert_int_equal(reopen(f), CKR_OK);
	assert_int_equal(platform_key_new(f->platform, &mix, key), CKR_ACTION_PROHIBITED);
	captured_log_begin(&f->log);
	assert_int_equal(binding_settle(f->platform, &f->settings), CKR_ACTION_PROHIBITED);
	captured_log_end(&f->log);
	assert_true(captured_log_has(&f->log, "allow-host-vtpm = yes"));
	assert_int_equal(platform_key_new(f->platform, &mix, key), CKR_ACTION_PROHIBITED);
	f->settings.allow_host_vtpm = true;
	assert_int_equal(binding_settle(f->platform, &f->settings), CKR_OK);
	assert_string_equal(platform_describe(f->platform)->protector, "host-vtpm");
	assert_false(platform_describe(f->platform)->tee);
	assert_int_equal(platform_key_new(f->platform, &mix, key), CKR_OK);
	buffer_free(&mix);
}

/* ---- evidence ---- */

struct report {
	struct span attest, signature, ak;
	uint8_t pcrs[32 * 24];
	size_t pcrs_size;
};

static void read_report(const struct buffer *bytes, struct report *report)
{
	struct cbor_reader r;
	size_t count = 0, pcrs = 0;
	uint64_t key = 0;

	*report = (struct report){.pcrs_size = 0};
	cbor_reader_init(&r, buffer_span(bytes));
	assert_true(cbor_reader_map(&r, 16, &count) && count >= 4);
	assert_true(cbor_reader_uint(&r, 1, &key) && cbor_reader_bytes(&r, 4096, &report->attest));
	assert_true(cbor_reader_uint(&r, 2, &key) && cbor_reader_bytes(&r, 4096, &report->signature));
	assert_true(cbor_reader_uint(&r, 3, &key) && cbor_reader_bytes(&r, 4096, &report->ak));
	assert_true(cbor_reader_uint(&r, 4, &key) && cbor_reader_map(&r, 24, &pcrs));
	for (size_t i = 0; i < pcrs; i++) {
		struct span value = {0};

		assert_true(cbor_reader_uint(&r, 23, &key) && key == i && cbor_reader_bytes(&r, 32, &value));
		assert_int_equal(value.size, 32);
		memcpy(report->pcrs + report->pcrs_size, value.data, 32);
		report->pcrs_size += 32;
	}
}

static void put_file(struct fixture *f, const char *leaf, struct span head, struct span tail)
{
	char path[PATH_MAX];
	FILE *file = fopen(scratch_path(&f->emulator.folder, leaf, path), "we");

	assert_non_null(file);
	assert_int_equal(fwrite(head.data, 1, head.size, file), head.size);
	assert_true(!tail.size || fwrite(tail.data, 1, tail.size, file) == tail.size);
	assert_int_equal(fclose(file), 0);
}

/* By tpm2-tools, which know nothing of Keyclave; NONCE is in the quote. */
static bool tool_accepts(struct fixture *f, const struct report *report, struct span nonce)
{
	char command[4 * PATH_MAX], hex[2 * 64 + 1];
	uint8_t size[2] = {(uint8_t)(report->ak.size >> 8), (uint8_t)report->ak.size};

	for (size_t i = 0; i < nonce.size; i++)
		snprintf(hex + 2 * i, 3, "%02x", nonce.data[i]);
	put_file(f, "ak", (struct span){size, 2}, report->ak);
	put_file(f, "attest", report->attest, (struct span){0});
	put_file(f, "signature", report->signature, (struct span){0});
	snprintf(command, sizeof(command),
		 "cd %s && TPM2TOOLS_TCTI=none tpm2_checkquote -u ak -m attest -s signature -g sha256 -q %s >quote.log 2>&1",
		 f->emulator.folder.path, hex);
	return system(command) == 0;
}

static void check_quote(struct fixture *f, const struct platform_digest *digest, struct span in_it)
{
	static const uint8_t wrong[] = {1, 2, 3};
	struct platform_evidence evidence = {0};
	struct report report;
	uint8_t pcr_digest[32];

	assert_int_equal(platform_evidence_get(f->platform, digest, &evidence), CKR_OK);
	read_report(&evidence.report, &report);
	assert_int_equal(report.pcrs_size, 16 * 32);
	assert_non_null(memmem(report.attest.data, report.attest.size, in_it.data, in_it.size));
	assert_true(EVP_Digest(report.pcrs, report.pcrs_size, pcr_digest, NULL, EVP_sha256(), NULL));
	assert_memory_equal(report.attest.data + report.attest.size - 32, pcr_digest, 32);
	if (system("command -v tpm2_checkquote >/dev/null 2>&1") == 0) {
		assert_true(tool_accepts(f, &report, in_it));
		assert_false(tool_accepts(f, &report, (struct span){wrong, sizeof(wrong)}));
	}
	platform_evidence_free(&evidence);
}

static void test_quote(void **state)
{
	struct fixture *f = *state;
	struct platform_digest digest;

	memset(digest.sha512, 0x51, sizeof(digest.sha512));
	memset(digest.sha256, 0x25, sizeof(digest.sha256));
	assert_int_equal(reopen(f), CKR_OK);
	check_quote(f, &digest, (struct span){digest.sha512, sizeof(digest.sha512)});
	/* A TPM whose largest digest is SHA-256 takes no more. */
	emulator_control(&f->emulator, "no-sha512\n");
	check_quote(f, &digest, (struct span){digest.sha256, sizeof(digest.sha256)});
}

/* The values that stand beside a quote are read in an audited session, and have to be those of the quote. */
static void test_quote_on_a_bad_bus(void **state)
{
	struct fixture *f = *state;
	struct platform_evidence evidence = {0};
	struct platform_digest digest = {{0}, {0}};

	assert_int_equal(reopen(f), CKR_OK);
	bad_bus(f, "tamper", PCR_READ);
	assert_int_equal(platform_evidence_get(f->platform, &digest, &evidence), CKR_DEVICE_ERROR);
	platform_evidence_free(&evidence);
	emulator_control(&f->emulator, "refuse 0x158 0x101\n");
	captured_log_begin(&f->log);
	assert_int_equal(platform_evidence_get(f->platform, &digest, &evidence), CKR_DEVICE_ERROR);
	captured_log_end(&f->log);
	assert_true(captured_log_has(&f->log, "TPM2_Quote"));
	platform_evidence_free(&evidence);
}

/* ---- the counter ---- */

static CK_RV counter(struct fixture *f, const struct buffer *id, const uint8_t with[PLATFORM_KEY_SIZE], bool increment,
		     uint64_t *value)
{
	CK_RV rv = CKR_OK;

	captured_log_begin(&f->log);
	rv = increment ? platform_counter_increment(f->platform, buffer_span(id), with, value)
		       : platform_counter_read(f->platform, buffer_span(id), with, value);
	captured_log_end(&f->log);
	return rv;
}

static uint32_t index_of(const struct buffer *id)
{
	struct cbor_reader r;
	size_t count = 0;
	uint64_t version = 0, handle = 0;

	cbor_reader_init(&r, buffer_span(id));
	assert_true(cbor_reader_array(&r, 16, &count) && cbor_reader_uint(&r, UINT32_MAX, &version) &&
		    cbor_reader_uint(&r, UINT32_MAX, &handle));
	return (uint32_t)handle;
}

static void new_counter(struct fixture *f, struct buffer *id, uint64_t *value)
{
	assert_int_equal(reopen(f), CKR_OK);
	assert_int_equal(platform_counter_new(f->platform, auth, id, value), CKR_OK);
	assert_true(id->size > 0 && id->size <= PLATFORM_COUNTER_ID_MAX);
}

static void test_counter(void **state)
{
	struct fixture *f = *state;
	struct buffer id = {0}, second = {0};
	uint64_t first = 0, value = 0, other = 0;

	new_counter(f, &id, &first);
	assert_int_equal(counter(f, &id, auth, false, &value), CKR_OK);
	assert_int_equal(value, first);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(counter(f, &id, auth, true, &value), CKR_OK);
		assert_int_equal(value, first + i);
	}
	power_off(f);
	boot(f, "tpm");
	assert_int_equal(reopen(f), CKR_OK);
	assert_int_equal(counter(f, &id, auth, false, &value), CKR_OK);
	assert_int_equal(value, first + 3);
	/* One more is another one. */
	assert_int_equal(platform_counter_new(f->platform, auth, &second, &other), CKR_OK);
	assert_int_not_equal(index_of(&id), index_of(&second));
	assert_int_equal(counter(f, &second, auth, true, &other), CKR_OK);
	assert_int_equal(counter(f, &id, auth, false, &value), CKR_OK);
	assert_int_equal(value, first + 3);
	buffer_free(&id);
	buffer_free(&second);
}

static void expect_no_counter(struct fixture *f, const struct buffer *id, const char *words)
{
	uint64_t value = 0;

	assert_int_equal(counter(f, id, auth, false, &value), CKR_TOKEN_NOT_RECOGNIZED);
	assert_true(captured_log_has(&f->log, words));
	assert_int_equal(counter(f, id, auth, true, &value), CKR_TOKEN_NOT_RECOGNIZED);
}

static void test_wrong_authorisation(void **state)
{
	static const uint8_t wrong[PLATFORM_KEY_SIZE] = {3, 2, 1};
	struct fixture *f = *state;
	struct buffer id = {0};
	uint64_t first = 0, value = 0;

	new_counter(f, &id, &first);
	assert_int_equal(counter(f, &id, wrong, false, &value), CKR_TOKEN_NOT_RECOGNIZED);
	assert_int_not_equal(counter(f, &id, wrong, true, &value), CKR_OK);
	assert_int_equal(tpm_bus_increment(&f->emulator, index_of(&id), 'x'), TPM_BUS_BAD_AUTH);
	/* NO_DA: any number of times. */
	assert_int_equal(counter(f, &id, auth, false, &value), CKR_OK);
	assert_int_equal(value, first);
	buffer_free(&id);
}

/* Security rule 7. The owner may delete it, and never have it again. */
static void test_counter_attacks(void **state)
{
	struct fixture *f = *state;
	struct buffer id = {0};
	uint64_t first = 0, value = 0;
	uint32_t index = 0;

	new_counter(f, &id, &first);
	index = index_of(&id);
	/* The bus answers for it. */
	bad_bus(f, "tamper", NV_READ);
	assert_int_equal(counter(f, &id, auth, false, &value), CKR_DEVICE_ERROR);
	bad_bus(f, "refuse", NV_INCREMENT); /* with TPM_RC_SUCCESS */
	assert_int_not_equal(counter(f, &id, auth, true, &value), CKR_OK);
	emulator_control(&f->emulator, "");
	assert_int_equal(counter(f, &id, auth, false, &value), CKR_OK);
	assert_int_equal(value, first);

	assert_int_equal(tpm_bus_undefine(&f->emulator, index), TPM_BUS_SUCCESS);
	expect_no_counter(f, &id, "is gone");
	/* Of the same name once it is written, but the authorisation is a secret. */
	assert_int_equal(tpm_bus_define(&f->emulator, index, COUNTER_ATTRIBUTES, 'x'), TPM_BUS_SUCCESS);
	expect_no_counter(f, &id, "is another one than the store's counter");
	assert_int_equal(tpm_bus_increment(&f->emulator, index, 'x'), TPM_BUS_SUCCESS);
	assert_int_equal(counter(f, &id, auth, false, &value), CKR_TOKEN_NOT_RECOGNIZED);
	assert_true(captured_log_has(&f->log, "deleted and defined anew by somebody else"));
	assert_int_not_equal(counter(f, &id, auth, true, &value), CKR_OK);

	power_off(f);
	boot(f, "another");
	assert_int_equal(reopen(f), CKR_OK);
	expect_no_counter(f, &id, "was made with another TPM");
	buffer_free(&id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_booted, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_description),	    TEST(test_restart),		 TEST(test_other_boot),
		TEST(test_other_tpm),	    TEST(test_forged_mix),	 TEST(test_bus),
		TEST(test_refusals),	    TEST(test_lockout),		 TEST(test_owned),
		TEST(test_settings),	    TEST(test_unused_bank),	 TEST(test_sha1_only),
		TEST(test_host_vtpm),	    TEST(test_quote),		 TEST(test_quote_on_a_bad_bus),
		TEST(test_counter),	    TEST(test_wrong_authorisation), TEST(test_counter_attacks),
	};
	const char *why = tpm_bus_begin();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	log_open("test", LOG_LEVEL_NOTICE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

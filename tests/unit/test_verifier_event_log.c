/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event logs: those of real machines replay to the registers that were quoted; a made one shows each rule of the
 * replay, each malformed one is refused, and text that no digest covers is never a fact.
 */
#include "config.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/event_log.h"

#include "evidence_sample.h"

#include "cmocka_test.h"

/* ---- a log of our own ---- */

static struct buffer log_made;

static void put(const void *data, size_t size)
{
	assert_true(buffer_append(&log_made, data, size));
}

static void put16(uint16_t v)
{
	put((uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2);
}

static void put32(uint32_t v)
{
	put16((uint16_t)v);
	put16((uint16_t)(v >> 16));
}

/* The head of a log with one SHA-256 bank. */
static void begin(void)
{
	static const uint8_t zero[20];

	buffer_free(&log_made);
	put32(0);
	put32(EVENT_LOG_EV_NO_ACTION);
	put(zero, 20);
	put32(16 + 8 + 4 + 4 + 1);
	put("Spec ID Event03", 16);
	put("\0\0\0\0\0\2\0\2", 8);
	put32(1);
	put16(TPM_HASH_SHA256);
	put16(32);
	put("", 1);
}

static void event(uint32_t index, uint32_t type, struct span measured, struct span data)
{
	uint8_t digest[32];

	SHA256(measured.data, measured.size, digest);
	put32(index);
	put32(type);
	put32(1);
	put16(TPM_HASH_SHA256);
	put(digest, 32);
	put32((uint32_t)data.size);
	put(data.data, data.size);
}

static void event_text(uint32_t index, const char *measured, const char *logged)
{
	event(index, EVENT_LOG_EV_IPL, span_text(measured), (struct span){(const uint8_t *)logged, strlen(logged) + 1});
}

/* UTF-16 with its NUL. */
static struct span wide(const char *text, uint8_t out[512])
{
	size_t size = 0;

	for (size_t i = 0; i <= strlen(text); i++) {
		out[size++] = (uint8_t)text[i];
		out[size++] = 0;
	}
	return (struct span){out, size};
}

static struct event_log_values replayed(void)
{
	struct event_log_values values;
	const char *why = NULL;

	assert_true(event_log_replay(buffer_span(&log_made), TPM_HASH_SHA256, &values, &why));
	assert_null(why);
	return values;
}

static void refused(const char *expected)
{
	struct event_log_values values;
	const char *why = NULL;

	assert_false(event_log_replay(buffer_span(&log_made), TPM_HASH_SHA256, &values, &why));
	assert_string_equal(why, expected);
}

static const struct policy no_policy;

static struct appraisal facts(uint32_t trusted)
{
	struct appraisal a = {.policy = &no_policy, .platform = "tpm"};

	event_log_facts(&a, buffer_span(&log_made), TPM_HASH_SHA256, trusted, false);
	assert_int_equal(a.check_count, 0);
	return a;
}

static void assert_text(const struct appraisal *a, const char *name, const char *text)
{
	const struct appraisal_fact *fact = appraisal_find(a, name);

	assert_non_null(fact);
	assert_string_equal(fact->text, text);
	assert_false(fact->pins);
}

/* ---- replay ---- */

static void test_extend(void **state)
{
	struct event_log_values values;
	uint8_t expected[32] = {0}, both[64];

	(void)state;
	begin();
	event(4, EVENT_LOG_EV_SEPARATOR, span_text("one"), span_text("one"));
	event(4, EVENT_LOG_EV_NO_ACTION, span_text("nothing"), span_text("nothing"));
	event(4, EVENT_LOG_EV_SEPARATOR, span_text("two"), span_text("two"));
	for (int i = 0; i < 2; i++) {
		memcpy(both, expected, 32);
		SHA256((const uint8_t *)(i ? "two" : "one"), 3, both + 32);
		SHA256(both, 64, expected);
	}
	values = replayed();
	assert_memory_equal(values.value[4], expected, 32);
	assert_int_equal(values.events[4], 2);
	assert_int_equal(values.events[5], 0);
}

static void test_startup_locality(void **state)
{
	static const uint8_t locality[] = "StartupLocality\0\3", late[] = "StartupLocality\0\4";
	struct event_log_values values;

	(void)state;
	begin();
	event(0, EVENT_LOG_EV_NO_ACTION, span_text(""), (struct span){locality, 17});
	values = replayed();
	assert_int_equal(values.value[0][31], 3);
	assert_int_equal(values.startup_locality, 3);
	event(0, EVENT_LOG_EV_NO_ACTION, span_text(""), (struct span){late, 17});
	refused("the event log's startup locality comes late, twice, or is none");
	begin();
	event(0, EVENT_LOG_EV_SEPARATOR, span_text("x"), span_text("x"));
	event(0, EVENT_LOG_EV_NO_ACTION, span_text(""), (struct span){locality, 17});
	refused("the event log's startup locality comes late, twice, or is none");
}

static void test_padding(void **state)
{
	static const uint8_t ones[100] = {0xff}, zeros[100];
	uint8_t all_ones[100];

	(void)state;
	memset(all_ones, 0xff, sizeof(all_ones));
	begin();
	event_text(8, "a", "a");
	put(all_ones, sizeof(all_ones));
	assert_int_equal(replayed().events[8], 1);
	begin();
	event_text(8, "a", "a");
	put(zeros, sizeof(zeros));
	assert_int_equal(replayed().events[8], 1);
	begin();
	event_text(8, "a", "a");
	put(ones, sizeof(ones)); /* ones that end */
	refused("an event of the log has other digests than its head says, or none");
}

static void test_malformed(void **state)
{
	size_t size = 0;

	(void)state;
	begin();
	event_text(8, "a", "a");
	size = log_made.size;
	event_text(24, "a", "a");
	refused("an event of the log is for a register that there is not");
	/* Each cut is refused, apart from that between the events. */
	for (size_t cut = 1; cut < log_made.size; cut++) {
		struct event_log_values values;
		const char *why = NULL;
		struct span exact = evidence_sample_copy((struct span){log_made.data, cut});

		if (cut == size || cut == 65)
			continue;
		assert_false(event_log_replay(exact, TPM_HASH_SHA256, &values, &why));
		assert_non_null(why);
	}
	begin();
	log_made.data[32] ^= 1;
	refused("not an event log of the crypto-agile form");
	begin();
	log_made.data[4] ^= 1;
	refused("the event log is of the old form, which has SHA-1 only");
	begin();
	log_made.data[32 + 30] ^= 1; /* the size of SHA-256 */
	refused("the event log's head gives a bank a wrong size");
	begin();
	log_made.data[32 + 24] = 9;
	refused("the event log's head names no banks, or too many");
	begin();
	log_made.data[32 + 28] = TPM_HASH_SHA384;
	log_made.data[32 + 30] = 48;
	refused("the event log has no digests of this bank");
}

/* ---- facts ---- */

#define ROOT "4f2c1b0a9d8e7f6655443322110099887766554433221100ffeeddccbbaa9988"

static void test_grub(void **state)
{
	struct appraisal a;

	(void)state;
	begin();
	event_text(8, "linux /vmlinuz", "grub_cmd: linux /vmlinuz");
	event_text(8, "/vmlinuz ro roothash=" ROOT, "kernel_cmdline: /vmlinuz ro roothash=" ROOT);
	a = facts(1u << 8);
	assert_text(&a, "cmdline", "/vmlinuz ro roothash=" ROOT);
	assert_text(&a, "verity-root", ROOT);
	assert_non_null(appraisal_find(&a, "cmdline-digest"));
	/* Not of a register whose replay is not equal. */
	a = facts(~(1u << 8));
	assert_int_equal(a.fact_count, 0);
	/* Two of them: neither. */
	event_text(8, "/other roothash=" ROOT, "kernel_cmdline: /other roothash=" ROOT);
	a = facts(1u << 8);
	assert_int_equal(a.fact_count, 0);
}

static void test_not_covered(void **state)
{
	struct appraisal a;

	(void)state;
	begin();
	event_text(8, "something else", "kernel_cmdline: /vmlinuz roothash=" ROOT);
	event_text(8, "menuentry x roothash=" ROOT, "kernel_cmdline: menuentry x roothash=" ROOT); /* relabelled */
	event_text(9, "/vmlinuz roothash=" ROOT, "kernel_cmdline: /vmlinuz roothash=" ROOT); /* not its register */
	a = facts(UINT32_MAX);
	assert_int_equal(a.fact_count, 0);
}

static void test_verity_forms(void **state)
{
	static const char cos[] = "/k dm=\"1 vroot none ro 1,0 4077568 verity hashstart=4 root_hexdigest=" ROOT " salt=ab\"";
	static const char table[] = "/k dm-mod.create=\"r,,,ro,0 8 verity 1 /dev/a /dev/b 4096 4096 1 1 sha256 " ROOT " ab\"";
	static const char two[] = "/k roothash=" ROOT " roothash=00" ROOT;
	static const char inner[] = "/k xroothash=" ROOT " usrhash=" ROOT;
	struct appraisal a;
	char logged[512];

	(void)state;
	begin();
	snprintf(logged, sizeof(logged), "kernel_cmdline: %s", cos);
	event_text(8, cos, logged);
	a = facts(UINT32_MAX);
	assert_text(&a, "verity-root", ROOT);
	begin();
	snprintf(logged, sizeof(logged), "kernel_cmdline: %s", table);
	event_text(8, table, logged);
	a = facts(UINT32_MAX);
	assert_text(&a, "verity-root", ROOT);
	begin();
	snprintf(logged, sizeof(logged), "kernel_cmdline: %s", two);
	event_text(8, two, logged);
	a = facts(UINT32_MAX);
	assert_null(appraisal_find(&a, "verity-root"));
	begin();
	snprintf(logged, sizeof(logged), "kernel_cmdline: %s", inner);
	event_text(8, inner, logged);
	a = facts(UINT32_MAX);
	assert_null(appraisal_find(&a, "verity-root"));
	assert_text(&a, "verity-usr", ROOT);
}

static void test_uki(void **state)
{
	uint8_t name[512], line[512];
	const struct span linux_name = {(const uint8_t *)".linux", 7};
	struct appraisal a;
	uint8_t digest[32];

	(void)state;
	begin();
	event(11, EVENT_LOG_EV_IPL, linux_name, wide(".linux", name));
	event(11, EVENT_LOG_EV_IPL, span_text("the kernel"), wide(".linux", name));
	event(11, EVENT_LOG_EV_IPL, span_text("no name before"), wide(".initrd", name));
	event(12, EVENT_LOG_EV_IPL, wide("quiet roothash=" ROOT, line), wide("quiet roothash=" ROOT, line));
	a = facts(UINT32_MAX);
	SHA256((const uint8_t *)"the kernel", 10, digest);
	assert_non_null(appraisal_find(&a, "uki.linux"));
	assert_memory_equal(appraisal_find(&a, "uki.linux")->bytes.data, digest, 32);
	assert_null(appraisal_find(&a, "uki.initrd"));
	assert_text(&a, "verity-root", ROOT);
}

static void test_describe(void **state)
{
	struct event_log_reader r;
	struct event_log_event e;
	char text[64];

	(void)state;
	begin();
	event_text(8, "boot", "grub_cmd: boot");
	event_text(8, "other", "grub_cmd: boot");
	event(4, 0x80000003, span_text("x"), (struct span){(const uint8_t *)"\1\2", 2});
	assert_true(event_log_open(&r, buffer_span(&log_made)));
	assert_true(event_log_next(&r, &e));
	event_log_describe(&r, &e, TPM_HASH_SHA256, text, sizeof(text));
	assert_string_equal(text, "boot loader: boot");
	assert_true(event_log_next(&r, &e));
	event_log_describe(&r, &e, TPM_HASH_SHA256, text, sizeof(text));
	assert_string_equal(text, "boot loader [grub_cmd: boot]");
	assert_true(event_log_next(&r, &e));
	event_log_describe(&r, &e, TPM_HASH_SHA256, text, sizeof(text));
	assert_string_equal(text, "UEFI application");
	assert_false(event_log_next(&r, &e));
	assert_null(r.error);
}

/* ---- real machines ---- */

static void test_genuine_td(void **state)
{
	struct span log = evidence_sample("tdx/v4-gce-cos.ccel.bin"), quote = evidence_sample("tdx/v4-gce-cos.bin");
	struct event_log_values values;
	const char *why = NULL;
	struct appraisal a = {.policy = &no_policy, .platform = "tdx"};

	(void)state;
	assert_true(event_log_replay(log, TPM_HASH_SHA384, &values, &why));
	for (size_t i = 0; i < 4; i++)
		assert_memory_equal(values.value[i + 1], quote.data + 48 + 328 + 48 * i, 48);
	event_log_facts(&a, log, TPM_HASH_SHA384, 0x1f, true);
	assert_non_null(appraisal_find(&a, "secure-boot"));
	assert_int_equal(appraisal_find(&a, "secure-boot")->number, 0);
	assert_non_null(appraisal_find(&a, "cmdline-digest"));
	assert_null(appraisal_find(&a, "cmdline"));
	assert_int_equal(strlen(appraisal_find(&a, "verity-root")->text), 64);
}

static void test_genuine_pcrs(void **state)
{
	static const char *const names[] = {"tpm/eventlog-cos-101-amd-sev.bin", "tpm/eventlog-ubuntu-2404-amd-sevsnp.bin"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct span log = evidence_sample(names[i]);
		struct event_log_values values;
		const char *why = NULL;
		struct appraisal a = {.policy = &no_policy, .platform = "tpm"};

		assert_true(event_log_replay(log, TPM_HASH_SHA256, &values, &why));
		assert_true(values.events[0] && values.events[4] && values.events[7] && values.events[8]);
		event_log_facts(&a, log, TPM_HASH_SHA256, UINT32_MAX, false);
		assert_int_equal(appraisal_find(&a, "secure-boot")->number, i == 0);
		assert_non_null(appraisal_find(&a, "cmdline-digest"));
		assert_int_equal(appraisal_find(&a, "verity-root") != NULL, i == 0);
		assert_int_equal(appraisal_find(&a, "cmdline") != NULL, i == 1);
	}
}

static void test_genuine_old_form(void **state)
{
	struct span log = evidence_sample("tpm/eventlog-debian-10.bin");
	struct event_log_values values;
	const char *why = NULL;

	(void)state;
	assert_false(event_log_replay(log, TPM_HASH_SHA256, &values, &why));
	assert_string_equal(why, "the event log is of the old form, which has SHA-1 only");
}

/* Whatever one byte of a log is changed to, the facts of equal registers stay what they are, or go. */
static void test_genuine_flipped(void **state)
{
	struct span log = evidence_sample("tpm/eventlog-ubuntu-2404-amd-sevsnp.bin");
	struct span copy = evidence_sample_copy(log);
	uint8_t *bytes = (uint8_t *)(uintptr_t)copy.data;
	struct event_log_values good, values;
	struct appraisal before = {.policy = &no_policy, .platform = "tpm"};
	const char *why = NULL;

	(void)state;
	assert_true(event_log_replay(log, TPM_HASH_SHA256, &good, &why));
	event_log_facts(&before, log, TPM_HASH_SHA256, UINT32_MAX, false);
	for (size_t i = 0; i < log.size; i += i < 200 || i > log.size - 6000 ? 1 : 23) {
		struct appraisal a = {.policy = &no_policy, .platform = "tpm"};
		uint32_t trusted = 0;

		bytes[i] ^= 0x10;
		if (event_log_replay(copy, TPM_HASH_SHA256, &values, &why)) {
			for (unsigned r = 0; r < EVENT_LOG_REGISTERS; r++)
				trusted |= (uint32_t)(memcmp(values.value[r], good.value[r], 32) == 0) << r;
			event_log_facts(&a, copy, TPM_HASH_SHA256, trusted, false);
		}
		for (size_t f = 0; f < a.fact_count; f++) {
			const struct appraisal_fact *was = appraisal_find(&before, a.fact[f].name);

			assert_non_null(was);
			assert_string_equal(was->text, a.fact[f].text);
			assert_int_equal(was->number, a.fact[f].number);
			assert_true(span_equal(was->bytes, a.fact[f].bytes));
		}
		bytes[i] ^= 0x10;
	}
}

static int teardown(void **state)
{
	buffer_free(&log_made);
	return evidence_sample_free(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_extend, teardown),
		cmocka_unit_test_teardown(test_startup_locality, teardown),
		cmocka_unit_test_teardown(test_padding, teardown),
		cmocka_unit_test_teardown(test_malformed, teardown),
		cmocka_unit_test_teardown(test_grub, teardown),
		cmocka_unit_test_teardown(test_not_covered, teardown),
		cmocka_unit_test_teardown(test_verity_forms, teardown),
		cmocka_unit_test_teardown(test_uki, teardown),
		cmocka_unit_test_teardown(test_describe, teardown),
		cmocka_unit_test_teardown(test_genuine_td, teardown),
		cmocka_unit_test_teardown(test_genuine_pcrs, teardown),
		cmocka_unit_test_teardown(test_genuine_old_form, teardown),
		cmocka_unit_test_teardown(test_genuine_flipped, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

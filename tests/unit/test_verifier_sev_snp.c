/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNP reports by a signer of the tests' own: one good report of each kind, and each way to be wrong.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/sev_snp.h"

#include "cmocka_test.h"
#include "snp_signer.h"

#define NOW ((int64_t)1750000000) /* 2025-06-15 */
#define DAY ((int64_t)86400)

/* Above the floors. */
static const struct snp_signer_chip milan = {
	.product = "Milan", .chip_id = {1, 2, 3}, .tcb = {4, 0, 0, 0, 0, 0, 0x18, 0xd9}, .from = NOW - DAY, .to = NOW + DAY};
static const struct snp_signer_chip genoa = {
	.product = "Genoa", .chip_id = {4, 5, 6}, .tcb = {10, 1, 0, 0, 0, 0, 0x17, 0x54}, .from = NOW - DAY, .to = NOW + DAY};
static const struct snp_signer_chip turin = {
	.product = "Turin", .chip_id = {7, 8, 9}, .tcb = {1, 2, 3, 4, 0, 0, 0, 0x51}, .from = NOW - DAY, .to = NOW + DAY};
static const struct snp_signer_chip cloud = {
	.product = "Milan", .tcb = {4, 0, 0, 0, 0, 0, 0x18, 0xd9}, .csp = "CN=cloud.example", .from = NOW - DAY, .to = NOW + DAY};

struct scene {
	struct snp_signer *signer;
	uint8_t report[SEV_SNP_REPORT_SIZE];
	struct buffer table;
	struct endorsements e;
	struct policy policy;
	uint8_t wanted[64];
	struct appraisal a;
};

static void set_scene(struct scene *s, const struct snp_signer_chip *chip, uint32_t version)
{
	struct buffer file = {0};
	const char *why = NULL;

	memset(s, 0, sizeof(*s));
	s->signer = snp_signer_new(NULL, chip);
	snp_signer_report(s->signer, version, s->report);
	memset(s->report + 0x90, 0xaa, 48);
	memset(s->wanted, 0xbb, sizeof(s->wanted));
	memcpy(s->report + SEV_SNP_REPORT_DATA, s->wanted, sizeof(s->wanted));
	snp_signer_table(s->signer, &s->table);
	test_ca_append_pem(&file, s->signer->ark);
	assert_true(endorsements_add_roots(&s->e, buffer_span(&file), &why));
	buffer_reset(&file);
	snp_signer_crl(s->signer, NOW, NULL, &file);
	assert_true(endorsements_add(&s->e, buffer_span(&file), &why));
	buffer_free(&file);
}

static void strike(struct scene *s)
{
	snp_signer_free(&s->signer);
	buffer_free(&s->table);
	endorsements_free(&s->e);
	free(s->policy.expectation);
	s->policy.expectation = NULL;
}

static void expect_fact(struct scene *s, const char *fact)
{
	s->policy.expectation = calloc(1, sizeof(*s->policy.expectation));
	assert_non_null(s->policy.expectation);
	s->policy.expectation_count = 1;
	strcpy(s->policy.expectation->platform, "sev-snp");
	strcpy(s->policy.expectation->fact, fact);
	s->policy.expectation->has_max = true;
}

static bool appraise(struct scene *s, struct span report)
{
	s->a = (struct appraisal){.policy = &s->policy,
				  .endorsements = &s->e,
				  .time = NOW,
				  .report_data = {s->wanted, sizeof(s->wanted)},
				  .report_data_short = {s->wanted, 32}};
	return sev_snp_appraise(&s->a, report, buffer_span(&s->table));
}

static bool appraise_signed(struct scene *s)
{
	snp_signer_sign(s->signer, s->report);
	return appraise(s, (struct span){s->report, sizeof(s->report)});
}

static const struct appraisal_check *last_check(const struct scene *s)
{
	assert_true(s->a.check_count > 0);
	return &s->a.check[s->a.check_count - 1];
}

static void accepts(struct scene *s)
{
	if (!appraise_signed(s))
		fail_msg("%s: %s", last_check(s)->name, last_check(s)->detail);
	for (size_t i = 0; i < s->a.check_count; i++)
		assert_true(s->a.check[i].passed);
	assert_true(s->a.tee);
	assert_string_equal(s->a.platform, "sev-snp");
}

static void is_refused(struct scene *s, const char *check, const char *word)
{
	assert_string_equal(last_check(s)->name, check);
	assert_false(last_check(s)->passed);
	if (!strstr(last_check(s)->detail, word))
		fail_msg("\"%s\" is not in \"%s\"", word, last_check(s)->detail);
}

static void refuses(struct scene *s, const char *check, const char *word)
{
	assert_false(appraise_signed(s));
	is_refused(s, check, word);
}

/* With the bytes at OFFSET changed, as they are or signed again; then as they were. */
static void refuses_bytes(struct scene *s, size_t offset, const char *bytes, size_t size, const char *check,
			  const char *word)
{
	uint8_t saved[SEV_SNP_REPORT_SIZE];

	memcpy(saved, s->report, sizeof(saved));
	memcpy(s->report + offset, bytes, size);
	refuses(s, check, word);
	memcpy(s->report, saved, sizeof(saved));
}

static uint64_t number(const struct scene *s, const char *name)
{
	const struct appraisal_fact *fact = appraisal_find(&s->a, name);

	if (!fact)
		fail_msg("no fact %s", name);
	return fact->number;
}

static void has_text(const struct scene *s, const char *name, const char *text)
{
	const struct appraisal_fact *fact = appraisal_find(&s->a, name);

	assert_non_null(fact);
	assert_string_equal(fact->text, text);
}

static void test_good_milan(void **state)
{
	struct scene s;
	const struct appraisal_fact *fact = NULL;

	(void)state;
	for (uint32_t version = 2; version <= 5; version++) {
		set_scene(&s, &milan, version);
		accepts(&s);
		assert_int_equal(number(&s, "version"), version);
		assert_int_equal(number(&s, "tcb.boot-loader"), 4);
		assert_int_equal(number(&s, "tcb.snp"), 0x18);
		assert_int_equal(number(&s, "tcb.microcode"), 0xd9);
		assert_int_equal(number(&s, "policy"), 0x30000);
		assert_int_equal(number(&s, "debug"), 0);
		assert_int_equal(number(&s, "smt-allowed"), 1);
		assert_int_equal(number(&s, "platform.alias-check"), 1);
		assert_int_equal(number(&s, "platform.tsme"), 0);
		has_text(&s, "product", "Milan");
		has_text(&s, "signing-key", "vcek");
		has_text(&s, "fw", "1.55.40");
		has_text(&s, "root", "ARK-Milan");
		assert_null(appraisal_find(&s.a, "csp-id"));
		assert_null(appraisal_find(&s.a, "tcb.fmc"));
		assert_int_equal(appraisal_find(&s.a, "launch-mit") != NULL, version == 5);
		assert_int_equal(appraisal_find(&s.a, "cpuid") != NULL, version >= 3);
		fact = appraisal_find(&s.a, "measurement");
		assert_true(fact && fact->pins && fact->bytes.size == 48 && fact->bytes.data == s.report + 0x90);
		fact = appraisal_find(&s.a, "chip-id");
		assert_true(fact && !fact->pins && fact->bytes.size == 64 && fact->bytes.data[2] == 3);
		strike(&s);
	}
}

static void test_good_others(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, &genoa, 5);
	memcpy(s.report + 0x1f8, "\x0b\0\0\0\0\0\0\0\x0a", 9);
	accepts(&s);
	has_text(&s, "product", "Genoa");
	assert_int_equal(number(&s, "launch-mit"), 11);
	assert_int_equal(number(&s, "current-mit"), 10);
	strike(&s);

	set_scene(&s, &turin, 5);
	accepts(&s);
	has_text(&s, "product", "Turin");
	assert_int_equal(number(&s, "tcb.fmc"), 1);
	assert_int_equal(number(&s, "tcb.boot-loader"), 2);
	assert_int_equal(number(&s, "tcb.tee"), 3);
	assert_int_equal(number(&s, "tcb.snp"), 4);
	strike(&s);

	set_scene(&s, &cloud, 3);
	accepts(&s);
	has_text(&s, "signing-key", "vlek");
	has_text(&s, "csp-id", "CN=cloud.example");
	strike(&s);
}

static void test_form(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	snp_signer_sign(s.signer, s.report);
	for (size_t size = 0; size < SEV_SNP_REPORT_SIZE; size += 37) {
		assert_false(appraise(&s, (struct span){s.report, size}));
		is_refused(&s, "form", "1184");
	}
	refuses_bytes(&s, 0, "\1\0\0\0", 4, "form", "version 1");
	refuses_bytes(&s, 0, "\6\0\0\0", 4, "form", "version 6");
	refuses_bytes(&s, 0x34, "\2", 1, "form", "algorithm 2");
	strike(&s);
}

static void test_reserved(void **state)
{
	static const struct {
		size_t at;
		uint32_t from, to; /* versions */
	} places[] = {
		{0x48, 2, 5},  {0x4c, 2, 5},  {0x4f, 2, 5},  {0x188, 2, 2}, {0x18b, 2, 5}, {0x19f, 2, 5},
		{0x1eb, 2, 5}, {0x1ef, 2, 5}, {0x1f8, 2, 4}, {0x207, 2, 4}, {0x208, 2, 5}, {0x29f, 2, 5},
	};
	struct scene s;

	(void)state;
	for (uint32_t version = 2; version <= 5; version++) {
		set_scene(&s, &milan, version);
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			if (version >= places[i].from && version <= places[i].to)
				refuses_bytes(&s, places[i].at, "\x20", 1, "form", "reserved");
		strike(&s);
	}
}

/* Each byte of a signed report, changed: refused, whether the signature covers it or not. */
static void test_every_byte(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 5);
	accepts(&s);
	s.a = (struct appraisal){0};
	for (size_t i = 0; i < SEV_SNP_REPORT_SIZE; i++) {
		s.report[i] ^= 1;
		assert_false(appraise(&s, (struct span){s.report, sizeof(s.report)}));
		assert_int_equal(s.a.fact_count, 0);
		assert_false(s.a.tee);
		s.report[i] ^= 1;
	}
	strike(&s);
}

static void test_signing_key(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	refuses_bytes(&s, 0x48, "\2", 1, "signing key", "not signed");
	refuses_bytes(&s, 0x48, "\x1c", 1, "signing key", "not signed");
	refuses_bytes(&s, 0x48, "\x08", 1, "signing key", "not signed");
	refuses_bytes(&s, 0x48, "\x04", 1, "endorsement certificate", "VLEK");
	strike(&s);
	set_scene(&s, &cloud, 3);
	refuses_bytes(&s, 0x48, "\0", 1, "endorsement certificate", "there is a VLEK");
	strike(&s);
}

static void bend(struct scene *s, const struct snp_signer_bend *how)
{
	snp_signer_bend(s->signer, how);
	buffer_reset(&s->table);
	snp_signer_table(s->signer, &s->table);
}

static void test_certificate_of_another(void **state)
{
	static const uint8_t other_tcb[] = {4, 0, 0, 0, 0, 0, 0x18, 0xd8}, other_chip[64] = {1, 2, 4};
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	bend(&s, &(struct snp_signer_bend){.tcb = other_tcb});
	refuses(&s, "endorsement certificate", "another TCB");
	bend(&s, &(struct snp_signer_bend){.chip_id = other_chip});
	refuses(&s, "endorsement certificate", "another chip");
	bend(&s, &(struct snp_signer_bend){.curve = "P-384"});
	refuses(&s, "signature", "another key");
	strike(&s);

	/* Turin's eight bytes must be all that there is. */
	set_scene(&s, &turin, 5);
	refuses_bytes(&s, 0x1a0 + 8, "\1", 1, "endorsement certificate", "another chip");
	strike(&s);
}

/* A certificate that is not quite AMD's is none. */
static void test_certificate_form(void **state)
{
	static const char *const parts[] = {"1.3.6.1.4.1.3704.1.2",   "1.3.6.1.4.1.3704.1.3.1", "1.3.6.1.4.1.3704.1.3.2",
					    "1.3.6.1.4.1.3704.1.3.3", "1.3.6.1.4.1.3704.1.3.8", "1.3.6.1.4.1.3704.1.4"};
	const struct snp_signer_bend odd[] = {
		{.product = "Rome"},
		{.product = "Milano"},
		{.curve = "P-256"},
		{.wide_integers = true},
		{.other_issuer = true},
		{.add = "1.3.6.1.4.1.3704.1.5", .add_value = {(const uint8_t *)"\x16\x01x", 3}}, /* chip and cloud */
	};
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bend(&s, &(struct snp_signer_bend){.omit = parts[i]});
		refuses(&s, "endorsement certificate", "none is there");
		bend(&s, &(struct snp_signer_bend){.twice = parts[i]});
		refuses(&s, "endorsement certificate", "none is there");
	}
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		bend(&s, &odd[i]);
		refuses(&s, "endorsement certificate", "none is there");
	}
	bend(&s, &(struct snp_signer_bend){.product = "Milan-B0"});
	accepts(&s);
	strike(&s);

	/* A VLEK has a cloud's name and no chip. */
	set_scene(&s, &cloud, 3);
	bend(&s, &(struct snp_signer_bend){.omit = "1.3.6.1.4.1.3704.1.5"});
	refuses(&s, "endorsement certificate", "none is there");
	bend(&s, &(struct snp_signer_bend){.add = "1.3.6.1.4.1.3704.1.4", .add_value = {s.wanted, 64}});
	refuses(&s, "endorsement certificate", "none is there");
	strike(&s);
}

/* The right one is found among those of other chips and other TCBs, before and after it. */
static void test_several_certificates(void **state)
{
	static const uint8_t other_tcb[] = {4, 0, 0, 0, 0, 0, 0x18, 0xd8}, other_chip[64] = {1, 2, 4};
	const struct snp_signer_bend others[] = {
		{.tcb = other_tcb}, {.chip_id = other_chip}, {.curve = "P-384"}, {0}, {.tcb = other_tcb}};
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	buffer_reset(&s.table);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snp_signer_bend(s.signer, &others[i]);
		test_ca_append_der(&s.table, s.signer->certificate);
	}
	test_ca_append_der(&s.table, s.signer->ask);
	test_ca_append_der(&s.table, s.signer->ark);
	accepts(&s);
	strike(&s);
}

static void test_where_certificates_come_from(void **state)
{
	struct scene s;
	const char *why = NULL;

	(void)state;
	set_scene(&s, &milan, 3);
	assert_true(endorsements_add(&s.e, buffer_span(&s.table), &why)); /* from a file, nothing with the report */
	buffer_reset(&s.table);
	accepts(&s);
	assert_true(buffer_resize(&s.table, 4096)); /* a host that gave nothing */
	accepts(&s);
	assert_true(buffer_set(&s.table, "\1\2\3", 3));
	refuses(&s, "endorsement certificate", "what came with the report");
	strike(&s);

	set_scene(&s, &milan, 3);
	buffer_reset(&s.table);
	refuses(&s, "endorsement certificate", "none is there");
	strike(&s);
}

static void test_chain(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	sk_X509_pop_free(s.e.roots, X509_free);
	s.e.roots = NULL;
	refuses(&s, "certificate chain", "not trusted: ARK-Milan");
	assert_false(s.a.tee);
	assert_int_equal(s.a.fact_count, 0);
	strike(&s);

	set_scene(&s, &milan, 3);
	s.signer->chip.to = NOW - 1;
	bend(&s, &(struct snp_signer_bend){0});
	refuses(&s, "certificate chain", "expired");
	strike(&s);

	set_scene(&s, &milan, 3);
	sk_X509_CRL_pop_free(s.e.crls, X509_CRL_free);
	s.e.crls = NULL;
	refuses(&s, "revocation", "no CRL of ARK-Milan");
	s.policy.allow = POLICY_ALLOW_NO_REVOCATION;
	accepts(&s);
	strike(&s);
}

static void test_revoked_ask(void **state)
{
	struct buffer crl = {0};
	struct scene s;
	const char *why = NULL;

	(void)state;
	set_scene(&s, &milan, 3);
	snp_signer_crl(s.signer, NOW + 60, s.signer->ask, &crl);
	assert_true(endorsements_add(&s.e, buffer_span(&crl), &why));
	s.policy.allow = POLICY_ALLOW_NO_REVOCATION;
	refuses(&s, "revocation", "SEV-Milan was revoked");
	buffer_free(&crl);
	strike(&s);
}

static void test_product(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	refuses_bytes(&s, 0x188, "\x19\x11", 2, "product", "is Genoa, the certificate is of Milan");
	refuses_bytes(&s, 0x188, "\x19\x20", 2, "product", "not known");
	refuses_bytes(&s, 0x188, "\x18\x01", 2, "product", "not known");
	strike(&s);
	set_scene(&s, &genoa, 3);
	memcpy(s.report + 0x188, "\x19\xa0", 2); /* Bergamo */
	accepts(&s);
	strike(&s);
}

static void test_what_the_host_may_choose(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	refuses_bytes(&s, 0xa, "\1", 1, "guest policy", "bit 17");
	refuses_bytes(&s, 0xa, "\xb", 1, "debug", "debug");
	refuses_bytes(&s, 0xa, "\x7", 1, "migration", "migration agent");
	refuses_bytes(&s, 0x30, "\1", 1, "vmpl", "1, expected 0");
	refuses_bytes(&s, 0x30, "\xff\xff\xff\xff", 4, "vmpl", "the host asked");
	refuses_bytes(&s, 0x1a0, (const char[64]){0}, 64, "chip", "masks");
	refuses_bytes(&s, SEV_SNP_REPORT_DATA, "\xba", 1, "report data", "other claims");
	refuses_bytes(&s, SEV_SNP_REPORT_DATA + 63, "\xba", 1, "report data", "other claims");

	s.policy.allow = POLICY_ALLOW_DEBUG | POLICY_ALLOW_MIGRATABLE | POLICY_ALLOW_MASKED_CHIP;
	expect_fact(&s, "vmpl");
	s.report[0xa] = 0xf;
	s.report[0x30] = 3;
	memset(s.report + 0x1a0, 0, 64);
	accepts(&s);
	assert_int_equal(number(&s, "debug"), 1);
	assert_int_equal(number(&s, "migratable"), 1);
	assert_int_equal(number(&s, "vmpl"), 3);
	strike(&s);

	/* Each allows its own only. */
	set_scene(&s, &milan, 3);
	s.policy.allow = UINT32_MAX & ~(uint32_t)POLICY_ALLOW_DEBUG;
	refuses_bytes(&s, 0xa, "\xb", 1, "debug", "debug");
	s.policy.allow = UINT32_MAX & ~(uint32_t)POLICY_ALLOW_MIGRATABLE;
	refuses_bytes(&s, 0xa, "\x7", 1, "migration", "migration agent");
	s.policy.allow = UINT32_MAX & ~(uint32_t)POLICY_ALLOW_MASKED_CHIP;
	refuses_bytes(&s, 0x1a0, (const char[64]){0}, 64, "chip", "masks");
	strike(&s);
}

/* The short form, and the claims' hash with something after it, are not SNP's. */
static void test_report_data_in_full(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s, &milan, 3);
	memset(s.report + SEV_SNP_REPORT_DATA + 32, 0, 32);
	refuses(&s, "report data", "other claims");
	snp_signer_sign(s.signer, s.report);
	s.a = (struct appraisal){.policy = &s.policy, .endorsements = &s.e, .time = NOW};
	assert_true(sev_snp_appraise(&s.a, (struct span){s.report, sizeof(s.report)}, buffer_span(&s.table)));
	strike(&s);
}

static void test_floor(void **state)
{
	struct snp_signer_chip old = milan;
	struct scene s;

	(void)state;
	old.tcb[6] = 0x17; /* new microcode does not make up for it */
	old.tcb[7] = 0xff;
	set_scene(&s, &old, 3);
	refuses(&s, "tcb", "SPL 23, Milan needs 24");
	s.policy.allow = POLICY_ALLOW_OLD_TCB;
	accepts(&s);
	s.policy.allow = 0;
	expect_fact(&s, "tcb.microcode");
	refuses(&s, "tcb", "SPL 23, Milan needs 24");
	free(s.policy.expectation);
	expect_fact(&s, "tcb.snp");
	accepts(&s);
	strike(&s);

	old = genoa;
	old.tcb[6] = 0x16;
	set_scene(&s, &old, 3);
	refuses(&s, "tcb", "SPL 22, Genoa needs 23");
	strike(&s);

	old = turin;
	old.tcb[3] = 3; /* FMC, boot loader and TEE come first there */
	set_scene(&s, &old, 5);
	refuses(&s, "tcb", "SPL 3, Turin needs 4 since AMD-SB-3020");
	s.policy.allow = POLICY_ALLOW_OLD_TCB;
	accepts(&s);
	strike(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_milan),
		cmocka_unit_test(test_good_others),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_signing_key),
		cmocka_unit_test(test_certificate_of_another),
		cmocka_unit_test(test_certificate_form),
		cmocka_unit_test(test_several_certificates),
		cmocka_unit_test(test_where_certificates_come_from),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_revoked_ask),
		cmocka_unit_test(test_product),
		cmocka_unit_test(test_what_the_host_may_choose),
		cmocka_unit_test(test_report_data_in_full),
		cmocka_unit_test(test_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

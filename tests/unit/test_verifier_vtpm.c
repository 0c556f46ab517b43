/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Composite evidence: an SNP report and a vTPM's quote over the same claims, bound by an HCL report or an SVSM's; each way in
 * which the vTPM may be another's is refused by the check that is about it. And TPM2_Certify.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cbor_writer.h"
#include "verifier/hcl.h"
#include "verifier/platforms.h"
#include "verifier/sev_snp.h"
#include "verifier/tpm_certify.h"
#include "verifier/vtpm.h"

#include "evidence_sample.h"
#include "snp_signer.h"
#include "tpm_fixture.h"

#include "cmocka_test.h"

#define f tpm_fixture
#define POLICY "{\"version\":1,\"allow\":[\"no-revocation\"],\"sev-snp\":{\"vmpl\":2}}"
#define HCL_SIZE 2048

/* How a report is bent. */
struct bend {
	uint8_t vmpl, measurement, report_id, policy;
};

static struct vtpm_test {
	struct snp_signer *signer, *other_chip;
	uint8_t own[SNP_SIGNER_REPORT_SIZE], hcl[HCL_SIZE];
	struct buffer table;
	struct cmw cmw;
	struct appraisal a;
} t;

static void make_report(const struct snp_signer *signer, struct bend bend, struct span data, uint8_t *report)
{
	snp_signer_report(signer, 3, report);
	memcpy(report + SEV_SNP_REPORT_DATA, data.data, data.size);
	report[0x30] = bend.vmpl;
	memset(report + 0x90, 0x44, 48);
	report[0x90] ^= bend.measurement;
	report[0xa] ^= bend.policy;
	memset(report + 0x140, 0x1d, 32);
	report[0x140] ^= bend.report_id;
	snp_signer_sign(signer, report);
}

static void put_le32(uint8_t *p, size_t value)
{
	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

static void put_base64url(char *out, const uint8_t *bytes, size_t size)
{
	EVP_EncodeBlock((unsigned char *)out, bytes, (int)size);
	out[strcspn(out, "=")] = '\0';
	for (; *out; out++)
		*out = (char)(*out == '+' ? '-' : *out == '/' ? '_' : *out);
}

/* The paravisor's JSON names the fixture's key. */
static void make_hcl(const struct snp_signer *signer, struct bend bend)
{
	uint8_t n[256], hash[TPM_HASH_SIZE_MAX] = {0};
	char modulus[400], json[800];
	BIGNUM *bn = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(tpm_fixture_key(), "n", &bn), 1);
	BN_bn2binpad(bn, n, sizeof(n));
	BN_free(bn);
	put_base64url(modulus, n, sizeof(n));
	snprintf(json, sizeof(json), "{\"keys\":[{\"kid\":\"HCLAkPub\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}]}", modulus);
	assert_true(tpm_hash_two(TPM_HASH_SHA256, span_text(json), (struct span){0}, hash));
	memset(hash + 32, 0, 32);
	memset(t.hcl, 0, sizeof(t.hcl));
	memcpy(t.hcl, "HCLA", 4);
	put_le32(t.hcl + 4, 2);
	make_report(signer, bend, (struct span){hash, 64}, t.hcl + 32);
	put_le32(t.hcl + 1216, strlen(json) + 20);
	put_le32(t.hcl + 1220, 1);
	put_le32(t.hcl + 1224, HCL_SNP);
	put_le32(t.hcl + 1228, 1);
	put_le32(t.hcl + 1232, strlen(json));
	memcpy(t.hcl + 1236, json, strlen(json));
}

static void add_member(uint64_t member, struct span value)
{
	struct cbor_writer w;

	cbor_writer_init(&w, &f.extra, SIZE_MAX);
	cbor_writer_uint(&w, member);
	cbor_writer_bytes(&w, value);
	assert_false(w.failed);
	f.extra_count++;
}

/* A guest at VMPL 2, its own report, and a quote with the members that were added. */
static void make(struct bend own)
{
	tpm_fixture_make();
	make_report(t.signer, own, (struct span){f.report_data, 64}, t.own);
	t.cmw = (struct cmw){.evidence = {t.own, sizeof(t.own)},
			     .certificates = buffer_span(&t.table),
			     .vtpm = buffer_span(&f.evidence)};
}

static void begin(const char *policy)
{
	struct buffer root = {0};
	const char *why = NULL;

	tpm_fixture_begin();
	tpm_fixture_policy(policy);
	test_ca_append_pem(&root, t.signer->ark);
	assert_true(endorsements_add_roots(&f.endorsements, buffer_span(&root), &why));
	buffer_free(&root);
}

static bool appraise(const char *protector)
{
	memset(&t.a, 0, sizeof(t.a));
	t.a.policy = &f.policy;
	t.a.endorsements = &f.endorsements;
	t.a.time = TPM_FIXTURE_NOW;
	t.a.report_data = (struct span){f.report_data, sizeof(f.report_data)};
	t.a.report_data_short = (struct span){f.report_data_short, sizeof(f.report_data_short)};
	return platforms_by_name("sev-snp")->appraise(&t.a, &t.cmw) && vtpm_appraise(&t.a, &t.cmw, span_text(protector));
}

static void good(const char *protector)
{
	if (appraise(protector))
		return;
	for (size_t i = 0; i < t.a.check_count; i++)
		print_message("# %d %s: %s\n", t.a.check[i].passed, t.a.check[i].name, t.a.check[i].detail);
	fail();
}

static void refused(const char *protector, const char *check, const char *words)
{
	const struct appraisal_check *last = NULL;

	assert_false(appraise(protector));
	last = &t.a.check[t.a.check_count - 1];
	if (last->passed || strcmp(last->name, check) != 0 || !strstr(last->detail, words))
		fail_msg("%s: %s", last->name, last->detail);
}

static void add_other_chip(void)
{
	struct buffer bytes = {0};
	const char *why = NULL;

	test_ca_append_pem(&bytes, t.other_chip->ark);
	assert_true(endorsements_add_roots(&f.endorsements, buffer_span(&bytes), &why));
	buffer_reset(&bytes);
	snp_signer_table(t.other_chip, &bytes);
	assert_true(endorsements_add(&f.endorsements, buffer_span(&bytes), &why));
	buffer_free(&bytes);
}

static const struct bend guest = {.vmpl = 2}, above = {.vmpl = 0};

static void bound(struct bend binding, const struct snp_signer *signer)
{
	begin(POLICY);
	make_hcl(signer, binding);
	add_member(TPM_MEMBER_HCL, (struct span){t.hcl, sizeof(t.hcl)});
	make(guest);
}

static void test_good(void **state)
{
	(void)state;
	bound(above, t.signer);
	good("tpm");
	assert_true(t.a.tee);
	assert_string_equal(t.a.platform, "sev-snp");
	assert_string_equal(appraisal_find(&t.a, "pcr4")->section, VTPM_SECTION);
	assert_null(appraisal_find(&t.a, "measurement")->section);
	assert_int_equal(appraisal_find(&t.a, "vmpl")->number, 2);
	/* The facts of both are demanded. */
	policy_free(&f.policy);
	memset(&f.policy, 0, sizeof(f.policy));
	tpm_fixture_policy("{\"version\":1,\"allow\":[\"no-revocation\"],\"sev-snp\":{\"vmpl\":2},\"tpm\":{\"pcr4\":\"hex:00\"}}");
	refused("tpm", "pcr4", "expected 00");
}

static void test_other_guest(void **state)
{
	(void)state;
	bound((struct bend){.report_id = 1}, t.signer);
	refused("tpm", "same guest", "report-id differs");
	bound((struct bend){.measurement = 1}, t.signer);
	refused("tpm", "same guest", "measurement differs");
	bound((struct bend){.policy = 1}, t.signer);
	refused("tpm", "same guest", "policy differs");
	bound((struct bend){.vmpl = 1}, t.signer);
	refused("tpm", "paravisor", "not of VMPL 0");
	/* Of another chip: its certificate is not among the host's, and if it is, the chip is still another. */
	bound(above, t.other_chip);
	assert_false(appraise("tpm"));
	add_other_chip();
	refused("tpm", "same guest", "chip-id differs");
	/* Nothing stands above a guest at VMPL 0: its report is its own word. */
	bound(above, t.signer);
	make(above);
	refused("tpm", "same guest", "runs at VMPL 0 itself");
}

static void test_other_key(void **state)
{
	(void)state;
	begin(POLICY);
	make_hcl(t.signer, above);
	f.kind = TPM_FIXTURE_RSAPSS; /* quotes, and is not named */
	add_member(TPM_MEMBER_HCL, (struct span){t.hcl, sizeof(t.hcl)});
	make(guest);
	refused("tpm", "attestation key", "another one");
	f.kind = TPM_FIXTURE_RSASSA;
	/* Other claims than the report's. */
	bound(above, t.signer);
	f.report_data[0] ^= 1;
	make_report(t.signer, guest, (struct span){f.report_data, 64}, t.own);
	refused("tpm", "report data", "tpm: the platform signed other claims");
}

/* What binds nothing: no binding, though the key's name is pinned, which is enough for a TPM alone. */
static void test_unbound(void **state)
{
	(void)state;
	begin("{\"version\":1,\"allow\":[\"no-revocation\",\"host-vtpm\"],\"sev-snp\":{\"vmpl\":2},\"tpm\":{\"ak-name\":\"00\"}}");
	make(guest);
	refused("tpm", "attestation key", "nothing binds this vTPM");
}

static void test_left_out(void **state)
{
	(void)state;
	bound(above, t.signer);
	t.cmw.vtpm = (struct span){0};
	refused("tpm", "vTPM", "its evidence is missing");
	refused("host-vtpm", "vTPM", "its evidence is missing");
	good("snp-derived-key");
	bound(above, t.signer);
	refused("snp-derived-key", "vTPM", "does not protect this root");
	bound(above, t.signer);
	t.cmw.vtpm = (struct span){0};
	t.cmw.vtpm_log = span_text("a log");
	refused("snp-derived-key", "vTPM", "does not protect this root");
}

static void test_host(void **state)
{
	(void)state;
	begin(POLICY);
	make(guest);
	refused("host-vtpm", "vTPM", "the host's TPM protects the root");
	begin("{\"version\":1,\"allow\":[\"no-revocation\",\"host-vtpm\"],\"sev-snp\":{\"vmpl\":2}}");
	make(guest);
	good("host-vtpm");
	assert_non_null(strstr(t.a.check[t.a.check_count - 1].detail, "THE HOST'S"));
}

/* An SVSM's report: of the EK, so the attestation key's name has to be pinned. */
static void test_svsm(void **state)
{
	static const uint8_t ek[] = {0x00, 0x23, 0x00, 0x0b, 0x00, 0x03, 0x00, 0xb2, 0x00, 0x00, 0x00, 0x06, 0x00, 0x80, 0x00, 0x43,
				     0x00, 0x10, 0x00, 0x03, 0x00, 0x10, 0x00, 0x01, 0x01, 0x00, 0x01, 0x02};
	static uint8_t nonce[64] = {7}, report[SNP_SIGNER_REPORT_SIZE];
	uint8_t hash[TPM_HASH_SIZE_MAX];
	char policy[300];

	(void)state;
	assert_true(tpm_hash_two(TPM_HASH_SHA512, (struct span){nonce, 64}, (struct span){ek, sizeof(ek)}, hash));
	for (unsigned round = 0; round < 3; round++) {
		begin(POLICY);
		make_report(t.signer, (struct bend){.report_id = round == 2}, (struct span){hash, 64}, report);
		add_member(TPM_MEMBER_SVSM, (struct span){report, sizeof(report)});
		add_member(TPM_MEMBER_SVSM_NONCE, (struct span){nonce, sizeof(nonce)});
		add_member(TPM_MEMBER_SVSM_MANIFEST, (struct span){ek, sizeof(ek)});
		make(guest);
		if (round == 0) {
			refused("tpm", "attestation key", "pin \"ak-name\"");
		} else if (round == 2) {
			refused("tpm", "same guest", "report-id differs");
		} else {
			/* Judged by the expectation, which comes after. */
			policy_free(&f.policy);
			memset(&f.policy, 0, sizeof(f.policy));
			snprintf(policy, sizeof(policy), "{\"version\":1,\"allow\":[\"no-revocation\"],\"sev-snp\":{\"vmpl\":2},"
							 "\"tpm\":{\"ak-name\":\"000b00\"}}");
			tpm_fixture_policy(policy);
			refused("tpm", "ak-name", "expected 000b00");
			policy_free(&f.policy);
			memset(&f.policy, 0, sizeof(f.policy));
			snprintf(policy, sizeof(policy), "{\"version\":1,\"allow\":[\"no-revocation\"],\"sev-snp\":{\"vmpl\":2},"
							 "\"tpm\":{\"ak-name\":\"%s\"}}", appraisal_find(&t.a, "ak-name")->text);
			tpm_fixture_policy(policy);
			good("tpm");
		}
	}
}

/* ---- TPM2_Certify ---- */

static void put_2b(struct buffer *out, struct span value)
{
	assert_true(buffer_append(out, (uint8_t[]){0, (uint8_t)value.size}, 2) && buffer_append(out, value.data, value.size));
}

static void test_certify(void **state)
{
	const struct span nonce = span_text("a nonce"), name = span_text("a name"), key = span_text("a signer");
	struct buffer attest = {0}, signature = {0};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[256];
	size_t size = sizeof(sig);
	const char *why = NULL;

	(void)state;
	assert_true(buffer_append(&attest, "\xff" "TCG\x80\x17", 6));
	put_2b(&attest, key);
	put_2b(&attest, nonce);
	assert_true(buffer_resize(&attest, attest.size + 25));
	memset(attest.data + attest.size - 25, 0, 25);
	put_2b(&attest, name);
	put_2b(&attest, key);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, tpm_fixture_key()), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &size, attest.data, attest.size), 1);
	EVP_MD_CTX_free(ctx);
	assert_true(buffer_append(&signature, "\x00\x14\x00\x0b\x01\x00", 6) && buffer_append(&signature, sig, size));
	assert_true(tpm_certify_verify(tpm_fixture_key(), buffer_span(&attest), buffer_span(&signature), nonce, name, &why));
	assert_false(tpm_certify_verify(tpm_fixture_key(), buffer_span(&attest), buffer_span(&signature), key, name, &why));
	assert_string_equal(why, "of another time");
	assert_false(tpm_certify_verify(tpm_fixture_key(), buffer_span(&attest), buffer_span(&signature), nonce, key, &why));
	assert_non_null(strstr(why, "another key"));
	for (size_t i = 0; i < attest.size; i++) {
		attest.data[i] ^= 1;
		assert_false(tpm_certify_verify(tpm_fixture_key(), buffer_span(&attest), buffer_span(&signature), nonce, name, &why));
		attest.data[i] ^= 1;
	}
	for (size_t cut = 0; cut < attest.size; cut++)
		assert_false(tpm_certify_verify(tpm_fixture_key(), (struct span){attest.data, cut}, buffer_span(&signature), nonce,
						name, &why));
	buffer_free(&attest);
	buffer_free(&signature);
}

static int setup(void **state)
{
	const struct snp_signer_chip chip = {.product = "Genoa",
					     .chip_id = {1, 2, 3},
					     .tcb = {0x0a, 0, 0, 0, 0, 0, 0x19, 0x54},
					     .from = TPM_FIXTURE_NOW - 1000000,
					     .to = TPM_FIXTURE_NOW + 1000000};
	struct snp_signer_chip other = chip;

	other.chip_id[0] = 9;
	t.signer = snp_signer_new(NULL, &chip);
	t.other_chip = snp_signer_new(NULL, &other);
	snp_signer_table(t.signer, &t.table);
	f.kind = TPM_FIXTURE_RSASSA;
	tpm_fixture_begin();
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	tpm_fixture_teardown(state);
	buffer_free(&t.table);
	snp_signer_free(&t.signer);
	snp_signer_free(&t.other_chip);
	return tpm_fixture_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),     cmocka_unit_test(test_other_guest), cmocka_unit_test(test_other_key),
		cmocka_unit_test(test_unbound),  cmocka_unit_test(test_left_out),    cmocka_unit_test(test_host),
		cmocka_unit_test(test_svsm),     cmocka_unit_test(test_certify),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

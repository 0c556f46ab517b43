/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a TPM: each rule of the quote, of the key that signed it and of who vouches for that key; the logs; an HCL
 * report as the hardware's word for the key.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cbor_writer.h"
#include "verifier/cmw.h"
#include "verifier/event_log.h"
#include "verifier/hcl.h"
#include "verifier/ima_log.h"
#include "verifier/sev_snp.h"
#include "verifier/svsm.h"
#include "verifier/report.h"
#include "verifier/verifier.h"

#include "evidence_sample.h"
#include "snp_signer.h"
#include "tdx_signer.h"
#include "test_ca.h"
#include "tpm_fixture.h"

#include "cmocka_test.h"

#define f tpm_fixture
#define HOST_VTPM "{\"version\":1,\"allow\":[\"host-vtpm\"]}"

static void fresh(void)
{
	tpm_fixture_begin();
	tpm_fixture_policy(HOST_VTPM);
}

/* ---- quotes ---- */

static void test_good(void **state)
{
	(void)state;
	for (f.kind = 0; f.kind < TPM_FIXTURE_KINDS; f.kind++) {
		fresh();
		tpm_fixture_good();
		assert_true(appraisal_find(&f.a, "pcr4")->pins);
		assert_int_equal(appraisal_find(&f.a, "pcr4")->bytes.data[31], 0x14);
		assert_int_equal(appraisal_find(&f.a, "reset-count")->number, 7);
		assert_string_equal(appraisal_find(&f.a, "pcr-bank")->text, "sha256");
		assert_int_equal(strlen(appraisal_find(&f.a, "ak-name")->text), 68);
		assert_false(f.a.tee);
		assert_string_equal(f.a.platform, "tpm");
	}
	f.kind = TPM_FIXTURE_P384;
	fresh();
	f.bank = f.hash = f.name_algorithm = TPM_HASH_SHA384;
	tpm_fixture_good();
	fresh();
	f.short_form = true;
	tpm_fixture_good();
}

static void test_form(void **state)
{
	(void)state;
	fresh();
	f.flip_attest = 1;
	tpm_fixture_refused("form", "not made by a TPM");
	fresh();
	f.flip_attest = 6;
	tpm_fixture_refused("form", "not a quote");
	fresh();
	f.flip_attest = 4 + 2 + 2 + 34 + 2 + 64 + 8 + 4 + 4 + 1 + 8 + 4; /* a second bank */
	tpm_fixture_refused("form", "several banks");
	fresh();
	f.bank = TPM_HASH_SHA1;
	tpm_fixture_refused("form", "sha1 bank");
	fresh();
	f.hash = TPM_HASH_SHA1;
	tpm_fixture_refused("form", "over SHA-1");
}

static void test_cbor(void **state)
{
	struct cbor_writer w;
	struct span cut = {0};

	(void)state;
	fresh();
	tpm_fixture_make();
	for (size_t size = 0; size < f.evidence.size; size++) {
		cut = evidence_sample_copy((struct span){f.evidence.data, size});
		assert_false(tpm_fixture_appraise(cut));
		tpm_fixture_assert_refused("form", "");
	}
	fresh();
	f.extra_count = 1;
	cbor_writer_init(&w, &f.extra, SIZE_MAX);
	cbor_writer_uint(&w, TPM_MEMBER_SVSM_MANIFEST + 1);
	cbor_writer_bytes(&w, span_text("x"));
	tpm_fixture_refused("form", "not evidence");
	fresh();
	f.extra_count = 1;
	cbor_writer_init(&w, &f.extra, SIZE_MAX);
	cbor_writer_uint(&w, TPM_MEMBER_SIGNATURE);
	cbor_writer_bytes(&w, span_text("x"));
	tpm_fixture_refused("form", "not evidence");
	fresh();
	assert_true(buffer_append(&f.extra, "", 1)); /* after the map */
	tpm_fixture_refused("form", "not evidence");
	fresh();
	f.extra_count = 1;
	cbor_writer_init(&w, &f.extra, SIZE_MAX);
	cbor_writer_uint(&w, TPM_MEMBER_EK);
	cbor_writer_bytes(&w, span_text("a certificate"));
	tpm_fixture_good();
}

static void test_signature(void **state)
{
	(void)state;
	for (f.kind = 0; f.kind < TPM_FIXTURE_P384; f.kind++) {
		fresh();
		f.other_key = true;
		tpm_fixture_refused("signature", "");
		assert_int_equal(f.a.fact_count, 0);
		fresh();
	}
	fresh();
	tpm_fixture_make();
	f.report_data[0] ^= 1;
	assert_false(tpm_fixture_appraise(buffer_span(&f.evidence)));
	tpm_fixture_assert_refused("report data", "other claims");
}

static void test_attributes(void **state)
{
	static const uint32_t needed[] = {1 << 1, 1 << 4, 1 << 5, 1 << 16, 1 << 18};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		fresh();
		f.attributes &= ~needed[i];
		tpm_fixture_refused("attestation key", i == 3 ? "not restricted" : "not all of");
	}
	fresh();
	f.attributes |= 1 << 17;
	tpm_fixture_refused("attestation key", "decrypts");
}

static void test_pcrs(void **state)
{
	(void)state;
	fresh();
	f.flip_attest = 4 + 2 + 2 + 34 + 2 + 64 + 8 + 4 + 4 + 1 + 8 + 4 + 2 + 1 + 3 + 2 + 32; /* the digest's last byte */
	tpm_fixture_refused("PCR values", "others were quoted");
	fresh();
	f.flip_attest = 4 + 2 + 2 + 34 + 2 + 64 + 8 + 4 + 4 + 1 + 8 + 4 + 2 + 2; /* the selection */
	tpm_fixture_refused("PCR values", "others were quoted");
	fresh();
	memset(f.pcr, 0, sizeof(f.pcr));
	tpm_fixture_refused("PCR values", "nothing was measured");
	fresh();
	f.selection = 0x00ff0000; /* resettable ones alone */
	tpm_fixture_refused("PCR values", "nothing was measured");
	fresh();
	f.selection = 0x00ffffff;
	memset(f.pcr[5], 0, sizeof(f.pcr[5]));
	tpm_fixture_good();
	/* Zeros pin nothing, nor what can be reset, nor what the firmware leaves to what it starts (security rule 5). */
	for (unsigned i = 0; i < 24; i++) {
		char name[8];

		snprintf(name, sizeof(name), "pcr%u", i);
		assert_int_equal(appraisal_find(&f.a, name)->pins, i < 8 && i != 5);
		assert_int_equal(appraisal_find(&f.a, name)->self_reported, i >= 8 && i < 16);
	}
}

/* ---- who vouches ---- */

static void test_nobody(void **state)
{
	(void)state;
	tpm_fixture_begin();
	tpm_fixture_refused("attestation key", "nobody vouches");
	assert_int_equal(f.a.fact_count, 0);
}

static void test_name(void **state)
{
	char policy[256], name[140];

	(void)state;
	fresh();
	tpm_fixture_good();
	snprintf(name, sizeof(name), "%s", appraisal_find(&f.a, "ak-name")->text);
	tpm_fixture_begin();
	snprintf(policy, sizeof(policy), "{\"version\":1,\"tpm\":{\"ak-name\":\"%s\"}}", name);
	tpm_fixture_policy(policy);
	tpm_fixture_good();
	tpm_fixture_begin();
	name[67] ^= 1;
	snprintf(policy, sizeof(policy), "{\"version\":1,\"tpm\":{\"ak-name\":\"%s\"}}", name);
	tpm_fixture_policy(policy);
	tpm_fixture_refused("ak-name", "expected");
}

static void test_certificate(void **state)
{
	struct buffer root_pem = {0}, leaf_pem = {0};
	EVP_PKEY *key = test_ca_key("P-256");
	struct test_ca_request request = {.name = "test TPM root",
					  .key = key,
					  .digest = EVP_sha256(),
					  .ca = true,
					  .from = TPM_FIXTURE_NOW - 1000,
					  .to = TPM_FIXTURE_NOW + 1000000,
					  .serial = 1};
	X509 *root = test_ca_certificate(&request), *leaf = NULL;
	X509_CRL *crl = NULL;
	const char *why = NULL;

	(void)state;
	test_ca_append_pem(&root_pem, root);
	request = (struct test_ca_request){.name = "AK",
					   .key = tpm_fixture_key(),
					   .issuer = root,
					   .issuer_key = key,
					   .digest = EVP_sha256(),
					   .from = TPM_FIXTURE_NOW - 1000,
					   .to = TPM_FIXTURE_NOW + 1000000,
					   .serial = 2};
	leaf = test_ca_certificate(&request);
	test_ca_append_pem(&leaf_pem, leaf);
	crl = test_ca_crl(&(struct test_ca_crl_request){.issuer = root,
							.key = key,
							.digest = EVP_sha256(),
							.from = TPM_FIXTURE_NOW - 1000,
							.to = TPM_FIXTURE_NOW + 1000});
	/* Its root is nobody's. */
	tpm_fixture_begin();
	tpm_fixture_policy(HOST_VTPM); /* and what is there is judged even then */
	f.certificates = buffer_span(&leaf_pem);
	tpm_fixture_refused("certificate chain", "");
	/* Told to trust it. */
	tpm_fixture_begin();
	f.certificates = buffer_span(&leaf_pem);
	assert_true(endorsements_add_roots(&f.endorsements, buffer_span(&root_pem), &why));
	test_ca_append_crl(&root_pem, crl);
	assert_true(endorsements_add(&f.endorsements, buffer_span(&root_pem), &why));
	tpm_fixture_good();
	/* The certificate of another key. */
	f.kind = TPM_FIXTURE_P384;
	tpm_fixture_begin();
	f.certificates = buffer_span(&leaf_pem);
	assert_true(endorsements_add_roots(&f.endorsements, buffer_span(&leaf_pem), &why));
	tpm_fixture_refused("attestation key", "nobody vouches");
	X509_CRL_free(crl);
	X509_free(leaf);
	X509_free(root);
	EVP_PKEY_free(key);
	buffer_free(&root_pem);
	buffer_free(&leaf_pem);
}

/* ---- HCL ---- */

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_base64url(char *out, const uint8_t *bytes, size_t size)
{
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < size; i++) {
		bits = bits << 8 | bytes[i];
		for (count += 8; count >= 6; count -= 6)
			*out++ = base64url[bits >> (count - 6) & 63];
	}
	if (count)
		*out++ = base64url[bits << (6 - count) & 63];
	*out = '\0';
}

static void put_le32(struct buffer *out, uint32_t v)
{
	assert_true(buffer_append(out, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)}, 4));
}

struct azure {
	struct tdx_signer *signer;
	struct buffer hcl, quote;
	char json[2048];
};

/* The paravisor's part: JSON with the AK, a TDREPORT, and the TD quote over the JSON's hash. */
static void azure_make(struct azure *z, const char *kid, uint8_t spoil)
{
	uint8_t n[256], hash[TPM_HASH_SIZE_MAX] = {0}, body[TDX_SIGNER_BODY_15_SIZE];
	char modulus[400];
	BIGNUM *bn = NULL;

	buffer_reset(&z->hcl);
	buffer_reset(&z->quote);
	assert_int_equal(EVP_PKEY_get_bn_param(tpm_fixture_key(), "n", &bn), 1);
	BN_bn2binpad(bn, n, sizeof(n));
	BN_free(bn);
	put_base64url(modulus, n, sizeof(n));
	snprintf(z->json, sizeof(z->json), "{\"keys\":[{\"kid\":\"%s\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}]}", kid,
		 modulus);
	assert_true(tpm_hash_two(TPM_HASH_SHA256, span_text(z->json), (struct span){0}, hash));
	hash[0] ^= spoil;
	assert_true(buffer_append(&z->hcl, "HCLA", 4));
	put_le32(&z->hcl, 2);
	assert_true(buffer_resize(&z->hcl, 32 + 1184));
	memcpy(z->hcl.data + 32 + 128, hash, 32);
	put_le32(&z->hcl, (uint32_t)strlen(z->json) + 20);
	put_le32(&z->hcl, 1);
	put_le32(&z->hcl, HCL_TDX);
	put_le32(&z->hcl, 1);
	put_le32(&z->hcl, (uint32_t)strlen(z->json));
	assert_true(buffer_append(&z->hcl, z->json, strlen(z->json)));
	assert_true(buffer_resize(&z->hcl, 2600));
	memset(hash + 32, 0, 32);
	tdx_signer_body(body, hash);
	assert_true(tdx_signer_quote(z->signer, 4, (struct span){body, TDX_SIGNER_BODY_SIZE}, &z->quote));
}

#define MRTD "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"

static void azure_evidence(struct azure *z, const char *policy)
{
	struct buffer file = {0};
	struct cbor_writer w;
	const char *why = NULL;

	f.kind = TPM_FIXTURE_RSASSA;
	tpm_fixture_begin();
	tpm_fixture_policy(policy);
	assert_true(tdx_signer_root(z->signer, &file));
	assert_true(endorsements_add_roots(&f.endorsements, buffer_span(&file), &why));
	buffer_reset(&file);
	assert_true(tdx_signer_collateral(z->signer, &file));
	assert_true(endorsements_add(&f.endorsements, buffer_span(&file), &why));
	buffer_free(&file);
	f.extra_count = 2;
	cbor_writer_init(&w, &f.extra, SIZE_MAX);
	cbor_writer_uint(&w, TPM_MEMBER_HCL);
	cbor_writer_bytes(&w, buffer_span(&z->hcl));
	cbor_writer_uint(&w, TPM_MEMBER_TD_QUOTE);
	cbor_writer_bytes(&w, buffer_span(&z->quote));
}

static void test_hcl(void **state)
{
	static const char pinned[] = "{\"version\":1,\"tdx\":{\"mrtd\":\"hex:" MRTD "\"}}";
	struct azure z = {.signer = tdx_signer_new(TPM_FIXTURE_NOW)};

	(void)state;
	f.kind = TPM_FIXTURE_RSASSA;
	azure_make(&z, "HCLAkPub", 0);
	azure_evidence(&z, pinned);
	tpm_fixture_good();
	assert_true(f.a.tee);
	assert_false(appraisal_find(&f.a, "mrtd")->pins); /* the paravisor's */
	assert_true(appraisal_find(&f.a, "pcr4")->pins);
	/* A guest that anybody runs says the same of his own key. */
	azure_evidence(&z, "{\"version\":1}");
	tpm_fixture_refused("paravisor", "not pinned");
	azure_evidence(&z, "{\"version\":1,\"allow\":[\"any-measurement\"]}");
	tpm_fixture_good();
	azure_evidence(&z, "{\"version\":1,\"tdx\":{\"mrtd\":\"hex:22\"}}");
	tpm_fixture_refused("mrtd", "expected 22");
	/* The quote is of another machine. */
	azure_make(&z, "HCLAkPub", 1);
	azure_evidence(&z, pinned);
	tpm_fixture_refused("HCL report", "another one");
	azure_make(&z, "HCLEkPub", 0);
	azure_evidence(&z, pinned);
	tpm_fixture_refused("HCL key", "names no");
	/* The key is another one. */
	f.kind = TPM_FIXTURE_RSAPSS;
	azure_make(&z, "HCLAkPub", 0);
	azure_evidence(&z, pinned);
	tpm_fixture_refused("attestation key", "another one");
	/* Not under Intel's root. */
	f.kind = TPM_FIXTURE_RSASSA;
	azure_make(&z, "HCLAkPub", 0);
	azure_evidence(&z, pinned);
	endorsements_free(&f.endorsements);
	tpm_fixture_refused("certificate chain", "tdx");
	buffer_free(&z.hcl);
	buffer_free(&z.quote);
	tdx_signer_free(&z.signer);
}

static void test_hcl_form(void **state)
{
	struct azure z = {.signer = tdx_signer_new(TPM_FIXTURE_NOW)};
	struct hcl hcl;
	const char *why = NULL;

	(void)state;
	f.kind = TPM_FIXTURE_RSASSA;
	azure_make(&z, "HCLAkPub", 0);
	assert_true(hcl_read(buffer_span(&z.hcl), &hcl, &why));
	assert_int_equal(hcl.type, HCL_TDX);
	assert_true(span_equal(hcl.data, span_text(z.json)));
	for (size_t size = 0; size < 1236 + strlen(z.json); size++)
		assert_false(hcl_read(evidence_sample_copy((struct span){z.hcl.data, size}), &hcl, &why));
	z.hcl.data[2599] = 1;
	assert_false(hcl_read(buffer_span(&z.hcl), &hcl, &why));
	buffer_free(&z.hcl);
	buffer_free(&z.quote);
	tdx_signer_free(&z.signer);
}

/* ---- SVSM ---- */

static void put_be(struct buffer *out, uint32_t value, size_t size)
{
	uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};

	assert_true(buffer_append(out, bytes + 4 - size, size));
}

/* The TCG's EK template for ECC P-256, or one of a key that signs. */
static void put_ek(struct buffer *out, uint32_t attributes)
{
	uint8_t point[65];
	size_t size = 0;

	buffer_reset(out);
	assert_int_equal(EVP_PKEY_get_octet_string_param(tpm_fixture_key(), "pub", point, sizeof(point), &size), 1);
	put_be(out, 0x0023, 2);
	put_be(out, TPM_HASH_SHA256, 2);
	put_be(out, attributes, 4);
	put_be(out, 0, 2);
	put_be(out, 0x0006, 2); /* AES, 128, CFB */
	put_be(out, 128, 2);
	put_be(out, 0x0043, 2);
	put_be(out, 0x0010, 2);
	put_be(out, 3, 2);
	put_be(out, 0x0010, 2);
	put_be(out, 32, 2);
	assert_true(buffer_append(out, point + 1, 32));
	put_be(out, 32, 2);
	assert_true(buffer_append(out, point + 33, 32));
}

struct svsm {
	struct snp_signer *signer;
	uint8_t report[SNP_SIGNER_REPORT_SIZE], nonce[64];
	struct buffer ek, table;
};

static void svsm_make(struct svsm *s, uint32_t ek_attributes, uint8_t vmpl)
{
	uint8_t hash[TPM_HASH_SIZE_MAX];

	put_ek(&s->ek, ek_attributes);
	assert_true(tpm_hash_two(TPM_HASH_SHA512, (struct span){s->nonce, 64}, buffer_span(&s->ek), hash));
	snp_signer_report(s->signer, 3, s->report);
	memcpy(s->report + SEV_SNP_REPORT_DATA, hash, 64);
	memset(s->report + 0x90, 0x44, 48);
	s->report[0x30] = vmpl;
	snp_signer_sign(s->signer, s->report);
}

static void svsm_appraises(struct svsm *s, const char *policy, bool expected, const char *check, const char *words)
{
	struct buffer file = {0};
	struct tpm_public ek;
	const char *why = NULL;

	tpm_fixture_begin();
	tpm_fixture_policy(policy);
	f.a.policy = &f.policy;
	f.a.endorsements = &f.endorsements;
	test_ca_append_pem(&file, s->signer->ark);
	assert_true(endorsements_add_roots(&f.endorsements, buffer_span(&file), &why));
	buffer_reset(&file);
	snp_signer_crl(s->signer, TPM_FIXTURE_NOW, NULL, &file);
	assert_true(endorsements_add(&f.endorsements, buffer_span(&file), &why));
	buffer_free(&file);
	if (svsm_appraise(&f.a, (struct span){s->report, sizeof(s->report)}, buffer_span(&s->table), (struct span){s->nonce, 64},
			  buffer_span(&s->ek), &ek) != expected) {
		tpm_fixture_print_checks();
		fail();
	}
	if (!expected)
		tpm_fixture_assert_refused(check, words);
	else
		assert_true(ek.ecc && ek.x.size == 32);
}

static void test_svsm(void **state)
{
	static const char pinned[] = "{\"version\":1,\"sev-snp\":{\"measurement\":\"hex:"
				     "444444444444444444444444444444444444444444444444"
				     "444444444444444444444444444444444444444444444444\"}}";
	static const char any_vmpl[] = "{\"version\":1,\"allow\":[\"any-measurement\"],\"sev-snp\":{\"vmpl\":2}}";
	const struct snp_signer_chip chip = {.product = "Genoa",
					     .chip_id = {1, 2, 3},
					     .tcb = {0x0a, 0, 0, 0, 0, 0, 0x19, 0x54},
					     .from = TPM_FIXTURE_NOW - 1000000,
					     .to = TPM_FIXTURE_NOW + 1000000};
	struct svsm s = {.signer = snp_signer_new(NULL, &chip), .nonce = {7}};

	(void)state;
	snp_signer_table(s.signer, &s.table);
	svsm_make(&s, 0x000300b2, 0);
	svsm_appraises(&s, pinned, true, NULL, NULL);
	svsm_appraises(&s, "{\"version\":1}", false, "paravisor", "not pinned");
	s.nonce[0] ^= 1; /* another nonce than was asked with */
	svsm_appraises(&s, pinned, false, "SVSM manifest", "another one");
	svsm_make(&s, 0x00050072, 0); /* a key that signs */
	svsm_appraises(&s, pinned, false, "SVSM manifest", "no EK");
	svsm_make(&s, 0x000300b2, 2); /* what the guest itself can have signed */
	svsm_appraises(&s, any_vmpl, false, "SVSM", "not of VMPL 0");
	buffer_free(&s.ek);
	buffer_free(&s.table);
	snp_signer_free(&s.signer);
}

/* ---- logs ---- */

static struct buffer made;

static void log_event(uint32_t index, const char *measured, const char *logged)
{
	uint8_t digest[TPM_HASH_SIZE_MAX];

	assert_true(tpm_hash_two(TPM_HASH_SHA256, span_text(measured), (struct span){0}, digest));
	put_le32(&made, index);
	put_le32(&made, EVENT_LOG_EV_IPL);
	put_le32(&made, 1);
	assert_true(buffer_append(&made, "\x0b\0", 2) && buffer_append(&made, digest, 32));
	put_le32(&made, (uint32_t)strlen(logged) + 1);
	assert_true(buffer_append(&made, logged, strlen(logged) + 1));
}

static void good_log(void)
{
	struct event_log_values values;
	const char *why = NULL;

	buffer_free(&made);
	assert_true(buffer_append(&made, "\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x21\0\0\0", 32));
	assert_true(buffer_append(&made, "Spec ID Event03\0\0\0\0\0\0\2\0\2\1\0\0\0\x0b\0\x20\0\0", 33));
	for (uint32_t i = 0; i < 8; i++)
		log_event(i, "firmware", "?");
	log_event(8, "/vmlinuz quiet", "kernel_cmdline: /vmlinuz quiet");
	assert_true(event_log_replay(buffer_span(&made), TPM_HASH_SHA256, &values, &why));
	for (size_t i = 0; i < 9; i++)
		memcpy(f.pcr[i], values.value[i], 32);
	f.event_log = buffer_span(&made);
}

static void test_event_log(void **state)
{
	(void)state;
	fresh();
	good_log();
	tpm_fixture_good();
	assert_string_equal(appraisal_find(&f.a, "cmdline")->text, "/vmlinuz quiet");
	fresh();
	good_log();
	f.pcr[7][0] ^= 1;
	tpm_fixture_refused("event log", "PCR7");
	/* Something was extended later: then the log says nothing of that register. */
	fresh();
	good_log();
	f.pcr[8][0] ^= 1;
	tpm_fixture_good();
	assert_null(appraisal_find(&f.a, "cmdline"));
	fresh();
	good_log();
	f.selection = 1 << 9 | 1 << 10;
	tpm_fixture_refused("event log", "none of the quoted");
	buffer_free(&made);
}

/* An entry of ima-ng, or of ima-sig with an empty signature. */
static void ima_entry(const char *path, uint8_t digest, bool violation, bool sig)
{
	struct buffer data = {0};
	uint8_t hash[TPM_HASH_SIZE_MAX] = {0}, file[32];

	memset(file, violation ? 0 : digest, sizeof(file));
	put_le32(&data, 8 + 32);
	assert_true(buffer_append(&data, "sha256:", 8) && buffer_append(&data, file, 32));
	put_le32(&data, (uint32_t)strlen(path) + 1);
	assert_true(buffer_append(&data, path, strlen(path) + 1));
	if (sig)
		put_le32(&data, 0);
	if (!violation)
		assert_true(tpm_hash_two(TPM_HASH_SHA1, buffer_span(&data), (struct span){0}, hash));
	put_le32(&made, 10);
	assert_true(buffer_append(&made, hash, 20));
	put_le32(&made, sig ? 7 : 6);
	assert_true(buffer_append(&made, sig ? "ima-sig" : "ima-ng", sig ? 7 : 6));
	put_le32(&made, (uint32_t)data.size);
	assert_true(buffer_append(&made, data.data, data.size));
	/* The kernel's side, written a second time. */
	memset(hash, 0xff, 32);
	if (!violation)
		assert_true(tpm_hash_two(TPM_HASH_SHA256, buffer_span(&data), (struct span){0}, hash));
	assert_true(tpm_hash_two(TPM_HASH_SHA256, (struct span){f.pcr[10], 32}, (struct span){hash, 32}, f.pcr[10]));
	buffer_free(&data);
	f.ima_log = buffer_span(&made);
}

static void ima_begin(void)
{
	fresh();
	buffer_free(&made);
	memset(f.pcr[10], 0, sizeof(f.pcr[10]));
	ima_entry("boot_aggregate", 1, false, false);
	ima_entry("/usr/bin/other", 2, true, false);
}

static void test_ima(void **state)
{
	(void)state;
	ima_begin();
	ima_entry("/usr/sbin/keyclaved", 0x77, false, true);
	ima_entry("/usr/sbin/keyclaved", 0x77, false, false);
	tpm_fixture_good();
	assert_int_equal(appraisal_find(&f.a, "ima.keyclaved")->bytes.data[31], 0x77);
	assert_string_equal(appraisal_find(&f.a, "ima.keyclaved-path")->text, "/usr/sbin/keyclaved");
	assert_string_equal(appraisal_find(&f.a, "ima.keyclaved-hash")->text, "sha256");
	assert_int_equal(appraisal_find(&f.a, "ima.entries")->number, 4);
	assert_false(appraisal_find(&f.a, "ima.keyclaved")->pins);
	ima_entry("/tmp/keyclaved", 0x78, false, false);
	tpm_fixture_refused("measured files", "several programs");
	ima_begin();
	ima_entry("/usr/sbin/keyclaved", 0x77, true, false);
	tpm_fixture_refused("measured files", "changed while");
	ima_begin();
	ima_entry("/usr/sbin/notkeyclaved", 0x77, false, false);
	tpm_fixture_good();
	assert_null(appraisal_find(&f.a, "ima.keyclaved"));
	ima_begin();
	f.pcr[10][31] ^= 1;
	tpm_fixture_refused("measured files", "does not replay");
	ima_begin();
	f.selection &= ~(1u << 10);
	tpm_fixture_refused("measured files", "PCR10 was not quoted");
	ima_begin();
	ima_entry("/usr/sbin/keyclaved", 0x77, false, true);
	for (size_t size = 1; size < made.size; size++) {
		uint8_t value[TPM_HASH_SIZE_MAX];
		const char *why = NULL;
		bool whole = ima_log_replay(evidence_sample_copy((struct span){made.data, size}), TPM_HASH_SHA256, value, &why);

		assert_true(!whole || memcmp(value, f.pcr[10], 32) != 0);
	}
	buffer_free(&made);
}

/* ---- in its envelope ---- */

static json_t *events; /* of the last verdict's report; NULL: none */

static void assert_verdict(struct span collection, const char *json, enum verifier_outcome outcome, const char *check)
{
	static struct verifier_verdict verdict;
	const struct appraisal *a = &verdict.appraisal;
	json_t *report = NULL;

	policy_free(&f.policy);
	tpm_fixture_policy(json);
	f.policy.nonce = span_text("nonce");
	verifier_check(collection, &f.policy, NULL, TPM_FIXTURE_NOW, &verdict);
	if (verdict.outcome != outcome)
		for (size_t i = 0; i < a->check_count; i++)
			print_message("# %s: %s\n", a->check[i].name, a->check[i].detail);
	assert_int_equal(verdict.outcome, outcome);
	assert_false(a->tee);
	json_decref(events);
	report = report_json(&verdict);
	events = json_incref(json_object_get(report, "events"));
	json_decref(report);
	if (outcome == VERIFIER_GOOD) { /* trust on first use pins the key too */
		report = report_policy(&verdict);
		assert_int_equal(strlen(json_string_value(json_object_get(json_object_get(report, "tpm"), "ak-name"))), 68);
		json_decref(report);
	}
	if (check)
		assert_string_equal(a->check[a->check_count - 1].name, check);
}

static void test_envelope(void **state)
{
	static const uint8_t identity[] = {5, 6, 7};
	static const char pin[] = "{\"version\":1,\"allow\":[\"host-vtpm\",\"any-identity\"],\"tpm\":{\"pcr4\":\"hex:"
				  "1414141414141414141414141414141414141414141414141414141414141414\"}}";
	static const char resettable[] = "{\"version\":1,\"allow\":[\"host-vtpm\",\"any-identity\"],\"tpm\":{\"pcr16\":"
					 "\"hex:2020202020202020202020202020202020202020202020202020202020202020\"}}";
	const struct claims claims = {.purpose = span_text(CLAIMS_PURPOSE_TOKEN),
				      .nonce = span_text("nonce"),
				      .platform = span_text("tpm"),
				      .protector = span_text("tpm"),
				      .rollback = span_text("counter"),
				      .serial = span_text("0123456789abcdef"),
				      .token_label = span_text("token"),
				      .identity = {identity, sizeof(identity)}};
	struct buffer written = {0}, collection = {0};
	struct cmw cmw = {.evidence_type = span_text("application/vnd.keyclave.tpm-evidence+cbor")};

	(void)state;
	fresh();
	f.selection = 0x0001ffff;
	assert_true(claims_write(&claims, &written));
	assert_true(tpm_hash_two(TPM_HASH_SHA512, buffer_span(&written), (struct span){0}, f.report_data));
	tpm_fixture_make();
	cmw.claims = buffer_span(&written);
	cmw.evidence = buffer_span(&f.evidence);
	assert_true(cmw_write(&cmw, &collection));
	assert_verdict(buffer_span(&collection), pin, VERIFIER_GOOD, NULL);
	assert_null(events);
	assert_verdict(buffer_span(&collection), resettable, VERIFIER_REFUSED, "measurement");
	assert_verdict(buffer_span(&collection), "{\"version\":1,\"allow\":[\"host-vtpm\",\"any-identity\"]}",
		       VERIFIER_REFUSED, "measurement");
	assert_verdict(buffer_span(&collection), "{\"version\":1}", VERIFIER_REFUSED, "attestation key");
	/* With a log: its events are listed, but for a register that went on after it. */
	good_log();
	f.pcr[5][0] ^= 1;
	f.selection = 1u << 0 | 1u << 4 | 1u << 8;
	f.pcr[8][0] ^= 1;
	tpm_fixture_make();
	cmw.evidence = buffer_span(&f.evidence);
	cmw.event_log = buffer_span(&made);
	buffer_reset(&collection);
	assert_true(cmw_write(&cmw, &collection));
	assert_verdict(buffer_span(&collection), "{\"version\":1,\"allow\":[\"host-vtpm\",\"any-identity\","
						 "\"any-measurement\"]}", VERIFIER_GOOD, NULL);
	assert_int_equal(json_array_size(events), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(events, 1), "index")), 4);
	assert_string_equal(json_string_value(json_object_get(json_array_get(events, 1), "text")), "boot loader [?]");
	json_decref(events);
	events = NULL;
	buffer_free(&made);
	buffer_free(&written);
	buffer_free(&collection);
}

/* ---- each byte ---- */

static void test_flipped(void **state)
{
	struct appraisal before;

	(void)state;
	fresh();
	good_log();
	tpm_fixture_good();
	before = f.a;
	for (size_t i = 0; i < f.evidence.size + made.size; i++) {
		uint8_t *byte = i < f.evidence.size ? &f.evidence.data[i] : &made.data[i - f.evidence.size];

		*byte ^= (uint8_t)(1 << i % 8);
		if (tpm_fixture_appraise(buffer_span(&f.evidence))) {
			assert_true(i >= f.evidence.size || i > 200); /* not in what is signed */
			for (size_t n = 0; n < f.a.fact_count; n++) {
				const struct appraisal_fact *is = &f.a.fact[n], *was = appraisal_find(&before, is->name);

				if (strcmp(is->name, "ak-name") == 0) /* nobody vouches for the key here */
					continue;
				assert_non_null(was);
				assert_string_equal(was->text, is->text);
				assert_int_equal(was->number, is->number);
				assert_true(span_equal(was->bytes, is->bytes));
			}
		}
		*byte ^= (uint8_t)(1 << i % 8);
	}
	buffer_free(&made);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tpm_fixture_setup, tpm_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),      TEST(test_form),        TEST(test_cbor),	TEST(test_signature), TEST(test_attributes),
		TEST(test_pcrs),      TEST(test_nobody),      TEST(test_name),	TEST(test_certificate), TEST(test_hcl),
		TEST(test_hcl_form),  TEST(test_svsm),	TEST(test_event_log),   TEST(test_ima),	TEST(test_flipped),
		TEST(test_envelope),
	};

	return cmocka_run_group_tests(tests, NULL, tpm_fixture_end);
}

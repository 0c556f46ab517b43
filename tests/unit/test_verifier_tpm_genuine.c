/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes of real vTPMs: Azure's confidential VMs from the hardware to the PCRs, Google's with their event log, and those that
 * must not pass.
 */
#include "config.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/cursor.h"
#include "verifier/hcl.h"
#include "verifier/sev_snp.h"
#include "verifier/tdx_quote.h"
#include "verifier/tpm_public.h"

#include "evidence_sample.h"
#include "tpm_fixture.h"

#include "cmocka_test.h"

#define f tpm_fixture
#define ALLOW(words) "{\"version\":1,\"allow\":[" words "]}"

/* ---- text to bytes ---- */

static struct span from_hex(const char *text)
{
	size_t size = 0;
	unsigned char *bytes = OPENSSL_hexstr2buf(text, NULL);
	struct span copy = {0};

	assert_non_null(bytes);
	size = strlen(text) / 2;
	copy = evidence_sample_copy((struct span){bytes, size});
	OPENSSL_free(bytes);
	return copy;
}

/* base64 or base64url, with or without padding. */
static struct span from_base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buffer out = {0};
	uint32_t bits = 0;
	unsigned count = 0;
	struct span copy = {0};

	for (; *text && *text != '='; text++) {
		const char *digit = strchr(digits, *text == '-' ? '+' : *text == '_' ? '/' : *text);
		uint8_t byte = 0;

		assert_non_null(digit);
		bits = bits << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		byte = (uint8_t)(bits >> count);
		assert_true(buffer_append(&out, &byte, 1));
	}
	copy = evidence_sample_copy(buffer_span(&out));
	buffer_free(&out);
	return copy;
}

/* A string by DECODE, or an array of numbers. */
static struct span bytes_of(const json_t *value, struct span (*decode)(const char *))
{
	struct buffer out = {0};
	struct span copy = {0};

	if (json_is_string(value))
		return decode(json_string_value(value));
	assert_true(json_is_array(value));
	for (size_t i = 0; i < json_array_size(value); i++) {
		uint8_t byte = (uint8_t)json_integer_value(json_array_get(value, i));

		assert_true(buffer_append(&out, &byte, 1));
	}
	copy = evidence_sample_copy(buffer_span(&out));
	buffer_free(&out);
	return copy;
}

static json_t *load(const char *name)
{
	struct span file = evidence_sample(name);
	json_t *json = json_loadb((const char *)file.data, file.size, 0, NULL);

	assert_non_null(json);
	return json;
}

/* ---- Azure ---- */

struct azure {
	struct span hcl, td_quote, certificates, attest, signature, pcr[TPM_QUOTE_PCRS];
};

static void azure_quote(struct azure *z, const json_t *quote)
{
	const json_t *pcrs = json_object_get(quote, "pcrs");

	z->attest = bytes_of(json_object_get(quote, "message"), from_hex);
	z->signature = bytes_of(json_object_get(quote, "signature"), from_hex);
	assert_int_equal(json_array_size(pcrs), TPM_QUOTE_PCRS);
	for (size_t i = 0; i < TPM_QUOTE_PCRS; i++)
		z->pcr[i] = bytes_of(json_array_get(pcrs, i), from_hex);
}

static struct azure azure_read(const char *name)
{
	json_t *json = load(name);
	const json_t *quote = json_object_get(json, "tpm_quote"), *vcek = json_object_get(json, "vcek");
	struct azure z = {0};

	if (quote) {
		z.hcl = bytes_of(json_object_get(json, "hcl_report"), from_base64);
	} else {
		quote = json_object_get(json, "quote");
		z.hcl = bytes_of(json_object_get(json, "report"), from_base64);
	}
	azure_quote(&z, quote);
	if (json_object_get(json, "td_quote"))
		z.td_quote = bytes_of(json_object_get(json, "td_quote"), from_base64);
	if (vcek && strncmp(json_string_value(vcek), "-----", 5) == 0)
		z.certificates = evidence_sample_copy(span_text(json_string_value(vcek)));
	else if (vcek)
		z.certificates = from_base64(json_string_value(vcek));
	json_decref(json);
	return z;
}

/* Hardware, JSON, key, quote, nonce, PCRs. */
static bool azure_appraise(const struct azure *z, const char *policy, int64_t time)
{
	const struct tpm_quote_signature signature = {0x0014, TPM_HASH_SHA256, z->signature, {0}, {0}};
	struct tpm_quote quote = {0};
	EVP_PKEY *ak = NULL;
	const char *why = NULL;
	bool good = false;

	tpm_fixture_begin();
	tpm_fixture_policy(policy);
	f.a.time = time;
	f.a.policy = &f.policy;
	f.a.endorsements = &f.endorsements;
	f.a.platform = "tpm";
	endorsements_add(&f.endorsements, evidence_sample("sev-snp/ask-ark-milan.pem"), &why);
	good = hcl_appraise(&f.a, z->hcl, z->td_quote, z->certificates, &ak) && tpm_quote_read(z->attest, &quote, &why) &&
	       tpm_quote_verify(ak, &signature, &quote) && span_equal(quote.extra_data, span_text("challenge")) &&
	       tpm_quote_covers(&quote, TPM_HASH_SHA256, z->pcr);
	EVP_PKEY_free(ak);
	return good;
}

static const struct azure_case {
	const char *name;
	const char *policy;
	int64_t time;
} azure_cases[] = {
	{"tpm/az-snp-evidence-v1.json", ALLOW("\"no-revocation\",\"any-measurement\",\"old-tcb\""), 1740000000},
	{"tpm/az-snp-evidence-v0.json", ALLOW("\"no-revocation\",\"any-measurement\",\"old-tcb\""), 1740000000},
	{"tpm/az-tdx-evidence-v1.json", ALLOW("\"no-revocation\",\"any-measurement\""), 1735689600},
};

/* Each byte of PART: nothing that is signed may be another. */
static void flip_part(const struct azure_case *c, const struct azure *z, struct span part, size_t from, size_t to, size_t step)
{
	uint8_t *bytes = (uint8_t *)(uintptr_t)part.data;

	for (size_t i = from; i < to; i += step) {
		bytes[i] ^= (uint8_t)(1 << i % 8);
		assert_false(azure_appraise(z, c->policy, c->time));
		bytes[i] ^= (uint8_t)(1 << i % 8);
	}
}

static void test_azure(void **state)
{
	const struct azure_case *c = *state;
	struct azure z = azure_read(c->name);
	struct hcl hcl;
	const char *why = NULL;

	if (!azure_appraise(&z, c->policy, c->time)) {
		tpm_fixture_print_checks();
		fail();
	}
	assert_true(hcl_read(z.hcl, &hcl, &why));
	assert_int_equal(hcl.type, z.td_quote.data ? HCL_TDX : HCL_SNP);
	flip_part(c, &z, z.attest, 0, z.attest.size, 1);
	flip_part(c, &z, z.signature, 0, z.signature.size, 7);
	flip_part(c, &z, z.pcr[7], 0, 32, 5);
	flip_part(c, &z, z.hcl, (size_t)(hcl.data.data - z.hcl.data), (size_t)(hcl.data.data - z.hcl.data) + hcl.data.size, 7);
	if (hcl.type == HCL_SNP)
		flip_part(c, &z, z.hcl, 32, 32 + 0x2a0, 23);
	else
		flip_part(c, &z, z.td_quote, 0, 632, 23);
	/* By default: the paravisor is not pinned, or revocation is not judged. */
	assert_false(azure_appraise(&z, "{\"version\":1}", c->time));
}

static void test_azure_reports(void **state)
{
	struct span raw = evidence_sample("tpm/az-snp-hcl-report.bin"), tdx = evidence_sample("tpm/az-tdx-hcl-report.bin");
	struct span chain = evidence_sample("tpm/az-snp.vcek-chain.pem");
	struct span message = evidence_sample("tpm/quote-8pcr-otherkey.msg"), made = evidence_sample("tpm/quote-8pcr-otherkey.sig");
	const struct tpm_quote_signature signature = {0x0014, TPM_HASH_SHA256, made, {0}, {0}};
	struct tpm_quote quote;
	struct hcl hcl;
	EVP_PKEY *ak = NULL;
	const char *why = NULL;

	(void)state;
	tpm_fixture_begin();
	tpm_fixture_policy(azure_cases[0].policy);
	f.a.time = 1735689600;
	f.a.policy = &f.policy;
	if (!hcl_appraise(&f.a, raw, (struct span){0}, chain, &ak)) {
		tpm_fixture_print_checks();
		fail();
	}
	assert_true(tpm_quote_read(message, &quote, &why));
	assert_int_equal(quote.selection, 0x40ff);
	assert_true(span_equal(quote.extra_data, span_text("challenge")));
	assert_false(tpm_quote_verify(ak, &signature, &quote)); /* another key's */
	EVP_PKEY_free(ak);
	assert_true(hcl_read(tdx, &hcl, &why));
	assert_int_equal(hcl.type, HCL_TDX);
	assert_int_equal(hcl.data.size, 1201);
	assert_true(tpm_hash_covers(TPM_HASH_SHA256, cursor_slice(hcl.hardware, 128, 32), hcl.data));
	/* The TDREPORT alone convinces nobody. */
	tpm_fixture_begin();
	tpm_fixture_policy(azure_cases[2].policy);
	f.a.policy = &f.policy;
	assert_false(hcl_appraise(&f.a, tdx, (struct span){0}, (struct span){0}, &ak));
	tpm_fixture_assert_refused("form", "");
}

/* ---- others ---- */

static void test_trustee(void **state)
{
	json_t *json = load("tpm/tpm-evidence-trustee.json");
	const json_t *quote_json = json_object_get(json, "tpm_quote");
	struct span spki = bytes_of(json_object_get(json, "ak_public"), from_base64);
	struct span attest = bytes_of(json_object_get(quote_json, "message"), from_base64);
	struct span signed_by = bytes_of(json_object_get(quote_json, "signature"), from_base64);
	const unsigned char *at = spki.data;
	EVP_PKEY *ak = d2i_PUBKEY(NULL, &at, (long)spki.size);
	struct tpm_quote_signature signature;
	struct span pcr[TPM_QUOTE_PCRS];
	struct tpm_quote quote;
	const char *why = NULL;

	(void)state;
	for (size_t i = 0; i < TPM_QUOTE_PCRS; i++)
		pcr[i] = bytes_of(json_array_get(json_object_get(quote_json, "pcrs"), i), from_hex);
	json_decref(json);
	assert_true(tpm_quote_read(attest, &quote, &why));
	assert_true(tpm_quote_read_signature(signed_by, &signature, &why));
	assert_true(tpm_quote_verify(ak, &signature, &quote));
	assert_true(tpm_quote_covers(&quote, signature.hash, pcr));
	for (size_t i = 0; i < attest.size; i++) {
		((uint8_t *)(uintptr_t)attest.data)[i] ^= 1;
		assert_false(tpm_quote_read(attest, &quote, &why) && tpm_quote_verify(ak, &signature, &quote));
		((uint8_t *)(uintptr_t)attest.data)[i] ^= 1;
	}
	EVP_PKEY_free(ak);
}

static void test_windows_sha1(void **state)
{
	json_t *json = load("tpm/windows-gcp-shieldedvm-tpm20.json");
	const json_t *quote = json_object_get(json, "Quote");
	struct span none[TPM_QUOTE_PCRS] = {{0}};
	struct buffer evidence = {0};

	(void)state;
	tpm_fixture_begin();
	tpm_fixture_policy(ALLOW("\"host-vtpm\""));
	tpm_fixture_put(&evidence, bytes_of(json_object_get(quote, "Quote"), from_base64),
			bytes_of(json_object_get(quote, "Signature"), from_base64),
			bytes_of(json_object_get(json_object_get(json, "AK"), "Public"), from_base64), 1, none, (struct span){0}, 0);
	json_decref(json);
	assert_false(tpm_fixture_appraise(buffer_span(&evidence)));
	tpm_fixture_assert_refused("form", "over SHA-1");
	buffer_free(&evidence);
}

/* ---- Google: go-tpm-tools' Attestation, a protobuf ---- */

static uint64_t varint(struct cursor *c)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 63; shift += 7) {
		uint8_t byte = cursor_u8(c);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

/* The next field: its number, and its bytes or its value. */
static uint64_t field(struct cursor *c, struct span *bytes, uint64_t *value)
{
	uint64_t tag = varint(c);

	*bytes = (struct span){0};
	if ((tag & 7) == 2)
		*bytes = cursor_bytes(c, varint(c));
	else
		*value = varint(c);
	assert_false(c->failed);
	return tag >> 3;
}

struct google {
	struct span ak, log, attest, signature, pcr[TPM_QUOTE_PCRS];
	uint64_t hash;
	uint32_t selection;
};

static void google_pcrs(struct google *g, struct span message)
{
	struct cursor c, entry;
	struct span bytes = {0}, value = {0};
	uint64_t number = 0, index = 0;

	cursor_init(&c, message);
	while (c.rest.size) {
		if (field(&c, &bytes, &number) == 1) {
			g->hash = number;
			continue;
		}
		index = 0;
		value = (struct span){0};
		cursor_init(&entry, bytes);
		while (entry.rest.size)
			if (field(&entry, &bytes, &index) == 2)
				value = bytes;
		assert_true(index < TPM_QUOTE_PCRS);
		g->pcr[index] = value;
		g->selection |= 1u << index;
	}
}

/* The quote of this bank among the attestation's. */
static struct google google_read(struct span file, uint64_t hash)
{
	struct google g = {0}, one = {0};
	struct cursor c, inner;
	struct span bytes = {0}, part = {0};
	uint64_t number = 0;

	cursor_init(&c, file);
	while (c.rest.size) {
		uint64_t id = field(&c, &bytes, &number);

		if (id == 1)
			g.ak = bytes;
		if (id == 3)
			g.log = bytes;
		if (id != 2)
			continue;
		memset(&one, 0, sizeof(one));
		cursor_init(&inner, bytes);
		while (inner.rest.size) {
			uint64_t member = field(&inner, &part, &number);

			if (member == 1)
				one.attest = part;
			else if (member == 2)
				one.signature = part;
			else if (member == 3)
				google_pcrs(&one, part);
		}
		if (one.hash != hash)
			continue;
		one.ak = g.ak;
		one.log = g.log;
		g = one;
	}
	return g;
}

static void test_google(void **state)
{
	struct span file = evidence_sample("tpm/gce-vtpm-nonce9009.pb");
	struct google g = google_read(file, TPM_HASH_SHA256);
	struct buffer evidence = {0};
	struct tpm_quote quote;
	const char *why = NULL;

	(void)state;
	assert_non_null(g.attest.data);
	tpm_fixture_begin();
	tpm_fixture_policy(ALLOW("\"host-vtpm\""));
	assert_true(tpm_quote_read(g.attest, &quote, &why));
	assert_int_equal(quote.extra_data.size, 2);
	assert_memory_equal(quote.extra_data.data, "\x90\x09", 2);
	tpm_fixture_put(&evidence, g.attest, g.signature, g.ak, g.selection, g.pcr, (struct span){0}, 0);
	f.event_log = g.log;
	/* What was asked for is two bytes here, which no report data of ours is. */
	assert_false(tpm_fixture_appraise(buffer_span(&evidence)));
	tpm_fixture_assert_refused("report data", "");
	f.a.policy = &f.policy;
	memset(&f.a, 0, sizeof(f.a));
	f.a.policy = &f.policy;
	if (!tpm_appraise(&f.a, buffer_span(&evidence), (struct span){0}, g.log, (struct span){0})) {
		tpm_fixture_print_checks();
		fail();
	}
	assert_non_null(appraisal_find(&f.a, "secure-boot"));
	buffer_free(&evidence);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tpm_fixture_setup, tpm_fixture_teardown)
#define AZURE (sizeof(azure_cases) / sizeof(azure_cases[0]))

int main(void)
{
	struct CMUnitTest tests[AZURE + 4] = {
		TEST(test_azure_reports),
		TEST(test_trustee),
		TEST(test_windows_sha1),
		TEST(test_google),
	};

	for (size_t i = 0; i < AZURE; i++)
		tests[i + 4] = (struct CMUnitTest){azure_cases[i].name, test_azure, tpm_fixture_setup, tpm_fixture_teardown,
						   (void *)(uintptr_t)&azure_cases[i]};
	return cmocka_run_group_tests(tests, NULL, tpm_fixture_end);
}

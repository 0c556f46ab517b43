/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes by software keys.
 */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "common/cbor_writer.h"

#include "evidence_sample.h"
#include "tpm_fixture.h"

#include "cmocka_test.h"

struct tpm_fixture tpm_fixture;

static EVP_PKEY *keys[TPM_FIXTURE_KINDS];
static EVP_PKEY *other;

EVP_PKEY *tpm_fixture_key(void)
{
	EVP_PKEY **key = &keys[tpm_fixture.kind];

	if (!*key)
		*key = tpm_fixture.kind == TPM_FIXTURE_P256 ? EVP_EC_gen("P-256") :
		       tpm_fixture.kind == TPM_FIXTURE_P384 ? EVP_EC_gen("P-384") : EVP_RSA_gen(2048);
	assert_non_null(*key);
	return *key;
}

static void put(struct buffer *out, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
	assert_true(buffer_append(out, bytes, size));
}

static void put_2b(struct buffer *out, const void *data, size_t size)
{
	put(out, size, 2);
	assert_true(buffer_append(out, data, size));
}

static void clear(void)
{
	struct tpm_fixture *f = &tpm_fixture;

	buffer_free(&f->extra);
	buffer_free(&f->ak);
	buffer_free(&f->attest);
	buffer_free(&f->signature);
	buffer_free(&f->evidence);
	policy_free(&f->policy);
	endorsements_free(&f->endorsements);
}

void tpm_fixture_begin(void)
{
	struct tpm_fixture *f = &tpm_fixture;
	enum tpm_fixture_kind kind = f->kind;

	clear();
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->attributes = 0x00050072; /* sign, restricted, userWithAuth, sensitiveDataOrigin, fixedParent, fixedTPM */
	f->name_algorithm = TPM_HASH_SHA256;
	f->bank = TPM_HASH_SHA256;
	f->hash = TPM_HASH_SHA256;
	f->selection = 0x0000ffff;
	for (size_t i = 0; i < TPM_QUOTE_PCRS; i++)
		memset(f->pcr[i], (int)(0x10 + i), TPM_HASH_SIZE_MAX);
	memset(f->report_data, 0xda, sizeof(f->report_data));
	memset(f->report_data_short, 0xd5, sizeof(f->report_data_short));
	f->a.time = TPM_FIXTURE_NOW;
}

int tpm_fixture_setup(void **state)
{
	(void)state;
	tpm_fixture.kind = TPM_FIXTURE_P256;
	tpm_fixture_begin();
	return 0;
}

int tpm_fixture_teardown(void **state)
{
	clear();
	return evidence_sample_free(state);
}

int tpm_fixture_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < TPM_FIXTURE_KINDS; i++) {
		EVP_PKEY_free(keys[i]);
		keys[i] = NULL;
	}
	EVP_PKEY_free(other);
	other = NULL;
	return 0;
}

void tpm_fixture_policy(const char *json)
{
	char why[200];

	if (!policy_read(&tpm_fixture.policy, span_text(json), why, sizeof(why)))
		fail_msg("%s", why);
}

static void make_ak(struct tpm_fixture *f)
{
	EVP_PKEY *key = tpm_fixture_key();
	bool rsa = f->kind <= TPM_FIXTURE_RSAPSS;
	uint8_t bytes[512];
	size_t size = 0, half = 0;
	BIGNUM *n = NULL;

	put(&f->ak, rsa ? 0x0001 : 0x0023, 2);
	put(&f->ak, f->name_algorithm, 2);
	put(&f->ak, f->attributes, 4);
	put_2b(&f->ak, "", 0);
	put(&f->ak, 0x0010, 2);
	put(&f->ak, rsa ? (f->kind == TPM_FIXTURE_RSASSA ? 0x0014 : 0x0016) : 0x0018, 2);
	put(&f->ak, f->hash, 2);
	if (rsa) {
		put(&f->ak, 2048, 2);
		put(&f->ak, 0, 4);
		assert_int_equal(EVP_PKEY_get_bn_param(key, "n", &n), 1);
		size = (size_t)BN_bn2binpad(n, bytes, 256);
		BN_free(n);
		put_2b(&f->ak, bytes, size);
		return;
	}
	put(&f->ak, f->kind == TPM_FIXTURE_P256 ? 3 : 4, 2);
	put(&f->ak, 0x0010, 2);
	assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", bytes, sizeof(bytes), &size), 1);
	half = (size - 1) / 2;
	put_2b(&f->ak, bytes + 1, half);
	put_2b(&f->ak, bytes + 1 + half, half);
}

static void make_attest(struct tpm_fixture *f)
{
	uint8_t all[TPM_QUOTE_PCRS * TPM_HASH_SIZE_MAX], digest[TPM_HASH_SIZE_MAX];
	size_t size = 0, each = tpm_hash_size(f->bank);

	put(&f->attest, 0xff544347, 4);
	put(&f->attest, 0x8018, 2);
	put_2b(&f->attest, "\0\x0b" "a name of thirty-four bytes......", 34);
	if (f->short_form)
		put_2b(&f->attest, f->report_data_short, sizeof(f->report_data_short));
	else
		put_2b(&f->attest, f->report_data, sizeof(f->report_data));
	put(&f->attest, 123456, 8);
	put(&f->attest, 7, 4);
	put(&f->attest, 1, 4);
	put(&f->attest, 1, 1);
	put(&f->attest, 0x2020, 8);
	put(&f->attest, 1, 4);
	put(&f->attest, f->bank, 2);
	put(&f->attest, 3, 1);
	for (unsigned i = 0; i < 3; i++)
		put(&f->attest, f->selection >> 8 * i & 0xff, 1);
	for (unsigned i = 0; i < TPM_QUOTE_PCRS; i++) {
		if (!(f->selection >> i & 1))
			continue;
		memcpy(all + size, f->pcr[i], each);
		size += each;
	}
	assert_true(tpm_hash_two(f->hash, (struct span){all, size}, (struct span){0}, digest));
	put_2b(&f->attest, digest, tpm_hash_size(f->hash));
	if (f->flip_attest)
		f->attest.data[f->flip_attest - 1] ^= 1;
}

static void make_signature(struct tpm_fixture *f)
{
	EVP_PKEY *key = tpm_fixture_key();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *inner = NULL;
	unsigned char bytes[512], number[48];
	const unsigned char *at = bytes;
	size_t size = sizeof(bytes);
	ECDSA_SIG *sig = NULL;

	if (f->other_key) {
		EVP_PKEY_free(other);
		other = f->kind <= TPM_FIXTURE_RSAPSS ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
		key = other;
	}
	assert_non_null(ctx);
	assert_int_equal(EVP_DigestSignInit(ctx, &inner, tpm_hash_md(f->hash), NULL, key), 1);
	if (f->kind == TPM_FIXTURE_RSAPSS)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_DigestSign(ctx, bytes, &size, f->attest.data, f->attest.size), 1);
	EVP_MD_CTX_free(ctx);
	put(&f->signature, f->kind == TPM_FIXTURE_RSASSA ? 0x14 : f->kind == TPM_FIXTURE_RSAPSS ? 0x16 : 0x18, 2);
	put(&f->signature, f->hash, 2);
	if (f->kind <= TPM_FIXTURE_RSAPSS) {
		put_2b(&f->signature, bytes, size);
		return;
	}
	sig = d2i_ECDSA_SIG(NULL, &at, (long)size);
	assert_non_null(sig);
	size = f->kind == TPM_FIXTURE_P256 ? 32 : 48;
	assert_true(BN_bn2binpad(ECDSA_SIG_get0_r(sig), number, (int)size) > 0);
	put_2b(&f->signature, number, size);
	assert_true(BN_bn2binpad(ECDSA_SIG_get0_s(sig), number, (int)size) > 0);
	put_2b(&f->signature, number, size);
	ECDSA_SIG_free(sig);
}

void tpm_fixture_put(struct buffer *out, struct span attest, struct span signature, struct span ak, uint32_t selection,
		     const struct span pcr[TPM_QUOTE_PCRS], struct span extra, size_t extra_count)
{
	struct cbor_writer w;
	size_t count = 0;

	for (unsigned i = 0; i < TPM_QUOTE_PCRS; i++)
		count += selection >> i & 1;
	buffer_reset(out);
	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_map(&w, 4 + extra_count);
	cbor_writer_uint(&w, TPM_MEMBER_ATTEST);
	cbor_writer_bytes(&w, attest);
	cbor_writer_uint(&w, TPM_MEMBER_SIGNATURE);
	cbor_writer_bytes(&w, signature);
	cbor_writer_uint(&w, TPM_MEMBER_AK);
	cbor_writer_bytes(&w, ak);
	cbor_writer_uint(&w, TPM_MEMBER_PCRS);
	cbor_writer_map(&w, count);
	for (unsigned i = 0; i < TPM_QUOTE_PCRS; i++) {
		if (!(selection >> i & 1))
			continue;
		cbor_writer_uint(&w, i);
		cbor_writer_bytes(&w, pcr[i]);
	}
	assert_false(w.failed);
	assert_true(buffer_append(out, extra.data, extra.size));
}

void tpm_fixture_make(void)
{
	struct tpm_fixture *f = &tpm_fixture;
	struct span pcr[TPM_QUOTE_PCRS];

	buffer_reset(&f->ak);
	buffer_reset(&f->attest);
	buffer_reset(&f->signature);
	make_ak(f);
	make_attest(f);
	make_signature(f);
	for (size_t i = 0; i < TPM_QUOTE_PCRS; i++)
		pcr[i] = (struct span){f->pcr[i], tpm_hash_size(f->bank)};
	tpm_fixture_put(&f->evidence, buffer_span(&f->attest), buffer_span(&f->signature), buffer_span(&f->ak), f->selection,
			pcr, buffer_span(&f->extra), f->extra_count);
}

bool tpm_fixture_appraise(struct span evidence)
{
	struct tpm_fixture *f = &tpm_fixture;
	int64_t time = f->a.time;

	memset(&f->a, 0, sizeof(f->a));
	f->a.time = time;
	f->a.policy = &f->policy;
	f->a.endorsements = &f->endorsements;
	f->a.report_data = (struct span){f->report_data, sizeof(f->report_data)};
	f->a.report_data_short = (struct span){f->report_data_short, sizeof(f->report_data_short)};
	return tpm_appraise(&f->a, evidence, f->certificates, f->event_log, f->ima_log) && appraisal_expectations(&f->a);
}

void tpm_fixture_print_checks(void)
{
	const struct appraisal *a = &tpm_fixture.a;

	for (size_t i = 0; i < a->check_count; i++)
		print_message("# %s %s: %s\n", a->check[i].passed ? "ok" : "NOT", a->check[i].name, a->check[i].detail);
}

void tpm_fixture_good(void)
{
	tpm_fixture_make();
	if (!tpm_fixture_appraise(buffer_span(&tpm_fixture.evidence))) {
		tpm_fixture_print_checks();
		fail();
	}
	for (size_t i = 0; i < tpm_fixture.a.check_count; i++)
		assert_true(tpm_fixture.a.check[i].passed);
}

void tpm_fixture_assert_refused(const char *check, const char *words)
{
	const struct appraisal *a = &tpm_fixture.a;
	const struct appraisal_check *last = a->check_count ? &a->check[a->check_count - 1] : NULL;

	if (!last || last->passed || strcmp(last->name, check) != 0 || !strstr(last->detail, words)) {
		tpm_fixture_print_checks();
		fail_msg("expected %s: %s", check, words);
	}
	for (size_t i = 0; i + 1 < a->check_count; i++)
		assert_true(a->check[i].passed);
}

void tpm_fixture_refused(const char *check, const char *words)
{
	tpm_fixture_make();
	assert_false(tpm_fixture_appraise(buffer_span(&tpm_fixture.evidence)));
	tpm_fixture_assert_refused(check, words);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims, their envelope and the verdict: what was written is read; every flipped byte of a good piece of evidence is
 * refused; each demand of a policy refuses by its name.
 */
#include "config.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/cbor_writer.h"
#include "verifier/platforms.h"
#include "verifier/report.h"
#include "verifier/verifier.h"

#include "cmocka_test.h"

static const uint8_t nonce[] = {1, 2, 3, 4};
static const uint8_t identity[] = {5, 6, 7};
static const uint8_t public_key[] = {8, 9};

static struct claims sample(void)
{
	return (struct claims){
		.purpose = span_text(CLAIMS_PURPOSE_KEY),
		.nonce = {nonce, sizeof(nonce)},
		.platform = span_text("notee"),
		.protector = span_text("file"),
		.rollback = span_text("none"),
		.serial = span_text("0123456789abcdef"),
		.token_label = span_text("token"),
		.epoch = 7,
		.identity = {identity, sizeof(identity)},
		.weak_pin = true,
		.is_key = true,
		.public_key = {public_key, sizeof(public_key)},
		.class = 3,
		.key_type = 3,
		.bits = 256,
		.origin = 2,
		.policy = CLAIMS_TOKEN | CLAIMS_SENSITIVE | CLAIMS_ALWAYS_SENSITIVE | CLAIMS_NEVER_EXTRACTABLE |
			  CLAIMS_LOCAL,
		.usage = 1,
		.mechanisms = {0x1041, 0x1044},
		.mechanism_count = 2,
		.id = span_text("id"),
		.label = span_text("label"),
		.unique_id = span_text("0011"),
		.version = 1,
	};
}

/* A development key's signature, as docs/evidence.md describes it: written here a second time. */
static void sign_notee(EVP_PKEY *key, struct span claims, struct buffer *out)
{
	static const char domain[] = "keyclave-notee-evidence-v1";
	uint8_t message[sizeof(domain) + SHA512_DIGEST_LENGTH], signature[64];
	unsigned char *spki = NULL;
	int spki_size = i2d_PUBKEY(key, &spki);
	size_t size = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct cbor_writer w;

	memcpy(message, domain, sizeof(domain));
	assert_non_null(SHA512(claims.data, claims.size, message + sizeof(domain)));
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &size, message, sizeof(message)), 1);
	cbor_writer_init(&w, out, 1024);
	cbor_writer_map(&w, 3);
	cbor_writer_uint(&w, 1);
	cbor_writer_negint(&w, 7);
	cbor_writer_uint(&w, 2);
	cbor_writer_bytes(&w, (struct span){spki, (size_t)spki_size});
	cbor_writer_uint(&w, 3);
	cbor_writer_bytes(&w, (struct span){signature, size});
	assert_false(w.failed);
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(spki);
}

static void make_evidence(const struct claims *claims, struct buffer *out)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct buffer encoded = {0}, signature = {0};
	struct cmw cmw = {.evidence_type = span_text(platforms_by_name("notee")->media_type)};

	assert_non_null(key);
	assert_true(claims_write(claims, &encoded));
	sign_notee(key, buffer_span(&encoded), &signature);
	cmw.claims = buffer_span(&encoded);
	cmw.evidence = buffer_span(&signature);
	assert_true(cmw_write(&cmw, out));
	buffer_free(&encoded);
	buffer_free(&signature);
	EVP_PKEY_free(key);
}

/* Pins IDENTITY; borrowed bytes, so never policy_free. */
static void pin(struct policy *policy, struct span pinned)
{
	policy->identity[0] = (struct buffer){.data = (uint8_t *)(uintptr_t)pinned.data, .size = pinned.size};
	policy->identity_count = 1;
}

static struct policy generous(void)
{
	struct policy policy = {.allow = POLICY_ALLOW_NOTEE, .nonce = {nonce, sizeof(nonce)}};

	pin(&policy, (struct span){identity, sizeof(identity)});
	return policy;
}

static void expect(struct span evidence, const struct policy *policy, enum verifier_outcome outcome, const char *check)
{
	struct verifier_verdict verdict;
	const struct appraisal *a = &verdict.appraisal;

	verifier_check(evidence, policy, NULL, 0, &verdict);
	assert_int_equal(verdict.outcome, outcome);
	assert_true(a->check_count > 0);
	if (check) {
		assert_string_equal(a->check[a->check_count - 1].name, check);
		assert_false(a->check[a->check_count - 1].passed);
	}
}

static void test_claims_come_back(void **state)
{
	struct claims in = sample(), out;
	struct buffer encoded = {0};
	const char *why = NULL;

	(void)state;
	assert_true(claims_write(&in, &encoded));
	assert_true(claims_read(buffer_span(&encoded), &out, &why));
	assert_true(out.is_key);
	assert_true(span_equal(out.label, in.label) && span_equal(out.public_key, in.public_key));
	assert_int_equal(out.policy, in.policy);
	assert_int_equal(out.mechanism_count, 2);
	for (size_t size = 0; size < encoded.size; size++)
		assert_false(claims_read((struct span){encoded.data, size}, &out, &why));
	assert_true(buffer_append(&encoded, "\0", 1));
	assert_false(claims_read(buffer_span(&encoded), &out, &why));
	buffer_free(&encoded);
}

static void test_token_claims_have_no_key(void **state)
{
	struct claims in = sample(), out;
	struct buffer encoded = {0};
	const char *why = NULL;

	(void)state;
	in.is_key = false;
	in.purpose = span_text(CLAIMS_PURPOSE_TOKEN);
	assert_true(claims_write(&in, &encoded));
	assert_true(claims_read(buffer_span(&encoded), &out, &why));
	assert_false(out.is_key);
	assert_int_equal(out.public_key.size, 0);
	buffer_free(&encoded);
}

static void test_good(void **state)
{
	struct claims claims = sample();
	struct policy policy = generous();
	struct verifier_verdict verdict;
	struct buffer evidence = {0};

	(void)state;
	make_evidence(&claims, &evidence);
	policy.generated = true;
	policy.key_set = CLAIMS_NEVER_EXTRACTABLE;
	policy.key_clear = CLAIMS_EXTRACTABLE;
	policy.public_key = claims.public_key;
	verifier_check(buffer_span(&evidence), &policy, NULL, 0, &verdict);
	assert_int_equal(verdict.outcome, VERIFIER_GOOD);
	assert_false(verdict.appraisal.tee);
	buffer_free(&evidence);
}

static void test_every_flipped_byte_is_refused(void **state)
{
	struct claims claims = sample();
	struct policy policy = generous();
	struct verifier_verdict verdict;
	struct buffer evidence = {0};

	(void)state;
	make_evidence(&claims, &evidence);
	for (size_t i = 0; i < evidence.size; i++) {
		evidence.data[i] ^= 0x01;
		verifier_check(buffer_span(&evidence), &policy, NULL, 0, &verdict);
		assert_int_not_equal(verdict.outcome, VERIFIER_GOOD);
		evidence.data[i] ^= 0x01;
	}
	buffer_free(&evidence);
}

static void test_each_demand_refuses_by_name(void **state)
{
	struct claims claims = sample();
	struct policy policy;
	struct buffer evidence = {0};
	struct span e;

	(void)state;
	make_evidence(&claims, &evidence);
	e = buffer_span(&evidence);
	policy = (struct policy){0};
	expect(e, &policy, VERIFIER_REFUSED, "platform");
	policy.allow |= POLICY_ALLOW_NOTEE;
	expect(e, &policy, VERIFIER_REFUSED, "nonce");
	policy.allow |= POLICY_ALLOW_NO_NONCE;
	expect(e, &policy, VERIFIER_REFUSED, "token identity");
	policy.allow |= POLICY_ALLOW_ANY_IDENTITY;
	expect(e, &policy, VERIFIER_GOOD, NULL);
	policy = generous();
	policy.nonce = span_text("other");
	expect(e, &policy, VERIFIER_REFUSED, "nonce");
	policy = generous();
	pin(&policy, span_text("other"));
	expect(e, &policy, VERIFIER_REFUSED, "token identity");
	policy = generous();
	policy.public_key = span_text("other");
	expect(e, &policy, VERIFIER_REFUSED, "public key");
	policy = generous();
	policy.key_clear = CLAIMS_SENSITIVE;
	expect(e, &policy, VERIFIER_REFUSED, "key policy");
	policy = generous();
	policy.key_set = CLAIMS_ALWAYS_AUTHENTICATE;
	expect(e, &policy, VERIFIER_REFUSED, "key policy");
	buffer_free(&evidence);
}

static void test_nonsense_is_unusable(void **state)
{
	struct policy policy = generous();

	(void)state;
	expect((struct span){NULL, 0}, &policy, VERIFIER_UNUSABLE, "form");
	expect(span_text("nonsense"), &policy, VERIFIER_UNUSABLE, "form");
}

/* The identity may be pinned by its SHA-256. */
static void test_identity_by_digest(void **state)
{
	struct claims claims = sample();
	struct policy policy = generous();
	struct buffer evidence = {0};
	uint8_t digest[SHA256_DIGEST_LENGTH];

	(void)state;
	make_evidence(&claims, &evidence);
	assert_non_null(SHA256(identity, sizeof(identity), digest));
	pin(&policy, (struct span){digest, sizeof(digest)});
	expect(buffer_span(&evidence), &policy, VERIFIER_GOOD, NULL);
	digest[0] ^= 1;
	expect(buffer_span(&evidence), &policy, VERIFIER_REFUSED, "token identity");
	buffer_free(&evidence);
}

/* Another platform's name in the claims than the evidence is of: refused before anything is believed. */
static void test_platform_must_agree(void **state)
{
	struct claims claims = sample();
	struct policy policy = generous();
	struct buffer evidence = {0};

	(void)state;
	claims.platform = span_text("sev-snp");
	make_evidence(&claims, &evidence);
	expect(buffer_span(&evidence), &policy, VERIFIER_REFUSED, "platform");
	buffer_free(&evidence);
}

/* A migration's claims are a form of their own: good for who asks for that purpose, and for nobody else. */
static void test_migration_claims(void **state)
{
	static const uint8_t wrap_key[CLAIMS_WRAP_KEY_SIZE] = {7}, mix[] = {1}, digest[CLAIMS_DIGEST_SIZE] = {3};
	struct claims in = {.purpose = span_text(CLAIMS_PURPOSE_MIGRATION),
			    .nonce = {nonce, sizeof(nonce)},
			    .platform = span_text("notee"),
			    .protector = span_text("file"),
			    .rollback = span_text("none"),
			    .is_migration = true,
			    .wrap_key = {wrap_key, sizeof(wrap_key)},
			    .mix = {mix, sizeof(mix)}};
	struct policy policy = generous();
	struct buffer evidence = {0}, bytes = {0};
	struct claims out;
	const char *why = NULL;

	(void)state;
	make_evidence(&in, &evidence);
	expect(buffer_span(&evidence), &policy, VERIFIER_REFUSED, "purpose");
	policy.purpose = CLAIMS_PURPOSE_MIGRATION;
	expect(buffer_span(&evidence), &policy, VERIFIER_GOOD, NULL);
	/* The same claims under a token's name, and a token's under theirs. */
	in.purpose = span_text(CLAIMS_PURPOSE_TOKEN);
	buffer_reset(&evidence);
	make_evidence(&in, &evidence);
	expect(buffer_span(&evidence), &policy, VERIFIER_REFUSED, "purpose");
	policy.purpose = NULL;
	expect(buffer_span(&evidence), &policy, VERIFIER_REFUSED, "purpose");
	in = sample();
	in.purpose = span_text(CLAIMS_PURPOSE_MIGRATION);
	buffer_reset(&evidence);
	make_evidence(&in, &evidence);
	policy.purpose = CLAIMS_PURPOSE_MIGRATION;
	expect(buffer_span(&evidence), &policy, VERIFIER_REFUSED, "purpose");
	/* A token's policy of migrations: whole, or absent. */
	in = sample();
	in.migration = (struct span){digest, sizeof(digest)};
	assert_true(claims_write(&in, &bytes));
	assert_true(claims_read(buffer_span(&bytes), &out, &why));
	assert_true(span_equal(out.migration, in.migration));
	in.migration.size = 31;
	buffer_reset(&bytes);
	assert_true(claims_write(&in, &bytes));
	assert_false(claims_read(buffer_span(&bytes), &out, &why));
	/* Not with claims of a key. */
	in.is_migration = true;
	in.wrap_key = (struct span){wrap_key, sizeof(wrap_key)};
	in.mix = (struct span){mix, sizeof(mix)};
	buffer_reset(&bytes);
	assert_true(claims_write(&in, &bytes));
	assert_false(claims_read(buffer_span(&bytes), &out, &why));
	buffer_free(&evidence);
	buffer_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims_come_back),
		cmocka_unit_test(test_token_claims_have_no_key),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_every_flipped_byte_is_refused),
		cmocka_unit_test(test_each_demand_refuses_by_name),
		cmocka_unit_test(test_nonsense_is_unusable),
		cmocka_unit_test(test_identity_by_digest),
		cmocka_unit_test(test_migration_claims),
		cmocka_unit_test(test_platform_must_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence in certificates and requests, and the collection itself: what was written is read, every other form refused.
 */
#include "config.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "verifier/carrier.h"
#include "verifier/cmw.h"

#include "cmocka_test.h"

static const struct span evidence = {(const uint8_t *)"evidence", 8};

static EVP_PKEY *make_key(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	assert_non_null(key);
	return key;
}

static X509 *make_certificate(EVP_PKEY *key, size_t extensions)
{
	X509 *certificate = X509_new();

	assert_non_null(certificate);
	assert_true(X509_set_version(certificate, X509_VERSION_3) && X509_set_pubkey(certificate, key));
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
	for (size_t i = 0; i < extensions; i++) {
		X509_EXTENSION *extension = carrier_extension(evidence);

		assert_non_null(extension);
		assert_true(X509_add_ext(certificate, extension, -1));
		X509_EXTENSION_free(extension);
	}
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	return certificate;
}

static void expect(struct span input, bool good, enum carrier_kind kind, const char *why_part)
{
	struct carrier carrier = {0};
	const char *why = "";

	assert_int_equal(carrier_read(input, &carrier, &why), good);
	assert_int_equal(carrier.kind, kind);
	if (good && kind != CARRIER_NONE) {
		assert_true(span_equal(buffer_span(&carrier.evidence), evidence));
		assert_true(carrier.public_key.size > 0);
	}
	if (!good)
		assert_non_null(strstr(why, why_part));
	carrier_free(&carrier);
}

static void test_certificate(void **state)
{
	EVP_PKEY *key = make_key();
	X509 *certificate = make_certificate(key, 1), *two = make_certificate(key, 2), *none = make_certificate(key, 0);
	unsigned char *der = NULL;
	size_t size = 0;

	(void)state;
	size = (size_t)i2d_X509(certificate, &der);
	expect((struct span){der, size}, true, CARRIER_CERTIFICATE, NULL);
	der[size - 1] ^= 1;
	expect((struct span){der, size}, false, CARRIER_CERTIFICATE, "signature");
	expect((struct span){der, size - 1}, true, CARRIER_NONE, NULL);
	OPENSSL_free(der);
	der = NULL;
	size = (size_t)i2d_X509(two, &der);
	expect((struct span){der, size}, false, CARRIER_CERTIFICATE, "several");
	OPENSSL_free(der);
	der = NULL;
	size = (size_t)i2d_X509(none, &der);
	expect((struct span){der, size}, false, CARRIER_CERTIFICATE, "without evidence");
	OPENSSL_free(der);
	X509_free(certificate);
	X509_free(two);
	X509_free(none);
	EVP_PKEY_free(key);
}

static void test_request(void **state)
{
	EVP_PKEY *key = make_key();
	X509_REQ *request = X509_REQ_new();
	unsigned char *der = NULL;
	size_t size = 0;

	(void)state;
	assert_true(X509_REQ_set_version(request, X509_REQ_VERSION_1) && X509_REQ_set_pubkey(request, key));
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	size = (size_t)i2d_X509_REQ(request, &der);
	expect((struct span){der, size}, false, CARRIER_REQUEST, "without evidence");
	OPENSSL_free(der);
	der = NULL;
	assert_true(carrier_add_attribute(request, evidence));
	assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	size = (size_t)i2d_X509_REQ(request, &der);
	expect((struct span){der, size}, true, CARRIER_REQUEST, NULL);
	for (size_t i = 0; i < size; i++) {
		struct carrier carrier = {0};
		const char *why = NULL;

		/* No changed byte passes: signature, form, or not a request at all. */
		der[i] ^= 0x04;
		assert_false(carrier_read((struct span){der, size}, &carrier, &why) && carrier.kind != CARRIER_NONE);
		der[i] ^= 0x04;
		carrier_free(&carrier);
	}
	OPENSSL_free(der);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
}

static void test_neither(void **state)
{
	(void)state;
	expect((struct span){NULL, 0}, true, CARRIER_NONE, NULL);
	expect(span_text("nonsense"), true, CARRIER_NONE, NULL);
}

/* ---- the collection ---- */

static void test_collection(void **state)
{
	static const struct span parts[] = {{(const uint8_t *)"i", 1}, {(const uint8_t *)"e", 1}, {(const uint8_t *)"c", 1}};

	(void)state;
	/* Each of the records that may be absent, there and not. */
	for (unsigned set = 0; set < 8; set++) {
		struct cmw in = {.claims = span_text("claims"), .evidence_type = span_text("type"), .evidence = evidence};
		struct cmw out;
		struct buffer encoded = {0};
		const char *why = NULL;

		if (set & 1)
			in.ima_log = parts[0];
		if (set & 2)
			in.event_log = parts[1];
		if (set & 4)
			in.certificates = parts[2];
		assert_true(cmw_write(&in, &encoded));
		assert_true(cmw_read(buffer_span(&encoded), &out, &why));
		assert_true(span_equal(out.claims, in.claims) && span_equal(out.evidence, in.evidence) &&
			    span_equal(out.evidence_type, in.evidence_type));
		assert_true(span_equal(out.ima_log, in.ima_log) && span_equal(out.event_log, in.event_log) &&
			    span_equal(out.certificates, in.certificates));
		for (size_t size = 0; size < encoded.size; size++)
			assert_false(cmw_read((struct span){encoded.data, size}, &out, &why));
		assert_true(buffer_append(&encoded, "", 1));
		assert_false(cmw_read(buffer_span(&encoded), &out, &why));
		/* One record more than there are. */
		encoded.data[0]++;
		assert_false(cmw_read((struct span){encoded.data, encoded.size - 1}, &out, &why));
		buffer_free(&encoded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_neither),
		cmocka_unit_test(test_collection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

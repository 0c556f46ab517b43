/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AWS KMS, or somebody in its place, answers: HTTP, JSON, CMS (genuine messages of KMS among them), and how a request
 * is signed. Also the names of keys, base64, credentials and the roots that are compiled in.
 */
#include "config.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "evidence_sample.h"
#include "kms/arn.h"
#include "kms/aws_answer.h"
#include "kms/base64.h"
#include "kms/cms.h"
#include "kms/credentials.h"
#include "kms/http_answer.h"
#include "kms/roots.h"
#include "kms/sigv4.h"
#include "platform/hkdf.h"
#include "cmocka_test.h"

#define HOST_KEY "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"

/* ---- names ---- */

static void test_arn(void **state)
{
	static const char *const bad[] = {
		"", "alias/hsm", "arn:aws:kms:eu-central-1:111122223333:alias/hsm", "arn:aws:s3:eu-central-1:111122223333:key/1",
		"arn:other:kms:eu-central-1:111122223333:key/1", "arn:aws:kms::111122223333:key/1",
		"arn:aws:kms:evil.example/:111122223333:key/1", "arn:aws:kms:eu-central-1:11112222333:key/1",
		"arn:aws:kms:eu-central-1:111122223333:key/", "arn:aws:kms:eu-central-1:111122223333:key/A b",
	};
	struct arn arn;

	(void)state;
	assert_true(arn_parse(span_text(HOST_KEY), &arn));
	assert_string_equal(arn.region, "eu-central-1");
	assert_string_equal(arn.suffix, "amazonaws.com");
	assert_true(arn_parse(span_text("arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-0123"), &arn));
	assert_string_equal(arn.suffix, "amazonaws.com.cn");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(arn_parse(span_text(bad[i]), &arn));
}

/* RFC 4648, section 10. */
static void test_base64(void **state)
{
	static const struct {
		const char *plain, *text;
	} rows[] = {{"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
	static const char *const bad[] = {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "Zm9v====", "Zm 9", "Zg==Zg=="};
	struct buffer text = {0}, bytes = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		buffer_reset(&text);
		assert_true(base64_write(span_text(rows[i].plain), &text));
		assert_true(span_equal(buffer_span(&text), span_text(rows[i].text)));
		assert_true(base64_read(buffer_span(&text), &bytes));
		assert_true(span_equal(buffer_span(&bytes), span_text(rows[i].plain)));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(base64_read(span_text(bad[i]), &bytes));
	buffer_free(&text);
	buffer_free(&bytes);
}

/* ---- HTTP ---- */

/* All prefixes of TEXT ask for more; the whole is a body of WANT, or with NULL none. */
static void http(const char *text, bool ended, const char *want)
{
	struct buffer body = {0};
	unsigned status = 0;

	if (want && !ended) {
		for (size_t size = 0; size < strlen(text); size++)
			assert_int_equal(http_answer_read((struct span){(const uint8_t *)text, size}, false, 16, &status, &body),
					 HTTP_ANSWER_MORE);
	}
	assert_int_equal(http_answer_read(span_text(text), ended, 16, &status, &body),
			 want ? HTTP_ANSWER_WHOLE : HTTP_ANSWER_BAD);
	if (want) {
		assert_true(span_equal(buffer_span(&body), span_text(want)));
		assert_int_equal(status, 200);
	}
	buffer_free(&body);
}

static void test_http(void **state)
{
	(void)state;
	http("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: y\r\n\r\nabc", false, "abc");
	http("HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", false, "");
	http("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nA;x=y\r\n0123456789\r\n0\r\n", false, "ab0123456789");
	http("HTTP/1.1 200 OK\r\n\r\nabc", true, "abc");
	http("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, NULL);
	http("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", false, NULL);
	http("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", false, NULL);
	http("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", false, NULL);
	http("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", false, NULL);
	http("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n", false, NULL);
	http("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxy\r\n", false, NULL);
	http("HTTP/2 200 OK\r\n\r\n", false, NULL);
	http("HTTP/1.1 2000 OK\r\n\r\n", false, NULL);
	http("SSH-2.0-x\r\n", false, NULL);
	http("", true, NULL);
}

/* ---- JSON ---- */

static void test_answers(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{\"KeyId\":", "{\"KeyId\": \"k\"}", "{\"CiphertextForRecipient\": \"YQ==\"}",
		"{\"KeyId\": \"k\", \"CiphertextForRecipient\": \"YQ=\"}", "{\"KeyId\": \"k\", \"CiphertextForRecipient\": \"\"}",
		"{\"KeyId\": \"k\", \"CiphertextForRecipient\": \"YQ==\", \"Plaintext\": \"YQ==\"}",
		"{\"KeyId\": \"k\", \"CiphertextForRecipient\": \"YQ==\", \"Plaintext\": 1}",
		"{\"KeyId\": \"k\", \"KeyId\": \"l\", \"CiphertextForRecipient\": \"YQ==\"}",
		"{\"KeyId\": 1, \"CiphertextForRecipient\": \"YQ==\"}",
		"{\"KeyId\": \"k\", \"CiphertextForRecipient\": \"YQ==\", \"CiphertextBlob\": \"*\"}",
	};
	struct aws_answer answer;
	const char *why = NULL;

	(void)state;
	assert_true(aws_answer_read(span_text("{\"KeyId\": \"k\", \"Plaintext\": \"\", \"New\": {}, \"CiphertextBlob\": \"Yg==\", "
					      "\"CiphertextForRecipient\": \"YQ==\"}"),
				    &answer, &why));
	assert_true(span_equal(buffer_span(&answer.key_id), span_text("k")));
	assert_true(span_equal(buffer_span(&answer.for_recipient), span_text("a")));
	assert_true(span_equal(buffer_span(&answer.ciphertext), span_text("b")));
	aws_answer_free(&answer);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(aws_answer_read(span_text(bad[i]), &answer, &why));
		assert_non_null(why);
	}
}

static void test_faults(void **state)
{
	static const struct {
		unsigned status;
		const char *body, *name;
		enum aws_fault fault;
	} rows[] = {
		{400, "{\"__type\": \"ThrottlingException\"}", "ThrottlingException", AWS_FAULT_BUSY},
		{400, "{\"__type\": \"com.amazonaws.kms#AccessDeniedException\", \"Message\": \"m\"}", "AccessDeniedException",
		 AWS_FAULT_DENIED},
		{400, "{\"__type\": \"ExpiredTokenException\"}", "ExpiredTokenException", AWS_FAULT_EXPIRED},
		{400, "{\"__type\": \"InvalidCiphertextException\"}", "InvalidCiphertextException", AWS_FAULT_CIPHERTEXT},
		{400, "{\"__type\": \"a\\nb\"}", "a?b", AWS_FAULT_OTHER},
		{400, "<html>", "", AWS_FAULT_OTHER},
		{503, "<html>", "", AWS_FAULT_BUSY},
	};
	char name[AWS_FAULT_NAME_MAX], message[AWS_FAULT_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(aws_answer_fault(rows[i].status, span_text(rows[i].body), name, message), rows[i].fault);
		assert_string_equal(name, rows[i].name);
	}
}

/* ---- CMS ---- */

static EVP_PKEY *sample_key(void)
{
	struct span pem = evidence_sample("aws-kms/cms-edgebit.rsa-key.pem");
	BIO *memory = BIO_new_mem_buf(pem.data, (int)pem.size);
	EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(memory, NULL, NULL, NULL, hkdf_library(), NULL);

	BIO_free(memory);
	assert_non_null(key);
	return key;
}

/* What KMS really sent opens; what is cut, or has something behind it, does not; nothing that is changed does harm. */
static void test_genuine_cms(void **state)
{
	struct span message = evidence_sample("aws-kms/cms-edgebit.der");
	struct span want = evidence_sample("aws-kms/cms-edgebit.plaintext.bin");
	struct span tampered = evidence_sample("aws-kms/cms-edgebit-tampered.der");
	struct span primitive = evidence_sample("aws-kms/cms-sdkc-primctx.der");
	struct buffer plain = {.secret = true}, changed = {0};
	EVP_PKEY *key = sample_key();
	const char *why = NULL;

	(void)state;
	assert_true(cms_open(message, key, &plain, &why));
	assert_true(span_equal(buffer_span(&plain), want));
	for (size_t size = 0; size < message.size; size += 7)
		assert_false(cms_open((struct span){message.data, size}, key, &plain, &why));
	assert_true(buffer_set(&changed, message.data, message.size));
	for (size_t i = 0; i < changed.size; i += 3) {
		changed.data[i] ^= 0x21;
		(void)cms_open(buffer_span(&changed), key, &plain, &why);
		changed.data[i] ^= 0x21;
	}
	assert_true(buffer_append(&changed, "", 1));
	assert_false(cms_open(buffer_span(&changed), key, &plain, &why));
	assert_string_equal(why, "bytes follow");
	/* CBC does not notice every change. */
	assert_false(cms_open(tampered, key, &plain, &why) && span_equal(buffer_span(&plain), want));
	/* With its content in the primitive form; its recipient's key is not published. */
	assert_false(cms_open(primitive, key, &plain, &why));
	assert_string_equal(why, "it is for another recipient");
	EVP_PKEY_free(key);
	buffer_free(&changed);
	buffer_free(&plain);
}

/* ---- signing ---- */

/* By botocore 1.29: SigV4Auth of the same request. */
static void test_sigv4(void **state)
{
	const struct sigv4_request request = {
		.region = "eu-central-1",
		.service = "kms",
		.host = "kms.eu-central-1.amazonaws.com",
		.type = "application/x-amz-json-1.1",
		.target = "TrentService.Decrypt",
		.token = "the/token+==",
		.body = {(const uint8_t *)"{\"KeyId\":\"k\"}", 13},
		.access_key = "AKIDEXAMPLE",
		.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		.now = 1440938160,
	};
	char date[SIGV4_DATE_MAX], authorization[SIGV4_AUTHORIZATION_MAX];

	(void)state;
	assert_true(sigv4_sign(&request, date, authorization));
	assert_string_equal(date, "20150830T123600Z");
	assert_string_equal(authorization,
			    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/kms/aws4_request, "
			    "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
			    "Signature=b259cd08531f4856750f316ef13737ff9f81badeae2684e0cdbb6cb444af83f2");
}

/* ---- credentials, roots ---- */

static void test_credentials(void **state)
{
	static const char *const bad[] = {
		"", "{}", "{\"AccessKeyId\": \"a\"}", "{\"AccessKeyId\": \"a\", \"SecretAccessKey\": \"b c\"}",
		"{\"AccessKeyId\": \"a\\r\\nX: y\", \"SecretAccessKey\": \"b\"}",
		"{\"AccessKeyId\": \"a\", \"SecretAccessKey\": \"b\", \"Expiration\": \"soon\"}",
	};
	struct credentials c;

	(void)state;
	assert_true(credentials_read(span_text("{\"AccessKeyId\": \"a\", \"SecretAccessKey\": \"b\", \"Token\": \"t\", "
					       "\"Expiration\": \"2026-01-01T00:00:00Z\"}"),
				     &c));
	assert_string_equal(c.token, "t");
	assert_int_equal(c.expires, 1767225600);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(credentials_read(span_text(bad[i]), &c));
}

/* SHA-256 of the public keys, as https://www.amazontrust.com/repository/ has them. */
static void test_roots(void **state)
{
	static const char *const hashes[] = {
		"fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
		"7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
		"36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
		"f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
		"2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92",
	};
	struct span pem = roots_amazon();
	BIO *memory = BIO_new_mem_buf(pem.data, (int)pem.size);
	X509 *root = NULL;
	size_t count = 0;

	(void)state;
	while ((root = PEM_read_bio_X509(memory, NULL, NULL, NULL))) {
		unsigned char *info = NULL;
		int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(root), &info);
		uint8_t digest[32];
		char text[65];

		assert_true(count < 5 && size > 0);
		assert_true(EVP_Digest(info, (size_t)size, digest, NULL, EVP_sha256(), NULL));
		for (size_t i = 0; i < 32; i++)
			snprintf(text + 2 * i, 3, "%02x", digest[i]);
		assert_string_equal(text, hashes[count]);
		OPENSSL_free(info);
		X509_free(root);
		count++;
	}
	assert_int_equal(count, 5);
	BIO_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arn),	    cmocka_unit_test(test_base64),	cmocka_unit_test(test_http),
		cmocka_unit_test(test_answers),	    cmocka_unit_test(test_faults),
		cmocka_unit_test_teardown(test_genuine_cms, evidence_sample_free),
		cmocka_unit_test(test_sigv4),	    cmocka_unit_test(test_credentials), cmocka_unit_test(test_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's certificate table: the chain in its order, DER and PEM, and tables that point outside, have no end, or hold
 * something else.
 */
#include "config.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>

#include "platform/cert_table.h"
#include "../emulators/test_ca.h"
#include "cmocka_test.h"

static const char vcek[] = "\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd";
static const char ask[] = "\x4a\xb7\xb3\x79\xbb\xac\x4f\xe4\xa0\x2f\x05\xae\xf3\x27\xc7\x82";
static const char ark[] = "\xc0\xb4\x06\xa4\xa8\x03\x49\x52\x97\x43\x3f\xb6\x01\x4c\xd0\xae";
static const char other[] = "an unknown guid.";

static struct buffer der[3];
static struct buffer pem_ask;

static int make_certificates(void **state)
{
	static const char *const names[] = {"VCEK", "ASK", "ARK"};

	(void)state;
	for (int i = 0; i < 3; i++) {
		EVP_PKEY *key = test_ca_key("P-384");
		const struct test_ca_request request = {
			.name = names[i], .key = key, .from = 1000000000, .to = 2000000000, .serial = 1 + i};
		X509 *x = test_ca_certificate(&request);

		test_ca_append_der(&der[i], x);
		if (i == 1)
			test_ca_append_pem(&pem_ask, x);
		X509_free(x);
		EVP_PKEY_free(key);
	}
	return 0;
}

static int free_certificates(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		buffer_free(&der[i]);
	buffer_free(&pem_ask);
	return 0;
}

static void put_le32(uint8_t *p, size_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

/* COUNT entries and their blobs, in a table of TOTAL bytes. */
static void make_table(struct buffer *table, const char *const *guids, const struct buffer *blobs,
		       size_t count, size_t total)
{
	size_t at = (count + 1) * 24;

	buffer_reset(table);
	assert_true(buffer_resize(table, total));
	for (size_t i = 0; i < count; i++) {
		uint8_t *entry = table->data + i * 24;

		memcpy(entry, guids[i], 16);
		put_le32(entry + 16, at);
		put_le32(entry + 20, blobs[i].size);
		memcpy(table->data + at, blobs[i].data, blobs[i].size);
		at += blobs[i].size;
	}
}

static void expect_chain(struct span text, const char *names)
{
	BIO *in = BIO_new_mem_buf(text.data, (int)text.size);
	char found[64] = "";
	X509 *x = NULL;

	while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		char name[32] = "";

		X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, sizeof(name));
		strncat(found, name, sizeof(found) - strlen(found) - 1);
		strncat(found, " ", sizeof(found) - strlen(found) - 1);
		X509_free(x);
	}
	BIO_free(in);
	assert_string_equal(found, names);
}

static void test_order(void **state)
{
	const char *const guids[] = {ark, other, ask, vcek};
	const struct buffer blobs[] = {der[2], der[0], pem_ask, der[0]};
	struct buffer table = {0};
	struct buffer pem = {0};
	const char *why = NULL;

	(void)state;
	make_table(&table, guids, blobs, 4, 0x4000);
	assert_true(cert_table_pem(buffer_span(&table), &pem, &why));
	expect_chain(buffer_span(&pem), "VCEK ASK ARK ");
	buffer_free(&table);
	buffer_free(&pem);
}

static void test_empty(void **state)
{
	struct buffer table = {0};
	struct buffer pem = {0};
	const char *why = NULL;

	(void)state;
	assert_true(cert_table_pem((struct span){0}, &pem, &why));
	assert_int_equal(pem.size, 0);
	assert_true(buffer_resize(&table, 0x4000));
	assert_true(cert_table_pem(buffer_span(&table), &pem, &why));
	assert_int_equal(pem.size, 0);
	buffer_free(&table);
	buffer_free(&pem);
}

static void test_refused(void **state)
{
	const char *const guids[] = {vcek};
	struct buffer table = {0};
	struct buffer pem = {0};
	const char *why = NULL;
	static const size_t bad[][2] = {
		{0x4000, 1}, {0xffffffff, 1}, {48, 0xffffffff}, {0, 0x4001}, {0x3fff, 2}};

	(void)state;
	make_table(&table, guids, der, 1, 0x4000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_le32(table.data + 16, bad[i][0]);
		put_le32(table.data + 20, bad[i][1]);
		assert_false(cert_table_pem(buffer_span(&table), &pem, &why));
		assert_non_null(why);
		assert_int_equal(pem.size, 0);
	}
	/* No end: cut behind the first entry. */
	make_table(&table, guids, der, 1, 0x4000);
	put_le32(table.data + 16, 0);
	put_le32(table.data + 20, 24);
	assert_false(cert_table_pem((struct span){table.data, 24}, &pem, &why));
	assert_false(cert_table_pem((struct span){table.data, 23}, &pem, &why));
	/* Something else than a certificate is left out. */
	memset(table.data + 48, 0x30, 600);
	put_le32(table.data + 16, 48);
	put_le32(table.data + 20, 600);
	assert_true(cert_table_pem((struct span){table.data, 1000}, &pem, &why));
	assert_int_equal(pem.size, 0);
	buffer_free(&table);
	buffer_free(&pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, make_certificates, free_certificates);
}

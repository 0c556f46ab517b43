/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speaks for a platform's keys is recognised in each form that vendors and tools give it, and nothing else is.
 */
#include "config.h"

#include <openssl/pem.h>
#include <string.h>

#include "verifier/endorsements.h"

#include "cmocka_test.h"
#include "evidence_sample.h"

#define CERTIFICATES(e) (sk_X509_num((e)->certificates) > 0 ? sk_X509_num((e)->certificates) : 0)
#define CRLS(e) (sk_X509_CRL_num((e)->crls) > 0 ? sk_X509_CRL_num((e)->crls) : 0)

/* ---- made here ---- */

static EVP_PKEY *key;

static X509 *make_certificate(long serial)
{
	X509 *x = X509_new();

	assert_non_null(x);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static X509_CRL *make_crl(void)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);

	assert_non_null(crl);
	X509_CRL_set1_lastUpdate(crl, now);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	ASN1_TIME_free(now);
	return crl;
}

static void append_der(struct buffer *out, long serial)
{
	X509 *x = make_certificate(serial);
	unsigned char *der = NULL;
	int size = i2d_X509(x, &der);

	assert_true(size > 0 && buffer_append(out, der, (size_t)size));
	OPENSSL_free(der);
	X509_free(x);
}

static void append_crl_der(struct buffer *out)
{
	X509_CRL *crl = make_crl();
	unsigned char *der = NULL;
	int size = i2d_X509_CRL(crl, &der);

	assert_true(size > 0 && buffer_append(out, der, (size_t)size));
	OPENSSL_free(der);
	X509_CRL_free(crl);
}

static void append_pem(struct buffer *out, long serial)
{
	X509 *x = serial ? make_certificate(serial) : NULL;
	X509_CRL *crl = serial ? NULL : make_crl();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long size = 0;

	assert_int_equal(serial ? PEM_write_bio_X509(bio, x) : PEM_write_bio_X509_CRL(bio, crl), 1);
	size = BIO_get_mem_data(bio, &text);
	assert_true(buffer_append(out, text, (size_t)size));
	BIO_free(bio);
	X509_free(x);
	X509_CRL_free(crl);
}

static void append_text(struct buffer *out, const char *text)
{
	assert_true(buffer_append(out, text, strlen(text)));
}

static void append_hex(struct buffer *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		char digits[3];

		snprintf(digits, sizeof(digits), "%02x", bytes.data[i]);
		append_text(out, digits);
	}
}

/* FILE, in a block of its exact size, is taken, and these many things are then there. Frees FILE. */
static void takes(struct endorsements *e, struct buffer *file, int certificates, int crls, size_t json)
{
	const char *why = NULL;

	if (!endorsements_add(e, evidence_sample_copy(buffer_span(file)), &why))
		fail_msg("%s", why);
	assert_int_equal(CERTIFICATES(e), certificates);
	assert_int_equal(CRLS(e), crls);
	assert_int_equal(e->json_count, json);
	buffer_free(file);
}

static void refuses(struct span file)
{
	struct endorsements e = {0};
	const char *why = NULL;

	assert_false(endorsements_add(&e, evidence_sample_copy(file), &why));
	assert_non_null(why);
	endorsements_free(&e);
}

static void test_certificates_and_crls(void **state)
{
	struct endorsements e = {0};
	struct buffer file = {0};

	(void)state;
	append_der(&file, 1);
	takes(&e, &file, 1, 0, 0);
	append_crl_der(&file);
	takes(&e, &file, 1, 1, 0);
	append_text(&file, "Certificate:\n    Data: ...\n");
	append_pem(&file, 2);
	append_text(&file, "\nanother\n");
	append_pem(&file, 3);
	append_text(&file, "and words after it");
	takes(&e, &file, 3, 1, 0);
	/* One after the other, whatever they are, padded to a page. */
	append_der(&file, 4);
	append_pem(&file, 5);
	append_der(&file, 6);
	assert_true(buffer_resize(&file, file.size + 100));
	append_pem(&file, 0);
	assert_true(buffer_resize(&file, 4096));
	takes(&e, &file, 6, 2, 0);
	endorsements_free(&e);
	assert_null(e.certificates);
}

static void test_twice_is_once(void **state)
{
	struct endorsements e = {0};
	struct buffer file = {0}, twice = {0};

	(void)state;
	append_der(&file, 1);
	append_crl_der(&file);
	assert_true(buffer_append(&twice, file.data, file.size) && buffer_append(&twice, file.data, file.size));
	takes(&e, &twice, 1, 1, 0);
	takes(&e, &file, 1, 1, 0);
	endorsements_free(&e);
}

static void put_entry(uint8_t *table, const char *guid, size_t offset, size_t size)
{
	for (size_t i = 0; i < 16; i++, guid += 2, guid += *guid == '-')
		table[i] = (uint8_t)strtoul((const char[]){guid[0], guid[1], 0}, NULL, 16);
	for (size_t i = 0; i < 4; i++) {
		table[16 + i] = (uint8_t)(offset >> 8 * i);
		table[20 + i] = (uint8_t)(size >> 8 * i);
	}
}

static void test_certificate_table(void **state)
{
	static const char vcek[] = "63da758d-e664-4564-adc5-f4b93be8accd", ark[] = "c0b406a4-a803-4952-9743-3fb6014cd0ae",
			  other[] = "00112233-4455-6677-8899-aabbccddeeff";
	struct endorsements e = {0};
	struct buffer der = {0}, pem = {0}, file = {0};
	const size_t head = 4 * (size_t)24;

	(void)state;
	append_der(&der, 1);
	append_pem(&pem, 2);
	assert_true(buffer_resize(&file, head));
	assert_true(buffer_append(&file, der.data, der.size) && buffer_append(&file, pem.data, pem.size));
	put_entry(file.data, other, 0, head);
	put_entry(file.data + 24, vcek, head, der.size);
	put_entry(file.data + 48, ark, head + der.size, pem.size);
	assert_true(buffer_resize(&file, 4096));

	/* Each entry that points out of the table is refused. */
	for (size_t i = 0; i < 3; i++) {
		uint8_t saved[24];

		memcpy(saved, file.data + 24 * i, sizeof(saved));
		put_entry(file.data + 24 * i, ark, 1, file.size);
		refuses(buffer_span(&file));
		put_entry(file.data + 24 * i, ark, 0xffffffff, 2);
		refuses(buffer_span(&file));
		memcpy(file.data + 24 * i, saved, sizeof(saved));
	}
	refuses((struct span){file.data, 72});
	takes(&e, &file, 2, 0, 0);
	endorsements_free(&e);
	buffer_free(&der);
	buffer_free(&pem);
}

static void test_json_is_kept_exactly(void **state)
{
	static const char info[] = "{ \"tcbInfo\" : {\"id\":\"TDX\", \"x\":[1, 2 ]},\n\t\"signature\":\"00ff\" }",
			  identity[] = "{\"enclaveIdentity\":{},\"signature\":\"\"}";
	struct endorsements e = {0};
	struct buffer file = {0};

	(void)state;
	append_text(&file, " \n");
	append_text(&file, info);
	append_text(&file, "\n");
	append_text(&file, identity);
	append_pem(&file, 1);
	takes(&e, &file, 1, 0, 2);
	assert_true(span_equal(buffer_span(&e.json[0]), span_text(info)));
	assert_true(span_equal(buffer_span(&e.json[1]), span_text(identity)));
	endorsements_free(&e);
	refuses(span_text("{\"tcbInfo\":{},\"tcbInfo\":{},\"signature\":\"\"}"));
	refuses(span_text("{\"tcbInfo\":\"text\"}"));
	refuses(span_text("{\"anything\":{}}"));
	refuses(span_text("{\"tcbInfo\":{}"));
}

/* A PEM chain within a JSON string. */
static void append_quoted(struct buffer *out, struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		append_text(out, text.data[i] == '\n' ? "\\n" : (const char[]){(char)text.data[i], 0});
}

static void test_collection(void **state)
{
	static const char wanted[] = "{\"tcbInfo\":{\"a\": \"b\"},\"signature\":\"00ff\"}";
	struct endorsements e = {0};
	struct buffer file = {0}, pem = {0}, crl = {0};

	(void)state;
	append_pem(&pem, 1);
	append_pem(&pem, 2);
	append_crl_der(&crl);
	append_text(&file, "{\"tcb_info\":\"{\\\"a\\\": \\\"b\\\"}\",\"tcb_info_signature\":\"00ff\",\"root_ca_crl\":\"");
	append_hex(&file, buffer_span(&crl));
	append_text(&file, "\",\"tcb_info_issuer_chain\":\"");
	append_quoted(&file, buffer_span(&pem));
	append_text(&file, "\",\"other\":7}");
	takes(&e, &file, 2, 1, 1);
	assert_true(span_equal(buffer_span(&e.json[0]), span_text(wanted)));
	endorsements_free(&e);
	buffer_free(&pem);
	buffer_free(&crl);
	refuses(span_text("{\"tcb_info\":\"{}\"}"));
	refuses(span_text("{\"tcb_info\":\"{}\",\"tcb_info_signature\":\"00\\\",\"}"));
	refuses(span_text("{\"pck_crl\":\"3\"}"));
	refuses(span_text("{\"pck_crl\":\"3000\"}"));
	refuses(span_text("{\"pck_crl\":\"\",\"pck_crl_issuer_chain\":\"{\\\"pck_crl\\\":\\\"\\\"}\"}"));
}

static void test_what_is_nothing(void **state)
{
	static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
	struct buffer file = {0};

	(void)state;
	refuses((struct span){NULL, 0});
	refuses((struct span){(const uint8_t[4096]){0}, 4096});
	refuses(span_text("nothing"));
	refuses(span_text("\x01\x02-----BEGIN "));
	refuses(span_text("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"));
	refuses(span_text("-----BEGIN CERTIFICATE-----\nMAA=\n"));
	refuses(span_text(key_pem));
	refuses((struct span){(const uint8_t[]){0x30, 0x80, 0, 0}, 4});
	append_der(&file, 1);
	for (size_t size = 0; size < file.size; size++)
		refuses((struct span){file.data, size});
	append_text(&file, "\x7f\x01");
	refuses(buffer_span(&file));
	assert_true(buffer_resize(&file, ENDORSEMENTS_FILE_MAX + 1));
	refuses(buffer_span(&file));
	buffer_free(&file);
}

static void test_limits(void **state)
{
	struct endorsements e = {0};
	struct buffer file = {0}, one = {0};
	const char *why = NULL;

	(void)state;
	for (int i = 0; i < ENDORSEMENTS_CERTIFICATES_MAX; i++)
		append_der(&file, i + 1);
	takes(&e, &file, ENDORSEMENTS_CERTIFICATES_MAX, 0, 0);
	append_der(&file, 1000);
	assert_false(endorsements_add(&e, buffer_span(&file), &why));
	assert_string_equal(why, "more certificates than this verifier holds");
	buffer_free(&file);
	for (int i = 0; i < ENDORSEMENTS_JSON_MAX; i++)
		append_text(&file, "{\"tcbInfo\":{}}");
	takes(&e, &file, ENDORSEMENTS_CERTIFICATES_MAX, 0, ENDORSEMENTS_JSON_MAX);
	append_text(&file, "{\"tcbInfo\":{}}");
	assert_false(endorsements_add(&e, buffer_span(&file), &why));
	buffer_free(&file);
	endorsements_free(&e);

	append_der(&one, 1);
	for (int i = 0; i < 5 * ENDORSEMENTS_CERTIFICATES_MAX; i++)
		assert_true(buffer_append(&file, one.data, one.size));
	refuses(buffer_span(&file));
	buffer_free(&one);
	buffer_free(&file);
}

static void test_roots(void **state)
{
	struct endorsements e = {0};
	struct buffer file = {0};
	const char *why = NULL;

	(void)state;
	append_pem(&file, 1);
	append_der(&file, 2);
	assert_true(endorsements_add_roots(&e, buffer_span(&file), &why));
	assert_int_equal(sk_X509_num(e.roots), 2);
	assert_null(e.certificates);
	append_crl_der(&file);
	assert_false(endorsements_add_roots(&e, buffer_span(&file), &why));
	assert_string_equal(why, "a CRL is no trust anchor");
	assert_false(endorsements_add_roots(&e, span_text("{\"tcbInfo\":{}}"), &why));
	assert_null(e.crls);
	buffer_free(&file);
	endorsements_free(&e);
}

/* ---- genuine ---- */

static const struct genuine {
	const char *name;
	int certificates, crls;
	size_t json;
} genuine[] = {
	{"sev-snp/ask-ark-milan.pem", 2, 0, 0},
	{"sev-snp/asvk-ark-turin.pem", 2, 0, 0},
	{"sev-snp/crl-genoa.pem", 0, 1, 0},
	{"sev-snp/v2-milan.vcek.der", 1, 0, 0},
	{"sev-snp/v5-turin.vcek.pem", 1, 0, 0},
	{"sev-snp/v3-milan-aws-vlek.vlek.der", 1, 0, 0},
	{"sev-snp/v3-genoa-tsm.certtable.bin", 3, 0, 0},
	{"tdx/intel-sgx-root-ca.pem", 1, 0, 0},
	{"tdx/tcb-signing-chain.pem", 2, 0, 0},
	{"tdx/pckcrl-platform.gotdx", 0, 1, 0},
	{"tdx/pckcrl-platform-2026.der", 0, 1, 0},
	{"tdx/rootcrl-2026.der", 0, 1, 0},
	{"tdx/fmspc-50806f000000.tcbinfo.json", 0, 0, 1},
	{"tdx/td-qeidentity-2026-03.json", 0, 0, 1},
	{"tdx/v4-intel-testroot.pckSignChain.pem", 2, 0, 0},
	{"tdx/v4-intel-testroot.qeIdentity.json", 0, 0, 1},
	{"tdx/v4-phala.collateral.json", 3, 2, 2},
	{"tdx/v5-azure-notcblevel.collateral.json", 3, 2, 2},
	{"tpm/az-snp.vcek-chain.pem", 3, 0, 0},
	{"tpm/azure_tpm_root_2023.pem", 1, 0, 0},
	{"tpm/tpm_ek_root_1.cer", 1, 0, 0},
	{"nitro/aws-nitro-root-g1.pem", 1, 0, 0},
};

static void test_genuine(void **state)
{
	const struct genuine *g = *state;
	struct span bytes = evidence_sample(g->name);
	struct endorsements e = {0};
	struct buffer file = {0};

	assert_true(buffer_set(&file, bytes.data, bytes.size));
	takes(&e, &file, g->certificates, g->crls, g->json);
	endorsements_free(&e);
}

/* Not these. */
static void test_genuine_others(void **state)
{
	(void)state;
	refuses(evidence_sample("sev-snp/v2-milan.bin"));
	refuses(evidence_sample("nitro/nsm-valid-nautilus1.cbor"));
	refuses(evidence_sample("tdx/v4-phala.bin"));
	refuses(evidence_sample("sev-snp/v3-genoa-tsm.cmw-ratsd.json"));
}

static int make_key(void **state)
{
	(void)state;
	key = EVP_EC_gen("P-256");
	return key ? 0 : -1;
}

static int free_key(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest made[] = {
		cmocka_unit_test_teardown(test_certificates_and_crls, evidence_sample_free),
		cmocka_unit_test_teardown(test_twice_is_once, evidence_sample_free),
		cmocka_unit_test_teardown(test_certificate_table, evidence_sample_free),
		cmocka_unit_test_teardown(test_json_is_kept_exactly, evidence_sample_free),
		cmocka_unit_test_teardown(test_collection, evidence_sample_free),
		cmocka_unit_test_teardown(test_what_is_nothing, evidence_sample_free),
		cmocka_unit_test_teardown(test_limits, evidence_sample_free),
		cmocka_unit_test_teardown(test_roots, evidence_sample_free),
		cmocka_unit_test_teardown(test_genuine_others, evidence_sample_free),
	};
	struct CMUnitTest files[sizeof(genuine) / sizeof(genuine[0])];
	int failed = cmocka_run_group_tests_name("made here", made, make_key, free_key);

	for (size_t i = 0; i < sizeof(genuine) / sizeof(genuine[0]); i++)
		files[i] = (struct CMUnitTest){.name = genuine[i].name,
					       .test_func = test_genuine,
					       .teardown_func = evidence_sample_free,
					       .initial_state = (void *)(uintptr_t)&genuine[i]};
	return failed + cmocka_run_group_tests_name("genuine", files, NULL, NULL);
}

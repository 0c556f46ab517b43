/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certification authority for tests, on OpenSSL.
 */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_ca.h"

#define MUST(call) must((call), #call)

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "test CA: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

EVP_PKEY *test_ca_key(const char *kind)
{
	EVP_PKEY *key = strncmp(kind, "RSA-", 4) == 0 ? EVP_RSA_gen((unsigned)atoi(kind + 4)) : EVP_EC_gen(kind);

	MUST(key != NULL);
	return key;
}

static ASN1_TIME *time_of(int64_t seconds)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)seconds);

	MUST(time != NULL);
	return time;
}

static void set_name(X509_NAME *name, const char *common, const char *organisation)
{
	if (organisation)
		MUST(X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_ASC,
						(const unsigned char *)organisation, -1, -1, 0));
	MUST(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC, (const unsigned char *)common, -1, -1, 0));
}

static X509_EXTENSION *extension(int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	MUST(e != NULL);
	return e;
}

static void add_known(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = extension(nid, value);

	MUST(X509_add_ext(x, e, -1));
	X509_EXTENSION_free(e);
}

static void add_raw(X509 *x, const struct test_ca_extension *wanted)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(wanted->oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e = NULL;

	MUST(oid && value && ASN1_OCTET_STRING_set(value, wanted->value.data, (int)wanted->value.size));
	e = X509_EXTENSION_create_by_OBJ(NULL, oid, wanted->critical, value);
	MUST(e && X509_add_ext(x, e, -1));
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
}

static EVP_MD_CTX *signing(EVP_PKEY *key, const EVP_MD *digest, bool pss)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey = NULL;

	MUST(ctx && EVP_DigestSignInit(ctx, &pkey, digest ? digest : EVP_sha384(), NULL, key) == 1);
	if (pss)
		MUST(EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING) > 0 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, RSA_PSS_SALTLEN_DIGEST) > 0);
	return ctx;
}

X509 *test_ca_certificate(const struct test_ca_request *r)
{
	X509 *x = X509_new();
	ASN1_TIME *from = time_of(r->from), *to = time_of(r->to);
	EVP_MD_CTX *ctx = signing(r->issuer_key ? r->issuer_key : r->key, r->digest, r->pss);

	MUST(x && X509_set_version(x, X509_VERSION_3) && X509_set_pubkey(x, r->key));
	MUST(ASN1_INTEGER_set(X509_get_serialNumber(x), r->serial));
	MUST(X509_set1_notBefore(x, from) && X509_set1_notAfter(x, to));
	set_name(X509_get_subject_name(x), r->name, r->organisation);
	MUST(X509_set_issuer_name(x, X509_get_subject_name(r->issuer ? r->issuer : x)));
	if (r->ca) {
		add_known(x, NID_basic_constraints, "critical,CA:TRUE");
		add_known(x, NID_key_usage, r->no_crl_sign ? "critical,keyCertSign" : "critical,keyCertSign,cRLSign");
	}
	for (size_t i = 0; i < r->extension_count; i++)
		add_raw(x, &r->extension[i]);
	MUST(X509_sign_ctx(x, ctx) > 0);
	EVP_MD_CTX_free(ctx);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return x;
}

static void add_revoked(X509_CRL *crl, const X509 *x, const ASN1_TIME *time)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_dup(X509_get0_serialNumber(x));
	ASN1_TIME *when = ASN1_STRING_dup(time);

	MUST(entry && serial && when);
	MUST(X509_REVOKED_set_serialNumber(entry, serial) && X509_REVOKED_set_revocationDate(entry, when));
	MUST(X509_CRL_add0_revoked(crl, entry));
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(when);
}

X509_CRL *test_ca_crl(const struct test_ca_crl_request *r)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = time_of(r->from), *to = time_of(r->to);
	EVP_MD_CTX *ctx = signing(r->key, r->digest, r->pss);

	MUST(crl && X509_CRL_set_version(crl, X509_CRL_VERSION_2));
	MUST(X509_CRL_set_issuer_name(crl, X509_get_subject_name(r->issuer)));
	MUST(X509_CRL_set1_lastUpdate(crl, from) && (!r->to || X509_CRL_set1_nextUpdate(crl, to)));
	if (r->revoked)
		add_revoked(crl, r->revoked, from);
	if (r->partial) {
		X509_EXTENSION *e = extension(NID_issuing_distribution_point, "critical,onlyuser:TRUE");

		MUST(X509_CRL_add_ext(crl, e, -1));
		X509_EXTENSION_free(e);
	}
	MUST(X509_CRL_sort(crl) && X509_CRL_sign_ctx(crl, ctx) > 0);
	EVP_MD_CTX_free(ctx);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return crl;
}

static void append(struct buffer *out, unsigned char *der, int size)
{
	MUST(size > 0 && buffer_append(out, der, (size_t)size));
	OPENSSL_free(der);
}

void test_ca_append_der(struct buffer *out, X509 *x)
{
	unsigned char *der = NULL;
	int size = i2d_X509(x, &der);

	append(out, der, size);
}

void test_ca_append_crl(struct buffer *out, X509_CRL *crl)
{
	unsigned char *der = NULL;
	int size = i2d_X509_CRL(crl, &der);

	append(out, der, size);
}

void test_ca_append_pem(struct buffer *out, X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long size = 0;

	MUST(bio && PEM_write_bio_X509(bio, x));
	size = BIO_get_mem_data(bio, &text);
	MUST(size > 0 && buffer_append(out, text, (size_t)size));
	BIO_free(bio);
}

static FILE *open_in(const char *folder, const char *name, const char *suffix, const char *mode)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.%s", folder, name, suffix);
	return fopen(path, mode);
}

bool test_ca_load(const char *folder, const char *name, EVP_PKEY **key, X509 **x)
{
	FILE *key_file = open_in(folder, name, "key", "r"), *x_file = open_in(folder, name, "pem", "r");
	bool there = key_file && x_file;

	if (there) {
		*key = PEM_read_PrivateKey(key_file, NULL, NULL, NULL);
		*x = PEM_read_X509(x_file, NULL, NULL, NULL);
		MUST(*key && *x);
	}
	if (key_file)
		fclose(key_file);
	if (x_file)
		fclose(x_file);
	return there;
}

void test_ca_save(const char *folder, const char *name, EVP_PKEY *key, X509 *x)
{
	mode_t mask = umask(077);
	FILE *file = open_in(folder, name, "key", "w");

	umask(mask);
	MUST(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) && fclose(file) == 0);
	file = open_in(folder, name, "pem", "w");
	MUST(file && PEM_write_X509(file, x) && fclose(file) == 0);
}

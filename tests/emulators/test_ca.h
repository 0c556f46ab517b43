/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and CRLs as the vendors' authorities make them, by keys of the tests' own. For the signers of emulated
 * evidence and for unit tests: never installed, and trusted by a verifier only when told to (--trust-root).
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_TEST_CA_H
#define KEYCLAVE_TESTS_EMULATORS_TEST_CA_H

#include <openssl/x509.h>

#include "common/buffer.h"

struct test_ca_extension {
	const char *oid;    /* "1.3.6.1.4.1.3704.1.4" */
	struct span value;  /* what is in the OCTET STRING */
	bool critical;
};

struct test_ca_request {
	const char *name;         /* common name */
	const char *organisation; /* NULL: none */
	EVP_PKEY *key;            /* the subject's; the public half is used */
	X509 *issuer;             /* NULL: signed by itself */
	EVP_PKEY *issuer_key;     /* NULL: key */
	const EVP_MD *digest;     /* NULL: SHA-384 */
	bool pss;                 /* RSASSA-PSS with a salt as long as the digest, as AMD does */
	bool ca;                  /* basic constraints and key usage of one */
	bool no_crl_sign;         /* a CA without that usage */
	int64_t from, to;         /* seconds since 1970 */
	long serial;
	const struct test_ca_extension *extension;
	size_t extension_count;
};

/* All of these end the process with a message when OpenSSL fails: there is nothing that a test could do. */
EVP_PKEY *test_ca_key(const char *kind); /* "P-256", "P-384", "RSA-3072" */
X509 *test_ca_certificate(const struct test_ca_request *request);

/* Of ISSUER, over the serial numbers of REVOKED (NULL: none). */
struct test_ca_crl_request {
	X509 *issuer;
	EVP_PKEY *key;
	const EVP_MD *digest; /* NULL: SHA-384 */
	bool pss;
	int64_t from, to; /* to 0: without nextUpdate */
	const X509 *revoked;
	bool partial; /* with an issuing distribution point: for users' certificates only */
};
X509_CRL *test_ca_crl(const struct test_ca_crl_request *request);

/* Append the DER, or the PEM. */
void test_ca_append_der(struct buffer *out, X509 *x);
void test_ca_append_pem(struct buffer *out, X509 *x);
void test_ca_append_crl(struct buffer *out, X509_CRL *crl); /* DER */

/*
 * NAME.key and NAME.pem in FOLDER, for emulators that start more than once and for the verifier's --trust-root. False:
 * they are not there.
 */
bool test_ca_load(const char *folder, const char *name, EVP_PKEY **key, X509 **x);
void test_ca_save(const char *folder, const char *name, EVP_PKEY *key, X509 *x);

#endif

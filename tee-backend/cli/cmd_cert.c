/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave cert: a self-signed certificate of a key in the token that carries the key's evidence.
 */
#include "config.h"

#include <openssl/asn1t.h>
#include <openssl/rand.h>
#include <time.h>

#include "cli/certify.h"
#include "verifier/carrier.h"

#define SERIAL_SIZE 16

/*
 * RFC 5280, section 4.1. libcrypto's X509 sets the algorithm inside only when it signs with an EVP_PKEY; this is the
 * same structure with its members in reach. Everything is borrowed: values of these types are written, never freed.
 */
typedef struct {
	ASN1_INTEGER *version;
	ASN1_INTEGER *serial;
	X509_ALGOR *algorithm;
	X509_NAME *issuer;
	X509_VAL *validity;
	X509_NAME *subject;
	X509_PUBKEY *public_key;
	STACK_OF(X509_EXTENSION) * extensions;
} CERT_TBS;

typedef struct {
	CERT_TBS *tbs;
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
} CERT;

ASN1_SEQUENCE(CERT_TBS) = {
	ASN1_EXP(CERT_TBS, version, ASN1_INTEGER, 0),
	ASN1_SIMPLE(CERT_TBS, serial, ASN1_INTEGER),
	ASN1_SIMPLE(CERT_TBS, algorithm, X509_ALGOR),
	ASN1_SIMPLE(CERT_TBS, issuer, X509_NAME),
	ASN1_SIMPLE(CERT_TBS, validity, X509_VAL),
	ASN1_SIMPLE(CERT_TBS, subject, X509_NAME),
	ASN1_SIMPLE(CERT_TBS, public_key, X509_PUBKEY),
	ASN1_EXP_SEQUENCE_OF(CERT_TBS, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END(CERT_TBS)

ASN1_SEQUENCE(CERT) = {
	ASN1_SIMPLE(CERT, tbs, CERT_TBS),
	ASN1_SIMPLE(CERT, algorithm, X509_ALGOR),
	ASN1_SIMPLE(CERT, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(CERT)

/* What compose allocates beside what certify has. */
struct parts {
	CERT_TBS tbs;
	X509_VAL validity;
};

static ASN1_INTEGER *new_serial(void)
{
	uint8_t bytes[SERIAL_SIZE];
	ASN1_INTEGER *serial = NULL;
	BIGNUM *number = NULL;

	/* RFC 5280, section 4.1.2.2: positive. */
	if (RAND_bytes(bytes, sizeof(bytes)) > 0) {
		bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
		number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	}
	serial = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	BN_free(number);
	return serial;
}

static bool add_extensions(CERT_TBS *tbs, const struct certify *c)
{
	X509_EXTENSION *evidence = carrier_extension(buffer_span(&c->evidence));
	BASIC_CONSTRAINTS leaf = {0};

	if (!evidence)
		return false;
	tbs->extensions = sk_X509_EXTENSION_new_null();
	if (!tbs->extensions || sk_X509_EXTENSION_push(tbs->extensions, evidence) <= 0) {
		X509_EXTENSION_free(evidence);
		return false;
	}
	if (X509V3_add1_i2d(&tbs->extensions, NID_basic_constraints, &leaf, 1, 0) <= 0)
		return false;
	return !sk_GENERAL_NAME_num(c->names) ||
	       X509V3_add1_i2d(&tbs->extensions, NID_subject_alt_name, c->names, 0, 0) > 0;
}

static bool compose(const struct certify *c, struct parts *p)
{
	time_t now = time(NULL);
	CERT_TBS *tbs = &p->tbs;

	tbs->version = ASN1_INTEGER_new();
	tbs->serial = new_serial();
	tbs->algorithm = c->algorithm;
	tbs->issuer = tbs->subject = c->subject;
	tbs->public_key = c->public_key;
	tbs->validity = &p->validity;
	p->validity.notBefore = ASN1_TIME_adj(NULL, now, 0, 0);
	p->validity.notAfter = ASN1_TIME_adj(NULL, now, (int)c->days, 0);
	return tbs->version && ASN1_INTEGER_set(tbs->version, X509_VERSION_3) && tbs->serial && p->validity.notBefore &&
	       p->validity.notAfter && add_extensions(tbs, c);
}

static void parts_free(struct parts *p)
{
	ASN1_INTEGER_free(p->tbs.version);
	ASN1_INTEGER_free(p->tbs.serial);
	ASN1_TIME_free(p->validity.notBefore);
	ASN1_TIME_free(p->validity.notAfter);
	sk_X509_EXTENSION_pop_free(p->tbs.extensions, X509_EXTENSION_free);
}

static int write_certificate(const struct cli *cli, const struct certify *c, struct parts *p,
			     const struct buffer *signature)
{
	ASN1_BIT_STRING *bits = certify_bits(signature);
	CERT cert = {.tbs = &p->tbs, .algorithm = c->algorithm, .signature = bits};
	unsigned char *der = NULL;
	int size = bits ? ASN1_item_i2d((const ASN1_VALUE *)&cert, &der, ASN1_ITEM_rptr(CERT)) : 0;
	int status = size > 0 ? certify_write(cli, c, "CERTIFICATE", (struct span){der, (size_t)size})
			      : cli_error(cli, "out of memory");

	OPENSSL_free(der);
	ASN1_BIT_STRING_free(bits);
	return status;
}

static int sign(struct cli *cli, const struct certify *c, struct parts *p)
{
	struct buffer signature = {0};
	unsigned char *der = NULL;
	int size = ASN1_item_i2d((const ASN1_VALUE *)&p->tbs, &der, ASN1_ITEM_rptr(CERT_TBS));
	int status = size > 0 ? certify_sign(cli, c, (struct span){der, (size_t)size}, &signature)
			      : cli_error(cli, "out of memory");

	OPENSSL_free(der);
	if (status == CLI_OK)
		status = write_certificate(cli, c, p, &signature);
	buffer_free(&signature);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct certify c = {0};
	struct parts parts = {0};
	int status = certify_begin(cli, argc, argv, &cli_cert, true, &c);

	if (status == CLI_OK)
		status = compose(&c, &parts) ? sign(cli, &c, &parts) : cli_error(cli, "out of memory");
	parts_free(&parts);
	certify_end(&c);
	return status;
}

const struct cli_command cli_cert = {
	.name = "cert",
	.arguments = "--subject NAME [--dns NAME]... [--days N] [--nonce HEX] [--out FILE] [--pin-file FILE] URI",
	.summary = "Make a self-signed certificate that carries the key's evidence",
	.details = certify_details,
	.run = run,
};

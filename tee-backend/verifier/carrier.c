/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASN.1 around the CMW collection. In an extension: CMW ::= CHOICE { json UTF8String, cbor OCTET STRING }. In a request:
 * an AttestationBundle with one AttestationStatement, whose type says that its statement is such a CMW.
 */
#include "config.h"

#include <limits.h>
#include <openssl/asn1t.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "verifier/carrier.h"

#define OID_CMW "1.3.6.1.5.5.7.1.35"                 /* id-pe-cmw */
#define OID_ATTESTATION "1.2.840.113549.1.9.16.2.59" /* id-aa-attestation */

typedef struct {
	ASN1_OBJECT *type;
	ASN1_TYPE *statement;
} ATTESTATION_STATEMENT;

typedef struct {
	STACK_OF(ATTESTATION_STATEMENT) * attestations;
	STACK_OF(ASN1_TYPE) * certificates; /* of no use to us: the collection brings its own */
} ATTESTATION_BUNDLE;

DEFINE_STACK_OF(ATTESTATION_STATEMENT)

ASN1_SEQUENCE(ATTESTATION_STATEMENT) = {
	ASN1_SIMPLE(ATTESTATION_STATEMENT, type, ASN1_OBJECT),
	ASN1_SIMPLE(ATTESTATION_STATEMENT, statement, ASN1_ANY),
} static_ASN1_SEQUENCE_END(ATTESTATION_STATEMENT)

ASN1_SEQUENCE(ATTESTATION_BUNDLE) = {
	ASN1_SEQUENCE_OF(ATTESTATION_BUNDLE, attestations, ATTESTATION_STATEMENT),
	ASN1_SEQUENCE_OF_OPT(ATTESTATION_BUNDLE, certificates, ASN1_ANY),
} static_ASN1_SEQUENCE_END(ATTESTATION_BUNDLE)

static bool is_oid(const ASN1_OBJECT *object, const char *oid)
{
	char text[64] = "";

	return OBJ_obj2txt(text, sizeof(text), object, 1) > 0 && strcmp(text, oid) == 0;
}

static bool take(const ASN1_OCTET_STRING *value, struct buffer *out)
{
	int size = ASN1_STRING_length(value);

	return size > 0 && buffer_set(out, ASN1_STRING_get0_data(value), (size_t)size);
}

/* ---- certificates ---- */

/* DER of the choice cbor: an octet string and nothing after it. */
static bool read_cmw(const uint8_t *der, size_t size, struct buffer *out)
{
	const uint8_t *at = der;
	ASN1_OCTET_STRING *value = size <= LONG_MAX ? d2i_ASN1_OCTET_STRING(NULL, &at, (long)size) : NULL;
	bool good = value && at == der + size && take(value, out);

	ASN1_OCTET_STRING_free(value);
	return good;
}

static bool read_extension(const X509 *certificate, struct buffer *out, const char **why)
{
	ASN1_OBJECT *cmw = OBJ_txt2obj(OID_CMW, 1);
	int at = cmw ? X509_get_ext_by_OBJ(certificate, cmw, -1) : -1;
	bool good = false;

	*why = "a certificate without evidence";
	if (at < 0)
		goto out;
	*why = "a certificate with several pieces of evidence, or of another form than CBOR";
	if (X509_get_ext_by_OBJ(certificate, cmw, at) < 0) {
		const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));

		good = read_cmw(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), out);
	}
out:
	ASN1_OBJECT_free(cmw);
	return good;
}

static bool read_certificate(X509 *certificate, struct carrier *c, const char **why)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	*why = "the certificate's key is of no known kind";
	if (!key)
		return false;
	*why = "the self-signed certificate's signature does not hold";
	if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0 &&
	    X509_verify(certificate, key) != 1)
		return false;
	return read_extension(certificate, &c->evidence, why);
}

/* ---- requests ---- */

static bool read_bundle(const ASN1_TYPE *value, struct buffer *out)
{
	const uint8_t *at = NULL, *end = NULL;
	ATTESTATION_BUNDLE *bundle = NULL;
	const ATTESTATION_STATEMENT *statement = NULL;
	bool good = false;

	if (ASN1_TYPE_get(value) != V_ASN1_SEQUENCE)
		return false;
	at = ASN1_STRING_get0_data(value->value.sequence);
	end = at + ASN1_STRING_length(value->value.sequence);
	bundle = (ATTESTATION_BUNDLE *)ASN1_item_d2i(NULL, &at, end - at, ASN1_ITEM_rptr(ATTESTATION_BUNDLE));
	if (!bundle || at != end || sk_ATTESTATION_STATEMENT_num(bundle->attestations) != 1)
		goto out;
	statement = sk_ATTESTATION_STATEMENT_value(bundle->attestations, 0);
	good = is_oid(statement->type, OID_CMW) && ASN1_TYPE_get(statement->statement) == V_ASN1_OCTET_STRING &&
	       take(statement->statement->value.octet_string, out);
out:
	ASN1_item_free((ASN1_VALUE *)bundle, ASN1_ITEM_rptr(ATTESTATION_BUNDLE));
	return good;
}

static bool read_attribute(const X509_REQ *request, struct buffer *out, const char **why)
{
	ASN1_OBJECT *attestation = OBJ_txt2obj(OID_ATTESTATION, 1);
	int at = attestation ? X509_REQ_get_attr_by_OBJ(request, attestation, -1) : -1;
	bool good = false;

	*why = "a certificate request without evidence";
	if (at < 0)
		goto out;
	*why = "a certificate request with several pieces of evidence, or of another form than a CMW in CBOR";
	if (X509_REQ_get_attr_by_OBJ(request, attestation, at) < 0) {
		X509_ATTRIBUTE *attribute = X509_REQ_get_attr(request, at);

		good = X509_ATTRIBUTE_count(attribute) == 1 &&
		       read_bundle(X509_ATTRIBUTE_get0_type(attribute, 0), out);
	}
out:
	ASN1_OBJECT_free(attestation);
	return good;
}

static bool read_request(X509_REQ *request, struct carrier *c, const char **why)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(request);

	*why = "the request's own signature does not hold";
	if (!key || X509_REQ_verify(request, key) != 1)
		return false;
	return read_attribute(request, &c->evidence, why);
}

/* ---- both ---- */

/* A source of PEM, NULL where INPUT is no text: a collection in CBOR has certificates in PEM inside, and is none. */
static BIO *pem_source(struct span input)
{
	return input.data[0] < 0x80 ? BIO_new_mem_buf(input.data, (int)input.size) : NULL;
}

/* DER must be the whole of INPUT: a piece of evidence is no certificate with a tail. */
static X509 *parse_certificate(struct span input)
{
	const uint8_t *at = input.data;
	BIO *memory = pem_source(input);
	X509 *certificate = memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;

	BIO_free(memory);
	if (!certificate) {
		certificate = d2i_X509(NULL, &at, (long)input.size);
		if (certificate && at != input.data + input.size) {
			X509_free(certificate);
			certificate = NULL;
		}
	}
	return certificate;
}

static X509_REQ *parse_request(struct span input)
{
	const uint8_t *at = input.data;
	BIO *memory = pem_source(input);
	X509_REQ *request = memory ? PEM_read_bio_X509_REQ(memory, NULL, NULL, NULL) : NULL;

	BIO_free(memory);
	if (!request) {
		request = d2i_X509_REQ(NULL, &at, (long)input.size);
		if (request && at != input.data + input.size) {
			X509_REQ_free(request);
			request = NULL;
		}
	}
	return request;
}

static bool take_public_key(X509_PUBKEY *info, struct buffer *out)
{
	uint8_t *der = NULL;
	int size = i2d_X509_PUBKEY(info, &der);
	bool good = size > 0 && buffer_set(out, der, (size_t)size);

	OPENSSL_free(der);
	return good;
}

bool carrier_read(struct span input, struct carrier *carrier, const char **why)
{
	X509 *certificate = NULL;
	X509_REQ *request = NULL;
	bool good = true;

	ERR_set_mark();
	carrier->kind = CARRIER_NONE;
	if (!input.size || input.size > INT_MAX)
		goto out;
	certificate = parse_certificate(input);
	if (!certificate)
		request = parse_request(input);
	if (certificate) {
		carrier->kind = CARRIER_CERTIFICATE;
		good = read_certificate(certificate, carrier, why) &&
		       take_public_key(X509_get_X509_PUBKEY(certificate), &carrier->public_key);
	} else if (request) {
		carrier->kind = CARRIER_REQUEST;
		good = read_request(request, carrier, why) &&
		       take_public_key(X509_REQ_get_X509_PUBKEY(request), &carrier->public_key);
	}
out:
	X509_free(certificate);
	X509_REQ_free(request);
	ERR_pop_to_mark();
	return good;
}

void carrier_free(struct carrier *carrier)
{
	buffer_free(&carrier->evidence);
	buffer_free(&carrier->public_key);
	carrier->kind = CARRIER_NONE;
}

/* ---- writing ---- */

static ASN1_OCTET_STRING *octets(const void *data, size_t size)
{
	ASN1_OCTET_STRING *value = size <= INT_MAX ? ASN1_OCTET_STRING_new() : NULL;

	if (value && !ASN1_OCTET_STRING_set(value, data, (int)size)) {
		ASN1_OCTET_STRING_free(value);
		value = NULL;
	}
	return value;
}

X509_EXTENSION *carrier_extension(struct span evidence)
{
	ASN1_OBJECT *cmw = OBJ_txt2obj(OID_CMW, 1);
	ASN1_OCTET_STRING *choice = octets(evidence.data, evidence.size), *value = NULL;
	X509_EXTENSION *extension = NULL;
	uint8_t *der = NULL;
	int size = choice ? i2d_ASN1_OCTET_STRING(choice, &der) : -1;

	if (size > 0)
		value = octets(der, (size_t)size);
	if (cmw && value)
		extension = X509_EXTENSION_create_by_OBJ(NULL, cmw, 0, value);
	OPENSSL_free(der);
	ASN1_OCTET_STRING_free(value);
	ASN1_OCTET_STRING_free(choice);
	ASN1_OBJECT_free(cmw);
	return extension;
}

/* The bundle's DER, for the caller to free; its size, or 0. */
static int write_bundle(struct span evidence, uint8_t **der)
{
	ATTESTATION_BUNDLE *bundle = (ATTESTATION_BUNDLE *)ASN1_item_new(ASN1_ITEM_rptr(ATTESTATION_BUNDLE));
	ATTESTATION_STATEMENT *statement =
		(ATTESTATION_STATEMENT *)ASN1_item_new(ASN1_ITEM_rptr(ATTESTATION_STATEMENT));
	ASN1_OCTET_STRING *value = octets(evidence.data, evidence.size);
	ASN1_OBJECT *cmw = OBJ_txt2obj(OID_CMW, 1);
	int size = 0;

	if (bundle && statement && value && cmw) {
		ASN1_OBJECT_free(statement->type);
		statement->type = cmw;
		cmw = NULL;
		ASN1_TYPE_set(statement->statement, V_ASN1_OCTET_STRING, value);
		value = NULL;
		if (sk_ATTESTATION_STATEMENT_push(bundle->attestations, statement) > 0) {
			statement = NULL;
			size = ASN1_item_i2d((ASN1_VALUE *)bundle, der, ASN1_ITEM_rptr(ATTESTATION_BUNDLE));
		}
	}
	ASN1_OBJECT_free(cmw);
	ASN1_OCTET_STRING_free(value);
	ASN1_item_free((ASN1_VALUE *)statement, ASN1_ITEM_rptr(ATTESTATION_STATEMENT));
	ASN1_item_free((ASN1_VALUE *)bundle, ASN1_ITEM_rptr(ATTESTATION_BUNDLE));
	return size > 0 ? size : 0;
}

bool carrier_add_attribute(X509_REQ *request, struct span evidence)
{
	ASN1_OBJECT *attestation = OBJ_txt2obj(OID_ATTESTATION, 1);
	uint8_t *der = NULL;
	int size = write_bundle(evidence, &der);
	bool good = attestation && size && X509_REQ_add1_attr_by_OBJ(request, attestation, V_ASN1_SEQUENCE, der, size);

	OPENSSL_free(der);
	ASN1_OBJECT_free(attestation);
	return good;
}

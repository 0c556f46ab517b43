/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes and Intel's collateral by keys of our own. Written from Intel's formats, independently of the verifier.
 */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tdx_signer.h"

#define DAY (24 * 60 * 60)
#define QE_MRSIGNER "0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c"
#define SGX_OID "1.2.840.113741.1.13.1"

static bool append(struct buffer *out, struct span bytes)
{
	return buffer_append(out, bytes.data, bytes.size);
}

static void bend(struct tdx_signer *s, enum tdx_signer_part part, struct buffer *bytes)
{
	if (s->bend)
		s->bend(s, part, bytes);
}

/* ---- DER ---- */

/* Appends a value in its tag and length. */
static bool der_put(struct buffer *out, uint8_t tag, struct span value)
{
	uint8_t head[4] = {tag};
	size_t size = 2;

	if (value.size < 0x80) {
		head[1] = (uint8_t)value.size;
	} else {
		head[1] = 0x82;
		head[2] = (uint8_t)(value.size >> 8);
		head[3] = (uint8_t)value.size;
		size = 4;
	}
	return buffer_append(out, head, size) && append(out, value);
}

/* SEQUENCE { OID of SGX_OID "." ARCS, value }. */
static bool der_pair(struct buffer *out, const char *arcs, uint8_t tag, struct span value)
{
	struct buffer pair = {0};
	char text[64];
	unsigned char *oid = NULL;
	ASN1_OBJECT *object = NULL;
	int size = 0;
	bool good = false;

	snprintf(text, sizeof(text), SGX_OID ".%s", arcs);
	object = OBJ_txt2obj(text, 1);
	size = object ? i2d_ASN1_OBJECT(object, &oid) : 0;
	good = size > 0 && buffer_append(&pair, oid, (size_t)size) && der_put(&pair, tag, value) &&
	       der_put(out, V_ASN1_SEQUENCE | 0x20, buffer_span(&pair));
	ASN1_OBJECT_free(object);
	OPENSSL_free(oid);
	buffer_free(&pair);
	return good;
}

static bool der_number(struct buffer *out, const char *arcs, uint16_t number)
{
	uint8_t bytes[3] = {0, (uint8_t)(number >> 8), (uint8_t)number};
	size_t skip = number < 0x80 ? 2 : number < 0x8000 ? 1 : 0;

	if (number >= 0x80 && number < 0x100)
		skip = 1; /* a zero before the sign bit */
	return der_pair(out, arcs, V_ASN1_INTEGER, (struct span){bytes + skip, sizeof(bytes) - skip});
}

static bool der_tcb(struct tdx_signer *s, struct buffer *out)
{
	static const uint8_t cpusvn[16];
	struct buffer tcb = {0};
	char arcs[16];
	bool good = true;

	for (unsigned i = 0; i < 16 && good; i++) {
		snprintf(arcs, sizeof(arcs), "2.%u", i + 1);
		good = der_number(&tcb, arcs, s->component[i]);
	}
	good = good && der_number(&tcb, "2.17", s->pcesvn) &&
	       der_pair(&tcb, "2.18", V_ASN1_OCTET_STRING, (struct span){cpusvn, sizeof(cpusvn)}) &&
	       der_pair(out, "2", V_ASN1_SEQUENCE | 0x20, buffer_span(&tcb));
	buffer_free(&tcb);
	return good;
}

static bool der_extension(struct tdx_signer *s, struct buffer *out)
{
	static const uint8_t ppid[16] = {1}, type[1];
	struct buffer pairs = {0};
	bool good = der_pair(&pairs, "1", V_ASN1_OCTET_STRING, (struct span){ppid, sizeof(ppid)}) && der_tcb(s, &pairs) &&
		    der_pair(&pairs, "3", V_ASN1_OCTET_STRING, (struct span){s->pceid, sizeof(s->pceid)}) &&
		    der_pair(&pairs, "4", V_ASN1_OCTET_STRING, (struct span){s->fmspc, sizeof(s->fmspc)}) &&
		    der_pair(&pairs, "5", V_ASN1_ENUMERATED, (struct span){type, sizeof(type)}) &&
		    der_put(out, V_ASN1_SEQUENCE | 0x20, buffer_span(&pairs));

	buffer_free(&pairs);
	if (good)
		bend(s, TDX_SIGNER_PCK_EXTENSION, out);
	return good;
}

/* ---- certificates ---- */

static bool add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension = NULL;
	bool good = false;

	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return good;
}

static bool add_sgx(struct tdx_signer *s, X509 *certificate)
{
	struct buffer der = {0};
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *oid = OBJ_txt2obj(SGX_OID, 1);
	X509_EXTENSION *extension = NULL;
	bool good = octets && oid && der_extension(s, &der) && ASN1_OCTET_STRING_set(octets, der.data, (int)der.size) == 1;

	if (good)
		extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
	good = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(octets);
	buffer_free(&der);
	return good;
}

static bool set_name(X509 *certificate, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(certificate);

	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) == 1 &&
	       X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, (const unsigned char *)"Intel Corporation", -1, -1,
					  0) == 1;
}

/* WHO's certificate by ISSUER. */
static bool certify(struct tdx_signer *s, enum tdx_signer_key who, enum tdx_signer_key issuer, const char *name)
{
	X509 *c = X509_new(), *parent = NULL;
	bool ca = who == TDX_SIGNER_ROOT || who == TDX_SIGNER_PCK_CA;

	if (!c)
		return false;
	X509_free(s->certificate[who]);
	s->certificate[who] = c;
	parent = s->certificate[issuer];
	return X509_set_version(c, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(c), 100 + (long)who) == 1 && set_name(c, name) &&
	       X509_set_issuer_name(c, X509_get_subject_name(parent)) == 1 && X509_set_pubkey(c, s->key[who]) == 1 &&
	       ASN1_TIME_set(X509_getm_notBefore(c), (time_t)(s->time - DAY)) &&
	       ASN1_TIME_set(X509_getm_notAfter(c), (time_t)(s->time + (int64_t)3650 * DAY)) &&
	       add_extension(c, parent, NID_basic_constraints, ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
	       add_extension(c, parent, NID_key_usage, ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
	       add_extension(c, parent, NID_subject_key_identifier, "hash") &&
	       add_extension(c, parent, NID_authority_key_identifier, "keyid") &&
	       (who != TDX_SIGNER_PCK || add_sgx(s, c)) && X509_sign(c, s->key[issuer], EVP_sha256()) > 0;
}

bool tdx_signer_certify(struct tdx_signer *s)
{
	return certify(s, TDX_SIGNER_ROOT, TDX_SIGNER_ROOT, "Intel SGX Root CA") &&
	       certify(s, TDX_SIGNER_PCK_CA, TDX_SIGNER_ROOT, s->pck_ca_name) &&
	       certify(s, TDX_SIGNER_TCB, TDX_SIGNER_ROOT, s->tcb_name) &&
	       certify(s, TDX_SIGNER_PCK, TDX_SIGNER_PCK_CA, "Intel SGX PCK Certificate");
}

/* What BIO holds, appended to OUT; frees it. */
static bool take_bio(BIO *bio, bool good, struct buffer *out)
{
	char *data = NULL;
	long size = bio ? BIO_get_mem_data(bio, &data) : 0;

	good = good && size > 0 && buffer_append(out, data, (size_t)size);
	BIO_free(bio);
	return good;
}

bool tdx_signer_pem(X509 *certificate, struct buffer *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return take_bio(bio, bio && PEM_write_bio_X509(bio, certificate) == 1, out);
}

bool tdx_signer_root(struct tdx_signer *s, struct buffer *out)
{
	return tdx_signer_pem(s->certificate[TDX_SIGNER_ROOT], out);
}

/* ISSUER's CRL, which names WHO or nobody. */
static bool put_crl(struct tdx_signer *s, enum tdx_signer_key issuer, enum tdx_signer_key who, bool revoked,
		    struct buffer *out)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *entry = NULL;
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(s->time - DAY));
	ASN1_TIME *to = ASN1_TIME_set(NULL, (time_t)(s->time + (int64_t)30 * DAY));
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = crl && from && to && bio && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
		    X509_CRL_set_issuer_name(crl, X509_get_subject_name(s->certificate[issuer])) == 1 &&
		    X509_CRL_set1_lastUpdate(crl, from) == 1 && X509_CRL_set1_nextUpdate(crl, to) == 1;

	if (good && revoked) {
		entry = X509_REVOKED_new();
		good = entry && X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(s->certificate[who])) == 1 &&
		       X509_REVOKED_set_revocationDate(entry, from) == 1 && X509_CRL_add0_revoked(crl, entry) == 1;
	}
	good = good && X509_CRL_sign(crl, s->key[issuer], EVP_sha256()) > 0 && PEM_write_bio_X509_CRL(bio, crl) == 1;
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_CRL_free(crl);
	return take_bio(bio, good, out);
}

bool tdx_signer_crls(struct tdx_signer *s, struct buffer *out)
{
	return put_crl(s, TDX_SIGNER_ROOT, TDX_SIGNER_PCK_CA, s->pck_ca_revoked, out) &&
	       put_crl(s, TDX_SIGNER_PCK_CA, TDX_SIGNER_PCK, s->pck_revoked, out);
}

/* ---- signatures ---- */

/* r || s of BYTES by this key. */
static bool sign(EVP_PKEY *key, struct span bytes, uint8_t signature[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char der[128];
	const unsigned char *at = der;
	size_t size = sizeof(der);
	ECDSA_SIG *sig = NULL;
	bool good = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestSign(ctx, der, &size, bytes.data, bytes.size) == 1;

	if (good)
		sig = d2i_ECDSA_SIG(NULL, &at, (long)size);
	good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32) == 32 &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32) == 32;
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	return good;
}

/* x || y. */
static bool point_of(EVP_PKEY *key, uint8_t point[64])
{
	uint8_t encoded[65];
	size_t size = 0;

	if (EVP_PKEY_get_octet_string_param(key, "pub", encoded, sizeof(encoded), &size) != 1 || size != sizeof(encoded))
		return false;
	memcpy(point, encoded + 1, 64);
	return true;
}

/* ---- JSON ---- */

static bool put(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool put(struct buffer *out, const char *format, ...)
{
	char text[512];
	va_list args;
	int size = 0;

	va_start(args, format);
	size = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return size >= 0 && (size_t)size < sizeof(text) && buffer_append(out, text, (size_t)size);
}

static bool put_hex(struct buffer *out, const uint8_t *bytes, size_t size)
{
	bool good = true;

	for (size_t i = 0; i < size && good; i++)
		good = put(out, "%02x", bytes[i]);
	return good;
}

static bool put_time(struct buffer *out, const char *name, int64_t when)
{
	time_t time = (time_t)when;
	struct tm tm;
	char text[32];

	gmtime_r(&time, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return put(out, "\"%s\":\"%s\",", name, text);
}

static bool put_components(struct buffer *out, const char *name, const uint16_t components[16])
{
	bool good = put(out, "\"%s\":[", name);

	for (size_t i = 0; i < 16 && good; i++)
		good = put(out, "%s{\"svn\":%u}", i ? "," : "", components[i]);
	return good && put(out, "],");
}

static bool put_level(struct tdx_signer *s, struct buffer *out, const uint16_t sgx[16], const uint16_t tdx[16],
		      const char *status)
{
	return put(out, "{\"tcb\":{") && put_components(out, "sgxtcbcomponents", sgx) &&
	       put_components(out, "tdxtcbcomponents", tdx) &&
	       put(out, "\"pcesvn\":%u},\"tcbDate\":\"2026-01-14T00:00:00Z\",\"tcbStatus\":\"%s\"}", s->pcesvn, status);
}

#define MODULE_MEMBERS                                                                                                 \
	"\"mrsigner\":\"%096d\",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\""

static bool put_tcb_info(struct tdx_signer *s, struct buffer *out)
{
	static const uint16_t none[16];
	static const uint16_t tdx[16] = {0, 0, 3};

	return put(out, "{\"id\":\"TDX\",\"version\":3,") && put_time(out, "issueDate", s->time - DAY) &&
	       put_time(out, "nextUpdate", s->time + (int64_t)30 * DAY) && put(out, "\"fmspc\":\"") &&
	       put_hex(out, s->fmspc, 6) && put(out, "\",\"pceId\":\"") && put_hex(out, s->pceid, 2) &&
	       put(out, "\",\"tcbType\":0,\"tcbEvaluationDataNumber\":%d,\"tdxModule\":{" MODULE_MEMBERS "},", s->evaluation,
		   0) &&
	       put(out, "\"tdxModuleIdentities\":[{\"id\":\"TDX_01\"," MODULE_MEMBERS ",\"tcbLevels\":[", 0) &&
	       put(out, "{\"tcb\":{\"isvsvn\":5},\"tcbDate\":\"2026-02-11T00:00:00Z\",\"tcbStatus\":\"%s\"},",
		   s->module_status) &&
	       put(out, "{\"tcb\":{\"isvsvn\":2},\"tcbDate\":\"2024-02-11T00:00:00Z\",\"tcbStatus\":\"OutOfDate\"}]}],") &&
	       put(out, "\"tcbLevels\":[") && put_level(s, out, s->component, tdx, s->status) && put(out, ",") &&
	       put_level(s, out, none, none, "OutOfDate") && put(out, "]}");
}

static bool put_qe_identity(struct tdx_signer *s, struct buffer *out)
{
	return put(out, "{\"id\":\"TD_QE\",\"version\":2,") && put_time(out, "issueDate", s->time - DAY) &&
	       put_time(out, "nextUpdate", s->time + (int64_t)30 * DAY) &&
	       put(out, "\"tcbEvaluationDataNumber\":%d,\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",",
		   s->evaluation) &&
	       put(out, "\"attributes\":\"11000000000000000000000000000000\",") &&
	       put(out, "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"" QE_MRSIGNER "\",") &&
	       put(out, "\"isvprodid\":2,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":4},\"tcbDate\":\"2026-01-14T00:00:00Z\",") &&
	       put(out, "\"tcbStatus\":\"%s\"},{\"tcb\":{\"isvsvn\":1},", s->qe_status) &&
	       put(out, "\"tcbDate\":\"2023-01-14T00:00:00Z\",\"tcbStatus\":\"OutOfDate\"}]}");
}

/* {"NAME":OBJECT,"signature":"..."} */
static bool put_signed(struct tdx_signer *s, const char *name, enum tdx_signer_part part, struct buffer *object,
		       struct buffer *out)
{
	struct buffer file = {0};
	uint8_t signature[64];
	bool good = false;

	bend(s, part, object);
	good = sign(s->key[s->json_signer], buffer_span(object), signature) && put(&file, "{\"%s\":", name) &&
	       append(&file, buffer_span(object)) && put(&file, ",\"signature\":\"") &&
	       put_hex(&file, signature, sizeof(signature)) && put(&file, "\"}");
	if (good)
		bend(s, part == TDX_SIGNER_TCB_INFO ? TDX_SIGNER_TCB_FILE : TDX_SIGNER_QE_FILE, &file);
	good = good && append(out, buffer_span(&file));
	buffer_free(&file);
	return good;
}

bool tdx_signer_tcb_info(struct tdx_signer *s, struct buffer *out)
{
	struct buffer object = {0};
	bool good = put_tcb_info(s, &object) && put_signed(s, "tcbInfo", TDX_SIGNER_TCB_INFO, &object, out);

	buffer_free(&object);
	return good;
}

bool tdx_signer_qe_identity(struct tdx_signer *s, struct buffer *out)
{
	struct buffer object = {0};
	bool good = put_qe_identity(s, &object) &&
		    put_signed(s, "enclaveIdentity", TDX_SIGNER_QE_IDENTITY, &object, out);

	buffer_free(&object);
	return good;
}

bool tdx_signer_collateral(struct tdx_signer *s, struct buffer *out)
{
	return tdx_signer_pem(s->certificate[TDX_SIGNER_TCB], out) && tdx_signer_crls(s, out) &&
	       tdx_signer_tcb_info(s, out) && tdx_signer_qe_identity(s, out);
}

/* ---- quotes ---- */

static bool put_little(struct buffer *out, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	return buffer_append(out, bytes, size);
}

void tdx_signer_body(uint8_t body[TDX_SIGNER_BODY_15_SIZE], const uint8_t report_data[64])
{
	memset(body, 0, TDX_SIGNER_BODY_15_SIZE);
	body[0] = 5; /* TEE_TCB_SVN: the module's SVN, its version, the platform's */
	body[1] = 1;
	body[2] = 3;
	memset(body + 16, 0x33, 48); /* MRSEAM */
	body[120 + 3] = 0x10;        /* SEPT_VE_DISABLE */
	body[128] = 0xe7;            /* XFAM */
	memset(body + 136, 0x11, 48);
	for (int i = 0; i < 4; i++)
		memset(body + 328 + 48 * i, 0x20 + i, 48);
	memcpy(body + 520, report_data, 64);
	memcpy(body + 584, body, 16); /* TEE_TCB_SVN_2: the module is the one that launched the TD */
}

static bool put_signed_part(struct tdx_signer *s, uint16_t version, struct span body, struct buffer *out)
{
	static const uint8_t vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
					   0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
	bool good = put_little(out, version, 2) && put_little(out, 2, 2) && put_little(out, 0x81, 4) &&
		    put_little(out, 0, 4) && buffer_append(out, vendor, sizeof(vendor)) &&
		    buffer_resize(out, out->size + 20);

	if (version == 5)
		good = good && put_little(out, body.size == TDX_SIGNER_BODY_SIZE ? 2 : 3, 2) &&
		       put_little(out, body.size, 4);
	good = good && append(out, body);
	if (good)
		bend(s, TDX_SIGNER_SIGNED, out);
	return good;
}

static bool put_qe_report(struct tdx_signer *s, const uint8_t point[64], struct span authentication, struct buffer *out)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	struct buffer bound = {0};
	bool good = buffer_append(&bound, point, 64) && append(&bound, authentication) && buffer_resize(out, 384);

	if (good) {
		SHA256(bound.data, bound.size, hash);
		out->data[48] = 0x11; /* initialised, 64 bit... as the identity demands */
		for (int i = 0; i < 32; i++)
			out->data[128 + i] = (uint8_t)(0x0d + i);
		out->data[256] = 2;
		out->data[258] = 4;
		memcpy(out->data + 320, hash, sizeof(hash));
		bend(s, TDX_SIGNER_QE_REPORT, out);
	}
	buffer_free(&bound);
	return good;
}

static bool put_chain(struct tdx_signer *s, struct buffer *out)
{
	bool good = tdx_signer_pem(s->certificate[TDX_SIGNER_PCK], out) &&
		    tdx_signer_pem(s->certificate[TDX_SIGNER_PCK_CA], out) && tdx_signer_root(s, out) &&
		    buffer_append(out, "", 1);

	if (good)
		bend(s, TDX_SIGNER_CHAIN, out);
	return good;
}

/* Certification data of type 6: the quoting enclave's report, and of type 5 in it, the chain. */
static bool put_certification(struct tdx_signer *s, const uint8_t point[64], struct buffer *out)
{
	static const uint8_t authentication[32] = {0xa5};
	struct buffer report = {0}, chain = {0};
	uint8_t signature[64];
	bool good = put_qe_report(s, point, (struct span){authentication, sizeof(authentication)}, &report) &&
		    put_chain(s, &chain) && sign(s->key[s->qe_signer], buffer_span(&report), signature) &&
		    put_little(out, 6, 2) &&
		    put_little(out, report.size + sizeof(signature) + 2 + sizeof(authentication) + 6 + chain.size, 4) &&
		    append(out, buffer_span(&report)) && buffer_append(out, signature, sizeof(signature)) &&
		    put_little(out, sizeof(authentication), 2) &&
		    buffer_append(out, authentication, sizeof(authentication)) && put_little(out, 5, 2) &&
		    put_little(out, chain.size, 4) && append(out, buffer_span(&chain));

	buffer_free(&report);
	buffer_free(&chain);
	return good;
}

bool tdx_signer_quote(struct tdx_signer *s, uint16_t version, struct span body, struct buffer *out)
{
	struct buffer quote = {0}, certification = {0};
	uint8_t point[64], signature[64];
	bool good = point_of(s->key[TDX_SIGNER_ATTESTATION], point) && put_signed_part(s, version, body, &quote) &&
		    sign(s->key[s->quote_signer], buffer_span(&quote), signature) &&
		    put_certification(s, point, &certification) &&
		    put_little(&quote, sizeof(signature) + sizeof(point) + certification.size, 4) &&
		    buffer_append(&quote, signature, sizeof(signature)) && buffer_append(&quote, point, sizeof(point)) &&
		    append(&quote, buffer_span(&certification));

	if (good) {
		bend(s, TDX_SIGNER_QUOTE, &quote);
		good = append(out, buffer_span(&quote));
	}
	buffer_free(&quote);
	buffer_free(&certification);
	return good;
}

/* ---- keys ---- */

static struct tdx_signer *with_defaults(int64_t time)
{
	static const struct tdx_signer defaults = {
		.component = {4, 4, 2, 2, 4, 1, 0, 5},
		.pcesvn = 13,
		.fmspc = {0x90, 0xc0, 0x6f, 0x00, 0x00, 0x00},
		.pck_ca_name = "Intel SGX PCK Platform CA",
		.tcb_name = "Intel SGX TCB Signing",
		.quote_signer = TDX_SIGNER_ATTESTATION,
		.qe_signer = TDX_SIGNER_PCK,
		.json_signer = TDX_SIGNER_TCB,
		.status = "UpToDate",
		.module_status = "UpToDate",
		.qe_status = "UpToDate",
		.evaluation = 18,
	};
	struct tdx_signer *s = malloc(sizeof(*s));

	if (s) {
		*s = defaults;
		s->time = time;
	}
	return s;
}

/* Reads the keys from FILE, or makes them. */
static bool take_keys(struct tdx_signer *s, FILE *file)
{
	for (size_t i = 0; i < TDX_SIGNER_KEYS; i++) {
		s->key[i] = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : EVP_EC_gen("P-256");
		if (!s->key[i])
			return false;
	}
	return true;
}

struct tdx_signer *tdx_signer_new(int64_t time)
{
	struct tdx_signer *s = with_defaults(time);

	if (s && (!take_keys(s, NULL) || !tdx_signer_certify(s)))
		tdx_signer_free(&s);
	return s;
}

static bool write_file(const char *folder, const char *name, struct span bytes)
{
	char path[4096];
	FILE *file = NULL;
	bool good = false;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	if (!file)
		return false;
	good = fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
	return fclose(file) == 0 && good;
}

static bool write_keys(struct tdx_signer *s, const char *folder)
{
	struct buffer keys = {0};
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = bio != NULL;

	for (size_t i = 0; i < TDX_SIGNER_KEYS && good; i++)
		good = PEM_write_bio_PrivateKey(bio, s->key[i], NULL, NULL, 0, NULL, NULL) == 1;
	good = take_bio(bio, good, &keys) && write_file(folder, "tdx-keys.pem", buffer_span(&keys));
	buffer_free(&keys);
	return good;
}

struct tdx_signer *tdx_signer_open(const char *folder, int64_t time)
{
	struct tdx_signer *s = with_defaults(time);
	struct buffer root = {0}, collateral = {0};
	char path[4096];
	FILE *file = NULL;
	bool good = false;

	snprintf(path, sizeof(path), "%s/tdx-keys.pem", folder);
	file = fopen(path, "rb");
	good = s && take_keys(s, file) && (file || write_keys(s, folder)) && tdx_signer_certify(s) &&
	       tdx_signer_root(s, &root) && tdx_signer_collateral(s, &collateral) &&
	       write_file(folder, "tdx-root.pem", buffer_span(&root)) &&
	       write_file(folder, "tdx-collateral", buffer_span(&collateral));
	if (file)
		fclose(file);
	buffer_free(&root);
	buffer_free(&collateral);
	if (!good)
		tdx_signer_free(&s);
	return s;
}

void tdx_signer_free(struct tdx_signer **s)
{
	if (!s || !*s)
		return;
	for (size_t i = 0; i < TDX_SIGNER_KEYS; i++)
		EVP_PKEY_free((*s)->key[i]);
	for (size_t i = 0; i < TDX_SIGNER_ATTESTATION; i++)
		X509_free((*s)->certificate[i]);
	free(*s);
	*s = NULL;
}

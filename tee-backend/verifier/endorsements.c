/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of certificates, CRLs and Intel's JSON, told apart by their content. All of it is hostile: what is kept here
 * is well-formed and no more; chains and signatures are judged by those who use it.
 */
#include "config.h"

#include <jansson.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "common/hex.h"
#include "verifier/endorsements.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Repeated certificates are not kept, but they take time: a file may not have them for ever. */
#define ADDED_MAX ((size_t)4 * ENDORSEMENTS_CERTIFICATES_MAX)

/* What a file, or a part of one, may add to. */
struct intake {
	struct endorsements *to;
	bool roots; /* certificates become trust anchors, and there is nothing else */
	size_t added;
	const char *why;
};

static bool refuse(struct intake *in, const char *why)
{
	in->why = why;
	return false;
}

/* Takes CERTIFICATE over; one that is there already is not kept twice. */
static bool add_certificate(struct intake *in, X509 *certificate)
{
	STACK_OF(X509) **list = in->roots ? &in->to->roots : &in->to->certificates;
	bool known = false;

	if (!*list)
		*list = sk_X509_new_null();
	for (int i = 0; *list && i < sk_X509_num(*list) && !known; i++)
		known = X509_cmp(sk_X509_value(*list, i), certificate) == 0;
	if (known && ++in->added <= ADDED_MAX) {
		X509_free(certificate);
		return true;
	}
	if (*list && !known && sk_X509_num(*list) < ENDORSEMENTS_CERTIFICATES_MAX && sk_X509_push(*list, certificate)) {
		in->added++;
		return true;
	}
	X509_free(certificate);
	return refuse(in, *list ? "more certificates than this verifier holds" : "out of memory");
}

/* Takes CRL over. */
static bool add_crl(struct intake *in, X509_CRL *crl)
{
	STACK_OF(X509_CRL) **list = &in->to->crls;
	bool known = false;

	if (!*list)
		*list = sk_X509_CRL_new_null();
	for (int i = 0; *list && i < sk_X509_CRL_num(*list) && !known; i++)
		known = X509_CRL_match(sk_X509_CRL_value(*list, i), crl) == 0;
	if (known && ++in->added <= ADDED_MAX) {
		X509_CRL_free(crl);
		return true;
	}
	if (*list && !known && sk_X509_CRL_num(*list) < ENDORSEMENTS_CERTIFICATES_MAX && sk_X509_CRL_push(*list, crl)) {
		in->added++;
		return true;
	}
	X509_CRL_free(crl);
	return refuse(in, *list ? "more CRLs than this verifier holds" : "out of memory");
}

/* A certificate or a CRL, as the parsers find. */
static bool add_der(struct intake *in, struct span der)
{
	const unsigned char *at = der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
	X509_CRL *crl = NULL;

	if (certificate && at == der.data + der.size)
		return add_certificate(in, certificate);
	X509_free(certificate);
	at = der.data;
	crl = d2i_X509_CRL(NULL, &at, (long)der.size);
	if (crl && !in->roots && at == der.data + der.size)
		return add_crl(in, crl);
	X509_CRL_free(crl);
	return refuse(in, crl && in->roots ? "a CRL is no trust anchor" : "DER that is neither certificate nor CRL");
}

/* One DER object at the start of REST, which then begins after it. */
static bool take_der(struct intake *in, struct span *rest)
{
	const unsigned char *at = rest->data;
	long size = 0, limit = (long)rest->size;
	int tag = 0, class = 0, form = ASN1_get_object(&at, &size, &tag, &class, limit);
	struct span der = {rest->data, 0};

	/* 0x80: an error; 1: an indefinite length, which DER has not. */
	if ((form & 0x80) || (form & 1) || tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL)
		return refuse(in, "DER that cannot be read");
	der.size = (size_t)(at - rest->data) + (size_t)size;
	rest->data += der.size;
	rest->size -= der.size;
	return add_der(in, der);
}

static bool take_pem(struct intake *in, struct span *rest)
{
	BIO *bio = BIO_new_mem_buf(rest->data, (int)rest->size);
	unsigned char *data = NULL;
	char *name = NULL, *header = NULL;
	long size = 0;
	bool good = false;

	if (!bio) {
		in->why = "out of memory";
	} else if (!PEM_read_bio(bio, &name, &header, &data, &size)) {
		in->why = "PEM that cannot be read";
	} else if (*header) {
		in->why = "PEM with headers";
	} else if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0 ||
		   strcmp(name, PEM_STRING_X509_CRL) == 0) {
		good = add_der(in, (struct span){data, (size_t)size});
	} else {
		in->why = "PEM that is neither certificate nor CRL";
	}
	if (good) {
		size_t left = (size_t)BIO_pending(bio);

		rest->data += rest->size - left;
		rest->size = left;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	return good;
}

/* ---- Intel's JSON ---- */

static bool keep_json(struct intake *in, const struct span *parts, size_t count)
{
	struct buffer *json = &in->to->json[in->to->json_count];

	if (in->to->json_count == ENDORSEMENTS_JSON_MAX)
		return refuse(in, "more JSON than this verifier holds");
	for (size_t i = 0; i < count; i++) {
		if (!buffer_append(json, parts[i].data, parts[i].size)) {
			buffer_free(json);
			return refuse(in, "out of memory");
		}
	}
	in->to->json_count++;
	in->added++;
	return true;
}

static struct span json_span(const json_t *object, const char *name)
{
	const json_t *text = json_object_get(object, name);

	if (!json_is_string(text))
		return (struct span){0};
	return (struct span){(const uint8_t *)json_string_value(text), json_string_length(text)};
}

/* The signed object as the PCS serves it, of the member's exact text and its signature. */
static bool take_collected_json(struct intake *in, const json_t *file, const char *member, const char *name)
{
	struct span body = json_span(file, member), signature = {0};
	struct buffer bytes = {0};
	char signature_name[40];
	bool hex = false;

	snprintf(signature_name, sizeof(signature_name), "%s_signature", member);
	signature = json_span(file, signature_name);
	if (!body.data)
		return true;
	/* Else a signature could smuggle JSON. */
	hex = signature.size && hex_decode_buffer(signature, &bytes);
	buffer_free(&bytes);
	if (!hex)
		return refuse(in, "collateral without a signature in hexadecimal");

	const struct span parts[] = {span_text("{\""), span_text(name), span_text("\":"), body,
				     span_text(",\"signature\":\""), signature, span_text("\"}")};
	return keep_json(in, parts, COUNT(parts));
}

static bool take_collected_crl(struct intake *in, const json_t *file, const char *member)
{
	struct span hex = json_span(file, member);
	struct buffer der = {0};
	bool good = true;

	if (hex.data)
		good = hex_decode_buffer(hex, &der) ? add_der(in, buffer_span(&der)) : refuse(in, "a CRL not in hexadecimal");
	buffer_free(&der);
	return good;
}

static bool take_objects(struct intake *in, struct span rest);

/* What dcap-qvl, Phala's and others' quote verifiers, keep of the PCS in one file. */
static bool take_collection(struct intake *in, const json_t *file)
{
	static const char *const chains[] = {"pck_crl_issuer_chain", "tcb_info_issuer_chain",
					     "qe_identity_issuer_chain", "pck_certificate_chain"};

	for (size_t i = 0; i < COUNT(chains); i++) {
		struct span pem = json_span(file, chains[i]);

		if (!pem.size)
			continue;
		if (memchr(pem.data, '{', pem.size)) /* it would come back here */
			return refuse(in, "a chain of certificates that is none");
		if (!take_objects(in, pem))
			return false;
	}
	return take_collected_crl(in, file, "root_ca_crl") && take_collected_crl(in, file, "pck_crl") &&
	       take_collected_json(in, file, "tcb_info", "tcbInfo") &&
	       take_collected_json(in, file, "qe_identity", "enclaveIdentity");
}

static bool take_json(struct intake *in, struct span *rest)
{
	json_error_t error = {0};
	json_t *object = json_loadb((const char *)rest->data, rest->size,
				    JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &error);
	struct span exact = {rest->data, 0};
	bool good = false;

	if (!object || error.position <= 0 || (size_t)error.position > rest->size) {
		in->why = "JSON that cannot be read";
		goto out;
	}
	exact.size = (size_t)error.position;
	rest->data += exact.size;
	rest->size -= exact.size;
	if (in->roots)
		in->why = "JSON is no trust anchor";
	else if (json_is_object(json_object_get(object, "tcbInfo")) ||
		 json_is_object(json_object_get(object, "enclaveIdentity")))
		good = keep_json(in, &exact, 1);
	else if (json_is_string(json_object_get(object, "tcb_info")) ||
		 json_is_string(json_object_get(object, "pck_crl")))
		good = take_collection(in, object);
	else
		in->why = "JSON of a kind that is not known";
out:
	json_decref(object);
	return good;
}

/* ---- SNP's certificate table (GHCB 2, section on the extended guest request) ---- */

#define TABLE_ENTRY 24

static const uint8_t table_guids[][16] = {
	/* VCEK 63da758d-e664-4564-adc5-f4b93be8accd */
	{0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd},
	/* VLEK a8074bc2-a25a-483e-aae6-39c045a0b8a1 */
	{0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1},
	/* ASK and ASVK 4ab7b379-bbac-4fe4-a02f-05aef327c782 */
	{0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82},
	/* ARK c0b406a4-a803-4952-9743-3fb6014cd0ae */
	{0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae},
	/* CRL 92f81bc3-5811-4d3d-97ff-d19f88dc67ea */
	{0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea},
};

static bool table_guid_known(const uint8_t *guid)
{
	for (size_t i = 0; i < COUNT(table_guids); i++)
		if (memcmp(guid, table_guids[i], sizeof(table_guids[i])) == 0)
			return true;
	return false;
}

static uint32_t table_number(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Entry I, or an empty one at the table's end and at that of the file. */
static bool table_entry(struct span file, size_t i, const uint8_t **guid, struct span *blob)
{
	static const uint8_t end[TABLE_ENTRY];
	const uint8_t *entry = NULL;
	uint32_t offset = 0, size = 0;

	if (file.size / TABLE_ENTRY <= i)
		return false;
	entry = file.data + i * TABLE_ENTRY;
	offset = table_number(entry + 16);
	size = table_number(entry + 20);
	if (memcmp(entry, end, sizeof(end)) == 0 || offset > file.size || size > file.size - offset)
		return false;
	*guid = entry;
	*blob = (struct span){file.data + offset, size};
	return true;
}

/* Some known GUID stands before the first entry that is none: PEM and DER have no such thing. */
static bool is_table(struct span file)
{
	const uint8_t *guid = NULL;
	struct span blob = {0};

	for (size_t i = 0; table_entry(file, i, &guid, &blob); i++)
		if (table_guid_known(guid))
			return true;
	return false;
}

static bool take_table(struct intake *in, struct span file)
{
	const uint8_t *guid = NULL;
	struct span blob = {0};
	size_t i = 0;

	for (; table_entry(file, i, &guid, &blob); i++) {
		if (i == ENDORSEMENTS_CERTIFICATES_MAX)
			return refuse(in, "a certificate table that is too long");
		if (table_guid_known(guid) && !take_objects(in, blob))
			return false;
	}
	/* A table that ends otherwise than by its empty entry has an entry that points out of it. */
	for (size_t at = i * TABLE_ENTRY; at < (i + 1) * TABLE_ENTRY; at++)
		if (at >= file.size || file.data[at])
			return refuse(in, "a certificate table that points out of itself");
	return true;
}

/* ---- any file ---- */

static void skip_padding(struct span *rest)
{
	while (rest->size && (!rest->data[0] || strchr(" \t\r\n", rest->data[0]))) {
		rest->data++;
		rest->size--;
	}
}

/* To the next PEM block, over text such as openssl's -text puts before it. Nothing left: none comes. */
static bool skip_text(struct span *rest)
{
	static const char begin[] = "-----BEGIN ";
	const uint8_t *found = memmem(rest->data, rest->size, begin, sizeof(begin) - 1);
	size_t size = found ? (size_t)(found - rest->data) : rest->size;

	for (size_t i = 0; i < size; i++)
		if (rest->data[i] < 0x20 && !strchr("\t\r\n", rest->data[i]))
			return false;
	rest->data += size;
	rest->size -= size;
	return true;
}

static bool take_objects(struct intake *in, struct span rest)
{
	for (skip_padding(&rest); rest.size; skip_padding(&rest)) {
		bool good = false;

		if (rest.data[0] == 0x30)
			good = take_der(in, &rest);
		else if (rest.data[0] == '{')
			good = take_json(in, &rest);
		else if (!skip_text(&rest))
			return refuse(in, "neither certificates, CRLs, a certificate table nor JSON");
		else
			good = !rest.size || take_pem(in, &rest);
		if (!good)
			return false;
	}
	return true;
}

static bool take_all(struct intake *in, struct span file)
{
	return is_table(file) ? take_table(in, file) : take_objects(in, file);
}

static bool take_file(struct intake *in, struct span file, const char **why)
{
	bool good = false;

	ERR_set_mark();
	if (file.size > ENDORSEMENTS_FILE_MAX)
		refuse(in, "longer than a mebibyte");
	else if (take_all(in, file))
		good = in->added || refuse(in, "nothing in it");
	ERR_pop_to_mark();
	if (!good)
		*why = in->why;
	return good;
}

bool endorsements_add(struct endorsements *e, struct span file, const char **why)
{
	struct intake in = {.to = e};

	return take_file(&in, file, why);
}

bool endorsements_add_roots(struct endorsements *e, struct span file, const char **why)
{
	struct intake in = {.to = e, .roots = true};

	return take_file(&in, file, why);
}

void endorsements_free(struct endorsements *e)
{
	if (!e)
		return;
	sk_X509_pop_free(e->certificates, X509_free);
	sk_X509_CRL_pop_free(e->crls, X509_CRL_free);
	sk_X509_pop_free(e->roots, X509_free);
	for (size_t i = 0; i < e->json_count; i++)
		buffer_free(&e->json[i]);
	memset(e, 0, sizeof(*e));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms in which people have such keys: the ciphertext as the KMS gave it (binary, or base64 as its command prints it),
 * Keyclave's envelope, and what AWS Certificate Manager for Nitro Enclaves has in S3 or in its file database.
 */
#include "config.h"

#include "cli/import_kms.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "cli/certificate.h"
#include "common/memory.h"

#define FILE_MAX ((size_t)256 * 1024)
#define CHAIN_MAX 8

/* What a file holds. */
struct material {
	struct buffer ciphertext, iv, sealed;
	struct buffer certificates; /* PEM: the key's own, then its chain */
	bool unbound;               /* made by something that binds ciphertexts to nothing */
};

static void material_free(struct material *m)
{
	buffer_free(&m->ciphertext);
	buffer_free(&m->iv);
	buffer_free(&m->sealed);
	buffer_free(&m->certificates);
}

bool import_kms_option(struct import_kms *kms, int option, const char *value)
{
	char *end = NULL;

	kms->only = true;
	switch (option) {
	case 'k':
		kms->file = value;
		return true;
	case 'K':
		kms->key = value;
		return true;
	case 'c':
		kms->cert = value;
		return true;
	case 'u':
		kms->unbound = true;
		return true;
	case 's':
		kms->value_type = value;
		return strcmp(value, "aes") == 0 || strcmp(value, "generic") == 0;
	case 'v':
		kms->version = strtoull(value, &end, 10);
		return *value >= '1' && *value <= '9' && !*end;
	default:
		return false;
	}
}

/* ---- files ---- */

/* Blanks and line ends are nothing; false: not base64, or nothing. */
static bool from_base64(struct span text, struct buffer *out)
{
	EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
	int first = 0, last = 0;
	bool good = context && text.size && text.size < FILE_MAX && buffer_resize(out, text.size + 64);

	if (good) {
		EVP_DecodeInit(context);
		good = EVP_DecodeUpdate(context, out->data, &first, text.data, (int)text.size) >= 0 &&
		       EVP_DecodeFinal(context, out->data + first, &last) >= 0 && first + last > 0;
	}
	EVP_ENCODE_CTX_free(context);
	if (!good)
		buffer_reset(out);
	return good && buffer_resize(out, (size_t)(first + last));
}

static bool member_base64(const json_t *object, const char *name, struct buffer *out)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text && from_base64(span_text(text), out);
}

static bool append_text(const json_t *object, const char *name, struct buffer *out)
{
	const char *text = json_string_value(json_object_get(object, name));

	return !text || (buffer_append(out, text, strlen(text)) && buffer_append(out, "\n", 1));
}

/* An entry of ACM for Nitro Enclaves' file database, or its one object in S3. */
static bool read_acm(const json_t *object, struct material *m)
{
	m->unbound = true;
	if (member_base64(object, "encrypted_pem_b64", &m->ciphertext))
		return append_text(object, "cert_pem", &m->certificates);
	return member_base64(object, "encryptedPrivateKey", &m->ciphertext) &&
	       append_text(object, "certificate", &m->certificates) &&
	       append_text(object, "certificateChain", &m->certificates);
}

/* The entry with this label, or the only one. */
static const json_t *find_entry(const json_t *list, const char *label)
{
	const json_t *found = json_array_size(list) == 1 ? json_array_get(list, 0) : NULL;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *own = json_string_value(json_object_get(json_array_get(list, i), "label"));

		if (own && strcmp(own, label) == 0)
			found = json_array_get(list, i);
	}
	return found;
}

static bool read_json(const json_t *root, const char *label, struct material *m)
{
	if (json_is_array(root))
		return read_acm(find_entry(root, label), m);
	if (json_integer_value(json_object_get(root, "keyclave-envelope")) == 1)
		return member_base64(root, "key", &m->ciphertext) && member_base64(root, "iv", &m->iv) &&
		       member_base64(root, "ciphertext", &m->sealed) && m->iv.size == 12;
	if (member_base64(root, "CiphertextBlob", &m->ciphertext))
		return true; /* aws kms encrypt, in JSON */
	return read_acm(root, m);
}

static bool read_material(struct span content, const char *label, struct material *m)
{
	json_t *root = NULL;
	bool good = false;

	if (content.size && (content.data[0] == '{' || content.data[0] == '[')) {
		root = json_loadb((const char *)content.data, content.size, JSON_REJECT_DUPLICATES, NULL);
		good = root && read_json(root, label, m);
		json_decref(root);
		return good;
	}
	return from_base64(content, &m->ciphertext) || buffer_set(&m->ciphertext, content.data, content.size);
}

/* ---- certificates ---- */

static size_t parse_certificates(struct span pem, X509 *cert[CHAIN_MAX])
{
	BIO *memory = BIO_new_mem_buf(pem.data, (int)pem.size);
	size_t count = 0;

	while (memory && count < CHAIN_MAX && (cert[count] = PEM_read_bio_X509(memory, NULL, NULL, NULL)))
		count++;
	BIO_free(memory);
	return count;
}

/* How programs number a key and its certificate: SHA-1 of the public key's bits (RFC 5280, section 4.2.1.2). */
static bool default_id(X509 *cert, uint8_t id[20])
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);

	return bits && EVP_Digest(bits->data, (size_t)bits->length, id, NULL, EVP_sha1(), NULL) > 0;
}

static bool is_of(X509 *cert, struct span public_info)
{
	unsigned char *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	bool same = size > 0 && span_equal((struct span){der, (size_t)size}, public_info);

	OPENSSL_free(der);
	return same;
}

static CK_RV create_certificate(struct cli *cli, const struct cli_token *token, X509 *cert, const char *label,
				struct span id)
{
	struct create_request request = {.slot = token->slot};
	struct attribute_set *set = attribute_set_new();
	CK_RV rv = CKR_HOST_MEMORY;

	if (set && certificate_put(set, cert) && attribute_set_put_bool(set, CKA_TOKEN, true) &&
	    attribute_set_put(set, CKA_LABEL, span_text(label)) &&
	    (!id.size || attribute_set_put(set, CKA_ID, id))) {
		for (size_t i = 0; i < attribute_set_count(set); i++) {
			struct attribute a = attribute_set_at(set, i);

			(void)attributes_add(&request.template, a.type, a.value);
		}
		rv = client_tell(cli->client, REQUEST_CREATE, &request);
	}
	attribute_set_free(&set);
	return rv;
}

/* ---- the key ---- */

static bool fill_template(struct attributes *template, const struct import_kms *kms, const char *label, struct span id,
			  uint8_t numbers[16])
{
	static const uint8_t yes[1] = {1};
	bool ok = attributes_add(template, CKA_TOKEN, (struct span){yes, 1}) &&
		  attributes_add(template, CKA_LABEL, span_text(label)) &&
		  (!id.size || attributes_add(template, CKA_ID, id));

	if (ok && kms->value_type) {
		attribute_put_ulong(numbers, CKO_SECRET_KEY);
		attribute_put_ulong(numbers + 8, strcmp(kms->value_type, "aes") == 0 ? CKK_AES : CKK_GENERIC_SECRET);
		ok = attributes_add(template, CKA_CLASS, (struct span){numbers, 8}) &&
		     attributes_add(template, CKA_KEY_TYPE, (struct span){numbers + 8, 8});
	}
	return ok;
}

static CK_RV unwrap(struct cli *cli, const struct cli_token *token, const struct import_kms *kms,
		    const struct material *m, const char *label, struct span id, uint64_t *handle)
{
	struct import_kms_request request = {
		.slot = token->slot,
		.kms_key = span_text(kms->key),
		.ciphertext = buffer_span(&m->ciphertext),
		.iv = buffer_span(&m->iv),
		.sealed = buffer_span(&m->sealed),
		.version = kms->version ? kms->version : 1,
		.unbound = kms->unbound || m->unbound,
	};
	struct client_answer answer = {0};
	uint8_t numbers[16];
	CK_RV rv = CKR_HOST_MEMORY;

	if (fill_template(&request.template, kms, label, id, numbers))
		rv = client_call(cli->client, REQUEST_IMPORT_KMS, &request, &answer);
	if (rv == CKR_OK)
		*handle = answer.message.handle_response.handle;
	client_done(&answer);
	return rv;
}

/* The certificate must be the key's: else the key goes again. */
static int match(struct cli *cli, const struct cli_token *token, uint64_t handle, X509 *cert)
{
	const struct object_request request = {.slot = token->slot, .handle = handle};
	struct client_answer answer = {0};
	CK_RV rv = client_call(cli->client, REQUEST_DESCRIBE, &request, &answer);
	bool same = rv == CKR_OK && is_of(cert, answer.message.describe_response.public_info);

	client_done(&answer);
	if (same)
		return CLI_OK;
	(void)client_tell(cli->client, REQUEST_DESTROY, &request);
	return rv != CKR_OK ? cli_error_rv(cli, rv, "importing")
			    : cli_error(cli, "the certificate is not of this key: neither was imported");
}

static int explain(const struct cli *cli, CK_RV rv)
{
	switch (rv) {
	case CKR_FUNCTION_NOT_SUPPORTED:
		return cli_error(cli, "no KMS is configured: kms and kms-user-keys (keyclave.conf(5))");
	case CKR_ARGUMENTS_BAD:
		return cli_error(cli, "that key of the KMS is not among kms-user-keys");
	case CKR_ACTION_PROHIBITED:
		return cli_error(cli, "the ciphertext is bound to no token and label, so that it could be swapped for another: "
				      "refused unless kms-unbound = allow");
	case CKR_WRAPPED_KEY_INVALID:
		return cli_error(cli, "not a key that was encrypted for this token, label and version, or no key at all; see "
				      "keyclaved's log");
	default:
		return cli_error_rv(cli, rv, "importing");
	}
}

static int bring_in(struct cli *cli, const struct cli_token *token, const struct import_kms *kms,
		    const struct material *m, const char *label, struct span id)
{
	X509 *cert[CHAIN_MAX] = {NULL};
	size_t count = parse_certificates(buffer_span(&m->certificates), cert);
	CK_OBJECT_CLASS class = kms->value_type ? CKO_SECRET_KEY : CKO_PRIVATE_KEY;
	uint8_t own_id[20];
	uint64_t handle = 0;
	int status = CLI_OK;
	CK_RV rv = CKR_OK;

	if (!count && m->certificates.size)
		status = cli_error(cli, "no certificate in PEM");
	if (count && !id.size && default_id(cert[0], own_id))
		id = (struct span){own_id, sizeof(own_id)};
	if (status == CLI_OK) {
		rv = unwrap(cli, token, kms, m, label, id, &handle);
		status = rv == CKR_OK ? CLI_OK : explain(cli, rv);
	}
	if (status == CLI_OK && count)
		status = match(cli, token, handle, cert[0]);
	for (size_t i = 0; status == CLI_OK && i < count; i++) {
		rv = create_certificate(cli, token, cert[i], label, i ? (struct span){0} : id);
		status = rv == CKR_OK ? CLI_OK : cli_error_rv(cli, rv, "importing the certificate");
	}
	for (size_t i = 0; i < count; i++)
		X509_free(cert[i]);
	if (status != CLI_OK)
		return status;
	return cli_print(cli, json_pack("{s:s, s:I, s:o}", "class", cli_class_name(class), "certificates",
					(json_int_t)count, "uri", cli_object_uri(token, class, span_text(label), id)));
}

int import_kms(struct cli *cli, const struct cli_token *token, const struct import_kms *kms, const char *label,
	       struct span id)
{
	struct buffer content = {0};
	struct material m = {.unbound = false};
	int status = cli_read_file(cli, kms->file, FILE_MAX, &content) ? CLI_OK : CLI_FAILED;

	if (status == CLI_OK && !read_material(buffer_span(&content), label, &m))
		status = cli_error(cli, "%s: neither a ciphertext, nor an envelope, nor a file of ACM for Nitro Enclaves",
				   kms->file);
	if (status == CLI_OK && kms->cert) {
		buffer_reset(&m.certificates);
		if (!cli_read_file(cli, kms->cert, FILE_MAX, &m.certificates))
			status = CLI_FAILED;
	}
	if (status == CLI_OK)
		status = bring_in(cli, token, kms, &m, label, id);
	material_free(&m);
	buffer_free(&content);
	return status;
}

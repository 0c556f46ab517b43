/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave import: a certificate, a public key, or a private key from a file into the token. An imported
 * private key was outside once, and its evidence says so.
 */
#include "config.h"

#include <getopt.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "cli/certificate.h"
#include "cli/cli.h"
#include "cli/import_kms.h"
#include "common/memory.h"
#include "mechanism/attribute_set.h"

#define FILE_MAX ((size_t)1024 * 1024)

struct import_options {
	const char *file;
	const char *label;
	const char *token;
	const char *pin_file;
	const char *passphrase_file;
	struct buffer id;
	bool extractable;
	struct import_kms kms;
};

static int parse(const struct cli *cli, int argc, char **argv, struct import_options *o)
{
	static const struct option options[] = {
		{"label", required_argument, NULL, 'l'},    {"id", required_argument, NULL, 'i'},
		{"token", required_argument, NULL, 't'},    {"pin-file", required_argument, NULL, 'p'},
		{"passphrase-file", required_argument, NULL, 'w'}, {"extractable", no_argument, NULL, 'x'},
		{"kms-ciphertext", required_argument, NULL, 'k'}, {"kms-key", required_argument, NULL, 'K'},
		{"kms-version", required_argument, NULL, 'v'},	  {"kms-unbound", no_argument, NULL, 'u'},
		{"cert", required_argument, NULL, 'c'},		  {"secret", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			o->label = optarg;
			break;
		case 'i':
			if (!cli_hex(optarg, &o->id, 256)) {
				cli_error(cli, "--id takes hexadecimal digits, an even number of them");
				return CLI_USAGE;
			}
			break;
		case 't':
			o->token = optarg;
			break;
		case 'p':
			o->pin_file = optarg;
			break;
		case 'w':
			o->passphrase_file = optarg;
			break;
		case 'x':
			o->extractable = true;
			break;
		default:
			if (!import_kms_option(&o->kms, option, optarg))
				return CLI_USAGE;
		}
	}
	if (o->kms.file)
		return optind == argc && o->label && !o->extractable && !o->passphrase_file ? CLI_OK : CLI_USAGE;
	if (optind + 1 != argc || !o->label || o->kms.only)
		return CLI_USAGE;
	o->file = argv[optind];
	return CLI_OK;
}

/* ---- components of keys ---- */

static bool put_bn(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, const EVP_PKEY *key, const char *name,
		   size_t size)
{
	uint8_t bytes[2048]; /* RSA of 16384 bits */
	BIGNUM *number = NULL;
	bool ok = false;
	int n = 0;

	if (!EVP_PKEY_get_bn_param(key, name, &number))
		return false;
	n = BN_num_bytes(number);
	if (size < (size_t)n)
		size = (size_t)n;
	if (size <= sizeof(bytes) && BN_bn2binpad(number, bytes, (int)size) == (int)size)
		ok = attribute_set_put(set, type, (struct span){bytes, size});
	BN_clear_free(number);
	memory_wipe(bytes, sizeof(bytes));
	return ok;
}

static bool put_rsa(struct attribute_set *set, const EVP_PKEY *key, bool private)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		const char *name;
	} parts[] = {
		{CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
		{CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
		{CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
		{CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
		{CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
		{CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
		{CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
		{CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
	};
	size_t count = private ? sizeof(parts) / sizeof(parts[0]) : 2;

	for (size_t i = 0; i < count; i++)
		if (!put_bn(set, parts[i].type, key, parts[i].name, 0))
			return false;
	return attribute_set_put_ulong(set, CKA_KEY_TYPE, CKK_RSA);
}

static bool put_octets(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, const EVP_PKEY *key, const char *name)
{
	uint8_t bytes[256];
	size_t size = 0;
	bool ok = EVP_PKEY_get_octet_string_param(key, name, bytes, sizeof(bytes), &size) &&
		  attribute_set_put(set, type, (struct span){bytes, size});

	memory_wipe(bytes, sizeof(bytes));
	return ok;
}

/* The public half: CKA_EC_POINT, which the token normalises. */
static bool put_curve(struct attribute_set *set, const EVP_PKEY *key, bool private)
{
	const struct mechanism_curve *curve = NULL;
	char name[64] = "";
	size_t size = 0;

	if (EVP_PKEY_is_a(key, "EC")) {
		if (!EVP_PKEY_get_group_name(key, name, sizeof(name), &size))
			return false;
		curve = mechanism_curve_named(name);
	} else {
		curve = mechanism_curve_named(EVP_PKEY_get0_type_name(key));
	}
	if (!curve || !attribute_set_put_ulong(set, CKA_KEY_TYPE, curve->key_type) ||
	    !attribute_set_put(set, CKA_EC_PARAMS, (struct span){curve->params, curve->params_size}))
		return false;
	if (!private)
		return put_octets(set, CKA_EC_POINT, key, OSSL_PKEY_PARAM_PUB_KEY);
	if (curve->key_type == CKK_EC)
		return put_bn(set, CKA_VALUE, key, OSSL_PKEY_PARAM_PRIV_KEY, curve->order_size);
	return put_octets(set, CKA_VALUE, key, OSSL_PKEY_PARAM_PRIV_KEY);
}

static bool put_key(struct attribute_set *set, const EVP_PKEY *key, bool private)
{
	if (!attribute_set_put_ulong(set, CKA_CLASS, private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY))
		return false;
	return EVP_PKEY_is_a(key, "RSA") ? put_rsa(set, key, private) : put_curve(set, key, private);
}

/* ---- the file ---- */

static int give_passphrase(char *buffer, int size, int writing, void *arg)
{
	const struct buffer *pass = arg;

	(void)writing;
	if (!pass || pass->size == 0 || pass->size > (size_t)size)
		return -1;
	memcpy(buffer, pass->data, pass->size);
	return (int)pass->size;
}

/* What the file holds goes into SET: private key, certificate or public key, in PEM or DER. */
static bool read_content(struct span content, struct buffer *pass, struct attribute_set *set, bool *private)
{
	BIO *memory = BIO_new_mem_buf(content.data, (int)content.size);
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	bool ok = false;

	if (!memory)
		return false;
	key = PEM_read_bio_PrivateKey(memory, NULL, give_passphrase, pass);
	if (!key && BIO_reset(memory) >= 0)
		key = d2i_PrivateKey_bio(memory, NULL);
	*private = key != NULL;
	if (!key && BIO_reset(memory) >= 0 && !(cert = PEM_read_bio_X509(memory, NULL, NULL, NULL)) &&
	    BIO_reset(memory) >= 0)
		cert = d2i_X509_bio(memory, NULL);
	if (!key && !cert && BIO_reset(memory) >= 0 && !(key = PEM_read_bio_PUBKEY(memory, NULL, NULL, NULL)) &&
	    BIO_reset(memory) >= 0)
		key = d2i_PUBKEY_bio(memory, NULL);
	if (key)
		ok = put_key(set, key, *private);
	else if (cert)
		ok = certificate_put(set, cert);
	EVP_PKEY_free(key);
	X509_free(cert);
	BIO_free(memory);
	return ok;
}

static int create(struct cli *cli, const struct cli_token *token, const struct import_options *o,
		  struct attribute_set *set, bool private)
{
	struct create_request request = {.slot = token->slot};
	CK_OBJECT_CLASS class = attribute_set_ulong(set, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	CK_RV rv = CKR_HOST_MEMORY;

	if (!attribute_set_put_bool(set, CKA_TOKEN, true) ||
	    !attribute_set_put(set, CKA_LABEL, span_text(o->label)) ||
	    (o->id.size && !attribute_set_put(set, CKA_ID, buffer_span(&o->id))) ||
	    (private && o->extractable && !attribute_set_put_bool(set, CKA_EXTRACTABLE, true)))
		return cli_error_rv(cli, rv, "importing");
	for (size_t i = 0; i < attribute_set_count(set); i++) {
		struct attribute a = attribute_set_at(set, i);

		(void)attributes_add(&request.template, a.type, a.value);
	}
	rv = client_tell(cli->client, REQUEST_CREATE, &request);
	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "importing");
	return cli_print(cli, json_pack("{s:s, s:o}", "class", cli_class_name(class), "uri",
					cli_object_uri(token, class, span_text(o->label), buffer_span(&o->id))));
}

static int import(struct cli *cli, const struct cli_token *token, const struct import_options *o)
{
	struct buffer content = {.secret = true}, pass = {.secret = true};
	struct attribute_set *set = attribute_set_new();
	bool private = false;
	int status = CLI_OK;

	if (!set)
		return cli_error_rv(cli, CKR_HOST_MEMORY, "importing");
	if (o->passphrase_file)
		status = cli_secret(cli, NULL, o->passphrase_file, "passphrase", false, &pass);
	if (status == CLI_OK && !cli_read_file(cli, o->file, FILE_MAX, &content))
		status = CLI_FAILED;
	if (status == CLI_OK && !read_content(buffer_span(&content), &pass, set, &private))
		status = cli_error(cli,
				   "%s: no key or certificate that the token can hold (is it encrypted? "
				   "give --passphrase-file)",
				   o->file);
	if (status == CLI_OK)
		status = create(cli, token, o, set, private);
	attribute_set_free(&set);
	buffer_free(&content);
	buffer_free(&pass);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct import_options o = {0};
	struct cli_token token = {0};
	struct uri uri = {0};
	int status = parse(cli, argc, argv, &o);

	if (status == CLI_OK)
		status = cli_login_token(cli, o.token, o.pin_file, true, &uri, &token);
	else
		cli_error(cli, "usage: keyclave import %s", cli_import.arguments);
	if (status == CLI_OK && o.kms.file)
		status = import_kms(cli, &token, &o.kms, o.label, buffer_span(&o.id));
	else if (status == CLI_OK)
		status = import(cli, &token, &o);
	buffer_free(&o.id);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_import = {
	.name = "import",
	.arguments = "--label LABEL [--id HEX] [--token URI] [--pin-file FILE] [--passphrase-file FILE]\n"
		     "                       [--extractable] FILE\n"
		     "       keyclave import --label LABEL [--id HEX] [--token URI] [--pin-file FILE] --kms-ciphertext FILE\n"
		     "                       [--kms-key KEY] [--kms-version N] [--kms-unbound] [--cert FILE] [--secret aes|generic]",
	.summary = "Import a certificate, a public key or a private key (PEM or DER)",
	.details = "Give a certificate the --id of its key: programs pair them by it.\n"
		   "A private key that is imported was outside the enclave once; its evidence says \"imported\".\n"
		   "With --kms-ciphertext the enclave has the KMS decrypt the key, which nobody else sees: the ciphertext itself,\n"
		   "an envelope, or a file of ACM for Nitro Enclaves. See docs/kms.md.\n",
	.run = run,
};

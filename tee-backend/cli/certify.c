/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options, key and signature of `keyclave csr` and `keyclave cert`.
 */
#include "config.h"

#include <getopt.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "cli/certify.h"
#include "mechanism/keyclave.h"

const char certify_details[] =
	"--subject   /CN=name/O=... (RFC 4514's keys), as openssl req takes it\n"
	"--dns       a DNS name for subjectAltName; several times if need be\n"
	"--nonce     the nonce of the authority, to be in the evidence\n"
	"--out       file to write to (default: standard output)\n\n"
	"The evidence says that the key is in the enclave and cannot leave it; keyclave verify reads it there.\n";

/* How each kind of key signs certificates. */
static const struct signing {
	CK_KEY_TYPE type;
	CK_ULONG bits; /* 0: any */
	CK_MECHANISM_TYPE mechanism;
	int nid;
} signings[] = {
	{CKK_RSA, 0, CKM_SHA256_RSA_PKCS, NID_sha256WithRSAEncryption},
	{CKK_EC, 256, CKM_ECDSA_SHA256, NID_ecdsa_with_SHA256},
	{CKK_EC, 384, CKM_ECDSA_SHA384, NID_ecdsa_with_SHA384},
	{CKK_EC, 521, CKM_ECDSA_SHA512, NID_ecdsa_with_SHA512},
	{CKK_EC_EDWARDS, 0, CKM_EDDSA, NID_ED25519},
};

static const struct signing *signing_of(const struct descriptor *key)
{
	for (size_t i = 0; i < sizeof(signings) / sizeof(signings[0]); i++)
		if (signings[i].type == key->key_type && (!signings[i].bits || signings[i].bits == key->bits))
			return &signings[i];
	return NULL;
}

/* ---- options ---- */

/* "/CN=a/O=b"; a slash inside a value is written \/. */
static bool parse_subject(char *text, X509_NAME *name)
{
	char *at = text;

	if (*at++ != '/')
		return false;
	while (*at) {
		char *key = at, *value = strchr(at, '='), *to = NULL;

		if (!value)
			return false;
		*value++ = '\0';
		for (to = at = value; *at && *at != '/'; at++) {
			if (*at == '\\' && at[1])
				at++;
			*to++ = *at;
		}
		if (*at)
			at++;
		*to = '\0';
		if (!*value ||
		    !X509_NAME_add_entry_by_txt(name, key, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0))
			return false;
	}
	return X509_NAME_entry_count(name) > 0;
}

static int take_subject(const struct cli *cli, struct certify *c)
{
	char *text = strdup(optarg);
	bool good = text && parse_subject(text, c->subject);

	free(text);
	if (good)
		return CLI_OK;
	cli_error(cli, "--subject takes /CN=name and so on, not %s", optarg);
	return CLI_USAGE;
}

static int take_dns(const struct cli *cli, struct certify *c)
{
	GENERAL_NAME *name = a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_DNS, optarg, 0);

	if (name && sk_GENERAL_NAME_push(c->names, name) > 0)
		return CLI_OK;
	GENERAL_NAME_free(name);
	cli_error(cli, "--dns %s: not a DNS name", optarg);
	return CLI_USAGE;
}

static int take_days(const struct cli *cli, struct certify *c)
{
	char *end = NULL;

	c->days = strtol(optarg, &end, 10);
	if (*optarg && !*end && c->days >= 1 && c->days <= 36500)
		return CLI_OK;
	cli_error(cli, "--days takes 1 to 36500");
	return CLI_USAGE;
}

static int take_option(const struct cli *cli, int option, struct certify *c)
{
	switch (option) {
	case 's':
		return take_subject(cli, c);
	case 'd':
		return take_dns(cli, c);
	case 'D':
		return take_days(cli, c);
	case 'n':
		if (cli_hex(optarg, &c->nonce, KEYCLAVE_NONCE_MAX))
			return CLI_OK;
		cli_error(cli, "--nonce takes at most %d bytes in hexadecimal", KEYCLAVE_NONCE_MAX);
		return CLI_USAGE;
	case 'o':
		c->out = optarg;
		return CLI_OK;
	case 'p':
		c->pin_file = optarg;
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

static int parse(const struct cli *cli, int argc, char **argv, const struct cli_command *command, bool days,
		 struct certify *c)
{
	const struct option options[] = {
		{"subject", required_argument, NULL, 's'},  {"dns", required_argument, NULL, 'd'},
		{"nonce", required_argument, NULL, 'n'},    {"out", required_argument, NULL, 'o'},
		{"pin-file", required_argument, NULL, 'p'}, {days ? "days" : NULL, required_argument, NULL, 'D'},
		{NULL, 0, NULL, 0},
	};
	int option = 0, status = CLI_OK;

	c->days = 365;
	c->subject = X509_NAME_new();
	c->names = sk_GENERAL_NAME_new_null();
	if (!c->subject || !c->names)
		return cli_error(cli, "out of memory");
	while (status == CLI_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = take_option(cli, option, c);
	if (status == CLI_OK && (optind + 1 != argc || !X509_NAME_entry_count(c->subject))) {
		cli_error(cli, "usage: keyclave %s %s", command->name, command->arguments);
		status = CLI_USAGE;
	}
	if (status == CLI_OK)
		c->uri_text = argv[optind];
	return status;
}

/* ---- the key ---- */

static int read_key(struct cli *cli, struct certify *c)
{
	const struct signing *signing = NULL;
	const uint8_t *at = NULL;
	CK_RV rv = descriptor_get(cli->client, c->token.slot, c->handle, &c->key);

	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "reading the key");
	signing = signing_of(c->key);
	if (!signing || !(c->key->usage & CKF_SIGN))
		return cli_error(cli, "this key does not sign certificates: RSA, EC on P-256, P-384 or P-521, and Ed25519 do");
	at = c->key->public_info.data;
	c->public_key = d2i_X509_PUBKEY(NULL, &at, (long)c->key->public_info.size);
	c->algorithm = X509_ALGOR_new();
	/* RFC 8017 wants NULL parameters for RSA, RFC 5758 and 8410 none for the others. */
	if (!c->public_key || !c->algorithm ||
	    !X509_ALGOR_set0(c->algorithm, OBJ_nid2obj(signing->nid),
			     signing->type == CKK_RSA ? V_ASN1_NULL : V_ASN1_UNDEF, NULL))
		return cli_error(cli, "the key's public half cannot be read");
	return CLI_OK;
}

static int read_evidence(struct cli *cli, struct certify *c)
{
	struct evidence_request request = {
		.slot = c->token.slot, .handle = c->handle, .nonce = buffer_span(&c->nonce)};
	struct client_answer answer = {0};
	CK_RV rv = client_call(cli->client, REQUEST_EVIDENCE, &request, &answer);

	if (rv == CKR_OK) {
		struct span evidence = answer.message.evidence_response.evidence;

		rv = buffer_set(&c->evidence, evidence.data, evidence.size) ? CKR_OK : CKR_HOST_MEMORY;
	}
	client_done(&answer);
	return rv == CKR_OK ? CLI_OK : cli_error_rv(cli, rv, "reading evidence");
}

int certify_begin(struct cli *cli, int argc, char **argv, const struct cli_command *command, bool days,
		  struct certify *c)
{
	int status = parse(cli, argc, argv, command, days, c);

	if (status == CLI_OK)
		status = cli_uri_parse(cli, c->uri_text, &c->uri);
	if (status == CLI_OK)
		status = cli_token_find(cli, &c->uri, &c->token);
	if (status == CLI_OK)
		status = cli_login(cli, &c->token, &c->uri, c->pin_file);
	if (status == CLI_OK)
		status = cli_key_find(cli, &c->token, &c->uri, &c->handle);
	if (status == CLI_OK)
		status = read_key(cli, c);
	return status == CLI_OK ? read_evidence(cli, c) : status;
}

void certify_end(struct certify *c)
{
	descriptor_free(&c->key);
	X509_NAME_free(c->subject);
	GENERAL_NAMES_free(c->names);
	X509_PUBKEY_free(c->public_key);
	X509_ALGOR_free(c->algorithm);
	buffer_free(&c->nonce);
	buffer_free(&c->evidence);
	cli_token_free(&c->token);
	uri_free(&c->uri);
}

/* ---- signing ---- */

/* PKCS#11's r || s to the sequence of RFC 3279. */
static bool ecdsa_to_der(struct span raw, struct buffer *out)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	int half = (int)(raw.size / 2);
	BIGNUM *r = BN_bin2bn(raw.data, half, NULL);
	BIGNUM *s = BN_bin2bn(raw.data + half, half, NULL);
	unsigned char *der = NULL;
	int size = 0;

	if (signature && r && s && ECDSA_SIG_set0(signature, r, s)) {
		r = s = NULL;
		size = i2d_ECDSA_SIG(signature, &der);
	}
	if (size > 0 && !buffer_set(out, der, (size_t)size))
		size = 0;
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(signature);
	return size > 0;
}

int certify_sign(struct cli *cli, const struct certify *c, struct span tbs, struct buffer *signature)
{
	struct operate_request request = {.slot = c->token.slot, .key = c->handle, .data = tbs};
	struct client_answer answer = {0};
	bool good = false;
	CK_RV rv = CKR_OK;

	request.mechanism.row = mechanism_find(signing_of(c->key)->mechanism);
	rv = client_call(cli->client, REQUEST_SIGN, &request, &answer);
	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "signing");
	if (c->key->key_type == CKK_EC)
		good = ecdsa_to_der(answer.message.operate_response.data, signature);
	else
		good = buffer_set(signature, answer.message.operate_response.data.data,
				  answer.message.operate_response.data.size);
	client_done(&answer);
	return good ? CLI_OK : cli_error(cli, "out of memory");
}

ASN1_BIT_STRING *certify_bits(const struct buffer *signature)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	if (!bits || !ASN1_BIT_STRING_set(bits, signature->data, (int)signature->size)) {
		ASN1_BIT_STRING_free(bits);
		return NULL;
	}
	/* All eight bits of the last byte count, also those that are zero. */
	bits->flags = (bits->flags & ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07)) | ASN1_STRING_FLAG_BITS_LEFT;
	return bits;
}

int certify_write(const struct cli *cli, const struct certify *c, const char *name, struct span der)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text = NULL;
	long size = 0;
	int status = CLI_FAILED;

	if (!memory || PEM_write_bio(memory, name, "", der.data, (long)der.size) <= 0)
		status = cli_error(cli, "out of memory");
	else if ((size = BIO_get_mem_data(memory, &text)) > 0 &&
		 cli_write_file(cli, c->out, (struct span){(const uint8_t *)text, (size_t)size}))
		status = CLI_OK;
	BIO_free(memory);
	return status;
}

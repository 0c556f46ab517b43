/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave verify: evidence to a verdict, offline. 0: good; 1: refused; 2: unusable input.
 */
#include "config.h"

#include <getopt.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "mechanism/keyclave.h"
#include "verifier/cmw.h"
#include "verifier/verifier.h"

struct verify_options {
	const char *file;
	struct verifier_policy policy;
	struct buffer nonce, identity, public_key;
};

/* SubjectPublicKeyInfo of a public key or certificate in PEM, or of a public key in DER. */
static bool read_public_key(const struct cli *cli, const char *path, struct buffer *info)
{
	struct buffer content = {0};
	unsigned char *der = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	BIO *memory = NULL;
	int size = 0;

	if (!cli_read_file(cli, path, 1024 * 1024, &content))
		return false;
	memory = BIO_new_mem_buf(content.data, (int)content.size);
	if (memory)
		key = PEM_read_bio_PUBKEY(memory, NULL, NULL, NULL);
	if (!key && memory && BIO_reset(memory) >= 0 && (cert = PEM_read_bio_X509(memory, NULL, NULL, NULL)))
		key = X509_get_pubkey(cert);
	if (!key && memory && BIO_reset(memory) >= 0)
		key = d2i_PUBKEY_bio(memory, NULL);
	if (key)
		size = i2d_PUBKEY(key, &der);
	if (size > 0 && !buffer_set(info, der, (size_t)size))
		size = 0;
	if (size <= 0)
		cli_error(cli, "%s: neither a public key nor a certificate", path);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	X509_free(cert);
	BIO_free(memory);
	buffer_free(&content);
	return size > 0;
}

static int take_hex(const struct cli *cli, const char *option, size_t max, struct buffer *bytes)
{
	if (cli_hex(optarg, bytes, max))
		return CLI_OK;
	cli_error(cli, "%s takes at most %zu bytes in hexadecimal", option, max);
	return CLI_USAGE;
}

static int take_option(const struct cli *cli, int option, struct verify_options *o)
{
	switch (option) {
	case 'n':
		return take_hex(cli, "--nonce", KEYCLAVE_NONCE_MAX, &o->nonce);
	case 'N':
		o->policy.no_nonce = true;
		return CLI_OK;
	case 'i':
		return take_hex(cli, "--identity", 256, &o->identity);
	case 'I':
		o->policy.any_identity = true;
		return CLI_OK;
	case 't':
		o->policy.allow_notee = true;
		return CLI_OK;
	case 'k':
		return read_public_key(cli, optarg, &o->public_key) ? CLI_OK : CLI_USAGE;
	case 'x':
		o->policy.policy_set |= CLAIMS_NEVER_EXTRACTABLE | CLAIMS_ALWAYS_SENSITIVE;
		return CLI_OK;
	case 'g':
		o->policy.generated = true;
		o->policy.policy_set |= CLAIMS_LOCAL;
		return CLI_OK;
	default:
		return CLI_USAGE;
	}
}

static int parse(const struct cli *cli, int argc, char **argv, struct verify_options *o)
{
	static const struct option options[] = {
		{"nonce", required_argument, NULL, 'n'},  {"no-nonce", no_argument, NULL, 'N'},
		{"identity", required_argument, NULL, 'i'}, {"any-identity", no_argument, NULL, 'I'},
		{"allow-notee", no_argument, NULL, 't'},  {"key", required_argument, NULL, 'k'},
		{"never-extractable", no_argument, NULL, 'x'}, {"generated", no_argument, NULL, 'g'},
		{NULL, 0, NULL, 0},
	};
	int option = 0, status = CLI_OK;

	while (status == CLI_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = take_option(cli, option, o);
	if (status != CLI_OK || optind + 1 != argc)
		return CLI_USAGE;
	o->file = argv[optind];
	if (o->nonce.size)
		o->policy.nonce = buffer_span(&o->nonce);
	if (o->identity.size)
		o->policy.identity = buffer_span(&o->identity);
	if (o->public_key.size)
		o->policy.public_key = buffer_span(&o->public_key);
	return CLI_OK;
}

static json_t *json_checks(const struct verifier_verdict *verdict)
{
	json_t *list = json_array();

	for (size_t i = 0; i < verdict->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "check", verdict->check[i].name, "passed",
						      verdict->check[i].passed, "detail",
						      verdict->check[i].detail));
	return list;
}

static void add_key(json_t *claims, const struct claims *c)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} flags[] = {
		{CLAIMS_SENSITIVE, "sensitive"},	       {CLAIMS_ALWAYS_SENSITIVE, "always sensitive"},
		{CLAIMS_EXTRACTABLE, "extractable"},	       {CLAIMS_NEVER_EXTRACTABLE, "never extractable"},
		{CLAIMS_LOCAL, "local"},		       {CLAIMS_PRIVATE, "private"},
		{CLAIMS_ALWAYS_AUTHENTICATE, "always authenticate"},
	};
	static const char *const origins[] = {"?", "imported", "generated", "derived", "unwrapped", "KMS-unwrapped"};

	json_object_set_new(claims, "key type", json_string(mechanism_key_type_name(c->key_type)));
	json_object_set_new(claims, "bits", json_integer((json_int_t)c->bits));
	json_object_set_new(claims, "key label", cli_json_text(c->label));
	json_object_set_new(claims, "key id", cli_json_hex(c->id));
	json_object_set_new(claims, "origin",
			    json_string(origins[c->origin < sizeof(origins) / sizeof(origins[0]) ? c->origin : 0]));
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		json_object_set_new(claims, flags[i].name, json_boolean(c->policy & flags[i].bit));
	if (c->public_key.size)
		json_object_set_new(claims, "public key", cli_json_hex(c->public_key));
}

static json_t *json_claims(const struct claims *c)
{
	json_t *claims = json_object();

	json_object_set_new(claims, "purpose", cli_json_text(c->purpose));
	json_object_set_new(claims, "platform", cli_json_text(c->platform));
	json_object_set_new(claims, "root protector", cli_json_text(c->protector));
	json_object_set_new(claims, "rollback protection", cli_json_text(c->rollback));
	json_object_set_new(claims, "token", cli_json_text(c->token_label));
	json_object_set_new(claims, "serial", cli_json_text(c->serial));
	json_object_set_new(claims, "epoch", json_integer((json_int_t)c->epoch));
	json_object_set_new(claims, "identity", cli_json_hex(c->identity));
	json_object_set_new(claims, "weak PIN allowed", json_boolean(c->weak_pin));
	json_object_set_new(claims, "nonce", cli_json_hex(c->nonce));
	if (c->is_key)
		add_key(claims, c);
	return claims;
}

static void print_checks(const struct verifier_verdict *verdict)
{
	for (size_t i = 0; i < verdict->count; i++)
		printf("%-7s %s: %s\n", verdict->check[i].passed ? "ok" : "REFUSED", verdict->check[i].name,
		       verdict->check[i].detail);
}

static int show(const struct cli *cli, const struct verifier_verdict *verdict)
{
	static const char *const outcomes[] = {"good", "refused", "unusable"};
	json_t *result = json_pack("{s:s, s:b}", "verdict", outcomes[verdict->outcome], "TEE", verdict->tee);

	if (!cli->json)
		print_checks(verdict);
	else
		json_object_set_new(result, "checks", json_checks(verdict));
	/* What a refused piece of evidence says is nobody's word: it is not shown as claims. */
	if (verdict->outcome == VERIFIER_GOOD)
		json_object_set_new(result, "claims", json_claims(&verdict->claims));
	(void)cli_print(cli, result);
	return (int)verdict->outcome;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct verify_options o = {0};
	struct buffer evidence = {0};
	struct verifier_verdict verdict;
	int status = parse(cli, argc, argv, &o);

	if (status != CLI_OK)
		cli_error(cli, "usage: keyclave verify %s", cli_verify.arguments);
	else if (!cli_read_file(cli, o.file, CMW_SIZE_MAX, &evidence))
		status = CLI_USAGE;
	if (status == CLI_OK) {
		verifier_check(buffer_span(&evidence), &o.policy, &verdict);
		status = show(cli, &verdict);
	}
	buffer_free(&evidence);
	buffer_free(&o.nonce);
	buffer_free(&o.identity);
	buffer_free(&o.public_key);
	return status;
}

const struct cli_command cli_verify = {
	.name = "verify",
	.arguments = "{--nonce HEX | --no-nonce} {--identity HEX | --any-identity} [--allow-notee] [--key FILE]\n"
		     "                       [--never-extractable] [--generated] FILE",
	.summary = "Verify evidence offline, without a daemon",
	.details = "--nonce          the nonce that was asked for\n"
		   "--no-nonce       do not ask for freshness\n"
		   "--identity       the token's identity, as keyclave init showed it, or its SHA-256\n"
		   "--any-identity   trust on first use\n"
		   "--allow-notee    accept evidence that no TEE vouches for\n"
		   "--key            the evidence must be about this public key (PEM or DER, or a certificate)\n"
		   "--never-extractable, --generated   what the key's policy must say\n\n"
		   "Exit status: 0 good, 1 refused, 2 unusable input.\n",
	.run = run,
};

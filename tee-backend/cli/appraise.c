/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options to a policy, files to endorsements, and one verification.
 */
#include "config.h"

#include <getopt.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/appraise.h"
#include "mechanism/keyclave.h"
#include "verifier/carrier.h"
#include "verifier/cmw.h"

const char appraise_arguments[] =
	"{--nonce HEX | --no-nonce} {--identity HEX | --any-identity}\n"
	"                       [--policy FILE] [--allow WORD]... [--endorsements FILE]... [--key FILE]\n"
	"                       [--never-extractable] [--generated] [--time SECONDS] [--trust-root FILE]\n"
	"                       [--bare PLATFORM [--report-data HEX]] FILE|URI";

const char appraise_details[] =
	"--nonce          the nonce that was asked for\n"
	"--no-nonce       do not ask for freshness\n"
	"--identity       the token's identity, as keyclave init showed it, or its SHA-256\n"
	"--any-identity   trust on first use\n"
	"--policy         what must hold, in JSON: keyclave-policy(5)\n"
	"--allow          accept what is refused by default: notee, debug, migratable, masked-chip, old-tcb,\n"
	"                 no-revocation, host-vtpm, self-reported, any-measurement, any-identity, no-nonce\n"
	"--allow-notee    the same as --allow notee: evidence that no TEE vouches for\n"
	"--endorsements   certificates, CRLs, Intel TCB information and QE identity (PEM, DER, JSON)\n"
	"--key            the evidence must be about this public key (PEM or DER, or a certificate)\n"
	"--never-extractable, --generated   what the key's policy must say\n"
	"--time           judge certificates at this time, in seconds since 1970 (default: now)\n"
	"--trust-root     a further trust anchor, for tests and private platforms\n"
	"FILE             evidence, or a certificate or certificate request that carries it (and then the evidence must\n"
	"                 be about its key), or a pkcs11: URI: fresh evidence from the token\n"
	"--bare           FILE is a platform's own evidence (sev-snp: the report, tdx: the quote, nitro: the\n"
	"                 document), without Keyclave's claims; --report-data: what it must contain\n\n"
	"Exit status: 0 good, 1 refused, 2 unusable input.\n";

enum option_value {
	OPTION_NONCE = 256,
	OPTION_NO_NONCE,
	OPTION_IDENTITY,
	OPTION_ANY_IDENTITY,
	OPTION_POLICY,
	OPTION_ALLOW,
	OPTION_ALLOW_NOTEE,
	OPTION_ENDORSEMENTS,
	OPTION_KEY,
	OPTION_NEVER_EXTRACTABLE,
	OPTION_GENERATED,
	OPTION_TIME,
	OPTION_TRUST_ROOT,
	OPTION_BARE,
	OPTION_REPORT_DATA,
};

static const struct option appraise_options[] = {
	{"nonce", required_argument, NULL, OPTION_NONCE},
	{"no-nonce", no_argument, NULL, OPTION_NO_NONCE},
	{"identity", required_argument, NULL, OPTION_IDENTITY},
	{"any-identity", no_argument, NULL, OPTION_ANY_IDENTITY},
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"allow", required_argument, NULL, OPTION_ALLOW},
	{"allow-notee", no_argument, NULL, OPTION_ALLOW_NOTEE},
	{"endorsements", required_argument, NULL, OPTION_ENDORSEMENTS},
	{"key", required_argument, NULL, OPTION_KEY},
	{"never-extractable", no_argument, NULL, OPTION_NEVER_EXTRACTABLE},
	{"generated", no_argument, NULL, OPTION_GENERATED},
	{"time", required_argument, NULL, OPTION_TIME},
	{"trust-root", required_argument, NULL, OPTION_TRUST_ROOT},
	{"bare", required_argument, NULL, OPTION_BARE},
	{"report-data", required_argument, NULL, OPTION_REPORT_DATA},
	{NULL, 0, NULL, 0},
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

static int take_identity(const struct cli *cli, struct policy *policy)
{
	if (policy->identity_count == POLICY_VALUES_MAX) {
		cli_error(cli, "too many identities");
		return CLI_USAGE;
	}
	return take_hex(cli, "--identity", 256, &policy->identity[policy->identity_count++]);
}

static int take_policy(const struct cli *cli, struct appraise *a)
{
	struct policy *policy = &a->policy;
	struct buffer content = {0};
	const char *reason = NULL;
	char why[256] = "";
	size_t roots = policy->trust_root_count;
	bool good = cli_read_file(cli, optarg, POLICY_SIZE_MAX, &content);

	if (good && !policy_read(policy, buffer_span(&content), why, sizeof(why))) {
		cli_error(cli, "%s: %s", optarg, why);
		good = false;
	}
	for (; good && roots < policy->trust_root_count; roots++) {
		good = endorsements_add_roots(&a->endorsements, buffer_span(&policy->trust_root[roots]), &reason);
		if (!good)
			cli_error(cli, "%s: trust-roots: %s", optarg, reason);
	}
	buffer_free(&content);
	return good ? CLI_OK : CLI_USAGE;
}

static int take_allow(const struct cli *cli, struct policy *policy)
{
	uint32_t bit = policy_allow_bit(optarg);

	if (!bit) {
		cli_error(cli, "--allow does not know \"%s\"; keyclave verify --help lists the words", optarg);
		return CLI_USAGE;
	}
	policy->allow |= bit;
	return CLI_OK;
}

static int take_endorsements(const struct cli *cli, struct endorsements *endorsements, bool roots)
{
	struct buffer content = {0};
	const char *why = NULL;
	bool good = cli_read_file(cli, optarg, ENDORSEMENTS_FILE_MAX, &content);

	if (good) {
		good = roots ? endorsements_add_roots(endorsements, buffer_span(&content), &why)
			     : endorsements_add(endorsements, buffer_span(&content), &why);
		if (!good)
			cli_error(cli, "%s: %s", optarg, why);
	}
	buffer_free(&content);
	return good ? CLI_OK : CLI_USAGE;
}

static int take_time(const struct cli *cli, int64_t *seconds)
{
	char *end = NULL;
	long long value = strtoll(optarg, &end, 10);

	if (!*optarg || *end || value < 0) {
		cli_error(cli, "--time takes seconds since 1970");
		return CLI_USAGE;
	}
	*seconds = value;
	return CLI_OK;
}

static int take_option(const struct cli *cli, int option, struct appraise *a)
{
	switch (option) {
	case OPTION_NONCE:
		return take_hex(cli, "--nonce", KEYCLAVE_NONCE_MAX, &a->nonce);
	case OPTION_NO_NONCE:
		a->policy.allow |= POLICY_ALLOW_NO_NONCE;
		return CLI_OK;
	case OPTION_IDENTITY:
		return take_identity(cli, &a->policy);
	case OPTION_ANY_IDENTITY:
		a->policy.allow |= POLICY_ALLOW_ANY_IDENTITY;
		return CLI_OK;
	case OPTION_POLICY:
		return take_policy(cli, a);
	case OPTION_ALLOW:
		return take_allow(cli, &a->policy);
	case OPTION_ALLOW_NOTEE:
		a->policy.allow |= POLICY_ALLOW_NOTEE;
		return CLI_OK;
	case OPTION_ENDORSEMENTS:
		return take_endorsements(cli, &a->endorsements, false);
	case OPTION_KEY:
		return read_public_key(cli, optarg, &a->public_key) ? CLI_OK : CLI_USAGE;
	case OPTION_NEVER_EXTRACTABLE:
		a->policy.key_set |= CLAIMS_NEVER_EXTRACTABLE | CLAIMS_ALWAYS_SENSITIVE;
		return CLI_OK;
	case OPTION_GENERATED:
		a->policy.generated = true;
		a->policy.key_set |= CLAIMS_LOCAL;
		return CLI_OK;
	case OPTION_TIME:
		return take_time(cli, &a->time);
	case OPTION_TRUST_ROOT:
		return take_endorsements(cli, &a->endorsements, true);
	case OPTION_BARE:
		a->bare = optarg;
		return CLI_OK;
	case OPTION_REPORT_DATA:
		return take_hex(cli, "--report-data", 64, &a->report_data);
	default:
		return CLI_USAGE;
	}
}

static int parse(const struct cli *cli, int argc, char **argv, struct appraise *a)
{
	int option = 0, status = CLI_OK;

	while (status == CLI_OK && (option = getopt_long(argc, argv, "", appraise_options, NULL)) != -1)
		status = take_option(cli, option, a);
	if (status == CLI_OK && (optind + 1 != argc || (a->report_data.size && !a->bare))) {
		cli_error(cli, "usage: keyclave %s %s", argv[0], appraise_arguments);
		status = CLI_USAGE;
	}
	if (status != CLI_OK)
		return status;
	a->source = argv[optind];
	if (a->nonce.size)
		a->policy.nonce = buffer_span(&a->nonce);
	if (a->public_key.size)
		a->policy.public_key = buffer_span(&a->public_key);
	return CLI_OK;
}

/* pkcs11: asks the token for fresh evidence with our nonce. */
static int fetch(struct cli *cli, struct appraise *a)
{
	struct cli_token token = {0};
	struct uri uri = {0};
	struct evidence_request request = {.nonce = buffer_span(&a->nonce)};
	struct client_answer answer = {0};
	int status = cli_uri_parse(cli, a->source, &uri);
	CK_RV rv = CKR_OK;

	if (status == CLI_OK)
		status = cli_token_find(cli, &uri, &token);
	if (status == CLI_OK && (uri.has_pin_value || uri.pin_source))
		status = cli_login(cli, &token, &uri, NULL);
	if (status == CLI_OK && (uri.object || uri.has_id || uri.class != CK_UNAVAILABLE_INFORMATION))
		status = cli_key_find(cli, &token, &uri, &request.handle);
	request.slot = token.slot;
	if (status == CLI_OK) {
		rv = client_call(cli->client, REQUEST_EVIDENCE, &request, &answer);
		if (rv == CKR_OK && !buffer_set(&a->evidence, answer.message.evidence_response.evidence.data,
						answer.message.evidence_response.evidence.size))
			rv = CKR_HOST_MEMORY;
		client_done(&answer);
		if (rv != CKR_OK)
			status = cli_error_rv(cli, rv, "reading evidence");
	}
	cli_token_free(&token);
	uri_free(&uri);
	return status == CLI_OK ? CLI_OK : CLI_USAGE;
}

/* The evidence inside a certificate or request, which must be about its key. */
static int unpack(const struct cli *cli, struct appraise *a)
{
	struct carrier carrier = {0};
	const char *why = NULL;
	int status = CLI_OK;

	if (!carrier_read(buffer_span(&a->evidence), &carrier, &why)) {
		cli_error(cli, "%s: %s", a->source, why);
		status = CLI_USAGE;
	} else if (carrier.kind != CARRIER_NONE) {
		if (!buffer_set(&a->evidence, carrier.evidence.data, carrier.evidence.size) ||
		    (!a->public_key.size &&
		     !buffer_set(&a->public_key, carrier.public_key.data, carrier.public_key.size)))
			status = cli_error(cli, "out of memory");
		a->policy.public_key = buffer_span(&a->public_key);
	}
	carrier_free(&carrier);
	return status;
}

static int read_source(struct cli *cli, struct appraise *a)
{
	if (strncmp(a->source, "pkcs11:", 7) == 0)
		return fetch(cli, a);
	if (!cli_read_file(cli, a->source, CMW_SIZE_MAX, &a->evidence))
		return CLI_USAGE;
	return a->bare ? CLI_OK : unpack(cli, a);
}

int appraise_run(struct cli *cli, int argc, char **argv, struct appraise *a)
{
	int status = CLI_OK;

	a->time = (int64_t)time(NULL);
	status = parse(cli, argc, argv, a);
	if (status == CLI_OK)
		status = read_source(cli, a);
	if (status != CLI_OK)
		return status;
	if (a->bare)
		verifier_check_bare(a->bare, buffer_span(&a->evidence), buffer_span(&a->report_data), &a->policy,
				    &a->endorsements, a->time, &a->verdict);
	else
		verifier_check(buffer_span(&a->evidence), &a->policy, &a->endorsements, a->time, &a->verdict);
	return CLI_OK;
}

void appraise_free(struct appraise *a)
{
	policy_free(&a->policy);
	endorsements_free(&a->endorsements);
	buffer_free(&a->nonce);
	buffer_free(&a->public_key);
	buffer_free(&a->report_data);
	buffer_free(&a->evidence);
}

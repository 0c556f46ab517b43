/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave tpm-policy: from PCR values to what approves them for `platform = tpm`, signed here or elsewhere. Needs neither
 * daemon nor TPM; the values come from a file, from evidence, or from what the kernel shows of this machine's TPM.
 */
#include "config.h"

#include <getopt.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "common/hex.h"
#include "platform/tpm_approval.h"
#include "verifier/cmw.h"
#include "verifier/verifier.h"

#define VALUES_FILE_MAX ((size_t)64 * 1024)
#define SYSFS "/sys/class/tpm/tpm0"

struct approving {
	const char *pcrs, *values, *evidence, *key, *public_key, *out, *signature;
	uint32_t version;
	struct tpm_pcr_selection selection;
	struct tpm_pcr_values now;
	uint8_t policy[TPM_APPROVAL_POLICY_SIZE];
};

/* ---- PCR values ---- */

static bool take_value(const struct cli *cli, struct approving *a, unsigned pcr, struct span digits, const char *source)
{
	if (!hex_decode_exact(digits, a->now.value[pcr], a->now.size)) {
		cli_error(cli, "%s: PCR%u: expected %zu hexadecimal digits", source, pcr, 2 * a->now.size);
		return false;
	}
	return true;
}

/* "0 : 0x1234", "0=1234": to the number and its digits. */
static bool split_line(char *line, unsigned *pcr, struct span *digits)
{
	char *end = NULL;
	unsigned long number = strtoul(line, &end, 10);

	if (end == line || number >= TPM_PCR_COUNT)
		return false;
	end += strspn(end, " \t");
	if (*end != ':' && *end != '=')
		return false;
	end += 1 + strspn(end + 1, " \t");
	if (end[0] == '0' && (end[1] == 'x' || end[1] == 'X'))
		end += 2;
	*pcr = (unsigned)number;
	*digits = (struct span){(const uint8_t *)end, strspn(end, "0123456789abcdefABCDEF")};
	return end[digits->size + strspn(end + digits->size, " \t\r")] == '\0';
}

/* tpm2_pcrread's form: a line "sha256:" begins each bank. Without any such line all values are of the selection's bank. */
static bool read_lines(const struct cli *cli, struct approving *a, char *text, uint32_t *left)
{
	const char *bank = tpm_pcr_bank_name(a->selection.bank);
	char *rest = NULL;
	bool ours = true;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *start = line + strspn(line, " \t");
		size_t size = strcspn(start, " \t\r:");
		struct span digits = {0};
		unsigned pcr = 0;

		if (!*start || *start == '#' || *start == '\r')
			continue;
		if (*start < '0' || *start > '9') {
			ours = size == strlen(bank) && memcmp(start, bank, size) == 0;
			continue;
		}
		if (!split_line(start, &pcr, &digits)) {
			cli_error(cli, "%s: expected lines as in \"4 : 0x1f2e...\", as tpm2_pcrread prints them", a->values);
			return false;
		}
		if (!ours || !(a->selection.mask >> pcr & 1))
			continue;
		if (!take_value(cli, a, pcr, digits, a->values))
			return false;
		*left &= ~(UINT32_C(1) << pcr);
	}
	return true;
}

static bool from_file(const struct cli *cli, struct approving *a, uint32_t *left)
{
	struct buffer content = {0};
	bool good = cli_read_file(cli, a->values, VALUES_FILE_MAX, &content);

	if (good && !buffer_append(&content, "", 1)) {
		cli_error_rv(cli, CKR_HOST_MEMORY, "reading");
		good = false;
	}
	good = good && read_lines(cli, a, (char *)content.data, left);
	buffer_free(&content);
	return good;
}

static bool take_facts(const struct cli *cli, struct approving *a, const struct appraisal *appraisal, uint32_t *left)
{
	const struct appraisal_fact *bank = appraisal_find(appraisal, "pcr-bank");
	const char *wanted = tpm_pcr_bank_name(a->selection.bank);

	if (!bank || strcmp(bank->text, wanted) != 0) {
		cli_error(cli, "%s: a quote of the bank %s, and %s was asked for", a->evidence, bank ? bank->text : "?", wanted);
		return false;
	}
	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
		const struct appraisal_fact *fact = NULL;
		char name[8];

		snprintf(name, sizeof(name), "pcr%u", pcr);
		fact = *left >> pcr & 1 ? appraisal_find(appraisal, name) : NULL;
		if (!fact || fact->bytes.size != a->now.size)
			continue;
		memcpy(a->now.value[pcr], fact->bytes.data, a->now.size);
		*left &= ~(UINT32_C(1) << pcr);
	}
	return true;
}

static bool from_evidence(const struct cli *cli, struct approving *a, uint32_t *left)
{
	struct verifier_verdict *verdict = calloc(1, sizeof(*verdict));
	struct policy policy = {.allow = POLICY_ALLOW_HOST_VTPM | POLICY_ALLOW_NO_REVOCATION | POLICY_ALLOW_SELF_REPORTED |
					 POLICY_ALLOW_ANY_MEASUREMENT | POLICY_ALLOW_ANY_IDENTITY | POLICY_ALLOW_NO_NONCE};
	struct buffer content = {0};
	const struct appraisal *found = NULL;
	bool good = verdict && cli_read_file(cli, a->evidence, CMW_SIZE_MAX, &content);

	if (good) {
		verifier_check(buffer_span(&content), &policy, NULL, (int64_t)time(NULL), verdict);
		found = &verdict->appraisal;
		if (!verdict->authentic) {
			const struct appraisal_check *last =
			    found->check_count ? &found->check[found->check_count - 1] : NULL;

			cli_error(cli, "%s: the evidence does not hold by itself: %s: %s", a->evidence,
				  last ? last->name : "form", last ? last->detail : "not evidence");
			good = false;
		}
	}
	good = good && take_facts(cli, a, found, left);
	if (good)
		fprintf(stderr, "keyclave: nobody vouched for these values: compare them with those of your own build\n");
	buffer_free(&content);
	free(verdict);
	return good;
}

/* What Linux (5.12 and later) shows of the TPM to everybody. */
static bool from_tpm(const struct cli *cli, struct approving *a, uint32_t *left)
{
	char path[PATH_MAX + 64];
	struct buffer content = {0};
	bool good = true;

	for (unsigned pcr = 0; good && pcr < TPM_PCR_COUNT; pcr++) {
		if (!(*left >> pcr & 1))
			continue;
		snprintf(path, sizeof(path), "%s" SYSFS "/pcr-%s/%u", cli->settings.platform_root,
			 tpm_pcr_bank_name(a->selection.bank), pcr);
		good = cli_read_file(cli, path, 256, &content);
		while (good && content.size && content.data[content.size - 1] == '\n')
			content.size--;
		good = good && take_value(cli, a, pcr, buffer_span(&content), path);
		*left &= ~(UINT32_C(1) << pcr);
	}
	buffer_free(&content);
	return good;
}

static bool read_values(const struct cli *cli, struct approving *a)
{
	uint32_t left = a->selection.mask;
	bool good = a->values ? from_file(cli, a, &left) : a->evidence ? from_evidence(cli, a, &left) : from_tpm(cli, a, &left);

	if (good && left) {
		cli_error(cli, "%s: no value of PCR%d", a->values ? a->values : a->evidence, __builtin_ctz(left));
		good = false;
	}
	if (good && tpm_pcr_are_unused(&a->selection, &a->now)) {
		cli_error(cli, "nothing was measured into these PCRs: an approval of them would approve any boot");
		good = false;
	}
	return good;
}

/* ---- what comes out ---- */

static json_t *describe(const struct approving *a)
{
	uint8_t message[TPM_APPROVAL_MESSAGE_MAX];
	size_t size = tpm_approval_message(a->policy, a->version, message);
	json_t *result = json_object(), *values = json_object();

	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
		char name[8];

		snprintf(name, sizeof(name), "pcr%u", pcr);
		if (a->selection.mask >> pcr & 1)
			json_object_set_new(values, name, cli_json_hex((struct span){a->now.value[pcr], a->now.size}));
	}
	json_object_set_new(result, "bank", json_string(tpm_pcr_bank_name(a->selection.bank)));
	json_object_set_new(result, "values", values);
	json_object_set_new(result, "policy", cli_json_hex((struct span){a->policy, sizeof(a->policy)}));
	if (a->version)
		json_object_set_new(result, "version", json_integer(a->version));
	json_object_set_new(result, "to sign", cli_json_hex((struct span){message, size}));
	return result;
}

/* The daemon takes the version from the name, and then asks the signature. */
static bool name_fits(const struct cli *cli, const struct approving *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	uint32_t version = 0;
	bool file = tpm_approval_file(slash ? slash + 1 : path, &version);

	if (file && (!a->version || version == a->version))
		return true;
	if (a->version)
		cli_error(cli, "%s: the name must end in %u.sig, which tells the daemon the version", path, a->version);
	else
		cli_error(cli, "%s: the name must end in .sig, or the daemon does not look at it", path);
	return false;
}

static int sign(const struct cli *cli, const struct approving *a)
{
	struct buffer signature = {0};
	const char *why = "no memory";
	EVP_PKEY *key = NULL;
	int status = CLI_FAILED;

	if (strcmp(a->out, "-") != 0 && !name_fits(cli, a, a->out))
		return CLI_USAGE;
	key = tpm_approval_key(a->key, true, &why);
	if (!key)
		cli_error(cli, "%s: %s", a->key, why);
	else if (!tpm_approval_sign(key, a->policy, a->version, &signature))
		cli_error(cli, "%s: cannot sign", a->key);
	else if (cli_write_file(cli, a->out, buffer_span(&signature)))
		status = CLI_OK;
	EVP_PKEY_free(key);
	buffer_free(&signature);
	return status;
}

static int verify(const struct cli *cli, const struct approving *a)
{
	struct buffer signature = {0};
	const char *why = "no memory";
	EVP_PKEY *key = tpm_approval_key(a->public_key, false, &why);
	int status = CLI_FAILED;

	if (!key) {
		cli_error(cli, "%s: %s", a->public_key, why);
		return CLI_USAGE;
	}
	if (!cli_read_file(cli, a->signature, TPM_APPROVAL_SIGNATURE_MAX, &signature))
		status = CLI_USAGE;
	else if (!tpm_approval_verify(key, a->policy, a->version, buffer_span(&signature)))
		cli_error(cli, "%s: does not approve these values%s", a->signature,
			  a->version ? " as this version" : " without a version");
	else
		status = CLI_OK;
	EVP_PKEY_free(key);
	buffer_free(&signature);
	return status;
}

/* For a key that is elsewhere. */
static int write_message(const struct cli *cli, const struct approving *a)
{
	uint8_t message[TPM_APPROVAL_MESSAGE_MAX];
	size_t size = tpm_approval_message(a->policy, a->version, message);

	return cli_write_file(cli, a->out, (struct span){message, size}) ? CLI_OK : CLI_FAILED;
}

/* ---- options ---- */

enum option_value {
	OPTION_PCRS = 256,
	OPTION_VALUES,
	OPTION_EVIDENCE,
	OPTION_VERSION,
	OPTION_SIGN,
	OPTION_OUT,
	OPTION_VERIFY,
	OPTION_KEY,
};

static bool take_version(const struct cli *cli, uint32_t *version)
{
	char *end = NULL;
	unsigned long value = *optarg >= '0' && *optarg <= '9' ? strtoul(optarg, &end, 10) : 0;

	if (value && !*end && value <= TPM_APPROVAL_VERSION_MAX) {
		*version = (uint32_t)value;
		return true;
	}
	cli_error(cli, "--version takes a number from 1 to %u", TPM_APPROVAL_VERSION_MAX);
	return false;
}

static bool take_options(const struct cli *cli, int argc, char **argv, struct approving *a)
{
	static const struct option options[] = {
		{"pcrs", required_argument, NULL, OPTION_PCRS},
		{"values", required_argument, NULL, OPTION_VALUES},
		{"from-evidence", required_argument, NULL, OPTION_EVIDENCE},
		{"version", required_argument, NULL, OPTION_VERSION},
		{"sign", required_argument, NULL, OPTION_SIGN},
		{"out", required_argument, NULL, OPTION_OUT},
		{"verify", required_argument, NULL, OPTION_VERIFY},
		{"key", required_argument, NULL, OPTION_KEY},
		{NULL, 0, NULL, 0},
	};
	const char **const text[] = {&a->pcrs, &a->values, &a->evidence, NULL, &a->key, &a->out, &a->signature, &a->public_key};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option < OPTION_PCRS || (option == OPTION_VERSION && !take_version(cli, &a->version)))
			return false;
		if (option != OPTION_VERSION)
			*text[option - OPTION_PCRS] = optarg;
	}
	return true;
}

static bool check_options(const struct cli *cli, int argc, struct approving *a)
{
	const char *why = NULL;

	if (optind != argc || (a->values && a->evidence) || !a->signature != !a->public_key || (a->key && !a->out) ||
	    (a->signature && (a->key || a->out))) {
		cli_error(cli, "usage: keyclave tpm-policy [--pcrs BANK:N,...] [--values FILE | --from-evidence FILE] "
			       "[--version N] [--out FILE [--sign KEY] | --verify FILE --key KEY]");
		return false;
	}
	if (!a->pcrs)
		a->pcrs = cli->settings.tpm_pcrs;
	if (tpm_pcr_parse(a->pcrs, &a->selection, &why)) {
		a->now.size = tpm_pcr_size(a->selection.bank);
		return true;
	}
	cli_error(cli, "%s: %s", a->pcrs, why);
	return false;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct approving a = {0};
	int status = CLI_OK;

	if (!take_options(cli, argc, argv, &a) || !check_options(cli, argc, &a) || !read_values(cli, &a))
		return CLI_USAGE;
	if (!tpm_approval_policy(&a.selection, &a.now, a.policy))
		return cli_error_rv(cli, CKR_HOST_MEMORY, "the policy");
	if (a.signature)
		status = verify(cli, &a);
	else if (a.key)
		status = sign(cli, &a);
	else if (a.out)
		status = write_message(cli, &a);
	if (status != CLI_OK || (a.out && strcmp(a.out, "-") == 0))
		return status;
	return cli_print(cli, describe(&a));
}

const struct cli_command cli_tpm_policy = {
	.name = "tpm-policy",
	.arguments = "[--pcrs BANK:N,...] [--values FILE | --from-evidence FILE] [--version N]\n"
		     "                           [--out FILE [--sign KEY] | --verify FILE --key KEY]",
	.summary = "Approve what may be booted where a TPM protects the root",
	.details = "--pcrs           as tpm-pcrs in keyclave.conf(5), which is the default\n"
		   "--values         their values, as tpm2_pcrread prints them\n"
		   "--from-evidence  their values from a piece of evidence (keyclave attest)\n"
		   "                 without either: what the kernel shows of this machine's TPM\n"
		   "--version        approve as this version (1, 2, ...), which tpm-version-floor can shut out later\n"
		   "--sign KEY       sign the approval with this private key in PEM, into --out, for tpm-policy-dir\n"
		   "--out            without --sign: the bytes to be signed elsewhere, with SHA-256\n"
		   "--verify         is this file the approval, by the public key in --key?\n\n"
		   "Prints values, policy digest and what is signed. Exit status: 0 good, 1 refused, 2 unusable input.\n",
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/mechanisms.md is what the tables say. "test_mechanism_page --print" prints the page anew,
 * for whoever has changed a row.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mechanism/attribute.h"
#include "mechanism/mechanism.h"

struct word {
	unsigned long bit;
	const char *text;
};

static const struct word uses[] = {
	{CKF_SIGN, "sign"},
	{CKF_VERIFY, "verify"},
	{CKF_SIGN_RECOVER, "sign-recover"},
	{CKF_VERIFY_RECOVER, "verify-recover"},
	{CKF_ENCRYPT, "encrypt"},
	{CKF_DECRYPT, "decrypt"},
	{CKF_WRAP, "wrap"},
	{CKF_UNWRAP, "unwrap"},
	{CKF_DERIVE, "derive"},
	{CKF_DIGEST, "digest"},
	{CKF_GENERATE, "generate"},
	{CKF_GENERATE_KEY_PAIR, "generate pair"},
};

static const struct word classes[] = {
	{CLASS_DATA, "data"},         {CLASS_CERTIFICATE, "certificate"},
	{CLASS_PUBLIC, "public"},     {CLASS_PRIVATE, "private"},
	{CLASS_SECRET, "secret"},     {CLASS_HW_FEATURE, "hardware feature"},
	{CLASS_PROFILE, "profile"},
};

static const struct word notes[] = {
	{NOTE_CREATE_MUST, "needed at creation"},
	{NOTE_GENERATE_MUST, "needed at generation"},
	{NOTE_UNWRAP_MUST, "needed at unwrapping"},
	{NOTE_CREATE_MUST_NOT, "not at creation"},
	{NOTE_GENERATE_MUST_NOT, "not at generation"},
	{NOTE_UNWRAP_MUST_NOT, "not at unwrapping"},
	{NOTE_SENSITIVE, "hidden when sensitive or not extractable"},
	{NOTE_MODIFIABLE, "can be changed"},
	{NOTE_COPY_ONLY, "can be changed in a copy"},
	{NOTE_SO_ONLY_TRUE, "set to true by the SO only"},
	{NOTE_ONLY_TO_TRUE, "never back to false"},
	{NOTE_ONLY_TO_FALSE, "never back to true"},
	{NOTE_VIRTUAL, "made when it is read"},
	{NOTE_DERIVE_ONLY, "at derivation only"},
};

static const char *const parameters[] = {
	[PARAMETER_NONE] = "none",
	[PARAMETER_IV] = "IV",
	[PARAMETER_IV_OPTIONAL] = "IV or none",
	[PARAMETER_CTR] = "CK_AES_CTR_PARAMS",
	[PARAMETER_GCM] = "CK_GCM_PARAMS",
	[PARAMETER_RSA_PSS] = "CK_RSA_PKCS_PSS_PARAMS",
	[PARAMETER_RSA_OAEP] = "CK_RSA_PKCS_OAEP_PARAMS",
	[PARAMETER_ECDH1] = "CK_ECDH1_DERIVE_PARAMS",
	[PARAMETER_EDDSA] = "none, or CK_EDDSA_PARAMS of pure Ed25519",
	[PARAMETER_LENGTH] = "CK_MAC_GENERAL_PARAMS",
	[PARAMETER_HKDF] = "CK_HKDF_PARAMS",
	[PARAMETER_SP800_108] = "CK_SP800_108_KDF_PARAMS",
};

static const char *const forms[] = {
	[ATTRIBUTE_BOOL] = "CK_BBOOL",
	[ATTRIBUTE_ULONG] = "CK_ULONG",
	[ATTRIBUTE_BYTES] = "bytes",
	[ATTRIBUTE_BIGNUM] = "big integer",
	[ATTRIBUTE_TEXT] = "UTF-8",
	[ATTRIBUTE_DATE] = "CK_DATE",
	[ATTRIBUTE_ULONGS] = "mechanisms",
	[ATTRIBUTE_TEMPLATE] = "template",
};

static const char mechanisms_head[] =
	"# Mechanisms and attributes\n"
	"\n"
	"This page is printed from the tables in `tee-backend/mechanism/` by `test_mechanism_page --print`, and a\n"
	"test keeps it so. The same rows answer `C_GetMechanismInfo`, check templates and steer the enclave.\n"
	"\n"
	"## Mechanisms\n"
	"\n"
	"Key sizes are bits of the modulus, of the field or of a generic secret, and bytes of an AES or HMAC key, as\n"
	"each clause of PKCS#11 has it. \"Parts\" says whether `C_SignUpdate` and its like are allowed.\n"
	"\n"
	"| mechanism | number | keys | sizes | use | parameter | parts |\n"
	"|---|---|---|---|---|---|---|\n";

static const char mechanisms_tail[] =
	"\n"
	"RSA keys of 1024 bits can be imported and used; new ones have 2048 bits at least. GCM tags have 128, 120,\n"
	"112, 104, 96, 64 or 32 bits, and IVs 1 to 128 bytes. `CKM_AES_CTR` refuses data for which its counter bits\n"
	"would overflow. `CKM_ECDH1_DERIVE` takes `CKD_NULL` and the ANSI X9.63 functions of the digests above.\n"
	"`CKM_HKDF_DERIVE` takes no key as salt, salts up to 512 bytes and info up to 1024. `CKM_SP800_108_COUNTER_KDF`\n"
	"takes the HMACs above as its function, and as its input a counter of 32 bits, up to four byte arrays of up to\n"
	"256 bytes each, and then, or not, the length of the key in 32 bits (`CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS`),\n"
	"in this order and big endian; it derives no additional keys.\n"
	"`CKM_AES_KEY_WRAP_PAD` is left out: modules do not agree on what it means. ECB and CTR do not wrap keys.\n"
	"\n"
	"## Curves\n"
	"\n"
	"| curve | key type | CKA_EC_PARAMS | bits |\n"
	"|---|---|---|---|\n";

static const char attributes_head[] =
	"\n"
	"`\"edwards25519\"` and `\"curve25519\"` as PrintableString, and the OIDs from before RFC 8410, are accepted and\n"
	"stored as the OIDs above.\n"
	"\n"
	"## Attributes\n"
	"\n"
	"Classes in one row have the same rules. \"Most\" is the largest size in bytes, numbers counted as 8. A default\n"
	"\"by the token\" is computed: usage flags are what the mechanisms above can do with such a key.\n"
	"\n"
	"| attribute | number | objects | form | most | default | rules |\n"
	"|---|---|---|---|---|---|---|\n";

static const char attributes_tail[] =
	"\n"
	"Private and secret keys are sensitive and not extractable unless their template says otherwise and the\n"
	"token's policy allows it. An empty `CKA_ALLOWED_MECHANISMS`, or an empty template, restricts nothing.\n"
	"`CKA_PUBLIC_KEY_INFO` never changes, and `CKA_PUBLIC_EXPONENT` may be left out of a private key, against\n"
	"PKCS#11 v3.1; `CKA_EC_POINT` may stand in a private key, above it.\n";

static void print_words(FILE *f, const struct word *words, size_t count, unsigned long set)
{
	const char *between = "";
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (!(set & words[i].bit))
			continue;
		fprintf(f, "%s%s", between, words[i].text);
		between = ", ";
	}
}

static void print_mechanism(FILE *f, const struct mechanism_row *row)
{
	const char *between = "";
	size_t i = 0;

	fprintf(f, "| `%s` | 0x%04lx | ", row->name, row->type);
	for (i = 0; i < 3; i++) {
		if (row->key_types[i] == CK_UNAVAILABLE_INFORMATION)
			continue;
		fprintf(f, "%s%s", between, mechanism_key_type_name(row->key_types[i]) + strlen("CKK_"));
		between = ", ";
	}
	fputs(" | ", f);
	if (row->min_key == row->max_key && row->max_key > 0)
		fprintf(f, "%lu", row->max_key);
	else if (row->max_key > 0)
		fprintf(f, "%lu to %lu", row->min_key, row->max_key);
	fputs(" | ", f);
	print_words(f, uses, sizeof(uses) / sizeof(uses[0]), row->flags);
	fprintf(f, " | %s | %s |\n", parameters[row->parameter], row->multi_part ? "yes" : "no");
}

static void print_curve(FILE *f, const struct mechanism_curve *curve)
{
	size_t i = 0;

	fprintf(f, "| %s | %s | `", curve->name, mechanism_key_type_name(curve->key_type) + strlen("CKK_"));
	for (i = 0; i < curve->params_size; i++)
		fprintf(f, "%02x", curve->params[i]);
	fprintf(f, "` | %zu |\n", curve->bits);
}

static void print_default(FILE *f, const struct attribute_row *row)
{
	CK_ULONG number = 0;

	if (row->notes & NOTE_TOKEN_SETS)
		fputs("set by the token", f);
	else if (!row->fallback)
		fputs(row->notes & NOTE_DEFAULT_TOKEN ? "by the token" : "", f);
	else if (row->form == ATTRIBUTE_BOOL)
		fputs(row->fallback[0] ? "true" : "false", f);
	else if (row->form == ATTRIBUTE_ULONG)
		number = attribute_get_ulong(row->fallback);
	else
		fputs("empty", f);
	if (row->form == ATTRIBUTE_ULONG && row->fallback)
		fputs(mechanism_find(number) && row->type == CKA_NAME_HASH_ALGORITHM ? mechanism_name(number)
										      : "0",
		      f);
}

static void print_attribute(FILE *f, const struct attribute_row *row)
{
	const unsigned all = CLASS_ANY & ~(unsigned)CLASS_DOMAIN_PARAMETERS;
	unsigned rules = row->notes;

	/* "set by the token" says it already. */
	if (rules & NOTE_TOKEN_SETS)
		rules &= ~(unsigned)(NOTE_CREATE_MUST_NOT | NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT);
	fprintf(f, "| `%s` | 0x%03lx | ", row->name, row->type);
	if ((row->classes & all) == all)
		fputs("all", f);
	else if ((row->classes & CLASS_STORAGE) == CLASS_STORAGE)
		fputs("all but hardware feature", f);
	else
		print_words(f, classes, sizeof(classes) / sizeof(classes[0]), row->classes);
	if (row->key_type != ATTRIBUTE_ANY_KEY_TYPE)
		fprintf(f, " (%s)", mechanism_key_type_name(row->key_type) + strlen("CKK_"));
	fprintf(f, " | %s | %zu | ", forms[row->form], row->max);
	print_default(f, row);
	fputs(" | ", f);
	print_words(f, notes, sizeof(notes) / sizeof(notes[0]), rules);
	fputs(" |\n", f);
}

static void print_page(FILE *f)
{
	size_t count = 0;
	const struct mechanism_row *mechanism = mechanism_rows(&count);
	const struct mechanism_curve *curve = NULL;
	const struct attribute_row *attribute = NULL;
	size_t i = 0;

	fputs(mechanisms_head, f);
	for (i = 0; i < count; i++)
		print_mechanism(f, &mechanism[i]);
	fputs(mechanisms_tail, f);
	curve = mechanism_curves(&count);
	for (i = 0; i < count; i++)
		print_curve(f, &curve[i]);
	fputs(attributes_head, f);
	attribute = attribute_rows(&count);
	for (i = 0; i < count; i++)
		print_attribute(f, &attribute[i]);
	fputs(attributes_tail, f);
}

static char *read_page(void)
{
	const char *root = getenv("KC_SRCDIR");
	char path[4096];
	char *page = NULL;
	size_t size = 0;
	FILE *f = NULL;

	snprintf(path, sizeof(path), "%s/docs/mechanisms.md", root ? root : ".");
	f = fopen(path, "r");
	if (!f)
		return NULL;
	if (getdelim(&page, &size, '\0', f) < 0) {
		free(page);
		page = NULL;
	}
	fclose(f);
	return page;
}

/* Shows the first line that differs, with a few characters before it. */
static void page_is_what_the_tables_say(void **state)
{
	char *page = read_page();
	char *printed = NULL;
	size_t size = 0;
	size_t line = 0;
	size_t i = 0;
	FILE *f = open_memstream(&printed, &size);

	(void)state;
	assert_non_null(f);
	print_page(f);
	fclose(f);
	if (!page)
		fail_msg("docs/mechanisms.md is missing");
	while (page[i] != '\0' && page[i] == printed[i]) {
		if (page[i++] == '\n')
			line = i;
	}
	if (page[i] != printed[i])
		fail_msg("the page has: %.200s\nthe tables have: %.200s", page + line, printed + line);
	free(page);
	free(printed);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_is_what_the_tables_say),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		print_page(stdout);
		return 0;
	}
	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}

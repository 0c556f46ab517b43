/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware report, hash, JSON, key.
 */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/cursor.h"
#include "verifier/hcl.h"
#include "verifier/sev_snp.h"
#include "verifier/tdx.h"
#include "verifier/tpm_public.h"
#include "verifier/vtpm.h"

#define HARDWARE_OFFSET 32
#define HARDWARE_FIELD 1184
#define TDREPORT_SIZE 1024
#define TDREPORT_REPORT_DATA 128
#define AK_ID "HCLAkPub"

static uint16_t hash_of(uint32_t type)
{
	return type == 1 ? TPM_HASH_SHA256 : type == 2 ? TPM_HASH_SHA384 : type == 3 ? TPM_HASH_SHA512 : 0;
}

bool hcl_read(struct span report, struct hcl *hcl, const char **why)
{
	struct cursor c;
	struct span magic = {0}, field = {0};
	uint32_t version = 0;

	*hcl = (struct hcl){0};
	*why = "not an HCL report";
	cursor_init(&c, report);
	magic = cursor_bytes(&c, 4);
	version = cursor_le32(&c);
	if (c.failed || report.size > HCL_SIZE_MAX || memcmp(magic.data, "HCLA", 4) != 0 || (version != 1 && version != 2))
		return false;
	cursor_bytes(&c, HARDWARE_OFFSET - 8); /* sizes and status: the sizes below count */
	field = cursor_bytes(&c, HARDWARE_FIELD);
	cursor_bytes(&c, 8); /* size and version of what follows */
	hcl->type = cursor_le32(&c);
	hcl->hash = hash_of(cursor_le32(&c));
	hcl->data = cursor_bytes(&c, cursor_le32(&c));
	if (c.failed || !cursor_all(c.rest, 0))
		return false;
	*why = "an HCL report of a hardware or hash that is not known";
	if ((hcl->type != HCL_SNP && hcl->type != HCL_TDX) || !hcl->hash)
		return false;
	hcl->hardware = cursor_slice(field, 0, hcl->type == HCL_SNP ? SEV_SNP_REPORT_SIZE : TDREPORT_SIZE);
	*why = NULL;
	return true;
}

/* ---- the key ---- */

/* base64url without padding (RFC 7515). */
static bool from_base64url(const char *text, struct buffer *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned count = 0;

	for (; *text; text++) {
		const char *digit = strchr(digits, *text);

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count >= 8) {
			uint8_t byte = (uint8_t)(bits >> (count - 8));

			count -= 8;
			if (!buffer_append(out, &byte, 1))
				return false;
		}
	}
	return out->size > 0;
}

static EVP_PKEY *key_of(const json_t *jwk)
{
	const char *type = json_string_value(json_object_get(jwk, "kty"));
	const char *n = json_string_value(json_object_get(jwk, "n")), *e = json_string_value(json_object_get(jwk, "e"));
	struct buffer modulus = {0}, exponent = {0};
	EVP_PKEY *key = NULL;

	if (type && strcmp(type, "RSA") == 0 && n && e && from_base64url(n, &modulus) && from_base64url(e, &exponent))
		key = tpm_public_rsa(buffer_span(&modulus), buffer_span(&exponent));
	buffer_free(&modulus);
	buffer_free(&exponent);
	return key;
}

/* The one key of this id. */
static EVP_PKEY *find_key(struct span data)
{
	json_t *root = json_loadb((const char *)data.data, data.size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *keys = json_object_get(root, "keys"), *found = NULL;
	EVP_PKEY *key = NULL;
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(keys); i++) {
		const char *id = json_string_value(json_object_get(json_array_get(keys, i), "kid"));

		if (id && strcmp(id, AK_ID) == 0) {
			found = json_array_get(keys, i);
			count++;
		}
	}
	if (count == 1)
		key = key_of(found);
	json_decref(root);
	return key;
}

/* ---- the hardware ---- */

/* What the hardware's own appraisal found becomes part of A. */
static void take_over(struct appraisal *a, const struct appraisal *hardware)
{
	for (size_t i = 0; i < hardware->check_count; i++)
		appraisal_check(a, hardware->check[i].name, hardware->check[i].passed, "%s: %s", hardware->platform,
				hardware->check[i].detail);
	/* Beside the guest's own report they are said already. */
	for (size_t i = 0; !a->beside && i < hardware->fact_count; i++) {
		if (a->fact_count == APPRAISAL_FACTS_MAX)
			break;
		a->fact[a->fact_count] = hardware->fact[i];
		a->fact[a->fact_count].self_reported = false;
		a->fact[a->fact_count++].pins = false;
	}
}

/* DATA's hash, then zeros. */
static bool covers(const struct hcl *hcl, struct span report_data)
{
	size_t size = tpm_hash_size(hcl->hash);

	return tpm_hash_covers(hcl->hash, cursor_slice(report_data, 0, size), hcl->data) &&
	       cursor_all(cursor_slice(report_data, size, 64 - size), 0);
}

bool hcl_measured(struct appraisal *hardware)
{
	for (size_t i = 0; i < hardware->fact_count; i++)
		if (hardware->fact[i].pins && appraisal_expected(hardware, hardware->fact[i].name))
			return appraisal_check(hardware, "paravisor", true, "its %s is pinned", hardware->fact[i].name);
	if (appraisal_allows(hardware, POLICY_ALLOW_ANY_MEASUREMENT))
		return appraisal_check(hardware, "paravisor", true, "NOT JUDGED: any, as the policy allows");
	return appraisal_check(hardware, "paravisor", false,
			       "not pinned by the policy (%s): any guest could say this of its own vTPM", hardware->platform);
}

/* The report data that the hardware signed; empty: its report is not good. */
static struct span judge_hardware(struct appraisal *hardware, const struct hcl *hcl, struct span td_quote,
				  struct span certificates)
{
	const struct appraisal_fact *fact = NULL;
	bool good = false;

	if (hcl->type == HCL_SNP)
		good = sev_snp_appraise(hardware, hcl->hardware, certificates);
	else
		good = tdx_appraise(hardware, td_quote, (struct span){0});
	/* The guest's own report was judged by the policy; this one has to be of the same guest. */
	if (!good || (hardware->beside ? !vtpm_same_guest(hardware) : !appraisal_expectations(hardware)))
		return (struct span){0};
	fact = appraisal_find(hardware, "vmpl");
	if (hcl->type == HCL_SNP &&
	    !appraisal_check(hardware, "paravisor", fact && fact->number == 0, "the report is %sof VMPL 0",
			     fact && fact->number == 0 ? "" : "not "))
		return (struct span){0};
	if (!hardware->beside && !hcl_measured(hardware))
		return (struct span){0};
	fact = appraisal_find(hardware, "report-data");
	return fact ? fact->bytes : (struct span){0};
}

bool hcl_appraise(struct appraisal *a, struct span report, struct span td_quote, struct span certificates, EVP_PKEY **ak)
{
	struct appraisal *hardware = calloc(1, sizeof(*hardware));
	struct hcl hcl = {0};
	struct span report_data = {0};
	const char *why = NULL;
	bool good = false;

	*ak = NULL;
	if (!hardware)
		return appraisal_check(a, "HCL report", false, "out of memory");
	if (!hcl_read(report, &hcl, &why)) {
		appraisal_check(a, "HCL report", false, "%s", why);
		goto out;
	}
	hardware->policy = a->policy;
	hardware->endorsements = a->endorsements;
	hardware->time = a->time;
	hardware->beside = a->beside;
	report_data = judge_hardware(hardware, &hcl, td_quote, certificates);
	take_over(a, hardware);
	if (!report_data.data)
		goto out;
	good = covers(&hcl, report_data) &&
	       (hcl.type == HCL_SNP || covers(&hcl, cursor_slice(hcl.hardware, TDREPORT_REPORT_DATA, 64)));
	if (!appraisal_check(a, "HCL report", good, "%s",
			     good ? "the hardware vouches for it" : "the hardware vouches for another one"))
		goto out;
	*ak = find_key(hcl.data);
	good = appraisal_check(a, "HCL key", *ak != NULL, "%s",
			       *ak ? "names the vTPM's attestation key" : "names no attestation key, or several");
out:
	free(hardware);
	return good;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's own report first, then the binding beside it: hardware -> key of the vTPM -> its storage root key.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>

#include "common/log.h"
#include "keys/binding.h"
#include "verifier/hcl.h"
#include "verifier/platforms.h"
#include "verifier/svsm.h"
#include "verifier/tpm_certify.h"
#include "verifier/vtpm.h"

/*
 * Where vtpm-policy says nothing else. The guest's own level is any: what binds is looked at for VMPL 0, and to be of the same
 * guest. Collateral is used where it is given; a guest has no way to fetch it.
 */
#define POLICY "{\"version\":1,\"allow\":[\"no-revocation\"],\"sev-snp\":{\"vmpl\":{\"min\":0,\"max\":3}}}"

struct judging {
	const struct platform_binding *b;
	struct policy policy;
	struct endorsements endorsements;
	struct appraisal own, vtpm;
};

/* ---- what the configuration gives ---- */

static CK_RV read_file(const char *setting, const char *path, struct buffer *bytes)
{
	FILE *file = fopen(path, "re");
	size_t got = 0;
	CK_RV rv = CKR_OK;

	if (!file) {
		log_error("%s: %s: %s", setting, path, strerror(errno));
		return CKR_ARGUMENTS_BAD;
	}
	if (!buffer_resize(bytes, ENDORSEMENTS_FILE_MAX)) {
		rv = CKR_DEVICE_MEMORY;
	} else {
		got = fread(bytes->data, 1, bytes->size, file);
		buffer_resize(bytes, got);
		if (ferror(file) || !got || got == ENDORSEMENTS_FILE_MAX) {
			log_error("%s: %s: cannot be read, is empty, or has more than 1 MiB", setting, path);
			rv = CKR_ARGUMENTS_BAD;
		}
	}
	fclose(file);
	return rv;
}

static CK_RV read_policy(const char *path, struct policy *policy)
{
	struct buffer bytes = {0};
	char why[200] = "";
	CK_RV rv = CKR_OK;

	if (*path)
		rv = read_file("vtpm-policy", path, &bytes);
	if (rv == CKR_OK && !policy_read(policy, *path ? buffer_span(&bytes) : span_text(POLICY), why, sizeof(why))) {
		log_error("vtpm-policy: %s: %s", path, why);
		rv = CKR_ARGUMENTS_BAD;
	}
	buffer_free(&bytes);
	return rv;
}

static CK_RV read_endorsements(const char *setting, const char *path,
			       bool (*add)(struct endorsements *, struct span, const char **), struct endorsements *e)
{
	struct buffer bytes = {0};
	const char *why = NULL;
	CK_RV rv = CKR_OK;

	if (!*path)
		return CKR_OK;
	rv = read_file(setting, path, &bytes);
	if (rv == CKR_OK && !add(e, buffer_span(&bytes), &why)) {
		log_error("%s: %s: %s", setting, path, why);
		rv = CKR_ARGUMENTS_BAD;
	}
	buffer_free(&bytes);
	return rv;
}

static CK_RV read_settings(struct judging *j, const struct settings *settings)
{
	CK_RV rv = read_policy(settings->vtpm_policy, &j->policy);

	if (rv == CKR_OK)
		rv = read_endorsements("vtpm-endorsements", settings->vtpm_endorsements, endorsements_add, &j->endorsements);
	if (rv == CKR_OK)
		rv = read_endorsements("vtpm-trust-root", settings->vtpm_trust_root, endorsements_add_roots, &j->endorsements);
	return rv;
}

/* ---- the judgement ---- */

static void begin(struct judging *j, struct appraisal *a)
{
	a->policy = &j->policy;
	a->endorsements = &j->endorsements;
	a->time = (int64_t)time(NULL);
}

static bool judge_own(struct judging *j)
{
	const struct platform_evidence *own = &j->b->own;
	const struct platforms_row *row = platforms_by_name(j->b->hardware);
	const struct cmw cmw = {
		.evidence = buffer_span(&own->report),
		.certificates = buffer_span(&own->certificates),
		.event_log = buffer_span(&own->event_log),
	};

	begin(j, &j->own);
	j->own.platform = j->b->hardware;
	j->own.report_data = (struct span){j->b->nonce.sha512, sizeof(j->b->nonce.sha512)};
	return row && row->appraise(&j->own, &cmw) && appraisal_expectations(&j->own);
}

/* The hardware names the AK, and the AK says that the SRK lies beside it. */
static bool judge_hcl(struct judging *j)
{
	const struct platform_binding *b = j->b;
	const char *why = NULL;
	EVP_PKEY *ak = NULL;
	bool good = hcl_appraise(&j->vtpm, buffer_span(&b->hcl), buffer_span(&b->td_quote), buffer_span(&b->own.certificates), &ak);

	if (good)
		good = tpm_certify_verify(ak, buffer_span(&b->attest), buffer_span(&b->signature),
					  (struct span){b->nonce.sha256, sizeof(b->nonce.sha256)}, buffer_span(&b->srk_name), &why) &&
		       appraisal_check(&j->vtpm, "storage root key", true, "the named attestation key speaks for it");
	if (why)
		appraisal_check(&j->vtpm, "storage root key", false, "what should speak for it is %s", why);
	EVP_PKEY_free(ak);
	return good;
}

/* The hardware names the EK, which was challenged for the SRK and the AK. */
static bool judge_svsm(struct judging *j)
{
	const struct platform_binding *b = j->b;
	struct tpm_public ek;

	if (!svsm_appraise(&j->vtpm, buffer_span(&b->svsm), buffer_span(&b->own.certificates),
			   (struct span){b->nonce.sha512, sizeof(b->nonce.sha512)}, buffer_span(&b->manifest), &ek))
		return false;
	if (!span_equal(buffer_span(&b->ek), buffer_span(&b->manifest)))
		return appraisal_check(&j->vtpm, "endorsement key", false, "the TPM has another one than the hardware names");
	return appraisal_check(&j->vtpm, "endorsement key", b->challenged, "%s",
			       b->challenged ? "the named one answered a challenge for the storage root key"
					     : "the TPM does not answer its challenge");
}

static void log_checks(const struct appraisal *a, const char *what)
{
	for (size_t i = 0; i < a->check_count; i++) {
		if (a->check[i].passed)
			log_info("vTPM: %s: %s: %s", what, a->check[i].name, a->check[i].detail);
		else
			log_error("vTPM: %s: %s: %s", what, a->check[i].name, a->check[i].detail);
	}
}

static bool judge(struct judging *j)
{
	const struct platform_binding *b = j->b;
	bool good = true;

	if (b->kind == PLATFORM_BINDING_NONE) {
		log_error("vTPM: nothing shows that it is inside this guest: %s", b->why);
		return false;
	}
	if (b->hardware) {
		good = judge_own(j);
		log_checks(&j->own, "this guest's report");
		if (!good)
			return false;
		j->vtpm.beside = &j->own;
	}
	begin(j, &j->vtpm);
	j->vtpm.platform = VTPM_SECTION;
	good = b->kind == PLATFORM_BINDING_HCL ? judge_hcl(j) : judge_svsm(j);
	log_checks(&j->vtpm, b->kind == PLATFORM_BINDING_HCL ? "its HCL report" : "its SVSM's report");
	return good;
}

static CK_RV settle(struct platform *platform, bool vouches, bool allow_host)
{
	const char *kind = platform_binding(platform)->kind == PLATFORM_BINDING_HCL ? "HCL" : "SVSM";

	if (!vouches && !allow_host) {
		log_error("platform %s: nothing that holds shows that its TPM is inside this guest: whoever runs the host may hold "
			  "the keys. Refused (docs/platforms/vtpm.md). To take it all the same: allow-host-vtpm = yes, which is "
			  "recorded in the store and in the evidence",
			  platform_describe(platform)->name);
		return CKR_ACTION_PROHIBITED;
	}
	platform_binding_settle(platform, vouches);
	if (vouches)
		log_notice("platform %s: the hardware vouches for the vTPM (%s), which protects the root",
			   platform_describe(platform)->name, kind);
	else
		log_warning("platform %s: the host's TPM protects the root (allow-host-vtpm)",
			    platform_describe(platform)->name);
	return CKR_OK;
}

CK_RV binding_settle(struct platform *platform, const struct settings *settings)
{
	struct judging *j = NULL;
	CK_RV rv = CKR_OK;
	bool vouches = false;

	if (!platform_binding(platform))
		return CKR_OK;
	j = calloc(1, sizeof(*j));
	if (!j) {
		log_error("vTPM: no memory");
		return CKR_DEVICE_MEMORY;
	}
	j->b = platform_binding(platform);
	rv = read_settings(j, settings);
	ERR_set_mark();
	if (rv == CKR_OK)
		vouches = judge(j);
	ERR_pop_to_mark();
	policy_free(&j->policy);
	endorsements_free(&j->endorsements);
	free(j);
	return rv == CKR_OK ? settle(platform, vouches, settings->allow_host_vtpm) : rv;
}

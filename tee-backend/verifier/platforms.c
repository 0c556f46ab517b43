/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table, and the adapters from an envelope to what each platform's file wants of it.
 */
#include "config.h"

#include <string.h>

#include "verifier/nitro.h"
#include "verifier/notee.h"
#include "verifier/platforms.h"
#include "verifier/sev_snp.h"
#include "verifier/tdx.h"
#include "verifier/tpm.h"

static bool appraise_notee(struct appraisal *a, const struct cmw *cmw)
{
	return notee_appraise(a, cmw->evidence);
}

static bool appraise_tdx(struct appraisal *a, const struct cmw *cmw)
{
	return tdx_appraise(a, cmw->evidence, cmw->event_log);
}

static bool appraise_sev_snp(struct appraisal *a, const struct cmw *cmw)
{
	return sev_snp_appraise(a, cmw->evidence, cmw->certificates);
}

static bool appraise_nitro(struct appraisal *a, const struct cmw *cmw)
{
	return nitro_appraise(a, cmw->evidence);
}

static bool appraise_tpm(struct appraisal *a, const struct cmw *cmw)
{
	return tpm_appraise(a, cmw->evidence, cmw->certificates, cmw->event_log, cmw->ima_log);
}

static const struct platforms_row rows[] = {
	{"notee", "application/vnd.keyclave.notee-evidence+cbor", false, appraise_notee},
	{"sev-snp", "application/vnd.keyclave.snp-report", true, appraise_sev_snp},
	{"tdx", "application/vnd.keyclave.tdx-quote", true, appraise_tdx},
	{"nitro", "application/vnd.keyclave.nitro-document+cbor", true, appraise_nitro},
	{"tpm", CMW_TPM_TYPE, true, appraise_tpm},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

const struct platforms_row *platforms_at(size_t index)
{
	return index < ROW_COUNT ? &rows[index] : NULL;
}

const struct platforms_row *platforms_by_type(struct span media_type)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (span_equal(media_type, span_text(rows[i].media_type)))
			return &rows[i];
	return NULL;
}

const struct platforms_row *platforms_by_name(const char *name)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SVSM's word for its vTPM.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/cursor.h"
#include "verifier/hcl.h"
#include "verifier/sev_snp.h"
#include "verifier/svsm.h"
#include "verifier/vtpm.h"

#define REPORT_VMPL 0x30

static bool judge(struct appraisal *a, struct appraisal *hardware, struct span report, struct span certificates)
{
	bool good = sev_snp_appraise(hardware, report, certificates);

	if (hardware->beside)
		good = good && vtpm_same_guest(hardware);
	else
		good = good && appraisal_expectations(hardware) && hcl_measured(hardware);

	for (size_t i = 0; i < hardware->check_count; i++)
		appraisal_check(a, hardware->check[i].name, hardware->check[i].passed, "sev-snp: %s",
				hardware->check[i].detail);
	if (!good)
		return false;
	good = cursor_all(cursor_slice(report, REPORT_VMPL, 4), 0);
	return appraisal_check(a, "SVSM", good, "%s", good ? "speaks at VMPL 0" : "the report is not of VMPL 0");
}

bool svsm_appraise(struct appraisal *a, struct span report, struct span certificates, struct span nonce,
		   struct span manifest, struct tpm_public *ek)
{
	struct appraisal *hardware = calloc(1, sizeof(*hardware));
	uint8_t hash[TPM_HASH_SIZE_MAX];
	const char *why = NULL;
	bool good = false;

	if (!hardware)
		return appraisal_check(a, "SVSM", false, "out of memory");
	hardware->policy = a->policy;
	hardware->endorsements = a->endorsements;
	hardware->time = a->time;
	hardware->beside = a->beside;
	if (!judge(a, hardware, report, certificates))
		goto out;
	good = nonce.size == SVSM_NONCE_SIZE && tpm_hash_two(TPM_HASH_SHA512, nonce, manifest, hash) &&
	       span_equal(cursor_slice(report, SEV_SNP_REPORT_DATA, 64), (struct span){hash, 64});
	if (!appraisal_check(a, "SVSM manifest", good, "%s",
			     good ? "the hardware vouches for it" : "the hardware vouches for another one"))
		goto out;
	good = tpm_public_read(manifest, ek, &why);
	if (good && ((ek->attributes & TPM_PUBLIC_SIGN) || !(ek->attributes & TPM_PUBLIC_RESTRICTED) ||
		     !(ek->attributes & TPM_PUBLIC_FIXED_TPM))) {
		why = "it is no EK";
		good = false;
	}
	appraisal_check(a, "SVSM manifest", good, "%s", good ? "is the EK" : why);
out:
	free(hardware);
	return good;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mix of an SNP wrap slot: what its derived key was made from, kept in the clear beside the wrapped root
 * (docs/store.md). The store is hostile: a mix is taken only if it has all that security rule 3 demands. Called by
 * sev_snp.c.
 */
#ifndef KEYCLAVE_PLATFORM_SNP_MIX_H
#define KEYCLAVE_PLATFORM_SNP_MIX_H

#include "platform/sev_guest.h"
#include "platform/snp_report.h"

/* Of every key, whatever is configured. */
#define SNP_MIX_MANDATORY \
	(SEV_GUEST_FIELD_POLICY | SEV_GUEST_FIELD_MEASUREMENT | SEV_GUEST_FIELD_TCB)
#define SNP_MIX_OPTIONAL \
	(SEV_GUEST_FIELD_IMAGE_ID | SEV_GUEST_FIELD_FAMILY_ID | SEV_GUEST_FIELD_GUEST_SVN)

struct snp_mix {
	struct sev_guest_key key;
	/* The firmware knows these itself; here they tell what differs when the key is another. */
	uint64_t policy;
	uint8_t measurement[SNP_REPORT_MEASUREMENT_SIZE];
	uint8_t chip[SNP_REPORT_CHIP_SIZE];
};

/* Replaces OUT. False: no memory. */
bool snp_mix_write(const struct snp_mix *mix, struct buffer *out);

/* False, and WHY (static): not a mix, or one without a mandatory field. */
bool snp_mix_read(struct span bytes, struct snp_mix *mix, const char **why);

/*
 * NULL if a guest whose report is REPORT, at VMPL, gets the key of MIX; else what differs (static), most telling
 * first.
 */
const char *snp_mix_differs(const struct snp_mix *mix, const struct snp_report *report, unsigned vmpl);

#endif

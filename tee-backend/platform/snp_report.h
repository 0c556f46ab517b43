/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the platform itself reads in a report of its own guest: which key it may ask for, and whether the report is
 * the one that it asked for. Judging reports is the verifier's business. Called by sev_snp.c.
 */
#ifndef KEYCLAVE_PLATFORM_SNP_REPORT_H
#define KEYCLAVE_PLATFORM_SNP_REPORT_H

#include "common/buffer.h"

#define SNP_REPORT_SIZE 1184
#define SNP_REPORT_DATA_SIZE 64
#define SNP_REPORT_MEASUREMENT_SIZE 48
#define SNP_REPORT_CHIP_SIZE 64

struct snp_report {
	uint32_t svn;
	uint64_t policy;
	uint32_t vmpl;
	uint8_t data[SNP_REPORT_DATA_SIZE];
	uint8_t measurement[SNP_REPORT_MEASUREMENT_SIZE];
	uint8_t chip[SNP_REPORT_CHIP_SIZE]; /* zero where the host masks it */
	uint64_t committed_tcb;
};

/* False, and WHY (static): not a report in a form that is known. */
bool snp_report_read(struct span bytes, struct snp_report *report, const char **why);

/*
 * True if no part of the TCB version A is above B's. The parts are single bytes, of which newer firmware has more;
 * as one number they say nothing.
 */
bool snp_report_tcb_within(uint64_t a, uint64_t b);

#endif

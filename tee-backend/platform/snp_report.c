/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of an attestation report (SEV-SNP ABI, 56860, ATTESTATION_REPORT), all little endian.
 */
#include "config.h"

#include "platform/snp_report.h"

#include <string.h>

static uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get_le64(const uint8_t *p)
{
	return (uint64_t)get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

bool snp_report_read(struct span bytes, struct snp_report *report, const char **why)
{
	const uint8_t *p = bytes.data;
	uint32_t version = 0;

	if (bytes.size != SNP_REPORT_SIZE) {
		*why = "not 1184 bytes";
		return false;
	}
	version = get_le32(p);
	if (version < 2 || version > 5) {
		*why = "a version that is not known";
		return false;
	}
	report->svn = get_le32(p + 0x4);
	report->policy = get_le64(p + 0x8);
	report->vmpl = get_le32(p + 0x30);
	memcpy(report->data, p + 0x50, sizeof(report->data));
	memcpy(report->measurement, p + 0x90, sizeof(report->measurement));
	memcpy(report->chip, p + 0x1a0, sizeof(report->chip));
	report->committed_tcb = get_le64(p + 0x1e0);
	return true;
}

bool snp_report_tcb_within(uint64_t a, uint64_t b)
{
	for (unsigned shift = 0; shift < 64; shift += 8)
		if ((a >> shift & 0xff) > (b >> shift & 0xff))
			return false;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports as the SEV-SNP ABI (56860) lays them out, and keys that depend on all that was selected and on nothing
 * else, so that a test sees what a changed guest would get.
 */
#include "config.h"

#include "snp_firmware.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "control.h"
#include "signing.h"

static const char chip_secret[] = "the secret of an emulated chip";

static void put_le(uint8_t *p, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

struct guest {
	uint32_t svn;
	uint64_t policy;
	uint64_t tcb;
	uint32_t vmpl;
	uint8_t measurement[48];
	uint8_t image_id[16];
	uint8_t family_id[16];
	uint8_t chip[64];
};

static void read_guest(struct guest *g)
{
	g->svn = (uint32_t)control_number("svn", 7);
	g->policy = control_number("policy", 0x30000);
	g->tcb = control_number("tcb", SIGNING_SNP_TCB);
	g->vmpl = (uint32_t)control_number("vmpl", 0);
	control_digest("measurement", "a measured launch", g->measurement, sizeof(g->measurement));
	control_digest("image-id", "zero", g->image_id, sizeof(g->image_id));
	control_digest("family-id", "zero", g->family_id, sizeof(g->family_id));
	control_digest("chip", "a chip", g->chip, sizeof(g->chip));
}

uint32_t snp_firmware_vmpl(void)
{
	return (uint32_t)control_number("vmpl", 0);
}

static void make_report(const struct guest *g, const uint8_t data[64], uint32_t vmpl, const char *report_id,
			uint8_t report[SNP_FIRMWARE_REPORT_SIZE])
{
	signing_snp_report(g->tcb, g->chip, report);
	put_le(report + 0x4, g->svn, 4);
	put_le(report + 0x8, g->policy, 8);
	memcpy(report + 0x10, g->family_id, 16);
	memcpy(report + 0x20, g->image_id, 16);
	put_le(report + 0x30, vmpl, 4);
	memcpy(report + 0x50, data, 64);
	if (control_fault("other-data"))
		report[0x50] ^= 1;
	memcpy(report + 0x90, g->measurement, 48);
	control_digest(report_id, "one run of this guest", report + 0x140, 32);
	signing_snp(report);
}

uint32_t snp_firmware_report(const uint8_t data[64], uint32_t vmpl,
			     uint8_t report[SNP_FIRMWARE_REPORT_SIZE])
{
	struct guest g;

	read_guest(&g);
	if (vmpl > 3 || vmpl < g.vmpl)
		return SNP_FIRMWARE_INVALID_PARAMETER;
	make_report(&g, data, vmpl, "report-id", report);
	return SNP_FIRMWARE_OK;
}

void snp_firmware_report_above(const uint8_t data[64], uint8_t report[SNP_FIRMWARE_REPORT_SIZE])
{
	struct guest g;
	char text[64];

	read_guest(&g);
	if (control_text("above-chip", text, sizeof(text)))
		control_digest("above-chip", "", g.chip, sizeof(g.chip));
	if (control_text("above-measurement", text, sizeof(text)))
		control_digest("above-measurement", "", g.measurement, sizeof(g.measurement));
	make_report(&g, data, (uint32_t)control_number("above-vmpl", 0), "above-report-id", report);
}

/* Component by component. */
static int is_within(uint64_t a, uint64_t b)
{
	for (unsigned shift = 0; shift < 64; shift += 8)
		if ((a >> shift & 0xff) > (b >> shift & 0xff))
			return 0;
	return 1;
}

uint32_t snp_firmware_key(const struct snp_firmware_key_request *r, uint8_t key[32])
{
	struct guest g;
	uint8_t mix[512] = {0};
	unsigned size = 32;

	read_guest(&g);
	if (r->zero || r->root > 4 || r->root == 3 || r->vmpl > 3 || r->vmpl < g.vmpl || r->fields >> 6)
		return SNP_FIRMWARE_INVALID_PARAMETER;
	if ((r->fields & 16) && r->svn > g.svn)
		return SNP_FIRMWARE_INVALID_PARAMETER;
	if ((r->fields & 32) && !is_within(r->tcb, g.tcb))
		return SNP_FIRMWARE_INVALID_PARAMETER;
	/* VLEK and VMRK were never loaded into this chip. */
	if (r->root == 1 || r->root == 4)
		return SNP_FIRMWARE_INVALID_KEY;
	put_le(mix, r->fields, 8);
	put_le(mix + 8, r->vmpl, 4);
	if (r->fields & 1)
		put_le(mix + 16, g.policy, 8);
	if (r->fields & 2)
		memcpy(mix + 24, g.image_id, 16);
	if (r->fields & 4)
		memcpy(mix + 40, g.family_id, 16);
	if (r->fields & 8)
		memcpy(mix + 56, g.measurement, 48);
	if (r->fields & 16)
		put_le(mix + 104, r->svn, 4);
	if (r->fields & 32)
		put_le(mix + 112, r->tcb, 8);
	memcpy(mix + 120, g.chip, 64);
	HMAC(EVP_sha256(), chip_secret, (int)strlen(chip_secret), mix, sizeof(mix), key, &size);
	return SNP_FIRMWARE_OK;
}

size_t snp_firmware_table(uint8_t table[SNP_FIRMWARE_TABLE_MAX])
{
	struct guest g;
	uint8_t report[SNP_FIRMWARE_REPORT_SIZE];
	size_t size = 0;

	memset(table, 0, SNP_FIRMWARE_TABLE_MAX);
	if (control_fault("no-certificates"))
		return 0;
	read_guest(&g);
	signing_snp_report(g.tcb, g.chip, report);
	size = signing_snp_table(table, SNP_FIRMWARE_TABLE_MAX);
	if (control_fault("bad-certificates"))
		put_le(table + 16, 0x40000000, 4); /* far outside */
	return size;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secure processor's side of an SNP guest: reports, derived keys, the host's certificate table. The chip's
 * secret is a constant; the guest's facts come from the control file (measurement, policy, vmpl, tcb, svn, chip, image-id,
 * family-id). Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_SNP_FIRMWARE_H
#define KEYCLAVE_TESTS_EMULATORS_SNP_FIRMWARE_H

#include <stddef.h>
#include <stdint.h>

#define SNP_FIRMWARE_REPORT_SIZE 1184
#define SNP_FIRMWARE_TABLE_MAX 0x4000

/* Status words of the firmware. */
#define SNP_FIRMWARE_OK 0
#define SNP_FIRMWARE_INVALID_PARAMETER 0x16
#define SNP_FIRMWARE_INVALID_KEY 0x27

struct snp_firmware_key_request {
	uint32_t root;
	uint32_t zero;
	uint64_t fields;
	uint32_t vmpl;
	uint32_t svn;
	uint64_t tcb;
};

/* The guest's own privilege level. */
uint32_t snp_firmware_vmpl(void);

uint32_t snp_firmware_report(const uint8_t data[64], uint32_t vmpl,
			     uint8_t report[SNP_FIRMWARE_REPORT_SIZE]);
/*
 * A report by what stands above the guest, an SVSM or a paravisor: of VMPL 0, whatever the guest's own is. The control lines
 * above-vmpl, above-chip, above-measurement and above-report-id bend it.
 */
void snp_firmware_report_above(const uint8_t data[64], uint8_t report[SNP_FIRMWARE_REPORT_SIZE]);

uint32_t snp_firmware_key(const struct snp_firmware_key_request *request, uint8_t key[32]);

/* Bytes of the certificate table in TABLE (zeroed before); 0: the host has none. */
size_t snp_firmware_table(uint8_t table[SNP_FIRMWARE_TABLE_MAX]);

#endif

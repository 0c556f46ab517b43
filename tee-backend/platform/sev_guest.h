/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/sev-guest (linux/sev-guest.h): an SNP guest's encrypted mailbox to the AMD secure processor. A failure on its
 * way makes the driver wipe the mailbox's key until the guest starts again, so that nothing is asked here that
 * the firmware could take for malformed. Inside the enclave; called by sev_snp.c.
 */
#ifndef KEYCLAVE_PLATFORM_SEV_GUEST_H
#define KEYCLAVE_PLATFORM_SEV_GUEST_H

#include "common/buffer.h"
#include "common/status.h"

#define SEV_GUEST_REPORT_DATA_SIZE 64
#define SEV_GUEST_REPORT_SIZE 1184
#define SEV_GUEST_KEY_SIZE 32
#define SEV_GUEST_VMPL_MAX 3
/* SEV_FW_BLOB_MAX_SIZE: what the host may give as its certificate table. */
#define SEV_GUEST_TABLE_MAX 0x4000

/* Bits of sev_guest_key.fields (GUEST_FIELD_SELECT of MSG_KEY_REQ): what the key is mixed from. */
#define SEV_GUEST_FIELD_POLICY (1U << 0)
#define SEV_GUEST_FIELD_IMAGE_ID (1U << 1)
#define SEV_GUEST_FIELD_FAMILY_ID (1U << 2)
#define SEV_GUEST_FIELD_MEASUREMENT (1U << 3)
#define SEV_GUEST_FIELD_GUEST_SVN (1U << 4)
#define SEV_GUEST_FIELD_TCB (1U << 5)

struct sev_guest; /* opaque; thread-safe: one request at a time in this process */

struct sev_guest_key {
	uint32_t root; /* ROOT_KEY_SELECT: 0 VLEK if there is one, else VCEK; 1 VMRK; 2 VCEK; 4 VLEK */
	uint64_t fields;
	uint32_t vmpl;	   /* not below the guest's own */
	uint32_t svn;	   /* not above the ID block's; used with GUEST_SVN */
	uint64_t tcb;	   /* not above the committed one; used with TCB */
};

/*
 * A request that the host throttles is repeated for DEADLINE_MS. CKR_TOKEN_NOT_PRESENT: there is no such device;
 * CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY. Logged.
 */
CK_RV sev_guest_open(const char *path, unsigned deadline_ms, struct sev_guest **guest);
void sev_guest_free(struct sev_guest **guest);

/* All below: CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY; CKR_ARGUMENTS_BAD: VMPL; logged. */

/* REPORT: SEV_GUEST_REPORT_SIZE bytes. */
CK_RV sev_guest_report(struct sev_guest *guest, const uint8_t data[SEV_GUEST_REPORT_DATA_SIZE],
		       unsigned vmpl, struct buffer *report);

/* With what the host gives beside it, a certificate table as cert_table.h reads it; empty if it gives none. */
CK_RV sev_guest_extended_report(struct sev_guest *guest,
				const uint8_t data[SEV_GUEST_REPORT_DATA_SIZE], unsigned vmpl,
				struct buffer *report, struct buffer *table);

/*
 * KEY is secret memory. CKR_MECHANISM_PARAM_INVALID: the firmware refuses what REQUEST asks to mix, such as a TCB
 * above the committed one (logged). The mailbox stays usable then.
 */
CK_RV sev_guest_derive(struct sev_guest *guest, const struct sev_guest_key *request,
		       uint8_t key[SEV_GUEST_KEY_SIZE]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux's configfs-tsm (Documentation/ABI/testing/configfs-tsm-report): reports of SNP and TDX by files. A request
 * is a folder of its own there; the generation number tells whether somebody else wrote into it meanwhile. Inside
 * the enclave; called by sev_snp.c and tdx.c.
 */
#ifndef KEYCLAVE_PLATFORM_TSM_H
#define KEYCLAVE_PLATFORM_TSM_H

#include "common/buffer.h"
#include "common/status.h"

#define TSM_FOLDER "/sys/kernel/config/tsm/report"
/*
 * A folder below TSM_FOLDER that root made for a daemon with fewer rights, and whose files it gave to it: used when
 * the daemon may not make one.
 */
#define TSM_PREPARED "keyclave"

#define TSM_INBLOB_SIZE 64
#define TSM_BLOB_MAX ((size_t)64 * 1024)

struct tsm_request {
	const char *folder;   /* TSM_FOLDER, or where it is */
	const char *provider; /* "sev_guest", "tdx_guest" */
	uint8_t inblob[TSM_INBLOB_SIZE];
	int privlevel;		      /* 0 to 3; -1: it is not said, as TDX wants it */
	const char *service_provider; /* "svsm"; NULL: none */
	const char *service_guid;     /* one service's, as text; NULL: of all services */
	unsigned deadline_ms;	      /* for all tries together */
};

struct tsm_report {
	struct buffer outblob;
	struct buffer auxblob;	    /* empty where the platform has none */
	struct buffer manifestblob; /* with service_provider */
};

/*
 * CKR_TOKEN_NOT_PRESENT: no configfs-tsm, or nothing of this provider behind it; CKR_ACTION_PROHIBITED: it may not
 * be used by this user (both logged at level info only, for the caller may have another way); CKR_DEVICE_ERROR,
 * CKR_DEVICE_MEMORY, logged. REPORT starts with {0}, and is empty then.
 */
CK_RV tsm_report_get(const struct tsm_request *request, struct tsm_report *report);
void tsm_report_free(struct tsm_report *report);

/* The lowest privilege level (VMPL) that reports are given for; -1: it cannot be known here. */
int tsm_privlevel_floor(const char *folder);

#endif

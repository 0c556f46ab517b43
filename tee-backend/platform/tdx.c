/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Intel trust domain: quotes by configfs-tsm, with the firmware's event log. A TD has no key that outlives it:
 * a root has to come from a vTPM or a KMS, and without one a token lasts as long as the daemon.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "platform/boot_log.h"
#include "platform/platform_ops.h"
#include "platform/rtmr.h"
#include "platform/tsm.h"

#define EVENT_LOG "/sys/firmware/acpi/tables/data/CCEL"
#define EVENT_LOG_MAX ((size_t)256 * 1024)

/* Above this it is the newer form in CBOR (Linux, ABI/testing/configfs-tsm-report). */
#define QUOTE_MAX ((size_t)8 * 1024)
#define QUOTE_HEADER_SIZE 48
#define QUOTE_TEE_TYPE 0x81
#define MRTD_OFFSET 136 /* in the quote's body, as are the next two */
#define RTMR0_OFFSET 328
#define REPORT_DATA_OFFSET 520

struct tdx {
	struct platform base; /* first */
	char reports[PATH_MAX];
	char registers[PATH_MAX];
	struct buffer event_log; /* of the boot: it does not change any more */
	unsigned deadline_ms;
	const char *paths[3];
};

static struct tdx *tdx_of(struct platform *base)
{
	return (struct tdx *)base;
}

static void tdx_free(struct platform *base)
{
	struct tdx *t = tdx_of(base);

	buffer_free(&t->event_log);
	free(t);
}

/* The application's register, so that the log tells whether anything measured the application. */
static void log_registers(const struct tdx *t)
{
	uint8_t value[RTMR_SIZE];
	bool zero = true;
	CK_RV rv = rtmr_read(t->registers, 3, value);

	for (size_t i = 0; rv == CKR_OK && i < sizeof(value); i++)
		zero = zero && !value[i];
	if (rv == CKR_OK)
		log_info("platform tdx: RTMR3 is %s", zero ? "zero: nothing was measured into it"
							    : "extended");
}

static CK_RV tdx_open(const struct settings *settings, struct platform **platform)
{
	struct tdx *t = calloc(1, sizeof(*t));
	char path[PATH_MAX + sizeof(EVENT_LOG)];
	CK_RV rv = CKR_OK;

	if (!t) {
		log_error("platform tdx: no memory");
		return CKR_DEVICE_MEMORY;
	}
	t->base.ops = &tdx_ops;
	t->base.description = tdx_ops.description;
	t->deadline_ms = settings->device_timeout_ms;
	if (!platform_path(settings, TSM_FOLDER, t->reports, sizeof(t->reports)) ||
	    !platform_path(settings, RTMR_FOLDER, t->registers, sizeof(t->registers))) {
		rv = CKR_TOKEN_NOT_PRESENT;
	} else if (access(t->reports, F_OK) != 0) {
		log_error("platform tdx: %s: %s: quotes need configfs and Linux 6.7 or later",
			  t->reports, strerror(errno));
		rv = CKR_TOKEN_NOT_PRESENT;
	}
	/* Without it, quotes still speak for MRTD and the RTMRs, but nobody can tell what these are made of. */
	snprintf(path, sizeof(path), "%s" EVENT_LOG, settings->platform_root);
	if (rv == CKR_OK)
		rv = boot_log_read("tdx", "the boot's event log", path, EVENT_LOG_MAX, &t->event_log);
	if (rv != CKR_OK) {
		tdx_free(&t->base);
		return rv;
	}
	log_registers(t);
	if (strcmp(settings->root, "tpm") != 0)
		log_notice("platform tdx: a trust domain has no sealing key: tokens last as long as this daemon, "
			   "unless a vTPM (root = tpm) protects their root");
	t->paths[0] = t->reports;
	t->base.paths = t->paths;
	*platform = &t->base;
	return CKR_OK;
}

/* Two bytes, little endian. */
static unsigned get_le16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

/* NULL, or why QUOTE is not one that speaks for DIGEST. Its signature is for verifiers. */
static const char *check_quote(struct span quote, const uint8_t digest[PLATFORM_DIGEST_SIZE])
{
	size_t body = QUOTE_HEADER_SIZE;
	unsigned version = 0;

	if (quote.size > QUOTE_MAX)
		return "more than 8 KiB: a form of quote that is not known here";
	if (quote.size < 2)
		return "too short";
	version = get_le16(quote.data);
	if (version != 4 && version != 5)
		return "neither version 4 nor 5";
	if (version == 5)
		body += 6; /* type and size of the body */
	if (quote.size < body + REPORT_DATA_OFFSET + PLATFORM_DIGEST_SIZE)
		return "too short";
	if (get_le16(quote.data + 4) != QUOTE_TEE_TYPE || get_le16(quote.data + 6) != 0)
		return "not of a trust domain";
	if (memcmp(quote.data + body + REPORT_DATA_OFFSET, digest, PLATFORM_DIGEST_SIZE) != 0)
		return "over other report data than was asked for";
	return NULL;
}

static CK_RV tdx_evidence(struct platform *base, const struct platform_digest *digest,
			  struct platform_evidence *evidence)
{
	const struct tdx *t = tdx_of(base);
	struct tsm_request request = {
	    .folder = t->reports,
	    .provider = "tdx_guest",
	    .privlevel = -1,
	    .deadline_ms = t->deadline_ms,
	};
	struct tsm_report report = {0};
	const char *why = NULL;
	CK_RV rv = CKR_OK;

	memcpy(request.inblob, digest->sha512, sizeof(request.inblob));
	rv = tsm_report_get(&request, &report);
	if (rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_ACTION_PROHIBITED) {
		log_error("platform tdx: no quote: %s: %s", t->reports,
			  rv == CKR_TOKEN_NOT_PRESENT
			      ? "no provider (is the module tdx_guest loaded?)"
			      : "it needs root's rights, or a folder that root prepared (keyclaved(8))");
		return CKR_DEVICE_ERROR;
	}
	if (rv != CKR_OK)
		return rv;
	why = check_quote(buffer_span(&report.outblob), digest->sha512);
	if (why) {
		log_error("platform tdx: the quote is not usable: %s", why);
		rv = CKR_DEVICE_ERROR;
	} else if (!buffer_set(&evidence->report, report.outblob.data, report.outblob.size) ||
		   !buffer_set(&evidence->event_log, t->event_log.data, t->event_log.size)) {
		log_error("platform tdx: no memory");
		rv = CKR_DEVICE_MEMORY;
	}
	tsm_report_free(&report);
	return rv;
}

/* MRTD, and the registers of firmware, loader and kernel; RTMR3 grows while the guest runs. */
static CK_RV tdx_measurement(struct platform *base, struct buffer *out)
{
	static const struct platform_digest nothing;
	struct platform_evidence evidence = {0};
	const uint8_t *body = NULL;
	CK_RV rv = tdx_evidence(base, &nothing, &evidence);

	if (rv == CKR_OK) {
		body = evidence.report.data + QUOTE_HEADER_SIZE + (get_le16(evidence.report.data) == 5 ? 6 : 0);
		if (!buffer_append(out, body + MRTD_OFFSET, RTMR_SIZE) ||
		    !buffer_append(out, body + RTMR0_OFFSET, 3 * (size_t)RTMR_SIZE))
			rv = CKR_DEVICE_MEMORY;
	}
	platform_evidence_free(&evidence);
	return rv;
}

static const char *const tdx_marks[] = {"/dev/tdx_guest", "/dev/tdx-guest",
					"/sys/class/misc/tdx_guest", "cpuinfo: tdx_guest",
					"cpuid: IntelTDX", NULL};

const struct platform_ops tdx_ops = {
    .description =
	{
	    .name = "tdx",
	    .protector = PLATFORM_NO_KEY,
	    .rollback = "none",
	    .media_type = "application/vnd.keyclave.tdx-quote",
	    .tee = true,
	},
    .marks = tdx_marks,
    .open = tdx_open,
    .evidence = tdx_evidence,
    .measurement = tdx_measurement,
    .free = tdx_free,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An AMD SEV-SNP guest. Its root is a key that the firmware derives from chip, policy, launch measurement and TCB
 * (security rule 3); its evidence the firmware's report, by configfs-tsm, else by ioctl, with the certificates that
 * the host gives.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/log.h"
#include "platform/cert_table.h"
#include "platform/platform_ops.h"
#include "platform/sev_guest.h"
#include "platform/snp_mix.h"
#include "platform/tsm.h"

#define DEVICE "/dev/sev-guest"
#define VMPL_FILE "/sys/devices/system/cpu/sev/vmpl"
#define PROTECTOR "snp-derived-key"

struct sev_snp {
	struct platform base; /* first */
	char reports[PATH_MAX];
	struct sev_guest *guest; /* NULL: no device; then there are reports only, by configfs-tsm */
	unsigned deadline_ms;
	uint32_t root;	 /* ROOT_KEY_SELECT of new keys */
	uint64_t fields; /* of new keys */
	unsigned vmpl;
	atomic_bool without_tsm; /* configfs-tsm cannot be used: found once */
	const char *paths[2];
};

static struct sev_snp *sev_snp_of(struct platform *base)
{
	return (struct sev_snp *)base;
}

static void sev_snp_free(struct platform *base)
{
	struct sev_snp *s = sev_snp_of(base);

	sev_guest_free(&s->guest);
	free(s);
}

/* ---- settings ---- */

static bool choose_root(struct sev_snp *s, const char *name)
{
	static const struct {
		const char *name;
		uint32_t select;
	} roots[] = {{"any", 0}, {"vmrk", 1}, {"vcek", 2}, {"vlek", 4}};

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (strcmp(roots[i].name, name) == 0) {
			s->root = roots[i].select;
			return true;
		}
	}
	log_error("snp-root-key: %s: expected vcek, vlek, vmrk or any", name);
	return false;
}

static bool choose_fields(struct sev_snp *s, const char *names)
{
	static const struct {
		const char *name;
		uint64_t field;
	} fields[] = {
	    {"image-id", SEV_GUEST_FIELD_IMAGE_ID},
	    {"family-id", SEV_GUEST_FIELD_FAMILY_ID},
	    {"guest-svn", SEV_GUEST_FIELD_GUEST_SVN},
	    /* Always there; naming them does no harm. */
	    {"policy", SEV_GUEST_FIELD_POLICY},
	    {"measurement", SEV_GUEST_FIELD_MEASUREMENT},
	    {"tcb", SEV_GUEST_FIELD_TCB},
	};

	s->fields = SNP_MIX_MANDATORY;
	while (*(names += strspn(names, " ,"))) {
		size_t size = strcspn(names, " ,");
		uint64_t field = 0;

		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (strlen(fields[i].name) == size && strncmp(names, fields[i].name, size) == 0)
				field = fields[i].field;
		if (!field) {
			log_error("snp-fields: %.*s: expected image-id, family-id or guest-svn", (int)size,
				  names);
			return false;
		}
		s->fields |= field;
		names += size;
	}
	return true;
}

/* What the kernel says of itself (6.12 and later); -1: nothing. */
static int kernel_vmpl(const struct settings *settings)
{
	char path[PATH_MAX + sizeof(VMPL_FILE)];
	unsigned level = 0;
	FILE *file = NULL;
	int found = -1;

	snprintf(path, sizeof(path), "%s" VMPL_FILE, settings->platform_root);
	file = fopen(path, "re");
	if (file && fscanf(file, "%u", &level) == 1 && level <= SEV_GUEST_VMPL_MAX)
		found = (int)level;
	if (file)
		fclose(file);
	return found;
}

/* A wrong one is refused by the firmware, or gives another key: it is stated or read, never tried out. */
static bool choose_vmpl(struct sev_snp *s, const struct settings *settings)
{
	const char *stated = settings->snp_vmpl;
	int level = -1;

	if (strlen(stated) == 1 && *stated >= '0' && *stated <= '3') {
		s->vmpl = (unsigned)(*stated - '0');
		return true;
	}
	if (strcmp(stated, "auto") != 0) {
		log_error("snp-vmpl: %s: expected auto, 0, 1, 2 or 3", stated);
		return false;
	}
	level = kernel_vmpl(settings);
	if (level < 0)
		level = tsm_privlevel_floor(s->reports);
	s->vmpl = level < 0 ? 0 : (unsigned)level;
	return true;
}

/* ---- reports ---- */

/* By configfs-tsm. CKR_FUNCTION_NOT_SUPPORTED: not this way here. */
static CK_RV report_by_tsm(struct sev_snp *s, const uint8_t data[SNP_REPORT_DATA_SIZE],
			   struct buffer *bytes, struct buffer *table)
{
	struct tsm_request request = {
	    .folder = s->reports,
	    .provider = "sev_guest",
	    .privlevel = (int)s->vmpl,
	    .deadline_ms = s->deadline_ms,
	};
	struct tsm_report report = {0};
	CK_RV rv = CKR_OK;

	if (atomic_load(&s->without_tsm))
		return CKR_FUNCTION_NOT_SUPPORTED;
	memcpy(request.inblob, data, sizeof(request.inblob));
	rv = tsm_report_get(&request, &report);
	if (rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_ACTION_PROHIBITED) {
		atomic_store(&s->without_tsm, true);
		return CKR_FUNCTION_NOT_SUPPORTED;
	}
	if (rv == CKR_OK && (!buffer_set(bytes, report.outblob.data, report.outblob.size) ||
			     !buffer_set(table, report.auxblob.data, report.auxblob.size))) {
		log_error("platform sev-snp: no memory");
		rv = CKR_DEVICE_MEMORY;
	}
	tsm_report_free(&report);
	return rv;
}

/* The report over DATA into BYTES and, taken apart, REPORT. */
static CK_RV get_report(struct sev_snp *s, const uint8_t data[SNP_REPORT_DATA_SIZE],
			struct buffer *bytes, struct buffer *table, struct snp_report *report)
{
	const char *why = NULL;
	CK_RV rv = report_by_tsm(s, data, bytes, table);

	if (rv == CKR_FUNCTION_NOT_SUPPORTED && s->guest)
		rv = sev_guest_extended_report(s->guest, data, s->vmpl, bytes, table);
	if (rv == CKR_FUNCTION_NOT_SUPPORTED) {
		log_error("platform sev-snp: neither " DEVICE " nor %s gives reports", s->reports);
		return CKR_DEVICE_ERROR;
	}
	if (rv != CKR_OK)
		return rv;
	if (snp_report_read(buffer_span(bytes), report, &why)) {
		if (memcmp(report->data, data, SNP_REPORT_DATA_SIZE) != 0)
			why = "over other report data than was asked for";
		else if (report->vmpl != s->vmpl)
			why = "of another privilege level than was asked for";
	}
	if (!why)
		return CKR_OK;
	log_error("platform sev-snp: the report is not usable: %s", why);
	return CKR_DEVICE_ERROR;
}

/* What the guest is now; over no data, so that this report speaks for nothing. */
static CK_RV get_facts(struct sev_snp *s, struct snp_report *report)
{
	static const uint8_t nothing[SNP_REPORT_DATA_SIZE];
	struct buffer bytes = {0};
	struct buffer table = {0};
	CK_RV rv = get_report(s, nothing, &bytes, &table, report);

	buffer_free(&bytes);
	buffer_free(&table);
	return rv;
}

static CK_RV sev_snp_evidence(struct platform *base, const struct platform_digest *digest,
			      struct platform_evidence *evidence)
{
	struct sev_snp *s = sev_snp_of(base);
	struct buffer table = {0};
	struct snp_report report;
	const char *why = NULL;
	CK_RV rv = get_report(s, digest->sha512, &evidence->report, &table, &report);

	/* The host's table, good or not, changes nothing in what the report says. */
	if (rv == CKR_OK &&
	    !cert_table_pem(buffer_span(&table), &evidence->certificates, &why))
		log_warning("platform sev-snp: the host's certificate table is not usable (%s): evidence "
			    "goes without it",
			    why);
	buffer_free(&table);
	return rv;
}

static CK_RV sev_snp_measurement(struct platform *base, struct buffer *out)
{
	struct snp_report report;
	CK_RV rv = get_facts(sev_snp_of(base), &report);

	if (rv == CKR_OK && !buffer_set(out, report.measurement, sizeof(report.measurement)))
		rv = CKR_DEVICE_MEMORY;
	return rv;
}

/* ---- the derived key ---- */

static CK_RV derive(struct sev_snp *s, const struct snp_mix *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	CK_RV rv = sev_guest_derive(s->guest, &mix->key, key);

	/* All that we know of agrees, so it is something that the firmware alone knows. */
	return rv == CKR_MECHANISM_PARAM_INVALID ? CKR_DATA_INVALID : rv;
}

/* The mix of a key that is made now. */
static void current_mix(const struct sev_snp *s, const struct snp_report *report, struct snp_mix *mix)
{
	*mix = (struct snp_mix){
	    .key =
		{
		    .root = s->root,
		    .fields = s->fields,
		    .vmpl = s->vmpl,
		    .svn = s->fields & SEV_GUEST_FIELD_GUEST_SVN ? report->svn : 0,
		    .tcb = report->committed_tcb,
		},
	    .policy = report->policy,
	};
	memcpy(mix->measurement, report->measurement, sizeof(mix->measurement));
	memcpy(mix->chip, report->chip, sizeof(mix->chip));
}

static CK_RV sev_snp_key_new(struct platform *base, struct buffer *mix_bytes,
			     uint8_t key[PLATFORM_KEY_SIZE])
{
	struct sev_snp *s = sev_snp_of(base);
	struct snp_report report;
	struct snp_mix mix;
	CK_RV rv = get_facts(s, &report);

	if (rv != CKR_OK)
		return rv;
	current_mix(s, &report, &mix);
	rv = derive(s, &mix, key);
	if (rv == CKR_OK && !snp_mix_write(&mix, mix_bytes)) {
		log_error("platform sev-snp: no memory");
		rv = CKR_DEVICE_MEMORY;
	}
	if (rv != CKR_DATA_INVALID)
		return rv;
	log_error("platform sev-snp: the firmware gives no such key: older ones know snp-root-key = any "
		  "and vmrk only, and vlek needs one that the provider loaded");
	return CKR_DEVICE_ERROR;
}

static void log_difference(const struct snp_mix *mix, const struct snp_report *report,
			   const char *what)
{
	char then[2 * SNP_REPORT_MEASUREMENT_SIZE + 1];
	char now[2 * SNP_REPORT_MEASUREMENT_SIZE + 1];

	for (size_t i = 0; i < SNP_REPORT_MEASUREMENT_SIZE; i++) {
		snprintf(then + 2 * i, 3, "%02x", mix->measurement[i]);
		snprintf(now + 2 * i, 3, "%02x", report->measurement[i]);
	}
	log_warning("platform sev-snp: this wrap slot was made by another guest: %s (then: "
		  "measurement %s, policy 0x%llx, VMPL %u, TCB 0x%llx; now: measurement %s, policy "
		  "0x%llx, TCB 0x%llx)",
		  what, then, (unsigned long long)mix->policy, mix->key.vmpl,
		  (unsigned long long)mix->key.tcb, now, (unsigned long long)report->policy,
		  (unsigned long long)report->committed_tcb);
}

static CK_RV sev_snp_key(struct platform *base, struct span mix_bytes, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct sev_snp *s = sev_snp_of(base);
	struct snp_report report;
	struct snp_mix mix;
	const char *why = NULL;
	CK_RV rv = CKR_OK;

	if (!snp_mix_read(mix_bytes, &mix, &why)) {
		log_error("platform sev-snp: this wrap slot's mix is refused: %s", why);
		return CKR_DATA_INVALID;
	}
	rv = get_facts(s, &report);
	if (rv != CKR_OK)
		return rv;
	why = snp_mix_differs(&mix, &report, s->vmpl);
	if (why) {
		log_difference(&mix, &report, why);
		return CKR_DATA_INVALID;
	}
	if (mix.key.root != s->root || mix.key.fields != s->fields)
		log_notice("platform sev-snp: the store keeps the root key and the fields that it was made "
			   "with (0x%x, 0x%llx), not those of the configuration (0x%x, 0x%llx)",
			   mix.key.root, (unsigned long long)mix.key.fields, s->root,
			   (unsigned long long)s->fields);
	return derive(s, &mix, key);
}

/* Forward only: a TCB that was raised since, in some part, and lowered in none. */
static bool sev_snp_key_is_current(struct platform *base, struct span mix_bytes)
{
	struct sev_snp *s = sev_snp_of(base);
	struct snp_report report;
	struct snp_mix mix;
	const char *why = NULL;

	if (!snp_mix_read(mix_bytes, &mix, &why) || get_facts(s, &report) != CKR_OK)
		return true;
	return mix.key.tcb == report.committed_tcb ||
	       !snp_report_tcb_within(mix.key.tcb, report.committed_tcb);
}

static void sev_snp_key_describe(struct platform *base, struct span mix_bytes, char *text, size_t size)
{
	char hex[2 * SNP_REPORT_MEASUREMENT_SIZE + 1];
	struct snp_mix mix;
	const char *why = NULL;

	(void)base;
	if (!snp_mix_read(mix_bytes, &mix, &why))
		return;
	hex_encode((struct span){mix.measurement, sizeof(mix.measurement)}, hex);
	snprintf(text, size, "measurement %s, policy 0x%llx, VMPL %u, TCB 0x%llx", hex, (unsigned long long)mix.policy,
		 mix.key.vmpl, (unsigned long long)mix.key.tcb);
}

/* ---- open ---- */

/* Whether the derived key may be the root. docs/platforms/sev-snp.md. */
static void choose_protector(struct sev_snp *s, const struct settings *settings)
{
	if (strcmp(settings->root, "tpm") == 0)
		return; /* the vTPM beside it */
	if (!s->guest)
		log_warning("platform sev-snp: no root without " DEVICE ", which gives the derived key: tokens "
			    "last as long as this daemon");
	else if (!settings->snp_launch_measured)
		log_warning(
		    "platform sev-snp: the derived key is refused as root: it protects tokens only where the "
		    "launch measurement covers kernel, initrd and command line, and these pin the root file "
		    "system; where that holds, say so: snp-launch = measured-kernel (keyclave.conf(5)). "
		    "Tokens last as long as this daemon");
	else
		s->base.description.protector = PROTECTOR;
}

static CK_RV open_devices(struct sev_snp *s, const struct settings *settings)
{
	char path[PATH_MAX + sizeof(DEVICE)];

	snprintf(path, sizeof(path), "%s" DEVICE, settings->platform_root);
	if (access(path, F_OK) == 0)
		return sev_guest_open(path, settings->device_timeout_ms, &s->guest);
	if (access(s->reports, F_OK) == 0)
		return CKR_OK;
	log_error("platform sev-snp: neither %s nor %s is there: the guest's kernel has no driver "
		  "sev-guest, or this is no SEV-SNP guest",
		  path, s->reports);
	return CKR_TOKEN_NOT_PRESENT;
}

static CK_RV sev_snp_open(const struct settings *settings, struct platform **platform)
{
	struct sev_snp *s = calloc(1, sizeof(*s));
	CK_RV rv = CKR_TOKEN_NOT_PRESENT;

	if (!s) {
		log_error("platform sev-snp: no memory");
		return CKR_DEVICE_MEMORY;
	}
	s->base.ops = &sev_snp_ops;
	s->base.description = sev_snp_ops.description;
	s->deadline_ms = settings->device_timeout_ms;
	if (choose_root(s, settings->snp_root_key) && choose_fields(s, settings->snp_fields) &&
	    platform_path(settings, TSM_FOLDER, s->reports, sizeof(s->reports)))
		rv = open_devices(s, settings);
	if (rv == CKR_OK && !choose_vmpl(s, settings))
		rv = CKR_TOKEN_NOT_PRESENT;
	if (rv != CKR_OK) {
		sev_snp_free(&s->base);
		return rv;
	}
	choose_protector(s, settings);
	s->paths[0] = s->reports;
	s->base.paths = s->paths;
	*platform = &s->base;
	return CKR_OK;
}

static const char *const sev_snp_marks[] = {DEVICE,
					    "/sys/class/misc/sev-guest",
					    "/sys/devices/platform/sev-guest",
					    VMPL_FILE,
					    "cpuinfo: sev_snp",
					    NULL};

const struct platform_ops sev_snp_ops = {
    .description =
	{
	    .name = "sev-snp",
	    .protector = PLATFORM_NO_KEY,
	    .rollback = "none",
	    .media_type = "application/vnd.keyclave.snp-report",
	    .tee = true,
	},
    .marks = sev_snp_marks,
    .open = sev_snp_open,
    .key_new = sev_snp_key_new,
    .key = sev_snp_key,
    .key_is_current = sev_snp_key_is_current,
    .key_describe = sev_snp_key_describe,
    .evidence = sev_snp_evidence,
    .measurement = sev_snp_measurement,
    .free = sev_snp_free,
};

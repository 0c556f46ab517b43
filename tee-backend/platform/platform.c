/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which platform this is: the one that the settings name, or for "auto" the one that the machine
 * has. Never a silent step down (security rule 12): where a TEE or a service is expected, notee has
 * to be named.
 */
#include "config.h"

#include "platform/platform.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "common/log.h"
#include "platform/platform_ops.h"

/*
 * In the order in which "auto" asks: an enclave's module is nowhere else, and a guest has the driver of one of the
 * others at most. A platform that is no TEE comes last.
 */
static const struct platform_ops *const platforms[] = {
    &nitro_ops,
    &tdx_ops,
    &sev_snp_ops,
#ifdef HAVE_TPM
    &tpm_ops,
#endif
    &notee_ops,
};

/* Device nodes, and what sysfs says where a container hides the nodes or no driver is loaded. */
static const char *const guest_paths[] = {
    "/dev/sev-guest",
    "/dev/tdx_guest",
    "/dev/tdx-guest",
    "/dev/nsm",
    "/sys/class/misc/sev-guest",
    "/sys/class/misc/tdx_guest",
    "/sys/class/misc/nsm",
    "/sys/devices/platform/sev-guest",
    "/sys/devices/system/cpu/sev/vmpl",
    "/sys/kernel/config/tsm/report",
};

/* True if FLAGS (a line of cpuinfo) has the word FLAG. */
static bool has_flag(const char *flags, const char *flag)
{
	size_t size = strlen(flag);

	for (const char *at = strstr(flags, flag); at; at = strstr(at + 1, flag)) {
		if ((at == flags || at[-1] == ' ' || at[-1] == '\t') && strchr(" \t\n", at[size]))
			return true;
	}
	return false;
}

/* The kernel's own word for it. SEV's flags are on hosts too, so they count under a hypervisor
 * only. */
static const char *cpuinfo_mark(const char *root)
{
	char path[4096];
	char line[8192];
	const char *mark = NULL;
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/proc/cpuinfo", root);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "flags", 5) != 0)
			continue;
		if (has_flag(line, "tdx_guest"))
			mark = "cpuinfo: tdx_guest";
		else if (has_flag(line, "hypervisor") && has_flag(line, "sev_snp"))
			mark = "cpuinfo: sev_snp";
		else if (has_flag(line, "hypervisor") && has_flag(line, "sev"))
			mark = "cpuinfo: sev";
		break;
	}
	if (file)
		fclose(file);
	return mark;
}

/*
 * Guests whose kernel knows nothing of it because a paravisor does (Hyper-V TLFS, isolation
 * configuration), and TDs with old kernels (Intel TDX module specification, leaf 0x21).
 */
static const char *cpuid_mark(void)
{
#if defined(__x86_64__)
	unsigned a = 0;
	unsigned b = 0;
	unsigned c = 0;
	unsigned d = 0;
	char vendor[12];

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1U << 31))
		return NULL;
	if (__get_cpuid_count(0x21, 0, &a, &b, &c, &d)) {
		memcpy(vendor, &b, 4);
		memcpy(vendor + 4, &d, 4);
		memcpy(vendor + 8, &c, 4);
		if (memcmp(vendor, "IntelTDX    ", 12) == 0)
			return "cpuid: IntelTDX";
	}
	__cpuid(0x40000000, a, b, c, d);
	memcpy(vendor, &b, 4);
	memcpy(vendor + 4, &c, 4);
	memcpy(vendor + 8, &d, 4);
	if (memcmp(vendor, "Microsoft Hv", 12) != 0 || a < 0x4000000C)
		return NULL;
	__cpuid(0x40000003, a, b, c, d);
	if (!(b & 1U << 22))
		return NULL;
	__cpuid(0x4000000C, a, b, c, d);
	if ((b & 0xF) >= 2)
		return "cpuid: Hyper-V isolated guest";
#endif
	return NULL;
}

static bool is_there(const char *root, const char *leaf)
{
	char path[PATH_MAX + 128];

	snprintf(path, sizeof(path), "%s%s", root, leaf);
	return access(path, F_OK) == 0;
}

static bool is_usable(const char *root, const char *leaf)
{
	char path[PATH_MAX + 128];

	snprintf(path, sizeof(path), "%s%s", root, leaf);
	return access(path, R_OK | W_OK) == 0;
}

/* The processor is not relocatable: asked for this machine only. */
static const char *processor_mark(const char *root)
{
	const char *mark = cpuinfo_mark(root);

	return mark || root[0] ? mark : cpuid_mark();
}

const char *platform_guest_mark(const char *root)
{
	for (size_t i = 0; i < sizeof(guest_paths) / sizeof(guest_paths[0]); i++)
		if (is_there(root, guest_paths[i]))
			return guest_paths[i];
	return processor_mark(root);
}

/* What of its own marks OPS has this machine, or NULL. */
static const char *own_mark(const struct platform_ops *ops, const char *root)
{
	const char *processor = processor_mark(root);

	for (const char *const *mark = ops->marks; mark && *mark; mark++) {
		if (**mark == '/' ? is_there(root, *mark)
				  : processor && strcmp(*mark, processor) == 0)
			return *mark;
	}
	return NULL;
}

bool platform_path(const struct settings *settings, const char *leaf, char *path, size_t size)
{
	int length = snprintf(path, size, "%s%s", settings->platform_root, leaf);

	if (length > 0 && (size_t)length < size)
		return true;
	log_error("platform-root: too long for %s below it", leaf);
	return false;
}

const char *platform_system_mark(const struct settings *settings, unsigned uid)
{
	static const char system_socket[] = "unix:" KEYCLAVE_RUNDIR "/";

	if (uid == 0 && !settings->state_dir_override)
		return "it runs as root";
	if (strcmp(settings->state_dir, KEYCLAVE_STATEDIR) == 0)
		return "its state is in " KEYCLAVE_STATEDIR;
	if (strncmp(settings->endpoint, system_socket, sizeof(system_socket) - 1) == 0)
		return "its socket is in " KEYCLAVE_RUNDIR;
	return NULL;
}

/* "auto": the first whose mark is there; notee is what remains when nothing speaks against it. */
static CK_RV find(const struct settings *settings, const struct platform_ops **ops)
{
	const char *root = settings->platform_root;
	const char *guest = platform_guest_mark(root);
	const char *system = platform_system_mark(settings, (unsigned)geteuid());

	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		const char *mark = own_mark(platforms[i], root);

		if (!mark)
			continue;
		/* Most laptops have a TPM, and few of their users the right to it: what it is to do is the operator's. */
		if (!platforms[i]->description.tee && !guest && !system && !is_usable(root, mark))
			continue;
		*ops = platforms[i];
		log_notice("platform auto: %s, for %s is there", platforms[i]->description.name, mark);
		return CKR_OK;
	}
	if (guest) {
		log_error("platform auto: this is a confidential guest (%s), but this build has no "
			  "platform for it, and notee would protect nothing; name one: platform = ...",
			  guest);
		return CKR_TOKEN_NOT_PRESENT;
	}
	if (system) {
		log_error("platform auto: no TEE found, and this is a system-wide service (%s); "
			  "notee has to be asked for by name: platform = notee",
			  system);
		return CKR_TOKEN_NOT_PRESENT;
	}
	*ops = &notee_ops;
	log_notice(
	    "platform auto: no TEE found, so notee: keys are protected by file permissions only");
	return CKR_OK;
}

static void log_unknown(const char *name)
{
	char known[256] = "auto";

	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		size_t size = strlen(known);

		snprintf(known + size, sizeof(known) - size, ", %s", platforms[i]->description.name);
	}
	log_error("platform %s: not known to this build (it has: %s)%s", name, known,
		  strcmp(name, "tpm") == 0 ? ": configure --with-tpm needs tpm2-tss" : "");
}

static CK_RV find_named(const struct settings *settings, const struct platform_ops **ops)
{
	const char *name = settings->platform;
	const char *guest = NULL;

	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		if (strcmp(platforms[i]->description.name, name) == 0)
			*ops = platforms[i];
	}
	if (!*ops) {
		log_unknown(name);
		return CKR_TOKEN_NOT_PRESENT;
	}
	guest = *ops != &notee_ops ? NULL : platform_guest_mark(settings->platform_root);
	if (guest)
		log_warning(
		    "platform %s in a confidential guest (%s): its TEE does not protect these keys",
		    name, guest);
	return CKR_OK;
}

/* root = tpm: beside a TEE that has guests with TPMs; of the platform tpm it is the root anyway. */
static CK_RV open_with_tpm(const struct settings *settings, const struct platform_ops *ops, struct platform **platform)
{
	const char *name = ops->description.name;
	struct platform *hardware = NULL;
	CK_RV rv = CKR_OK;

	if (strcmp(name, "tpm") == 0)
		return ops->open(settings, platform);
	if (ops != &sev_snp_ops && ops != &tdx_ops) {
		log_error("root = tpm: not on platform %s: sev-snp and tdx have TPMs beside them, and platform = tpm is one", name);
		return CKR_TOKEN_NOT_PRESENT;
	}
#ifdef HAVE_TPM
	rv = ops->open(settings, &hardware);
	if (rv == CKR_OK)
		rv = vtpm_open(settings, &hardware, platform);
#else
	log_error("root = tpm: not in this build: configure --with-tpm needs tpm2-tss");
	rv = CKR_TOKEN_NOT_PRESENT;
#endif
	platform_free(&hardware);
	return rv;
}

/*
 * Security rule 12: a key management service gives its keys to evidence of a TEE, and what is no TEE never takes a root
 * or a key of one.
 */
static bool has_kms(const struct settings *settings)
{
	return settings->kms[0] && strcmp(settings->kms, PLATFORM_NO_KMS) != 0;
}

static CK_RV check_kms(const struct settings *settings, const struct platform_ops *ops)
{
	if (!has_kms(settings))
		return CKR_OK;
	if (!ops->description.tee) {
		log_error("kms = %s: platform %s is no TEE, and takes no keys from a KMS", settings->kms,
			  ops->description.name);
		return CKR_TOKEN_NOT_PRESENT;
	}
	if (strcmp(settings->kms, "aws") == 0 && !ops->recipient) {
		log_error("kms = aws: AWS KMS encrypts to the evidence of Nitro enclaves only, not to that of platform %s",
			  ops->description.name);
		return CKR_TOKEN_NOT_PRESENT;
	}
	return CKR_OK;
}

bool platform_root_is_kms(const struct settings *settings)
{
	return has_kms(settings) && settings->kms_key[0];
}

CK_RV platform_open(const struct settings *settings, struct platform **platform)
{
	const struct platform_ops *ops = NULL;
	CK_RV rv = CKR_OK;

	*platform = NULL;
	if (strcmp(settings->platform, "auto") == 0)
		rv = find(settings, &ops);
	else
		rv = find_named(settings, &ops);
	if (rv == CKR_OK)
		rv = check_kms(settings, ops);
	if (rv == CKR_OK && strcmp(settings->root, "tpm") == 0)
		return open_with_tpm(settings, ops, platform);
	if (rv == CKR_OK && *settings->root && strcmp(settings->root, "platform") != 0) {
		log_error("root: %s: expected platform or tpm", settings->root);
		rv = CKR_TOKEN_NOT_PRESENT;
	}
	if (rv == CKR_OK)
		rv = ops->open(settings, platform);
	if (rv == CKR_OK && ops->description.tee && strcmp((*platform)->description.protector, PLATFORM_NO_KEY) == 0 &&
	    is_there(settings->platform_root, "/dev/tpmrm0"))
		log_notice("platform %s: there is a TPM (/dev/tpmrm0): root = tpm would let it protect the root",
			   ops->description.name);
	if (rv == CKR_OK && platform_root_is_kms(settings))
		(*platform)->description.protector = strcmp(settings->kms, "aws") == 0 ? PLATFORM_AWS_KMS : "kms";
	return rv;
}

void platform_free(struct platform **platform)
{
	if (!platform || !*platform)
		return;
	(*platform)->ops->free(*platform);
	*platform = NULL;
}

const struct platform_description *platform_describe(const struct platform *platform)
{
	return &platform->description;
}

const char *const *platform_paths(const struct platform *platform)
{
	static const char *const none[] = {NULL};

	return platform->paths ? platform->paths : none;
}

const struct platform_binding *platform_binding(const struct platform *platform)
{
	return platform->binding;
}

void platform_binding_settle(struct platform *platform, bool vouches)
{
	platform->settled = true;
	platform->description.protector = vouches ? "tpm" : "host-vtpm";
	if (vouches)
		platform->description.tee = true;
	else
		platform->binding->kind = PLATFORM_BINDING_NONE;
}

static CK_RV check_settled(const struct platform *platform)
{
	if (!platform->binding || platform->settled)
		return CKR_OK;
	log_error("platform %s: its vTPM was not judged", platform->description.name);
	return CKR_ACTION_PROHIBITED;
}

CK_RV platform_key_new(struct platform *platform, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	CK_RV rv = check_settled(platform);

	buffer_reset(mix);
	if (rv != CKR_OK)
		return rv;
	if (!platform->ops->key_new)
		return CKR_FUNCTION_NOT_SUPPORTED;
	return platform->ops->key_new(platform, mix, key);
}

CK_RV platform_key(struct platform *platform, struct span mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	CK_RV rv = check_settled(platform);

	if (rv != CKR_OK)
		return rv;
	if (!platform->ops->key)
		return CKR_FUNCTION_NOT_SUPPORTED;
	return platform->ops->key(platform, mix, key);
}

bool platform_key_is_current(struct platform *platform, struct span mix)
{
	return !platform->ops->key_is_current || platform->ops->key_is_current(platform, mix);
}

void platform_key_describe(struct platform *platform, struct span mix, char *text, size_t size)
{
	text[0] = 0;
	if (platform->ops->key_describe)
		platform->ops->key_describe(platform, mix, text, size);
}

CK_RV platform_evidence_get(struct platform *platform, const struct platform_digest *digest,
			    struct platform_evidence *evidence)
{
	CK_RV rv = check_settled(platform);

	*evidence = (struct platform_evidence){0};
	return rv == CKR_OK ? platform->ops->evidence(platform, digest, evidence) : rv;
}

void platform_evidence_free(struct platform_evidence *evidence)
{
	buffer_free(&evidence->report);
	buffer_free(&evidence->certificates);
	buffer_free(&evidence->event_log);
	buffer_free(&evidence->ima_log);
	buffer_free(&evidence->vtpm);
	buffer_free(&evidence->vtpm_log);
}

CK_RV platform_state(struct platform *platform, uint64_t *state)
{
	*state = 0;
	return platform->ops->state ? platform->ops->state(platform, state) : CKR_OK;
}

CK_RV platform_measurement(struct platform *platform, struct buffer *out)
{
	CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;

	buffer_reset(out);
	if (platform->ops->measurement)
		rv = platform->ops->measurement(platform, out);
	else
		log_error("platform %s measures nothing that a key could be bound to", platform->description.name);
	if (rv == CKR_OK && (!out->size || out->size > PLATFORM_MEASUREMENT_MAX))
		rv = CKR_DEVICE_ERROR;
	return rv;
}

CK_RV platform_random(struct platform *platform, uint8_t *out, size_t size, size_t *got)
{
	*got = 0;
	return platform->ops->random ? platform->ops->random(platform, out, size, got) : CKR_OK;
}

CK_RV platform_bind(struct platform *platform, struct span text)
{
	return platform->ops->bind ? platform->ops->bind(platform, text) : CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV platform_recipient(struct platform *platform, struct span public_key, struct buffer *document)
{
	return platform->ops->recipient ? platform->ops->recipient(platform, public_key, document)
					: CKR_FUNCTION_NOT_SUPPORTED;
}

/* Without a counter there are no questions to it. */
static bool has_counter(const struct platform *platform)
{
	return check_settled(platform) == CKR_OK && platform->ops->counter_new && strcmp(platform->description.rollback, "none") != 0;
}

CK_RV platform_counter_new(struct platform *platform, const uint8_t auth[PLATFORM_KEY_SIZE], struct buffer *id,
			   uint64_t *value)
{
	return has_counter(platform) ? platform->ops->counter_new(platform, auth, id, value)
				     : CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV platform_counter_read(struct platform *platform, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE],
			    uint64_t *value)
{
	return has_counter(platform) ? platform->ops->counter_read(platform, id, auth, value)
				     : CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV platform_counter_increment(struct platform *platform, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE],
				 uint64_t *value)
{
	return has_counter(platform) ? platform->ops->counter_increment(platform, id, auth, value)
				     : CKR_FUNCTION_NOT_SUPPORTED;
}

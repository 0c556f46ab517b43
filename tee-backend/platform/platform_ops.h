/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a platform's file offers to platform.c, and where the kernel's marks of a confidential guest
 * are looked for. Private to platform/ and its tests.
 */
#ifndef KEYCLAVE_PLATFORM_PLATFORM_OPS_H
#define KEYCLAVE_PLATFORM_PLATFORM_OPS_H

#include "platform/platform.h"

struct platform_ops {
	struct platform_description description; /* as far as the settings change nothing */
	/* By which "auto" knows it, the surest first, up to NULL: paths, or marks of the processor. NULL: none. */
	const char *const *marks;
	CK_RV (*open)(const struct settings *settings, struct platform **platform);
	CK_RV (*key_new)
	(struct platform *platform, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE]); /* NULL: no sealing key */
	CK_RV (*key)(struct platform *platform, struct span mix, uint8_t key[PLATFORM_KEY_SIZE]);
	bool (*key_is_current)(struct platform *platform, struct span mix); /* NULL: always */
	void (*key_describe)(struct platform *platform, struct span mix, char *text, size_t size); /* NULL: nothing to say */
	CK_RV (*evidence)
	(struct platform *platform, const struct platform_digest *digest,
	 struct platform_evidence *evidence);
	CK_RV (*state)(struct platform *platform, uint64_t *state); /* NULL: always 0 */
	CK_RV (*measurement)(struct platform *platform, struct buffer *out); /* NULL: measures nothing */
	CK_RV (*random)(struct platform *platform, uint8_t *out, size_t size, size_t *got); /* NULL: none */
	CK_RV (*bind)(struct platform *platform, struct span text); /* NULL: no KMS encrypts to it */
	CK_RV (*recipient)(struct platform *platform, struct span public_key, struct buffer *document);
	/* All three NULL: no counter. */
	CK_RV (*counter_new)
	(struct platform *platform, const uint8_t auth[PLATFORM_KEY_SIZE], struct buffer *id, uint64_t *value);
	CK_RV (*counter_read)
	(struct platform *platform, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], uint64_t *value);
	CK_RV (*counter_increment)
	(struct platform *platform, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], uint64_t *value);
	void (*free)(struct platform *platform);
};

/* First member of each platform's struct. */
struct platform {
	const struct platform_ops *ops;
	struct platform_description description; /* a copy of the row's, made true for this machine by .open */
	const char *const *paths; /* platform_paths; NULL: none */
	struct platform_binding *binding; /* platform_binding; whose .free frees it (vtpm_binding.h) */
	bool settled;
};

extern const struct platform_ops notee_ops;
extern const struct platform_ops nitro_ops;
extern const struct platform_ops sev_snp_ops;
extern const struct platform_ops tdx_ops;
extern const struct platform_ops tpm_ops; /* with tpm2-tss only */

/*
 * The platform HARDWARE (which it owns then) with a vTPM as the root's protector: named and signed for as HARDWARE, sealed and
 * counted by the TPM.
 */
CK_RV vtpm_open(const struct settings *settings, struct platform **hardware, struct platform **platform);
CK_RV tpm_open_beside(const struct settings *settings, struct platform *hardware, struct platform **platform);

/* LEAF ("/dev/nsm") below the settings' platform-root, into PATH. False: too long, logged. */
bool platform_path(const struct settings *settings, const char *leaf, char *path, size_t size);

/*
 * What below ROOT (platform-root; "": this machine) marks a confidential guest ("/dev/sev-guest",
 * "cpuinfo: tdx_guest"), or NULL.
 */
const char *platform_guest_mark(const char *root);

/* What makes this a system-wide service and not one user's own daemon, or NULL. */
const char *platform_system_mark(const struct settings *settings, unsigned uid);

#endif

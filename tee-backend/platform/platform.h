/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TEE is to Keyclave: a key bound to it, evidence, a counter, a description. One file per
 * platform fills a struct platform_ops; nothing here knows what a token key is. Inside the enclave.
 */
#ifndef KEYCLAVE_PLATFORM_PLATFORM_H
#define KEYCLAVE_PLATFORM_PLATFORM_H

#include "common/buffer.h"
#include "common/settings.h"
#include "mechanism/cryptoki.h"

#define PLATFORM_KEY_SIZE 32
#define PLATFORM_DIGEST_SIZE 64 /* SHA-512 of the claims */

struct platform_description {
	const char *name;       /* "notee" */
	const char *protector;  /* what protects the root: "file", "snp-derived-key", "tpm", ... */
	const char *rollback;   /* "none" or "counter" */
	const char *media_type; /* of its evidence, docs/evidence.md */
	bool tee;               /* false: no hardware vouches; token info and evidence say so */
};

struct platform; /* opaque; thread-safe */

/*
 * Opens the platform that the settings name; "auto" finds it and logs which and why.
 * CKR_TOKEN_NOT_PRESENT with a line logged that says what to do, CKR_DEVICE_MEMORY.
 */
CK_RV platform_open(const struct settings *settings, struct platform **platform);
void platform_free(struct platform **platform);

const struct platform_description *platform_describe(const struct platform *platform);

/*
 * The key encryption key's input: PLATFORM_KEY_SIZE bytes that the same platform in the same state
 * always gives, into KEY (secret memory). CREATE: the first use on this machine may make it
 * (notee's file); otherwise a missing one is CKR_TOKEN_NOT_RECOGNIZED.
 */
CK_RV platform_key(struct platform *platform, bool create, uint8_t key[PLATFORM_KEY_SIZE]);

/* The platform's signature over DIGEST as its report data, in its media type, into OUT. */
CK_RV platform_evidence(struct platform *platform, const uint8_t digest[PLATFORM_DIGEST_SIZE],
			struct buffer *out);

/* The monotonic counter; CKR_FUNCTION_NOT_SUPPORTED where description->rollback is "none". */
CK_RV platform_counter_read(struct platform *platform, uint64_t *value);
CK_RV platform_counter_increment(struct platform *platform, uint64_t *value);

#endif

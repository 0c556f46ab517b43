/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service's file offers to kms.c, which knows names, bindings and slots. Private to kms/ and its tests.
 */
#ifndef KEYCLAVE_KMS_KMS_OPS_H
#define KEYCLAVE_KMS_KMS_OPS_H

#include "kms/kms.h"

/* Name and value of one part of what a ciphertext is bound to; text in UTF-8. In the order of the names. */
struct kms_context {
	const char *name;
	struct span value;
};

struct kms_ops {
	const char *setting; /* kms = ... */
	const char *name;
	bool (*places)(const struct settings *settings, char *service, char *credentials, char *folder); /* kms_places */
	/* KMS (base) is filled; .description.region is the service's to say. */
	CK_RV (*open)(const struct settings *settings, struct kms *base, void **state);
	void (*free)(void **state);
	/* Is NAME a key of this service that it could be asked for? */
	bool (*key_is_valid)(const void *state, struct span name);
	CK_RV (*generate)
	(void *state, struct platform *platform, struct span key, const struct kms_context *context, size_t count,
	 struct buffer *ciphertext, uint8_t plain[KMS_ROOT_KEY_SIZE]);
	CK_RV (*decrypt)
	(void *state, struct platform *platform, struct span key, const struct kms_context *context, size_t count,
	 struct span ciphertext, struct buffer *plain);
};

struct kms {
	const struct kms_ops *ops;
	struct kms_description description;
	struct platform *platform;
	char platform_name[32];
	struct settings settings; /* as they were opened with */
	void *state;
};

extern const struct kms_ops aws_ops;

#endif

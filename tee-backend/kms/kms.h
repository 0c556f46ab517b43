/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key management service that encrypts to an enclave whose evidence it has checked: it gives what the root's wrap slot
 * is made of, and unwraps users' keys. One file for each service fills a struct kms_ops. Inside the enclave; what comes
 * from the service arrives by a network that the host owns.
 */
#ifndef KEYCLAVE_KMS_KMS_H
#define KEYCLAVE_KMS_KMS_H

#include "common/settings.h"
#include "platform/platform.h"

#define KMS_ROOT_KEY_SIZE 32
#define KMS_REFERENCE_MAX 4000   /* what a slot keeps of a root key */
#define KMS_CIPHERTEXT_MAX 6144  /* of a user's key: AWS KMS, Decrypt, CiphertextBlob */
#define KMS_PLAIN_MAX 4096       /* and what is in it */
#define KMS_KEY_NAME_MAX 255

struct kms; /* opaque; thread-safe */

struct kms_description {
	const char *name;   /* "aws-kms": the root's protector */
	const char *key;    /* the key that protects the root, as the claims have it; "": none does */
	const char *region; /* "eu-central-1" */
};

/*
 * The KMS that the settings name; *KMS NULL: none. Pins its configuration by platform_bind before anything is sent
 * (security rule 6). Before there are threads and a sandbox. CKR_TOKEN_NOT_RECOGNIZED, logged with what to do: settings
 * that can not be meant, or of another build; else as platform_bind.
 */
CK_RV kms_open(const struct settings *settings, struct platform *platform, struct kms **kms);
void kms_free(struct kms **kms);

const struct kms_description *kms_describe(const struct kms *kms);

/*
 * Where the KMS and its credentials are reached, for dialer_start, and a folder to be read from ("": none): each of
 * DIALER_ADDRESS_MAX bytes. False, logged: the settings can not be meant.
 */
bool kms_places(const struct settings *settings, char *service, char *credentials, char *folder);

/*
 * A new key of KMS_ROOT_KEY_SIZE bytes for a wrap slot of the store UUID (16 bytes): REFERENCE is public, at most
 * KMS_REFERENCE_MAX bytes, and gives the same KEY (secret memory) again, for this store alone. Logged:
 * CKR_FUNCTION_REJECTED: the service does not let us; CKR_DATA_INVALID (kms_root only): not for this store, or under a key
 * that the settings do not name; CKR_DEVICE_ERROR: not reached in time, or not the answer of the service;
 * CKR_DEVICE_MEMORY; CKR_FUNCTION_NOT_SUPPORTED: no key for a root is configured.
 */
CK_RV kms_root_new(struct kms *kms, const uint8_t uuid[16], struct buffer *reference, uint8_t key[KMS_ROOT_KEY_SIZE]);
CK_RV kms_root(struct kms *kms, const uint8_t uuid[16], struct span reference, uint8_t key[KMS_ROOT_KEY_SIZE]);

/* False: REFERENCE is under a key that the settings name as a previous one. */
bool kms_root_is_current(const struct kms *kms, struct span reference);

/* What a user's key was encrypted for: texts in UTF-8, none of them empty. */
struct kms_binding {
	struct span key;    /* of the service; empty: the first one for users' keys */
	struct span serial; /* the token's */
	struct span label;  /* of the object */
	uint64_t version;
	bool unbound;       /* encrypted without any of these: where the settings allow it */
};

/*
 * What CIPHERTEXT (at most KMS_CIPHERTEXT_MAX bytes) holds, into PLAIN, which is .secret. Errors as kms_root; also
 * CKR_ARGUMENTS_BAD: a key that is not for users' keys; CKR_ACTION_PROHIBITED: .unbound is not allowed.
 */
CK_RV kms_unwrap(struct kms *kms, const struct kms_binding *binding, struct span ciphertext, struct buffer *plain);

/*
 * What is encrypted by AES-256-GCM under a key of the service: DATA_KEY is a ciphertext of 32 bytes, SEALED the
 * ciphertext and its tag of 16 bytes, bound to the same as DATA_KEY. docs/kms.md has every byte.
 */
CK_RV kms_unwrap_envelope(struct kms *kms, const struct kms_binding *binding, struct span data_key, struct span iv,
			  struct span sealed, struct buffer *plain);

#endif

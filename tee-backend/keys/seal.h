/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seals records with AES-256-GCM, full 128-bit tag, under a key of their own for every write
 * (HKDF of the token key, the record's name, version and 32 random bytes; security rule 16), with all
 * of the record's identity in the AAD. Inside the enclave; docs/store.md gives every byte and label.
 */
#ifndef KEYCLAVE_KEYS_SEAL_H
#define KEYCLAVE_KEYS_SEAL_H

#include "blobstore/blobstore.h"

#define SEAL_KEY_SIZE 32
#define SEAL_OVERHEAD 49 /* bytes that a blob is longer than what it seals */

enum record_kind {
	RECORD_STORE = 1,  /* the store's head: uuid, platform, root slots. Its body is sealed; slots wrap the root */
	RECORD_SLOTS = 2,  /* slots: token number, serial, salt, and version of its head */
	RECORD_TOKEN = 3,  /* one token's head: label, PINs, epoch, next handle, page versions */
	RECORD_PAGE = 4,   /* versions of 256 objects; id = handle / 256 */
	RECORD_OBJECT = 5, /* id = handle */
	RECORD_ONCE = 6,   /* result of a request that runs once; id = hash of context and request id */
	RECORD_ENDED = 7,  /* names of logins that a logout ended, 256 of them; id counts */
};

/*
 * SEALED gets the blob. CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR (random or libcrypto failed; logged),
 * CKR_DATA_LEN_RANGE (over 1 GiB). On failure SEALED is empty.
 */
CK_RV seal_close(const uint8_t key[SEAL_KEY_SIZE], struct blob_name name, uint64_t version,
		 struct span plain, struct buffer *sealed);

/*
 * CKR_DATA_INVALID: a flipped bit, another name or version, or another key. Not logged: the caller knows
 * the record's name. PLAIN is .secret, and empty on failure.
 */
CK_RV seal_open(const uint8_t key[SEAL_KEY_SIZE], struct blob_name name, uint64_t version,
		struct span sealed, struct buffer *plain);

/*
 * For tickets and wrap slots: no record, a purpose string of 1 to 32 bytes and AAD instead of a name.
 * CKR_ARGUMENTS_BAD: the purpose. Else as above.
 */
CK_RV seal_message_close(const uint8_t key[SEAL_KEY_SIZE], const char *purpose, struct span aad,
			 struct span plain, struct buffer *sealed);
CK_RV seal_message_open(const uint8_t key[SEAL_KEY_SIZE], const char *purpose, struct span aad,
			struct span sealed, struct buffer *plain);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hybrid public key encryption (RFC 9180), one message in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-GCM.
 * Inside the enclave; the wrap slots of kind migration are sealed with it (slot.c). libcrypto has HPKE of its own from 3.2 only.
 */
#ifndef KEYCLAVE_KEYS_HPKE_H
#define KEYCLAVE_KEYS_HPKE_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"

#define HPKE_KEY_SIZE 32 /* of a private and of a public key (RFC 7748) */
#define HPKE_OVERHEAD 48 /* bytes that a sealed message is longer: the sender's public key before it, the tag after it */

/* Ids of section 7.3. */
enum hpke_aead {
	HPKE_AES_128_GCM = 1,
	HPKE_AES_256_GCM = 2,
};

/* The public half of PRIVATE_KEY, which may be any 32 bytes. CKR_DEVICE_ERROR (logged). */
CK_RV hpke_public(const uint8_t private_key[HPKE_KEY_SIZE], uint8_t public_key[HPKE_KEY_SIZE]);

/*
 * SealBase (section 6.1) with an ephemeral key of its own: enc || ciphertext into SEALED. CKR_DATA_INVALID: PUBLIC_KEY is a point
 * of low order; CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR (logged). On failure SEALED is empty.
 */
CK_RV hpke_seal(enum hpke_aead aead, const uint8_t public_key[HPKE_KEY_SIZE], struct span info, struct span aad,
		struct span plain, struct buffer *sealed);

/* OpenBase into PLAIN, which is .secret and empty on failure. CKR_DATA_INVALID: another key, info or AAD, or a changed byte. */
CK_RV hpke_open(enum hpke_aead aead, const uint8_t private_key[HPKE_KEY_SIZE], struct span info, struct span aad,
		struct span sealed, struct buffer *plain);

#endif

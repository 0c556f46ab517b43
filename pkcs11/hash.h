/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message digests in the host program's process, on nettle, whose contexts are plain structs: no
 * allocation, no global state, nothing to repair after a fork. The mechanism table says which there are.
 */
#ifndef KEYCLAVE_PKCS11_HASH_H
#define KEYCLAVE_PKCS11_HASH_H

#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "mechanism/mechanism.h"

#define HASH_SIZE_MAX SHA512_DIGEST_SIZE
/* Chaining value, byte count, unfinished block. */
#define HASH_STATE_MAX (64 + 8 + SHA512_BLOCK_SIZE)

struct hash {
	const struct nettle_hash *algorithm;
	union {
		struct sha1_ctx sha1;
		struct sha256_ctx sha256; /* SHA-224 too */
		struct sha512_ctx sha512; /* SHA-384 too */
	} state;
};

/* Starts DIGEST (CKM_SHA256 ...). CKR_MECHANISM_INVALID when nettle's table here has none. */
CK_RV hash_init(struct hash *hash, CK_MECHANISM_TYPE digest);
void hash_update(struct hash *hash, struct span data);

/* The digest's size in bytes; the hash is wiped. */
size_t hash_final(struct hash *hash, uint8_t out[HASH_SIZE_MAX]);

/*
 * The state so far, as REQUEST_STREAM_OPEN carries it: the enclave goes on from here, and this hash is of
 * no more use (C_DigestKey). Returns its size.
 */
size_t hash_export(const struct hash *hash, uint8_t out[HASH_STATE_MAX]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations in many parts that live in the enclave: what cannot be cut into independent frames
 * (GCM, HMAC, Ed25519 messages, hash-and-sign where the raw mechanism is not allowed, digests with a
 * key in them). One thread at a time; the caller (service/) sees to that.
 */
#ifndef KEYCLAVE_CRYPTO_STREAM_H
#define KEYCLAVE_CRYPTO_STREAM_H

#include "crypto/key.h"

enum stream_kind { STREAM_SIGN, STREAM_VERIFY, STREAM_ENCRYPT, STREAM_DECRYPT, STREAM_DIGEST };

struct stream; /* opaque */

/* Most bytes that a stream keeps back: Ed25519 messages, and GCM plaintext before its tag is checked. */
#define STREAM_HELD_MAX ((size_t)64 * 1024 * 1024)

/* KEY is NULL for digests; else one reference is taken. */
CK_RV stream_new(enum stream_kind kind, struct key *key, const struct mechanism *m,
		 struct stream **stream);

/*
 * A STREAM_DIGEST that goes on where another implementation stopped: STATE is chaining value || byte count
 * (8, big-endian) || bytes of the unfinished block. CKR_MECHANISM_INVALID, CKR_ARGUMENTS_BAD: no such
 * state of this digest.
 */
CK_RV stream_new_digest(const struct mechanism *m, struct span state, struct stream **stream);

/*
 * Feeds DATA; what comes out (encryption) is in OUT, reset first. Decryption with a tag gives nothing
 * before stream_final. CKR_DATA_LEN_RANGE beyond STREAM_HELD_MAX.
 */
CK_RV stream_update(struct stream *stream, struct span data, struct buffer *out);

/* C_DigestKey: hashes the key's value. CKR_KEY_INDIGESTIBLE. */
CK_RV stream_update_key(struct stream *stream, const struct key *key);

/* SIGNATURE is read by STREAM_VERIFY only. The stream can only be freed afterwards. */
CK_RV stream_final(struct stream *stream, struct span signature, struct buffer *out);

/*
 * CBC, ECB and CTR need no stream: each call takes the chaining value in M->iv and leaves the next in NEXT_IV
 * (16 bytes; ECB: unused). DATA is whole blocks, except the last CTR part. Padding is the client's for
 * CBC_PAD encryption; for CBC_PAD decryption LAST makes the enclave check and strip it.
 */
CK_RV stream_chain(const struct key *key, const struct mechanism *m, bool encrypt, bool last,
		   struct span data, uint8_t next_iv[16], struct buffer *out);

void stream_free(struct stream **stream);

#endif

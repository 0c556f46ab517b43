/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little DER that keys and signatures need: tag, length, value; unsigned INTEGERs. It reads what
 * an enemy may have wrapped, so it is strict: shortest lengths, no negative numbers, no trailing
 * bytes. Used by the files of crypto/, in the enclave.
 */
#ifndef KEYCLAVE_CRYPTO_DER_H
#define KEYCLAVE_CRYPTO_DER_H

#include "common/buffer.h"

enum der_tag {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_CONTEXT_0 = 0xa0, /* [0], constructed */
	DER_CONTEXT_1 = 0xa1,
	DER_CONTEXT_1_PRIMITIVE = 0x81,
};

/* Takes one element of TAG off the front of IN. False: another tag or not DER; IN is unchanged then. */
bool der_take(struct span *in, enum der_tag tag, struct span *content);

/* The same for the only element of IN. */
bool der_only(struct span in, enum der_tag tag, struct span *content);

/* True if the next element's tag is TAG. */
bool der_next_is(struct span in, enum der_tag tag);

/* Takes an INTEGER >= 0: VALUE is big-endian without leading zeros, so empty for 0. */
bool der_take_unsigned(struct span *in, struct span *value);

/* Appends an element; false: no memory. */
bool der_put(struct buffer *out, enum der_tag tag, struct span content);

/* Appends an INTEGER from big-endian VALUE, leading zeros or not. */
bool der_put_unsigned(struct buffer *out, struct span value);

/* Appends a BIT STRING of whole bytes. */
bool der_put_bits(struct buffer *out, struct span content);

/*
 * A signature of two numbers of SIZE bytes each, at most 120: r and s one after the other (PKCS#11), to
 * and from a SEQUENCE of two INTEGERs (libcrypto), in the caller's memory: no heap is touched.
 * der_from_signature returns the DER's size; der_to_signature is false when DER is no such signature.
 */
#define DER_SIGNATURE_MAX 256
size_t der_from_signature(const uint8_t *rs, size_t size, uint8_t der[DER_SIGNATURE_MAX]);
bool der_to_signature(struct span der, uint8_t *rs, size_t size);

#endif

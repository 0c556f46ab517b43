/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as hexadecimal digits and back, without tables, so that no cache line tells of a secret that is written so. Used
 * on both sides of the trust boundary.
 */
#ifndef KEYCLAVE_COMMON_HEX_H
#define KEYCLAVE_COMMON_HEX_H

#include "common/buffer.h"

/* Writes 2 * BYTES.size lower-case digits and a NUL to TEXT. */
void hex_encode(struct span bytes, char *text);

/* Reads DIGITS, of either case, into OUT, DIGITS.size / 2 bytes. False: an odd number, or something that is no digit. */
bool hex_decode(struct span digits, uint8_t *out);

/* The same, where it must come to exactly SIZE bytes; or into OUT, which gets the size. False also: no memory. */
bool hex_decode_exact(struct span digits, uint8_t *out, size_t size);
bool hex_decode_buffer(struct span digits, struct buffer *out);

#endif

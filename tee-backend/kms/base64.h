/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 (RFC 4648, section 4, with its padding) in JSON: what the service sends and is sent. Inside the enclave.
 */
#ifndef KEYCLAVE_KMS_BASE64_H
#define KEYCLAVE_KMS_BASE64_H

#include "common/buffer.h"

/* Appends. False: no memory. */
bool base64_write(struct span bytes, struct buffer *text);

/* The bytes into OUT. False: not the one form of any bytes, or no memory. */
bool base64_read(struct span text, struct buffer *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's recovery secret: a file that is there at the start that makes the store and at the one after an
 * update, and offline in between (security rule 4). Inside the enclave.
 */
#ifndef KEYCLAVE_KEYS_RECOVERY_H
#define KEYCLAVE_KEYS_RECOVERY_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"

/*
 * SECRET (.secret is set here) gets the bytes of the file PATH: 64 to 128 hexadecimal digits and at most one line end,
 * as `openssl rand -hex 32` writes. An empty PATH gives nothing. CKR_DEVICE_ERROR, logged: not a plain file of ours or
 * root's, others may read it, or not that form; CKR_DEVICE_MEMORY.
 */
CK_RV recovery_read(const char *path, struct buffer *secret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the modes of a block cipher need beside the cipher: PKCS#7 padding, counters, chaining values.
 * Used by aes.c in the enclave.
 */
#ifndef KEYCLAVE_CRYPTO_AES_MODE_H
#define KEYCLAVE_CRYPTO_AES_MODE_H

#include "mechanism/mechanism.h"

#define AES_MODE_BLOCK 16

/* The last block: REST (less than a block) with its padding. */
void aes_mode_pad(struct span rest, uint8_t block[AES_MODE_BLOCK]);

/* Cuts the padding off B, at least one block. Constant time in the bytes up to the verdict. */
bool aes_mode_strip(struct buffer *b);

/*
 * Whether SIZE bytes from M's counter block use no counter twice: more are OTHERWISE. LAST false: there
 * must be a counter left, as the next part's would begin again.
 */
CK_RV aes_mode_counter_check(const struct mechanism *m, size_t size, bool last, CK_RV otherwise);

/*
 * The chaining value after a part of SIZE bytes that began with IV. CBC: CIPHERTEXT's last block (an
 * empty part changes nothing); CTR: the counter block plus the blocks begun; ECB: IV, if any.
 */
void aes_mode_next_iv(enum mechanism_scheme mode, struct span iv, struct span ciphertext, size_t size,
		      uint8_t next[AES_MODE_BLOCK]);

#endif

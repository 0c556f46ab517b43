/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PIN comes to: scrypt with the record's own parameters, compared in constant time; and how long
 * a PIN has to be. Counting and lockout are token_pin.c's. Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_PIN_H
#define KEYCLAVE_TOKEN_PIN_H

#include "token/record.h"

#define PIN_MIN_WEAK 4
#define PIN_MIN_STRONG 22 /* 128 bits in base64 (security rule 8) */
#define PIN_MAX 255

unsigned pin_min(bool weak_allowed);

/* CKR_PIN_LEN_RANGE; CKR_PIN_INVALID: a NUL in it, which no program could type again. */
CK_RV pin_check(struct span pin, bool weak_allowed);

/*
 * A new salt and verifier for PIN, no failed attempts, the version raised. Takes tens of milliseconds and 16 MiB.
 * CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR.
 */
CK_RV pin_set(struct record_pin *record, struct span pin);

/* What PIN comes to under RECORD's salt and parameters. As long and as large as pin_set. */
CK_RV pin_hash(const struct record_pin *record, struct span pin, uint8_t hash[RECORD_HASH_SIZE]);

bool pin_matches(const struct record_pin *record, const uint8_t hash[RECORD_HASH_SIZE]);

#endif

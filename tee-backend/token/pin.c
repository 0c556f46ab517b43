/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scrypt (RFC 7914) of PINs. The record is sealed, so nobody outside can guess offline; scrypt
 * is for the day when a sealing key leaks. Called by token_pin.c and store.c, outside of every lock
 * that an operation on a key needs. Inside the enclave.
 */
#include "config.h"

#include "token/pin.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"

#define LOG2_N 14
#define R 8
#define P 1
#define MEMORY_MAX ((uint64_t)2 << 30) /* only a guard: the parameters are our own */

unsigned pin_min(bool weak_allowed)
{
	return weak_allowed ? PIN_MIN_WEAK : PIN_MIN_STRONG;
}

CK_RV pin_check(struct span pin, bool weak_allowed)
{
	if (pin.size < pin_min(weak_allowed) || pin.size > PIN_MAX)
		return CKR_PIN_LEN_RANGE;
	return memchr(pin.data, 0, pin.size) ? CKR_PIN_INVALID : CKR_OK;
}

CK_RV pin_hash(const struct record_pin *record, struct span pin, uint8_t hash[RECORD_HASH_SIZE])
{
	static const char empty[1] = "";
	const char *text = pin.data ? (const char *)pin.data : empty;

	if (EVP_PBE_scrypt(text, pin.size, record->salt, sizeof(record->salt),
			   UINT64_C(1) << record->log2_n, record->r, record->p, MEMORY_MAX, hash,
			   RECORD_HASH_SIZE) == 1)
		return CKR_OK;
	log_error("scrypt failed: %s", ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return CKR_DEVICE_MEMORY;
}

CK_RV pin_set(struct record_pin *record, struct span pin)
{
	struct record_pin made = {.version = record->version + 1, .log2_n = LOG2_N, .r = R, .p = P};
	CK_RV rv = CKR_OK;

	if (!memory_random(made.salt, sizeof(made.salt)))
		return CKR_DEVICE_ERROR;
	rv = pin_hash(&made, pin, made.verifier);
	if (rv == CKR_OK)
		*record = made;
	memory_wipe(&made, sizeof(made));
	return rv;
}

bool pin_matches(const struct record_pin *record, const uint8_t hash[RECORD_HASH_SIZE])
{
	return memory_equal(record->verifier, hash, RECORD_HASH_SIZE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enclave's private libcrypto: a library context with the default provider alone and no
 * configuration file, the algorithms fetched once, and what its error queue means as a CK_RV. Used by
 * every file of crypto/, and by the folders above that need a primitive that no key object stands for.
 */
#ifndef KEYCLAVE_CRYPTO_LIBRARY_H
#define KEYCLAVE_CRYPTO_LIBRARY_H

#include <openssl/types.h>

#include "mechanism/mechanism.h"

/* Property query of each fetch: nothing but the default provider. */
#define LIBRARY_PROPERTIES "provider=default"

/*
 * Makes the context, without reading openssl.cnf. Thread-safe, and cheap after the first call. False:
 * libcrypto gave no context or no default provider.
 */
bool library_start(void);

/* Only after library_start. Never freed: threads that end late still release their DRBGs to it. */
OSSL_LIB_CTX *library_context(void);

/*
 * Empties this thread's error queue. CKR_DEVICE_MEMORY when an allocation failed in what led here, else
 * OTHERWISE; logged when that says that the device is at fault and not the caller's data.
 */
CK_RV library_failure(CK_RV otherwise);

/*
 * The same where the data may be at fault: INVALID when an algorithm of libcrypto gave a reason of its
 * own, which is about what it was given; else CKR_DEVICE_MEMORY or CKR_DEVICE_ERROR.
 */
CK_RV library_refusal(CK_RV invalid);

#endif

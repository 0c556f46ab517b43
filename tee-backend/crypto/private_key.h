/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys as people have them in files: PEM or DER, PKCS#8 or the older forms, without a passphrase. For keys that a
 * KMS unwraps, which come as whoever encrypted them had them. Enclave only; what is read may be hostile.
 */
#ifndef KEYCLAVE_CRYPTO_PRIVATE_KEY_H
#define KEYCLAVE_CRYPTO_PRIVATE_KEY_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"

/*
 * FILE as PKCS#8 in DER into PKCS8, which is .secret, and its CKK_. CKR_WRAPPED_KEY_INVALID: no private key, or of a type
 * that no token holds; CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR.
 */
CK_RV private_key_read(struct span file, struct buffer *pkcs8, CK_KEY_TYPE *type);

#endif

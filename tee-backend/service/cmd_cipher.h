/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of encryption and decryption in one frame (PKCS#11 v3.1 sections 5.8 and 5.10). Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_CIPHER_H
#define KEYCLAVE_SERVICE_CMD_CIPHER_H

#include "service/call.h"

CK_RV cmd_cipher_encrypt(struct call *call);
CK_RV cmd_cipher_decrypt(struct call *call);

/* Always CKR_OK for a key that may decrypt: a bad padding gives random bytes (RFC 5246 section 7.4.7.1). */
CK_RV cmd_cipher_decrypt_tls(struct call *call);
CK_RV cmd_cipher_decrypt_implicit(struct call *call);

/* One part of a CBC, ECB or CTR operation, which carries its chaining value. */
CK_RV cmd_cipher_chain(struct call *call);

#endif

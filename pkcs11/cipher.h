/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of an active encryption or decryption: what dual.c needs of cipher.c.
 */
#ifndef KEYCLAVE_PKCS11_CIPHER_H
#define KEYCLAVE_PKCS11_CIPHER_H

#include "pkcs11/session.h"

/*
 * As C_EncryptUpdate and C_DecryptUpdate on an entered session. *TAKEN (may be NULL) is false when the call
 * was answered without taking PART: a length query, or too small a buffer.
 */
CK_RV cipher_update(struct session *session, enum operation_kind kind, struct span part, CK_BYTE_PTR out,
		    CK_ULONG_PTR out_size, bool *taken);

#endif

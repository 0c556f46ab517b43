/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a message for an active sign, verify or digest operation: what dual.c needs of their chapters.
 */
#ifndef KEYCLAVE_PKCS11_SIGN_H
#define KEYCLAVE_PKCS11_SIGN_H

#include "pkcs11/session.h"

/* CKR_OPERATION_NOT_INITIALIZED; an error has ended the operation. The session is entered. */
CK_RV sign_update(struct session *session, enum operation_kind kind, struct span part);

#endif

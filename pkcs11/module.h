/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module's one piece of global state: whether it is initialised, its client context, and what a fork
 * does to both. Every C_ function begins with module_enter or session_enter. In the host program's
 * process, so nothing here may surprise it: no signals, no children, no libcrypto.
 */
#ifndef KEYCLAVE_PKCS11_MODULE_H
#define KEYCLAVE_PKCS11_MODULE_H

#include "client/client.h"

/* Marks a C_ function for the export map. */
#define MODULE_EXPORT __attribute__((visibility("default")))

/*
 * CKR_CRYPTOKI_NOT_INITIALIZED, else CKR_OK and the client context, which stays valid until module_leave.
 * After fork without C_Initialize the child goes on with everything its parent had (rule 5).
 */
CK_RV module_enter(struct client **client);
void module_leave(void);

/* The settings the module was initialised with; valid between module_enter and module_leave. */
const struct settings *module_settings(void);

#endif

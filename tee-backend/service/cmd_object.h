/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of objects (PKCS#11 v3.1 section 5.7), for token and session objects alike. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_OBJECT_H
#define KEYCLAVE_SERVICE_CMD_OBJECT_H

#include "service/call.h"

CK_RV cmd_object_create(struct call *call);
CK_RV cmd_object_copy(struct call *call);
CK_RV cmd_object_destroy(struct call *call);
CK_RV cmd_object_get(struct call *call);
CK_RV cmd_object_set(struct call *call);
CK_RV cmd_object_size(struct call *call);

/* CKR_KEY_HANDLE_INVALID: no such object, or no key. */
CK_RV cmd_object_describe(struct call *call);

#endif

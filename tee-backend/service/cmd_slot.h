/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of slots and tokens (PKCS#11 v3.1 section 5.5) and of a context's place at them. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_SLOT_H
#define KEYCLAVE_SERVICE_CMD_SLOT_H

#include "service/call.h"

CK_RV cmd_slot_list(struct call *call);
CK_RV cmd_slot_token(struct call *call);

/* CKR_SESSION_EXISTS: some context is attached (DESIGN section 7, rule 12). */
CK_RV cmd_slot_init(struct call *call);

CK_RV cmd_slot_attach(struct call *call);
CK_RV cmd_slot_detach(struct call *call);

/* A session of the client is closed: its session objects go. */
CK_RV cmd_slot_release(struct call *call);

#endif

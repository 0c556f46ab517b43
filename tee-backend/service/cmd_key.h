/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of key management (PKCS#11 v3.1 section 5.18). Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_KEY_H
#define KEYCLAVE_SERVICE_CMD_KEY_H

#include "service/call.h"

CK_RV cmd_key_generate(struct call *call);
CK_RV cmd_key_generate_pair(struct call *call);
CK_RV cmd_key_wrap(struct call *call);
CK_RV cmd_key_unwrap(struct call *call);
CK_RV cmd_key_derive(struct call *call);

/* CKR_ACTION_PROHIBITED: a derived key could not be one whose value may be read. */
CK_RV cmd_key_agree(struct call *call);

#endif

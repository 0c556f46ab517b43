/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of signatures and MACs (PKCS#11 v3.1 sections 5.13 to 5.16). Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_SIGN_H
#define KEYCLAVE_SERVICE_CMD_SIGN_H

#include "service/call.h"

CK_RV cmd_sign(struct call *call);
CK_RV cmd_sign_verify(struct call *call);
CK_RV cmd_sign_recover(struct call *call);
CK_RV cmd_sign_verify_recover(struct call *call);

#endif

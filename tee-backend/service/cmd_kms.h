/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that a KMS unwraps for this enclave, and the root that it protects. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_KMS_H
#define KEYCLAVE_SERVICE_CMD_KMS_H

#include "service/call.h"

CK_RV cmd_kms_import(struct call *call);
CK_RV cmd_kms_rotate(struct call *call);

#endif

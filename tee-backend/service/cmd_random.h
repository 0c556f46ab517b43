/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of the random number generator (PKCS#11 v3.1 section 5.19). Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_RANDOM_H
#define KEYCLAVE_SERVICE_CMD_RANDOM_H

#include "service/call.h"

CK_RV cmd_random(struct call *call);
CK_RV cmd_random_seed(struct call *call);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of what "keyclave status" asks. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_STATUS_H
#define KEYCLAVE_SERVICE_CMD_STATUS_H

#include "service/call.h"

CK_RV cmd_status(struct call *call);

/* The lines of token_damage of all tokens, as many as the answer holds. */
CK_RV cmd_status_damage(struct call *call);

#endif

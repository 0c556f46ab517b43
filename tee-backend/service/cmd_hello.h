/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of what comes first on a connection. Contracts are in protocol/message.h. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_HELLO_H
#define KEYCLAVE_SERVICE_CMD_HELLO_H

#include "service/call.h"

/* CKR_ACTION_PROHIBITED: this peer may not, or the ticket or key is not right; the connection is ended. */
CK_RV cmd_hello(struct call *call);

/* One end of a new control socket goes with the answer. CKR_DEVICE_ERROR. */
CK_RV cmd_hello_control(struct call *call);

#endif

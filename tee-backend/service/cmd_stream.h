/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of operations in many parts whose state is here. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_STREAM_H
#define KEYCLAVE_SERVICE_CMD_STREAM_H

#include "service/call.h"

CK_RV cmd_stream_open(struct call *call);

/* CKR_OPERATION_NOT_INITIALIZED: no such stream in this context. So do the next three. */
CK_RV cmd_stream_update(struct call *call);
CK_RV cmd_stream_key(struct call *call);
CK_RV cmd_stream_final(struct call *call);
CK_RV cmd_stream_read(struct call *call);
CK_RV cmd_stream_close(struct call *call);

#endif

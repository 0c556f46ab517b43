/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's side of the attested channel (security rule 2): the TLS key of this start, its certificate, and evidence for one
 * connection. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_CHANNEL_H
#define KEYCLAVE_SERVICE_CMD_CHANNEL_H

#include "service/call.h"

/* REQUEST_CHANNEL; CKR_FUNCTION_NOT_SUPPORTED outside TLS, CKR_ACTION_PROHIBITED for a second time on a connection. */
CK_RV cmd_channel(struct call *call);

#endif

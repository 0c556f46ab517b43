/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C_FindObjects: token objects, then session objects, then what the token makes up (bit 31). Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_FIND_H
#define KEYCLAVE_SERVICE_CMD_FIND_H

#include "service/call.h"

CK_RV cmd_find(struct call *call);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of what "keyclave migrate" asks (security rules 4 and 17). Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_MIGRATE_H
#define KEYCLAVE_SERVICE_CMD_MIGRATE_H

#include "service/call.h"

CK_RV cmd_migrate_status(struct call *call);
CK_RV cmd_migrate_request(struct call *call);
CK_RV cmd_migrate_challenge(struct call *call);
CK_RV cmd_migrate_grant(struct call *call);
CK_RV cmd_migrate_cancel(struct call *call);

#endif

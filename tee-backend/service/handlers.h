/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which function serves which request. What a request carries, who may send it and whether it may be
 * repeated is in the request table alone. Inside the enclave, called by dispatch.c.
 */
#ifndef KEYCLAVE_SERVICE_HANDLERS_H
#define KEYCLAVE_SERVICE_HANDLERS_H

#include "service/call.h"

/* Serves CALL: reads .request, fills .response. Its result is the answer's CK_RV. */
typedef CK_RV handler(struct call *call);

/* NULL: none; a test sees to it that each row has one. */
handler *handlers_find(enum request_id id);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a frame: decoded by the table, rights checked by its row, results of an earlier try looked
 * for, then the handler, then the answer. Inside the enclave, called by service.c.
 */
#ifndef KEYCLAVE_SERVICE_DISPATCH_H
#define KEYCLAVE_SERVICE_DISPATCH_H

#include "service/call.h"

/* Once for each service: finds in the request table what dispatch needs of each row. */
void dispatch_start(struct service *service);

/* As service_handle in service.h. */
bool dispatch_frame(struct service *service, struct link *link, struct span body, struct buffer *out,
		    int *fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enclave's ends of control sockets, which tell how long a context lives and by which a process that
 * can reach no path asks for a connection (DESIGN section 7, rules 5 and 6). In the worker.
 */
#ifndef KEYCLAVE_ENCLAVED_CONTROLS_H
#define KEYCLAVE_ENCLAVED_CONTROLS_H

#include "enclaved/handover.h"
#include "service/service.h"

struct controls; /* opaque; thread-safe */

struct controls_host {
	void *arg;
	/* A connection came by a control socket with a good ticket: takes FD. */
	void (*adopt)(void *arg, int fd);
};

/* KEEPER: the socket to it, borrowed. NULL: no memory or descriptors. */
struct controls *controls_new(int keeper, const struct controls_host *host);
void controls_free(struct controls **controls);

/* Until then nothing is read from them. */
void controls_begin(struct controls *controls, struct service *service);

/* Becomes readable when there is work for controls_work. */
int controls_descriptor(const struct controls *controls);

/* Does what is due now; one thread only. */
void controls_work(struct controls *controls);

/* From the keeper: FD (taken) of a context that an earlier worker had. False: it is closed. */
bool controls_restore(struct controls *controls, const struct handover_name *name, int fd);

/* As struct service_host's .control. */
CK_RV controls_make(struct controls *controls, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE],
		    int *fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links: one connection's place in the service. Inside the enclave; called by enclaved/.
 */
#include "config.h"

#include <stdlib.h>

#include "service/call.h"

struct link *link_new(struct service *service, uid_t uid, pid_t pid, bool allowed)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->service = service;
	link->uid = uid;
	link->pid = pid;
	link->allowed = allowed;
	link->data.secret = true;
	return link;
}

void link_free(struct link **link)
{
	if (!*link)
		return;
	application_leave(&(*link)->context);
	buffer_free(&(*link)->data);
	free(*link);
	*link = NULL;
}

size_t link_limit(const struct link *link)
{
	return link->context ? PROTOCOL_FRAME_MAX : PROTOCOL_HELLO_MAX;
}

bool link_authorised(const struct link *link)
{
	return link->context != NULL;
}

void link_trim(struct link *link)
{
	buffer_free(&link->data);
}

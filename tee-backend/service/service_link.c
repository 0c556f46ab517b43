/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links: one connection's place in the service. Inside the enclave; called by enclaved/.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "service/call.h"

struct link *link_new(struct service *service, const struct service_peer *peer)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->service = service;
	link->peer = *peer;
	link->data.secret = true;
	return link;
}

void link_free(struct link **link)
{
	if (!*link)
		return;
	if ((*link)->control)
		application_control((*link)->service, (*link)->context->id, false);
	application_leave(&(*link)->context);
	buffer_free(&(*link)->data);
	free(*link);
	*link = NULL;
}

void link_secure(struct link *link, const struct service_peer *peer, const uint8_t exporter[SERVICE_EXPORTER_SIZE])
{
	link->peer = *peer;
	memcpy(link->exporter, exporter, sizeof(link->exporter));
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

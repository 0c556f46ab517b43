/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between keeper and worker, in a fixed layout: they are the same program on one machine.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "enclaved/handover.h"

#define HANDOVER_TIMEOUT_MS 5000
#define HANDOVER_SIZE (1 + PROTOCOL_CONTEXT_ID_SIZE + 8)

bool handover_send(int socket, const struct handover *message)
{
	uint8_t bytes[HANDOVER_SIZE] = {(uint8_t)message->kind};
	struct channel_fds fds = {.fd = {message->fd}, .count = message->fd >= 0};

	memcpy(bytes + 1, message->name.context, PROTOCOL_CONTEXT_ID_SIZE);
	memcpy(bytes + 1 + PROTOCOL_CONTEXT_ID_SIZE, &message->name.serial, 8);
	return packet_send(socket, (struct span){bytes, sizeof(bytes)}, fds.count ? &fds : NULL,
			   result_deadline(HANDOVER_TIMEOUT_MS)) == TRANSPORT_OK;
}

enum transport_result handover_receive(int socket, struct handover *message, int64_t deadline)
{
	uint8_t bytes[HANDOVER_SIZE];
	struct channel_fds fds = {.count = 0};
	size_t size = 0;
	bool wants_fd = false;
	enum transport_result result =
		packet_receive(socket, bytes, sizeof(bytes), &size, &fds, deadline);

	*message = (struct handover){.fd = -1};
	if (result != TRANSPORT_OK)
		return result;
	message->kind = (enum handover_kind)bytes[0];
	wants_fd = message->kind == HANDOVER_LISTENER || message->kind == HANDOVER_CONTEXT;
	if (size != sizeof(bytes) || fds.count != wants_fd) {
		channel_fds_close(&fds);
		errno = EPROTO;
		return TRANSPORT_FAILED;
	}
	memcpy(message->name.context, bytes + 1, PROTOCOL_CONTEXT_ID_SIZE);
	memcpy(&message->name.serial, bytes + 1 + PROTOCOL_CONTEXT_ID_SIZE, 8);
	if (wants_fd)
		message->fd = fds.fd[0];
	return TRANSPORT_OK;
}

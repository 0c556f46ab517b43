/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon says of itself, and which records it refused. Nothing secret. Inside the enclave.
 */
#include "config.h"

#include <string.h>

#include "common/memory.h"
#include "service/cmd_status.h"

static void status_memory(struct status_response *status)
{
	struct memory_status memory = {0};

	memory_status(&memory);
	status->secret_bytes = memory.allocated;
	status->locked_bytes = memory.locked;
	status->unlocked_bytes = memory.unlocked;
	status->lock_limit = memory.lock_limit;
}

static CK_RV status_tokens(struct service *service, struct status_response *status)
{
	struct slots_response slots = {0};
	CK_RV rv = token_store_slots(service->tokens, slots.slots.item, PROTOCOL_NUMBERS_MAX,
				     &slots.slots.count);

	for (size_t i = 0; rv == CKR_OK && i < slots.slots.count; i++) {
		struct token *token = NULL;
		struct token_facts facts = {0};

		rv = token_store_find(service->tokens, slots.slots.item[i], &token);
		if (rv == CKR_TOKEN_NOT_RECOGNIZED)
			rv = CKR_OK; /* its head was refused, and is counted below */
		if (rv != CKR_OK || !token)
			continue;
		token_facts(token, &facts);
		status->tokens++;
		status->objects += facts.objects;
		status->damaged += facts.damaged;
		token_free(&token);
	}
	status->damaged += token_store_damaged(service->tokens);
	return rv;
}

CK_RV cmd_status(struct call *call)
{
	struct service *service = call->service;
	struct status_response *status = &call->response->status_response;
	const struct platform_description *platform = platform_describe(service->platform);

	if (service->host.status)
		service->host.status(service->host.arg, status);
	status->software = span_text("keyclaved " PACKAGE_VERSION);
	status->platform = span_text(platform->name);
	status->protector = span_text(platform->protector);
	status->rollback = span_text(platform->rollback);
	status->tee = platform->tee;
	status->contexts = application_count(service);
	status->requests = atomic_load(&service->requests);
	status->store_uuid = (struct span){hierarchy_store_uuid(token_store_hierarchy(service->tokens)),
					   PROTOCOL_STORE_UUID_SIZE};
	if (token_store_kms(service->tokens))
		status->kms_key = span_text(kms_describe(token_store_kms(service->tokens))->key);
	status_memory(status);
	return status_tokens(service, status);
}

/* Lines go one after the other into the call's bytes; the texts are set when these do not move any more. */
struct damage_lines {
	struct buffer *bytes;
	size_t size[PROTOCOL_TEXTS_MAX];
	size_t count;
};

static void damage_line(const char *line, void *arg)
{
	struct damage_lines *lines = arg;
	size_t size = strnlen(line, PROTOCOL_TEXT_SIZE_MAX);

	if (lines->count == PROTOCOL_TEXTS_MAX || !buffer_append(lines->bytes, line, size))
		return;
	lines->size[lines->count++] = size;
}

CK_RV cmd_status_damage(struct call *call)
{
	struct texts *names = &call->response->damage_response.names;
	struct damage_lines lines = {.bytes = call->data};
	uint64_t slots[PROTOCOL_NUMBERS_MAX];
	size_t count = 0;
	size_t at = 0;
	CK_RV rv = token_store_slots(call->service->tokens, slots, PROTOCOL_NUMBERS_MAX, &count);

	token_store_damage(call->service->tokens, damage_line, &lines);
	for (size_t i = 0; rv == CKR_OK && i < count; i++) {
		struct token *token = NULL;

		rv = token_store_find(call->service->tokens, slots[i], &token);
		if (rv == CKR_TOKEN_NOT_RECOGNIZED)
			rv = CKR_OK;
		if (rv == CKR_OK && token)
			token_damage(token, damage_line, &lines);
		token_free(&token);
	}
	for (size_t i = 0; i < lines.count; i++) {
		names->item[names->count++] = (struct span){call->data->data + at, lines.size[i]};
		at += lines.size[i];
	}
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving the store to another version of the enclave. The request table asks for a security officer where the store changes; who asks
 * for the evidence, or looks at the slots, learns nothing secret. Inside the enclave.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "service/cmd_migrate.h"

CK_RV cmd_migrate_status(struct call *call)
{
	struct migrate_status_response *response = &call->response->migrate_status_response;
	const uint8_t *policy = hierarchy_migration(token_store_hierarchy(call->service->tokens));
	struct update_status status;
	size_t at = 0;
	CK_RV rv = token_migration_status(call->service->tokens, &status);

	for (size_t i = 0; rv == CKR_OK && i < status.count; i++)
		if (!buffer_append(call->data, status.binding[i], strlen(status.binding[i])))
			rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK && policy && !buffer_append(call->data, policy, PROTOCOL_POLICY_SIZE))
		rv = CKR_DEVICE_MEMORY;
	if (rv != CKR_OK)
		return rv;
	/* The bytes do not move any more. */
	for (size_t i = 0; i < status.count; i++) {
		size_t size = strlen(status.binding[i]);

		response->kinds.item[response->kinds.count++] = status.kind[i];
		response->bindings.item[response->bindings.count++] = (struct span){call->data->data + at, size};
		at += size;
	}
	if (policy)
		response->policy = (struct span){call->data->data + at, PROTOCOL_POLICY_SIZE};
	response->may_migrate = status.may_migrate;
	response->challenged = status.challenged;
	return CKR_OK;
}

CK_RV cmd_migrate_request(struct call *call)
{
	CK_RV rv = token_migration_request(call->service->platform, call->request->migrate_request_request.nonce, call->data);

	call->response->evidence_response.evidence = buffer_span(call->data);
	return rv;
}

CK_RV cmd_migrate_challenge(struct call *call)
{
	CK_RV rv = buffer_resize(call->data, UPDATE_CHALLENGE_SIZE) ? CKR_OK : CKR_DEVICE_MEMORY;

	if (rv == CKR_OK)
		rv = token_migration_challenge(call->service->tokens, call->data->data);
	call->response->migrate_challenge_response.nonce = buffer_span(call->data);
	return rv;
}

CK_RV cmd_migrate_grant(struct call *call)
{
	const struct migrate_grant_request *request = &call->request->migrate_grant_request;
	struct migrate_grant_response *response = &call->response->migrate_grant_response;
	struct migration_verdict verdict;
	CK_RV rv = token_migration_grant(call->service->tokens, request->evidence, request->endorsements, &verdict);

	if (rv != CKR_OK)
		return rv;
	/* What an attacker's certificate says is in there. */
	if (!span_is_utf8(span_text(verdict.detail)))
		snprintf(verdict.detail, sizeof(verdict.detail), "refused");
	if (!buffer_set(call->data, verdict.detail, strlen(verdict.detail)))
		return CKR_DEVICE_MEMORY;
	response->granted = verdict.good;
	response->detail = buffer_span(call->data);
	return CKR_OK;
}

CK_RV cmd_migrate_cancel(struct call *call)
{
	return token_migration_cancel(call->service->tokens, &call->response->migrate_cancel_response.count);
}

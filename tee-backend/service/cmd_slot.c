/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots, tokens, and a context's place at them. Inside the enclave.
 */
#include "config.h"

#include "service/cmd_slot.h"

CK_RV cmd_slot_list(struct call *call)
{
	struct numbers *slots = &call->response->slots_response.slots;

	return token_store_slots(call->service->tokens, slots->item, PROTOCOL_NUMBERS_MAX,
				 &slots->count);
}

CK_RV cmd_slot_token(struct call *call)
{
	struct token_response *response = &call->response->token_response;
	const struct platform_description *platform = platform_describe(call->service->platform);
	struct token *token = NULL;
	CK_RV rv = token_store_find(call->service->tokens, call->slot, &token);

	if (rv != CKR_OK)
		return rv;
	*response = (struct token_response){
		.model = span_text(PROTOCOL_TOKEN_MODEL),
		.manufacturer = span_text(PROTOCOL_TOKEN_MANUFACTURER),
		.flags = CKF_RNG | CKF_LOGIN_REQUIRED,
		.pin_min = call->service->settings.weak_pin_allowed ? PROTOCOL_PIN_MIN_WEAK : PROTOCOL_PIN_MIN,
		.pin_max = PROTOCOL_PIN_MAX,
		.platform = span_text(platform->name),
		.protector = span_text(platform->protector),
		.rollback = span_text(platform->rollback),
		.weak_pin = call->service->settings.weak_pin_allowed,
	};
	if (token) {
		const struct token_facts *facts = &call->facts;

		token_facts(token, &call->facts);
		response->label = span_text(facts->label);
		response->serial = span_text(facts->serial);
		response->flags = facts->flags;
		response->pin_min = facts->pin_min;
		response->pin_max = facts->pin_max;
		response->objects = facts->objects;
		response->epoch = facts->epoch;
		/* Outlives the token: the bytes are copied, for the reference ends here. */
		if (!buffer_set(call->data, facts->identity, facts->identity_size))
			rv = CKR_DEVICE_MEMORY;
		response->identity = buffer_span(call->data);
	}
	token_free(&token);
	return rv;
}

CK_RV cmd_slot_init(struct call *call)
{
	const struct token_init_request *request = &call->request->token_init_request;
	struct service *service = call->service;
	/* The SO PIN of a token whose head was refused is lost with it. */
	bool owner = call_owns_store(call);
	CK_RV rv = CKR_SESSION_EXISTS;

	pthread_mutex_lock(&service->attach_lock);
	if (!attachment_exists(service, request->slot))
		rv = (owner ? token_store_replace : token_store_init)(service->tokens, request->slot, request->pin,
								      request->label, &call->once);
	pthread_mutex_unlock(&service->attach_lock);
	if (rv == CKR_OK) {
		pthread_mutex_lock(&service->nonces_lock);
		nonce_forget(&service->nonces, request->slot, 0);
		pthread_mutex_unlock(&service->nonces_lock);
	}
	return rv;
}

CK_RV cmd_slot_attach(struct call *call)
{
	return attachment_open(call->context, call->slot);
}

CK_RV cmd_slot_detach(struct call *call)
{
	attachment_close(call->context, call->slot);
	return CKR_OK;
}

CK_RV cmd_slot_release(struct call *call)
{
	const struct release_request *request = &call->request->release_request;

	pthread_mutex_lock(&call->context->lock);
	session_objects_drop(call->service, &call->context->objects, request->slot, &request->session,
			     false);
	pthread_mutex_unlock(&call->context->lock);
	return CKR_OK;
}

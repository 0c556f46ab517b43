/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PINs, logins, tickets and grants. The client decides what depends on the kinds of its sessions
 * (DESIGN section 7, rule 12); who is logged in is kept here for each context. Inside the enclave.
 */
#include "config.h"

#include "common/memory.h"
#include "service/cmd_login.h"
#include "service/ticket.h"

/* The response of LOGIN and RESUME: a ticket, where there are any. */
static CK_RV login_ticket(struct call *call)
{
	CK_RV rv = CKR_OK;

	if (!call->service->settings.login_tickets)
		return rv;
	rv = ticket_make_login(call->context, call->attachment, call->data);
	if (rv == CKR_OK)
		call->response->login_response.ticket = buffer_span(call->data);
	return rv;
}

CK_RV cmd_login(struct call *call)
{
	const struct login_request *request = &call->request->login_request;
	CK_RV rv = CKR_OK;

	if (request->user != CKU_USER && request->user != CKU_SO)
		return CKR_USER_TYPE_INVALID;
	if (call->user != ATTACHMENT_NOBODY)
		return call->user == request->user ? CKR_USER_ALREADY_LOGGED_IN :
						     CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	rv = token_check_pin(call->token, request->user, request->pin,
			     call->recalled ? NULL : &call->once);
	if (rv == CKR_OK)
		rv = attachment_login(call->context, call->attachment, request->user, NULL);
	if (rv == CKR_OK && request->user == CKU_USER)
		rv = login_ticket(call);
	return rv;
}

CK_RV cmd_login_logout(struct call *call)
{
	CK_RV rv = CKR_OK;

	if (call->user == ATTACHMENT_NOBODY)
		return CKR_USER_NOT_LOGGED_IN;
	/* Before the name is gone; whether or not that could be written, nobody is logged in afterwards. */
	if (call->user == CKU_USER && call->service->settings.login_tickets)
		rv = ticket_end_login(call->context, call->attachment);
	attachment_logout(call->context, call->attachment);
	return rv;
}

/*
 * One's own login goes on under its name, so that a logout ends all tickets that it ever had. A clone that comes
 * with its parent's begins one of its own, which the parent's logout does not end, nor the reverse.
 */
static CK_RV login_resume(struct call *call, const struct resume_request *request)
{
	uint8_t hash[APPLICATION_HASH_SIZE];
	uint8_t name[TOKEN_LOGIN_SIZE];
	bool own = false;
	CK_RV rv = CKR_OK;

	if (!ticket_hash_key(request->context_key, hash))
		return CKR_DEVICE_ERROR;
	own = memory_equal(hash, call->context->key_hash, sizeof(hash));
	rv = ticket_open_login(call->context, call->attachment, request->ticket, hash, name);
	if (rv == CKR_OK)
		rv = attachment_login(call->context, call->attachment, CKU_USER, own ? name : NULL);
	return rv;
}

CK_RV cmd_login_resume(struct call *call)
{
	const struct resume_request *request = &call->request->resume_request;
	CK_RV rv = CKR_OK;

	if (!call->service->settings.login_tickets)
		return CKR_USER_NOT_LOGGED_IN;
	if (call->user == CKU_SO)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (call->user != CKU_USER)
		rv = login_resume(call, request);
	return rv == CKR_OK ? login_ticket(call) : rv;
}

CK_RV cmd_login_pin_init(struct call *call)
{
	return token_init_pin(call->token, call->request->pin_init_request.pin, &call->once);
}

CK_RV cmd_login_pin_set(struct call *call)
{
	const struct pin_set_request *request = &call->request->pin_set_request;

	return token_set_pin(call->token, call->user == CKU_SO ? CKU_SO : CKU_USER, request->old_pin,
			     request->new_pin, &call->once);
}

CK_RV cmd_login_grant(struct call *call)
{
	const struct grant_request *request = &call->request->grant_request;
	struct object *key = NULL;
	uint8_t id[PROTOCOL_GRANT_SIZE];
	bool made = false;
	CK_RV rv = CKR_OK;

	if (!request->usage || request->usage & (request->usage - 1))
		return CKR_ARGUMENTS_BAD;
	if (call_object(call, request->key, &key) != CKR_OK)
		return CKR_KEY_HANDLE_INVALID;
	object_free(&key);
	rv = token_check_pin(call->token, CKU_USER, request->pin, call->recalled ? NULL : &call->once);
	if (rv != CKR_OK)
		return rv;
	pthread_mutex_lock(&call->context->lock);
	made = grant_make(&call->context->grants, request->slot, request->key, request->usage,
			  service_now(), id);
	pthread_mutex_unlock(&call->context->lock);
	if (!made)
		return CKR_DEVICE_ERROR;
	if (!buffer_set(call->data, id, sizeof(id)))
		return CKR_DEVICE_MEMORY;
	call->response->grant_response.grant = buffer_span(call->data);
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No handler runs before its row's right was checked. A connection that has not said hello is served
 * nothing else, and nonsense ends any connection. Inside the enclave.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "service/dispatch.h"
#include "service/handlers.h"

void dispatch_start(struct service *service)
{
	size_t count = 0;
	const struct request_row *rows = request_rows(&count);

	memset(service->slot_offset, -1, sizeof(service->slot_offset));
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < rows[i].request->count; j++) {
			const struct field *field = &rows[i].request->fields[j];

			if (rows[i].id < SERVICE_REQUESTS && !strcmp(field->name, "slot"))
				service->slot_offset[rows[i].id] = (int16_t)field->offset;
		}
	}
}

/* The .slot of a request that has one: all that name a token do so by this field. */
static bool dispatch_slot(const struct call *call, uint64_t *slot)
{
	int offset = call->row->id < SERVICE_REQUESTS ? call->service->slot_offset[call->row->id] : -1;

	if (offset < 0)
		return false;
	memcpy(slot, (const char *)call->request + offset, sizeof(*slot));
	return true;
}

/* Who may send this: request.h says what each right means. */
static CK_RV dispatch_rights(struct call *call)
{
	enum request_right right = call->row->right;

	call->user = ATTACHMENT_NOBODY;
	if (right == RIGHT_PEER)
		return CKR_OK;
	if (!call->context)
		return CKR_ACTION_PROHIBITED;
	if (!dispatch_slot(call, &call->slot))
		return right == RIGHT_CONTEXT ? CKR_OK : CKR_FUNCTION_NOT_SUPPORTED;
	if (right == RIGHT_CONTEXT)
		return CKR_OK;
	call->attachment = attachment_get(call->context, call->slot);
	if (!call->attachment)
		return CKR_SESSION_HANDLE_INVALID;
	call->token = call->attachment->token;
	call->user = atomic_load(&call->attachment->user);
	if ((right == RIGHT_USER && call->user != CKU_USER) ||
	    (right == RIGHT_SO && call->user != CKU_SO))
		return CKR_USER_NOT_LOGGED_IN;
	return CKR_OK;
}

/* Puts what the store remembers of an earlier try into the response. */
static void dispatch_recall(struct call *call, const uint64_t handles[2])
{
	if (call->row->id == REQUEST_GENERATE_PAIR) {
		call->response->generate_pair_response.public_key = handles[0];
		call->response->generate_pair_response.private_key = handles[1];
	} else if (call->row->response->size == sizeof(struct handle_response)) {
		call->response->handle_response.handle = handles[0];
	}
}

/*
 * Runs the handler, unless the store has the result of the same request, sent before the worker was
 * started again. A login that succeeded then is checked anew instead: its state is gone, and a good PIN costs
 * no try.
 */
static CK_RV dispatch_run(struct call *call)
{
	handler *run = handlers_find(call->row->id);
	uint64_t handles[2] = {0, 0};
	CK_RV rv = CKR_OK;

	if (!run)
		return CKR_FUNCTION_NOT_SUPPORTED;
	if (call->repeated &&
	    token_once_result(call->service->tokens, &call->once, &rv, handles)) {
		call->recalled = rv == CKR_OK && (call->row->id == REQUEST_LOGIN ||
						  call->row->id == REQUEST_GRANT);
		if (!call->recalled) {
			dispatch_recall(call, handles);
			return rv;
		}
	}
	return run(call);
}

static bool dispatch_answer(struct call *call, CK_RV rv, struct buffer *out)
{
	uint64_t sequence = call->once.sequence;

	if (codec_write_response(out, call->row, sequence, rv, call->response))
		return true;
	buffer_reset(out);
	log_error("request %s: its answer does not fit a frame", call->row ? call->row->name : "?");
	return codec_write_response(out, call->row, sequence, CKR_DEVICE_MEMORY, NULL);
}

/* A request that must have its effect once. */
static bool dispatch_once(struct call *call, struct buffer *out)
{
	struct application *context = call->context;
	enum replay_verdict verdict = REPLAY_FULL;
	bool ok = false;

	memcpy(call->once.context, context->id, sizeof(call->once.context));
	pthread_mutex_lock(&context->lock);
	verdict = replay_begin(&context->replay, &context->lock, call->once.sequence, out);
	pthread_mutex_unlock(&context->lock);
	if (verdict == REPLAY_REPEATED)
		return true;
	if (verdict == REPLAY_FULL)
		return dispatch_answer(call, CKR_DEVICE_MEMORY, out);
	call->repeated = verdict == REPLAY_FORGOTTEN || context->restored;

	ok = dispatch_answer(call, dispatch_run(call), out);
	pthread_mutex_lock(&context->lock);
	replay_end(&context->replay, call->once.sequence, ok ? buffer_span(out) : (struct span){0});
	pthread_mutex_unlock(&context->lock);
	return ok;
}

static void dispatch_clean(struct call *call)
{
	for (size_t i = 0; i < CALL_HELD_MAX; i++)
		object_free(&call->held[i]);
	attachment_free(&call->attachment);
	buffer_reset(call->data);
}

static bool dispatch_call(struct call *call, struct buffer *out, int *fd)
{
	CK_RV rv = dispatch_rights(call);
	bool ok = false;

	if (!call->context && call->row->right != RIGHT_PEER) {
		dispatch_clean(call);
		return false;
	}
	if (rv == CKR_OK && call->row->replay == REPLAY_ONCE)
		ok = dispatch_once(call, out);
	else
		ok = dispatch_answer(call, rv == CKR_OK ? dispatch_run(call) : rv, out);
	dispatch_clean(call);
	if (ok)
		*fd = call->fd;
	else if (call->fd >= 0)
		close(call->fd);
	return ok && !call->close;
}

bool dispatch_frame(struct service *service, struct link *link, struct span body, struct buffer *out,
		    int *fd)
{
	union message request;
	union message response;
	struct call call = {
		.service = service,
		.link = link,
		.context = link->context,
		.request = &request,
		.response = &response,
		.data = &link->data,
		.fd = -1,
	};
	CK_RV rv = codec_read_request(body, &call.row, &call.once.sequence, &request);

	atomic_fetch_add_explicit(&service->requests, 1, memory_order_relaxed);
	atomic_store_explicit(&service->last_use, service_now(), memory_order_relaxed);
	if (rv == CKR_OK && call.once.sequence) {
		memset(&response, 0, call.row->response->size);
		return dispatch_call(&call, out, fd);
	}
	/* What cannot be answered, or comes from somebody who has not said who he is. */
	if (!call.once.sequence || !link->context)
		return false;
	return dispatch_answer(&call, rv, out);
}

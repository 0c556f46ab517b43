/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one Init/Update/Final state machine of the module. It decides lengths and refusals from the key's
 * descriptor and the mechanism table, so that a size query costs no round trip and an operation costs one.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "pkcs11/session.h"

/* What the kinds need of a mechanism and a key, and what their streams are called on the wire. */
static const struct {
	CK_FLAGS usage;
	enum { KIND_NO_STREAM = -1, KIND_SIGN, KIND_VERIFY, KIND_ENCRYPT, KIND_DECRYPT, KIND_DIGEST } stream;
} kinds[OPERATION_KINDS] = {
	[OPERATION_SIGN] = {CKF_SIGN, KIND_SIGN},
	[OPERATION_VERIFY] = {CKF_VERIFY, KIND_VERIFY},
	[OPERATION_SIGN_RECOVER] = {CKF_SIGN_RECOVER, KIND_NO_STREAM},
	[OPERATION_VERIFY_RECOVER] = {CKF_VERIFY_RECOVER, KIND_NO_STREAM},
	[OPERATION_ENCRYPT] = {CKF_ENCRYPT, KIND_ENCRYPT},
	[OPERATION_DECRYPT] = {CKF_DECRYPT, KIND_DECRYPT},
	[OPERATION_DIGEST] = {CKF_DIGEST, KIND_DIGEST},
};

static CK_RV copy_span(struct buffer *into, struct span *span)
{
	size_t at = into->size;

	if (!buffer_append(into, span->data, span->size))
		return CKR_HOST_MEMORY;
	*span = (struct span){into->data + at, span->size};
	return CKR_OK;
}

/* The program's parameters are its own again when C_*Init returns: copies them, reserved beforehand. */
static CK_RV keep_parameters(struct operation *op)
{
	struct mechanism *m = &op->mechanism;
	struct span *spans[] = {&m->iv, &m->aad, &m->label, &m->shared, &m->peer};
	size_t size = 0;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		size += spans[i]->size;
	buffer_reset(&op->parameters);
	if (size && !buffer_reserve(&op->parameters, size))
		return CKR_HOST_MEMORY;
	for (size_t i = 0; rv == CKR_OK && i < sizeof(spans) / sizeof(spans[0]); i++)
		if (spans[i]->size)
			rv = copy_span(&op->parameters, spans[i]);
	return rv;
}

static bool raw_is_allowed(const struct operation *op)
{
	const struct numbers *allowed = &op->key->mechanisms;

	for (size_t i = 0; i < allowed->count; i++)
		if (allowed->item[i] == op->mechanism.row->raw)
			return true;
	return allowed->count == 0;
}

static enum operation_route choose_route(const struct operation *op)
{
	switch (op->kind) {
	case OPERATION_DIGEST:
		return ROUTE_HASH;
	case OPERATION_SIGN:
	case OPERATION_VERIFY:
		/* DESIGN decision 2: only where the key would sign a digest of anybody's making anyway. */
		if (op->mechanism.row->raw != CK_UNAVAILABLE_INFORMATION && raw_is_allowed(op))
			return ROUTE_HASH;
		return ROUTE_WHOLE;
	case OPERATION_ENCRYPT:
	case OPERATION_DECRYPT:
		switch (op->mechanism.row->scheme) {
		case SCHEME_AES_ECB:
		case SCHEME_AES_CBC:
		case SCHEME_AES_CBC_PAD:
		case SCHEME_AES_CTR:
			return ROUTE_CHAIN;
		default:
			return ROUTE_WHOLE;
		}
	default:
		return ROUTE_WHOLE;
	}
}

static CK_RV operation_slot(struct session *s, enum operation_kind kind, struct operation **op)
{
	if (!s->operations[kind]) {
		s->operations[kind] = calloc(1, sizeof(struct operation));
		if (!s->operations[kind])
			return CKR_HOST_MEMORY;
		s->operations[kind]->kind = kind;
		s->operations[kind]->parameters.secret = false;
	}
	*op = s->operations[kind];
	return CKR_OK;
}

static CK_RV begin(struct session *s, struct operation *op, const CK_MECHANISM *mechanism,
		   CK_OBJECT_HANDLE key)
{
	CK_RV rv = mechanism_from_native(mechanism, &op->mechanism);

	if (rv == CKR_OK && !(op->mechanism.row->flags & kinds[op->kind].usage))
		rv = CKR_MECHANISM_INVALID;
	if (rv == CKR_OK)
		rv = mechanism_check(&op->mechanism);
	if (rv == CKR_OK)
		rv = keep_parameters(op);
	if (rv == CKR_OK && op->kind != OPERATION_DIGEST) {
		rv = descriptor_get(s->client, s->slot, key, &op->key);
		if (rv == CKR_OK)
			rv = descriptor_permits(op->key, &op->mechanism, kinds[op->kind].usage);
		if (rv == CKR_OK)
			rv = mechanism_check_key(&op->mechanism, op->key->bits);
	}
	if (rv != CKR_OK)
		return rv;
	op->route = choose_route(op);
	if (op->route == ROUTE_HASH)
		rv = hash_init(&op->hash, op->mechanism.row->digest);
	if (op->route == ROUTE_CHAIN && op->mechanism.iv.size == sizeof(op->chain))
		memcpy(op->chain, op->mechanism.iv.data, sizeof(op->chain));
	return rv;
}

CK_RV operation_init(struct session *session, enum operation_kind kind, const CK_MECHANISM *mechanism,
		     CK_OBJECT_HANDLE key)
{
	struct operation *op = NULL;
	CK_RV rv = CKR_OK;

	if (!mechanism) {
		operation_end(session, kind);
		return CKR_OK;
	}
	rv = operation_slot(session, kind, &op);
	if (rv != CKR_OK)
		return rv;
	if (op->active)
		return CKR_OPERATION_ACTIVE;
	op->active = true;
	rv = begin(session, op, mechanism, key);
	if (rv != CKR_OK)
		operation_end(session, kind);
	return rv;
}

CK_RV operation_init_call(CK_SESSION_HANDLE handle, enum operation_kind kind, const CK_MECHANISM *mechanism,
			  CK_OBJECT_HANDLE key)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_init(s, kind, mechanism, key);
	session_leave(s);
	return rv;
}

CK_RV operation_find(struct session *session, enum operation_kind kind, struct operation **operation)
{
	if (!session->operations[kind] || !session->operations[kind]->active)
		return CKR_OPERATION_NOT_INITIALIZED;
	*operation = session->operations[kind];
	return CKR_OK;
}

CK_RV operation_find_whole(struct session *session, enum operation_kind kind, bool good,
			   struct operation **operation)
{
	CK_RV rv = operation_find(session, kind, operation);

	if (rv != CKR_OK)
		return rv;
	if (!good)
		return CKR_ARGUMENTS_BAD;
	if (!(*operation)->multi)
		return CKR_OK;
	operation_end(session, kind);
	return CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV operation_may_update(struct session *session, struct operation *operation)
{
	if (operation->mechanism.row->multi_part && !operation->finished)
		return CKR_OK;
	operation_end(session, operation->kind);
	return CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV operation_spend(struct operation *operation, struct span *grant)
{
	*grant = (struct span){NULL, 0};
	if (!operation->key || !operation->key->always_authenticate)
		return CKR_OK;
	if (!operation->granted)
		return CKR_USER_NOT_LOGGED_IN;
	*grant = (struct span){operation->grant, sizeof(operation->grant)};
	return CKR_OK;
}

void operation_heard(struct session *session, const struct operation *operation, CK_RV rv, uint64_t version)
{
	switch (rv) {
	case CKR_OK:
		descriptor_seen(session->client, operation->key, version);
		break;
	case CKR_KEY_HANDLE_INVALID:
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
	case CKR_KEY_TYPE_INCONSISTENT:
	case CKR_MECHANISM_INVALID:
		descriptor_drop(session->client, operation->key->slot, operation->key->handle);
		break;
	default:
		break;
	}
}

CK_RV operation_stream_open(struct session *session, struct operation *operation, struct span state)
{
	struct stream_open_request request = {
		.slot = session->slot,
		.kind = (uint64_t)kinds[operation->kind].stream,
		.key = operation->key ? operation->key->handle : 0,
		.mechanism = operation->mechanism,
		.state = state,
	};
	struct client_answer answer = {0};
	CK_RV rv = operation_spend(operation, &request.grant);

	if (rv == CKR_OK)
		rv = client_call(session->client, REQUEST_STREAM_OPEN, &request, &answer);
	if (rv == CKR_OK) {
		operation->stream = answer.message.stream_open_response.stream;
		operation->streaming = true;
		operation->granted = false;
	}
	if (operation->key)
		operation_heard(session, operation, rv, answer.message.stream_open_response.version);
	client_done(&answer);
	return rv;
}

static CK_RV take_output(struct operation *op, struct client_answer *answer)
{
	struct span data = answer->message.stream_response.data;
	bool kept = data.size == 0 || buffer_append(&op->result, data.data, data.size);

	client_done(answer);
	return kept ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV operation_stream_update(struct session *session, struct operation *operation, struct span data)
{
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && data.size) {
		size_t n = data.size < PROTOCOL_CHUNK_MAX ? data.size : PROTOCOL_CHUNK_MAX;
		struct stream_update_request request = {operation->stream, {data.data, n}};
		struct client_answer answer = {0};

		rv = client_call(session->client, REQUEST_STREAM_UPDATE, &request, &answer);
		if (rv == CKR_OK)
			rv = take_output(operation, &answer);
		data = (struct span){data.data + n, data.size - n};
	}
	return rv;
}

CK_RV operation_stream_final(struct session *session, struct operation *operation, struct span signature)
{
	struct stream_final_request request = {operation->stream, signature};
	struct stream_close_request read = {operation->stream};
	struct client_answer answer = {0};
	CK_RV rv = client_call(session->client, REQUEST_STREAM_FINAL, &request, &answer);
	bool more = false;

	if (rv == CKR_OK) {
		more = answer.message.stream_response.more;
		rv = take_output(operation, &answer);
	}
	while (rv == CKR_OK && more) {
		rv = client_call(session->client, REQUEST_STREAM_READ, &read, &answer);
		if (rv != CKR_OK)
			break;
		more = answer.message.stream_response.more;
		rv = take_output(operation, &answer);
	}
	/* The enclave ends a stream with its last byte; only one that failed half-way is still there. */
	operation->streaming = rv != CKR_OK;
	return rv;
}

/* Messages that are not hashed here: kept while they fit one frame, streamed from then on. */
static CK_RV absorb_message(struct session *s, struct operation *op, struct span data)
{
	CK_RV rv = CKR_OK;

	if (!op->streaming && op->held.size + data.size <= PROTOCOL_CHUNK_MAX)
		return buffer_append(&op->held, data.data, data.size) ? CKR_OK : CKR_HOST_MEMORY;
	if (!op->streaming) {
		rv = operation_stream_open(s, op, (struct span){NULL, 0});
		if (rv == CKR_OK)
			rv = operation_stream_update(s, op, buffer_span(&op->held));
		buffer_reset(&op->held);
	}
	return rv == CKR_OK ? operation_stream_update(s, op, data) : rv;
}

CK_RV operation_absorb(struct session *session, struct operation *operation, struct span data)
{
	CK_RV rv = CKR_OK;

	operation->total += data.size;
	if (operation->route == ROUTE_HASH && !operation->streaming)
		hash_update(&operation->hash, data);
	else if (operation->route == ROUTE_HASH)
		rv = operation_stream_update(session, operation, data);
	else
		rv = absorb_message(session, operation, data);
	if (rv != CKR_OK)
		operation_end(session, operation->kind);
	return rv;
}

bool operation_answer_size(CK_BYTE_PTR out, CK_ULONG_PTR out_size, size_t size, bool exact, CK_RV *rv)
{
	if (!out) {
		*out_size = size;
		*rv = CKR_OK;
		return true;
	}
	if (exact && *out_size < size) {
		*out_size = size;
		*rv = CKR_BUFFER_TOO_SMALL;
		return true;
	}
	return false;
}

CK_RV operation_deliver(struct session *session, struct operation *operation, CK_BYTE_PTR out,
			CK_ULONG_PTR out_size, bool over)
{
	size_t size = operation->result.size;

	operation->finished = over;
	if (!out || *out_size < size) {
		*out_size = size;
		return out ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	}
	if (size)
		memcpy(out, operation->result.data, size);
	*out_size = size;
	buffer_reset(&operation->result);
	if (over)
		operation_end(session, operation->kind);
	return CKR_OK;
}

void operation_end(struct session *session, enum operation_kind kind)
{
	struct operation *op = session->operations[kind];
	struct stream_close_request close = {0};

	if (!op || !op->active)
		return;
	if (op->streaming) {
		close.stream = op->stream;
		(void)client_tell(session->client, REQUEST_STREAM_CLOSE, &close);
	}
	op->active = op->multi = op->streaming = op->finished = op->granted = false;
	op->total = 0;
	if (op->key)
		descriptor_free(&op->key);
	memory_wipe(&op->hash, sizeof(op->hash));
	memory_wipe(op->chain, sizeof(op->chain));
	memory_wipe(op->grant, sizeof(op->grant));
	buffer_reset(&op->parameters);
	buffer_reset(&op->held);
	buffer_reset(&op->result);
}

void operation_free(struct operation **operation)
{
	struct operation *op = *operation;

	if (!op)
		return;
	if (op->key)
		descriptor_free(&op->key);
	buffer_free(&op->parameters);
	buffer_free(&op->held);
	buffer_free(&op->result);
	memory_wipe(op, sizeof(*op));
	free(op);
	*operation = NULL;
}

CK_RV operation_grant(struct session *session, struct span pin)
{
	struct grant_request request = {.slot = session->slot, .pin = pin};
	struct client_answer answer = {0};
	struct operation *op = NULL;
	CK_RV rv = CKR_OK;

	for (int kind = 0; kind < OPERATION_KINDS && !op; kind++) {
		struct operation *candidate = session->operations[kind];

		if (candidate && candidate->active && candidate->key &&
		    candidate->key->always_authenticate && !candidate->granted)
			op = candidate;
	}
	if (!op)
		return CKR_OPERATION_NOT_INITIALIZED;
	request.key = op->key->handle;
	request.usage = kinds[op->kind].usage;
	rv = client_call(session->client, REQUEST_GRANT, &request, &answer);
	if (rv == CKR_OK) {
		memcpy(op->grant, answer.message.grant_response.grant.data, sizeof(op->grant));
		op->granted = true;
	}
	client_done(&answer);
	return rv;
}

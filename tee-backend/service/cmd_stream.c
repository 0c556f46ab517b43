/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one Init/Update/Final state machine: a stream is open until its final, a failure or its close, and
 * one request at a time works on it. Inside the enclave.
 */
#include "config.h"

#include "service/cmd_stream.h"

static CK_FLAGS stream_usage(enum stream_kind kind)
{
	switch (kind) {
	case STREAM_SIGN:
		return CKF_SIGN;
	case STREAM_VERIFY:
		return CKF_VERIFY;
	case STREAM_ENCRYPT:
		return CKF_ENCRYPT;
	case STREAM_DECRYPT:
		return CKF_DECRYPT;
	case STREAM_DIGEST:
		break;
	}
	return CKF_DIGEST;
}

/* What crypto/ can only do when it has all of it (stream.h). */
static bool stream_holds(enum stream_kind kind, const struct mechanism_row *row)
{
	return row->scheme == SCHEME_EDDSA || (kind == STREAM_DECRYPT && row->scheme == SCHEME_AES_GCM);
}

static CK_RV stream_open_digest(const struct stream_open_request *request, struct stream **stream)
{
	if (!(request->mechanism.row->flags & CKF_DIGEST))
		return CKR_MECHANISM_INVALID;
	if (request->state.size)
		return stream_new_digest(&request->mechanism, request->state, stream);
	return stream_new(STREAM_DIGEST, NULL, &request->mechanism, stream);
}

CK_RV cmd_stream_open(struct call *call)
{
	const struct stream_open_request *request = &call->request->stream_open_request;
	struct stream_open_response *response = &call->response->stream_open_response;
	enum stream_kind kind = (enum stream_kind)request->kind;
	struct stream *stream = NULL;
	struct object *object = NULL;
	struct key *key = NULL;
	bool private_key = false;
	CK_RV rv = CKR_OK;

	if (kind == STREAM_DIGEST) {
		rv = request->key ? CKR_ARGUMENTS_BAD : stream_open_digest(request, &stream);
	} else {
		rv = request->state.size ? CKR_ARGUMENTS_BAD :
					   call_key(call, request->key, &request->mechanism,
						    stream_usage(kind), request->grant,
						    CKR_KEY_HANDLE_INVALID, &object, &key);
		if (rv == CKR_OK) {
			private_key = object_is_private(object);
			response->version = object_version(object);
			rv = stream_new(kind, key, &request->mechanism, &stream);
		}
	}
	if (rv == CKR_OK) {
		pthread_mutex_lock(&call->context->lock);
		rv = streams_add(call->service, &call->context->streams, &stream, request->slot,
				 private_key, stream_holds(kind, request->mechanism.row),
				 &response->stream);
		pthread_mutex_unlock(&call->context->lock);
	}
	key_free(&key);
	object_free(&object);
	return rv;
}

/* The stream ID of this context, locked; NULL: none, or over. FINISHED: one whose final has been asked for. */
static struct open_stream *stream_take(struct call *call, uint64_t id, bool finished)
{
	struct open_stream *open = NULL;

	pthread_mutex_lock(&call->context->lock);
	open = streams_get(&call->context->streams, id);
	pthread_mutex_unlock(&call->context->lock);
	if (!open)
		return NULL;
	pthread_mutex_lock(&open->lock);
	if (finished ? open->given < open->result.size : open->stream != NULL)
		return open;
	pthread_mutex_unlock(&open->lock);
	streams_put(call->service, &open);
	return NULL;
}

/* Gives it back. A failure ends the operation, as it does for any C_...Update. */
static void stream_give(struct call *call, struct open_stream *open, bool over)
{
	uint64_t id = open->id;

	if (over)
		stream_free(&open->stream);
	pthread_mutex_unlock(&open->lock);
	streams_put(call->service, &open);
	if (!over)
		return;
	pthread_mutex_lock(&call->context->lock);
	streams_close(call->service, &call->context->streams, id);
	pthread_mutex_unlock(&call->context->lock);
}

CK_RV cmd_stream_update(struct call *call)
{
	const struct stream_update_request *request = &call->request->stream_update_request;
	struct open_stream *open = stream_take(call, request->stream, false);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!open)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (streams_hold(call->service, open, request->data.size))
		rv = stream_update(open->stream, request->data, call->data);
	call->response->stream_response.data = buffer_span(call->data);
	stream_give(call, open, rv != CKR_OK);
	return rv;
}

CK_RV cmd_stream_key(struct call *call)
{
	const struct stream_key_request *request = &call->request->stream_key_request;
	struct open_stream *open = NULL;
	struct object *object = NULL;
	struct key *key = NULL;
	CK_RV rv = call_object(call, request->key, &object);

	if (rv == CKR_OK)
		rv = object_key(object, &key);
	if (rv == CKR_OBJECT_HANDLE_INVALID)
		rv = CKR_KEY_HANDLE_INVALID;
	/* No result but a key comes of the root for derivation. */
	if (rv == CKR_OK && (object_class(object) != CKO_SECRET_KEY || request->key == HANDLE_ROOT))
		rv = CKR_KEY_INDIGESTIBLE;
	if (rv == CKR_OK) {
		open = stream_take(call, request->stream, false);
		if (!open || open->slot != request->slot)
			rv = CKR_OPERATION_NOT_INITIALIZED;
	}
	if (rv == CKR_OK)
		rv = stream_update_key(open->stream, key);
	if (rv == CKR_OK)
		open->private_key = open->private_key || object_is_private(object);
	/* A key that cannot be digested leaves the digest as it was. */
	if (open)
		stream_give(call, open, rv != CKR_OK && rv != CKR_KEY_INDIGESTIBLE);
	key_free(&key);
	object_free(&object);
	return rv;
}

/* The next part of a result, borrowed until OPEN is given back; true: there is more. */
static bool stream_part(struct open_stream *open, struct span *part)
{
	size_t left = open->result.size - open->given;

	*part = (struct span){open->result.data + open->given,
			      left < PROTOCOL_CHUNK_MAX ? left : PROTOCOL_CHUNK_MAX};
	open->given += part->size;
	return open->given < open->result.size;
}

/* Only the plaintext of GCM is larger than a frame: it comes all at once, when its tag is found good. */
static CK_RV stream_answer(struct call *call, struct open_stream *open)
{
	struct stream_response *response = &call->response->stream_response;
	struct span part = {0};

	response->more = stream_part(open, &part);
	if (!buffer_set(call->data, part.data, part.size))
		return CKR_DEVICE_MEMORY;
	response->data = buffer_span(call->data);
	return CKR_OK;
}

CK_RV cmd_stream_final(struct call *call)
{
	const struct stream_final_request *request = &call->request->stream_final_request;
	struct open_stream *open = stream_take(call, request->stream, false);
	CK_RV rv = CKR_OK;

	if (!open)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = stream_final(open->stream, request->signature, &open->result);
	stream_free(&open->stream);
	if (rv == CKR_OK)
		rv = stream_answer(call, open);
	stream_give(call, open, rv != CKR_OK || open->given == open->result.size);
	return rv;
}

CK_RV cmd_stream_read(struct call *call)
{
	struct open_stream *open = stream_take(call, call->request->stream_close_request.stream, true);
	CK_RV rv = CKR_OK;

	if (!open)
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = stream_answer(call, open);
	stream_give(call, open, rv != CKR_OK || open->given == open->result.size);
	return rv;
}

CK_RV cmd_stream_close(struct call *call)
{
	pthread_mutex_lock(&call->context->lock);
	streams_close(call->service, &call->context->streams,
		      call->request->stream_close_request.stream);
	pthread_mutex_unlock(&call->context->lock);
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hello: authorisation, and which context the connection belongs to (DESIGN section 7, rules 5 and 6).
 * Inside the enclave.
 */
#include "config.h"

#include "common/log.h"
#include "common/memory.h"
#include "service/cmd_hello.h"
#include "service/ticket.h"

#define HELLO_SOFTWARE "keyclaved " PACKAGE_VERSION

static bool hello_is_remote(uint64_t owner)
{
	return (owner & SERVICE_PEER_REMOTE) != 0;
}

static CK_RV hello_new(struct link *link, const struct hello_request *request,
		       struct application **context)
{
	uint8_t hash[APPLICATION_HASH_SIZE];

	if (!link->peer.allowed && hello_is_remote(link->peer.owner)) {
		log_notice("a remote client without a certificate that channel-clients accepts was refused");
		return CKR_ACTION_PROHIBITED;
	}
	if (!link->peer.allowed) {
		log_notice("uid %lu (pid %ld) refused: in neither allow-uids nor allow-gids",
			   (unsigned long)link->peer.owner, (long)link->peer.pid);
		return CKR_ACTION_PROHIBITED;
	}
	if (!ticket_hash_key(request->context_key, hash))
		return CKR_DEVICE_ERROR;
	return application_new(link->service, link->peer.owner, hash, context);
}

/*
 * JOIN and CLONE: the ticket speaks for the peer, whatever uid it has by now. Nobody joins from elsewhere, for no kernel
 * keeps the ticket of one remote program from another: there the certificate has to be the same.
 */
static CK_RV hello_by_ticket(struct link *link, const struct hello_request *request,
			     struct application **context, bool *made)
{
	struct ticket_join join;
	uint8_t hash[APPLICATION_HASH_SIZE];
	uint8_t new_hash[APPLICATION_HASH_SIZE];
	CK_RV rv = ticket_open_join(link->service, request->ticket, &join);

	if (rv != CKR_OK)
		return rv;
	if (!ticket_hash_key(request->context_key, hash))
		return CKR_DEVICE_ERROR;
	if (!memory_equal(hash, join.key_hash, sizeof(hash)))
		return CKR_ACTION_PROHIBITED;
	if ((hello_is_remote(join.owner) || hello_is_remote(link->peer.owner)) && join.owner != link->peer.owner)
		return CKR_ACTION_PROHIBITED;
	if (request->mode == HELLO_JOIN)
		return application_join(link->service, join.context, join.owner, hash, context, made);
	if (!ticket_hash_key(request->new_key, new_hash))
		return CKR_ARGUMENTS_BAD;
	return application_clone(link->service, join.context, join.owner, hash, new_hash, context, made);
}

/* Negotiated down. */
static uint64_t hello_minor(uint64_t theirs, uint64_t ours)
{
	return theirs < ours ? theirs : ours;
}

CK_RV cmd_hello(struct call *call)
{
	const struct hello_request *request = &call->request->hello_request;
	struct hello_response *response = &call->response->hello_response;
	const struct platform_description *platform = platform_describe(call->service->platform);
	struct application *context = NULL;
	bool made = false;
	CK_RV rv = CKR_ACTION_PROHIBITED;

	/* A second hello on a connection is as good a reason to end it as a refused one. */
	if (!call->link->context && request->major != PROTOCOL_MAJOR) {
		rv = CKR_FUNCTION_NOT_SUPPORTED;
	} else if (!call->link->context) {
		rv = request->mode == HELLO_NEW ?
			     hello_new(call->link, request, &context) :
			     hello_by_ticket(call->link, request, &context, &made);
	}
	if (rv == CKR_OK)
		rv = ticket_make_join(call->service, context, call->data);
	if (rv != CKR_OK) {
		application_leave(&context);
		call->close = true;
		return rv;
	}
	call->link->context = context;
	*response = (struct hello_response){
		.major = PROTOCOL_MAJOR,
		.minor = hello_minor(request->minor, PROTOCOL_MINOR),
		.context_id = {context->id, sizeof(context->id)},
		.ticket = buffer_span(call->data),
		.boot_id = {call->service->boot_id, sizeof(call->service->boot_id)},
		.new_context = made,
		.software = span_text(HELLO_SOFTWARE),
		.platform = span_text(platform->name),
		.tee = platform->tee,
	};
	log_debug("uid %llu pid %ld (%.*s): %s context", (unsigned long long)call->link->peer.owner,
		  (long)call->link->peer.pid, (int)request->program.size,
		  (const char *)request->program.data,
		  request->mode == HELLO_NEW  ? "a new" :
		  request->mode == HELLO_JOIN ? "joins its" :
						"clones its");
	return CKR_OK;
}

CK_RV cmd_hello_control(struct call *call)
{
	const struct service_host *host = &call->service->host;
	CK_RV rv = CKR_DEVICE_ERROR;

	/* No descriptor travels over TLS: the connection itself stands for it. */
	if (hello_is_remote(call->link->peer.owner)) {
		call->link->control = true;
		application_control(call->service, call->context->id, true);
		return CKR_OK;
	}
	if (!host->control)
		return rv;
	/* Before the other end is given away, so that its end is never told of too early. */
	application_control(call->service, call->context->id, true);
	rv = host->control(host->arg, call->context->id, &call->fd);
	if (rv != CKR_OK)
		application_control(call->service, call->context->id, false);
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a client that is logged in, against a service on the memory engine: each is two bytes of length
 * and that much body, the last one what is left. Whatever comes, the service answers or ends the connection, and
 * its answer is one that a client can read.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "crypto/operate.h"
#include "service/service.h"
#include "../lib/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_SLOT 1
#define FUZZ_PIN "12345678"

static struct service *service;
static uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE];
static uint8_t login[PROTOCOL_TICKET_MAX];
static size_t login_size;
static struct buffer out;

static CK_RV ask(struct link *link, enum request_id id, const void *request, union message *response)
{
	const struct request_row *row = request_find(id);
	static uint64_t sequence;
	struct buffer body = {0};
	uint64_t answered = 0;
	CK_RV rv = codec_write_request(&body, row, ++sequence, request);
	int fd = -1;

	if (rv != CKR_OK || !service_handle(service, link, buffer_span(&body), &out, &fd) ||
	    !codec_read_response(buffer_span(&out), row, &answered, &rv, response))
		abort();
	buffer_free(&body);
	return rv;
}

static struct link *open_link(bool with_login)
{
	struct link *link = link_new(service, &(struct service_peer){.owner = 1000, .pid = 1, .allowed = true});
	union message response;

	if (!link ||
	    ask(link, REQUEST_HELLO,
		&(struct hello_request){.major = PROTOCOL_MAJOR, .context_key = {key, sizeof(key)}},
		&response) != CKR_OK)
		abort();
	if (with_login &&
	    (ask(link, REQUEST_ATTACH, &(struct slot_request){.slot = FUZZ_SLOT}, &response) != CKR_OK ||
	     ask(link, REQUEST_RESUME,
		 &(struct resume_request){.slot = FUZZ_SLOT,
					  .ticket = {login, login_size},
					  .context_key = {key, sizeof(key)}},
		 &response) != CKR_OK))
		abort();
	return link;
}

/* A token with a user PIN, and a ticket, so that no run has to pay for a PIN. */
static void start(void)
{
	static struct settings settings;
	static struct scratch scratch;
	struct platform *platform = NULL;
	struct blobstore *blobs = NULL;
	struct token_store *tokens = NULL;
	struct link *link = NULL;
	union message response;

	snprintf(settings.platform, sizeof(settings.platform), "notee");
	settings.max_objects = 200;
	settings.pin_tries = 10;
	settings.weak_pin_allowed = settings.login_tickets = settings.extractable_allowed = true;
	if (!scratch_make(&scratch) || !operate_start())
		abort();
	snprintf(settings.state_dir, sizeof(settings.state_dir), "%s", scratch.path);
	if (platform_open(&settings, &platform) != CKR_OK || blobstore_open_memory(&blobs) != CKR_OK ||
	    token_store_open(&settings, platform, blobs, &tokens) != CKR_OK ||
	    service_new(&settings, tokens, platform, NULL, &service) != CKR_OK)
		abort();
	scratch_remove(&scratch);
	link = open_link(false);
	if (ask(link, REQUEST_TOKEN_INIT,
		&(struct token_init_request){.slot = FUZZ_SLOT, .pin = span_text(FUZZ_PIN)}, &response) != CKR_OK ||
	    ask(link, REQUEST_ATTACH, &(struct slot_request){.slot = FUZZ_SLOT}, &response) != CKR_OK ||
	    ask(link, REQUEST_LOGIN,
		&(struct login_request){.slot = FUZZ_SLOT, .user = CKU_SO, .pin = span_text(FUZZ_PIN)},
		&response) != CKR_OK ||
	    ask(link, REQUEST_PIN_INIT,
		&(struct pin_init_request){.slot = FUZZ_SLOT, .pin = span_text(FUZZ_PIN)}, &response) != CKR_OK ||
	    ask(link, REQUEST_LOGOUT, &(struct slot_request){.slot = FUZZ_SLOT}, &response) != CKR_OK ||
	    ask(link, REQUEST_LOGIN,
		&(struct login_request){.slot = FUZZ_SLOT, .user = CKU_USER, .pin = span_text(FUZZ_PIN)},
		&response) != CKR_OK)
		abort();
	login_size = response.login_response.ticket.size;
	memcpy(login, response.login_response.ticket.data, login_size);
	link_free(&link);
}

/* scrypt and new RSA keys take too long for a fuzzer; a new token would end what start() made. */
static bool too_slow(struct span body)
{
	static union message request;
	const struct request_row *row = NULL;
	uint64_t sequence = 0;

	if (codec_read_request(body, &row, &sequence, &request) != CKR_OK)
		return false;
	switch (row->id) {
	case REQUEST_TOKEN_INIT:
	case REQUEST_LOGIN:
	case REQUEST_PIN_INIT:
	case REQUEST_PIN_SET:
	case REQUEST_GRANT:
		return true;
	case REQUEST_GENERATE_PAIR:
		return request.generate_pair_request.mechanism.row->family == FAMILY_RSA;
	default:
		return false;
	}
}

/* False: the connection is over. */
static bool send_frame(struct link *link, struct span body)
{
	static union message response;
	const struct request_row *row = NULL;
	uint64_t sequence = 0, answered = 0;
	CK_RV rv = CKR_OK;
	int fd = -1;
	bool more = false;

	if (too_slow(body))
		return true;
	more = service_handle(service, link, body, &out, &fd);
	if (fd != -1)
		abort();
	(void)codec_read_request(body, &row, &sequence, &response);
	if (out.size && row &&
	    (!codec_read_response(buffer_span(&out), row, &answered, &rv, &response) || answered != sequence))
		abort();
	if (more && !out.size)
		abort();
	return more;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link *link = NULL;
	bool more = true;

	if (!service)
		start();
	link = open_link(true);
	while (more && size > 2) {
		size_t body = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		if (body > size)
			body = size;
		more = send_frame(link, (struct span){data, body});
		data += body;
		size -= body;
	}
	link_free(&link);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixture of the tests of service/ (service_fixture.h).
 */
#include "config.h"

#include "service_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "crypto/operate.h"

/* ---- the service ---- */

static void host_status(void *arg, struct status_response *status)
{
	(void)arg;
	status->pid = 42;
	status->threads = 2;
}

static CK_RV host_control(void *arg, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE], int *fd)
{
	struct service_fixture *f = arg;

	(void)context;
	f->controls++;
	*fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? CKR_DEVICE_ERROR : CKR_OK;
}

static void service_begin(struct service_fixture *f)
{
	const struct service_host host = {.arg = f, .status = host_status, .control = host_control};

	assert_int_equal(token_store_open(&f->settings, f->platform, f->blobs, &f->tokens), CKR_OK);
	assert_int_equal(service_new(&f->settings, f->tokens, f->platform, &host, &f->service), CKR_OK);
}

void service_fixture_open(struct service_fixture *f)
{
	*f = (struct service_fixture){.controls = 0};
	assert_true(scratch_make(&f->scratch));
	assert_true(operate_start());
	snprintf(f->settings.platform, sizeof(f->settings.platform), "notee");
	snprintf(f->settings.state_dir, sizeof(f->settings.state_dir), "%s", f->scratch.path);
	f->settings.state_dir_override = true;
	f->settings.pin_tries = 10;
	f->settings.max_objects = 1000;
	f->settings.weak_pin_allowed = true;
	f->settings.login_tickets = true;
	f->settings.extractable_allowed = true;
	assert_int_equal(platform_open(&f->settings, &f->platform), CKR_OK);
	assert_int_equal(blobstore_open_memory(&f->blobs), CKR_OK);
	service_begin(f);
}

void service_fixture_restart(struct service_fixture *f)
{
	service_free(&f->service);
	token_store_free(&f->tokens);
	service_begin(f);
}

void service_fixture_close(struct service_fixture *f)
{
	service_free(&f->service);
	token_store_free(&f->tokens);
	blobstore_free(&f->blobs);
	platform_free(&f->platform);
	scratch_remove(&f->scratch);
}

int service_fixture_group(void **state)
{
	struct service_fixture *f = calloc(1, sizeof(*f));
	struct peer_link so;

	assert_non_null(f);
	service_fixture_open(f);
	peer_connect(&so, f, true);
	assert_int_equal(peer_hello(&so, HELLO_NEW, NULL), CKR_OK);
	assert_int_equal(peer_ask(&so, REQUEST_TOKEN_INIT,
				  &(struct token_init_request){.slot = FIXTURE_SLOT,
							       .pin = span_text(FIXTURE_SO_PIN),
							       .label = span_text("test")},
				  NULL),
			 CKR_OK);
	assert_int_equal(peer_attach(&so), CKR_OK);
	assert_int_equal(peer_login(&so, CKU_SO, FIXTURE_SO_PIN), CKR_OK);
	assert_int_equal(peer_ask(&so, REQUEST_PIN_INIT,
				  &(struct pin_init_request){.slot = FIXTURE_SLOT,
							     .pin = span_text(FIXTURE_USER_PIN)},
				  NULL),
			 CKR_OK);
	peer_hang_up(&so);
	*state = f;
	return 0;
}

int service_fixture_group_end(void **state)
{
	struct service_fixture *f = *state;

	service_fixture_close(f);
	free(f);
	return 0;
}

/* ---- peers ---- */

void peer_connect(struct peer_link *p, struct service_fixture *f, bool allowed)
{
	*p = (struct peer_link){.fixture = f};
	p->link = link_new(f->service, &(struct service_peer){.owner = 1000, .pid = 1, .allowed = allowed});
	assert_non_null(p->link);
	assert_true(memory_random(p->key, sizeof(p->key)));
}

void peer_hang_up(struct peer_link *p)
{
	link_free(&p->link);
	buffer_free(&p->out);
}

CK_RV peer_ask_as(struct peer_link *p, uint64_t sequence, enum request_id id, const void *request,
		  union message *response)
{
	const struct request_row *row = request_find(id);
	struct buffer body = {0};
	union message ignored;
	uint64_t answered = 0;
	CK_RV rv = CKR_GENERAL_ERROR;
	int fd = -1;

	assert_non_null(row);
	assert_int_equal(codec_write_request(&body, row, sequence, request), CKR_OK);
	p->closed = !service_handle(p->fixture->service, p->link, buffer_span(&body), &p->out, &fd);
	buffer_free(&body);
	if (fd >= 0)
		close(fd);
	if (!p->out.size) {
		assert_true(p->closed);
		return CKR_GENERAL_ERROR;
	}
	assert_true(codec_read_response(buffer_span(&p->out), row, &answered, &rv,
					response ? response : &ignored));
	assert_int_equal(answered, sequence);
	return rv;
}

CK_RV peer_ask(struct peer_link *p, enum request_id id, const void *request, union message *response)
{
	return peer_ask_as(p, ++p->sequence, id, request, response);
}

CK_RV peer_hello(struct peer_link *p, enum hello_mode mode, const struct peer_link *of)
{
	struct hello_request request = {
		.major = PROTOCOL_MAJOR,
		.minor = PROTOCOL_MINOR,
		.mode = mode,
		.context_key = {of ? of->key : p->key, sizeof(p->key)},
		.program = span_text("test"),
	};
	union message response;
	CK_RV rv = CKR_OK;

	if (of)
		request.ticket = (struct span){of->ticket, of->ticket_size};
	if (mode == HELLO_CLONE)
		request.new_key = (struct span){p->key, sizeof(p->key)};
	rv = peer_ask(p, REQUEST_HELLO, &request, &response);
	if (rv != CKR_OK)
		return rv;
	if (mode == HELLO_JOIN)
		memcpy(p->key, of->key, sizeof(p->key));
	memcpy(p->context, response.hello_response.context_id.data, sizeof(p->context));
	p->ticket_size = response.hello_response.ticket.size;
	memcpy(p->ticket, response.hello_response.ticket.data, p->ticket_size);
	p->made = response.hello_response.new_context;
	return rv;
}

CK_RV peer_attach(struct peer_link *p)
{
	return peer_ask(p, REQUEST_ATTACH, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL);
}

void peer_open(struct peer_link *p, struct service_fixture *f)
{
	peer_connect(p, f, true);
	assert_int_equal(peer_hello(p, HELLO_NEW, NULL), CKR_OK);
	assert_int_equal(peer_attach(p), CKR_OK);
}

static void keep_login(struct peer_link *p, const union message *response)
{
	p->login_size = response->login_response.ticket.size;
	if (p->login_size)
		memcpy(p->login, response->login_response.ticket.data, p->login_size);
}

CK_RV peer_login(struct peer_link *p, CK_USER_TYPE user, const char *pin)
{
	union message response;
	CK_RV rv = peer_ask(p, REQUEST_LOGIN,
			    &(struct login_request){.slot = FIXTURE_SLOT,
						    .user = user,
						    .pin = span_text(pin)},
			    &response);

	if (rv == CKR_OK)
		keep_login(p, &response);
	return rv;
}

CK_RV peer_resume(struct peer_link *p, const struct peer_link *of)
{
	union message response;
	CK_RV rv = peer_ask(p, REQUEST_RESUME,
			    &(struct resume_request){.slot = FIXTURE_SLOT,
						     .ticket = {of->login, of->login_size},
						     .context_key = {of->key, sizeof(of->key)}},
			    &response);

	if (rv == CKR_OK)
		keep_login(p, &response);
	return rv;
}

/* ---- objects ---- */

void add_bool(struct attributes *list, CK_ATTRIBUTE_TYPE type, bool value)
{
	static const uint8_t bytes[2] = {0, 1};

	assert_true(attributes_add(list, type, (struct span){bytes + value, 1}));
}

/* Values live until the program ends: tests use a few hundred. */
void add_number(struct attributes *list, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	static uint8_t numbers[4096][8];
	static size_t next;
	uint8_t *bytes = numbers[next++ % 4096];

	attribute_put_ulong(bytes, value);
	assert_true(attributes_add(list, type, (struct span){bytes, 8}));
}

void add_text(struct attributes *list, CK_ATTRIBUTE_TYPE type, const char *value)
{
	assert_true(attributes_add(list, type, span_text(value)));
}

void make_ec_pair(struct peer_link *p, bool token, const char *label, uint64_t *public_key,
		  uint64_t *private_key)
{
	const struct mechanism_curve *curve = mechanism_curve_named("P-256");
	struct generate_pair_request request = {
		.slot = FIXTURE_SLOT,
		.session = 1,
		.mechanism = {.row = mechanism_find(CKM_EC_KEY_PAIR_GEN)},
	};
	union message response;

	assert_non_null(curve);
	assert_true(attributes_add(&request.public_template, CKA_EC_PARAMS,
				   (struct span){curve->params, curve->params_size}));
	add_bool(&request.public_template, CKA_TOKEN, token);
	add_bool(&request.public_template, CKA_PRIVATE, false);
	add_text(&request.public_template, CKA_LABEL, label);
	add_bool(&request.private_template, CKA_TOKEN, token);
	add_bool(&request.private_template, CKA_SIGN, true);
	add_bool(&request.private_template, CKA_DERIVE, true);
	add_text(&request.private_template, CKA_LABEL, label);
	assert_int_equal(peer_ask(p, REQUEST_GENERATE_PAIR, &request, &response), CKR_OK);
	*public_key = response.generate_pair_response.public_key;
	*private_key = response.generate_pair_response.private_key;
}

uint64_t make_aes_key(struct peer_link *p, bool token, const char *label)
{
	struct generate_request request = {
		.slot = FIXTURE_SLOT,
		.session = 1,
		.mechanism = {.row = mechanism_find(CKM_AES_KEY_GEN)},
	};
	union message response;

	add_number(&request.template, CKA_VALUE_LEN, 32);
	add_bool(&request.template, CKA_TOKEN, token);
	add_bool(&request.template, CKA_EXTRACTABLE, true);
	add_bool(&request.template, CKA_WRAP, true);
	add_text(&request.template, CKA_LABEL, label);
	assert_int_equal(peer_ask(p, REQUEST_GENERATE, &request, &response), CKR_OK);
	return response.handle_response.handle;
}

CK_RV peer_sign(struct peer_link *p, uint64_t key)
{
	static const uint8_t digest[32] = {1, 2, 3};
	union message response;

	return peer_ask(p, REQUEST_SIGN,
			&(struct operate_request){.slot = FIXTURE_SLOT,
						  .key = key,
						  .mechanism = {.row = mechanism_find(CKM_ECDSA)},
						  .data = {digest, sizeof(digest)}},
			&response);
}

size_t peer_find(struct peer_link *p, const struct attributes *template, uint64_t *handles, size_t max)
{
	struct find_request request = {.slot = FIXTURE_SLOT};
	union message response;
	size_t count = 0;

	if (template)
		request.template = *template;
	do {
		struct span found = {0};

		assert_int_equal(peer_ask(p, REQUEST_FIND, &request, &response), CKR_OK);
		found = response.find_response.handles;
		for (size_t i = 0; i + 4 <= found.size; i += 4) {
			uint64_t handle = (uint64_t)found.data[i] << 24 | (uint64_t)found.data[i + 1] << 16 |
					  (uint64_t)found.data[i + 2] << 8 | found.data[i + 3];

			assert_true(handle > request.after);
			request.after = handle;
			if (count < max)
				handles[count] = handle;
			count++;
		}
		if (response.find_response.more)
			assert_true(found.size > 0);
	} while (response.find_response.more);
	return count;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every row of the request table: it has a handler, its right is checked before that, and it survives what is
 * sent to it. Nonsense ends the connection.
 */
#include "config.h"

#include "service_fixture.h"

#include <string.h>

#include "message_sample.h"
#include "service/handlers.h"

static const struct request_row *rows;
static size_t row_count;

static bool names_slot(const struct request_row *row)
{
	for (size_t i = 0; i < row->request->count; i++)
		if (!strcmp(row->request->fields[i].name, "slot"))
			return true;
	return false;
}

static void set_slot(const struct request_row *row, union message *request)
{
	for (size_t i = 0; i < row->request->count; i++)
		if (!strcmp(row->request->fields[i].name, "slot"))
			*(uint64_t *)((char *)request + row->request->fields[i].offset) = FIXTURE_SLOT;
}

static void test_every_row_has_a_handler(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++)
		if (!handlers_find(rows[i].id))
			fail_msg("%s", rows[i].name);
}

/* What names no slot cannot ask for an attachment; responses that must be had once fit their memory. */
static void test_rows_fit_the_dispatch(void **state)
{
	(void)state;
	for (size_t i = 0; i < row_count; i++)
		if (rows[i].right >= RIGHT_ATTACHED && !names_slot(&rows[i]))
			fail_msg("%s", rows[i].name);
}

static void test_nothing_before_hello(void **state)
{
	for (size_t i = 0; i < row_count; i++) {
		struct peer_link p;
		union message request;

		if (rows[i].id == REQUEST_HELLO)
			continue;
		message_sample(rows[i].request, 0, &request);
		peer_connect(&p, *state, true);
		if (rows[i].id == REQUEST_CHANNEL) {
			/* Nor is this, where there is no TLS. */
			assert_int_equal(peer_ask(&p, rows[i].id, &request, NULL), CKR_FUNCTION_NOT_SUPPORTED);
			assert_true(p.closed && !link_authorised(p.link));
			peer_hang_up(&p);
			continue;
		}
		assert_int_equal(link_limit(p.link), PROTOCOL_HELLO_MAX);
		(void)peer_ask(&p, rows[i].id, &request, NULL);
		if (!p.closed || p.out.size || link_authorised(p.link))
			fail_msg("%s is served before hello", rows[i].name);
		peer_hang_up(&p);
	}
}

static void test_rights(void **state)
{
	struct peer_link outside, attached;

	peer_connect(&outside, *state, true);
	assert_int_equal(peer_hello(&outside, HELLO_NEW, NULL), CKR_OK);
	peer_open(&attached, *state);
	for (size_t i = 0; i < row_count; i++) {
		union message request;
		CK_RV rv = CKR_OK;

		if (rows[i].right < RIGHT_ATTACHED)
			continue;
		message_sample(rows[i].request, 0, &request);
		set_slot(&rows[i], &request);
		rv = peer_ask(&outside, rows[i].id, &request, NULL);
		if (rv != CKR_SESSION_HANDLE_INVALID)
			fail_msg("%s without an attachment: 0x%lx", rows[i].name, rv);
		if (rows[i].right < RIGHT_USER)
			continue;
		rv = peer_ask(&attached, rows[i].id, &request, NULL);
		if (rv != CKR_USER_NOT_LOGGED_IN)
			fail_msg("%s without login: 0x%lx", rows[i].name, rv);
	}
	peer_hang_up(&outside);
	peer_hang_up(&attached);
}

static void test_the_wrong_user(void **state)
{
	struct peer_link user, so;

	peer_open(&so, *state);
	assert_int_equal(peer_login(&so, CKU_SO, FIXTURE_SO_PIN), CKR_OK);
	peer_open(&user, *state);
	assert_int_equal(peer_login(&user, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	for (size_t i = 0; i < row_count; i++) {
		struct peer_link *p = rows[i].right == RIGHT_USER ? &so : &user;
		union message request;

		if (rows[i].right < RIGHT_USER)
			continue;
		message_sample(rows[i].request, 0, &request);
		set_slot(&rows[i], &request);
		assert_int_equal(peer_ask(p, rows[i].id, &request, NULL), CKR_USER_NOT_LOGGED_IN);
	}
	peer_hang_up(&user);
	peer_hang_up(&so);
}

/* Samples of each row, logged in: whatever comes of it, it is an answer, and the service goes on. */
static void test_samples_are_answered(void **state)
{
	struct peer_link p;

	peer_open(&p, *state);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	for (size_t i = 0; i < row_count; i++) {
		/* PINs are tried elsewhere: these would lock the token. */
		if (rows[i].id == REQUEST_HELLO || rows[i].id == REQUEST_LOGIN ||
		    rows[i].id == REQUEST_PIN_SET || rows[i].id == REQUEST_GRANT ||
		    rows[i].id == REQUEST_TOKEN_INIT || rows[i].id == REQUEST_LOGOUT ||
		    rows[i].id == REQUEST_DETACH || rows[i].id == REQUEST_CHANNEL)
			continue;
		for (unsigned variant = 0; variant < 3; variant++) {
			union message request;

			message_sample(rows[i].request, variant, &request);
			set_slot(&rows[i], &request);
			(void)peer_ask(&p, rows[i].id, &request, NULL);
			if (p.closed)
				fail_msg("%s variant %u ended the connection", rows[i].name, variant);
		}
	}
	assert_int_equal(peer_ask(&p, REQUEST_STATUS, &(struct empty){0}, NULL), CKR_OK);
	peer_hang_up(&p);
}

static bool send_raw(struct peer_link *p, const void *bytes, size_t size)
{
	int fd = -1;
	bool more = service_handle(p->fixture->service, p->link, (struct span){bytes, size}, &p->out, &fd);

	assert_int_equal(fd, -1);
	return more;
}

static void test_nonsense(void **state)
{
	static const uint8_t unknown_request[] = {0x82, 0x18, 0xff, 0x05}; /* [255, 5] */
	static const uint8_t not_an_array[] = {0x01};
	static const uint8_t no_sequence[] = {0x82, 0x03, 0x00}; /* [status, 0] */
	struct peer_link p;

	peer_connect(&p, *state, true);
	assert_false(send_raw(&p, "", 0));
	assert_false(send_raw(&p, not_an_array, sizeof(not_an_array)));
	assert_false(send_raw(&p, unknown_request, sizeof(unknown_request)));
	assert_int_equal(p.out.size, 0);
	assert_int_equal(peer_hello(&p, HELLO_NEW, NULL), CKR_OK);
	assert_int_equal(link_limit(p.link), PROTOCOL_FRAME_MAX);
	/* What can be answered is. */
	assert_true(send_raw(&p, unknown_request, sizeof(unknown_request)));
	assert_true(p.out.size > 0);
	assert_false(send_raw(&p, no_sequence, sizeof(no_sequence)));
	assert_false(send_raw(&p, not_an_array, sizeof(not_an_array)));
	assert_int_equal(p.out.size, 0);
	peer_hang_up(&p);
}

/* Each byte of a good frame changed, each length: never more than an answer. */
static void test_damaged_frames(void **state)
{
	struct peer_link p;

	peer_open(&p, *state);
	for (size_t i = 0; i < row_count; i++) {
		struct buffer body = {0};
		union message request;

		if (rows[i].id == REQUEST_LOGIN || rows[i].id == REQUEST_TOKEN_INIT ||
		    rows[i].id == REQUEST_PIN_SET)
			continue;
		message_sample(rows[i].request, 1, &request);
		set_slot(&rows[i], &request);
		assert_int_equal(codec_write_request(&body, &rows[i], 1000000 + i, &request), CKR_OK);
		for (size_t at = 0; at < body.size && at < 48; at++) {
			int fd = -1;

			body.data[at] ^= 0x41;
			(void)service_handle(p.fixture->service, p.link, buffer_span(&body), &p.out, &fd);
			body.data[at] ^= 0x41;
			(void)service_handle(p.fixture->service, p.link, (struct span){body.data, at}, &p.out,
					     &fd);
		}
		buffer_free(&body);
	}
	assert_int_equal(peer_ask(&p, REQUEST_SLOTS, &(struct empty){0}, NULL), CKR_OK);
	peer_hang_up(&p);
}

static void test_answers_repeat(void **state)
{
	struct peer_link p;
	struct create_request request = {.slot = FIXTURE_SLOT, .session = 1};
	union message response;
	uint64_t first = 0;

	peer_open(&p, *state);
	add_number(&request.template, CKA_CLASS, CKO_DATA);
	add_bool(&request.template, CKA_TOKEN, false);
	add_bool(&request.template, CKA_PRIVATE, false);
	add_text(&request.template, CKA_VALUE, "once");
	assert_int_equal(peer_ask_as(&p, 500, REQUEST_CREATE, &request, &response), CKR_OK);
	first = response.handle_response.handle;
	assert_int_equal(peer_ask_as(&p, 500, REQUEST_CREATE, &request, &response), CKR_OK);
	assert_int_equal(response.handle_response.handle, first);
	assert_int_equal(peer_ask_as(&p, 501, REQUEST_CREATE, &request, &response), CKR_OK);
	assert_int_not_equal(response.handle_response.handle, first);
	/* A failure is a result too. */
	request.template.count = 0;
	assert_int_equal(peer_ask_as(&p, 502, REQUEST_CREATE, &request, &response),
			 CKR_TEMPLATE_INCOMPLETE);
	assert_int_equal(peer_ask_as(&p, 502, REQUEST_CREATE, &request, &response),
			 CKR_TEMPLATE_INCOMPLETE);
	peer_hang_up(&p);
}

/* A token object that was made before the worker died is not made again. */
static void test_answers_repeat_after_a_restart(void **state)
{
	struct service_fixture *f = *state;
	struct peer_link p, back;
	struct create_request request = {.slot = FIXTURE_SLOT, .session = 1};
	union message response;
	uint64_t first = 0;

	peer_open(&p, f);
	add_number(&request.template, CKA_CLASS, CKO_DATA);
	add_bool(&request.template, CKA_TOKEN, true);
	add_bool(&request.template, CKA_PRIVATE, false);
	add_text(&request.template, CKA_VALUE, "once");
	assert_int_equal(peer_ask_as(&p, 700, REQUEST_CREATE, &request, &response), CKR_OK);
	first = response.handle_response.handle;
	peer_hang_up(&p);
	service_fixture_restart(f);

	peer_connect(&back, f, false);
	assert_int_equal(peer_hello(&back, HELLO_JOIN, &p), CKR_OK);
	assert_true(back.made);
	assert_memory_equal(back.context, p.context, sizeof(p.context));
	assert_int_equal(peer_attach(&back), CKR_OK);
	assert_int_equal(peer_ask_as(&back, 700, REQUEST_CREATE, &request, &response), CKR_OK);
	assert_int_equal(response.handle_response.handle, first);
	assert_int_equal(peer_ask_as(&back, 701, REQUEST_DESTROY,
				     &(struct object_request){.slot = FIXTURE_SLOT, .handle = first}, NULL),
			 CKR_OK);
	peer_hang_up(&back);
}

static int start(void **state)
{
	rows = request_rows(&row_count);
	return service_fixture_group(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_has_a_handler),
		cmocka_unit_test(test_rows_fit_the_dispatch),
		cmocka_unit_test(test_nothing_before_hello),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_the_wrong_user),
		cmocka_unit_test(test_samples_are_answered),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_damaged_frames),
		cmocka_unit_test(test_answers_repeat),
		cmocka_unit_test(test_answers_repeat_after_a_restart),
	};

	return cmocka_run_group_tests(tests, start, service_fixture_group_end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts: who may open one, what joins and clones share (DESIGN section 7, rules 5, 6 and 12), and what a
 * login ticket is bound to (security rule 13).
 */
#include "config.h"

#include "service_fixture.h"

#include <string.h>

static void test_hello_wants_authorisation(void **state)
{
	struct peer_link p;

	peer_connect(&p, *state, false);
	assert_int_equal(peer_hello(&p, HELLO_NEW, NULL), CKR_ACTION_PROHIBITED);
	assert_true(p.closed);
	assert_false(link_authorised(p.link));
	peer_hang_up(&p);
}

static void test_a_ticket_is_authorisation(void **state)
{
	struct peer_link master, worker, stranger;

	peer_open(&master, *state);
	peer_connect(&worker, *state, false);
	assert_int_equal(peer_hello(&worker, HELLO_JOIN, &master), CKR_OK);
	assert_false(worker.made);
	assert_memory_equal(worker.context, master.context, sizeof(master.context));
	assert_true(service_ticket_valid(worker.fixture->service,
					 (struct span){master.ticket, master.ticket_size}));

	/* Without the key, or changed, it is none. */
	peer_connect(&stranger, *state, false);
	memcpy(stranger.ticket, master.ticket, master.ticket_size);
	stranger.ticket_size = master.ticket_size;
	assert_int_equal(peer_hello(&stranger, HELLO_JOIN, &stranger), CKR_ACTION_PROHIBITED);
	peer_hang_up(&stranger);
	for (size_t i = 0; i < master.ticket_size; i += 7) {
		struct peer_link forged = master;

		forged.ticket[i] ^= 1;
		peer_connect(&stranger, *state, false);
		assert_int_equal(peer_hello(&stranger, HELLO_JOIN, &forged), CKR_ACTION_PROHIBITED);
		assert_true(stranger.closed);
		peer_hang_up(&stranger);
	}
	peer_hang_up(&worker);
	peer_hang_up(&master);
}

static void test_major_version(void **state)
{
	struct peer_link p;
	struct hello_request request = {.major = PROTOCOL_MAJOR + 1, .mode = HELLO_NEW};

	peer_connect(&p, *state, true);
	request.context_key = (struct span){p.key, sizeof(p.key)};
	assert_int_equal(peer_ask(&p, REQUEST_HELLO, &request, NULL), CKR_FUNCTION_NOT_SUPPORTED);
	assert_true(p.closed);
	peer_hang_up(&p);
}

static void test_one_hello_only(void **state)
{
	struct peer_link p;

	peer_open(&p, *state);
	assert_int_equal(peer_hello(&p, HELLO_NEW, NULL), CKR_ACTION_PROHIBITED);
	assert_true(p.closed);
	peer_hang_up(&p);
}

static void test_connections_share_a_context(void **state)
{
	struct peer_link a, b;
	uint64_t key = 0;

	peer_open(&a, *state);
	assert_int_equal(peer_login(&a, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	key = make_aes_key(&a, false, "shared");
	peer_connect(&b, *state, true);
	assert_int_equal(peer_hello(&b, HELLO_JOIN, &a), CKR_OK);
	b.sequence = 1000;
	assert_int_equal(peer_ask(&b, REQUEST_DESCRIBE,
				  &(struct object_request){.slot = FIXTURE_SLOT, .handle = key}, NULL),
			 CKR_OK);
	/* The context lives while one of them does. */
	peer_hang_up(&a);
	assert_int_equal(peer_ask(&b, REQUEST_DESCRIBE,
				  &(struct object_request){.slot = FIXTURE_SLOT, .handle = key}, NULL),
			 CKR_OK);
	peer_hang_up(&b);
	peer_connect(&a, *state, true);
	assert_int_equal(peer_hello(&a, HELLO_JOIN, &b), CKR_OK);
	assert_true(a.made);
	peer_hang_up(&a);
}

static void test_a_clone_is_on_its_own(void **state)
{
	struct peer_link parent, child;
	uint64_t public_key = 0, private_key = 0, secret = 0;
	union message response;
	struct set_request change = {.slot = FIXTURE_SLOT};
	struct get_request label = {.slot = FIXTURE_SLOT, .types = {.item = {CKA_LABEL}, .count = 1}};

	peer_open(&parent, *state);
	assert_int_equal(peer_login(&parent, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	make_ec_pair(&parent, false, "session", &public_key, &private_key);
	secret = make_aes_key(&parent, false, "other");

	peer_connect(&child, *state, false);
	assert_int_equal(peer_hello(&child, HELLO_CLONE, &parent), CKR_OK);
	assert_false(child.made);
	assert_memory_not_equal(child.context, parent.context, sizeof(parent.context));
	/* Login, attachment and session objects are there, under the same handles. */
	assert_int_equal(peer_sign(&child, private_key), CKR_OK);

	/* A change, a destruction, a logout of the child: the parent sees none. */
	change.handle = secret;
	add_text(&change.template, CKA_LABEL, "changed");
	assert_int_equal(peer_ask(&child, REQUEST_SET, &change, NULL), CKR_OK);
	label.handle = secret;
	assert_int_equal(peer_ask(&parent, REQUEST_GET, &label, &response), CKR_OK);
	assert_int_equal(response.get_response.attributes.item[0].value.size, 5);
	assert_int_equal(peer_ask(&child, REQUEST_DESTROY,
				  &(struct object_request){.slot = FIXTURE_SLOT, .handle = public_key}, NULL),
			 CKR_OK);
	assert_int_equal(peer_ask(&child, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL),
			 CKR_OK);
	assert_int_equal(peer_sign(&child, private_key), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(peer_sign(&parent, private_key), CKR_OK);
	assert_int_equal(peer_ask(&parent, REQUEST_SIZE,
				  &(struct object_request){.slot = FIXTURE_SLOT, .handle = public_key}, NULL),
			 CKR_OK);
	peer_hang_up(&child);

	/* The other way round: a child outlives its parent. */
	peer_connect(&child, *state, false);
	assert_int_equal(peer_hello(&child, HELLO_CLONE, &parent), CKR_OK);
	peer_hang_up(&parent);
	assert_int_equal(peer_sign(&child, private_key), CKR_OK);
	peer_hang_up(&child);
}

static void test_a_control_socket_keeps_a_context(void **state)
{
	struct service_fixture *f = *state;
	struct peer_link p, back;
	unsigned before = f->controls;

	peer_open(&p, f);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_CONTROL, &(struct empty){0}, NULL), CKR_OK);
	assert_int_equal(f->controls, before + 1);
	peer_hang_up(&p);
	peer_connect(&back, f, false);
	assert_int_equal(peer_hello(&back, HELLO_JOIN, &p), CKR_OK);
	assert_false(back.made);
	peer_hang_up(&back);
	service_context_over(f->service, p.context);
	peer_connect(&back, f, false);
	assert_int_equal(peer_hello(&back, HELLO_JOIN, &p), CKR_OK);
	assert_true(back.made);
	peer_hang_up(&back);
}

static void test_contexts_after_a_restart(void **state)
{
	struct service_fixture *f = *state;
	struct peer_link parent, child, back, copy;
	uint64_t public_key = 0, private_key = 0, session_key = 0;

	peer_open(&parent, f);
	assert_int_equal(peer_login(&parent, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	make_ec_pair(&parent, true, "kept", &public_key, &private_key);
	session_key = make_aes_key(&parent, false, "lost");
	peer_connect(&child, f, false);
	assert_int_equal(peer_hello(&child, HELLO_CLONE, &parent), CKR_OK);
	peer_hang_up(&parent);
	peer_hang_up(&child);
	service_fixture_restart(f);

	/* The keeper brings the control socket back before anybody joins. */
	service_context_alive(f->service, parent.context);
	peer_connect(&back, f, false);
	assert_int_equal(peer_hello(&back, HELLO_JOIN, &parent), CKR_OK);
	assert_true(back.made);
	assert_int_equal(peer_attach(&back), CKR_OK);
	assert_int_equal(peer_sign(&back, private_key), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(peer_resume(&back, &parent), CKR_OK);
	assert_int_equal(peer_sign(&back, private_key), CKR_OK);
	assert_int_equal(peer_ask(&back, REQUEST_SIZE,
				  &(struct object_request){.slot = FIXTURE_SLOT, .handle = session_key}, NULL),
			 CKR_OBJECT_HANDLE_INVALID);

	/* A sibling whose original is lost: empty, and the original's ticket with its key logs it in. */
	peer_connect(&copy, f, false);
	assert_int_equal(peer_hello(&copy, HELLO_JOIN, &child), CKR_OK);
	assert_true(copy.made);
	assert_int_equal(peer_attach(&copy), CKR_OK);
	assert_int_equal(peer_resume(&copy, &parent), CKR_OK);
	assert_int_equal(peer_sign(&copy, private_key), CKR_OK);

	peer_hang_up(&copy);
	peer_hang_up(&back);
	service_context_over(f->service, parent.context);
}

static void test_what_a_login_ticket_is_bound_to(void **state)
{
	struct peer_link user, other, joined;
	struct peer_link forged;

	peer_open(&user, *state);
	assert_int_equal(peer_login(&user, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	assert_true(user.login_size > 0);

	/* The context key. */
	peer_open(&other, *state);
	forged = user;
	forged.key[0] ^= 1;
	assert_int_equal(peer_resume(&other, &forged), CKR_USER_NOT_LOGGED_IN);
	/* Every byte; and a join ticket is no login ticket, nor the reverse. */
	for (size_t i = 0; i < user.login_size; i += 5) {
		forged = user;
		forged.login[i] ^= 0x10;
		assert_int_equal(peer_resume(&other, &forged), CKR_USER_NOT_LOGGED_IN);
	}
	forged = user;
	memcpy(forged.login, user.ticket, user.ticket_size);
	forged.login_size = user.ticket_size;
	assert_int_equal(peer_resume(&other, &forged), CKR_USER_NOT_LOGGED_IN);
	forged = user;
	memcpy(forged.ticket, user.login, user.login_size);
	forged.ticket_size = user.login_size;
	peer_connect(&joined, *state, false);
	assert_int_equal(peer_hello(&joined, HELLO_JOIN, &forged), CKR_ACTION_PROHIBITED);
	peer_hang_up(&joined);
	/* The login itself: a logout ends its tickets, and no other's. */
	assert_int_equal(peer_login(&other, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	assert_int_equal(peer_ask(&other, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL),
			 CKR_OK);
	assert_int_equal(peer_resume(&other, &other), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(peer_resume(&other, &user), CKR_OK);
	peer_hang_up(&other);
	peer_hang_up(&user);
}

static CK_RV log_out(struct peer_link *p)
{
	return peer_ask(p, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL);
}

/* One's own context again after a restart, attached. */
static void come_back(struct peer_link *p, struct service_fixture *f, const struct peer_link *of)
{
	peer_connect(p, f, false);
	assert_int_equal(peer_hello(p, HELLO_JOIN, of), CKR_OK);
	assert_int_equal(peer_attach(p), CKR_OK);
}

/*
 * Security rule 13: the thief has every ticket that the login ever had, and the context key. After the logout none
 * is good, neither at once nor when everything was started again; and nobody else's login ends with it.
 */
static void test_a_logout_is_for_good(void **state)
{
	struct service_fixture *f = *state;
	struct peer_link user, server, child, stolen, later, back, thief;

	peer_open(&user, f);
	peer_open(&server, f);
	assert_int_equal(peer_login(&user, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	assert_int_equal(peer_login(&server, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	stolen = user;
	peer_connect(&child, f, false);
	assert_int_equal(peer_hello(&child, HELLO_CLONE, &user), CKR_OK);
	assert_int_equal(peer_resume(&child, &user), CKR_OK);
	peer_hang_up(&user);
	peer_hang_up(&server);
	peer_hang_up(&child);
	service_fixture_restart(f);
	come_back(&back, f, &user);
	assert_int_equal(peer_resume(&back, &stolen), CKR_OK);
	later = back;
	assert_true(later.login_size != stolen.login_size ||
		    memcmp(later.login, stolen.login, stolen.login_size) != 0);
	assert_int_equal(log_out(&back), CKR_OK);
	for (int restarts = 0; restarts < 3; restarts++) {
		peer_open(&thief, f);
		assert_int_equal(peer_resume(&thief, &stolen), CKR_USER_NOT_LOGGED_IN);
		assert_int_equal(peer_resume(&thief, &later), CKR_USER_NOT_LOGGED_IN);
		assert_int_equal(peer_resume(&thief, &server), CKR_OK);
		peer_hang_up(&thief);
		peer_open(&thief, f);
		assert_int_equal(peer_resume(&thief, &child), CKR_OK);
		peer_hang_up(&thief);
		if (restarts == 0)
			peer_hang_up(&back);
		service_fixture_restart(f);
	}
}

/* The same the other way round: what a child ends is its own. */
static void test_a_clones_logout_is_its_own(void **state)
{
	struct service_fixture *f = *state;
	struct peer_link user, child, back;

	peer_open(&user, f);
	assert_int_equal(peer_login(&user, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	peer_connect(&child, f, false);
	assert_int_equal(peer_hello(&child, HELLO_CLONE, &user), CKR_OK);
	assert_int_equal(peer_resume(&child, &user), CKR_OK);
	assert_int_equal(log_out(&child), CKR_OK);
	peer_hang_up(&child);
	peer_hang_up(&user);
	service_fixture_restart(f);
	come_back(&back, f, &user);
	assert_int_equal(peer_resume(&back, &child), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(peer_resume(&back, &user), CKR_OK);
	peer_hang_up(&back);
}

static void test_a_new_pin_ends_tickets(void **state)
{
	struct peer_link user, other;
	struct pin_set_request change = {.slot = FIXTURE_SLOT,
					 .old_pin = span_text(FIXTURE_USER_PIN),
					 .new_pin = span_text("another one")};

	peer_open(&user, *state);
	peer_open(&other, *state);
	assert_int_equal(peer_login(&user, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	assert_int_equal(peer_ask(&user, REQUEST_PIN_SET, &change, NULL), CKR_OK);
	assert_int_equal(peer_resume(&other, &user), CKR_USER_NOT_LOGGED_IN);
	/* Who is logged in stays so, and gets a fresh ticket that is good. */
	assert_int_equal(peer_resume(&user, &user), CKR_OK);
	assert_int_equal(peer_resume(&other, &user), CKR_OK);
	change.old_pin = span_text("another one");
	change.new_pin = span_text(FIXTURE_USER_PIN);
	assert_int_equal(peer_ask(&user, REQUEST_PIN_SET, &change, NULL), CKR_OK);
	peer_hang_up(&user);
	peer_hang_up(&other);
}

static void test_logins(void **state)
{
	struct peer_link p;

	peer_open(&p, *state);
	assert_int_equal(peer_login(&p, 7, FIXTURE_USER_PIN), CKR_USER_TYPE_INVALID);
	assert_int_equal(peer_login(&p, CKU_USER, "wrong pin"), CKR_PIN_INCORRECT);
	assert_int_equal(peer_ask(&p, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL),
			 CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(peer_login(&p, CKU_SO, FIXTURE_SO_PIN), CKR_OK);
	assert_int_equal(p.login_size, 0);
	assert_int_equal(service_idle(p.fixture->service), 0);
	assert_int_equal(peer_login(&p, CKU_SO, FIXTURE_SO_PIN), CKR_USER_ALREADY_LOGGED_IN);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	peer_hang_up(&p);
}

static void test_tickets_can_be_off(void **state)
{
	struct service_fixture *f = *state;
	struct peer_link p, q;

	peer_open(&p, f);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	peer_hang_up(&p);
	f->settings.login_tickets = false;
	service_fixture_restart(f);
	peer_open(&q, f);
	assert_int_equal(peer_resume(&q, &p), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(peer_login(&q, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	assert_int_equal(q.login_size, 0);
	peer_hang_up(&q);
	f->settings.login_tickets = true;
	service_fixture_restart(f);
}

/* C_InitToken sees every application's sessions. */
static void test_init_wants_no_attachment(void **state)
{
	struct peer_link p, q;
	struct token_init_request again = {
		.slot = FIXTURE_SLOT, .pin = span_text("not the SO PIN"), .label = span_text("again")};

	peer_open(&p, *state);
	peer_connect(&q, *state, true);
	assert_int_equal(peer_hello(&q, HELLO_NEW, NULL), CKR_OK);
	assert_int_equal(peer_ask(&q, REQUEST_TOKEN_INIT, &again, NULL), CKR_SESSION_EXISTS);
	assert_int_equal(peer_ask(&p, REQUEST_DETACH, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL),
			 CKR_OK);
	assert_int_equal(peer_ask(&q, REQUEST_TOKEN_INIT, &again, NULL), CKR_PIN_INCORRECT);
	/* Nor is there anything to attach to in the empty slot. */
	assert_int_equal(peer_ask(&q, REQUEST_ATTACH, &(struct slot_request){.slot = FIXTURE_SLOT + 1}, NULL),
			 CKR_TOKEN_NOT_RECOGNIZED);
	assert_int_equal(peer_ask(&q, REQUEST_ATTACH, &(struct slot_request){.slot = 999}, NULL),
			 CKR_SLOT_ID_INVALID);
	peer_hang_up(&p);
	peer_hang_up(&q);
}

static void test_status_and_slots(void **state)
{
	struct peer_link p;
	union message response;

	peer_open(&p, *state);
	assert_int_equal(peer_ask(&p, REQUEST_STATUS, &(struct empty){0}, &response), CKR_OK);
	assert_int_equal(response.status_response.pid, 42);
	assert_int_equal(response.status_response.tokens, 1);
	assert_int_equal(response.status_response.tee, 0);
	assert_true(response.status_response.contexts >= 1);
	assert_int_equal(response.status_response.store_uuid.size, PROTOCOL_STORE_UUID_SIZE);
	assert_int_equal(peer_ask(&p, REQUEST_DAMAGE, &(struct empty){0}, &response), CKR_OK);
	assert_int_equal(response.damage_response.names.count, 0);
	assert_int_equal(peer_ask(&p, REQUEST_SLOTS, &(struct empty){0}, &response), CKR_OK);
	assert_int_equal(response.slots_response.slots.count, 2);
	assert_int_equal(peer_ask(&p, REQUEST_TOKEN, &(struct slot_request){.slot = FIXTURE_SLOT}, &response),
			 CKR_OK);
	assert_true(span_equal(response.token_response.label, span_text("test")));
	assert_int_equal(response.token_response.serial.size, 16);
	assert_true(response.token_response.flags & CKF_TOKEN_INITIALIZED);
	assert_true(response.token_response.identity.size > 0);
	assert_int_equal(peer_ask(&p, REQUEST_TOKEN, &(struct slot_request){.slot = FIXTURE_SLOT + 1},
				  &response),
			 CKR_OK);
	assert_false(response.token_response.flags & CKF_TOKEN_INITIALIZED);
	assert_int_equal(response.token_response.label.size, 0);
	peer_hang_up(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello_wants_authorisation),
		cmocka_unit_test(test_a_ticket_is_authorisation),
		cmocka_unit_test(test_major_version),
		cmocka_unit_test(test_one_hello_only),
		cmocka_unit_test(test_connections_share_a_context),
		cmocka_unit_test(test_a_clone_is_on_its_own),
		cmocka_unit_test(test_a_control_socket_keeps_a_context),
		cmocka_unit_test(test_contexts_after_a_restart),
		cmocka_unit_test(test_what_a_login_ticket_is_bound_to),
		cmocka_unit_test(test_a_logout_is_for_good),
		cmocka_unit_test(test_a_clones_logout_is_its_own),
		cmocka_unit_test(test_a_new_pin_ends_tickets),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_tickets_can_be_off),
		cmocka_unit_test(test_init_wants_no_attachment),
		cmocka_unit_test(test_status_and_slots),
	};

	return cmocka_run_group_tests(tests, service_fixture_group, service_fixture_group_end);
}

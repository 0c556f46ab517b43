/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service under threads: connections of one context and of several, which sign, make and destroy
 * objects, log in and out, clone and stream at the same time. Run by the thread sanitizer too.
 */
#include "config.h"

#include "service_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "crypto/stream.h"

#define THREADS 4
#define ROUNDS 60

static struct service_fixture *fixture;
static struct peer_link master;
static uint64_t shared_key; /* a token key of the master's context */
static atomic_uint failures;

/* cmocka's assertions are for the main thread. */
static void expect(CK_RV rv, CK_RV want, const char *what)
{
	if (rv == want)
		return;
	atomic_fetch_add(&failures, 1);
	print_error("%s: 0x%lx\n", what, rv);
}

static CK_RV ask(struct peer_link *p, enum request_id id, const void *request, union message *response)
{
	return peer_ask(p, id, request, response);
}

static void make_and_destroy(struct peer_link *p, bool token)
{
	struct create_request request = {.slot = FIXTURE_SLOT, .session = 1};
	union message response;
	static const uint8_t flag[2] = {0, 1};
	uint8_t class[8];

	attribute_put_ulong(class, CKO_DATA);
	(void)attributes_add(&request.template, CKA_CLASS, (struct span){class, 8});
	(void)attributes_add(&request.template, CKA_TOKEN, (struct span){flag + token, 1});
	(void)attributes_add(&request.template, CKA_PRIVATE, (struct span){flag, 1});
	expect(ask(p, REQUEST_CREATE, &request, &response), CKR_OK, "create");
	expect(ask(p, REQUEST_DESTROY,
		   &(struct object_request){.slot = FIXTURE_SLOT, .handle = response.handle_response.handle},
		   NULL),
	       CKR_OK, "destroy");
}

static void digest_in_parts(struct peer_link *p)
{
	union message response;
	uint64_t stream = 0;

	expect(ask(p, REQUEST_STREAM_OPEN,
		   &(struct stream_open_request){.slot = FIXTURE_SLOT,
						 .kind = STREAM_DIGEST,
						 .mechanism = {.row = mechanism_find(CKM_SHA256)}},
		   &response),
	       CKR_OK, "stream-open");
	stream = response.stream_open_response.stream;
	expect(ask(p, REQUEST_STREAM_UPDATE,
		   &(struct stream_update_request){.stream = stream, .data = span_text("abc")}, NULL),
	       CKR_OK, "stream-update");
	expect(ask(p, REQUEST_STREAM_FINAL, &(struct stream_final_request){.stream = stream}, NULL), CKR_OK,
	       "stream-final");
}

static void clone_once(struct peer_link *of)
{
	struct peer_link child;
	union message response;

	peer_connect(&child, fixture, false);
	expect(peer_hello(&child, HELLO_CLONE, of), CKR_OK, "clone");
	expect(peer_sign(&child, shared_key), CKR_OK, "sign of a clone");
	expect(ask(&child, REQUEST_CONTROL, &(struct empty){0}, NULL), CKR_OK, "control");
	expect(ask(&child, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, &response), CKR_OK,
	       "logout");
	peer_hang_up(&child);
	service_context_over(fixture->service, child.context);
}

/* One more connection of the master's context. */
static void *joined(void *arg)
{
	const unsigned number = *(const unsigned *)arg;
	struct peer_link p;
	union message response;

	peer_connect(&p, fixture, false);
	expect(peer_hello(&p, HELLO_JOIN, &master), CKR_OK, "join");
	p.sequence = 1000000ULL * (number + 1);
	for (int i = 0; i < ROUNDS; i++) {
		expect(peer_sign(&p, shared_key), CKR_OK, "sign");
		make_and_destroy(&p, i % 8 == 0);
		digest_in_parts(&p);
		expect(ask(&p, REQUEST_FIND, &(struct find_request){.slot = FIXTURE_SLOT}, &response), CKR_OK,
		       "find");
		expect(ask(&p, REQUEST_EVIDENCE, &(struct evidence_request){.slot = FIXTURE_SLOT}, &response),
		       CKR_OK, "evidence");
		expect(ask(&p, REQUEST_STATUS, &(struct empty){0}, &response), CKR_OK, "status");
		if (i % 10 == 0)
			clone_once(&p);
	}
	peer_hang_up(&p);
	return NULL;
}

/* A context of its own that comes and goes. */
static void *alone(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS / 4; i++) {
		struct peer_link p;

		peer_connect(&p, fixture, true);
		expect(peer_hello(&p, HELLO_NEW, NULL), CKR_OK, "hello");
		expect(peer_attach(&p), CKR_OK, "attach");
		expect(peer_resume(&p, &master), CKR_OK, "resume");
		expect(peer_sign(&p, shared_key), CKR_OK, "sign");
		make_and_destroy(&p, false);
		expect(ask(&p, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL), CKR_OK,
		       "logout");
		expect(peer_sign(&p, shared_key), CKR_KEY_HANDLE_INVALID, "sign after logout");
		expect(ask(&p, REQUEST_DETACH, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL), CKR_OK,
		       "detach");
		peer_hang_up(&p);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t thread[THREADS + 2];
	unsigned number[THREADS];
	uint64_t public_key = 0;

	fixture = *state;
	peer_open(&master, fixture);
	assert_int_equal(peer_login(&master, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	make_ec_pair(&master, true, "threads", &public_key, &shared_key);
	for (unsigned i = 0; i < THREADS; i++) {
		number[i] = i;
		assert_int_equal(pthread_create(&thread[i], NULL, joined, &number[i]), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[THREADS + i], NULL, alone, NULL), 0);
	for (unsigned i = 0; i < THREADS + 2; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(failures, 0);
	peer_hang_up(&master);
}

/* Two connections send the same request at the same time: it is carried out once. */
static struct {
	pthread_barrier_t barrier;
	uint64_t sequence;
	uint64_t handle[THREADS];
} race;

static void *racer(void *arg)
{
	const unsigned number = *(const unsigned *)arg;
	struct peer_link p;

	peer_connect(&p, fixture, false);
	expect(peer_hello(&p, HELLO_JOIN, &master), CKR_OK, "join");
	for (uint64_t i = 0; i < 20; i++) {
		struct create_request request = {.slot = FIXTURE_SLOT, .session = 1};
		union message response;
		static const uint8_t no[1] = {0};
		uint8_t class[8];

		attribute_put_ulong(class, CKO_DATA);
		(void)attributes_add(&request.template, CKA_CLASS, (struct span){class, 8});
		(void)attributes_add(&request.template, CKA_TOKEN, (struct span){no, 1});
		(void)attributes_add(&request.template, CKA_PRIVATE, (struct span){no, 1});
		pthread_barrier_wait(&race.barrier);
		expect(peer_ask_as(&p, race.sequence + i, REQUEST_CREATE, &request, &response), CKR_OK, "create");
		race.handle[number] = response.handle_response.handle;
		pthread_barrier_wait(&race.barrier);
		for (unsigned j = 0; j < THREADS; j++)
			expect(race.handle[j], race.handle[0], "the same handle");
		pthread_barrier_wait(&race.barrier);
	}
	peer_hang_up(&p);
	return NULL;
}

static void test_the_same_request_at_once(void **state)
{
	pthread_t thread[THREADS];
	unsigned number[THREADS];

	fixture = *state;
	peer_open(&master, fixture);
	race.sequence = 5000;
	assert_int_equal(pthread_barrier_init(&race.barrier, NULL, THREADS), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		number[i] = i;
		assert_int_equal(pthread_create(&thread[i], NULL, racer, &number[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&race.barrier);
	assert_int_equal(failures, 0);
	assert_int_equal(peer_find(&master, NULL, (uint64_t[1]){0}, 1) >= 20, 1);
	peer_hang_up(&master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_the_same_request_at_once),
	};

	return cmocka_run_group_tests(tests, service_fixture_group, service_fixture_group_end);
}

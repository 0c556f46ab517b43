/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a signature allocates nothing: the linker leads every call of ours to malloc and its like through
 * this file (--wrap in module.mk). What libcrypto does inside is its own affair.
 */
#include "config.h"

#include "service_fixture.h"

#include <stdlib.h>

#include "common/memory.h"

static unsigned long calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_memory_secret_new(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_memory_secret_new(size_t size);

void *__wrap_malloc(size_t size)
{
	calls++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	calls++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	calls++;
	return __real_realloc(p, size);
}

void *__wrap_memory_secret_new(size_t size)
{
	calls++;
	return __real_memory_secret_new(size);
}

static void send_often(struct peer_link *p, enum request_id id, const void *request, unsigned times)
{
	const struct request_row *row = request_find(id);
	struct buffer body = {0};
	union message response;
	unsigned long before = 0;
	uint64_t answered = 0;
	CK_RV rv = CKR_GENERAL_ERROR;
	int fd = -1;

	assert_int_equal(codec_write_request(&body, row, 4711, request), CKR_OK);
	/* At first the key is parsed and buffers grow. */
	for (unsigned i = 0; i < 4; i++)
		assert_true(service_handle(p->fixture->service, p->link, buffer_span(&body), &p->out, &fd));
	/* They are counted at all. */
	assert_true(calls > 0);
	before = calls;
	for (unsigned i = 0; i < times; i++)
		(void)service_handle(p->fixture->service, p->link, buffer_span(&body), &p->out, &fd);
	before = calls - before;
	assert_true(codec_read_response(buffer_span(&p->out), row, &answered, &rv, &response));
	assert_int_equal(rv, CKR_OK);
	assert_int_equal(before, 0);
	buffer_free(&body);
}

static void test_a_signature_allocates_nothing(void **state)
{
	static const uint8_t digest[32] = {1};
	struct peer_link p;
	struct operate_request request = {.slot = FIXTURE_SLOT,
					  .mechanism = {.row = mechanism_find(CKM_ECDSA)},
					  .data = {digest, sizeof(digest)}};
	uint64_t public_key = 0;

	peer_open(&p, *state);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	make_ec_pair(&p, true, "hot", &public_key, &request.key);
	send_often(&p, REQUEST_SIGN, &request, 50);
	make_ec_pair(&p, false, "hot", &public_key, &request.key);
	send_often(&p, REQUEST_SIGN, &request, 50);
	peer_hang_up(&p);
}

static void test_nor_do_others_in_one_frame(void **state)
{
	static const uint8_t data[64] = {1}, iv[16] = {2};
	struct peer_link p;
	struct operate_request request = {.slot = FIXTURE_SLOT,
					  .mechanism = {.row = mechanism_find(CKM_AES_CBC), .iv = {iv, 16}},
					  .data = {data, sizeof(data)}};

	peer_open(&p, *state);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	request.key = make_aes_key(&p, true, "hot");
	send_often(&p, REQUEST_ENCRYPT, &request, 50);
	send_often(&p, REQUEST_DECRYPT, &request, 50);
	send_often(&p, REQUEST_RANDOM, &(struct random_request){.size = 32}, 50);
	peer_hang_up(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signature_allocates_nothing),
		cmocka_unit_test(test_nor_do_others_in_one_frame),
	};

	calls = 0;
	return cmocka_run_group_tests(tests, service_fixture_group, service_fixture_group_end);
}

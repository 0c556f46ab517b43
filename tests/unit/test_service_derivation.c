/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object keyclave-root: who finds it, what may be done with it, and that a derived key is the same for the same
 * label, length, mechanism and token, and another for any other (security rule 15).
 */
#include "config.h"

#include "service_fixture.h"

#include <string.h>

#include "mechanism/keyclave.h"
#include "platform/platform_ops.h"

#define SIZE 32

static void open_user(struct peer_link *p, void **state)
{
	peer_open(p, *state);
	assert_int_equal(peer_login(p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
}

static struct mechanism hkdf(const char *info)
{
	return (struct mechanism){.row = mechanism_find(CKM_HKDF_DERIVE),
				  .hash = CKM_SHA256,
				  .extract = 1,
				  .expand = 1,
				  .info = span_text(info)};
}

static struct mechanism counter(const char *fixed, const char *fixed_2)
{
	return (struct mechanism){.row = mechanism_find(CKM_SP800_108_COUNTER_KDF),
				  .hash = CKM_SHA256,
				  .fixed = span_text(fixed),
				  .fixed_2 = span_text(fixed_2)};
}

static struct derive_request request_of(const struct mechanism *m, size_t size)
{
	struct derive_request request = {.slot = FIXTURE_SLOT, .session = 1, .base_key = HANDLE_ROOT, .mechanism = *m};

	add_number(&request.template, CKA_VALUE_LEN, size);
	add_bool(&request.template, CKA_SENSITIVE, false);
	add_bool(&request.template, CKA_EXTRACTABLE, true);
	return request;
}

static CK_RV derive(struct peer_link *p, const struct derive_request *request, uint8_t *value, size_t size)
{
	union message response;
	CK_RV rv = peer_ask(p, REQUEST_DERIVE, request, &response);

	if (rv != CKR_OK)
		return rv;
	rv = peer_ask(p, REQUEST_GET,
		      &(struct get_request){.slot = FIXTURE_SLOT,
					    .handle = response.handle_response.handle,
					    .types = {.item = {CKA_VALUE}, .count = 1}},
		      &response);
	assert_int_equal(response.get_response.attributes.item[0].value.size, size);
	memcpy(value, response.get_response.attributes.item[0].value.data, size);
	return rv;
}

static void derive_by(struct peer_link *p, struct mechanism m, uint8_t value[SIZE])
{
	struct derive_request request = request_of(&m, SIZE);

	assert_int_equal(derive(p, &request, value, SIZE), CKR_OK);
}

static void test_it_is_found_by_who_names_it(void **state)
{
	struct attributes class = {.count = 0};
	struct attributes label = {.count = 0};
	struct attributes both = {.count = 0};
	struct peer_link user, nobody;
	uint64_t handles[8];

	add_number(&class, CKA_CLASS, CKO_SECRET_KEY);
	add_text(&label, CKA_LABEL, KEYCLAVE_ROOT_LABEL);
	add_number(&both, CKA_CLASS, CKO_SECRET_KEY);
	add_text(&both, CKA_LABEL, KEYCLAVE_ROOT_LABEL);
	open_user(&user, state);
	assert_int_equal(peer_find(&user, &class, handles, 8), 0);
	assert_int_equal(peer_find(&user, &label, handles, 8), 0);
	assert_int_equal(peer_find(&user, &both, handles, 8), 1);
	assert_int_equal(handles[0], HANDLE_ROOT);
	add_bool(&both, CKA_EXTRACTABLE, true);
	assert_int_equal(peer_find(&user, &both, handles, 8), 0);
	peer_hang_up(&user);
	both.count = 2;
	peer_open(&nobody, *state);
	assert_int_equal(peer_find(&nobody, &both, handles, 8), 0);
	peer_hang_up(&nobody);
}

static CK_RV get_one(struct peer_link *p, CK_ATTRIBUTE_TYPE type, union message *response)
{
	CK_RV rv = peer_ask(p, REQUEST_GET,
			    &(struct get_request){.slot = FIXTURE_SLOT,
						  .handle = HANDLE_ROOT,
						  .types = {.item = {type}, .count = 1}},
			    response);

	return rv == CKR_OK ? response->get_response.verdict : rv;
}

static void test_it_derives_and_nothing_else(void **state)
{
	static const CK_ATTRIBUTE_TYPE no[] = {CKA_EXTRACTABLE, CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE,
					       CKA_SIGN, CKA_ENCRYPT, CKA_WRAP, CKA_LOCAL};
	struct object_request object = {.slot = FIXTURE_SLOT, .handle = HANDLE_ROOT};
	struct copy_request copy = {.slot = FIXTURE_SLOT, .session = 1, .handle = HANDLE_ROOT};
	struct set_request set = {.slot = FIXTURE_SLOT, .handle = HANDLE_ROOT};
	struct operate_request sign = {.slot = FIXTURE_SLOT,
				       .key = HANDLE_ROOT,
				       .mechanism = {.row = mechanism_find(CKM_SHA256_HMAC)},
				       .data = span_text("data")};
	struct mechanism m = hkdf("a");
	struct derive_request request = request_of(&m, SIZE);
	struct peer_link p;
	union message response;
	uint8_t value[SIZE];

	open_user(&p, state);
	assert_int_equal(get_one(&p, CKA_VALUE, &response), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(get_one(&p, CKA_CHECK_VALUE, &response), CKR_ATTRIBUTE_TYPE_INVALID);
	assert_int_equal(get_one(&p, CKA_ALLOWED_MECHANISMS, &response), CKR_OK);
	assert_int_equal(response.get_response.attributes.item[0].value.size, 16);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		assert_int_equal(get_one(&p, no[i], &response), CKR_OK);
		assert_int_equal(response.get_response.attributes.item[0].value.data[0], 0);
	}
	assert_int_equal(get_one(&p, CKA_SENSITIVE, &response), CKR_OK);
	assert_int_equal(response.get_response.attributes.item[0].value.data[0], 1);
	assert_int_equal(peer_ask(&p, REQUEST_DESTROY, &object, NULL), CKR_ACTION_PROHIBITED);
	assert_int_equal(peer_ask(&p, REQUEST_COPY, &copy, NULL), CKR_ACTION_PROHIBITED);
	add_text(&set.template, CKA_LABEL, "b");
	assert_int_equal(peer_ask(&p, REQUEST_SET, &set, NULL), CKR_ACTION_PROHIBITED);
	assert_int_equal(peer_ask(&p, REQUEST_SIGN, &sign, &response), CKR_KEY_FUNCTION_NOT_PERMITTED);
	/* The PRK would be of the caller's choice alone. */
	request.mechanism.expand = 0;
	request.mechanism.info = (struct span){0};
	assert_int_equal(derive(&p, &request, value, SIZE), CKR_MECHANISM_PARAM_INVALID);
	peer_hang_up(&p);
	peer_open(&p, *state);
	request.mechanism = m;
	assert_int_equal(derive(&p, &request, value, SIZE), CKR_KEY_HANDLE_INVALID);
	peer_hang_up(&p);
}

/* All keys differ, and none is the beginning of another. */
static void assert_all_differ(uint8_t (*values)[SIZE], size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(values[i], values[j], 16);
}

static void test_same_label_same_key(void **state)
{
	struct service_fixture *f = *state;
	struct mechanism salted = hkdf("label");
	struct mechanism expanded = hkdf("label");
	struct mechanism wider = hkdf("label");
	struct mechanism plain = hkdf("label");
	struct derive_request shorter = request_of(&plain, 16);
	struct peer_link p;
	uint8_t first[9][SIZE] = {{0}};
	uint8_t again[SIZE];

	salted.salt = span_text("salt");
	expanded.extract = 0;
	wider.hash = CKM_SHA512;
	open_user(&p, state);
	derive_by(&p, hkdf("label"), first[0]);
	derive_by(&p, hkdf("labe"), first[1]);
	derive_by(&p, hkdf(""), first[2]);
	derive_by(&p, salted, first[3]);
	derive_by(&p, expanded, first[4]);
	derive_by(&p, wider, first[5]);
	derive_by(&p, counter("label", ""), first[6]);
	derive_by(&p, counter("lab", "el"), first[7]);
	assert_int_equal(derive(&p, &shorter, first[8], 16), CKR_OK);
	assert_all_differ(first, 9);
	derive_by(&p, hkdf("label"), again);
	assert_memory_equal(first[0], again, SIZE);
	peer_hang_up(&p);
	service_fixture_restart(f);
	open_user(&p, state);
	derive_by(&p, hkdf("label"), again);
	assert_memory_equal(first[0], again, SIZE);
	derive_by(&p, counter("label", ""), again);
	assert_memory_equal(first[6], again, SIZE);
	peer_hang_up(&p);
}

static void test_a_derived_key_says_so(void **state)
{
	struct mechanism m = hkdf("token object");
	struct derive_request request = {
		.slot = FIXTURE_SLOT, .session = 1, .base_key = HANDLE_ROOT, .mechanism = m};
	struct attributes template = {.count = 0};
	struct peer_link p;
	uint64_t handle = 0;

	add_number(&request.template, CKA_KEY_TYPE, CKK_AES);
	add_number(&request.template, CKA_VALUE_LEN, 32);
	add_bool(&request.template, CKA_TOKEN, true);
	add_text(&request.template, CKA_LABEL, "mine");
	open_user(&p, state);
	assert_int_equal(peer_ask(&p, REQUEST_DERIVE, &request, &(union message){0}), CKR_OK);
	add_text(&template, CKA_LABEL, "mine");
	add_number(&template, CKA_KEYCLAVE_ORIGIN, CKV_KEYCLAVE_ORIGIN_DERIVED);
	add_bool(&template, CKA_NEVER_EXTRACTABLE, true);
	add_bool(&template, CKA_ALWAYS_SENSITIVE, true);
	add_bool(&template, CKA_LOCAL, false);
	assert_int_equal(peer_find(&p, &template, &handle, 1), 1);
	peer_hang_up(&p);
}

static uint8_t measured; /* what the platform of the next test says */

static CK_RV measurement(struct platform *platform, struct buffer *out)
{
	(void)platform;
	return buffer_set(out, &measured, 1) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static void test_bound_to_a_measurement(void **state)
{
	struct service_fixture *f = *state;
	const struct platform_ops *ops = f->platform->ops;
	struct platform_ops measuring = *ops;
	struct mechanism m = hkdf("bound");
	struct derive_request request = request_of(&m, SIZE);
	struct generate_request generate = {.slot = FIXTURE_SLOT,
					    .session = 1,
					    .mechanism = {.row = mechanism_find(CKM_GENERIC_SECRET_KEY_GEN)}};
	struct peer_link p;
	union message response;
	uint8_t values[3][SIZE];
	uint8_t again[SIZE];

	open_user(&p, state);
	derive_by(&p, m, values[0]);
	add_bool(&request.template, CKA_KEYCLAVE_BIND_MEASUREMENT, true);
	/* notee measures nothing. */
	assert_int_equal(derive(&p, &request, again, SIZE), CKR_FUNCTION_NOT_SUPPORTED);
	measuring.measurement = measurement;
	f->platform->ops = &measuring;
	for (measured = 1; measured <= 2; measured++)
		assert_int_equal(derive(&p, &request, values[measured], SIZE), CKR_OK);
	assert_all_differ(values, 3);
	measured = 1;
	assert_int_equal(derive(&p, &request, again, SIZE), CKR_OK);
	assert_memory_equal(values[1], again, SIZE);
	derive_by(&p, m, again);
	assert_memory_equal(values[0], again, SIZE);
	f->platform->ops = ops;
	/* Nothing else can claim to be bound. */
	add_number(&generate.template, CKA_VALUE_LEN, 32);
	add_bool(&generate.template, CKA_DERIVE, true);
	assert_int_equal(peer_ask(&p, REQUEST_GENERATE, &generate, &response), CKR_OK);
	request.base_key = response.handle_response.handle;
	assert_int_equal(derive(&p, &request, again, SIZE), CKR_TEMPLATE_INCONSISTENT);
	add_bool(&generate.template, CKA_KEYCLAVE_BIND_MEASUREMENT, true);
	assert_int_equal(peer_ask(&p, REQUEST_GENERATE, &generate, &response), CKR_ATTRIBUTE_READ_ONLY);
	peer_hang_up(&p);
}

/* The last one: it destroys the token's objects. */
static void test_another_life_of_the_token(void **state)
{
	struct token_init_request init = {
		.slot = FIXTURE_SLOT, .pin = span_text(FIXTURE_SO_PIN), .label = span_text("again")};
	struct pin_init_request pin = {.slot = FIXTURE_SLOT, .pin = span_text(FIXTURE_USER_PIN)};
	struct peer_link p;
	uint8_t before[SIZE];
	uint8_t after[SIZE];

	open_user(&p, state);
	derive_by(&p, hkdf("label"), before);
	peer_hang_up(&p);
	service_fixture_restart(*state);
	peer_connect(&p, *state, true);
	assert_int_equal(peer_hello(&p, HELLO_NEW, NULL), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_TOKEN_INIT, &init, NULL), CKR_OK);
	assert_int_equal(peer_attach(&p), CKR_OK);
	assert_int_equal(peer_login(&p, CKU_SO, FIXTURE_SO_PIN), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_PIN_INIT, &pin, NULL), CKR_OK);
	peer_hang_up(&p);
	service_fixture_restart(*state);
	open_user(&p, state);
	derive_by(&p, hkdf("label"), after);
	assert_memory_not_equal(before, after, SIZE);
	peer_hang_up(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_found_by_who_names_it),
		cmocka_unit_test(test_it_derives_and_nothing_else),
		cmocka_unit_test(test_same_label_same_key),
		cmocka_unit_test(test_a_derived_key_says_so),
		cmocka_unit_test(test_bound_to_a_measurement),
		cmocka_unit_test(test_another_life_of_the_token),
	};

	return cmocka_run_group_tests(tests, service_fixture_group, service_fixture_group_end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects as a client sees them: private ones are invisible without the user, session objects belong to
 * their context and session, and what the token makes up (bit 31) is found only by who asks for it.
 */
#include "config.h"

#include "service_fixture.h"

#include <string.h>
#include <unistd.h>

#include "keys/seal.h"
#include "mechanism/keyclave.h"

static uint64_t make_data(struct peer_link *p, bool token, bool private, uint64_t session,
			  const char *application, const char *value, CK_RV want)
{
	struct create_request request = {.slot = FIXTURE_SLOT, .session = session};
	union message response = {.handle_response = {.handle = 0}};

	add_number(&request.template, CKA_CLASS, CKO_DATA);
	add_bool(&request.template, CKA_TOKEN, token);
	add_bool(&request.template, CKA_PRIVATE, private);
	add_text(&request.template, CKA_APPLICATION, application);
	add_text(&request.template, CKA_VALUE, value);
	assert_int_equal(peer_ask(p, REQUEST_CREATE, &request, &response), want);
	return want == CKR_OK ? response.handle_response.handle : 0;
}

static CK_RV size_of(struct peer_link *p, uint64_t handle)
{
	return peer_ask(p, REQUEST_SIZE, &(struct object_request){.slot = FIXTURE_SLOT, .handle = handle},
			NULL);
}

static CK_RV destroy(struct peer_link *p, uint64_t handle)
{
	return peer_ask(p, REQUEST_DESTROY,
			&(struct object_request){.slot = FIXTURE_SLOT, .handle = handle}, NULL);
}

static CK_RV get(struct peer_link *p, uint64_t handle, CK_ATTRIBUTE_TYPE type, struct span nonce,
		 union message *response)
{
	return peer_ask(p, REQUEST_GET,
			&(struct get_request){.slot = FIXTURE_SLOT,
					      .handle = handle,
					      .types = {.item = {type}, .count = 1},
					      .nonce = nonce},
			response);
}

static void test_private_objects_are_invisible(void **state)
{
	struct peer_link user, nobody, so;
	uint64_t public_key = 0, private_key = 0;
	uint64_t handles[64];
	struct attributes label = {.count = 0};

	peer_open(&user, *state);
	assert_int_equal(peer_login(&user, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	make_ec_pair(&user, true, "invisible", &public_key, &private_key);
	add_text(&label, CKA_LABEL, "invisible");
	assert_int_equal(peer_find(&user, &label, handles, 64), 2);

	peer_open(&nobody, *state);
	peer_open(&so, *state);
	assert_int_equal(peer_login(&so, CKU_SO, FIXTURE_SO_PIN), CKR_OK);
	for (int i = 0; i < 2; i++) {
		struct peer_link *p = i ? &so : &nobody;
		union message response;

		assert_int_equal(peer_find(p, &label, handles, 64), 1);
		assert_int_equal(handles[0], public_key);
		assert_int_equal(size_of(p, private_key), CKR_OBJECT_HANDLE_INVALID);
		assert_int_equal(get(p, private_key, CKA_LABEL, (struct span){0}, &response),
				 CKR_OBJECT_HANDLE_INVALID);
		assert_int_equal(destroy(p, private_key), CKR_OBJECT_HANDLE_INVALID);
		assert_int_equal(peer_sign(p, private_key), CKR_KEY_HANDLE_INVALID);
		assert_int_equal(peer_ask(p, REQUEST_DESCRIBE,
					  &(struct object_request){.slot = FIXTURE_SLOT, .handle = private_key},
					  NULL),
				 CKR_KEY_HANDLE_INVALID);
		/* Nor can they make one. */
		make_data(p, true, true, 1, "x", "y", CKR_USER_NOT_LOGGED_IN);
		make_data(p, false, true, 1, "x", "y", CKR_USER_NOT_LOGGED_IN);
	}
	assert_int_equal(destroy(&user, private_key), CKR_OK);
	assert_int_equal(destroy(&user, public_key), CKR_OK);
	assert_int_equal(destroy(&user, public_key), CKR_OBJECT_HANDLE_INVALID);
	peer_hang_up(&user);
	peer_hang_up(&nobody);
	peer_hang_up(&so);
}

static void test_session_objects_have_an_owner(void **state)
{
	struct peer_link a, b;
	uint64_t first = 0, second = 0;
	uint64_t handles[8];
	struct attributes application = {.count = 0};

	peer_open(&a, *state);
	peer_open(&b, *state);
	first = make_data(&a, false, false, 1, "mine", "1", CKR_OK);
	second = make_data(&a, false, false, 2, "mine", "2", CKR_OK);
	assert_true(first & HANDLE_SESSION_BIT && second & HANDLE_SESSION_BIT);
	assert_int_equal(size_of(&b, first), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(destroy(&b, first), CKR_OBJECT_HANDLE_INVALID);
	add_text(&application, CKA_APPLICATION, "mine");
	assert_int_equal(peer_find(&a, &application, handles, 8), 2);
	assert_int_equal(peer_find(&b, &application, handles, 8), 0);
	assert_int_equal(service_idle(a.fixture->service), 0);
	/* C_CloseSession takes those of one session. */
	assert_int_equal(peer_ask(&a, REQUEST_RELEASE,
				  &(struct release_request){.slot = FIXTURE_SLOT, .session = 1}, NULL),
			 CKR_OK);
	assert_int_equal(size_of(&a, first), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(size_of(&a, second), CKR_OK);
	/* The last close takes all. */
	assert_int_equal(peer_ask(&a, REQUEST_DETACH, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL),
			 CKR_OK);
	assert_int_equal(peer_attach(&a), CKR_OK);
	assert_int_equal(size_of(&a, second), CKR_OBJECT_HANDLE_INVALID);
	peer_hang_up(&a);
	peer_hang_up(&b);
}

static void test_logout_takes_private_session_objects(void **state)
{
	struct peer_link p;
	uint64_t private_one = 0, public_one = 0;

	peer_open(&p, *state);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	private_one = make_data(&p, false, true, 1, "a", "b", CKR_OK);
	public_one = make_data(&p, false, false, 1, "a", "b", CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL),
			 CKR_OK);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	assert_int_equal(size_of(&p, private_one), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(size_of(&p, public_one), CKR_OK);
	peer_hang_up(&p);
}

static void test_session_objects_have_a_limit(void **state)
{
	struct service_fixture *f = *state;
	struct peer_link p;
	unsigned made = 0;

	peer_open(&p, f);
	for (; made < f->settings.max_objects; made++)
		make_data(&p, false, false, 1, "many", "x", CKR_OK);
	make_data(&p, false, false, 1, "many", "x", CKR_DEVICE_MEMORY);
	peer_hang_up(&p);
	peer_open(&p, f);
	make_data(&p, false, false, 1, "many", "x", CKR_OK);
	peer_hang_up(&p);
}

static void test_find_in_pages(void **state)
{
	struct peer_link p;
	static uint64_t handles[2000];
	struct attributes application = {.count = 0};

	peer_open(&p, *state);
	for (int i = 0; i < 600; i++)
		make_data(&p, i % 2, false, 1, "page", "x", CKR_OK);
	add_text(&application, CKA_APPLICATION, "page");
	assert_int_equal(peer_find(&p, &application, handles, 2000), 600);
	for (int i = 0; i < 600; i++) {
		assert_int_equal(!!(handles[i] & HANDLE_SESSION_BIT), i >= 300);
		if (i < 300)
			assert_int_equal(destroy(&p, handles[i]), CKR_OK);
	}
	peer_hang_up(&p);
}

static void test_set_and_copy(void **state)
{
	struct peer_link p;
	struct set_request change = {.slot = FIXTURE_SLOT};
	struct copy_request copy = {.slot = FIXTURE_SLOT, .session = 1};
	union message response;
	uint64_t handle = 0;

	peer_open(&p, *state);
	handle = make_data(&p, true, false, 1, "before", "v", CKR_OK);
	change.handle = handle;
	add_text(&change.template, CKA_LABEL, "after");
	assert_int_equal(peer_ask(&p, REQUEST_SET, &change, NULL), CKR_OK);
	assert_int_equal(get(&p, handle, CKA_LABEL, (struct span){0}, &response), CKR_OK);
	assert_true(span_equal(response.get_response.attributes.item[0].value, span_text("after")));
	/* A class is for ever. */
	add_number(&change.template, CKA_CLASS, CKO_CERTIFICATE);
	assert_int_equal(peer_ask(&p, REQUEST_SET, &change, NULL), CKR_ATTRIBUTE_READ_ONLY);
	copy.handle = handle;
	add_bool(&copy.template, CKA_TOKEN, false);
	assert_int_equal(peer_ask(&p, REQUEST_COPY, &copy, &response), CKR_OK);
	assert_true(response.handle_response.handle & HANDLE_SESSION_BIT);
	assert_int_equal(destroy(&p, handle), CKR_OK);
	assert_int_equal(destroy(&p, response.handle_response.handle), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_COPY, &copy, &response), CKR_OBJECT_HANDLE_INVALID);
	peer_hang_up(&p);
}

static void test_verdicts_of_get(void **state)
{
	struct peer_link p;
	struct get_request request = {
		.slot = FIXTURE_SLOT,
		.types = {.item = {CKA_LABEL, CKA_VALUE, CKA_MODULUS, CKA_VALUE_LEN}, .count = 4}};
	union message response;

	peer_open(&p, *state);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	request.handle = make_aes_key(&p, false, "verdict");
	assert_int_equal(peer_ask(&p, REQUEST_GET, &request, &response), CKR_OK);
	assert_int_equal(response.get_response.verdict, CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(response.get_response.attributes.count, 4);
	assert_non_null(response.get_response.attributes.item[0].value.data);
	assert_null(response.get_response.attributes.item[1].value.data);
	assert_null(response.get_response.attributes.item[2].value.data);
	assert_int_equal(response.get_response.attributes.item[3].value.size, 8);
	peer_hang_up(&p);
}

static void test_describe(void **state)
{
	struct peer_link p;
	uint64_t public_key = 0, private_key = 0, data = 0;
	union message response;
	const struct describe_response *d = &response.describe_response;

	peer_open(&p, *state);
	assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	make_ec_pair(&p, false, "described", &public_key, &private_key);
	data = make_data(&p, false, false, 1, "no", "key", CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_DESCRIBE,
				  &(struct object_request){.slot = FIXTURE_SLOT, .handle = private_key},
				  &response),
			 CKR_OK);
	assert_int_equal(d->class, CKO_PRIVATE_KEY);
	assert_int_equal(d->key_type, CKK_EC);
	assert_int_equal(d->bits, 256);
	assert_true(d->usage & CKF_SIGN);
	assert_false(d->usage & CKF_VERIFY);
	assert_true(d->is_private && !d->is_token && !d->always_authenticate);
	assert_int_equal(d->version, 1);
	assert_true(d->public_info.size > 0 && d->ec_params.size > 0);
	assert_true(span_equal(d->label, span_text("described")));
	assert_int_equal(peer_ask(&p, REQUEST_DESCRIBE,
				  &(struct object_request){.slot = FIXTURE_SLOT, .handle = data}, NULL),
			 CKR_KEY_HANDLE_INVALID);
	peer_hang_up(&p);
}

/* ---- what the token makes up ---- */

static void test_evidence_objects(void **state)
{
	struct peer_link user, nobody;
	uint64_t public_key = 0, private_key = 0, handles[64];
	struct attributes all = {.count = 0}, label = {.count = 0};
	union message response;
	size_t found = 0;

	peer_open(&user, *state);
	assert_int_equal(peer_login(&user, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	make_ec_pair(&user, true, "evident", &public_key, &private_key);
	peer_open(&nobody, *state);
	/* Only by class. */
	found = peer_find(&user, NULL, handles, 64);
	for (size_t i = 0; i < found; i++)
		assert_false(handles[i] & HANDLE_EVIDENCE_BIT);
	add_number(&label, CKA_CLASS, CKO_DATA);
	add_text(&label, CKA_LABEL, "evident");
	assert_int_equal(peer_find(&nobody, &label, handles, 64), 1);
	assert_int_equal(handles[0], HANDLE_EVIDENCE_BIT | private_key);
	add_number(&all, CKA_CLASS, CKO_DATA);
	add_text(&all, CKA_APPLICATION, KEYCLAVE_APPLICATION_EVIDENCE);
	assert_true(peer_find(&nobody, &all, handles, 64) >= 2);
	assert_int_equal(handles[0], HANDLE_EVIDENCE_BIT);

	assert_int_equal(get(&nobody, HANDLE_EVIDENCE_BIT | private_key, CKA_VALUE, (struct span){0},
			     &response),
			 CKR_OK);
	assert_int_equal(response.get_response.verdict, CKR_OK);
	assert_true(response.get_response.attributes.item[0].value.size > 100);
	assert_int_equal(get(&nobody, HANDLE_EVIDENCE_BIT, CKA_VALUE, (struct span){0}, &response), CKR_OK);
	assert_true(response.get_response.attributes.item[0].value.size > 100);
	/* Not of a public key, nor of what is not there. */
	assert_int_equal(get(&nobody, HANDLE_EVIDENCE_BIT | public_key, CKA_CLASS, (struct span){0}, &response),
			 CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(get(&nobody, HANDLE_EVIDENCE_BIT | 999999, CKA_CLASS, (struct span){0}, &response),
			 CKR_OBJECT_HANDLE_INVALID);
	/* The attribute of the key itself wants that the key may be seen. */
	assert_int_equal(get(&user, private_key, CKA_KEYCLAVE_EVIDENCE, (struct span){0}, &response), CKR_OK);
	assert_true(response.get_response.attributes.item[0].value.size > 100);
	assert_int_equal(get(&nobody, private_key, CKA_KEYCLAVE_EVIDENCE, (struct span){0}, &response),
			 CKR_OBJECT_HANDLE_INVALID);
	/* They are for ever. */
	assert_int_equal(destroy(&user, HANDLE_EVIDENCE_BIT | private_key), CKR_ACTION_PROHIBITED);
	assert_int_equal(size_of(&user, HANDLE_EVIDENCE_BIT | private_key), CKR_OK);
	assert_int_equal(peer_ask(&user, REQUEST_COPY,
				  &(struct copy_request){.slot = FIXTURE_SLOT, .handle = HANDLE_EVIDENCE_BIT},
				  NULL),
			 CKR_ACTION_PROHIBITED);
	assert_int_equal(peer_ask(&user, REQUEST_SET,
				  &(struct set_request){.slot = FIXTURE_SLOT, .handle = HANDLE_HW_FEATURE},
				  NULL),
			 CKR_ACTION_PROHIBITED);
	assert_int_equal(destroy(&user, private_key), CKR_OK);
	assert_int_equal(destroy(&user, public_key), CKR_OK);
	assert_int_equal(peer_find(&nobody, &label, handles, 64), 0);
	peer_hang_up(&user);
	peer_hang_up(&nobody);
}

static void test_the_hardware_feature(void **state)
{
	struct peer_link p;
	struct attributes template = {.count = 0};
	uint64_t handles[4];
	union message response;

	peer_open(&p, *state);
	add_number(&template, CKA_CLASS, CKO_HW_FEATURE);
	assert_int_equal(peer_find(&p, &template, handles, 4), 1);
	assert_int_equal(handles[0], HANDLE_HW_FEATURE);
	assert_int_equal(get(&p, HANDLE_HW_FEATURE, CKA_KEYCLAVE_PLATFORM, (struct span){0}, &response), CKR_OK);
	assert_true(span_equal(response.get_response.attributes.item[0].value, span_text("notee")));
	assert_int_equal(get(&p, HANDLE_HW_FEATURE, CKA_KEYCLAVE_TOKEN_IDENTITY, (struct span){0}, &response),
			 CKR_OK);
	assert_true(response.get_response.attributes.item[0].value.size > 0);
	assert_int_equal(get(&p, HANDLE_HW_FEATURE, CKA_VALUE, (struct span){0}, &response), CKR_OK);
	assert_int_equal(response.get_response.verdict, CKR_ATTRIBUTE_TYPE_INVALID);
	peer_hang_up(&p);
}

static size_t evidence(struct peer_link *p, struct span nonce, uint8_t *out)
{
	union message response;

	assert_int_equal(peer_ask(p, REQUEST_EVIDENCE,
				  &(struct evidence_request){.slot = FIXTURE_SLOT, .nonce = nonce}, &response),
			 CKR_OK);
	assert_true(response.evidence_response.evidence.size < 4096);
	memcpy(out, response.evidence_response.evidence.data, response.evidence_response.evidence.size);
	return response.evidence_response.evidence.size;
}

static bool contains(const uint8_t *bytes, size_t size, const char *text)
{
	return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void test_nonces(void **state)
{
	struct peer_link a, b;
	static uint8_t one[4096], two[4096];
	size_t size = 0;
	uint64_t handles[8], first = 0;
	struct attributes nonces = {.count = 0};

	peer_open(&a, *state);
	peer_open(&b, *state);
	/* The same question, the same bytes. */
	size = evidence(&a, span_text("0123456789abcdef"), one);
	assert_true(contains(one, size, "0123456789abcdef"));
	assert_int_equal(evidence(&a, span_text("0123456789abcdef"), two), size);
	assert_memory_equal(one, two, size);
	/* A session object's nonce is its context's. */
	first = make_data(&a, false, false, 1, KEYCLAVE_APPLICATION_NONCE, "nonce-of-a-session", CKR_OK);
	size = evidence(&a, (struct span){0}, one);
	assert_true(contains(one, size, "nonce-of-a-session"));
	size = evidence(&b, (struct span){0}, one);
	assert_false(contains(one, size, "nonce-of-a-session"));
	assert_int_equal(destroy(&a, first), CKR_OK);
	/* A token object's is everybody's, until another takes its place. */
	make_data(&a, true, false, 1, KEYCLAVE_APPLICATION_NONCE, "first-token-nonce", CKR_OK);
	first = make_data(&a, true, false, 1, KEYCLAVE_APPLICATION_NONCE, "second-token-nonce", CKR_OK);
	size = evidence(&b, (struct span){0}, one);
	assert_true(contains(one, size, "second-token-nonce"));
	add_text(&nonces, CKA_APPLICATION, KEYCLAVE_APPLICATION_NONCE);
	assert_int_equal(peer_find(&b, &nonces, handles, 8), 1);
	assert_int_equal(handles[0], first);
	/* The caller's own wins. */
	size = evidence(&b, span_text("its-own-nonce-here"), one);
	assert_true(contains(one, size, "its-own-nonce-here"));
	assert_int_equal(destroy(&b, first), CKR_OK);
	size = evidence(&b, (struct span){0}, one);
	assert_false(contains(one, size, "second-token-nonce"));
	/* Too long, empty, or private. */
	make_data(&a, true, false, 1, KEYCLAVE_APPLICATION_NONCE,
		  "0123456789012345678901234567890123456789012345678901234567890123X",
		  CKR_ATTRIBUTE_VALUE_INVALID);
	make_data(&a, true, false, 1, KEYCLAVE_APPLICATION_NONCE, "", CKR_ATTRIBUTE_VALUE_INVALID);
	peer_hang_up(&a);
	peer_hang_up(&b);
}

/* ---- what the store lost ---- */

static void flip(struct service_fixture *f, struct blob_name name)
{
	struct buffer blob = {0};
	uint64_t version = 0;

	assert_int_equal(blobstore_get(f->blobs, name, &blob, &version), CKR_OK);
	assert_true(version > 0);
	blob.data[blob.size / 2] ^= 1;
	assert_int_equal(blobstore_write(f->blobs, &(struct blob_write){name, version, 0, {NULL, 0}}, 1), CKR_OK);
	assert_int_equal(blobstore_write(f->blobs, &(struct blob_write){name, 0, version, buffer_span(&blob)}, 1),
			 CKR_OK);
	buffer_free(&blob);
}

static uint64_t damaged_records(struct peer_link *p)
{
	union message response;

	assert_int_equal(peer_ask(p, REQUEST_STATUS, &(struct empty){0}, &response), CKR_OK);
	return response.status_response.damaged;
}

/* The user and the SO see that it is damaged and may take it away; nobody else does. */
static void test_damaged_objects(void **state)
{
	struct service_fixture *f = *state;
	const CK_USER_TYPE users[] = {CKU_USER, CKU_SO};
	struct attributes template = {.count = 0};
	struct peer_link p;
	uint64_t public_key = 0, private_key = 0, found[4];

	add_bool(&template, CKA_KEYCLAVE_DAMAGED, true);
	for (size_t i = 0; i < 2; i++) {
		struct object_request lost = {.slot = FIXTURE_SLOT};

		peer_open(&p, f);
		assert_int_equal(peer_login(&p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
		make_ec_pair(&p, true, "lost", &public_key, &private_key);
		peer_hang_up(&p);
		flip(f, (struct blob_name){RECORD_OBJECT, 1, private_key});
		service_fixture_restart(f);
		lost.handle = private_key;
		peer_open(&p, f);
		assert_int_equal(damaged_records(&p), 1);
		assert_int_equal(peer_find(&p, &template, found, 4), 0);
		assert_int_equal(peer_ask(&p, REQUEST_DESTROY, &lost, NULL), CKR_DEVICE_ERROR);
		assert_int_equal(peer_login(&p, users[i], i ? FIXTURE_SO_PIN : FIXTURE_USER_PIN), CKR_OK);
		assert_int_equal(peer_find(&p, &template, found, 4), 1);
		assert_int_equal(found[0], private_key);
		assert_int_equal(peer_ask(&p, REQUEST_SIZE, &lost, NULL), CKR_DEVICE_ERROR);
		assert_int_equal(peer_ask(&p, REQUEST_DESTROY, &lost, NULL), CKR_OK);
		assert_int_equal(peer_ask(&p, REQUEST_DESTROY, &lost, NULL), CKR_OBJECT_HANDLE_INVALID);
		assert_int_equal(peer_find(&p, &template, found, 4), 0);
		assert_int_equal(damaged_records(&p), 0);
		lost.handle = public_key;
		assert_int_equal(peer_ask(&p, REQUEST_DESTROY, &lost, NULL), CKR_OK);
		peer_hang_up(&p);
	}
}

/* One token that is lost stands in nobody's way; who owns the daemon may make it anew. Last: the others' is gone then. */
static void test_a_damaged_token(void **state)
{
	struct service_fixture *f = *state;
	struct token_init_request init = {.slot = FIXTURE_SLOT,
					  .pin = span_text(FIXTURE_SO_PIN),
					  .label = span_text("again")};
	const struct slot_request slot = {.slot = FIXTURE_SLOT};
	struct peer_link p, owner;
	union message response;

	flip(f, (struct blob_name){RECORD_TOKEN, 1, 0});
	service_fixture_restart(f);
	peer_connect(&p, f, true);
	assert_int_equal(peer_hello(&p, HELLO_NEW, NULL), CKR_OK);
	assert_int_equal(damaged_records(&p), 1);
	assert_int_equal(peer_ask(&p, REQUEST_DAMAGE, &(struct empty){0}, &response), CKR_OK);
	assert_int_equal(response.damage_response.names.count, 1);
	assert_true(span_equal(response.damage_response.names.item[0], span_text("token 1 head: was changed")));
	assert_int_equal(peer_ask(&p, REQUEST_SLOTS, &(struct empty){0}, &response), CKR_OK);
	assert_int_equal(response.slots_response.slots.count, 2);
	assert_int_equal(peer_ask(&p, REQUEST_TOKEN, &slot, NULL), CKR_TOKEN_NOT_RECOGNIZED);
	/* Its connections are of uid 1000, which is let in, and no more. */
	if (geteuid() != 1000)
		assert_int_equal(peer_ask(&p, REQUEST_TOKEN_INIT, &init, NULL), CKR_TOKEN_NOT_RECOGNIZED);
	peer_hang_up(&p);
	owner = (struct peer_link){.fixture = f, .link = link_new(f->service, &(struct service_peer){.owner = geteuid(), .pid = 1, .allowed = true})};
	assert_int_equal(peer_hello(&owner, HELLO_NEW, NULL), CKR_OK);
	assert_int_equal(peer_ask(&owner, REQUEST_TOKEN_INIT, &init, NULL), CKR_OK);
	assert_int_equal(peer_ask(&owner, REQUEST_TOKEN, &slot, &response), CKR_OK);
	assert_true(span_equal(response.token_response.label, span_text("again")));
	assert_int_equal(damaged_records(&owner), 0);
	peer_hang_up(&owner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_private_objects_are_invisible),
		cmocka_unit_test(test_session_objects_have_an_owner),
		cmocka_unit_test(test_logout_takes_private_session_objects),
		cmocka_unit_test(test_session_objects_have_a_limit),
		cmocka_unit_test(test_find_in_pages),
		cmocka_unit_test(test_set_and_copy),
		cmocka_unit_test(test_verdicts_of_get),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_evidence_objects),
		cmocka_unit_test(test_the_hardware_feature),
		cmocka_unit_test(test_nonces),
		cmocka_unit_test(test_damaged_objects),
		cmocka_unit_test(test_a_damaged_token),
	};

	return cmocka_run_group_tests(tests, service_fixture_group, service_fixture_group_end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations as a client sends them: what permits them, grants for keys that always authenticate, chained
 * parts, streams and their life, and keys that move.
 */
#include "config.h"

#include "service_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/stream.h"

static const uint8_t digest[32] = {9, 8, 7};
static const uint8_t iv[16] = {1, 2, 3, 4};

static CK_RV operate(struct peer_link *p, enum request_id id, uint64_t key, struct mechanism m,
		     struct span data, struct span grant, union message *response)
{
	union message ignored;

	return peer_ask(p, id,
			&(struct operate_request){.slot = FIXTURE_SLOT,
						  .key = key,
						  .mechanism = m,
						  .data = data,
						  .grant = grant},
			response ? response : &ignored);
}

static struct mechanism mechanism(CK_MECHANISM_TYPE type)
{
	struct mechanism m = {.row = mechanism_find(type)};

	assert_non_null(m.row);
	if (m.row->parameter == PARAMETER_IV || m.row->parameter == PARAMETER_GCM)
		m.iv = (struct span){iv, m.row->parameter == PARAMETER_GCM ? 12 : 16};
	if (m.row->parameter == PARAMETER_GCM)
		m.tag_bits = 128;
	return m;
}

static void open_user(struct peer_link *p, void **state)
{
	peer_open(p, *state);
	assert_int_equal(peer_login(p, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
}

static void test_sign_and_verify(void **state)
{
	struct peer_link p;
	uint64_t public_key = 0, private_key = 0;
	union message response;
	struct verify_request verify = {.slot = FIXTURE_SLOT, .data = {digest, sizeof(digest)}};
	uint8_t signature[64];

	open_user(&p, state);
	make_ec_pair(&p, false, "sign", &public_key, &private_key);
	assert_int_equal(operate(&p, REQUEST_SIGN, private_key, mechanism(CKM_ECDSA),
				 (struct span){digest, sizeof(digest)}, (struct span){0}, &response),
			 CKR_OK);
	assert_int_equal(response.operate_response.data.size, sizeof(signature));
	assert_int_equal(response.operate_response.version, 1);
	memcpy(signature, response.operate_response.data.data, sizeof(signature));
	verify.key = public_key;
	verify.mechanism = mechanism(CKM_ECDSA);
	verify.signature = (struct span){signature, sizeof(signature)};
	assert_int_equal(peer_ask(&p, REQUEST_VERIFY, &verify, NULL), CKR_OK);
	signature[5] ^= 1;
	assert_int_equal(peer_ask(&p, REQUEST_VERIFY, &verify, NULL), CKR_SIGNATURE_INVALID);
	/* The wrong half, the wrong mechanism, the wrong use, no key. */
	assert_int_equal(peer_sign(&p, public_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(operate(&p, REQUEST_SIGN, private_key, mechanism(CKM_RSA_PKCS),
				 (struct span){digest, sizeof(digest)}, (struct span){0}, NULL),
			 CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(operate(&p, REQUEST_DECRYPT, private_key, mechanism(CKM_RSA_PKCS),
				 (struct span){digest, sizeof(digest)}, (struct span){0}, NULL),
			 CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(operate(&p, REQUEST_SIGN_RECOVER, private_key, mechanism(CKM_ECDSA),
				 (struct span){digest, sizeof(digest)}, (struct span){0}, NULL),
			 CKR_MECHANISM_INVALID);
	assert_int_equal(peer_sign(&p, 0), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(peer_sign(&p, HANDLE_EVIDENCE_BIT | private_key), CKR_KEY_HANDLE_INVALID);
	peer_hang_up(&p);
}

/* ---- CKA_ALWAYS_AUTHENTICATE ---- */

static uint64_t make_guarded_key(struct peer_link *p)
{
	struct generate_pair_request request = {.slot = FIXTURE_SLOT,
						.session = 1,
						.mechanism = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN)};
	union message response;

	add_number(&request.public_template, CKA_MODULUS_BITS, 2048);
	add_bool(&request.public_template, CKA_TOKEN, false);
	add_bool(&request.private_template, CKA_TOKEN, false);
	add_bool(&request.private_template, CKA_ALWAYS_AUTHENTICATE, true);
	assert_int_equal(peer_ask(p, REQUEST_GENERATE_PAIR, &request, &response), CKR_OK);
	return response.generate_pair_response.private_key;
}

static CK_RV ask_grant(struct peer_link *p, uint64_t key, uint64_t usage, const char *pin, uint8_t *grant)
{
	union message response;
	CK_RV rv = peer_ask(p, REQUEST_GRANT,
			    &(struct grant_request){.slot = FIXTURE_SLOT,
						    .key = key,
						    .usage = usage,
						    .pin = span_text(pin)},
			    &response);

	if (rv == CKR_OK) {
		assert_int_equal(response.grant_response.grant.size, PROTOCOL_GRANT_SIZE);
		memcpy(grant, response.grant_response.grant.data, PROTOCOL_GRANT_SIZE);
	}
	return rv;
}

static void test_grants(void **state)
{
	struct peer_link p, other;
	uint8_t grant[PROTOCOL_GRANT_SIZE];
	const struct span with = {grant, sizeof(grant)}, data = {digest, sizeof(digest)};
	const struct mechanism pkcs = mechanism(CKM_RSA_PKCS);
	struct operate_request again = {.slot = FIXTURE_SLOT, .mechanism = pkcs, .data = data, .grant = with};
	uint64_t key = 0, second = 0, sequence = 0;

	open_user(&p, state);
	open_user(&other, state);
	key = make_guarded_key(&p);
	second = make_guarded_key(&p);
	assert_int_equal(operate(&p, REQUEST_SIGN, key, pkcs, data, (struct span){0}, NULL),
			 CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(ask_grant(&p, key, CKF_SIGN, "not the pin", grant), CKR_PIN_INCORRECT);
	assert_int_equal(ask_grant(&p, 4711, CKF_SIGN, FIXTURE_USER_PIN, grant), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(ask_grant(&p, key, CKF_SIGN | CKF_DECRYPT, FIXTURE_USER_PIN, grant),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(ask_grant(&p, key, CKF_SIGN, FIXTURE_USER_PIN, grant), CKR_OK);
	/* Bound to key, use and context; trying spends nothing. */
	assert_int_equal(operate(&p, REQUEST_SIGN, second, pkcs, data, with, NULL), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(operate(&p, REQUEST_DECRYPT, key, pkcs, data, with, NULL), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(operate(&other, REQUEST_SIGN, key, pkcs, data, with, NULL), CKR_KEY_HANDLE_INVALID);
	/* One use; the same request sent again is the same use. */
	again.key = key;
	sequence = ++p.sequence;
	assert_int_equal(peer_ask_as(&p, sequence, REQUEST_SIGN, &again, NULL), CKR_OK);
	assert_int_equal(peer_ask_as(&p, sequence, REQUEST_SIGN, &again, NULL), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_SIGN, &again, NULL), CKR_USER_NOT_LOGGED_IN);
	/* A logout ends it. */
	assert_int_equal(ask_grant(&p, key, CKF_SIGN, FIXTURE_USER_PIN, grant), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL),
			 CKR_OK);
	assert_int_equal(ask_grant(&p, key, CKF_SIGN, FIXTURE_USER_PIN, grant), CKR_USER_NOT_LOGGED_IN);
	peer_hang_up(&p);
	peer_hang_up(&other);
}

static void test_tls_decryption_tells_nothing(void **state)
{
	struct peer_link p;
	uint8_t grant[PROTOCOL_GRANT_SIZE];
	uint8_t garbage[256] = {0, 2, 5};
	struct decrypt_tls_request request = {.slot = FIXTURE_SLOT,
					      .data = {garbage, sizeof(garbage)},
					      .client_version = 0x0303,
					      .negotiated_version = 0x0303,
					      .grant = {grant, sizeof(grant)}};
	union message response;

	open_user(&p, state);
	request.key = make_guarded_key(&p);
	assert_int_equal(ask_grant(&p, request.key, CKF_DECRYPT, FIXTURE_USER_PIN, grant), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_DECRYPT_TLS, &request, &response), CKR_OK);
	assert_int_equal(response.operate_response.data.size, 48);
	request.client_version = 0x10000;
	assert_int_equal(peer_ask(&p, REQUEST_DECRYPT_TLS, &request, NULL), CKR_ARGUMENTS_BAD);
	peer_hang_up(&p);
}

/* ---- ciphers ---- */

static void test_cipher(void **state)
{
	struct peer_link p;
	union message response;
	uint8_t sealed[64];
	size_t size = 0;
	uint64_t key = 0;

	open_user(&p, state);
	key = make_aes_key(&p, false, "cipher");
	assert_int_equal(operate(&p, REQUEST_ENCRYPT, key, mechanism(CKM_AES_GCM),
				 (struct span){digest, sizeof(digest)}, (struct span){0}, &response),
			 CKR_OK);
	size = response.operate_response.data.size;
	assert_int_equal(size, sizeof(digest) + 16);
	memcpy(sealed, response.operate_response.data.data, size);
	assert_int_equal(operate(&p, REQUEST_DECRYPT, key, mechanism(CKM_AES_GCM), (struct span){sealed, size},
				 (struct span){0}, &response),
			 CKR_OK);
	assert_memory_equal(response.operate_response.data.data, digest, sizeof(digest));
	sealed[0] ^= 1;
	assert_int_equal(operate(&p, REQUEST_DECRYPT, key, mechanism(CKM_AES_GCM), (struct span){sealed, size},
				 (struct span){0}, &response),
			 CKR_ENCRYPTED_DATA_INVALID);
	peer_hang_up(&p);
}

static void test_chain_equals_the_whole(void **state)
{
	struct peer_link p;
	union message response;
	uint8_t plain[64] = {42}, whole[64], parts[64], next[16];
	struct chain_request request = {
		.slot = FIXTURE_SLOT, .mechanism = mechanism(CKM_AES_CBC), .encrypt = 1};
	uint64_t key = 0;

	open_user(&p, state);
	key = make_aes_key(&p, false, "chain");
	assert_int_equal(operate(&p, REQUEST_ENCRYPT, key, mechanism(CKM_AES_CBC),
				 (struct span){plain, sizeof(plain)}, (struct span){0}, &response),
			 CKR_OK);
	memcpy(whole, response.operate_response.data.data, sizeof(whole));
	request.key = key;
	for (size_t at = 0; at < sizeof(plain); at += 32) {
		request.data = (struct span){plain + at, 32};
		request.last = at == 32;
		assert_int_equal(peer_ask(&p, REQUEST_CHAIN, &request, &response), CKR_OK);
		memcpy(parts + at, response.chain_response.data.data, 32);
		assert_int_equal(response.chain_response.next_iv.size, 16);
		memcpy(next, response.chain_response.next_iv.data, 16);
		request.mechanism.iv = (struct span){next, 16};
	}
	assert_memory_equal(whole, parts, sizeof(whole));
	peer_hang_up(&p);
}

/* ---- streams ---- */

static CK_RV stream_begin(struct peer_link *p, enum stream_kind kind, uint64_t key, struct mechanism m,
			  uint64_t *stream)
{
	union message response;
	CK_RV rv = peer_ask(p, REQUEST_STREAM_OPEN,
			    &(struct stream_open_request){
				    .slot = FIXTURE_SLOT, .kind = kind, .key = key, .mechanism = m},
			    &response);

	*stream = rv == CKR_OK ? response.stream_open_response.stream : 0;
	return rv;
}

static CK_RV stream_feed(struct peer_link *p, uint64_t stream, struct span data, union message *response)
{
	return peer_ask(p, REQUEST_STREAM_UPDATE, &(struct stream_update_request){.stream = stream, .data = data},
			response);
}

static CK_RV stream_end(struct peer_link *p, uint64_t stream, union message *response)
{
	return peer_ask(p, REQUEST_STREAM_FINAL, &(struct stream_final_request){.stream = stream}, response);
}

static void test_a_stream_and_its_end(void **state)
{
	struct peer_link p, other;
	union message response;
	uint64_t key = 0, stream = 0;
	uint8_t plain[1000] = {7}, sealed[1016];
	size_t size = 0;

	open_user(&p, state);
	open_user(&other, state);
	key = make_aes_key(&p, false, "stream");
	assert_int_equal(stream_begin(&p, STREAM_ENCRYPT, key, mechanism(CKM_AES_GCM), &stream), CKR_OK);
	assert_int_equal(service_idle(p.fixture->service), 0);
	/* Of another context it does not exist. */
	assert_int_equal(stream_feed(&other, stream, (struct span){plain, 1}, NULL),
			 CKR_OPERATION_NOT_INITIALIZED);
	for (size_t at = 0; at < sizeof(plain); at += 250) {
		assert_int_equal(stream_feed(&p, stream, (struct span){plain + at, 250}, &response), CKR_OK);
		memcpy(sealed + size, response.stream_response.data.data, response.stream_response.data.size);
		size += response.stream_response.data.size;
	}
	assert_int_equal(stream_end(&p, stream, &response), CKR_OK);
	assert_int_equal(response.stream_response.more, 0);
	memcpy(sealed + size, response.stream_response.data.data, response.stream_response.data.size);
	size += response.stream_response.data.size;
	assert_int_equal(size, sizeof(sealed));
	/* It is over. */
	assert_int_equal(stream_feed(&p, stream, (struct span){plain, 1}, NULL), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(stream_end(&p, stream, NULL), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(peer_ask(&p, REQUEST_STREAM_READ, &(struct stream_close_request){.stream = stream}, NULL),
			 CKR_OPERATION_NOT_INITIALIZED);

	/* Nothing of a plaintext before its tag. */
	assert_int_equal(stream_begin(&p, STREAM_DECRYPT, key, mechanism(CKM_AES_GCM), &stream), CKR_OK);
	assert_int_equal(stream_feed(&p, stream, (struct span){sealed, 500}, &response), CKR_OK);
	assert_int_equal(response.stream_response.data.size, 0);
	assert_int_equal(stream_feed(&p, stream, (struct span){sealed + 500, size - 500}, &response), CKR_OK);
	assert_int_equal(response.stream_response.data.size, 0);
	assert_int_equal(stream_end(&p, stream, &response), CKR_OK);
	assert_int_equal(response.stream_response.data.size, sizeof(plain));
	assert_memory_equal(response.stream_response.data.data, plain, sizeof(plain));
	peer_hang_up(&p);
	peer_hang_up(&other);
}

static void test_a_large_plaintext_comes_in_parts(void **state)
{
	const size_t total = 600 * 1024;
	struct peer_link p;
	union message response;
	uint8_t *plain = calloc(1, total), *sealed = calloc(1, total + 16), *back = calloc(1, total);
	uint64_t key = 0, stream = 0;
	size_t size = 0, got = 0;
	bool more = true;

	open_user(&p, state);
	key = make_aes_key(&p, false, "large");
	plain[total - 1] = 1;
	assert_int_equal(stream_begin(&p, STREAM_ENCRYPT, key, mechanism(CKM_AES_GCM), &stream), CKR_OK);
	for (size_t at = 0; at < total; at += 200 * 1024) {
		assert_int_equal(stream_feed(&p, stream, (struct span){plain + at, 200 * 1024}, &response), CKR_OK);
		memcpy(sealed + size, response.stream_response.data.data, response.stream_response.data.size);
		size += response.stream_response.data.size;
	}
	assert_int_equal(stream_end(&p, stream, &response), CKR_OK);
	memcpy(sealed + size, response.stream_response.data.data, response.stream_response.data.size);
	size += response.stream_response.data.size;
	assert_int_equal(size, total + 16);

	assert_int_equal(stream_begin(&p, STREAM_DECRYPT, key, mechanism(CKM_AES_GCM), &stream), CKR_OK);
	for (size_t at = 0; at < size; at += 250000)
		assert_int_equal(stream_feed(&p, stream,
					     (struct span){sealed + at, size - at < 250000 ? size - at : 250000},
					     &response),
				 CKR_OK);
	assert_int_equal(stream_end(&p, stream, &response), CKR_OK);
	for (;;) {
		memcpy(back + got, response.stream_response.data.data, response.stream_response.data.size);
		got += response.stream_response.data.size;
		more = response.stream_response.more;
		if (!more)
			break;
		assert_int_equal(peer_ask(&p, REQUEST_STREAM_READ,
					  &(struct stream_close_request){.stream = stream}, &response),
				 CKR_OK);
	}
	assert_int_equal(got, total);
	assert_memory_equal(back, plain, total);
	free(plain);
	free(sealed);
	free(back);
	peer_hang_up(&p);
}

static void test_who_may_stream(void **state)
{
	struct peer_link p;
	uint64_t key = 0, stream = 0, public_key = 0, private_key = 0;
	const struct mechanism hash = mechanism(CKM_SHA256);

	open_user(&p, state);
	key = make_aes_key(&p, false, "may");
	make_ec_pair(&p, false, "may", &public_key, &private_key);
	assert_int_equal(stream_begin(&p, STREAM_SIGN, private_key, mechanism(CKM_AES_GCM), &stream),
			 CKR_MECHANISM_INVALID);
	assert_int_equal(stream_begin(&p, STREAM_SIGN, public_key, mechanism(CKM_ECDSA_SHA256), &stream),
			 CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(stream_begin(&p, STREAM_DIGEST, key, hash, &stream), CKR_ARGUMENTS_BAD);
	assert_int_equal(stream_begin(&p, STREAM_DIGEST, 0, mechanism(CKM_ECDSA), &stream), CKR_MECHANISM_INVALID);
	assert_int_equal(stream_begin(&p, STREAM_SIGN, 0, mechanism(CKM_ECDSA_SHA256), &stream),
			 CKR_KEY_HANDLE_INVALID);
	/* A stream of a private key ends with its login; a digest does not. */
	assert_int_equal(stream_begin(&p, STREAM_SIGN, private_key, mechanism(CKM_ECDSA_SHA256), &stream), CKR_OK);
	assert_int_equal(stream_begin(&p, STREAM_DIGEST, 0, hash, &key), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_LOGOUT, &(struct slot_request){.slot = FIXTURE_SLOT}, NULL), CKR_OK);
	assert_int_equal(stream_feed(&p, stream, (struct span){digest, 3}, NULL), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(stream_feed(&p, key, (struct span){digest, 3}, NULL), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_STREAM_CLOSE, &(struct stream_close_request){.stream = key}, NULL),
			 CKR_OK);
	assert_int_equal(stream_feed(&p, key, (struct span){digest, 3}, NULL), CKR_OPERATION_NOT_INITIALIZED);
	peer_hang_up(&p);
}

/* SHA-256("") as a state: a digest begun elsewhere goes on here, and takes a key in. */
static void test_digest_with_a_key(void **state)
{
	static const uint8_t start[40] = {0x6a, 0x09, 0xe6, 0x67, 0xbb, 0x67, 0xae, 0x85, 0x3c, 0x6e,
					  0xf3, 0x72, 0xa5, 0x4f, 0xf5, 0x3a, 0x51, 0x0e, 0x52, 0x7f,
					  0x9b, 0x05, 0x68, 0x8c, 0x1f, 0x83, 0xd9, 0xab, 0x5b, 0xe0,
					  0xcd, 0x19};
	struct peer_link p;
	struct stream_open_request open = {.slot = FIXTURE_SLOT,
					   .kind = STREAM_DIGEST,
					   .mechanism = mechanism(CKM_SHA256),
					   .state = {start, sizeof(start)}};
	union message response;
	uint8_t with_state[32];
	uint64_t key = 0, stream = 0, public_key = 0, private_key = 0;

	open_user(&p, state);
	key = make_aes_key(&p, false, "digested");
	make_ec_pair(&p, false, "no", &public_key, &private_key);
	for (int i = 0; i < 2; i++) {
		if (i)
			open.state = (struct span){0};
		assert_int_equal(peer_ask(&p, REQUEST_STREAM_OPEN, &open, &response), CKR_OK);
		stream = response.stream_open_response.stream;
		assert_int_equal(peer_ask(&p, REQUEST_STREAM_KEY,
					  &(struct stream_key_request){
						  .stream = stream, .slot = FIXTURE_SLOT, .key = private_key},
					  NULL),
				 CKR_KEY_INDIGESTIBLE);
		assert_int_equal(peer_ask(&p, REQUEST_STREAM_KEY,
					  &(struct stream_key_request){
						  .stream = stream, .slot = FIXTURE_SLOT, .key = key},
					  NULL),
				 CKR_OK);
		assert_int_equal(stream_end(&p, stream, &response), CKR_OK);
		assert_int_equal(response.stream_response.data.size, 32);
		if (i)
			assert_memory_equal(with_state, response.stream_response.data.data, 32);
		memcpy(with_state, response.stream_response.data.data, 32);
	}
	open.state = (struct span){start, 7};
	assert_int_equal(peer_ask(&p, REQUEST_STREAM_OPEN, &open, &response), CKR_ARGUMENTS_BAD);
	peer_hang_up(&p);
}

/* ---- keys that move ---- */

static void test_wrap_and_unwrap(void **state)
{
	struct peer_link p;
	struct wrap_request wrap = {.slot = FIXTURE_SLOT, .mechanism = mechanism(CKM_AES_KEY_WRAP), .length_only = 1};
	struct unwrap_request unwrap = {
		.slot = FIXTURE_SLOT, .session = 1, .mechanism = mechanism(CKM_AES_KEY_WRAP)};
	union message response;
	uint8_t wrapped[40];
	uint64_t wrapping = 0, target = 0, public_key = 0, private_key = 0;

	open_user(&p, state);
	wrapping = make_aes_key(&p, false, "wrapping");
	target = make_aes_key(&p, false, "target");
	make_ec_pair(&p, false, "stays", &public_key, &private_key);
	wrap.wrapping_key = wrapping;
	wrap.key = target;
	assert_int_equal(peer_ask(&p, REQUEST_WRAP, &wrap, &response), CKR_OK);
	assert_int_equal(response.wrap_response.size, sizeof(wrapped));
	assert_int_equal(response.wrap_response.data.size, 0);
	wrap.length_only = 0;
	assert_int_equal(peer_ask(&p, REQUEST_WRAP, &wrap, &response), CKR_OK);
	assert_int_equal(response.wrap_response.data.size, sizeof(wrapped));
	memcpy(wrapped, response.wrap_response.data.data, sizeof(wrapped));

	unwrap.unwrapping_key = wrapping;
	unwrap.wrapped = (struct span){wrapped, sizeof(wrapped)};
	add_number(&unwrap.template, CKA_CLASS, CKO_SECRET_KEY);
	add_number(&unwrap.template, CKA_KEY_TYPE, CKK_AES);
	add_bool(&unwrap.template, CKA_TOKEN, false);
	assert_int_equal(peer_ask(&p, REQUEST_UNWRAP, &unwrap, &response), CKR_OK);
	assert_true(response.handle_response.handle & HANDLE_SESSION_BIT);
	wrapped[0] ^= 1;
	assert_int_equal(peer_ask(&p, REQUEST_UNWRAP, &unwrap, &response), CKR_WRAPPED_KEY_INVALID);

	wrap.key = private_key;
	assert_int_equal(peer_ask(&p, REQUEST_WRAP, &wrap, &response), CKR_KEY_UNEXTRACTABLE);
	wrap.key = 12345;
	assert_int_equal(peer_ask(&p, REQUEST_WRAP, &wrap, &response), CKR_KEY_HANDLE_INVALID);
	wrap.wrapping_key = 12345;
	assert_int_equal(peer_ask(&p, REQUEST_WRAP, &wrap, &response), CKR_WRAPPING_KEY_HANDLE_INVALID);
	unwrap.unwrapping_key = 12345;
	assert_int_equal(peer_ask(&p, REQUEST_UNWRAP, &unwrap, &response), CKR_UNWRAPPING_KEY_HANDLE_INVALID);
	peer_hang_up(&p);
}

static struct span peer_point(struct peer_link *p, uint64_t public_key, uint8_t *point)
{
	union message response;
	struct span value = {0};

	assert_int_equal(peer_ask(p, REQUEST_GET,
				  &(struct get_request){.slot = FIXTURE_SLOT,
							.handle = public_key,
							.types = {.item = {CKA_EC_POINT}, .count = 1}},
				  &response),
			 CKR_OK);
	value = response.get_response.attributes.item[0].value;
	assert_true(value.size > 0 && value.size < 100);
	memcpy(point, value.data, value.size);
	return (struct span){point, value.size};
}

static void test_derive_and_agree(void **state)
{
	struct service_fixture *f = *state;
	struct peer_link p;
	uint64_t public_key[2], private_key[2];
	uint8_t point[2][100], secret[32];
	struct derive_request derive = {.slot = FIXTURE_SLOT, .session = 1};
	struct agree_request agree = {.slot = FIXTURE_SLOT};
	struct mechanism m = mechanism(CKM_ECDH1_DERIVE);
	union message response;

	open_user(&p, state);
	make_ec_pair(&p, false, "a", &public_key[0], &private_key[0]);
	make_ec_pair(&p, false, "b", &public_key[1], &private_key[1]);
	m.kdf = CKD_NULL;
	for (int i = 0; i < 2; i++) {
		m.peer = peer_point(&p, public_key[1 - i], point[i]);
		agree.key = private_key[i];
		agree.mechanism = m;
		assert_int_equal(peer_ask(&p, REQUEST_AGREE, &agree, &response), CKR_OK);
		assert_int_equal(response.operate_response.data.size, 32);
		if (i)
			assert_memory_equal(secret, response.operate_response.data.data, 32);
		memcpy(secret, response.operate_response.data.data, 32);
	}
	derive.base_key = private_key[1];
	derive.mechanism = m;
	add_number(&derive.template, CKA_CLASS, CKO_SECRET_KEY);
	add_number(&derive.template, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
	add_number(&derive.template, CKA_VALUE_LEN, 20);
	add_bool(&derive.template, CKA_TOKEN, false);
	add_bool(&derive.template, CKA_SENSITIVE, false);
	add_bool(&derive.template, CKA_EXTRACTABLE, true);
	assert_int_equal(peer_ask(&p, REQUEST_DERIVE, &derive, &response), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_GET,
				  &(struct get_request){.slot = FIXTURE_SLOT,
							.handle = response.handle_response.handle,
							.types = {.item = {CKA_VALUE}, .count = 1}},
				  &response),
			 CKR_OK);
	assert_int_equal(response.get_response.attributes.item[0].value.size, 20);
	/* 48 bytes make no AES key. */
	derive.template.item[1].value = (struct span){(const uint8_t[8]){0, 0, 0, 0, 0, 0, 0, CKK_AES}, 8};
	assert_int_not_equal(peer_ask(&p, REQUEST_DERIVE, &derive, &response), CKR_OK);
	peer_hang_up(&p);

	/* Where no key may leave, no shared secret may. */
	f->settings.extractable_allowed = false;
	service_fixture_restart(f);
	open_user(&p, state);
	make_ec_pair(&p, false, "a", &public_key[0], &private_key[0]);
	agree.key = private_key[0];
	assert_int_equal(peer_ask(&p, REQUEST_AGREE, &agree, &response), CKR_ACTION_PROHIBITED);
	peer_hang_up(&p);
	f->settings.extractable_allowed = true;
	service_fixture_restart(f);
}

static void test_random(void **state)
{
	struct peer_link p;
	union message response;
	uint8_t first[32];

	peer_open(&p, *state);
	assert_int_equal(peer_ask(&p, REQUEST_RANDOM, &(struct random_request){.size = 32}, &response), CKR_OK);
	assert_int_equal(response.random_response.data.size, 32);
	memcpy(first, response.random_response.data.data, 32);
	assert_int_equal(peer_ask(&p, REQUEST_SEED, &(struct seed_request){.seed = span_text("seed")}, NULL), CKR_OK);
	assert_int_equal(peer_ask(&p, REQUEST_RANDOM, &(struct random_request){.size = 32}, &response), CKR_OK);
	assert_memory_not_equal(first, response.random_response.data.data, 32);
	assert_int_equal(peer_ask(&p, REQUEST_RANDOM, &(struct random_request){.size = 0}, &response), CKR_OK);
	assert_int_equal(response.random_response.data.size, 0);
	peer_hang_up(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sign_and_verify),
		cmocka_unit_test(test_grants),
		cmocka_unit_test(test_tls_decryption_tells_nothing),
		cmocka_unit_test(test_cipher),
		cmocka_unit_test(test_chain_equals_the_whole),
		cmocka_unit_test(test_a_stream_and_its_end),
		cmocka_unit_test(test_a_large_plaintext_comes_in_parts),
		cmocka_unit_test(test_who_may_stream),
		cmocka_unit_test(test_digest_with_a_key),
		cmocka_unit_test(test_wrap_and_unwrap),
		cmocka_unit_test(test_derive_and_agree),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, service_fixture_group, service_fixture_group_end);
}

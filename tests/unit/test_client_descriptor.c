/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of key descriptors: fetched once, dropped when the key moves on, counted. DESIGN section 7, rule 1.
 */
#include "config.h"

#include <stdlib.h>

#include "client/descriptor.h"
#include "peer.h"
#include "cmocka_test.h"

struct fixture {
	struct peer_state *peer;
	struct settings settings;
	struct client *client;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->peer = peer_new();
	peer_settings(f->peer, &f->settings);
	peer_start(f->peer);
	if (client_open(&f->settings, "test", &f->client) != CKR_OK ||
	    client_attach(f->client, PEER_SLOT) != CKR_OK)
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	client_close(&f->client);
	peer_free(&f->peer);
	free(f);
	return 0;
}

static void test_fetched_once(void **state)
{
	struct fixture *f = *state;
	const struct descriptor *a = NULL;
	const struct descriptor *b = NULL;

	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 1, &a), CKR_OK);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 1, &b), CKR_OK);
	assert_ptr_equal(a, b);
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 1);
	assert_int_equal(a->class, CKO_PRIVATE_KEY);
	assert_int_equal(a->bits, 256);
	assert_string_equal(a->curve->name, "P-256");
	assert_true(span_equal(a->public_info, span_text("public")));
	assert_true(span_equal(a->id, span_text("id")));
	assert_true(span_equal(a->label, span_text("label")));
	descriptor_free(&b);
	assert_null(b);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 2, &b), CKR_OK);
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 2);
	descriptor_free(&a);
	descriptor_free(&b);
	descriptor_free(&b);
}

static void test_not_a_key(void **state)
{
	struct fixture *f = *state;
	const struct descriptor *d = NULL;

	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 99, &d), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 50, &d), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 0, &d), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, CK_UNAVAILABLE_INFORMATION, &d),
			 CKR_KEY_HANDLE_INVALID);
	assert_null(d);
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 2);
}

static void test_dropped(void **state)
{
	struct fixture *f = *state;
	const struct descriptor *old = NULL;
	const struct descriptor *new = NULL;

	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 1, &old), CKR_OK);
	descriptor_seen(f->client, old, 1);
	atomic_store(&f->peer->version, 2);
	descriptor_seen(f->client, old, 2);
	/* Who holds the old one may read it on. */
	assert_int_equal(old->version, 1);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 1, &new), CKR_OK);
	assert_int_equal(new->version, 2);
	descriptor_free(&old);
	descriptor_free(&new);
	descriptor_drop(f->client, PEER_SLOT, 1);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 1, &new), CKR_OK);
	descriptor_free(&new);
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 3);
	for (unsigned i = 1; i < 40; i++) {
		assert_int_equal(descriptor_get(f->client, PEER_SLOT, i, &new), CKR_OK);
		descriptor_free(&new);
	}
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 41);
	/* Logged out: all of the slot, and of no other. */
	descriptor_drop(f->client, PEER_SLOT + 1, 0);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 39, &new), CKR_OK);
	descriptor_free(&new);
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 41);
	descriptor_drop(f->client, PEER_SLOT, 0);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 39, &new), CKR_OK);
	descriptor_free(&new);
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 42);
}

/* A session object's handle may be another's after a restart; a token object's never is. */
static void test_restart(void **state)
{
	struct fixture *f = *state;
	const struct random_request random = {.size = 1};
	const struct descriptor *d = NULL;

	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 1, &d), CKR_OK);
	descriptor_free(&d);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, HANDLE_SESSION_BIT | 1, &d), CKR_OK);
	assert_false(d->is_token);
	descriptor_free(&d);
	peer_kill(f->peer);
	peer_start(f->peer);
	assert_int_equal(client_tell(f->client, REQUEST_RANDOM, &random), CKR_OK);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 1, &d), CKR_OK);
	descriptor_free(&d);
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 2);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, HANDLE_SESSION_BIT | 1, &d), CKR_OK);
	descriptor_free(&d);
	assert_int_equal(f->peer->asked[REQUEST_DESCRIBE], 3);
}

static void test_permits(void **state)
{
	struct fixture *f = *state;
	const struct mechanism ecdsa = {.row = mechanism_find(CKM_ECDSA)};
	const struct mechanism sha256 = {.row = mechanism_find(CKM_ECDSA_SHA256)};
	const struct mechanism rsa = {.row = mechanism_find(CKM_RSA_PKCS)};
	const struct descriptor *any = NULL;
	const struct descriptor *only = NULL;

	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 1, &any), CKR_OK);
	assert_int_equal(descriptor_get(f->client, PEER_SLOT, 2, &only), CKR_OK);
	assert_int_equal(descriptor_permits(any, &ecdsa, CKF_SIGN), CKR_OK);
	assert_int_equal(descriptor_permits(any, &sha256, CKF_SIGN), CKR_OK);
	assert_int_equal(descriptor_permits(only, &ecdsa, CKF_SIGN), CKR_OK);
	assert_int_equal(descriptor_permits(only, &sha256, CKF_SIGN), CKR_MECHANISM_INVALID);
	assert_int_equal(descriptor_permits(any, &ecdsa, CKF_VERIFY), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(descriptor_permits(any, &ecdsa, CKF_DECRYPT), CKR_MECHANISM_INVALID);
	assert_int_equal(descriptor_permits(any, &rsa, CKF_DECRYPT), CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(descriptor_permits(any, &rsa, CKF_SIGN), CKR_KEY_TYPE_INCONSISTENT);
	descriptor_free(&any);
	descriptor_free(&only);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fetched_once), TEST(test_not_a_key), TEST(test_dropped),
		TEST(test_restart),	 TEST(test_permits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

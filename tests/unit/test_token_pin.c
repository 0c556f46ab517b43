/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_pin.c and pin.c: an attempt is counted before it is compared, whatever happens in between;
 * lockout stays over a restart; a resend is no second attempt, nor a free one; lengths.
 */
#include "config.h"

#include "token/pin.h"

#include <string.h>

#include "cmocka_test.h"
#include "token_fixture.h"

#define WRONG "wrong-pin-9999"

static const struct once once_a = {.context = {9}, .sequence = 1};
static const struct once once_b = {.context = {9}, .sequence = 2};

static CK_RV check(struct token *token, CK_USER_TYPE user, const char *pin, const struct once *once)
{
	return token_check_pin(token, user, text_span(pin), once);
}

static CK_FLAGS pin_flags_of(struct token *token)
{
	struct token_facts facts;

	token_facts(token, &facts);
	return facts.flags &
	       (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED |
		CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED);
}

static void reopen(struct fixture *f, struct token **token)
{
	token_free(token);
	fixture_reopen(f);
	*token = fixture_token(f, 1);
}

static void the_right_pin_is_right(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));

	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_OK);
	assert_int_equal(check(token, CKU_SO, SO_PIN, NULL), CKR_OK);
	assert_int_equal(check(token, CKU_SO, USER_PIN, NULL), CKR_PIN_INCORRECT);
	assert_int_equal(check(token, CKU_USER, "", NULL), CKR_PIN_INCORRECT);
	assert_int_equal(token_check_pin(token, CKU_USER, (struct span){NULL, 0}, NULL),
			 CKR_PIN_INCORRECT);
	assert_int_equal(check(token, CKU_CONTEXT_SPECIFIC, USER_PIN, NULL), CKR_USER_TYPE_INVALID);
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_OK);
	token_free(&token);
}

static void lockout_is_told_kept_and_lifted(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));

	assert_int_equal(pin_flags_of(token), 0);
	assert_int_equal(check(token, CKU_USER, WRONG, NULL), CKR_PIN_INCORRECT);
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_COUNT_LOW);
	reopen(f, &token);
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_COUNT_LOW);
	assert_int_equal(check(token, CKU_USER, WRONG, NULL), CKR_PIN_INCORRECT);
	assert_int_equal(check(token, CKU_USER, WRONG, NULL), CKR_PIN_INCORRECT);
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
	assert_int_equal(check(token, CKU_USER, WRONG, NULL), CKR_PIN_INCORRECT);
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_LOCKED);
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_PIN_LOCKED);
	reopen(f, &token);
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_PIN_LOCKED);
	assert_int_equal(
	    token_set_pin(token, CKU_USER, text_span(USER_PIN), text_span("another1"), NULL),
	    CKR_PIN_LOCKED);
	assert_int_equal(token_init_pin(token, text_span("fresh-pin"), NULL), CKR_OK);
	assert_int_equal(pin_flags_of(token), 0);
	assert_int_equal(check(token, CKU_USER, "fresh-pin", NULL), CKR_OK);
	token_free(&token);
}

static void success_takes_the_count_back(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(check(token, CKU_USER, WRONG, NULL), CKR_PIN_INCORRECT);
		assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_OK);
		assert_int_equal(pin_flags_of(token), 0);
	}
	token_free(&token);
}

static void the_so_is_locked_for_good(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));

	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    token_store_init(f->store, 1, text_span(WRONG), text_span("n"), NULL),
		    CKR_PIN_INCORRECT);
	assert_int_equal(pin_flags_of(token), CKF_SO_PIN_LOCKED);
	assert_int_equal(check(token, CKU_SO, SO_PIN, NULL), CKR_PIN_LOCKED);
	assert_int_equal(token_store_init(f->store, 1, text_span(SO_PIN), text_span("n"), NULL),
			 CKR_PIN_LOCKED);
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_OK);
	token_free(&token);
}

static void setting_a_pin(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	struct token_facts before, after;

	token_facts(token, &before);
	assert_int_equal(
	    token_set_pin(token, CKU_USER, text_span(USER_PIN), text_span("123"), NULL),
	    CKR_PIN_LEN_RANGE);
	assert_int_equal(pin_flags_of(token), 0); /* that was no attempt */
	assert_int_equal(
	    token_set_pin(token, CKU_USER, text_span(WRONG), text_span("new-pin"), NULL),
	    CKR_PIN_INCORRECT);
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_COUNT_LOW);
	assert_int_equal(
	    token_set_pin(token, CKU_USER, text_span(USER_PIN), text_span("new-pin"), NULL),
	    CKR_OK);
	assert_int_equal(pin_flags_of(token), 0);
	token_facts(token, &after);
	assert_int_equal(after.pin_version, before.pin_version + 1);
	assert_true(after.epoch > before.epoch);
	assert_int_equal(
	    token_set_pin(token, CKU_SO, text_span(SO_PIN), text_span("new-so-pin"), NULL), CKR_OK);
	reopen(f, &token);
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_PIN_INCORRECT);
	assert_int_equal(check(token, CKU_USER, "new-pin", NULL), CKR_OK);
	assert_int_equal(check(token, CKU_SO, "new-so-pin", NULL), CKR_OK);
	token_free(&token);
}

/* Without a counter a short PIN is refused, unless the settings allow it (security rule 8). */
static void strong_pins_where_weak_ones_are_refused(void **state)
{
	struct fixture *f = *state;
	struct token_facts facts;
	struct token *token = NULL;

	f->settings.weak_pin_allowed = false;
	fixture_reopen(f);
	assert_int_equal(
	    token_store_init(f->store, 1, text_span("123456789012345678901"), text_span("t"), NULL),
	    CKR_PIN_LEN_RANGE);
	assert_int_equal(token_store_init(f->store, 1, text_span("1234567890123456789012"),
					  text_span("t"), NULL),
			 CKR_OK);
	token = fixture_token(f, 1);
	token_facts(token, &facts);
	assert_int_equal(facts.pin_min, 22);
	assert_int_equal(token_init_pin(token, text_span(USER_PIN), NULL), CKR_PIN_LEN_RANGE);
	assert_int_equal(
	    token_init_pin(token, (struct span){(const uint8_t *)"12345678901\000123456789012", 24},
			   NULL),
	    CKR_PIN_INVALID);
	token_free(&token);
}

/* Killed after the count and before the verdict: the count is in the store. */
static void a_kill_does_not_give_an_attempt_back(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));

	for (int i = 0; i < 4; i++) {
		fixture_fail(f, FAIL_AFTER, 1, CKR_DEVICE_ERROR);
		assert_int_equal(check(token, CKU_USER, WRONG, NULL), CKR_DEVICE_ERROR);
		reopen(f, &token);
	}
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_PIN_LOCKED);
	token_free(&token);
}

/* A store that takes no count gets no comparison: not even the right PIN is let in. */
static void no_count_no_comparison(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));

	fixture_fail(f, FAIL_BEFORE, 1, CKR_DEVICE_MEMORY);
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_DEVICE_MEMORY);
	assert_int_equal(check(token, CKU_USER, WRONG, NULL), CKR_DEVICE_MEMORY);
	assert_int_equal(
	    token_set_pin(token, CKU_USER, text_span(USER_PIN), text_span("new-pin"), NULL),
	    CKR_DEVICE_MEMORY);
	f->blobs.how = FAIL_NEVER;
	assert_int_equal(pin_flags_of(token), 0);
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_OK);
	token_free(&token);
}

static void a_resend_burns_nothing_and_hears_the_same(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));

	for (int i = 0; i < 6; i++)
		assert_int_equal(check(token, CKU_USER, WRONG, &once_a), CKR_PIN_INCORRECT);
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_COUNT_LOW);
	/* Decided: even with another PIN it is the first answer. */
	assert_int_equal(check(token, CKU_USER, USER_PIN, &once_a), CKR_PIN_INCORRECT);
	reopen(f, &token);
	assert_int_equal(check(token, CKU_USER, WRONG, &once_a), CKR_PIN_INCORRECT);
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_COUNT_LOW);
	assert_int_equal(check(token, CKU_USER, USER_PIN, &once_b), CKR_OK);
	assert_int_equal(check(token, CKU_USER, USER_PIN, &once_b), CKR_OK);
	assert_int_equal(pin_flags_of(token), 0);
	token_free(&token);
}

/*
 * Killed between count and verdict, then sent again: the same attempt for the same PIN, another for
 * another one.
 */
static void a_resend_after_a_kill(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));
	CK_RV rv = CKR_GENERAL_ERROR;
	uint64_t handles[2];

	fixture_fail(f, FAIL_AFTER, 1, CKR_DEVICE_ERROR);
	assert_int_equal(check(token, CKU_USER, USER_PIN, &once_a), CKR_DEVICE_ERROR);
	reopen(f, &token);
	assert_false(token_once_result(f->store, &once_a, &rv, handles));
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_COUNT_LOW);
	assert_int_equal(check(token, CKU_USER, USER_PIN, &once_a), CKR_OK);
	assert_int_equal(pin_flags_of(token), 0);

	/*
	 * Guesses at each of which the daemon is killed before it has told the verdict: no more
	 * than the tries.
	 */
	for (int i = 0; i < 4; i++) {
		char guess[] = "guess-number-0";

		guess[sizeof(guess) - 2] = (char)('0' + i);
		fixture_fail(f, FAIL_AFTER, 1, CKR_DEVICE_ERROR);
		assert_int_equal(check(token, CKU_USER, guess, &once_b), CKR_DEVICE_ERROR);
		reopen(f, &token);
	}
	assert_int_equal(check(token, CKU_USER, USER_PIN, &once_b), CKR_PIN_LOCKED);
	token_free(&token);
}

/* The last try, killed in between, is still told its verdict. */
static void the_last_try_is_decided_too(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, fixture_init(f, "t"));

	for (int i = 0; i < 3; i++)
		assert_int_equal(check(token, CKU_USER, WRONG, NULL), CKR_PIN_INCORRECT);
	fixture_fail(f, FAIL_AFTER, 1, CKR_DEVICE_ERROR);
	assert_int_equal(check(token, CKU_USER, USER_PIN, &once_a), CKR_DEVICE_ERROR);
	reopen(f, &token);
	assert_int_equal(pin_flags_of(token), CKF_USER_PIN_LOCKED);
	assert_int_equal(check(token, CKU_USER, USER_PIN, NULL), CKR_PIN_LOCKED);
	assert_int_equal(check(token, CKU_USER, USER_PIN, &once_a), CKR_OK);
	token_free(&token);
}

/* Tickets name it: none outlives the token that it was for. */
static void initialising_again_ends_logins(void **state)
{
	struct fixture *f = *state;
	uint64_t slot = fixture_init(f, "t");
	struct token *token = fixture_token(f, slot);
	uint64_t before = token_login_generation(token);

	token_free(&token);
	assert_int_equal(token_store_init(f->store, slot, text_span(SO_PIN), text_span("u"), NULL), CKR_OK);
	token = fixture_token(f, slot);
	assert_int_equal(token_login_generation(token), before + 1);
	reopen(f, &token);
	assert_int_equal(token_login_generation(token), before + 1);
	token_free(&token);
}

static void the_parameters_are_the_records(void **state)
{
	struct record_pin pin = {.log2_n = 10, .r = 8, .p = 16};
	uint8_t hash[RECORD_HASH_SIZE];
	/*
	 * RFC 7914 section 12: scrypt("password", "NaCl", 1024, 8, 16) has another salt size; ours
	 * is 16 bytes.
	 */
	struct record_pin other = pin;

	(void)state;
	assert_int_equal(pin_hash(&pin, text_span("password"), hash), CKR_OK);
	memcpy(pin.verifier, hash, sizeof(hash));
	assert_true(pin_matches(&pin, hash));
	other.log2_n = 11;
	assert_int_equal(pin_hash(&other, text_span("password"), hash), CKR_OK);
	assert_false(pin_matches(&pin, hash));
	assert_int_equal(pin_set(&other, text_span("password")), CKR_OK);
	assert_int_equal(other.log2_n, 14);
	assert_int_equal(other.version, 1);
}

#define WITH_TOKEN(test) cmocka_unit_test_setup_teardown(test, fixture_memory, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_TOKEN(the_right_pin_is_right),
	    WITH_TOKEN(lockout_is_told_kept_and_lifted),
	    WITH_TOKEN(success_takes_the_count_back),
	    WITH_TOKEN(the_so_is_locked_for_good),
	    WITH_TOKEN(setting_a_pin),
	    WITH_TOKEN(strong_pins_where_weak_ones_are_refused),
	    WITH_TOKEN(a_kill_does_not_give_an_attempt_back),
	    WITH_TOKEN(no_count_no_comparison),
	    WITH_TOKEN(a_resend_burns_nothing_and_hears_the_same),
	    WITH_TOKEN(a_resend_after_a_kill),
	    WITH_TOKEN(the_last_try_is_decided_too),
	    WITH_TOKEN(initialising_again_ends_logins),
	    cmocka_unit_test(the_parameters_are_the_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store on a platform with a counter (security rule 7): what was put back is refused, a kill between commit and increment is
 * not, and a PIN is never compared when its attempt was not counted.
 */
#include "config.h"

#include "cmocka_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "token/token.h"
#include "token_fixture.h"
#include "keys/hierarchy.h"
#include "../lib/scratch.h"
#include "../lib/captured_log.h"

static uint64_t counter_value;
static CK_RV counter_result;    /* of reads and increments */
static bool counter_is_lost;    /* killed before the increment: it is not done */
static char counter_id[4];

static CK_RV make(struct platform *platform, const uint8_t auth[PLATFORM_KEY_SIZE], struct buffer *id, uint64_t *value)
{
	(void)platform;
	(void)auth;
	*value = ++counter_value;
	counter_result = CKR_OK;
	return buffer_set(id, counter_id, 3) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static CK_RV look(struct platform *platform, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], uint64_t *value)
{
	(void)platform;
	(void)auth;
	assert_int_equal(id.size, 3);
	*value = counter_value;
	return memcmp(id.data, counter_id, 3) == 0 ? counter_result : CKR_TOKEN_NOT_RECOGNIZED;
}

static CK_RV increment(struct platform *platform, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], uint64_t *value)
{
	if (counter_is_lost)
		return CKR_DEVICE_ERROR;
	counter_value++;
	return look(platform, id, auth, value);
}

/* A new store on such a platform, with a token in slot 1. */
static int setup(void **state)
{
	struct fixture *f = NULL;

	fixture_memory(state);
	f = *state;
	snprintf(counter_id, sizeof(counter_id), "one");
	counter_value = 6;
	counter_result = CKR_OK;
	counter_is_lost = false;
	token_store_free(&f->store);
	blobstore_free(&f->blobs.real);
	f->platform.base.description.rollback = "counter";
	f->platform.ops.counter_new = make;
	f->platform.ops.counter_read = look;
	f->platform.ops.counter_increment = increment;
	fixture_reopen(f);
	assert_int_equal(fixture_init(f, "t"), 1);
	return 0;
}

static CK_RV login(struct fixture *f, const char *pin)
{
	struct token *token = fixture_token(f, 1);
	CK_RV rv = token_check_pin(token, CKU_USER, text_span(pin), NULL);

	token_free(&token);
	return rv;
}

static void only_some_writes_count(void **state)
{
	struct fixture *f = *state;
	struct token *token = fixture_token(f, 1);
	uint64_t before = counter_value;

	fixture_insert(f, token, "x");
	assert_int_equal(counter_value, before);
	assert_int_equal(token_check_pin(token, CKU_USER, text_span("wrong-pin-1"), NULL), CKR_PIN_INCORRECT);
	assert_true(counter_value > before);
	token_free(&token);
	before = counter_value;
	fixture_reopen(f);
	assert_int_equal(counter_value, before + 1);
}

static void kill_before_the_increment_is_no_rollback(void **state)
{
	struct fixture *f = *state;
	uint64_t before = counter_value;

	counter_is_lost = true;
	assert_int_equal(login(f, USER_PIN), CKR_DEVICE_ERROR);
	/* Nor does anything go on that has to be counted, so that it is never two ahead. */
	assert_int_equal(login(f, USER_PIN), CKR_DEVICE_ERROR);
	assert_int_equal(counter_value, before);
	counter_is_lost = false;
	fixture_reopen(f);
	assert_int_equal(counter_value, before + 2);
	assert_int_equal(login(f, USER_PIN), CKR_OK);
}

static void refused(struct fixture *f, const char *words)
{
	static struct captured_log text;

	captured_log_begin(&text);
	assert_int_equal(fixture_try_reopen(f), CKR_TOKEN_NOT_RECOGNIZED);
	captured_log_end(&text);
	if (words)
		assert_true(captured_log_has(&text, words));
}

/* The store is as it was, and the counter is not: what putting it back looks like. */
static void what_was_put_back_is_refused(void **state)
{
	struct fixture *f = *state;

	counter_value++;
	refused(f, "ROLLED BACK");
	counter_value -= 3;
	refused(f, "ROLLED BACK");
	counter_value += 2;
	fixture_reopen(f);
}

static void without_its_counter_it_is_refused(void **state)
{
	struct fixture *f = *state;

	counter_result = CKR_TOKEN_NOT_RECOGNIZED;
	refused(f, NULL);
	counter_result = CKR_OK;
	f->platform.base.description.rollback = "none";
	refused(f, "refused without");
}

static void write_recovery(struct fixture *f, struct scratch *folder)
{
	FILE *file = NULL;

	assert_true(scratch_make(folder));
	scratch_path(folder, "recovery", f->settings.recovery_file);
	file = fopen(f->settings.recovery_file, "w");
	assert_non_null(file);
	for (int i = 0; i < 32; i++)
		fputs("5a", file);
	fclose(file);
	assert_int_equal(chmod(f->settings.recovery_file, 0600), 0);
}

static uint64_t replacements(struct fixture *f)
{
	return hierarchy_counter(token_store_hierarchy(f->store)).replaced;
}

/* On another TPM, whose counters are elsewhere: only with the secret and the switch, and it is written down. */
static void a_lost_counter_is_replaced_only_when_asked(void **state)
{
	struct fixture *f = *state;
	struct scratch folder;

	write_recovery(f, &folder);
	fixture_reopen(f);
	snprintf(counter_id, sizeof(counter_id), "two");
	counter_value = 100;
	refused(f, "accept-rollback");
	f->settings.accept_rollback = true;
	f->settings.recovery_file[0] = '\0';
	refused(f, "does nothing");
	scratch_path(&folder, "recovery", f->settings.recovery_file);
	fixture_reopen(f);
	assert_int_equal(replacements(f), 1);
	assert_int_equal(login(f, USER_PIN), CKR_OK);
	f->settings.accept_rollback = false;
	fixture_reopen(f);
	assert_int_equal(replacements(f), 1);
	/* And the new one is as strict as the old. */
	counter_value++;
	refused(f, "ROLLED BACK");
	counter_value--;
	fixture_reopen(f);
	/* What has its counter keeps it, whatever is allowed. */
	f->settings.accept_rollback = true;
	counter_value++;
	refused(f, "ROLLED BACK");
	counter_value--;
	fixture_reopen(f);
	assert_int_equal(replacements(f), 1);
	scratch_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_some_writes_count, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(kill_before_the_increment_is_no_rollback, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(what_was_put_back_is_refused, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(without_its_counter_it_is_refused, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_lost_counter_is_replaced_only_when_asked, setup, fixture_teardown),
	};

	log_open("test", LOG_LEVEL_NOTICE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

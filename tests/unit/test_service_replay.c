/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small memories of a context: results that are given again, grants, nonces, evidence. They are rings: what
 * they forget, and that they forget no sooner, is shown here.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "service/evidence_cache.h"
#include "service/grant.h"
#include "service/nonce.h"
#include "service/replay.h"

#include "cmocka_test.h"

static void test_replay(void **unused)
{
	struct replay replay;
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct buffer out = {0};
	char text[16];

	(void)unused;
	assert_true(replay_init(&replay));
	pthread_mutex_lock(&lock);
	for (uint64_t i = 1; i <= REPLAY_RESULTS_MAX; i++) {
		assert_int_equal(replay_begin(&replay, &lock, i, &out), REPLAY_FIRST);
		snprintf(text, sizeof(text), "result %u", (unsigned)i);
		replay_end(&replay, i, span_text(text));
	}
	assert_int_equal(replay_begin(&replay, &lock, 1, &out), REPLAY_REPEATED);
	assert_true(span_equal(buffer_span(&out), span_text("result 1")));
	/* One more: the oldest gives way, and is known to be old. */
	assert_int_equal(replay_begin(&replay, &lock, 100, &out), REPLAY_FIRST);
	replay_end(&replay, 100, span_text("x"));
	assert_int_equal(replay_begin(&replay, &lock, 1, &out), REPLAY_FORGOTTEN);
	/* What failed to be answered is as if it had not come. */
	replay_end(&replay, 1, (struct span){0});
	assert_int_equal(replay_begin(&replay, &lock, 1, &out), REPLAY_FORGOTTEN);
	replay_end(&replay, 1, span_text("at last"));
	assert_int_equal(replay_begin(&replay, &lock, 1, &out), REPLAY_REPEATED);
	/* No place while all are running; none of them gives way. */
	for (uint64_t i = 1000; i < 1000 + REPLAY_RESULTS_MAX; i++)
		assert_int_equal(replay_begin(&replay, &lock, i, &out), REPLAY_FIRST);
	assert_int_equal(replay_begin(&replay, &lock, 2000, &out), REPLAY_FULL);
	replay_end(&replay, 1000, span_text("done"));
	assert_int_equal(replay_begin(&replay, &lock, 2000, &out), REPLAY_FIRST);
	pthread_mutex_unlock(&lock);
	buffer_free(&out);
	replay_free(&replay);
}

static void test_grants(void **unused)
{
	struct grants grants;
	uint8_t first[PROTOCOL_GRANT_SIZE], id[PROTOCOL_GRANT_SIZE];
	const struct span with = {first, sizeof(first)};

	(void)unused;
	memset(&grants, 0, sizeof(grants));
	assert_true(grant_make(&grants, 1, 7, CKF_SIGN, 1000, first));
	assert_false(grant_spend(&grants, with, 2, 7, CKF_SIGN, 5, 1000));
	assert_false(grant_spend(&grants, with, 1, 8, CKF_SIGN, 5, 1000));
	assert_false(grant_spend(&grants, with, 1, 7, CKF_DECRYPT, 5, 1000));
	assert_false(grant_spend(&grants, (struct span){first, 15}, 1, 7, CKF_SIGN, 5, 1000));
	assert_false(grant_spend(&grants, with, 1, 7, CKF_SIGN, 5, 1001 + GRANT_LIFETIME_S));
	assert_true(grant_spend(&grants, with, 1, 7, CKF_SIGN, 5, 1000 + GRANT_LIFETIME_S));
	assert_true(grant_spend(&grants, with, 1, 7, CKF_SIGN, 5, 1000));
	assert_false(grant_spend(&grants, with, 1, 7, CKF_SIGN, 6, 1000));
	/* An empty place is no grant. */
	memset(id, 0, sizeof(id));
	assert_false(grant_spend(&grants, (struct span){id, sizeof(id)}, 0, 0, 0, 9, 0));
	assert_true(grant_make(&grants, 1, 7, CKF_SIGN, 1000, first));
	for (int i = 0; i < GRANTS_MAX; i++)
		assert_true(grant_make(&grants, 3, 9, CKF_SIGN, 1000, id));
	assert_false(grant_spend(&grants, with, 1, 7, CKF_SIGN, 8, 1000));
	grant_drop(&grants, 3);
	assert_false(grant_spend(&grants, (struct span){id, sizeof(id)}, 3, 9, CKF_SIGN, 8, 1000));
}

static void test_nonces(void **unused)
{
	struct nonces nonces;
	const struct nonce *found = NULL;

	(void)unused;
	memset(&nonces, 0, sizeof(nonces));
	assert_null(nonce_get(&nonces, 1, 100));
	nonce_set(&nonces, 1, 50, span_text("one"), 100);
	found = nonce_get(&nonces, 1, 100 + NONCE_LIFETIME_S - 1);
	assert_non_null(found);
	assert_int_equal(found->size, 3);
	assert_null(nonce_get(&nonces, 1, 100 + NONCE_LIFETIME_S));
	assert_null(nonce_get(&nonces, 2, 100));
	nonce_set(&nonces, 1, 51, span_text("two"), 101);
	nonce_forget(&nonces, 1, 50); /* replaced already */
	assert_non_null(nonce_get(&nonces, 1, 102));
	nonce_forget(&nonces, 1, 51);
	assert_null(nonce_get(&nonces, 1, 102));
	/* One for each slot; when there are too many, the oldest goes. */
	for (uint64_t slot = 1; slot <= NONCE_SLOTS + 1; slot++)
		nonce_set(&nonces, slot, slot, span_text("n"), 200 + slot);
	assert_null(nonce_get(&nonces, 1, 250));
	for (uint64_t slot = 2; slot <= NONCE_SLOTS + 1; slot++)
		assert_non_null(nonce_get(&nonces, slot, 250));
	nonce_forget(&nonces, 5, 0);
	assert_null(nonce_get(&nonces, 5, 250));
}

static void test_evidence_cache(void **unused)
{
	struct evidence_cache cache = {0};
	struct evidence_subject subject = {.slot = 1, .handle = 2, .version = 3, .nonce_size = 1, .nonce = {9}};
	struct buffer out = {0};

	(void)unused;
	assert_false(evidence_cache_get(&cache, &subject, 10, &out));
	evidence_cache_put(&cache, &subject, 10, span_text("evidence"));
	assert_true(evidence_cache_get(&cache, &subject, 10 + EVIDENCE_CACHE_LIFETIME_S - 1, &out));
	assert_true(span_equal(buffer_span(&out), span_text("evidence")));
	assert_false(evidence_cache_get(&cache, &subject, 10 + EVIDENCE_CACHE_LIFETIME_S, &out));
	subject.version++;
	assert_false(evidence_cache_get(&cache, &subject, 10, &out));
	subject.version--;
	subject.state++;
	assert_false(evidence_cache_get(&cache, &subject, 10, &out));
	subject.state--;
	subject.nonce[0]++;
	assert_false(evidence_cache_get(&cache, &subject, 10, &out));
	subject.nonce[0]--;
	for (int i = 0; i < EVIDENCE_CACHE_MAX; i++) {
		subject.handle = (uint64_t)(100 + i);
		evidence_cache_put(&cache, &subject, 10, span_text("other"));
	}
	subject.handle = 2;
	assert_false(evidence_cache_get(&cache, &subject, 10, &out));
	buffer_free(&out);
	evidence_cache_free(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_grants),
		cmocka_unit_test(test_nonces),
		cmocka_unit_test(test_evidence_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

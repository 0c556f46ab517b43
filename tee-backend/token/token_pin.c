/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PINs and lockout (security rule 8): an attempt is counted in the store before it is compared, and
 * the verdict of a request that may come again is written before it is told. scrypt runs under the
 * token's PIN lock alone, so operations on keys go on meanwhile. Called by service/. Inside the
 * enclave.
 */
#include "config.h"

#include "token/token.h"

#include <string.h>

#include "common/memory.h"
#include "token/commit.h"
#include "token/internal.h"
#include "token/pin.h"

/* A change of one PIN's record in the head. */
struct pin_edit {
	bool so;
	bool attempt;		     /* one more failed; */
	const struct record_pin *to; /* or this record; */
				     /* or, with neither, none failed */
};

static struct record_pin *pin_of(struct record_head *head, bool so)
{
	return so ? &head->so : &head->user;
}

static void edit_pin(struct record_head *head, const void *arg)
{
	const struct pin_edit *edit = arg;
	struct record_pin *pin = pin_of(head, edit->so);

	if (edit->attempt)
		pin->failed++;
	else if (edit->to)
		*pin = *edit->to;
	else
		pin->failed = 0;
}

static CK_RV write_pin(struct token *token, const struct pin_edit *edit, const struct once *once,
		       const uint8_t *candidate)
{
	struct change change = {.kind = CHANGE_HEAD,
				.token = token,
				.epoch = true,
				.edit = edit_pin,
				.arg = edit,
				.once = once,
				.candidate = candidate};

	return commit_run(token->store, &change);
}

/* The verdict alone, for a resend. */
static CK_RV write_verdict(struct token *token, CK_RV verdict, const struct once *once)
{
	struct change change = {
	    .kind = CHANGE_NOTE, .token = token, .once = once, .verdict = verdict};
	CK_RV rv = once ? commit_run(token->store, &change) : verdict;

	return rv == CKR_OK ? verdict : rv;
}

static void read_pin(struct token *token, bool so, struct record_pin *pin)
{
	pthread_rwlock_rdlock(&token->lock);
	*pin = *pin_of(&token->head, so);
	pthread_rwlock_unlock(&token->lock);
}

/*
 * A resend after a crash between count and verdict is the same attempt, but only with the same PIN:
 * else each kill at that moment would give a guess for nothing.
 */
CK_RV token_pin_attempt(struct token *token, CK_USER_TYPE user, struct span given,
			const struct once *once)
{
	bool so = user == CKU_SO;
	const struct pin_edit count = {.so = so, .attempt = true};
	struct record_once known = {.time = 0};
	struct record_pin pin;
	uint8_t candidate[RECORD_HASH_SIZE] = {0};
	bool again = false;
	CK_RV rv = CKR_OK;

	read_pin(token, so, &pin);
	if (once && once_find(token->store->once, once, &known)) {
		rv = known.rv;
		if (!known.undecided)
			goto out;
		again = true;
	}
	if (!pin.version) {
		rv = CKR_USER_PIN_NOT_INITIALIZED;
		goto out;
	}
	if (!again && pin.failed >= token->store->pin_tries) {
		rv = CKR_PIN_LOCKED;
		goto out;
	}
	rv = pin_hash(&pin, given, candidate);
	if (rv != CKR_OK)
		goto out;
	again = again && memory_equal(candidate, known.candidate, sizeof(candidate));
	if (!again && pin.failed >= token->store->pin_tries)
		rv = CKR_PIN_LOCKED;
	else if (!again)
		rv = write_pin(token, &count, once, candidate);
	if (rv == CKR_OK && !pin_matches(&pin, candidate))
		rv = write_verdict(token, CKR_PIN_INCORRECT, once);
out:
	memory_wipe(&pin, sizeof(pin));
	memory_wipe(&known, sizeof(known));
	memory_wipe(candidate, sizeof(candidate));
	return rv;
}

/* A decided request is answered before anything else. */
static bool decided(struct token *token, const struct once *once, CK_RV *rv)
{
	uint64_t handles[2] = {0, 0};

	return once && token_once_result(token->store, once, rv, handles);
}

CK_RV token_check_pin(struct token *token, CK_USER_TYPE user, struct span pin,
		      const struct once *once)
{
	const struct pin_edit reset = {.so = user == CKU_SO};
	CK_RV rv = CKR_OK;

	if (user != CKU_SO && user != CKU_USER)
		return CKR_USER_TYPE_INVALID;
	pthread_mutex_lock(&token->pin_lock);
	if (!decided(token, once, &rv)) {
		rv = token_pin_attempt(token, user, pin, once);
		if (rv == CKR_OK)
			rv = write_pin(token, &reset, once, NULL);
	}
	pthread_mutex_unlock(&token->pin_lock);
	return rv;
}

/* Replaces the PIN by NEW_PIN; the caller has .pin_lock. */
static CK_RV replace(struct token *token, bool so, struct span new_pin, const struct once *once)
{
	struct record_pin made;
	struct pin_edit edit = {.so = so, .to = &made};
	CK_RV rv = CKR_OK;

	read_pin(token, so, &made);
	rv = pin_set(&made, new_pin);
	if (rv == CKR_OK)
		rv = write_pin(token, &edit, once, NULL);
	memory_wipe(&made, sizeof(made));
	return rv;
}

CK_RV token_init_pin(struct token *token, struct span pin, const struct once *once)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&token->pin_lock);
	if (!decided(token, once, &rv)) {
		rv = pin_check(pin, token->store->weak_pin);
		if (rv == CKR_OK)
			rv = replace(token, false, pin, once);
	}
	pthread_mutex_unlock(&token->pin_lock);
	return rv;
}

CK_RV token_set_pin(struct token *token, CK_USER_TYPE user, struct span old_pin,
		    struct span new_pin, const struct once *once)
{
	CK_RV rv = CKR_OK;

	if (user != CKU_SO && user != CKU_USER)
		return CKR_USER_TYPE_INVALID;
	pthread_mutex_lock(&token->pin_lock);
	if (!decided(token, once, &rv)) {
		/* The length first: a new PIN that cannot be is no attempt on the old one. */
		rv = pin_check(new_pin, token->store->weak_pin);
		if (rv == CKR_OK)
			rv = token_pin_attempt(token, user, old_pin, once);
		/* PKCS#11 v3.0 section 5.1.6: only C_Login says that there is none; here none is a wrong one. */
		if (rv == CKR_USER_PIN_NOT_INITIALIZED)
			rv = CKR_PIN_INCORRECT;
		if (rv == CKR_OK)
			rv = replace(token, user == CKU_SO, new_pin, once);
	}
	pthread_mutex_unlock(&token->pin_lock);
	return rv;
}

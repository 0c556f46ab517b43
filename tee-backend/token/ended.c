/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ended logins: the last page takes the next name, the first ones go when their tickets have expired. What
 * goes leaves its time behind as .since, so that a clock that is set back revives nothing. Called by the
 * committer and, when a login is resumed, by service/. Inside the enclave.
 */
#include "config.h"

#include "token/ended.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"

/* The pages of a token as they will be; beside those of the draft's head. */
struct ended_draft {
	struct record_ended *page[RECORD_ENDED_PAGES];
	bool own[RECORD_ENDED_PAGES]; /* the draft's: new, or a changed copy */
};

void ended_draft_free(struct ended_draft **ended)
{
	if (!*ended)
		return;
	for (size_t i = 0; i < RECORD_ENDED_PAGES; i++)
		if ((*ended)->own[i])
			free((*ended)->page[i]);
	free(*ended);
	*ended = NULL;
}

/* Takes page I out, and says what that ends. */
static CK_RV drop(struct transaction *t, struct draft *draft, size_t i)
{
	struct record_ended_list *list = &draft->head.ended;
	struct ended_draft *e = draft->ended;
	const struct record_ended *page = e->page[i];
	struct blob_name name = {RECORD_ENDED, draft->token->number, list->page[i].id};
	uint64_t since = page ? 0 : draft->token->ended_lost;
	size_t rest = list->count - i - 1;
	CK_RV rv = commit_sweep(t, name);

	for (size_t k = 0; page && k < page->count; k++)
		if (page->entry[k].time > since)
			since = page->entry[k].time;
	if (since > list->since)
		list->since = since;
	if (e->own[i])
		free(e->page[i]);
	memmove(&list->page[i], &list->page[i + 1], rest * sizeof(list->page[0]));
	memmove(&e->page[i], &e->page[i + 1], rest * sizeof(e->page[0]));
	memmove(&e->own[i], &e->own[i + 1], rest * sizeof(e->own[0]));
	list->count--;
	e->page[list->count] = NULL;
	e->own[list->count] = false;
	return rv;
}

static bool expired(const struct record_ended *page, uint64_t now)
{
	for (size_t i = 0; i < page->count; i++)
		if (now < page->entry[i].time || now - page->entry[i].time < TOKEN_LOGIN_LIFETIME_S)
			return false;
	return true;
}

static CK_RV begin(struct transaction *t, struct draft *draft, uint64_t now)
{
	const struct record_ended_list *list = &draft->head.ended;
	CK_RV rv = CKR_OK;

	draft->ended = calloc(1, sizeof(*draft->ended));
	if (!draft->ended)
		return CKR_DEVICE_MEMORY;
	memcpy(draft->ended->page, draft->token->ended, sizeof(draft->ended->page));
	for (size_t i = list->count; rv == CKR_OK && i-- > 0;)
		if (!draft->ended->page[i] || expired(draft->ended->page[i], now))
			rv = drop(t, draft, i);
	return rv;
}

/* The page that takes the next name, the draft's own. NULL: no memory; *RV says so. */
static struct record_ended *last_page(struct transaction *t, struct draft *draft, CK_RV *rv)
{
	struct record_ended_list *list = &draft->head.ended;
	struct ended_draft *e = draft->ended;
	size_t i = list->count - 1;
	struct record_ended *made = NULL;

	*rv = CKR_OK;
	if (list->count && e->own[i] && e->page[i]->count < RECORD_ENDED_NAMES)
		return e->page[i];
	if (!list->count || e->page[i]->count == RECORD_ENDED_NAMES) {
		if (list->count == RECORD_ENDED_PAGES) {
			log_warning("token %llu: more logouts within a day than are kept; old tickets end",
				    (unsigned long long)draft->token->number);
			*rv = drop(t, draft, 0);
		}
		if (*rv != CKR_OK)
			return NULL;
		i = list->count;
	}
	made = malloc(sizeof(*made));
	if (!made) {
		*rv = CKR_DEVICE_MEMORY;
		return NULL;
	}
	if (i == list->count) {
		memset(made, 0, sizeof(*made));
		list->page[list->count++] = (struct record_child){.id = list->next++};
	} else {
		*made = *e->page[i];
	}
	e->page[i] = made;
	e->own[i] = true;
	return made;
}

CK_RV ended_stage(struct transaction *t, struct draft *draft, const uint8_t name[TOKEN_LOGIN_SIZE],
		  uint64_t now)
{
	struct record_ended *page = NULL;
	CK_RV rv = draft->ended ? CKR_OK : begin(t, draft, now);

	if (rv == CKR_OK)
		page = last_page(t, draft, &rv);
	if (!page)
		return rv;
	memcpy(page->entry[page->count].name, name, TOKEN_LOGIN_SIZE);
	page->entry[page->count++].time = now;
	return CKR_OK;
}

CK_RV ended_seal(struct transaction *t, struct draft *draft)
{
	struct record_ended_list *list = &draft->head.ended;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; draft->ended && rv == CKR_OK && i < list->count; i++) {
		struct record_link *link = &list->page[i].link;
		struct buffer body = {0};

		if (!draft->ended->own[i])
			continue;
		rv = CKR_DEVICE_MEMORY;
		if (record_write_ended(&body, draft->ended->page[i]))
			rv = batch_put(&t->batch, draft->token->key,
				       (struct blob_name){RECORD_ENDED, draft->token->number, list->page[i].id},
				       link->version, link->version + 1, buffer_span(&body), link);
		buffer_free(&body);
	}
	return rv;
}

void ended_apply(struct draft *draft)
{
	struct token *token = draft->token;
	struct ended_draft *e = draft->ended;

	if (!e)
		return;
	for (size_t i = 0; i < RECORD_ENDED_PAGES; i++) {
		bool kept = false;

		for (size_t k = 0; k < RECORD_ENDED_PAGES; k++)
			kept = kept || e->page[k] == token->ended[i];
		if (!kept)
			free(token->ended[i]);
	}
	memcpy(token->ended, e->page, sizeof(token->ended));
	memset(e, 0, sizeof(*e));
	damage_remove_kind(&token->damage, RECORD_ENDED);
}

/* ---- what a token says of logins ---- */

CK_RV token_end_login(struct token *token, const uint8_t name[TOKEN_LOGIN_SIZE], uint64_t now)
{
	struct change change = {.kind = CHANGE_ENDED, .token = token, .name = name, .time = now};

	return commit_run(token->store, &change);
}

bool token_login_is_over(struct token *token, const uint8_t name[TOKEN_LOGIN_SIZE], uint64_t made)
{
	bool over = false;

	pthread_rwlock_rdlock(&token->lock);
	over = made <= token->head.ended.since || made <= token->ended_lost;
	for (size_t i = 0; !over && i < token->head.ended.count; i++) {
		const struct record_ended *page = token->ended[i];

		for (size_t k = 0; page && !over && k < page->count; k++)
			over = memory_equal(page->entry[k].name, name, TOKEN_LOGIN_SIZE);
	}
	pthread_rwlock_unlock(&token->lock);
	return over;
}

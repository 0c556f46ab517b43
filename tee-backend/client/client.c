/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of client.h: one request with its retries, slots and tokens without a store, attachments and
 * logins. Inside the host's process, called by pkcs11/, ossl-provider/ and cli/ from any thread.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/descriptor.h"
#include "client/descriptor_cache.h"
#include "client/forked.h"
#include "client/membership.h"
#include "client/patience.h"
#include "client/pool.h"
#include "client/remote.h"
#include "client/slot_local.h"
#include "client/start.h"
#include "common/log.h"
#include "common/memory.h"

/* A daemon that dies of a request is not given it for ever. */
#define CLIENT_SENDS_MAX 4

/* ---- a client ---- */

static bool client_init_lock(struct client *client)
{
	pthread_condattr_t monotonic;
	bool made = false;

	if (pthread_condattr_init(&monotonic))
		return false;
	made = !pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) &&
	       !pthread_cond_init(&client->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (made && pthread_mutex_init(&client->lock, NULL)) {
		pthread_cond_destroy(&client->changed);
		made = false;
	}
	return made;
}

/* The longest piece of PROGRAM that is whole UTF-8 and fits hello. */
static void client_set_program(struct client *client, const char *program)
{
	struct span text = span_text(program);

	if (text.size > CLIENT_PROGRAM_MAX)
		text.size = CLIENT_PROGRAM_MAX;
	while (text.size && !span_is_utf8(text))
		text.size--;
	if (text.size)
		memcpy(client->program, text.data, text.size);
}

/* All of it but .page. CLIENT is not registered any more, or not yet. */
static void client_free(struct client *client)
{
	remote_close(client);
	free(client->settings);
	free(client->endpoint);
	memory_secret_free(client);
}

/* Context keys lie in secret memory, the rest is no secret and large. */
static struct client *client_new(const struct settings *settings, const struct endpoint *endpoint)
{
	struct client *made = memory_secret_new(sizeof(*made));

	if (!made)
		return NULL;
	made->control = (struct channel)CHANNEL_INIT;
	made->settings = malloc(sizeof(*made->settings));
	made->endpoint = malloc(sizeof(*made->endpoint));
	if (!made->settings || !made->endpoint || !membership_init(made)) {
		client_free(made);
		return NULL;
	}
	*made->settings = *settings;
	*made->endpoint = *endpoint;
	made->uid = geteuid();
	made->policy = CLIENT_START_STORE;
	return made;
}

CK_RV client_open(const struct settings *settings, const char *program, struct client **client)
{
	struct client *made = NULL;
	struct endpoint endpoint;
	char why[256] = "";
	CK_RV rv = CKR_OK;

	*client = NULL;
	if (!endpoint_parse(settings->endpoint, &endpoint, why, sizeof(why))) {
		log_error("%s", why);
		return CKR_ARGUMENTS_BAD;
	}
	made = client_new(settings, &endpoint);
	if (!made)
		return CKR_HOST_MEMORY;
	client_set_program(made, program);
	rv = remote_open(made);
	if (rv != CKR_OK) {
		client_free(made);
		return rv;
	}
	if (!client_init_lock(made)) {
		client_free(made);
		return CKR_HOST_MEMORY;
	}
	if (!forked_register(made)) {
		pthread_cond_destroy(&made->changed);
		pthread_mutex_destroy(&made->lock);
		client_free(made);
		return CKR_HOST_MEMORY;
	}
	*client = made;
	return CKR_OK;
}

static void client_free_slots(struct client *client)
{
	while (client->slots) {
		struct client_slot *s = client->slots;

		client->slots = s->next;
		buffer_free(&s->ticket);
		memory_secret_free(s);
	}
}

void client_close(struct client **client)
{
	struct client *last = *client;

	*client = NULL;
	if (!last)
		return;
	forked_check(last);
	forked_unregister(last);
	pool_close(last);
	membership_free(last);
	descriptor_cache_free(last);
	client_free_slots(last);
	pthread_cond_destroy(&last->changed);
	pthread_mutex_destroy(&last->lock);
	client_free(last);
}

void client_start_policy(struct client *client, enum client_start policy)
{
	forked_check(client);
	pthread_mutex_lock(&client->lock);
	client->policy = policy;
	pthread_mutex_unlock(&client->lock);
}

uint64_t client_generation(struct client *client)
{
	uint64_t generation = 0;

	forked_check(client);
	pthread_mutex_lock(&client->lock);
	generation = client->generation;
	pthread_mutex_unlock(&client->lock);
	return generation;
}

bool client_is_forked(struct client *client)
{
	bool forked = false;

	forked_check(client);
	pthread_mutex_lock(&client->lock);
	forked = client->forked;
	pthread_mutex_unlock(&client->lock);
	return forked;
}

/* ---- one request ---- */

static CK_RV client_unreachable(const struct client *client, const struct request_row *row,
				enum reach reach)
{
	static const char *const why[] = {
		[REACH_OK] = "it breaks each connection",
		[REACH_ABSENT] = "nobody listens",
		[REACH_FOREIGN] = "it is not ours",
		[REACH_BROKEN] = "it breaks each connection",
		[REACH_REFUSED] = "it refuses us",
		[REACH_TIMEOUT] = "it does not answer within connect-timeout",
		[REACH_NO_MEMORY] = "no memory or no descriptors",
	};

	log_info("request %s: no daemon at %s: %s", row->name, client->settings->endpoint, why[reach]);
	return reach == REACH_NO_MEMORY ? CKR_HOST_MEMORY : row->gone;
}

/*
 * After a request may have been carried out and its answer was lost: may it be sent again? ONCE only to
 * a daemon that remembers this context.
 */
static CK_RV client_may_resend(struct client *client, const struct request_row *row,
			       uint64_t lineage)
{
	if (row->replay == REPLAY_NEVER)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (row->replay == REPLAY_ONCE && membership_lineage(client) != lineage)
		return CKR_DEVICE_ERROR;
	return CKR_OK;
}

static CK_RV client_send(struct client *client, enum request_id id, const void *request,
			 struct client_answer *answer)
{
	const struct request_row *row = request_find(id);
	struct connection *connection = NULL;
	enum reach reach = REACH_OK;
	uint64_t lineage = 0;
	uint64_t sequence = 0;
	bool sent = false;

	for (unsigned i = 0; i < CLIENT_SENDS_MAX; i++) {
		enum ask asked = ASK_UNSENT;
		CK_RV rv = CKR_OK;

		reach = pool_take(client, &connection);
		if (reach != REACH_OK)
			break;
		rv = sent ? client_may_resend(client, row, lineage) : CKR_OK;
		if (rv != CKR_OK) {
			pool_give(&connection);
			return rv;
		}
		/* Not before there is a context that it counts in. */
		if (!sequence)
			sequence = membership_sequence(client, &lineage);
		asked = connection_ask(connection, row, sequence, request, PROTOCOL_FRAME_MAX,
				       RESULT_NO_DEADLINE, &answer->message, &rv);
		if (asked == ASK_ANSWERED || asked == ASK_LOCAL) {
			if (asked == ASK_ANSWERED && rv == CKR_OK)
				answer->connection = connection;
			else
				pool_give(&connection);
			return rv;
		}
		pool_discard(&connection);
		sent = sent || asked == ASK_BROKEN;
	}
	if (sent && row->replay == REPLAY_NEVER)
		return CKR_OPERATION_NOT_INITIALIZED;
	return client_unreachable(client, row, reach);
}

CK_RV client_call(struct client *client, enum request_id id, const void *request,
		  struct client_answer *answer)
{
	CK_RV rv = CKR_OK;

	answer->connection = NULL;
	forked_check(client);
	patience_begin();
	rv = client_send(client, id, request, answer);
	patience_end();
	return rv;
}

void client_done(struct client_answer *answer)
{
	if (!answer->connection)
		return;
	forked_check(answer->connection->client);
	pool_give(&answer->connection);
}

/* ---- slots and tokens ---- */

CK_RV client_slots(struct client *client, struct numbers *slots)
{
	const struct empty nothing = {0};
	struct client_answer answer;
	CK_RV rv = client_call(client, REQUEST_SLOTS, &nothing, &answer);

	if (rv == CKR_OK)
		*slots = answer.message.slots_response.slots;
	client_done(&answer);
	if (rv != CKR_TOKEN_NOT_PRESENT || !slot_local_applies(client))
		return rv;
	slot_local_list(slots);
	return CKR_OK;
}

CK_RV client_token(struct client *client, uint64_t slot, struct client_answer *answer)
{
	const struct slot_request request = {.slot = slot};
	CK_RV rv = client_call(client, REQUEST_TOKEN, &request, answer);

	if (rv != CKR_TOKEN_NOT_PRESENT || !slot_local_applies(client))
		return rv;
	return slot_local_token(client, slot, &answer->message.token_response);
}

struct client_slot *client_slot_find(struct client *client, uint64_t slot, bool make)
{
	struct client_slot *s = client->slots;

	while (s && s->slot != slot)
		s = s->next;
	if (s || !make)
		return s;
	s = memory_secret_new(sizeof(*s));
	if (!s)
		return NULL;
	s->slot = slot;
	s->user = CK_UNAVAILABLE_INFORMATION;
	s->next = client->slots;
	client->slots = s;
	return s;
}

/* ---- attachments ---- */

/* SLOT's record, marked busy for this thread alone; NULL: no memory. */
static struct client_slot *client_slot_begin(struct client *client, uint64_t slot)
{
	struct client_slot *s = NULL;
	int64_t begun = 0;

	pthread_mutex_lock(&client->lock);
	s = client_slot_find(client, slot, true);
	if (s && s->busy)
		begun = result_deadline(0);
	while (s && s->busy)
		pthread_cond_wait(&client->changed, &client->lock);
	if (s)
		s->busy = true;
	pthread_mutex_unlock(&client->lock);
	/* The other one takes that long only when it waits for a daemon. */
	if (begun)
		patience_spend(result_deadline(0) - begun);
	return s;
}

static void client_slot_end(struct client *client, struct client_slot *s)
{
	pthread_mutex_lock(&client->lock);
	s->busy = false;
	pthread_cond_broadcast(&client->changed);
	pthread_mutex_unlock(&client->lock);
}

/* The caller holds .lock. */
static void client_slot_forget_login(struct client_slot *s)
{
	s->user = CK_UNAVAILABLE_INFORMATION;
	buffer_free(&s->ticket);
	memory_wipe(s->ticket_key, sizeof(s->ticket_key));
}

/*
 * First session of SLOT. When the link came up again after the answer, that reconnection passed over this slot, so
 * it is sent once more.
 */
static CK_RV client_send_attach(struct client *client, struct client_slot *s, uint64_t slot)
{
	const struct slot_request request = {.slot = slot};
	struct client_answer answer;
	bool stale = true;
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && stale) {
		rv = client_call(client, REQUEST_ATTACH, &request, &answer);
		pthread_mutex_lock(&client->lock);
		stale = rv == CKR_OK && answer.connection->epoch != client->epoch;
		if (!stale)
			s->attaching = false;
		pthread_mutex_unlock(&client->lock);
		client_done(&answer);
	}
	return rv;
}

CK_RV client_attach(struct client *client, uint64_t slot)
{
	struct client_slot *s = NULL;
	bool first = false;
	CK_RV rv = CKR_OK;

	forked_check(client);
	patience_begin();
	s = client_slot_begin(client, slot);
	if (!s) {
		rv = CKR_HOST_MEMORY;
		goto out;
	}
	pthread_mutex_lock(&client->lock);
	first = s->attached++ == 0;
	s->attaching = first;
	pthread_mutex_unlock(&client->lock);
	if (first)
		rv = client_send_attach(client, s, slot);
	if (rv != CKR_OK) {
		pthread_mutex_lock(&client->lock);
		s->attached--;
		pthread_mutex_unlock(&client->lock);
	}
	client_slot_end(client, s);
out:
	patience_end();
	return rv;
}

CK_RV client_detach(struct client *client, uint64_t slot)
{
	const struct slot_request request = {.slot = slot};
	struct client_slot *s = NULL;
	bool last = false;
	CK_RV rv = CKR_OK;

	forked_check(client);
	patience_begin();
	s = client_slot_begin(client, slot);
	if (!s) {
		rv = CKR_HOST_MEMORY;
		goto out;
	}
	pthread_mutex_lock(&client->lock);
	if (s->attached && --s->attached == 0) {
		last = true;
		/* PKCS#11 v3.1 section 5.6.8: with its last session an application is logged out. */
		client_slot_forget_login(s);
	}
	pthread_mutex_unlock(&client->lock);
	if (last)
		rv = client_tell(client, REQUEST_DETACH, &request);
	client_slot_end(client, s);
	if (last)
		descriptor_drop(client, slot, 0);
out:
	patience_end();
	return rv;
}

/* ---- logins ---- */

/*
 * A ticket given now is bound to the context key as it is. *STALE: the link came up again since ANSWER, maybe
 * before anybody could know of this login. Without memory for the ticket the login holds until a restart.
 */
static void client_set_login(struct client *client, uint64_t slot, CK_USER_TYPE user,
			     const struct client_answer *answer, bool *stale)
{
	const struct span *ticket = &answer->message.login_response.ticket;
	struct client_slot *s = NULL;

	pthread_mutex_lock(&client->lock);
	s = client_slot_find(client, slot, true);
	if (s) {
		client_slot_forget_login(s);
		s->user = user;
		if (!buffer_set(&s->ticket, ticket->data, ticket->size))
			log_warning("no memory for a login ticket");
		memcpy(s->ticket_key, client->membership.key, sizeof(s->ticket_key));
	}
	*stale = answer->connection->epoch != client->epoch;
	pthread_mutex_unlock(&client->lock);
}

/* A fresh ticket for the user's login to SLOT: where the daemon lost the login, or the PIN has changed. */
static CK_RV client_renew_ticket(struct client *client, uint64_t slot)
{
	uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE];
	uint8_t ticket[PROTOCOL_TICKET_MAX];
	struct resume_request request = {.slot = slot, .context_key = {key, sizeof(key)}};
	const struct client_slot *s = NULL;
	struct client_answer answer;
	bool stale = false;
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&client->lock);
	s = client_slot_find(client, slot, false);
	if (s && s->user == CKU_USER && s->ticket.size && s->ticket.size <= sizeof(ticket)) {
		memcpy(key, s->ticket_key, sizeof(key));
		memcpy(ticket, s->ticket.data, s->ticket.size);
		request.ticket = (struct span){ticket, s->ticket.size};
	}
	pthread_mutex_unlock(&client->lock);
	if (request.ticket.size) {
		rv = client_call(client, REQUEST_RESUME, &request, &answer);
		if (rv == CKR_OK)
			client_set_login(client, slot, CKU_USER, &answer, &stale);
		client_done(&answer);
	}
	memory_wipe(key, sizeof(key));
	memory_wipe(ticket, sizeof(ticket));
	return rv;
}

CK_RV client_login(struct client *client, uint64_t slot, CK_USER_TYPE user, struct span pin)
{
	const struct login_request request = {.slot = slot, .user = user, .pin = pin};
	struct client_answer answer;
	bool stale = false;
	CK_RV rv = CKR_OK;

	patience_begin();
	rv = client_call(client, REQUEST_LOGIN, &request, &answer);
	if (rv == CKR_OK)
		client_set_login(client, slot, user, &answer, &stale);
	client_done(&answer);
	if (stale)
		rv = client_renew_ticket(client, slot);
	patience_end();
	return rv;
}

CK_RV client_logout(struct client *client, uint64_t slot)
{
	const struct slot_request request = {.slot = slot};
	struct client_slot *s = NULL;
	bool logged_in = false;
	CK_RV rv = CKR_OK;

	forked_check(client);
	/* First here, so that no reconnection brings the login back. */
	pthread_mutex_lock(&client->lock);
	s = client_slot_find(client, slot, false);
	logged_in = s && s->user != CK_UNAVAILABLE_INFORMATION;
	if (s)
		client_slot_forget_login(s);
	pthread_mutex_unlock(&client->lock);
	descriptor_drop(client, slot, 0);
	rv = client_tell(client, REQUEST_LOGOUT, &request);
	return rv == CKR_USER_NOT_LOGGED_IN && logged_in ? CKR_OK : rv;
}

CK_USER_TYPE client_user(struct client *client, uint64_t slot)
{
	const struct client_slot *s = NULL;
	CK_USER_TYPE user = CK_UNAVAILABLE_INFORMATION;

	forked_check(client);
	pthread_mutex_lock(&client->lock);
	s = client_slot_find(client, slot, false);
	if (s)
		user = s->user;
	pthread_mutex_unlock(&client->lock);
	return user;
}

CK_RV client_tell(struct client *client, enum request_id id, const void *request)
{
	struct client_answer answer;
	CK_RV rv = client_call(client, id, request, &answer);

	client_done(&answer);
	/* The old ticket names the old PIN. */
	if (rv == CKR_OK && id == REQUEST_PIN_SET)
		(void)client_renew_ticket(client, ((const struct pin_set_request *)request)->slot);
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool and the state of the link. Decisions are taken under the client's lock; connecting, starting the
 * daemon and asking it happen without it. Inside the host's process, called by any of its threads.
 */
#include "config.h"

#include <poll.h>
#include <time.h>

#include "client/membership.h"
#include "client/patience.h"
#include "client/pool.h"
#include "client/start.h"

/* Between two attempts to reach a daemon that is on its way. */
#define POOL_PAUSE_FIRST_MS 2
#define POOL_PAUSE_MAX_MS 50

/* For one more connection to a daemon that is there, when all patience went into waiting until it was. */
#define POOL_GRACE_MS 1000

/* Takes the idle ones out, for pool_free_all. The caller holds .lock. */
static struct connection *pool_cut_idle(struct client *client)
{
	struct connection *cut = client->idle;

	client->idle = NULL;
	client->idle_count = 0;
	return cut;
}

static void pool_free_all(struct connection *first)
{
	while (first) {
		struct connection *c = first;

		first = c->next;
		connection_free(&c);
	}
}

void pool_give(struct connection **connection)
{
	struct connection *c = *connection;
	struct client *client = NULL;
	bool kept = false;

	*connection = NULL;
	if (!c)
		return;
	client = c->client;
	frame_reader_release(&c->reader);
	pthread_mutex_lock(&client->lock);
	kept = !c->orphan && c->epoch == client->epoch && client->idle_count < CLIENT_IDLE_MAX;
	if (kept) {
		c->busy = false;
		c->next = client->idle;
		client->idle = c;
		client->idle_count++;
	}
	pthread_mutex_unlock(&client->lock);
	if (!kept)
		connection_free(&c);
}

void pool_discard(struct connection **connection)
{
	struct client *client = (*connection)->client;
	struct connection *idle = NULL;

	pthread_mutex_lock(&client->lock);
	if ((*connection)->epoch == client->epoch)
		idle = pool_cut_idle(client);
	pthread_mutex_unlock(&client->lock);
	connection_free(connection);
	pool_free_all(idle);
}

void pool_close(struct client *client)
{
	client->idle = NULL;
	while (client->connections) {
		struct connection *c = client->connections;

		connection_free(&c);
	}
}

static void pool_pause(unsigned *pause_ms, int64_t deadline)
{
	int left = result_time_left(deadline);

	poll(NULL, 0, left >= 0 && (unsigned)left < *pause_ms ? left : (int)*pause_ms);
	*pause_ms = *pause_ms * 2 < POOL_PAUSE_MAX_MS ? *pause_ms * 2 : POOL_PAUSE_MAX_MS;
}

/* True if this context was in a daemon before: then its coming back is worth waiting for. */
static bool pool_was_up(struct client *client)
{
	bool was = false;

	pthread_mutex_lock(&client->lock);
	was = client->membership.mode != HELLO_NEW || client->membership.lineage > 0;
	pthread_mutex_unlock(&client->lock);
	return was;
}

/*
 * By the thread that has the link busy. PATIENT: a daemon that was there is waited for; else, after an attempt
 * that found none, one look is enough, so that a host program is not held up at each call.
 */
static enum reach pool_establish(struct client *client, bool patient, int64_t deadline,
				 struct connection **connection)
{
	unsigned pause_ms = POOL_PAUSE_FIRST_MS;
	bool started = false;

	for (;;) {
		enum reach reach = connection_open(client, deadline, connection);

		if (reach == REACH_OK) {
			reach = membership_enter(*connection, deadline);
			if (reach == REACH_OK)
				return reach;
			connection_free(connection);
		}
		if (reach != REACH_ABSENT && reach != REACH_BROKEN)
			return reach;
		if (reach == REACH_ABSENT && !started) {
			started = start_allowed(client);
			if (started && !start_daemon(client, deadline))
				return REACH_ABSENT;
			if (started)
				continue;
			/* Not ours to start, and it never was there. */
			if (!patient || !pool_was_up(client))
				return reach;
		}
		if (!result_time_left(deadline))
			return reach;
		pool_pause(&pause_ms, deadline);
	}
}

/* Waits for the one who has the link busy; the caller holds .lock. REACH_OK: look again. */
static enum reach pool_wait(struct client *client, int64_t deadline)
{
	const struct timespec until = {.tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000};
	uint64_t tries = client->tries;

	while (client->link == LINK_BUSY && client->tries == tries)
		if (pthread_cond_timedwait(&client->changed, &client->lock, &until))
			break;
	if (client->tries != tries)
		return client->link == LINK_DOWN ? client->failure : REACH_OK;
	return client->link == LINK_BUSY ? REACH_TIMEOUT : REACH_OK;
}

/* The caller holds .lock and finds the link down; it is held again on return. */
static enum reach pool_bring_up(struct client *client, int64_t deadline,
				struct connection **connection)
{
	struct connection *stale = NULL;
	enum reach reach = REACH_OK;
	bool patient = client->failure == REACH_OK;

	client->link = LINK_BUSY;
	stale = pool_cut_idle(client);
	pthread_mutex_unlock(&client->lock);
	pool_free_all(stale);
	reach = pool_establish(client, patient, deadline, connection);
	pthread_mutex_lock(&client->lock);
	client->tries++;
	client->link = reach == REACH_OK ? LINK_UP : LINK_DOWN;
	client->failure = reach;
	if (reach == REACH_OK)
		(*connection)->epoch = ++client->epoch;
	pthread_cond_broadcast(&client->changed);
	return reach;
}

/*
 * One more connection of a link that is up. The caller holds .lock, also on return. REACH_OK and no connection:
 * look again.
 */
static enum reach pool_add(struct client *client, int64_t deadline, struct connection **connection)
{
	uint64_t epoch = client->epoch;
	enum reach reach = REACH_OK;

	pthread_mutex_unlock(&client->lock);
	reach = connection_open(client, deadline, connection);
	if (reach == REACH_OK)
		reach = membership_join(*connection, deadline);
	if (reach != REACH_OK)
		connection_free(connection);
	pthread_mutex_lock(&client->lock);
	if (reach == REACH_FOREIGN || reach == REACH_NO_MEMORY || reach == REACH_TIMEOUT)
		return reach;
	if (*connection && client->epoch == epoch && client->link == LINK_UP) {
		(*connection)->epoch = epoch;
		return REACH_OK;
	}
	if (*connection) {
		/* The link went down meanwhile; logins may not be there yet, or this is another daemon. */
		pthread_mutex_unlock(&client->lock);
		connection_free(connection);
		pthread_mutex_lock(&client->lock);
	} else if (client->epoch == epoch && client->link == LINK_UP) {
		client->link = LINK_DOWN;
	}
	return REACH_OK;
}

/* An idle one that is still ours, or NULL. The caller holds .lock, also on return. */
static struct connection *pool_reuse(struct client *client)
{
	while (client->idle) {
		struct connection *c = client->idle;

		client->idle = c->next;
		client->idle_count--;
		c->next = NULL;
		c->busy = true;
		if (c->epoch == client->epoch && connection_intact(c))
			return c;
		pthread_mutex_unlock(&client->lock);
		connection_free(&c);
		pthread_mutex_lock(&client->lock);
	}
	return NULL;
}

/* No connection is idle: how to get one depends on the link. The caller holds .lock, also on return. */
static enum reach pool_find(struct client *client, int64_t deadline, struct connection **connection)
{
	switch (client->link) {
	case LINK_BUSY:
		return pool_wait(client, deadline);
	case LINK_UP:
		if (!result_time_left(deadline))
			deadline = result_deadline(POOL_GRACE_MS);
		return pool_add(client, deadline, connection);
	case LINK_DOWN:
		break;
	}
	/* Who has waited, be it behind another's call, takes what came of that. */
	if (!result_time_left(deadline))
		return client->failure == REACH_OK ? REACH_TIMEOUT : client->failure;
	return pool_bring_up(client, deadline, connection);
}

enum reach pool_take(struct client *client, struct connection **connection)
{
	enum reach reach = REACH_OK;
	int64_t deadline = 0;
	int64_t begun = 0;

	*connection = NULL;
	pthread_mutex_lock(&client->lock);
	while (reach == REACH_OK && !*connection) {
		*connection = pool_reuse(client);
		if (*connection)
			break;
		if (!deadline) {
			begun = result_deadline(0);
			deadline = patience_deadline(client->settings->connect_timeout_ms);
		}
		reach = pool_find(client, deadline, connection);
	}
	pthread_mutex_unlock(&client->lock);
	if (deadline)
		patience_spend(result_deadline(0) - begun);
	return reach;
}

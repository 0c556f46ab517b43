/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hello and what follows it. The membership changes only in the thread that has the link busy, always
 * under the lock; no lock is held while the daemon is asked. Inside the host's process.
 */
#include "config.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "client/membership.h"
#include "common/log.h"
#include "common/memory.h"

bool membership_init(struct client *client)
{
	struct membership *m = &client->membership;

	m->mode = HELLO_NEW;
	return memory_random(m->key, sizeof(m->key));
}

static void membership_drop_control(struct client *client)
{
	if (channel_intact(&client->control))
		channel_close(&client->control);
	else
		channel_forget(&client->control);
}

void membership_free(struct client *client)
{
	buffer_free(&client->membership.ticket);
	memory_wipe(&client->membership, sizeof(client->membership));
	membership_drop_control(client);
}

/*
 * The inherited control socket stays: it keeps the parent's context alive, and is the way to reach it,
 * until the clone is made.
 */
void membership_fork(struct client *client)
{
	struct membership *m = &client->membership;

	/* The child of a child that never spoke clones the same context as its parent would have. */
	if (m->mode == HELLO_JOIN) {
		memcpy(m->origin_key, m->key, sizeof(m->origin_key));
		m->mode = HELLO_CLONE;
	}
	if (!memory_random(m->key, sizeof(m->key)))
		log_error("no random bytes for a context key");
}

uint64_t membership_sequence(struct client *client, uint64_t *lineage)
{
	uint64_t sequence = 0;

	pthread_mutex_lock(&client->lock);
	sequence = ++client->sequence;
	if (lineage)
		*lineage = client->membership.lineage;
	pthread_mutex_unlock(&client->lock);
	return sequence;
}

uint64_t membership_lineage(struct client *client)
{
	uint64_t lineage = 0;

	pthread_mutex_lock(&client->lock);
	lineage = client->membership.lineage;
	pthread_mutex_unlock(&client->lock);
	return lineage;
}

/* One request of our own on CONNECTION. REACH_OK: *RV is the verdict. */
static enum reach membership_ask(struct connection *connection, enum request_id id,
				 const void *request, int64_t deadline, union message *answer, CK_RV *rv)
{
	size_t limit = id == REQUEST_HELLO ? PROTOCOL_HELLO_MAX : PROTOCOL_FRAME_MAX;

	switch (connection_ask(connection, request_find(id), membership_sequence(connection->client, NULL),
			       request, limit, deadline, answer, rv)) {
	case ASK_ANSWERED:
		return REACH_OK;
	case ASK_LOCAL:
		return *rv == CKR_HOST_MEMORY ? REACH_NO_MEMORY : REACH_REFUSED;
	case ASK_UNSENT:
	case ASK_BROKEN:
		break;
	}
	return result_time_left(deadline) ? REACH_BROKEN : REACH_TIMEOUT;
}

/* What hello says, copied so that the lock need not be held. */
struct membership_hello {
	enum hello_mode mode;
	uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE];
	uint8_t new_key[PROTOCOL_CONTEXT_KEY_SIZE];
	uint8_t ticket[PROTOCOL_TICKET_MAX];
	size_t ticket_size;
};

static void membership_snapshot(struct client *client, struct membership_hello *hello)
{
	const struct membership *m = &client->membership;

	pthread_mutex_lock(&client->lock);
	hello->mode = m->mode;
	memcpy(hello->key, m->mode == HELLO_CLONE ? m->origin_key : m->key, sizeof(hello->key));
	memcpy(hello->new_key, m->key, sizeof(hello->new_key));
	hello->ticket_size = m->mode == HELLO_NEW ? 0 : m->ticket.size;
	if (hello->ticket_size)
		memcpy(hello->ticket, m->ticket.data, hello->ticket_size);
	pthread_mutex_unlock(&client->lock);
}

static enum reach membership_say_hello(struct connection *connection, struct membership_hello *hello,
				       int64_t deadline, union message *answer, CK_RV *rv)
{
	struct hello_request request = {.major = PROTOCOL_MAJOR, .minor = PROTOCOL_MINOR};
	enum reach reach = REACH_OK;

	membership_snapshot(connection->client, hello);
	request.mode = hello->mode;
	request.context_key = (struct span){hello->key, sizeof(hello->key)};
	if (hello->mode == HELLO_CLONE)
		request.new_key = (struct span){hello->new_key, sizeof(hello->new_key)};
	request.ticket = (struct span){hello->ticket, hello->ticket_size};
	request.program = span_text(connection->client->program);
	reach = membership_ask(connection, REQUEST_HELLO, &request, deadline, answer, rv);
	memory_wipe(hello->key, sizeof(hello->key));
	memory_wipe(hello->new_key, sizeof(hello->new_key));
	memory_wipe(hello->ticket, sizeof(hello->ticket));
	return reach;
}

/* The daemon took us: what it said becomes the membership. False: no memory. */
static bool membership_commit(struct client *client, enum hello_mode mode,
			      const struct hello_response *hello)
{
	struct membership *m = &client->membership;
	bool kept = false;

	pthread_mutex_lock(&client->lock);
	kept = buffer_set(&m->ticket, hello->ticket.data, hello->ticket.size);
	if (kept) {
		if (mode == HELLO_NEW)
			m->lost = m->lineage++ > 0;
		else if (hello->new_context ||
			 memcmp(m->boot_id, hello->boot_id.data, sizeof(m->boot_id)) != 0)
			m->lost = true;
		/* Also of a clone: its parent may have closed its sessions since the fork. */
		if (m->lost || mode != HELLO_JOIN)
			m->reattach = true;
		if (mode == HELLO_CLONE)
			memory_wipe(m->origin_key, sizeof(m->origin_key));
		memcpy(m->boot_id, hello->boot_id.data, sizeof(m->boot_id));
		m->mode = HELLO_JOIN;
	}
	pthread_mutex_unlock(&client->lock);
	return kept;
}

/* The daemon does not know our ticket (another store, another root): we begin anew. */
static bool membership_forget(struct client *client, CK_RV rv)
{
	struct membership *m = &client->membership;
	bool ready = false;

	log_notice("daemon at %s does not know us any more (0x%lx): logins and session objects are gone",
		   client->settings->endpoint, rv);
	pthread_mutex_lock(&client->lock);
	buffer_reset(&m->ticket);
	m->mode = HELLO_NEW;
	m->lineage++;
	ready = memory_random(m->key, sizeof(m->key));
	pthread_mutex_unlock(&client->lock);
	return ready;
}

static bool membership_control_alive(struct client *client)
{
	/* A TCP connection whose other end is closed is no more than that. */
	struct pollfd p = {.fd = client->control.fd, .events = POLLRDHUP};

	return channel_intact(&client->control) && poll(&p, 1, 0) >= 0 &&
	       !(p.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

/* .control changes here only, by the thread that has the link busy, under the lock for those who look. */
static void membership_set_control(struct client *client, struct channel control)
{
	pthread_mutex_lock(&client->lock);
	membership_drop_control(client);
	client->control = control;
	pthread_mutex_unlock(&client->lock);
}

static enum reach membership_get_control(struct connection *connection, int64_t deadline)
{
	struct client *client = connection->client;
	struct channel control = CHANNEL_INIT;
	const struct empty nothing = {0};
	union message answer;
	CK_RV rv = CKR_OK;
	int fd = -1;
	enum reach reach = membership_ask(connection, REQUEST_CONTROL, &nothing, deadline, &answer, &rv);

	if (reach != REACH_OK)
		return reach;
	fd = connection_take_fd(connection);
	if (fd < 0 || !channel_open_socket(&control, fd)) {
		/* Without it everything works but the child of an exited parent, and chroot. */
		log_warning("daemon at %s gave no control socket (0x%lx)", client->settings->endpoint, rv);
		if (fd >= 0)
			close(fd);
	}
	membership_set_control(client, control);
	return REACH_OK;
}

/* No descriptor comes from elsewhere: a connection of its own, on which nothing is said afterwards, stands for it. */
static enum reach membership_get_remote_control(struct client *client, int64_t deadline)
{
	struct connection *connection = NULL;
	struct membership_hello hello;
	const struct empty nothing = {0};
	union message answer;
	CK_RV rv = CKR_OK;
	enum reach reach = connection_open(client, deadline, &connection);

	if (reach == REACH_OK)
		reach = membership_say_hello(connection, &hello, deadline, &answer, &rv);
	if (reach == REACH_OK && rv == CKR_OK)
		reach = membership_ask(connection, REQUEST_CONTROL, &nothing, deadline, &answer, &rv);
	if (reach == REACH_OK && rv != CKR_OK)
		reach = REACH_REFUSED;
	if (reach == REACH_OK) {
		membership_set_control(client, connection->channel);
		connection->channel = (struct channel)CHANNEL_INIT;
	}
	connection_free(&connection);
	return reach;
}

/* What of a slot has to come back. */
struct membership_slot {
	uint64_t slot;
	bool attached;
	uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE];
	uint8_t ticket[PROTOCOL_TICKET_MAX];
	size_t ticket_size;
};

/* The first slot of a number above *AFTER; false: there is none. */
static bool membership_next_slot(struct client *client, bool first, uint64_t after,
				 struct membership_slot *next)
{
	const struct client_slot *found = NULL;

	pthread_mutex_lock(&client->lock);
	for (const struct client_slot *s = client->slots; s; s = s->next)
		if ((first || s->slot > after) && (!found || s->slot < found->slot))
			found = s;
	if (found) {
		next->slot = found->slot;
		next->attached = found->attached && !found->attaching;
		memcpy(next->key, found->ticket_key, sizeof(next->key));
		next->ticket_size = found->user == CKU_USER ? found->ticket.size : 0;
		if (next->ticket_size)
			memcpy(next->ticket, found->ticket.data, next->ticket_size);
	}
	pthread_mutex_unlock(&client->lock);
	return found != NULL;
}

/* The login of SLOT came back with a new TICKET, or (NULL) it did not. */
static void membership_set_login(struct client *client, uint64_t slot, const struct span *ticket)
{
	struct client_slot *s = NULL;

	pthread_mutex_lock(&client->lock);
	s = client_slot_find(client, slot, false);
	if (s && ticket && buffer_set(&s->ticket, ticket->data, ticket->size)) {
		memcpy(s->ticket_key, client->membership.key, sizeof(s->ticket_key));
	} else if (s && !ticket) {
		s->user = CK_UNAVAILABLE_INFORMATION;
		buffer_reset(&s->ticket);
	}
	pthread_mutex_unlock(&client->lock);
}

static enum reach membership_resume(struct connection *connection, const struct membership_slot *s,
				    bool lost, int64_t deadline)
{
	const struct resume_request request = {
		.slot = s->slot,
		.ticket = {s->ticket, s->ticket_size},
		.context_key = {s->key, sizeof(s->key)},
	};
	union message answer;
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;
	enum reach reach = REACH_OK;

	/* A clone has its parent's login also where there are no tickets. */
	if (!s->ticket_size && !lost)
		return REACH_OK;
	if (s->ticket_size)
		reach = membership_ask(connection, REQUEST_RESUME, &request, deadline, &answer, &rv);
	if (reach != REACH_OK)
		return reach;
	if (rv == CKR_OK) {
		membership_set_login(connection->client, s->slot, &answer.login_response.ticket);
	} else {
		log_info("the login to slot %lu is lost (0x%lx)", (unsigned long)s->slot, rv);
		membership_set_login(connection->client, s->slot, NULL);
	}
	return REACH_OK;
}

static enum reach membership_restore_slots(struct connection *connection, bool lost, int64_t deadline)
{
	struct membership_slot s = {0};
	enum reach reach = REACH_OK;

	for (bool first = true; reach == REACH_OK &&
				membership_next_slot(connection->client, first, s.slot, &s);
	     first = false) {
		const struct slot_request attach = {.slot = s.slot};
		union message answer;
		CK_RV rv = CKR_OK;

		if (s.attached)
			reach = membership_ask(connection, REQUEST_ATTACH, &attach, deadline, &answer, &rv);
		if (reach == REACH_OK && rv != CKR_OK)
			log_warning("slot %lu cannot be attached again (0x%lx)", (unsigned long)s.slot, rv);
		if (reach == REACH_OK)
			reach = membership_resume(connection, &s, lost, deadline);
	}
	memory_wipe(&s, sizeof(s));
	return reach;
}

/* Attachments and logins, as far as the daemon may not have them. */
static enum reach membership_restore(struct connection *connection, int64_t deadline)
{
	struct client *client = connection->client;
	enum reach reach = REACH_OK;
	bool reattach = false;
	bool lost = false;

	pthread_mutex_lock(&client->lock);
	reattach = client->membership.reattach;
	lost = client->membership.lost;
	pthread_mutex_unlock(&client->lock);
	if (reattach)
		reach = membership_restore_slots(connection, lost, deadline);
	if (reach != REACH_OK)
		return reach;
	pthread_mutex_lock(&client->lock);
	client->membership.reattach = false;
	client->membership.lost = false;
	if (lost)
		client->generation++;
	pthread_mutex_unlock(&client->lock);
	return reach;
}

enum reach membership_enter(struct connection *connection, int64_t deadline)
{
	struct client *client = connection->client;
	struct membership_hello hello;
	union message answer;
	CK_RV rv = CKR_OK;
	enum reach reach = membership_say_hello(connection, &hello, deadline, &answer, &rv);

	if (reach != REACH_OK)
		return reach;
	if (rv != CKR_OK && hello.mode != HELLO_NEW)
		return membership_forget(client, rv) ? REACH_BROKEN : REACH_NO_MEMORY;
	if (rv != CKR_OK || answer.hello_response.major != PROTOCOL_MAJOR) {
		log_warning("daemon at %s refuses us (0x%lx)", client->settings->endpoint, rv);
		return REACH_REFUSED;
	}
	if (!membership_commit(client, hello.mode, &answer.hello_response))
		return REACH_NO_MEMORY;
	if (hello.mode == HELLO_JOIN && membership_control_alive(client))
		reach = REACH_OK;
	else if (client->endpoint->attested)
		reach = membership_get_remote_control(client, deadline);
	else
		reach = membership_get_control(connection, deadline);
	if (reach == REACH_OK)
		reach = membership_restore(connection, deadline);
	return reach;
}

enum reach membership_join(struct connection *connection, int64_t deadline)
{
	struct client *client = connection->client;
	struct membership_hello hello;
	union message answer;
	CK_RV rv = CKR_OK;
	enum reach reach = membership_say_hello(connection, &hello, deadline, &answer, &rv);

	if (reach != REACH_OK)
		return reach;
	/* What the daemon has lost, or that it does not know us, is for the one who has the link busy. */
	if (rv != CKR_OK || hello.mode != HELLO_JOIN)
		return REACH_BROKEN;
	pthread_mutex_lock(&client->lock);
	if (answer.hello_response.new_context) {
		client->membership.lost = true;
		client->membership.reattach = true;
		reach = REACH_BROKEN;
	} else if (memcmp(client->membership.boot_id, answer.hello_response.boot_id.data,
			  sizeof(client->membership.boot_id))) {
		reach = REACH_BROKEN;
	}
	pthread_mutex_unlock(&client->lock);
	return reach;
}

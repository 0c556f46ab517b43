/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of client/ share: the one struct behind struct client, and the rules for its lock.
 * Nobody outside this folder includes it. Runs inside somebody else's process.
 *
 * Lock: .lock is held for a few loads and stores and never over I/O, sleep or callbacks, so that
 * fork(2) never waits. What says "link busy" belongs to the one thread that set the link to LINK_BUSY.
 */
#ifndef KEYCLAVE_CLIENT_INTERNAL_H
#define KEYCLAVE_CLIENT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "client/client.h"
#include "protocol/attested.h"
#include "transport/endpoint.h"
#include "transport/frame.h"

#define CLIENT_PROGRAM_MAX 64

/* Idle connections that are kept; threads beyond this pay for a new one. */
#define CLIENT_IDLE_MAX 64

/* How the daemon was found, or not. */
enum reach {
	REACH_OK,
	REACH_ABSENT,    /* nobody listens */
	REACH_FOREIGN,   /* somebody does whom we do not trust */
	REACH_BROKEN,    /* the connection ended, or the peer spoke nonsense */
	REACH_REFUSED,   /* the daemon does not want us */
	REACH_TIMEOUT,   /* connect-timeout passed */
	REACH_NO_MEMORY, /* ours */
};

/* Our place in the daemon: DESIGN section 7, rule 5. Under .lock. */
struct membership {
	enum hello_mode mode; /* of the next hello */
	uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE];
	uint8_t origin_key[PROTOCOL_CONTEXT_KEY_SIZE]; /* CLONE: the parent's */
	struct buffer ticket;                          /* JOIN: ours; CLONE: the parent's */
	uint8_t boot_id[PROTOCOL_BOOT_ID_SIZE];
	uint64_t lineage; /* counts the contexts that we had: what an older one remembers is lost */
	bool reattach;    /* attachments have to be sent again, and logins resumed that have a ticket */
	bool lost;        /* logins without a ticket are gone, and so are session objects */
};

/* A slot that the host program uses. Under .lock. */
struct client_slot {
	struct client_slot *next;
	uint64_t slot;
	unsigned attached; /* counted by client_attach */
	bool busy;         /* one thread attaches or detaches */
	bool attaching;    /* it is about to send ATTACH itself: a reconnection need not */
	CK_USER_TYPE user; /* CKU_USER, CKU_SO, CK_UNAVAILABLE_INFORMATION */
	struct buffer ticket;
	uint8_t ticket_key[PROTOCOL_CONTEXT_KEY_SIZE]; /* the context key that it is bound to */
};

enum link_state {
	LINK_DOWN, /* nobody knows whether a daemon is there */
	LINK_BUSY, /* one thread finds out, others wait for it */
	LINK_UP,   /* there was one when we last looked */
};

struct descriptor_entry;

#define DESCRIPTOR_BUCKETS 64

struct client {
	/* Fixed by client_open. */
	struct settings *settings;
	struct endpoint *endpoint;
	char program[CLIENT_PROGRAM_MAX + 1];
	const struct attested_object *remote; /* of an attested endpoint */
	struct attested *attested;
	uid_t uid; /* effective, then: a daemon that was ours stays ours when privileges are dropped */
	struct forked_page *page;
	struct client *next; /* registry of forked.c, under its lock */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* link, or a slot's busy; CLOCK_MONOTONIC */
	enum client_start policy;
	enum link_state link;
	uint64_t epoch;    /* raised whenever the link came up; connections of older ones are closed */
	uint64_t tries;    /* raised at the end of each attempt */
	enum reach failure; /* what came of the last attempt */
	struct connection *connections; /* all of them */
	struct connection *idle;        /* last used first */
	size_t idle_count;
	uint64_t sequence;
	uint64_t generation;
	bool forked;
	struct attested_key remote_key; /* of the daemon that showed evidence last */
	struct membership membership;
	struct channel control; /* control socket, or .fd -1 */
	struct client_slot *slots;
	struct descriptor_entry *descriptors[DESCRIPTOR_BUCKETS];
	size_t descriptor_count;
};

/* The record of SLOT, made if MAKE, or NULL (no memory). The caller holds .lock. */
struct client_slot *client_slot_find(struct client *client, uint64_t slot, bool make);

#endif

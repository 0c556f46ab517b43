/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork(2) and a struct client. atfork handlers see to it that no lock is held by a thread that the
 * child does not have; the wiped page is what notices the fork itself. Inside the host's process.
 */
#include "config.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/connection.h"
#include "client/forked.h"
#include "client/membership.h"
#include "common/log.h"

enum forked_state {
	FORKED_WIPED = 0, /* by the kernel: nobody has looked since the fork */
	FORKED_BUSY,      /* one thread of the child sees to it */
	FORKED_OURS,
};

/* Alone in its page. */
struct forked_page {
	atomic_int state;
	pid_t pid; /* where the kernel cannot wipe: 0 where it can */
};

/* Every client of this process, for the atfork handlers. */
static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	struct client *first;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void forked_prepare(void)
{
	pthread_mutex_lock(&registry.lock);
	for (struct client *c = registry.first; c; c = c->next)
		pthread_mutex_lock(&c->lock);
}

static void forked_release(void)
{
	for (struct client *c = registry.first; c; c = c->next)
		pthread_mutex_unlock(&c->lock);
	pthread_mutex_unlock(&registry.lock);
}

/* This library is never unloaded (-z nodelete), so the handlers stay callable. */
static void forked_handlers(void)
{
	if (pthread_atfork(forked_prepare, forked_release, forked_release))
		log_warning("fork handlers cannot be installed");
}

void client_forks(void)
{
	pthread_once(&registry.once, forked_handlers);
}

static size_t forked_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

bool forked_register(struct client *client)
{
	void *page = mmap(NULL, forked_page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (page == MAP_FAILED)
		return false;
	client->page = page;
	if (madvise(page, forked_page_size(), MADV_WIPEONFORK))
		client->page->pid = getpid();
	atomic_store(&client->page->state, FORKED_OURS);
	client_forks();
	pthread_mutex_lock(&registry.lock);
	client->next = registry.first;
	registry.first = client;
	pthread_mutex_unlock(&registry.lock);
	return true;
}

void forked_unregister(struct client *client)
{
	struct client **at = &registry.first;

	pthread_mutex_lock(&registry.lock);
	while (*at && *at != client)
		at = &(*at)->next;
	if (*at)
		*at = client->next;
	pthread_mutex_unlock(&registry.lock);
	if (client->page)
		munmap(client->page, forked_page_size());
	client->page = NULL;
}

/* The parent's idle connections go; a busy one may hold an answer that our own thread still reads. */
static void forked_drop_connections(struct client *client)
{
	struct connection *older = NULL;

	client->idle = NULL;
	client->idle_count = 0;
	for (struct connection *c = client->connections; c; c = older) {
		older = c->older;
		if (!c->busy) {
			connection_free(&c);
			continue;
		}
		/* close(2) alone: shutting the socket down would reach the parent. */
		if (connection_intact(c))
			channel_close(&c->channel);
		else
			channel_forget(&c->channel);
		c->orphan = true;
	}
}

/* The only thread of a child that is here: others that it has made meanwhile wait in forked_check. */
static void forked_convert(struct client *client)
{
	pthread_condattr_t monotonic;

	/* After a bare clone(2) no handler ran, and the lock may be a vanished thread's. */
	pthread_mutex_init(&client->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&client->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	client->forked = true;
	client->link = LINK_DOWN;
	client->epoch++;
	for (struct client_slot *s = client->slots; s; s = s->next)
		s->busy = s->attaching = false;
	forked_drop_connections(client);
	membership_fork(client);
	if (client->page->pid)
		client->page->pid = getpid();
}

void forked_check(struct client *client)
{
	struct forked_page *page = client->page;
	int expected = FORKED_WIPED;

	if (page->pid && page->pid != getpid()) {
		int ours = FORKED_OURS;

		atomic_compare_exchange_strong(&page->state, &ours, FORKED_WIPED);
	}
	if (atomic_load_explicit(&page->state, memory_order_acquire) == FORKED_OURS)
		return;
	if (atomic_compare_exchange_strong(&page->state, &expected, FORKED_BUSY)) {
		forked_convert(client);
		atomic_store_explicit(&page->state, FORKED_OURS, memory_order_release);
		return;
	}
	while (atomic_load_explicit(&page->state, memory_order_acquire) != FORKED_OURS)
		sched_yield();
}

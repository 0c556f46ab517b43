/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixture of the tests of service/: a service over the memory engine and the notee platform, in process.
 * A peer is what a client is: frames written and read by codec.c.
 */
#ifndef KEYCLAVE_TESTS_UNIT_SERVICE_FIXTURE_H
#define KEYCLAVE_TESTS_UNIT_SERVICE_FIXTURE_H

#include <stdatomic.h>

#include "service/service.h"
#include "../lib/scratch.h"

#include "cmocka_test.h"

#define FIXTURE_SO_PIN "87654321"
#define FIXTURE_USER_PIN "12345678"
#define FIXTURE_SLOT 1 /* the first token's */

struct service_fixture {
	struct scratch scratch;
	struct settings settings;
	struct platform *platform;
	struct blobstore *blobs;
	struct token_store *tokens;
	struct service *service;
	atomic_uint controls; /* made so far */
};

/* One connection. Copying it copies a client's memory, as fork does. */
struct peer_link {
	struct service_fixture *fixture;
	struct link *link;
	uint64_t sequence; /* of the last request */
	uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE];
	uint8_t context[PROTOCOL_CONTEXT_ID_SIZE];
	uint8_t ticket[PROTOCOL_TICKET_MAX];
	size_t ticket_size;
	uint8_t login[PROTOCOL_TICKET_MAX];
	size_t login_size;
	bool made; /* hello said new_context */
	bool closed;
	struct buffer out; /* the last answer, which its response borrows from */
};

/* Settings as for notee; MEMORY engine. */
void service_fixture_open(struct service_fixture *f);
void service_fixture_close(struct service_fixture *f);

/* The worker was killed and started again: contexts are gone, the store is not. */
void service_fixture_restart(struct service_fixture *f);

/* For cmocka: *STATE is a struct service_fixture with an initialised token and a user PIN. */
int service_fixture_group(void **state);
int service_fixture_group_end(void **state);

/* A connection that has not said hello. */
void peer_connect(struct peer_link *p, struct service_fixture *f, bool allowed);
void peer_hang_up(struct peer_link *p);

/* Says hello; the result, and on CKR_OK the context's id and ticket in P. */
CK_RV peer_hello(struct peer_link *p, enum hello_mode mode, const struct peer_link *of);

/* connect, hello, attach. */
void peer_open(struct peer_link *p, struct service_fixture *f);
CK_RV peer_attach(struct peer_link *p);

/* Login as the user; the ticket is kept in P. */
CK_RV peer_login(struct peer_link *p, CK_USER_TYPE user, const char *pin);
CK_RV peer_resume(struct peer_link *p, const struct peer_link *of);

/* One request and its answer; p->closed when the service ends the connection. */
CK_RV peer_ask(struct peer_link *p, enum request_id id, const void *request, union message *response);
/* The same under a sequence number of its own. */
CK_RV peer_ask_as(struct peer_link *p, uint64_t sequence, enum request_id id, const void *request,
		  union message *response);

/* Templates: values are literals of the caller. */
void add_bool(struct attributes *list, CK_ATTRIBUTE_TYPE type, bool value);
void add_number(struct attributes *list, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void add_text(struct attributes *list, CK_ATTRIBUTE_TYPE type, const char *value);

/* Keys, on the token or in the session. */
void make_ec_pair(struct peer_link *p, bool token, const char *label, uint64_t *public_key,
		  uint64_t *private_key);
uint64_t make_aes_key(struct peer_link *p, bool token, const char *label);

/* Signs a digest. */
CK_RV peer_sign(struct peer_link *p, uint64_t key);

size_t peer_find(struct peer_link *p, const struct attributes *template, uint64_t *handles, size_t max);

#endif

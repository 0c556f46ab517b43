/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets are fixed-size records in network byte order, sealed with a purpose each, so that one kind is
 * never taken for the other. The epoch of the token is not in a login ticket: PIN version and login
 * generation change whenever a login must end, and the epoch with every deleted object besides, which
 * would end logins for no reason (docs/architecture.md). Inside the enclave.
 */
#include "config.h"

#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "crypto/library.h"
#include "service/ticket.h"

#define TICKET_PURPOSE_JOIN "keyclave join ticket v1"
#define TICKET_PURPOSE_LOGIN "keyclave login ticket v1"

/* context id | key hash | owner */
#define TICKET_JOIN_SIZE (PROTOCOL_CONTEXT_ID_SIZE + APPLICATION_HASH_SIZE + 8)

/* key hash | owner | hash of the token's identity | PIN version | generation | login | time */
#define TICKET_LOGIN_SIZE \
	(APPLICATION_HASH_SIZE + 8 + APPLICATION_HASH_SIZE + 8 + 8 + TOKEN_LOGIN_SIZE + 8)

static uint8_t *ticket_put(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *ticket_put_number(uint8_t *at, uint64_t number)
{
	for (size_t i = 8; i-- > 0; number >>= 8)
		at[i] = (uint8_t)number;
	return at + 8;
}

static uint64_t ticket_number(const uint8_t *at)
{
	uint64_t number = 0;

	for (size_t i = 0; i < 8; i++)
		number = number << 8 | at[i];
	return number;
}

/* Tickets outlive a start of the daemon, so their age is of the wall clock. */
static uint64_t ticket_time(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec;
}

static bool ticket_hash(struct span bytes, uint8_t hash[APPLICATION_HASH_SIZE])
{
	return EVP_Q_digest(library_context(), "SHA2-256", LIBRARY_PROPERTIES, bytes.data, bytes.size,
			    hash, NULL) == 1;
}

bool ticket_hash_key(struct span key, uint8_t hash[APPLICATION_HASH_SIZE])
{
	return key.size == PROTOCOL_CONTEXT_KEY_SIZE && ticket_hash(key, hash);
}

CK_RV ticket_make_join(struct service *service, const struct application *context, struct buffer *out)
{
	uint8_t plain[TICKET_JOIN_SIZE];
	uint8_t *at = plain;

	at = ticket_put(at, context->id, sizeof(context->id));
	at = ticket_put(at, context->key_hash, sizeof(context->key_hash));
	(void)ticket_put_number(at, context->owner);
	return seal_message_close(service->ticket_key, TICKET_PURPOSE_JOIN, (struct span){0},
				  (struct span){plain, sizeof(plain)}, out);
}

CK_RV ticket_open_join(struct service *service, struct span ticket, struct ticket_join *join)
{
	struct buffer plain = {.secret = true};
	CK_RV rv = seal_message_open(service->ticket_key, TICKET_PURPOSE_JOIN, (struct span){0}, ticket,
				     &plain);

	if (rv == CKR_OK && plain.size == TICKET_JOIN_SIZE) {
		memcpy(join->context, plain.data, sizeof(join->context));
		memcpy(join->key_hash, plain.data + sizeof(join->context), sizeof(join->key_hash));
		join->owner = ticket_number(plain.data + PROTOCOL_CONTEXT_ID_SIZE +
						 APPLICATION_HASH_SIZE);
	} else if (rv != CKR_DEVICE_MEMORY) {
		rv = CKR_ACTION_PROHIBITED;
	}
	buffer_free(&plain);
	return rv;
}

/* All that a login ticket is bound to, up to the login itself: the same bytes at making and at use. */
static bool ticket_bind(const struct application *context, const struct attachment *attachment,
			const uint8_t key_hash[APPLICATION_HASH_SIZE], uint8_t plain[TICKET_LOGIN_SIZE],
			uint8_t **rest)
{
	struct token_facts facts = {0};
	uint8_t identity[APPLICATION_HASH_SIZE];

	token_facts(attachment->token, &facts);
	if (!ticket_hash((struct span){facts.identity, facts.identity_size}, identity))
		return false;
	*rest = ticket_put(plain, key_hash, APPLICATION_HASH_SIZE);
	*rest = ticket_put_number(*rest, context->owner);
	*rest = ticket_put(*rest, identity, sizeof(identity));
	*rest = ticket_put_number(*rest, facts.pin_version);
	*rest = ticket_put_number(*rest, token_login_generation(attachment->token));
	return true;
}

CK_RV ticket_make_login(struct application *context, struct attachment *attachment, struct buffer *out)
{
	uint8_t plain[TICKET_LOGIN_SIZE];
	uint8_t *rest = NULL;

	if (!ticket_bind(context, attachment, context->key_hash, plain, &rest))
		return CKR_DEVICE_ERROR;
	pthread_mutex_lock(&context->lock);
	rest = ticket_put(rest, attachment->login, TOKEN_LOGIN_SIZE);
	pthread_mutex_unlock(&context->lock);
	(void)ticket_put_number(rest, ticket_time());
	return seal_message_close(context->service->ticket_key, TICKET_PURPOSE_LOGIN, (struct span){0},
				  (struct span){plain, sizeof(plain)}, out);
}

CK_RV ticket_open_login(struct application *context, struct attachment *attachment, struct span ticket,
			const uint8_t key_hash[APPLICATION_HASH_SIZE], uint8_t name[TOKEN_LOGIN_SIZE])
{
	struct buffer plain = {.secret = true};
	uint8_t expected[TICKET_LOGIN_SIZE];
	uint8_t *rest = NULL;
	size_t bound = 0;
	uint64_t made = 0;
	uint64_t now = ticket_time();
	CK_RV rv = seal_message_open(context->service->ticket_key, TICKET_PURPOSE_LOGIN,
				     (struct span){0}, ticket, &plain);

	if (rv != CKR_OK || plain.size != TICKET_LOGIN_SIZE) {
		rv = rv == CKR_DEVICE_MEMORY ? rv : CKR_USER_NOT_LOGGED_IN;
		goto out;
	}
	rv = CKR_USER_NOT_LOGGED_IN;
	if (!ticket_bind(context, attachment, key_hash, expected, &rest))
		goto out;
	bound = (size_t)(rest - expected);
	if (!memory_equal(plain.data, expected, bound))
		goto out;
	made = ticket_number(plain.data + bound + TOKEN_LOGIN_SIZE);
	/* A clock that was set back ends logins rather than keeping them for longer. */
	if (made > now || now - made >= TOKEN_LOGIN_LIFETIME_S)
		goto out;
	if (token_login_is_over(attachment->token, plain.data + bound, made))
		goto out;
	memcpy(name, plain.data + bound, TOKEN_LOGIN_SIZE);
	rv = CKR_OK;
out:
	buffer_free(&plain);
	return rv;
}

CK_RV ticket_end_login(struct application *context, struct attachment *attachment)
{
	uint8_t login[TOKEN_LOGIN_SIZE];

	pthread_mutex_lock(&context->lock);
	memcpy(login, attachment->login, sizeof(login));
	pthread_mutex_unlock(&context->lock);
	return token_end_login(attachment->token, login, ticket_time());
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's own state, shared by the files of this folder and by nobody else. Inside the enclave.
 * Lock order: service.attach_lock, service.contexts_lock, context.lock, a stream's lock, those of token/.
 */
#ifndef KEYCLAVE_SERVICE_INTERNAL_H
#define KEYCLAVE_SERVICE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "keys/seal.h"
#include "service/nonce.h"
#include "service/service.h"

#define SERVICE_CONTEXT_BUCKETS 1024
#define SERVICE_REQUESTS 128 /* ids are below */

struct application;

struct service {
	struct settings settings;
	struct token_store *tokens; /* borrowed, as are the next two */
	struct platform *platform;
	struct service_host host;

	/* By request id: where its request has .slot, or -1. From the request table, so that nobody searches there. */
	int16_t slot_offset[SERVICE_REQUESTS];

	uint8_t *ticket_key; /* SEAL_KEY_SIZE in secret memory */
	uint8_t boot_id[PROTOCOL_BOOT_ID_SIZE];

	/* Of the attested channel; NULL where nobody asked for it. Fixed before the first link. */
	EVP_PKEY *channel_key;
	X509 *channel_certificate;
	struct buffer channel_info; /* SubjectPublicKeyInfo of the key */

	/* A context's first open of a token against C_InitToken, which wants none (section 7, rule 12). */
	pthread_mutex_t attach_lock;

	pthread_mutex_t contexts_lock;
	struct application *contexts[SERVICE_CONTEXT_BUCKETS];
	size_t context_count;

	struct nonces nonces; /* of tokens; each context has its own besides */

	pthread_mutex_t nonces_lock;

	atomic_uint_fast64_t requests;
	atomic_uint_fast64_t last_use; /* seconds of CLOCK_MONOTONIC */
	atomic_size_t session_objects;
	atomic_size_t streams;
	atomic_size_t held_bytes; /* what streams keep back */
	atomic_size_t so_logins;  /* they cannot be resumed */
	atomic_uint_fast32_t next_object; /* below bit 30 of session objects' handles; starts at random */
	atomic_uint_fast64_t next_stream;
};

/* Seconds of CLOCK_MONOTONIC. */
uint64_t service_now(void);

#endif

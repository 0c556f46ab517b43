/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attested channel, the client's end (security rule 2): TLS 1.3 to a daemon elsewhere, which has to show evidence that it
 * is the enclave that the policy names before a byte of a client's goes to it. In an object of its own, which client/ loads
 * when a remote endpoint is configured, so that nobody else loads libssl. Fails closed.
 */
#ifndef KEYCLAVE_PROTOCOL_ATTESTED_H
#define KEYCLAVE_PROTOCOL_ATTESTED_H

#include "common/settings.h"
#include "transport/channel.h"
#include "transport/result.h"

#define ATTESTED_WHY_SIZE 512
#define ATTESTED_KEY_SIZE 32

struct attested; /* opaque, thread-safe: policy, endorsements, the client's certificate */

/* A daemon's TLS key that has been judged: SHA-256 of its SubjectPublicKeyInfo. */
struct attested_key {
	bool known;
	uint8_t digest[ATTESTED_KEY_SIZE];
};

enum attested_result {
	ATTESTED_OK,
	ATTESTED_BROKEN,  /* the connection, or TLS; try again */
	ATTESTED_TIMEOUT,
	ATTESTED_REFUSED, /* somebody answers whom the policy does not accept */
	ATTESTED_NO_MEMORY,
};

struct attested_object {
	const char *version; /* PACKAGE_VERSION: the loader's structs must be these */

	/* Reads the files of the channel- settings. NULL, and WHY: one of them is missing or wrong. */
	struct attested *(*open)(const struct settings *settings, char why[ATTESTED_WHY_SIZE]);

	/*
	 * Makes the attested channel of CHANNEL, a plain socket that was just connected, by DEADLINE. KEY, unless known,
	 * becomes the daemon's; one that is known needs no evidence again, for TLS shows that the same process answers,
	 * and the key is made anew at each of its starts. Not OK: WHY, and CHANNEL is of no more use.
	 */
	enum attested_result (*secure)(struct attested *attested, struct channel *channel, int64_t deadline,
				       struct attested_key *key, char why[ATTESTED_WHY_SIZE]);

	void (*close)(struct attested **attested);
};

/* The one symbol of the object. */
#define ATTESTED_SYMBOL "keyclave_attested"
extern const struct attested_object keyclave_attested;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Daemons elsewhere: loads the object that brings TLS and evidence (protocol/attested.h) when a remote endpoint is configured,
 * and makes each connection attested before anything is said on it. Inside the host's process.
 */
#ifndef KEYCLAVE_CLIENT_REMOTE_H
#define KEYCLAVE_CLIENT_REMOTE_H

#include "client/internal.h"

/* For an endpoint that is attested; of others nothing is done. CKR_ARGUMENTS_BAD, logged: object, policy or another file. */
CK_RV remote_open(struct client *client);
void remote_close(struct client *client);

/* CHANNEL was just connected. REACH_OK: it is attested; else it is of no more use, and a line was logged. */
enum reach remote_secure(struct client *client, int64_t deadline, struct channel *channel);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices that this process is a forked child and makes the inherited struct client its own: the page
 * that the kernel wipes at fork says so even where atfork handlers do not run (DESIGN section 7, rule 5).
 */
#ifndef KEYCLAVE_CLIENT_FORKED_H
#define KEYCLAVE_CLIENT_FORKED_H

#include "client/internal.h"

/* Enters CLIENT, whole and usable, among those that are looked after. False: no memory. */
bool forked_register(struct client *client);

/* Before CLIENT is freed. */
void forked_unregister(struct client *client);

/*
 * First call of every function of the library. One load, unless this is the first since a fork: then the child
 * drops the parent's connections (without touching the parent) and its next hello makes a clone.
 */
void forked_check(struct client *client);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What client.c has to know of descriptor.c. Private to this folder.
 */
#ifndef KEYCLAVE_CLIENT_DESCRIPTOR_CACHE_H
#define KEYCLAVE_CLIENT_DESCRIPTOR_CACHE_H

#include "client/internal.h"

/* When CLIENT ends: every entry that nobody else holds. */
void descriptor_cache_free(struct client *client);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclaved --migration-request: this version's evidence for a store that does not open under it yet, on stdout. Opens no store and
 * no socket, so it works beside one that is refused. Called by main.c.
 */
#ifndef KEYCLAVE_ENCLAVED_OFFER_H
#define KEYCLAVE_ENCLAVED_OFFER_H

#include "common/settings.h"

/* NONCE in hexadecimal digits. An exit code of keeper.h; what went wrong was said. */
int offer_run(const struct settings *settings, const char *nonce);

#endif

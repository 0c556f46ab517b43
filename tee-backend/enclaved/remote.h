/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the worker needs to serve remote clients: the TLS context with the key of this start, and whose certificates are
 * accepted (security rule 2). Called once at start, before the sandbox.
 */
#ifndef KEYCLAVE_ENCLAVED_REMOTE_H
#define KEYCLAVE_ENCLAVED_REMOTE_H

#include "service/service.h"
#include "transport/tls.h"

/*
 * TCP: somebody can reach us over a network. False, with a line logged that says what to do: TCP without channel-clients, a
 * platform that no remote client could believe, a file that cannot be read, no evidence. *TLS is the caller's.
 */
bool remote_context(const struct settings *settings, struct platform *platform, struct service *service, bool tcp,
		    SSL_CTX **tls);

#endif

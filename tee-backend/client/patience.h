/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the call that this thread is in has waited for a daemon that is not there: connect-timeout bounds it
 * once for each call, however often and behind whom it waits (DESIGN section 7, rule 11). Inside the host's
 * process; used by client/, and by pkcs11/ where one call waits for another's end.
 */
#ifndef KEYCLAVE_CLIENT_PATIENCE_H
#define KEYCLAVE_CLIENT_PATIENCE_H

#include <stdint.h>

/* A call begins, or a part of one that has begun; nothing was waited yet when the outermost does. */
void patience_begin(void);
void patience_end(void);

/* Milliseconds waited since the outermost begin. */
int64_t patience_spent(void);
void patience_spend(int64_t ms);

/* The instant (transport/result.h) at which this call has waited TIMEOUT_MS altogether; now, if it has. */
int64_t patience_deadline(unsigned timeout_ms);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request table as CDDL (RFC 8610), for docs/protocol.md. A unit test holds the page against it, so
 * that the page cannot say something else than the code does.
 */
#ifndef KEYCLAVE_PROTOCOL_CDDL_H
#define KEYCLAVE_PROTOCOL_CDDL_H

#include "common/buffer.h"

/* Appends the text, with a line feed at its end. False: no memory. */
bool cddl_write(struct buffer *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 answer as it comes in (RFC 9112). Inside the enclave; the bytes are the network's.
 */
#ifndef KEYCLAVE_KMS_HTTP_ANSWER_H
#define KEYCLAVE_KMS_HTTP_ANSWER_H

#include "common/buffer.h"

#define HTTP_ANSWER_HEAD_MAX ((size_t)16 * 1024)

enum http_answer_state {
	HTTP_ANSWER_MORE,
	HTTP_ANSWER_WHOLE,
	HTTP_ANSWER_BAD, /* not HTTP, or a body longer than it may be; no memory */
};

/*
 * BYTES are all that has come; ENDED: no more will. WHOLE: *STATUS and BODY (at most MAX bytes) are filled. What comes after
 * a whole answer is no part of it.
 */
enum http_answer_state http_answer_read(struct span bytes, bool ended, size_t max, unsigned *status,
					struct buffer *body);

#endif

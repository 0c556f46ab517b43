/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP/1.1 request by libssl over a socket of the dialer's: no proxy, redirect, cookie, name service, environment or
 * configuration of the machine's has a part in it, and the server is who the given roots say (security rule 14). Inside
 * the enclave.
 */
#ifndef KEYCLAVE_KMS_HTTP_H
#define KEYCLAVE_KMS_HTTP_H

#include "common/buffer.h"
#include "common/status.h"
#include "transport/dialer.h"

#define HTTP_HEADERS_MAX 8

struct http_request {
	const char *host;    /* the server's name: of its certificate, and in the request */
	unsigned port;       /* of the name; where it is, says .address */
	const char *method;  /* "GET", "PUT", "POST" */
	const char *path;    /* "/..." */
	const char *headers[HTTP_HEADERS_MAX]; /* "Name: value", up to NULL */
	struct span body;
	struct span roots;   /* PEM: who may vouch for the server; empty: no TLS */
	enum dialer_target target;
	const char *address; /* dialer_open */
	int64_t deadline;    /* result.h */
	size_t max;          /* bytes of the answer's body */
};

enum http_result {
	HTTP_ANSWERED,    /* with any status */
	HTTP_UNREACHABLE, /* or not in time, or cut off: perhaps later */
	HTTP_UNTRUSTED,   /* the server is not who it should be */
	HTTP_BROKEN,      /* no HTTP, or too much of it; no memory */
};

/* "HOST", or "HOST:PORT" where PORT is not the usual one: what the header Host says. */
void http_host(const struct http_request *request, char *text, size_t size);

/* BODY gets the answer's, and *STATUS its number; WHY is for the log. */
enum http_result http_call(const struct http_request *request, unsigned *status, struct buffer *body, char *why,
			   size_t why_size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of requests: one row each, with its fields and their limits, who may send it and whether it
 * may be sent again. The enclave checks rights by it before a handler runs; the client retries by it.
 */
#ifndef KEYCLAVE_PROTOCOL_REQUEST_H
#define KEYCLAVE_PROTOCOL_REQUEST_H

#include "protocol/message.h"

enum field_type {
	FIELD_UINT,      /* uint64_t, at most .max */
	FIELD_BOOL,      /* uint64_t 0 or 1; CBOR false or true */
	FIELD_BYTES,     /* struct span, at most .max bytes */
	FIELD_TEXT,      /* struct span, UTF-8, at most .max bytes */
	FIELD_NUMBERS,   /* struct numbers, at most .max items */
	FIELD_TEXTS,     /* struct texts, at most .max items of at most 256 bytes */
	FIELD_TEMPLATE,  /* struct attributes: [* [type, bytes / null]] */
	FIELD_MECHANISM, /* struct mechanism: [type, parameters by its row's shape] */
};

struct field {
	const char *name; /* as in docs/protocol.md */
	enum field_type type;
	size_t offset; /* in the struct */
	size_t max;
};

struct schema {
	const char *name; /* CDDL rule */
	size_t size;      /* of the struct */
	const struct field *fields;
	size_t count;
};

enum request_right {
	RIGHT_PEER,     /* any connection, before hello */
	RIGHT_CONTEXT,  /* after hello */
	RIGHT_ATTACHED, /* and the context is attached to .slot (objects that need a login are checked one by one) */
	RIGHT_USER,     /* and CKU_USER is logged in: CKR_USER_NOT_LOGGED_IN */
	RIGHT_SO,       /* and CKU_SO is logged in */
};

enum request_replay {
	REPLAY_SAFE, /* sending it again does no harm */
	REPLAY_ONCE, /* its request id is remembered with its effect; a resend returns the first result */
};

struct request_row {
	enum request_id id;
	const char *name; /* "sign" */
	const struct schema *request;
	const struct schema *response;
	enum request_right right;
	enum request_replay replay;
};

const struct request_row *request_rows(size_t *count);
const struct request_row *request_find(uint64_t id); /* NULL: CKR_FUNCTION_NOT_SUPPORTED */

/* Room for any request or response struct. */
union message {
	struct get_response get;
	struct generate_pair_request generate_pair;
	struct derive_request derive;
	struct describe_response describe;
	struct damage_response damage;
	struct status_response status;
	struct stream_open_request stream_open;
};

#endif

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
	FIELD_BYTES,     /* struct span, .min to .max bytes, or none where .optional */
	FIELD_TEXT,      /* struct span, UTF-8 without NUL, at most .max bytes */
	FIELD_NUMBERS,   /* struct numbers, at most .max items */
	FIELD_TEXTS,     /* struct texts, at most .max items of at most PROTOCOL_TEXT_SIZE_MAX bytes */
	FIELD_TEMPLATE,  /* struct attributes: [* [type, bytes]] */
	FIELD_VALUES,    /* struct attributes: [* [type, bytes / null]]; null is data NULL */
	FIELD_MECHANISM, /* struct mechanism: [type, parameters by its row's shape] */
};

struct field {
	const char *name; /* the member's; docs/protocol.md has - for _ */
	enum field_type type;
	size_t offset; /* in the struct */
	uint64_t max;
	uint64_t min;  /* BYTES */
	bool optional; /* BYTES: empty passes although .min is not 0 */
	CK_RV refusal; /* what a client hears that exceeds the limit, before anything is sent */
};

struct schema {
	const char *name; /* CDDL group */
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

/* After a broken connection, when nobody knows whether the request was carried out. */
enum request_replay {
	REPLAY_SAFE,  /* sent again; does no harm. A grant spent by the same sequence number passes again. */
	REPLAY_ONCE,  /* sent again; its sequence number is remembered with its effect and returns the first result */
	REPLAY_NEVER, /* not sent again: the stream that it belongs to is over (section 7, rule 3) */
};

struct request_row {
	enum request_id id;
	const char *name; /* "sign" */
	const struct schema *request;
	const struct schema *response;
	enum request_right right;
	enum request_replay replay;
	CK_RV gone; /* what a client reports when no daemon can be reached (section 7, rule 11) */
};

const struct request_row *request_rows(size_t *count);
const struct request_row *request_find(uint64_t id); /* NULL: CKR_FUNCTION_NOT_SUPPORTED */

/* Room for any request or response, by the name of its struct. */
union message {
	struct empty empty;
	struct hello_request hello_request;
	struct hello_response hello_response;
	struct status_response status_response;
	struct damage_response damage_response;
	struct migrate_status_response migrate_status_response;
	struct migrate_request_request migrate_request_request;
	struct migrate_challenge_response migrate_challenge_response;
	struct migrate_grant_request migrate_grant_request;
	struct migrate_grant_response migrate_grant_response;
	struct migrate_cancel_response migrate_cancel_response;
	struct slots_response slots_response;
	struct slot_request slot_request;
	struct token_response token_response;
	struct token_init_request token_init_request;
	struct release_request release_request;
	struct login_request login_request;
	struct login_response login_response;
	struct resume_request resume_request;
	struct pin_init_request pin_init_request;
	struct pin_set_request pin_set_request;
	struct grant_request grant_request;
	struct grant_response grant_response;
	struct create_request create_request;
	struct handle_response handle_response;
	struct copy_request copy_request;
	struct object_request object_request;
	struct find_request find_request;
	struct find_response find_response;
	struct get_request get_request;
	struct get_response get_response;
	struct set_request set_request;
	struct size_response size_response;
	struct describe_response describe_response;
	struct evidence_request evidence_request;
	struct evidence_response evidence_response;
	struct channel_request channel_request;
	struct operate_request operate_request;
	struct operate_response operate_response;
	struct verify_request verify_request;
	struct verify_response verify_response;
	struct decrypt_tls_request decrypt_tls_request;
	struct chain_request chain_request;
	struct chain_response chain_response;
	struct agree_request agree_request;
	struct stream_open_request stream_open_request;
	struct stream_open_response stream_open_response;
	struct stream_update_request stream_update_request;
	struct stream_response stream_response;
	struct stream_key_request stream_key_request;
	struct stream_final_request stream_final_request;
	struct stream_close_request stream_close_request;
	struct generate_request generate_request;
	struct generate_pair_request generate_pair_request;
	struct generate_pair_response generate_pair_response;
	struct wrap_request wrap_request;
	struct wrap_response wrap_response;
	struct unwrap_request unwrap_request;
	struct derive_request derive_request;
	struct import_kms_request import_kms_request;
	struct random_request random_request;
	struct random_response random_response;
	struct seed_request seed_request;
};

#endif

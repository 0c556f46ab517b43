/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bodies of the records that token/ owns, as structs, and their CBOR (docs/store.md, sections 5 and
 * 6). What is read was unsealed before, so it is the enclave's own; it is checked all the same. Private to
 * token/.
 */
#ifndef KEYCLAVE_TOKEN_RECORD_H
#define KEYCLAVE_TOKEN_RECORD_H

#include "keys/seal.h"
#include "mechanism/attribute_set.h"
#include "token/token.h"

#define TOKEN_SERIAL_SIZE 16 /* hex digits, without a NUL */
#define TOKEN_SALT_SIZE 32

#define RECORD_TAG_SIZE 16
#define RECORD_PAGE_HANDLES 256
#define RECORD_SLOTS_MAX 255 /* one less than the slots that a frame lists: the empty one is the last */
#define RECORD_LABEL_MAX 32
#define RECORD_HASH_SIZE 32
#define RECORD_PIN_SALT_SIZE 16

/*
 * What a record knows of one below it: its version, and the tag at the end of its blob, so that a record of the
 * same version from another life of the store is no match. Version 0: there is none.
 */
struct record_link {
	uint64_t version;
	uint8_t tag[RECORD_TAG_SIZE];
};

struct record_slot {
	uint64_t slot;
	uint64_t token; /* number in its records' names */
	char serial[TOKEN_SERIAL_SIZE + 1];
	uint8_t salt[TOKEN_SALT_SIZE];
	struct record_link head;
};

struct record_slots {
	uint64_t next_token;
	struct record_slot entry[RECORD_SLOTS_MAX]; /* in the order of slot ids */
	size_t count;
	uint64_t epoch; /* what the platform's counter has to show; 0: the store has none */
};

struct record_pin {
	uint64_t version; /* raised when the PIN changes; 0: there is no PIN */
	uint64_t failed;  /* attempts since the last good one */
	uint8_t salt[RECORD_PIN_SALT_SIZE];
	uint64_t log2_n, r, p; /* scrypt, RFC 7914 */
	uint8_t verifier[RECORD_HASH_SIZE];
};

struct record_child {
	uint64_t id; /* of the page */
	struct record_link link;
};

/* Logins that ended, by name, in the order in which they did. */
#define RECORD_ENDED_NAMES 256
#define RECORD_ENDED_PAGES 32

struct record_ended {
	size_t count;
	struct {
		uint8_t name[TOKEN_LOGIN_SIZE];
		uint64_t time; /* seconds since 1970 */
	} entry[RECORD_ENDED_NAMES];
};

/* Of these pages the last one has room. */
struct record_ended_list {
	uint64_t since; /* tickets that are not younger are over, whatever their names */
	uint64_t next;  /* id of the next page */
	size_t count;
	struct record_child page[RECORD_ENDED_PAGES];
};

struct record_head {
	char label[RECORD_LABEL_MAX + 1];
	struct record_pin so, user;
	uint64_t epoch;
	uint64_t logins; /* login generation */
	uint64_t next_handle;
	struct record_ended_list ended;
	struct record_child *pages; /* owned; by id */
	size_t page_count, page_capacity;
};

/* COPY becomes an independent copy. False: no memory. */
bool record_head_copy(struct record_head *copy, const struct record_head *head);
void record_head_wipe(struct record_head *head); /* frees what it owns */

/* NULL: none. */
struct record_child *record_head_page(const struct record_head *head, uint64_t id);

/* Adds page ID if there is none yet. NULL: no memory. */
struct record_child *record_head_add(struct record_head *head, uint64_t id);
void record_head_remove(struct record_head *head, uint64_t id);

struct record_page {
	uint64_t id;
	struct record_link entry[RECORD_PAGE_HANDLES];
};

struct record_once {
	struct once once;
	uint64_t time;  /* of the effect, seconds since 1970: for pruning only */
	bool undecided; /* a PIN attempt is counted and its verdict is not yet written */
	uint8_t candidate[RECORD_HASH_SIZE]; /* undecided: what the PIN that was given comes to */
	CK_RV rv;
	uint64_t handles[2];
	size_t handle_count;
};

/* All append to OUT; false: no memory. */
bool record_write_slots(struct buffer *out, const struct record_slots *slots);
bool record_write_head(struct buffer *out, const struct record_head *head);
bool record_write_page(struct buffer *out, const struct record_page *page);
bool record_write_object(struct buffer *out, const struct attribute_set *set);
bool record_write_once(struct buffer *out, const struct record_once *once);
bool record_write_ended(struct buffer *out, const struct record_ended *ended);

/* CKR_DATA_INVALID: not such a body. CKR_DEVICE_MEMORY. */
CK_RV record_read_slots(struct span body, struct record_slots *slots);
CK_RV record_read_head(struct span body, struct record_head *head);
CK_RV record_read_page(struct span body, uint64_t id, struct record_page *page);
CK_RV record_read_object(struct span body, struct attribute_set **set);
CK_RV record_read_once(struct span body, struct record_once *once);
CK_RV record_read_ended(struct span body, struct record_ended *ended);

/* The last RECORD_TAG_SIZE bytes of a sealed blob (docs/store.md, section 2); zero if it is shorter. */
void record_tag(struct span sealed, uint8_t tag[RECORD_TAG_SIZE]);

#endif

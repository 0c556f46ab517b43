/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clear part of the store's head and the record around it, to bytes and back. It is read before
 * there is a key, so it is as hostile as anything; hierarchy.c proves it afterwards. docs/store.md,
 * section 4.
 */
#ifndef KEYCLAVE_KEYS_HEAD_H
#define KEYCLAVE_KEYS_HEAD_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"

#define HEAD_SCHEMA 1 /* docs/store.md, section 8 */
#define HEAD_UUID_SIZE 16
#define HEAD_NAME_MAX 32
#define HEAD_MIX_MAX 4096
#define HEAD_WRAPPED_SIZE 81 /* a root of 32 bytes, sealed */
#define HEAD_SLOTS_MAX 8
#define HEAD_COUNTER_MAX 192
#define HEAD_MIGRATION_SIZE 32
#define HEAD_CHALLENGE_SIZE 32

enum head_slot_kind {
	HEAD_SLOT_PLATFORM = 1, /* wrapped under the platform's key */
	HEAD_SLOT_RECOVERY = 2, /* under the operator's recovery secret; its mix is empty */
	HEAD_SLOT_MIGRATION = 3, /* to the key of another version of the enclave (migration.h) */
	HEAD_SLOT_KMS = 4,      /* under a key that a KMS gives to this enclave's evidence; its mix is kms_root's reference */
};

struct head_slot {
	uint64_t kind; /* enum head_slot_kind; others are kept, not understood */
	struct span mix;
	struct span wrapped;
};

/* Borrows from the bytes that it was decoded from. */
struct head {
	uint64_t schema;
	struct span uuid;
	struct span platform;
	struct span protector;
	struct head_slot slots[HEAD_SLOTS_MAX];
	size_t slot_count;
	struct span counter;    /* id of the platform's counter (platform_counter_new); empty: there is none */
	uint64_t counter_start; /* its value when it was made */
	uint64_t counter_base;  /* the epoch that .counter_start stands for: the same, but where the counter was replaced */
	uint64_t replaced;      /* how often it was; each time an earlier state of the store would have gone unnoticed */
	struct span migration;  /* SHA-256 of the policy of migrations; empty: none, and never one */
	struct span challenge;  /* nonce of the next migration's evidence, with .migration only; empty: none was asked for */
};

#define HEAD_CLEAR_MAX (HEAD_SLOTS_MAX * (HEAD_MIX_MAX + 128) + 256)

/* One slot more at the end, borrowed as it is. CKR_DEVICE_MEMORY, logged: there are HEAD_SLOTS_MAX. */
CK_RV head_add_slot(struct head *head, const struct head_slot *slot);

/* The clear part's bytes, appended to OUT. False: no memory. */
bool head_encode(const struct head *head, struct buffer *out);

/*
 * False, with WHY (static text): not the form of docs/store.md. A schema that is not HEAD_SCHEMA
 * ends the reading with true and nothing else filled in: only the number means the same in all
 * schemas.
 */
bool head_decode(struct span clear, struct head *head, const char **why);

/* The record: clear part and proof, as two byte strings. */
bool head_record_encode(struct span clear, struct span proof, struct buffer *out);
bool head_record_decode(struct span record, struct span *clear, struct span *proof,
			const char **why);

#endif

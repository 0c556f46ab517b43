/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the platform's key to every key of the store, and the store's head, which remembers for whom
 * it was made. A store is made only where there is nothing, and opened only by the platform that
 * made it (security rules 4 and 12). Labels: docs/store.md, section 3.
 */
#include "config.h"

#include "keys/hierarchy.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "keys/derive.h"
#include "keys/slot.h"
#include "platform/hkdf.h"

#define PROOF_SIZE 32 /* SHA-256 of the head's clear part */

static const struct blob_name head_name = {.kind = RECORD_STORE};

/* Lies in secret memory as a whole. */
struct hierarchy {
	uint8_t root[SLOT_ROOT_SIZE];
	uint8_t storage_key[SEAL_KEY_SIZE];
	uint8_t ticket_key[SEAL_KEY_SIZE];
	uint8_t uuid[HEAD_UUID_SIZE];
	uint8_t counter_auth[PLATFORM_KEY_SIZE];
	uint8_t counter[HEAD_COUNTER_MAX]; /* id */
	size_t counter_size;		   /* 0: the store has none */
	uint64_t counter_start, counter_base, counter_replaced;
	bool counter_replaceable;
	bool may_migrate; /* the store was made with a policy */
	uint8_t migration[HEAD_MIGRATION_SIZE];
	const struct migration_policy *policy; /* that one; NULL: the configuration's is another */
};

/* ---- derivations ---- */

static struct span root_of(const struct hierarchy *h)
{
	return (struct span){h->root, sizeof(h->root)};
}

static struct span uuid_of(const struct hierarchy *h)
{
	return (struct span){h->uuid, sizeof(h->uuid)};
}

/* What every open store needs: called once root and uuid are known. */
static CK_RV derive_branches(struct hierarchy *h)
{
	CK_RV rv = derive_key(root_of(h), uuid_of(h), "keyclave/1/storage", NULL, 0, 0, h->storage_key);

	if (rv == CKR_OK)
		rv = derive_key(root_of(h), uuid_of(h), "keyclave/1/ticket", NULL, 0, 0, h->ticket_key);
	if (rv == CKR_OK)
		rv = derive_key(root_of(h), uuid_of(h), "keyclave/1/counter", NULL, 0, 0, h->counter_auth);
	return rv;
}

/* ---- the proof ---- */

static CK_RV digest_clear(struct span clear, uint8_t digest[PROOF_SIZE])
{
	EVP_MD *md = hkdf_library() ? EVP_MD_fetch(hkdf_library(), "SHA256", NULL) : NULL;
	bool done = md && EVP_Digest(clear.data, clear.size, digest, NULL, md, NULL) > 0;

	EVP_MD_free(md);
	if (!done)
		log_error("libcrypto: cannot digest");
	return done ? CKR_OK : CKR_DEVICE_ERROR;
}

bool hierarchy_digest(struct span bytes, uint8_t digest[32])
{
	return digest_clear(bytes, digest) == CKR_OK;
}

/* Nobody without the root can have written CLEAR in this version of the record. */
static CK_RV check_proof(const struct hierarchy *h, struct span clear, struct span proof,
			 uint64_t version)
{
	struct buffer opened = {0};
	uint8_t digest[PROOF_SIZE];
	CK_RV rv = digest_clear(clear, digest);

	if (rv == CKR_OK)
		rv = seal_open(h->storage_key, head_name, version, proof, &opened);
	if (rv == CKR_OK &&
	    (opened.size != PROOF_SIZE || !memory_equal(opened.data, digest, PROOF_SIZE)))
		rv = CKR_DATA_INVALID;
	if (rv == CKR_DATA_INVALID) {
		log_error("the store's head (record 1/0/0, version %llu) was changed by somebody "
			  "else: refused",
			  (unsigned long long)version);
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	}
	buffer_free(&opened);
	return rv;
}

/* ---- opening ---- */

/* Security rule 12: no store opens under another platform or protector. */
static CK_RV check_platform(const struct head *head, const struct platform_description *d)
{
	if (span_equal(head->platform, span_text(d->name)) &&
	    span_equal(head->protector, span_text(d->protector)))
		return CKR_OK;
	log_error("the store was made on platform %.*s (root protected by %.*s), but this is "
		  "platform %s (%s): "
		  "refused; set platform = %.*s, or use another state directory",
		  (int)head->platform.size, (const char *)head->platform.data,
		  (int)head->protector.size, (const char *)head->protector.data, d->name,
		  d->protector, (int)head->platform.size, (const char *)head->platform.data);
	return CKR_TOKEN_NOT_RECOGNIZED;
}

/* What opened the root, and what is to be written down of it. */
struct unwrapped {
	bool by_platform;
	bool by_migration; /* of another version, made for this one */
	bool current;           /* the platform's slot binds all that a new one would */
	bool recovery_is_known; /* the operator's secret has its slot already */
};

/* Opened at a start beside the operator's. */
static uint64_t first_kind(const struct hierarchy_options *options)
{
	return options->kms ? HEAD_SLOT_KMS : HEAD_SLOT_PLATFORM;
}

/* CKR_DATA_INVALID: under none of the slots of the platform, or of the KMS that takes its place. */
static CK_RV unwrap_by_platform(struct hierarchy *h, struct platform *platform, const struct hierarchy_options *options,
				const struct head *head, struct unwrapped *unwrapped)
{
	struct kms *kms = options->kms;
	CK_RV rv = CKR_DATA_INVALID;

	for (size_t i = 0; rv == CKR_DATA_INVALID && i < head->slot_count; i++) {
		const struct head_slot *slot = &head->slots[i];

		if (slot->kind != first_kind(options))
			continue;
		rv = kms ? slot_open_kms(kms, head, slot, h->root) : slot_open(platform, head, slot, h->root);
		/* Of a slot that does not open nobody may ask: a TPM would take its floor for the store's. */
		unwrapped->by_platform = rv == CKR_OK;
		unwrapped->current = rv == CKR_OK && (kms ? kms_root_is_current(kms, slot->mix)
							  : platform_key_is_current(platform, slot->mix));
	}
	return rv;
}

/* CKR_DATA_INVALID: no version of before made a slot for this one. */
static CK_RV unwrap_by_migration(struct hierarchy *h, struct platform *platform, const struct head *head,
				 struct unwrapped *unwrapped)
{
	char binding[256];
	CK_RV rv = CKR_DATA_INVALID;

	for (size_t i = 0; rv == CKR_DATA_INVALID && i < head->slot_count; i++) {
		struct span mix = {0}, digest = {0};

		if (head->slots[i].kind != HEAD_SLOT_MIGRATION)
			continue;
		rv = migration_open(platform, head, &head->slots[i], h->root);
		if (rv != CKR_OK || !migration_slot_read(head->slots[i].mix, &mix, &digest))
			continue;
		unwrapped->by_migration = true;
		platform_key_describe(platform, mix, binding, sizeof(binding));
		log_notice("the store was opened by the wrap slot that an earlier version of the enclave made for this one (%s): "
			   "this one gets a slot of its own, and the earlier version's goes",
			   binding);
	}
	return rv;
}

/* With the root already there: only sees whether the secret opens it too. */
static CK_RV unwrap_by_recovery(struct hierarchy *h, const struct hierarchy_options *options,
				const struct head *head, struct unwrapped *unwrapped)
{
	uint8_t *root = memory_secret_new(SLOT_ROOT_SIZE);
	CK_RV rv = root ? CKR_DATA_INVALID : CKR_DEVICE_MEMORY;

	for (size_t i = 0; rv == CKR_DATA_INVALID && i < head->slot_count; i++) {
		if (head->slots[i].kind == HEAD_SLOT_RECOVERY)
			rv = slot_open_recovery(options->recovery, head, &head->slots[i], root);
	}
	if (rv == CKR_OK && !unwrapped->by_platform && !unwrapped->by_migration)
		memcpy(h->root, root, SLOT_ROOT_SIZE);
	unwrapped->recovery_is_known = rv == CKR_OK;
	memory_secret_free(root);
	return rv;
}

static CK_RV unwrap_root(struct hierarchy *h, struct platform *platform, const struct hierarchy_options *options,
			 const struct head *head, struct unwrapped *unwrapped)
{
	CK_RV rv = unwrap_by_platform(h, platform, options, head, unwrapped);
	CK_RV recovered = CKR_DATA_INVALID;

	/* A KMS that refuses is what an update, or a key that was deleted, looks like. */
	if (options->kms && rv == CKR_FUNCTION_REJECTED && options->recovery.size)
		rv = CKR_DATA_INVALID;
	if (rv == CKR_DATA_INVALID && !options->kms)
		rv = unwrap_by_migration(h, platform, head, unwrapped);

	if (options->recovery.size && (rv == CKR_OK || rv == CKR_DATA_INVALID))
		recovered = unwrap_by_recovery(h, options, head, unwrapped);
	if (recovered != CKR_OK && recovered != CKR_DATA_INVALID)
		return recovered;
	if (rv != CKR_DATA_INVALID)
		return rv;
	if (recovered == CKR_OK) {
		log_notice("the store was opened with the recovery secret: platform %s (%s) gets a new wrap slot",
			   platform_describe(platform)->name, platform_describe(platform)->protector);
		return CKR_OK;
	}
	log_error("the store does not open under the key of platform %s (%s)%s: another machine's or another "
		  "store's key, another measurement, or its head was damaged; put back what was changed, have the version that opens it "
		  "grant a migration (keyclave migrate), or start once with the recovery secret (recovery-file, "
		  "keyclave.conf(5))",
		  platform_describe(platform)->name, platform_describe(platform)->protector,
		  options->recovery.size ? ", nor with the recovery secret" : "");
	return CKR_TOKEN_NOT_RECOGNIZED;
}

/* ---- the head's record ---- */

/* HEAD with its proof, as VERSION. */
static CK_RV encode_record(const struct hierarchy *h, const struct head *head, uint64_t version,
			   struct buffer *record)
{
	struct buffer clear = {0};
	struct buffer proof = {0};
	uint8_t digest[PROOF_SIZE];
	CK_RV rv = head_encode(head, &clear) ? CKR_OK : CKR_DEVICE_MEMORY;

	if (rv == CKR_OK)
		rv = digest_clear(buffer_span(&clear), digest);
	if (rv == CKR_OK)
		rv = seal_close(h->storage_key, head_name, version, (struct span){digest, sizeof(digest)}, &proof);
	if (rv == CKR_OK && !head_record_encode(buffer_span(&clear), buffer_span(&proof), record))
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&clear);
	buffer_free(&proof);
	return rv;
}

/* EXPECTED is the version that is there, 0: none. */
static CK_RV write_head(const struct hierarchy *h, struct blobstore *store, const struct head *head,
			uint64_t expected)
{
	struct buffer record = {0};
	struct blob_write write = {.name = head_name, .expected = expected, .version = expected + 1};
	CK_RV rv = encode_record(h, head, write.version, &record);

	write.blob = buffer_span(&record);
	if (rv == CKR_OK)
		rv = blobstore_write(store, &write, 1);
	buffer_free(&record);
	return rv;
}

/* The slots that HEAD is to have now: one of this platform or KMS, one of the recovery secret if there is one. */
static CK_RV make_slots(const struct hierarchy *h, struct platform *platform,
			const struct hierarchy_options *options, struct head *head, struct slot made[2])
{
	CK_RV rv = options->kms ? slot_wrap_kms(options->kms, head, h->root, &made[0])
				: slot_wrap(platform, head, h->root, &made[0]);

	if (rv == CKR_OK)
		head->slots[head->slot_count++] = slot_borrow(&made[0]);
	if (rv == CKR_OK && options->recovery.size) {
		rv = slot_wrap_recovery(options->recovery, head, h->root, &made[1]);
		if (rv == CKR_OK)
			head->slots[head->slot_count++] = slot_borrow(&made[1]);
	}
	return rv;
}

/*
 * After the first good open the slots become those of today: the platform's old ones go (security rule 4), and with them those of
 * migrations once another version than theirs has come; slots of kinds that are not known here stay. A failure leaves the store as it was, and this start
 * goes on; but not where claims would name a key of the KMS under which the root is not.
 */
static CK_RV renew_slots(const struct hierarchy *h, struct platform *platform, const struct hierarchy_options *options,
			 struct blobstore *store, const struct head *old, uint64_t version, bool moved)
{
	struct head head = *old;
	struct slot made[2] = {{0}, {0}};
	CK_RV rv = CKR_OK;

	head.slot_count = 0;
	if (moved)
		head.challenge = (struct span){0};
	rv = make_slots(h, platform, options, &head, made);
	for (size_t i = 0; rv == CKR_OK && i < old->slot_count; i++) {
		uint64_t kind = old->slots[i].kind;

		if (kind != first_kind(options) && !(kind == HEAD_SLOT_RECOVERY && options->recovery.size) &&
		    !(kind == HEAD_SLOT_MIGRATION && moved))
			rv = head_add_slot(&head, &old->slots[i]);
	}
	if (rv == CKR_OK)
		rv = write_head(h, store, &head, version);
	if (rv == CKR_OK)
		log_notice("the store's wrap slots were renewed");
	else
		log_warning("the store's wrap slots could not be renewed (CKR 0x%lx): they are as before", rv);
	slot_free(&made[0]);
	slot_free(&made[1]);
	return options->kms ? rv : CKR_OK;
}

/* ---- migrations ---- */

/* What the head says counts for ever; the configuration's file is good only if it is that one (security rule 17). */
static void keep_migration(struct hierarchy *h, const struct head *head, const struct hierarchy_options *options,
			   const struct platform_description *d)
{
	struct migration_policy *p = options->migration;

	h->policy = NULL;
	h->may_migrate = head->migration.size > 0;
	if (h->may_migrate)
		memcpy(h->migration, head->migration.data, HEAD_MIGRATION_SIZE);
	if (!p)
		return;
	if (!h->may_migrate)
		log_warning("migration-policy %s: has no effect: the store was made without one", migration_policy_path(p));
	else if (!migration_policy_digest(p) ||
		 !memory_equal(h->migration, migration_policy_digest(p), HEAD_MIGRATION_SIZE))
		log_error("migration-policy %s: this is not the file that the store was made with: it cannot be changed, and no "
			  "migration is granted until the old one is back",
			  migration_policy_path(p));
	else if (migration_policy_use(p, d->name, d->protector) == CKR_OK)
		h->policy = p;
}

/* For a store that is made now: all that the policy leaves open stays open. */
static CK_RV make_migration(struct hierarchy *h, const struct hierarchy_options *options,
			    const struct platform_description *d, struct head *head)
{
	struct migration_policy *p = options->migration;
	CK_RV rv = CKR_OK;

	if (!p)
		return CKR_OK;
	rv = migration_policy_use(p, d->name, d->protector);
	if (rv != CKR_OK)
		return rv;
	h->may_migrate = true;
	h->policy = p;
	memcpy(h->migration, migration_policy_digest(p), HEAD_MIGRATION_SIZE);
	head->migration = (struct span){h->migration, HEAD_MIGRATION_SIZE};
	return CKR_OK;
}

const uint8_t *hierarchy_migration(const struct hierarchy *hierarchy)
{
	return hierarchy->may_migrate ? hierarchy->migration : NULL;
}

const struct migration_policy *hierarchy_migration_policy(const struct hierarchy *hierarchy)
{
	return hierarchy->policy;
}

/* ---- the counter ---- */

/* What HEAD says; security rule 7: a store with a counter never opens without, nor does one grow a promise later. */
static CK_RV keep_counter(struct hierarchy *h, const struct head *head, const struct platform_description *d)
{
	bool promised = strcmp(d->rollback, "none") != 0;

	if (head->counter.size && !promised) {
		log_error("the store has a counter against being put back to an earlier state, and is refused without: "
			  "tpm-counter = on");
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	if (!head->counter.size && promised) {
		log_error("the store was made without a counter, and would promise what it cannot keep: tpm-counter = off, or "
			  "make a new store");
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	if (head->counter.size)
		memcpy(h->counter, head->counter.data, head->counter.size);
	h->counter_size = head->counter.size;
	h->counter_start = head->counter_start;
	h->counter_base = head->counter_base;
	h->counter_replaced = head->replaced;
	return CKR_OK;
}

/* One for a store that is made now, where the platform has them. */
static CK_RV make_counter(struct hierarchy *h, struct platform *platform, struct head *head)
{
	struct buffer id = {0};
	uint64_t start = 0;
	CK_RV rv = CKR_OK;

	if (strcmp(platform_describe(platform)->rollback, "none") == 0)
		return CKR_OK;
	rv = platform_counter_new(platform, h->counter_auth, &id, &start);
	if (rv == CKR_OK && (!id.size || id.size > sizeof(h->counter)))
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK) {
		memcpy(h->counter, id.data, id.size);
		h->counter_size = id.size;
		h->counter_start = start;
		h->counter_base = start;
		head->counter = (struct span){h->counter, h->counter_size};
		head->counter_start = start;
	}
	buffer_free(&id);
	return rv;
}

struct hierarchy_counter hierarchy_counter(const struct hierarchy *hierarchy)
{
	return (struct hierarchy_counter){.id = {hierarchy->counter, hierarchy->counter_size},
					  .start = hierarchy->counter_start,
					  .base = hierarchy->counter_base,
					  .replaced = hierarchy->counter_replaced,
					  .replaceable = hierarchy->counter_replaceable,
					  .auth = hierarchy->counter_auth};
}

/* Decodes CLEAR, and refuses what this program cannot read. */
static CK_RV read_head(struct span record, struct head *head, struct span *clear, struct span *proof)
{
	const char *why = NULL;

	if (!head_record_decode(record, clear, proof, &why) || !head_decode(*clear, head, &why)) {
		log_error("the store's head (record 1/0/0) is damaged (%s): put back a copy of the store", why);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	if (head->schema != HEAD_SCHEMA) {
		log_error("the store's head was made by another Keyclave (schema %llu; this one knows %d): use that "
			  "one",
			  (unsigned long long)head->schema, HEAD_SCHEMA);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	return CKR_OK;
}

CK_RV hierarchy_replace_counter(struct hierarchy *h, struct platform *platform, struct blobstore *store, uint64_t epoch)
{
	struct buffer record = {0};
	struct span clear = {0}, proof = {0};
	struct head head;
	uint64_t version = 0;
	CK_RV rv = h->counter_replaceable ? blobstore_get(store, head_name, &record, &version) : CKR_TOKEN_NOT_RECOGNIZED;

	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		log_error("the store's counter is gone, so whether this is its latest state cannot be known: refused; start once with "
			  "recovery-file and accept-rollback = yes (keyclave.conf(5)) to take it as it is, under a new counter");
	/* Its slots may just have been renewed: what is there now. */
	if (rv == CKR_OK)
		rv = read_head(buffer_span(&record), &head, &clear, &proof);
	if (rv == CKR_OK)
		rv = check_proof(h, clear, proof, version);
	if (rv == CKR_OK)
		rv = make_counter(h, platform, &head);
	if (rv == CKR_OK) {
		h->counter_base = head.counter_base = epoch;
		h->counter_replaced = ++head.replaced;
		rv = write_head(h, store, &head, version);
	}
	if (rv == CKR_OK)
		log_warning("store: TAKEN AS IT IS, at %llu, under a new counter: if it was put back to an earlier state before, with its PINs, "
			    "nobody noticed. Its evidence says so from now on",
			    (unsigned long long)epoch);
	buffer_free(&record);
	return rv;
}

CK_RV hierarchy_head_read(const struct hierarchy *hierarchy, struct blobstore *store, struct buffer *record,
			  struct head *head, uint64_t *version)
{
	struct span clear = {0};
	struct span proof = {0};
	CK_RV rv = blobstore_get(store, head_name, record, version);

	if (rv != CKR_OK || !*version)
		return rv;
	rv = read_head(buffer_span(record), head, &clear, &proof);
	return rv == CKR_OK ? check_proof(hierarchy, clear, proof, *version) : rv;
}

CK_RV hierarchy_head_write(const struct hierarchy *hierarchy, struct blobstore *store, const struct head *head,
			   uint64_t expected)
{
	return write_head(hierarchy, store, head, expected);
}

CK_RV hierarchy_wrap_for(const struct hierarchy *hierarchy, const struct head *head, const struct migration_target *target,
			 struct slot *slot)
{
	return migration_wrap(head, target, hierarchy->root, slot);
}

CK_RV hierarchy_wrap_kms(const struct hierarchy *hierarchy, struct kms *kms, const struct head *head, struct slot *slot)
{
	return slot_wrap_kms(kms, head, hierarchy->root, slot);
}

static CK_RV open_head(struct hierarchy *h, struct platform *platform, const struct hierarchy_options *options,
		       struct blobstore *store, struct span record, uint64_t version)
{
	struct unwrapped unwrapped = {0};
	struct span clear = {0};
	struct span proof = {0};
	struct head head;
	CK_RV rv = read_head(record, &head, &clear, &proof);

	if (rv == CKR_OK)
		rv = check_platform(&head, platform_describe(platform));
	if (rv == CKR_OK)
		rv = unwrap_root(h, platform, options, &head, &unwrapped);
	if (rv != CKR_OK)
		return rv;
	memcpy(h->uuid, head.uuid.data, HEAD_UUID_SIZE);
	rv = derive_branches(h);
	if (rv == CKR_OK)
		rv = check_proof(h, clear, proof, version);
	if (rv == CKR_OK)
		rv = keep_counter(h, &head, platform_describe(platform));
	if (rv == CKR_OK)
		keep_migration(h, &head, options, platform_describe(platform));
	h->counter_replaceable = options->accept_rollback && unwrapped.recovery_is_known;
	if (rv == CKR_OK && options->accept_rollback)
		log_warning("accept-rollback is set: %s; take it out of the configuration when the store is back",
			    unwrapped.recovery_is_known ? "whoever puts an earlier state of this store here, and its counter away, goes unnoticed"
							: "without the recovery secret (recovery-file) it does nothing");
	if (rv == CKR_OK && (!unwrapped.by_platform || !unwrapped.current ||
			     (options->recovery.size && !unwrapped.recovery_is_known)))
		rv = renew_slots(h, platform, options, store, &head, version, !unwrapped.by_platform);
	return rv;
}

/* ---- making ---- */

/* A store that has lost its head must not be taken for a new one. */
static CK_RV check_empty(struct blobstore *store)
{
	bool empty = false;
	CK_RV rv = blobstore_is_empty(store, &empty);

	if (rv == CKR_OK && !empty) {
		log_error("the store's head (record 1/0/0) was removed, but other records are "
			  "there: put back a "
			  "copy of the store, or move it away to begin anew");
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	}
	return rv;
}

static CK_RV make_root(struct hierarchy *h)
{
	if (!hkdf_library() || RAND_priv_bytes_ex(hkdf_library(), h->root, SLOT_ROOT_SIZE, 0) <= 0 ||
	    RAND_bytes_ex(hkdf_library(), h->uuid, HEAD_UUID_SIZE, 0) <= 0) {
		log_error("libcrypto: no random bytes");
		return CKR_DEVICE_ERROR;
	}
	return derive_branches(h);
}

static CK_RV make_head(struct hierarchy *h, struct platform *platform, const struct hierarchy_options *options,
		       struct blobstore *store)
{
	const struct platform_description *d = platform_describe(platform);
	struct head head = {.schema = HEAD_SCHEMA,
			    .uuid = uuid_of(h),
			    .platform = span_text(d->name),
			    .protector = span_text(d->protector)};
	struct slot made[2] = {{0}, {0}};
	CK_RV rv = make_root(h);

	if (rv == CKR_OK)
		rv = make_migration(h, options, d, &head);
	if (rv == CKR_OK)
		rv = make_slots(h, platform, options, &head, made);
	if (rv == CKR_OK)
		rv = make_counter(h, platform, &head);
	if (rv == CKR_OK)
		rv = write_head(h, store, &head, 0);
	if (rv == CKR_OK)
		log_notice("a store was made, on platform %s, its root protected by %s%s", d->name, d->protector,
			   options->recovery.size ? " and by a recovery secret" : "");
	slot_free(&made[0]);
	slot_free(&made[1]);
	return rv;
}

/* One try. CKR_KEYCLAVE_CONFLICT: another node of a shared store has just made the head. */
static CK_RV open_or_make(struct hierarchy *h, struct platform *platform, const struct hierarchy_options *options,
			  struct blobstore *store)
{
	struct buffer record = {0};
	uint64_t version = 0;
	CK_RV rv = blobstore_get(store, head_name, &record, &version);

	if (rv == CKR_OK && version) {
		rv = open_head(h, platform, options, store, buffer_span(&record), version);
	} else if (rv == CKR_OK) {
		rv = check_empty(store);
		if (rv == CKR_OK)
			rv = options->create ? make_head(h, platform, options, store) : CKR_TOKEN_NOT_PRESENT;
	}
	buffer_free(&record);
	return rv;
}

/* A platform without a sealing key: a root for this run, written nowhere. */
static CK_RV open_session_only(struct hierarchy *h, struct blobstore *store)
{
	CK_RV rv = check_empty(store);

	return rv == CKR_OK ? make_root(h) : rv;
}

CK_RV hierarchy_open(struct platform *platform, const struct hierarchy_options *options, struct blobstore *store,
		     struct hierarchy **hierarchy)
{
	struct hierarchy *h = memory_secret_new(sizeof(*h));
	CK_RV rv = CKR_DEVICE_MEMORY;

	*hierarchy = NULL;
	if (!h)
		return rv;
	if (strcmp(platform_describe(platform)->protector, PLATFORM_NO_KEY) == 0) {
		rv = open_session_only(h, store);
	} else {
		rv = open_or_make(h, platform, options, store);
		if (rv == CKR_KEYCLAVE_CONFLICT)
			rv = open_or_make(h, platform, options, store);
	}
	if (rv == CKR_OK)
		*hierarchy = h;
	else
		memory_secret_free(h);
	return rv;
}

void hierarchy_free(struct hierarchy **hierarchy)
{
	if (!hierarchy)
		return;
	memory_secret_free(*hierarchy);
	*hierarchy = NULL;
}

const uint8_t *hierarchy_store_uuid(const struct hierarchy *hierarchy)
{
	return hierarchy->uuid;
}

const uint8_t *hierarchy_storage_key(const struct hierarchy *hierarchy)
{
	return hierarchy->storage_key;
}

CK_RV hierarchy_token_key(const struct hierarchy *hierarchy, const uint8_t serial[16],
			  const uint8_t salt[32], uint8_t key[SEAL_KEY_SIZE])
{
	const struct span item = {serial, 16};

	return derive_key((struct span){hierarchy->storage_key, SEAL_KEY_SIZE}, (struct span){salt, 32},
		      "keyclave/1/token", &item, 0, 1, key);
}

CK_RV hierarchy_ticket_key(const struct hierarchy *hierarchy, uint8_t key[SEAL_KEY_SIZE])
{
	memcpy(key, hierarchy->ticket_key, SEAL_KEY_SIZE);
	return CKR_OK;
}

CK_RV hierarchy_identity_seed(const struct hierarchy *hierarchy, const uint8_t serial[16],
			      const uint8_t salt[32], uint8_t seed[32])
{
	const struct span item = {serial, 16};

	return derive_key(root_of(hierarchy), (struct span){salt, 32}, "keyclave/1/identity", &item, 0,
		      1, seed);
}

CK_RV hierarchy_application_key(const struct hierarchy *hierarchy, const uint8_t serial[16],
				const uint8_t salt[32], uint8_t key[SEAL_KEY_SIZE])
{
	const struct span item = {serial, 16};

	return derive_key(root_of(hierarchy), (struct span){salt, 32}, "keyclave/1/application", &item,
			  0, 1, key);
}

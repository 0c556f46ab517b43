/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the head while a store is in use. Another writer's change is noticed by the version, and this one is made again
 * upon it: nothing is lost, and a kill leaves the head before or after it.
 */
#include "config.h"

#include "keys/update.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "common/hex.h"
#include "common/log.h"
#include "platform/hkdf.h"

#define TRIES 16

/* One change: what CHANGE makes of HEAD is written if it says so. */
struct change {
	const struct hierarchy *hierarchy;
	CK_RV (*make)(struct change *change, struct head *head, bool *write);
	/* Of a grant. */
	struct span request, endorsements;
	struct migration_verdict *verdict;
	struct slot slot;
	/* Of a challenge. */
	uint8_t *nonce;
	/* Of a cancellation. */
	uint64_t cancelled;
};

static CK_RV no_store(void)
{
	log_error("migration: the root of this daemon is written nowhere: there is no store that could move");
	return CKR_FUNCTION_NOT_SUPPORTED;
}

static CK_RV apply(struct change *change, struct blobstore *store)
{
	CK_RV rv = CKR_KEYCLAVE_CONFLICT;

	for (unsigned i = 0; i < TRIES && rv == CKR_KEYCLAVE_CONFLICT; i++) {
		struct buffer record = {0};
		struct head head;
		uint64_t version = 0;
		bool write = false;

		rv = hierarchy_head_read(change->hierarchy, store, &record, &head, &version);
		if (rv == CKR_OK && !version)
			rv = no_store();
		if (rv == CKR_OK)
			rv = change->make(change, &head, &write);
		if (rv == CKR_OK && write)
			rv = hierarchy_head_write(change->hierarchy, store, &head, version);
		buffer_free(&record);
		slot_free(&change->slot);
	}
	return rv == CKR_KEYCLAVE_CONFLICT ? CKR_DEVICE_ERROR : rv;
}

static CK_RV check_policy(const struct hierarchy *h, const char *what)
{
	if (hierarchy_migration_policy(h))
		return CKR_OK;
	log_error("%s: refused: %s", what,
		  hierarchy_migration(h) ? "the policy of migrations is not the one that the store was made with "
					   "(migration-policy, keyclave.conf(5))"
					 : "the store was made without a policy of migrations, and never gets one");
	return CKR_ACTION_PROHIBITED;
}

/* ---- challenge ---- */

static CK_RV make_challenge(struct change *change, struct head *head, bool *write)
{
	head->challenge = (struct span){change->nonce, UPDATE_CHALLENGE_SIZE};
	*write = true;
	return CKR_OK;
}

CK_RV update_challenge(const struct hierarchy *hierarchy, struct blobstore *store, uint8_t nonce[UPDATE_CHALLENGE_SIZE])
{
	struct change change = {.hierarchy = hierarchy, .make = make_challenge, .nonce = nonce};
	CK_RV rv = check_policy(hierarchy, "migration challenge");

	if (rv == CKR_OK && (!hkdf_library() || RAND_bytes_ex(hkdf_library(), nonce, UPDATE_CHALLENGE_SIZE, 0) <= 0)) {
		log_error("libcrypto: no random bytes");
		rv = CKR_DEVICE_ERROR;
	}
	return rv == CKR_OK ? apply(&change, store) : rv;
}

/* ---- grant ---- */

/* A resend after a lost answer finds its slot. */
static bool is_granted(const struct head *head, struct span request)
{
	struct span mix = {0}, digest = {0};
	uint8_t now[MIGRATION_DIGEST_SIZE];

	if (!hierarchy_digest(request, now))
		return false;
	for (size_t i = 0; i < head->slot_count; i++)
		if (head->slots[i].kind == HEAD_SLOT_MIGRATION && migration_slot_read(head->slots[i].mix, &mix, &digest) &&
		    span_equal(digest, (struct span){now, sizeof(now)}))
			return true;
	return false;
}

/* An older slot for the same key is of no use any more. */
static void drop_same(struct head *head, struct span target_mix)
{
	struct span mix = {0}, digest = {0};
	size_t kept = 0;

	for (size_t i = 0; i < head->slot_count; i++)
		if (head->slots[i].kind != HEAD_SLOT_MIGRATION || !migration_slot_read(head->slots[i].mix, &mix, &digest) ||
		    !span_equal(mix, target_mix))
			head->slots[kept++] = head->slots[i];
	head->slot_count = kept;
}

static CK_RV add_slot(struct change *change, struct head *head)
{
	CK_RV rv = CKR_OK;

	drop_same(head, change->verdict->target.mix);
	if (head->slot_count == HEAD_SLOTS_MAX) {
		log_error("migration grant: the store has %d wrap slots, and no room for another: keyclave migrate cancel",
			  HEAD_SLOTS_MAX);
		return CKR_DEVICE_MEMORY;
	}
	rv = hierarchy_wrap_for(change->hierarchy, head, &change->verdict->target, &change->slot);
	if (rv == CKR_OK) {
		head->slots[head->slot_count++] = slot_borrow(&change->slot);
		head->challenge = (struct span){0};
	}
	return rv;
}

static CK_RV make_grant(struct change *change, struct head *head, bool *write)
{
	struct migration_verdict *verdict = change->verdict;
	CK_RV rv = CKR_OK;

	if (is_granted(head, change->request)) {
		*verdict = (struct migration_verdict){.good = true};
		return CKR_OK;
	}
	rv = migration_policy_judge(hierarchy_migration_policy(change->hierarchy), head, change->request, change->endorsements,
				    verdict);
	if (rv != CKR_OK || !verdict->good)
		return rv;
	rv = add_slot(change, head);
	if (rv == CKR_DATA_INVALID) {
		verdict->good = false;
		snprintf(verdict->detail, sizeof(verdict->detail), "wrap key: not a public key");
		return CKR_OK;
	}
	*write = rv == CKR_OK;
	return rv;
}

CK_RV update_grant(const struct hierarchy *hierarchy, struct blobstore *store, struct span request, struct span endorsements,
		   struct migration_verdict *verdict)
{
	struct change change = {.hierarchy = hierarchy,
				.make = make_grant,
				.request = request,
				.endorsements = endorsements,
				.verdict = verdict};
	char digest[2 * MIGRATION_DIGEST_SIZE + 1];
	CK_RV rv = check_policy(hierarchy, "migration grant");

	*verdict = (struct migration_verdict){.good = false};
	if (rv == CKR_OK)
		rv = apply(&change, store);
	if (rv != CKR_OK) {
		verdict->good = false;
		return rv;
	}
	if (verdict->good) {
		hex_encode((struct span){verdict->target.digest, sizeof(verdict->target.digest)}, digest);
		log_notice("the store's root was wrapped for another version of the enclave (request %.16s...): it opens the "
			   "store at its first start",
			   digest);
	} else {
		log_warning("a request for migration was refused: %s", verdict->detail);
	}
	return CKR_OK;
}

/* ---- cancel ---- */

static CK_RV make_cancel(struct change *change, struct head *head, bool *write)
{
	size_t kept = 0;

	change->cancelled = 0;
	for (size_t i = 0; i < head->slot_count; i++) {
		if (head->slots[i].kind == HEAD_SLOT_MIGRATION)
			change->cancelled++;
		else
			head->slots[kept++] = head->slots[i];
	}
	*write = change->cancelled || head->challenge.size;
	head->slot_count = kept;
	head->challenge = (struct span){0};
	return kept ? CKR_OK : CKR_DEVICE_ERROR;
}

CK_RV update_cancel(const struct hierarchy *hierarchy, struct blobstore *store, uint64_t *count)
{
	struct change change = {.hierarchy = hierarchy, .make = make_cancel};
	CK_RV rv = apply(&change, store);

	*count = change.cancelled;
	if (rv == CKR_OK && change.cancelled)
		log_notice("%llu wrap slots for other versions of the enclave were taken away",
			   (unsigned long long)change.cancelled);
	return rv;
}

/* ---- status ---- */

static void describe(struct platform *platform, const struct head_slot *slot, char *text, size_t size)
{
	struct span mix = slot->mix, digest = {0};

	text[0] = 0;
	if (slot->kind == HEAD_SLOT_PLATFORM ||
	    (slot->kind == HEAD_SLOT_MIGRATION && migration_slot_read(slot->mix, &mix, &digest)))
		platform_key_describe(platform, mix, text, size);
}

CK_RV update_status(const struct hierarchy *hierarchy, struct platform *platform, struct blobstore *store,
		    struct update_status *status)
{
	struct buffer record = {0};
	struct head head;
	uint64_t version = 0;
	CK_RV rv = hierarchy_head_read(hierarchy, store, &record, &head, &version);

	memset(status, 0, sizeof(*status));
	if (rv == CKR_OK && version) {
		for (size_t i = 0; i < head.slot_count; i++) {
			status->kind[i] = head.slots[i].kind;
			describe(platform, &head.slots[i], status->binding[i], sizeof(status->binding[i]));
		}
		status->count = head.slot_count;
		status->challenged = head.challenge.size > 0;
		status->may_migrate = hierarchy_migration_policy(hierarchy) != NULL;
	}
	buffer_free(&record);
	return rv;
}

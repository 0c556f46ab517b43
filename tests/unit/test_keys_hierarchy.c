/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hierarchy: a store opens again with the same keys, and never under another platform, another
 * protector, another key or a changed head; nothing is ever made over what is there.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "common/memory.h"
#include "keys/head.h"
#include "keys/hierarchy.h"
#include "keys/recovery.h"
#include "platform/platform_ops.h"
#include "../lib/captured_log.h"
#include "../lib/scratch.h"

/* A platform whose name, protector and key the test chooses. */
struct chosen {
	struct platform base; /* first */
	struct platform_ops ops;
	uint8_t fill; /* of the key */
	uint8_t state; /* of the platform, in the mix; 0: it has none */
	bool outdated; /* a new slot would bind more */
	CK_RV result;  /* of asking for the key */
};

struct fixture {
	struct blobstore *store;
	struct chosen platform;
};

static const struct blob_name head_name = {RECORD_STORE, 0, 0};
static const struct hierarchy_options opened = {.create = false};
static const struct hierarchy_options opened_or_made = {.create = true};
static const uint8_t serial[16] = {0x51};
static const uint8_t salt[32] = {0x52};

/* The mix is the fill: like a measurement, it tells whether the platform is in the state of the slot. */
static CK_RV chosen_key(struct platform *platform, struct span mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct chosen *c = (struct chosen *)platform;

	memset(key, c->fill, PLATFORM_KEY_SIZE);
	if (c->result == CKR_OK && c->state && !span_equal(mix, (struct span){&c->state, 1}))
		return CKR_DATA_INVALID;
	return c->result;
}

static CK_RV chosen_key_new(struct platform *platform, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct chosen *c = (struct chosen *)platform;

	if (c->state && !buffer_set(mix, &c->state, 1))
		return CKR_DEVICE_MEMORY;
	memset(key, c->fill, PLATFORM_KEY_SIZE);
	return c->result;
}

static bool chosen_key_is_current(struct platform *platform, struct span mix)
{
	(void)mix;
	return !((struct chosen *)platform)->outdated;
}

static void choose(struct chosen *c, const char *name, const char *protector, uint8_t fill)
{
	*c = (struct chosen){.fill = fill, .result = CKR_OK};
	c->base.description.name = name;
	c->base.description.protector = protector;
	c->base.description.rollback = "none";
	c->ops.key_new = chosen_key_new;
	c->ops.key = chosen_key;
	c->ops.key_is_current = chosen_key_is_current;
	c->base.ops = &c->ops;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f)
		return -1;
	choose(&f->platform, "first", "chosen", 1);
	return blobstore_open_memory(&f->store) == CKR_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	blobstore_free(&f->store);
	free(f);
	return 0;
}

static struct hierarchy *expect_open(struct fixture *f, bool create)
{
	struct hierarchy *h = NULL;

	assert_int_equal(hierarchy_open(&f->platform.base, create ? &opened_or_made : &opened, f->store, &h), CKR_OK);
	assert_non_null(h);
	return h;
}

/* Refused with RV and a line with all of WORDS, and the store is as it was. */
static void expect_refused(struct fixture *f, bool create, CK_RV rv, const char *words,
			   const char *more)
{
	struct hierarchy *h = NULL;
	struct captured_log log;
	struct buffer before = {0};
	struct buffer after = {0};
	uint64_t version_before = 0;
	uint64_t version_after = 0;
	CK_RV got = CKR_OK;

	assert_int_equal(blobstore_get(f->store, head_name, &before, &version_before), CKR_OK);
	captured_log_begin(&log);
	got = hierarchy_open(&f->platform.base, create ? &opened_or_made : &opened, f->store, &h);
	captured_log_end(&log);
	assert_int_equal(got, rv);
	assert_null(h);
	assert_true(!words || captured_log_has(&log, words));
	assert_true(!more || captured_log_has(&log, more));
	assert_int_equal(blobstore_get(f->store, head_name, &after, &version_after), CKR_OK);
	assert_int_equal(version_before, version_after);
	assert_true(span_equal(buffer_span(&before), buffer_span(&after)));
	buffer_free(&before);
	buffer_free(&after);
}

static void replace_head(struct fixture *f, struct span record)
{
	struct buffer old = {0};
	struct blob_write w = {.name = head_name, .blob = record};

	assert_int_equal(blobstore_get(f->store, head_name, &old, &w.expected), CKR_OK);
	w.version = w.expected + 1;
	/* The version is in the seal: a hostile store gives the number that it likes. */
	if (w.expected) {
		struct blob_write erase = {.name = head_name, .expected = w.expected};

		assert_int_equal(blobstore_write(f->store, &erase, 1), CKR_OK);
		w.version = w.expected;
		w.expected = 0;
	}
	assert_int_equal(blobstore_write(f->store, &w, 1), CKR_OK);
	buffer_free(&old);
}

static void test_made_once_and_opened_again(void **state)
{
	struct fixture *f = *state;
	struct hierarchy *first = NULL;
	struct hierarchy *second = NULL;
	uint8_t a[SEAL_KEY_SIZE];
	uint8_t b[SEAL_KEY_SIZE];

	expect_refused(f, false, CKR_TOKEN_NOT_PRESENT, NULL, NULL);
	first = expect_open(f, true);
	second = expect_open(f, true);
	assert_memory_equal(hierarchy_store_uuid(first), hierarchy_store_uuid(second), 16);
	assert_memory_equal(hierarchy_storage_key(first), hierarchy_storage_key(second),
			    SEAL_KEY_SIZE);
	assert_int_equal(hierarchy_token_key(first, serial, salt, a), CKR_OK);
	assert_int_equal(hierarchy_token_key(second, serial, salt, b), CKR_OK);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(hierarchy_ticket_key(first, a), CKR_OK);
	assert_int_equal(hierarchy_ticket_key(second, b), CKR_OK);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(hierarchy_identity_seed(first, serial, salt, a), CKR_OK);
	assert_int_equal(hierarchy_identity_seed(second, serial, salt, b), CKR_OK);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(hierarchy_application_key(first, serial, salt, a), CKR_OK);
	assert_int_equal(hierarchy_application_key(second, serial, salt, b), CKR_OK);
	assert_memory_equal(a, b, sizeof(a));
	hierarchy_free(&first);
	hierarchy_free(&second);
	assert_null(first);
	hierarchy_free(&first);
}

/* Every branch, every serial, every salt and every store has keys of its own. */
static void test_branches_differ(void **state)
{
	struct fixture *f = *state;
	struct blobstore *other_store = NULL;
	struct hierarchy *h = expect_open(f, true);
	struct hierarchy *other = NULL;
	const uint8_t serial2[16] = {0x53};
	const uint8_t salt2[32] = {0x54};
	uint8_t keys[12][SEAL_KEY_SIZE];

	assert_int_equal(blobstore_open_memory(&other_store), CKR_OK);
	assert_int_equal(hierarchy_open(&f->platform.base, &opened_or_made, other_store, &other), CKR_OK);
	assert_int_equal(hierarchy_token_key(h, serial, salt, keys[0]), CKR_OK);
	assert_int_equal(hierarchy_token_key(h, serial2, salt, keys[1]), CKR_OK);
	assert_int_equal(hierarchy_token_key(h, serial, salt2, keys[2]), CKR_OK);
	assert_int_equal(hierarchy_token_key(other, serial, salt, keys[3]), CKR_OK);
	assert_int_equal(hierarchy_identity_seed(h, serial, salt, keys[4]), CKR_OK);
	assert_int_equal(hierarchy_ticket_key(h, keys[5]), CKR_OK);
	memcpy(keys[6], hierarchy_storage_key(h), SEAL_KEY_SIZE);
	memcpy(keys[7], hierarchy_storage_key(other), SEAL_KEY_SIZE);
	assert_int_equal(hierarchy_ticket_key(other, keys[8]), CKR_OK);
	assert_int_equal(hierarchy_application_key(h, serial, salt, keys[9]), CKR_OK);
	assert_int_equal(hierarchy_application_key(h, serial2, salt, keys[10]), CKR_OK);
	assert_int_equal(hierarchy_application_key(h, serial, salt2, keys[11]), CKR_OK);
	for (size_t i = 0; i < 12; i++) {
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(keys[i], keys[j], SEAL_KEY_SIZE);
	}
	hierarchy_free(&h);
	hierarchy_free(&other);
	blobstore_free(&other_store);
}

static void test_other_platform_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hierarchy *h = expect_open(f, true);

	hierarchy_free(&h);
	choose(&f->platform, "second", "chosen", 1);
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, "platform first",
		       "this is platform second");
	choose(&f->platform, "first", "other", 1);
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, "protected by chosen", "(other)");
	choose(&f->platform, "first", "chosen", 2);
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, "does not open under the key", NULL);
	choose(&f->platform, "first", "chosen", 1);
	f->platform.result = CKR_TOKEN_NOT_RECOGNIZED;
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, NULL, NULL);
	f->platform.result = CKR_OK;
	h = expect_open(f, false);
	hierarchy_free(&h);
}

/*
 * Whoever renames the platform in the clear part, and owns a machine of that name, gets no further:
 * the KEK, the slot and the proof all bind the name.
 */
static void test_renamed_head_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hierarchy *h = expect_open(f, true);
	struct buffer record = {0};
	struct buffer clear_bytes = {0};
	struct buffer renamed = {0};
	struct span clear = {0};
	struct span proof = {0};
	struct head head;
	const char *why = NULL;
	uint64_t version = 0;

	hierarchy_free(&h);
	assert_int_equal(blobstore_get(f->store, head_name, &record, &version), CKR_OK);
	assert_true(head_record_decode(buffer_span(&record), &clear, &proof, &why));
	assert_true(head_decode(clear, &head, &why));
	head.platform = span_text("second");
	assert_true(head_encode(&head, &clear_bytes));
	assert_true(head_record_encode(buffer_span(&clear_bytes), proof, &renamed));
	replace_head(f, buffer_span(&renamed));
	choose(&f->platform, "second", "chosen", 1);
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, "does not open under the key", NULL);
	buffer_free(&record);
	buffer_free(&clear_bytes);
	buffer_free(&renamed);
}

/* A slot more, which opens nothing, is a change of the clear part: only the proof sees it. */
static void test_added_slot_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hierarchy *h = expect_open(f, true);
	struct buffer record = {0};
	struct buffer clear_bytes = {0};
	struct buffer changed = {0};
	struct span clear = {0};
	struct span proof = {0};
	struct head head;
	const char *why = NULL;
	uint64_t version = 0;

	hierarchy_free(&h);
	assert_int_equal(blobstore_get(f->store, head_name, &record, &version), CKR_OK);
	assert_true(head_record_decode(buffer_span(&record), &clear, &proof, &why));
	assert_true(head_decode(clear, &head, &why));
	head.slots[1] = head.slots[0];
	head.slots[1].kind = 9;
	head.slot_count = 2;
	assert_true(head_encode(&head, &clear_bytes));
	assert_true(head_record_encode(buffer_span(&clear_bytes), proof, &changed));
	replace_head(f, buffer_span(&changed));
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, "changed by somebody else", "1/0/0");
	buffer_free(&record);
	buffer_free(&clear_bytes);
	buffer_free(&changed);
}

static void test_every_flipped_bit_of_the_head_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hierarchy *h = expect_open(f, true);
	struct buffer record = {0};
	uint64_t version = 0;

	hierarchy_free(&h);
	assert_int_equal(blobstore_get(f->store, head_name, &record, &version), CKR_OK);
	for (size_t i = 0; i < record.size; i++) {
		record.data[i] ^= (uint8_t)(1U << i % 8);
		replace_head(f, buffer_span(&record));
		expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, NULL, NULL);
		record.data[i] ^= (uint8_t)(1U << i % 8);
	}
	replace_head(f, buffer_span(&record));
	h = expect_open(f, false);
	hierarchy_free(&h);
	buffer_free(&record);
}

static void test_other_schema_is_refused_by_name(void **state)
{
	struct fixture *f = *state;
	/* [ h'84 02 ...': an array that begins with schema 2, h'' ] */
	static const uint8_t record[] = {0x82, 0x45, 0x84, 0x02, 0xf6, 0xf6, 0xf6, 0x40};

	replace_head(f, (struct span){record, sizeof(record)});
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, "schema 2; this one knows 1", NULL);
}

/* The head alone is removed: making a new one would bury the tokens. */
static void test_removed_head_is_no_new_store(void **state)
{
	struct fixture *f = *state;
	struct hierarchy *h = expect_open(f, true);
	const struct blob_write batch[] = {{.name = head_name, .expected = 1},
					   {.name = {RECORD_SLOTS, 0, 0}, .version = 1}};

	hierarchy_free(&h);
	assert_int_equal(blobstore_write(f->store, batch, 2), CKR_OK);
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, "was removed", "1/0/0");
}

static void load_settings(struct settings *s, const struct scratch *folder)
{
	memset(s, 0, sizeof(*s));
	snprintf(s->platform, sizeof(s->platform), "notee");
	snprintf(s->state_dir, sizeof(s->state_dir), "%s", folder->path);
	s->state_dir_override = true;
}

/* The whole way on a disk, and the day on which the key file is gone. */
static void test_lost_notee_key_is_explained(void **state)
{
	struct settings settings;
	struct scratch folder;
	struct fixture f = {0};
	struct platform *platform = NULL;
	struct hierarchy *h = NULL;
	struct captured_log log;
	char path[PATH_MAX];
	char away[PATH_MAX];

	(void)state;
	assert_true(scratch_make(&folder));
	load_settings(&settings, &folder);
	assert_int_equal(
	    blobstore_open_sqlite(scratch_path(&folder, "store", path), true, &f.store), CKR_OK);
	assert_int_equal(platform_open(&settings, &platform), CKR_OK);
	assert_int_equal(hierarchy_open(platform, &opened_or_made, f.store, &h), CKR_OK);
	hierarchy_free(&h);
	platform_free(&platform);

	scratch_path(&folder, "platform/notee.key", path);
	scratch_path(&folder, "away", away);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(platform_open(&settings, &platform), CKR_OK);
	captured_log_begin(&log);
	assert_int_equal(hierarchy_open(platform, &opened_or_made, f.store, &h), CKR_TOKEN_NOT_RECOGNIZED);
	captured_log_end(&log);
	assert_true(captured_log_has(&log, "platform/notee.key: gone"));
	assert_true(captured_log_has(&log, "put back a copy"));
	/* CREATE made no new one in its place. */
	assert_int_not_equal(access(path, F_OK), 0);

	assert_int_equal(rename(away, path), 0);
	assert_int_equal(hierarchy_open(platform, &opened, f.store, &h), CKR_OK);
	hierarchy_free(&h);
	platform_free(&platform);
	blobstore_free(&f.store);
	scratch_remove(&folder);
}

/* Nothing is left in secret memory, whatever the outcome. */
static void test_no_secret_is_left(void **state)
{
	struct fixture *f = *state;
	struct memory_status before;
	struct memory_status after;
	struct hierarchy *h = NULL;

	memory_status(&before);
	h = expect_open(f, true);
	hierarchy_free(&h);
	choose(&f->platform, "first", "chosen", 2);
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, NULL, NULL);
	memory_status(&after);
	assert_int_equal(before.allocated, after.allocated);
}

/* ---- wrap slots (security rule 4) ---- */

static const uint8_t secret[32] = {0x61};
static const uint8_t other_secret[32] = {0x62};
static const struct hierarchy_options with_secret = {.create = true, .recovery = {secret, sizeof(secret)}};
static const struct hierarchy_options with_other_secret = {.recovery = {other_secret, sizeof(other_secret)}};

/* Opens with OPTIONS and says whether the storage key is the one of KEY (filled when FIRST). */
static CK_RV open_slots(struct fixture *f, const struct hierarchy_options *options, uint8_t key[SEAL_KEY_SIZE],
			bool first)
{
	struct hierarchy *h = NULL;
	CK_RV rv = hierarchy_open(&f->platform.base, options, f->store, &h);

	if (rv == CKR_OK && first)
		memcpy(key, hierarchy_storage_key(h), SEAL_KEY_SIZE);
	if (rv == CKR_OK)
		assert_memory_equal(key, hierarchy_storage_key(h), SEAL_KEY_SIZE);
	hierarchy_free(&h);
	return rv;
}

/* Slots of KIND in the head that is there. */
static size_t count_slots(struct fixture *f, uint64_t kind)
{
	struct buffer record = {0};
	struct span clear = {0}, proof = {0};
	struct head head;
	const char *why = NULL;
	uint64_t version = 0;
	size_t count = 0;

	assert_int_equal(blobstore_get(f->store, head_name, &record, &version), CKR_OK);
	assert_true(head_record_decode(buffer_span(&record), &clear, &proof, &why));
	assert_true(head_decode(clear, &head, &why));
	for (size_t i = 0; i < head.slot_count; i++)
		count += head.slots[i].kind == kind;
	buffer_free(&record);
	return count;
}

/* An update changes what the platform measures: refused and kept, opened with the operator's secret, then on its own. */
static void test_update_by_recovery_secret(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE];

	f->platform.state = 1;
	assert_int_equal(open_slots(f, &with_secret, key, true), CKR_OK);
	assert_int_equal(count_slots(f, HEAD_SLOT_RECOVERY), 1);
	f->platform.state = 2;
	f->platform.fill = 2;
	expect_refused(f, true, CKR_TOKEN_NOT_RECOGNIZED, "recovery-file", NULL);
	assert_int_equal(open_slots(f, &with_other_secret, key, false), CKR_TOKEN_NOT_RECOGNIZED);
	assert_int_equal(open_slots(f, &with_secret, key, false), CKR_OK);
	assert_int_equal(open_slots(f, &opened, key, false), CKR_OK);
	assert_int_equal(count_slots(f, HEAD_SLOT_PLATFORM), 1);
	/* The old state's slot went with the first good open. */
	f->platform.state = 1;
	f->platform.fill = 1;
	expect_refused(f, false, CKR_TOKEN_NOT_RECOGNIZED, "does not open under the key", NULL);
}

/* Given at a start on which the platform opens the store, a new secret takes the place of the old one. */
static void test_recovery_secret_is_replaced(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE];

	assert_int_equal(open_slots(f, &with_secret, key, true), CKR_OK);
	assert_int_equal(open_slots(f, &with_other_secret, key, false), CKR_OK);
	assert_int_equal(count_slots(f, HEAD_SLOT_RECOVERY), 1);
	f->platform.fill = 2;
	assert_int_equal(open_slots(f, &with_secret, key, false), CKR_TOKEN_NOT_RECOGNIZED);
	assert_int_equal(open_slots(f, &with_other_secret, key, false), CKR_OK);
}

/* A slot that binds less than a new one would is renewed, once; where the store cannot be written, it stays. */
static void test_outdated_slot_is_renewed(void **state)
{
	struct fixture *f = *state;
	struct buffer record = {0};
	uint8_t key[SEAL_KEY_SIZE];
	uint64_t version = 0;

	assert_int_equal(open_slots(f, &with_secret, key, true), CKR_OK);
	f->platform.outdated = true;
	assert_int_equal(open_slots(f, &opened, key, false), CKR_OK);
	f->platform.outdated = false;
	assert_int_equal(open_slots(f, &opened, key, false), CKR_OK);
	assert_int_equal(blobstore_get(f->store, head_name, &record, &version), CKR_OK);
	assert_int_equal(version, 2);
	assert_int_equal(count_slots(f, HEAD_SLOT_PLATFORM), 1);
	assert_int_equal(count_slots(f, HEAD_SLOT_RECOVERY), 1);
	buffer_free(&record);
}

/* A platform without a sealing key writes no head, and has another root each time. */
static void test_session_only(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE];
	struct hierarchy *h = NULL;
	struct buffer record = {0};
	uint64_t version = 0;

	choose(&f->platform, "first", PLATFORM_NO_KEY, 1);
	f->platform.ops.key_new = NULL;
	assert_int_equal(open_slots(f, &opened_or_made, key, true), CKR_OK);
	assert_int_equal(blobstore_get(f->store, head_name, &record, &version), CKR_OK);
	assert_int_equal(version, 0);
	h = expect_open(f, true);
	assert_memory_not_equal(hierarchy_storage_key(h), key, SEAL_KEY_SIZE);
	hierarchy_free(&h);
	buffer_free(&record);
}

static void test_recovery_file(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		size_t size; /* 0: refused */
	} rows[] = {
		{"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0600, 32},
		{"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff", 0400, 32},
		{"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0640, 0},
		{"00112233445566778899aabbccddeeff00112233445566778899aabbccddeef\n", 0600, 0},
		{"00112233445566778899aabbccddeeff00112233445566778899aabbccddeegg\n", 0600, 0},
		{"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n\n", 0600, 0},
		{"00112233445566778899aabbccddee\n", 0600, 0},
		{"", 0600, 0},
	};
	struct scratch folder;
	char path[PATH_MAX];

	(void)state;
	assert_true(scratch_make(&folder));
	scratch_path(&folder, "recovery", path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffer read = {0};
		FILE *file = fopen(path, "we");

		assert_non_null(file);
		assert_true(fputs(rows[i].text, file) >= 0);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(chmod(path, rows[i].mode), 0);
		assert_int_equal(recovery_read(path, &read), rows[i].size ? CKR_OK : CKR_DEVICE_ERROR);
		assert_int_equal(read.size, rows[i].size);
		assert_true(!read.size || read.data[1] == 0x11);
		buffer_free(&read);
		assert_int_equal(remove(path), 0);
	}
	scratch_remove(&folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_made_once_and_opened_again),
	    TEST(test_update_by_recovery_secret),
	    TEST(test_recovery_secret_is_replaced),
	    TEST(test_outdated_slot_is_renewed),
	    TEST(test_session_only),
	    cmocka_unit_test(test_recovery_file),
	    TEST(test_branches_differ),
	    TEST(test_other_platform_is_refused),
	    TEST(test_renamed_head_is_refused),
	    TEST(test_added_slot_is_refused),
	    TEST(test_every_flipped_bit_of_the_head_is_refused),
	    TEST(test_other_schema_is_refused_by_name),
	    TEST(test_removed_head_is_no_new_store),
	    cmocka_unit_test(test_lost_notee_key_is_explained),
	    TEST(test_no_secret_is_left),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("keys hierarchy", tests, NULL, NULL);
}

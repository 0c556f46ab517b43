/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authorised updates (security rules 4 and 17) at the level of the store's head, with evidence of an SNP processor of the tests' own: who
 * gets the root and who does not, policies that are too weak, slots that were moved or cut, and a kill at each write.
 */
#include "config.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blobstore/engine.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/memory.h"
#include "keys/update.h"
#include "platform/cert_table.h"
#include "platform/platform_ops.h"
#include "verifier/claims.h"
#include "verifier/cmw.h"
#include "../lib/captured_log.h"
#include "../lib/scratch.h"
#include "snp_signer.h"

#include "cmocka_test.h"

#define MEDIA_TYPE "application/vnd.keyclave.snp-report"
#define PROTECTOR "snp-derived-key"

/* A guest: its measurement and chip make its key, as the firmware does. */
struct guest {
	struct platform base; /* first */
	struct platform_ops ops;
	uint8_t measurement, chip;
};

/* An engine that dies at a write, before it or after. */
struct dying {
	struct blobstore base; /* first */
	struct blobstore *real;
	enum { LIVES, DIES_BEFORE, DIES_AFTER } how;
	unsigned writes;
};

struct fixture {
	struct scratch folder;
	struct snp_signer *signer;
	struct dying store;
	struct guest a, b;
	struct migration_policy *policy;
	struct hierarchy *h;
	struct buffer table;
};

static const struct blob_name head_name = {RECORD_STORE, 0, 0};

/* ---- guests ---- */

static CK_RV guest_key(struct platform *platform, struct span mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	const struct guest *g = (const struct guest *)platform;

	if (mix.size != 2 || mix.data[0] != g->measurement)
		return CKR_DATA_INVALID;
	/* That of another chip is another key, whatever the mix says. */
	memset(key, g->measurement, PLATFORM_KEY_SIZE);
	key[0] = g->chip;
	key[1] = 0x40;
	return CKR_OK;
}

static CK_RV guest_key_new(struct platform *platform, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	const struct guest *g = (const struct guest *)platform;
	const uint8_t bytes[] = {g->measurement, g->chip};

	if (!buffer_set(mix, bytes, sizeof(bytes)))
		return CKR_DEVICE_MEMORY;
	return guest_key(platform, buffer_span(mix), key);
}

static void guest_describe(struct platform *platform, struct span mix, char *text, size_t size)
{
	(void)platform;
	snprintf(text, size, "measurement %02x", mix.size ? mix.data[0] : 0);
}

static void make_guest(struct guest *g, uint8_t measurement, uint8_t chip)
{
	*g = (struct guest){.measurement = measurement, .chip = chip};
	g->base.description = (struct platform_description){
		.name = "sev-snp", .protector = PROTECTOR, .rollback = "none", .media_type = MEDIA_TYPE, .tee = true};
	g->ops.key_new = guest_key_new;
	g->ops.key = guest_key;
	g->ops.key_describe = guest_describe;
	g->base.ops = &g->ops;
}

/* ---- evidence ---- */

struct wish {
	const char *purpose;
	uint64_t policy; /* of the guest: bit 19 is debug */
	uint32_t svn;
	uint8_t id_key;
	const char *protector;
	bool other_key;
};

static const struct wish plain = {.policy = 0x30000};

/* What GUEST asks with over NONCE, as WISH bends it; OUT gets a collection. */
static void ask(struct fixture *f, struct guest *g, struct span nonce, const struct wish *wish, struct buffer *out)
{
	struct migration_offer offer = {.mix = {.data = NULL}};
	struct claims claims = {.purpose = span_text(wish->purpose ? wish->purpose : CLAIMS_PURPOSE_MIGRATION),
				.nonce = nonce,
				.platform = span_text("sev-snp"),
				.protector = span_text(wish->protector ? wish->protector : PROTECTOR),
				.rollback = span_text("none"),
				.is_migration = true};
	struct cmw cmw = {.evidence_type = span_text(MEDIA_TYPE)};
	struct buffer encoded = {0}, pem = {0};
	uint8_t report[SNP_SIGNER_REPORT_SIZE];
	const char *why = NULL;

	assert_int_equal(migration_offer_new(&g->base, &offer), CKR_OK);
	claims.wrap_key = (struct span){offer.public_key, sizeof(offer.public_key)};
	claims.mix = buffer_span(&offer.mix);
	assert_true(claims_write(&claims, &encoded));
	snp_signer_report(f->signer, 3, report);
	for (unsigned i = 0; i < 8; i++)
		report[8 + i] = (uint8_t)(wish->policy >> (8 * i));
	report[4] = (uint8_t)wish->svn;
	memset(report + 0x90, g->measurement, 48);
	memset(report + 0xe0, wish->id_key, 48);
	assert_int_equal(EVP_Digest(encoded.data, encoded.size, report + 0x50, NULL, EVP_sha512(), NULL), 1);
	snp_signer_sign(f->signer, report);
	if (wish->other_key) /* the attacker's, in claims that the report is not about */
		encoded.data[encoded.size - 10] ^= 1;
	assert_true(cert_table_pem(buffer_span(&f->table), &pem, &why));
	cmw.claims = buffer_span(&encoded);
	cmw.evidence = (struct span){report, sizeof(report)};
	cmw.certificates = buffer_span(&pem);
	buffer_reset(out);
	assert_true(cmw_write(&cmw, out));
	migration_offer_free(&offer);
	buffer_free(&encoded);
	buffer_free(&pem);
}

/* ---- the engine ---- */

static struct dying *dying_of(struct blobstore *store)
{
	return (struct dying *)store;
}

static CK_RV dying_get(struct blobstore *store, struct blob_name name, struct buffer *blob, uint64_t *version)
{
	return blobstore_get(dying_of(store)->real, name, blob, version);
}

static CK_RV dying_is_empty(struct blobstore *store, bool *empty)
{
	return blobstore_is_empty(dying_of(store)->real, empty);
}

static CK_RV dying_write(struct blobstore *store, const struct blob_write *writes, size_t count)
{
	struct dying *d = dying_of(store);
	CK_RV rv = CKR_DEVICE_ERROR;

	d->writes++;
	if (d->how != DIES_BEFORE)
		rv = blobstore_write(d->real, writes, count);
	return d->how == LIVES ? rv : CKR_DEVICE_ERROR;
}

static void dying_free(struct blobstore *store)
{
	(void)store;
}

static const struct blobstore_ops dying_ops = {
	.get = dying_get, .is_empty = dying_is_empty, .write = dying_write, .free = dying_free};

/* ---- the fixture ---- */

static void write_policy(struct fixture *f, const char *body)
{
	char path[PATH_MAX];
	struct buffer pem = {0};
	FILE *file = fopen(scratch_path(&f->folder, "policy.json", path), "we");

	assert_non_null(file);
	test_ca_append_pem(&pem, f->signer->ark);
	fprintf(file, "{\"version\": 1, %s, \"trust-roots\": [\"", body);
	for (size_t i = 0; i < pem.size; i++) {
		if (pem.data[i] == '\n')
			fputs("\\n", file);
		else
			fputc(pem.data[i], file);
	}
	fputs("\"]}", file);
	assert_int_equal(fclose(file), 0);
	buffer_free(&pem);
}

static void load_policy(struct fixture *f)
{
	char path[PATH_MAX];

	migration_policy_free(&f->policy);
	assert_int_equal(migration_policy_load(scratch_path(&f->folder, "policy.json", path), &f->policy), CKR_OK);
}

#define HEX_AA "hex:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_BB "hex:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_00 "hex:000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define GOOD "\"platforms\": [\"sev-snp\"], \"allow\": [\"no-revocation\"], "

static const char by_measurement[] =
	GOOD "\"sev-snp\": {\"measurement\": [\"" HEX_AA "\", \"" HEX_BB "\"], \"tcb.snp\": {\"min\": 24}}";
static const char by_signer[] =
	GOOD "\"sev-snp\": {\"id-key-digest\": \"" HEX_BB "\", \"guest-svn\": {\"min\": 5}, \"tcb.snp\": {\"min\": 24}}";

static int setup(void **state)
{
	static const struct snp_signer_chip chip = {
		.product = "Milan", .chip_id = {1, 2, 3}, .tcb = {4, 0, 0, 0, 0, 0, 28, 0xdb}};
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || !scratch_make(&f->folder) || blobstore_open_memory(&f->store.real) != CKR_OK)
		return -1;
	f->store.base.ops = &dying_ops;
	f->signer = snp_signer_new(NULL, &chip);
	snp_signer_table(f->signer, &f->table);
	make_guest(&f->a, 0xaa, 1);
	make_guest(&f->b, 0xbb, 1);
	write_policy(f, by_measurement);
	load_policy(f);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hierarchy_free(&f->h);
	migration_policy_free(&f->policy);
	blobstore_free(&f->store.real);
	snp_signer_free(&f->signer);
	buffer_free(&f->table);
	scratch_remove(&f->folder);
	free(f);
	return 0;
}

static CK_RV try_open(struct fixture *f, struct guest *g, bool create)
{
	const struct hierarchy_options options = {.create = create, .migration = f->policy};

	hierarchy_free(&f->h);
	return hierarchy_open(&g->base, &options, &f->store.base, &f->h);
}

/* Opens under G, and it is the same store. */
static void expect_open(struct fixture *f, struct guest *g, uint8_t key[SEAL_KEY_SIZE])
{
	assert_int_equal(try_open(f, g, false), CKR_OK);
	assert_memory_equal(hierarchy_storage_key(f->h), key, SEAL_KEY_SIZE);
}

static void make_store(struct fixture *f, uint8_t key[SEAL_KEY_SIZE])
{
	assert_int_equal(try_open(f, &f->a, true), CKR_OK);
	memcpy(key, hierarchy_storage_key(f->h), SEAL_KEY_SIZE);
}

/* True if REQUEST is granted; else the refusal has WORDS. */
static bool granted(struct fixture *f, const struct buffer *request, const char *words)
{
	struct migration_verdict verdict;

	assert_int_equal(update_grant(f->h, &f->store.base, buffer_span(request), (struct span){0}, &verdict), CKR_OK);
	if (!verdict.good && !strstr(verdict.detail, words))
		fail_msg("\"%s\" is not in \"%s\"", words, verdict.detail);
	return verdict.good;
}

static struct span challenge(struct fixture *f, uint8_t nonce[UPDATE_CHALLENGE_SIZE])
{
	assert_int_equal(update_challenge(f->h, &f->store.base, nonce), CKR_OK);
	return (struct span){nonce, UPDATE_CHALLENGE_SIZE};
}

static void expect_slots(struct fixture *f, const char *kinds)
{
	struct update_status status;

	assert_int_equal(update_status(f->h, &f->a.base, &f->store.base, &status), CKR_OK);
	assert_int_equal(status.count, strlen(kinds));
	for (size_t i = 0; i < status.count; i++)
		assert_int_equal(status.kind[i], (uint64_t)(kinds[i] - '0'));
}

/* ---- tests ---- */

static void test_an_update(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct buffer request = {0};
	struct update_status status;

	make_store(f, key);
	assert_memory_equal(hierarchy_migration(f->h), migration_policy_digest(f->policy), HEAD_MIGRATION_SIZE);
	expect_slots(f, "1");
	ask(f, &f->b, challenge(f, nonce), &plain, &request);
	/* The challenge is in the store: the old version may be restarted in between, as a trial boot does. */
	expect_open(f, &f->a, key);
	assert_true(granted(f, &request, ""));
	expect_slots(f, "13");
	assert_int_equal(update_status(f->h, &f->a.base, &f->store.base, &status), CKR_OK);
	assert_string_equal(status.binding[1], "measurement bb");
	assert_false(status.challenged);
	expect_open(f, &f->a, key);
	expect_slots(f, "13");
	expect_open(f, &f->b, key);
	expect_slots(f, "1");
	expect_open(f, &f->b, key);
	/* Its own slot took the place of both. */
	assert_int_equal(try_open(f, &f->a, false), CKR_TOKEN_NOT_RECOGNIZED);
	buffer_free(&request);
}

static void test_requests_that_are_refused(void **state)
{
	static const struct {
		struct wish wish;
		uint8_t measurement;
		const char *words;
	} rows[] = {
		{{.policy = 0x30000, .purpose = CLAIMS_PURPOSE_TOKEN}, 0xbb, "purpose"},
		{{.policy = 0x30000, .purpose = CLAIMS_PURPOSE_KEY}, 0xbb, "purpose"},
		{{.policy = 0x30000, .purpose = CLAIMS_PURPOSE_CHANNEL}, 0xbb, "purpose"},
		{{.policy = 0xb0000}, 0xbb, "debug"},
		{{.policy = 0x30000}, 0xcc, "measurement"},
		{{.policy = 0x30000, .protector = "tpm"}, 0xbb, "vTPM"},
		{{.policy = 0x30000, .other_key = true}, 0xbb, "report data"},
	};
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE], other[UPDATE_CHALLENGE_SIZE] = {9};
	struct buffer request = {0};

	make_store(f, key);
	challenge(f, nonce);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest g;

		make_guest(&g, rows[i].measurement, 1);
		ask(f, &g, (struct span){nonce, sizeof(nonce)}, &rows[i].wish, &request);
		assert_false(granted(f, &request, rows[i].words));
	}
	ask(f, &f->b, (struct span){other, sizeof(other)}, &plain, &request);
	assert_false(granted(f, &request, "nonce"));
	ask(f, &f->b, (struct span){nonce, sizeof(nonce)}, &plain, &request);
	for (size_t size = 0; size < request.size; size += 97) {
		struct buffer part = {.data = request.data, .size = size};

		assert_false(granted(f, &part, ":"));
	}
	expect_slots(f, "1");
	/* It was a good one, and is so once. */
	assert_true(granted(f, &request, ""));
	assert_true(granted(f, &request, ""));
	expect_slots(f, "13");
	expect_open(f, &f->b, key);
	assert_false(granted(f, &request, "nonce: none was asked for"));
	expect_slots(f, "1");
	buffer_free(&request);
}

/* A signer with a floor stands for the versions that it signs, and for no other. */
static void test_a_signer(void **state)
{
	static const struct wish signed_by = {.policy = 0x30000, .id_key = 0xbb, .svn = 5};
	static const struct wish older = {.policy = 0x30000, .id_key = 0xbb, .svn = 4};
	static const struct wish stranger = {.policy = 0x30000, .id_key = 0xcc, .svn = 5};
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct buffer request = {0};
	struct guest g;

	write_policy(f, by_signer);
	load_policy(f);
	make_store(f, key);
	make_guest(&g, 0x77, 1);
	challenge(f, nonce);
	ask(f, &g, (struct span){nonce, sizeof(nonce)}, &older, &request);
	assert_false(granted(f, &request, "guest-svn"));
	ask(f, &g, (struct span){nonce, sizeof(nonce)}, &stranger, &request);
	assert_false(granted(f, &request, "id-key-digest"));
	ask(f, &g, (struct span){nonce, sizeof(nonce)}, &signed_by, &request);
	assert_true(granted(f, &request, ""));
	expect_open(f, &g, key);
	buffer_free(&request);
}

static void test_another_chip_does_not_open(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct buffer request = {0};
	struct guest elsewhere;

	make_store(f, key);
	ask(f, &f->b, challenge(f, nonce), &plain, &request);
	assert_true(granted(f, &request, ""));
	make_guest(&elsewhere, 0xbb, 2);
	assert_int_equal(try_open(f, &elsewhere, false), CKR_TOKEN_NOT_RECOGNIZED);
	expect_open(f, &f->b, key);
	buffer_free(&request);
}

/* What the store has as its head, taken apart; BYTES keeps what HEAD borrows. */
static void read_head(struct fixture *f, struct buffer *bytes, struct head *head, struct span *proof)
{
	struct span clear = {0};
	const char *why = NULL;
	uint64_t version = 0;

	assert_int_equal(blobstore_get(f->store.real, head_name, bytes, &version), CKR_OK);
	assert_true(head_record_decode(buffer_span(bytes), &clear, proof, &why));
	assert_true(head_decode(clear, head, &why));
}

static void put_head(struct fixture *f, const struct head *head, struct span proof)
{
	struct buffer clear = {0}, record = {0}, old = {0};
	struct blob_write erase = {.name = head_name}, write = {.name = head_name};

	assert_int_equal(blobstore_get(f->store.real, head_name, &old, &erase.expected), CKR_OK);
	assert_true(head_encode(head, &clear) && head_record_encode(buffer_span(&clear), proof, &record));
	assert_int_equal(blobstore_write(f->store.real, &erase, 1), CKR_OK);
	write.version = erase.expected;
	write.blob = buffer_span(&record);
	assert_int_equal(blobstore_write(f->store.real, &write, 1), CKR_OK);
	buffer_free(&clear);
	buffer_free(&record);
	buffer_free(&old);
}

/* Slots of another store, and changed ones: the root comes out of none of them. */
static void test_moved_and_changed_slots(void **state)
{
	struct fixture *f = *state;
	struct blobstore *first = f->store.real;
	uint8_t key[SEAL_KEY_SIZE], other[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct buffer request = {0}, mine = {0}, theirs = {0};
	struct head head, foreign;
	struct span proof = {0}, ignored = {0};

	make_store(f, key);
	ask(f, &f->b, challenge(f, nonce), &plain, &request);
	assert_true(granted(f, &request, ""));
	read_head(f, &theirs, &foreign, &ignored);
	assert_int_equal(blobstore_open_memory(&f->store.real), CKR_OK);
	make_store(f, other);
	read_head(f, &mine, &head, &proof);
	head.slots[1] = foreign.slots[1];
	head.slot_count = 2;
	put_head(f, &head, proof);
	assert_int_equal(try_open(f, &f->b, false), CKR_TOKEN_NOT_RECOGNIZED);
	blobstore_free(&f->store.real);
	f->store.real = first;
	/* Each byte of the slot is in the AEAD, its mix and kind too. */
	for (size_t i = 0; i < HEAD_WRAPPED_SIZE; i++) {
		uint8_t wrapped[HEAD_WRAPPED_SIZE];
		struct head bent = foreign;

		memcpy(wrapped, foreign.slots[1].wrapped.data, sizeof(wrapped));
		wrapped[i] ^= 1;
		bent.slots[1].wrapped.data = wrapped;
		put_head(f, &bent, ignored);
		assert_int_equal(try_open(f, &f->b, false), CKR_TOKEN_NOT_RECOGNIZED);
	}
	for (size_t size = 0; size < foreign.slots[1].mix.size; size++) {
		struct head bent = foreign;

		bent.slots[1].mix.size = size;
		put_head(f, &bent, ignored);
		assert_int_equal(try_open(f, &f->b, false), CKR_TOKEN_NOT_RECOGNIZED);
	}
	put_head(f, &foreign, ignored);
	expect_open(f, &f->b, key);
	buffer_free(&request);
	buffer_free(&mine);
	buffer_free(&theirs);
}

/* Another policy in the head, to which somebody would migrate, is another head. */
static void test_policy_in_the_head_is_proven(void **state)
{
	static const uint8_t digest[HEAD_MIGRATION_SIZE] = {1};
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE];
	struct buffer bytes = {0};
	struct span proof = {0};
	struct head head;

	make_store(f, key);
	read_head(f, &bytes, &head, &proof);
	head.migration = (struct span){digest, sizeof(digest)};
	put_head(f, &head, proof);
	assert_int_equal(try_open(f, &f->a, false), CKR_TOKEN_NOT_RECOGNIZED);
	buffer_free(&bytes);
}

static void test_a_changed_policy(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct captured_log log;

	make_store(f, key);
	write_policy(f, by_signer);
	load_policy(f);
	captured_log_begin(&log);
	expect_open(f, &f->a, key);
	captured_log_end(&log);
	assert_true(captured_log_has(&log, "is not the file that the store was made with"));
	assert_int_equal(update_challenge(f->h, &f->store.base, nonce), CKR_ACTION_PROHIBITED);
	/* Nor does a store without one get one later. */
	blobstore_free(&f->store.real);
	assert_int_equal(blobstore_open_memory(&f->store.real), CKR_OK);
	migration_policy_free(&f->policy);
	make_store(f, key);
	assert_null(hierarchy_migration(f->h));
	load_policy(f);
	expect_open(f, &f->a, key);
	assert_null(hierarchy_migration(f->h));
	assert_int_equal(update_challenge(f->h, &f->store.base, nonce), CKR_ACTION_PROHIBITED);
}

static void test_weak_policies(void **state)
{
	static const struct {
		const char *body, *words;
	} rows[] = {
		{"\"sev-snp\": {\"measurement\": \"" HEX_BB "\", \"tcb.snp\": {\"min\": 24}}", "do not name sev-snp"},
		{GOOD "\"sev-snp\": {\"measurement\": \"" HEX_BB "\"}", "floor of the TCB"},
		{GOOD "\"sev-snp\": {\"tcb.snp\": {\"min\": 24}}", "neither measurement"},
		{GOOD "\"sev-snp\": {\"measurement\": [\"" HEX_BB "\", \"" HEX_00 "\"], \"tcb.snp\": {\"min\": 24}}",
		 "neither measurement"},
		{GOOD "\"sev-snp\": {\"id-key-digest\": \"" HEX_BB "\", \"tcb.snp\": {\"min\": 24}}", "neither measurement"},
		{GOOD "\"sev-snp\": {\"id-key-digest\": \"" HEX_00
		      "\", \"guest-svn\": {\"min\": 5}, \"tcb.snp\": {\"min\": 24}}",
		 "neither measurement"},
		{"\"platforms\": [\"sev-snp\"], \"allow\": [\"any-measurement\"], \"sev-snp\": {\"measurement\": \"" HEX_BB
		 "\", \"tcb.snp\": {\"min\": 24}}",
		 "any-measurement"},
		{"\"platforms\": [\"sev-snp\"], \"allow\": [\"no-nonce\"], \"sev-snp\": {\"measurement\": \"" HEX_BB
		 "\", \"tcb.snp\": {\"min\": 24}}",
		 "no-nonce"},
		{"\"platforms\": [\"sev-snp\", \"tpm\"], \"allow\": [\"host-vtpm\"], \"sev-snp\": {\"measurement\": \"" HEX_BB
		 "\", \"tcb.snp\": {\"min\": 24}}",
		 "host-vtpm"},
		{"\"platforms\": [\"sev-snp\"], \"nonsense\": 1", "nonsense"},
	};
	struct fixture *f = *state;
	bool empty = false;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct captured_log log;
		CK_RV rv = CKR_OK;

		write_policy(f, rows[i].body);
		load_policy(f);
		captured_log_begin(&log);
		rv = try_open(f, &f->a, true);
		captured_log_end(&log);
		assert_int_equal(rv, CKR_DEVICE_ERROR);
		if (!captured_log_has(&log, rows[i].words))
			fail_msg("row %zu: \"%s\" was not said", i, rows[i].words);
		assert_int_equal(blobstore_is_empty(f->store.real, &empty), CKR_OK);
		assert_true(empty);
	}
	/* Where the root is not the derived key, a launch measurement says too little. */
	write_policy(f, by_measurement);
	load_policy(f);
	f->a.base.description.protector = "tpm";
	assert_int_equal(try_open(f, &f->a, true), CKR_DEVICE_ERROR);
}

/* Killed before each write or after it, the old version or the new one opens the store, and the update can be finished. */
static void test_killed_at_each_write(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct buffer request = {0};
	struct migration_verdict verdict;

	for (int how = DIES_BEFORE; how <= DIES_AFTER; how++) {
		blobstore_free(&f->store.real);
		assert_int_equal(blobstore_open_memory(&f->store.real), CKR_OK);
		make_store(f, key);
		f->store.how = how == DIES_BEFORE ? DIES_BEFORE : DIES_AFTER;
		assert_int_not_equal(update_challenge(f->h, &f->store.base, nonce), CKR_OK);
		f->store.how = LIVES;
		expect_open(f, &f->a, key);
		ask(f, &f->b, challenge(f, nonce), &plain, &request);

		f->store.how = how == DIES_BEFORE ? DIES_BEFORE : DIES_AFTER;
		assert_int_not_equal(update_grant(f->h, &f->store.base, buffer_span(&request), (struct span){0}, &verdict),
				     CKR_OK);
		assert_false(verdict.good);
		f->store.how = LIVES;
		expect_open(f, &f->a, key);
		assert_true(granted(f, &request, "")); /* who heard nothing asks again */
		expect_slots(f, "13");

		/* The first start of the new version: its renewal is one write, too. */
		f->store.how = how == DIES_BEFORE ? DIES_BEFORE : DIES_AFTER;
		expect_open(f, &f->b, key);
		f->store.how = LIVES;
		if (how == DIES_BEFORE)
			expect_open(f, &f->a, key);
		expect_open(f, &f->b, key);
		expect_slots(f, "1");
	}
	buffer_free(&request);
}

static void test_cancel(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct buffer request = {0};
	uint64_t count = 0;

	make_store(f, key);
	ask(f, &f->b, challenge(f, nonce), &plain, &request);
	assert_true(granted(f, &request, ""));
	assert_int_equal(update_cancel(f->h, &f->store.base, &count), CKR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(try_open(f, &f->b, false), CKR_TOKEN_NOT_RECOGNIZED);
	expect_open(f, &f->a, key);
	buffer_free(&request);
}

/* Several destinations, as many as there is room for; one that asks again has one slot. */
static void test_room(void **state)
{
	struct fixture *f = *state;
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct buffer request = {0};
	struct migration_verdict verdict;
	struct guest g;

	make_store(f, key);
	for (uint8_t chip = 1; chip < HEAD_SLOTS_MAX; chip++) {
		make_guest(&g, 0xbb, chip);
		for (unsigned again = 0; again < 2; again++) {
			ask(f, &g, challenge(f, nonce), &plain, &request);
			assert_true(granted(f, &request, ""));
		}
	}
	expect_slots(f, "13333333");
	make_guest(&g, 0xbb, 99);
	ask(f, &g, challenge(f, nonce), &plain, &request);
	assert_int_equal(update_grant(f->h, &f->store.base, buffer_span(&request), (struct span){0}, &verdict),
			 CKR_DEVICE_MEMORY);
	expect_open(f, &f->b, key);
	expect_slots(f, "1");
	buffer_free(&request);
}

static void test_no_offer(void **state)
{
	struct fixture *f = *state;
	struct migration_offer offer = {.mix = {.data = NULL}};

	f->b.base.description.protector = PLATFORM_NO_KEY;
	assert_int_equal(migration_offer_new(&f->b.base, &offer), CKR_FUNCTION_NOT_SUPPORTED);
	migration_offer_free(&offer);
}

static void test_no_secret_is_left(void **state)
{
	struct fixture *f = *state;
	struct memory_status before = {0}, after = {0};
	uint8_t key[SEAL_KEY_SIZE], nonce[UPDATE_CHALLENGE_SIZE];
	struct buffer request = {0};

	memory_status(&before);
	make_store(f, key);
	ask(f, &f->b, challenge(f, nonce), &plain, &request);
	assert_true(granted(f, &request, ""));
	expect_open(f, &f->b, key);
	hierarchy_free(&f->h);
	buffer_free(&request);
	memory_status(&after);
	assert_int_equal(before.allocated, after.allocated);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_update),
		TEST(test_requests_that_are_refused),
		TEST(test_a_signer),
		TEST(test_another_chip_does_not_open),
		TEST(test_moved_and_changed_slots),
		TEST(test_policy_in_the_head_is_proven),
		TEST(test_a_changed_policy),
		TEST(test_weak_policies),
		TEST(test_killed_at_each_write),
		TEST(test_cancel),
		TEST(test_room),
		TEST(test_no_offer),
		TEST(test_no_secret_is_left),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("keys migration", tests, NULL, NULL);
}

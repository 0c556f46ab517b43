/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixture of the tests of token/ (token_fixture.h).
 */
#include "config.h"

#include "token_fixture.h"

#include <string.h>

#include "cmocka_test.h"

/* ---- scrypt at a price that tests can pay (the programs are linked with --wrap) ---- */

int __real_EVP_PBE_scrypt(const char *pass, size_t pass_size, const unsigned char *salt,
			  size_t salt_size, uint64_t n, uint64_t r, uint64_t p, uint64_t max_memory,
			  unsigned char *key, size_t key_size);
int __wrap_EVP_PBE_scrypt(const char *pass, size_t pass_size, const unsigned char *salt,
			  size_t salt_size, uint64_t n, uint64_t r, uint64_t p, uint64_t max_memory,
			  unsigned char *key, size_t key_size);

int __wrap_EVP_PBE_scrypt(const char *pass, size_t pass_size, const unsigned char *salt,
			  size_t salt_size, uint64_t n, uint64_t r, uint64_t p, uint64_t max_memory,
			  unsigned char *key, size_t key_size)
{
	return __real_EVP_PBE_scrypt(pass, pass_size, salt, salt_size, n >= 4096 ? n >> 8 : n, r, p,
				     max_memory, key, key_size);
}

/* ---- the engine in between ---- */

static struct failing_blobs *failing_of(struct blobstore *store)
{
	return (struct failing_blobs *)store;
}

static CK_RV failing_get(struct blobstore *store, struct blob_name name, struct buffer *blob,
			 uint64_t *version)
{
	return blobstore_get(failing_of(store)->real, name, blob, version);
}

static CK_RV failing_is_empty(struct blobstore *store, bool *empty)
{
	return blobstore_is_empty(failing_of(store)->real, empty);
}

static CK_RV failing_write(struct blobstore *store, const struct blob_write *writes, size_t count)
{
	struct failing_blobs *f = failing_of(store);
	bool fails = f->how != FAIL_NEVER && f->countdown == 0;
	CK_RV rv = CKR_OK;

	f->writes++;
	f->records += count;
	if (f->countdown)
		f->countdown--;
	if (fails && f->how == FAIL_BEFORE)
		return f->rv;
	rv = blobstore_write(f->real, writes, count);
	/* A dead process writes once at most. */
	if (fails)
		f->how = FAIL_BEFORE;
	return fails ? f->rv : rv;
}

static CK_RV failing_list(struct blobstore *store, uint32_t kind, uint64_t token,
			  CK_RV (*each)(struct blob_name name, uint64_t version, struct span blob,
					void *arg),
			  void *arg)
{
	return blobstore_list(failing_of(store)->real, kind, token, each, arg);
}

static void failing_free(struct blobstore *store)
{
	(void)store;
}

static const struct blobstore_ops failing_ops = {.get = failing_get,
						 .is_empty = failing_is_empty,
						 .write = failing_write,
						 .list = failing_list,
						 .free = failing_free};

void fixture_fail(struct fixture *f, enum failing how, unsigned count, CK_RV rv)
{
	f->blobs.how = how;
	f->blobs.countdown = count - 1;
	f->blobs.rv = rv;
}

/* ---- set-up ---- */

static CK_RV fixed_key_new(struct platform *platform, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	(void)platform;
	(void)mix;
	memset(key, 0x5a, PLATFORM_KEY_SIZE);
	return CKR_OK;
}

static CK_RV fixed_key(struct platform *platform, struct span mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	(void)platform;
	(void)mix;
	memset(key, 0x5a, PLATFORM_KEY_SIZE);
	return CKR_OK;
}

static void open_engine(struct fixture *f)
{
	CK_RV rv = CKR_OK;

	if (f->sqlite) {
		char path[PATH_MAX];

		rv = blobstore_open_sqlite(scratch_path(&f->scratch, "store", path), true,
					   &f->blobs.real);
	} else if (!f->blobs.real) {
		rv = blobstore_open_memory(&f->blobs.real);
	}
	assert_int_equal(rv, CKR_OK);
	f->blobs.how = FAIL_NEVER;
}

static struct fixture *fixture_new(bool sqlite)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->sqlite = sqlite;
	assert_true(!sqlite || scratch_make(&f->scratch));
	f->platform.base.description = (struct platform_description){.name = "fixed",
								     .protector = "test",
								     .rollback = "none",
								     .media_type = "x/y",
								     .tee = false};
	f->platform.ops.key_new = fixed_key_new;
	f->platform.ops.key = fixed_key;
	f->platform.base.ops = &f->platform.ops;
	f->settings.pin_tries = 4;
	f->settings.max_objects = 100000;
	f->settings.weak_pin_allowed = true;
	f->policy = (struct object_policy){.extractable_allowed = true, .user = true};
	f->blobs.base.ops = &failing_ops;
	open_engine(f);
	assert_int_equal(
	    token_store_open(&f->settings, &f->platform.base, &f->blobs.base, &f->store), CKR_OK);
	return f;
}

int fixture_memory(void **state)
{
	*state = fixture_new(false);
	return 0;
}

int fixture_sqlite(void **state)
{
	*state = fixture_new(true);
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	token_store_free(&f->store);
	blobstore_free(&f->blobs.real);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

CK_RV fixture_try_reopen(struct fixture *f)
{
	token_store_free(&f->store);
	if (f->sqlite)
		blobstore_free(&f->blobs.real);
	open_engine(f);
	return token_store_open(&f->settings, &f->platform.base, &f->blobs.base, &f->store);
}

void fixture_reopen(struct fixture *f)
{
	assert_int_equal(fixture_try_reopen(f), CKR_OK);
}

/* ---- tokens ---- */

struct span text_span(const char *text)
{
	return (struct span){(const uint8_t *)text, strlen(text)};
}

struct token *fixture_token(struct fixture *f, uint64_t slot)
{
	struct token *token = NULL;

	assert_int_equal(token_store_find(f->store, slot, &token), CKR_OK);
	assert_non_null(token);
	return token;
}

uint64_t fixture_init(struct fixture *f, const char *label)
{
	uint64_t slots[256];
	size_t count = 0;
	struct token *token = NULL;

	assert_int_equal(token_store_slots(f->store, slots, 256, &count), CKR_OK);
	assert_int_equal(
	    token_store_init(f->store, slots[count - 1], text_span(SO_PIN), text_span(label), NULL),
	    CKR_OK);
	token = fixture_token(f, slots[count - 1]);
	assert_int_equal(token_init_pin(token, text_span(USER_PIN), NULL), CKR_OK);
	token_free(&token);
	return slots[count - 1];
}

struct object *fixture_data(struct fixture *f, const char *label)
{
	struct sample s = {.list = {.count = 0}};
	struct attribute_set *set = NULL;
	struct object *object = NULL;

	sample_bool(&s, CKA_TOKEN, true);
	sample_text(&s, CKA_LABEL, label);
	sample_text(&s, CKA_VALUE, "some data");
	assert_int_equal(
	    object_begin(OBJECT_CREATED, &f->policy, NULL, NULL, CKO_DATA, &s.list, &set), CKR_OK);
	assert_int_equal(object_finish(OBJECT_CREATED, NULL, NULL, &set, &object), CKR_OK);
	return object;
}

uint64_t fixture_insert(struct fixture *f, struct token *token, const char *label)
{
	struct object *object = fixture_data(f, label);
	uint64_t handle = 0;

	assert_int_equal(token_insert(token, &object, 1, NULL, &handle), CKR_OK);
	object_free(&object);
	return handle;
}

const char *fixture_label(struct token *token, uint64_t handle)
{
	static char label[64];
	struct object *object = NULL;
	struct span value = {NULL, 0};

	if (token_object(token, handle, &object) != CKR_OK)
		return NULL;
	assert_int_equal(object_get(object, CKA_LABEL, &value), CKR_OK);
	assert_true(value.size < sizeof(label));
	memcpy(label, value.data, value.size);
	label[value.size] = '\0';
	object_free(&object);
	return label;
}

size_t fixture_find(struct token *token, const char *label, uint64_t *first)
{
	struct sample s = {.list = {.count = 0}};
	uint64_t handles[1024] = {0};
	size_t count = 0;
	bool more = false;

	sample_text(&s, CKA_LABEL, label);
	assert_int_equal(token_find(token, &s.list, true, 0, handles, 1024, &count, &more), CKR_OK);
	assert_false(more);
	if (first)
		*first = handles[0];
	return count;
}

/* ---- templates ---- */

void sample_bytes(struct sample *s, CK_ATTRIBUTE_TYPE type, struct span value)
{
	sample_remove(s, type);
	assert_true(attributes_add(&s->list, type, value));
}

void sample_bool(struct sample *s, CK_ATTRIBUTE_TYPE type, bool value)
{
	static const uint8_t values[2] = {0, 1};

	sample_bytes(s, type, (struct span){&values[value], 1});
}

void sample_ulong(struct sample *s, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	uint8_t *bytes = NULL;

	sample_remove(s, type);
	/* Its own place, which no other attribute of the list has. */
	for (size_t i = 0; i < ATTRIBUTES_MAX && !bytes; i++) {
		bytes = s->bytes[i];
		for (size_t k = 0; k < s->list.count && bytes; k++)
			if (s->list.item[k].value.data == s->bytes[i])
				bytes = NULL;
	}
	assert_non_null(bytes);
	attribute_put_ulong(bytes, value);
	assert_true(attributes_add(&s->list, type, (struct span){bytes, 8}));
}

void sample_text(struct sample *s, CK_ATTRIBUTE_TYPE type, const char *value)
{
	sample_bytes(s, type, text_span(value));
}

void sample_remove(struct sample *s, CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < s->list.count; i++)
		if (s->list.item[i].type == type) {
			s->list.count--;
			memmove(&s->list.item[i], &s->list.item[i + 1],
				(s->list.count - i) * sizeof(s->list.item[0]));
			return;
		}
}

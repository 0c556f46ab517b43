/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform without a TEE: its file's modes, owners, links and damages, two creators at once,
 * and its evidence, verified here with nothing but libcrypto.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/cbor_reader.h"
#include "common/log.h"
#include "platform/platform.h"
#include "../lib/captured_log.h"
#include "../lib/scratch.h"

struct fixture {
	struct scratch folder;
	struct settings settings;
	struct platform *platform;
	char file[PATH_MAX];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || !scratch_make(&f->folder))
		return -1;
	snprintf(f->settings.platform, sizeof(f->settings.platform), "notee");
	snprintf(f->settings.state_dir, sizeof(f->settings.state_dir), "%s", f->folder.path);
	f->settings.state_dir_override = true;
	scratch_path(&f->folder, "platform/notee.key", f->file);
	return platform_open(&f->settings, &f->platform) == CKR_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	platform_free(&f->platform);
	scratch_remove(&f->folder);
	free(f);
	return 0;
}

/* As after a restart: the file is read again. */
static void reopen(struct fixture *f)
{
	platform_free(&f->platform);
	assert_int_equal(platform_open(&f->settings, &f->platform), CKR_OK);
}

/* A new slot's key if CREATE, else that of a slot that is there. */
static CK_RV get_key(struct platform *platform, bool create, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct buffer mix = {0};
	CK_RV rv = create ? platform_key_new(platform, &mix, key) : platform_key(platform, (struct span){0}, key);

	assert_int_equal(mix.size, 0);
	buffer_free(&mix);
	return rv;
}

static void expect_refused(struct fixture *f, bool create, CK_RV rv, const char *words)
{
	uint8_t key[PLATFORM_KEY_SIZE];
	struct captured_log log;
	CK_RV got = CKR_OK;

	reopen(f);
	captured_log_begin(&log);
	got = get_key(f->platform, create, key);
	captured_log_end(&log);
	assert_int_equal(got, rv);
	assert_true(captured_log_has(&log, words));
}

static void expect_key(struct fixture *f, bool create, uint8_t key[PLATFORM_KEY_SIZE])
{
	reopen(f);
	assert_int_equal(get_key(f->platform, create, key), CKR_OK);
}

static void test_description(void **state)
{
	struct fixture *f = *state;
	const struct platform_description *d = platform_describe(f->platform);
	const uint8_t auth[PLATFORM_KEY_SIZE] = {0};
	uint64_t value = 0;

	assert_string_equal(d->name, "notee");
	assert_string_equal(d->protector, "file");
	assert_string_equal(d->rollback, "none");
	assert_false(d->tee);
	assert_int_equal(platform_counter_read(f->platform, (struct span){0}, auth, &value), CKR_FUNCTION_NOT_SUPPORTED);
	assert_int_equal(platform_counter_increment(f->platform, (struct span){0}, auth, &value), CKR_FUNCTION_NOT_SUPPORTED);
}

static void test_made_once(void **state)
{
	struct fixture *f = *state;
	uint8_t first[PLATFORM_KEY_SIZE];
	uint8_t second[PLATFORM_KEY_SIZE];
	uint8_t other[PLATFORM_KEY_SIZE];
	char path[PATH_MAX];
	char text[512] = "";
	struct stat st;
	FILE *file = NULL;

	expect_refused(f, false, CKR_TOKEN_NOT_RECOGNIZED, "notee.key: gone");
	assert_int_not_equal(access(f->file, F_OK), 0);
	expect_key(f, true, first);
	expect_key(f, true, second);
	assert_memory_equal(first, second, sizeof(first));
	expect_key(f, false, second);
	assert_memory_equal(first, second, sizeof(first));

	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(scratch_path(&f->folder, "platform", path), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	file = fopen(f->file, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_non_null(strstr(text, "NOT A TEE"));

	assert_int_equal(remove(f->file), 0);
	expect_key(f, true, other);
	assert_memory_not_equal(first, other, sizeof(first));
}

static void test_modes_and_owner(void **state)
{
	static const mode_t bad[] = {0604, 0640, 0660, 0601, 0620, 0666, 04600};
	struct fixture *f = *state;
	uint8_t key[PLATFORM_KEY_SIZE];
	char folder[PATH_MAX];

	expect_key(f, true, key);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(chmod(f->file, bad[i]), 0);
		expect_refused(f, true, CKR_DEVICE_ERROR, "lets others in");
	}
	assert_int_equal(chmod(f->file, 0400), 0);
	expect_key(f, false, key);
	scratch_path(&f->folder, "platform", folder);
	assert_int_equal(chmod(folder, 0755), 0);
	expect_refused(f, false, CKR_DEVICE_ERROR, "lets others in");
	assert_int_equal(chmod(folder, 02700), 0);
	expect_key(f, false, key);
	assert_int_equal(chmod(folder, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(f->file, 65534, 65534), 0);
		expect_refused(f, false, CKR_DEVICE_ERROR, "belongs to user 65534");
		assert_int_equal(chown(f->file, 0, 0), 0);
	}
	expect_key(f, false, key);
}

static void test_links_and_others(void **state)
{
	struct fixture *f = *state;
	uint8_t key[PLATFORM_KEY_SIZE];
	char other[PATH_MAX];
	char folder[PATH_MAX];

	expect_key(f, true, key);
	scratch_path(&f->folder, "other", other);
	assert_int_equal(rename(f->file, other), 0);
	assert_int_equal(symlink(other, f->file), 0);
	expect_refused(f, true, CKR_DEVICE_ERROR, "follow a link");
	assert_int_equal(remove(f->file), 0);
	assert_int_equal(symlink("/nowhere/at/all", f->file), 0);
	expect_refused(f, true, CKR_DEVICE_ERROR, "follow a link");
	assert_int_equal(remove(f->file), 0);
	/* A pipe must not make us wait. */
	assert_int_equal(mkfifo(f->file, 0600), 0);
	expect_refused(f, true, CKR_DEVICE_ERROR, "not a plain file");
	assert_int_equal(remove(f->file), 0);
	assert_int_equal(mkdir(f->file, 0700), 0);
	expect_refused(f, true, CKR_DEVICE_ERROR, "not a plain file");
	assert_int_equal(remove(f->file), 0);
	assert_int_equal(rename(other, f->file), 0);

	scratch_path(&f->folder, "platform", folder);
	assert_int_equal(rename(folder, other), 0);
	assert_int_equal(symlink(other, folder), 0);
	expect_refused(f, true, CKR_DEVICE_ERROR, "link as its folder");
	assert_int_equal(remove(folder), 0);
	assert_int_equal(rename(other, folder), 0);
	expect_key(f, false, key);
}

static void write_file(const char *path, const char *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	close(fd);
}

/* Cut, longer, with another head or another digit: never half a key. */
static void test_damaged_file(void **state)
{
	struct fixture *f = *state;
	uint8_t key[PLATFORM_KEY_SIZE];
	char text[512];
	ssize_t size = 0;
	int fd = -1;

	expect_key(f, true, key);
	fd = open(f->file, O_RDONLY | O_CLOEXEC);
	size = read(fd, text, sizeof(text));
	close(fd);
	assert_true(size > 65 && size < (ssize_t)sizeof(text));
	for (size_t cut = 0; cut < (size_t)size; cut += 7) {
		write_file(f->file, text, cut);
		expect_refused(f, true, CKR_DEVICE_ERROR, "damaged");
	}
	text[size] = '\n';
	write_file(f->file, text, (size_t)size + 1);
	expect_refused(f, true, CKR_DEVICE_ERROR, "damaged");
	text[0] ^= 1;
	write_file(f->file, text, (size_t)size);
	expect_refused(f, true, CKR_DEVICE_ERROR, "damaged");
	text[0] ^= 1;
	text[size - 2] = 'A'; /* one form only */
	write_file(f->file, text, (size_t)size);
	expect_refused(f, true, CKR_DEVICE_ERROR, "damaged");
}

static void test_no_state_folder(void **state)
{
	struct fixture *f = *state;

	snprintf(f->settings.state_dir, sizeof(f->settings.state_dir), "%s/not/there",
		 f->folder.path);
	expect_refused(f, true, CKR_DEVICE_ERROR, "make its folder");
	expect_refused(f, false, CKR_TOKEN_NOT_RECOGNIZED, "gone");
}

/* In a child: waits for GO, makes or finds the key and writes it to OUT. */
static void creator(const struct settings *settings, int go, int out)
{
	struct platform *platform = NULL;
	uint8_t key[PLATFORM_KEY_SIZE] = {0};
	char byte = 0;

	if (read(go, &byte, 1) != 0)
		_exit(2);
	if (platform_open(settings, &platform) != CKR_OK ||
	    get_key(platform, true, key) != CKR_OK)
		_exit(3);
	_exit(write(out, key, sizeof(key)) == (ssize_t)sizeof(key) ? 0 : 4);
}

static void test_creators_race(void **state)
{
	enum { ROUNDS = 15, CREATORS = 6 };
	struct fixture *f = *state;
	uint8_t keys[CREATORS][PLATFORM_KEY_SIZE];
	char path[PATH_MAX];

	for (int round = 0; round < ROUNDS; round++) {
		pid_t children[CREATORS];
		int go[2];
		int out[2];

		assert_int_equal(pipe(go), 0);
		assert_int_equal(pipe(out), 0);
		for (int i = 0; i < CREATORS; i++) {
			children[i] = fork();
			assert_true(children[i] >= 0);
			if (children[i] == 0) {
				close(go[1]);
				creator(&f->settings, go[0], out[1]);
			}
		}
		close(go[0]);
		close(go[1]); /* the end of file starts them all */
		for (int i = 0; i < CREATORS; i++) {
			int status = -1;

			assert_int_equal(waitpid(children[i], &status, 0), children[i]);
			assert_int_equal(status, 0);
			assert_int_equal(read(out[0], keys[i], PLATFORM_KEY_SIZE),
					 PLATFORM_KEY_SIZE);
			assert_memory_equal(keys[i], keys[0], PLATFORM_KEY_SIZE);
		}
		close(out[0]);
		close(out[1]);
		assert_int_equal(remove(f->file), 0);
		/* Nothing else is left: no loser's key. */
		assert_int_equal(rmdir(scratch_path(&f->folder, "platform", path)), 0);
	}
}

/* { 1: -8, 2: SPKI, 3: signature } over domain, NUL and digest. */
static void verify(struct span evidence, const uint8_t digest[PLATFORM_DIGEST_SIZE],
		   struct buffer *spki)
{
	static const char domain[] = "keyclave-notee-evidence-v1";
	uint8_t message[sizeof(domain) + PLATFORM_DIGEST_SIZE];
	struct cbor_reader r;
	struct cbor_item item;
	struct span public_key = {0};
	struct span signature = {0};
	uint64_t number = 0;
	size_t count = 0;
	const unsigned char *der = NULL;
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	cbor_reader_init(&r, evidence);
	assert_true(cbor_reader_map(&r, 3, &count));
	assert_int_equal(count, 3);
	assert_true(cbor_reader_uint(&r, 1, &number) && number == 1);
	assert_true(cbor_reader_next(&r, &item));
	assert_int_equal(item.type, CBOR_READER_NEGINT);
	assert_int_equal(item.number, 7);
	assert_true(cbor_reader_uint(&r, 2, &number) && number == 2);
	assert_true(cbor_reader_bytes(&r, 100, &public_key));
	assert_true(cbor_reader_uint(&r, 3, &number) && number == 3);
	assert_true(cbor_reader_bytes(&r, 64, &signature));
	assert_true(cbor_reader_end(&r));

	der = public_key.data;
	key = d2i_PUBKEY(NULL, &der, (long)public_key.size);
	assert_non_null(key);
	assert_ptr_equal(der, public_key.data + public_key.size);
	assert_int_equal(EVP_PKEY_get_id(key), EVP_PKEY_ED25519);
	memcpy(message, domain, sizeof(domain));
	memcpy(message + sizeof(domain), digest, PLATFORM_DIGEST_SIZE);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(
	    EVP_DigestVerify(ctx, signature.data, signature.size, message, sizeof(message)), 1);
	assert_true(buffer_set(spki, public_key.data, public_key.size));
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static void test_evidence(void **state)
{
	struct fixture *f = *state;
	struct platform_digest digest;
	uint8_t key[PLATFORM_KEY_SIZE];
	struct platform_evidence evidence = {0};
	struct buffer first = {0};
	struct buffer second = {0};

	memset(&digest, 0xa5, sizeof(digest));
	/* No file, no evidence: it makes none on its own. */
	assert_int_equal(platform_evidence_get(f->platform, &digest, &evidence),
			 CKR_TOKEN_NOT_RECOGNIZED);
	expect_key(f, true, key);
	assert_int_equal(platform_evidence_get(f->platform, &digest, &evidence), CKR_OK);
	verify(buffer_span(&evidence.report), digest.sha512, &first);
	platform_evidence_free(&evidence);
	reopen(f);
	digest.sha512[63] ^= 1;
	assert_int_equal(platform_evidence_get(f->platform, &digest, &evidence), CKR_OK);
	verify(buffer_span(&evidence.report), digest.sha512, &second);
	/* The same key after a restart, and not the platform key's bytes. */
	assert_true(span_equal(buffer_span(&first), buffer_span(&second)));
	assert_memory_not_equal(first.data + 12, key, sizeof(key));
	platform_evidence_free(&evidence);
	buffer_free(&first);
	buffer_free(&second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_description),	 TEST(test_made_once),	  TEST(test_modes_and_owner),
	    TEST(test_links_and_others), TEST(test_damaged_file), TEST(test_no_state_folder),
	    TEST(test_creators_race),	 TEST(test_evidence),
	};

	log_open("test", LOG_LEVEL_WARNING);
	return cmocka_run_group_tests_name("platform notee", tests, NULL, NULL);
}

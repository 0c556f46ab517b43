/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation.c, cipher.c, sign.c and digest.c of the module in front of a real daemon: parts of every size, data beyond
 * a frame, what a result that does not fit costs, and what a fork or a death in mid-stream leaves. The other opinion is
 * libcrypto's. DESIGN section 7, rules 2 and 3.
 */
#include "config.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module_fixture.h"
#include "protocol/message.h"

#define CHUNK ((size_t)PROTOCOL_CHUNK_MAX)
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define GUARD 0xa5
#define TAG 16U

static uint8_t key_value[32] = "an AES key of 32 bytes, or less";
static uint8_t iv[16] = "an iv, 16 bytes";
static uint8_t aad[] = "additional data";

/* One way to encrypt. */
struct cipher {
	CK_MECHANISM_TYPE type;
	const EVP_CIPHER *(*evp)(void);
	bool blocks; /* whole blocks only */
	bool padded, tagged;
};

static const struct cipher ciphers[] = {
	{CKM_AES_ECB, EVP_aes_256_ecb, .blocks = true},
	{CKM_AES_CBC, EVP_aes_256_cbc, .blocks = true},
	{CKM_AES_CBC_PAD, EVP_aes_256_cbc, .padded = true},
	{CKM_AES_CTR, EVP_aes_256_ctr, .blocks = false},
	{CKM_AES_GCM, EVP_aes_256_gcm, .tagged = true},
};

#define CBC_PAD (&ciphers[2])
#define CTR (&ciphers[3])
#define GCM (&ciphers[4])

/* A mechanism with its parameters; points into itself. */
struct mechanism_with {
	CK_MECHANISM mechanism;
	CK_GCM_PARAMS gcm;
	CK_AES_CTR_PARAMS ctr;
};

static CK_MECHANISM *mechanism_of(const struct cipher *c, struct mechanism_with *m)
{
	m->mechanism = (CK_MECHANISM){c->type, iv, sizeof(iv)};
	if (c->type == CKM_AES_ECB)
		m->mechanism = (CK_MECHANISM){c->type, NULL, 0};
	if (c->type == CKM_AES_CTR) {
		m->ctr = (CK_AES_CTR_PARAMS){.ulCounterBits = 128};
		memcpy(m->ctr.cb, iv, sizeof(iv));
		m->mechanism = (CK_MECHANISM){c->type, &m->ctr, sizeof(m->ctr)};
	}
	if (c->tagged) {
		m->gcm = (CK_GCM_PARAMS){iv, 12, 96, aad, sizeof(aad), TAG * 8};
		m->mechanism = (CK_MECHANISM){c->type, &m->gcm, sizeof(m->gcm)};
	}
	return &m->mechanism;
}

/* libcrypto's; the size. */
static size_t encrypt_there(const struct cipher *c, const uint8_t *in, size_t size, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0, last = 0;

	assert_true(EVP_EncryptInit_ex(ctx, c->evp(), NULL, key_value, iv));
	EVP_CIPHER_CTX_set_padding(ctx, c->padded);
	if (c->tagged)
		assert_true(EVP_EncryptUpdate(ctx, NULL, &n, aad, sizeof(aad)));
	n = 0;
	if (size)
		assert_true(EVP_EncryptUpdate(ctx, out, &n, in, (int)size));
	assert_true(EVP_EncryptFinal_ex(ctx, out + n, &last));
	n += last;
	if (c->tagged) {
		assert_true(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + n));
		n += (int)TAG;
	}
	EVP_CIPHER_CTX_free(ctx);
	return (size_t)n;
}

/* One of C_...Update, C_...Final and C_Encrypt: all that comes out by asking three times, as programs do. */
struct step {
	struct module_fixture *f;
	bool encrypt;
	enum { STEP_UPDATE, STEP_FINAL, STEP_WHOLE } kind;
	const uint8_t *in;
	size_t size;
};

static CK_RV run(const struct step *s, uint8_t *out, CK_ULONG *size)
{
	CK_FUNCTION_LIST *p11 = s->f->p11;
	CK_BYTE_PTR in = (CK_BYTE_PTR)(uintptr_t)s->in;
	CK_SESSION_HANDLE session = s->f->session;

	switch (s->kind) {
	case STEP_UPDATE:
		return s->encrypt ? p11->C_EncryptUpdate(session, in, s->size, out, size)
				  : p11->C_DecryptUpdate(session, in, s->size, out, size);
	case STEP_FINAL:
		return s->encrypt ? p11->C_EncryptFinal(session, out, size) : p11->C_DecryptFinal(session, out, size);
	case STEP_WHOLE:
		break;
	}
	return s->encrypt ? p11->C_Encrypt(session, in, s->size, out, size)
			  : p11->C_Decrypt(session, in, s->size, out, size);
}

/* Length, one byte too few (nothing is written), then the rest; appended to OUT. The bytes it gave. */
static size_t three_calls(const struct step *s, uint8_t *out, size_t room)
{
	CK_ULONG asked = 0, small = 0, got = 0;

	assert_int_equal(run(s, NULL, &asked), CKR_OK);
	assert_true(asked <= room);
	small = asked;
	/* A length that is an upper bound is tried with nothing at all. */
	if (asked) {
		small = s->encrypt ? asked - 1 : 0;
		memset(out, GUARD, asked);
		got = small;
		CK_RV rv = run(s, out, &got);

		if (rv == CKR_BUFFER_TOO_SMALL) {
			assert_true(got <= asked && got > small);
			for (size_t i = 0; i < asked; i++)
				assert_int_equal(out[i], GUARD);
		} else {
			/* Padding or a tag was all there was. */
			assert_int_equal(rv, CKR_OK);
			assert_int_equal(got, 0);
			assert_false(s->encrypt);
			return 0;
		}
	}
	got = room;
	assert_int_equal(run(s, out, &got), CKR_OK);
	assert_true(got <= asked);
	return got;
}

static void begin(struct module_fixture *f, const struct cipher *c, bool encrypt, CK_OBJECT_HANDLE key)
{
	struct mechanism_with m;

	if (encrypt)
		assert_int_equal(f->p11->C_EncryptInit(f->session, mechanism_of(c, &m), key), CKR_OK);
	else
		assert_int_equal(f->p11->C_DecryptInit(f->session, mechanism_of(c, &m), key), CKR_OK);
	/* The parameters are the program's again. */
	memset(&m, GUARD, sizeof(m));
}

/* In parts of the sizes PARTS over and over, until SIZE bytes are through. */
static size_t in_parts(struct module_fixture *f, const struct cipher *c, bool encrypt, CK_OBJECT_HANDLE key,
		       const uint8_t *in, size_t size, const size_t *parts, size_t count, uint8_t *out, size_t room)
{
	struct step s = {.f = f, .encrypt = encrypt, .kind = STEP_UPDATE};
	size_t at = 0, made = 0;

	begin(f, c, encrypt, key);
	for (size_t i = 0; at < size; i++) {
		size_t n = parts[i % count] < size - at ? parts[i % count] : size - at;

		s.in = in + at;
		s.size = n;
		made += three_calls(&s, out + made, room - made);
		at += n;
		/* What needs its tag gives nothing before it. */
		if (c->tagged && !encrypt)
			assert_int_equal(made, 0);
	}
	s.kind = STEP_FINAL;
	return made + three_calls(&s, out + made, room - made);
}

static void round_trip(struct module_fixture *f, const struct cipher *c, CK_OBJECT_HANDLE key, size_t size,
		       const size_t *parts, size_t count)
{
	size_t room = size + 64, there = 0, here = 0, back = 0;
	uint8_t *expected = malloc(room), *got = malloc(room), *plain = malloc(room);

	assert_true(expected && got && plain);
	there = encrypt_there(c, module_pattern(), size, expected);
	here = in_parts(f, c, true, key, module_pattern(), size, parts, count, got, room);
	assert_int_equal(here, there);
	assert_memory_equal(got, expected, there);
	back = in_parts(f, c, false, key, expected, there, parts, count, plain, room);
	assert_int_equal(back, size);
	assert_memory_equal(plain, module_pattern(), size);
	free(expected);
	free(got);
	free(plain);
}

static void test_odd_parts(void **state)
{
	static const size_t one[] = {1}, odd[] = {0, 1, 15, 16, 17, 31, 32, 33, 0, 5}, seventeen[] = {17},
			    fifteen[] = {15}, block[] = {16}, all[] = {400};
	static const struct {
		const size_t *parts;
		size_t count;
	} cuts[] = {{one, 1}, {odd, LENGTH(odd)}, {seventeen, 1}, {fifteen, 1}, {block, 1}, {all, 1}};
	static const size_t sizes[] = {0, 1, 15, 16, 17, 31, 32, 33, 48, 100};
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE key = module_secret(f, CKK_AES, key_value, sizeof(key_value));

	for (size_t c = 0; c < LENGTH(ciphers); c++)
		for (size_t i = 0; i < LENGTH(sizes); i++)
			for (size_t k = 0; k < LENGTH(cuts); k++)
				if (!ciphers[c].blocks || sizes[i] % 16 == 0)
					round_trip(f, &ciphers[c], key, sizes[i], cuts[k].parts, cuts[k].count);
}

/* What is no whole number of blocks is told at the end, and the operation is over. */
static void test_half_a_block(void **state)
{
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE key = module_secret(f, CKK_AES, key_value, sizeof(key_value));
	uint8_t out[64];

	for (size_t c = 0; c < 3; c++) {
		bool encrypt = !ciphers[c].padded;
		struct step s = {f, encrypt, STEP_UPDATE, module_pattern(), 17};
		CK_ULONG size = sizeof(out);

		begin(f, &ciphers[c], encrypt, key);
		assert_int_equal(run(&s, out, &size), CKR_OK);
		assert_int_equal(size, 16);
		s.kind = STEP_FINAL;
		size = sizeof(out);
		assert_int_equal(run(&s, out, &size), encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE);
		assert_int_equal(run(&s, out, &size), CKR_OPERATION_NOT_INITIALIZED);
	}
}

/* Beyond a frame, in one call and in large parts; GCM by stream both ways. */
static void test_beyond_a_frame(void **state)
{
	const size_t sizes[] = {CHUNK - 16, CHUNK, CHUNK + 16, 2 * CHUNK + 32, 5 * CHUNK + 48}, odd[] = {CHUNK + 1, 7};
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE key = module_secret(f, CKK_AES, key_value, sizeof(key_value));
	size_t room = 6 * CHUNK;
	uint8_t *expected = malloc(room), *got = malloc(room);

	for (size_t c = 0; c < LENGTH(ciphers); c++) {
		for (size_t i = 0; i < LENGTH(sizes); i++) {
			size_t size = sizes[i] - (ciphers[c].blocks ? 0 : 3);
			size_t there = encrypt_there(&ciphers[c], module_pattern(), size, expected);
			struct step s = {f, true, STEP_WHOLE, module_pattern(), size};

			begin(f, &ciphers[c], true, key);
			assert_int_equal(three_calls(&s, got, room), there);
			assert_memory_equal(got, expected, there);
			s = (struct step){f, false, STEP_WHOLE, expected, there};
			begin(f, &ciphers[c], false, key);
			assert_int_equal(three_calls(&s, got, room), size);
			assert_memory_equal(got, module_pattern(), size);
		}
		round_trip(f, &ciphers[c], key, 3 * CHUNK, odd, LENGTH(odd));
	}
	free(expected);
	free(got);
}

/* ---- no plaintext before its tag ---- */

static void test_a_bad_tag_releases_nothing(void **state)
{
	static const size_t sizes[] = {0, 1, 100, PROTOCOL_CHUNK_MAX + 5};
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE key = module_secret(f, CKK_AES, key_value, sizeof(key_value));
	uint8_t *sealed = malloc(2 * CHUNK), *out = malloc(2 * CHUNK);

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		size_t size = encrypt_there(GCM, module_pattern(), sizes[i], sealed);

		for (int parts = 0; parts < 2; parts++) {
			for (int where = 0; where < 2; where++) {
				struct step s = {f, false, parts ? STEP_UPDATE : STEP_WHOLE, sealed, size};
				size_t at = where ? size - 1 : 0;
				CK_ULONG got = 2 * CHUNK;

				sealed[at] ^= 1;
				memset(out, GUARD, 2 * CHUNK);
				begin(f, GCM, false, key);
				if (parts) {
					assert_int_equal(run(&s, out, &got), CKR_OK);
					assert_int_equal(got, 0);
					got = 2 * CHUNK;
					s.kind = STEP_FINAL;
				}
				assert_int_equal(run(&s, out, &got), CKR_ENCRYPTED_DATA_INVALID);
				for (size_t k = 0; k < 2 * CHUNK; k++)
					assert_int_equal(out[k], GUARD);
				assert_int_equal(run(&s, out, &got), CKR_OPERATION_NOT_INITIALIZED);
				sealed[at] ^= 1;
			}
		}
	}
	free(sealed);
	free(out);
}

/* ---- a result that does not fit (rule 2) ---- */

/* Length queries ask nobody; a result that was made is kept, and made once: both without a daemon. */
static void test_a_query_executes_nothing(void **state)
{
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE key = 0, public_key = 0;
	CK_MECHANISM ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
	uint8_t out[256];
	CK_ULONG size = 0;

	module_pair(f, CKM_EC_KEY_PAIR_GEN, false, true, &public_key, &key);
	assert_int_equal(f->p11->C_SignInit(f->session, &ecdsa, key), CKR_OK);
	module_kill_daemon(f);
	module_daemon_slow(f, true);
	assert_int_equal(f->p11->C_Sign(f->session, iv, sizeof(iv), NULL, &size), CKR_OK);
	assert_int_equal(size, 64);
	size = 63;
	assert_int_equal(f->p11->C_Sign(f->session, iv, sizeof(iv), out, &size), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(size, 64);
	assert_int_equal(f->p11->C_SignUpdate(f->session, iv, sizeof(iv)), CKR_OK);
	size = 0;
	assert_int_equal(f->p11->C_SignFinal(f->session, NULL, &size), CKR_OK);
	assert_int_equal(size, 64);
	module_daemon_slow(f, false);
	size = sizeof(out);
	assert_int_equal(f->p11->C_SignFinal(f->session, out, &size), CKR_OK);
	assert_int_equal(size, 64);
	assert_int_equal(f->p11->C_DestroyObject(f->session, key), CKR_OK);
	assert_int_equal(f->p11->C_DestroyObject(f->session, public_key), CKR_OK);
}

static void test_a_result_is_kept(void **state)
{
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE key = module_secret(f, CKK_AES, key_value, sizeof(key_value));
	uint8_t sealed[64], out[64];
	size_t sealed_size = encrypt_there(CBC_PAD, module_pattern(), 21, sealed);

	for (int parts = 0; parts < 2; parts++) {
		struct step s = {f, false, parts ? STEP_UPDATE : STEP_WHOLE, sealed, sealed_size};
		CK_ULONG size = sizeof(out);
		size_t rest = 21;

		begin(f, CBC_PAD, false, key);
		if (parts) {
			assert_int_equal(run(&s, out, &size), CKR_OK);
			assert_int_equal(size, 16);
			rest -= size;
			s.kind = STEP_FINAL;
		}
		size = rest - 1;
		assert_int_equal(run(&s, out, &size), CKR_BUFFER_TOO_SMALL);
		assert_int_equal(size, rest);
		/* It is here now: no daemon is needed for it. */
		module_kill_daemon(f);
		module_daemon_slow(f, true);
		size = 0;
		assert_int_equal(run(&s, NULL, &size), CKR_OK);
		assert_int_equal(size, rest);
		assert_int_equal(run(&s, out, &size), CKR_OK);
		assert_int_equal(size, rest);
		assert_memory_equal(out, module_pattern() + 21 - rest, rest);
		module_daemon_slow(f, false);
		/* A session object: gone with the daemon. */
		key = module_secret(f, CKK_AES, key_value, sizeof(key_value));
	}
}

/* ---- hashing, signing ---- */

static void test_messages_beyond_a_frame(void **state)
{
	const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17};
	struct module_fixture *f = *state;
	CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0}, eddsa = {CKM_EDDSA, NULL, 0}, ecdsa = {CKM_ECDSA_SHA384, NULL, 0};
	CK_MECHANISM *signs[] = {&eddsa, &ecdsa};
	CK_OBJECT_HANDLE secret = module_secret(f, CKK_GENERIC_SECRET, key_value, sizeof(key_value));
	CK_OBJECT_HANDLE public_key[2], private_key[2];
	CK_BYTE_PTR data = (CK_BYTE_PTR)(uintptr_t)module_pattern();

	module_pair(f, CKM_EC_EDWARDS_KEY_PAIR_GEN, false, false, &public_key[0], &private_key[0]);
	module_pair(f, CKM_EC_KEY_PAIR_GEN, false, false, &public_key[1], &private_key[1]);
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		uint8_t expected[64], out[128];
		unsigned n = 0;
		CK_ULONG size = sizeof(out);

		HMAC(EVP_sha256(), key_value, sizeof(key_value), data, sizes[i], expected, &n);
		assert_int_equal(f->p11->C_SignInit(f->session, &hmac, secret), CKR_OK);
		assert_int_equal(f->p11->C_Sign(f->session, data, sizes[i], out, &size), CKR_OK);
		assert_int_equal(size, n);
		assert_memory_equal(out, expected, n);
		assert_int_equal(f->p11->C_VerifyInit(f->session, &hmac, secret), CKR_OK);
		assert_int_equal(f->p11->C_VerifyUpdate(f->session, data, sizes[i] / 2), CKR_OK);
		assert_int_equal(f->p11->C_VerifyUpdate(f->session, data + sizes[i] / 2, sizes[i] - sizes[i] / 2), CKR_OK);
		assert_int_equal(f->p11->C_VerifyFinal(f->session, out, size), CKR_OK);
		for (size_t k = 0; k < 2; k++) {
			size = sizeof(out);
			assert_int_equal(f->p11->C_SignInit(f->session, signs[k], private_key[k]), CKR_OK);
			assert_int_equal(f->p11->C_Sign(f->session, data, sizes[i], out, &size), CKR_OK);
			assert_int_equal(f->p11->C_VerifyInit(f->session, signs[k], public_key[k]), CKR_OK);
			assert_int_equal(f->p11->C_Verify(f->session, data, sizes[i], out, size), CKR_OK);
			out[5] ^= 1;
			assert_int_equal(f->p11->C_VerifyInit(f->session, signs[k], public_key[k]), CKR_OK);
			assert_int_equal(f->p11->C_Verify(f->session, data, sizes[i], out, size), CKR_SIGNATURE_INVALID);
		}
	}
}

static void test_digest_with_a_key(void **state)
{
	static const CK_MECHANISM_TYPE types[] = {CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512};
	const EVP_MD *md[] = {EVP_sha1(), EVP_sha224(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
	static const size_t before[] = {0, 1, 55, 64, 111, 128, 200, PROTOCOL_CHUNK_MAX + 3};
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE secret = module_secret(f, CKK_GENERIC_SECRET, key_value, sizeof(key_value));
	CK_OBJECT_HANDLE public_key = 0, private_key = 0;
	CK_BYTE_PTR data = (CK_BYTE_PTR)(uintptr_t)module_pattern();
	uint8_t expected[EVP_MAX_MD_SIZE], out[EVP_MAX_MD_SIZE];
	CK_ULONG size = 0;

	for (size_t i = 0; i < LENGTH(types); i++) {
		CK_MECHANISM m = {types[i], NULL, 0};

		for (size_t k = 0; k < LENGTH(before); k++) {
			EVP_MD_CTX *ctx = EVP_MD_CTX_new();
			unsigned n = 0;

			EVP_DigestInit_ex(ctx, md[i], NULL);
			EVP_DigestUpdate(ctx, data, before[k]);
			EVP_DigestUpdate(ctx, key_value, sizeof(key_value));
			EVP_DigestUpdate(ctx, data, 7);
			EVP_DigestUpdate(ctx, key_value, sizeof(key_value));
			EVP_DigestUpdate(ctx, data, before[k]);
			EVP_DigestFinal_ex(ctx, expected, &n);
			EVP_MD_CTX_free(ctx);
			assert_int_equal(f->p11->C_DigestInit(f->session, &m), CKR_OK);
			if (before[k])
				assert_int_equal(f->p11->C_DigestUpdate(f->session, data, before[k]), CKR_OK);
			assert_int_equal(f->p11->C_DigestKey(f->session, secret), CKR_OK);
			assert_int_equal(f->p11->C_DigestUpdate(f->session, data, 7), CKR_OK);
			assert_int_equal(f->p11->C_DigestKey(f->session, secret), CKR_OK);
			assert_int_equal(f->p11->C_DigestUpdate(f->session, data, before[k]), CKR_OK);
			size = 0;
			assert_int_equal(f->p11->C_DigestFinal(f->session, NULL, &size), CKR_OK);
			assert_int_equal(size, n);
			size = n - 1;
			assert_int_equal(f->p11->C_DigestFinal(f->session, out, &size), CKR_BUFFER_TOO_SMALL);
			assert_int_equal(f->p11->C_DigestFinal(f->session, out, &size), CKR_OK);
			assert_int_equal(size, n);
			assert_memory_equal(out, expected, n);
		}
	}
	/* Only a secret key has bytes to hash; the refusal ends the operation, as that of any update. */
	module_pair(f, CKM_EC_KEY_PAIR_GEN, false, false, &public_key, &private_key);
	assert_int_equal(f->p11->C_DigestInit(f->session, &(CK_MECHANISM){CKM_SHA256, NULL, 0}), CKR_OK);
	assert_int_equal(f->p11->C_DigestKey(f->session, private_key), CKR_KEY_INDIGESTIBLE);
	assert_int_equal(f->p11->C_DigestKey(f->session, secret), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(f->p11->C_DigestInit(f->session, &(CK_MECHANISM){CKM_SHA256, NULL, 0}), CKR_OK);
	assert_int_equal(f->p11->C_DigestKey(f->session, 4711), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(f->p11->C_DigestFinal(f->session, out, &size), CKR_OPERATION_NOT_INITIALIZED);
}

/* ---- fork and death in mid-stream ---- */

static bool in_child(CK_RV (*body)(struct module_fixture *f), struct module_fixture *f, CK_RV expected)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		CK_RV rv = body(f);

		if (rv != expected)
			fprintf(stderr, "in the child: 0x%lx\n", rv);
		_exit(rv != expected);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static CK_RV update_17(struct module_fixture *f)
{
	uint8_t out[64];
	CK_ULONG size = sizeof(out);
	const struct step s = {f, true, STEP_UPDATE, module_pattern() + 17, 17};

	return run(&s, out, &size);
}

static CK_RV digest_update(struct module_fixture *f)
{
	return f->p11->C_DigestUpdate(f->session, iv, sizeof(iv));
}

/* The child of a CTR encryption goes on where its parent was, since the state is here: and ends with the same bytes. */
static CK_RV finish_ctr(struct module_fixture *f)
{
	uint8_t expected[64], out[64];
	CK_ULONG size = sizeof(out), last = 0;
	const struct step s = {f, true, STEP_UPDATE, module_pattern() + 17, 17}, end = {f, true, STEP_FINAL, NULL, 0};
	CK_RV rv = run(&s, out, &size);

	if (rv != CKR_OK)
		return rv;
	last = sizeof(out) - size;
	rv = run(&end, out + size, &last);
	(void)encrypt_there(CTR, module_pattern(), 34, expected);
	if (rv == CKR_OK && (size + last != 18 || memcmp(out, expected + 16, 18)))
		return CKR_DATA_INVALID;
	return rv;
}

static void begin_17(struct module_fixture *f, const struct cipher *c, CK_OBJECT_HANDLE key, uint8_t *out, CK_ULONG *size)
{
	const struct step s = {f, true, STEP_UPDATE, module_pattern(), 17};

	begin(f, c, true, key);
	assert_int_equal(run(&s, out, size), CKR_OK);
}

static void test_fork_in_mid_stream(void **state)
{
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE key = module_secret(f, CKK_AES, key_value, sizeof(key_value));
	CK_OBJECT_HANDLE secret = module_secret(f, CKK_GENERIC_SECRET, key_value, sizeof(key_value));
	struct step s = {f, true, STEP_UPDATE, module_pattern() + 17, 17};
	uint8_t expected[64], out[64];
	size_t expected_size = encrypt_there(GCM, module_pattern(), 34, expected), made = 0;
	CK_ULONG size = sizeof(out);

	begin_17(f, GCM, key, out, &size);
	made = size;
	assert_true(in_child(update_17, f, CKR_OPERATION_NOT_INITIALIZED));
	/* The parent's goes on, whatever the child did about it. */
	made += three_calls(&s, out + made, sizeof(out) - made);
	s.kind = STEP_FINAL;
	made += three_calls(&s, out + made, sizeof(out) - made);
	assert_int_equal(made, expected_size);
	assert_memory_equal(out, expected, made);

	size = sizeof(out);
	begin_17(f, CTR, key, out, &size);
	assert_int_equal(size, 16);
	assert_true(in_child(finish_ctr, f, CKR_OK));
	assert_int_equal(finish_ctr(f), CKR_OK);

	assert_int_equal(f->p11->C_DigestInit(f->session, &(CK_MECHANISM){CKM_SHA256, NULL, 0}), CKR_OK);
	assert_int_equal(f->p11->C_DigestKey(f->session, secret), CKR_OK);
	assert_true(in_child(digest_update, f, CKR_OPERATION_NOT_INITIALIZED));
	assert_int_equal(digest_update(f), CKR_OK);
	size = sizeof(out);
	assert_int_equal(f->p11->C_DigestFinal(f->session, out, &size), CKR_OK);
	/* A digest without a key is nobody's but the process's own. */
	assert_int_equal(f->p11->C_DigestInit(f->session, &(CK_MECHANISM){CKM_SHA256, NULL, 0}), CKR_OK);
	assert_int_equal(digest_update(f), CKR_OK);
	assert_true(in_child(digest_update, f, CKR_OK));
	size = sizeof(out);
	assert_int_equal(f->p11->C_DigestFinal(f->session, out, &size), CKR_OK);
}

/* A token's key: it is there again afterwards. */
static CK_OBJECT_HANDLE token_aes(struct module_fixture *f)
{
	CK_MECHANISM m = {CKM_AES_KEY_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG size = 32;
	CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				   {CKA_ENCRYPT, &yes, sizeof(yes)},
				   {CKA_VALUE_LEN, &size, sizeof(size)}};
	CK_OBJECT_HANDLE key = 0;

	assert_int_equal(f->p11->C_GenerateKey(f->session, &m, template, 3, &key), CKR_OK);
	return key;
}

static void test_death_in_mid_stream(void **state)
{
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE key = token_aes(f);
	uint8_t out[64], whole[64], parts[64];
	CK_ULONG size = sizeof(out), n = 0;
	struct step s = {f, true, STEP_FINAL, NULL, 0};

	begin_17(f, GCM, key, out, &size);
	module_kill_worker(f);
	assert_int_equal(update_17(f), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(update_17(f), CKR_OPERATION_NOT_INITIALIZED);
	/* CTR's state is here: it does not notice. */
	size = sizeof(parts);
	begin_17(f, CTR, key, parts, &size);
	module_kill_worker(f);
	n = sizeof(parts) - size;
	assert_int_equal(run(&s, parts + size, &n), CKR_OK);
	assert_int_equal(size + n, 17);
	begin(f, CTR, true, key);
	s = (struct step){f, true, STEP_WHOLE, module_pattern(), 17};
	size = sizeof(whole);
	assert_int_equal(run(&s, whole, &size), CKR_OK);
	assert_memory_equal(whole, parts, 17);
	assert_int_equal(f->p11->C_DestroyObject(f->session, key), CKR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_parts),
		cmocka_unit_test(test_half_a_block),
		cmocka_unit_test(test_beyond_a_frame),
		cmocka_unit_test(test_a_bad_tag_releases_nothing),
		cmocka_unit_test(test_a_query_executes_nothing),
		cmocka_unit_test(test_a_result_is_kept),
		cmocka_unit_test(test_messages_beyond_a_frame),
		cmocka_unit_test(test_digest_with_a_key),
		cmocka_unit_test(test_fork_in_mid_stream),
		cmocka_unit_test(test_death_in_mid_stream),
	};

	return cmocka_run_group_tests(tests, module_fixture_group, module_fixture_group_end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL 3.4's way to sign: an algorithm that has its digest in its name, fetched on its own, and messages in parts.
 * Run by openssl_message.sh, which sets the environment: provider_message ORDER URI-PREFIX PIN; the keys are rsa, rsapss,
 * p256, ed25519, and sha1, an RSA key that may sign by CKM_SHA1_RSA_PKCS only. Status 77 where libcrypto's headers are older.
 */
#include "config.h"

#include <openssl/core_dispatch.h>

#ifndef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
int main(void)
{
	return 77;
}
#else
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tests, failures;
static const unsigned char message[] = "a message that goes in parts";
#define HALF (sizeof(message) / 2)

/* A success leaves nothing in the queue (recipe P14). */
static bool check(bool ok, const char *what, const char *name)
{
	unsigned long error = ERR_peek_error();

	tests++;
	printf("%s %d - %s%s%s\n", ok && !error ? "ok" : "not ok", tests, what, *name ? ": " : "", name);
	if (ok && !error)
		return true;
	failures++;
	ERR_print_errors_fp(stderr);
	return false;
}

/* For refusals: they say why. */
static void check_refused(bool refused, const char *what, const char *name)
{
	bool said = ERR_peek_error() != 0;

	ERR_clear_error();
	check(refused && said, what, name);
}

static EVP_PKEY *load(const char *prefix, const char *label, const char *pin)
{
	char uri[512];
	EVP_PKEY *key = NULL;
	OSSL_STORE_CTX *store = NULL;

	snprintf(uri, sizeof(uri), "%s;object=%s?pin-value=%s", prefix, label, pin);
	store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
	if (store && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY))
		while (!key && !OSSL_STORE_eof(store)) {
			OSSL_STORE_INFO *info = OSSL_STORE_load(store);

			if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
				key = OSSL_STORE_INFO_get1_PKEY(info);
			OSSL_STORE_INFO_free(info);
		}
	OSSL_STORE_close(store);
	return key;
}

/* The public half alone, as software has it: it verifies what we have signed. */
static EVP_PKEY *public_of(EVP_PKEY *key)
{
	unsigned char *der = NULL;
	const unsigned char *at = NULL;
	int size = i2d_PUBKEY(key, &der);
	EVP_PKEY *public = NULL;

	at = der;
	if (size > 0)
		public = d2i_PUBKEY_ex(NULL, &at, size, NULL, "provider=default");
	OPENSSL_free(der);
	return public;
}

struct signed_message {
	unsigned char data[512];
	size_t size;
};

static bool software_verifies(EVP_PKEY *key, const char *algorithm, const struct signed_message *sig)
{
	EVP_PKEY *public = public_of(key);
	EVP_SIGNATURE *s = EVP_SIGNATURE_fetch(NULL, algorithm, "provider=default");
	EVP_PKEY_CTX *ctx = public ? EVP_PKEY_CTX_new_from_pkey(NULL, public, "provider=default") : NULL;
	bool ok = s && ctx && EVP_PKEY_verify_message_init(ctx, s, NULL) == 1 &&
		  EVP_PKEY_verify(ctx, sig->data, sig->size, message, sizeof(message)) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_SIGNATURE_free(s);
	EVP_PKEY_free(public);
	return ok;
}

static void test_whole(EVP_PKEY *key, EVP_SIGNATURE *s, const char *name)
{
	struct signed_message sig = {.size = sizeof(sig.data)};
	size_t size = 0;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx && EVP_PKEY_sign_message_init(ctx, s, NULL) == 1 &&
		  EVP_PKEY_sign(ctx, NULL, &size, message, sizeof(message)) == 1 && size > 0 &&
		  size <= sizeof(sig.data) && EVP_PKEY_sign(ctx, sig.data, &sig.size, message, sizeof(message)) == 1;

	check(ok && software_verifies(key, name, &sig), "a message in one call", name);
	ok = ctx && EVP_PKEY_verify_message_init(ctx, s, NULL) == 1 &&
	     EVP_PKEY_verify(ctx, sig.data, sig.size, message, sizeof(message)) == 1;
	check(ok, "our provider verifies it", name);
	ok = ctx && EVP_PKEY_verify_message_init(ctx, s, NULL) == 1 &&
	     EVP_PKEY_verify(ctx, sig.data, sig.size, message, sizeof(message) - 1) != 1;
	ERR_clear_error();
	check(ok, "and no other message", name);
	EVP_PKEY_CTX_free(ctx);
}

/* In parts, by a context that is copied in between (recipe P7). */
static void test_parts(EVP_PKEY *key, EVP_SIGNATURE *s, const char *name)
{
	struct signed_message sig = {.size = 0}, other = {.size = sizeof(other.data)};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL), *copy = NULL;
	bool ok = ctx && EVP_PKEY_sign_message_init(ctx, s, NULL) == 1 &&
		  EVP_PKEY_sign_message_update(ctx, message, HALF) == 1 && (copy = EVP_PKEY_CTX_dup(ctx)) != NULL;

	ok = ok && EVP_PKEY_sign_message_update(ctx, message + HALF, sizeof(message) - HALF) == 1 &&
	     EVP_PKEY_sign_message_final(ctx, NULL, &sig.size) == 1 && sig.size <= sizeof(sig.data) &&
	     EVP_PKEY_sign_message_final(ctx, sig.data, &sig.size) == 1;
	ok = ok && EVP_PKEY_sign_message_update(copy, message + HALF, sizeof(message) - HALF) == 1 &&
	     EVP_PKEY_sign_message_final(copy, other.data, &other.size) == 1;
	check(ok && software_verifies(key, name, &sig) && software_verifies(key, name, &other),
	      "a message in parts, and its copy", name);
	EVP_PKEY_CTX_free(copy);
	copy = NULL;
	ok = ok && EVP_PKEY_verify_message_init(ctx, s, NULL) == 1 &&
	     EVP_PKEY_CTX_set_signature(ctx, sig.data, sig.size) == 1 &&
	     EVP_PKEY_verify_message_update(ctx, message, HALF) == 1 && (copy = EVP_PKEY_CTX_dup(ctx)) != NULL &&
	     EVP_PKEY_verify_message_update(ctx, message + HALF, sizeof(message) - HALF) == 1 &&
	     EVP_PKEY_verify_message_final(ctx) == 1;
	check(ok, "our provider verifies it in parts", name);
	ok = ok && EVP_PKEY_verify_message_final(copy) != 1;
	ERR_clear_error();
	check(ok, "and not the half of it", name);
	EVP_PKEY_CTX_free(copy);
	EVP_PKEY_CTX_free(ctx);
}

/* EVP_PKEY_sign_init_ex2: the algorithm is named, the digest given. */
static void test_digest(EVP_PKEY *key, EVP_SIGNATURE *s, const char *name, const char *md)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	struct signed_message sig = {.size = sizeof(sig.data)};
	EVP_MD *hash = EVP_MD_fetch(NULL, md, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = hash && ctx && EVP_Digest(message, sizeof(message), digest, &size, hash, NULL) == 1 &&
		  EVP_PKEY_sign_init_ex2(ctx, s, NULL) == 1 && EVP_PKEY_sign(ctx, sig.data, &sig.size, digest, size) == 1;

	check(ok && software_verifies(key, name, &sig), "a digest by sign_init_ex2", name);
	ok = ok && EVP_PKEY_verify_init_ex2(ctx, s, NULL) == 1 && EVP_PKEY_verify(ctx, sig.data, sig.size, digest, size) == 1;
	check(ok, "our provider verifies it", name);
	ok = ctx && EVP_PKEY_sign_init_ex2(ctx, s, NULL) == 1 &&
	     EVP_PKEY_sign(ctx, sig.data, &sig.size, digest, size - 1) != 1;
	check_refused(ok, "a digest of another length is refused", name);
	EVP_PKEY_CTX_free(ctx);
	EVP_MD_free(hash);
}

static void test_fixed(EVP_PKEY *key, EVP_SIGNATURE *s, const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	char other[] = "SHA2-512", own[] = "SHA2-256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, other, 0), OSSL_PARAM_END};

	check_refused(ctx && EVP_PKEY_sign_message_init(ctx, s, params) != 1, "another digest is refused", name);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, own, 0);
	check(ctx && EVP_PKEY_sign_message_init(ctx, s, params) == 1, "its own is not", name);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, other, 0);
	params[0].data = (void *)OSSL_PKEY_RSA_PAD_MODE_PSS;
	params[0].data_size = strlen(OSSL_PKEY_RSA_PAD_MODE_PSS);
	check_refused(ctx && EVP_PKEY_sign_message_init(ctx, s, params) != 1, "another padding is refused", name);
	EVP_PKEY_CTX_free(ctx);
}

/* The AlgorithmIdentifier is that of the algorithm that was fetched. */
static void test_identifier(EVP_PKEY *key, EVP_SIGNATURE *s, const char *name)
{
	unsigned char der[64];
	OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, der, sizeof(der)),
			       OSSL_PARAM_END};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const unsigned char *at = der;
	const ASN1_OBJECT *oid = NULL;
	X509_ALGOR *algorithm = NULL;
	char text[64] = "";

	if (ctx && EVP_PKEY_sign_message_init(ctx, s, NULL) == 1 && EVP_PKEY_CTX_get_params(ctx, params) == 1)
		algorithm = d2i_X509_ALGOR(NULL, &at, (long)params[0].return_size);
	if (algorithm) {
		X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
		OBJ_obj2txt(text, sizeof(text), oid, 1);
	}
	check(algorithm && EVP_SIGNATURE_is_a(s, text), "it tells its identifier", name);
	X509_ALGOR_free(algorithm);
	EVP_PKEY_CTX_free(ctx);
}

/* One algorithm with the key that it is for, and with one that it is not. */
static void test_composite(EVP_PKEY *key, EVP_PKEY *wrong, const char *name, const char *md)
{
	EVP_SIGNATURE *s = EVP_SIGNATURE_fetch(NULL, name, "provider=keyclave");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, wrong, NULL);

	if (check(s != NULL, "it is fetched", name)) {
		test_whole(key, s, name);
		test_parts(key, s, name);
		test_digest(key, s, name, md);
		test_identifier(key, s, name);
		check_refused(ctx && EVP_PKEY_sign_message_init(ctx, s, NULL) != 1, "another type of key is refused", name);
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_SIGNATURE_free(s);
}

static void test_ed25519(EVP_PKEY *key)
{
	struct signed_message sig = {.size = sizeof(sig.data)};
	EVP_SIGNATURE *s = EVP_SIGNATURE_fetch(NULL, "ED25519", "provider=keyclave");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx && EVP_PKEY_sign_message_init(ctx, NULL, NULL) == 1 &&
		  EVP_PKEY_sign(ctx, sig.data, &sig.size, message, sizeof(message)) == 1;

	check(ok && software_verifies(key, "ED25519", &sig), "the key's own algorithm, not named", "ED25519");
	if (check(s != NULL, "it is fetched", "ED25519"))
		test_whole(key, s, "ED25519");
	ok = ctx && EVP_PKEY_sign_message_init(ctx, s, NULL) == 1 && EVP_PKEY_sign_message_update(ctx, message, 1) != 1;
	check_refused(ok, "no parts of a message", "ED25519");
	EVP_PKEY_CTX_free(ctx);
	EVP_SIGNATURE_free(s);
}

/* A key that allows one mechanism that hashes: the message itself goes to the enclave. */
static void test_one_mechanism(EVP_PKEY *key)
{
	EVP_SIGNATURE *s = EVP_SIGNATURE_fetch(NULL, "RSA-SHA1", "provider=keyclave");
	EVP_SIGNATURE *other = EVP_SIGNATURE_fetch(NULL, "RSA-SHA2-256", "provider=keyclave");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	struct signed_message sig = {.size = sizeof(sig.data)};
	bool ok = false;

	test_whole(key, s, "RSA-SHA1");
	test_parts(key, s, "RSA-SHA1");
	ok = ctx && EVP_PKEY_sign_message_init(ctx, other, NULL) == 1 &&
	     EVP_PKEY_sign(ctx, sig.data, &sig.size, message, sizeof(message)) != 1;
	check_refused(ok, "a key for SHA-1 only", "RSA-SHA2-256");
	EVP_PKEY_CTX_free(ctx);
	EVP_SIGNATURE_free(other);
	EVP_SIGNATURE_free(s);
}

/* Who names no provider gets libcrypto's, which a key in a token cannot be used with. */
static void test_default(EVP_PKEY *key)
{
	EVP_SIGNATURE *s = EVP_SIGNATURE_fetch(NULL, "RSA-SHA2-256", NULL);
	const OSSL_PROVIDER *provider = s ? EVP_SIGNATURE_get0_provider(s) : NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	check(provider && strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0, "without a query it is libcrypto's",
	      "RSA-SHA2-256");
	check(ctx && EVP_PKEY_sign_message_init(ctx, s, NULL) != 1, "which does not get the key", "RSA-SHA2-256");
	EVP_PKEY_CTX_free(ctx);
	EVP_SIGNATURE_free(s);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *md;
		bool rsa;
	} composites[] = {
		{"RSA-SHA1", "SHA1", true},	    {"RSA-SHA2-224", "SHA2-224", true},
		{"RSA-SHA2-256", "SHA2-256", true},   {"RSA-SHA2-384", "SHA2-384", true},
		{"RSA-SHA2-512", "SHA2-512", true},   {"ECDSA-SHA1", "SHA1", false},
		{"ECDSA-SHA2-224", "SHA2-224", false}, {"ECDSA-SHA2-256", "SHA2-256", false},
		{"ECDSA-SHA2-384", "SHA2-384", false}, {"ECDSA-SHA2-512", "SHA2-512", false},
	};
	static const char *const labels[] = {"rsa", "rsapss", "p256", "ed25519", "sha1"};
	EVP_PKEY *key[5] = {NULL};
	EVP_SIGNATURE *s = NULL;

	if (argc != 5)
		return 2;
	for (int i = 0; i < 2; i++)
		if (!OSSL_PROVIDER_load(NULL, argv[1 + i]))
			return 99;
	for (size_t i = 0; i < 5; i++) {
		key[i] = load(argv[3], labels[i], argv[4]);
		if (!check(key[i] != NULL, "a key from the store", labels[i]))
			return 1;
	}
	for (size_t i = 0; i < sizeof(composites) / sizeof(composites[0]); i++)
		test_composite(key[composites[i].rsa ? 0 : 2], key[composites[i].rsa ? 1 : 3], composites[i].name,
			       composites[i].md);
	test_ed25519(key[3]);
	test_one_mechanism(key[4]);
	test_default(key[0]);
	s = EVP_SIGNATURE_fetch(NULL, "RSA-SHA2-256", "provider=keyclave");
	test_fixed(key[0], s, "RSA-SHA2-256");
	EVP_SIGNATURE_free(s);
	for (size_t i = 0; i < 5; i++)
		EVP_PKEY_free(key[i]);
	printf("1..%d\n", tests);
	fflush(stdout); /* before the leak checker, which ends the program without */
	return failures ? 1 : 0;
}
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application of the OpenSSL provider: keys from the STORE, streamed and copied contexts, threads, forks,
 * evidence, refusals; and no error left in the queue after a success. Run by openssl_api.sh, which sets the
 * environment: provider_api ORDER URI-PREFIX PIN CERTIFICATE REFERENCE SOFTWARE; the keys are rsa, p256, ed25519; CERTIFICATE
 * and REFERENCE are p256's, SOFTWARE is a key's file.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int tests, failures;
static const char message[] = "what is signed";

/* A success must leave nothing in the queue (recipe P14). */
static bool check(bool ok, const char *name)
{
	unsigned long error = ERR_peek_error();

	tests++;
	if (!ok || error) {
		failures++;
		printf("not ok %d - %s\n", tests, name);
		ERR_print_errors_fp(stderr);
		return false;
	}
	printf("ok %d - %s\n", tests, name);
	return true;
}

/* For refusals: they may, and should, say why. */
static void check_refused(bool refused, const char *name)
{
	ERR_clear_error();
	check(refused, name);
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

static bool verify(EVP_PKEY *key, const char *md, const unsigned char *sig, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestVerifyInit_ex(ctx, NULL, md, NULL, NULL, key, NULL) == 1 &&
		  EVP_DigestVerify(ctx, sig, size, (const unsigned char *)message, sizeof(message)) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool sign(EVP_PKEY *key, const char *md)
{
	unsigned char sig[512];
	size_t size = sizeof(sig);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = EVP_DigestSignInit_ex(ctx, NULL, md, NULL, NULL, key, NULL) == 1 &&
		  EVP_DigestSign(ctx, sig, &size, (const unsigned char *)message, sizeof(message)) == 1;

	EVP_MD_CTX_free(ctx);
	return ok && verify(key, md, sig, size);
}

static void test_stream(EVP_PKEY *key, const char *name)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new(), *copy = EVP_MD_CTX_new();
	unsigned char sig[512], other[512];
	size_t size = 0, other_size = sizeof(other);
	bool ok = EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
		  EVP_DigestSignUpdate(ctx, message, 5) == 1 && EVP_MD_CTX_copy_ex(copy, ctx) == 1;

	ok = ok && EVP_DigestSignUpdate(ctx, message + 5, sizeof(message) - 5) == 1 &&
	     EVP_DigestSignUpdate(copy, message + 5, sizeof(message) - 5) == 1;
	ok = ok && EVP_DigestSignFinal(ctx, NULL, &size) == 1 && size <= sizeof(sig) &&
	     EVP_DigestSignFinal(ctx, sig, &size) == 1 && EVP_DigestSignFinal(copy, other, &other_size) == 1;
	ok = ok && verify(key, "SHA256", sig, size) && verify(key, "SHA256", other, other_size);
	EVP_MD_CTX_free(ctx);
	EVP_MD_CTX_free(copy);
	check(ok, name);
}

static int refuse(const OSSL_PARAM params[], void *arg)
{
	(void)params;
	*(bool *)arg = true;
	return 1;
}

static void test_private(EVP_PKEY *key)
{
	bool given = false;
	OSSL_PARAM *params = NULL;
	BIGNUM *d = NULL;

	check_refused(EVP_PKEY_export(key, EVP_PKEY_KEYPAIR, refuse, &given) != 1 && !given,
		      "the private half is not exported");
	check_refused(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &params) != 1, "nor given as data");
	check_refused(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) != 1 && !d, "nor as a parameter");
	check(EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &params) == 1, "the public half is");
	OSSL_PARAM_free(params);
}

static void test_evidence(EVP_PKEY *key)
{
	static unsigned char evidence[65536], again[65536];
	unsigned char nonce[32];
	OSSL_PARAM params[3];
	size_t size = 0;

	memset(nonce, 0x5a, sizeof(nonce));
	params[0] = OSSL_PARAM_construct_octet_string("keyclave-nonce", nonce, sizeof(nonce));
	params[1] = OSSL_PARAM_construct_octet_string("keyclave-evidence", NULL, 0);
	params[2] = OSSL_PARAM_construct_end();
	check(EVP_PKEY_get_params(key, params) == 1 && params[1].return_size > 0, "the evidence has a size");
	size = params[1].return_size;
	params[1] = OSSL_PARAM_construct_octet_string("keyclave-evidence", evidence, sizeof(evidence));
	check(EVP_PKEY_get_params(key, params) == 1 && params[1].return_size == size &&
		      memmem(evidence, size, nonce, sizeof(nonce)),
	      "the evidence has that size and holds the nonce");
	nonce[0] = 1;
	params[1] = OSSL_PARAM_construct_octet_string("keyclave-evidence", again, sizeof(again));
	check(EVP_PKEY_get_params(key, params) == 1 && memcmp(evidence, again, size) != 0 &&
		      memmem(again, params[1].return_size, nonce, sizeof(nonce)),
	      "another nonce, another evidence");
}

static void test_certificate(EVP_PKEY *key, EVP_PKEY *wrong, const char *file)
{
	BIO *in = BIO_new_file(file, "r");
	X509 *certificate = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
	EVP_PKEY *theirs = certificate ? X509_get0_pubkey(certificate) : NULL;

	check(theirs && X509_check_private_key(certificate, key) == 1, "X509_check_private_key");
	check(theirs && EVP_PKEY_eq(theirs, key) == 1 && EVP_PKEY_eq(key, theirs) == 1,
	      "EVP_PKEY_eq, both ways");
	check_refused(theirs && EVP_PKEY_eq(theirs, wrong) != 1, "another key is not equal");
	check_refused(theirs && X509_check_private_key(certificate, wrong) != 1, "nor checks");
	X509_free(certificate);
	BIO_free(in);
}

static int give_pin(char *buffer, int size, int writing, void *pin)
{
	(void)writing;
	return snprintf(buffer, (size_t)size, "%s", (const char *)pin);
}

/* The name of the provider that signs with KEY, although nobody named one. */
static const char *signer(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	const OSSL_PROVIDER *provider = ctx && EVP_PKEY_sign_init(ctx) == 1 ? EVP_PKEY_CTX_get0_provider(ctx) : NULL;

	EVP_PKEY_CTX_free(ctx);
	return provider ? OSSL_PROVIDER_get0_name(provider) : "none";
}

/* Decoders probe a file one after the other, and those that it was not for must leave no trace. */
static void test_files(const char *reference, const char *software, char *pin)
{
	BIO *in = BIO_new_file(reference, "r");
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, give_pin, pin) : NULL;

	check(key && sign(key, "SHA256"), "a file with a reference, and no error is left");
	check(strcmp(signer(key), "keyclave") == 0, "the token's key is signed with by us");
	EVP_PKEY_free(key);
	BIO_free(in);
	in = BIO_new_file(software, "r");
	key = in ? PEM_read_bio_PrivateKey(in, NULL, NULL, NULL) : NULL;
	check(key && sign(key, "SHA256"), "a file with a software key, and no error is left");
	check(strcmp(signer(key), "default") == 0, "a software key is signed with by software");
	EVP_PKEY_free(key);
	BIO_free(in);
}

static void test_copies(EVP_PKEY *key, const char *md)
{
	EVP_PKEY *copy = EVP_PKEY_dup(key);

	check(copy && EVP_PKEY_eq(copy, key) == 1 && sign(copy, md), "a copy of a key signs");
	EVP_PKEY_free(copy);
	check(sign(key, md), "the original does when the copy is gone");
}

static void test_raw_rsa(EVP_PKEY *key)
{
	unsigned char block[256], sig[256], back[256];
	size_t size = sizeof(sig), back_size = sizeof(back);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = false;

	memset(block, 0x42, sizeof(block));
	block[0] = 0;
	ok = ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
	     EVP_PKEY_sign(ctx, sig, &size, block, sizeof(block)) == 1;
	ok = ok && EVP_PKEY_verify_recover_init(ctx) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
	     EVP_PKEY_verify_recover(ctx, back, &back_size, sig, size) == 1;
	check(ok && back_size == sizeof(block) && memcmp(block, back, sizeof(block)) == 0, "raw RSA");
	EVP_PKEY_CTX_free(ctx);
}

struct worker {
	EVP_PKEY *rsa, *ec, *ed;
	int rounds;
	bool ok;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	w->ok = true;
	for (int i = 0; i < w->rounds && w->ok; i++)
		w->ok = sign(w->ec, "SHA256") && sign(w->rsa, "SHA384") && sign(w->ed, NULL) &&
			ERR_peek_error() == 0;
	if (!w->ok)
		ERR_print_errors_fp(stderr);
	return NULL;
}

static void test_threads(const struct worker *base)
{
	struct worker workers[8];
	pthread_t threads[8];
	bool ok = true;

	for (int i = 0; i < 8; i++) {
		workers[i] = *base;
		if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
			exit(99);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		ok = ok && workers[i].ok;
	}
	check(ok, "eight threads sign");
}

static void test_fork(struct worker *base)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char sig[512];
	size_t size = sizeof(sig);
	bool ok = EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, base->ec, NULL) == 1 &&
		  EVP_DigestSignUpdate(ctx, message, 3) == 1;
	int status = 0;
	pid_t child = -1;

	fflush(stdout);
	child = fork();
	ok = ok && EVP_DigestSignUpdate(ctx, message + 3, sizeof(message) - 3) == 1 &&
	     EVP_DigestSignFinal(ctx, sig, &size) == 1 && verify(base->ec, "SHA256", sig, size);
	EVP_MD_CTX_free(ctx);
	work(base);
	ok = ok && base->ok && ERR_peek_error() == 0;
	/* With all that runs at an exit, which must not reach the parent's login. */
	if (child == 0)
		exit(ok ? 0 : 1);
	check(ok, "the parent goes on after a fork in mid-stream");
	check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "so does the child");
	check(sign(base->rsa, "SHA256"), "and the parent still signs when the child is gone");
}

/* Ephemeral keys of TLS stay with software as long as we offer no group, and nothing else either. */
static void test_capabilities(const char *name, const OSSL_PROVIDER *provider)
{
	static const char *const capabilities[] = {"TLS-GROUP", "TLS-SIGALG"};
	bool given = false;

	if (strcmp(name, "keyclave") != 0)
		return;
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		OSSL_PROVIDER_get_capabilities(provider, capabilities[i], refuse, &given);
	check_refused(!given, "no TLS group is offered");
}

/* Who loads both without a word on which gets software's ephemeral keys. */
static void test_ephemeral(void)
{
	static const char *const types[] = {"EC", "RSA", "X25519", "ED25519"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		EVP_KEYMGMT *keymgmt = EVP_KEYMGMT_fetch(NULL, types[i], NULL);
		const OSSL_PROVIDER *provider = keymgmt ? EVP_KEYMGMT_get0_provider(keymgmt) : NULL;

		check(provider && strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0, types[i]);
		EVP_KEYMGMT_free(keymgmt);
	}
}

int main(int argc, char **argv)
{
	struct worker w = {.rounds = 20};
	OSSL_PROVIDER *provider[2] = {NULL, NULL};

	if (argc != 8)
		return 2;
	for (int i = 0; i < 2; i++)
		provider[i] = OSSL_PROVIDER_load(NULL, argv[1 + i]);
	if (!provider[0] || !provider[1]) {
		ERR_print_errors_fp(stderr);
		return 99;
	}
	test_ephemeral();
	w.rsa = load(argv[3], "rsa", argv[4]);
	check(w.rsa != NULL, "an RSA key from the store");
	w.ec = load(argv[3], "p256", argv[4]);
	check(w.ec != NULL, "a P-256 key");
	w.ed = load(argv[3], "ed25519", argv[4]);
	check(w.ed != NULL, "an Ed25519 key");
	if (!w.rsa || !w.ec || !w.ed)
		return 1;
	check(sign(w.rsa, "SHA256") && sign(w.rsa, NULL) && sign(w.ec, "SHA2-256") && sign(w.ed, NULL),
	      "each signs, under any name of the digest");
	check(sign(w.ec, "SHA-256") && sign(w.rsa, "2.16.840.1.101.3.4.2.1"), "an alias and an OID among them");
	check_refused(!sign(w.ec, "MD5"), "an unknown digest is refused");
	check_refused(!sign(w.ed, "SHA512"), "Ed25519 takes no digest");
	test_stream(w.rsa, "RSA: a context is copied in mid-stream");
	test_stream(w.ec, "P-256: a context is copied in mid-stream");
	test_raw_rsa(w.rsa);
	test_private(w.ec);
	test_private(w.rsa);
	test_evidence(w.ec);
	test_certificate(w.ec, w.rsa, argv[5]);
	test_files(argv[6], argv[7], argv[4]);
	for (int i = 0; i < 2; i++)
		test_capabilities(argv[1 + i], provider[i]);
	test_copies(w.ec, "SHA256");
	test_threads(&w);
	test_fork(&w);
	EVP_PKEY_free(w.rsa);
	EVP_PKEY_free(w.ec);
	EVP_PKEY_free(w.ed);
	check(OSSL_PROVIDER_unload(provider[0]) && OSSL_PROVIDER_unload(provider[1]), "both are unloaded");
	printf("1..%d\n", tests);
	fflush(stdout); /* before the leak checker, which ends the program without */
	return failures ? 1 : 0;
}

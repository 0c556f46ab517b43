/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that opens its key again and again: each line of stdin is "open URI", "sign" or "fork PIN PID URI", each answer
 * one line: "ok", or the last reason in OpenSSL's error queue. The last one forks while a thread is in the middle of its
 * login, since PID, the daemon's worker, is stopped meanwhile; the child opens the key itself. Run by openssl_pin.sh.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_int asked;
static pid_t to_stop;
static char pin[64];

/* Between this and the request for the login nothing is asked of the daemon. */
static int give_pin(char *buffer, int size, int writing, void *arg)
{
	(void)writing;
	(void)arg;
	snprintf(buffer, (size_t)size, "%s", pin);
	if (to_stop)
		kill(to_stop, SIGSTOP);
	atomic_store(&asked, 1);
	return (int)strlen(buffer);
}

static EVP_PKEY *load(const char *uri)
{
	UI_METHOD *method = *pin ? UI_UTIL_wrap_read_pem_callback(give_pin, 0) : NULL;
	OSSL_STORE_CTX *store = OSSL_STORE_open(uri, method, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

	if (store && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY))
		while (!key && !OSSL_STORE_eof(store)) {
			OSSL_STORE_INFO *info = OSSL_STORE_load(store);

			if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
				key = OSSL_STORE_INFO_get1_PKEY(info);
			OSSL_STORE_INFO_free(info);
		}
	OSSL_STORE_close(store);
	UI_destroy_method(method);
	return key;
}

static bool sign(EVP_PKEY *key)
{
	unsigned char sig[512];
	size_t size = sizeof(sig);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = key && EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
		  EVP_DigestSign(ctx, sig, &size, (const unsigned char *)"x", 1) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static void *opener(void *uri)
{
	EVP_PKEY_free(load(uri));
	return NULL;
}

static bool open_after_fork(char *arguments)
{
	char *uri = arguments;
	int stopped = 0, status = 0;
	pthread_t thread;
	pid_t child = -1;

	if (sscanf(arguments, "%63s %d", pin, &stopped) != 2 || !(uri = strstr(arguments, "pkcs11:")))
		return false;
	to_stop = stopped;
	if (pthread_create(&thread, NULL, opener, uri) != 0)
		return false;
	while (!atomic_load(&asked))
		usleep(1000);
	usleep(300000);
	child = fork();
	kill(stopped, SIGCONT);
	if (child == 0) {
		alarm(30);
		to_stop = 0;
		_exit(sign(load(uri)) ? 0 : 1);
	}
	pthread_join(thread, NULL);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void answer(bool ok)
{
	const char *data = "";
	int flags = 0;
	unsigned long error = ERR_peek_error_all(NULL, NULL, NULL, &data, &flags);

	if (ok)
		puts("ok");
	else
		printf("%s: %s\n", ERR_reason_error_string(error), flags & ERR_TXT_STRING ? data : "");
	fflush(stdout);
	ERR_clear_error();
}

int main(void)
{
	char line[1024];
	EVP_PKEY *key = NULL;
	OSSL_PROVIDER *keyclave = OSSL_PROVIDER_load(NULL, "keyclave");
	OSSL_PROVIDER *software = OSSL_PROVIDER_load(NULL, "default");

	if (!keyclave || !software)
		return 99;
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "open ", 5) == 0) {
			EVP_PKEY_free(key);
			key = load(line + 5);
			answer(key != NULL);
		} else if (strncmp(line, "fork ", 5) == 0) {
			answer(open_after_fork(line + 5));
		} else {
			answer(sign(key));
		}
	}
	EVP_PKEY_free(key);
	OSSL_PROVIDER_unload(keyclave);
	OSSL_PROVIDER_unload(software);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that opens its key again and again: each line of stdin is "open URI" or "sign", each answer one line: "ok", or
 * the last reason in OpenSSL's error queue. Run by openssl_pin.sh.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static EVP_PKEY *load(const char *uri)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

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

	if (!OSSL_PROVIDER_load(NULL, "keyclave") || !OSSL_PROVIDER_load(NULL, "default"))
		return 99;
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "open ", 5) == 0) {
			EVP_PKEY_free(key);
			key = load(line + 5);
			answer(key != NULL);
		} else {
			answer(sign(key));
		}
	}
	EVP_PKEY_free(key);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS context for remote clients.
 */
#include "config.h"

#include <string.h>

#include <openssl/err.h>

#include "common/log.h"
#include "crypto/library.h"
#include "enclaved/remote.h"

/* Those in the file are trusted themselves, be they authorities or single clients. */
static bool remote_clients(SSL_CTX *tls, const char *path)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls);

	if (!SSL_CTX_load_verify_file(tls, path) || !X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN)) {
		log_error("channel-clients: %s: no certificates in PEM: %s", path,
			  ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
		return false;
	}
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return true;
}

static bool remote_permitted(const struct settings *settings, struct platform *platform, bool tcp)
{
	const struct platform_description *d = platform_describe(platform);

	/* Security rule 12. */
	if (!strcmp(d->name, "notee")) {
		log_error("listen: platform notee serves local programs only: nothing vouches for it to a remote one");
		return false;
	}
	if (tcp && !*settings->channel_clients) {
		log_error("listen: tcp: is served only to clients with a certificate: name those in channel-clients");
		return false;
	}
	return true;
}

bool remote_context(const struct settings *settings, struct platform *platform, struct service *service, bool tcp,
		    SSL_CTX **tls)
{
	EVP_PKEY *key = NULL;
	X509 *certificate = NULL;
	SSL_CTX *made = NULL;
	CK_RV rv = CKR_OK;

	*tls = NULL;
	if (!remote_permitted(settings, platform, tcp))
		return false;
	rv = service_channel(service, &key, &certificate);
	if (rv != CKR_OK) {
		log_error("listen: no evidence for the attested channel: CKR 0x%lx", rv);
		return false;
	}
	made = tls_context(library_context(), true);
	if (!made || !SSL_CTX_use_certificate(made, certificate) || !SSL_CTX_use_PrivateKey(made, key)) {
		log_error("listen: TLS: %s", ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
		SSL_CTX_free(made);
		return false;
	}
	if (*settings->channel_clients && !remote_clients(made, settings->channel_clients)) {
		SSL_CTX_free(made);
		return false;
	}
	if (!*settings->channel_clients)
		log_notice("channel-clients is not set: whoever reaches the vsock port may use this daemon, with a PIN");
	*tls = made;
	return true;
}

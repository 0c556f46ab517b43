/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's side of the attested channel. Its key is in no store and no object, so that no token key can play the daemon
 * and the daemon's key can sign nothing else.
 */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "common/log.h"
#include "crypto/library.h"
#include "service/cmd_channel.h"
#include "verifier/carrier.h"

#define CHANNEL_CURVE "P-256"
#define CHANNEL_NAME "keyclaved"

/* RFC 5280, section 4.1.2.5: no date of expiry. The key ends with the process, and nobody has to believe our clock. */
#define CHANNEL_NOT_BEFORE "20260101000000Z"
#define CHANNEL_NOT_AFTER "99991231235959Z"

static bool channel_set_fields(X509 *certificate, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(certificate);

	return X509_set_version(certificate, X509_VERSION_3) &&
	       ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
	       ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), CHANNEL_NOT_BEFORE) &&
	       ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), CHANNEL_NOT_AFTER) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)CHANNEL_NAME, -1, -1, 0) &&
	       X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key);
}

/* Self-signed: what speaks for it is the evidence inside. NULL: no memory. */
static X509 *channel_certificate(EVP_PKEY *key, struct span evidence)
{
	X509 *certificate = X509_new_ex(library_context(), LIBRARY_PROPERTIES);
	X509_EXTENSION *extension = carrier_extension(evidence);
	bool made = certificate && extension && channel_set_fields(certificate, key) &&
		    X509_add_ext(certificate, extension, -1) && X509_sign(certificate, key, EVP_sha256());

	X509_EXTENSION_free(extension);
	if (!made) {
		X509_free(certificate);
		certificate = NULL;
	}
	return certificate;
}

static bool channel_key(struct service *service)
{
	unsigned char *info = NULL;
	int size = 0;
	bool kept = false;

	service->channel_key = EVP_PKEY_Q_keygen(library_context(), LIBRARY_PROPERTIES, "EC", CHANNEL_CURVE);
	if (service->channel_key)
		size = i2d_PUBKEY(service->channel_key, &info);
	kept = size > 0 && buffer_set(&service->channel_info, info, (size_t)size);
	OPENSSL_free(info);
	return kept;
}

CK_RV service_channel(struct service *service, EVP_PKEY **key, X509 **certificate)
{
	struct buffer evidence = {0};
	CK_RV rv = CKR_OK;

	if (!service->channel_key && !channel_key(service))
		rv = library_failure(CKR_DEVICE_ERROR);
	if (rv == CKR_OK && !service->channel_certificate)
		rv = token_store_channel_evidence(service->tokens, buffer_span(&service->channel_info), (struct span){0},
						  (struct span){0}, &evidence);
	if (rv == CKR_OK && !service->channel_certificate) {
		service->channel_certificate = channel_certificate(service->channel_key, buffer_span(&evidence));
		if (!service->channel_certificate)
			rv = library_failure(CKR_DEVICE_ERROR);
	}
	buffer_free(&evidence);
	*key = service->channel_key;
	*certificate = service->channel_certificate;
	return rv;
}

CK_RV cmd_channel(struct call *call)
{
	const struct channel_request *request = &call->request->channel_request;
	struct link *link = call->link;
	CK_RV rv = CKR_OK;

	if (!(link->peer.owner & SERVICE_PEER_REMOTE)) {
		call->close = true;
		return CKR_FUNCTION_NOT_SUPPORTED;
	}
	/* A platform may take seconds for it: once is what a connection needs. */
	if (link->attested || link->context) {
		call->close = true;
		return CKR_ACTION_PROHIBITED;
	}
	link->attested = true;
	rv = token_store_channel_evidence(call->service->tokens, buffer_span(&call->service->channel_info),
					  (struct span){link->exporter, sizeof(link->exporter)}, request->nonce,
					  call->data);
	call->response->evidence_response.evidence = buffer_span(call->data);
	return rv;
}

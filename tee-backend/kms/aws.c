/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS KMS: GenerateDataKey and Decrypt with a Recipient, to which alone the service encrypts: an RSA key made for one
 * call, named by the evidence that goes along. Inside the enclave; the parent relays bytes and hands credentials in.
 */
#include "config.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/memory.h"
#include "kms/arn.h"
#include "kms/aws_answer.h"
#include "kms/base64.h"
#include "kms/cms.h"
#include "kms/credentials.h"
#include "kms/http.h"
#include "kms/kms_ops.h"
#include "kms/roots.h"
#include "kms/sigv4.h"
#include "platform/hkdf.h"

#define RECIPIENT_BITS 2048
#define ATTEMPTS 6
#define BACKOFF_MS 200U
#define BACKOFF_MAX_MS 4000U
#define ROOTS_MAX ((size_t)256 * 1024)

struct aws {
	char host[300];
	unsigned port;
	char region[ARN_REGION_MAX];
	char address[DIALER_ADDRESS_MAX];
	unsigned timeout_ms;
	struct buffer roots;
	struct credentials_source *credentials;
};

/* ---- settings ---- */

/* The first key that the settings name says the region; kms_open has seen that they agree. */
static bool find_region(const struct settings *settings, struct arn *arn)
{
	const char *names[] = {settings->kms_key, settings->kms_user_keys};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t size = strcspn(names[i], " \t");

		if (size && arn_parse((struct span){(const uint8_t *)names[i], size}, arn))
			return true;
	}
	log_error("kms = aws: kms-key or kms-user-keys must name keys of AWS KMS by their ARN "
		  "(arn:aws:kms:REGION:ACCOUNT:key/...), not by an alias");
	return false;
}

/* "HOST" or "HOST:PORT" of kms-endpoint. */
static bool find_host(const struct settings *settings, const struct arn *arn, struct aws *aws)
{
	const char *endpoint = settings->kms_endpoint;
	const char *colon = strchr(endpoint, ':');
	size_t size = colon ? (size_t)(colon - endpoint) : strlen(endpoint);
	unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 443;

	if (!endpoint[0] || strcmp(endpoint, "regional") == 0 || strcmp(endpoint, "fips") == 0) {
		snprintf(aws->host, sizeof(aws->host), "kms%s.%s.%s", endpoint[0] == 'f' ? "-fips" : "", arn->region,
			 arn->suffix);
		aws->port = 443;
		return true;
	}
	if (size < sizeof(aws->host) && strspn(endpoint, "abcdefghijklmnopqrstuvwxyz0123456789.-") == size && size &&
	    (!colon || strspn(colon + 1, "0123456789") == strlen(colon + 1)) && port && port <= 65535) {
		memcpy(aws->host, endpoint, size);
		aws->port = (unsigned)port;
		return true;
	}
	log_error("kms-endpoint = %s: regional, fips, or a host's name is expected", endpoint);
	return false;
}

static bool read_roots(const char *path, struct buffer *roots)
{
	uint8_t piece[4096];
	struct span amazon = roots_amazon();
	size_t got = 0;
	bool done = false;
	FILE *file = NULL;

	if (!path[0])
		return buffer_set(roots, amazon.data, amazon.size);
	file = fopen(path, "re");
	while (file && (got = fread(piece, 1, sizeof(piece), file)) > 0 && roots->size < ROOTS_MAX)
		if (!buffer_append(roots, piece, got))
			break;
	done = file && !ferror(file) && feof(file) && roots->size;
	if (file)
		fclose(file);
	if (!done)
		log_error("kms-roots = %s: not to be read, or empty", path);
	else
		log_notice("kms-roots: %s says who may vouch for the KMS, in the place of Amazon's roots", path);
	return done;
}

/* Also for kms_places, before there is anything else. */
static bool find_place(const struct settings *settings, struct aws *aws)
{
	struct arn arn;

	if (!find_region(settings, &arn) || !find_host(settings, &arn, aws))
		return false;
	snprintf(aws->region, sizeof(aws->region), "%s", arn.region);
	if (settings->kms_connect[0])
		snprintf(aws->address, sizeof(aws->address), "%s", settings->kms_connect);
	else
		snprintf(aws->address, sizeof(aws->address), "tcp:%s:%u", aws->host, aws->port);
	if (dialer_address_valid(aws->address))
		return true;
	log_error("kms-connect = %s: tcp:HOST:PORT, unix:/PATH or vsock:CID:PORT is expected", settings->kms_connect);
	return false;
}

static bool aws_places(const struct settings *settings, char *service, char *credentials, char *folder)
{
	struct aws aws = {.port = 0};

	if (!find_place(settings, &aws))
		return false;
	memcpy(service, aws.address, strlen(aws.address) + 1);
	return credentials_place(settings, credentials, folder);
}

static void aws_free(void **state)
{
	struct aws *aws = *state;

	if (!aws)
		return;
	credentials_free(&aws->credentials);
	buffer_free(&aws->roots);
	free(aws);
	*state = NULL;
}

static CK_RV aws_open(const struct settings *settings, struct kms *base, void **state)
{
	struct aws *aws = calloc(1, sizeof(*aws));
	CK_RV rv = CKR_TOKEN_NOT_RECOGNIZED;

	if (!aws)
		return CKR_DEVICE_MEMORY;
	*state = aws;
	if (!find_place(settings, aws) || !read_roots(settings->kms_roots, &aws->roots))
		return rv;
	aws->timeout_ms = settings->kms_timeout_ms;
	rv = credentials_open(settings, &aws->credentials);
	base->description.region = aws->region;
	if (rv == CKR_OK)
		log_notice("AWS KMS: %s by way of %s, credentials from %s", aws->host, aws->address,
			   settings->kms_credentials);
	return rv;
}

static bool aws_key_is_valid(const void *state, struct span name)
{
	const struct aws *aws = state;
	struct arn arn;

	return arn_parse(name, &arn) && strcmp(arn.region, aws->region) == 0;
}

/* ---- one call ---- */

struct exchange {
	const struct aws *aws;
	const char *operation;
	struct span key;
	struct buffer body;
	EVP_PKEY *recipient;
	int64_t deadline;
};

static CK_RV refuse(const struct exchange *x, const char *what, const char *why, CK_RV rv)
{
	log_error("AWS KMS, %s with %.*s: %s: %s", x->operation, (int)x->key.size, (const char *)x->key.data, what, why);
	return rv;
}

/* A key that lives as long as the call, and the evidence that names it (security rule 1). */
static CK_RV make_recipient(struct exchange *x, struct platform *platform, struct buffer *document)
{
	unsigned char *info = NULL;
	int size = 0;
	CK_RV rv = CKR_DEVICE_ERROR;

	x->recipient = EVP_PKEY_Q_keygen(hkdf_library(), NULL, "RSA", (size_t)RECIPIENT_BITS);
	if (x->recipient)
		size = i2d_PUBKEY(x->recipient, &info);
	if (size > 0)
		rv = platform_recipient(platform, (struct span){info, (size_t)size}, document);
	else
		log_error("libcrypto: cannot make an RSA key");
	OPENSSL_free(info);
	return rv;
}

static json_t *json_span(struct span text)
{
	return json_stringn((const char *)text.data, text.size);
}

static json_t *json_base64(struct span bytes)
{
	struct buffer text = {0};
	json_t *value = base64_write(bytes, &text) ? json_span(buffer_span(&text)) : NULL;

	buffer_free(&text);
	return value;
}

/* Members that are NULL make jansson fail, which the caller sees. */
static bool write_body(struct exchange *x, json_t *request, const struct kms_context *context, size_t count,
		       struct span document)
{
	json_t *names = json_object();
	json_t *recipient = json_pack("{s:s, s:o}", "KeyEncryptionAlgorithm", "RSAES_OAEP_SHA_256", "AttestationDocument",
				      json_base64(document));
	char *text = NULL;
	bool done = json_object_set_new(request, "KeyId", json_span(x->key)) == 0;

	for (size_t i = 0; i < count; i++)
		done = json_object_set_new(names, context[i].name, json_span(context[i].value)) == 0 && done;
	if (count)
		done = json_object_set(request, "EncryptionContext", names) == 0 && done;
	done = json_object_set(request, "Recipient", recipient) == 0 && done;
	text = done ? json_dumps(request, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	done = text && buffer_set(&x->body, text, strlen(text));
	free(text);
	json_decref(names);
	json_decref(recipient);
	return done;
}

/* REQUEST has all but the headers. */
static enum http_result send_signed(const struct exchange *x, const struct credentials *credentials,
				    struct http_request *request, unsigned *status, struct buffer *body, char *why,
				    size_t why_size)
{
	char host[320], target[64], token[CREDENTIALS_TOKEN_MAX + 32], target_header[96];
	char date[SIGV4_DATE_MAX], date_header[64], authorization[SIGV4_AUTHORIZATION_MAX];
	char authorization_header[SIGV4_AUTHORIZATION_MAX + 32];
	const struct sigv4_request signing = {
		.region = x->aws->region,
		.service = "kms",
		.host = host,
		.type = "application/x-amz-json-1.1",
		.target = target,
		.token = credentials->token,
		.body = request->body,
		.access_key = credentials->access_key,
		.secret = credentials->secret,
		.now = time(NULL),
	};
	enum http_result result = HTTP_BROKEN;

	http_host(request, host, sizeof(host));
	snprintf(target, sizeof(target), "TrentService.%s", x->operation);
	if (!sigv4_sign(&signing, date, authorization)) {
		snprintf(why, why_size, "libcrypto: cannot sign");
		return result;
	}
	snprintf(target_header, sizeof(target_header), "X-Amz-Target: %s", target);
	snprintf(date_header, sizeof(date_header), "X-Amz-Date: %s", date);
	snprintf(authorization_header, sizeof(authorization_header), "Authorization: %s", authorization);
	snprintf(token, sizeof(token), "X-Amz-Security-Token: %s", credentials->token);
	request->headers[0] = "Content-Type: application/x-amz-json-1.1";
	request->headers[1] = target_header;
	request->headers[2] = date_header;
	request->headers[3] = authorization_header;
	request->headers[4] = credentials->token[0] ? token : NULL;
	result = http_call(request, status, body, why, why_size);
	memory_wipe(token, sizeof(token));
	return result;
}

static enum http_result post(const struct exchange *x, const struct credentials *credentials, unsigned *status,
			     struct buffer *body, char *why, size_t why_size)
{
	struct http_request request = {
		.host = x->aws->host,
		.port = x->aws->port,
		.method = "POST",
		.path = "/",
		.body = buffer_span(&x->body),
		.roots = buffer_span(&x->aws->roots),
		.target = DIALER_KMS,
		.address = x->aws->address,
		.deadline = x->deadline,
		.max = AWS_ANSWER_MAX,
	};

	return send_signed(x, credentials, &request, status, body, why, why_size);
}

/* Full jitter: many enclaves that start together do not come back together. */
static void back_off(const struct exchange *x, unsigned attempt)
{
	unsigned most = BACKOFF_MS << (attempt < 5 ? attempt : 5);
	int left = result_time_left(x->deadline);
	uint32_t random = 0;
	struct timespec pause = {0};

	(void)memory_random(&random, sizeof(random));
	most = random % (most < BACKOFF_MAX_MS ? most : BACKOFF_MAX_MS) + 1;
	if (left >= 0 && most > (unsigned)left)
		most = (unsigned)left;
	pause.tv_sec = most / 1000;
	pause.tv_nsec = (long)(most % 1000) * 1000000;
	(void)nanosleep(&pause, NULL);
}

/* What a failure that the service explains comes to; *AGAIN: worth another attempt, *RENEW: with other credentials. */
static CK_RV explain(const struct exchange *x, unsigned status, struct span body, bool *again, bool *renew)
{
	char name[AWS_FAULT_NAME_MAX], message[AWS_FAULT_MESSAGE_MAX], what[AWS_FAULT_NAME_MAX + 32];

	switch (aws_answer_fault(status, body, name, message)) {
	case AWS_FAULT_BUSY:
		*again = true;
		break;
	case AWS_FAULT_EXPIRED:
		*again = !*renew;
		*renew = true;
		break;
	case AWS_FAULT_DENIED:
		log_error("AWS KMS refuses %s with %.*s: %s: %s; the key's policy has to allow it for the role of these "
			  "credentials and for what this enclave measured (docs/kms.md)",
			  x->operation, (int)x->key.size, (const char *)x->key.data, name, message);
		return CKR_FUNCTION_REJECTED;
	case AWS_FAULT_CIPHERTEXT:
		return refuse(x, name, "not a ciphertext of this key for this store, token, label and version",
			      CKR_DATA_INVALID);
	default:
		break;
	}
	if (*again && result_time_left(x->deadline) > 0) {
		log_info("AWS KMS, %s: status %u, %s: again", x->operation, status, name);
		return CKR_DEVICE_ERROR;
	}
	snprintf(what, sizeof(what), "status %u, %s", status, name[0] ? name : "no reason given");
	*again = false;
	return refuse(x, what, message, CKR_DEVICE_ERROR);
}

/* Asks until there is an answer of status 200, into BODY. */
static CK_RV converse(struct exchange *x, struct buffer *body)
{
	struct credentials *credentials = memory_secret_new(sizeof(*credentials));
	bool renew = false, again = credentials != NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	for (unsigned attempt = 0; again && attempt < ATTEMPTS; attempt++) {
		char why[300] = "";
		unsigned status = 0;
		enum http_result result = HTTP_BROKEN;

		again = false;
		if (attempt)
			back_off(x, attempt - 1);
		rv = credentials_get(x->aws->credentials, renew, x->deadline, credentials);
		if (rv != CKR_OK)
			break;
		result = post(x, credentials, &status, body, why, sizeof(why));
		if (result == HTTP_ANSWERED && status == 200)
			break;
		if (result == HTTP_ANSWERED) {
			rv = explain(x, status, buffer_span(body), &again, &renew);
			continue;
		}
		again = result == HTTP_UNREACHABLE && attempt + 1 < ATTEMPTS && result_time_left(x->deadline) > 0;
		rv = CKR_DEVICE_ERROR;
		if (!again)
			(void)refuse(x, result == HTTP_UNTRUSTED ? "who answers is not the service" : "no answer", why, rv);
	}
	if (rv == CKR_DEVICE_ERROR && again)
		(void)refuse(x, "no answer", "the last of several attempts was in vain too", rv);
	memory_secret_free(credentials);
	return rv;
}

/*
 * OPERATION with REQUEST (taken), KEY and CONTEXT; ANSWER is the caller's, PLAIN (.secret) what the service encrypted to
 * the recipient.
 */
static CK_RV call(struct exchange *x, struct platform *platform, json_t *request, const struct kms_context *context,
		  size_t count, struct aws_answer *answer, struct buffer *plain)
{
	struct buffer document = {0}, body = {0};
	const char *why = NULL;
	CK_RV rv = make_recipient(x, platform, &document);

	x->deadline = result_deadline(x->aws->timeout_ms);
	if (rv == CKR_OK && !write_body(x, request, context, count, buffer_span(&document)))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = converse(x, &body);
	if (rv == CKR_OK && !aws_answer_read(buffer_span(&body), answer, &why))
		rv = refuse(x, "the answer is not the service's", why, CKR_DEVICE_ERROR);
	if (rv == CKR_OK && !span_equal(buffer_span(&answer->key_id), x->key))
		rv = refuse(x, "the answer is not the service's", "it is about another key", CKR_DEVICE_ERROR);
	if (rv == CKR_OK && !cms_open(buffer_span(&answer->for_recipient), x->recipient, plain, &why))
		rv = refuse(x, "what it encrypted to us is not usable", why, CKR_DEVICE_ERROR);
	EVP_PKEY_free(x->recipient);
	buffer_free(&x->body);
	buffer_free(&document);
	buffer_free(&body);
	json_decref(request);
	return rv;
}

/* ---- the operations ---- */

static CK_RV aws_generate(void *state, struct platform *platform, struct span key, const struct kms_context *context,
			  size_t count, struct buffer *ciphertext, uint8_t plain[KMS_ROOT_KEY_SIZE])
{
	struct exchange x = {.aws = state, .operation = "GenerateDataKey", .key = key};
	struct aws_answer answer = {.for_recipient = {0}};
	struct buffer opened = {.secret = true};
	CK_RV rv = call(&x, platform, json_pack("{s:s}", "KeySpec", "AES_256"), context, count, &answer, &opened);

	if (rv == CKR_OK && (opened.size != KMS_ROOT_KEY_SIZE || !answer.ciphertext.size ||
			     answer.ciphertext.size > KMS_CIPHERTEXT_MAX))
		rv = refuse(&x, "the answer is not the service's", "sizes", CKR_DEVICE_ERROR);
	if (rv == CKR_OK && !buffer_set(ciphertext, answer.ciphertext.data, answer.ciphertext.size))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		memcpy(plain, opened.data, KMS_ROOT_KEY_SIZE);
	buffer_free(&opened);
	aws_answer_free(&answer);
	return rv;
}

static CK_RV aws_decrypt(void *state, struct platform *platform, struct span key, const struct kms_context *context,
			 size_t count, struct span ciphertext, struct buffer *plain)
{
	struct exchange x = {.aws = state, .operation = "Decrypt", .key = key};
	struct aws_answer answer = {.for_recipient = {0}};
	json_t *request = json_pack("{s:o, s:s}", "CiphertextBlob", json_base64(ciphertext), "EncryptionAlgorithm",
				    "SYMMETRIC_DEFAULT");
	CK_RV rv = call(&x, platform, request, context, count, &answer, plain);

	if (rv == CKR_OK && plain->size > KMS_PLAIN_MAX)
		rv = refuse(&x, "the answer is not the service's", "its plaintext is too long", CKR_DEVICE_ERROR);
	if (rv != CKR_OK)
		buffer_reset(plain);
	aws_answer_free(&answer);
	return rv;
}

const struct kms_ops aws_ops = {
	.setting = "aws",
	.name = PLATFORM_AWS_KMS,
	.places = aws_places,
	.open = aws_open,
	.free = aws_free,
	.key_is_valid = aws_key_is_valid,
	.generate = aws_generate,
	.decrypt = aws_decrypt,
};

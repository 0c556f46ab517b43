/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where credentials come from, and how long they are kept: until five minutes before their end, or until the service
 * says that they are over.
 */
#include "config.h"

#include "kms/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "kms/http.h"

#define FILE_NAME "kms-credentials.json"
#define DOCUMENT_MAX ((size_t)32 * 1024)
#define RENEW_BEFORE_S 300
#define IMDS_ADDRESS "tcp:169.254.169.254:80"
#define IMDS_HOST "169.254.169.254"
#define IMDS_ROLES "/latest/meta-data/iam/security-credentials/"
#define HOST_ADDRESS "vsock:3:8002"

enum kind { KIND_IMDS, KIND_ENVIRONMENT, KIND_FILE, KIND_HOST, KINDS };
static const char *const kinds[KINDS] = {"imds", "environment", "file", "host"};

struct credentials_source {
	enum kind kind;
	char from[DIALER_ADDRESS_MAX]; /* address, or path */
	pthread_mutex_t lock;
	struct credentials known; /* access_key "": none */
};

/* ---- settings ---- */

static bool find_kind(const struct settings *settings, enum kind *kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(settings->kms_credentials, kinds[i]) == 0) {
			*kind = (enum kind)i;
			return true;
		}
	log_error("kms-credentials: imds, environment, file or host");
	return false;
}

/* What kms-credentials-from says, or means when it says nothing. */
static bool find_place(const struct settings *settings, enum kind kind, char place[DIALER_ADDRESS_MAX])
{
	const char *from = settings->kms_credentials_from;
	int size = 0;

	if (from[0] || kind == KIND_ENVIRONMENT)
		size = snprintf(place, DIALER_ADDRESS_MAX, "%s", from);
	else if (kind == KIND_FILE)
		size = snprintf(place, DIALER_ADDRESS_MAX, "%s/" FILE_NAME, settings->state_dir);
	else
		size = snprintf(place, DIALER_ADDRESS_MAX, "%s", kind == KIND_IMDS ? IMDS_ADDRESS : HOST_ADDRESS);
	if (size < DIALER_ADDRESS_MAX && (kind == KIND_ENVIRONMENT || (kind == KIND_FILE ? place[0] == '/' : dialer_address_valid(place))))
		return true;
	log_error("kms-credentials-from = %s: %s is expected", from,
		  kind == KIND_FILE ? "a path from the root" : "tcp:HOST:PORT, unix:/PATH or vsock:CID:PORT");
	return false;
}

bool credentials_place(const struct settings *settings, char address[DIALER_ADDRESS_MAX], char folder[PATH_MAX])
{
	enum kind kind = KIND_IMDS;
	char place[DIALER_ADDRESS_MAX] = "";
	char *slash = NULL;

	address[0] = '\0';
	folder[0] = '\0';
	if (!find_kind(settings, &kind) || !find_place(settings, kind, place))
		return false;
	if (kind != KIND_FILE && kind != KIND_ENVIRONMENT) {
		memcpy(address, place, strlen(place) + 1);
	} else if (kind == KIND_FILE) {
		/* Its folder, for it is replaced as a whole. */
		slash = strrchr(place, '/');
		*(slash == place ? slash + 1 : slash) = '\0';
		snprintf(folder, PATH_MAX, "%.*s", PATH_MAX - 1, place);
	}
	return true;
}

CK_RV credentials_open(const struct settings *settings, struct credentials_source **source)
{
	struct credentials_source *s = memory_secret_new(sizeof(*s));

	*source = NULL;
	if (!s)
		return CKR_DEVICE_MEMORY;
	if (!find_kind(settings, &s->kind) || !find_place(settings, s->kind, s->from)) {
		memory_secret_free(s);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	(void)pthread_mutex_init(&s->lock, NULL);
	*source = s;
	return CKR_OK;
}

void credentials_free(struct credentials_source **source)
{
	if (!source || !*source)
		return;
	(void)pthread_mutex_destroy(&(*source)->lock);
	memory_secret_free(*source);
	*source = NULL;
}

/* ---- the document ---- */

/* They become parts of a header: no blanks, nothing that would end a line. */
static bool take(const json_t *value, char *to, size_t size)
{
	const char *text = json_string_value(value);
	size_t length = json_string_length(value);

	if (!text || !length || length >= size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	memcpy(to, text, length + 1);
	return true;
}

static bool read_time(const json_t *value, int64_t *seconds)
{
	struct tm tm = {0};
	const char *text = json_string_value(value);
	const char *end = NULL;

	*seconds = 0;
	if (!value || json_is_null(value))
		return true;
	end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (end && *end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (!end || (strcmp(end, "Z") != 0 && strcmp(end, "+00:00") != 0))
		return false;
	*seconds = (int64_t)timegm(&tm);
	return true;
}

bool credentials_read(struct span json, struct credentials *out)
{
	json_t *root = json.size && json.size <= DOCUMENT_MAX
			       ? json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, NULL)
			       : NULL;
	const json_t *token = json_object_get(root, "Token");
	bool good = false;

	memset(out, 0, sizeof(*out));
	if (!token)
		token = json_object_get(root, "SessionToken");
	good = json_is_object(root) && take(json_object_get(root, "AccessKeyId"), out->access_key, CREDENTIALS_KEY_MAX) &&
	       take(json_object_get(root, "SecretAccessKey"), out->secret, CREDENTIALS_KEY_MAX) &&
	       (!token || json_is_null(token) || take(token, out->token, CREDENTIALS_TOKEN_MAX)) &&
	       read_time(json_object_get(root, "Expiration"), &out->expires);
	json_decref(root);
	if (!good)
		memory_wipe(out, sizeof(*out));
	return good;
}

/* ---- the sources ---- */

static CK_RV refuse(const char *from, const char *why)
{
	log_error("credentials for the KMS, from %s: %s", from, why);
	return CKR_DEVICE_ERROR;
}

/* FD to its end, and closed. */
static bool read_all(int fd, int64_t deadline, struct buffer *document)
{
	uint8_t piece[4096];
	ssize_t got = 0;

	do {
		struct pollfd polled = {.fd = fd, .events = POLLIN};

		if (poll(&polled, 1, result_time_left(deadline)) <= 0) {
			got = -1;
			break;
		}
		got = read(fd, piece, sizeof(piece));
		if (got > 0 && (document->size + (size_t)got > DOCUMENT_MAX ||
				!buffer_append(document, piece, (size_t)got)))
			got = -1;
	} while (got > 0);
	memory_wipe(piece, sizeof(piece));
	close(fd);
	return got == 0;
}

static CK_RV from_stream(const struct credentials_source *s, int64_t deadline, struct credentials *out)
{
	struct buffer document = {.secret = true};
	int fd = -1;
	int left = result_time_left(deadline);
	CK_RV rv = CKR_OK;

	if (s->kind == KIND_FILE)
		fd = open(s->from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	else if (dialer_open(DIALER_CREDENTIALS, s->from, (unsigned)left, &fd) != TRANSPORT_OK)
		fd = -1;
	if (fd < 0)
		return refuse(s->from, strerror(errno));
	if (!read_all(fd, deadline, &document))
		rv = refuse(s->from, "not to be read in time, or too long");
	else if (!credentials_read(buffer_span(&document), out))
		rv = refuse(s->from, "not JSON with AccessKeyId, SecretAccessKey and Token");
	buffer_free(&document);
	return rv;
}

static bool copy(char *to, size_t size, const char *value)
{
	size_t length = value ? strlen(value) : 0;

	if (length >= size)
		return false;
	/* They become lines of a header. */
	for (size_t i = 0; i < length; i++)
		if (value[i] <= ' ' || value[i] > '~')
			return false;
	if (length)
		memcpy(to, value, length + 1);
	return true;
}

static CK_RV from_environment(struct credentials *out)
{
	memset(out, 0, sizeof(*out));
	if (copy(out->access_key, sizeof(out->access_key), secure_getenv("AWS_ACCESS_KEY_ID")) &&
	    copy(out->secret, sizeof(out->secret), secure_getenv("AWS_SECRET_ACCESS_KEY")) &&
	    copy(out->token, sizeof(out->token), secure_getenv("AWS_SESSION_TOKEN")) && out->access_key[0] &&
	    out->secret[0])
		return CKR_OK;
	return refuse("the environment", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
}

/* One request to the metadata service; its answer must be of one line or a document. */
static CK_RV ask_imds(const struct credentials_source *s, const char *method, const char *path, const char *header,
		      int64_t deadline, struct buffer *answer)
{
	const struct http_request request = {
		.host = IMDS_HOST,
		.port = 80,
		.method = method,
		.path = path,
		.headers = {header},
		.target = DIALER_CREDENTIALS,
		.address = s->from,
		.deadline = deadline,
		.max = DOCUMENT_MAX,
	};
	char why[300];
	unsigned status = 0;

	if (http_call(&request, &status, answer, why, sizeof(why)) != HTTP_ANSWERED)
		return refuse("IMDS", why);
	if (status == 200 && answer->size)
		return CKR_OK;
	snprintf(why, sizeof(why), "status %u%s", status, status == 404 ? ": the instance has no role" : "");
	return refuse("IMDS", why);
}

/* The first word of BYTES as text into TO. */
static bool first_word(const struct buffer *bytes, char *to, size_t size)
{
	size_t length = 0;

	while (length < bytes->size && bytes->data[length] > ' ' && bytes->data[length] < 0x7f)
		length++;
	if (!length || length >= size)
		return false;
	memcpy(to, bytes->data, length);
	to[length] = '\0';
	return true;
}

/* Instance Metadata Service version 2: a token, the role's name, the role's credentials. */
static CK_RV from_imds(const struct credentials_source *s, int64_t deadline, struct credentials *out)
{
	static const char roles[] = IMDS_ROLES;
	struct buffer answer = {.secret = true};
	char token[256] = "", header[320], role[128] = "", path[sizeof(roles) + sizeof(role)];
	CK_RV rv = ask_imds(s, "PUT", "/latest/api/token",
			    "X-aws-ec2-metadata-token-ttl-seconds: 300", deadline, &answer);

	if (rv == CKR_OK && !first_word(&answer, token, sizeof(token)))
		rv = refuse("IMDS", "no token");
	snprintf(header, sizeof(header), "X-aws-ec2-metadata-token: %s", token);
	if (rv == CKR_OK)
		rv = ask_imds(s, "GET", roles, header, deadline, &answer);
	if (rv == CKR_OK && (!first_word(&answer, role, sizeof(role)) || strpbrk(role, "/?#%")))
		rv = refuse("IMDS", "no role's name");
	snprintf(path, sizeof(path), "%s%s", roles, role);
	if (rv == CKR_OK)
		rv = ask_imds(s, "GET", path, header, deadline, &answer);
	if (rv == CKR_OK && !credentials_read(buffer_span(&answer), out))
		rv = refuse("IMDS", "not the role's credentials");
	buffer_free(&answer);
	memory_wipe(token, sizeof(token));
	memory_wipe(header, sizeof(header));
	return rv;
}

CK_RV credentials_get(struct credentials_source *source, bool renew, int64_t deadline, struct credentials *out)
{
	CK_RV rv = CKR_OK;
	bool good = false;

	pthread_mutex_lock(&source->lock);
	good = source->known.access_key[0] &&
	       (!source->known.expires || source->known.expires - RENEW_BEFORE_S > (int64_t)time(NULL));
	if (renew || !good) {
		switch (source->kind) {
		case KIND_ENVIRONMENT:
			rv = from_environment(&source->known);
			break;
		case KIND_IMDS:
			rv = from_imds(source, deadline, &source->known);
			break;
		default:
			rv = from_stream(source, deadline, &source->known);
		}
	}
	if (rv == CKR_OK)
		*out = source->known;
	else
		memory_wipe(&source->known, sizeof(source->known));
	pthread_mutex_unlock(&source->lock);
	return rv;
}

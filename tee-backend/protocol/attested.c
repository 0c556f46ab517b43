/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's end of the attested channel. TLS proves that the peer has the key of its certificate; that this key is an
 * enclave's is said by evidence over the key, our nonce and this connection's exporter, and by nothing else: the
 * certificate's issuer, name and dates say nothing.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "common/memory.h"
#include "protocol/attested.h"
#include "protocol/codec.h"
#include "transport/frame.h"
#include "transport/tls.h"
#include "verifier/verifier.h"

struct attested {
	OSSL_LIB_CTX *library; /* not the host's: its providers may be us */
	SSL_CTX *tls;
	struct policy policy;
	struct endorsements endorsements;
};

__attribute__((format(printf, 2, 3))) static void attested_say(char why[ATTESTED_WHY_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, ATTESTED_WHY_SIZE, format, args);
	va_end(args);
}

/* ---- files ---- */

/* The whole of PATH into CONTENT. False, and WHY. */
static bool attested_read_file(const char *path, size_t max, struct buffer *content, char why[ATTESTED_WHY_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	buffer_reset(content);
	if (fd >= 0 && buffer_reserve(content, max + 1)) {
		do {
			n = read(fd, content->data + content->size, max + 1 - content->size);
			content->size += n > 0 ? (size_t)n : 0;
		} while (n > 0 && content->size <= max);
		if (n > 0)
			errno = EFBIG;
	}
	if (n)
		attested_say(why, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return !n;
}

static bool attested_read_policy(struct attested *attested, const char *path, char why[ATTESTED_WHY_SIZE])
{
	struct buffer json = {0};
	char reason[256] = "";
	bool read = false;

	if (!*path) {
		attested_say(why, "channel-policy is not set: it names the file that says which enclave to trust "
				  "(keyclave policy from-evidence begins one)");
		return false;
	}
	if (attested_read_file(path, POLICY_SIZE_MAX, &json, why)) {
		read = policy_read(&attested->policy, buffer_span(&json), reason, sizeof(reason));
		if (!read)
			attested_say(why, "channel-policy: %s: %s", path, reason);
	}
	buffer_free(&json);
	return read;
}

/* ADD is endorsements_add or endorsements_add_roots. */
static bool attested_add(struct attested *attested, const char *path,
			 bool (*add)(struct endorsements *e, struct span file, const char **reason),
			 char why[ATTESTED_WHY_SIZE])
{
	struct buffer file = {0};
	const char *reason = NULL;
	bool added = attested_read_file(path, ENDORSEMENTS_FILE_MAX, &file, why);

	if (added && !add(&attested->endorsements, buffer_span(&file), &reason)) {
		attested_say(why, "%s: %s", path, reason);
		added = false;
	}
	buffer_free(&file);
	return added;
}

/* All files of a folder, those whose name begins with a dot excepted. */
static bool attested_add_folder(struct attested *attested, DIR *folder, const char *path, char why[ATTESTED_WHY_SIZE])
{
	const struct dirent *entry = NULL;
	bool added = true;

	while (added && (entry = readdir(folder))) {
		char file[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) >= (int)sizeof(file))
			continue;
		added = attested_add(attested, file, endorsements_add, why);
	}
	return added;
}

static bool attested_read_endorsements(struct attested *attested, const struct settings *settings,
				       char why[ATTESTED_WHY_SIZE])
{
	DIR *folder = *settings->channel_endorsements ? opendir(settings->channel_endorsements) : NULL;
	bool read = true;

	if (folder)
		read = attested_add_folder(attested, folder, settings->channel_endorsements, why);
	else if (*settings->channel_endorsements)
		read = attested_add(attested, settings->channel_endorsements, endorsements_add, why);
	if (folder)
		closedir(folder);
	if (read && *settings->channel_trust_root)
		read = attested_add(attested, settings->channel_trust_root, endorsements_add_roots, why);
	return read;
}

/* Whoever it is: evidence decides. That there is a certificate at all, TLS 1.3 sees to. */
static int attested_any_certificate(X509_STORE_CTX *context, void *arg)
{
	(void)context;
	(void)arg;
	return 1;
}

static bool attested_make_tls(struct attested *attested, const struct settings *settings, char why[ATTESTED_WHY_SIZE])
{
	SSL_CTX *tls = NULL;

	attested->library = OSSL_LIB_CTX_new();
	tls = attested->library ? tls_context(attested->library, false) : NULL;
	attested->tls = tls;
	if (!tls) {
		attested_say(why, "no memory for TLS");
		return false;
	}
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(tls, attested_any_certificate, NULL);
	if (!*settings->channel_certificate)
		return true;
	if (SSL_CTX_use_certificate_chain_file(tls, settings->channel_certificate) != 1) {
		attested_say(why, "channel-certificate: %s: no certificate in PEM", settings->channel_certificate);
		return false;
	}
	if (SSL_CTX_use_PrivateKey_file(tls, settings->channel_key, SSL_FILETYPE_PEM) != 1) {
		attested_say(why, "channel-key: %s: no key in PEM that fits channel-certificate",
			     *settings->channel_key ? settings->channel_key : "not set");
		return false;
	}
	return true;
}

static void attested_close(struct attested **attested)
{
	struct attested *freed = *attested;

	*attested = NULL;
	if (!freed)
		return;
	SSL_CTX_free(freed->tls);
	OSSL_LIB_CTX_free(freed->library);
	policy_free(&freed->policy);
	endorsements_free(&freed->endorsements);
	free(freed);
}

static struct attested *attested_open(const struct settings *settings, char why[ATTESTED_WHY_SIZE])
{
	struct attested *made = calloc(1, sizeof(*made));

	if (!made) {
		attested_say(why, "no memory");
		return NULL;
	}
	ERR_set_mark();
	if (!attested_read_policy(made, settings->channel_policy, why) ||
	    !attested_read_endorsements(made, settings, why) || !attested_make_tls(made, settings, why))
		attested_close(&made);
	ERR_pop_to_mark();
	return made;
}

/* ---- one connection ---- */

static enum attested_result attested_of(enum transport_result result)
{
	switch (result) {
	case TRANSPORT_OK:
		return ATTESTED_OK;
	case TRANSPORT_TIMEOUT:
		return ATTESTED_TIMEOUT;
	case TRANSPORT_NO_MEMORY:
		return ATTESTED_NO_MEMORY;
	case TRANSPORT_WANT_MORE:
	case TRANSPORT_CLOSED:
	case TRANSPORT_TOO_LARGE:
	case TRANSPORT_FAILED:
		break;
	}
	return ATTESTED_BROKEN;
}

/* The answer, borrowed from READER: evidence over NONCE. */
static enum attested_result attested_ask(struct channel *channel, const uint8_t nonce[PROTOCOL_CHANNEL_NONCE_SIZE],
					 int64_t deadline, struct frame_reader *reader, struct span *evidence,
					 char why[ATTESTED_WHY_SIZE])
{
	const struct request_row *row = request_find(REQUEST_CHANNEL);
	const struct channel_request request = {.nonce = {nonce, PROTOCOL_CHANNEL_NONCE_SIZE}};
	struct buffer out = {0};
	struct span frame = {0};
	union message answer;
	uint64_t echoed = 0;
	CK_RV rv = codec_write_request(&out, row, 1, &request);
	enum transport_result result = TRANSPORT_NO_MEMORY;

	if (rv == CKR_OK)
		result = frame_send(channel, buffer_span(&out), (struct span){0}, PROTOCOL_HELLO_MAX, deadline);
	if (result == TRANSPORT_OK)
		result = frame_receive(reader, channel, PROTOCOL_FRAME_MAX, deadline, &frame);
	buffer_free(&out);
	if (result != TRANSPORT_OK) {
		attested_say(why, "the daemon gives no evidence%s",
			     result == TRANSPORT_TIMEOUT ? " in time" :
							   ": the connection ended (does it want another certificate "
							   "of ours: channel-certificate?)");
		return attested_of(result);
	}
	if (!codec_read_response(frame, row, &echoed, &rv, &answer) || echoed != 1) {
		attested_say(why, "the daemon's answer is not understood");
		return ATTESTED_REFUSED;
	}
	if (rv != CKR_OK) {
		attested_say(why, "the daemon has no evidence: CKR 0x%lx", rv);
		return ATTESTED_REFUSED;
	}
	*evidence = answer.evidence_response.evidence;
	return ATTESTED_OK;
}

/* Evidence about KEY (SubjectPublicKeyInfo) at the end of this connection. */
static enum attested_result attested_judge(const struct attested *attested, struct channel *channel, struct span key,
					   int64_t deadline, char why[ATTESTED_WHY_SIZE])
{
	uint8_t nonce[PROTOCOL_CHANNEL_NONCE_SIZE];
	uint8_t exporter[TLS_EXPORTER_SIZE];
	struct policy policy = attested->policy;
	struct verifier_verdict *verdict = malloc(sizeof(*verdict));
	struct frame_reader reader;
	struct span evidence = {0};
	enum attested_result result = ATTESTED_NO_MEMORY;

	frame_reader_init(&reader);
	if (!verdict || !memory_random(nonce, sizeof(nonce)) || !tls_exporter(channel, exporter)) {
		attested_say(why, "no memory");
		goto out;
	}
	result = attested_ask(channel, nonce, deadline, &reader, &evidence, why);
	if (result != ATTESTED_OK)
		goto out;
	policy.purpose = CLAIMS_PURPOSE_CHANNEL;
	policy.nonce = (struct span){nonce, sizeof(nonce)};
	policy.exporter = (struct span){exporter, sizeof(exporter)};
	policy.public_key = key;
	verifier_check(evidence, &policy, &attested->endorsements, (int64_t)time(NULL), verdict);
	if (verdict->outcome != VERIFIER_GOOD) {
		const struct appraisal *a = &verdict->appraisal;
		const struct appraisal_check *check = a->check_count ? &a->check[a->check_count - 1] : NULL;

		attested_say(why, "its evidence is refused: %s: %s", check ? check->name : "form",
			     check ? check->detail : "not evidence");
		result = ATTESTED_REFUSED;
	}
out:
	frame_reader_free(&reader);
	free(verdict);
	return result;
}

static enum attested_result attested_check(const struct attested *attested, struct channel *channel, int64_t deadline,
					   struct attested_key *key, char why[ATTESTED_WHY_SIZE])
{
	X509 *certificate = SSL_get0_peer_certificate(tls_of(channel));
	EVP_PKEY *pkey = certificate ? X509_get0_pubkey(certificate) : NULL;
	uint8_t digest[ATTESTED_KEY_SIZE];
	unsigned char *info = NULL;
	int size = pkey ? i2d_PUBKEY(pkey, &info) : 0;
	enum attested_result result = ATTESTED_NO_MEMORY;

	if (size > 0 && EVP_Q_digest(attested->library, "SHA256", NULL, info, (size_t)size, digest, NULL)) {
		if (key->known && !memcmp(key->digest, digest, sizeof(digest)))
			result = ATTESTED_OK;
		else
			result = attested_judge(attested, channel, (struct span){info, (size_t)size}, deadline, why);
	} else {
		attested_say(why, "its certificate has no key that can be used");
		result = ATTESTED_REFUSED;
	}
	if (result == ATTESTED_OK) {
		key->known = true;
		memcpy(key->digest, digest, sizeof(digest));
	}
	OPENSSL_free(info);
	return result;
}

static enum attested_result attested_secure(struct attested *attested, struct channel *channel, int64_t deadline,
					    struct attested_key *key, char why[ATTESTED_WHY_SIZE])
{
	enum attested_result result = ATTESTED_NO_MEMORY;

	ERR_set_mark();
	if (!tls_wrap(attested->tls, false, channel)) {
		attested_say(why, "no memory");
	} else {
		result = attested_of(tls_handshake(channel, deadline));
		if (result != ATTESTED_OK) {
			const char *reason = ERR_reason_error_string(ERR_peek_last_error());

			attested_say(why, "no TLS: %s",
				     result == ATTESTED_TIMEOUT ? "no answer in time" :
				     reason			? reason :
								  "the connection ended");
		} else {
			result = attested_check(attested, channel, deadline, key, why);
		}
	}
	ERR_pop_to_mark();
	return result;
}

__attribute__((visibility("default"))) const struct attested_object keyclave_attested = {
	.version = PACKAGE_VERSION,
	.open = attested_open,
	.secure = attested_secure,
	.close = attested_close,
};

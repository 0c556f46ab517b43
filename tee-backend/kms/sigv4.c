/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amazon's "Create a signed AWS API request": canonical request, string to sign, a chain of HMACs.
 */
#include "config.h"

#include "kms/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "platform/hkdf.h"

#define DIGEST 32
#define HEX (2 * DIGEST + 1)
#define CANONICAL_MAX 12000 /* a token of 8 KiB and the rest */

static void to_hex(const uint8_t digest[DIGEST], char hex[HEX])
{
	for (size_t i = 0; i < DIGEST; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static bool hash(struct span bytes, char hex[HEX])
{
	EVP_MD *md = EVP_MD_fetch(hkdf_library(), "SHA256", NULL);
	uint8_t digest[DIGEST];
	bool done = md && EVP_Digest(bytes.data, bytes.size, digest, NULL, md, NULL) > 0;

	EVP_MD_free(md);
	if (done)
		to_hex(digest, hex);
	return done;
}

static bool hmac(struct span key, const char *text, uint8_t out[DIGEST])
{
	size_t size = 0;

	return EVP_Q_mac(hkdf_library(), "HMAC", NULL, "SHA256", NULL, key.data, key.size, (const unsigned char *)text,
			 strlen(text), out, DIGEST, &size) != NULL &&
	       size == DIGEST;
}

static bool make_key(const struct sigv4_request *r, const char *day, uint8_t key[DIGEST])
{
	char first[160];
	int size = snprintf(first, sizeof(first), "AWS4%s", r->secret);
	uint8_t a[DIGEST], b[DIGEST];
	bool done = size > 0 && (size_t)size < sizeof(first) && hmac(span_text(first), day, a) &&
		    hmac((struct span){a, DIGEST}, r->region, b) && hmac((struct span){b, DIGEST}, r->service, a) &&
		    hmac((struct span){a, DIGEST}, "aws4_request", key);

	memory_wipe(first, sizeof(first));
	memory_wipe(a, sizeof(a));
	memory_wipe(b, sizeof(b));
	return done;
}

/* The hash of the canonical request: headers by name, in lower case. */
static bool hash_request(const struct sigv4_request *r, const char *date, const char *signed_headers, char hex[HEX])
{
	char *text = memory_secret_new(CANONICAL_MAX);
	char body[HEX];
	int size = -1;
	bool done = false;

	if (text && hash(r->body, body))
		size = snprintf(text, CANONICAL_MAX, "POST\n/\n\ncontent-type:%s\nhost:%s\nx-amz-date:%s\n%s%s%sx-amz-target:%s\n\n%s\n%s",
				r->type, r->host, date, r->token[0] ? "x-amz-security-token:" : "", r->token,
				r->token[0] ? "\n" : "", r->target, signed_headers, body);
	done = size > 0 && size < CANONICAL_MAX && hash(span_text(text), hex);
	memory_secret_free(text);
	return done;
}

bool sigv4_sign(const struct sigv4_request *r, char date[SIGV4_DATE_MAX], char authorization[SIGV4_AUTHORIZATION_MAX])
{
	const char *names = r->token[0] ? "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
					: "content-type;host;x-amz-date;x-amz-target";
	char day[16], scope[128], text[320], hex[HEX];
	uint8_t key[DIGEST], signature[DIGEST];
	struct tm tm = {0};
	int size = 0;
	bool done = false;

	if (!gmtime_r(&r->now, &tm) || !strftime(date, SIGV4_DATE_MAX, "%Y%m%dT%H%M%SZ", &tm) ||
	    !strftime(day, sizeof(day), "%Y%m%d", &tm) || !hash_request(r, date, names, hex))
		return false;
	snprintf(scope, sizeof(scope), "%s/%s/%s/aws4_request", day, r->region, r->service);
	snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, hex);
	done = make_key(r, day, key) && hmac((struct span){key, DIGEST}, text, signature);
	if (done) {
		to_hex(signature, hex);
		size = snprintf(authorization, SIGV4_AUTHORIZATION_MAX,
				"AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", r->access_key, scope,
				names, hex);
	}
	memory_wipe(key, sizeof(key));
	return done && size > 0 && size < SIGV4_AUTHORIZATION_MAX;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An AWS Nitro enclave: evidence and entropy come from its security module, which has no key to seal with. What
 * outlives the enclave is for the KMS to protect; without one a token lasts as long as the daemon.
 */
#include "config.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "platform/hkdf.h"
#include "platform/nsm.h"
#include "platform/platform_ops.h"

#define DEVICE "/dev/nsm"
#define KMS_PCR 16 /* the first that an enclave may extend itself */
#define PCR_SIZE 48 /* SHA-384 */

struct nitro {
	struct platform base; /* first */
	struct nsm *nsm;
};

static struct nitro *nitro_of(struct platform *base)
{
	return (struct nitro *)base;
}

static void nitro_free(struct platform *base)
{
	struct nitro *n = nitro_of(base);

	nsm_free(&n->nsm);
	free(n);
}

/* In debug mode the measurements are zero, and the parent reads the enclave's console. */
static CK_RV check_debug(struct nitro *n)
{
	struct buffer value = {0};
	bool locked = false;
	bool zero = true;
	CK_RV rv = nsm_pcr(n->nsm, 0, &locked, &value);

	for (size_t i = 0; i < value.size; i++)
		zero = zero && !value.data[i];
	buffer_free(&value);
	if (rv == CKR_OK && zero)
		log_warning("platform nitro: this enclave runs in debug mode (PCR0 is zero): no verifier "
			    "should accept its evidence");
	return rv;
}

static CK_RV nitro_open(const struct settings *settings, struct platform **platform)
{
	struct nitro *n = calloc(1, sizeof(*n));
	struct nsm_description d;
	char path[PATH_MAX + sizeof(DEVICE)];
	CK_RV rv = CKR_OK;

	if (!n) {
		log_error("platform nitro: no memory");
		return CKR_DEVICE_MEMORY;
	}
	n->base.ops = &nitro_ops;
	n->base.description = nitro_ops.description;
	snprintf(path, sizeof(path), "%s" DEVICE, settings->platform_root);
	rv = nsm_open(path, &n->nsm);
	if (rv == CKR_OK)
		rv = nsm_describe(n->nsm, &d);
	if (rv == CKR_OK)
		rv = check_debug(n);
	if (rv != CKR_OK) {
		log_error("platform nitro: not usable");
		nitro_free(&n->base);
		return rv;
	}
	log_info("platform nitro: module %s, version %u.%u.%u, %s, %u PCRs, locked 0x%x", d.module_id,
		 d.version[0], d.version[1], d.version[2], d.digest, d.max_pcrs, d.locked);
	if (!platform_root_is_kms(settings))
		log_notice("platform nitro: an enclave has no sealing key: tokens last as long as this daemon, "
			   "unless a KMS protects their root (kms, kms-key)");
	*platform = &n->base;
	return CKR_OK;
}

/* docs/evidence.md: the digest is the user data, whose nonce is in the claims; public_key stays null. */
static CK_RV nitro_evidence(struct platform *base, const struct platform_digest *digest,
			    struct platform_evidence *evidence)
{
	return nsm_attest(nitro_of(base)->nsm, (struct span){digest->sha512, PLATFORM_DIGEST_SIZE},
			  (struct span){0}, &evidence->report);
}

/* Image, kernel with boot ramdisk, application. */
static CK_RV nitro_measurement(struct platform *base, struct buffer *out)
{
	struct buffer value = {0};
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; rv == CKR_OK && i < 3; i++) {
		bool locked = false;

		rv = nsm_pcr(nitro_of(base)->nsm, i, &locked, &value);
		if (rv == CKR_OK && !buffer_append(out, value.data, value.size))
			rv = CKR_DEVICE_MEMORY;
	}
	buffer_free(&value);
	return rv;
}

static CK_RV nitro_random(struct platform *base, uint8_t *out, size_t size, size_t *got)
{
	struct buffer random = {.secret = true};
	CK_RV rv = nsm_random(nitro_of(base)->nsm, &random);

	*got = 0;
	if (rv == CKR_OK) {
		*got = random.size < size ? random.size : size;
		memcpy(out, random.data, *got);
	}
	buffer_free(&random);
	return rv;
}

/* ---- for kms/ ---- */

/* SHA-384 of 48 zero bytes and TEXT: what PCR16 is after one extension. */
static CK_RV expected_pcr(struct span text, uint8_t value[PCR_SIZE])
{
	static const uint8_t zero[PCR_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_MD *md = EVP_MD_fetch(hkdf_library(), "SHA384", NULL);
	bool done = context && md && EVP_DigestInit_ex(context, md, NULL) > 0 &&
		    EVP_DigestUpdate(context, zero, sizeof(zero)) > 0 &&
		    EVP_DigestUpdate(context, text.data, text.size) > 0 && EVP_DigestFinal_ex(context, value, NULL) > 0;

	EVP_MD_CTX_free(context);
	EVP_MD_free(md);
	if (!done)
		log_error("libcrypto: cannot digest");
	return done ? CKR_OK : CKR_DEVICE_ERROR;
}

static bool is_value(const struct buffer *value, const uint8_t expected[PCR_SIZE])
{
	return span_equal(buffer_span(value), (struct span){expected, PCR_SIZE});
}

/* Security rule 6. A worker that starts again finds the PCR as its predecessor left it, perhaps killed before the lock. */
static CK_RV nitro_bind(struct platform *base, struct span text)
{
	struct nitro *n = nitro_of(base);
	struct buffer value = {0};
	uint8_t expected[PCR_SIZE] = {0};
	bool locked = false;
	CK_RV rv = expected_pcr(text, expected);

	if (rv == CKR_OK)
		rv = nsm_pcr(n->nsm, KMS_PCR, &locked, &value);
	if (rv == CKR_OK && !locked && !is_value(&value, expected))
		rv = nsm_extend(n->nsm, KMS_PCR, text, &value);
	if (rv == CKR_OK && !locked)
		rv = nsm_lock(n->nsm, KMS_PCR);
	if (rv == CKR_OK && !is_value(&value, expected)) {
		log_error("platform nitro: PCR%d has been extended by something else than this KMS configuration since "
			  "the enclave started: refused; start the enclave anew",
			  KMS_PCR);
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	}
	buffer_free(&value);
	return rv;
}

static CK_RV nitro_recipient(struct platform *base, struct span public_key, struct buffer *document)
{
	return nsm_attest_recipient(nitro_of(base)->nsm, public_key, document);
}

static const char *const nitro_marks[] = {DEVICE, "/sys/class/misc/nsm", NULL};

const struct platform_ops nitro_ops = {
    .description =
	{
	    .name = "nitro",
	    .protector = PLATFORM_NO_KEY,
	    .rollback = "none",
	    .media_type = "application/vnd.keyclave.nitro-document+cbor",
	    .tee = true,
	},
    .marks = nitro_marks,
    .open = nitro_open,
    .evidence = nitro_evidence,
    .measurement = nitro_measurement,
    .random = nitro_random,
    .bind = nitro_bind,
    .recipient = nitro_recipient,
    .free = nitro_free,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Nitro security module, /dev/nsm (linux/nsm.h): what an enclave may ask of its hypervisor. Inside the enclave;
 * called by nitro.c, and by kms/ for the one document that names a key.
 */
#ifndef KEYCLAVE_PLATFORM_NSM_H
#define KEYCLAVE_PLATFORM_NSM_H

#include "platform/nsm_message.h"

struct nsm; /* opaque; thread-safe: the driver takes one request after the other */

struct nsm_description {
	unsigned version[3];
	unsigned max_pcrs;
	uint32_t locked;     /* bit n: PCR n can no longer be extended */
	char module_id[257]; /* "i-0123456789abcdef0-enc0123456789abcdef" */
	char digest[17];     /* "SHA384" */
};

/* CKR_TOKEN_NOT_PRESENT: there is no such device; CKR_DEVICE_ERROR, CKR_DEVICE_MEMORY. Logged. */
CK_RV nsm_open(const char *path, struct nsm **nsm);
void nsm_free(struct nsm **nsm);

/* All below: the errors of nsm_message_write and nsm_message_read, and CKR_DEVICE_ERROR of the driver, logged. */
CK_RV nsm_describe(struct nsm *nsm, struct nsm_description *description);

/* VALUE: 32, 48 or 64 bytes, as the module's digest has. */
CK_RV nsm_pcr(struct nsm *nsm, unsigned index, bool *locked, struct buffer *value);
/* VALUE: what the PCR holds now. PCR 0 to 15 are locked from the start. */
CK_RV nsm_extend(struct nsm *nsm, unsigned index, struct span data, struct buffer *value);
CK_RV nsm_lock(struct nsm *nsm, unsigned index);
/* Locks all PCRs below END. */
CK_RV nsm_lock_below(struct nsm *nsm, unsigned end);

/*
 * The attestation document over USER_DATA and NONCE, each at most NSM_MESSAGE_DATA_MAX; empty: null. It never
 * names a public key: who can have one named can have KMS encrypt to it (security rule 1).
 */
CK_RV nsm_attest(struct nsm *nsm, struct span user_data, struct span nonce,
		 struct buffer *document);

/*
 * For kms/ alone: PUBLIC_KEY (DER SubjectPublicKeyInfo, RSA) is its own, made for one request, and the document
 * goes nowhere but into that request (security rule 1).
 */
CK_RV nsm_attest_recipient(struct nsm *nsm, struct span public_key, struct buffer *document);

/* Random bytes, as many as the module gives at a time (256), into OUT, which is best a secret buffer. */
CK_RV nsm_random(struct nsm *nsm, struct buffer *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests and answers of Nitro's security module: one CBOR item each, as the AWS library writes them. What
 * comes back crossed the hypervisor, and the driver cuts what does not fit without a word: nothing is believed
 * before it is whole. Used by nsm.c inside the enclave, and by the tests' module.
 */
#ifndef KEYCLAVE_PLATFORM_NSM_MESSAGE_H
#define KEYCLAVE_PLATFORM_NSM_MESSAGE_H

#include "common/buffer.h"
#include "common/status.h"

/* Of the driver, linux/nsm.h. */
#define NSM_MESSAGE_REQUEST_MAX 0x1000
#define NSM_MESSAGE_RESPONSE_MAX 0x3000

#define NSM_MESSAGE_PCRS 32
#define NSM_MESSAGE_PCR_MAX 64
/* AWS's document limits user data and nonce to 512 bytes in one place and 1024 in another. */
#define NSM_MESSAGE_DATA_MAX 512
#define NSM_MESSAGE_KEY_MAX 1024

enum nsm_message_command {
	NSM_MESSAGE_DESCRIBE,
	NSM_MESSAGE_DESCRIBE_PCR,
	NSM_MESSAGE_EXTEND_PCR,
	NSM_MESSAGE_LOCK_PCR,
	NSM_MESSAGE_LOCK_PCRS,
	NSM_MESSAGE_ATTESTATION,
	NSM_MESSAGE_RANDOM,
};

/* Each command takes its own of these. */
struct nsm_message_request {
	enum nsm_message_command command;
	unsigned index;		/* DESCRIBE_PCR, EXTEND_PCR, LOCK_PCR; LOCK_PCRS: locks all below it */
	struct span data;	/* EXTEND_PCR */
	struct span user_data;	/* ATTESTATION; empty: null */
	struct span nonce;	/* ATTESTATION; empty: null */
	struct span public_key; /* ATTESTATION; empty: null */
};

struct nsm_message_answer {
	/* DESCRIBE */
	unsigned version[3];
	unsigned max_pcrs;
	uint32_t locked; /* bit n: PCR n */
	struct span module_id;
	struct span digest; /* "SHA384" */
	/* DESCRIBE_PCR */
	bool lock;
	/* Borrowed from the answer: a PCR's value, the document, the random bytes. */
	struct span data;
};

/* Replaces OUT. CKR_ARGUMENTS_BAD: an index or a length that the module would refuse; CKR_DEVICE_MEMORY. */
CK_RV nsm_message_write(const struct nsm_message_request *request, struct buffer *out);

/*
 * Takes ANSWER apart as one to COMMAND. CKR_DEVICE_ERROR, logged: not whole, or no answer to it, or the module's
 * own error; CKR_ARGUMENTS_BAD: it calls an index or argument wrong; CKR_ACTION_PROHIBITED: the PCR is locked.
 */
CK_RV nsm_message_read(enum nsm_message_command command, struct span answer,
		       struct nsm_message_answer *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AWS KMS answers to Decrypt and GenerateDataKey with a Recipient, as JSON 1.1. Inside the enclave; the bytes are the
 * network's.
 */
#ifndef KEYCLAVE_KMS_AWS_ANSWER_H
#define KEYCLAVE_KMS_AWS_ANSWER_H

#include "common/buffer.h"
#include "common/status.h"

#define AWS_ANSWER_MAX ((size_t)128 * 1024)

struct aws_answer {
	struct buffer key_id;        /* the key's ARN */
	struct buffer ciphertext;    /* CiphertextBlob; empty: none */
	struct buffer for_recipient; /* CiphertextForRecipient: CMS */
};
void aws_answer_free(struct aws_answer *answer);

/*
 * The answer to a request that succeeded. False, and WHY (static text): not JSON, without what it has to have, or with a
 * plaintext, which nobody but the enclave was to see.
 */
bool aws_answer_read(struct span body, struct aws_answer *answer, const char **why);

enum aws_fault {
	AWS_FAULT_OTHER,     /* asking again makes no difference */
	AWS_FAULT_BUSY,      /* throttled, or its own: later */
	AWS_FAULT_EXPIRED,   /* other credentials are needed */
	AWS_FAULT_DENIED,    /* by policies: KMS, IAM, or the evidence does not meet a condition */
	AWS_FAULT_CIPHERTEXT /* not under this key with this encryption context */
};

#define AWS_FAULT_NAME_MAX 64
#define AWS_FAULT_MESSAGE_MAX 400

/* What a failure of HTTP status STATUS means. NAME and MESSAGE for the log: printable, empty when the body says nothing. */
enum aws_fault aws_answer_fault(unsigned status, struct span body, char name[AWS_FAULT_NAME_MAX],
				char message[AWS_FAULT_MESSAGE_MAX]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes from the network in the place of a KMS: its answers in JSON, failures, HTTP, credentials, CMS. The first byte says
 * which; whatever it is, it is taken apart within its bytes.
 */
#include "config.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "kms/aws_answer.h"
#include "kms/cms.h"
#include "kms/credentials.h"
#include "kms/http_answer.h"
#include "platform/hkdf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_answer(struct span input)
{
	struct aws_answer answer;
	const char *why = NULL;

	if (aws_answer_read(input, &answer, &why) && (!answer.for_recipient.size || why))
		abort();
	aws_answer_free(&answer);
}

static void try_fault(struct span input)
{
	char name[AWS_FAULT_NAME_MAX], message[AWS_FAULT_MESSAGE_MAX];

	(void)aws_answer_fault(400, input, name, message);
	if (strlen(name) >= sizeof(name) || strlen(message) >= sizeof(message))
		abort();
}

static void try_http(struct span input)
{
	struct buffer body = {0};
	unsigned status = 0;

	if (http_answer_read(input, true, 64, &status, &body) == HTTP_ANSWER_WHOLE && (body.size > 64 || status < 100))
		abort();
	(void)http_answer_read(input, false, 64, &status, &body);
	buffer_free(&body);
}

static void try_cms(struct span input)
{
	static EVP_PKEY *key;
	struct buffer plain = {.secret = true};
	const char *why = NULL;

	if (!key)
		key = EVP_PKEY_Q_keygen(hkdf_library(), NULL, "RSA", (size_t)2048);
	(void)cms_open(input, key, &plain, &why);
	buffer_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct span) = {try_answer, try_fault, try_http, NULL, try_cms};
	struct credentials credentials;
	struct span input;

	if (!size)
		return 0;
	input = (struct span){data + 1, size - 1};
	if (tries[data[0] % 5])
		tries[data[0] % 5](input);
	else
		(void)credentials_read(input, &credentials);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS KMS API reference: Decrypt, GenerateDataKey, Common errors. Members that are not known here are passed over, for the
 * service adds some from time to time; those that matter are of one form each.
 */
#include "config.h"

#include "kms/aws_answer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "kms/base64.h"

void aws_answer_free(struct aws_answer *answer)
{
	buffer_free(&answer->key_id);
	buffer_free(&answer->ciphertext);
	buffer_free(&answer->for_recipient);
}

static json_t *parse(struct span body)
{
	json_t *root = NULL;

	if (!body.size || body.size > AWS_ANSWER_MAX)
		return NULL;
	root = json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	return root;
}

static struct span text_of(const json_t *value)
{
	return (struct span){(const uint8_t *)json_string_value(value), json_string_length(value)};
}

static bool read_bytes(const json_t *root, const char *name, struct buffer *out)
{
	const json_t *value = json_object_get(root, name);

	return json_is_string(value) && base64_read(text_of(value), out) && out->size;
}

static const char *read_members(const json_t *root, struct aws_answer *a)
{
	const json_t *plain = json_object_get(root, "Plaintext");
	const json_t *key_id = json_object_get(root, "KeyId");

	if (plain && !json_is_null(plain) && !(json_is_string(plain) && !json_string_length(plain)))
		return "it has a plaintext, which is not for the network";
	if (!json_is_string(key_id))
		return "it names no key";
	if (!buffer_set(&a->key_id, json_string_value(key_id), json_string_length(key_id)))
		return "no memory";
	if (json_object_get(root, "CiphertextBlob") && !read_bytes(root, "CiphertextBlob", &a->ciphertext))
		return "its CiphertextBlob";
	if (!json_object_get(root, "CiphertextForRecipient"))
		return "it has no CiphertextForRecipient";
	return read_bytes(root, "CiphertextForRecipient", &a->for_recipient) ? NULL : "its CiphertextForRecipient";
}

bool aws_answer_read(struct span body, struct aws_answer *answer, const char **why)
{
	json_t *root = parse(body);

	*answer = (struct aws_answer){.for_recipient = {0}};
	*why = root ? read_members(root, answer) : "it is no JSON object";
	if (*why)
		aws_answer_free(answer);
	json_decref(root);
	return !*why;
}

/* ---- failures ---- */

/* By the end of the error's name, behind the namespace that some of them have. */
static const struct {
	const char *name;
	enum aws_fault fault;
} faults[] = {
	{"ThrottlingException", AWS_FAULT_BUSY},
	{"Throttling", AWS_FAULT_BUSY},
	{"LimitExceededException", AWS_FAULT_BUSY},
	{"RequestLimitExceeded", AWS_FAULT_BUSY},
	{"TooManyRequestsException", AWS_FAULT_BUSY},
	{"KMSInternalException", AWS_FAULT_BUSY},
	{"DependencyTimeoutException", AWS_FAULT_BUSY},
	{"KeyUnavailableException", AWS_FAULT_BUSY},
	{"ServiceUnavailable", AWS_FAULT_BUSY},
	{"ServiceUnavailableException", AWS_FAULT_BUSY},
	{"InternalFailure", AWS_FAULT_BUSY},
	{"RequestTimeout", AWS_FAULT_BUSY},
	{"ExpiredTokenException", AWS_FAULT_EXPIRED},
	{"ExpiredToken", AWS_FAULT_EXPIRED},
	{"UnrecognizedClientException", AWS_FAULT_EXPIRED},
	{"InvalidClientTokenId", AWS_FAULT_EXPIRED},
	{"AccessDeniedException", AWS_FAULT_DENIED},
	{"AccessDenied", AWS_FAULT_DENIED},
	{"NotAuthorized", AWS_FAULT_DENIED},
	{"InvalidCiphertextException", AWS_FAULT_CIPHERTEXT},
	{"IncorrectKeyException", AWS_FAULT_CIPHERTEXT},
};

/* Printable ASCII of TEXT, cut to SIZE. */
static void copy_printable(const json_t *value, char *to, size_t size)
{
	struct span text = json_is_string(value) ? text_of(value) : (struct span){0};
	size_t used = 0;

	for (size_t i = 0; i < text.size && used + 1 < size; i++)
		to[used++] = text.data[i] >= ' ' && text.data[i] < 0x7f ? (char)text.data[i] : '?';
	to[used] = '\0';
}

enum aws_fault aws_answer_fault(unsigned status, struct span body, char name[AWS_FAULT_NAME_MAX],
				char message[AWS_FAULT_MESSAGE_MAX])
{
	json_t *root = parse(body);
	char full[2 * AWS_FAULT_NAME_MAX];
	const char *hash = NULL;
	const json_t *said = json_object_get(root, "message");

	copy_printable(json_object_get(root, "__type"), full, sizeof(full));
	copy_printable(said ? said : json_object_get(root, "Message"), message, AWS_FAULT_MESSAGE_MAX);
	json_decref(root);
	hash = strrchr(full, '#');
	snprintf(name, AWS_FAULT_NAME_MAX, "%.*s", AWS_FAULT_NAME_MAX - 1, hash ? hash + 1 : full);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (strcmp(name, faults[i].name) == 0)
			return faults[i].fault;
	return status >= 500 || status == 429 ? AWS_FAULT_BUSY : AWS_FAULT_OTHER;
}

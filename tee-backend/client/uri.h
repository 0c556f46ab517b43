/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11: URIs (RFC 7512), parsed and formatted by p11-kit, as plain data for the provider and the CLI. In a
 * library of its own, so that the PKCS#11 module does not link p11-kit. The text comes from users and files.
 */
#ifndef KEYCLAVE_CLIENT_URI_H
#define KEYCLAVE_CLIENT_URI_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"
#include "protocol/message.h"

struct uri {
	/* Path attributes; NULL: not in the URI. Owned by the struct; decoded UTF-8. */
	char *token;
	char *serial;
	char *manufacturer;
	char *model;
	char *object;          /* CKA_LABEL */
	struct buffer id;      /* CKA_ID */
	bool has_id;
	CK_OBJECT_CLASS class; /* CK_UNAVAILABLE_INFORMATION: any */
	uint64_t slot;         /* UINT64_MAX: any */
	/* Query attributes. */
	struct buffer pin_value; /* .secret */
	bool has_pin_value;
	char *pin_source;        /* NULL: none; a path, or "file:" and one */
	/* True: an attribute that we do not know stands in it, so that nothing can match (RFC 7512 section 2.3). */
	bool unmatchable;
};

/* Start with {0}. CKR_ARGUMENTS_BAD (URI is then empty; WHY, may be NULL, says what is wrong), CKR_HOST_MEMORY. */
CK_RV uri_parse(const char *text, struct uri *uri, char *why, size_t why_size);

/* Wipes the PIN. */
void uri_free(struct uri *uri);

/* The URI without its PIN, NUL-terminated in OUT. */
CK_RV uri_format(const struct uri *uri, struct buffer *out);

/* True if the URI's token attributes agree with TOKEN in SLOT. */
bool uri_matches_token(const struct uri *uri, uint64_t slot, const struct token_response *token);

/*
 * The PIN that the URI brings: pin-value, or the first line of pin-source's file (at most PROTOCOL_PIN_MAX bytes;
 * "|command" is refused). CKR_OK and PIN empty when it brings none. CKR_PIN_INVALID: the file cannot be read (one
 * line is logged). PIN is .secret.
 */
CK_RV uri_pin(const struct uri *uri, struct buffer *pin);

#endif

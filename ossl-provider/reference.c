/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DER of key references, by libcrypto's own ASN.1. What is decoded comes from a file and is untrusted.
 */
#include "config.h"

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "ossl-provider/reference.h"

#define DESCRIPTION "PKCS#11 Provider URI v1.0"
#define URI_MAX 8192

static bool push_string(ASN1_SEQUENCE_ANY *sequence, int type, const char *text)
{
	ASN1_TYPE *item = ASN1_TYPE_new();
	ASN1_STRING *string = ASN1_STRING_type_new(type);

	if (!item || !string || !ASN1_STRING_set(string, text, (int)strlen(text))) {
		ASN1_STRING_free(string);
		ASN1_TYPE_free(item);
		return false;
	}
	ASN1_TYPE_set(item, type, string);
	if (sk_ASN1_TYPE_push(sequence, item) > 0)
		return true;
	ASN1_TYPE_free(item);
	return false;
}

size_t reference_encode(const char *uri, unsigned char **der)
{
	ASN1_SEQUENCE_ANY *sequence = sk_ASN1_TYPE_new_null();
	int size = 0;

	*der = NULL;
	if (sequence && push_string(sequence, V_ASN1_VISIBLESTRING, DESCRIPTION) &&
	    push_string(sequence, V_ASN1_UTF8STRING, uri))
		size = i2d_ASN1_SEQUENCE_ANY(sequence, der);
	sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
	return size > 0 ? (size_t)size : 0;
}

static bool is_string(const ASN1_TYPE *item, int type)
{
	return item && ASN1_TYPE_get(item) == type;
}

char *reference_decode(const unsigned char *der, size_t size)
{
	const unsigned char *at = der;
	ASN1_SEQUENCE_ANY *sequence = size <= URI_MAX ? d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)size) : NULL;
	const ASN1_STRING *text = NULL;
	char *uri = NULL;

	if (!sequence || at != der + size || sk_ASN1_TYPE_num(sequence) != 2)
		goto out;
	if (!is_string(sk_ASN1_TYPE_value(sequence, 0), V_ASN1_VISIBLESTRING) ||
	    !is_string(sk_ASN1_TYPE_value(sequence, 1), V_ASN1_UTF8STRING))
		goto out;
	text = sk_ASN1_TYPE_value(sequence, 0)->value.visiblestring;
	if (ASN1_STRING_length(text) != (int)strlen(DESCRIPTION) ||
	    memcmp(ASN1_STRING_get0_data(text), DESCRIPTION, strlen(DESCRIPTION)) != 0)
		goto out;
	text = sk_ASN1_TYPE_value(sequence, 1)->value.utf8string;
	if (memchr(ASN1_STRING_get0_data(text), '\0', (size_t)ASN1_STRING_length(text)))
		goto out;
	uri = strndup((const char *)ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
out:
	sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
	return uri;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: counted references, and the way from an object to its family's file. Enclave only.
 */
#include "config.h"

#include "crypto/key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/family.h"

/* What libcrypto keeps for a key pair beside its numbers, and for one idle context. */
#define PKEY_OVERHEAD 2048
#define NUMBERS_PER_KEY 8

/* The class and type of OBJECT and the family that parses such keys. */
static CK_RV family_of_object(const struct attribute_set *object, CK_OBJECT_CLASS *class,
			      CK_KEY_TYPE *type, const struct family_ops **family)
{
	*class = attribute_set_ulong(object, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	*type = attribute_set_ulong(object, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	if (!attribute_set_has(object, CKA_CLASS) || !attribute_set_has(object, CKA_KEY_TYPE))
		return CKR_TEMPLATE_INCOMPLETE;
	*family = family_of_key(*class, *type);
	return *family ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

static void key_destroy(struct key *key)
{
	if (key->pool) {
		context_pool_close(key->pool);
		OPENSSL_free(key->pool);
	}
	EVP_PKEY_free(key->pkey);
	buffer_free(&key->value);
	OPENSSL_clear_free(key, sizeof(*key));
}

CK_RV key_new(const struct attribute_set *object, struct key **key)
{
	struct key *made = NULL;
	struct context_pool *pool = NULL;
	CK_OBJECT_CLASS class = 0;
	CK_KEY_TYPE type = 0;
	const struct family_ops *family = NULL;
	CK_RV rv = family_of_object(object, &class, &type, &family);

	*key = NULL;
	if (rv != CKR_OK)
		return rv;
	made = OPENSSL_zalloc(sizeof(*made));
	pool = OPENSSL_zalloc(sizeof(*pool));
	if (!made || !pool || !context_pool_open(pool)) {
		OPENSSL_free(made);
		OPENSSL_free(pool);
		return CKR_DEVICE_MEMORY;
	}
	atomic_init(&made->references, 1);
	made->class = class;
	made->type = type;
	made->family = family;
	made->pool = pool;
	rv = family->load(object, made);
	if (rv != CKR_OK) {
		key_destroy(made);
		return rv;
	}
	*key = made;
	return CKR_OK;
}

struct key *key_retain(struct key *key)
{
	atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
	return key;
}

void key_free(struct key **key)
{
	struct key *old = *key;

	*key = NULL;
	if (old && atomic_fetch_sub_explicit(&old->references, 1, memory_order_acq_rel) == 1)
		key_destroy(old);
}

CK_OBJECT_CLASS key_class(const struct key *key)
{
	return key->class;
}

CK_KEY_TYPE key_type(const struct key *key)
{
	return key->type;
}

CK_ULONG key_bits(const struct key *key)
{
	return key->bits;
}

size_t key_memory(const struct key *key)
{
	size_t size = sizeof(*key) + sizeof(*key->pool) + key->value.size;

	if (key->pkey)
		size += PKEY_OVERHEAD + NUMBERS_PER_KEY * (key->bits / 8);
	return size;
}

CK_RV key_complete(struct attribute_set *object)
{
	CK_OBJECT_CLASS class = 0;
	CK_KEY_TYPE type = 0;
	const struct family_ops *family = NULL;
	CK_RV rv = family_of_object(object, &class, &type, &family);

	return rv == CKR_OK ? family->complete(object) : rv;
}

CK_RV key_generate(const struct mechanism *m, struct attribute_set *object)
{
	const struct family_ops *family = family_of(m->row);

	if (m->row->scheme != SCHEME_KEY_GEN || !family->generate)
		return CKR_MECHANISM_INVALID;
	return family->generate(m, object);
}

CK_RV key_generate_pair(const struct mechanism *m, struct attribute_set *public_object,
			struct attribute_set *private_object)
{
	const struct family_ops *family = family_of(m->row);

	if (m->row->scheme != SCHEME_KEY_GEN || !family->generate_pair)
		return CKR_MECHANISM_INVALID;
	return family->generate_pair(m, public_object, private_object);
}

CK_RV key_encode(const struct key *key, struct buffer *out)
{
	CK_RV rv = CKR_KEY_NOT_WRAPPABLE;

	buffer_reset(out);
	if (key->class != CKO_PUBLIC_KEY)
		rv = key->family->encode(key, out);
	if (rv != CKR_OK)
		buffer_reset(out);
	return rv;
}

CK_RV key_decode(struct span encoded, struct attribute_set *object)
{
	CK_OBJECT_CLASS class = 0;
	CK_KEY_TYPE type = 0;
	const struct family_ops *family = NULL;
	CK_RV rv = family_of_object(object, &class, &type, &family);

	if (rv == CKR_OK && class == CKO_PUBLIC_KEY)
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (rv != CKR_OK)
		return rv;
	rv = family->decode(encoded, object);
	/* What is wrong with the key came wrapped: the template is not at fault. */
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_TEMPLATE_INCOMPLETE)
		rv = CKR_WRAPPED_KEY_INVALID;
	return rv;
}

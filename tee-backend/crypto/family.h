/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a family of mechanisms is to crypto/: one struct of functions, at the end of the family's own
 * file. key.c, operate.c and stream.c find it by a mechanism's row or by a key's type; nothing outside
 * crypto/ includes this. Enclave only.
 */
#ifndef KEYCLAVE_CRYPTO_FAMILY_H
#define KEYCLAVE_CRYPTO_FAMILY_H

#include <stdatomic.h>

#include <openssl/types.h>

#include "crypto/context.h"
#include "crypto/key.h"

struct family_ops;

struct key {
	atomic_uint references;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE type;
	const struct family_ops *family; /* the one that parsed it */
	CK_ULONG bits;
	EVP_PKEY *pkey;                      /* public and private keys */
	const struct mechanism_curve *curve; /* keys on a curve */
	struct buffer value;                 /* secret keys; .secret */
	struct context_pool *pool;
};

/*
 * A family has each function for which its rows have a flag (CKF_SIGN: .sign ...); the callers look at
 * the row's flags first. OUT is empty on entry, and is emptied by the caller after a failure. Key and
 * mechanism fit each other.
 */
struct family_ops {
	enum mechanism_family family;

	/* The type of key that it parses; CK_UNAVAILABLE_INFORMATION: none, or all other secret keys. */
	CK_KEY_TYPE key_type;

	/* Its signatures are over the digest of row->digest, where there is one; the caller makes it. */
	bool takes_digest;

	/* Fetches what it needs, once, before there are threads. */
	bool (*start)(void);

	/* Fills the members of a KEY that has its class and type. */
	CK_RV (*load)(const struct attribute_set *object, struct key *key);
	CK_RV (*complete)(struct attribute_set *object);
	CK_RV (*generate)(const struct mechanism *m, struct attribute_set *object);
	CK_RV (*generate_pair)(const struct mechanism *m, struct attribute_set *public_object,
			       struct attribute_set *private_object);
	CK_RV (*encode)(const struct key *key, struct buffer *out);
	CK_RV (*decode)(struct span encoded, struct attribute_set *object);

	CK_RV (*sign)(const struct key *key, const struct mechanism *m, struct span input,
		      struct buffer *out);
	CK_RV (*verify)(const struct key *key, const struct mechanism *m, struct span input,
			struct span signature);
	CK_RV (*sign_recover)(const struct key *key, const struct mechanism *m, struct span data,
			      struct buffer *out);
	CK_RV (*verify_recover)(const struct key *key, const struct mechanism *m,
				struct span signature, struct buffer *out);
	CK_RV (*encrypt)(const struct key *key, const struct mechanism *m, struct span data,
			 struct buffer *out);
	CK_RV (*decrypt)(const struct key *key, const struct mechanism *m, struct span data,
			 struct buffer *out);
	CK_RV (*derive)(const struct key *key, const struct mechanism *m, size_t size,
			struct buffer *out);

	/* stream_chain */
	CK_RV (*chain)(const struct key *key, const struct mechanism *m, bool encrypt, bool last,
		       struct span data, uint8_t next_iv[16], struct buffer *out);

	/*
	 * A stream that gives its result as the data comes. NULL, or CKR_FUNCTION_NOT_SUPPORTED from
	 * .open: the data is held and the function above is called at the end. .close of a MAC gives the
	 * MAC, of a cipher the rest and the tag; the context is given back by the caller.
	 */
	CK_RV (*open)(const struct key *key, const struct mechanism *m, bool encrypt,
		      struct context **context);
	CK_RV (*feed)(struct context *context, struct span data, struct buffer *out);
	CK_RV (*close)(struct context *context, const struct mechanism *m, struct buffer *out);
};

extern const struct family_ops digest_family;
extern const struct family_ops rsa_family;
extern const struct family_ops ec_family;
extern const struct family_ops eddsa_family;
extern const struct family_ops xdh_family;
extern const struct family_ops aes_family;
extern const struct family_ops hmac_family;
extern const struct family_ops secret_family;
extern const struct family_ops kdf_family;

/* The family that runs ROW. */
const struct family_ops *family_of(const struct mechanism_row *row);

/* The family that parses keys of TYPE and CLASS; NULL: no such keys. */
const struct family_ops *family_of_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type);

/* The least and greatest key that any row of FAMILY takes, in the units of its rows. */
void family_key_limits(enum mechanism_family family, CK_ULONG *min, CK_ULONG *max);

/* Calls .start of each. */
bool family_start(void);

#endif

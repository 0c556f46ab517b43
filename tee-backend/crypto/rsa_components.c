/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic of RSA private keys at import. Enclave only. Every secret number has BN_FLG_CONSTTIME.
 */
#include "config.h"

#include "crypto/rsa_components.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include "crypto/bignum.h"
#include "crypto/family.h"
#include "crypto/library.h"

const struct rsa_part rsa_parts[RSA_COMPONENTS] = {
	[RSA_N] = {CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
	[RSA_E] = {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
	[RSA_D] = {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
	/* for the Chinese remainder theorem */
	[RSA_P] = {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
	[RSA_Q] = {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
	[RSA_DP] = {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
	[RSA_DQ] = {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
	[RSA_QI] = {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};

#define EXPONENT_BITS_MAX 256
/* libcrypto refuses longer exponents with moduli over 3072 bits, as a guard against slow keys. */
#define LONG_MODULUS_BITS 3072
#define LONG_MODULUS_EXPONENT_BITS 64

/* Values of a to try for a square root of 1; each fails with probability 1/2 at most. */
#define FACTOR_TRIES 100

CK_ULONG rsa_components_bits(struct span n)
{
	CK_ULONG bits = 0;
	unsigned top = 0;

	while (n.size > 0 && n.data[0] == 0) {
		n.data++;
		n.size--;
	}
	if (n.size == 0)
		return 0;
	bits = (n.size - 1) * 8;
	for (top = n.data[0]; top != 0; top >>= 1)
		bits++;
	return bits;
}

CK_RV rsa_components_check_public(struct span n, struct span e)
{
	const CK_ULONG bits = rsa_components_bits(n);
	const CK_ULONG exponent_bits = rsa_components_bits(e);
	CK_ULONG min = 0;
	CK_ULONG max = 0;

	if (bits == 0 || exponent_bits < 2 || !(n.data[n.size - 1] & 1) || !(e.data[e.size - 1] & 1))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (exponent_bits >
	    (bits > LONG_MODULUS_BITS ? LONG_MODULUS_EXPONENT_BITS : EXPONENT_BITS_MAX))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	family_key_limits(FAMILY_RSA, &min, &max);
	return bits < min || bits > max ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
}

/* Numbers at work. NULL: not known yet. */
struct work {
	BIGNUM *c[RSA_COMPONENTS];
	bool given[RSA_COMPONENTS];
	BIGNUM *p1;     /* p - 1 */
	BIGNUM *q1;     /* q - 1 */
	BIGNUM *lambda; /* lcm(p - 1, q - 1) */
	BIGNUM *t;
	BN_CTX *ctx;
};

static void work_close(struct work *w)
{
	size_t i = 0;

	for (i = 0; i < RSA_COMPONENTS; i++)
		BN_clear_free(w->c[i]);
	BN_clear_free(w->p1);
	BN_clear_free(w->q1);
	BN_clear_free(w->lambda);
	BN_clear_free(w->t);
	BN_CTX_free(w->ctx);
}

static BIGNUM *secret_number(void)
{
	BIGNUM *n = BN_secure_new();

	if (n)
		BN_set_flags(n, BN_FLG_CONSTTIME);
	return n;
}

static CK_RV work_open(struct work *w, const struct attribute_set *object)
{
	/* Without the primes nothing says which of them the CRT's exponents belong to: all are computed. */
	const size_t count = attribute_set_get(object, CKA_PRIME_1).size > 0 ||
					     attribute_set_get(object, CKA_PRIME_2).size > 0
				     ? RSA_COMPONENTS
				     : RSA_P;
	size_t i = 0;

	w->ctx = BN_CTX_secure_new_ex(library_context());
	w->p1 = secret_number();
	w->q1 = secret_number();
	w->lambda = secret_number();
	w->t = secret_number();
	if (!w->ctx || !w->p1 || !w->q1 || !w->lambda || !w->t)
		return CKR_DEVICE_MEMORY;
	for (i = 0; i < count; i++) {
		const struct span value = attribute_set_get(object, rsa_parts[i].type);

		if (value.size == 0)
			continue;
		w->c[i] = bignum_from(value);
		if (!w->c[i])
			return CKR_DEVICE_MEMORY;
		w->given[i] = true;
	}
	return CKR_OK;
}

/* One try of the search below: *FOUND says whether p is set. W->t is d*e - 1, ODD its odd part. */
static bool try_factor(struct work *w, const BIGNUM *odd, int twos, const BIGNUM *minus_one,
		       bool *found)
{
	const BIGNUM *n = w->c[RSA_N];
	BIGNUM *x = NULL;
	BIGNUM *y = NULL;
	bool ok = false;
	int i = 0;

	BN_CTX_start(w->ctx);
	x = BN_CTX_get(w->ctx);
	y = BN_CTX_get(w->ctx);
	if (!y || !BN_priv_rand_range_ex(x, n, 0, w->ctx))
		goto out;
	if (BN_is_zero(x)) {
		ok = true;
		goto out;
	}
	if (!BN_mod_exp(x, x, odd, n, w->ctx))
		goto out;
	for (i = 0; i < twos && !*found; i++) {
		if (!BN_mod_sqr(y, x, n, w->ctx))
			goto out;
		if (BN_is_one(y) && !BN_is_one(x) && BN_cmp(x, minus_one) != 0) {
			if (!BN_sub_word(x, 1) || !BN_gcd(w->c[RSA_P], x, n, w->ctx))
				goto out;
			*found = true;
		} else if (!BN_copy(x, y)) {
			goto out;
		}
	}
	ok = true;
out:
	BN_CTX_end(w->ctx);
	return ok;
}

/* p from n, e and d: a square root of 1 that is neither 1 nor -1 shares a factor with n. */
static CK_RV find_factor(struct work *w)
{
	BIGNUM *odd = secret_number();
	BIGNUM *minus_one = secret_number();
	CK_RV rv = CKR_DEVICE_ERROR;
	bool found = false;
	int twos = 0;
	int i = 0;

	w->c[RSA_P] = secret_number();
	if (!odd || !minus_one || !w->c[RSA_P] || !BN_mul(w->t, w->c[RSA_D], w->c[RSA_E], w->ctx) ||
	    !BN_sub_word(w->t, 1) || !BN_copy(minus_one, w->c[RSA_N]) || !BN_sub_word(minus_one, 1))
		goto out;
	while (!BN_is_zero(w->t) && !BN_is_bit_set(w->t, twos))
		twos++;
	if (twos == 0) {
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
		goto out;
	}
	if (!BN_rshift(odd, w->t, twos))
		goto out;
	BN_set_flags(odd, BN_FLG_CONSTTIME);
	for (i = 0; i < FACTOR_TRIES && !found; i++) {
		if (!try_factor(w, odd, twos, minus_one, &found))
			goto out;
	}
	rv = found ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
out:
	if (rv == CKR_DEVICE_ERROR)
		rv = library_failure(rv);
	BN_clear_free(odd);
	BN_clear_free(minus_one);
	return rv;
}

/* TO becomes the other factor. */
static CK_RV cofactor(struct work *w, enum rsa_component from, enum rsa_component to)
{
	if (BN_is_zero(w->c[from]))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	w->c[to] = secret_number();
	if (!w->c[to])
		return CKR_DEVICE_MEMORY;
	if (!BN_div(w->c[to], NULL, w->c[RSA_N], w->c[from], w->ctx))
		return library_failure(CKR_DEVICE_ERROR);
	return CKR_OK;
}

/* Both factors, whichever of them were given; their product is n. */
static CK_RV factors(struct work *w)
{
	CK_RV rv = CKR_OK;

	if (!w->c[RSA_P] && !w->c[RSA_Q])
		rv = w->c[RSA_E] ? find_factor(w) : CKR_TEMPLATE_INCOMPLETE;
	if (rv == CKR_OK && !w->c[RSA_P])
		rv = cofactor(w, RSA_Q, RSA_P);
	if (rv == CKR_OK && !w->c[RSA_Q])
		rv = cofactor(w, RSA_P, RSA_Q);
	if (rv != CKR_OK)
		return rv;
	if (!BN_mul(w->t, w->c[RSA_P], w->c[RSA_Q], w->ctx))
		return library_failure(CKR_DEVICE_ERROR);
	if (BN_cmp(w->t, w->c[RSA_N]) != 0 || BN_cmp(w->c[RSA_P], w->c[RSA_Q]) == 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

static CK_RV check_primes(struct work *w)
{
	size_t i = 0;

	for (i = RSA_P; i <= RSA_Q; i++) {
		const int prime = BN_check_prime(w->c[i], w->ctx, NULL);

		if (prime < 0)
			return library_failure(CKR_DEVICE_ERROR);
		if (prime == 0)
			return library_failure(CKR_ATTRIBUTE_VALUE_INVALID);
	}
	return CKR_OK;
}

/* p - 1, q - 1 and their least common multiple. */
static CK_RV totients(struct work *w)
{
	if (!BN_copy(w->p1, w->c[RSA_P]) || !BN_sub_word(w->p1, 1) ||
	    !BN_copy(w->q1, w->c[RSA_Q]) || !BN_sub_word(w->q1, 1) ||
	    !BN_gcd(w->t, w->p1, w->q1, w->ctx) || !BN_div(w->t, NULL, w->p1, w->t, w->ctx) ||
	    !BN_mul(w->lambda, w->t, w->q1, w->ctx))
		return library_failure(CKR_DEVICE_ERROR);
	BN_set_flags(w->p1, BN_FLG_CONSTTIME);
	BN_set_flags(w->q1, BN_FLG_CONSTTIME);
	BN_set_flags(w->lambda, BN_FLG_CONSTTIME);
	return CKR_OK;
}

static CK_RV exponents(struct work *w)
{
	if (BN_cmp(w->c[RSA_D], w->c[RSA_N]) >= 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!w->c[RSA_E]) {
		w->c[RSA_E] = BN_mod_inverse(NULL, w->c[RSA_D], w->lambda, w->ctx);
		if (!w->c[RSA_E])
			return library_failure(CKR_ATTRIBUTE_VALUE_INVALID);
	}
	if (!BN_mod_mul(w->t, w->c[RSA_D], w->c[RSA_E], w->lambda, w->ctx))
		return library_failure(CKR_DEVICE_ERROR);
	return BN_is_one(w->t) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

/* Takes RESULT into component I, or compares the given one with it. */
static CK_RV settle(struct work *w, enum rsa_component i, const BIGNUM *result)
{
	if (w->c[i])
		return BN_cmp(w->c[i], result) == 0 ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
	w->c[i] = secret_number();
	return w->c[i] && BN_copy(w->c[i], result) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static CK_RV crt(struct work *w)
{
	CK_RV rv = CKR_OK;

	if (!BN_mod(w->t, w->c[RSA_D], w->p1, w->ctx))
		return library_failure(CKR_DEVICE_ERROR);
	rv = settle(w, RSA_DP, w->t);
	if (rv != CKR_OK)
		return rv;
	if (!BN_mod(w->t, w->c[RSA_D], w->q1, w->ctx))
		return library_failure(CKR_DEVICE_ERROR);
	rv = settle(w, RSA_DQ, w->t);
	if (rv != CKR_OK)
		return rv;
	if (!BN_mod_inverse(w->t, w->c[RSA_Q], w->c[RSA_P], w->ctx))
		return library_failure(CKR_ATTRIBUTE_VALUE_INVALID);
	return settle(w, RSA_QI, w->t);
}

/* The components that OBJECT did not give. */
static CK_RV put_missing(const struct work *w, struct attribute_set *object)
{
	struct buffer bytes = {.secret = true};
	CK_RV rv = CKR_OK;
	size_t i = 0;

	for (i = 0; rv == CKR_OK && i < RSA_COMPONENTS; i++) {
		if (w->given[i])
			continue;
		if (!bignum_bytes(w->c[i], 0, &bytes) ||
		    !attribute_set_put(object, rsa_parts[i].type, buffer_span(&bytes)))
			rv = CKR_DEVICE_MEMORY;
	}
	buffer_free(&bytes);
	return rv;
}

/* Sizes first: the arithmetic below has no other bound. */
static CK_RV check_sizes(const struct attribute_set *object)
{
	static const uint8_t three = 3;
	const struct span n = attribute_set_get(object, CKA_MODULUS);
	struct span e = attribute_set_get(object, CKA_PUBLIC_EXPONENT);
	size_t i = 0;

	if (n.size == 0 || attribute_set_get(object, CKA_PRIVATE_EXPONENT).size == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (e.size == 0)
		e = (struct span){&three, 1};
	for (i = RSA_D; i < RSA_COMPONENTS; i++) {
		if (rsa_components_bits(attribute_set_get(object, rsa_parts[i].type)) > rsa_components_bits(n))
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return rsa_components_check_public(n, e);
}

CK_RV rsa_components_complete(struct attribute_set *object)
{
	struct work w = {.ctx = NULL};
	CK_RV rv = check_sizes(object);

	if (rv == CKR_OK)
		rv = work_open(&w, object);
	if (rv == CKR_OK)
		rv = factors(&w);
	if (rv == CKR_OK)
		rv = check_primes(&w);
	if (rv == CKR_OK)
		rv = totients(&w);
	if (rv == CKR_OK)
		rv = exponents(&w);
	if (rv == CKR_OK)
		rv = crt(&w);
	if (rv == CKR_OK)
		rv = put_missing(&w, object);
	/* A computed exponent has not been measured yet. */
	if (rv == CKR_OK)
		rv = rsa_components_check_public(attribute_set_get(object, CKA_MODULUS),
						 attribute_set_get(object, CKA_PUBLIC_EXPONENT));
	work_close(&w);
	return rv;
}

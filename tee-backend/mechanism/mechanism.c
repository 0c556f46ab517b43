/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the mechanism table: look-ups, a program's CK_MECHANISM to struct mechanism, the checks of
 * parameters, and the sizes of results. Called on both sides of the trust boundary; what comes from
 * a program or a frame is checked here by the same code.
 */
#include "config.h"

#include "mechanism/mechanism.h"

#include <stdio.h>
#include <string.h>

static const struct mechanism_key_type key_types[] = {
	{CKK_RSA, "CKK_RSA", false},
	{CKK_EC, "CKK_EC", false},
	{CKK_GENERIC_SECRET, "CKK_GENERIC_SECRET", true},
	{CKK_AES, "CKK_AES", true},
	{CKK_SHA_1_HMAC, "CKK_SHA_1_HMAC", true},
	{CKK_SHA256_HMAC, "CKK_SHA256_HMAC", true},
	{CKK_SHA384_HMAC, "CKK_SHA384_HMAC", true},
	{CKK_SHA512_HMAC, "CKK_SHA512_HMAC", true},
	{CKK_SHA224_HMAC, "CKK_SHA224_HMAC", true},
	{CKK_EC_EDWARDS, "CKK_EC_EDWARDS", false},
	{CKK_EC_MONTGOMERY, "CKK_EC_MONTGOMERY", false},
	{CKK_HKDF, "CKK_HKDF", true},
};

const struct mechanism_row *mechanism_find(CK_MECHANISM_TYPE type)
{
	size_t high = 0;
	const struct mechanism_row *rows = mechanism_rows(&high);
	size_t low = 0;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (rows[middle].type == type)
			return &rows[middle];
		if (rows[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *mechanism_name(CK_MECHANISM_TYPE type)
{
	static _Thread_local char number[2 + 2 * sizeof(type) + 1];
	const struct mechanism_row *row = mechanism_find(type);

	if (row)
		return row->name;
	snprintf(number, sizeof(number), "0x%lx", type);
	return number;
}

const struct mechanism_row *mechanism_find_mgf(CK_RSA_PKCS_MGF_TYPE mgf)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (rows[i].scheme == SCHEME_DIGEST && rows[i].mgf == mgf)
			return &rows[i];
	}
	return NULL;
}

const struct mechanism_row *mechanism_find_kdf(CK_EC_KDF_TYPE kdf)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (rows[i].scheme == SCHEME_DIGEST && rows[i].kdf == kdf)
			return &rows[i];
	}
	return NULL;
}

bool mechanism_takes_key(const struct mechanism_row *row, CK_KEY_TYPE key_type)
{
	size_t i = 0;

	if (key_type == CK_UNAVAILABLE_INFORMATION)
		return false;
	for (i = 0; i < sizeof(row->key_types) / sizeof(row->key_types[0]); i++) {
		if (row->key_types[i] == key_type)
			return true;
	}
	return false;
}

const struct mechanism_key_type *mechanism_key_types(size_t *count)
{
	*count = sizeof(key_types) / sizeof(key_types[0]);
	return key_types;
}

const struct mechanism_key_type *mechanism_key_type_find(CK_KEY_TYPE type)
{
	size_t i = 0;

	for (i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++) {
		if (key_types[i].type == type)
			return &key_types[i];
	}
	return NULL;
}

const char *mechanism_key_type_name(CK_KEY_TYPE type)
{
	static _Thread_local char number[2 + 2 * sizeof(type) + 1];
	const struct mechanism_key_type *found = mechanism_key_type_find(type);

	if (found)
		return found->name;
	snprintf(number, sizeof(number), "0x%lx", type);
	return number;
}

CK_MECHANISM_TYPE mechanism_hmac_digest(CK_MECHANISM_TYPE type)
{
	const struct mechanism_row *row = mechanism_find(type);

	if (!row || row->scheme != SCHEME_HMAC || row->parameter != PARAMETER_NONE)
		return CK_UNAVAILABLE_INFORMATION;
	return row->digest;
}

CK_FLAGS mechanism_key_type_flags(CK_KEY_TYPE type)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	CK_FLAGS flags = 0;
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (rows[i].scheme != SCHEME_KEY_GEN && mechanism_takes_key(&rows[i], type))
			flags |= rows[i].flags;
	}
	return flags;
}

/* ---- a program's CK_MECHANISM ---- */

/* A copy, since nothing says that a program's parameter is aligned for its structure. */
static bool take(const CK_MECHANISM *native, void *params, size_t size)
{
	if (!native->pParameter || native->ulParameterLen != size)
		return false;
	memcpy(params, native->pParameter, size);
	return true;
}

/* Bytes that a parameter points to. */
static bool point(const void *data, CK_ULONG size, struct span *span)
{
	if (!data && size > 0)
		return false;
	span->data = size > 0 ? data : NULL;
	span->size = size;
	return true;
}

static bool take_ctr(const CK_MECHANISM *native, struct mechanism *m)
{
	CK_AES_CTR_PARAMS params;

	if (!take(native, &params, sizeof(params)))
		return false;
	m->counter_bits = params.ulCounterBits;
	m->iv.data = (const uint8_t *)native->pParameter + offsetof(CK_AES_CTR_PARAMS, cb);
	m->iv.size = sizeof(params.cb);
	return true;
}

/*
 * ulIvBits is not read: programs leave it 0 or unset, and ulIvLen says the same (v3.1 section
 * 6.13.3).
 */
static bool take_gcm(const CK_MECHANISM *native, struct mechanism *m)
{
	CK_GCM_PARAMS params;

	if (!take(native, &params, sizeof(params)))
		return false;
	m->tag_bits = params.ulTagBits;
	return point(params.pIv, params.ulIvLen, &m->iv) &&
	       point(params.pAAD, params.ulAADLen, &m->aad);
}

static bool take_pss(const CK_MECHANISM *native, struct mechanism *m)
{
	CK_RSA_PKCS_PSS_PARAMS params;

	if (!take(native, &params, sizeof(params)))
		return false;
	m->hash = params.hashAlg;
	m->mgf = params.mgf;
	m->salt_size = params.sLen;
	return true;
}

static bool take_oaep(const CK_MECHANISM *native, struct mechanism *m)
{
	CK_RSA_PKCS_OAEP_PARAMS params;

	if (!take(native, &params, sizeof(params)))
		return false;
	m->hash = params.hashAlg;
	m->mgf = params.mgf;
	if (params.source != CKZ_DATA_SPECIFIED) /* PKCS#11 v3.1 section 6.1.7 */
		return false;
	return point(params.pSourceData, params.ulSourceDataLen, &m->label);
}

static bool take_ecdh(const CK_MECHANISM *native, struct mechanism *m)
{
	CK_ECDH1_DERIVE_PARAMS params;

	if (!take(native, &params, sizeof(params)))
		return false;
	m->kdf = params.kdf;
	return point(params.pSharedData, params.ulSharedDataLen, &m->shared) &&
	       point(params.pPublicData, params.ulPublicDataLen, &m->peer);
}

/* Only pure Ed25519 of RFC 8032 is here; Ed25519ctx and Ed25519ph are other schemes. */
static bool take_eddsa(const CK_MECHANISM *native)
{
	CK_EDDSA_PARAMS params;

	if (native->ulParameterLen == 0)
		return true;
	return take(native, &params, sizeof(params)) && params.phFlag == CK_FALSE &&
	       params.ulContextDataLen == 0;
}

/* A salt that is a key of its own is not here. Without extraction no salt is used, whatever its type. */
static bool take_hkdf(const CK_MECHANISM *native, struct mechanism *m)
{
	CK_HKDF_PARAMS params;

	if (!take(native, &params, sizeof(params)))
		return false;
	m->hash = params.prfHashMechanism;
	m->extract = params.bExtract;
	m->expand = params.bExpand;
	if (params.bExtract && params.ulSaltType == CKF_HKDF_SALT_DATA) {
		if (!point(params.pSalt, params.ulSaltLen, &m->salt))
			return false;
	} else if (params.bExtract && params.ulSaltType != CKF_HKDF_SALT_NULL) {
		return false;
	}
	return !params.bExpand || point(params.pInfo, params.ulInfoLen, &m->info);
}

/* One field of SP 800-108's input: 32 bits, big endian. */
static bool take_counter(const CK_PRF_DATA_PARAM *data)
{
	CK_SP800_108_COUNTER_FORMAT format;

	if (!data->pValue || data->ulValueLen != sizeof(format))
		return false;
	memcpy(&format, data->pValue, sizeof(format));
	return !format.bLittleEndian && format.ulWidthInBits == 32;
}

static bool take_length(const CK_PRF_DATA_PARAM *data)
{
	CK_SP800_108_DKM_LENGTH_FORMAT format;

	if (!data->pValue || data->ulValueLen != sizeof(format))
		return false;
	memcpy(&format, data->pValue, sizeof(format));
	return format.dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS && !format.bLittleEndian &&
	       format.ulWidthInBits == 32;
}

/*
 * NIST SP 800-108 section 4.1 as libcrypto has it: the counter first, the fixed input, then the length, if at all.
 * PKCS#11 v3.1 section 6.42.2 lets programs choose other orders and widths, which nobody could compare with.
 */
static bool take_sp800_108(const CK_MECHANISM *native, struct mechanism *m)
{
	struct span *const fixed[MECHANISM_FIXED_COUNT] = {&m->fixed, &m->fixed_2, &m->fixed_3, &m->fixed_4};
	CK_SP800_108_KDF_PARAMS params;
	CK_PRF_DATA_PARAM data;
	size_t count = 0;
	CK_ULONG i = 0;

	if (!take(native, &params, sizeof(params)) || params.ulAdditionalDerivedKeys > 0 || !params.pDataParams ||
	    params.ulNumberOfDataParams < 1 || params.ulNumberOfDataParams > MECHANISM_FIXED_COUNT + 2)
		return false;
	m->hash = mechanism_hmac_digest(params.prfType);
	for (i = 0; i < params.ulNumberOfDataParams; i++) {
		memcpy(&data, &params.pDataParams[i], sizeof(data));
		if (m->length_follows || (data.type == CK_SP800_108_ITERATION_VARIABLE) != (i == 0))
			return false;
		if (data.type == CK_SP800_108_ITERATION_VARIABLE) {
			if (!take_counter(&data))
				return false;
		} else if (data.type == CK_SP800_108_DKM_LENGTH) {
			if (!take_length(&data))
				return false;
			m->length_follows = 1;
		} else if (data.type != CK_SP800_108_BYTE_ARRAY || count == MECHANISM_FIXED_COUNT ||
			   !point(data.pValue, data.ulValueLen, fixed[count++])) {
			return false;
		}
	}
	return true;
}

static bool take_parameter(const CK_MECHANISM *native, struct mechanism *m)
{
	switch (m->row->parameter) {
	case PARAMETER_NONE:
		return native->ulParameterLen == 0;
	case PARAMETER_IV:
	case PARAMETER_IV_OPTIONAL:
		return point(native->pParameter, native->ulParameterLen, &m->iv);
	case PARAMETER_CTR:
		return take_ctr(native, m);
	case PARAMETER_GCM:
		return take_gcm(native, m);
	case PARAMETER_RSA_PSS:
		return take_pss(native, m);
	case PARAMETER_RSA_OAEP:
		return take_oaep(native, m);
	case PARAMETER_ECDH1:
		return take_ecdh(native, m);
	case PARAMETER_EDDSA:
		return take_eddsa(native);
	case PARAMETER_LENGTH:
		return take(native, &m->length, sizeof(m->length));
	case PARAMETER_HKDF:
		return take_hkdf(native, m);
	case PARAMETER_SP800_108:
		return take_sp800_108(native, m);
	}
	return false;
}

CK_RV mechanism_from_native(const CK_MECHANISM *native, struct mechanism *m)
{
	memset(m, 0, sizeof(*m));
	if (!native)
		return CKR_ARGUMENTS_BAD;
	m->row = mechanism_find(native->mechanism);
	if (!m->row)
		return CKR_MECHANISM_INVALID;
	if (!take_parameter(native, m))
		return CKR_MECHANISM_PARAM_INVALID;
	return mechanism_check(m);
}

/* ---- checks of parameters, from a program or from a frame ---- */

static const struct mechanism_row *find_digest(CK_MECHANISM_TYPE type)
{
	const struct mechanism_row *row = mechanism_find(type);

	return row && row->scheme == SCHEME_DIGEST ? row : NULL;
}

/* NIST SP 800-38D section 5.2.1.2: 128 to 96 bits, and 64 and 32 for those who know why. */
static bool tag_bits_known(CK_ULONG bits)
{
	return (bits >= 96 && bits <= 128 && bits % 8 == 0) || bits == 64 || bits == 32;
}

static bool check_iv_optional(const struct mechanism *m)
{
	const size_t size = m->row->scheme == SCHEME_AES_KEY_WRAP ? 8 : 4;

	return m->iv.size == 0 || m->iv.size == size;
}

static bool check_pss(const struct mechanism *m)
{
	if (!find_digest(m->hash) || !mechanism_find_mgf(m->mgf))
		return false;
	/* PKCS#11 v3.1 section 6.1.15: hashAlg must be the digest of a mechanism that names one. */
	if (m->row->digest != CK_UNAVAILABLE_INFORMATION && m->row->digest != m->hash)
		return false;
	return m->salt_size <= m->row->max_key / 8;
}

static bool check_ecdh(const struct mechanism *m)
{
	if (m->kdf == CKD_NULL ? m->shared.size != 0 : !mechanism_find_kdf(m->kdf))
		return false;
	return m->shared.size <= MECHANISM_SHARED_MAX && m->peer.size > 0 &&
	       m->peer.size <= MECHANISM_PEER_MAX;
}

static bool check_hkdf(const struct mechanism *m)
{
	return find_digest(m->hash) && m->extract <= 1 && m->expand <= 1 && (m->extract || m->expand) &&
	       m->salt.size <= (m->extract ? MECHANISM_SALT_MAX : 0) &&
	       m->info.size <= (m->expand ? MECHANISM_INFO_MAX : 0);
}

static bool check_sp800_108(const struct mechanism *m)
{
	return find_digest(m->hash) && m->fixed.size <= MECHANISM_FIXED_MAX &&
	       m->fixed_2.size <= MECHANISM_FIXED_MAX && m->fixed_3.size <= MECHANISM_FIXED_MAX &&
	       m->fixed_4.size <= MECHANISM_FIXED_MAX && m->length_follows <= 1;
}

static bool check_parameter(const struct mechanism *m)
{
	switch (m->row->parameter) {
	case PARAMETER_NONE:
	case PARAMETER_EDDSA:
		return true;
	case PARAMETER_IV:
		return m->iv.size == m->row->block;
	case PARAMETER_IV_OPTIONAL:
		return check_iv_optional(m);
	case PARAMETER_CTR:
		return m->iv.size == m->row->block && m->counter_bits >= 1 &&
		       m->counter_bits <= 128;
	case PARAMETER_GCM:
		return m->iv.size >= 1 && m->iv.size <= MECHANISM_IV_MAX &&
		       m->aad.size <= MECHANISM_AAD_MAX && tag_bits_known(m->tag_bits);
	case PARAMETER_RSA_PSS:
		return check_pss(m);
	case PARAMETER_RSA_OAEP:
		return find_digest(m->hash) && mechanism_find_mgf(m->mgf) &&
		       m->label.size <= MECHANISM_LABEL_MAX;
	case PARAMETER_ECDH1:
		return check_ecdh(m);
	case PARAMETER_LENGTH:
		return m->length >= 1 && m->length <= m->row->output;
	case PARAMETER_HKDF:
		return check_hkdf(m);
	case PARAMETER_SP800_108:
		return check_sp800_108(m);
	}
	return false;
}

CK_RV mechanism_check(const struct mechanism *m)
{
	if (!m->row)
		return CKR_MECHANISM_INVALID;
	return check_parameter(m) ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

CK_RV mechanism_check_key(const struct mechanism *m, CK_ULONG key_bits)
{
	const struct mechanism_row *hash = find_digest(m->hash);
	const size_t encoded = (key_bits + 6) / 8; /* emLen: the modulus less a bit, in bytes */

	if (m->row->scheme != SCHEME_RSA_PSS)
		return CKR_OK;
	if (!hash || encoded < hash->output + 2 || m->salt_size > encoded - hash->output - 2)
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* ---- sizes ---- */

size_t mechanism_signature_size(const struct mechanism *m, CK_ULONG key_bits)
{
	const size_t bytes = (key_bits + 7) / 8;

	if (!(m->row->flags & CKF_SIGN))
		return 0;
	switch (m->row->family) {
	case FAMILY_RSA:
		return bytes;
	case FAMILY_EC:
	case FAMILY_EDDSA:
		return 2 * bytes;
	case FAMILY_HMAC:
		return m->row->parameter == PARAMETER_LENGTH ? m->length : m->row->output;
	case FAMILY_DIGEST:
	case FAMILY_XDH:
	case FAMILY_AES:
	case FAMILY_SECRET:
	case FAMILY_KDF:
		break;
	}
	return 0;
}

/*
 * PKCS#11 v3.1 sections 6.1.6, 6.1.8 and 6.1.11: k bytes on one side, k less OVERHEAD at most on
 * the other.
 */
static CK_RV rsa_size(const struct mechanism *m, bool encrypt, CK_ULONG key_bits, size_t input,
		      size_t *size, bool *exact)
{
	const size_t k = (key_bits + 7) / 8;
	size_t overhead = 0;

	if (m->row->scheme == SCHEME_RSA_PKCS1)
		overhead = 11;
	else if (m->row->scheme == SCHEME_RSA_OAEP && find_digest(m->hash))
		overhead = 2 * find_digest(m->hash)->output + 2;
	if (k < overhead || (encrypt && input > k - overhead))
		return CKR_DATA_LEN_RANGE;
	if (!encrypt && input != k)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	*size = encrypt ? k : k - overhead;
	*exact = encrypt || overhead == 0;
	return CKR_OK;
}

/*
 * Blocks that remain until the counter, the low .counter_bits bits of the IV, would wrap;
 * saturated.
 */
static uint64_t counter_blocks(const struct mechanism *m)
{
	const CK_ULONG bits = m->counter_bits;
	uint64_t low = 0;
	CK_ULONG i = 0;

	for (i = 0; i < 128; i++) {
		const uint8_t byte = m->iv.data[15 - i / 8];
		const unsigned bit = (byte >> (i % 8)) & 1U;

		if (i < 64 && i < bits)
			low |= (uint64_t)bit << i;
		else if (i < bits && bit == 0)
			return UINT64_MAX; /* at least 2^64 blocks to go */
	}
	if (bits < 64)
		return (UINT64_C(1) << bits) - low;
	return low == 0 ? UINT64_MAX : UINT64_MAX - low + 1;
}

static CK_RV stream_size(const struct mechanism *m, bool encrypt, size_t input, size_t *size)
{
	const size_t tag = m->row->scheme == SCHEME_AES_GCM ? m->tag_bits / 8 : 0;
	const CK_RV range = encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
	const uint64_t text = encrypt ? input : input - tag;

	if (!encrypt && input < tag)
		return range;
	/* NIST SP 800-38D section 5.2.1.1. */
	if (m->row->scheme == SCHEME_AES_GCM && text > (UINT64_C(1) << 36) - 32)
		return range;
	if (encrypt && input > SIZE_MAX - tag)
		return range;
	if (m->row->scheme == SCHEME_AES_CTR &&
	    (m->iv.size != 16 || text / 16 + (text % 16 != 0) > counter_blocks(m)))
		return CKR_DATA_LEN_RANGE;
	*size = encrypt ? input + tag : (size_t)text;
	return CKR_OK;
}

/* RFC 3394 (at least two semiblocks of text) and RFC 5649 (at least one byte). */
static CK_RV wrap_size(const struct mechanism *m, bool encrypt, size_t input, size_t *size,
		       bool *exact)
{
	const bool padded = m->row->scheme == SCHEME_AES_KEY_WRAP_KWP;
	const size_t least = padded ? 1 : 16;

	if (encrypt) {
		if (input < least || (!padded && input % 8 != 0) || input > UINT32_MAX)
			return CKR_DATA_LEN_RANGE;
		*size = (input + 7) / 8 * 8 + 8;
	} else {
		if (input % 8 != 0 || input < (padded ? 16 : 24) || input - 8 > UINT32_MAX)
			return CKR_ENCRYPTED_DATA_LEN_RANGE;
		*size = input - 8;
	}
	*exact = encrypt || !padded;
	return CKR_OK;
}

CK_RV mechanism_cipher_size(const struct mechanism *m, bool encrypt, CK_ULONG key_bits,
			    size_t input, size_t *size, bool *exact)
{
	const CK_RV range = encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
	const size_t block = m->row->block;

	*size = 0;
	*exact = true;
	switch (m->row->scheme) {
	case SCHEME_RSA_PKCS1:
	case SCHEME_RSA_OAEP:
	case SCHEME_RSA_RAW:
		if (!(m->row->flags & CKF_ENCRYPT))
			return CKR_MECHANISM_INVALID;
		return rsa_size(m, encrypt, key_bits, input, size, exact);
	case SCHEME_AES_ECB:
	case SCHEME_AES_CBC:
		*size = input;
		return input % block == 0 ? CKR_OK : range;
	case SCHEME_AES_CBC_PAD:
		if (encrypt && input > SIZE_MAX - block)
			return range;
		if (!encrypt && (input == 0 || input % block != 0))
			return range;
		*size = encrypt ? input - input % block + block : input - 1;
		*exact = encrypt;
		return CKR_OK;
	case SCHEME_AES_CTR:
	case SCHEME_AES_GCM:
		return stream_size(m, encrypt, input, size);
	case SCHEME_AES_KEY_WRAP:
	case SCHEME_AES_KEY_WRAP_KWP:
		return wrap_size(m, encrypt, input, size, exact);
	default:
		return CKR_MECHANISM_INVALID;
	}
}

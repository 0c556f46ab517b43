/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire's table of mechanism parameters. It only bounds them: which values go together is
 * mechanism_check's to say, and the enclave calls it on whatever a client sent.
 */
#include "config.h"

#include "protocol/field.h"
#include "protocol/parameter.h"

/* struct mechanism has CK_ULONG where FIELD_UINT writes 64 bits. */
_Static_assert(sizeof(CK_ULONG) == sizeof(uint64_t), "CK_ULONG is 64 bits on every system that we have");

static const struct field iv_fields[] = {
	BYTES(struct mechanism, iv, MECHANISM_IV_MAX, CKR_MECHANISM_PARAM_INVALID),
};

static const struct field ctr_fields[] = {
	UINT(struct mechanism, counter_bits, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, iv, MECHANISM_IV_MAX, CKR_MECHANISM_PARAM_INVALID),
};

static const struct field gcm_fields[] = {
	BYTES(struct mechanism, iv, MECHANISM_IV_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, aad, MECHANISM_AAD_MAX, CKR_MECHANISM_PARAM_INVALID),
	UINT(struct mechanism, tag_bits, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
};

static const struct field pss_fields[] = {
	UINT(struct mechanism, hash, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
	UINT(struct mechanism, mgf, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
	UINT(struct mechanism, salt_size, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
};

static const struct field oaep_fields[] = {
	UINT(struct mechanism, hash, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
	UINT(struct mechanism, mgf, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, label, MECHANISM_LABEL_MAX, CKR_MECHANISM_PARAM_INVALID),
};

static const struct field ecdh1_fields[] = {
	UINT(struct mechanism, kdf, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, shared, MECHANISM_SHARED_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, peer, MECHANISM_PEER_MAX, CKR_MECHANISM_PARAM_INVALID),
};

static const struct field length_fields[] = {
	UINT(struct mechanism, length, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
};

static const struct field hkdf_fields[] = {
	UINT(struct mechanism, hash, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
	UINT(struct mechanism, extract, 1, CKR_MECHANISM_PARAM_INVALID),
	UINT(struct mechanism, expand, 1, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, salt, MECHANISM_SALT_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, info, MECHANISM_INFO_MAX, CKR_MECHANISM_PARAM_INVALID),
};

static const struct field sp800_108_fields[] = {
	UINT(struct mechanism, hash, UINT64_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, fixed, MECHANISM_FIXED_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, fixed_2, MECHANISM_FIXED_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, fixed_3, MECHANISM_FIXED_MAX, CKR_MECHANISM_PARAM_INVALID),
	BYTES(struct mechanism, fixed_4, MECHANISM_FIXED_MAX, CKR_MECHANISM_PARAM_INVALID),
	UINT(struct mechanism, length_follows, 1, CKR_MECHANISM_PARAM_INVALID),
};

/* Pure Ed25519 is all that EDDSA can mean, so that nothing is left to say. */
static const struct schema schemas[] = {
	[PARAMETER_NONE] = {.name = "mechanism-none", .size = sizeof(struct mechanism)},
	[PARAMETER_IV] = SCHEMA(struct mechanism, "mechanism-iv", iv_fields),
	[PARAMETER_IV_OPTIONAL] = SCHEMA(struct mechanism, "mechanism-iv-optional", iv_fields),
	[PARAMETER_CTR] = SCHEMA(struct mechanism, "mechanism-ctr", ctr_fields),
	[PARAMETER_GCM] = SCHEMA(struct mechanism, "mechanism-gcm", gcm_fields),
	[PARAMETER_RSA_PSS] = SCHEMA(struct mechanism, "mechanism-pss", pss_fields),
	[PARAMETER_RSA_OAEP] = SCHEMA(struct mechanism, "mechanism-oaep", oaep_fields),
	[PARAMETER_ECDH1] = SCHEMA(struct mechanism, "mechanism-ecdh1", ecdh1_fields),
	[PARAMETER_EDDSA] = {.name = "mechanism-eddsa", .size = sizeof(struct mechanism)},
	[PARAMETER_LENGTH] = SCHEMA(struct mechanism, "mechanism-length", length_fields),
	[PARAMETER_HKDF] = SCHEMA(struct mechanism, "mechanism-hkdf", hkdf_fields),
	[PARAMETER_SP800_108] = SCHEMA(struct mechanism, "mechanism-sp800-108", sp800_108_fields),
};

const struct schema *parameter_schemas(size_t *count)
{
	*count = sizeof(schemas) / sizeof(schemas[0]);
	return schemas;
}

const struct schema *parameter_schema(enum mechanism_parameter parameter)
{
	return &schemas[parameter];
}

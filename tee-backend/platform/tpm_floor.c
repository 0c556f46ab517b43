/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_PolicyNV and TPM2_PolicyOR, here and in the TPM.
 */
#include "config.h"

#include "platform/tpm_floor.h"

#include <string.h>

#include "common/log.h"
#include "platform/tpm_approval.h"
#include "platform/tpm_nv.h"
#include "platform/tpm_policy.h"

#define WHAT "the version floor"
#define BRANCHES 8 /* TPML_DIGEST of PolicyOR (Part 2, section 10.9.5) */
#define DIGEST_SIZE TPM_APPROVAL_POLICY_SIZE

static void put_be(uint8_t *out, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(value >> 8 * (size - 1 - i) & 0xff);
}

/* What the counter shows when the floor is VERSION. */
static void operand_of(const struct tpm_floor *floor, uint32_t version, TPM2B_OPERAND *operand)
{
	operand->size = 8;
	put_be(operand->buffer, 8, floor->start + (version - floor->zero));
}

/* ---- the counter ---- */

/* The index and a session for it. */
static CK_RV open_floor(const struct tpm_context *c, const struct tpm_floor *floor, ESYS_TR *index, ESYS_TR *session)
{
	TPM2B_NAME name = {.size = 0};
	struct tpm_primary srk;
	CK_RV rv = tpm_nv_name(floor->handle, &name) ? CKR_OK : CKR_DEVICE_ERROR;

	if (rv == CKR_OK)
		rv = tpm_nv_open(c, floor->handle, tpm_context_span(&name), WHAT, index);
	if (rv == CKR_OK)
		rv = tpm_context_srk(c, (struct span){0}, &srk);
	if (rv != CKR_OK)
		return rv;
	rv = tpm_context_session(c, &srk, TPM2_SE_HMAC, 0, session);
	tpm_context_drop(c, &srk);
	return rv;
}

CK_RV tpm_floor_new(const struct tpm_context *c, uint32_t version, struct tpm_floor *floor)
{
	const TPM2B_AUTH nobody = {.size = 0};
	ESYS_TR session = ESYS_TR_NONE, index = ESYS_TR_NONE;
	struct tpm_primary srk;
	CK_RV rv = tpm_context_srk(c, (struct span){0}, &srk);

	*floor = (struct tpm_floor){.zero = version, .first = version};
	if (rv != CKR_OK)
		return rv;
	rv = tpm_context_session(c, &srk, TPM2_SE_HMAC, 0, &session);
	tpm_context_drop(c, &srk);
	if (rv == CKR_OK)
		rv = tpm_nv_define(c, session, &nobody, &floor->handle, &index);
	if (rv == CKR_OK)
		rv = tpm_nv_increment(c, index, session);
	if (rv == CKR_OK)
		rv = tpm_nv_read(c, index, session, WHAT, &floor->start);
	if (rv == CKR_OK)
		log_notice("platform tpm: a version floor was made, NV index 0x%08x: it is %u", floor->handle, version);
	else if (index != ESYS_TR_NONE)
		tpm_nv_undefine(c, &index);
	tpm_nv_close(c, &index);
	tpm_context_flush(c, &session);
	return rv;
}

void tpm_floor_delete(const struct tpm_context *c, const struct tpm_floor *floor)
{
	ESYS_TR index = ESYS_TR_NONE, session = ESYS_TR_NONE;

	if (open_floor(c, floor, &index, &session) == CKR_OK)
		tpm_nv_undefine(c, &index);
	tpm_nv_close(c, &index);
	tpm_context_flush(c, &session);
}

/* COUNT times on, then read. */
static CK_RV count(const struct tpm_context *c, const struct tpm_floor *floor, uint32_t to, uint64_t *version)
{
	ESYS_TR index = ESYS_TR_NONE, session = ESYS_TR_NONE;
	uint64_t value = 0;
	CK_RV rv = open_floor(c, floor, &index, &session);

	if (rv == CKR_OK)
		rv = tpm_nv_read(c, index, session, WHAT, &value);
	while (rv == CKR_OK && value < floor->start + (to - floor->zero)) {
		rv = tpm_nv_increment(c, index, session);
		if (rv == CKR_OK)
			rv = tpm_nv_read(c, index, session, WHAT, &value);
	}
	tpm_nv_close(c, &index);
	tpm_context_flush(c, &session);
	if (rv == CKR_OK && value < floor->start) {
		log_error("platform tpm: the version floor's counter, NV index 0x%08x, is not the one that it was", floor->handle);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	*version = floor->zero + (value - floor->start);
	return rv;
}

CK_RV tpm_floor_read(const struct tpm_context *c, const struct tpm_floor *floor, uint64_t *version)
{
	return count(c, floor, floor->zero, version);
}

CK_RV tpm_floor_raise(const struct tpm_context *c, const struct tpm_floor *floor, uint32_t version)
{
	uint64_t reached = 0;
	CK_RV rv = version > floor->zero ? count(c, floor, version, &reached) : CKR_OK;

	if (rv == CKR_OK && reached)
		log_notice("platform tpm: the version floor is %llu now: nothing that was approved as an earlier version opens the "
			   "root any more",
			   (unsigned long long)reached);
	return rv;
}

/* ---- the policy ---- */

/* PolicyOR of DIGESTS. */
static bool any_of(const TPML_DIGEST *digests, TPM2B_DIGEST *policy)
{
	static const uint8_t start[DIGEST_SIZE];
	uint8_t command[4];
	struct span part[2 + BRANCHES] = {{start, sizeof(start)}, {command, sizeof(command)}};

	put_be(command, sizeof(command), TPM2_CC_PolicyOR);
	for (UINT32 i = 0; i < digests->count; i++)
		part[2 + i] = (struct span){digests->digests[i].buffer, digests->digests[i].size};
	policy->size = DIGEST_SIZE;
	return tpm_approval_hash(part, 2 + digests->count, policy->buffer);
}

/* PolicyAuthorize with VERSION's reference, then PolicyNV (Part 3, section 23.9). */
static bool policy_of(const struct tpm_floor *floor, const TPM2B_NAME *key, uint32_t version, TPM2B_DIGEST *policy)
{
	TPM2B_OPERAND operand;
	TPM2B_DIGEST authorized = {.size = 0};
	TPM2B_NAME name = {.size = 0};
	uint8_t command[4], offset[2] = {0, 0}, operation[2], arguments[DIGEST_SIZE];

	operand_of(floor, version, &operand);
	put_be(command, sizeof(command), TPM2_CC_PolicyNV);
	put_be(operation, sizeof(operation), TPM2_EO_UNSIGNED_LE);
	policy->size = DIGEST_SIZE;
	return tpm_policy_of_key(key, version, &authorized) && tpm_nv_name(floor->handle, &name) &&
	       tpm_approval_hash((struct span[]){{operand.buffer, operand.size},
						 {offset, sizeof(offset)},
						 {operation, sizeof(operation)}},
				 3, arguments) &&
	       tpm_approval_hash((struct span[]){{authorized.buffer, authorized.size},
						 {command, sizeof(command)},
						 {arguments, sizeof(arguments)},
						 tpm_context_span(&name)},
				 4, policy->buffer);
}

/* The branches of group GROUP of the window, and the OR of each group. */
static bool branches_of(const struct tpm_floor *floor, const TPM2B_NAME *key, uint32_t group, TPML_DIGEST *branches)
{
	branches->count = BRANCHES;
	for (uint32_t i = 0; i < BRANCHES; i++)
		if (!policy_of(floor, key, floor->first + BRANCHES * group + i, &branches->digests[i]))
			return false;
	return true;
}

static bool groups_of(const struct tpm_floor *floor, const TPM2B_NAME *key, TPML_DIGEST *groups)
{
	TPML_DIGEST branches;

	groups->count = TPM_FLOOR_WINDOW / BRANCHES;
	for (uint32_t i = 0; i < groups->count; i++)
		if (!branches_of(floor, key, i, &branches) || !any_of(&branches, &groups->digests[i]))
			return false;
	return true;
}

bool tpm_floor_policy(const struct tpm_floor *floor, const TPM2B_NAME *key, TPM2B_DIGEST *policy)
{
	TPML_DIGEST groups;

	return groups_of(floor, key, &groups) && any_of(&groups, policy);
}

/* ---- in the TPM ---- */

static CK_RV check_version(const struct tpm_context *c, const struct tpm_floor *floor, uint32_t version)
{
	uint64_t now = 0;
	CK_RV rv = tpm_floor_read(c, floor, &now);

	if (rv != CKR_OK)
		return rv;
	if (version < now || version < floor->first)
		log_error("platform tpm: what was booted is approved as version %u, but the version floor is %llu: it is too old to "
			  "open this store",
			  version, (unsigned long long)(now > floor->first ? now : floor->first));
	else if (version - floor->first >= TPM_FLOOR_WINDOW)
		log_error("platform tpm: what was booted is approved as version %u, but this wrap slot opens for versions %u to %u: "
			  "start one of them in between, or use the recovery secret",
			  version, floor->first, floor->first + TPM_FLOOR_WINDOW - 1);
	else
		return CKR_OK;
	return CKR_DATA_INVALID;
}

static CK_RV run_nv(const struct tpm_context *c, ESYS_TR session, const struct tpm_floor *floor, uint32_t version)
{
	TPM2B_NAME name = {.size = 0};
	TPM2B_OPERAND operand;
	ESYS_TR index = ESYS_TR_NONE;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = tpm_nv_name(floor->handle, &name) ? CKR_OK : CKR_DEVICE_ERROR;

	operand_of(floor, version, &operand);
	if (rv == CKR_OK)
		rv = tpm_nv_open(c, floor->handle, tpm_context_span(&name), WHAT, &index);
	if (rv == CKR_OK) {
		rc = Esys_PolicyNV(c->esys, index, index, session, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &operand, 0,
				   TPM2_EO_UNSIGNED_LE);
		if (tpm_context_code(rc) == TPM2_RC_POLICY) {
			log_error("platform tpm: the TPM refuses version %u: it is below the version floor", version);
			rv = CKR_DATA_INVALID;
		} else if (rc != TSS2_RC_SUCCESS) {
			rv = tpm_context_failed(rc, "TPM2_PolicyNV");
		}
	}
	tpm_nv_close(c, &index);
	return rv;
}

CK_RV tpm_floor_run(const struct tpm_context *c, ESYS_TR session, const struct tpm_floor *floor, const TPM2B_NAME *key,
		    uint32_t version)
{
	TPML_DIGEST branches, groups;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = check_version(c, floor, version);

	if (rv == CKR_OK)
		rv = run_nv(c, session, floor, version);
	if (rv != CKR_OK)
		return rv;
	if (!branches_of(floor, key, (version - floor->first) / BRANCHES, &branches) || !groups_of(floor, key, &groups))
		return CKR_DEVICE_ERROR;
	rc = Esys_PolicyOR(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &branches);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_PolicyOR(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &groups);
	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, "TPM2_PolicyOR");
}

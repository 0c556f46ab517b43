/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which policy, which approval, which floor: the decisions; tpm_policy.c, tpm_floor.c and tpm_seal.c carry them out.
 */
#include "config.h"

#include "platform/tpm_root.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/log.h"
#include "common/memory.h"
#include "platform/hkdf.h"
#include "platform/tpm_ek.h"
#include "platform/tpm_mix.h"
#include "platform/tpm_seal.h"

/* ---- configuration ---- */

static CK_RV configure_floor(struct tpm_root *root, const char *text)
{
	char *end = NULL;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text)
		return CKR_OK;
	if (strcmp(text, "own") == 0) {
		root->wanted_floor = TPM_ROOT_FLOOR_OWN;
	} else if (*text < '0' || *text > '9' || *end || !value || value > TPM_APPROVAL_VERSION_MAX) {
		log_error("tpm-version-floor: %s: expected \"own\", or a version from 1 to %u", text, TPM_APPROVAL_VERSION_MAX);
		return CKR_TOKEN_NOT_PRESENT;
	} else {
		root->wanted_floor = (uint32_t)value;
	}
	if (root->policy_key.key)
		return CKR_OK;
	log_error("tpm-version-floor: needs tpm-policy-key, for a version is what a signature says");
	return CKR_TOKEN_NOT_PRESENT;
}

CK_RV tpm_root_configure(struct tpm_root *root, const struct settings *settings)
{
	const char *why = NULL;
	CK_RV rv = CKR_OK;

	if (!tpm_pcr_parse(settings->tpm_pcrs, &root->selection, &why)) {
		log_error("tpm-pcrs: %s: %s", settings->tpm_pcrs, why);
		return CKR_TOKEN_NOT_PRESENT;
	}
	if (*settings->tpm_policy_key && !*settings->tpm_policy_dir) {
		log_error("tpm-policy-key: needs tpm-policy-dir, where the signatures are");
		return CKR_TOKEN_NOT_PRESENT;
	}
	snprintf(root->policy_dir, sizeof(root->policy_dir), "%s", settings->tpm_policy_dir);
	if (*settings->tpm_policy_key)
		rv = tpm_policy_key_read(settings->tpm_policy_key, &root->policy_key);
	return rv == CKR_OK ? configure_floor(root, settings->tpm_version_floor) : rv;
}

void tpm_root_free(struct tpm_root *root)
{
	tpm_policy_key_free(&root->policy_key);
}

/* ---- open ---- */

/* True if none differs; each that does is logged. */
static bool same_pcrs(const struct tpm_mix *mix, const struct tpm_pcr_values *now)
{
	char then_hex[2 * TPM_PCR_SIZE_MAX + 1], now_hex[2 * TPM_PCR_SIZE_MAX + 1];
	bool same = true;

	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
		if (!(mix->selection.mask >> pcr & 1) ||
		    memcmp(mix->values.value[pcr], now->value[pcr], now->size) == 0)
			continue;
		hex_encode((struct span){mix->values.value[pcr], now->size}, then_hex);
		hex_encode((struct span){now->value[pcr], now->size}, now_hex);
		log_warning("platform tpm: this wrap slot was sealed in another state: PCR%u (%s) differs: then %s, now %s",
			    pcr, tpm_pcr_bank_name(mix->selection.bank), then_hex, now_hex);
		same = false;
	}
	return same;
}

/* The approval of the PCR values NOW that a slot of this KIND opens by. */
static CK_RV find_approval(const struct tpm_root *root, enum tpm_policy_wanted wanted, const struct tpm_pcr_values *now,
			   struct tpm_policy_approval *approval)
{
	CK_RV rv = tpm_policy_of_pcrs(&root->selection, now, &approval->policy) ? CKR_OK : CKR_DEVICE_ERROR;

	if (rv == CKR_OK)
		rv = tpm_policy_find(root->policy_dir, &root->policy_key, wanted, approval);
	if (rv == CKR_DATA_INVALID)
		tpm_policy_log_unsigned(root->policy_dir, wanted, &approval->policy);
	return rv;
}

/* A policy session brought to where MIX's blob opens. */
static CK_RV satisfy(const struct tpm_root *root, const struct tpm_context *c, const struct tpm_mix *mix,
		     const struct tpm_pcr_selection *selection, const struct tpm_policy_approval *approval, ESYS_TR *session)
{
	CK_RV rv = tpm_context_session(c, NULL, TPM2_SE_POLICY, 0, session);

	if (rv == CKR_OK)
		rv = tpm_policy_run_pcrs(c, *session, selection);
	if (rv == CKR_OK && mix->kind != TPM_MIX_PCRS)
		rv = tpm_policy_run_key(c, *session, &root->policy_key, approval);
	if (rv == CKR_OK && mix->kind == TPM_MIX_VERSIONS)
		rv = tpm_floor_run(c, *session, &mix->floor, &root->policy_key.name, approval->version);
	return rv;
}

/* Is this the TPM, and are its PCRs such, that MIX's blob could open? */
static CK_RV prepare(struct tpm_root *root, const struct tpm_context *c, const struct tpm_mix *mix,
		     const struct tpm_pcr_selection *selection, struct tpm_primary *srk, struct tpm_pcr_values *values)
{
	CK_RV rv = tpm_ek_check(c, mix->ek, "this wrap slot");

	if (rv == CKR_OK && mix->kind != TPM_MIX_PCRS &&
	    !span_equal(mix->policy_key, tpm_context_span(&root->policy_key.name))) {
		log_error("platform tpm: this wrap slot is under the policies of another key than tpm-policy-key");
		rv = CKR_DATA_INVALID;
	}
	if (rv == CKR_OK)
		rv = tpm_context_srk(c, mix->srk, srk);
	if (rv == CKR_OK)
		rv = tpm_pcr_read(c, srk, selection, values);
	if (rv == CKR_OK && mix->kind == TPM_MIX_PCRS && !same_pcrs(mix, values))
		rv = CKR_DATA_INVALID;
	if (rv == CKR_OK && mix->kind != TPM_MIX_PCRS)
		rv = find_approval(root, mix->kind == TPM_MIX_KEY ? TPM_POLICY_PLAIN : TPM_POLICY_VERSIONED, values,
				   &root->approval);
	return rv;
}

static CK_RV open_mix(struct tpm_root *root, const struct tpm_context *c, const struct tpm_mix *mix,
		      uint8_t key[PLATFORM_KEY_SIZE])
{
	/* A signature says which PCRs count; values alone count only as they were. */
	const struct tpm_pcr_selection *selection = mix->kind == TPM_MIX_PCRS ? &mix->selection : &root->selection;
	struct tpm_primary srk = {.handle = ESYS_TR_NONE};
	ESYS_TR session = ESYS_TR_NONE;
	struct tpm_pcr_values now = {.size = 0};
	CK_RV rv = prepare(root, c, mix, selection, &srk, &now);

	if (rv == CKR_OK)
		rv = satisfy(root, c, mix, selection, &root->approval, &session);
	if (rv == CKR_OK)
		rv = tpm_seal_open(c, &srk, session, mix->public, mix->private, key);
	tpm_context_flush(c, &session);
	tpm_context_drop(c, &srk);
	if (rv == CKR_OK && selection->bank == root->selection.bank && selection->mask == root->selection.mask)
		root->opened = tpm_policy_of_pcrs(selection, &now, &root->measured);
	/* Another TPM, or a floor that is gone: this slot does not open, others may. */
	return rv == CKR_TOKEN_NOT_RECOGNIZED ? CKR_DATA_INVALID : rv;
}

CK_RV tpm_root_open(struct tpm_root *root, const struct tpm_context *c, struct span bytes, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct tpm_mix mix;
	const char *why = NULL;

	if (tpm_mix_read(bytes, &mix, &why))
		return open_mix(root, c, &mix, key);
	log_error("platform tpm: this wrap slot's mix is refused: %s", why);
	return CKR_DATA_INVALID;
}

/* ---- new ---- */

/* The floor that tpm-version-floor asks for where VERSION runs; 0: none. */
static uint32_t wanted_floor(const struct tpm_root *root, uint32_t version)
{
	return root->wanted_floor == TPM_ROOT_FLOOR_OWN ? version : root->wanted_floor;
}

/* *MADE: MIX's floor is a new one. */
static CK_RV choose_floor(const struct tpm_root *root, const struct tpm_context *c, uint32_t version, struct tpm_mix *mix,
			  bool *made)
{
	uint32_t wanted = wanted_floor(root, version);
	uint64_t now = 0;
	CK_RV rv = CKR_OK;

	if (wanted > version) {
		log_error("tpm-version-floor: %u is above what runs, which is approved as version %u", wanted, version);
		return CKR_DATA_INVALID;
	}
	if (!root->floor.handle) {
		rv = tpm_floor_new(c, wanted ? wanted : version, &mix->floor);
		*made = rv == CKR_OK;
		return rv;
	}
	mix->floor = root->floor;
	rv = tpm_floor_read(c, &mix->floor, &now);
	if (rv == CKR_OK && wanted > now) {
		rv = tpm_floor_raise(c, &mix->floor, wanted);
		now = wanted;
	}
	if (rv == CKR_OK && now > version)
		rv = CKR_DATA_INVALID; /* raised by somebody, just now */
	if (rv == CKR_OK)
		mix->floor.first = (uint32_t)now;
	return rv;
}

/* What a new blob is bound to: MIX's kind, key and floor, and the POLICY. */
static CK_RV bind(struct tpm_root *root, const struct tpm_context *c, struct tpm_mix *mix, TPM2B_DIGEST *policy, bool *made)
{
	enum tpm_policy_wanted wanted = root->floor.handle || root->wanted_floor ? TPM_POLICY_VERSIONED : TPM_POLICY_ANY;
	struct tpm_policy_approval approval = {.version = 0};
	CK_RV rv = CKR_OK;

	mix->kind = TPM_MIX_PCRS;
	mix->selection = root->selection;
	if (!root->policy_key.key)
		return tpm_policy_of_pcrs(&root->selection, &mix->values, policy) ? CKR_OK : CKR_DEVICE_ERROR;
	mix->policy_key = tpm_context_span(&root->policy_key.name);
	rv = find_approval(root, wanted, &mix->values, &approval);
	if (rv != CKR_OK)
		return rv;
	if (!approval.version) {
		mix->kind = TPM_MIX_KEY;
		return tpm_policy_of_key(&root->policy_key.name, 0, policy) ? CKR_OK : CKR_DEVICE_ERROR;
	}
	mix->kind = TPM_MIX_VERSIONS;
	rv = choose_floor(root, c, approval.version, mix, made);
	if (rv == CKR_OK && !tpm_floor_policy(&mix->floor, &root->policy_key.name, policy))
		rv = CKR_DEVICE_ERROR;
	return rv;
}

/* The PCR values of now, if they bind anything. */
static CK_RV read_pcrs(const struct tpm_root *root, const struct tpm_context *c, const struct tpm_primary *srk,
		       struct tpm_pcr_values *values)
{
	CK_RV rv = tpm_pcr_read(c, srk, &root->selection, values);

	if (rv != CKR_OK || !tpm_pcr_are_unused(&root->selection, values))
		return rv;
	log_error("platform tpm: nothing was measured into the PCRs of tpm-pcrs: a root sealed to them would be bound "
		  "to nothing (is this bank the one that the firmware extends?)");
	return CKR_DEVICE_ERROR;
}

/* A new secret into KEY, sealed; MIX borrows from PUBLIC and PRIVATE. */
static CK_RV seal_new(struct tpm_root *root, const struct tpm_context *c, struct tpm_mix *mix, struct buffer *public,
		      struct buffer *private, uint8_t key[PLATFORM_KEY_SIZE], bool *made)
{
	TPM2B_DIGEST policy = {.size = 0};
	struct tpm_primary srk = {.handle = ESYS_TR_NONE};
	CK_RV rv = tpm_context_srk(c, mix->srk, &srk);

	if (rv == CKR_OK)
		rv = read_pcrs(root, c, &srk, &mix->values);
	if (rv == CKR_OK)
		rv = bind(root, c, mix, &policy, made);
	if (rv == CKR_OK && (!hkdf_library() || RAND_priv_bytes_ex(hkdf_library(), key, PLATFORM_KEY_SIZE, 0) <= 0)) {
		log_error("libcrypto: no random bytes");
		rv = CKR_DEVICE_ERROR;
	}
	if (rv == CKR_OK)
		rv = tpm_seal_close(c, &srk, &policy, key, public, private);
	mix->public = buffer_span(public);
	mix->private = buffer_span(private);
	tpm_context_drop(c, &srk);
	return rv;
}

CK_RV tpm_root_new(struct tpm_root *root, const struct tpm_context *c, struct buffer *out, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct buffer public = {0}, private = {0};
	uint8_t *opened = memory_secret_new(PLATFORM_KEY_SIZE);
	struct tpm_mix mix = {.srk = tpm_context_span(&c->srk), .ek = tpm_context_span(&c->ek)};
	bool made = false;
	CK_RV rv = opened ? seal_new(root, c, &mix, &public, &private, key, &made) : CKR_DEVICE_MEMORY;

	/* A slot that would not open at the next start must not be made: a policy that nobody signed yet. */
	if (rv == CKR_OK)
		rv = open_mix(root, c, &mix, opened);
	if (rv == CKR_OK && !memory_equal(opened, key, PLATFORM_KEY_SIZE)) {
		log_error("platform tpm: it does not give back what was sealed");
		rv = CKR_DEVICE_ERROR;
	}
	if (rv == CKR_OK && !tpm_mix_write(&mix, out))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		root->floor = mix.floor;
	else if (made)
		tpm_floor_delete(c, &mix.floor);
	memory_secret_free(opened);
	buffer_free(&public);
	buffer_free(&private);
	return rv;
}

/* ---- current ---- */

static bool floor_is_current(struct tpm_root *root, const struct tpm_context *c, const struct tpm_mix *mix)
{
	uint32_t wanted = wanted_floor(root, root->approval.version);
	uint64_t now = 0;

	/* The store's root came out of this slot: its floor is the store's. */
	root->floor = mix->floor;
	if (tpm_floor_read(c, &mix->floor, &now) != CKR_OK)
		return true;
	if (wanted > root->approval.version) {
		log_warning("tpm-version-floor: %u is above what runs, which is approved as version %u: the floor stays at %llu",
			    wanted, root->approval.version, (unsigned long long)now);
		wanted = 0;
	}
	return wanted <= now && mix->floor.first == now;
}

/* Of another kind, key or choice of PCRs than the configuration has now. */
bool tpm_root_is_current(struct tpm_root *root, const struct tpm_context *c, struct span bytes)
{
	struct tpm_policy_approval versioned = {.policy = root->approval.policy};
	struct tpm_mix mix;
	const char *why = NULL;

	if (!tpm_mix_read(bytes, &mix, &why))
		return true;
	if (!mix.ek.size)
		return false;
	if (!root->policy_key.key)
		return mix.kind == TPM_MIX_PCRS && mix.selection.bank == root->selection.bank &&
		       mix.selection.mask == root->selection.mask;
	if (mix.kind == TPM_MIX_PCRS || !span_equal(mix.policy_key, tpm_context_span(&root->policy_key.name)))
		return false;
	if (mix.kind == TPM_MIX_VERSIONS)
		return floor_is_current(root, c, &mix);
	/* What runs was approved with a version since. */
	return tpm_policy_find(root->policy_dir, &root->policy_key, TPM_POLICY_VERSIONED, &versioned) != CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with a TPM 2.0 or a vTPM: the root is sealed under PCR values, or under a key that signs which ones are good;
 * a counter in NV memory tells an old store; evidence is a quote. docs/platforms/tpm.md says what that is worth.
 */
#include "config.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "platform/boot_log.h"
#include "platform/hkdf.h"
#include "platform/platform_ops.h"
#include "platform/tpm_attest.h"
#include "platform/tpm_counter.h"
#include "platform/tpm_mix.h"
#include "platform/tpm_policy.h"
#include "platform/tpm_seal.h"

#define EVENT_LOG "/sys/kernel/security/tpm0/binary_bios_measurements"
#define EVENT_LOG_MAX ((size_t)256 * 1024)
#define IMA_LOG "/sys/kernel/security/ima/binary_runtime_measurements"
#define IMA_LOG_MAX ((size_t)384 * 1024)

#define HOST_PROTECTOR "host-vtpm"

struct tpm {
	struct platform base;  /* first */
	pthread_mutex_t lock;  /* of the connection, which serves one command at a time */
	struct tpm_context context;
	struct tpm_pcr_selection selection;
	struct tpm_policy_key policy_key; /* .key NULL: bound to PCR values */
	char policy_dir[PATH_MAX];
	char ima_log[PATH_MAX];
	bool ima;
	struct buffer event_log; /* of the boot: it does not change any more */
	struct buffer ek_certificate;
	const char *paths[3];
};

static struct tpm *tpm_of(struct platform *base)
{
	return (struct tpm *)base;
}

/* ---- the sealed key ---- */

static void hex_of(const uint8_t *value, size_t size, char *out)
{
	for (size_t i = 0; i < size; i++)
		snprintf(out + 2 * i, 3, "%02x", value[i]);
}

/* True if none differs; each that does is logged. */
static bool same_pcrs(const struct tpm_mix *mix, const struct tpm_pcr_values *now)
{
	char then_hex[2 * TPM_PCR_SIZE_MAX + 1], now_hex[2 * TPM_PCR_SIZE_MAX + 1];
	bool same = true;

	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
		if (!(mix->selection.mask >> pcr & 1) ||
		    memcmp(mix->values.value[pcr], now->value[pcr], now->size) == 0)
			continue;
		hex_of(mix->values.value[pcr], now->size, then_hex);
		hex_of(now->value[pcr], now->size, now_hex);
		log_warning("platform tpm: this wrap slot was sealed in another state: PCR%u (%s) differs: then %s, now %s",
			    pcr, tpm_pcr_bank_name(mix->selection.bank), then_hex, now_hex);
		same = false;
	}
	return same;
}

/* The policy that new blobs get, for the PCR values NOW. */
static CK_RV policy_now(const struct tpm *t, const struct tpm_pcr_values *now, TPM2B_DIGEST *policy)
{
	bool done = t->policy_key.key ? tpm_policy_of_key(&t->policy_key.name, policy)
				      : tpm_policy_of_pcrs(&t->selection, now, policy);

	return done ? CKR_OK : CKR_DEVICE_ERROR;
}

/* A policy session brought to where MIX's blob opens. */
static CK_RV satisfy(const struct tpm *t, const struct tpm_mix *mix, const struct tpm_pcr_selection *selection,
		     const struct tpm_pcr_values *now, ESYS_TR *session)
{
	TPM2B_DIGEST approved = {.size = 0};
	TPMT_SIGNATURE signature = {.sigAlg = TPM2_ALG_NULL};
	CK_RV rv = CKR_OK;

	if (mix->kind == TPM_MIX_KEY) {
		if (!tpm_policy_of_pcrs(selection, now, &approved))
			return CKR_DEVICE_ERROR;
		rv = tpm_policy_find(t->policy_dir, &t->policy_key, &approved, &signature);
	}
	if (rv == CKR_OK)
		rv = tpm_context_session(&t->context, NULL, TPM2_SE_POLICY, 0, session);
	if (rv == CKR_OK)
		rv = tpm_policy_run_pcrs(&t->context, *session, selection);
	if (rv == CKR_OK && mix->kind == TPM_MIX_KEY)
		rv = tpm_policy_run_key(&t->context, *session, &t->policy_key, &approved, &signature);
	return rv;
}

static CK_RV open_mix(const struct tpm *t, const struct tpm_mix *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	/* A signature says which PCRs count; values alone count only as they were. */
	const struct tpm_pcr_selection *selection = mix->kind == TPM_MIX_KEY ? &t->selection : &mix->selection;
	struct tpm_pcr_values now;
	struct tpm_primary srk;
	ESYS_TR session = ESYS_TR_NONE;
	CK_RV rv = CKR_OK;

	if (mix->kind == TPM_MIX_KEY && !span_equal(mix->policy_key, tpm_context_span(&t->policy_key.name))) {
		log_error("platform tpm: this wrap slot is under the policies of another key than tpm-policy-key");
		return CKR_DATA_INVALID;
	}
	rv = tpm_context_srk(&t->context, mix->srk, &srk);
	if (rv != CKR_OK)
		return rv;
	rv = tpm_pcr_read(&t->context, &srk, selection, &now);
	if (rv == CKR_OK && mix->kind == TPM_MIX_PCRS && !same_pcrs(mix, &now))
		rv = CKR_DATA_INVALID;
	if (rv == CKR_OK)
		rv = satisfy(t, mix, selection, &now, &session);
	if (rv == CKR_OK)
		rv = tpm_seal_open(&t->context, &srk, session, mix->public, mix->private, key);
	tpm_context_flush(&t->context, &session);
	tpm_context_drop(&t->context, &srk);
	return rv;
}

static CK_RV tpm_key(struct platform *base, struct span bytes, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct tpm *t = tpm_of(base);
	struct tpm_mix mix;
	const char *why = NULL;
	CK_RV rv = CKR_DATA_INVALID;

	if (!tpm_mix_read(bytes, &mix, &why)) {
		log_error("platform tpm: this wrap slot's mix is refused: %s", why);
		return rv;
	}
	pthread_mutex_lock(&t->lock);
	rv = open_mix(t, &mix, key);
	pthread_mutex_unlock(&t->lock);
	return rv;
}

/* The PCR values of now, if they bind anything. */
static CK_RV bind_now(const struct tpm *t, const struct tpm_primary *srk, struct tpm_mix *mix, TPM2B_DIGEST *policy)
{
	CK_RV rv = tpm_pcr_read(&t->context, srk, &t->selection, &mix->values);

	if (rv == CKR_OK && tpm_pcr_are_unused(&t->selection, &mix->values)) {
		log_error("platform tpm: nothing was measured into the PCRs of tpm-pcrs: a root sealed to them would be bound "
			  "to nothing (is this bank the one that the firmware extends?)");
		rv = CKR_DEVICE_ERROR;
	}
	return rv == CKR_OK ? policy_now(t, &mix->values, policy) : rv;
}

/* A new secret into KEY, sealed; MIX borrows from PUBLIC and PRIVATE. */
static CK_RV seal_new(const struct tpm *t, struct tpm_primary *srk, struct tpm_mix *mix, struct buffer *public,
		      struct buffer *private, uint8_t key[PLATFORM_KEY_SIZE])
{
	TPM2B_DIGEST policy = {.size = 0};
	CK_RV rv = bind_now(t, srk, mix, &policy);

	if (rv == CKR_OK && (!hkdf_library() || RAND_priv_bytes_ex(hkdf_library(), key, PLATFORM_KEY_SIZE, 0) <= 0)) {
		log_error("libcrypto: no random bytes");
		rv = CKR_DEVICE_ERROR;
	}
	if (rv == CKR_OK)
		rv = tpm_seal_close(&t->context, srk, &policy, key, public, private);
	mix->selection = t->selection;
	mix->kind = t->policy_key.key ? TPM_MIX_KEY : TPM_MIX_PCRS;
	mix->policy_key = t->policy_key.key ? tpm_context_span(&t->policy_key.name) : (struct span){0};
	mix->public = buffer_span(public);
	mix->private = buffer_span(private);
	return rv;
}

static CK_RV key_new(const struct tpm *t, struct buffer *out, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct buffer public = {0}, private = {0};
	uint8_t *opened = memory_secret_new(PLATFORM_KEY_SIZE);
	struct tpm_primary srk = {.handle = ESYS_TR_NONE};
	struct tpm_mix mix = {0};
	TPM2B_NAME name = {.size = 0};
	CK_RV rv = opened ? tpm_context_srk(&t->context, (struct span){0}, &srk) : CKR_DEVICE_MEMORY;

	if (rv == CKR_OK) {
		name = srk.name;
		mix.srk = tpm_context_span(&name);
		rv = seal_new(t, &srk, &mix, &public, &private, key);
	}
	tpm_context_drop(&t->context, &srk);
	/* A slot that would not open at the next start must not be made: a policy that nobody signed yet. */
	if (rv == CKR_OK)
		rv = open_mix(t, &mix, opened);
	if (rv == CKR_OK && !memory_equal(opened, key, PLATFORM_KEY_SIZE)) {
		log_error("platform tpm: it does not give back what was sealed");
		rv = CKR_DEVICE_ERROR;
	}
	if (rv == CKR_OK && !tpm_mix_write(&mix, out))
		rv = CKR_DEVICE_MEMORY;
	memory_secret_free(opened);
	buffer_free(&public);
	buffer_free(&private);
	return rv;
}

static CK_RV tpm_key_new(struct platform *base, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&t->lock);
	rv = key_new(t, mix, key);
	pthread_mutex_unlock(&t->lock);
	return rv;
}

/* Of another kind, key or choice of PCRs than the configuration has now. */
static bool tpm_key_is_current(struct platform *base, struct span bytes)
{
	struct tpm *t = tpm_of(base);
	struct tpm_mix mix;
	const char *why = NULL;

	if (!tpm_mix_read(bytes, &mix, &why))
		return true;
	if (t->policy_key.key)
		return mix.kind == TPM_MIX_KEY && span_equal(mix.policy_key, tpm_context_span(&t->policy_key.name));
	return mix.kind == TPM_MIX_PCRS && mix.selection.bank == t->selection.bank && mix.selection.mask == t->selection.mask;
}

/* ---- evidence, counter, random ---- */

static CK_RV tpm_evidence(struct platform *base, const struct platform_digest *digest,
			  struct platform_evidence *evidence)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&t->lock);
	/* The list first: entries that come later are not in the quote, and it would not replay. */
	if (t->ima)
		rv = boot_log_read("tpm", "IMA's list", t->ima_log, IMA_LOG_MAX, &evidence->ima_log);
	if (rv == CKR_OK)
		rv = tpm_attest_quote(&t->context, t->selection.bank, digest, buffer_span(&t->ek_certificate),
				      &evidence->report);
	pthread_mutex_unlock(&t->lock);
	if (rv == CKR_OK && !buffer_set(&evidence->event_log, t->event_log.data, t->event_log.size))
		rv = CKR_DEVICE_MEMORY;
	return rv;
}

static CK_RV tpm_counter_make(struct platform *base, const uint8_t auth[PLATFORM_KEY_SIZE], struct buffer *id,
			      uint64_t *value)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&t->lock);
	rv = tpm_counter_new(&t->context, auth, id, value);
	pthread_mutex_unlock(&t->lock);
	return rv;
}

static CK_RV count(struct platform *base, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], bool increment,
		   uint64_t *value)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&t->lock);
	rv = tpm_counter_read(&t->context, id, auth, increment, value);
	pthread_mutex_unlock(&t->lock);
	return rv;
}

static CK_RV counter_value(struct platform *base, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], uint64_t *value)
{
	return count(base, id, auth, false, value);
}

static CK_RV counter_increment(struct platform *base, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE],
			       uint64_t *value)
{
	return count(base, id, auth, true, value);
}

static CK_RV tpm_random(struct platform *base, uint8_t *out, size_t size, size_t *got)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&t->lock);
	rv = tpm_context_random(&t->context, out, size);
	pthread_mutex_unlock(&t->lock);
	*got = rv == CKR_OK ? size : 0;
	return rv;
}

/* ---- open ---- */

static void tpm_free(struct platform *base)
{
	struct tpm *t = tpm_of(base);

	tpm_context_close(&t->context);
	tpm_policy_key_free(&t->policy_key);
	buffer_free(&t->event_log);
	buffer_free(&t->ek_certificate);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* Security rule 9: in a confidential guest, whose TPM is this? */
static CK_RV choose_protector(struct tpm *t, const struct settings *settings)
{
	const char *guest = platform_guest_mark(settings->platform_root);

	if (!guest)
		return CKR_OK;
	if (!settings->allow_host_vtpm) {
		log_error("platform tpm: this is a confidential guest (%s), and nothing shows that its TPM is inside: whoever "
			  "runs the host may hold the keys. To take it all the same: allow-host-vtpm = yes (it is recorded "
			  "in the store and in the evidence)",
			  guest);
		return CKR_TOKEN_NOT_PRESENT;
	}
	log_warning("platform tpm: the host's TPM protects the root (allow-host-vtpm)");
	t->base.description.protector = HOST_PROTECTOR;
	return CKR_OK;
}

static CK_RV choose_policy(struct tpm *t, const struct settings *settings)
{
	const char *why = NULL;

	if (!tpm_pcr_parse(settings->tpm_pcrs, &t->selection, &why)) {
		log_error("tpm-pcrs: %s: %s", settings->tpm_pcrs, why);
		return CKR_TOKEN_NOT_PRESENT;
	}
	if (!*settings->tpm_policy_key)
		return CKR_OK;
	if (!*settings->tpm_policy_dir) {
		log_error("tpm-policy-key: needs tpm-policy-dir, where the signatures are");
		return CKR_TOKEN_NOT_PRESENT;
	}
	snprintf(t->policy_dir, sizeof(t->policy_dir), "%s", settings->tpm_policy_dir);
	return tpm_policy_key_read(settings->tpm_policy_key, &t->policy_key);
}

static CK_RV read_logs(struct tpm *t, const struct settings *settings)
{
	char path[PATH_MAX];

	if (!platform_path(settings, EVENT_LOG, path, sizeof(path)) ||
	    !platform_path(settings, IMA_LOG, t->ima_log, sizeof(t->ima_log)))
		return CKR_TOKEN_NOT_PRESENT;
	t->ima = access(t->ima_log, R_OK) == 0;
	if (!t->ima)
		log_info("platform tpm: no IMA list at %s: evidence does not say which program serves", t->ima_log);
	return boot_log_read("tpm", "the boot's event log", path, EVENT_LOG_MAX, &t->event_log);
}

static CK_RV tpm_open(const struct settings *settings, struct platform **platform)
{
	struct tpm *t = calloc(1, sizeof(*t));
	size_t paths = 0;
	CK_RV rv = CKR_OK;

	if (!t) {
		log_error("platform tpm: no memory");
		return CKR_DEVICE_MEMORY;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->base.ops = &tpm_ops;
	t->base.description = tpm_ops.description;
	if (!settings->tpm_counter)
		t->base.description.rollback = "none";
	rv = choose_protector(t, settings);
	if (rv == CKR_OK)
		rv = choose_policy(t, settings);
	if (rv == CKR_OK)
		rv = tpm_context_open(&t->context, settings->tpm_tcti);
	if (rv == CKR_OK)
		rv = tpm_attest_certificate(&t->context, &t->ek_certificate);
	if (rv == CKR_OK)
		rv = read_logs(t, settings);
	if (rv != CKR_OK) {
		tpm_free(&t->base);
		return rv;
	}
	if (t->ima)
		t->paths[paths++] = t->ima_log;
	if (t->policy_key.key)
		t->paths[paths++] = t->policy_dir;
	t->base.paths = t->paths;
	*platform = &t->base;
	return CKR_OK;
}

static const char *const tpm_marks[] = {"/dev/tpmrm0", NULL};

const struct platform_ops tpm_ops = {
    .description =
	{
	    .name = "tpm",
	    .protector = "tpm",
	    .rollback = "counter",
	    .media_type = "application/vnd.keyclave.tpm-evidence+cbor",
	    .tee = false,
	},
    .marks = tpm_marks,
    .open = tpm_open,
    .key_new = tpm_key_new,
    .key = tpm_key,
    .key_is_current = tpm_key_is_current,
    .evidence = tpm_evidence,
    .random = tpm_random,
    .counter_new = tpm_counter_make,
    .counter_read = counter_value,
    .counter_increment = counter_increment,
    .free = tpm_free,
};

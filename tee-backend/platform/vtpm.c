/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TEE and the vTPM beside it as one platform: the TEE's name, evidence and measurement, the TPM's seal, counter and quote
 * (DESIGN 1, security rules 7 and 9). Serves once the binding was judged. Inside the enclave; called by platform.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "platform/platform_ops.h"

#define PATHS_MAX 8

struct vtpm {
	struct platform base; /* first */
	struct platform *hardware, *tpm;
	const char *paths[PATHS_MAX + 1];
};

static struct vtpm *vtpm_of(struct platform *base)
{
	return (struct vtpm *)base;
}

static CK_RV vtpm_key_new(struct platform *base, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct platform *tpm = vtpm_of(base)->tpm;

	return tpm->ops->key_new(tpm, mix, key);
}

static CK_RV vtpm_key(struct platform *base, struct span mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct platform *tpm = vtpm_of(base)->tpm;

	return tpm->ops->key(tpm, mix, key);
}

static bool vtpm_key_is_current(struct platform *base, struct span mix)
{
	struct platform *tpm = vtpm_of(base)->tpm;

	return tpm->ops->key_is_current(tpm, mix);
}

/* Both sign the same claims. */
static CK_RV vtpm_evidence(struct platform *base, const struct platform_digest *digest, struct platform_evidence *evidence)
{
	struct vtpm *v = vtpm_of(base);
	struct platform_evidence quote = {0};
	CK_RV rv = v->hardware->ops->evidence(v->hardware, digest, evidence);

	if (rv == CKR_OK)
		rv = v->tpm->ops->evidence(v->tpm, digest, &quote);
	if (rv == CKR_OK) {
		evidence->vtpm = quote.report;
		evidence->vtpm_log = quote.event_log;
		evidence->ima_log = quote.ima_log;
		quote = (struct platform_evidence){0};
	}
	platform_evidence_free(&quote);
	return rv;
}

/* The hardware's own does not change while the guest runs, or is asked for anew (platform_state). */
static CK_RV vtpm_state(struct platform *base, uint64_t *state)
{
	struct platform *tpm = vtpm_of(base)->tpm;

	return tpm->ops->state(tpm, state);
}

static CK_RV vtpm_measurement(struct platform *base, struct buffer *out)
{
	struct platform *hardware = vtpm_of(base)->hardware;

	return hardware->ops->measurement(hardware, out);
}

static CK_RV vtpm_random(struct platform *base, uint8_t *out, size_t size, size_t *got)
{
	struct platform *tpm = vtpm_of(base)->tpm;

	return tpm->ops->random(tpm, out, size, got);
}

static CK_RV vtpm_counter_new(struct platform *base, const uint8_t auth[PLATFORM_KEY_SIZE], struct buffer *id, uint64_t *value)
{
	struct platform *tpm = vtpm_of(base)->tpm;

	return tpm->ops->counter_new(tpm, auth, id, value);
}

static CK_RV vtpm_counter_read(struct platform *base, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], uint64_t *value)
{
	struct platform *tpm = vtpm_of(base)->tpm;

	return tpm->ops->counter_read(tpm, id, auth, value);
}

static CK_RV vtpm_counter_increment(struct platform *base, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE],
				    uint64_t *value)
{
	struct platform *tpm = vtpm_of(base)->tpm;

	return tpm->ops->counter_increment(tpm, id, auth, value);
}

/* The binding is the TPM's. */
static void vtpm_free(struct platform *base)
{
	struct vtpm *v = vtpm_of(base);

	platform_free(&v->tpm);
	platform_free(&v->hardware);
	free(v);
}

static const struct platform_ops vtpm_ops = {
    .description = {.name = "", .protector = PLATFORM_NO_KEY, .rollback = "none", .media_type = "", .tee = true},
    .key_new = vtpm_key_new,
    .key = vtpm_key,
    .key_is_current = vtpm_key_is_current,
    .evidence = vtpm_evidence,
    .state = vtpm_state,
    .measurement = vtpm_measurement,
    .random = vtpm_random,
    .counter_new = vtpm_counter_new,
    .counter_read = vtpm_counter_read,
    .counter_increment = vtpm_counter_increment,
    .free = vtpm_free,
};

static size_t add_paths(struct vtpm *v, size_t count, const struct platform *of)
{
	for (const char *const *path = platform_paths(of); *path && count < PATHS_MAX; path++)
		v->paths[count++] = *path;
	return count;
}

CK_RV vtpm_open(const struct settings *settings, struct platform **hardware, struct platform **platform)
{
	struct vtpm *v = calloc(1, sizeof(*v));
	CK_RV rv = CKR_OK;

	if (!v) {
		log_error("platform %s: no memory", (*hardware)->description.name);
		return CKR_DEVICE_MEMORY;
	}
	rv = tpm_open_beside(settings, *hardware, &v->tpm);
	if (rv != CKR_OK) {
		vtpm_free(&v->base);
		return rv;
	}
	v->hardware = *hardware;
	*hardware = NULL;
	v->base.ops = &vtpm_ops;
	v->base.description = v->hardware->description;
	v->base.description.protector = v->tpm->description.protector;
	v->base.description.rollback = v->tpm->description.rollback;
	v->base.binding = v->tpm->binding;
	add_paths(v, add_paths(v, 0, v->hardware), v->tpm);
	v->base.paths = v->paths;
	*platform = &v->base;
	log_notice("platform %s with root = tpm: a vTPM beside it protects the root, once the hardware vouches for it",
		   v->base.description.name);
	return CKR_OK;
}

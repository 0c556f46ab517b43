/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine with a TPM 2.0 or a vTPM: the root is sealed under PCR values, or under a key that signs which ones are good;
 * a counter in NV memory tells an old store; evidence is a quote. docs/platforms/tpm.md says what that is worth.
 */
#include "config.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "platform/boot_log.h"
#include "platform/platform_ops.h"
#include "platform/tpm_attest.h"
#include "platform/tpm_counter.h"
#include "platform/tpm_ek.h"
#include "platform/tpm_root.h"
#include "platform/vtpm_binding.h"

#define EVENT_LOG "/sys/kernel/security/tpm0/binary_bios_measurements"
#define EVENT_LOG_MAX ((size_t)256 * 1024)
#define IMA_LOG "/sys/kernel/security/ima/binary_runtime_measurements"
#define IMA_LOG_MAX ((size_t)384 * 1024)

struct tpm {
	struct platform base;  /* first */
	pthread_mutex_t lock;  /* of the connection, which serves one command at a time */
	struct tpm_context context;
	struct tpm_root root;
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

static void acquire(struct tpm *t)
{
	pthread_mutex_lock(&t->lock);
}

/* RV as it is; the next one finds a connection that works. */
static CK_RV release(struct tpm *t, CK_RV rv)
{
	if (rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_MEMORY)
		tpm_context_recover(&t->context);
	pthread_mutex_unlock(&t->lock);
	return rv;
}

/* ---- the sealed key ---- */

static CK_RV tpm_key(struct platform *base, struct span mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	acquire(t);
	rv = tpm_root_open(&t->root, &t->context, mix, key);
	return release(t, rv);
}

static CK_RV tpm_key_new(struct platform *base, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	acquire(t);
	rv = tpm_root_new(&t->root, &t->context, mix, key);
	return release(t, rv);
}

static bool tpm_key_is_current(struct platform *base, struct span mix)
{
	struct tpm *t = tpm_of(base);
	bool current = true;

	acquire(t);
	current = tpm_root_is_current(&t->root, &t->context, mix);
	pthread_mutex_unlock(&t->lock);
	return current;
}

/* ---- evidence, counter, random ---- */

static CK_RV tpm_evidence(struct platform *base, const struct platform_digest *digest,
			  struct platform_evidence *evidence)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	acquire(t);
	/* The list first: entries that come later are not in the quote, and it would not replay. */
	if (t->ima)
		rv = boot_log_read("tpm", "IMA's list", t->ima_log, IMA_LOG_MAX, &evidence->ima_log);
	if (rv == CKR_OK)
		rv = tpm_attest_quote(&t->context, t->root.selection.bank, digest, buffer_span(&t->ek_certificate),
				      t->base.binding, &evidence->report);
	rv = release(t, rv);
	if (rv == CKR_OK && !buffer_set(&evidence->event_log, t->event_log.data, t->event_log.size))
		rv = CKR_DEVICE_MEMORY;
	return rv;
}

static CK_RV tpm_state(struct platform *base, uint64_t *state)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&t->lock);
	rv = tpm_pcr_read_updates(&t->context, state);
	pthread_mutex_unlock(&t->lock);
	return rv;
}

/* As they were when the root opened: what is extended while the daemon serves is of no other code. */
static CK_RV tpm_measurement(struct platform *base, struct buffer *out)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_DEVICE_MEMORY;

	pthread_mutex_lock(&t->lock);
	if (!t->root.opened) {
		log_error("platform tpm: no root was opened, so there is nothing that it was sealed under");
		rv = CKR_DEVICE_ERROR;
	} else if (buffer_set(out, t->root.measured.buffer, t->root.measured.size)) {
		rv = CKR_OK;
	}
	pthread_mutex_unlock(&t->lock);
	return rv;
}

static CK_RV tpm_counter_make(struct platform *base, const uint8_t auth[PLATFORM_KEY_SIZE], struct buffer *id,
			      uint64_t *value)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	acquire(t);
	rv = tpm_counter_new(&t->context, auth, id, value);
	return release(t, rv);
}

static CK_RV count(struct platform *base, struct span id, const uint8_t auth[PLATFORM_KEY_SIZE], bool increment,
		   uint64_t *value)
{
	struct tpm *t = tpm_of(base);
	CK_RV rv = CKR_OK;

	acquire(t);
	rv = tpm_counter_read(&t->context, id, auth, increment, value);
	return release(t, rv);
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

	acquire(t);
	rv = tpm_context_random(&t->context, out, size);
	rv = release(t, rv);
	*got = rv == CKR_OK ? size : 0;
	return rv;
}

/* ---- open ---- */

static void tpm_free(struct platform *base)
{
	struct tpm *t = tpm_of(base);

	tpm_context_close(&t->context);
	tpm_root_free(&t->root);
	buffer_free(&t->event_log);
	buffer_free(&t->ek_certificate);
	vtpm_binding_free(&t->base.binding);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/*
 * Security rule 9: in a confidential guest, whose TPM is this? What it shows for itself is judged before anything is sealed
 * (platform_binding).
 */
static CK_RV find_binding(struct tpm *t, const struct settings *settings, struct platform *hardware)
{
	if (!hardware && !platform_guest_mark(settings->platform_root))
		return CKR_OK;
	return vtpm_binding_new(&t->context, settings, hardware, &t->base.binding);
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

CK_RV tpm_open_beside(const struct settings *settings, struct platform *hardware, struct platform **platform)
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
	rv = tpm_root_configure(&t->root, settings);
	if (rv == CKR_OK)
		rv = tpm_context_open(&t->context, settings->tpm_tcti);
	if (rv == CKR_OK)
		rv = tpm_attest_certificate(&t->context, &t->ek_certificate);
	if (rv == CKR_OK)
		rv = tpm_ek_authenticate(&t->context, buffer_span(&t->ek_certificate));
	if (rv == CKR_OK)
		rv = find_binding(t, settings, hardware);
	if (rv == CKR_OK)
		rv = read_logs(t, settings);
	if (rv != CKR_OK) {
		tpm_free(&t->base);
		return rv;
	}
	if (t->ima)
		t->paths[paths++] = t->ima_log;
	if (t->root.policy_key.key)
		t->paths[paths++] = t->root.policy_dir;
	t->base.paths = t->paths;
	*platform = &t->base;
	return CKR_OK;
}

static CK_RV tpm_open(const struct settings *settings, struct platform **platform)
{
	return tpm_open_beside(settings, NULL, platform);
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
    .state = tpm_state,
    .measurement = tpm_measurement,
    .random = tpm_random,
    .counter_new = tpm_counter_make,
    .counter_read = counter_value,
    .counter_increment = counter_increment,
    .free = tpm_free,
};

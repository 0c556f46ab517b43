/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the policy, refuses one that is too weak, and has the verifier judge requests by it.
 */
#include "config.h"

#include "keys/migration_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "verifier/verifier.h"

struct migration_policy {
	char path[PATH_MAX];
	struct buffer bytes;
	bool read; /* else .why */
	bool usable;
	char why[256];
	uint8_t digest[HEAD_MIGRATION_SIZE];
	struct policy policy; /* when .usable */
};

/* ---- the file ---- */

static bool fail(struct migration_policy *p, const char *why)
{
	snprintf(p->why, sizeof(p->why), "%s", why);
	return false;
}

static bool read_file(struct migration_policy *p)
{
	int fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st = {0};
	ssize_t got = 0;
	bool done = false;

	if (fd < 0 || fstat(fd, &st) != 0)
		fail(p, strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (size_t)st.st_size > POLICY_SIZE_MAX)
		fail(p, "not a plain file of a policy's size");
	else if (!buffer_resize(&p->bytes, (size_t)st.st_size))
		fail(p, "no memory");
	else
		done = true;
	for (size_t at = 0; done && at < p->bytes.size; at += (size_t)got) {
		got = read(fd, p->bytes.data + at, p->bytes.size - at);
		if (got <= 0)
			done = fail(p, got < 0 ? strerror(errno) : "it became shorter");
	}
	if (fd >= 0)
		close(fd);
	return done;
}

CK_RV migration_policy_load(const char *path, struct migration_policy **policy)
{
	struct migration_policy *p = NULL;

	*policy = NULL;
	if (!path[0])
		return CKR_OK;
	p = calloc(1, sizeof(*p));
	if (!p)
		return CKR_DEVICE_MEMORY;
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->read = read_file(p);
	if (p->read && !EVP_Digest(p->bytes.data, p->bytes.size, p->digest, NULL, EVP_sha256(), NULL))
		p->read = fail(p, "cannot be hashed");
	*policy = p;
	return CKR_OK;
}

void migration_policy_free(struct migration_policy **policy)
{
	if (!policy || !*policy)
		return;
	policy_free(&(*policy)->policy);
	buffer_free(&(*policy)->bytes);
	free(*policy);
	*policy = NULL;
}

const char *migration_policy_path(const struct migration_policy *policy)
{
	return policy->path;
}

const uint8_t *migration_policy_digest(const struct migration_policy *policy)
{
	return policy->read ? policy->digest : NULL;
}

/* ---- what it must pin ---- */

/* What each platform's evidence can be held to. A platform or protector without a row has no migrations. */
static const struct demand {
	const char *platform;
	const char *protector; /* NULL: any */
	const char *measured;  /* fact that measures the code, or the beginning of such facts' names */
	bool many;             /* it is a beginning: "pcr" */
	const char *signer[2]; /* facts that name who signed the measurement, with .version */
	const char *version;   /* number that the signer raises */
	const char *floor;     /* of the platform's own software, or NULL: it has none */
} demands[] = {
	/* Under a derived key alone: where a vTPM is the root, the launch measurement is its firmware's. */
	{"sev-snp", "snp-derived-key", "measurement", false, {"id-key-digest", "author-key-digest"}, "guest-svn", "tcb.snp"},
	{"tpm", NULL, "pcr", true, {NULL, NULL}, NULL, NULL},
};

static bool is_zero(const struct buffer *value)
{
	for (size_t i = 0; i < value->size; i++)
		if (value->data[i])
			return false;
	return true;
}

/* Values of which none is what an empty register or a missing signature shows. */
static bool fixes(const struct policy_expectation *e)
{
	for (size_t i = 0; i < e->value_count; i++)
		if (is_zero(&e->value[i]))
			return false;
	return e->value_count > 0;
}

static bool measures(const struct demand *d, const struct policy_expectation *e)
{
	size_t size = strlen(d->measured);

	if (strcmp(e->platform, d->platform) != 0 || strncmp(e->fact, d->measured, size) != 0 || !fixes(e))
		return false;
	/* Of PCRs those of the firmware, 0 to 7: the verifier takes no later one for a measurement by itself. */
	return d->many ? e->fact[size] >= '0' && e->fact[size] <= '7' && !e->fact[size + 1] : !e->fact[size];
}

static bool has_floor(const struct policy *policy, const struct demand *d, const char *fact)
{
	const struct policy_expectation *e = policy_expects(policy, d->platform, fact);

	return e && e->has_min && e->min > 0;
}

static bool is_signed(const struct policy *policy, const struct demand *d)
{
	for (size_t i = 0; i < sizeof(d->signer) / sizeof(d->signer[0]); i++) {
		const struct policy_expectation *e = d->signer[i] ? policy_expects(policy, d->platform, d->signer[i]) : NULL;

		if (e && fixes(e) && has_floor(policy, d, d->version))
			return true;
	}
	return false;
}

static bool is_measured(const struct policy *policy, const struct demand *d)
{
	for (size_t i = 0; i < policy->expectation_count; i++)
		if (measures(d, &policy->expectation[i]))
			return true;
	return false;
}

static bool names_platform(const struct policy *policy, const char *platform)
{
	for (size_t i = 0; i < policy->platform_count; i++)
		if (strcmp(policy->platforms[i], platform) == 0)
			return true;
	return false;
}

static const struct demand *find_demand(const char *platform, const char *protector)
{
	for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++)
		if (strcmp(demands[i].platform, platform) == 0 &&
		    (!demands[i].protector || strcmp(demands[i].protector, protector) == 0))
			return &demands[i];
	return NULL;
}

/* What would make the rest of it worthless. */
static bool allows_too_much(struct migration_policy *p)
{
	static const enum policy_allow never[] = {POLICY_ALLOW_NOTEE,	      POLICY_ALLOW_DEBUG,
						  POLICY_ALLOW_MIGRATABLE,    POLICY_ALLOW_OLD_TCB,
						  POLICY_ALLOW_SELF_REPORTED, POLICY_ALLOW_ANY_MEASUREMENT,
						  POLICY_ALLOW_NO_NONCE,      POLICY_ALLOW_HOST_VTPM};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (!(p->policy.allow & never[i]))
			continue;
		snprintf(p->why, sizeof(p->why), "it allows \"%s\", and a store must not move on such terms",
			 policy_allow_word(never[i]));
		return true;
	}
	return false;
}

static bool pins(struct migration_policy *p, const char *platform, const struct demand *d)
{
	if (!d)
		snprintf(p->why, sizeof(p->why), "stores of platform %s with a root like this one's do not migrate", platform);
	else if (!names_platform(&p->policy, platform))
		snprintf(p->why, sizeof(p->why), "its \"platforms\" do not name %s", platform);
	else if (allows_too_much(p))
		return false;
	else if (!is_measured(&p->policy, d) && !is_signed(&p->policy, d))
		snprintf(p->why, sizeof(p->why), "\"%s\": neither %s%s is fixed%s", platform, d->measured, d->many ? "N" : "",
			 d->version ? ", nor a signer (id-key-digest or author-key-digest) with a least guest-svn" : "");
	else if (d->floor && !has_floor(&p->policy, d, d->floor))
		snprintf(p->why, sizeof(p->why), "\"%s\": \"%s\": {\"min\": ...} is missing, the floor of the TCB", platform,
			 d->floor);
	else
		return true;
	return false;
}

/* Certificates are looked at now, not on the day of the update. */
static bool take_roots(struct migration_policy *p, struct endorsements *e)
{
	const char *why = NULL;

	for (size_t i = 0; i < p->policy.trust_root_count; i++) {
		if (endorsements_add_roots(e, buffer_span(&p->policy.trust_root[i]), &why))
			continue;
		snprintf(p->why, sizeof(p->why), "trust-roots: %s", why);
		return false;
	}
	return true;
}

CK_RV migration_policy_use(struct migration_policy *p, const char *platform, const char *protector)
{
	const struct demand *d = find_demand(platform, protector);
	struct endorsements roots = {0};

	if (p->read && policy_read(&p->policy, buffer_span(&p->bytes), p->why, sizeof(p->why)) && take_roots(p, &roots))
		p->usable = pins(p, platform, d);
	endorsements_free(&roots);
	if (p->usable) {
		/* A signer stands for all measurements that it signs; its digest and floor are demanded all the same. */
		if (!is_measured(&p->policy, d))
			p->policy.allow |= POLICY_ALLOW_ANY_MEASUREMENT;
		return CKR_OK;
	}
	log_error("migration-policy %s: %s", p->path, p->why);
	return CKR_DEVICE_ERROR;
}

/* ---- judging ---- */

static void refuse(struct migration_verdict *verdict, const char *check, const char *detail)
{
	snprintf(verdict->detail, sizeof(verdict->detail), "%s: %s", check, detail);
}

/* What is left when the verifier is content: it speaks of a store of this kind. */
static bool fits(const struct claims *claims, const struct head *head, struct migration_verdict *verdict)
{
	if (span_equal(claims->platform, head->platform) && span_equal(claims->protector, head->protector))
		return true;
	refuse(verdict, "root protector", "the request is of another platform or protector than the store");
	return false;
}

static void take_verdict(const struct verifier_verdict *v, const struct head *head, struct span request,
			 struct migration_verdict *verdict)
{
	const struct appraisal *a = &v->appraisal;

	if (v->outcome != VERIFIER_GOOD) {
		refuse(verdict, a->check_count ? a->check[a->check_count - 1].name : "form",
		       a->check_count ? a->check[a->check_count - 1].detail : "not evidence");
		return;
	}
	if (!fits(&v->claims, head, verdict))
		return;
	verdict->target.public_key = v->claims.wrap_key;
	verdict->target.mix = v->claims.mix;
	verdict->good = EVP_Digest(request.data, request.size, verdict->target.digest, NULL, EVP_sha256(), NULL) == 1;
	if (!verdict->good)
		refuse(verdict, "form", "cannot be hashed");
}

CK_RV migration_policy_judge(const struct migration_policy *p, const struct head *head, struct span request,
			     struct span endorsements, struct migration_verdict *verdict)
{
	/* A shallow copy: what it points to is only read. */
	struct policy policy = p->policy;
	struct endorsements e = {0};
	struct verifier_verdict *v = NULL;
	const char *why = NULL;
	bool good = true;

	*verdict = (struct migration_verdict){.good = false};
	if (!head->challenge.size) {
		refuse(verdict, "nonce", "none was asked for, or it was used: keyclave migrate challenge");
		return CKR_OK;
	}
	v = calloc(1, sizeof(*v));
	if (!v)
		return CKR_DEVICE_MEMORY;
	policy.nonce = head->challenge;
	policy.purpose = CLAIMS_PURPOSE_MIGRATION;
	for (size_t i = 0; good && i < policy.trust_root_count; i++)
		good = endorsements_add_roots(&e, buffer_span(&policy.trust_root[i]), &why);
	if (good && endorsements.size)
		good = endorsements_add(&e, endorsements, &why);
	if (!good)
		refuse(verdict, "endorsements", why);
	if (good) {
		verifier_check(request, &policy, &e, (int64_t)time(NULL), v);
		take_verdict(v, head, request, verdict);
	}
	endorsements_free(&e);
	free(v);
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our code for the Nitro security module on Linux's own driver, in a guest: what it gives and refuses. Prints what
 * guest.sh takes as results. QEMU's device signs nothing, which the verifier has to notice.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "platform/nsm.h"
#include "verifier/nitro.h"

static int failed;

static void say(bool good, const char *name)
{
	printf("%sok - %s\n", good ? "" : "not ", name);
	fflush(stdout);
	failed += !good;
}

static void describe(struct nsm *nsm)
{
	struct nsm_description d;

	say(nsm_describe(nsm, &d) == CKR_OK && d.max_pcrs == 32 && strcmp(d.digest, "SHA384") == 0 &&
		d.module_id[0],
	    "the module describes itself");
}

static void pcrs(struct nsm *nsm)
{
	struct buffer before = {0}, after = {0}, now = {0};
	bool locked = true;

	say(nsm_pcr(nsm, 17, &locked, &before) == CKR_OK && !locked && before.size == 48, "a PCR is read");
	say(nsm_extend(nsm, 17, span_text("a KMS key"), &after) == CKR_OK && after.size == 48 &&
		memcmp(before.data, after.data, 48) != 0,
	    "it is extended");
	say(nsm_pcr(nsm, 17, &locked, &now) == CKR_OK && now.size == 48 && memcmp(now.data, after.data, 48) == 0,
	    "and holds what it was extended to");
	say(nsm_lock(nsm, 17) == CKR_OK && nsm_pcr(nsm, 17, &locked, &now) == CKR_OK && locked, "it is locked");
	say(nsm_extend(nsm, 17, span_text("again"), &after) == CKR_ACTION_PROHIBITED,
	    "then it is extended no more");
	say(nsm_lock_below(nsm, 20) == CKR_OK && nsm_pcr(nsm, 19, &locked, &now) == CKR_OK && locked &&
		nsm_pcr(nsm, 20, &locked, &now) == CKR_OK && !locked,
	    "a range is locked, and no more");
	buffer_free(&before);
	buffer_free(&after);
	buffer_free(&now);
}

static void randoms(struct nsm *nsm)
{
	struct buffer one = {.secret = true}, two = {.secret = true};

	say(nsm_random(nsm, &one) == CKR_OK && nsm_random(nsm, &two) == CKR_OK && one.size == two.size &&
		one.size >= 32 && memcmp(one.data, two.data, one.size) != 0,
	    "random bytes, others each time");
	buffer_free(&one);
	buffer_free(&two);
}

static void attestation(struct nsm *nsm)
{
	static const uint8_t key[] = {0x30, 0x03, 0x02, 0x01, 0x01};
	struct buffer document = {0};
	struct policy policy = {0};
	struct appraisal a = {.policy = &policy, .time = (int64_t)time(NULL)};
	const struct appraisal_check *last = NULL;
	uint8_t digest[64];
	uint8_t most[NSM_MESSAGE_DATA_MAX];

	memset(digest, 0xa5, sizeof(digest));
	memset(most, 0x5a, sizeof(most));
	say(nsm_attest(nsm, (struct span){digest, sizeof(digest)}, span_text("the verifier's nonce"), &document) ==
		    CKR_OK &&
		memmem(document.data, document.size, digest, sizeof(digest)) != NULL &&
		memmem(document.data, document.size, "the verifier's nonce", 20) != NULL,
	    "a document over the data and the nonce");
	a.report_data = (struct span){digest, sizeof(digest)};
	say(!nitro_appraise(&a, buffer_span(&document)), "which the verifier refuses, for nothing is signed");
	/* Its header names another algorithm, and no key, certificate or signature follows. */
	last = a.check_count ? &a.check[a.check_count - 1] : NULL;
	printf("the verifier: %s: %s\n", last ? last->name : "-", last ? last->detail : "-");
	say(last && !last->passed && strstr(last->detail, "other than ES384"), "and it says why");
	say(nsm_attest(nsm, (struct span){most, sizeof(most)}, (struct span){most, sizeof(most)}, &document) == CKR_OK,
	    "a document over the most that goes in");
	say(nsm_attest_recipient(nsm, (struct span){key, sizeof(key)}, &document) == CKR_OK &&
		memmem(document.data, document.size, key, sizeof(key)) != NULL,
	    "a document for a recipient");
	buffer_free(&document);
}

int main(void)
{
	struct nsm *nsm = NULL;

	log_open("nsm_guest", LOG_LEVEL_INFO);
	say(nsm_open("/dev/nsm", &nsm) == CKR_OK, "/dev/nsm opens");
	if (nsm) {
		describe(nsm);
		pcrs(nsm);
		randoms(nsm);
		attestation(nsm);
	}
	nsm_free(&nsm);
	return failed ? 1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that do two operations on one part (PKCS#11 v3.0 section 5.17). */
#include "config.h"

#include <string.h>

#include "sample.h"

#define SIZE 16

static CK_BYTE iv[16] = {1, 2, 3, 4};
static CK_BYTE plain[SIZE + 1] = "sixteen bytes ok";
static CK_BYTE coded[SIZE]; /* PLAIN by SAMPLE_AES in CBC with IV */

typedef CK_RV (*dual_call)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);

struct half {
	const char *name;
	dual_call call;
	CK_BYTE *in;
	int encrypt; /* else decrypts */
	enum { DIGEST, SIGN, VERIFY } other;
};

static void begin(struct conformance *c, CK_SESSION_HANDLE s, const struct half *h, const CK_OBJECT_HANDLE *handles,
		  int cipher, int other)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)}, hmac = {CKM_SHA256_HMAC, NULL, 0};

	if (cipher && h->encrypt)
		(void)f->C_EncryptInit(s, &cbc, handles[SAMPLE_AES]);
	if (cipher && !h->encrypt)
		(void)f->C_DecryptInit(s, &cbc, handles[SAMPLE_AES]);
	if (other && h->other == DIGEST)
		(void)f->C_DigestInit(s, MECHANISM(CKM_SHA256));
	if (other && h->other == SIGN)
		(void)f->C_SignInit(s, &hmac, handles[SAMPLE_SECRET]);
	if (other && h->other == VERIFY)
		(void)f->C_VerifyInit(s, &hmac, handles[SAMPLE_SECRET]);
}

/* What the second operation has seen: its result is PLAIN's. */
static void finish(struct conformance *c, CK_SESSION_HANDLE s, const struct half *h, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE t = runner_session(c, 0);
	CK_BYTE out[32];
	CK_ULONG size = sizeof(out);
	CK_RV rv = CKR_OK;

	if (h->other == VERIFY) {
		(void)f->C_SignInit(t, MECHANISM(CKM_SHA256_HMAC), handles[SAMPLE_SECRET]);
		(void)f->C_Sign(t, plain, SIZE, out, &size);
		record_rv("final", f->C_VerifyFinal(s, out, size));
	} else {
		rv = h->other == SIGN ? f->C_SignFinal(s, out, &size) : f->C_DigestFinal(s, out, &size);
		record_bytes("final", rv, out, size);
	}
	(void)f->C_CloseSession(t);
}

static void dual_row(struct conformance *c, const struct half *h, const CK_OBJECT_HANDLE *handles)
{
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_BYTE out[64] = {0};
	CK_ULONG size = sizeof(out);
	CK_RV rv = CKR_OK;

	record_row("states", h->name);
	record_rv("no init", h->call(s, h->in, SIZE, out, &size));
	begin(c, s, h, handles, 1, 0);
	record_rv("cipher only", h->call(s, h->in, SIZE, out, &size));
	runner_fresh(c, &s);
	begin(c, s, h, handles, 0, 1);
	record_rv("other only", h->call(s, h->in, SIZE, out, &size));
	runner_fresh(c, &s);
	begin(c, s, h, handles, 1, 1);
	record_rv("NULL size", h->call(s, h->in, SIZE, out, NULL));
	record_rv("NULL data", h->call(s, NULL, SIZE, out, &size));
	record_row_end();
	runner_fresh(c, &s);
	begin(c, s, h, handles, 1, 1);
	record_row("row", h->name);
	rv = h->call(s, h->in, SIZE, NULL, &size);
	record_number("how long", rv, size);
	size = SIZE - 1;
	rv = h->call(s, h->in, SIZE, out, &size);
	record_number("too small", rv, size);
	rv = h->call(s, h->in, SIZE, out, &size);
	record_bytes("update", rv, out, size);
	finish(c, s, h, handles);
	record_row_end();
	runner_fresh(c, &s);
	begin(c, s, h, handles, 1, 1);
	record_row("in place", h->name);
	memcpy(out, h->in, SIZE);
	size = SIZE;
	rv = h->call(s, out, SIZE, out, &size);
	record_bytes("update", rv, out, size);
	finish(c, s, h, handles);
	record_row_end();
	(void)c->f->C_CloseSession(s);
}

void dual_chapter(struct conformance *c)
{
	const struct half halves[] = {
		{"digest and encrypt", c->f->C_DigestEncryptUpdate, plain, 1, DIGEST},
		{"decrypt and digest", c->f->C_DecryptDigestUpdate, coded, 0, DIGEST},
		{"sign and encrypt", c->f->C_SignEncryptUpdate, plain, 1, SIGN},
		{"decrypt and verify", c->f->C_DecryptVerifyUpdate, coded, 0, VERIFY},
	};
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;
	CK_MECHANISM cbc = {CKM_AES_CBC, iv, sizeof(iv)};
	CK_ULONG size = sizeof(coded);

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	(void)c->f->C_EncryptInit(s, &cbc, handles[SAMPLE_AES]);
	(void)c->f->C_Encrypt(s, plain, SIZE, coded, &size);
	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		dual_row(c, &halves[i], handles);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures with recovery (PKCS#11 v3.0 sections 5.13.5, 5.13.6, 5.15.5 and 5.15.6). */
#include "config.h"

#include <string.h>

#include "sample.h"

static CK_BYTE data[300] = "to be recovered";
static CK_BYTE number[8] = {1};

#define SIZE 15

/* The pair, which SAMPLE_RSA_* is not, may recover. */
static void make(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *private, CK_OBJECT_HANDLE *public)
{
	record_rv("make private", c->f->C_CopyObject(s, *private, TEMPLATE(YES(CKA_SIGN_RECOVER)), private));
	record_rv("make public", c->f->C_CopyObject(s, *public, TEMPLATE(YES(CKA_VERIFY_RECOVER)), public));
}

static void init_errors(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles, CK_OBJECT_HANDLE key)
{
	CK_FUNCTION_LIST *f = c->f;

	record_rv("sign init: EC", f->C_SignRecoverInit(s, MECHANISM(CKM_ECDSA), handles[SAMPLE_EC_PRIVATE]));
	record_rv("sign init: a mechanism of ciphers", f->C_SignRecoverInit(s, MECHANISM(CKM_AES_ECB), key));
	record_rv("sign init: no such mechanism", f->C_SignRecoverInit(s, MECHANISM(CKM_VENDOR_DEFINED | 0x7777), key));
	record_rv("sign init: a parameter", f->C_SignRecoverInit(s, MECHANISM_WITH(CKM_RSA_PKCS, number), key));
	record_rv("sign init: not permitted", f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_PKCS), handles[SAMPLE_RSA_PRIVATE]));
	record_rv("sign init: by an AES key", f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_PKCS), handles[SAMPLE_AES]));
	record_rv("sign init: by data", f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_PKCS), handles[SAMPLE_DATA]));
	record_rv("sign init: by no such key", f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_PKCS), NO_OBJECT));
	record_rv("verify init: not permitted",
		  f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_PKCS), handles[SAMPLE_RSA_PUBLIC]));
	record_rv("verify init: by an EC key", f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_PKCS), handles[SAMPLE_EC_PUBLIC]));
	record_rv("verify init: by no such key", f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_PKCS), NO_OBJECT));
}

static void sign(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *signature)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_ULONG size = 0;
	CK_RV rv = CKR_OK;

	record_rv("sign: no init", f->C_SignRecover(s, data, SIZE, signature, &size));
	record_rv("sign init", f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key));
	record_rv("sign init: active", f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key));
	rv = f->C_SignRecover(s, data, SIZE, NULL, &size);
	record_number("sign: how long", rv, size);
	size = 255;
	rv = f->C_SignRecover(s, data, SIZE, signature, &size);
	record_number("sign: too small", rv, size);
	rv = f->C_SignRecover(s, data, SIZE, signature, &size);
	record_number("sign: after both", rv, size);
	record_rv("sign: over", f->C_SignRecover(s, data, SIZE, signature, &size));
	(void)f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key);
	record_rv("sign: too long", f->C_SignRecover(s, data, 246, number, &(CK_ULONG){256}));
	record_rv("sign: over by the error", f->C_SignRecover(s, data, SIZE, number, &(CK_ULONG){256}));
	(void)f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key);
	record_rv("sign: NULL size", f->C_SignRecover(s, data, SIZE, signature, NULL));
	record_rv("sign: NULL data", f->C_SignRecover(s, NULL, SIZE, signature, &size));
	record_rv("sign init: NULL mechanism", f->C_SignRecoverInit(s, NULL, key));
	record_rv("sign: ended", f->C_SignRecover(s, data, SIZE, signature, &size));
}

static void verify(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *signature)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_BYTE out[300];
	CK_ULONG size = sizeof(out);
	CK_RV rv = CKR_OK;

	record_rv("verify: no init", f->C_VerifyRecover(s, signature, 256, out, &size));
	record_rv("verify init", f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key));
	record_rv("verify init: active", f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key));
	rv = f->C_VerifyRecover(s, signature, 256, NULL, &size);
	record_fact("verify: how long, enough", rv == CKR_OK && size >= SIZE && size <= 256);
	size = SIZE - 1;
	rv = f->C_VerifyRecover(s, signature, 256, out, &size);
	record_number("verify: too small", rv, size);
	rv = f->C_VerifyRecover(s, signature, 256, out, &size);
	record_bytes("verify: after both", rv, out, size);
	record_rv("verify: over", f->C_VerifyRecover(s, signature, 256, out, &size));
	(void)f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key);
	size = sizeof(out);
	record_rv("verify: a short one", f->C_VerifyRecover(s, signature, 255, out, &size));
	signature[200] ^= 1;
	(void)f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key);
	size = 1;
	record_rv("verify: a wrong one, too small", f->C_VerifyRecover(s, signature, 256, out, &size));
	record_rv("verify: over by the wrong one", f->C_VerifyRecover(s, signature, 256, out, &size));
	(void)f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_PKCS), key);
	record_rv("verify: NULL size", f->C_VerifyRecover(s, signature, 256, out, NULL));
	record_rv("verify: NULL signature", f->C_VerifyRecover(s, NULL, 256, out, &size));
	record_rv("verify init: NULL mechanism", f->C_VerifyRecoverInit(s, NULL, key));
	record_rv("verify: ended", f->C_VerifyRecover(s, signature, 256, out, &size));
}

static void raw(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_BYTE signature[256], out[256] = {0};
	CK_ULONG size = sizeof(signature);
	CK_RV rv = f->C_SignRecoverInit(s, MECHANISM(CKM_RSA_X_509), private);

	if (rv == CKR_OK)
		rv = f->C_SignRecover(s, data, 200, signature, &size);
	record_number("raw: sign", rv, size);
	rv = f->C_VerifyRecoverInit(s, MECHANISM(CKM_RSA_X_509), public);
	size = sizeof(out);
	if (rv == CKR_OK)
		rv = f->C_VerifyRecover(s, signature, 256, out, &size);
	record_number("raw: verify", rv, size);
	record_fact("raw: the data", memcmp(out + 56, data, 200) == 0);
}

void recover_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT], private = CK_INVALID_HANDLE, public = CK_INVALID_HANDLE;
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;
	CK_BYTE signature[256];

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	private = handles[SAMPLE_RSA_PRIVATE];
	public = handles[SAMPLE_RSA_PUBLIC];
	make(c, s, &private, &public);
	init_errors(c, s, handles, private);
	sign(c, s, private, signature);
	verify(c, s, public, signature);
	raw(c, s, private, public);
}

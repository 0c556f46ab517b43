/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What version 3.0 added (sections 5.6.5, 5.6.9, 5.9, 5.11, 5.14 and 5.16, and the NULL mechanism of C_*Init).
 * The interfaces themselves are interface.c.
 */
#include "config.h"

#include "sample.h"

static CK_BYTE bytes[64];

static void message_calls(CK_FUNCTION_LIST_3_0 *f, CK_SESSION_HANDLE s)
{
	CK_MECHANISM gcm = {CKM_AES_GCM, NULL, 0}, ecdsa = {CKM_ECDSA, NULL, 0};
	CK_BYTE out[64];
	CK_ULONG size = sizeof(out);

	record_rv("C_MessageEncryptInit", f->C_MessageEncryptInit(s, &gcm, 1));
	record_rv("C_EncryptMessage", f->C_EncryptMessage(s, bytes, 16, NULL, 0, bytes, 16, out, &size));
	record_rv("C_EncryptMessageBegin", f->C_EncryptMessageBegin(s, bytes, 16, NULL, 0));
	record_rv("C_EncryptMessageNext", f->C_EncryptMessageNext(s, bytes, 16, bytes, 16, out, &size, 0));
	record_rv("C_MessageEncryptFinal", f->C_MessageEncryptFinal(s));
	record_rv("C_MessageDecryptInit", f->C_MessageDecryptInit(s, &gcm, 1));
	record_rv("C_DecryptMessage", f->C_DecryptMessage(s, bytes, 16, NULL, 0, bytes, 16, out, &size));
	record_rv("C_DecryptMessageBegin", f->C_DecryptMessageBegin(s, bytes, 16, NULL, 0));
	record_rv("C_DecryptMessageNext", f->C_DecryptMessageNext(s, bytes, 16, bytes, 16, out, &size, 0));
	record_rv("C_MessageDecryptFinal", f->C_MessageDecryptFinal(s));
	record_rv("C_MessageSignInit", f->C_MessageSignInit(s, &ecdsa, 1));
	record_rv("C_SignMessage", f->C_SignMessage(s, bytes, 16, bytes, 16, out, &size));
	record_rv("C_SignMessageBegin", f->C_SignMessageBegin(s, bytes, 16));
	record_rv("C_SignMessageNext", f->C_SignMessageNext(s, bytes, 16, bytes, 16, out, &size));
	record_rv("C_MessageSignFinal", f->C_MessageSignFinal(s));
	record_rv("C_MessageVerifyInit", f->C_MessageVerifyInit(s, &ecdsa, 1));
	record_rv("C_VerifyMessage", f->C_VerifyMessage(s, bytes, 16, bytes, 16, bytes, 16));
	record_rv("C_VerifyMessageBegin", f->C_VerifyMessageBegin(s, bytes, 16));
	record_rv("C_VerifyMessageNext", f->C_VerifyMessageNext(s, bytes, 16, bytes, 16, bytes, 16));
	record_rv("C_MessageVerifyFinal", f->C_MessageVerifyFinal(s));
}

/* In a state in which every function is refused for the same reason. */
static void every_addition(struct conformance *c, const char *state, CK_SESSION_HANDLE s)
{
	record_row("every addition", state);
	record_rv("C_LoginUser", c->f3->C_LoginUser(s, CKU_USER, PIN(USER_PIN), PIN("name")));
	record_rv("C_SessionCancel", c->f3->C_SessionCancel(s, CKF_SIGN));
	message_calls(c->f3, s);
	record_row_end();
}

static void login_user(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST_3_0 *f = c->f3;

	record_rv("login user: NULL name with a length", f->C_LoginUser(s, CKU_USER, PIN(USER_PIN), NULL, 4));
	record_rv("login user: there are no names", f->C_LoginUser(s, CKU_USER, PIN(USER_PIN), PIN("name")));
	record_rv("login user: wrong PIN", f->C_LoginUser(s, CKU_USER, PIN("00000000"), NULL, 0));
	record_rv("login user: such a user is not", f->C_LoginUser(s, 9, PIN(USER_PIN), NULL, 0));
	record_rv("login user: context specific, nothing active",
		  f->C_LoginUser(s, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN), NULL, 0));
	record_rv("login user: the one without a name", f->C_LoginUser(s, CKU_USER, PIN(USER_PIN), NULL, 0));
	record_rv("login user: again", f->C_LoginUser(s, CKU_USER, PIN(USER_PIN), NULL, 0));
	record_rv("login user: the SO", f->C_LoginUser(s, CKU_SO, PIN(SO_PIN), NULL, 0));
}

#define KINDS 7

/* One operation of each kind, by its C_*Init. NULL ends it. */
static CK_RV start(struct conformance *c, CK_SESSION_HANDLE s, int kind, const CK_OBJECT_HANDLE *handles, int null)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0}, ecb = {CKM_AES_ECB, NULL, 0}, sha = {CKM_SHA256, NULL, 0},
		     rsa = {CKM_RSA_PKCS, NULL, 0};

	switch (kind) {
	case 0: return f->C_SignInit(s, null ? NULL : &hmac, handles[SAMPLE_SECRET]);
	case 1: return f->C_VerifyInit(s, null ? NULL : &hmac, handles[SAMPLE_SECRET]);
	case 2: return f->C_EncryptInit(s, null ? NULL : &ecb, handles[SAMPLE_AES]);
	case 3: return f->C_DecryptInit(s, null ? NULL : &ecb, handles[SAMPLE_AES]);
	case 4: return f->C_DigestInit(s, null ? NULL : &sha);
	case 5: return f->C_SignRecoverInit(s, null ? NULL : &rsa, handles[SAMPLE_RSA_PRIVATE]);
	default: return f->C_VerifyRecoverInit(s, null ? NULL : &rsa, handles[SAMPLE_RSA_PUBLIC]);
	}
}

/* Whether it is active: a second Init says so. */
static CK_RV active(struct conformance *c, CK_SESSION_HANDLE s, int kind, const CK_OBJECT_HANDLE *handles)
{
	return start(c, s, kind, handles, 0);
}

static const struct {
	const char *name;
	CK_FLAGS flag;
} kinds[KINDS] = {
	{"sign", CKF_SIGN},     {"verify", CKF_VERIFY}, {"encrypt", CKF_ENCRYPT},
	{"decrypt", CKF_DECRYPT}, {"digest", CKF_DIGEST}, {"sign recover", CKF_SIGN_RECOVER},
	{"verify recover", CKF_VERIFY_RECOVER},
};

static void endings(struct conformance *c, const CK_OBJECT_HANDLE *handles)
{
	for (int i = 0; i < KINDS; i++) {
		CK_SESSION_HANDLE s = runner_session(c, 0);

		record_row("ended by NULL", kinds[i].name);
		record_rv("init", start(c, s, i, handles, 0));
		record_rv("active", active(c, s, i, handles));
		record_rv("NULL", start(c, s, i, handles, 1));
		record_rv("anew", active(c, s, i, handles));
		record_row_end();
		runner_fresh(c, &s);
		record_row("cancelled", kinds[i].name);
		record_rv("nothing active", c->f3->C_SessionCancel(s, kinds[i].flag));
		(void)start(c, s, i, handles, 0);
		record_rv("no flags", c->f3->C_SessionCancel(s, 0));
		record_rv("active", active(c, s, i, handles));
		record_rv("cancel", c->f3->C_SessionCancel(s, kinds[i].flag));
		record_rv("anew", active(c, s, i, handles));
		record_row_end();
		(void)c->f->C_CloseSession(s);
	}
}

static void cancel_others(struct conformance *c, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
	CK_ULONG count = 0;

	(void)f->C_FindObjectsInit(s, NULL, 0);
	record_rv("cancel: a search", c->f3->C_SessionCancel(s, CKF_FIND_OBJECTS));
	record_rv("cancel: the search is over", f->C_FindObjects(s, &found, 1, &count));
	(void)start(c, s, 2, handles, 0);
	(void)start(c, s, 4, handles, 0);
	record_rv("cancel: one half of two", c->f3->C_SessionCancel(s, CKF_ENCRYPT));
	record_rv("cancel: the other goes on", f->C_DigestUpdate(s, bytes, 16));
	record_rv("cancel: the half is over", f->C_EncryptUpdate(s, bytes, 16, bytes, &(CK_ULONG){16}));
	(void)start(c, s, 0, handles, 0);
	record_rv("cancel: all at once", c->f3->C_SessionCancel(s, CKF_SIGN | CKF_DIGEST | CKF_ENCRYPT));
	record_rv("cancel: no sign", f->C_SignUpdate(s, bytes, 16));
	record_rv("cancel: no digest", f->C_DigestUpdate(s, bytes, 16));
	(void)f->C_CloseSession(s);
}

void version3_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	every_addition(c, "not initialized", 1);
	runner_begin(c);
	every_addition(c, "no such session", NO_SESSION);
	s = runner_session(c, CKF_RW_SESSION);
	record_row("every addition", "messages");
	message_calls(c->f3, s);
	record_row_end();
	login_user(c, s);
	sample_make(c, s, handles);
	/* Pairs that may recover. */
	(void)c->f->C_CopyObject(s, handles[SAMPLE_RSA_PRIVATE], TEMPLATE(YES(CKA_SIGN_RECOVER)),
				 &handles[SAMPLE_RSA_PRIVATE]);
	(void)c->f->C_CopyObject(s, handles[SAMPLE_RSA_PUBLIC], TEMPLATE(YES(CKA_VERIFY_RECOVER)),
				 &handles[SAMPLE_RSA_PUBLIC]);
	endings(c, handles);
	cancel_others(c, handles);
}

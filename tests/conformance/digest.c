/* SPDX-License-Identifier: Apache-2.0 */
/* Message digests (PKCS#11 v2.40 section 5.10). */
#include "config.h"

#include "sample.h"

static CK_BYTE message[] = "The quick brown fox jumps over the lazy dog";

/* A digest of its own for the next case, whatever the last one left active. */
static void begin(struct conformance *c, CK_SESSION_HANDLE *s)
{
	runner_fresh(c, s);
	(void)c->f->C_DigestInit(*s, MECHANISM(CKM_SHA256));
}

static void mechanisms(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	static const struct {
		const char *name;
		CK_MECHANISM_TYPE type;
	} each[] = {
		{"SHA_1", CKM_SHA_1},   {"SHA224", CKM_SHA224}, {"SHA256", CKM_SHA256},
		{"SHA384", CKM_SHA384}, {"SHA512", CKM_SHA512}, {"MD5", CKM_MD5},
	};

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		CK_MECHANISM mechanism = {each[i].type, NULL, 0};
		CK_BYTE out[64];
		CK_ULONG size = sizeof(out);
		CK_RV rv = f->C_DigestInit(s, &mechanism);

		record_row("row", each[i].name);
		record_rv("init", rv);
		if (rv == CKR_OK) {
			rv = f->C_Digest(s, message, sizeof(message) - 1, out, &size);
			record_bytes("whole", rv, out, size);
			(void)f->C_DigestInit(s, &mechanism);
			(void)f->C_DigestUpdate(s, message, 7);
			(void)f->C_DigestUpdate(s, message + 7, sizeof(message) - 8);
			size = sizeof(out);
			rv = f->C_DigestFinal(s, out, &size);
			record_bytes("in parts", rv, out, size);
		}
		record_row_end();
	}
}

static void init_errors(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_BYTE out[64];
	CK_ULONG size = sizeof(out), parameter = 0;

	record_rv("init: NULL mechanism", f->C_DigestInit(s, NULL));
	record_rv("init: not a digest", f->C_DigestInit(s, MECHANISM(CKM_AES_ECB)));
	record_rv("init: no such mechanism", f->C_DigestInit(s, MECHANISM(CKM_VENDOR_DEFINED | 0x7777)));
	record_rv("init: with a parameter", f->C_DigestInit(s, MECHANISM_WITH(CKM_SHA256, parameter)));
	runner_fresh(c, &s);
	record_rv("digest: no init", f->C_Digest(s, message, 1, out, &size));
	record_rv("update: no init", f->C_DigestUpdate(s, message, 1));
	record_rv("key: no init", f->C_DigestKey(s, 1));
	record_rv("final: no init", f->C_DigestFinal(s, out, &size));
	record_rv("init", f->C_DigestInit(s, MECHANISM(CKM_SHA256)));
	record_rv("init: active", f->C_DigestInit(s, MECHANISM(CKM_SHA256)));
}

static void buffers(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_BYTE out[64];
	CK_ULONG size = 0;
	CK_RV rv = CKR_OK;

	begin(c, &s);
	rv = f->C_Digest(s, message, 3, NULL, &size);
	record_number("digest: how long", rv, size);
	size = 31;
	rv = f->C_Digest(s, message, 3, out, &size);
	record_number("digest: too small", rv, size);
	size = sizeof(out);
	rv = f->C_Digest(s, message, 3, out, &size);
	record_bytes("digest: after both", rv, out, size);
	record_rv("digest: over", f->C_Digest(s, message, 3, out, &size));
	begin(c, &s);
	record_rv("digest: NULL size", f->C_Digest(s, message, 3, out, NULL));
	record_rv("digest: over by the error", f->C_DigestUpdate(s, message, 3));
	begin(c, &s);
	size = sizeof(out);
	record_rv("digest: NULL data", f->C_Digest(s, NULL, 3, out, &size));
	begin(c, &s);
	size = sizeof(out);
	rv = f->C_Digest(s, message, 0, out, &size);
	record_bytes("digest: nothing", rv, out, size);
}

static void parts(struct conformance *c, CK_SESSION_HANDLE s)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_BYTE out[64];
	CK_ULONG size = sizeof(out);
	CK_RV rv = CKR_OK;

	begin(c, &s);
	record_rv("update", f->C_DigestUpdate(s, message, 3));
	record_rv("update: nothing", f->C_DigestUpdate(s, message, 0));
	size = sizeof(out);
	record_rv("digest: after an update", f->C_Digest(s, message, 3, out, &size));
	(void)f->C_DigestFinal(s, out, &size);
	begin(c, &s);
	(void)f->C_DigestUpdate(s, message, 3);
	rv = f->C_DigestFinal(s, NULL, &size);
	record_number("final: how long", rv, size);
	size = 1;
	rv = f->C_DigestFinal(s, out, &size);
	record_number("final: too small", rv, size);
	size = sizeof(out);
	rv = f->C_DigestFinal(s, out, &size);
	record_bytes("final: after both", rv, out, size);
	record_rv("final: over", f->C_DigestFinal(s, out, &size));
	begin(c, &s);
	size = sizeof(out);
	rv = f->C_DigestFinal(s, out, &size);
	record_bytes("final: without an update", rv, out, size);
	begin(c, &s);
	record_rv("update: NULL", f->C_DigestUpdate(s, NULL, 3));
	(void)f->C_DigestFinal(s, out, &size);
	begin(c, &s);
	record_rv("final: NULL size", f->C_DigestFinal(s, out, NULL));
	size = sizeof(out);
	(void)f->C_DigestFinal(s, out, &size);
}

static void keys(struct conformance *c, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	static const struct {
		const char *name;
		enum sample key;
	} each[] = {
		{"secret", SAMPLE_SECRET},          {"AES", SAMPLE_AES},
		{"locked in", SAMPLE_LOCKED_IN},    {"no such", SAMPLE_UNKNOWN},
		{"no handle", SAMPLE_NONE},         {"a data object", SAMPLE_DATA},
		{"private key", SAMPLE_RSA_PRIVATE}, {"public key", SAMPLE_RSA_PUBLIC},
	};

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		CK_BYTE out[64];
		CK_ULONG size = sizeof(out);
		CK_RV rv = CKR_OK;

		begin(c, &s);
		(void)f->C_DigestUpdate(s, message, 3);
		rv = f->C_DigestKey(s, handles[each[i].key]);
		record_row("key", each[i].name);
		record_rv("key", rv);
		if (rv == CKR_OK)
			rv = f->C_DigestUpdate(s, message, 3);
		if (rv == CKR_OK)
			rv = f->C_DigestFinal(s, out, &size);
		if (rv == CKR_OK)
			record_bytes("final", rv, out, size);
		record_row_end();
		if (rv != CKR_OK)
			(void)f->C_DigestFinal(s, out, &size);
	}
}

void digest_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	mechanisms(c, runner_session(c, 0));
	init_errors(c, runner_session(c, 0));
	buffers(c, runner_session(c, 0));
	parts(c, runner_session(c, 0));
	keys(c, runner_session(c, 0), handles);
}

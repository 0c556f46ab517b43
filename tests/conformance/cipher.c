/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encryption and decryption (PKCS#11 v2.40 sections 5.8 and 5.9). The calls that do two things at once are in
 * expected.c, since SoftHSM2 has none.
 */
#include "config.h"

#include <string.h>

#include "sample.h"

#define PARAMETERS(type, ...) &(type){__VA_ARGS__}, sizeof(type)
#define OAEP(hash, mgf, source, data, size) PARAMETERS(CK_RSA_PKCS_OAEP_PARAMS, hash, mgf, source, data, size)
#define GCM(iv_size, tag_bits) PARAMETERS(CK_GCM_PARAMS, iv, iv_size, (iv_size) * 8, data, 5, tag_bits)
#define CTR(bits) PARAMETERS(CK_AES_CTR_PARAMS, bits, {1, 2, 3})

static CK_BYTE iv[16] = {1, 2, 3, 4};
static CK_BYTE data[600] = "data to be encrypted";
static CK_BYTE number[8] = {1};

static struct ciphering {
	const char *name;
	CK_MECHANISM mechanism;
	enum sample encrypt, decrypt;
	CK_ULONG size;
	enum { FIXED, RANDOM } value;
} cipherings[] = {
	{"ECB", {CKM_AES_ECB, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 32, FIXED},
	{"ECB, nothing", {CKM_AES_ECB, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 0, FIXED},
	{"ECB, part of a block", {CKM_AES_ECB, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 17, FIXED},
	{"ECB with a parameter", {CKM_AES_ECB, iv, 16}, SAMPLE_AES, SAMPLE_AES, 32, FIXED},
	{"CBC", {CKM_AES_CBC, iv, 16}, SAMPLE_AES, SAMPLE_AES, 48, FIXED},
	{"CBC, part of a block", {CKM_AES_CBC, iv, 16}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"CBC, no IV", {CKM_AES_CBC, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 48, FIXED},
	{"CBC, IV of 15", {CKM_AES_CBC, iv, 15}, SAMPLE_AES, SAMPLE_AES, 48, FIXED},
	{"CBC, NULL IV of 16", {CKM_AES_CBC, NULL, 16}, SAMPLE_AES, SAMPLE_AES, 48, FIXED},
	{"CBC padded", {CKM_AES_CBC_PAD, iv, 16}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"CBC padded, whole blocks", {CKM_AES_CBC_PAD, iv, 16}, SAMPLE_AES, SAMPLE_AES, 32, FIXED},
	{"CBC padded, nothing", {CKM_AES_CBC_PAD, iv, 16}, SAMPLE_AES, SAMPLE_AES, 0, FIXED},
	{"CTR", {CKM_AES_CTR, CTR(128)}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"CTR, 32 bits", {CKM_AES_CTR, CTR(32)}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"CTR, 0 bits", {CKM_AES_CTR, CTR(0)}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"CTR, 129 bits", {CKM_AES_CTR, CTR(129)}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"CTR, no parameter", {CKM_AES_CTR, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"GCM", {CKM_AES_GCM, GCM(12, 128)}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"GCM, nothing", {CKM_AES_GCM, GCM(12, 128)}, SAMPLE_AES, SAMPLE_AES, 0, FIXED},
	{"GCM, IV of 16", {CKM_AES_GCM, GCM(16, 96)}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"GCM, tag of 129 bits", {CKM_AES_GCM, GCM(12, 129)}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"GCM, tag of 1024 bits", {CKM_AES_GCM, GCM(12, 1024)}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"GCM, no parameter", {CKM_AES_GCM, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 33, FIXED},
	{"RSA PKCS", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 33, RANDOM},
	{"RSA PKCS, as long as it may be", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 245, RANDOM},
	{"RSA PKCS, too long", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 246, RANDOM},
	{"RSA raw", {CKM_RSA_X_509, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 255, FIXED},
	{"RSA OAEP SHA-1", {CKM_RSA_PKCS_OAEP, OAEP(CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0)},
	 SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 33, RANDOM},
	{"RSA OAEP SHA-1, too long", {CKM_RSA_PKCS_OAEP, OAEP(CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0)},
	 SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 215, RANDOM},
	{"RSA OAEP SHA-256", {CKM_RSA_PKCS_OAEP, OAEP(CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0)},
	 SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 33, RANDOM},
	{"RSA OAEP, a label", {CKM_RSA_PKCS_OAEP, OAEP(CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, data, 4)},
	 SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 33, RANDOM},
	{"RSA OAEP, no source", {CKM_RSA_PKCS_OAEP, OAEP(CKM_SHA_1, CKG_MGF1_SHA1, 0, NULL, 0)},
	 SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 33, RANDOM},
	{"RSA OAEP, no parameter", {CKM_RSA_PKCS_OAEP, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 33, RANDOM},
	{"by a key that may not", {CKM_AES_ECB, NULL, 0}, SAMPLE_USELESS, SAMPLE_USELESS, 32, FIXED},
	{"by a secret", {CKM_AES_ECB, NULL, 0}, SAMPLE_SECRET, SAMPLE_SECRET, 32, FIXED},
	{"AES by an RSA key", {CKM_AES_ECB, NULL, 0}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 32, FIXED},
	{"RSA by an AES key", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 32, FIXED},
	{"RSA by the other half", {CKM_RSA_PKCS, NULL, 0}, SAMPLE_RSA_PRIVATE, SAMPLE_RSA_PUBLIC, 32, FIXED},
	{"by data", {CKM_AES_ECB, NULL, 0}, SAMPLE_DATA, SAMPLE_DATA, 32, FIXED},
	{"by no such key", {CKM_AES_ECB, NULL, 0}, SAMPLE_UNKNOWN, SAMPLE_UNKNOWN, 32, FIXED},
	{"by no handle", {CKM_AES_ECB, NULL, 0}, SAMPLE_NONE, SAMPLE_NONE, 32, FIXED},
	{"no such mechanism", {CKM_VENDOR_DEFINED | 0x7777, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 32, FIXED},
	{"a mechanism of signatures", {CKM_SHA256_HMAC, NULL, 0}, SAMPLE_AES, SAMPLE_AES, 32, FIXED},
	{"RSA PKCS with a parameter", {CKM_RSA_PKCS, number, 8}, SAMPLE_RSA_PUBLIC, SAMPLE_RSA_PRIVATE, 32, RANDOM},
};

static void note(const char *what, const struct ciphering *row, CK_RV rv, const CK_BYTE *value, CK_ULONG size)
{
	record_bytes(what, rv, row->value == FIXED ? value : NULL, size);
}

/* The same in parts; what all parts give together. */
static void encrypt_parts(struct conformance *c, struct ciphering *row, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_BYTE out[1024];
	CK_ULONG size = sizeof(out), total = 0, first = row->size < 20 ? row->size : 20;
	CK_RV rv = f->C_EncryptInit(s, &row->mechanism, handles[row->encrypt]);

	if (rv == CKR_OK)
		rv = f->C_EncryptUpdate(s, data, first, out, &size);
	record_rv("update", rv);
	if (rv != CKR_OK)
		goto out;
	total = size;
	size = sizeof(out) - total;
	rv = f->C_EncryptUpdate(s, data + first, row->size - first, out + total, &size);
	record_rv("second update", rv);
	if (rv != CKR_OK)
		goto out;
	total += size;
	size = sizeof(out) - total;
	rv = f->C_EncryptFinal(s, out + total, &size);
	note("final", row, rv, out, total + size);
out:
	(void)f->C_CloseSession(s);
}

static void decrypt_parts(struct conformance *c, struct ciphering *row, CK_OBJECT_HANDLE key, CK_BYTE *in,
			  CK_ULONG in_size)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_BYTE out[1024];
	CK_ULONG size = sizeof(out), total = 0, first = in_size < 20 ? in_size : 20;
	CK_RV rv = f->C_DecryptInit(s, &row->mechanism, key);

	if (rv == CKR_OK)
		rv = f->C_DecryptUpdate(s, in, first, out, &size);
	record_rv("decrypt update", rv);
	if (rv != CKR_OK)
		goto out;
	total = size;
	size = sizeof(out) - total;
	rv = f->C_DecryptUpdate(s, in + first, in_size - first, out + total, &size);
	record_rv("decrypt second update", rv);
	if (rv != CKR_OK)
		goto out;
	total += size;
	size = sizeof(out) - total;
	rv = f->C_DecryptFinal(s, out + total, &size);
	record_rv("decrypt final", rv);
	record_fact("the data", rv == CKR_OK && total + size >= row->size && memcmp(out, data, row->size) == 0);
out:
	(void)f->C_CloseSession(s);
}

/* A ciphertext that this module made, and one that is a byte short. */
static void decrypt_whole(struct conformance *c, struct ciphering *row, const CK_OBJECT_HANDLE *handles,
			  CK_BYTE *in, CK_ULONG size)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_BYTE out[1024];
	CK_ULONG out_size = sizeof(out);
	CK_RV rv = f->C_DecryptInit(s, &row->mechanism, handles[row->decrypt]);

	record_rv("decrypt init", rv);
	if (rv == CKR_OK && size != CK_UNAVAILABLE_INFORMATION) {
		rv = f->C_Decrypt(s, in, size, out, &out_size);
		note("decrypt", row, rv, out, out_size);
		decrypt_parts(c, row, handles[row->decrypt], in, size);
		runner_fresh(c, &s);
		(void)f->C_DecryptInit(s, &row->mechanism, handles[row->decrypt]);
		out_size = sizeof(out);
		rv = f->C_Decrypt(s, in, size ? size - 1 : 0, out, &out_size);
		note("a byte is missing", row, rv, out, out_size);
	}
	(void)f->C_CloseSession(s);
}

static void cipher_row(struct conformance *c, struct ciphering *row, const CK_OBJECT_HANDLE *handles)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_BYTE in[1024] = {0};
	CK_ULONG size = sizeof(in);
	CK_RV rv = f->C_EncryptInit(s, &row->mechanism, handles[row->encrypt]);

	record_row("row", row->name);
	record_rv("init", rv);
	if (rv == CKR_OK) {
		rv = f->C_Encrypt(s, data, row->size, in, &size);
		note("encrypt", row, rv, in, size);
		encrypt_parts(c, row, handles);
	}
	(void)f->C_CloseSession(s);
	decrypt_whole(c, row, handles, in, rv == CKR_OK ? size : CK_UNAVAILABLE_INFORMATION);
	record_row_end();
}

static void begin(struct conformance *c, CK_SESSION_HANDLE *s, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism)
{
	runner_fresh(c, s);
	(void)c->f->C_EncryptInit(*s, mechanism, key);
}

static void states(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_MECHANISM padded = {CKM_AES_CBC_PAD, iv, 16};
	CK_BYTE out[64];
	CK_ULONG size = sizeof(out);

	record_rv("encrypt: no init", f->C_Encrypt(s, data, 16, out, &size));
	record_rv("encrypt update: no init", f->C_EncryptUpdate(s, data, 16, out, &size));
	record_rv("encrypt final: no init", f->C_EncryptFinal(s, out, &size));
	record_rv("encrypt init: NULL mechanism", f->C_EncryptInit(s, NULL, key));
	begin(c, &s, key, &padded);
	record_rv("encrypt init: active", f->C_EncryptInit(s, &padded, key));
	record_rv("encrypt: NULL size", f->C_Encrypt(s, data, 16, out, NULL));
	size = sizeof(out);
	record_rv("encrypt: over by the error", f->C_EncryptUpdate(s, data, 16, out, &size));
	begin(c, &s, key, &padded);
	size = sizeof(out);
	record_rv("encrypt: NULL data", f->C_Encrypt(s, NULL, 16, out, &size));
	begin(c, &s, key, &padded);
	size = sizeof(out);
	record_rv("encrypt update: NULL data", f->C_EncryptUpdate(s, NULL, 16, out, &size));
	begin(c, &s, key, &padded);
	record_rv("encrypt update: NULL size", f->C_EncryptUpdate(s, data, 16, out, NULL));
	begin(c, &s, key, &padded);
	record_rv("encrypt final: NULL size", f->C_EncryptFinal(s, out, NULL));
	begin(c, &s, key, &padded);
	size = sizeof(out);
	(void)f->C_EncryptUpdate(s, data, 16, out, &size);
	size = sizeof(out);
	record_rv("encrypt: after an update", f->C_Encrypt(s, data, 16, out, &size));
	(void)f->C_CloseSession(s);
}

static void begin_decrypt(struct conformance *c, CK_SESSION_HANDLE *s, CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism)
{
	runner_fresh(c, s);
	(void)c->f->C_DecryptInit(*s, mechanism, key);
}

static void decrypt_states(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_MECHANISM padded = {CKM_AES_CBC_PAD, iv, 16};
	CK_BYTE out[64];
	CK_ULONG size = sizeof(out);

	record_rv("decrypt: no init", f->C_Decrypt(s, data, 16, out, &size));
	record_rv("decrypt update: no init", f->C_DecryptUpdate(s, data, 16, out, &size));
	record_rv("decrypt final: no init", f->C_DecryptFinal(s, out, &size));
	record_rv("decrypt init: NULL mechanism", f->C_DecryptInit(s, NULL, key));
	begin_decrypt(c, &s, key, &padded);
	record_rv("decrypt init: active", f->C_DecryptInit(s, &padded, key));
	record_rv("decrypt: NULL size", f->C_Decrypt(s, data, 16, out, NULL));
	size = sizeof(out);
	record_rv("decrypt: over by the error", f->C_DecryptUpdate(s, data, 16, out, &size));
	begin_decrypt(c, &s, key, &padded);
	size = sizeof(out);
	record_rv("decrypt: NULL data", f->C_Decrypt(s, NULL, 16, out, &size));
	begin_decrypt(c, &s, key, &padded);
	size = sizeof(out);
	record_rv("decrypt update: NULL data", f->C_DecryptUpdate(s, NULL, 16, out, &size));
	begin_decrypt(c, &s, key, &padded);
	record_rv("decrypt update: NULL size", f->C_DecryptUpdate(s, data, 16, out, NULL));
	begin_decrypt(c, &s, key, &padded);
	record_rv("decrypt final: NULL size", f->C_DecryptFinal(s, out, NULL));
	begin_decrypt(c, &s, key, &padded);
	size = sizeof(out);
	(void)f->C_DecryptUpdate(s, data, 16, out, &size);
	size = sizeof(out);
	record_rv("decrypt: after an update", f->C_Decrypt(s, data, 16, out, &size));
	(void)f->C_CloseSession(s);
}

static void encrypt_buffers(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_MECHANISM padded = {CKM_AES_CBC_PAD, iv, 16};
	CK_BYTE out[64];
	CK_ULONG size = 0;
	CK_RV rv = CKR_OK;

	begin(c, &s, key, &padded);
	rv = f->C_Encrypt(s, data, 17, NULL, &size);
	record_number("encrypt: how long", rv, size);
	size = 31;
	rv = f->C_Encrypt(s, data, 17, out, &size);
	record_number("encrypt: too small", rv, size);
	size = 32;
	rv = f->C_Encrypt(s, data, 17, out, &size);
	record_bytes("encrypt: after both", rv, out, size);
	record_rv("encrypt: over", f->C_Encrypt(s, data, 17, out, &size));
	begin(c, &s, key, &padded);
	rv = f->C_EncryptUpdate(s, data, 16, NULL, &size);
	record_number("encrypt update: how long", rv, size);
	size = sizeof(out);
	rv = f->C_EncryptUpdate(s, data, 16, out, &size);
	record_number("encrypt update: a block", rv, size);
	size = sizeof(out);
	rv = f->C_EncryptUpdate(s, data, 3, out, &size);
	record_number("encrypt update: a part of a block", rv, size);
	size = 1;
	rv = f->C_EncryptUpdate(s, data, 16, out, &size);
	record_number("encrypt update: too small", rv, size);
	size = sizeof(out);
	rv = f->C_EncryptUpdate(s, data, 16, out, &size);
	record_number("encrypt update: after it", rv, size);
	rv = f->C_EncryptFinal(s, NULL, &size);
	record_number("encrypt final: how long", rv, size);
	size = 1;
	rv = f->C_EncryptFinal(s, out, &size);
	record_number("encrypt final: too small", rv, size);
	size = 16;
	rv = f->C_EncryptFinal(s, out, &size);
	record_bytes("encrypt final: after both", rv, out, size);
	record_rv("encrypt final: over", f->C_EncryptFinal(s, out, &size));
	(void)f->C_CloseSession(s);
}

static void decrypt_buffers(struct conformance *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_MECHANISM padded = {CKM_AES_CBC_PAD, iv, 16};
	CK_BYTE in[32], out[64];
	CK_ULONG size = sizeof(in);
	CK_RV rv = CKR_OK;

	begin(c, &s, key, &padded);
	(void)f->C_Encrypt(s, data, 17, in, &size);
	begin_decrypt(c, &s, key, &padded);
	rv = f->C_Decrypt(s, in, sizeof(in), NULL, &size);
	record_fact("decrypt: how long, at least 17", rv == CKR_OK && size >= 17 && size <= 32);
	size = 3;
	rv = f->C_Decrypt(s, in, sizeof(in), out, &size);
	record_rv("decrypt: too small", rv);
	record_fact("decrypt: too small says how long, at least 17", size >= 17 && size <= 32);
	size = sizeof(out);
	rv = f->C_Decrypt(s, in, sizeof(in), out, &size);
	record_bytes("decrypt: after both", rv, out, size);
	begin_decrypt(c, &s, key, &padded);
	size = sizeof(out);
	in[31] ^= 1;
	record_rv("decrypt: wrong padding", f->C_Decrypt(s, in, sizeof(in), out, &size));
	record_rv("decrypt: over by the wrong padding", f->C_DecryptUpdate(s, in, 16, out, &size));
	(void)f->C_CloseSession(s);
}

void cipher_chapter(struct conformance *c)
{
	CK_OBJECT_HANDLE handles[SAMPLE_COUNT];
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	runner_begin(c);
	s = runner_session(c, CKF_RW_SESSION);
	runner_login(c, s);
	sample_make(c, s, handles);
	for (size_t i = 0; i < sizeof(cipherings) / sizeof(cipherings[0]); i++)
		cipher_row(c, &cipherings[i], handles);
	decrypt_states(c, runner_session(c, 0), handles[SAMPLE_AES]);
	states(c, runner_session(c, 0), handles[SAMPLE_AES]);
	encrypt_buffers(c, runner_session(c, 0), handles[SAMPLE_AES]);
	decrypt_buffers(c, runner_session(c, 0), handles[SAMPLE_AES]);
	(void)c->f->C_Logout(s);
	record_rv("encrypt init: not logged in", c->f->C_EncryptInit(s, MECHANISM(CKM_AES_ECB), handles[SAMPLE_AES]));
}

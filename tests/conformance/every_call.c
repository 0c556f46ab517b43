/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of each function of the 2.40 list. The chapters make them in states where all should be refused
 * for the same reason: before C_Initialize, with a session that is not there.
 */
#include "config.h"

#include "conformance.h"

void every_call_slot(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_INFO info;
	CK_SLOT_INFO slot_info;
	CK_TOKEN_INFO token_info;
	CK_MECHANISM_INFO mechanism_info;
	CK_FUNCTION_LIST *list = NULL;
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	CK_UTF8CHAR label[32] = "every                          ";
	CK_ULONG count = 0;
	CK_SLOT_ID slot = 0;

	record_rv("C_GetFunctionList", f->C_GetFunctionList(&list));
	record_rv("C_Finalize", f->C_Finalize(NULL));
	record_rv("C_GetInfo", f->C_GetInfo(&info));
	record_rv("C_GetSlotList", f->C_GetSlotList(CK_FALSE, NULL, &count));
	record_rv("C_GetSlotInfo", f->C_GetSlotInfo(0, &slot_info));
	record_rv("C_GetTokenInfo", f->C_GetTokenInfo(0, &token_info));
	record_rv("C_GetMechanismList", f->C_GetMechanismList(0, NULL, &count));
	record_rv("C_GetMechanismInfo", f->C_GetMechanismInfo(0, CKM_RSA_PKCS, &mechanism_info));
	record_rv("C_InitToken", f->C_InitToken(0, PIN(SO_PIN), label));
	record_rv("C_WaitForSlotEvent", f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL));
	record_rv("C_OpenSession", f->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session));
	record_rv("C_CloseAllSessions", f->C_CloseAllSessions(0));
}

static void session_calls(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;
	CK_BYTE state[64];
	CK_ULONG size = sizeof(state);

	record_rv("C_GetSessionInfo", f->C_GetSessionInfo(s, &info));
	record_rv("C_GetOperationState", f->C_GetOperationState(s, state, &size));
	record_rv("C_SetOperationState", f->C_SetOperationState(s, state, size, 0, 0));
	record_rv("C_InitPIN", f->C_InitPIN(s, PIN(USER_PIN)));
	record_rv("C_SetPIN", f->C_SetPIN(s, PIN(USER_PIN), PIN(USER_PIN)));
	record_rv("C_Login", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	record_rv("C_Logout", f->C_Logout(s));
	record_rv("C_GetFunctionStatus", f->C_GetFunctionStatus(s));
	record_rv("C_CancelFunction", f->C_CancelFunction(s));
	record_rv("C_CloseSession", f->C_CloseSession(s));
}

static void object_calls(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE template[] = {TEXT(CKA_LABEL, "every")};
	CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
	CK_ULONG size = 0;

	record_rv("C_CreateObject", f->C_CreateObject(s, template, 1, &handle));
	record_rv("C_CopyObject", f->C_CopyObject(s, 1, template, 1, &handle));
	record_rv("C_DestroyObject", f->C_DestroyObject(s, 1));
	record_rv("C_GetObjectSize", f->C_GetObjectSize(s, 1, &size));
	record_rv("C_GetAttributeValue", f->C_GetAttributeValue(s, 1, template, 1));
	record_rv("C_SetAttributeValue", f->C_SetAttributeValue(s, 1, template, 1));
	record_rv("C_FindObjectsInit", f->C_FindObjectsInit(s, template, 1));
	record_rv("C_FindObjects", f->C_FindObjects(s, &handle, 1, &size));
	record_rv("C_FindObjectsFinal", f->C_FindObjectsFinal(s));
}

static void cipher_calls(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s)
{
	CK_BYTE in[16] = {0}, out[64];
	CK_ULONG size = sizeof(out);
	CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0}, sha256 = {CKM_SHA256, NULL, 0};

	record_rv("C_EncryptInit", f->C_EncryptInit(s, &ecb, 1));
	record_rv("C_Encrypt", f->C_Encrypt(s, in, sizeof(in), out, &size));
	record_rv("C_EncryptUpdate", f->C_EncryptUpdate(s, in, sizeof(in), out, &size));
	record_rv("C_EncryptFinal", f->C_EncryptFinal(s, out, &size));
	record_rv("C_DecryptInit", f->C_DecryptInit(s, &ecb, 1));
	record_rv("C_Decrypt", f->C_Decrypt(s, in, sizeof(in), out, &size));
	record_rv("C_DecryptUpdate", f->C_DecryptUpdate(s, in, sizeof(in), out, &size));
	record_rv("C_DecryptFinal", f->C_DecryptFinal(s, out, &size));
	record_rv("C_DigestInit", f->C_DigestInit(s, &sha256));
	record_rv("C_Digest", f->C_Digest(s, in, sizeof(in), out, &size));
	record_rv("C_DigestUpdate", f->C_DigestUpdate(s, in, sizeof(in)));
	record_rv("C_DigestKey", f->C_DigestKey(s, 1));
	record_rv("C_DigestFinal", f->C_DigestFinal(s, out, &size));
	record_rv("C_DigestEncryptUpdate", f->C_DigestEncryptUpdate(s, in, sizeof(in), out, &size));
	record_rv("C_DecryptDigestUpdate", f->C_DecryptDigestUpdate(s, in, sizeof(in), out, &size));
	record_rv("C_SignEncryptUpdate", f->C_SignEncryptUpdate(s, in, sizeof(in), out, &size));
	record_rv("C_DecryptVerifyUpdate", f->C_DecryptVerifyUpdate(s, in, sizeof(in), out, &size));
}

static void sign_calls(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s)
{
	CK_BYTE in[16] = {0}, out[64];
	CK_ULONG size = sizeof(out);
	CK_MECHANISM hmac = {CKM_SHA256_HMAC, NULL, 0}, rsa = {CKM_RSA_PKCS, NULL, 0};

	record_rv("C_SignInit", f->C_SignInit(s, &hmac, 1));
	record_rv("C_Sign", f->C_Sign(s, in, sizeof(in), out, &size));
	record_rv("C_SignUpdate", f->C_SignUpdate(s, in, sizeof(in)));
	record_rv("C_SignFinal", f->C_SignFinal(s, out, &size));
	record_rv("C_SignRecoverInit", f->C_SignRecoverInit(s, &rsa, 1));
	record_rv("C_SignRecover", f->C_SignRecover(s, in, sizeof(in), out, &size));
	record_rv("C_VerifyInit", f->C_VerifyInit(s, &hmac, 1));
	record_rv("C_Verify", f->C_Verify(s, in, sizeof(in), out, 32));
	record_rv("C_VerifyUpdate", f->C_VerifyUpdate(s, in, sizeof(in)));
	record_rv("C_VerifyFinal", f->C_VerifyFinal(s, out, 32));
	record_rv("C_VerifyRecoverInit", f->C_VerifyRecoverInit(s, &rsa, 1));
	record_rv("C_VerifyRecover", f->C_VerifyRecover(s, in, sizeof(in), out, &size));
}

static void key_calls(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s)
{
	CK_ATTRIBUTE template[] = {NUMBER(CKA_VALUE_LEN, 16)};
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE, other = CK_INVALID_HANDLE;
	CK_MECHANISM aes = {CKM_AES_KEY_GEN, NULL, 0}, rsa = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
	CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_NULL, 0, NULL, 16, (CK_BYTE[16]){0}};
	CK_MECHANISM derive = {CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh)};
	CK_BYTE bytes[64] = {0};
	CK_ULONG size = sizeof(bytes);

	record_rv("C_GenerateKey", f->C_GenerateKey(s, &aes, template, 1, &key));
	record_rv("C_GenerateKeyPair", f->C_GenerateKeyPair(s, &rsa, template, 1, template, 1, &key, &other));
	record_rv("C_WrapKey", f->C_WrapKey(s, &wrap, 1, 2, bytes, &size));
	record_rv("C_UnwrapKey", f->C_UnwrapKey(s, &wrap, 1, bytes, 24, template, 1, &key));
	record_rv("C_DeriveKey", f->C_DeriveKey(s, &derive, 1, template, 1, &key));
	record_rv("C_SeedRandom", f->C_SeedRandom(s, bytes, 16));
	record_rv("C_GenerateRandom", f->C_GenerateRandom(s, bytes, 16));
}

void every_call(struct conformance *c, CK_SESSION_HANDLE session)
{
	session_calls(c->f, session);
	object_calls(c->f, session);
	cipher_calls(c->f, session);
	sign_calls(c->f, session);
	key_calls(c->f, session);
}

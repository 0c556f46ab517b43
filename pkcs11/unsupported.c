/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of the 2.40 and 3.0 lists that this token does not have. Each still says first that the
 * module is not initialised or the session is none, as the specification wants of every function.
 */
#include "config.h"

#include "pkcs11/session.h"

static CK_RV unsupported(CK_SESSION_HANDLE handle)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	session_leave(s);
	return CKR_FUNCTION_NOT_SUPPORTED;
}

MODULE_EXPORT CK_RV C_GetOperationState(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState,
					CK_ULONG_PTR pulOperationStateLen)
{
	(void)pOperationState;
	(void)pulOperationStateLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_SetOperationState(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState,
					CK_ULONG ulOperationStateLen,
					CK_OBJECT_HANDLE hEncryptionKey,
					CK_OBJECT_HANDLE hAuthenticationKey)
{
	(void)pOperationState;
	(void)ulOperationStateLen;
	(void)hEncryptionKey;
	(void)hAuthenticationKey;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
					 CK_OBJECT_HANDLE hKey)
{
	(void)pMechanism;
	(void)hKey;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_EncryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
				     CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
				     CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pPlaintext,
				     CK_ULONG ulPlaintextLen, CK_BYTE_PTR pCiphertext,
				     CK_ULONG_PTR pulCiphertextLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pAssociatedData;
	(void)ulAssociatedDataLen;
	(void)pPlaintext;
	(void)ulPlaintextLen;
	(void)pCiphertext;
	(void)pulCiphertextLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
					  CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
					  CK_ULONG ulAssociatedDataLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pAssociatedData;
	(void)ulAssociatedDataLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
					 CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart,
					 CK_ULONG ulPlaintextPartLen, CK_BYTE_PTR pCiphertextPart,
					 CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pPlaintextPart;
	(void)ulPlaintextPartLen;
	(void)pCiphertextPart;
	(void)pulCiphertextPartLen;
	(void)flags;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE hSession)
{
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
					 CK_OBJECT_HANDLE hKey)
{
	(void)pMechanism;
	(void)hKey;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_DecryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
				     CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
				     CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pCiphertext,
				     CK_ULONG ulCiphertextLen, CK_BYTE_PTR pPlaintext,
				     CK_ULONG_PTR pulPlaintextLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pAssociatedData;
	(void)ulAssociatedDataLen;
	(void)pCiphertext;
	(void)ulCiphertextLen;
	(void)pPlaintext;
	(void)pulPlaintextLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
					  CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
					  CK_ULONG ulAssociatedDataLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pAssociatedData;
	(void)ulAssociatedDataLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
					 CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart,
					 CK_ULONG ulCiphertextPartLen, CK_BYTE_PTR pPlaintextPart,
					 CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pCiphertextPart;
	(void)ulCiphertextPartLen;
	(void)pPlaintextPart;
	(void)pulPlaintextPartLen;
	(void)flags;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE hSession)
{
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_MessageSignInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
				      CK_OBJECT_HANDLE hKey)
{
	(void)pMechanism;
	(void)hKey;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_SignMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
				  CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
				  CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pData;
	(void)ulDataLen;
	(void)pSignature;
	(void)pulSignatureLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_SignMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
				       CK_ULONG ulParameterLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_SignMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
				      CK_ULONG ulParameterLen, CK_BYTE_PTR pData,
				      CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
				      CK_ULONG_PTR pulSignatureLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pData;
	(void)ulDataLen;
	(void)pSignature;
	(void)pulSignatureLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_MessageSignFinal(CK_SESSION_HANDLE hSession)
{
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
					CK_OBJECT_HANDLE hKey)
{
	(void)pMechanism;
	(void)hKey;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_VerifyMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
				    CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
				    CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pData;
	(void)ulDataLen;
	(void)pSignature;
	(void)ulSignatureLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
					 CK_ULONG ulParameterLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
					CK_ULONG ulParameterLen, CK_BYTE_PTR pData,
					CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
					CK_ULONG ulSignatureLen)
{
	(void)pParameter;
	(void)ulParameterLen;
	(void)pData;
	(void)ulDataLen;
	(void)pSignature;
	(void)ulSignatureLen;
	return unsupported(hSession);
}

MODULE_EXPORT CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE hSession)
{
	return unsupported(hSession);
}

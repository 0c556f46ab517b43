/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four calls that do two operations on one part (PKCS#11 v3.1 section 5.17): each half is the other
 * chapters' own.
 */
#include "config.h"

#include "pkcs11/cipher.h"
#include "pkcs11/sign.h"

/*
 * Encrypts or decrypts PART and hashes, signs or verifies the plain text: what goes in, or what comes out.
 * The second half runs only when the first has taken the part.
 */
static CK_RV dual_call(CK_SESSION_HANDLE handle, enum operation_kind cipher, enum operation_kind other,
		       struct span part, CK_BYTE_PTR out, CK_ULONG_PTR out_size)
{
	struct operation *op = NULL;
	struct session *s = NULL;
	struct span plain = part;
	struct buffer copy = {.secret = true};
	bool taken = false;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_find(s, other, &op);
	/* In place, as C_EncryptUpdate allows: the plain text is gone once it has been encrypted. */
	if (rv == CKR_OK && cipher == OPERATION_ENCRYPT && part.data && part.data == out) {
		if (!buffer_set(&copy, part.data, part.size))
			rv = CKR_HOST_MEMORY;
		plain = buffer_span(&copy);
	}
	if (rv == CKR_OK)
		rv = cipher_update(s, cipher, part, out, out_size, &taken);
	if (rv == CKR_OK && taken) {
		if (cipher == OPERATION_DECRYPT)
			plain = (struct span){out, *out_size};
		rv = sign_update(s, other, plain);
	}
	buffer_free(&copy);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
					  CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	return dual_call(hSession, OPERATION_ENCRYPT, OPERATION_DIGEST, (struct span){pPart, ulPartLen},
			 pEncryptedPart, pulEncryptedPartLen);
}

MODULE_EXPORT CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
					  CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart,
					  CK_ULONG_PTR pulPartLen)
{
	return dual_call(hSession, OPERATION_DECRYPT, OPERATION_DIGEST,
			 (struct span){pEncryptedPart, ulEncryptedPartLen}, pPart, pulPartLen);
}

MODULE_EXPORT CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
					CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen)
{
	return dual_call(hSession, OPERATION_ENCRYPT, OPERATION_SIGN, (struct span){pPart, ulPartLen},
			 pEncryptedPart, pulEncryptedPartLen);
}

MODULE_EXPORT CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
					  CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart,
					  CK_ULONG_PTR pulPartLen)
{
	return dual_call(hSession, OPERATION_DECRYPT, OPERATION_VERIFY,
			 (struct span){pEncryptedPart, ulEncryptedPartLen}, pPart, pulPartLen);
}

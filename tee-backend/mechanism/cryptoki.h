/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#11 version 3.2 in C: every type, constant, parameter structure and function that the OASIS
 * standard "PKCS #11 Specification Version 3.2" names, under its own names. Written from the
 * specification and used on both sides of the trust boundary: the client module, the provider, the
 * wire format and the enclave all speak these values.
 *
 * Structures have the natural alignment of the platform, as the standard's clause on structure
 * packing leaves it to Unix. A file that needs p11-kit's headers as well includes this one first.
 */
#ifndef KEYCLAVE_MECHANISM_CRYPTOKI_H
#define KEYCLAVE_MECHANISM_CRYPTOKI_H

#include <stddef.h>

#include "common/status.h" /* CK_RV and its values */

/*
 * p11-kit's URI and module headers include a PKCS#11 2.40 header of their own, whose types have the
 * same names. Its guard is taken here, so that they are compiled against the types below.
 */
#ifdef PKCS11_H
#error "include mechanism/cryptoki.h before any p11-kit header"
#endif
#define PKCS11_H 1

#ifdef __cplusplus
extern "C" {
#endif

#define CRYPTOKI_VERSION_MAJOR				3
#define CRYPTOKI_VERSION_MINOR				2

/* ----------------------------------------------------------------------------------------------
 * Chapter 2: platform directives
 */

#define CK_PTR						*
#define CK_DEFINE_FUNCTION(type, name)			type name
#define CK_DECLARE_FUNCTION(type, name)			type name
#define CK_DECLARE_FUNCTION_POINTER(type, name)		type(CK_PTR name)
#define CK_CALLBACK_FUNCTION(type, name)		type(CK_PTR name)
#ifndef NULL_PTR
#define NULL_PTR					NULL
#endif

/* ----------------------------------------------------------------------------------------------
 * Chapter 3: general data types
 */

typedef unsigned char CK_BYTE;
typedef CK_BYTE CK_CHAR;
typedef CK_BYTE CK_UTF8CHAR;
typedef CK_BYTE CK_BBOOL;
typedef unsigned long int CK_ULONG;
typedef long int CK_LONG;
typedef CK_ULONG CK_FLAGS;

typedef CK_BYTE CK_PTR CK_BYTE_PTR;
typedef CK_CHAR CK_PTR CK_CHAR_PTR;
typedef CK_UTF8CHAR CK_PTR CK_UTF8CHAR_PTR;
typedef CK_BBOOL CK_PTR CK_BBOOL_PTR;
typedef CK_ULONG CK_PTR CK_ULONG_PTR;
typedef CK_FLAGS CK_PTR CK_FLAGS_PTR;
typedef void CK_PTR CK_VOID_PTR;
typedef CK_VOID_PTR CK_PTR CK_VOID_PTR_PTR;

#define CK_TRUE						1
#define CK_FALSE					0

/* Handle 0 is never a session or an object */
#define CK_INVALID_HANDLE				0UL

/* Counters of CK_TOKEN_INFO; the second is also the length of an attribute that is not given */
#define CK_EFFECTIVELY_INFINITE				0UL
#define CK_UNAVAILABLE_INFORMATION			(~0UL)

/* Numbers with a meaning, and the pointers to them that the standard names */
typedef CK_ULONG CK_NOTIFICATION;
typedef CK_ULONG CK_SLOT_ID;
typedef CK_ULONG CK_SESSION_HANDLE;
typedef CK_ULONG CK_OBJECT_HANDLE;
typedef CK_ULONG CK_USER_TYPE;
typedef CK_ULONG CK_STATE;
typedef CK_ULONG CK_OBJECT_CLASS;
typedef CK_ULONG CK_HW_FEATURE_TYPE;
typedef CK_ULONG CK_KEY_TYPE;
typedef CK_ULONG CK_CERTIFICATE_TYPE;
typedef CK_ULONG CK_CERTIFICATE_CATEGORY;
typedef CK_ULONG CK_JAVA_MIDP_SECURITY_DOMAIN;
typedef CK_ULONG CK_ATTRIBUTE_TYPE;
typedef CK_ULONG CK_MECHANISM_TYPE;
typedef CK_ULONG CK_PROFILE_ID;
typedef CK_ULONG CK_TRUST;
typedef CK_ULONG CK_VALIDATION_TYPE;
typedef CK_ULONG CK_VALIDATION_AUTHORITY_TYPE;
typedef CK_ULONG CK_SESSION_VALIDATION_FLAGS_TYPE;

typedef CK_SLOT_ID CK_PTR CK_SLOT_ID_PTR;
typedef CK_SESSION_HANDLE CK_PTR CK_SESSION_HANDLE_PTR;
typedef CK_OBJECT_HANDLE CK_PTR CK_OBJECT_HANDLE_PTR;
typedef CK_OBJECT_CLASS CK_PTR CK_OBJECT_CLASS_PTR;
typedef CK_MECHANISM_TYPE CK_PTR CK_MECHANISM_TYPE_PTR;
typedef CK_PROFILE_ID CK_PTR CK_PROFILE_ID_PTR;
typedef CK_VALIDATION_TYPE CK_PTR CK_VALIDATION_TYPE_PTR;
typedef CK_VALIDATION_AUTHORITY_TYPE CK_PTR CK_VALIDATION_AUTHORITY_TYPE_PTR;

typedef struct CK_VERSION {
	CK_BYTE major;
	CK_BYTE minor;
} CK_VERSION;
typedef CK_VERSION CK_PTR CK_VERSION_PTR;

/* Texts here and below are padded with blanks and have no terminating zero. */
typedef struct CK_INFO {
	CK_VERSION cryptokiVersion;
	CK_UTF8CHAR manufacturerID[32];
	CK_FLAGS flags;
	CK_UTF8CHAR libraryDescription[32];
	CK_VERSION libraryVersion;
} CK_INFO;
typedef CK_INFO CK_PTR CK_INFO_PTR;

typedef struct CK_SLOT_INFO {
	CK_UTF8CHAR slotDescription[64];
	CK_UTF8CHAR manufacturerID[32];
	CK_FLAGS flags;
	CK_VERSION hardwareVersion;
	CK_VERSION firmwareVersion;
} CK_SLOT_INFO;
typedef CK_SLOT_INFO CK_PTR CK_SLOT_INFO_PTR;

typedef struct CK_TOKEN_INFO {
	CK_UTF8CHAR label[32];
	CK_UTF8CHAR manufacturerID[32];
	CK_UTF8CHAR model[16];
	CK_CHAR serialNumber[16];
	CK_FLAGS flags;
	CK_ULONG ulMaxSessionCount;
	CK_ULONG ulSessionCount;
	CK_ULONG ulMaxRwSessionCount;
	CK_ULONG ulRwSessionCount;
	CK_ULONG ulMaxPinLen;
	CK_ULONG ulMinPinLen;
	CK_ULONG ulTotalPublicMemory;
	CK_ULONG ulFreePublicMemory;
	CK_ULONG ulTotalPrivateMemory;
	CK_ULONG ulFreePrivateMemory;
	CK_VERSION hardwareVersion;
	CK_VERSION firmwareVersion;
	CK_CHAR utcTime[16];
} CK_TOKEN_INFO;
typedef CK_TOKEN_INFO CK_PTR CK_TOKEN_INFO_PTR;

typedef struct CK_SESSION_INFO {
	CK_SLOT_ID slotID;
	CK_STATE state;
	CK_FLAGS flags;
	CK_ULONG ulDeviceError;
} CK_SESSION_INFO;
typedef CK_SESSION_INFO CK_PTR CK_SESSION_INFO_PTR;

typedef struct CK_ATTRIBUTE {
	CK_ATTRIBUTE_TYPE type;
	CK_VOID_PTR pValue;
	CK_ULONG ulValueLen;
} CK_ATTRIBUTE;
typedef CK_ATTRIBUTE CK_PTR CK_ATTRIBUTE_PTR;

/* Digits in ASCII: "2026" "11" "24". An empty attribute value is the way to leave a date out. */
typedef struct CK_DATE {
	CK_CHAR year[4];
	CK_CHAR month[2];
	CK_CHAR day[2];
} CK_DATE;
typedef CK_DATE CK_PTR CK_DATE_PTR;

typedef struct CK_MECHANISM {
	CK_MECHANISM_TYPE mechanism;
	CK_VOID_PTR pParameter;
	CK_ULONG ulParameterLen;
} CK_MECHANISM;
typedef CK_MECHANISM CK_PTR CK_MECHANISM_PTR;

/* Key sizes are in the unit, bits or bytes, that the mechanism's own clause gives. */
typedef struct CK_MECHANISM_INFO {
	CK_ULONG ulMinKeySize;
	CK_ULONG ulMaxKeySize;
	CK_FLAGS flags;
} CK_MECHANISM_INFO;
typedef CK_MECHANISM_INFO CK_PTR CK_MECHANISM_INFO_PTR;

/* What C_AsyncComplete returns of the function that it completes. */
typedef struct CK_ASYNC_DATA {
	CK_ULONG ulVersion;
	CK_BYTE_PTR pValue;
	CK_ULONG ulValue;
	CK_OBJECT_HANDLE hObject;
	CK_OBJECT_HANDLE hAdditionalObject;
} CK_ASYNC_DATA;
typedef CK_ASYNC_DATA CK_PTR CK_ASYNC_DATA_PTR;

/* Callbacks that the application supplies. */
typedef CK_CALLBACK_FUNCTION(CK_RV, CK_NOTIFY)(CK_SESSION_HANDLE hSession, CK_NOTIFICATION event,
					       CK_VOID_PTR pApplication);
typedef CK_CALLBACK_FUNCTION(CK_RV, CK_CREATEMUTEX)(CK_VOID_PTR_PTR ppMutex);
typedef CK_CALLBACK_FUNCTION(CK_RV, CK_DESTROYMUTEX)(CK_VOID_PTR pMutex);
typedef CK_CALLBACK_FUNCTION(CK_RV, CK_LOCKMUTEX)(CK_VOID_PTR pMutex);
typedef CK_CALLBACK_FUNCTION(CK_RV, CK_UNLOCKMUTEX)(CK_VOID_PTR pMutex);

typedef struct CK_C_INITIALIZE_ARGS {
	CK_CREATEMUTEX CreateMutex;
	CK_DESTROYMUTEX DestroyMutex;
	CK_LOCKMUTEX LockMutex;
	CK_UNLOCKMUTEX UnlockMutex;
	CK_FLAGS flags;
	CK_VOID_PTR pReserved;
} CK_C_INITIALIZE_ARGS;
typedef CK_C_INITIALIZE_ARGS CK_PTR CK_C_INITIALIZE_ARGS_PTR;

/* pInterfaceName ends in a zero byte; pFunctionList begins with a CK_VERSION. */
typedef struct CK_INTERFACE {
	CK_UTF8CHAR_PTR pInterfaceName;
	CK_VOID_PTR pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE CK_PTR CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR CK_PTR CK_INTERFACE_PTR_PTR;

typedef struct CK_FUNCTION_LIST CK_FUNCTION_LIST;
typedef struct CK_FUNCTION_LIST_3_0 CK_FUNCTION_LIST_3_0;
typedef struct CK_FUNCTION_LIST_3_2 CK_FUNCTION_LIST_3_2;
typedef CK_FUNCTION_LIST CK_PTR CK_FUNCTION_LIST_PTR;
typedef CK_FUNCTION_LIST_3_0 CK_PTR CK_FUNCTION_LIST_3_0_PTR;
typedef CK_FUNCTION_LIST_3_2 CK_PTR CK_FUNCTION_LIST_3_2_PTR;
typedef CK_FUNCTION_LIST_PTR CK_PTR CK_FUNCTION_LIST_PTR_PTR;
typedef CK_FUNCTION_LIST_3_0_PTR CK_PTR CK_FUNCTION_LIST_3_0_PTR_PTR;
typedef CK_FUNCTION_LIST_3_2_PTR CK_PTR CK_FUNCTION_LIST_3_2_PTR_PTR;

/* ----------------------------------------------------------------------------------------------
 * Flags: each group belongs to one field or argument, and numbers repeat between groups
 */

/* C_Initialize: CK_C_INITIALIZE_ARGS.flags */
#define CKF_LIBRARY_CANT_CREATE_OS_THREADS		0x00000001UL
#define CKF_OS_LOCKING_OK				0x00000002UL

/* C_GetInterface: CK_INTERFACE.flags */
#define CKF_INTERFACE_FORK_SAFE				0x00000001UL

/* C_WaitForSlotEvent */
#define CKF_DONT_BLOCK					0x00000001UL

/* C_EncryptMessageNext, C_DecryptMessageNext */
#define CKF_END_OF_MESSAGE				0x00000001UL

/* CK_SLOT_INFO.flags */
#define CKF_TOKEN_PRESENT				0x00000001UL
#define CKF_REMOVABLE_DEVICE				0x00000002UL
#define CKF_HW_SLOT					0x00000004UL

/* CK_TOKEN_INFO.flags */
#define CKF_RNG						0x00000001UL
#define CKF_WRITE_PROTECTED				0x00000002UL
#define CKF_LOGIN_REQUIRED				0x00000004UL
#define CKF_USER_PIN_INITIALIZED			0x00000008UL
#define CKF_RESTORE_KEY_NOT_NEEDED			0x00000020UL
#define CKF_CLOCK_ON_TOKEN				0x00000040UL
#define CKF_PROTECTED_AUTHENTICATION_PATH		0x00000100UL
#define CKF_DUAL_CRYPTO_OPERATIONS			0x00000200UL
#define CKF_TOKEN_INITIALIZED				0x00000400UL
#define CKF_SECONDARY_AUTHENTICATION			0x00000800UL
#define CKF_USER_PIN_COUNT_LOW				0x00010000UL
#define CKF_USER_PIN_FINAL_TRY				0x00020000UL
#define CKF_USER_PIN_LOCKED				0x00040000UL
#define CKF_USER_PIN_TO_BE_CHANGED			0x00080000UL
#define CKF_SO_PIN_COUNT_LOW				0x00100000UL
#define CKF_SO_PIN_FINAL_TRY				0x00200000UL
#define CKF_SO_PIN_LOCKED				0x00400000UL
#define CKF_SO_PIN_TO_BE_CHANGED			0x00800000UL
#define CKF_ERROR_STATE					0x01000000UL
#define CKF_SEED_RANDOM_REQUIRED			0x02000000UL
#define CKF_ASYNC_SESSION_SUPPORTED			0x04000000UL

/* C_OpenSession and CK_SESSION_INFO.flags */
#define CKF_RW_SESSION					0x00000002UL
#define CKF_SERIAL_SESSION				0x00000004UL
#define CKF_ASYNC_SESSION				0x00000008UL

/*
 * CK_MECHANISM_INFO.flags. The operation flags of it are also what C_SessionCancel takes,
 * together with CKF_FIND_OBJECTS.
 */
#define CKF_HW						0x00000001UL
#define CKF_MESSAGE_ENCRYPT				0x00000002UL
#define CKF_MESSAGE_DECRYPT				0x00000004UL
#define CKF_MESSAGE_SIGN				0x00000008UL
#define CKF_MESSAGE_VERIFY				0x00000010UL
#define CKF_MULTI_MESSAGE				0x00000020UL
#define CKF_FIND_OBJECTS				0x00000040UL
#define CKF_ENCRYPT					0x00000100UL
#define CKF_DECRYPT					0x00000200UL
#define CKF_DIGEST					0x00000400UL
#define CKF_SIGN					0x00000800UL
#define CKF_SIGN_RECOVER				0x00001000UL
#define CKF_VERIFY					0x00002000UL
#define CKF_VERIFY_RECOVER				0x00004000UL
#define CKF_GENERATE					0x00008000UL
#define CKF_GENERATE_KEY_PAIR				0x00010000UL
#define CKF_WRAP					0x00020000UL
#define CKF_UNWRAP					0x00040000UL
#define CKF_DERIVE					0x00080000UL
#define CKF_ENCAPSULATE					0x10000000UL
#define CKF_DECAPSULATE					0x20000000UL
#define CKF_EXTENSION					0x80000000UL

/* CK_MECHANISM_INFO.flags of elliptic-curve mechanisms */
#define CKF_EC_F_P					0x00100000UL
#define CKF_EC_F_2M					0x00200000UL
#define CKF_EC_ECPARAMETERS				0x00400000UL
#define CKF_EC_OID					0x00800000UL
#define CKF_EC_UNCOMPRESS				0x01000000UL
#define CKF_EC_COMPRESS					0x02000000UL
#define CKF_EC_CURVENAME				0x04000000UL

/* Older spellings of two of them, one of them a misprint of version 3.0 */
#define CKF_EC_NAMEDCURVE				CKF_EC_OID
#define CKF_MULTI_MESSGE				CKF_MULTI_MESSAGE

/*
 * CK_ATTRIBUTE.type: the value is an array of CK_ATTRIBUTE, or of the element type that the
 * attribute names
 */
#define CKF_ARRAY_ATTRIBUTE				0x40000000UL

/* ----------------------------------------------------------------------------------------------
 * Users, session states, notifications
 */

#define CKU_SO						0UL
#define CKU_USER					1UL
#define CKU_CONTEXT_SPECIFIC				2UL

#define CKS_RO_PUBLIC_SESSION				0UL
#define CKS_RO_USER_FUNCTIONS				1UL
#define CKS_RW_PUBLIC_SESSION				2UL
#define CKS_RW_USER_FUNCTIONS				3UL
#define CKS_RW_SO_FUNCTIONS				4UL

/* C_GetSessionValidationFlags: CK_SESSION_VALIDATION_FLAGS_TYPE */
#define CKS_LAST_VALIDATION_OK				1UL

/* CK_NOTIFY */
#define CKN_SURRENDER					0UL
#define CKN_OTP_CHANGED					1UL

/* ----------------------------------------------------------------------------------------------
 * Chapter 4: objects
 */

/* CKA_CLASS: CK_OBJECT_CLASS */
#define CKO_DATA					0x00UL
#define CKO_CERTIFICATE					0x01UL
#define CKO_PUBLIC_KEY					0x02UL
#define CKO_PRIVATE_KEY					0x03UL
#define CKO_SECRET_KEY					0x04UL
#define CKO_HW_FEATURE					0x05UL
#define CKO_DOMAIN_PARAMETERS				0x06UL
#define CKO_MECHANISM					0x07UL
#define CKO_OTP_KEY					0x08UL
#define CKO_PROFILE					0x09UL
#define CKO_VALIDATION					0x0aUL
#define CKO_TRUST					0x0bUL
#define CKO_VENDOR_DEFINED				0x80000000UL

/* CKA_HW_FEATURE_TYPE: CK_HW_FEATURE_TYPE */
#define CKH_MONOTONIC_COUNTER				1UL
#define CKH_CLOCK					2UL
#define CKH_USER_INTERFACE				3UL
#define CKH_VENDOR_DEFINED				0x80000000UL

/* CKA_CERTIFICATE_TYPE: CK_CERTIFICATE_TYPE */
#define CKC_X_509					0UL
#define CKC_X_509_ATTR_CERT				1UL
#define CKC_WTLS					2UL
#define CKC_VENDOR_DEFINED				0x80000000UL

/* CKA_CERTIFICATE_CATEGORY: CK_CERTIFICATE_CATEGORY */
#define CK_CERTIFICATE_CATEGORY_UNSPECIFIED		0UL
#define CK_CERTIFICATE_CATEGORY_TOKEN_USER		1UL
#define CK_CERTIFICATE_CATEGORY_AUTHORITY		2UL
#define CK_CERTIFICATE_CATEGORY_OTHER_ENTITY		3UL

/* CKA_JAVA_MIDP_SECURITY_DOMAIN: CK_JAVA_MIDP_SECURITY_DOMAIN */
#define CK_SECURITY_DOMAIN_UNSPECIFIED			0UL
#define CK_SECURITY_DOMAIN_MANUFACTURER			1UL
#define CK_SECURITY_DOMAIN_OPERATOR			2UL
#define CK_SECURITY_DOMAIN_THIRD_PARTY			3UL

/* CKA_TRUST_xxx of trust objects: CK_TRUST */
#define CKT_TRUST_UNKNOWN				0UL
#define CKT_TRUSTED					1UL
#define CKT_TRUST_ANCHOR				2UL
#define CKT_NOT_TRUSTED					3UL
#define CKT_TRUST_MUST_VERIFY_TRUST			4UL

/* CKA_PROFILE_ID: CK_PROFILE_ID */
#define CKP_INVALID_ID					0UL
#define CKP_BASELINE_PROVIDER				1UL
#define CKP_EXTENDED_PROVIDER				2UL
#define CKP_AUTHENTICATION_TOKEN			3UL
#define CKP_PUBLIC_CERTIFICATES_TOKEN			4UL
#define CKP_COMPLETE_PROVIDER				5UL
#define CKP_HKDF_TLS_TOKEN				6UL
#define CKP_VENDOR_DEFINED				0x80000000UL

/* CKA_VALIDATION_TYPE: CK_VALIDATION_TYPE */
#define CKV_TYPE_UNSPECIFIED				0UL
#define CKV_TYPE_SOFTWARE				1UL
#define CKV_TYPE_HARDWARE				2UL
#define CKV_TYPE_FIRMWARE				3UL
#define CKV_TYPE_HYBRID					4UL

/* CKA_VALIDATION_AUTHORITY_TYPE: CK_VALIDATION_AUTHORITY_TYPE */
#define CKV_AUTHORITY_TYPE_UNSPECIFIED			0UL
#define CKV_AUTHORITY_TYPE_NIST_CMVP			1UL
#define CKV_AUTHORITY_TYPE_COMMON_CRITERIA		2UL

/* ----------------------------------------------------------------------------------------------
 * Key types: CKA_KEY_TYPE, CK_KEY_TYPE
 */

/* Key pairs */
#define CKK_RSA						0x00UL
#define CKK_DSA						0x01UL
#define CKK_DH						0x02UL
#define CKK_EC						0x03UL
#define CKK_X9_42_DH					0x04UL
#define CKK_KEA						0x05UL
#define CKK_EC_EDWARDS					0x40UL
#define CKK_EC_MONTGOMERY				0x41UL
#define CKK_GOSTR3410					0x30UL
#define CKK_X2RATCHET					0x3fUL

/* Key pairs of version 3.2: stateful hash signatures and the post-quantum standards */
#define CKK_HSS						0x46UL
#define CKK_XMSS					0x47UL
#define CKK_XMSSMT					0x48UL
#define CKK_ML_KEM					0x49UL
#define CKK_ML_DSA					0x4aUL
#define CKK_SLH_DSA					0x4bUL

/* Ciphers */
#define CKK_AES						0x1fUL
#define CKK_AES_XTS					0x35UL
#define CKK_CHACHA20					0x33UL
#define CKK_SALSA20					0x3eUL
#define CKK_POLY1305					0x34UL
#define CKK_CAMELLIA					0x25UL
#define CKK_ARIA					0x26UL
#define CKK_SEED					0x2fUL
#define CKK_GOST28147					0x32UL
#define CKK_DES						0x13UL
#define CKK_DES2					0x14UL
#define CKK_DES3					0x15UL
#define CKK_RC2						0x11UL
#define CKK_RC4						0x12UL
#define CKK_RC5						0x19UL
#define CKK_CAST					0x16UL
#define CKK_CAST3					0x17UL
#define CKK_CAST128					0x18UL
#define CKK_IDEA					0x1aUL
#define CKK_BLOWFISH					0x20UL
#define CKK_TWOFISH					0x21UL
#define CKK_CDMF					0x1eUL
#define CKK_SKIPJACK					0x1bUL
#define CKK_BATON					0x1cUL
#define CKK_JUNIPER					0x1dUL

/* Secrets of no cipher: derivation, HMAC with a named hash, one-time passwords */
#define CKK_GENERIC_SECRET				0x10UL
#define CKK_HKDF					0x42UL
#define CKK_MD5_HMAC					0x27UL
#define CKK_RIPEMD128_HMAC				0x29UL
#define CKK_RIPEMD160_HMAC				0x2aUL
#define CKK_SHA_1_HMAC					0x28UL
#define CKK_SHA224_HMAC					0x2eUL
#define CKK_SHA256_HMAC					0x2bUL
#define CKK_SHA384_HMAC					0x2cUL
#define CKK_SHA512_HMAC					0x2dUL
#define CKK_SHA512_224_HMAC				0x43UL
#define CKK_SHA512_256_HMAC				0x44UL
#define CKK_SHA512_T_HMAC				0x45UL
#define CKK_SHA3_224_HMAC				0x36UL
#define CKK_SHA3_256_HMAC				0x37UL
#define CKK_SHA3_384_HMAC				0x38UL
#define CKK_SHA3_512_HMAC				0x39UL
#define CKK_BLAKE2B_160_HMAC				0x3aUL
#define CKK_BLAKE2B_256_HMAC				0x3bUL
#define CKK_BLAKE2B_384_HMAC				0x3cUL
#define CKK_BLAKE2B_512_HMAC				0x3dUL
#define CKK_GOSTR3411					0x31UL
#define CKK_SECURID					0x22UL
#define CKK_HOTP					0x23UL
#define CKK_ACTI					0x24UL

/* Older spellings, and the start of the vendors' range */
#define CKK_ECDSA					CKK_EC
#define CKK_CAST5					CKK_CAST128
#define CKK_VENDOR_DEFINED				0x80000000UL

/* ----------------------------------------------------------------------------------------------
 * Attributes: CK_ATTRIBUTE.type
 */

/* Every object, and storage objects */
#define CKA_CLASS					0x000UL
#define CKA_UNIQUE_ID					0x004UL
#define CKA_TOKEN					0x001UL
#define CKA_PRIVATE					0x002UL
#define CKA_LABEL					0x003UL
#define CKA_MODIFIABLE					0x170UL
#define CKA_COPYABLE					0x171UL
#define CKA_DESTROYABLE					0x172UL

/* Data objects */
#define CKA_APPLICATION					0x010UL
#define CKA_OBJECT_ID					0x012UL
#define CKA_VALUE					0x011UL

/* Certificates and trust */
#define CKA_CERTIFICATE_TYPE				0x080UL
#define CKA_ISSUER					0x081UL
#define CKA_SERIAL_NUMBER				0x082UL
#define CKA_AC_ISSUER					0x083UL
#define CKA_OWNER					0x084UL
#define CKA_ATTR_TYPES					0x085UL
#define CKA_TRUSTED					0x086UL
#define CKA_CERTIFICATE_CATEGORY			0x087UL
#define CKA_JAVA_MIDP_SECURITY_DOMAIN			0x088UL
#define CKA_URL						0x089UL
#define CKA_HASH_OF_SUBJECT_PUBLIC_KEY			0x08aUL
#define CKA_HASH_OF_ISSUER_PUBLIC_KEY			0x08bUL
#define CKA_HASH_OF_CERTIFICATE				0x635UL
#define CKA_NAME_HASH_ALGORITHM				0x08cUL
#define CKA_CHECK_VALUE					0x090UL
#define CKA_TRUST_SERVER_AUTH				0x62cUL
#define CKA_TRUST_CLIENT_AUTH				0x62dUL
#define CKA_TRUST_CODE_SIGNING				0x62eUL
#define CKA_TRUST_EMAIL_PROTECTION			0x62fUL
#define CKA_TRUST_IPSEC_IKE				0x630UL
#define CKA_TRUST_TIME_STAMPING				0x631UL
#define CKA_TRUST_OCSP_SIGNING				0x632UL

/* Every key: what it is */
#define CKA_KEY_TYPE					0x100UL
#define CKA_ID						0x102UL
#define CKA_SUBJECT					0x101UL
#define CKA_START_DATE					0x110UL
#define CKA_END_DATE					0x111UL
#define CKA_LOCAL					0x163UL
#define CKA_KEY_GEN_MECHANISM				0x166UL
#define CKA_PUBLIC_KEY_INFO				0x129UL
#define CKA_PUBLIC_CRC64_VALUE				0x636UL

/* Every key: what it may do */
#define CKA_ENCRYPT					0x104UL
#define CKA_DECRYPT					0x105UL
#define CKA_SIGN					0x108UL
#define CKA_SIGN_RECOVER				0x109UL
#define CKA_VERIFY					0x10aUL
#define CKA_VERIFY_RECOVER				0x10bUL
#define CKA_WRAP					0x106UL
#define CKA_UNWRAP					0x107UL
#define CKA_DERIVE					0x10cUL
#define CKA_ENCAPSULATE					0x633UL
#define CKA_DECAPSULATE					0x634UL

/* Every key: how it is protected */
#define CKA_SENSITIVE					0x103UL
#define CKA_ALWAYS_SENSITIVE				0x165UL
#define CKA_EXTRACTABLE					0x162UL
#define CKA_NEVER_EXTRACTABLE				0x164UL
#define CKA_ALWAYS_AUTHENTICATE				0x202UL
#define CKA_WRAP_WITH_TRUSTED				0x210UL
#define CKA_SECONDARY_AUTH				0x200UL
#define CKA_AUTH_PIN_FLAGS				0x201UL

/*
 * Arrays: of CK_ATTRIBUTE, except that CKA_ALLOWED_MECHANISMS is one of CK_MECHANISM_TYPE. The
 * two KEM templates are arrays of CK_ATTRIBUTE too, but the published standard numbers them
 * without CKF_ARRAY_ATTRIBUTE, so that code which copies or serialises a template has to name
 * them. The committee's working header adds the flag.
 */
#define CKA_WRAP_TEMPLATE				(CKF_ARRAY_ATTRIBUTE | 0x211UL)
#define CKA_UNWRAP_TEMPLATE				(CKF_ARRAY_ATTRIBUTE | 0x212UL)
#define CKA_DERIVE_TEMPLATE				(CKF_ARRAY_ATTRIBUTE | 0x213UL)
#define CKA_ALLOWED_MECHANISMS				(CKF_ARRAY_ATTRIBUTE | 0x600UL)
#define CKA_ENCAPSULATE_TEMPLATE			0x62aUL
#define CKA_DECAPSULATE_TEMPLATE			0x62bUL

/* RSA */
#define CKA_MODULUS					0x120UL
#define CKA_MODULUS_BITS				0x121UL
#define CKA_PUBLIC_EXPONENT				0x122UL
#define CKA_PRIVATE_EXPONENT				0x123UL
#define CKA_PRIME_1					0x124UL
#define CKA_PRIME_2					0x125UL
#define CKA_EXPONENT_1					0x126UL
#define CKA_EXPONENT_2					0x127UL
#define CKA_COEFFICIENT					0x128UL

/* DSA, Diffie-Hellman */
#define CKA_PRIME					0x130UL
#define CKA_SUBPRIME					0x131UL
#define CKA_BASE					0x132UL
#define CKA_PRIME_BITS					0x133UL
#define CKA_SUBPRIME_BITS				0x134UL
#define CKA_SUB_PRIME_BITS				CKA_SUBPRIME_BITS

/*
 * Elliptic curves. CKA_EC_POINT is a DER OCTET STRING for CKK_EC, the bare bytes of RFC 8032 and
 * RFC 7748 for the others.
 */
#define CKA_EC_PARAMS					0x180UL
#define CKA_EC_POINT					0x181UL
#define CKA_ECDSA_PARAMS				CKA_EC_PARAMS

/* Secret keys, and the length of a Diffie-Hellman private value */
#define CKA_VALUE_LEN					0x161UL
#define CKA_VALUE_BITS					0x160UL

/*
 * ML-DSA, ML-KEM, SLH-DSA, XMSS: CKA_PARAMETER_SET is one of CKP_xxx; CKA_SEED is the private
 * key's seed
 */
#define CKA_PARAMETER_SET				0x61dUL
#define CKA_SEED					0x637UL

/* HSS */
#define CKA_HSS_LEVELS					0x617UL
#define CKA_HSS_LMS_TYPE				0x618UL
#define CKA_HSS_LMOTS_TYPE				0x619UL
#define CKA_HSS_LMS_TYPES				0x61aUL
#define CKA_HSS_LMOTS_TYPES				0x61bUL
#define CKA_HSS_KEYS_REMAINING				0x61cUL

/* GOST */
#define CKA_GOSTR3410_PARAMS				0x250UL
#define CKA_GOSTR3411_PARAMS				0x251UL
#define CKA_GOST28147_PARAMS				0x252UL

/* Double ratchet */
#define CKA_X2RATCHET_BAG				0x602UL
#define CKA_X2RATCHET_BAGSIZE				0x603UL
#define CKA_X2RATCHET_BOBS1STMSG			0x604UL
#define CKA_X2RATCHET_CKR				0x605UL
#define CKA_X2RATCHET_CKS				0x606UL
#define CKA_X2RATCHET_DHP				0x607UL
#define CKA_X2RATCHET_DHR				0x608UL
#define CKA_X2RATCHET_DHS				0x609UL
#define CKA_X2RATCHET_HKR				0x60aUL
#define CKA_X2RATCHET_HKS				0x60bUL
#define CKA_X2RATCHET_ISALICE				0x60cUL
#define CKA_X2RATCHET_NHKR				0x60dUL
#define CKA_X2RATCHET_NHKS				0x60eUL
#define CKA_X2RATCHET_NR				0x60fUL
#define CKA_X2RATCHET_NS				0x610UL
#define CKA_X2RATCHET_PNS				0x611UL
#define CKA_X2RATCHET_RK				0x612UL

/* One-time passwords */
#define CKA_OTP_FORMAT					0x220UL
#define CKA_OTP_LENGTH					0x221UL
#define CKA_OTP_TIME_INTERVAL				0x222UL
#define CKA_OTP_USER_FRIENDLY_MODE			0x223UL
#define CKA_OTP_CHALLENGE_REQUIREMENT			0x224UL
#define CKA_OTP_TIME_REQUIREMENT			0x225UL
#define CKA_OTP_COUNTER_REQUIREMENT			0x226UL
#define CKA_OTP_PIN_REQUIREMENT				0x227UL
#define CKA_OTP_USER_IDENTIFIER				0x22aUL
#define CKA_OTP_SERVICE_IDENTIFIER			0x22bUL
#define CKA_OTP_SERVICE_LOGO				0x22cUL
#define CKA_OTP_SERVICE_LOGO_TYPE			0x22dUL
#define CKA_OTP_COUNTER					0x22eUL
#define CKA_OTP_TIME					0x22fUL

/* Hardware features */
#define CKA_HW_FEATURE_TYPE				0x300UL
#define CKA_RESET_ON_INIT				0x301UL
#define CKA_HAS_RESET					0x302UL
#define CKA_PIXEL_X					0x400UL
#define CKA_PIXEL_Y					0x401UL
#define CKA_RESOLUTION					0x402UL
#define CKA_CHAR_ROWS					0x403UL
#define CKA_CHAR_COLUMNS				0x404UL
#define CKA_COLOR					0x405UL
#define CKA_BITS_PER_PIXEL				0x406UL
#define CKA_CHAR_SETS					0x480UL
#define CKA_ENCODING_METHODS				0x481UL
#define CKA_MIME_TYPES					0x482UL

/* Mechanism, profile and validation objects */
#define CKA_MECHANISM_TYPE				0x500UL
#define CKA_REQUIRED_CMS_ATTRIBUTES			0x501UL
#define CKA_DEFAULT_CMS_ATTRIBUTES			0x502UL
#define CKA_SUPPORTED_CMS_ATTRIBUTES			0x503UL
#define CKA_PROFILE_ID					0x601UL
#define CKA_OBJECT_VALIDATION_FLAGS			0x61eUL
#define CKA_VALIDATION_TYPE				0x61fUL
#define CKA_VALIDATION_VERSION				0x620UL
#define CKA_VALIDATION_LEVEL				0x621UL
#define CKA_VALIDATION_MODULE_ID			0x622UL
#define CKA_VALIDATION_FLAG				0x623UL
#define CKA_VALIDATION_AUTHORITY_TYPE			0x624UL
#define CKA_VALIDATION_COUNTRY				0x625UL
#define CKA_VALIDATION_CERTIFICATE_IDENTIFIER		0x626UL
#define CKA_VALIDATION_CERTIFICATE_URI			0x627UL
#define CKA_VALIDATION_VENDOR_URI			0x628UL
#define CKA_VALIDATION_PROFILE				0x629UL

#define CKA_VENDOR_DEFINED				0x80000000UL

/* ----------------------------------------------------------------------------------------------
 * Chapter 6: mechanisms, one family after the other, each with its parameters
 */

/* RSA */
#define CKM_RSA_PKCS_KEY_PAIR_GEN			0x0000UL
#define CKM_RSA_X9_31_KEY_PAIR_GEN			0x000aUL
#define CKM_RSA_PKCS					0x0001UL
#define CKM_RSA_PKCS_OAEP				0x0009UL
#define CKM_RSA_PKCS_PSS				0x000dUL
#define CKM_RSA_X_509					0x0003UL
#define CKM_RSA_9796					0x0002UL
#define CKM_RSA_X9_31					0x000bUL
#define CKM_RSA_PKCS_TPM_1_1				0x4001UL
#define CKM_RSA_PKCS_OAEP_TPM_1_1			0x4002UL
#define CKM_RSA_AES_KEY_WRAP				0x1054UL

/* RSA PKCS#1 v1.5 with the hash computed by the token */
#define CKM_MD2_RSA_PKCS				0x0004UL
#define CKM_MD5_RSA_PKCS				0x0005UL
#define CKM_RIPEMD128_RSA_PKCS				0x0007UL
#define CKM_RIPEMD160_RSA_PKCS				0x0008UL
#define CKM_SHA1_RSA_PKCS				0x0006UL
#define CKM_SHA1_RSA_X9_31				0x000cUL
#define CKM_SHA224_RSA_PKCS				0x0046UL
#define CKM_SHA256_RSA_PKCS				0x0040UL
#define CKM_SHA384_RSA_PKCS				0x0041UL
#define CKM_SHA512_RSA_PKCS				0x0042UL
#define CKM_SHA3_224_RSA_PKCS				0x0066UL
#define CKM_SHA3_256_RSA_PKCS				0x0060UL
#define CKM_SHA3_384_RSA_PKCS				0x0061UL
#define CKM_SHA3_512_RSA_PKCS				0x0062UL

/* RSA-PSS with the hash computed by the token */
#define CKM_SHA1_RSA_PKCS_PSS				0x000eUL
#define CKM_SHA224_RSA_PKCS_PSS				0x0047UL
#define CKM_SHA256_RSA_PKCS_PSS				0x0043UL
#define CKM_SHA384_RSA_PKCS_PSS				0x0044UL
#define CKM_SHA512_RSA_PKCS_PSS				0x0045UL
#define CKM_SHA3_224_RSA_PKCS_PSS			0x0067UL
#define CKM_SHA3_256_RSA_PKCS_PSS			0x0063UL
#define CKM_SHA3_384_RSA_PKCS_PSS			0x0064UL
#define CKM_SHA3_512_RSA_PKCS_PSS			0x0065UL

typedef CK_ULONG CK_RSA_PKCS_MGF_TYPE;
typedef CK_RSA_PKCS_MGF_TYPE CK_PTR CK_RSA_PKCS_MGF_TYPE_PTR;
typedef CK_ULONG CK_RSA_PKCS_OAEP_SOURCE_TYPE;
typedef CK_RSA_PKCS_OAEP_SOURCE_TYPE CK_PTR CK_RSA_PKCS_OAEP_SOURCE_TYPE_PTR;

#define CKG_MGF1_SHA1					1UL
#define CKG_MGF1_SHA224					5UL
#define CKG_MGF1_SHA256					2UL
#define CKG_MGF1_SHA384					3UL
#define CKG_MGF1_SHA512					4UL
#define CKG_MGF1_SHA3_224				6UL
#define CKG_MGF1_SHA3_256				7UL
#define CKG_MGF1_SHA3_384				8UL
#define CKG_MGF1_SHA3_512				9UL

#define CKZ_DATA_SPECIFIED				1UL

/* CKM_RSA_PKCS_OAEP; pSourceData is the label */
typedef struct CK_RSA_PKCS_OAEP_PARAMS {
	CK_MECHANISM_TYPE hashAlg;
	CK_RSA_PKCS_MGF_TYPE mgf;
	CK_RSA_PKCS_OAEP_SOURCE_TYPE source;
	CK_VOID_PTR pSourceData;
	CK_ULONG ulSourceDataLen;
} CK_RSA_PKCS_OAEP_PARAMS;
typedef CK_RSA_PKCS_OAEP_PARAMS CK_PTR CK_RSA_PKCS_OAEP_PARAMS_PTR;

/* CKM_RSA_PKCS_PSS and CKM_xxx_RSA_PKCS_PSS; sLen in bytes */
typedef struct CK_RSA_PKCS_PSS_PARAMS {
	CK_MECHANISM_TYPE hashAlg;
	CK_RSA_PKCS_MGF_TYPE mgf;
	CK_ULONG sLen;
} CK_RSA_PKCS_PSS_PARAMS;
typedef CK_RSA_PKCS_PSS_PARAMS CK_PTR CK_RSA_PKCS_PSS_PARAMS_PTR;

/* CKM_RSA_AES_KEY_WRAP */
typedef struct CK_RSA_AES_KEY_WRAP_PARAMS {
	CK_ULONG ulAESKeyBits;
	CK_RSA_PKCS_OAEP_PARAMS_PTR pOAEPParams;
} CK_RSA_AES_KEY_WRAP_PARAMS;
typedef CK_RSA_AES_KEY_WRAP_PARAMS CK_PTR CK_RSA_AES_KEY_WRAP_PARAMS_PTR;

/* DSA */
#define CKM_DSA_KEY_PAIR_GEN				0x0010UL
#define CKM_DSA_PARAMETER_GEN				0x2000UL
#define CKM_DSA_PROBABILISTIC_PARAMETER_GEN		0x2003UL
#define CKM_DSA_PROBABLISTIC_PARAMETER_GEN		CKM_DSA_PROBABILISTIC_PARAMETER_GEN
#define CKM_DSA_SHAWE_TAYLOR_PARAMETER_GEN		0x2004UL
#define CKM_DSA_FIPS_G_GEN				0x2005UL
#define CKM_DSA						0x0011UL
#define CKM_DSA_SHA1					0x0012UL
#define CKM_DSA_SHA224					0x0013UL
#define CKM_DSA_SHA256					0x0014UL
#define CKM_DSA_SHA384					0x0015UL
#define CKM_DSA_SHA512					0x0016UL
#define CKM_DSA_SHA3_224				0x0018UL
#define CKM_DSA_SHA3_256				0x0019UL
#define CKM_DSA_SHA3_384				0x001aUL
#define CKM_DSA_SHA3_512				0x001bUL

typedef struct CK_DSA_PARAMETER_GEN_PARAM {
	CK_MECHANISM_TYPE hash;
	CK_BYTE_PTR pSeed;
	CK_ULONG ulSeedLen;
	CK_ULONG ulIndex;
} CK_DSA_PARAMETER_GEN_PARAM;
typedef CK_DSA_PARAMETER_GEN_PARAM CK_PTR CK_DSA_PARAMETER_GEN_PARAM_PTR;

/* Elliptic curves */
#define CKM_EC_KEY_PAIR_GEN				0x1040UL
#define CKM_EC_KEY_PAIR_GEN_W_EXTRA_BITS		0x140bUL
#define CKM_ECDSA_KEY_PAIR_GEN				CKM_EC_KEY_PAIR_GEN
#define CKM_EC_EDWARDS_KEY_PAIR_GEN			0x1055UL
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN			0x1056UL
#define CKM_ECDSA					0x1041UL
#define CKM_ECDSA_SHA1					0x1042UL
#define CKM_ECDSA_SHA224				0x1043UL
#define CKM_ECDSA_SHA256				0x1044UL
#define CKM_ECDSA_SHA384				0x1045UL
#define CKM_ECDSA_SHA512				0x1046UL
#define CKM_ECDSA_SHA3_224				0x1047UL
#define CKM_ECDSA_SHA3_256				0x1048UL
#define CKM_ECDSA_SHA3_384				0x1049UL
#define CKM_ECDSA_SHA3_512				0x104aUL
#define CKM_EDDSA					0x1057UL
#define CKM_XEDDSA					0x4029UL
#define CKM_ECDH1_DERIVE				0x1050UL
#define CKM_ECDH1_COFACTOR_DERIVE			0x1051UL
#define CKM_ECMQV_DERIVE				0x1052UL
#define CKM_ECDH_AES_KEY_WRAP				0x1053UL
#define CKM_ECDH_X_AES_KEY_WRAP				0x4038UL
#define CKM_ECDH_COF_AES_KEY_WRAP			0x4039UL
#define CKM_PUB_KEY_FROM_PRIV_KEY			0x403aUL

typedef CK_ULONG CK_EC_KDF_TYPE;
typedef CK_EC_KDF_TYPE CK_PTR CK_EC_KDF_TYPE_PTR;
typedef CK_ULONG CK_XEDDSA_HASH_TYPE;
typedef CK_XEDDSA_HASH_TYPE CK_PTR CK_XEDDSA_HASH_TYPE_PTR;

/*
 * CK_EC_KDF_TYPE, and where they apply CK_X9_42_DH_KDF_TYPE, CK_X3DH_KDF_TYPE,
 * CK_X2RATCHET_KDF_TYPE
 */
#define CKD_NULL					1UL
#define CKD_SHA1_KDF					2UL
#define CKD_SHA1_KDF_ASN1				3UL
#define CKD_SHA1_KDF_CONCATENATE			4UL
#define CKD_SHA224_KDF					5UL
#define CKD_SHA256_KDF					6UL
#define CKD_SHA384_KDF					7UL
#define CKD_SHA512_KDF					8UL
#define CKD_CPDIVERSIFY_KDF				9UL
#define CKD_SHA3_224_KDF				10UL
#define CKD_SHA3_256_KDF				11UL
#define CKD_SHA3_384_KDF				12UL
#define CKD_SHA3_512_KDF				13UL
#define CKD_SHA1_KDF_SP800				14UL
#define CKD_SHA224_KDF_SP800				15UL
#define CKD_SHA256_KDF_SP800				16UL
#define CKD_SHA384_KDF_SP800				17UL
#define CKD_SHA512_KDF_SP800				18UL
#define CKD_SHA3_224_KDF_SP800				19UL
#define CKD_SHA3_256_KDF_SP800				20UL
#define CKD_SHA3_384_KDF_SP800				21UL
#define CKD_SHA3_512_KDF_SP800				22UL
#define CKD_BLAKE2B_160_KDF				23UL
#define CKD_BLAKE2B_256_KDF				24UL
#define CKD_BLAKE2B_384_KDF				25UL
#define CKD_BLAKE2B_512_KDF				26UL

/* CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE; the peer's point raw or as a DER OCTET STRING */
typedef struct CK_ECDH1_DERIVE_PARAMS {
	CK_EC_KDF_TYPE kdf;
	CK_ULONG ulSharedDataLen;
	CK_BYTE_PTR pSharedData;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pPublicData;
} CK_ECDH1_DERIVE_PARAMS;
typedef CK_ECDH1_DERIVE_PARAMS CK_PTR CK_ECDH1_DERIVE_PARAMS_PTR;

typedef struct CK_ECDH2_DERIVE_PARAMS {
	CK_EC_KDF_TYPE kdf;
	CK_ULONG ulSharedDataLen;
	CK_BYTE_PTR pSharedData;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pPublicData;
	CK_ULONG ulPrivateDataLen;
	CK_OBJECT_HANDLE hPrivateData;
	CK_ULONG ulPublicDataLen2;
	CK_BYTE_PTR pPublicData2;
} CK_ECDH2_DERIVE_PARAMS;
typedef CK_ECDH2_DERIVE_PARAMS CK_PTR CK_ECDH2_DERIVE_PARAMS_PTR;

typedef struct CK_ECMQV_DERIVE_PARAMS {
	CK_EC_KDF_TYPE kdf;
	CK_ULONG ulSharedDataLen;
	CK_BYTE_PTR pSharedData;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pPublicData;
	CK_ULONG ulPrivateDataLen;
	CK_OBJECT_HANDLE hPrivateData;
	CK_ULONG ulPublicDataLen2;
	CK_BYTE_PTR pPublicData2;
	CK_OBJECT_HANDLE publicKey;
} CK_ECMQV_DERIVE_PARAMS;
typedef CK_ECMQV_DERIVE_PARAMS CK_PTR CK_ECMQV_DERIVE_PARAMS_PTR;

/* CKM_ECDH_AES_KEY_WRAP and its two variants */
typedef struct CK_ECDH_AES_KEY_WRAP_PARAMS {
	CK_ULONG ulAESKeyBits;
	CK_EC_KDF_TYPE kdf;
	CK_ULONG ulSharedDataLen;
	CK_BYTE_PTR pSharedData;
} CK_ECDH_AES_KEY_WRAP_PARAMS;
typedef CK_ECDH_AES_KEY_WRAP_PARAMS CK_PTR CK_ECDH_AES_KEY_WRAP_PARAMS_PTR;

/* CKM_EDDSA; absent for plain Ed25519 */
typedef struct CK_EDDSA_PARAMS {
	CK_BBOOL phFlag;
	CK_ULONG ulContextDataLen;
	CK_BYTE_PTR pContextData;
} CK_EDDSA_PARAMS;
typedef CK_EDDSA_PARAMS CK_PTR CK_EDDSA_PARAMS_PTR;

typedef struct CK_XEDDSA_PARAMS {
	CK_XEDDSA_HASH_TYPE hash;
} CK_XEDDSA_PARAMS;
typedef CK_XEDDSA_PARAMS CK_PTR CK_XEDDSA_PARAMS_PTR;

/* Diffie-Hellman */
#define CKM_DH_PKCS_KEY_PAIR_GEN			0x0020UL
#define CKM_DH_PKCS_PARAMETER_GEN			0x2001UL
#define CKM_DH_PKCS_DERIVE				0x0021UL
#define CKM_X9_42_DH_KEY_PAIR_GEN			0x0030UL
#define CKM_X9_42_DH_PARAMETER_GEN			0x2002UL
#define CKM_X9_42_DH_DERIVE				0x0031UL
#define CKM_X9_42_DH_HYBRID_DERIVE			0x0032UL
#define CKM_X9_42_MQV_DERIVE				0x0033UL
#define CKM_KEA_KEY_PAIR_GEN				0x1010UL
#define CKM_KEA_KEY_DERIVE				0x1011UL
#define CKM_KEA_DERIVE					0x1012UL

typedef CK_ULONG CK_X9_42_DH_KDF_TYPE;
typedef CK_X9_42_DH_KDF_TYPE CK_PTR CK_X9_42_DH_KDF_TYPE_PTR;

typedef struct CK_X9_42_DH1_DERIVE_PARAMS {
	CK_X9_42_DH_KDF_TYPE kdf;
	CK_ULONG ulOtherInfoLen;
	CK_BYTE_PTR pOtherInfo;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pPublicData;
} CK_X9_42_DH1_DERIVE_PARAMS;
typedef CK_X9_42_DH1_DERIVE_PARAMS CK_PTR CK_X9_42_DH1_DERIVE_PARAMS_PTR;

typedef struct CK_X9_42_DH2_DERIVE_PARAMS {
	CK_X9_42_DH_KDF_TYPE kdf;
	CK_ULONG ulOtherInfoLen;
	CK_BYTE_PTR pOtherInfo;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pPublicData;
	CK_ULONG ulPrivateDataLen;
	CK_OBJECT_HANDLE hPrivateData;
	CK_ULONG ulPublicDataLen2;
	CK_BYTE_PTR pPublicData2;
} CK_X9_42_DH2_DERIVE_PARAMS;
typedef CK_X9_42_DH2_DERIVE_PARAMS CK_PTR CK_X9_42_DH2_DERIVE_PARAMS_PTR;

typedef struct CK_X9_42_MQV_DERIVE_PARAMS {
	CK_X9_42_DH_KDF_TYPE kdf;
	CK_ULONG ulOtherInfoLen;
	CK_BYTE_PTR pOtherInfo;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pPublicData;
	CK_ULONG ulPrivateDataLen;
	CK_OBJECT_HANDLE hPrivateData;
	CK_ULONG ulPublicDataLen2;
	CK_BYTE_PTR pPublicData2;
	CK_OBJECT_HANDLE publicKey;
} CK_X9_42_MQV_DERIVE_PARAMS;
typedef CK_X9_42_MQV_DERIVE_PARAMS CK_PTR CK_X9_42_MQV_DERIVE_PARAMS_PTR;

typedef struct CK_KEA_DERIVE_PARAMS {
	CK_BBOOL isSender;
	CK_ULONG ulRandomLen;
	CK_BYTE_PTR pRandomA;
	CK_BYTE_PTR pRandomB;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pPublicData;
} CK_KEA_DERIVE_PARAMS;
typedef CK_KEA_DERIVE_PARAMS CK_PTR CK_KEA_DERIVE_PARAMS_PTR;

/* Extended triple Diffie-Hellman and the double ratchet */
#define CKM_X3DH_INITIALIZE				0x4023UL
#define CKM_X3DH_RESPOND				0x4024UL
#define CKM_X2RATCHET_INITIALIZE			0x4025UL
#define CKM_X2RATCHET_RESPOND				0x4026UL
#define CKM_X2RATCHET_ENCRYPT				0x4027UL
#define CKM_X2RATCHET_DECRYPT				0x4028UL

typedef CK_ULONG CK_X3DH_KDF_TYPE;
typedef CK_X3DH_KDF_TYPE CK_PTR CK_X3DH_KDF_TYPE_PTR;
typedef CK_ULONG CK_X2RATCHET_KDF_TYPE;
typedef CK_X2RATCHET_KDF_TYPE CK_PTR CK_X2RATCHET_KDF_TYPE_PTR;

typedef struct CK_X3DH_INITIATE_PARAMS {
	CK_X3DH_KDF_TYPE kdf;
	CK_OBJECT_HANDLE pPeer_identity;
	CK_OBJECT_HANDLE pPeer_prekey;
	CK_BYTE_PTR pPrekey_signature;
	CK_BYTE_PTR pOnetime_key;
	CK_OBJECT_HANDLE pOwn_identity;
	CK_OBJECT_HANDLE pOwn_ephemeral;
} CK_X3DH_INITIATE_PARAMS;
typedef CK_X3DH_INITIATE_PARAMS CK_PTR CK_X3DH_INITIATE_PARAMS_PTR;

typedef struct CK_X3DH_RESPOND_PARAMS {
	CK_X3DH_KDF_TYPE kdf;
	CK_BYTE_PTR pIdentity_id;
	CK_BYTE_PTR pPrekey_id;
	CK_BYTE_PTR pOnetime_id;
	CK_OBJECT_HANDLE pInitiator_identity;
	CK_BYTE_PTR pInitiator_ephemeral;
} CK_X3DH_RESPOND_PARAMS;
typedef CK_X3DH_RESPOND_PARAMS CK_PTR CK_X3DH_RESPOND_PARAMS_PTR;

typedef struct CK_X2RATCHET_INITIALIZE_PARAMS {
	CK_BYTE_PTR sk;
	CK_OBJECT_HANDLE peer_public_prekey;
	CK_OBJECT_HANDLE peer_public_identity;
	CK_OBJECT_HANDLE own_public_identity;
	CK_BBOOL bEncryptedHeader;
	CK_ULONG eCurve;
	CK_MECHANISM_TYPE aeadMechanism;
	CK_X2RATCHET_KDF_TYPE kdfMechanism;
} CK_X2RATCHET_INITIALIZE_PARAMS;
typedef CK_X2RATCHET_INITIALIZE_PARAMS CK_PTR CK_X2RATCHET_INITIALIZE_PARAMS_PTR;

typedef struct CK_X2RATCHET_RESPOND_PARAMS {
	CK_BYTE_PTR sk;
	CK_OBJECT_HANDLE own_prekey;
	CK_OBJECT_HANDLE initiator_identity;
	CK_OBJECT_HANDLE own_public_identity;
	CK_BBOOL bEncryptedHeader;
	CK_ULONG eCurve;
	CK_MECHANISM_TYPE aeadMechanism;
	CK_X2RATCHET_KDF_TYPE kdfMechanism;
} CK_X2RATCHET_RESPOND_PARAMS;
typedef CK_X2RATCHET_RESPOND_PARAMS CK_PTR CK_X2RATCHET_RESPOND_PARAMS_PTR;

/* ML-KEM: C_EncapsulateKey and C_DecapsulateKey, no parameter */
#define CKM_ML_KEM_KEY_PAIR_GEN				0x000fUL
#define CKM_ML_KEM					0x0017UL

typedef CK_ULONG CK_ML_KEM_PARAMETER_SET_TYPE;

#define CKP_ML_KEM_512					1UL
#define CKP_ML_KEM_768					2UL
#define CKP_ML_KEM_1024					3UL

/* ML-DSA */
#define CKM_ML_DSA_KEY_PAIR_GEN				0x001cUL
#define CKM_ML_DSA					0x001dUL
#define CKM_HASH_ML_DSA					0x001fUL
#define CKM_HASH_ML_DSA_SHA224				0x0023UL
#define CKM_HASH_ML_DSA_SHA256				0x0024UL
#define CKM_HASH_ML_DSA_SHA384				0x0025UL
#define CKM_HASH_ML_DSA_SHA512				0x0026UL
#define CKM_HASH_ML_DSA_SHA3_224			0x0027UL
#define CKM_HASH_ML_DSA_SHA3_256			0x0028UL
#define CKM_HASH_ML_DSA_SHA3_384			0x0029UL
#define CKM_HASH_ML_DSA_SHA3_512			0x002aUL
#define CKM_HASH_ML_DSA_SHAKE128			0x002bUL
#define CKM_HASH_ML_DSA_SHAKE256			0x002cUL

typedef CK_ULONG CK_ML_DSA_PARAMETER_SET_TYPE;

#define CKP_ML_DSA_44					1UL
#define CKP_ML_DSA_65					2UL
#define CKP_ML_DSA_87					3UL

/* SLH-DSA */
#define CKM_SLH_DSA_KEY_PAIR_GEN			0x002dUL
#define CKM_SLH_DSA					0x002eUL
#define CKM_HASH_SLH_DSA				0x0034UL
#define CKM_HASH_SLH_DSA_SHA224				0x0036UL
#define CKM_HASH_SLH_DSA_SHA256				0x0037UL
#define CKM_HASH_SLH_DSA_SHA384				0x0038UL
#define CKM_HASH_SLH_DSA_SHA512				0x0039UL
#define CKM_HASH_SLH_DSA_SHA3_224			0x003aUL
#define CKM_HASH_SLH_DSA_SHA3_256			0x003bUL
#define CKM_HASH_SLH_DSA_SHA3_384			0x003cUL
#define CKM_HASH_SLH_DSA_SHA3_512			0x003dUL
#define CKM_HASH_SLH_DSA_SHAKE128			0x003eUL
#define CKM_HASH_SLH_DSA_SHAKE256			0x003fUL

typedef CK_ULONG CK_SLH_DSA_PARAMETER_SET_TYPE;

#define CKP_SLH_DSA_SHA2_128S				1UL
#define CKP_SLH_DSA_SHAKE_128S				2UL
#define CKP_SLH_DSA_SHA2_128F				3UL
#define CKP_SLH_DSA_SHAKE_128F				4UL
#define CKP_SLH_DSA_SHA2_192S				5UL
#define CKP_SLH_DSA_SHAKE_192S				6UL
#define CKP_SLH_DSA_SHA2_192F				7UL
#define CKP_SLH_DSA_SHAKE_192F				8UL
#define CKP_SLH_DSA_SHA2_256S				9UL
#define CKP_SLH_DSA_SHAKE_256S				10UL
#define CKP_SLH_DSA_SHA2_256F				11UL
#define CKP_SLH_DSA_SHAKE_256F				12UL

/* Context, of at most 255 bytes, and randomisation of ML-DSA and SLH-DSA signatures */
typedef CK_ULONG CK_HEDGE_TYPE;

#define CKH_HEDGE_PREFERRED				0UL
#define CKH_HEDGE_REQUIRED				1UL
#define CKH_DETERMINISTIC_REQUIRED			2UL

/* CKM_ML_DSA, CKM_SLH_DSA, and the CKM_HASH_ ones that name their hash; optional */
typedef struct CK_SIGN_ADDITIONAL_CONTEXT {
	CK_HEDGE_TYPE hedgeVariant;
	CK_BYTE_PTR pContext;
	CK_ULONG ulContextLen;
} CK_SIGN_ADDITIONAL_CONTEXT;
typedef CK_SIGN_ADDITIONAL_CONTEXT CK_PTR CK_SIGN_ADDITIONAL_CONTEXT_PTR;

/* CKM_HASH_ML_DSA, CKM_HASH_SLH_DSA: the caller hashes, and says with what */
typedef struct CK_HASH_SIGN_ADDITIONAL_CONTEXT {
	CK_HEDGE_TYPE hedgeVariant;
	CK_BYTE_PTR pContext;
	CK_ULONG ulContextLen;
	CK_MECHANISM_TYPE hash;
} CK_HASH_SIGN_ADDITIONAL_CONTEXT;
typedef CK_HASH_SIGN_ADDITIONAL_CONTEXT CK_PTR CK_HASH_SIGN_ADDITIONAL_CONTEXT_PTR;

/* HSS, XMSS and XMSS^MT: signature keys with a state */
#define CKM_HSS_KEY_PAIR_GEN				0x4032UL
#define CKM_HSS						0x4033UL
#define CKM_XMSS_KEY_PAIR_GEN				0x4034UL
#define CKM_XMSS					0x4036UL
#define CKM_XMSSMT_KEY_PAIR_GEN				0x4035UL
#define CKM_XMSSMT					0x4037UL

typedef CK_ULONG CK_HSS_LEVELS;
typedef CK_ULONG CK_LMS_TYPE;
typedef CK_ULONG CK_LMOTS_TYPE;
typedef CK_ULONG CK_XMSS_PARAMETER_SET_TYPE;
typedef CK_ULONG CK_XMSSMT_PARAMETER_SET_TYPE;

/* CKM_HSS_KEY_PAIR_GEN; the name without a prefix is the standard's */
typedef struct specifiedParams {
	CK_HSS_LEVELS levels;
	CK_LMS_TYPE lm_type[8];
	CK_LMOTS_TYPE lm_ots_type[8];
} specifiedParams;

/* Generic secrets, and the mechanism that returns its input */
#define CKM_GENERIC_SECRET_KEY_GEN			0x0350UL
#define CKM_NULL					0x400bUL

/* Length of a truncated MAC in bytes: parameter of every CKM_xxx_GENERAL. */
typedef CK_ULONG CK_MAC_GENERAL_PARAMS;
typedef CK_MAC_GENERAL_PARAMS CK_PTR CK_MAC_GENERAL_PARAMS_PTR;

/* AES */
#define CKM_AES_KEY_GEN					0x1080UL
#define CKM_AES_ECB					0x1081UL
#define CKM_AES_CBC					0x1082UL
#define CKM_AES_CBC_PAD					0x1085UL
#define CKM_AES_CTR					0x1086UL
#define CKM_AES_CTS					0x1089UL
#define CKM_AES_OFB					0x2104UL
#define CKM_AES_CFB1					0x2108UL
#define CKM_AES_CFB8					0x2106UL
#define CKM_AES_CFB64					0x2105UL
#define CKM_AES_CFB128					0x2107UL
#define CKM_AES_GCM					0x1087UL
#define CKM_AES_GMAC					0x108eUL
#define CKM_AES_CCM					0x1088UL
#define CKM_AES_CMAC					0x108aUL
#define CKM_AES_CMAC_GENERAL				0x108bUL
#define CKM_AES_MAC					0x1083UL
#define CKM_AES_MAC_GENERAL				0x1084UL
#define CKM_AES_XCBC_MAC				0x108cUL
#define CKM_AES_XCBC_MAC_96				0x108dUL
#define CKM_AES_XTS_KEY_GEN				0x1072UL
#define CKM_AES_XTS					0x1071UL
#define CKM_AES_KEY_WRAP				0x2109UL
#define CKM_AES_KEY_WRAP_PAD				0x210aUL
#define CKM_AES_KEY_WRAP_KWP				0x210bUL
#define CKM_AES_KEY_WRAP_PKCS7				0x210cUL
#define CKM_AES_ECB_ENCRYPT_DATA			0x1104UL
#define CKM_AES_CBC_ENCRYPT_DATA			0x1105UL

typedef CK_ULONG CK_GENERATOR_FUNCTION;

/* CK_GENERATOR_FUNCTION: who fills the variable part of the nonce, and how */
#define CKG_NO_GENERATE					0UL
#define CKG_GENERATE					1UL
#define CKG_GENERATE_COUNTER				2UL
#define CKG_GENERATE_RANDOM				3UL
#define CKG_GENERATE_COUNTER_XOR			4UL

typedef struct CK_AES_CTR_PARAMS {
	CK_ULONG ulCounterBits;
	CK_BYTE cb[16];
} CK_AES_CTR_PARAMS;
typedef CK_AES_CTR_PARAMS CK_PTR CK_AES_CTR_PARAMS_PTR;

/* CKM_AES_GCM with C_EncryptInit and C_DecryptInit */
typedef struct CK_GCM_PARAMS {
	CK_BYTE_PTR pIv;
	CK_ULONG ulIvLen;
	CK_ULONG ulIvBits;
	CK_BYTE_PTR pAAD;
	CK_ULONG ulAADLen;
	CK_ULONG ulTagBits;
} CK_GCM_PARAMS;
typedef CK_GCM_PARAMS CK_PTR CK_GCM_PARAMS_PTR;

/* CKM_AES_GCM with the message functions */
typedef struct CK_GCM_MESSAGE_PARAMS {
	CK_BYTE_PTR pIv;
	CK_ULONG ulIvLen;
	CK_ULONG ulIvFixedBits;
	CK_GENERATOR_FUNCTION ivGenerator;
	CK_BYTE_PTR pTag;
	CK_ULONG ulTagBits;
} CK_GCM_MESSAGE_PARAMS;
typedef CK_GCM_MESSAGE_PARAMS CK_PTR CK_GCM_MESSAGE_PARAMS_PTR;

/* CKM_AES_GCM with C_WrapKey and C_WrapKeyAuthenticated */
typedef struct CK_GCM_WRAP_PARAMS {
	CK_BYTE_PTR pIv;
	CK_ULONG ulIvLen;
	CK_ULONG ulIvFixedBits;
	CK_GENERATOR_FUNCTION ivGenerator;
	CK_BYTE_PTR pAAD;
	CK_ULONG ulAADLen;
	CK_ULONG ulTagBits;
} CK_GCM_WRAP_PARAMS;
typedef CK_GCM_WRAP_PARAMS CK_PTR CK_GCM_WRAP_PARAMS_PTR;

/* CKM_AES_CCM: the same three */
typedef struct CK_CCM_PARAMS {
	CK_ULONG ulDataLen;
	CK_BYTE_PTR pNonce;
	CK_ULONG ulNonceLen;
	CK_BYTE_PTR pAAD;
	CK_ULONG ulAADLen;
	CK_ULONG ulMACLen;
} CK_CCM_PARAMS;
typedef CK_CCM_PARAMS CK_PTR CK_CCM_PARAMS_PTR;

typedef struct CK_CCM_MESSAGE_PARAMS {
	CK_ULONG ulDataLen;
	CK_BYTE_PTR pNonce;
	CK_ULONG ulNonceLen;
	CK_ULONG ulNonceFixedBits;
	CK_GENERATOR_FUNCTION nonceGenerator;
	CK_BYTE_PTR pMAC;
	CK_ULONG ulMACLen;
} CK_CCM_MESSAGE_PARAMS;
typedef CK_CCM_MESSAGE_PARAMS CK_PTR CK_CCM_MESSAGE_PARAMS_PTR;

typedef struct CK_CCM_WRAP_PARAMS {
	CK_ULONG ulDataLen;
	CK_BYTE_PTR pNonce;
	CK_ULONG ulNonceLen;
	CK_ULONG ulNonceFixedBits;
	CK_GENERATOR_FUNCTION nonceGenerator;
	CK_BYTE_PTR pAAD;
	CK_ULONG ulAADLen;
	CK_ULONG ulMACLen;
} CK_CCM_WRAP_PARAMS;
typedef CK_CCM_WRAP_PARAMS CK_PTR CK_CCM_WRAP_PARAMS_PTR;

/* Names of version 2.40 for the two, kept as types of their own */
typedef struct CK_AES_GCM_PARAMS {
	CK_BYTE_PTR pIv;
	CK_ULONG ulIvLen;
	CK_ULONG ulIvBits;
	CK_BYTE_PTR pAAD;
	CK_ULONG ulAADLen;
	CK_ULONG ulTagBits;
} CK_AES_GCM_PARAMS;
typedef CK_AES_GCM_PARAMS CK_PTR CK_AES_GCM_PARAMS_PTR;

typedef struct CK_AES_CCM_PARAMS {
	CK_ULONG ulDataLen;
	CK_BYTE_PTR pNonce;
	CK_ULONG ulNonceLen;
	CK_BYTE_PTR pAAD;
	CK_ULONG ulAADLen;
	CK_ULONG ulMACLen;
} CK_AES_CCM_PARAMS;
typedef CK_AES_CCM_PARAMS CK_PTR CK_AES_CCM_PARAMS_PTR;

/* CKM_AES_CBC_ENCRYPT_DATA */
typedef struct CK_AES_CBC_ENCRYPT_DATA_PARAMS {
	CK_BYTE iv[16];
	CK_BYTE_PTR pData;
	CK_ULONG length;
} CK_AES_CBC_ENCRYPT_DATA_PARAMS;
typedef CK_AES_CBC_ENCRYPT_DATA_PARAMS CK_PTR CK_AES_CBC_ENCRYPT_DATA_PARAMS_PTR;

/*
 * CKM_xxx_ECB_ENCRYPT_DATA, CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_DATA_AND_BASE,
 * CKM_XOR_BASE_AND_DATA
 */
typedef struct CK_KEY_DERIVATION_STRING_DATA {
	CK_BYTE_PTR pData;
	CK_ULONG ulLen;
} CK_KEY_DERIVATION_STRING_DATA;
typedef CK_KEY_DERIVATION_STRING_DATA CK_PTR CK_KEY_DERIVATION_STRING_DATA_PTR;

/* ChaCha20, Salsa20, Poly1305 */
#define CKM_CHACHA20_KEY_GEN				0x1225UL
#define CKM_CHACHA20					0x1226UL
#define CKM_SALSA20_KEY_GEN				0x402dUL
#define CKM_SALSA20					0x4020UL
#define CKM_POLY1305_KEY_GEN				0x1227UL
#define CKM_POLY1305					0x1228UL
#define CKM_CHACHA20_POLY1305				0x4021UL
#define CKM_SALSA20_POLY1305				0x4022UL

typedef struct CK_CHACHA20_PARAMS {
	CK_BYTE_PTR pBlockCounter;
	CK_ULONG blockCounterBits;
	CK_BYTE_PTR pNonce;
	CK_ULONG ulNonceBits;
} CK_CHACHA20_PARAMS;
typedef CK_CHACHA20_PARAMS CK_PTR CK_CHACHA20_PARAMS_PTR;

typedef struct CK_SALSA20_PARAMS {
	CK_BYTE_PTR pBlockCounter;
	CK_BYTE_PTR pNonce;
	CK_ULONG ulNonceBits;
} CK_SALSA20_PARAMS;
typedef CK_SALSA20_PARAMS CK_PTR CK_SALSA20_PARAMS_PTR;

typedef struct CK_SALSA20_CHACHA20_POLY1305_PARAMS {
	CK_BYTE_PTR pNonce;
	CK_ULONG ulNonceLen;
	CK_BYTE_PTR pAAD;
	CK_ULONG ulAADLen;
} CK_SALSA20_CHACHA20_POLY1305_PARAMS;
typedef CK_SALSA20_CHACHA20_POLY1305_PARAMS CK_PTR CK_SALSA20_CHACHA20_POLY1305_PARAMS_PTR;

/* With the message functions */
typedef struct CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS {
	CK_BYTE_PTR pNonce;
	CK_ULONG ulNonceLen;
	CK_BYTE_PTR pTag;
} CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS;
typedef CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS CK_PTR CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS_PTR;

/* DES */
#define CKM_DES_KEY_GEN					0x0120UL
#define CKM_DES_ECB					0x0121UL
#define CKM_DES_CBC					0x0122UL
#define CKM_DES_CBC_PAD					0x0125UL
#define CKM_DES_OFB64					0x0150UL
#define CKM_DES_OFB8					0x0151UL
#define CKM_DES_CFB64					0x0152UL
#define CKM_DES_CFB8					0x0153UL
#define CKM_DES_MAC					0x0123UL
#define CKM_DES_MAC_GENERAL				0x0124UL
#define CKM_DES_ECB_ENCRYPT_DATA			0x1100UL
#define CKM_DES_CBC_ENCRYPT_DATA			0x1101UL
#define CKM_DES2_KEY_GEN				0x0130UL
#define CKM_DES3_KEY_GEN				0x0131UL
#define CKM_DES3_ECB					0x0132UL
#define CKM_DES3_CBC					0x0133UL
#define CKM_DES3_CBC_PAD				0x0136UL
#define CKM_DES3_MAC					0x0134UL
#define CKM_DES3_MAC_GENERAL				0x0135UL
#define CKM_DES3_CMAC					0x0138UL
#define CKM_DES3_CMAC_GENERAL				0x0137UL
#define CKM_DES3_ECB_ENCRYPT_DATA			0x1102UL
#define CKM_DES3_CBC_ENCRYPT_DATA			0x1103UL

/* CKM_DES_CBC_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA */
typedef struct CK_DES_CBC_ENCRYPT_DATA_PARAMS {
	CK_BYTE iv[8];
	CK_BYTE_PTR pData;
	CK_ULONG length;
} CK_DES_CBC_ENCRYPT_DATA_PARAMS;
typedef CK_DES_CBC_ENCRYPT_DATA_PARAMS CK_PTR CK_DES_CBC_ENCRYPT_DATA_PARAMS_PTR;

/* Digests, and HMAC with each */
#define CKM_MD2						0x0200UL
#define CKM_MD2_HMAC					0x0201UL
#define CKM_MD2_HMAC_GENERAL				0x0202UL
#define CKM_MD5						0x0210UL
#define CKM_MD5_HMAC					0x0211UL
#define CKM_MD5_HMAC_GENERAL				0x0212UL
#define CKM_RIPEMD128					0x0230UL
#define CKM_RIPEMD128_HMAC				0x0231UL
#define CKM_RIPEMD128_HMAC_GENERAL			0x0232UL
#define CKM_RIPEMD160					0x0240UL
#define CKM_RIPEMD160_HMAC				0x0241UL
#define CKM_RIPEMD160_HMAC_GENERAL			0x0242UL
#define CKM_FASTHASH					0x1070UL
#define CKM_SHA_1					0x0220UL
#define CKM_SHA_1_HMAC					0x0221UL
#define CKM_SHA_1_HMAC_GENERAL				0x0222UL
#define CKM_SHA224					0x0255UL
#define CKM_SHA224_HMAC					0x0256UL
#define CKM_SHA224_HMAC_GENERAL				0x0257UL
#define CKM_SHA256					0x0250UL
#define CKM_SHA256_HMAC					0x0251UL
#define CKM_SHA256_HMAC_GENERAL				0x0252UL
#define CKM_SHA384					0x0260UL
#define CKM_SHA384_HMAC					0x0261UL
#define CKM_SHA384_HMAC_GENERAL				0x0262UL
#define CKM_SHA512					0x0270UL
#define CKM_SHA512_HMAC					0x0271UL
#define CKM_SHA512_HMAC_GENERAL				0x0272UL
#define CKM_SHA512_224					0x0048UL
#define CKM_SHA512_224_HMAC				0x0049UL
#define CKM_SHA512_224_HMAC_GENERAL			0x004aUL
#define CKM_SHA512_256					0x004cUL
#define CKM_SHA512_256_HMAC				0x004dUL
#define CKM_SHA512_256_HMAC_GENERAL			0x004eUL
#define CKM_SHA512_T					0x0050UL
#define CKM_SHA512_T_HMAC				0x0051UL
#define CKM_SHA512_T_HMAC_GENERAL			0x0052UL
#define CKM_SHA3_224					0x02b5UL
#define CKM_SHA3_224_HMAC				0x02b6UL
#define CKM_SHA3_224_HMAC_GENERAL			0x02b7UL
#define CKM_SHA3_256					0x02b0UL
#define CKM_SHA3_256_HMAC				0x02b1UL
#define CKM_SHA3_256_HMAC_GENERAL			0x02b2UL
#define CKM_SHA3_384					0x02c0UL
#define CKM_SHA3_384_HMAC				0x02c1UL
#define CKM_SHA3_384_HMAC_GENERAL			0x02c2UL
#define CKM_SHA3_512					0x02d0UL
#define CKM_SHA3_512_HMAC				0x02d1UL
#define CKM_SHA3_512_HMAC_GENERAL			0x02d2UL
#define CKM_BLAKE2B_160					0x400cUL
#define CKM_BLAKE2B_160_HMAC				0x400dUL
#define CKM_BLAKE2B_160_HMAC_GENERAL			0x400eUL
#define CKM_BLAKE2B_256					0x4011UL
#define CKM_BLAKE2B_256_HMAC				0x4012UL
#define CKM_BLAKE2B_256_HMAC_GENERAL			0x4013UL
#define CKM_BLAKE2B_384					0x4016UL
#define CKM_BLAKE2B_384_HMAC				0x4017UL
#define CKM_BLAKE2B_384_HMAC_GENERAL			0x4018UL
#define CKM_BLAKE2B_512					0x401bUL
#define CKM_BLAKE2B_512_HMAC				0x401cUL
#define CKM_BLAKE2B_512_HMAC_GENERAL			0x401dUL

/* Keys for HMAC */
#define CKM_SHA_1_KEY_GEN				0x4003UL
#define CKM_SHA224_KEY_GEN				0x4004UL
#define CKM_SHA256_KEY_GEN				0x4005UL
#define CKM_SHA384_KEY_GEN				0x4006UL
#define CKM_SHA512_KEY_GEN				0x4007UL
#define CKM_SHA512_224_KEY_GEN				0x4008UL
#define CKM_SHA512_256_KEY_GEN				0x4009UL
#define CKM_SHA512_T_KEY_GEN				0x400aUL
#define CKM_SHA3_224_KEY_GEN				0x02b8UL
#define CKM_SHA3_256_KEY_GEN				0x02b3UL
#define CKM_SHA3_384_KEY_GEN				0x02c3UL
#define CKM_SHA3_512_KEY_GEN				0x02d3UL
#define CKM_BLAKE2B_160_KEY_GEN				0x4010UL
#define CKM_BLAKE2B_256_KEY_GEN				0x4015UL
#define CKM_BLAKE2B_384_KEY_GEN				0x401aUL
#define CKM_BLAKE2B_512_KEY_GEN				0x401fUL

/* Derivation by a digest of the base key */
#define CKM_MD2_KEY_DERIVATION				0x0391UL
#define CKM_MD5_KEY_DERIVATION				0x0390UL
#define CKM_SHA1_KEY_DERIVATION				0x0392UL
#define CKM_SHA224_KEY_DERIVATION			0x0396UL
#define CKM_SHA256_KEY_DERIVATION			0x0393UL
#define CKM_SHA384_KEY_DERIVATION			0x0394UL
#define CKM_SHA512_KEY_DERIVATION			0x0395UL
#define CKM_SHA512_224_KEY_DERIVATION			0x004bUL
#define CKM_SHA512_256_KEY_DERIVATION			0x004fUL
#define CKM_SHA512_T_KEY_DERIVATION			0x0053UL
#define CKM_SHA3_224_KEY_DERIVATION			0x0398UL
#define CKM_SHA3_256_KEY_DERIVATION			0x0397UL
#define CKM_SHA3_384_KEY_DERIVATION			0x0399UL
#define CKM_SHA3_512_KEY_DERIVATION			0x039aUL
#define CKM_SHAKE_128_KEY_DERIVATION			0x039bUL
#define CKM_SHAKE_256_KEY_DERIVATION			0x039cUL
#define CKM_BLAKE2B_160_KEY_DERIVE			0x400fUL
#define CKM_BLAKE2B_256_KEY_DERIVE			0x4014UL
#define CKM_BLAKE2B_384_KEY_DERIVE			0x4019UL
#define CKM_BLAKE2B_512_KEY_DERIVE			0x401eUL

/* Second spelling of six of them */
#define CKM_SHA3_224_KEY_DERIVE				CKM_SHA3_224_KEY_DERIVATION
#define CKM_SHA3_256_KEY_DERIVE				CKM_SHA3_256_KEY_DERIVATION
#define CKM_SHA3_384_KEY_DERIVE				CKM_SHA3_384_KEY_DERIVATION
#define CKM_SHA3_512_KEY_DERIVE				CKM_SHA3_512_KEY_DERIVATION
#define CKM_SHAKE_128_KEY_DERIVE			CKM_SHAKE_128_KEY_DERIVATION
#define CKM_SHAKE_256_KEY_DERIVE			CKM_SHAKE_256_KEY_DERIVATION

/*
 * Simple derivations: the parameter is CK_KEY_DERIVATION_STRING_DATA, a CK_OBJECT_HANDLE or a
 * bit position
 */
#define CKM_CONCATENATE_BASE_AND_KEY			0x0360UL
#define CKM_CONCATENATE_BASE_AND_DATA			0x0362UL
#define CKM_CONCATENATE_DATA_AND_BASE			0x0363UL
#define CKM_XOR_BASE_AND_DATA				0x0364UL
#define CKM_EXTRACT_KEY_FROM_KEY			0x0365UL

typedef CK_ULONG CK_EXTRACT_PARAMS;
typedef CK_EXTRACT_PARAMS CK_PTR CK_EXTRACT_PARAMS_PTR;

/* HKDF */
#define CKM_HKDF_KEY_GEN				0x402cUL
#define CKM_HKDF_DERIVE					0x402aUL
#define CKM_HKDF_DATA					0x402bUL

/* CK_HKDF_PARAMS.ulSaltType */
#define CKF_HKDF_SALT_NULL				0x00000001UL
#define CKF_HKDF_SALT_DATA				0x00000002UL
#define CKF_HKDF_SALT_KEY				0x00000004UL

typedef struct CK_HKDF_PARAMS {
	CK_BBOOL bExtract;
	CK_BBOOL bExpand;
	CK_MECHANISM_TYPE prfHashMechanism;
	CK_ULONG ulSaltType;
	CK_BYTE_PTR pSalt;
	CK_ULONG ulSaltLen;
	CK_OBJECT_HANDLE hSaltKey;
	CK_BYTE_PTR pInfo;
	CK_ULONG ulInfoLen;
} CK_HKDF_PARAMS;
typedef CK_HKDF_PARAMS CK_PTR CK_HKDF_PARAMS_PTR;

/* SP 800-108 */
#define CKM_SP800_108_COUNTER_KDF			0x03acUL
#define CKM_SP800_108_FEEDBACK_KDF			0x03adUL
#define CKM_SP800_108_DOUBLE_PIPELINE_KDF		0x03aeUL

typedef CK_ULONG CK_PRF_DATA_TYPE;
typedef CK_MECHANISM_TYPE CK_SP800_108_PRF_TYPE;
typedef CK_ULONG CK_SP800_108_DKM_LENGTH_METHOD;

/* CK_PRF_DATA_PARAM.type */
#define CK_SP800_108_ITERATION_VARIABLE			1UL
#define CK_SP800_108_OPTIONAL_COUNTER			2UL
#define CK_SP800_108_COUNTER				CK_SP800_108_OPTIONAL_COUNTER
#define CK_SP800_108_DKM_LENGTH				3UL
#define CK_SP800_108_BYTE_ARRAY				4UL
#define CK_SP800_108_KEY_HANDLE				5UL

/* CK_SP800_108_DKM_LENGTH_FORMAT.dkmLengthMethod */
#define CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS		1UL
#define CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS		2UL

typedef struct CK_PRF_DATA_PARAM {
	CK_PRF_DATA_TYPE type;
	CK_VOID_PTR pValue;
	CK_ULONG ulValueLen;
} CK_PRF_DATA_PARAM;
typedef CK_PRF_DATA_PARAM CK_PTR CK_PRF_DATA_PARAM_PTR;

typedef struct CK_SP800_108_COUNTER_FORMAT {
	CK_BBOOL bLittleEndian;
	CK_ULONG ulWidthInBits;
} CK_SP800_108_COUNTER_FORMAT;
typedef CK_SP800_108_COUNTER_FORMAT CK_PTR CK_SP800_108_COUNTER_FORMAT_PTR;

typedef struct CK_SP800_108_DKM_LENGTH_FORMAT {
	CK_SP800_108_DKM_LENGTH_METHOD dkmLengthMethod;
	CK_BBOOL bLittleEndian;
	CK_ULONG ulWidthInBits;
} CK_SP800_108_DKM_LENGTH_FORMAT;
typedef CK_SP800_108_DKM_LENGTH_FORMAT CK_PTR CK_SP800_108_DKM_LENGTH_FORMAT_PTR;

/* A further key from the same stream; phKey is written by C_DeriveKey */
typedef struct CK_DERIVED_KEY {
	CK_ATTRIBUTE_PTR pTemplate;
	CK_ULONG ulAttributeCount;
	CK_OBJECT_HANDLE_PTR phKey;
} CK_DERIVED_KEY;
typedef CK_DERIVED_KEY CK_PTR CK_DERIVED_KEY_PTR;

/* CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_DOUBLE_PIPELINE_KDF */
typedef struct CK_SP800_108_KDF_PARAMS {
	CK_SP800_108_PRF_TYPE prfType;
	CK_ULONG ulNumberOfDataParams;
	CK_PRF_DATA_PARAM_PTR pDataParams;
	CK_ULONG ulAdditionalDerivedKeys;
	CK_DERIVED_KEY_PTR pAdditionalDerivedKeys;
} CK_SP800_108_KDF_PARAMS;
typedef CK_SP800_108_KDF_PARAMS CK_PTR CK_SP800_108_KDF_PARAMS_PTR;

typedef struct CK_SP800_108_FEEDBACK_KDF_PARAMS {
	CK_SP800_108_PRF_TYPE prfType;
	CK_ULONG ulNumberOfDataParams;
	CK_PRF_DATA_PARAM_PTR pDataParams;
	CK_ULONG ulIVLen;
	CK_BYTE_PTR pIV;
	CK_ULONG ulAdditionalDerivedKeys;
	CK_DERIVED_KEY_PTR pAdditionalDerivedKeys;
} CK_SP800_108_FEEDBACK_KDF_PARAMS;
typedef CK_SP800_108_FEEDBACK_KDF_PARAMS CK_PTR CK_SP800_108_FEEDBACK_KDF_PARAMS_PTR;

/* IKE */
#define CKM_IKE2_PRF_PLUS_DERIVE			0x402eUL
#define CKM_IKE_PRF_DERIVE				0x402fUL
#define CKM_IKE1_PRF_DERIVE				0x4030UL
#define CKM_IKE1_EXTENDED_DERIVE			0x4031UL

typedef struct CK_IKE2_PRF_PLUS_DERIVE_PARAMS {
	CK_MECHANISM_TYPE prfMechanism;
	CK_BBOOL bHasSeedKey;
	CK_OBJECT_HANDLE hSeedKey;
	CK_BYTE_PTR pSeedData;
	CK_ULONG ulSeedDataLen;
} CK_IKE2_PRF_PLUS_DERIVE_PARAMS;
typedef CK_IKE2_PRF_PLUS_DERIVE_PARAMS CK_PTR CK_IKE2_PRF_PLUS_DERIVE_PARAMS_PTR;

typedef struct CK_IKE_PRF_DERIVE_PARAMS {
	CK_MECHANISM_TYPE prfMechanism;
	CK_BBOOL bDataAsKey;
	CK_BBOOL bRekey;
	CK_BYTE_PTR pNi;
	CK_ULONG ulNiLen;
	CK_BYTE_PTR pNr;
	CK_ULONG ulNrLen;
	CK_OBJECT_HANDLE hNewKey;
} CK_IKE_PRF_DERIVE_PARAMS;
typedef CK_IKE_PRF_DERIVE_PARAMS CK_PTR CK_IKE_PRF_DERIVE_PARAMS_PTR;

typedef struct CK_IKE1_PRF_DERIVE_PARAMS {
	CK_MECHANISM_TYPE prfMechanism;
	CK_BBOOL bHasPrevKey;
	CK_OBJECT_HANDLE hKeygxy;
	CK_OBJECT_HANDLE hPrevKey;
	CK_BYTE_PTR pCKYi;
	CK_ULONG ulCKYiLen;
	CK_BYTE_PTR pCKYr;
	CK_ULONG ulCKYrLen;
	CK_BYTE keyNumber;
} CK_IKE1_PRF_DERIVE_PARAMS;
typedef CK_IKE1_PRF_DERIVE_PARAMS CK_PTR CK_IKE1_PRF_DERIVE_PARAMS_PTR;

typedef struct CK_IKE1_EXTENDED_DERIVE_PARAMS {
	CK_MECHANISM_TYPE prfMechanism;
	CK_BBOOL bHasKeygxy;
	CK_OBJECT_HANDLE hKeygxy;
	CK_BYTE_PTR pExtraData;
	CK_ULONG ulExtraDataLen;
} CK_IKE1_EXTENDED_DERIVE_PARAMS;
typedef CK_IKE1_EXTENDED_DERIVE_PARAMS CK_PTR CK_IKE1_EXTENDED_DERIVE_PARAMS_PTR;

/* Passwords: PKCS#5 and PKCS#12 */
#define CKM_PKCS5_PBKD2					0x03b0UL
#define CKM_PBE_MD2_DES_CBC				0x03a0UL
#define CKM_PBE_MD5_DES_CBC				0x03a1UL
#define CKM_PBE_MD5_CAST_CBC				0x03a2UL
#define CKM_PBE_MD5_CAST3_CBC				0x03a3UL
#define CKM_PBE_MD5_CAST128_CBC				0x03a4UL
#define CKM_PBE_MD5_CAST5_CBC				CKM_PBE_MD5_CAST128_CBC
#define CKM_PBE_SHA1_CAST128_CBC			0x03a5UL
#define CKM_PBE_SHA1_CAST5_CBC				CKM_PBE_SHA1_CAST128_CBC
#define CKM_PBE_SHA1_RC4_128				0x03a6UL
#define CKM_PBE_SHA1_RC4_40				0x03a7UL
#define CKM_PBE_SHA1_DES3_EDE_CBC			0x03a8UL
#define CKM_PBE_SHA1_DES2_EDE_CBC			0x03a9UL
#define CKM_PBE_SHA1_RC2_128_CBC			0x03aaUL
#define CKM_PBE_SHA1_RC2_40_CBC				0x03abUL
#define CKM_PBA_SHA1_WITH_SHA1_HMAC			0x03c0UL

typedef CK_ULONG CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE;
typedef CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE CK_PTR
	CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE_PTR;
typedef CK_ULONG CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE;
typedef CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE CK_PTR CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE_PTR;

#define CKP_PKCS5_PBKD2_HMAC_SHA1			1UL
#define CKP_PKCS5_PBKD2_HMAC_GOSTR3411			2UL
#define CKP_PKCS5_PBKD2_HMAC_SHA224			3UL
#define CKP_PKCS5_PBKD2_HMAC_SHA256			4UL
#define CKP_PKCS5_PBKD2_HMAC_SHA384			5UL
#define CKP_PKCS5_PBKD2_HMAC_SHA512			6UL
#define CKP_PKCS5_PBKD2_HMAC_SHA512_224			7UL
#define CKP_PKCS5_PBKD2_HMAC_SHA512_256			8UL

#define CKZ_SALT_SPECIFIED				1UL

typedef struct CK_PBE_PARAMS {
	CK_BYTE_PTR pInitVector;
	CK_UTF8CHAR_PTR pPassword;
	CK_ULONG ulPasswordLen;
	CK_BYTE_PTR pSalt;
	CK_ULONG ulSaltLen;
	CK_ULONG ulIteration;
} CK_PBE_PARAMS;
typedef CK_PBE_PARAMS CK_PTR CK_PBE_PARAMS_PTR;

/* CKM_PKCS5_PBKD2 since version 2.40 */
typedef struct CK_PKCS5_PBKD2_PARAMS2 {
	CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE saltSource;
	CK_VOID_PTR pSaltSourceData;
	CK_ULONG ulSaltSourceDataLen;
	CK_ULONG iterations;
	CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf;
	CK_VOID_PTR pPrfData;
	CK_ULONG ulPrfDataLen;
	CK_UTF8CHAR_PTR pPassword;
	CK_ULONG ulPasswordLen;
} CK_PKCS5_PBKD2_PARAMS2;
typedef CK_PKCS5_PBKD2_PARAMS2 CK_PTR CK_PKCS5_PBKD2_PARAMS2_PTR;

/*
 * The form before, where ulPasswordLen is a pointer in spite of its name. Both have one size, so
 * that the two cannot be told apart by ulParameterLen.
 */
typedef struct CK_PKCS5_PBKD2_PARAMS {
	CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE saltSource;
	CK_VOID_PTR pSaltSourceData;
	CK_ULONG ulSaltSourceDataLen;
	CK_ULONG iterations;
	CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf;
	CK_VOID_PTR pPrfData;
	CK_ULONG ulPrfDataLen;
	CK_UTF8CHAR_PTR pPassword;
	CK_ULONG_PTR ulPasswordLen;
} CK_PKCS5_PBKD2_PARAMS;
typedef CK_PKCS5_PBKD2_PARAMS CK_PTR CK_PKCS5_PBKD2_PARAMS_PTR;

/* TLS */
#define CKM_TLS12_MASTER_KEY_DERIVE			0x03e0UL
#define CKM_TLS12_MASTER_KEY_DERIVE_DH			0x03e2UL
#define CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE		0x0056UL
#define CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH		0x0057UL
#define CKM_TLS12_KEY_AND_MAC_DERIVE			0x03e1UL
#define CKM_TLS12_KEY_SAFE_DERIVE			0x03e3UL
#define CKM_TLS12_KDF					0x03d9UL
#define CKM_TLS12_MAC					0x03d8UL
#define CKM_TLS10_MAC_SERVER				0x03d6UL
#define CKM_TLS10_MAC_CLIENT				0x03d7UL
#define CKM_TLS_MAC					0x03e4UL
#define CKM_TLS_KDF					0x03e5UL
#define CKM_TLS_PRF					0x0378UL
#define CKM_TLS_PRE_MASTER_KEY_GEN			0x0374UL
#define CKM_TLS_MASTER_KEY_DERIVE			0x0375UL
#define CKM_TLS_MASTER_KEY_DERIVE_DH			0x0377UL
#define CKM_TLS_KEY_AND_MAC_DERIVE			0x0376UL

/* SSL 3.0, forbidden since RFC 7568; its structures below are still those of TLS */
#define CKM_SSL3_PRE_MASTER_KEY_GEN			0x0370UL
#define CKM_SSL3_MASTER_KEY_DERIVE			0x0371UL
#define CKM_SSL3_MASTER_KEY_DERIVE_DH			0x0373UL
#define CKM_SSL3_KEY_AND_MAC_DERIVE			0x0372UL
#define CKM_SSL3_MD5_MAC				0x0380UL
#define CKM_SSL3_SHA1_MAC				0x0381UL

typedef struct CK_SSL3_RANDOM_DATA {
	CK_BYTE_PTR pClientRandom;
	CK_ULONG ulClientRandomLen;
	CK_BYTE_PTR pServerRandom;
	CK_ULONG ulServerRandomLen;
} CK_SSL3_RANDOM_DATA;
typedef CK_SSL3_RANDOM_DATA CK_PTR CK_SSL3_RANDOM_DATA_PTR;

typedef struct CK_SSL3_MASTER_KEY_DERIVE_PARAMS {
	CK_SSL3_RANDOM_DATA RandomInfo;
	CK_VERSION_PTR pVersion;
} CK_SSL3_MASTER_KEY_DERIVE_PARAMS;
typedef CK_SSL3_MASTER_KEY_DERIVE_PARAMS CK_PTR CK_SSL3_MASTER_KEY_DERIVE_PARAMS_PTR;

/* Written by C_DeriveKey */
typedef struct CK_SSL3_KEY_MAT_OUT {
	CK_OBJECT_HANDLE hClientMacSecret;
	CK_OBJECT_HANDLE hServerMacSecret;
	CK_OBJECT_HANDLE hClientKey;
	CK_OBJECT_HANDLE hServerKey;
	CK_BYTE_PTR pIVClient;
	CK_BYTE_PTR pIVServer;
} CK_SSL3_KEY_MAT_OUT;
typedef CK_SSL3_KEY_MAT_OUT CK_PTR CK_SSL3_KEY_MAT_OUT_PTR;

typedef struct CK_SSL3_KEY_MAT_PARAMS {
	CK_ULONG ulMacSizeInBits;
	CK_ULONG ulKeySizeInBits;
	CK_ULONG ulIVSizeInBits;
	CK_BBOOL bIsExport;
	CK_SSL3_RANDOM_DATA RandomInfo;
	CK_SSL3_KEY_MAT_OUT_PTR pReturnedKeyMaterial;
} CK_SSL3_KEY_MAT_PARAMS;
typedef CK_SSL3_KEY_MAT_PARAMS CK_PTR CK_SSL3_KEY_MAT_PARAMS_PTR;

/* CKM_TLS_PRF makes no key: the result goes to pOutput */
typedef struct CK_TLS_PRF_PARAMS {
	CK_BYTE_PTR pSeed;
	CK_ULONG ulSeedLen;
	CK_BYTE_PTR pLabel;
	CK_ULONG ulLabelLen;
	CK_BYTE_PTR pOutput;
	CK_ULONG_PTR pulOutputLen;
} CK_TLS_PRF_PARAMS;
typedef CK_TLS_PRF_PARAMS CK_PTR CK_TLS_PRF_PARAMS_PTR;

typedef struct CK_TLS12_MASTER_KEY_DERIVE_PARAMS {
	CK_SSL3_RANDOM_DATA RandomInfo;
	CK_VERSION_PTR pVersion;
	CK_MECHANISM_TYPE prfHashMechanism;
} CK_TLS12_MASTER_KEY_DERIVE_PARAMS;
typedef CK_TLS12_MASTER_KEY_DERIVE_PARAMS CK_PTR CK_TLS12_MASTER_KEY_DERIVE_PARAMS_PTR;

/* RFC 7627 */
typedef struct CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS {
	CK_MECHANISM_TYPE prfHashMechanism;
	CK_BYTE_PTR pSessionHash;
	CK_ULONG ulSessionHashLen;
	CK_VERSION_PTR pVersion;
} CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS;
typedef CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS CK_PTR
	CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS_PTR;

typedef struct CK_TLS12_KEY_MAT_PARAMS {
	CK_ULONG ulMacSizeInBits;
	CK_ULONG ulKeySizeInBits;
	CK_ULONG ulIVSizeInBits;
	CK_BBOOL bIsExport;
	CK_SSL3_RANDOM_DATA RandomInfo;
	CK_SSL3_KEY_MAT_OUT_PTR pReturnedKeyMaterial;
	CK_MECHANISM_TYPE prfHashMechanism;
} CK_TLS12_KEY_MAT_PARAMS;
typedef CK_TLS12_KEY_MAT_PARAMS CK_PTR CK_TLS12_KEY_MAT_PARAMS_PTR;

/* RFC 5705 */
typedef struct CK_TLS_KDF_PARAMS {
	CK_MECHANISM_TYPE prfMechanism;
	CK_BYTE_PTR pLabel;
	CK_ULONG ulLabelLength;
	CK_SSL3_RANDOM_DATA RandomInfo;
	CK_BYTE_PTR pContextData;
	CK_ULONG ulContextDataLength;
} CK_TLS_KDF_PARAMS;
typedef CK_TLS_KDF_PARAMS CK_PTR CK_TLS_KDF_PARAMS_PTR;

/* The Finished message: 1 is the server's, 2 the client's */
typedef struct CK_TLS_MAC_PARAMS {
	CK_MECHANISM_TYPE prfHashMechanism;
	CK_ULONG ulMacLength;
	CK_ULONG ulServerOrClient;
} CK_TLS_MAC_PARAMS;
typedef CK_TLS_MAC_PARAMS CK_PTR CK_TLS_MAC_PARAMS_PTR;

/* WTLS */
#define CKM_WTLS_PRE_MASTER_KEY_GEN			0x03d0UL
#define CKM_WTLS_MASTER_KEY_DERIVE			0x03d1UL
#define CKM_WTLS_MASTER_KEY_DERIVE_DH_ECC		0x03d2UL
#define CKM_WTLS_PRF					0x03d3UL
#define CKM_WTLS_SERVER_KEY_AND_MAC_DERIVE		0x03d4UL
#define CKM_WTLS_CLIENT_KEY_AND_MAC_DERIVE		0x03d5UL

typedef struct CK_WTLS_RANDOM_DATA {
	CK_BYTE_PTR pClientRandom;
	CK_ULONG ulClientRandomLen;
	CK_BYTE_PTR pServerRandom;
	CK_ULONG ulServerRandomLen;
} CK_WTLS_RANDOM_DATA;
typedef CK_WTLS_RANDOM_DATA CK_PTR CK_WTLS_RANDOM_DATA_PTR;

typedef struct CK_WTLS_MASTER_KEY_DERIVE_PARAMS {
	CK_MECHANISM_TYPE DigestMechanism;
	CK_WTLS_RANDOM_DATA RandomInfo;
	CK_BYTE_PTR pVersion;
} CK_WTLS_MASTER_KEY_DERIVE_PARAMS;
typedef CK_WTLS_MASTER_KEY_DERIVE_PARAMS CK_PTR CK_WTLS_MASTER_KEY_DERIVE_PARAMS_PTR;

typedef struct CK_WTLS_PRF_PARAMS {
	CK_MECHANISM_TYPE DigestMechanism;
	CK_BYTE_PTR pSeed;
	CK_ULONG ulSeedLen;
	CK_BYTE_PTR pLabel;
	CK_ULONG ulLabelLen;
	CK_BYTE_PTR pOutput;
	CK_ULONG_PTR pulOutputLen;
} CK_WTLS_PRF_PARAMS;
typedef CK_WTLS_PRF_PARAMS CK_PTR CK_WTLS_PRF_PARAMS_PTR;

typedef struct CK_WTLS_KEY_MAT_OUT {
	CK_OBJECT_HANDLE hMacSecret;
	CK_OBJECT_HANDLE hKey;
	CK_BYTE_PTR pIV;
} CK_WTLS_KEY_MAT_OUT;
typedef CK_WTLS_KEY_MAT_OUT CK_PTR CK_WTLS_KEY_MAT_OUT_PTR;

typedef struct CK_WTLS_KEY_MAT_PARAMS {
	CK_MECHANISM_TYPE DigestMechanism;
	CK_ULONG ulMacSizeInBits;
	CK_ULONG ulKeySizeInBits;
	CK_ULONG ulIVSizeInBits;
	CK_ULONG ulSequenceNumber;
	CK_BBOOL bIsExport;
	CK_WTLS_RANDOM_DATA RandomInfo;
	CK_WTLS_KEY_MAT_OUT_PTR pReturnedKeyMaterial;
} CK_WTLS_KEY_MAT_PARAMS;
typedef CK_WTLS_KEY_MAT_PARAMS CK_PTR CK_WTLS_KEY_MAT_PARAMS_PTR;

/* CMS and SET */
#define CKM_CMS_SIG					0x0500UL
#define CKM_KEY_WRAP_SET_OAEP				0x0401UL
#define CKM_KEY_WRAP_LYNKS				0x0400UL

typedef struct CK_CMS_SIG_PARAMS {
	CK_OBJECT_HANDLE certificateHandle;
	CK_MECHANISM_PTR pSigningMechanism;
	CK_MECHANISM_PTR pDigestMechanism;
	CK_UTF8CHAR_PTR pContentType;
	CK_BYTE_PTR pRequestedAttributes;
	CK_ULONG ulRequestedAttributesLen;
	CK_BYTE_PTR pRequiredAttributes;
	CK_ULONG ulRequiredAttributesLen;
} CK_CMS_SIG_PARAMS;
typedef CK_CMS_SIG_PARAMS CK_PTR CK_CMS_SIG_PARAMS_PTR;

typedef struct CK_KEY_WRAP_SET_OAEP_PARAMS {
	CK_BYTE bBC;
	CK_BYTE_PTR pX;
	CK_ULONG ulXLen;
} CK_KEY_WRAP_SET_OAEP_PARAMS;
typedef CK_KEY_WRAP_SET_OAEP_PARAMS CK_PTR CK_KEY_WRAP_SET_OAEP_PARAMS_PTR;

/* Camellia */
#define CKM_CAMELLIA_KEY_GEN				0x0550UL
#define CKM_CAMELLIA_ECB				0x0551UL
#define CKM_CAMELLIA_CBC				0x0552UL
#define CKM_CAMELLIA_CBC_PAD				0x0555UL
#define CKM_CAMELLIA_CTR				0x0558UL
#define CKM_CAMELLIA_MAC				0x0553UL
#define CKM_CAMELLIA_MAC_GENERAL			0x0554UL
#define CKM_CAMELLIA_ECB_ENCRYPT_DATA			0x0556UL
#define CKM_CAMELLIA_CBC_ENCRYPT_DATA			0x0557UL

typedef struct CK_CAMELLIA_CTR_PARAMS {
	CK_ULONG ulCounterBits;
	CK_BYTE cb[16];
} CK_CAMELLIA_CTR_PARAMS;
typedef CK_CAMELLIA_CTR_PARAMS CK_PTR CK_CAMELLIA_CTR_PARAMS_PTR;

typedef struct CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS {
	CK_BYTE iv[16];
	CK_BYTE_PTR pData;
	CK_ULONG length;
} CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS;
typedef CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS CK_PTR CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS_PTR;

/* ARIA */
#define CKM_ARIA_KEY_GEN				0x0560UL
#define CKM_ARIA_ECB					0x0561UL
#define CKM_ARIA_CBC					0x0562UL
#define CKM_ARIA_CBC_PAD				0x0565UL
#define CKM_ARIA_MAC					0x0563UL
#define CKM_ARIA_MAC_GENERAL				0x0564UL
#define CKM_ARIA_ECB_ENCRYPT_DATA			0x0566UL
#define CKM_ARIA_CBC_ENCRYPT_DATA			0x0567UL

typedef struct CK_ARIA_CBC_ENCRYPT_DATA_PARAMS {
	CK_BYTE iv[16];
	CK_BYTE_PTR pData;
	CK_ULONG length;
} CK_ARIA_CBC_ENCRYPT_DATA_PARAMS;
typedef CK_ARIA_CBC_ENCRYPT_DATA_PARAMS CK_PTR CK_ARIA_CBC_ENCRYPT_DATA_PARAMS_PTR;

/* SEED */
#define CKM_SEED_KEY_GEN				0x0650UL
#define CKM_SEED_ECB					0x0651UL
#define CKM_SEED_CBC					0x0652UL
#define CKM_SEED_CBC_PAD				0x0655UL
#define CKM_SEED_MAC					0x0653UL
#define CKM_SEED_MAC_GENERAL				0x0654UL
#define CKM_SEED_ECB_ENCRYPT_DATA			0x0656UL
#define CKM_SEED_CBC_ENCRYPT_DATA			0x0657UL

typedef struct CK_SEED_CBC_ENCRYPT_DATA_PARAMS {
	CK_BYTE iv[16];
	CK_BYTE_PTR pData;
	CK_ULONG length;
} CK_SEED_CBC_ENCRYPT_DATA_PARAMS;
typedef CK_SEED_CBC_ENCRYPT_DATA_PARAMS CK_PTR CK_SEED_CBC_ENCRYPT_DATA_PARAMS_PTR;

/* GOST */
#define CKM_GOSTR3410_KEY_PAIR_GEN			0x1200UL
#define CKM_GOSTR3410					0x1201UL
#define CKM_GOSTR3410_WITH_GOSTR3411			0x1202UL
#define CKM_GOSTR3410_KEY_WRAP				0x1203UL
#define CKM_GOSTR3410_DERIVE				0x1204UL
#define CKM_GOSTR3411					0x1210UL
#define CKM_GOSTR3411_HMAC				0x1211UL
#define CKM_GOST28147_KEY_GEN				0x1220UL
#define CKM_GOST28147_ECB				0x1221UL
#define CKM_GOST28147					0x1222UL
#define CKM_GOST28147_MAC				0x1223UL
#define CKM_GOST28147_KEY_WRAP				0x1224UL

typedef struct CK_GOSTR3410_DERIVE_PARAMS {
	CK_EC_KDF_TYPE kdf;
	CK_BYTE_PTR pPublicData;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pUKM;
	CK_ULONG ulUKMLen;
} CK_GOSTR3410_DERIVE_PARAMS;
typedef CK_GOSTR3410_DERIVE_PARAMS CK_PTR CK_GOSTR3410_DERIVE_PARAMS_PTR;

typedef struct CK_GOSTR3410_KEY_WRAP_PARAMS {
	CK_BYTE_PTR pWrapOID;
	CK_ULONG ulWrapOIDLen;
	CK_BYTE_PTR pUKM;
	CK_ULONG ulUKMLen;
	CK_OBJECT_HANDLE hKey;
} CK_GOSTR3410_KEY_WRAP_PARAMS;
typedef CK_GOSTR3410_KEY_WRAP_PARAMS CK_PTR CK_GOSTR3410_KEY_WRAP_PARAMS_PTR;

/* One-time passwords */
#define CKM_SECURID_KEY_GEN				0x0280UL
#define CKM_SECURID					0x0282UL
#define CKM_HOTP_KEY_GEN				0x0290UL
#define CKM_HOTP					0x0291UL
#define CKM_ACTI_KEY_GEN				0x02a1UL
#define CKM_ACTI					0x02a0UL
#define CKM_KIP_DERIVE					0x0510UL
#define CKM_KIP_WRAP					0x0511UL
#define CKM_KIP_MAC					0x0512UL

typedef CK_ULONG CK_OTP_PARAM_TYPE;
typedef CK_OTP_PARAM_TYPE CK_PARAM_TYPE;

/* CK_OTP_PARAM.type */
#define CK_OTP_VALUE					0UL
#define CK_OTP_PIN					1UL
#define CK_OTP_CHALLENGE				2UL
#define CK_OTP_TIME					3UL
#define CK_OTP_COUNTER					4UL
#define CK_OTP_FLAGS					5UL
#define CK_OTP_OUTPUT_LENGTH				6UL
#define CK_OTP_OUTPUT_FORMAT				7UL

/* Value of CK_OTP_FLAGS */
#define CKF_NEXT_OTP					0x00000001UL
#define CKF_EXCLUDE_TIME				0x00000002UL
#define CKF_EXCLUDE_COUNTER				0x00000004UL
#define CKF_EXCLUDE_CHALLENGE				0x00000008UL
#define CKF_EXCLUDE_PIN					0x00000010UL
#define CKF_USER_FRIENDLY_OTP				0x00000020UL

/* CKA_OTP_FORMAT; CKA_OTP_xxx_REQUIREMENT */
#define CK_OTP_FORMAT_DECIMAL				0UL
#define CK_OTP_FORMAT_HEXADECIMAL			1UL
#define CK_OTP_FORMAT_ALPHANUMERIC			2UL
#define CK_OTP_FORMAT_BINARY				3UL
#define CK_OTP_PARAM_IGNORED				0UL
#define CK_OTP_PARAM_OPTIONAL				1UL
#define CK_OTP_PARAM_MANDATORY				2UL

typedef struct CK_OTP_PARAM {
	CK_OTP_PARAM_TYPE type;
	CK_VOID_PTR pValue;
	CK_ULONG ulValueLen;
} CK_OTP_PARAM;
typedef CK_OTP_PARAM CK_PTR CK_OTP_PARAM_PTR;

typedef struct CK_OTP_PARAMS {
	CK_OTP_PARAM_PTR pParams;
	CK_ULONG ulCount;
} CK_OTP_PARAMS;
typedef CK_OTP_PARAMS CK_PTR CK_OTP_PARAMS_PTR;

typedef struct CK_OTP_SIGNATURE_INFO {
	CK_OTP_PARAM_PTR pParams;
	CK_ULONG ulCount;
} CK_OTP_SIGNATURE_INFO;
typedef CK_OTP_SIGNATURE_INFO CK_PTR CK_OTP_SIGNATURE_INFO_PTR;

typedef struct CK_KIP_PARAMS {
	CK_MECHANISM_PTR pMechanism;
	CK_OBJECT_HANDLE hKey;
	CK_BYTE_PTR pSeed;
	CK_ULONG ulSeedLen;
} CK_KIP_PARAMS;
typedef CK_KIP_PARAMS CK_PTR CK_KIP_PARAMS_PTR;

/* Blowfish and Twofish; the parameter is the initialisation vector */
#define CKM_BLOWFISH_KEY_GEN				0x1090UL
#define CKM_BLOWFISH_CBC				0x1091UL
#define CKM_BLOWFISH_CBC_PAD				0x1094UL
#define CKM_TWOFISH_KEY_GEN				0x1092UL
#define CKM_TWOFISH_CBC					0x1093UL
#define CKM_TWOFISH_CBC_PAD				0x1095UL

/* Historical: RC2, RC4, RC5 */
#define CKM_RC2_KEY_GEN					0x0100UL
#define CKM_RC2_ECB					0x0101UL
#define CKM_RC2_CBC					0x0102UL
#define CKM_RC2_CBC_PAD					0x0105UL
#define CKM_RC2_MAC					0x0103UL
#define CKM_RC2_MAC_GENERAL				0x0104UL
#define CKM_RC4_KEY_GEN					0x0110UL
#define CKM_RC4						0x0111UL
#define CKM_RC5_KEY_GEN					0x0330UL
#define CKM_RC5_ECB					0x0331UL
#define CKM_RC5_CBC					0x0332UL
#define CKM_RC5_CBC_PAD					0x0335UL
#define CKM_RC5_MAC					0x0333UL
#define CKM_RC5_MAC_GENERAL				0x0334UL

/* Effective bits of the RC2 key: parameter of CKM_RC2_ECB and CKM_RC2_MAC. */
typedef CK_ULONG CK_RC2_PARAMS;
typedef CK_RC2_PARAMS CK_PTR CK_RC2_PARAMS_PTR;

typedef struct CK_RC2_CBC_PARAMS {
	CK_ULONG ulEffectiveBits;
	CK_BYTE iv[8];
} CK_RC2_CBC_PARAMS;
typedef CK_RC2_CBC_PARAMS CK_PTR CK_RC2_CBC_PARAMS_PTR;

typedef struct CK_RC2_MAC_GENERAL_PARAMS {
	CK_ULONG ulEffectiveBits;
	CK_ULONG ulMacLength;
} CK_RC2_MAC_GENERAL_PARAMS;
typedef CK_RC2_MAC_GENERAL_PARAMS CK_PTR CK_RC2_MAC_GENERAL_PARAMS_PTR;

typedef struct CK_RC5_PARAMS {
	CK_ULONG ulWordsize;
	CK_ULONG ulRounds;
} CK_RC5_PARAMS;
typedef CK_RC5_PARAMS CK_PTR CK_RC5_PARAMS_PTR;

typedef struct CK_RC5_CBC_PARAMS {
	CK_ULONG ulWordsize;
	CK_ULONG ulRounds;
	CK_BYTE_PTR pIv;
	CK_ULONG ulIvLen;
} CK_RC5_CBC_PARAMS;
typedef CK_RC5_CBC_PARAMS CK_PTR CK_RC5_CBC_PARAMS_PTR;

typedef struct CK_RC5_MAC_GENERAL_PARAMS {
	CK_ULONG ulWordsize;
	CK_ULONG ulRounds;
	CK_ULONG ulMacLength;
} CK_RC5_MAC_GENERAL_PARAMS;
typedef CK_RC5_MAC_GENERAL_PARAMS CK_PTR CK_RC5_MAC_GENERAL_PARAMS_PTR;

/* Historical: CAST, IDEA, CDMF */
#define CKM_CAST_KEY_GEN				0x0300UL
#define CKM_CAST_ECB					0x0301UL
#define CKM_CAST_CBC					0x0302UL
#define CKM_CAST_CBC_PAD				0x0305UL
#define CKM_CAST_MAC					0x0303UL
#define CKM_CAST_MAC_GENERAL				0x0304UL
#define CKM_CAST3_KEY_GEN				0x0310UL
#define CKM_CAST3_ECB					0x0311UL
#define CKM_CAST3_CBC					0x0312UL
#define CKM_CAST3_CBC_PAD				0x0315UL
#define CKM_CAST3_MAC					0x0313UL
#define CKM_CAST3_MAC_GENERAL				0x0314UL
#define CKM_CAST128_KEY_GEN				0x0320UL
#define CKM_CAST128_ECB					0x0321UL
#define CKM_CAST128_CBC					0x0322UL
#define CKM_CAST128_CBC_PAD				0x0325UL
#define CKM_CAST128_MAC					0x0323UL
#define CKM_CAST128_MAC_GENERAL				0x0324UL
#define CKM_CAST5_KEY_GEN				CKM_CAST128_KEY_GEN
#define CKM_CAST5_ECB					CKM_CAST128_ECB
#define CKM_CAST5_CBC					CKM_CAST128_CBC
#define CKM_CAST5_CBC_PAD				CKM_CAST128_CBC_PAD
#define CKM_CAST5_MAC					CKM_CAST128_MAC
#define CKM_CAST5_MAC_GENERAL				CKM_CAST128_MAC_GENERAL
#define CKM_IDEA_KEY_GEN				0x0340UL
#define CKM_IDEA_ECB					0x0341UL
#define CKM_IDEA_CBC					0x0342UL
#define CKM_IDEA_CBC_PAD				0x0345UL
#define CKM_IDEA_MAC					0x0343UL
#define CKM_IDEA_MAC_GENERAL				0x0344UL
#define CKM_CDMF_KEY_GEN				0x0140UL
#define CKM_CDMF_ECB					0x0141UL
#define CKM_CDMF_CBC					0x0142UL
#define CKM_CDMF_CBC_PAD				0x0145UL
#define CKM_CDMF_MAC					0x0143UL
#define CKM_CDMF_MAC_GENERAL				0x0144UL

/* Historical: Fortezza */
#define CKM_SKIPJACK_KEY_GEN				0x1000UL
#define CKM_SKIPJACK_ECB64				0x1001UL
#define CKM_SKIPJACK_CBC64				0x1002UL
#define CKM_SKIPJACK_OFB64				0x1003UL
#define CKM_SKIPJACK_CFB64				0x1004UL
#define CKM_SKIPJACK_CFB32				0x1005UL
#define CKM_SKIPJACK_CFB16				0x1006UL
#define CKM_SKIPJACK_CFB8				0x1007UL
#define CKM_SKIPJACK_WRAP				0x1008UL
#define CKM_SKIPJACK_PRIVATE_WRAP			0x1009UL
#define CKM_SKIPJACK_RELAYX				0x100aUL
#define CKM_BATON_KEY_GEN				0x1030UL
#define CKM_BATON_ECB128				0x1031UL
#define CKM_BATON_ECB96					0x1032UL
#define CKM_BATON_CBC128				0x1033UL
#define CKM_BATON_COUNTER				0x1034UL
#define CKM_BATON_SHUFFLE				0x1035UL
#define CKM_BATON_WRAP					0x1036UL
#define CKM_JUNIPER_KEY_GEN				0x1060UL
#define CKM_JUNIPER_ECB128				0x1061UL
#define CKM_JUNIPER_CBC128				0x1062UL
#define CKM_JUNIPER_COUNTER				0x1063UL
#define CKM_JUNIPER_SHUFFLE				0x1064UL
#define CKM_JUNIPER_WRAP				0x1065UL
#define CKM_FORTEZZA_TIMESTAMP				0x1020UL

typedef struct CK_SKIPJACK_PRIVATE_WRAP_PARAMS {
	CK_ULONG ulPasswordLen;
	CK_BYTE_PTR pPassword;
	CK_ULONG ulPublicDataLen;
	CK_BYTE_PTR pPublicData;
	CK_ULONG ulPAndGLen;
	CK_ULONG ulQLen;
	CK_ULONG ulRandomLen;
	CK_BYTE_PTR pRandomA;
	CK_BYTE_PTR pPrimeP;
	CK_BYTE_PTR pBaseG;
	CK_BYTE_PTR pSubprimeQ;
} CK_SKIPJACK_PRIVATE_WRAP_PARAMS;
typedef CK_SKIPJACK_PRIVATE_WRAP_PARAMS CK_PTR CK_SKIPJACK_PRIVATE_WRAP_PARAMS_PTR;

typedef struct CK_SKIPJACK_RELAYX_PARAMS {
	CK_ULONG ulOldWrappedXLen;
	CK_BYTE_PTR pOldWrappedX;
	CK_ULONG ulOldPasswordLen;
	CK_BYTE_PTR pOldPassword;
	CK_ULONG ulOldPublicDataLen;
	CK_BYTE_PTR pOldPublicData;
	CK_ULONG ulOldRandomLen;
	CK_BYTE_PTR pOldRandomA;
	CK_ULONG ulNewPasswordLen;
	CK_BYTE_PTR pNewPassword;
	CK_ULONG ulNewPublicDataLen;
	CK_BYTE_PTR pNewPublicData;
	CK_ULONG ulNewRandomLen;
	CK_BYTE_PTR pNewRandomA;
} CK_SKIPJACK_RELAYX_PARAMS;
typedef CK_SKIPJACK_RELAYX_PARAMS CK_PTR CK_SKIPJACK_RELAYX_PARAMS_PTR;

#define CKM_VENDOR_DEFINED				0x80000000UL

/* ----------------------------------------------------------------------------------------------
 * Chapter 5: functions
 *
 * CKI_FUNCTION(C_Name, arguments) declares the function C_Name and the pointer type CK_C_Name.
 */

#define CKI_FUNCTION(name, ...)                                                                    \
	typedef CK_DECLARE_FUNCTION_POINTER(CK_RV, CK_##name)(__VA_ARGS__);                        \
	extern CK_DECLARE_FUNCTION(CK_RV, name)(__VA_ARGS__)

/* General purpose */
CKI_FUNCTION(C_Initialize, CK_VOID_PTR pInitArgs);
CKI_FUNCTION(C_Finalize, CK_VOID_PTR pReserved);
CKI_FUNCTION(C_GetInfo, CK_INFO_PTR pInfo);
CKI_FUNCTION(C_GetFunctionList, CK_FUNCTION_LIST_PTR_PTR ppFunctionList);
CKI_FUNCTION(C_GetInterfaceList, CK_INTERFACE_PTR pInterfacesList, CK_ULONG_PTR pulCount);
CKI_FUNCTION(C_GetInterface, CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
	     CK_INTERFACE_PTR_PTR ppInterface, CK_FLAGS flags);

/* Slots and tokens */
CKI_FUNCTION(C_GetSlotList, CK_BBOOL tokenPresent, CK_SLOT_ID_PTR pSlotList, CK_ULONG_PTR pulCount);
CKI_FUNCTION(C_GetSlotInfo, CK_SLOT_ID slotID, CK_SLOT_INFO_PTR pInfo);
CKI_FUNCTION(C_GetTokenInfo, CK_SLOT_ID slotID, CK_TOKEN_INFO_PTR pInfo);
CKI_FUNCTION(C_WaitForSlotEvent, CK_FLAGS flags, CK_SLOT_ID_PTR pSlot, CK_VOID_PTR pReserved);
CKI_FUNCTION(C_GetMechanismList, CK_SLOT_ID slotID, CK_MECHANISM_TYPE_PTR pMechanismList,
	     CK_ULONG_PTR pulCount);
CKI_FUNCTION(C_GetMechanismInfo, CK_SLOT_ID slotID, CK_MECHANISM_TYPE type,
	     CK_MECHANISM_INFO_PTR pInfo);
CKI_FUNCTION(C_InitToken, CK_SLOT_ID slotID, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen,
	     CK_UTF8CHAR_PTR pLabel);
CKI_FUNCTION(C_InitPIN, CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen);
CKI_FUNCTION(C_SetPIN, CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pOldPin, CK_ULONG ulOldLen,
	     CK_UTF8CHAR_PTR pNewPin, CK_ULONG ulNewLen);

/* Sessions */
CKI_FUNCTION(C_OpenSession, CK_SLOT_ID slotID, CK_FLAGS flags, CK_VOID_PTR pApplication,
	     CK_NOTIFY Notify, CK_SESSION_HANDLE_PTR phSession);
CKI_FUNCTION(C_CloseSession, CK_SESSION_HANDLE hSession);
CKI_FUNCTION(C_CloseAllSessions, CK_SLOT_ID slotID);
CKI_FUNCTION(C_GetSessionInfo, CK_SESSION_HANDLE hSession, CK_SESSION_INFO_PTR pInfo);
CKI_FUNCTION(C_SessionCancel, CK_SESSION_HANDLE hSession, CK_FLAGS flags);
CKI_FUNCTION(C_GetOperationState, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState,
	     CK_ULONG_PTR pulOperationStateLen);
CKI_FUNCTION(C_SetOperationState, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pOperationState,
	     CK_ULONG ulOperationStateLen, CK_OBJECT_HANDLE hEncryptionKey,
	     CK_OBJECT_HANDLE hAuthenticationKey);
CKI_FUNCTION(C_Login, CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
	     CK_ULONG ulPinLen);
CKI_FUNCTION(C_LoginUser, CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
	     CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername, CK_ULONG ulUsernameLen);
CKI_FUNCTION(C_Logout, CK_SESSION_HANDLE hSession);
CKI_FUNCTION(C_GetSessionValidationFlags, CK_SESSION_HANDLE hSession,
	     CK_SESSION_VALIDATION_FLAGS_TYPE type, CK_FLAGS_PTR pFlags);

/* Objects */
CKI_FUNCTION(C_CreateObject, CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate,
	     CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phObject);
CKI_FUNCTION(C_CopyObject, CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
	     CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phNewObject);
CKI_FUNCTION(C_DestroyObject, CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject);
CKI_FUNCTION(C_GetObjectSize, CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
	     CK_ULONG_PTR pulSize);
CKI_FUNCTION(C_GetAttributeValue, CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
	     CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount);
CKI_FUNCTION(C_SetAttributeValue, CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
	     CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount);
CKI_FUNCTION(C_FindObjectsInit, CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate,
	     CK_ULONG ulCount);
CKI_FUNCTION(C_FindObjects, CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE_PTR phObject,
	     CK_ULONG ulMaxObjectCount, CK_ULONG_PTR pulObjectCount);
CKI_FUNCTION(C_FindObjectsFinal, CK_SESSION_HANDLE hSession);

/* Encryption */
CKI_FUNCTION(C_EncryptInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_Encrypt, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pEncryptedData, CK_ULONG_PTR pulEncryptedDataLen);
CKI_FUNCTION(C_EncryptUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen,
	     CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen);
CKI_FUNCTION(C_EncryptFinal, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastEncryptedPart,
	     CK_ULONG_PTR pulLastEncryptedPartLen);
CKI_FUNCTION(C_MessageEncryptInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_EncryptMessage, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
	     CK_BYTE_PTR pPlaintext, CK_ULONG ulPlaintextLen, CK_BYTE_PTR pCiphertext,
	     CK_ULONG_PTR pulCiphertextLen);
CKI_FUNCTION(C_EncryptMessageBegin, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen);
CKI_FUNCTION(C_EncryptMessageNext, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart, CK_ULONG ulPlaintextPartLen,
	     CK_BYTE_PTR pCiphertextPart, CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags);
CKI_FUNCTION(C_MessageEncryptFinal, CK_SESSION_HANDLE hSession);

/* Decryption */
CKI_FUNCTION(C_DecryptInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_Decrypt, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedData,
	     CK_ULONG ulEncryptedDataLen, CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen);
CKI_FUNCTION(C_DecryptUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
	     CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen);
CKI_FUNCTION(C_DecryptFinal, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pLastPart,
	     CK_ULONG_PTR pulLastPartLen);
CKI_FUNCTION(C_MessageDecryptInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_DecryptMessage, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
	     CK_BYTE_PTR pCiphertext, CK_ULONG ulCiphertextLen, CK_BYTE_PTR pPlaintext,
	     CK_ULONG_PTR pulPlaintextLen);
CKI_FUNCTION(C_DecryptMessageBegin, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen);
CKI_FUNCTION(C_DecryptMessageNext, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart, CK_ULONG ulCiphertextPartLen,
	     CK_BYTE_PTR pPlaintextPart, CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags);
CKI_FUNCTION(C_MessageDecryptFinal, CK_SESSION_HANDLE hSession);

/* Digests */
CKI_FUNCTION(C_DigestInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism);
CKI_FUNCTION(C_Digest, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pDigest, CK_ULONG_PTR pulDigestLen);
CKI_FUNCTION(C_DigestUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen);
CKI_FUNCTION(C_DigestKey, CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_DigestFinal, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pDigest,
	     CK_ULONG_PTR pulDigestLen);

/* Signing */
CKI_FUNCTION(C_SignInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_Sign, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen);
CKI_FUNCTION(C_SignUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen);
CKI_FUNCTION(C_SignFinal, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature,
	     CK_ULONG_PTR pulSignatureLen);
CKI_FUNCTION(C_SignRecoverInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_SignRecover, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen);
CKI_FUNCTION(C_MessageSignInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_SignMessage, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen);
CKI_FUNCTION(C_SignMessageBegin, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen);
CKI_FUNCTION(C_SignMessageNext, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen);
CKI_FUNCTION(C_MessageSignFinal, CK_SESSION_HANDLE hSession);

/* Verifying; the C_VerifySignature functions of version 3.2 take the signature first */
CKI_FUNCTION(C_VerifyInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_Verify, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen);
CKI_FUNCTION(C_VerifyUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen);
CKI_FUNCTION(C_VerifyFinal, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature,
	     CK_ULONG ulSignatureLen);
CKI_FUNCTION(C_VerifyRecoverInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_VerifyRecover, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSignature,
	     CK_ULONG ulSignatureLen, CK_BYTE_PTR pData, CK_ULONG_PTR pulDataLen);
CKI_FUNCTION(C_MessageVerifyInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey);
CKI_FUNCTION(C_VerifyMessage, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen);
CKI_FUNCTION(C_VerifyMessageBegin, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen);
CKI_FUNCTION(C_VerifyMessageNext, CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
	     CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
	     CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen);
CKI_FUNCTION(C_MessageVerifyFinal, CK_SESSION_HANDLE hSession);
CKI_FUNCTION(C_VerifySignatureInit, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen);
CKI_FUNCTION(C_VerifySignature, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen);
CKI_FUNCTION(C_VerifySignatureUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart,
	     CK_ULONG ulPartLen);
CKI_FUNCTION(C_VerifySignatureFinal, CK_SESSION_HANDLE hSession);

/* Two operations at once */
CKI_FUNCTION(C_DigestEncryptUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart,
	     CK_ULONG ulPartLen, CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen);
CKI_FUNCTION(C_DecryptDigestUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
	     CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen);
CKI_FUNCTION(C_SignEncryptUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart,
	     CK_ULONG ulPartLen, CK_BYTE_PTR pEncryptedPart, CK_ULONG_PTR pulEncryptedPartLen);
CKI_FUNCTION(C_DecryptVerifyUpdate, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pEncryptedPart,
	     CK_ULONG ulEncryptedPartLen, CK_BYTE_PTR pPart, CK_ULONG_PTR pulPartLen);

/* Keys */
CKI_FUNCTION(C_GenerateKey, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phKey);
CKI_FUNCTION(C_GenerateKeyPair, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_ATTRIBUTE_PTR pPublicKeyTemplate, CK_ULONG ulPublicKeyAttributeCount,
	     CK_ATTRIBUTE_PTR pPrivateKeyTemplate, CK_ULONG ulPrivateKeyAttributeCount,
	     CK_OBJECT_HANDLE_PTR phPublicKey, CK_OBJECT_HANDLE_PTR phPrivateKey);
CKI_FUNCTION(C_WrapKey, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pWrappedKey,
	     CK_ULONG_PTR pulWrappedKeyLen);
CKI_FUNCTION(C_UnwrapKey, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey, CK_ULONG ulWrappedKeyLen,
	     CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount, CK_OBJECT_HANDLE_PTR phKey);
CKI_FUNCTION(C_WrapKeyAuthenticated, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pAssociatedData,
	     CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pWrappedKey, CK_ULONG_PTR pulWrappedKeyLen);
CKI_FUNCTION(C_UnwrapKeyAuthenticated, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey, CK_ULONG ulWrappedKeyLen,
	     CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount, CK_BYTE_PTR pAssociatedData,
	     CK_ULONG ulAssociatedDataLen, CK_OBJECT_HANDLE_PTR phKey);
CKI_FUNCTION(C_DeriveKey, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hBaseKey, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount,
	     CK_OBJECT_HANDLE_PTR phKey);
CKI_FUNCTION(C_EncapsulateKey, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hPublicKey, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount,
	     CK_BYTE_PTR pCiphertext, CK_ULONG_PTR pulCiphertextLen, CK_OBJECT_HANDLE_PTR phKey);
CKI_FUNCTION(C_DecapsulateKey, CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
	     CK_OBJECT_HANDLE hPrivateKey, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulAttributeCount,
	     CK_BYTE_PTR pCiphertext, CK_ULONG ulCiphertextLen, CK_OBJECT_HANDLE_PTR phKey);

/* Random numbers */
CKI_FUNCTION(C_SeedRandom, CK_SESSION_HANDLE hSession, CK_BYTE_PTR pSeed, CK_ULONG ulSeedLen);
CKI_FUNCTION(C_GenerateRandom, CK_SESSION_HANDLE hSession, CK_BYTE_PTR RandomData,
	     CK_ULONG ulRandomLen);

/* Parallel functions (legacy: both answer CKR_FUNCTION_NOT_PARALLEL), asynchronous functions */
CKI_FUNCTION(C_GetFunctionStatus, CK_SESSION_HANDLE hSession);
CKI_FUNCTION(C_CancelFunction, CK_SESSION_HANDLE hSession);
CKI_FUNCTION(C_AsyncComplete, CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName,
	     CK_ASYNC_DATA_PTR pResult);
CKI_FUNCTION(C_AsyncGetID, CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName,
	     CK_ULONG_PTR pulID);
CKI_FUNCTION(C_AsyncJoin, CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName, CK_ULONG ulID,
	     CK_BYTE_PTR pData, CK_ULONG ulData);

#undef CKI_FUNCTION

/* ----------------------------------------------------------------------------------------------
 * Function lists
 *
 * Each list begins with the whole of the one before, in one order that is part of the interface.
 * CKI_LIST_xxx(F) expands F(C_Name) for each function that a version added, in that order: code
 * that fills or walks a list can use it.
 */

#define CKI_LIST_2_40(F) \
	F(C_Initialize) F(C_Finalize) F(C_GetInfo) F(C_GetFunctionList) F(C_GetSlotList) \
	F(C_GetSlotInfo) F(C_GetTokenInfo) F(C_GetMechanismList) F(C_GetMechanismInfo) \
	F(C_InitToken) F(C_InitPIN) F(C_SetPIN) F(C_OpenSession) F(C_CloseSession) \
	F(C_CloseAllSessions) F(C_GetSessionInfo) F(C_GetOperationState) F(C_SetOperationState) \
	F(C_Login) F(C_Logout) F(C_CreateObject) F(C_CopyObject) F(C_DestroyObject) \
	F(C_GetObjectSize) F(C_GetAttributeValue) F(C_SetAttributeValue) F(C_FindObjectsInit) \
	F(C_FindObjects) F(C_FindObjectsFinal) F(C_EncryptInit) F(C_Encrypt) F(C_EncryptUpdate) \
	F(C_EncryptFinal) F(C_DecryptInit) F(C_Decrypt) F(C_DecryptUpdate) F(C_DecryptFinal) \
	F(C_DigestInit) F(C_Digest) F(C_DigestUpdate) F(C_DigestKey) F(C_DigestFinal) \
	F(C_SignInit) F(C_Sign) F(C_SignUpdate) F(C_SignFinal) F(C_SignRecoverInit) \
	F(C_SignRecover) F(C_VerifyInit) F(C_Verify) F(C_VerifyUpdate) F(C_VerifyFinal) \
	F(C_VerifyRecoverInit) F(C_VerifyRecover) F(C_DigestEncryptUpdate) \
	F(C_DecryptDigestUpdate) F(C_SignEncryptUpdate) F(C_DecryptVerifyUpdate) \
	F(C_GenerateKey) F(C_GenerateKeyPair) F(C_WrapKey) F(C_UnwrapKey) F(C_DeriveKey) \
	F(C_SeedRandom) F(C_GenerateRandom) F(C_GetFunctionStatus) F(C_CancelFunction) \
	F(C_WaitForSlotEvent)

#define CKI_LIST_3_0(F) \
	F(C_GetInterfaceList) F(C_GetInterface) F(C_LoginUser) F(C_SessionCancel) \
	F(C_MessageEncryptInit) F(C_EncryptMessage) F(C_EncryptMessageBegin) \
	F(C_EncryptMessageNext) F(C_MessageEncryptFinal) F(C_MessageDecryptInit) \
	F(C_DecryptMessage) F(C_DecryptMessageBegin) F(C_DecryptMessageNext) \
	F(C_MessageDecryptFinal) F(C_MessageSignInit) F(C_SignMessage) F(C_SignMessageBegin) \
	F(C_SignMessageNext) F(C_MessageSignFinal) F(C_MessageVerifyInit) F(C_VerifyMessage) \
	F(C_VerifyMessageBegin) F(C_VerifyMessageNext) F(C_MessageVerifyFinal)

#define CKI_LIST_3_2(F) \
	F(C_EncapsulateKey) F(C_DecapsulateKey) F(C_VerifySignatureInit) F(C_VerifySignature) \
	F(C_VerifySignatureUpdate) F(C_VerifySignatureFinal) F(C_GetSessionValidationFlags) \
	F(C_AsyncComplete) F(C_AsyncGetID) F(C_AsyncJoin) F(C_WrapKeyAuthenticated) \
	F(C_UnwrapKeyAuthenticated)

#define CKI_MEMBER(name) CK_##name name;

struct CK_FUNCTION_LIST {
	CK_VERSION version;
	CKI_LIST_2_40(CKI_MEMBER)
};

struct CK_FUNCTION_LIST_3_0 {
	CK_VERSION version;
	CKI_LIST_2_40(CKI_MEMBER)
	CKI_LIST_3_0(CKI_MEMBER)
};

struct CK_FUNCTION_LIST_3_2 {
	CK_VERSION version;
	CKI_LIST_2_40(CKI_MEMBER)
	CKI_LIST_3_0(CKI_MEMBER)
	CKI_LIST_3_2(CKI_MEMBER)
};

#undef CKI_MEMBER

#ifdef __cplusplus
}
#endif

#endif /* KEYCLAVE_MECHANISM_CRYPTOKI_H */

/* SPDX-License-Identifier: Apache-2.0 */
/* Slots and tokens (PKCS#11 v2.40 section 5.5) without the PINs, which are pin.c. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "conformance.h"

#define MECHANISMS_MAX 512

static void slots(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SLOT_ID list[64];
	CK_SLOT_INFO info;
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	record_rv("slot list: NULL count", f->C_GetSlotList(CK_FALSE, NULL, NULL));
	record_rv("slot list: how many", f->C_GetSlotList(CK_FALSE, NULL, &count));
	count = 0;
	record_rv("slot list: too small", f->C_GetSlotList(CK_FALSE, list, &count));
	record_fact("slot list: too small says how many", count > 0);
	count = 64;
	record_rv("slot list", f->C_GetSlotList(CK_TRUE, list, &count));
	record_fact("slot list: the empty slot is last", count && list[count - 1] == runner_empty_slot(c));
	rv = f->C_GetSlotInfo(c->slot, &info);
	record_number("slot info: flags", rv, info.flags);
	record_number("slot info: text is padded", rv,
		      info.slotDescription[63] == ' ' && info.manufacturerID[31] == ' ');
	record_rv("slot info: NULL", f->C_GetSlotInfo(c->slot, NULL));
	record_rv("slot info: no such slot", f->C_GetSlotInfo(NO_SLOT, &info));
	record_rv("slot event: NULL", f->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL));
	record_rv("slot event: pReserved", f->C_WaitForSlotEvent(CKF_DONT_BLOCK, list, &count));
	record_rv("slot event", f->C_WaitForSlotEvent(CKF_DONT_BLOCK, list, NULL));
}

static void token_flags(struct conformance *c, const char *when)
{
	static const struct {
		CK_FLAGS flag;
		const char *name;
	} flags[] = {
		{CKF_RNG, "RNG"},
		{CKF_WRITE_PROTECTED, "WRITE_PROTECTED"},
		{CKF_LOGIN_REQUIRED, "LOGIN_REQUIRED"},
		{CKF_USER_PIN_INITIALIZED, "USER_PIN_INITIALIZED"},
		{CKF_RESTORE_KEY_NOT_NEEDED, "RESTORE_KEY_NOT_NEEDED"},
		{CKF_CLOCK_ON_TOKEN, "CLOCK_ON_TOKEN"},
		{CKF_PROTECTED_AUTHENTICATION_PATH, "PROTECTED_AUTHENTICATION_PATH"},
		{CKF_DUAL_CRYPTO_OPERATIONS, "DUAL_CRYPTO_OPERATIONS"},
		{CKF_TOKEN_INITIALIZED, "TOKEN_INITIALIZED"},
		{CKF_SECONDARY_AUTHENTICATION, "SECONDARY_AUTHENTICATION"},
		{CKF_USER_PIN_LOCKED, "USER_PIN_LOCKED"},
		{CKF_SO_PIN_LOCKED, "SO_PIN_LOCKED"},
	};
	CK_TOKEN_INFO info = {.flags = 0};
	CK_RV rv = c->f->C_GetTokenInfo(c->slot, &info);
	char name[80];

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		(void)snprintf(name, sizeof(name), "token info, %s: %s", when, flags[i].name);
		record_number(name, rv, (info.flags & flags[i].flag) != 0);
	}
}

static void token_info(struct conformance *c)
{
	CK_TOKEN_INFO info;
	CK_RV rv = c->f->C_GetTokenInfo(c->slot, &info);

	record_bytes("token info: label", rv, info.label, sizeof(info.label));
	record_number("token info: text is padded", rv,
		      info.manufacturerID[31] == ' ' && info.model[15] == ' ');
	record_fact("token info: a serial number", info.serialNumber[0] != ' ');
	record_number("token info: sessions", rv, info.ulSessionCount);
	record_number("token info: read/write sessions", rv, info.ulRwSessionCount);
	record_fact("token info: as many sessions as you like", info.ulMaxSessionCount == CK_EFFECTIVELY_INFINITE);
	record_number("token info: shortest PIN", rv, info.ulMinPinLen);
	record_number("token info: longest PIN", rv, info.ulMaxPinLen);
	record_number("token info: public memory", rv, info.ulTotalPublicMemory);
	record_number("token info: private memory", rv, info.ulTotalPrivateMemory);
	record_rv("token info: NULL", c->f->C_GetTokenInfo(c->slot, NULL));
	record_rv("token info: no such slot", c->f->C_GetTokenInfo(NO_SLOT, &info));
}

static void session_counts(struct conformance *c)
{
	CK_SESSION_HANDLE ro = runner_session(c, 0), rw = runner_session(c, CKF_RW_SESSION);
	CK_TOKEN_INFO info;
	CK_RV rv = c->f->C_GetTokenInfo(c->slot, &info);

	record_number("token info: two sessions", rv, info.ulSessionCount);
	record_number("token info: one of them read/write", rv, info.ulRwSessionCount);
	(void)c->f->C_CloseSession(ro);
	(void)c->f->C_CloseSession(rw);
}

static void init_token(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_TOKEN_INFO info;
	CK_ULONG count = 0;

	memset(label, ' ', sizeof(label));
	memcpy(label, c->name, strlen(c->name));
	record_rv("init token: no such slot", f->C_InitToken(NO_SLOT, PIN(SO_PIN), label));
	record_rv("init token: NULL label", f->C_InitToken(c->slot, PIN(SO_PIN), NULL));
	record_rv("init token: NULL PIN", f->C_InitToken(c->slot, NULL, 8, label));
	record_rv("init token: wrong PIN of the SO", f->C_InitToken(c->slot, PIN("00000000"), label));
	record_rv("init token: empty PIN", f->C_InitToken(c->slot, PIN(""), label));
	session = runner_session(c, CKF_RW_SESSION);
	record_rv("init token: a session is open", f->C_InitToken(c->slot, PIN(SO_PIN), label));
	runner_login(c, session);
	record_rv("a token object", f->C_CreateObject(session, TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), YES(CKA_TOKEN),
			NO(CKA_PRIVATE), TEXT(CKA_LABEL, "to be erased")), &object));
	(void)f->C_CloseSession(session);
	label[0] = 'S';
	record_rv("init token: again", f->C_InitToken(c->slot, PIN(SO_PIN), label));
	record_rv("token info: after it", f->C_GetTokenInfo(c->slot, &info));
	record_bytes("token info: new label", CKR_OK, info.label, sizeof(info.label));
	record_number("the user's PIN is gone", CKR_OK, (info.flags & CKF_USER_PIN_INITIALIZED) != 0);
	session = runner_session(c, CKF_RW_SESSION);
	(void)f->C_FindObjectsInit(session, NULL, 0);
	record_rv("objects are gone", f->C_FindObjects(session, &object, 1, &count));
	record_fact("objects that are left", count);
	(void)f->C_CloseSession(session);
}

/* What the empty slot lets one do. */
static void empty_slot(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SLOT_ID slot = runner_empty_slot(c);
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	record_rv("empty slot: open session", f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session));
	record_rv("empty slot: short PIN", f->C_InitToken(slot, PIN("123"), label));
	record_rv("empty slot: empty PIN", f->C_InitToken(slot, PIN(""), label));
	record_rv("empty slot: NULL PIN", f->C_InitToken(slot, NULL, 8, label));
	record_rv("empty slot: NULL label", f->C_InitToken(slot, PIN(SO_PIN), NULL));
}

static void mechanisms(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_MECHANISM_TYPE list[MECHANISMS_MAX];
	CK_MECHANISM_INFO info;
	CK_ULONG count = 0;

	record_rv("mechanism list: NULL count", f->C_GetMechanismList(c->slot, NULL, NULL));
	record_rv("mechanism list: how many", f->C_GetMechanismList(c->slot, NULL, &count));
	record_rv("mechanism list: no such slot", f->C_GetMechanismList(NO_SLOT, NULL, &count));
	count = 1;
	record_rv("mechanism list: too small", f->C_GetMechanismList(c->slot, list, &count));
	record_fact("mechanism list: too small says how many", count > 1);
	count = MECHANISMS_MAX;
	record_rv("mechanism list", f->C_GetMechanismList(c->slot, list, &count));
	record_rv("mechanism info: NULL", f->C_GetMechanismInfo(c->slot, CKM_RSA_PKCS, NULL));
	record_rv("mechanism info: no such slot", f->C_GetMechanismInfo(NO_SLOT, CKM_RSA_PKCS, &info));
	record_rv("mechanism info: no such mechanism",
		  f->C_GetMechanismInfo(c->slot, CKM_VENDOR_DEFINED | 0x7777, &info));
}

/* The flags of each mechanism, the least and the largest key. */
static void mechanism_info(struct conformance *c)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		const char *name;
	} each[] = {
		{CKM_RSA_PKCS_KEY_PAIR_GEN, "RSA_PKCS_KEY_PAIR_GEN"},
		{CKM_RSA_PKCS, "RSA_PKCS"},
		{CKM_RSA_X_509, "RSA_X_509"},
		{CKM_RSA_PKCS_OAEP, "RSA_PKCS_OAEP"},
		{CKM_SHA256_RSA_PKCS, "SHA256_RSA_PKCS"},
		{CKM_SHA256_RSA_PKCS_PSS, "SHA256_RSA_PKCS_PSS"},
		{CKM_EC_KEY_PAIR_GEN, "EC_KEY_PAIR_GEN"},
		{CKM_ECDSA, "ECDSA"},
		{CKM_ECDH1_DERIVE, "ECDH1_DERIVE"},
		{CKM_AES_KEY_GEN, "AES_KEY_GEN"},
		{CKM_AES_ECB, "AES_ECB"},
		{CKM_AES_CBC, "AES_CBC"},
		{CKM_AES_CBC_PAD, "AES_CBC_PAD"},
		{CKM_AES_CTR, "AES_CTR"},
		{CKM_AES_GCM, "AES_GCM"},
		{CKM_AES_KEY_WRAP, "AES_KEY_WRAP"},
		{CKM_SHA256, "SHA256"},
		{CKM_SHA256_HMAC, "SHA256_HMAC"},
		{CKM_GENERIC_SECRET_KEY_GEN, "GENERIC_SECRET_KEY_GEN"},
	};
	static const struct {
		CK_FLAGS flag;
		const char *name;
	} flags[] = {
		{CKF_HW, "HW"},                   {CKF_ENCRYPT, "ENCRYPT"},
		{CKF_DECRYPT, "DECRYPT"},         {CKF_DIGEST, "DIGEST"},
		{CKF_SIGN, "SIGN"},               {CKF_SIGN_RECOVER, "SIGN_RECOVER"},
		{CKF_VERIFY, "VERIFY"},           {CKF_VERIFY_RECOVER, "VERIFY_RECOVER"},
		{CKF_GENERATE, "GENERATE"},       {CKF_GENERATE_KEY_PAIR, "GENERATE_KEY_PAIR"},
		{CKF_WRAP, "WRAP"},               {CKF_UNWRAP, "UNWRAP"},
		{CKF_DERIVE, "DERIVE"},           {CKF_EC_F_P, "EC_F_P"},
		{CKF_EC_F_2M, "EC_F_2M"},         {CKF_EC_ECPARAMETERS, "EC_ECPARAMETERS"},
		{CKF_EC_OID, "EC_OID"},           {CKF_EC_UNCOMPRESS, "EC_UNCOMPRESS"},
		{CKF_EC_COMPRESS, "EC_COMPRESS"},
	};
	CK_MECHANISM_INFO info = {0};
	char name[80];

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		CK_RV rv = c->f->C_GetMechanismInfo(c->slot, each[i].type, &info);

		record_row("mechanism's keys", each[i].name);
		record_number("least", rv, info.ulMinKeySize);
		record_number("largest", rv, info.ulMaxKeySize);
		record_row_end();
		for (size_t j = 0; j < sizeof(flags) / sizeof(flags[0]); j++) {
			(void)snprintf(name, sizeof(name), "mechanism: %s, %s", each[i].name, flags[j].name);
			record_fact(name, (info.flags & flags[j].flag) != 0);
		}
	}
}

void slot_chapter(struct conformance *c)
{
	(void)c->f->C_Initialize(NULL);
	c->slot = runner_empty_slot(c);
	token_flags(c, "empty");
	empty_slot(c);
	runner_init_token(c);
	token_flags(c, "new");
	runner_init_pin(c);
	token_flags(c, "with a PIN");
	slots(c);
	token_info(c);
	session_counts(c);
	mechanisms(c);
	mechanism_info(c);
	init_token(c);
}

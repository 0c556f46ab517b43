/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots, tokens and what mechanisms they have. The mechanism lists are the mechanism table.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pkcs11/login.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"
#include "pkcs11/text.h"

static struct {
	pthread_mutex_t lock;
	struct numbers list;
	struct client *client; /* whose list it is; NULL: none was fetched */
} slots = {.lock = PTHREAD_MUTEX_INITIALIZER};

static CK_RV slots_get(struct client *client, bool refresh, struct numbers *list)
{
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&slots.lock);
	refresh = refresh || slots.client != client;
	if (!refresh)
		*list = slots.list;
	pthread_mutex_unlock(&slots.lock);
	if (!refresh)
		return CKR_OK;
	rv = client_slots(client, list);
	if (rv != CKR_OK)
		return rv;
	pthread_mutex_lock(&slots.lock);
	slots.list = *list;
	slots.client = client;
	pthread_mutex_unlock(&slots.lock);
	return CKR_OK;
}

CK_RV slot_known(struct client *client, uint64_t slot)
{
	struct numbers list = {0};
	CK_RV rv = slots_get(client, false, &list);

	for (size_t i = 0; rv == CKR_OK && i < list.count; i++)
		if (list.item[i] == slot)
			return CKR_OK;
	return rv == CKR_OK ? CKR_SLOT_ID_INVALID : rv;
}

MODULE_EXPORT CK_RV C_GetSlotList(CK_BBOOL tokenPresent, CK_SLOT_ID_PTR pSlotList,
				  CK_ULONG_PTR pulCount)
{
	struct client *client = NULL;
	struct numbers list = {0};
	CK_RV rv = module_enter(&client);

	(void)tokenPresent; /* every slot has a token, the last one an uninitialised one */
	if (rv != CKR_OK)
		return rv;
	if (!pulCount) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	rv = slots_get(client, !pSlotList, &list);
	if (rv != CKR_OK)
		goto out;
	if (pSlotList && *pulCount < list.count)
		rv = CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; pSlotList && rv == CKR_OK && i < list.count; i++)
		pSlotList[i] = list.item[i];
	*pulCount = list.count;
out:
	module_leave();
	return rv;
}

MODULE_EXPORT CK_RV C_GetSlotInfo(CK_SLOT_ID slotID, CK_SLOT_INFO_PTR pInfo)
{
	struct client *client = NULL;
	char description[64];
	int n = 0;
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	rv = pInfo ? slot_known(client, slotID) : CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		goto out;
	memset(pInfo, 0, sizeof(*pInfo));
	n = snprintf(description, sizeof(description), "Keyclave slot %lu", slotID);
	text_pad(pInfo->slotDescription, sizeof(pInfo->slotDescription),
		 (struct span){(const uint8_t *)description, (size_t)n});
	text_pad(pInfo->manufacturerID, sizeof(pInfo->manufacturerID), span_text("Keyclave"));
	pInfo->flags = CKF_TOKEN_PRESENT;
	pInfo->hardwareVersion = (CK_VERSION){KEYCLAVE_VERSION_MAJOR, KEYCLAVE_VERSION_MINOR};
	pInfo->firmwareVersion = pInfo->hardwareVersion;
out:
	module_leave();
	return rv;
}

/* CK_TOKEN_INFO.utcTime: YYYYMMDDhhmmss00. The clock is the host's, whose word it is anyway here. */
static void token_time(CK_CHAR *field, size_t size)
{
	char text[32];
	struct tm tm = {0};
	time_t now = time(NULL);
	size_t n = 0;

	if (gmtime_r(&now, &tm))
		n = strftime(text, sizeof(text), "%Y%m%d%H%M%S00", &tm);
	text_pad(field, size, (struct span){(const uint8_t *)text, n});
}

static void token_info(const struct token_response *token, uint64_t slot, CK_TOKEN_INFO *info)
{
	memset(info, 0, sizeof(*info));
	text_pad(info->label, sizeof(info->label), token->label);
	text_pad(info->manufacturerID, sizeof(info->manufacturerID), token->manufacturer);
	text_pad(info->model, sizeof(info->model), token->model);
	text_pad(info->serialNumber, sizeof(info->serialNumber), token->serial);
	info->flags = token->flags;
	info->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
	info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
	session_count(slot, &info->ulSessionCount, &info->ulRwSessionCount);
	info->ulMaxPinLen = token->pin_max;
	info->ulMinPinLen = token->pin_min;
	info->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
	info->hardwareVersion = (CK_VERSION){KEYCLAVE_VERSION_MAJOR, KEYCLAVE_VERSION_MINOR};
	info->firmwareVersion = info->hardwareVersion;
	token_time(info->utcTime, sizeof(info->utcTime));
}

MODULE_EXPORT CK_RV C_GetTokenInfo(CK_SLOT_ID slotID, CK_TOKEN_INFO_PTR pInfo)
{
	struct client *client = NULL;
	struct client_answer answer = {0};
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	rv = pInfo ? slot_known(client, slotID) : CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = client_token(client, slotID, &answer);
	if (rv == CKR_OK)
		token_info(&answer.message.token_response, slotID, pInfo);
	client_done(&answer);
	module_leave();
	return rv;
}

MODULE_EXPORT CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR pSlot, CK_VOID_PTR pReserved)
{
	struct client *client = NULL;
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	if (!pSlot || pReserved)
		rv = CKR_ARGUMENTS_BAD;
	else
		/* Slots come into being by C_InitToken only, and none is removable: there is nothing to wait for. */
		rv = flags & CKF_DONT_BLOCK ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
	module_leave();
	return rv;
}

MODULE_EXPORT CK_RV C_GetMechanismList(CK_SLOT_ID slotID, CK_MECHANISM_TYPE_PTR pMechanismList,
				       CK_ULONG_PTR pulCount)
{
	struct client *client = NULL;
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	rv = pulCount ? slot_known(client, slotID) : CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		goto out;
	if (pMechanismList && *pulCount < count)
		rv = CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; pMechanismList && rv == CKR_OK && i < count; i++)
		pMechanismList[i] = rows[i].type;
	*pulCount = count;
out:
	module_leave();
	return rv;
}

MODULE_EXPORT CK_RV C_GetMechanismInfo(CK_SLOT_ID slotID, CK_MECHANISM_TYPE type,
				       CK_MECHANISM_INFO_PTR pInfo)
{
	struct client *client = NULL;
	const struct mechanism_row *row = mechanism_find(type);
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	rv = pInfo ? slot_known(client, slotID) : CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && !row)
		rv = CKR_MECHANISM_INVALID;
	if (rv == CKR_OK)
		*pInfo = (CK_MECHANISM_INFO){row->min_key, row->max_key, row->flags};
	module_leave();
	return rv;
}

MODULE_EXPORT CK_RV C_InitToken(CK_SLOT_ID slotID, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen,
				CK_UTF8CHAR_PTR pLabel)
{
	struct token_init_request request = {.slot = slotID};
	struct client *client = NULL;
	CK_ULONG sessions = 0, read_write = 0;
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	login_lock();
	rv = pPin && pLabel ? slot_known(client, slotID) : CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		goto out;
	/* Our own; the enclave looks at all other applications' (rule 12). */
	session_count(slotID, &sessions, &read_write);
	if (sessions) {
		rv = CKR_SESSION_EXISTS;
		goto out;
	}
	if (ulPinLen > PROTOCOL_PIN_MAX) {
		rv = CKR_PIN_INCORRECT;
		goto out;
	}
	request.pin = (struct span){pPin, ulPinLen};
	request.label = text_trim(pLabel, 32);
	client_start_policy(client, CLIENT_START_ALWAYS);
	rv = client_tell(client, REQUEST_TOKEN_INIT, &request);
	client_start_policy(client, CLIENT_START_STORE);
out:
	login_unlock();
	module_leave();
	return rv;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C_Login, C_Logout and the PIN calls: which user this application is, decided under one lock.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "client/patience.h"
#include "pkcs11/login.h"
#include "pkcs11/session.h"
#include "transport/result.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Milliseconds for which those who held the lock waited for a daemon, and what this one had waited before. */
static _Atomic(int64_t) waited;
static int64_t waited_before;

/* What was spent here behind another's wait for the daemon is not spent again (DESIGN section 7, rule 11). */
void login_lock(void)
{
	int64_t begun = result_deadline(0), others = atomic_load(&waited), passed = 0;

	patience_begin();
	pthread_mutex_lock(&lock);
	others = atomic_load(&waited) - others;
	passed = result_deadline(0) - begun;
	patience_spend(others < passed ? others : passed);
	waited_before = patience_spent();
}

void login_unlock(void)
{
	atomic_fetch_add(&waited, patience_spent() - waited_before);
	pthread_mutex_unlock(&lock);
	patience_end();
}

void login_repair(void)
{
	static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

	memcpy(&lock, &fresh, sizeof(fresh));
}

/* What the calls below need of a session. It cannot be closed while the login lock is held. */
struct place {
	struct client *client;
	uint64_t slot;
	bool read_write;
};

static CK_RV place_find(CK_SESSION_HANDLE handle, struct place *place)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	*place = (struct place){s->client, s->slot, s->read_write};
	session_leave(s);
	return CKR_OK;
}

static CK_RV pin_span(CK_UTF8CHAR_PTR pin, CK_ULONG size, CK_RV too_long, struct span *span)
{
	if (!pin)
		return CKR_ARGUMENTS_BAD;
	if (size > PROTOCOL_PIN_MAX)
		return too_long;
	*span = (struct span){pin, size};
	return CKR_OK;
}

static CK_RV login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, struct span pin)
{
	struct place place = {0};
	CK_ULONG all = 0, read_write = 0;
	CK_RV rv = CKR_OK;

	login_lock();
	rv = place_find(handle, &place);
	if (rv != CKR_OK)
		goto out;
	session_count(place.slot, &all, &read_write);
	switch (client_user(place.client, place.slot)) {
	case CKU_USER:
		rv = user == CKU_USER ? CKR_USER_ALREADY_LOGGED_IN : CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
		break;
	case CKU_SO:
		rv = user == CKU_SO ? CKR_USER_ALREADY_LOGGED_IN : CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
		break;
	default:
		if (user == CKU_SO && all != read_write)
			rv = CKR_SESSION_READ_ONLY_EXISTS;
	}
	if (rv == CKR_OK)
		rv = client_login(place.client, place.slot, user, pin);
out:
	login_unlock();
	return rv;
}

static CK_RV login_context(CK_SESSION_HANDLE handle, struct span pin)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	rv = operation_grant(s, pin);
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_Login(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
			    CK_ULONG ulPinLen)
{
	struct span pin = {0};
	struct place place = {0};
	CK_RV rv = place_find(hSession, &place);

	if (rv != CKR_OK)
		return rv;
	/* No PIN is that long; none is tried, and none of the tries is used up. */
	rv = pin_span(pPin, ulPinLen, CKR_PIN_INCORRECT, &pin);
	if (rv != CKR_OK)
		return rv;
	switch (userType) {
	case CKU_SO:
	case CKU_USER:
		return login(hSession, userType, pin);
	case CKU_CONTEXT_SPECIFIC:
		return login_context(hSession, pin);
	default:
		return CKR_USER_TYPE_INVALID;
	}
}

MODULE_EXPORT CK_RV C_LoginUser(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
				CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername, CK_ULONG ulUsernameLen)
{
	struct place place = {0};
	CK_RV rv = place_find(hSession, &place);

	if (rv != CKR_OK)
		return rv;
	/* There are no named users here: only the empty name is one (PKCS#11 v3.1 section 5.6.9). */
	if (ulUsernameLen != 0)
		return pUsername ? CKR_USER_TYPE_INVALID : CKR_ARGUMENTS_BAD;
	return C_Login(hSession, userType, pPin, ulPinLen);
}

MODULE_EXPORT CK_RV C_Logout(CK_SESSION_HANDLE hSession)
{
	struct place place = {0};
	CK_RV rv = CKR_OK;

	login_lock();
	rv = place_find(hSession, &place);
	if (rv != CKR_OK)
		goto out;
	if (client_user(place.client, place.slot) == CK_UNAVAILABLE_INFORMATION) {
		rv = CKR_USER_NOT_LOGGED_IN;
		goto out;
	}
	/* First here: nothing that is active may go on, whatever becomes of the request. */
	session_reset_slot(place.slot);
	rv = client_logout(place.client, place.slot);
	descriptor_drop(place.client, place.slot, 0);
out:
	login_unlock();
	return rv;
}

MODULE_EXPORT CK_RV C_InitPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen)
{
	struct pin_init_request request = {0};
	struct place place = {0};
	CK_RV rv = CKR_OK;

	login_lock();
	rv = place_find(hSession, &place);
	if (rv == CKR_OK && client_user(place.client, place.slot) != CKU_SO)
		rv = CKR_USER_NOT_LOGGED_IN;
	if (rv == CKR_OK)
		rv = pin_span(pPin, ulPinLen, CKR_PIN_LEN_RANGE, &request.pin);
	if (rv == CKR_OK) {
		request.slot = place.slot;
		rv = client_tell(place.client, REQUEST_PIN_INIT, &request);
	}
	login_unlock();
	return rv;
}

MODULE_EXPORT CK_RV C_SetPIN(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pOldPin, CK_ULONG ulOldLen,
			     CK_UTF8CHAR_PTR pNewPin, CK_ULONG ulNewLen)
{
	struct pin_set_request request = {0};
	struct place place = {0};
	CK_RV rv = CKR_OK;

	login_lock();
	rv = place_find(hSession, &place);
	if (rv == CKR_OK && !place.read_write)
		rv = CKR_SESSION_READ_ONLY;
	if (rv == CKR_OK)
		rv = pin_span(pOldPin, ulOldLen, CKR_PIN_INCORRECT, &request.old_pin);
	if (rv == CKR_OK)
		rv = pin_span(pNewPin, ulNewLen, CKR_PIN_LEN_RANGE, &request.new_pin);
	if (rv == CKR_OK) {
		request.slot = place.slot;
		rv = client_tell(place.client, REQUEST_PIN_SET, &request);
	}
	login_unlock();
	return rv;
}

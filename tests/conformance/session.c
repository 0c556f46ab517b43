/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions (PKCS#11 v2.40 section 5.6): opening, closing, their states, and what ends with them. */
#include "config.h"

#include "conformance.h"

static void opening(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = CK_INVALID_HANDLE;

	record_rv("open: not serial", f->C_OpenSession(c->slot, 0, NULL, NULL, &s));
	record_rv("open: not serial, read/write", f->C_OpenSession(c->slot, CKF_RW_SESSION, NULL, NULL, &s));
	record_rv("open: NULL handle", f->C_OpenSession(c->slot, CKF_SERIAL_SESSION, NULL, NULL, NULL));
	record_rv("open: no such slot", f->C_OpenSession(NO_SLOT, CKF_SERIAL_SESSION, NULL, NULL, &s));
	record_rv("open: uninitialized token",
		  f->C_OpenSession(runner_empty_slot(c), CKF_SERIAL_SESSION, NULL, NULL, &s));
	record_rv("open: application data", f->C_OpenSession(c->slot, CKF_SERIAL_SESSION, &s, NULL, &s));
	record_fact("open: a handle", s != CK_INVALID_HANDLE);
	record_rv("close", f->C_CloseSession(s));
	record_rv("close: again", f->C_CloseSession(s));
	record_rv("close all: none open", f->C_CloseAllSessions(c->slot));
	record_rv("close all: no such slot", f->C_CloseAllSessions(NO_SLOT));
	(void)runner_session(c, 0);
	s = runner_session(c, CKF_RW_SESSION);
	record_rv("close all", f->C_CloseAllSessions(c->slot));
	record_rv("close: closed with all", f->C_CloseSession(s));
}

static void info(struct conformance *c, const char *name, CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info = {0};
	CK_RV rv = c->f->C_GetSessionInfo(s, &info);

	record_number(name, rv, info.state * 1000 + info.flags * 10 + (info.slotID == c->slot));
}

static void states(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE ro = runner_session(c, 0), rw = runner_session(c, CKF_RW_SESSION);
	CK_SESSION_INFO nothing = {.ulDeviceError = 1};

	record_rv("info: NULL", f->C_GetSessionInfo(ro, NULL));
	record_rv("info", f->C_GetSessionInfo(ro, &nothing));
	record_fact("info: device error", nothing.ulDeviceError);
	info(c, "state: read-only public", ro);
	info(c, "state: read/write public", rw);
	runner_login(c, ro);
	info(c, "state: read-only user", ro);
	info(c, "state: read/write user", rw);
	info(c, "state: opened later", runner_session(c, 0));
	(void)f->C_Logout(rw);
	info(c, "state: read-only after logout", ro);
	(void)f->C_CloseAllSessions(c->slot);
	rw = runner_session(c, CKF_RW_SESSION);
	(void)f->C_Login(rw, CKU_SO, PIN(SO_PIN));
	info(c, "state: SO", rw);
	(void)f->C_CloseAllSessions(c->slot);
	info(c, "state: after the last session closed", runner_session(c, CKF_RW_SESSION));
	(void)f->C_CloseAllSessions(c->slot);
}

/* Login lasts as long as one session is open; session objects as long as their own. */
static void endings(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE one = runner_session(c, CKF_RW_SESSION), two = runner_session(c, 0);
	CK_OBJECT_HANDLE by_one = CK_INVALID_HANDLE, private = CK_INVALID_HANDLE;
	CK_ULONG size = 0;

	runner_login(c, one);
	record_rv("object: made", f->C_CreateObject(one, TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), NO(CKA_TOKEN),
								  NO(CKA_PRIVATE)), &by_one));
	record_rv("object: private, made", f->C_CreateObject(two, TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA),
								  NO(CKA_TOKEN), YES(CKA_PRIVATE)), &private));
	record_rv("object: seen by the other session", f->C_DestroyObject(two, by_one));
	(void)f->C_CreateObject(one, TEMPLATE(NUMBER(CKA_CLASS, CKO_DATA), NO(CKA_TOKEN), NO(CKA_PRIVATE)),
				&by_one);
	record_rv("close: one of two", f->C_CloseSession(one));
	info(c, "state: the login stays", two);
	record_rv("object: gone with its session", f->C_DestroyObject(two, by_one));
	(void)f->C_Logout(two);
	record_rv("object: private, after logout", f->C_GetObjectSize(two, private, &size));
	runner_login(c, two);
	record_rv("object: private, gone with the login", f->C_DestroyObject(two, private));
	(void)f->C_CloseSession(two);
	info(c, "state: the login is gone", runner_session(c, CKF_RW_SESSION));
	(void)f->C_CloseAllSessions(c->slot);
}

/* Neither module saves operations; what they say of it. */
static void operation_state(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, CKF_RW_SESSION);
	CK_BYTE state[256];
	CK_ULONG size = 0;

	record_rv("get operation state: nothing active", f->C_GetOperationState(s, NULL, &size));
	record_rv("get operation state: NULL size", f->C_GetOperationState(s, state, NULL));
	(void)f->C_DigestInit(s, MECHANISM(CKM_SHA256));
	record_rv("get operation state: a digest", f->C_GetOperationState(s, NULL, &size));
	record_rv("set operation state", f->C_SetOperationState(s, state, 16, 0, 0));
	record_rv("set operation state: NULL", f->C_SetOperationState(s, NULL, 16, 0, 0));
	(void)f->C_CloseAllSessions(c->slot);
}

/* A second session's operation does not disturb the first one's; logout ends those of all. */
static void operations(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE one = runner_session(c, 0), two = runner_session(c, 0);
	CK_BYTE digest[32];
	CK_ULONG size = sizeof(digest);

	record_rv("operations: init in one session", f->C_DigestInit(one, MECHANISM(CKM_SHA256)));
	record_rv("operations: not active in another", f->C_Digest(two, digest, 1, digest, &size));
	record_rv("operations: init in another", f->C_DigestInit(two, MECHANISM(CKM_SHA256)));
	record_rv("operations: close another", f->C_CloseSession(two));
	record_rv("operations: the first goes on", f->C_Digest(one, digest, 1, digest, &size));
	runner_login(c, one);
	(void)f->C_DigestInit(one, MECHANISM(CKM_SHA256));
	(void)f->C_Logout(one);
	record_rv("operations: after a logout", f->C_Digest(one, digest, 1, digest, &size));
	(void)f->C_FindObjectsInit(one, NULL, 0);
	record_rv("operations: find and digest", f->C_DigestInit(one, MECHANISM(CKM_SHA256)));
	record_rv("operations: end the find", f->C_FindObjectsFinal(one));
	(void)f->C_CloseAllSessions(c->slot);
}

static void random_numbers(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, 0);
	CK_BYTE bytes[64] = {0};

	record_rv("random", f->C_GenerateRandom(s, bytes, sizeof(bytes)));
	record_fact("random: something", bytes[0] || bytes[1] || bytes[2] || bytes[3]);
	record_rv("random: NULL", f->C_GenerateRandom(s, NULL, 16));
	record_rv("random: nothing", f->C_GenerateRandom(s, bytes, 0));
	record_rv("seed", f->C_SeedRandom(s, bytes, sizeof(bytes)));
	record_rv("seed: NULL", f->C_SeedRandom(s, NULL, 16));
	(void)f->C_CloseAllSessions(c->slot);
}

void session_chapter(struct conformance *c)
{
	runner_begin(c);
	opening(c);
	states(c);
	endings(c);
	operation_state(c);
	operations(c);
	random_numbers(c);
}

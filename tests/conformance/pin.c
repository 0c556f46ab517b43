/* SPDX-License-Identifier: Apache-2.0 */
/* Login and PINs (PKCS#11 v2.40 sections 5.5 and 5.6). */
#include "config.h"

#include "conformance.h"

static CK_ULONG flag(struct conformance *c, CK_FLAGS which)
{
	CK_TOKEN_INFO info = {.flags = 0};

	(void)c->f->C_GetTokenInfo(c->slot, &info);
	return (info.flags & which) != 0;
}

static void close_all(struct conformance *c)
{
	(void)c->f->C_CloseAllSessions(c->slot);
}

static void before_user_pin(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, CKF_RW_SESSION);

	record_rv("login: no PIN of the user yet", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	record_rv("init PIN: not logged in", f->C_InitPIN(s, PIN(USER_PIN)));
	record_rv("set PIN: no PIN of the user yet", f->C_SetPIN(s, PIN(USER_PIN), PIN("11111111")));
	record_rv("login SO: wrong PIN", f->C_Login(s, CKU_SO, PIN("00000000")));
	record_rv("login SO", f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	record_rv("login SO: again", f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	record_rv("login: the SO is logged in", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	record_rv("init PIN: NULL", f->C_InitPIN(s, NULL, 8));
	record_rv("init PIN: too short", f->C_InitPIN(s, PIN("123")));
	record_rv("init PIN: empty", f->C_InitPIN(s, PIN("")));
	record_rv("init PIN: too long", f->C_InitPIN(s, (CK_UTF8CHAR[300]){'1'}, 300));
	record_rv("init PIN", f->C_InitPIN(s, PIN(USER_PIN)));
	record_rv("init PIN: again", f->C_InitPIN(s, PIN(USER_PIN)));
	close_all(c);
}

static void login_errors(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, CKF_RW_SESSION);

	record_rv("login: NULL PIN", f->C_Login(s, CKU_USER, NULL, 8));
	record_rv("login: NULL PIN, no length", f->C_Login(s, CKU_USER, NULL, 0));
	record_rv("login: such a user is not", f->C_Login(s, 9, PIN(USER_PIN)));
	record_rv("login: context specific, nothing active", f->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
	record_rv("login: wrong PIN", f->C_Login(s, CKU_USER, PIN("00000000")));
	record_fact("login: PIN_COUNT_LOW after a wrong PIN", flag(c, CKF_USER_PIN_COUNT_LOW));
	record_rv("login: PIN too short", f->C_Login(s, CKU_USER, PIN("1")));
	record_rv("login: empty PIN", f->C_Login(s, CKU_USER, PIN("")));
	record_rv("login: PIN too long", f->C_Login(s, CKU_USER, (CK_UTF8CHAR[300]){'1'}, 300));
	record_rv("logout: not logged in", f->C_Logout(s));
	record_rv("login", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	record_fact("login: PIN_COUNT_LOW after a right PIN", flag(c, CKF_USER_PIN_COUNT_LOW));
	record_rv("login: again", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	record_rv("login: again, wrong PIN", f->C_Login(s, CKU_USER, PIN("00000000")));
	record_rv("login SO: the user is logged in", f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	record_rv("init PIN: the user is logged in", f->C_InitPIN(s, PIN(USER_PIN)));
	record_rv("login: context specific, no such key", f->C_Login(s, CKU_CONTEXT_SPECIFIC, PIN(USER_PIN)));
	record_rv("logout", f->C_Logout(s));
	record_rv("logout: again", f->C_Logout(s));
	close_all(c);
}

static void read_only(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE ro = runner_session(c, 0), rw = CK_INVALID_HANDLE, more = CK_INVALID_HANDLE;

	record_rv("login SO: read-only session", f->C_Login(ro, CKU_SO, PIN(SO_PIN)));
	rw = runner_session(c, CKF_RW_SESSION);
	record_rv("login SO: a read-only session exists", f->C_Login(rw, CKU_SO, PIN(SO_PIN)));
	record_rv("set PIN: read-only session", f->C_SetPIN(ro, PIN(USER_PIN), PIN(USER_PIN)));
	record_rv("init PIN: read-only session", f->C_InitPIN(ro, PIN(USER_PIN)));
	record_rv("login: read-only session", f->C_Login(ro, CKU_USER, PIN(USER_PIN)));
	record_rv("login: the other session is logged in too", f->C_Login(rw, CKU_USER, PIN(USER_PIN)));
	record_rv("logout: by the other session", f->C_Logout(rw));
	(void)f->C_CloseSession(ro);
	record_rv("login SO: no read-only session", f->C_Login(rw, CKU_SO, PIN(SO_PIN)));
	record_rv("open session: read-only, SO is logged in",
		  f->C_OpenSession(c->slot, CKF_SERIAL_SESSION, NULL, NULL, &more));
	record_rv("open session: read/write, SO is logged in",
		  f->C_OpenSession(c->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &more));
	close_all(c);
}

static void set_pin(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, CKF_RW_SESSION);

	record_rv("set PIN: NULL old", f->C_SetPIN(s, NULL, 8, PIN("11111111")));
	record_rv("set PIN: NULL new", f->C_SetPIN(s, PIN(USER_PIN), NULL, 8));
	record_rv("set PIN: wrong old", f->C_SetPIN(s, PIN("00000000"), PIN("11111111")));
	record_rv("set PIN: new too short", f->C_SetPIN(s, PIN(USER_PIN), PIN("123")));
	record_rv("set PIN: new empty", f->C_SetPIN(s, PIN(USER_PIN), PIN("")));
	record_rv("set PIN: new too long", f->C_SetPIN(s, PIN(USER_PIN), (CK_UTF8CHAR[300]){'1'}, 300));
	record_rv("set PIN: old too long", f->C_SetPIN(s, (CK_UTF8CHAR[300]){'1'}, 300, PIN("11111111")));
	record_rv("set PIN: public session", f->C_SetPIN(s, PIN(USER_PIN), PIN("11111111")));
	record_rv("set PIN: the old one is gone", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	record_rv("set PIN: the new one is good", f->C_Login(s, CKU_USER, PIN("11111111")));
	record_rv("set PIN: user, wrong old", f->C_SetPIN(s, PIN("00000000"), PIN("22222222")));
	record_rv("set PIN: user", f->C_SetPIN(s, PIN("11111111"), PIN("22222222")));
	(void)f->C_Logout(s);
	record_rv("set PIN: user, login", f->C_Login(s, CKU_USER, PIN("22222222")));
	(void)f->C_Logout(s);
	(void)f->C_Login(s, CKU_SO, PIN(SO_PIN));
	record_rv("set PIN: SO, the user's as the old", f->C_SetPIN(s, PIN("22222222"), PIN("33333333")));
	record_rv("set PIN: SO", f->C_SetPIN(s, PIN(SO_PIN), PIN("33333333")));
	(void)f->C_Logout(s);
	record_rv("set PIN: SO, old", f->C_Login(s, CKU_SO, PIN(SO_PIN)));
	record_rv("set PIN: SO, new", f->C_Login(s, CKU_SO, PIN("33333333")));
	record_rv("init PIN: replaces the user's", f->C_InitPIN(s, PIN(USER_PIN)));
	(void)f->C_Logout(s);
	record_rv("login: the replaced one", f->C_Login(s, CKU_USER, PIN("22222222")));
	record_rv("login: the new one", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	close_all(c);
}

/* Enough wrong PINs to lock a token that locks. */
static void lockout(struct conformance *c)
{
	CK_FUNCTION_LIST *f = c->f;
	CK_SESSION_HANDLE s = runner_session(c, CKF_RW_SESSION);

	for (int i = 0; i < 12; i++)
		(void)f->C_Login(s, CKU_USER, PIN("00000000"));
	record_rv("lockout: wrong PIN", f->C_Login(s, CKU_USER, PIN("00000000")));
	record_fact("lockout: USER_PIN_LOCKED", flag(c, CKF_USER_PIN_LOCKED));
	record_rv("lockout: right PIN", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	(void)f->C_Logout(s);
	record_rv("lockout: the SO", f->C_Login(s, CKU_SO, PIN("33333333")));
	record_rv("lockout: ended by the SO", f->C_InitPIN(s, PIN(USER_PIN)));
	(void)f->C_Logout(s);
	record_rv("lockout: right PIN afterwards", f->C_Login(s, CKU_USER, PIN(USER_PIN)));
	record_fact("lockout: USER_PIN_LOCKED afterwards", flag(c, CKF_USER_PIN_LOCKED));
	close_all(c);
}

void pin_chapter(struct conformance *c)
{
	(void)c->f->C_Initialize(NULL);
	c->slot = runner_empty_slot(c);
	runner_init_token(c);
	before_user_pin(c);
	login_errors(c);
	read_only(c);
	set_pin(c);
	lockout(c);
}

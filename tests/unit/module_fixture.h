/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixture of the tests of pkcs11/: the module as a host program loads it, in front of a real daemon with a state
 * directory of its own, a token with a user PIN, and a read/write session of the user.
 */
#ifndef KEYCLAVE_TESTS_UNIT_MODULE_FIXTURE_H
#define KEYCLAVE_TESTS_UNIT_MODULE_FIXTURE_H

#include <sys/types.h>

#include "mechanism/cryptoki.h"
#include "../lib/scratch.h"

#include "cmocka_test.h"

#define FIXTURE_SO_PIN "so-pin-12345678"
#define FIXTURE_USER_PIN "1234"

struct module_fixture {
	struct scratch scratch;
	CK_FUNCTION_LIST *p11;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session; /* read/write, logged in; a test may make more */
};

/* cmocka group set-up and tear-down: *STATE is the fixture. */
int module_fixture_group(void **state);
int module_fixture_group_end(void **state);

/* C_Initialize, a session and a login, where a test has ended them. CONF: text of the configuration file, or NULL. */
void module_fixture_enter(struct module_fixture *f, const char *conf);

CK_SESSION_HANDLE module_session(struct module_fixture *f);
CK_RV module_login(struct module_fixture *f, CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin);

/* While it exists, what is started as the daemon never listens. */
void module_daemon_slow(struct module_fixture *f, bool slow);

/* SIGKILL to the worker, or to it and its keeper; returns when they are gone. */
void module_kill_worker(struct module_fixture *f);
void module_kill_daemon(struct module_fixture *f);

/* Session objects. */
CK_OBJECT_HANDLE module_secret(struct module_fixture *f, CK_KEY_TYPE type, const void *value, CK_ULONG size);
void module_pair(struct module_fixture *f, CK_MECHANISM_TYPE type, bool always_authenticate, bool token,
		 CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key);

/* Bytes that are the same each time: MODULE_PATTERN_MAX of them. */
#define MODULE_PATTERN_MAX ((size_t)4 << 20)
const uint8_t *module_pattern(void);

#endif

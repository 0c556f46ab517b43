/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module in front of a real daemon: what its rules promise to a host program beside operations and logins. DESIGN
 * section 7, rules 1, 3, 8, 11, 13, 15 and 16.
 */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mechanism/keyclave.h"
#include "module_fixture.h"
#include "transport/result.h"

static uint8_t digest[32] = {1, 2, 3};

static CK_RV sign(struct module_fixture *f, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	uint8_t out[64];
	CK_ULONG size = sizeof(out);
	CK_RV rv = f->p11->C_SignInit(f->session, &(CK_MECHANISM){type, NULL, 0}, key);

	return rv == CKR_OK ? f->p11->C_Sign(f->session, digest, sizeof(digest), out, &size) : rv;
}

static CK_RV set_bool(struct module_fixture *f, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_BBOOL value)
{
	CK_ATTRIBUTE attribute = {type, &value, sizeof(value)};

	return f->p11->C_SetAttributeValue(f->session, key, &attribute, 1);
}

static void destroy_pair(struct module_fixture *f, CK_OBJECT_HANDLE public_key, CK_OBJECT_HANDLE private_key)
{
	assert_int_equal(f->p11->C_DestroyObject(f->session, public_key), CKR_OK);
	assert_int_equal(f->p11->C_DestroyObject(f->session, private_key), CKR_OK);
}

/* In a forked child, which is another application with the same login. */
static void elsewhere(struct module_fixture *f, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_BBOOL value)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(set_bool(f, key, type, value) != CKR_OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Rule 1: what is cached here is only a guess; the enclave's verdict wins, and the guess is not made twice. */
static void test_the_enclaves_verdict_wins(void **state)
{
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE public_key = 0, key = 0;
	uint8_t out[64];
	CK_ULONG size = sizeof(out);
	CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};

	module_pair(f, CKM_EC_KEY_PAIR_GEN, false, true, &public_key, &key);
	assert_int_equal(sign(f, CKM_ECDSA, key), CKR_OK);
	elsewhere(f, key, CKA_SIGN, CK_FALSE);
	assert_int_equal(f->p11->C_SignInit(f->session, &ecdsa, key), CKR_OK);
	assert_int_equal(f->p11->C_Sign(f->session, digest, sizeof(digest), out, &size), CKR_KEY_FUNCTION_NOT_PERMITTED);
	assert_int_equal(f->p11->C_SignInit(f->session, &ecdsa, key), CKR_KEY_FUNCTION_NOT_PERMITTED);
	/* The other way round: a refusal that is no longer true ends with the next answer about the key. */
	elsewhere(f, key, CKA_SIGN, CK_TRUE);
	assert_int_equal(set_bool(f, key, CKA_DERIVE, CK_FALSE), CKR_OK);
	assert_int_equal(sign(f, CKM_ECDSA, key), CKR_OK);
	destroy_pair(f, public_key, key);
}

/* Rule 3: there is no generator here that a fork could copy. */
static void test_random_after_a_fork(void **state)
{
	struct module_fixture *f = *state;
	uint8_t mine[32], childs[32];
	int pipes[2];
	pid_t pid = 0;

	assert_int_equal(f->p11->C_GenerateRandom(f->session, mine, sizeof(mine)), CKR_OK);
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		CK_RV rv = f->p11->C_GenerateRandom(f->session, childs, sizeof(childs));

		_exit(rv != CKR_OK || write(pipes[1], childs, sizeof(childs)) != sizeof(childs));
	}
	assert_int_equal(read(pipes[0], childs, sizeof(childs)), sizeof(childs));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(f->p11->C_GenerateRandom(f->session, mine, sizeof(mine)), CKR_OK);
	assert_memory_not_equal(mine, childs, sizeof(mine));
	close(pipes[0]);
	close(pipes[1]);
}

/* Rule 11: the precise code for each, sessions stay open, and what was lost is said to be. */
static void test_gone_and_back(void **state)
{
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE public_key[2], key[2], more = 0;
	CK_SESSION_HANDLE another = 0;
	CK_SESSION_INFO session_info;
	CK_TOKEN_INFO token_info;

	assert_int_equal(f->p11->C_Finalize(NULL), CKR_OK);
	module_fixture_enter(f, "[client]\nconnect-timeout = 1\n");
	module_pair(f, CKM_EC_KEY_PAIR_GEN, false, true, &public_key[0], &key[0]);
	module_pair(f, CKM_EC_KEY_PAIR_GEN, false, false, &public_key[1], &key[1]);
	module_kill_daemon(f);
	module_daemon_slow(f, true);
	assert_int_equal(sign(f, CKM_ECDSA, key[0]), CKR_DEVICE_ERROR);
	assert_int_equal(f->p11->C_GetSessionInfo(f->session, &session_info), CKR_OK);
	assert_int_equal(f->p11->C_GetTokenInfo(f->slot, &token_info), CKR_TOKEN_NOT_PRESENT);
	/* One more session of a token that is open asks nobody (rule 12); the first one does. */
	assert_int_equal(f->p11->C_OpenSession(f->slot, CKF_SERIAL_SESSION, NULL, NULL, &another), CKR_OK);
	assert_int_equal(f->p11->C_Finalize(NULL), CKR_OK);
	assert_int_equal(f->p11->C_Initialize(NULL), CKR_OK);
	assert_int_equal(f->p11->C_OpenSession(f->slot, CKF_SERIAL_SESSION, NULL, NULL, &another), CKR_TOKEN_NOT_PRESENT);
	module_daemon_slow(f, false);
	assert_int_equal(f->p11->C_Finalize(NULL), CKR_OK);
	module_fixture_enter(f, NULL);
	/* Sessions of a patient one. */
	module_pair(f, CKM_EC_KEY_PAIR_GEN, false, false, &public_key[1], &key[1]);
	module_kill_daemon(f);
	assert_int_equal(sign(f, CKM_ECDSA, key[0]), CKR_OK);
	assert_int_equal(sign(f, CKM_ECDSA, key[1]), CKR_KEY_HANDLE_INVALID);
	assert_int_equal(f->p11->C_CopyObject(f->session, key[1], NULL, 0, &more), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(f->p11->C_GetSessionInfo(f->session, &session_info), CKR_OK);
	assert_int_equal(session_info.state, CKS_RW_USER_FUNCTIONS);
	destroy_pair(f, public_key[0], key[0]);
}

/* Rule 13: the list that a program has counted is the list that it gets, until it counts again. */
static void test_the_slot_list_stands(void **state)
{
	struct module_fixture *f = *state;
	CK_SLOT_ID slots[8] = {0};
	CK_UTF8CHAR label[32];
	CK_ULONG count = 0, before = 0, small = 1;
	CK_SLOT_INFO info;
	int status = 0;
	pid_t pid = 0;

	memset(label, ' ', sizeof(label));
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, NULL, &before), CKR_OK);
	count = 8;
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
	assert_int_equal(slots[0], f->slot);
	pid = fork();
	if (!pid)
		_exit(f->p11->C_InitToken(slots[before - 1], (CK_UTF8CHAR_PTR)FIXTURE_SO_PIN, sizeof(FIXTURE_SO_PIN) - 1,
					  label) != CKR_OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	count = 8;
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
	assert_int_equal(count, before);
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, slots, &small), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(small, before);
	assert_int_equal(f->p11->C_GetSlotInfo(slots[before - 1] + 1, &info), CKR_SLOT_ID_INVALID);
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	assert_int_equal(count, before + 1);
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
	assert_int_equal(f->p11->C_GetSlotInfo(slots[before], &info), CKR_OK);
	/* The empty one is last: it is where a token has just not been made. */
	assert_true(slots[before] > slots[before - 1]);
}

static bool evidence_has(struct module_fixture *f, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const uint8_t *nonce,
			 size_t size)
{
	static uint8_t evidence[65536];
	CK_ATTRIBUTE attribute = {CKA_KEYCLAVE_EVIDENCE, NULL, 0};
	bool found = false;

	assert_int_equal(f->p11->C_GetAttributeValue(session, key, &attribute, 1), CKR_OK);
	assert_true(attribute.ulValueLen > 0 && attribute.ulValueLen <= sizeof(evidence));
	attribute.pValue = evidence;
	assert_int_equal(f->p11->C_GetAttributeValue(session, key, &attribute, 1), CKR_OK);
	for (size_t i = 0; !found && i + size <= attribute.ulValueLen; i++)
		found = !memcmp(evidence + i, nonce, size);
	return found;
}

/* Rule 15: a nonce of one session is nobody else's, needs no right to write, and writes nothing. */
static void test_a_nonce_is_the_sessions_own(void **state)
{
	struct module_fixture *f = *state;
	CK_OBJECT_HANDLE public_key = 0, key = 0;
	CK_SESSION_HANDLE read_only = 0;
	uint8_t nonce[64] = "a nonce that is nowhere else in this evidence";
	CK_ULONG version[2] = {0, 0};
	CK_ATTRIBUTE set = {CKA_KEYCLAVE_NONCE, nonce, 48}, get = {CKA_KEYCLAVE_VERSION, version, sizeof(version[0])};

	module_pair(f, CKM_EC_KEY_PAIR_GEN, false, true, &public_key, &key);
	assert_int_equal(f->p11->C_OpenSession(f->slot, CKF_SERIAL_SESSION, NULL, NULL, &read_only), CKR_OK);
	assert_int_equal(f->p11->C_GetAttributeValue(read_only, key, &get, 1), CKR_OK);
	assert_int_equal(f->p11->C_SetAttributeValue(read_only, key, &set, 1), CKR_OK);
	assert_true(evidence_has(f, read_only, key, nonce, 48));
	assert_false(evidence_has(f, f->session, key, nonce, 48));
	assert_false(evidence_has(f, read_only, public_key, nonce, 48));
	get.pValue = &version[1];
	assert_int_equal(f->p11->C_GetAttributeValue(read_only, key, &get, 1), CKR_OK);
	assert_int_equal(version[0], version[1]);
	set.ulValueLen = sizeof(nonce) + 1;
	assert_int_equal(f->p11->C_SetAttributeValue(read_only, key, &set, 1), CKR_ATTRIBUTE_VALUE_INVALID);
	/* Another attribute there is a write. */
	set = (CK_ATTRIBUTE){CKA_LABEL, nonce, 5};
	assert_int_equal(f->p11->C_SetAttributeValue(read_only, key, &set, 1), CKR_SESSION_READ_ONLY);
	assert_int_equal(f->p11->C_CloseSession(read_only), CKR_OK);
	destroy_pair(f, public_key, key);
}

static CK_RV make_mutex(CK_VOID_PTR_PTR mutex)
{
	*mutex = NULL;
	return CKR_OK;
}

static CK_RV any_mutex(CK_VOID_PTR mutex)
{
	(void)mutex;
	return CKR_OK;
}

/* Rule 16: pReserved may be settings; the endpoint is what it was then; whoever forbids the system's locks is told. */
static void test_arguments_of_initialize(void **state)
{
	struct module_fixture *f = *state;
	static char elsewhere_at[] = "endpoint=unix:/nowhere/keyclave.sock connect-timeout=1", nonsense[] = "what=ever";
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK, .pReserved = elsewhere_at};
	CK_C_INITIALIZE_ARGS own = {.CreateMutex = make_mutex,
				    .DestroyMutex = any_mutex,
				    .LockMutex = any_mutex,
				    .UnlockMutex = any_mutex};
	CK_ULONG count = 0;
	CK_SESSION_INFO info;

	assert_int_equal(setenv("KEYCLAVE_ENDPOINT", "unix:/nowhere/keyclave.sock", 1), 0);
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	module_kill_daemon(f);
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	assert_int_equal(f->p11->C_GetSessionInfo(f->session, &info), CKR_OK);
	assert_int_equal(unsetenv("KEYCLAVE_ENDPOINT"), 0);
	assert_int_equal(f->p11->C_Finalize(NULL), CKR_OK);
	assert_int_equal(f->p11->C_Initialize(&own), CKR_CANT_LOCK);
	assert_int_equal(f->p11->C_Initialize(&args), CKR_OK);
	assert_int_equal(f->p11->C_GetSlotList(CK_TRUE, NULL, &count), CKR_TOKEN_NOT_PRESENT);
	assert_int_equal(f->p11->C_Finalize(NULL), CKR_OK);
	args.pReserved = nonsense;
	assert_int_equal(f->p11->C_Initialize(&args), CKR_ARGUMENTS_BAD);
	module_fixture_enter(f, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_enclaves_verdict_wins),
		cmocka_unit_test(test_random_after_a_fork),
		cmocka_unit_test(test_gone_and_back),
		cmocka_unit_test(test_the_slot_list_stands),
		cmocka_unit_test(test_a_nonce_is_the_sessions_own),
		cmocka_unit_test(test_arguments_of_initialize),
	};

	return cmocka_run_group_tests(tests, module_fixture_group, module_fixture_group_end);
}

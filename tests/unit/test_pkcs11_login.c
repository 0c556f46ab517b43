/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.c and what it decides, in front of a real daemon: keys that want a PIN for each use, who may log in where, and
 * how long threads wait behind one another's logins. DESIGN section 7, rules 4, 11 and 12; security rule 13.
 */
#include "config.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module_fixture.h"
#include "protocol/message.h"
#include "transport/result.h"

static uint8_t digest[32] = {1, 2, 3};

static CK_RV sign_init(struct module_fixture *f, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key)
{
	return f->p11->C_SignInit(session, &(CK_MECHANISM){type, NULL, 0}, key);
}

static CK_RV sign_now(struct module_fixture *f, CK_SESSION_HANDLE session)
{
	uint8_t out[512];
	CK_ULONG size = sizeof(out);

	return f->p11->C_Sign(session, digest, sizeof(digest), out, &size);
}

static CK_RV confirm(struct module_fixture *f, CK_SESSION_HANDLE session)
{
	return module_login(f, session, CKU_CONTEXT_SPECIFIC, FIXTURE_USER_PIN);
}

/* ---- a PIN for each use (rule 4) ---- */

static void test_one_login_one_use(void **state)
{
	struct module_fixture *f = *state;
	CK_SESSION_HANDLE s = f->session;
	CK_OBJECT_HANDLE public_key = 0, key = 0;
	uint8_t out[64];
	CK_ULONG size = 0;

	module_pair(f, CKM_EC_KEY_PAIR_GEN, true, false, &public_key, &key);
	/* There is nothing yet that it could be for. */
	assert_int_equal(confirm(f, s), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(sign_now(f, s), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(sign_now(f, s), CKR_OPERATION_NOT_INITIALIZED);
	/* A wrong PIN is one of the tries, and no login. */
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(module_login(f, s, CKU_CONTEXT_SPECIFIC, "0000"), CKR_PIN_INCORRECT);
	assert_int_equal(sign_now(f, s), CKR_USER_NOT_LOGGED_IN);
	/* Asking how long it will be spends nothing, nor does a buffer that is too small. */
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(f->p11->C_Sign(s, digest, sizeof(digest), NULL, &size), CKR_OK);
		assert_int_equal(size, 64);
		size = 10;
		assert_int_equal(f->p11->C_Sign(s, digest, sizeof(digest), out, &size), CKR_BUFFER_TOO_SMALL);
	}
	assert_int_equal(sign_now(f, s), CKR_OK);
	/* That was it. */
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(sign_now(f, s), CKR_USER_NOT_LOGGED_IN);
	/* An operation that was given up leaves its login behind for nobody. */
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	assert_int_equal(f->p11->C_SignInit(s, NULL, 0), CKR_OK);
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(sign_now(f, s), CKR_USER_NOT_LOGGED_IN);
}

/* Each session's operation wants its own; so does each key, and each use of one key. */
static void test_no_login_for_another(void **state)
{
	struct module_fixture *f = *state;
	CK_SESSION_HANDLE s = f->session, other = module_session(f);
	CK_OBJECT_HANDLE public_key[2], key[2], rsa_public = 0, rsa = 0;
	CK_MECHANISM pkcs = {CKM_RSA_PKCS, NULL, 0};
	uint8_t sealed[256], out[256];
	CK_ULONG sealed_size = sizeof(sealed), size = sizeof(out);

	for (int i = 0; i < 2; i++)
		module_pair(f, CKM_EC_KEY_PAIR_GEN, true, false, &public_key[i], &key[i]);
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key[0]), CKR_OK);
	assert_int_equal(sign_init(f, other, CKM_ECDSA, key[1]), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	assert_int_equal(sign_now(f, other), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(sign_now(f, s), CKR_OK);
	assert_int_equal(sign_init(f, other, CKM_ECDSA, key[0]), CKR_OK);
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key[0]), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	assert_int_equal(sign_now(f, other), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(sign_now(f, s), CKR_OK);

	module_pair(f, CKM_RSA_PKCS_KEY_PAIR_GEN, true, false, &rsa_public, &rsa);
	assert_int_equal(f->p11->C_EncryptInit(s, &pkcs, rsa_public), CKR_OK);
	assert_int_equal(f->p11->C_Encrypt(s, digest, sizeof(digest), sealed, &sealed_size), CKR_OK);
	/* One at a time: the login goes to the signature, and then to the decryption. */
	assert_int_equal(sign_init(f, s, CKM_RSA_PKCS, rsa), CKR_OK);
	assert_int_equal(f->p11->C_DecryptInit(s, &pkcs, rsa), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	assert_int_equal(f->p11->C_Decrypt(s, sealed, sealed_size, out, &size), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(sign_now(f, s), CKR_OK);
	assert_int_equal(f->p11->C_DecryptInit(s, &pkcs, rsa), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	assert_int_equal(sign_init(f, s, CKM_RSA_PKCS, rsa), CKR_OK);
	assert_int_equal(sign_now(f, s), CKR_USER_NOT_LOGGED_IN);
	/* The length, as always, costs nothing; a buffer that is too small keeps what came out. */
	assert_int_equal(f->p11->C_Decrypt(s, sealed, sealed_size, NULL, &size), CKR_OK);
	size = 5;
	assert_int_equal(f->p11->C_Decrypt(s, sealed, sealed_size, out, &size), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(size, sizeof(digest));
	assert_int_equal(f->p11->C_Decrypt(s, sealed, sealed_size, out, &size), CKR_OK);
	assert_memory_equal(out, digest, sizeof(digest));
	assert_int_equal(f->p11->C_CloseSession(other), CKR_OK);
}

/* In many parts, hashed here or streamed there: one login each. */
static void test_one_login_for_many_parts(void **state)
{
	struct module_fixture *f = *state;
	CK_SESSION_HANDLE s = f->session;
	CK_OBJECT_HANDLE public_key = 0, key[2];
	const CK_MECHANISM_TYPE types[] = {CKM_ECDSA_SHA256, CKM_EDDSA};
	CK_BYTE_PTR data = (CK_BYTE_PTR)(uintptr_t)module_pattern();
	uint8_t out[64];

	module_pair(f, CKM_EC_KEY_PAIR_GEN, true, false, &public_key, &key[0]);
	module_pair(f, CKM_EC_EDWARDS_KEY_PAIR_GEN, true, false, &public_key, &key[1]);
	for (int i = 0; i < 2; i++) {
		for (int with = 0; with < 2; with++) {
			CK_RV expected = with ? CKR_OK : CKR_USER_NOT_LOGGED_IN, rv = CKR_OK;
			CK_ULONG size = sizeof(out);

			assert_int_equal(sign_init(f, s, types[i], key[i]), CKR_OK);
			if (with)
				assert_int_equal(confirm(f, s), CKR_OK);
			for (int k = 0; k < 3 && rv == CKR_OK; k++)
				rv = f->p11->C_SignUpdate(s, data, PROTOCOL_CHUNK_MAX);
			if (rv == CKR_OK)
				rv = f->p11->C_SignFinal(s, NULL, &size);
			if (rv == CKR_OK)
				rv = f->p11->C_SignFinal(s, out, &size);
			assert_int_equal(rv, expected);
		}
	}
}

static CK_RV child_signs(struct module_fixture *f)
{
	return sign_now(f, f->session);
}

/* Neither a forked child nor a restart, whose login comes back by ticket, inherits the confirmation. */
static void test_confirmation_is_of_this_context(void **state)
{
	struct module_fixture *f = *state;
	CK_SESSION_HANDLE s = f->session;
	CK_OBJECT_HANDLE public_key = 0, key = 0;
	int status = 0;
	pid_t pid = 0;

	module_pair(f, CKM_EC_KEY_PAIR_GEN, true, true, &public_key, &key);
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	pid = fork();
	if (!pid)
		_exit(child_signs(f) != CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(sign_now(f, s), CKR_OK);

	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	module_kill_worker(f);
	assert_int_equal(sign_now(f, s), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(sign_init(f, s, CKM_ECDSA, key), CKR_OK);
	assert_int_equal(confirm(f, s), CKR_OK);
	assert_int_equal(sign_now(f, s), CKR_OK);
	assert_int_equal(f->p11->C_DestroyObject(s, key), CKR_OK);
	assert_int_equal(f->p11->C_DestroyObject(s, public_key), CKR_OK);
}

/* ---- who may log in where (rule 12) ---- */

static void test_sessions_decide(void **state)
{
	struct module_fixture *f = *state;
	CK_SESSION_HANDLE s = f->session, read_only = 0, more = 0;
	CK_SESSION_INFO info;
	CK_UTF8CHAR label[32];

	assert_int_equal(module_login(f, s, CKU_USER, FIXTURE_USER_PIN), CKR_USER_ALREADY_LOGGED_IN);
	assert_int_equal(module_login(f, s, CKU_SO, FIXTURE_SO_PIN), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
	assert_int_equal(f->p11->C_Logout(s), CKR_OK);
	assert_int_equal(f->p11->C_Logout(s), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(f->p11->C_OpenSession(f->slot, CKF_SERIAL_SESSION, NULL, NULL, &read_only), CKR_OK);
	assert_int_equal(module_login(f, s, CKU_SO, FIXTURE_SO_PIN), CKR_SESSION_READ_ONLY_EXISTS);
	assert_int_equal(f->p11->C_CloseSession(read_only), CKR_OK);
	assert_int_equal(module_login(f, s, CKU_SO, FIXTURE_SO_PIN), CKR_OK);
	assert_int_equal(f->p11->C_OpenSession(f->slot, CKF_SERIAL_SESSION, NULL, NULL, &read_only),
			 CKR_SESSION_READ_WRITE_SO_EXISTS);
	assert_int_equal(f->p11->C_GetSessionInfo(s, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_SO_FUNCTIONS);
	/* With the last session the login goes. */
	assert_int_equal(f->p11->C_CloseSession(s), CKR_OK);
	f->session = s = module_session(f);
	assert_int_equal(f->p11->C_GetSessionInfo(s, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	/* C_InitToken sees sessions, this process's ones and those of any other. */
	memset(label, ' ', sizeof(label));
	assert_int_equal(f->p11->C_InitToken(f->slot, (CK_UTF8CHAR_PTR)FIXTURE_SO_PIN, sizeof(FIXTURE_SO_PIN) - 1, label),
			 CKR_SESSION_EXISTS);
	if (fork() == 0) {
		int in[2];
		char byte = 'n';

		/* A grandchild that is an application of its own, and has no session. */
		if (pipe(in))
			_exit(2);
		if (fork() == 0) {
			CK_RV rv = f->p11->C_Initialize(NULL);

			if (rv == CKR_OK)
				rv = f->p11->C_InitToken(f->slot, (CK_UTF8CHAR_PTR)FIXTURE_SO_PIN,
							 sizeof(FIXTURE_SO_PIN) - 1, label);
			byte = rv == CKR_SESSION_EXISTS ? 'y' : 'n';
			_exit(write(in[1], &byte, 1) != 1);
		}
		_exit(read(in[0], &byte, 1) != 1 || byte != 'y');
	}
	{
		int status = 0;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(module_login(f, s, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
	more = module_session(f);
	assert_int_equal(f->p11->C_GetSessionInfo(more, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_USER_FUNCTIONS);
	assert_int_equal(f->p11->C_CloseSession(more), CKR_OK);
}

/* Rule 5: C_Initialize in a child begins anew, and leaves the parent as it was. */
static void test_initialize_in_a_child(void **state)
{
	struct module_fixture *f = *state;
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE mine = 0;
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		bool good = f->p11->C_Initialize(NULL) == CKR_OK &&
			    f->p11->C_GetSessionInfo(f->session, &info) == CKR_SESSION_HANDLE_INVALID &&
			    f->p11->C_OpenSession(f->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &mine) == CKR_OK &&
			    f->p11->C_GetSessionInfo(mine, &info) == CKR_OK && info.state == CKS_RW_PUBLIC_SESSION &&
			    f->p11->C_Finalize(NULL) == CKR_OK;

		_exit(!good);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(f->p11->C_GetSessionInfo(f->session, &info), CKR_OK);
	assert_int_equal(info.state, CKS_RW_USER_FUNCTIONS);
	assert_int_equal(f->p11->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
}

/* ---- waiting (rule 11) ---- */

static void *logs_in(void *arg)
{
	struct module_fixture *f = arg;
	CK_RV rv = module_login(f, f->session, CKU_USER, FIXTURE_USER_PIN);

	return rv == CKR_TOKEN_NOT_PRESENT ? NULL : (void *)1;
}

/* A daemon that does not come back is waited for once, not once for each thread that wants to log in. */
static void test_logins_share_their_wait(void **state)
{
	struct module_fixture *f = *state;
	pthread_t threads[4];
	int64_t begun = 0, took = 0;

	assert_int_equal(f->p11->C_Finalize(NULL), CKR_OK);
	module_fixture_enter(f, "[client]\nconnect-timeout = 1\n");
	assert_int_equal(f->p11->C_Logout(f->session), CKR_OK);
	module_kill_daemon(f);
	module_daemon_slow(f, true);
	begun = result_deadline(0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, logs_in, f), 0);
	for (unsigned i = 0; i < 4; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		assert_null(result);
	}
	took = result_deadline(0) - begun;
	module_daemon_slow(f, false);
	/* One after the other they would take 4 s. */
	if (took < 990 || took > 3500)
		fail_msg("%ld ms", (long)took);
	assert_int_equal(f->p11->C_Finalize(NULL), CKR_OK);
	module_fixture_enter(f, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_login_one_use),
		cmocka_unit_test(test_no_login_for_another),
		cmocka_unit_test(test_one_login_for_many_parts),
		cmocka_unit_test(test_confirmation_is_of_this_context),
		cmocka_unit_test(test_sessions_decide),
		cmocka_unit_test(test_initialize_in_a_child),
		cmocka_unit_test(test_logins_share_their_wait),
	};

	return cmocka_run_group_tests(tests, module_fixture_group, module_fixture_group_end);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixture of the tests of pkcs11/ (module_fixture.h).
 */
#include "config.h"

#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module_fixture.h"

static void write_file(const struct module_fixture *f, const char *leaf, const char *text, mode_t mode)
{
	char path[PATH_MAX];
	FILE *out = fopen(scratch_path(&f->scratch, leaf, path), "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void name(const struct module_fixture *f, const char *variable, const char *leaf)
{
	char path[PATH_MAX];

	assert_int_equal(setenv(variable, scratch_path(&f->scratch, leaf, path), 1), 0);
}

static void load(struct module_fixture *f, const char *build)
{
	char path[PATH_MAX];
	CK_C_GetFunctionList get = NULL;
	void *module = NULL;

	snprintf(path, sizeof(path), "%s/pkcs11/keyclave-pkcs11.so", build);
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!module)
		fail_msg("%s", dlerror());
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	assert_non_null(get);
	assert_int_equal(get(&f->p11), CKR_OK);
}

void module_fixture_enter(struct module_fixture *f, const char *conf)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	write_file(f, "conf", conf ? conf : "", 0644);
	assert_int_equal(f->p11->C_Initialize(&args), CKR_OK);
	f->session = module_session(f);
	assert_int_equal(module_login(f, f->session, CKU_USER, FIXTURE_USER_PIN), CKR_OK);
}

static void make_token(struct module_fixture *f)
{
	CK_SLOT_ID slots[4];
	CK_ULONG count = 4;
	CK_UTF8CHAR label[32];

	memset(label, ' ', sizeof(label));
	memcpy(label, "module", 6);
	assert_int_equal(f->p11->C_Initialize(NULL), CKR_OK);
	assert_int_equal(f->p11->C_GetSlotList(CK_FALSE, slots, &count), CKR_OK);
	f->slot = slots[0];
	assert_int_equal(f->p11->C_InitToken(f->slot, (CK_UTF8CHAR_PTR)FIXTURE_SO_PIN, sizeof(FIXTURE_SO_PIN) - 1, label),
			 CKR_OK);
	f->session = module_session(f);
	assert_int_equal(module_login(f, f->session, CKU_SO, FIXTURE_SO_PIN), CKR_OK);
	assert_int_equal(f->p11->C_InitPIN(f->session, (CK_UTF8CHAR_PTR)FIXTURE_USER_PIN, sizeof(FIXTURE_USER_PIN) - 1),
			 CKR_OK);
	assert_int_equal(f->p11->C_Finalize(NULL), CKR_OK);
}

int module_fixture_group(void **state)
{
	struct module_fixture *f = calloc(1, sizeof(*f));
	const char *build = getenv("KC_BUILDDIR");
	char script[2 * PATH_MAX];

	build = build ? build : ".";
	if (!f || !scratch_make(&f->scratch))
		return -1;
	write_file(f, "conf", "", 0644);
	snprintf(script, sizeof(script),
		 "#!/bin/sh\n[ -e '%s/slow' ] && exec sleep 20\nexec '%s/tee-backend/enclaved/keyclaved' \"$@\"\n",
		 f->scratch.path, build);
	write_file(f, "daemon", script, 0755);
	name(f, "KEYCLAVE_CONF", "conf");
	name(f, "KEYCLAVE_STATE_DIR", "state");
	name(f, "KEYCLAVE_DAEMON", "daemon");
	unsetenv("KEYCLAVE_ENDPOINT");
	load(f, build);
	make_token(f);
	module_fixture_enter(f, NULL);
	*state = f;
	return 0;
}

int module_fixture_group_end(void **state)
{
	struct module_fixture *f = *state;

	f->p11->C_Finalize(NULL);
	module_kill_daemon(f);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

CK_SESSION_HANDLE module_session(struct module_fixture *f)
{
	CK_SESSION_HANDLE session = 0;

	assert_int_equal(f->p11->C_OpenSession(f->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
			 CKR_OK);
	return session;
}

CK_RV module_login(struct module_fixture *f, CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
	return f->p11->C_Login(session, user, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin));
}

/* ---- the daemon's processes ---- */

void module_daemon_slow(struct module_fixture *f, bool slow)
{
	char path[PATH_MAX];

	if (slow)
		write_file(f, "slow", "", 0644);
	else
		assert_int_equal(unlink(scratch_path(&f->scratch, "slow", path)), 0);
}

/* Of one that is not dead and waiting to be reaped; else 0. */
static pid_t parent_of(pid_t pid)
{
	char path[64], state = 'Z';
	long parent = 0;
	FILE *in = NULL;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	in = fopen(path, "re");
	if (!in || fscanf(in, "%*d (%*[^)]) %c %ld", &state, &parent) != 2 || state == 'Z')
		parent = 0;
	if (in)
		fclose(in);
	return (pid_t)parent;
}

/* Who has the store's lock wrote its number into it (docs/store.md, section 7). */
static pid_t worker_pid(const struct module_fixture *f)
{
	char path[PATH_MAX];
	long pid = 0;
	FILE *in = fopen(scratch_path(&f->scratch, "state/store/store.lock", path), "re");

	if (!in || fscanf(in, "%ld", &pid) != 1 || !parent_of((pid_t)pid))
		pid = 0;
	if (in)
		fclose(in);
	return (pid_t)pid;
}

static void kill_one(pid_t pid)
{
	if (pid <= 1)
		return;
	kill(pid, SIGKILL);
	for (unsigned i = 0; i < 2000 && parent_of(pid); i++)
		poll(NULL, 0, 2);
}

void module_kill_worker(struct module_fixture *f)
{
	pid_t worker = worker_pid(f);

	assert_true(worker > 1);
	kill_one(worker);
}

void module_kill_daemon(struct module_fixture *f)
{
	pid_t worker = worker_pid(f);

	if (worker <= 1)
		return;
	kill_one(parent_of(worker));
	kill_one(worker);
}

/* ---- keys ---- */

CK_OBJECT_HANDLE module_secret(struct module_fixture *f, CK_KEY_TYPE type, const void *value, CK_ULONG size)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_OBJECT_HANDLE key = 0;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},	    {CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_VALUE, (void *)(uintptr_t)value, size}, {CKA_SIGN, &yes, sizeof(yes)},
		{CKA_VERIFY, &yes, sizeof(yes)},	    {CKA_ENCRYPT, &yes, sizeof(yes)},
		{CKA_DECRYPT, &yes, sizeof(yes)},
	};

	assert_int_equal(f->p11->C_CreateObject(f->session, template, type == CKK_AES ? 7 : 5, &key), CKR_OK);
	return key;
}

void module_pair(struct module_fixture *f, CK_MECHANISM_TYPE type, bool always_authenticate, bool token,
		 CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	static uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	static uint8_t ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_ULONG bits = 2048;
	CK_BBOOL confirm = always_authenticate, stays = token, yes = CK_TRUE;
	CK_ATTRIBUTE public_template[] = {{CKA_TOKEN, &stays, sizeof(stays)},
					  {CKA_VERIFY, &yes, sizeof(yes)},
					  {CKA_EC_PARAMS, p256, sizeof(p256)}};
	CK_ATTRIBUTE private_template[] = {{CKA_TOKEN, &stays, sizeof(stays)},
					   {CKA_SIGN, &yes, sizeof(yes)},
					   {CKA_ALWAYS_AUTHENTICATE, &confirm, sizeof(confirm)},
					   {CKA_DECRYPT, &yes, sizeof(yes)}};

	if (type == CKM_EC_EDWARDS_KEY_PAIR_GEN)
		public_template[2] = (CK_ATTRIBUTE){CKA_EC_PARAMS, ed25519, sizeof(ed25519)};
	if (type == CKM_RSA_PKCS_KEY_PAIR_GEN)
		public_template[2] = (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof(bits)};
	assert_int_equal(f->p11->C_GenerateKeyPair(f->session, &mechanism, public_template, 3, private_template,
						   type == CKM_RSA_PKCS_KEY_PAIR_GEN ? 4 : 3, public_key, private_key),
			 CKR_OK);
}

const uint8_t *module_pattern(void)
{
	static uint8_t pattern[MODULE_PATTERN_MAX];
	uint32_t x = 12345;

	if (!pattern[0])
		for (size_t i = 0; i < sizeof(pattern); i++) {
			x = x * 1664525 + 1013904223;
			pattern[i] = (uint8_t)(x >> 24) | (i == 0);
		}
	return pattern;
}

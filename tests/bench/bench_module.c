/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark's work through any PKCS#11 module, as a program would do it that keeps a session a thread.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "mechanism/cryptoki.h"

#define MADE_MAX 20000 /* of one job */

enum key { KEY_RSA, KEY_P256, KEY_ED25519, KEY_AES, KEY_HMAC, KEYS };

struct module {
	CK_FUNCTION_LIST *p11;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session; /* keeps the login */
	CK_OBJECT_HANDLE key[KEYS]; /* 0: it cannot */
	unsigned objects;
};

struct job {
	struct module *module;
	enum work work;
	size_t size;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_MECHANISM mechanism;
	CK_GCM_PARAMS gcm;
	uint8_t iv[12];
	unsigned number;
	CK_OBJECT_HANDLE *made;
	size_t made_count;
	uint8_t in[BENCH_SIZE_MAX], out[BENCH_SIZE_MAX + 512];
};

static CK_BBOOL yes = CK_TRUE;
static uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static uint8_t ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
/* As PKCS#11 v3.0 has it; SoftHSM2 takes this printable string. */
static uint8_t edwards25519[] = {0x13, 12, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'};

static bool good(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return true;
	fprintf(stderr, "bench: %s: 0x%lx\n", what, rv);
	return false;
}

/* ---- set-up ---- */

static bool find_token(struct module *m, const char *label)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = 16;
	CK_TOKEN_INFO info;

	if (!good(m->p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList"))
		return false;
	for (CK_ULONG i = 0; i < count; i++) {
		size_t length = strlen(label);

		if (m->p11->C_GetTokenInfo(slots[i], &info) != CKR_OK || length > sizeof(info.label) ||
		    memcmp(info.label, label, length))
			continue;
		m->slot = slots[i];
		return true;
	}
	fprintf(stderr, "bench: no token %s\n", label);
	return false;
}

static CK_OBJECT_HANDLE make_pair(struct module *m, CK_MECHANISM_TYPE type, CK_ATTRIBUTE parameter)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, sizeof(yes)}, parameter};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				  {CKA_PRIVATE, &yes, sizeof(yes)},
				  {CKA_SIGN, &yes, sizeof(yes)}};
	CK_OBJECT_HANDLE pair[2] = {0};

	return m->p11->C_GenerateKeyPair(m->session, &mechanism, public, 2, private, 3, &pair[0], &pair[1]) == CKR_OK ?
		       pair[1] : 0;
}

static CK_OBJECT_HANDLE make_secret(struct module *m, CK_MECHANISM_TYPE type, CK_ULONG size, CK_ATTRIBUTE_TYPE use)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				   {CKA_PRIVATE, &yes, sizeof(yes)},
				   {use, &yes, sizeof(yes)},
				   {CKA_VALUE_LEN, &size, sizeof(size)}};
	CK_OBJECT_HANDLE handle = 0;

	return m->p11->C_GenerateKey(m->session, &mechanism, template, 4, &handle) == CKR_OK ? handle : 0;
}

static void make_keys(struct module *m)
{
	CK_ULONG bits = 2048;

	m->key[KEY_RSA] = make_pair(m, CKM_RSA_PKCS_KEY_PAIR_GEN,
				    (CK_ATTRIBUTE){CKA_MODULUS_BITS, &bits, sizeof(bits)});
	m->key[KEY_P256] = make_pair(m, CKM_EC_KEY_PAIR_GEN, (CK_ATTRIBUTE){CKA_EC_PARAMS, p256, sizeof(p256)});
	m->key[KEY_ED25519] = make_pair(m, CKM_EC_EDWARDS_KEY_PAIR_GEN,
					(CK_ATTRIBUTE){CKA_EC_PARAMS, ed25519, sizeof(ed25519)});
	if (!m->key[KEY_ED25519])
		m->key[KEY_ED25519] = make_pair(m, CKM_EC_EDWARDS_KEY_PAIR_GEN,
						(CK_ATTRIBUTE){CKA_EC_PARAMS, edwards25519, sizeof(edwards25519)});
	m->key[KEY_AES] = make_secret(m, CKM_AES_KEY_GEN, 16, CKA_ENCRYPT);
	m->key[KEY_HMAC] = make_secret(m, CKM_GENERIC_SECRET_KEY_GEN, 32, CKA_SIGN);
}

static bool make_objects(struct module *m)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	char label[32];

	for (unsigned i = 0; i < m->objects; i++) {
		CK_OBJECT_HANDLE handle = 0;

		snprintf(label, sizeof(label), BENCH_LABEL, i);
		CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
					   {CKA_TOKEN, &yes, sizeof(yes)},
					   {CKA_LABEL, label, strlen(label)},
					   {CKA_VALUE, label, strlen(label)}};
		if (!good(m->p11->C_CreateObject(m->session, template, 4, &handle), "C_CreateObject"))
			return false;
	}
	return true;
}

struct module *module_new(const char *path, const char *token, const char *pin, unsigned objects)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct module *m = calloc(1, sizeof(*m));
	CK_C_GetFunctionList get = NULL;

	if (!library || !m) {
		fprintf(stderr, "bench: %s\n", library ? "no memory" : dlerror());
		free(m);
		return NULL;
	}
	m->objects = objects;
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	if (get && good(get(&m->p11), "C_GetFunctionList") &&
	    good(m->p11->C_Initialize(&args), "C_Initialize") && find_token(m, token) &&
	    good(m->p11->C_OpenSession(m->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &m->session),
		 "C_OpenSession") &&
	    good(m->p11->C_Login(m->session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin)), "C_Login")) {
		make_keys(m);
		if (make_objects(m))
			return m;
	}
	free(m);
	return NULL;
}

void module_free(struct module **module)
{
	if (*module)
		(void)(*module)->p11->C_Finalize(NULL);
	free(*module);
	*module = NULL;
}

/* ---- work ---- */

/* DigestInfo of SHA-256 (RFC 8017 section 9.2), what CKM_RSA_PKCS is given; then a hash of zeros. */
static const uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

static bool job_prepare(struct job *j)
{
	static const struct {
		enum key key;
		CK_MECHANISM_TYPE type;
		size_t size;
	} plan[] = {
		[WORK_RSA] = {KEY_RSA, CKM_RSA_PKCS, sizeof(digest_info) + 32},
		[WORK_P256] = {KEY_P256, CKM_ECDSA, 32},
		[WORK_ED25519] = {KEY_ED25519, CKM_EDDSA, 32},
		[WORK_GCM] = {KEY_AES, CKM_AES_GCM, 0},
		[WORK_HMAC] = {KEY_HMAC, CKM_SHA256_HMAC, 0},
	};

	if (j->work == WORK_KEYGEN)
		j->made = calloc(MADE_MAX, 2 * sizeof(*j->made));
	if (j->work == WORK_RSA)
		memcpy(j->in, digest_info, sizeof(digest_info));
	if (j->work > WORK_HMAC)
		return j->work != WORK_KEYGEN || j->made;
	j->key = j->module->key[plan[j->work].key];
	j->mechanism.mechanism = plan[j->work].type;
	if (plan[j->work].size)
		j->size = plan[j->work].size;
	return j->key != 0;
}

struct job *job_new(struct module *module, const struct row *row, unsigned thread)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->module = module;
	j->work = row->work;
	j->size = row->size;
	j->number = thread * 7;
	j->iv[11] = (uint8_t)thread;
	if (!good(module->p11->C_OpenSession(module->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					     &j->session), "C_OpenSession") ||
	    !job_prepare(j))
		job_free(&j);
	return j;
}

static CK_RV job_sign(struct job *j)
{
	CK_ULONG size = sizeof(j->out);
	CK_RV rv = j->module->p11->C_SignInit(j->session, &j->mechanism, j->key);

	return rv == CKR_OK ? j->module->p11->C_Sign(j->session, j->in, j->size, j->out, &size) : rv;
}

static CK_RV job_encrypt(struct job *j)
{
	CK_ULONG size = sizeof(j->out);
	CK_RV rv = CKR_OK;

	j->iv[0]++;
	j->iv[1] = (uint8_t)(j->iv[1] + !j->iv[0]);
	j->gcm = (CK_GCM_PARAMS){.pIv = j->iv, .ulIvLen = sizeof(j->iv), .ulIvBits = 96, .ulTagBits = 128};
	j->mechanism.pParameter = &j->gcm;
	j->mechanism.ulParameterLen = sizeof(j->gcm);
	rv = j->module->p11->C_EncryptInit(j->session, &j->mechanism, j->key);
	return rv == CKR_OK ? j->module->p11->C_Encrypt(j->session, j->in, j->size, j->out, &size) : rv;
}

static CK_RV job_find(struct job *j)
{
	char label[32];
	CK_ATTRIBUTE template = {CKA_LABEL, label, 0};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	j->number += 101;
	snprintf(label, sizeof(label), BENCH_LABEL, j->number % j->module->objects);
	template.ulValueLen = strlen(label);
	rv = j->module->p11->C_FindObjectsInit(j->session, &template, 1);
	if (rv == CKR_OK)
		rv = j->module->p11->C_FindObjects(j->session, found, 2, &count);
	if (rv == CKR_OK)
		rv = j->module->p11->C_FindObjectsFinal(j->session);
	return rv == CKR_OK && count != 1 ? CKR_FUNCTION_FAILED : rv;
}

static CK_RV job_generate(struct job *j)
{
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE public[] = {{CKA_TOKEN, &yes, sizeof(yes)}, {CKA_EC_PARAMS, p256, sizeof(p256)}};
	CK_ATTRIBUTE private[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				  {CKA_PRIVATE, &yes, sizeof(yes)},
				  {CKA_SIGN, &yes, sizeof(yes)}};
	CK_OBJECT_HANDLE *made = j->made + 2 * j->made_count;
	CK_RV rv = CKR_OK;

	if (j->made_count == MADE_MAX)
		return CKR_FUNCTION_FAILED;
	rv = j->module->p11->C_GenerateKeyPair(j->session, &mechanism, public, 2, private, 3, &made[0], &made[1]);
	j->made_count += rv == CKR_OK;
	return rv;
}

bool job_do(struct job *j)
{
	switch (j->work) {
	case WORK_RSA:
	case WORK_P256:
	case WORK_ED25519:
	case WORK_HMAC:
		return good(job_sign(j), "signing");
	case WORK_GCM:
		return good(job_encrypt(j), "encrypting");
	case WORK_RANDOM:
		return good(j->module->p11->C_GenerateRandom(j->session, j->out, j->size), "C_GenerateRandom");
	case WORK_FIND:
		return good(job_find(j), "finding");
	case WORK_KEYGEN:
		return good(job_generate(j), "generating");
	}
	return false;
}

void job_free(struct job **job)
{
	struct job *j = *job;

	*job = NULL;
	if (!j)
		return;
	for (size_t i = 0; i < 2 * j->made_count; i++)
		(void)good(j->module->p11->C_DestroyObject(j->session, j->made[i]), "C_DestroyObject");
	if (j->session)
		(void)j->module->p11->C_CloseSession(j->session);
	free(j->made);
	free(j);
}

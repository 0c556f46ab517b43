/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform of a machine without a TEE: a random file, readable by its owner only, is the root
 * of everything, and its evidence is signed by a key made from that file. It vouches for nothing,
 * and says so in the file, the description and the evidence's media type.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cbor_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/private_file.h"
#include "platform/hkdf.h"
#include "platform/platform_ops.h"

#define FOLDER "platform"
#define FILE_NAME "notee.key"
#define FILE_KEY_SIZE 32
#define SIGNATURE_SIZE 64
#define PUBLIC_KEY_SIZE 32

/* Before the key in hex. Its size never changes, so that a file is read whole or refused. */
static const char file_head[] = "keyclave notee key, version 1. NOT A TEE: whoever reads this file "
				"can open the store beside it.\n";
#define FILE_HEAD_SIZE (sizeof(file_head) - 1)
#define FILE_SIZE (FILE_HEAD_SIZE + 2 * FILE_KEY_SIZE + 1)

/* CBOR of the KDF's info, [ label ]: docs/store.md, section 3. */
static const uint8_t key_info[] = "\x81\x74"
				  "keyclave/1/notee-key";
static const uint8_t evidence_info[] = "\x81\x78\x19"
				       "keyclave/1/notee-evidence";
_Static_assert(sizeof(key_info) == 2 + 20 + 1 && sizeof(evidence_info) == 3 + 25 + 1, "text heads");

/* What is signed: this with its NUL, then the digest. docs/evidence.md. */
static const char evidence_domain[] = "keyclave-notee-evidence-v1";

/* RFC 8410: SubjectPublicKeyInfo of an Ed25519 key, before its 32 bytes. */
static const uint8_t spki_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

struct notee {
	struct platform base; /* first */
	char state_dir[PATH_MAX];
	pthread_mutex_t lock; /* of what follows, until it is loaded; then it is only read */
	uint8_t *file_key;    /* secret memory; NULL: not loaded */
	EVP_PKEY *signer;
	uint8_t spki[sizeof(spki_head) + PUBLIC_KEY_SIZE];
};

static struct notee *notee_of(struct platform *base)
{
	return (struct notee *)base;
}

static CK_RV status_of(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return CKR_DEVICE_MEMORY;
	default:
		return CKR_DEVICE_ERROR;
	}
}

static CK_RV file_failed(const struct notee *n, const char *what)
{
	int error = errno;

	log_error("%s/" FOLDER "/" FILE_NAME ": cannot %s: %s", n->state_dir, what,
		  strerror(error));
	return status_of(error);
}

/* NAME below the state directory. */
static bool is_private(const struct notee *n, int fd, const char *name, mode_t type)
{
	const struct private_file_rule rule = {.type = type, .remedy = "make a new store"};
	char path[PATH_MAX + sizeof(FOLDER "/" FILE_NAME) + 1];

	snprintf(path, sizeof(path), "%s/%s", n->state_dir, name);
	return private_file_check(fd, path, &rule);
}

/* The folder of the file, made if CREATE. CKR_TOKEN_NOT_RECOGNIZED: there is none. */
static CK_RV open_folder(const struct notee *n, bool create, int *fd)
{
	char path[PATH_MAX + sizeof(FOLDER) + 1];

	snprintf(path, sizeof(path), "%s/" FOLDER, n->state_dir);
	if (create && mkdir(path, 0700) != 0 && errno != EEXIST)
		return file_failed(n, "make its folder");
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return CKR_TOKEN_NOT_RECOGNIZED;
	if (*fd < 0)
		return file_failed(n, errno == ELOOP || errno == ENOTDIR
					  ? "use a link as its folder"
					  : "open its folder");
	return is_private(n, *fd, FOLDER, S_IFDIR) ? CKR_OK : CKR_DEVICE_ERROR;
}

/* TEXT (FILE_SIZE bytes) to the key; false when it is not the form that write_key gives. */
static bool parse_key(const char *text, uint8_t key[FILE_KEY_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	const char *hex = text + FILE_HEAD_SIZE;

	if (memcmp(text, file_head, FILE_HEAD_SIZE) != 0 || text[FILE_SIZE - 1] != '\n')
		return false;
	for (size_t i = 0; i < FILE_KEY_SIZE; i++) {
		const char *high = memchr(digits, hex[2 * i], 16);
		const char *low = memchr(digits, hex[2 * i + 1], 16);

		if (!high || !low)
			return false;
		key[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return true;
}

/* Reads until SIZE bytes or the end. */
static ssize_t read_all(int fd, char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, data + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* CKR_TOKEN_NOT_RECOGNIZED: there is none (not logged). KEY is secret memory. */
static CK_RV read_key(const struct notee *n, int folder, uint8_t *key)
{
	char *text = memory_secret_new(FILE_SIZE + 1);
	CK_RV rv = CKR_DEVICE_ERROR;
	int fd = -1;
	ssize_t got = 0;

	if (!text)
		return CKR_DEVICE_MEMORY;
	fd = openat(folder, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT) {
		rv = CKR_TOKEN_NOT_RECOGNIZED;
		goto out;
	}
	if (fd < 0) {
		rv = file_failed(n, errno == ELOOP ? "follow a link" : "open");
		goto out;
	}
	if (!is_private(n, fd, FOLDER "/" FILE_NAME, S_IFREG))
		goto out;
	got = read_all(fd, text, FILE_SIZE + 1);
	if (got < 0)
		rv = file_failed(n, "read");
	else if ((size_t)got == FILE_SIZE && parse_key(text, key))
		rv = CKR_OK;
	else
		log_error("%s/" FOLDER "/" FILE_NAME ": damaged: put back a copy of it",
			  n->state_dir);
out:
	if (fd >= 0)
		close(fd);
	memory_secret_free(text);
	return rv;
}

/* A new key's file under a name of its own, synced. */
static bool write_key(int folder, const char *name)
{
	char *text = memory_secret_new(FILE_SIZE + 1);
	uint8_t *key = memory_secret_new(FILE_KEY_SIZE);
	bool done = false;
	int fd = -1;

	if (!text || !key || !memory_random(key, FILE_KEY_SIZE))
		goto out;
	memcpy(text, file_head, FILE_HEAD_SIZE);
	for (size_t i = 0; i < FILE_KEY_SIZE; i++)
		snprintf(text + FILE_HEAD_SIZE + 2 * i, 3, "%02x", key[i]);
	text[FILE_SIZE - 1] = '\n';
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		goto out;
	/* A short write is a full disk: the next one says so. */
	done = fchmod(fd, 0600) == 0;
	for (size_t at = 0; done && at < FILE_SIZE;) {
		ssize_t put = write(fd, text + at, FILE_SIZE - at);

		if (put > 0)
			at += (size_t)put;
		else if (put == 0 || errno != EINTR)
			done = false;
	}
	done = done && fsync(fd) == 0;
out:
	if (fd >= 0)
		close(fd);
	memory_secret_free(key);
	memory_secret_free(text);
	return done;
}

/*
 * Makes the file, whole or not at all: two creators may race, and the first one's key is
 * everybody's. Not every file system knows RENAME_NOREPLACE, and not every one hard links.
 */
static CK_RV create_key(const struct notee *n, int folder)
{
	char name[sizeof(FILE_NAME) + 24];
	uint64_t random = 0;
	CK_RV rv = CKR_OK;

	if (!memory_random(&random, sizeof(random)))
		return CKR_DEVICE_ERROR;
	snprintf(name, sizeof(name), FILE_NAME ".%016llx", (unsigned long long)random);
	if (!write_key(folder, name)) {
		rv = file_failed(n, "write");
		goto out;
	}
	if (renameat2(folder, name, folder, FILE_NAME, RENAME_NOREPLACE) != 0 && errno != EEXIST &&
	    linkat(folder, name, folder, FILE_NAME, 0) != 0 && errno != EEXIST) {
		rv = file_failed(n, "name");
		goto out;
	}
	if (fsync(folder) != 0)
		rv = file_failed(n, "sync the folder of");
out:
	unlinkat(folder, name, 0);
	return rv;
}

/* The evidence key, from the file's. */
static CK_RV make_signer(struct notee *n)
{
	uint8_t *seed = memory_secret_new(PUBLIC_KEY_SIZE);
	size_t size = PUBLIC_KEY_SIZE;
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!seed)
		return rv;
	rv = hkdf_derive((struct span){n->file_key, FILE_KEY_SIZE}, (struct span){0},
			 (struct span){evidence_info, sizeof(evidence_info) - 1}, seed,
			 PUBLIC_KEY_SIZE);
	if (rv == CKR_OK)
		n->signer = EVP_PKEY_new_raw_private_key_ex(hkdf_library(), "ED25519", NULL, seed,
							    PUBLIC_KEY_SIZE);
	memory_secret_free(seed);
	memcpy(n->spki, spki_head, sizeof(spki_head));
	if (rv == CKR_OK &&
	    (!n->signer ||
	     EVP_PKEY_get_raw_public_key(n->signer, n->spki + sizeof(spki_head), &size) <= 0)) {
		log_error("libcrypto: no Ed25519 key: %s",
			  ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
		rv = CKR_DEVICE_ERROR;
	}
	return rv;
}

/* Reads the file once, makes it if CREATE. */
static CK_RV load(struct notee *n, bool create)
{
	uint8_t *key = NULL;
	int folder = -1;
	CK_RV rv = CKR_DEVICE_MEMORY;

	pthread_mutex_lock(&n->lock);
	if (n->file_key) {
		pthread_mutex_unlock(&n->lock);
		return CKR_OK;
	}
	key = memory_secret_new(FILE_KEY_SIZE);
	if (!key)
		goto out;
	rv = open_folder(n, create, &folder);
	if (rv == CKR_OK)
		rv = read_key(n, folder, key);
	if (rv == CKR_TOKEN_NOT_RECOGNIZED && create) {
		rv = create_key(n, folder);
		if (rv == CKR_OK)
			rv = read_key(n, folder, key);
		if (rv == CKR_OK)
			log_notice("%s/" FOLDER "/" FILE_NAME
				   ": made: NOT A TEE, this file alone protects the store",
				   n->state_dir);
	}
	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		log_error("%s/" FOLDER "/" FILE_NAME
			  ": gone. The store was sealed under it and cannot be opened "
			  "without it: put back a copy of the file, or move %s/store away to begin "
			  "anew without the "
			  "old keys",
			  n->state_dir, n->state_dir);
	if (rv != CKR_OK)
		goto out;
	n->file_key = key;
	key = NULL;
	rv = make_signer(n);
	if (rv != CKR_OK) {
		EVP_PKEY_free(n->signer);
		n->signer = NULL;
		memory_secret_free(n->file_key);
		n->file_key = NULL;
	}
out:
	if (folder >= 0)
		close(folder);
	memory_secret_free(key);
	pthread_mutex_unlock(&n->lock);
	return rv;
}

static CK_RV derive_key(struct notee *n, bool create, uint8_t key[PLATFORM_KEY_SIZE])
{
	CK_RV rv = load(n, create);

	if (rv != CKR_OK)
		return rv;
	return hkdf_derive((struct span){n->file_key, FILE_KEY_SIZE}, (struct span){0},
			   (struct span){key_info, sizeof(key_info) - 1}, key, PLATFORM_KEY_SIZE);
}

static CK_RV notee_key_new(struct platform *base, struct buffer *mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	(void)mix; /* nothing but the file */
	return derive_key(notee_of(base), true, key);
}

static CK_RV notee_key(struct platform *base, struct span mix, uint8_t key[PLATFORM_KEY_SIZE])
{
	if (mix.size) {
		log_error("platform notee: the store's wrap slot is of another platform");
		return CKR_DATA_INVALID;
	}
	return derive_key(notee_of(base), false, key);
}

static bool sign(const struct notee *n, const uint8_t digest[PLATFORM_DIGEST_SIZE],
		 uint8_t signature[SIGNATURE_SIZE])
{
	uint8_t message[sizeof(evidence_domain) + PLATFORM_DIGEST_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t size = SIGNATURE_SIZE;
	bool done = false;

	memcpy(message, evidence_domain, sizeof(evidence_domain));
	memcpy(message + sizeof(evidence_domain), digest, PLATFORM_DIGEST_SIZE);
	done = ctx &&
	       EVP_DigestSignInit_ex(ctx, NULL, NULL, hkdf_library(), NULL, n->signer, NULL) > 0 &&
	       EVP_DigestSign(ctx, signature, &size, message, sizeof(message)) > 0 &&
	       size == SIGNATURE_SIZE;
	EVP_MD_CTX_free(ctx);
	if (!done) {
		log_error("libcrypto: cannot sign evidence: %s",
			  ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
	}
	return done;
}

/* { 1: -8 (EdDSA, RFC 9053), 2: SubjectPublicKeyInfo, 3: signature }. docs/evidence.md. */
static CK_RV notee_evidence(struct platform *base, const struct platform_digest *digest,
			    struct platform_evidence *evidence)
{
	struct notee *n = notee_of(base);
	uint8_t signature[SIGNATURE_SIZE];
	struct cbor_writer w;
	CK_RV rv = load(n, false);

	if (rv != CKR_OK)
		return rv;
	if (!sign(n, digest->sha512, signature))
		return CKR_DEVICE_ERROR;
	cbor_writer_init(&w, &evidence->report, 256);
	cbor_writer_map(&w, 3);
	cbor_writer_uint(&w, 1);
	cbor_writer_negint(&w, 7);
	cbor_writer_uint(&w, 2);
	cbor_writer_bytes(&w, (struct span){n->spki, sizeof(n->spki)});
	cbor_writer_uint(&w, 3);
	cbor_writer_bytes(&w, (struct span){signature, sizeof(signature)});
	return w.failed ? CKR_DEVICE_MEMORY : CKR_OK;
}

static void notee_free(struct platform *base)
{
	struct notee *n = notee_of(base);

	EVP_PKEY_free(n->signer);
	memory_secret_free(n->file_key);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

static CK_RV notee_open(const struct settings *settings, struct platform **platform)
{
	struct notee *n = calloc(1, sizeof(*n));

	if (!n) {
		log_error("platform notee: no memory");
		return CKR_DEVICE_MEMORY;
	}
	n->base.ops = &notee_ops;
	n->base.description = notee_ops.description;
	snprintf(n->state_dir, sizeof(n->state_dir), "%s", settings->state_dir);
	pthread_mutex_init(&n->lock, NULL);
	*platform = &n->base;
	return CKR_OK;
}

const struct platform_ops notee_ops = {
    .description =
	{
	    .name = "notee",
	    .protector = "file",
	    .rollback = "none",
	    .media_type = "application/vnd.keyclave.notee-evidence+cbor",
	    .tee = false,
	},
    .open = notee_open,
    .key_new = notee_key_new,
    .key = notee_key,
    .evidence = notee_evidence,
    .free = notee_free,
};

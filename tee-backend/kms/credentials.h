/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS credentials for the requests to KMS: from the instance's metadata service (IMDSv2), a file, the host that hands them
 * in, or the environment. They are the parent's, who is not trusted: what protects keys is the key policy's conditions on
 * the evidence. Inside the enclave.
 */
#ifndef KEYCLAVE_KMS_CREDENTIALS_H
#define KEYCLAVE_KMS_CREDENTIALS_H

#include "common/buffer.h"
#include "common/settings.h"
#include "common/status.h"
#include "transport/dialer.h"

#define CREDENTIALS_KEY_MAX 129
#define CREDENTIALS_TOKEN_MAX 8193

struct credentials {
	char access_key[CREDENTIALS_KEY_MAX];
	char secret[CREDENTIALS_KEY_MAX];
	char token[CREDENTIALS_TOKEN_MAX]; /* "": none */
	int64_t expires;                   /* seconds since 1970; 0: not known */
};

struct credentials_source; /* opaque; thread-safe */

/* CKR_TOKEN_NOT_RECOGNIZED, logged: settings that can not be meant; CKR_DEVICE_MEMORY. */
CK_RV credentials_open(const struct settings *settings, struct credentials_source **source);
void credentials_free(struct credentials_source **source);

/* As kms_places. */
bool credentials_place(const struct settings *settings, char address[DIALER_ADDRESS_MAX], char folder[PATH_MAX]);

/*
 * Good ones, into OUT, whom the caller wipes: those of before while they last, unless RENEW. CKR_DEVICE_ERROR, logged:
 * there are none; CKR_DEVICE_MEMORY.
 */
CK_RV credentials_get(struct credentials_source *source, bool renew, int64_t deadline, struct credentials *out);

/*
 * The JSON of the metadata service, which is also that of a file and of a host: AccessKeyId, SecretAccessKey, Token or
 * SessionToken, Expiration. False: it is not that.
 */
bool credentials_read(struct span json, struct credentials *out);

#endif

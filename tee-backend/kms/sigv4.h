/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4 of a POST to "/": the header that says who asks. Inside the enclave.
 */
#ifndef KEYCLAVE_KMS_SIGV4_H
#define KEYCLAVE_KMS_SIGV4_H

#include <time.h>

#include "common/buffer.h"

#define SIGV4_DATE_MAX 32
#define SIGV4_AUTHORIZATION_MAX 512

struct sigv4_request {
	const char *region;
	const char *service;
	const char *host;   /* as the header has it */
	const char *type;   /* Content-Type */
	const char *target; /* X-Amz-Target */
	const char *token;  /* X-Amz-Security-Token; "": none */
	struct span body;
	const char *access_key;
	const char *secret;
	time_t now;
};

/* The values of X-Amz-Date and Authorization, which covers all of the above. False: libcrypto failed, or it is too long. */
bool sigv4_sign(const struct sigv4_request *request, char date[SIGV4_DATE_MAX],
		char authorization[SIGV4_AUTHORIZATION_MAX]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins that a logout ended within the life of their tickets (security rule 13), by the random name that
 * each login has. A logout of one application leaves those of all others as they are. Inside the enclave;
 * thread-safe.
 */
#ifndef KEYCLAVE_SERVICE_REVOCATION_H
#define KEYCLAVE_SERVICE_REVOCATION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/service.h"

#define REVOCATION_NAME_SIZE SERVICE_LOGIN_NAME_SIZE
#define REVOCATIONS_MAX 4096 /* the oldest gives way */

struct revocations {
	pthread_mutex_t lock;
	uint8_t name[REVOCATIONS_MAX][REVOCATION_NAME_SIZE];
	size_t count;
	size_t next;
};

void revocation_init(struct revocations *revocations);
void revocation_add(struct revocations *revocations, const uint8_t name[REVOCATION_NAME_SIZE]);
bool revocation_has(struct revocations *revocations, const uint8_t name[REVOCATION_NAME_SIZE]);

#endif

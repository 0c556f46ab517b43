/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of names that is searched when a login is resumed, which is rare. Inside the enclave.
 */
#include "config.h"

#include <string.h>

#include "service/revocation.h"

void revocation_init(struct revocations *revocations)
{
	(void)pthread_mutex_init(&revocations->lock, NULL);
	revocations->count = 0;
	revocations->next = 0;
}

void revocation_add(struct revocations *revocations, const uint8_t name[REVOCATION_NAME_SIZE])
{
	pthread_mutex_lock(&revocations->lock);
	memcpy(revocations->name[revocations->next], name, REVOCATION_NAME_SIZE);
	revocations->next = (revocations->next + 1) % REVOCATIONS_MAX;
	if (revocations->count < REVOCATIONS_MAX)
		revocations->count++;
	pthread_mutex_unlock(&revocations->lock);
}

bool revocation_has(struct revocations *revocations, const uint8_t name[REVOCATION_NAME_SIZE])
{
	bool found = false;

	pthread_mutex_lock(&revocations->lock);
	for (size_t i = 0; !found && i < revocations->count; i++)
		found = !memcmp(revocations->name[i], name, REVOCATION_NAME_SIZE);
	pthread_mutex_unlock(&revocations->lock);
	return found;
}

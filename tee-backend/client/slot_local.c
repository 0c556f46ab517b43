/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The empty slot without a daemon. Inside the host's process.
 */
#include "config.h"

#include "client/slot_local.h"
#include "client/start.h"

/* The first slot that a fresh store has. */
#define SLOT_LOCAL_ID 1

bool slot_local_applies(struct client *client)
{
	bool unseen = false;

	/* A configured endpoint is somebody else's store: that it is silent is all we know. */
	if (client->settings->endpoint_override || start_store_exists(client))
		return false;
	pthread_mutex_lock(&client->lock);
	unseen = client->policy != CLIENT_START_ALWAYS && client->failure == REACH_ABSENT &&
		 client->membership.mode == HELLO_NEW && client->membership.lineage == 0;
	pthread_mutex_unlock(&client->lock);
	return unseen;
}

void slot_local_list(struct numbers *slots)
{
	slots->item[0] = SLOT_LOCAL_ID;
	slots->count = 1;
}

CK_RV slot_local_token(const struct client *client, uint64_t slot, struct token_response *token)
{
	if (slot != SLOT_LOCAL_ID)
		return CKR_SLOT_ID_INVALID;
	*token = (struct token_response){
		.model = span_text(PROTOCOL_TOKEN_MODEL),
		.manufacturer = span_text(PROTOCOL_TOKEN_MANUFACTURER),
		.flags = CKF_RNG | CKF_LOGIN_REQUIRED,
		.pin_min = client->settings->weak_pin_allowed ? PROTOCOL_PIN_MIN_WEAK : PROTOCOL_PIN_MIN,
		.pin_max = PROTOCOL_PIN_MAX,
		.weak_pin = client->settings->weak_pin_allowed,
	};
	return CKR_OK;
}

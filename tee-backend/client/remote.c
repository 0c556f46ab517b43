/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader of keyclave-tls.so. Once loaded it stays: OpenSSL has handlers at exit.
 */
#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include "client/remote.h"
#include "common/log.h"

static const struct attested_object *remote_load(const char *path)
{
	const struct attested_object *object = NULL;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (handle)
		object = dlsym(handle, ATTESTED_SYMBOL);
	if (!object) {
		log_error("remote endpoints need %s: %s", path, dlerror());
		return NULL;
	}
	if (strcmp(object->version, PACKAGE_VERSION) != 0) {
		log_error("%s is of version %s, not " PACKAGE_VERSION, path, object->version);
		return NULL;
	}
	return object;
}

CK_RV remote_open(struct client *client)
{
	const char *path = client->settings->channel_library;
	char why[ATTESTED_WHY_SIZE] = "";

	if (!client->endpoint->attested)
		return CKR_OK;
	client->remote = remote_load(*path ? path : KEYCLAVE_CHANNEL_LIBRARY);
	if (!client->remote)
		return CKR_ARGUMENTS_BAD;
	client->attested = client->remote->open(client->settings, why);
	if (client->attested)
		return CKR_OK;
	log_error("endpoint %s: %s", client->settings->endpoint, why);
	return CKR_ARGUMENTS_BAD;
}

void remote_close(struct client *client)
{
	if (client->attested)
		client->remote->close(&client->attested);
}

static enum reach remote_reach(enum attested_result result)
{
	switch (result) {
	case ATTESTED_OK:
		return REACH_OK;
	case ATTESTED_BROKEN:
		return REACH_BROKEN;
	case ATTESTED_TIMEOUT:
		return REACH_TIMEOUT;
	case ATTESTED_REFUSED:
		return REACH_FOREIGN;
	case ATTESTED_NO_MEMORY:
		break;
	}
	return REACH_NO_MEMORY;
}

enum reach remote_secure(struct client *client, int64_t deadline, struct channel *channel)
{
	char why[ATTESTED_WHY_SIZE] = "";
	struct attested_key key;
	enum attested_result result = ATTESTED_OK;

	pthread_mutex_lock(&client->lock);
	key = client->remote_key;
	pthread_mutex_unlock(&client->lock);
	result = client->remote->secure(client->attested, channel, deadline, &key, why);
	if (result == ATTESTED_OK) {
		pthread_mutex_lock(&client->lock);
		client->remote_key = key;
		pthread_mutex_unlock(&client->lock);
	} else if (result == ATTESTED_REFUSED) {
		log_error("daemon at %s is not trusted: %s", client->settings->endpoint, why);
	} else {
		log_warning("daemon at %s: %s", client->settings->endpoint, why);
	}
	return remote_reach(result);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave status: the daemon, its platform and memory, the tokens, and what in the store was refused.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void add_setting(const char *section, const char *key, const char *value, void *arg)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", section, key);
	(void)json_object_set_new(arg, name, json_string(value));
}

static json_t *daemon_facts(const struct status_response *s)
{
	json_t *daemon = json_object();

	json_object_set_new(daemon, "software", cli_json_text(s->software));
	json_object_set_new(daemon, "pid", json_integer((json_int_t)s->pid));
	json_object_set_new(daemon, "up seconds", json_integer((json_int_t)s->uptime_s));
	json_object_set_new(daemon, "platform", cli_json_text(s->platform));
	json_object_set_new(daemon, "TEE", json_boolean(s->tee));
	json_object_set_new(daemon, "root protector", cli_json_text(s->protector));
	if (s->kms_key.size)
		json_object_set_new(daemon, "KMS key", cli_json_text(s->kms_key));
	json_object_set_new(daemon, "rollback protection", cli_json_text(s->rollback));
	json_object_set_new(daemon, "store", cli_json_hex(s->store_uuid));
	json_object_set_new(daemon, "threads", json_integer((json_int_t)s->threads));
	json_object_set_new(daemon, "connections", json_integer((json_int_t)s->connections));
	json_object_set_new(daemon, "applications", json_integer((json_int_t)s->contexts));
	json_object_set_new(daemon, "requests", json_integer((json_int_t)s->requests));
	json_object_set_new(daemon, "secret memory", json_integer((json_int_t)s->secret_bytes));
	json_object_set_new(daemon, "locked memory", json_integer((json_int_t)s->locked_bytes));
	json_object_set_new(daemon, "memory that could be swapped", json_integer((json_int_t)s->unlocked_bytes));
	json_object_set_new(daemon, "objects", json_integer((json_int_t)s->objects));
	json_object_set_new(daemon, "damaged records", json_integer((json_int_t)s->damaged));
	return daemon;
}

static json_t *token_facts(struct cli *cli, uint64_t slot)
{
	struct cli_token token = {0};
	json_t *value = NULL;
	CK_RV rv = cli_token_read(cli, slot, &token);

	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		return json_pack("{s:I, s:b}", "slot", (json_int_t)slot, "damaged", 1);
	if (rv != CKR_OK)
		return NULL;
	if (token.flags & CKF_TOKEN_INITIALIZED) {
		value = json_pack("{s:s, s:s, s:I, s:I, s:o, s:b, s:b}", "token", token.label, "serial", token.serial,
				  "slot", (json_int_t)slot, "objects", (json_int_t)token.objects, "identity",
				  cli_json_hex(buffer_span(&token.identity)), "user PIN set",
				  (token.flags & CKF_USER_PIN_INITIALIZED) != 0, "user PIN locked",
				  (token.flags & CKF_USER_PIN_LOCKED) != 0);
	}
	cli_token_free(&token);
	return value;
}

static CK_RV add_tokens(struct cli *cli, json_t *result)
{
	struct numbers slots = {0};
	json_t *tokens = json_array();
	CK_RV rv = client_slots(cli->client, &slots);

	for (size_t i = 0; rv == CKR_OK && i < slots.count; i++) {
		json_t *token = token_facts(cli, slots.item[i]);

		if (token)
			json_array_append_new(tokens, token);
	}
	json_object_set_new(result, "tokens", tokens);
	return rv;
}

static CK_RV add_damage(struct cli *cli, json_t *result)
{
	const struct empty nothing = {0};
	struct client_answer answer = {0};
	json_t *list = json_array();
	CK_RV rv = client_call(cli->client, REQUEST_DAMAGE, &nothing, &answer);

	if (rv == CKR_OK)
		for (size_t i = 0; i < answer.message.damage_response.names.count; i++)
			json_array_append_new(list, cli_json_text(answer.message.damage_response.names.item[i]));
	client_done(&answer);
	json_object_set_new(result, "damaged", list);
	return rv;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{"settings", no_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	const struct empty nothing = {0};
	struct client_answer answer = {0};
	json_t *result = json_object(), *settings = NULL;
	bool with_settings = false;
	int option = 0;
	CK_RV rv = CKR_OK;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 's') {
			json_decref(result);
			return CLI_USAGE;
		}
		with_settings = true;
	}
	json_object_set_new(result, "endpoint", json_string(cli->settings.endpoint));
	if (with_settings) {
		settings = json_object();
		settings_each(&cli->settings, add_setting, settings);
		json_object_set_new(result, "settings", settings);
	}
	/* To look at it is no reason to make a store. */
	client_start_policy(cli->client, CLIENT_START_STORE);
	rv = client_call(cli->client, REQUEST_STATUS, &nothing, &answer);
	if (rv == CKR_OK)
		json_object_set_new(result, "daemon", daemon_facts(&answer.message.status_response));
	client_done(&answer);
	if (rv == CKR_OK)
		rv = add_tokens(cli, result);
	if (rv == CKR_OK)
		rv = add_damage(cli, result);
	if (rv == CKR_OK)
		return cli_print(cli, result);
	json_decref(result);
	return cli_error_rv(cli, rv, "asking for the status");
}

const struct cli_command cli_status = {
	.name = "status",
	.arguments = "[--settings]",
	.summary = "Show the daemon, its platform, its tokens, and damage in the store",
	.details = "--settings adds every setting and its value (keyclave.conf(5)).\n",
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave derive: a key for an application, from the token's own root and a label. Nothing has to be kept: the same
 * label gives the same key again.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/cli.h"
#include "mechanism/keyclave.h"

#define SESSION 1

struct derive_options {
	const char *label;
	const char *type;
	const char *out;
	const char *object;
	const char *uri;
	const char *pin_file;
	bool bind;
	CK_KEY_TYPE key_type;
	size_t size; /* bytes */
};

/* "generic:256", "aes:256". */
static bool parse_type(struct derive_options *o)
{
	static const struct {
		const char *name;
		CK_KEY_TYPE key_type;
	} types[] = {{"generic", CKK_GENERIC_SECRET}, {"secret", CKK_GENERIC_SECRET}, {"aes", CKK_AES}};
	const char *text = o->type ? o->type : "generic:256";
	size_t n = strcspn(text, ":");
	char *end = NULL;
	unsigned long bits = 256;

	if (text[n]) {
		bits = strtoul(text + n + 1, &end, 10);
		if (*end || bits % 8 || !bits)
			return false;
	}
	o->size = bits / 8;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strlen(types[i].name) == n && strncasecmp(text, types[i].name, n) == 0) {
			o->key_type = types[i].key_type;
			return true;
		}
	}
	return false;
}

static int parse(const struct cli *cli, int argc, char **argv, struct derive_options *o)
{
	static const struct option options[] = {
		{"label", required_argument, NULL, 'l'},  {"type", required_argument, NULL, 't'},
		{"out", required_argument, NULL, 'o'},	  {"object", required_argument, NULL, 'j'},
		{"pin-file", required_argument, NULL, 'p'}, {"bind-measurement", no_argument, NULL, 'b'},
		{NULL, 0, NULL, 0},
	};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			o->label = optarg;
			break;
		case 't':
			o->type = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'j':
			o->object = optarg;
			break;
		case 'p':
			o->pin_file = optarg;
			break;
		case 'b':
			o->bind = true;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		o->uri = argv[optind++];
	if (!parse_type(o)) {
		cli_error(cli, "%s: not a type of derived key; see keyclave derive --help", o->type);
		return CLI_USAGE;
	}
	if (o->label && strlen(o->label) > MECHANISM_INFO_MAX) {
		cli_error(cli, "--label takes at most %d bytes", MECHANISM_INFO_MAX);
		return CLI_USAGE;
	}
	return optind == argc && o->label && !(o->out && o->object) ? CLI_OK : CLI_USAGE;
}

static int explain(const struct cli *cli, const struct derive_options *o, CK_RV rv)
{
	if (rv == CKR_FUNCTION_NOT_SUPPORTED && o->bind)
		return cli_error(cli, "deriving a key: this platform measures nothing that a key could be bound to");
	if (rv == CKR_ATTRIBUTE_VALUE_INVALID && !o->object)
		return cli_error(cli, "deriving a key: the token lets no key out (extractable = refuse, "
				      "keyclave.conf(5)); --object makes it a key in the token");
	return cli_error_rv(cli, rv, "deriving a key");
}

/* With --object a key of the token, which stays there; else one of the session, to be read. */
static CK_RV derive(struct cli *cli, const struct cli_token *token, const struct derive_options *o,
		    CK_OBJECT_HANDLE *handle)
{
	static const uint8_t yes[] = {1}, no[] = {0};
	struct derive_request request = {
		.slot = token->slot,
		.session = SESSION,
		.base_key = HANDLE_ROOT,
		.mechanism = {.row = mechanism_find(CKM_HKDF_DERIVE),
			      .hash = CKM_SHA256,
			      .extract = 1,
			      .expand = 1,
			      .info = span_text(o->label)},
	};
	struct attributes *t = &request.template;
	struct client_answer answer = {0};
	uint8_t type[8], size[8];
	CK_RV rv = CKR_OK;

	attribute_put_ulong(type, o->key_type);
	attribute_put_ulong(size, o->size);
	(void)attributes_add(t, CKA_KEY_TYPE, (struct span){type, sizeof(type)});
	(void)attributes_add(t, CKA_VALUE_LEN, (struct span){size, sizeof(size)});
	(void)attributes_add(t, CKA_TOKEN, (struct span){o->object ? yes : no, 1});
	if (o->object) {
		(void)attributes_add(t, CKA_LABEL, span_text(o->object));
	} else {
		(void)attributes_add(t, CKA_SENSITIVE, (struct span){no, 1});
		(void)attributes_add(t, CKA_EXTRACTABLE, (struct span){yes, 1});
	}
	if (o->bind)
		(void)attributes_add(t, CKA_KEYCLAVE_BIND_MEASUREMENT, (struct span){yes, 1});
	rv = client_call(cli->client, REQUEST_DERIVE, &request, &answer);
	if (rv == CKR_OK)
		*handle = answer.message.handle_response.handle;
	client_done(&answer);
	return rv;
}

/* Never over what is there: it may be a key that something still needs. */
static int write_key(const struct cli *cli, const char *path, struct span key)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	bool written = false;

	if (fd < 0)
		return cli_error(cli, "%s: %s", path, strerror(errno));
	written = write(fd, key.data, key.size) == (ssize_t)key.size;
	if (close(fd) != 0 || !written) {
		(void)unlink(path);
		return cli_error(cli, "%s: it could not be written whole", path);
	}
	return CLI_OK;
}

static int show(struct cli *cli, const struct cli_token *token, const struct derive_options *o, CK_OBJECT_HANDLE handle)
{
	struct get_request request = {
		.slot = token->slot, .handle = handle, .types = {.item = {CKA_VALUE}, .count = 1}};
	struct client_answer answer = {0};
	struct span key = {0};
	int status = CLI_OK;
	CK_RV rv = client_call(cli->client, REQUEST_GET, &request, &answer);

	if (rv == CKR_OK)
		key = answer.message.get_response.attributes.item[0].value;
	if (rv != CKR_OK || !key.size)
		status = cli_error_rv(cli, rv == CKR_OK ? CKR_ACTION_PROHIBITED : rv, "reading the derived key");
	else if (o->out)
		status = write_key(cli, o->out, key);
	if (status == CLI_OK && o->out)
		status = cli_print(cli, json_pack("{s:s}", "file", o->out));
	else if (status == CLI_OK)
		status = cli_print(cli, json_pack("{s:o}", "key", cli_json_hex(key)));
	client_done(&answer);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct derive_options o = {0};
	struct cli_token token = {0};
	struct uri uri = {0};
	CK_OBJECT_HANDLE handle = 0;
	CK_RV rv = CKR_OK;
	int status = parse(cli, argc, argv, &o);

	if (status == CLI_OK)
		status = cli_login_token(cli, o.uri, o.pin_file, true, &uri, &token);
	else
		cli_error(cli, "usage: keyclave derive %s", cli_derive.arguments);
	if (status == CLI_OK) {
		rv = derive(cli, &token, &o, &handle);
		if (rv != CKR_OK)
			status = explain(cli, &o, rv);
		else if (o.object)
			status = cli_print(cli, json_pack("{s:o}", "uri",
							  cli_object_uri(&token, CKO_SECRET_KEY, span_text(o.object),
									 (struct span){0})));
		else
			status = show(cli, &token, &o, handle);
	}
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_derive = {
	.name = "derive",
	.arguments = "--label TEXT [--type generic:BITS|aes:BITS] [--bind-measurement] [--out FILE | --object LABEL]\n"
		     "                       [--pin-file FILE] [URI]",
	.summary = "Derive a key from the token's root and a label",
	.details = "The same token, label and length give the same key again, after a restart and after an update too;\n"
		   "another token, label or length another one. With --bind-measurement another measurement of the\n"
		   "enclave, and so every update, gets another key as well.\n"
		   "--object keeps the key in the token under that label, where it never leaves. Otherwise it is printed\n"
		   "in hexadecimal, or written to FILE, which must not be there, as it is: for tokens that let keys out\n"
		   "(extractable = allow).\n",
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave keygen: a key, or a pair, born in the enclave.
 */
#include "config.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "common/memory.h"

#define ID_SIZE 16

struct keygen_options {
	const char *type;
	const char *label;
	const char *token;
	const char *pin_file;
	struct buffer id;
	bool extractable;
	bool always_authenticate;
};

static int parse(const struct cli *cli, int argc, char **argv, struct keygen_options *o)
{
	static const struct option options[] = {
		{"type", required_argument, NULL, 't'},	   {"label", required_argument, NULL, 'l'},
		{"id", required_argument, NULL, 'i'},	   {"token", required_argument, NULL, 'k'},
		{"pin-file", required_argument, NULL, 'p'}, {"extractable", no_argument, NULL, 'x'},
		{"always-authenticate", no_argument, NULL, 'a'}, {NULL, 0, NULL, 0},
	};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 't':
			o->type = optarg;
			break;
		case 'l':
			o->label = optarg;
			break;
		case 'i':
			if (!cli_hex(optarg, &o->id, 256)) {
				cli_error(cli, "--id takes hexadecimal digits, an even number of them");
				return CLI_USAGE;
			}
			break;
		case 'k':
			o->token = optarg;
			break;
		case 'p':
			o->pin_file = optarg;
			break;
		case 'x':
			o->extractable = true;
			break;
		case 'a':
			o->always_authenticate = true;
			break;
		default:
			return CLI_USAGE;
		}
	}
	return optind == argc && o->type && o->label ? CLI_OK : CLI_USAGE;
}

/* What the templates borrow. */
struct values {
	uint8_t yes, no;
	uint8_t size[8];
};

struct plan {
	const struct mechanism_row *row;
	const struct mechanism_curve *curve; /* NULL: no curve key */
	size_t size;			     /* bits of RSA, bytes of a secret */
	bool pair;
};

static const struct mechanism_row *generator(CK_KEY_TYPE key_type, CK_FLAGS flag)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);

	for (size_t i = 0; i < count; i++)
		if ((rows[i].flags & flag) && mechanism_takes_key(&rows[i], key_type))
			return &rows[i];
	return NULL;
}

/* "rsa:3072", "ec:P-256", "ed25519", "x25519", "aes:256", "secret:32". */
static bool plan_key(const char *type, struct plan *plan)
{
	static const struct {
		const char *name;
		CK_KEY_TYPE key_type;
		size_t otherwise; /* the size when none is given */
		size_t unit;	  /* of the number that is given */
	} sized[] = {
		{"rsa", CKK_RSA, 3072, 1},
		{"aes", CKK_AES, 256, 8},
		{"secret", CKK_GENERIC_SECRET, 256, 8},
	};
	size_t n = strcspn(type, ":");
	const char *argument = type[n] ? type + n + 1 : NULL;

	for (size_t i = 0; i < sizeof(sized) / sizeof(sized[0]); i++) {
		if (strlen(sized[i].name) != n || strncasecmp(type, sized[i].name, n) != 0)
			continue;
		plan->pair = sized[i].key_type == CKK_RSA;
		plan->size = (argument ? strtoul(argument, NULL, 10) : sized[i].otherwise) / sized[i].unit;
		plan->row = generator(sized[i].key_type, plan->pair ? CKF_GENERATE_KEY_PAIR : CKF_GENERATE);
		return plan->row && plan->size;
	}
	plan->pair = true;
	plan->curve = mechanism_curve_named(n == 2 && argument ? argument : type);
	if (plan->curve)
		plan->row = generator(plan->curve->key_type, CKF_GENERATE_KEY_PAIR);
	return plan->row != NULL;
}

static void common_template(const struct keygen_options *o, const struct values *v, struct attributes *t)
{
	(void)attributes_add(t, CKA_TOKEN, (struct span){&v->yes, 1});
	(void)attributes_add(t, CKA_LABEL, span_text(o->label));
	(void)attributes_add(t, CKA_ID, buffer_span(&o->id));
}

static void secret_template(const struct keygen_options *o, const struct values *v, struct attributes *t)
{
	if (o->extractable)
		(void)attributes_add(t, CKA_EXTRACTABLE, (struct span){&v->yes, 1});
}

static CK_RV generate_pair(struct cli *cli, uint64_t slot, const struct keygen_options *o,
			   const struct plan *plan, struct values *v)
{
	struct generate_pair_request request = {.slot = slot, .mechanism = {.row = plan->row}};

	common_template(o, v, &request.public_template);
	common_template(o, v, &request.private_template);
	secret_template(o, v, &request.private_template);
	if (o->always_authenticate)
		(void)attributes_add(&request.private_template, CKA_ALWAYS_AUTHENTICATE, (struct span){&v->yes, 1});
	if (plan->curve)
		(void)attributes_add(&request.public_template, CKA_EC_PARAMS,
				     (struct span){plan->curve->params, plan->curve->params_size});
	else
		(void)attributes_add(&request.public_template, CKA_MODULUS_BITS, (struct span){v->size, 8});
	return client_tell(cli->client, REQUEST_GENERATE_PAIR, &request);
}

static CK_RV generate_secret(struct cli *cli, uint64_t slot, const struct keygen_options *o,
			     const struct plan *plan, struct values *v)
{
	struct generate_request request = {.slot = slot, .mechanism = {.row = plan->row}};

	common_template(o, v, &request.template);
	secret_template(o, v, &request.template);
	(void)attributes_add(&request.template, CKA_VALUE_LEN, (struct span){v->size, 8});
	return client_tell(cli->client, REQUEST_GENERATE, &request);
}

static int generate(struct cli *cli, const struct cli_token *token, struct keygen_options *o)
{
	struct values v = {.yes = 1};
	struct plan plan = {0};
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_RV rv = CKR_OK;

	if (!plan_key(o->type, &plan))
		return cli_error(cli, "%s: not a type of key here; see keyclave keygen --help", o->type);
	attribute_put_ulong(v.size, plan.size);
	if (o->id.size == 0 && (!buffer_resize(&o->id, ID_SIZE) || !memory_random(o->id.data, ID_SIZE)))
		return cli_error_rv(cli, CKR_HOST_MEMORY, "choosing an id");
	if (plan.pair) {
		rv = generate_pair(cli, token->slot, o, &plan, &v);
	} else {
		class = CKO_SECRET_KEY;
		rv = generate_secret(cli, token->slot, o, &plan, &v);
	}
	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "generating a key");
	return cli_print(cli, json_pack("{s:o, s:o}", "uri",
					cli_object_uri(token, class, span_text(o->label), buffer_span(&o->id)),
					"id", cli_json_hex(buffer_span(&o->id))));
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct keygen_options o = {0};
	struct cli_token token = {0};
	struct uri uri = {0};
	int status = parse(cli, argc, argv, &o);

	if (status == CLI_OK)
		status = cli_login_token(cli, o.token, o.pin_file, true, &uri, &token);
	else
		cli_error(cli, "usage: keyclave keygen %s", cli_keygen.arguments);
	if (status == CLI_OK)
		status = generate(cli, &token, &o);
	buffer_free(&o.id);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_keygen = {
	.name = "keygen",
	.arguments = "--type TYPE --label LABEL [--id HEX] [--token URI] [--pin-file FILE] [--extractable]\n"
		     "                       [--always-authenticate]",
	.summary = "Generate a key in the enclave and print its URI",
	.details = "TYPE: rsa[:BITS] ec:P-256 ec:P-384 ec:P-521 ed25519 x25519 aes[:BITS] secret[:BITS]\n"
		   "Without --id a random one is chosen; a pair's two halves have the same.\n"
		   "--extractable allows the key to be wrapped out, where the token's policy does.\n"
		   "--always-authenticate wants the PIN for each use of the key.\n",
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every sub-command of `keyclave` gets, and what the files of this folder share: the table of
 * commands, finding a token and objects, PINs, and output for people or as JSON. A client like any other.
 */
#ifndef KEYCLAVE_CLI_CLI_H
#define KEYCLAVE_CLI_CLI_H

#include <jansson.h>

#include "client/client.h"
#include "client/uri.h"

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2, /* and `verify`: unusable input */
};

struct cli {
	struct settings settings;
	struct client *client;
	bool json;
};

/* One sub-command: a row of the table in main.c, a file of its own. */
struct cli_command {
	const char *name;
	const char *arguments; /* "URI --nonce HEX" */
	const char *summary;   /* one line */
	const char *details;   /* what --help says beyond that */
	int (*run)(struct cli *cli, int argc, char **argv); /* argv[0] is the name; an enum cli_exit */
};

extern const struct cli_command cli_init, cli_status, cli_list, cli_keygen, cli_import, cli_delete, cli_pin,
	cli_attest, cli_verify, cli_policy, cli_csr, cli_cert, cli_uri, cli_derive, cli_tpm_policy,
	cli_measure, cli_migrate, cli_rotate_root;

/* An error for the user: one line on stderr, or {"error": ...} on stdout with --json. Returns CLI_FAILED. */
int cli_error(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a CK_RV from WHAT, with advice where there is one. */
int cli_error_rv(const struct cli *cli, CK_RV rv, const char *what);

/* Prints RESULT (stolen): as JSON, or a line "name: value" for each member. CLI_OK, or CLI_FAILED: no memory. */
int cli_print(const struct cli *cli, json_t *result);

/* Hexadecimal digits to bytes; false: malformed, or more than MAX bytes. */
bool cli_hex(const char *text, struct buffer *bytes, size_t max);
json_t *cli_json_hex(struct span bytes);
json_t *cli_json_text(struct span text);

/* The whole of a file ("-": stdin), at most MAX bytes; an error is printed. */
bool cli_read_file(const struct cli *cli, const char *path, size_t max, struct buffer *content);

/* To PATH, or stdout when it is NULL or "-"; an error is printed. */
bool cli_write_file(const struct cli *cli, const char *path, struct span content);

/* ---- tokens and objects (target.c) ---- */

struct cli_token {
	uint64_t slot;
	char label[64];
	char serial[32];
	CK_FLAGS flags;
	unsigned pin_min;
	struct buffer identity; /* SubjectPublicKeyInfo */
	char platform[32];
	char protector[64];
	char rollback[32];
	bool weak_pin;
	uint64_t objects;
};
void cli_token_free(struct cli_token *token);

/*
 * The one initialised token that the URI (NULL: any) matches, attached. CLI_OK; otherwise an error that says
 * what to do was printed.
 */
int cli_token_find(struct cli *cli, const struct uri *uri, struct cli_token *token);

/* Fills TOKEN for one slot. */
CK_RV cli_token_read(struct cli *cli, uint64_t slot, struct cli_token *token);

/* URI's text to struct; an error was printed when not CLI_OK. NULL gives the URI that matches everything. */
int cli_uri_parse(const struct cli *cli, const char *text, struct uri *uri);

struct cli_objects {
	CK_OBJECT_HANDLE *handle;
	size_t count;
};
void cli_objects_free(struct cli_objects *objects);

/* All objects that the URI's class, label and id match, by handle. */
CK_RV cli_objects_find(struct cli *cli, const struct cli_token *token, const struct uri *uri,
		       struct cli_objects *objects);

/* Those whose records were refused; after a login. */
CK_RV cli_objects_find_damaged(struct cli *cli, const struct cli_token *token, struct cli_objects *objects);

/*
 * The one key that the URI names; without a type, a pair's private half stands for both. CLI_OK; otherwise an error was
 * printed.
 */
int cli_key_find(struct cli *cli, const struct cli_token *token, struct uri *uri, CK_OBJECT_HANDLE *handle);

/* The canonical URI of an object; JSON null when it has no class that a URI can name. */
json_t *cli_object_uri(const struct cli_token *token, CK_OBJECT_CLASS class, struct span label, struct span id);

/* "private", "cert" ...: the type= of RFC 7512, or NULL. */
const char *cli_class_name(CK_OBJECT_CLASS class);

/* ---- PINs (secret.c) ---- */

/*
 * A PIN: the URI's own, else the first line of FILE (NULL: none), else typed at the terminal after PROMPT, twice if
 * CONFIRM. An error was printed when not CLI_OK. PIN is .secret.
 */
int cli_secret(const struct cli *cli, const struct uri *uri, const char *file, const char *prompt, bool confirm,
	       struct buffer *pin);

/* Logs in as the user with cli_secret, unless the token needs none. */
int cli_login(struct cli *cli, const struct cli_token *token, const struct uri *uri, const char *pin_file);

/* The same as the security officer, with the PIN in SO_PIN_FILE; without one as cli_login. */
int cli_login_any(struct cli *cli, const struct cli_token *token, const struct uri *uri, const char *pin_file,
		  const char *so_pin_file);

/*
 * What most commands begin with: the URI in TEXT (NULL: any), its token, and the login: NEEDED, or only when
 * PIN_FILE or the URI give a PIN. URI and TOKEN are the caller's to free, whatever comes back.
 */
int cli_login_token(struct cli *cli, const char *text, const char *pin_file, bool needed, struct uri *uri,
		    struct cli_token *token);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PINs: from the URI, from a file, or typed without echo. Never from argv or the environment.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"
#include "common/memory.h"

/* One line from the terminal FD, without echo, of at most SIZE bytes. -1: none. */
static ssize_t read_line(int fd, char *line, size_t size)
{
	struct termios before, quiet;
	size_t n = 0;
	bool terminal = tcgetattr(fd, &before) == 0;
	char c = 0;

	if (terminal) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
		quiet.c_lflag |= ECHONL;
		tcsetattr(fd, TCSAFLUSH, &quiet);
	}
	while (n < size && read(fd, &c, 1) == 1 && c != '\n')
		line[n++] = c;
	if (terminal)
		tcsetattr(fd, TCSAFLUSH, &before);
	return n ? (ssize_t)n : -1;
}

static int ask(const struct cli *cli, const char *prompt, struct buffer *pin)
{
	char line[PROTOCOL_PIN_MAX];
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	ssize_t n = -1;
	int status = CLI_OK;

	if (fd < 0)
		return cli_error(cli, "no terminal to ask for the %s: give a file with it", prompt);
	if (dprintf(fd, "%s: ", prompt) > 0)
		n = read_line(fd, line, sizeof(line));
	close(fd);
	if (n < 0)
		status = cli_error(cli, "no %s was given", prompt);
	else if (!buffer_set(pin, line, (size_t)n))
		status = cli_error_rv(cli, CKR_HOST_MEMORY, "reading the PIN");
	memory_wipe(line, sizeof(line));
	return status;
}

int cli_secret(const struct cli *cli, const struct uri *uri, const char *file, const char *prompt, bool confirm,
	       struct buffer *pin)
{
	/* Borrowed: uri_pin reads pin_source only. */
	struct uri from_file = {.pin_source = (char *)(uintptr_t)file};
	struct buffer again = {.secret = true};
	int status = CLI_OK;
	CK_RV rv = CKR_OK;

	pin->secret = true;
	if (uri && (uri->has_pin_value || uri->pin_source))
		rv = uri_pin(uri, pin);
	else if (file)
		rv = uri_pin(&from_file, pin);
	if (rv != CKR_OK)
		return cli_error(cli, "the %s cannot be read", prompt);
	if (pin->size)
		return CLI_OK;
	if (file)
		return cli_error(cli, "%s: holds no %s", file, prompt);
	status = ask(cli, prompt, pin);
	if (status == CLI_OK && confirm)
		status = ask(cli, "once more", &again);
	if (status == CLI_OK && confirm && !span_equal(buffer_span(pin), buffer_span(&again)))
		status = cli_error(cli, "the two differ");
	buffer_free(&again);
	return status;
}

static int login(struct cli *cli, const struct cli_token *token, CK_USER_TYPE user, const struct uri *uri,
		 const char *file)
{
	struct buffer pin = {.secret = true};
	CK_RV rv = CKR_OK;
	int status = cli_secret(cli, uri, file, user == CKU_SO ? "security officer's PIN" : "user PIN", false, &pin);

	if (status == CLI_OK) {
		rv = client_login(cli->client, token->slot, user, buffer_span(&pin));
		if (rv != CKR_OK)
			status = cli_error_rv(cli, rv, "logging in");
	}
	buffer_free(&pin);
	return status;
}

int cli_login(struct cli *cli, const struct cli_token *token, const struct uri *uri, const char *pin_file)
{
	return token->flags & CKF_LOGIN_REQUIRED ? login(cli, token, CKU_USER, uri, pin_file) : CLI_OK;
}

int cli_login_token(struct cli *cli, const char *text, const char *pin_file, bool needed, struct uri *uri,
		    struct cli_token *token)
{
	int status = cli_uri_parse(cli, text, uri);

	if (status == CLI_OK)
		status = cli_token_find(cli, uri, token);
	if (status == CLI_OK && (needed || pin_file || uri->has_pin_value || uri->pin_source))
		status = cli_login(cli, token, uri, pin_file);
	return status;
}

int cli_login_any(struct cli *cli, const struct cli_token *token, const struct uri *uri, const char *pin_file,
		  const char *so_pin_file)
{
	return so_pin_file ? login(cli, token, CKU_SO, NULL, so_pin_file) : cli_login(cli, token, uri, pin_file);
}

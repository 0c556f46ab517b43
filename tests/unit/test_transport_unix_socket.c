/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints, channels, listeners and connections: modes whatever the umask is, stale sockets, paths
 * of any length, a full backlog, peers, numbers and flags of descriptors, socket activation.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/activation.h"
#include "transport/endpoint.h"
#include "transport/unix_socket.h"
#include "cmocka_test.h"

static char folder[] = "/tmp/keyclave-socket-XXXXXX";
static char path[600];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/run/socket", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char command[256] = "";

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static mode_t mode_of(const char *name)
{
	struct stat st = {0};

	assert_int_equal(lstat(name, &st), 0);
	return st.st_mode & 07777;
}

static void check_connection(const char *to, int listener)
{
	int client = -1;
	int server = -1;
	char c = 0;

	assert_int_equal(unix_socket_connect(to, 1000, &client), TRANSPORT_OK);
	assert_true(client >= CHANNEL_FD_MIN);
	assert_int_equal(fcntl(client, F_GETFD), FD_CLOEXEC);
	assert_false(fcntl(client, F_GETFL) & O_NONBLOCK);
	assert_int_equal(unix_socket_accept(listener, &server), TRANSPORT_OK);
	assert_int_equal(fcntl(server, F_GETFD), FD_CLOEXEC);
	assert_false(fcntl(server, F_GETFL) & O_NONBLOCK);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(read(server, &c, 1), 1);
	assert_int_equal(unix_socket_accept(listener, &server), TRANSPORT_WANT_MORE);
	close(client);
}

static void test_listen_and_connect(void **state)
{
	char run[100] = "";
	mode_t umask_before = umask(077);
	int listener = -1;

	(void)state;
	snprintf(run, sizeof(run), "%s/run", folder);
	assert_true(unix_socket_listen(path, 0666, 10, &listener));
	umask(umask_before);
	assert_int_equal(mode_of(run), 0755);
	assert_int_equal(mode_of(path), 0666);
	assert_int_equal(fcntl(listener, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(listener, F_GETFL) & O_NONBLOCK);
	check_connection(path, listener);
	close(listener);
	/* Now it is stale, and with a narrower mode under no umask at all. */
	umask_before = umask(0);
	assert_true(unix_socket_listen(path, 0600, 10, &listener));
	umask(umask_before);
	assert_int_equal(mode_of(path), 0600);
	check_connection(path, listener);
	close(listener);
	unlink(path);
}

static void test_directory_that_is_there_stays_as_it_is(void **state)
{
	char run[100] = "";
	char other[150] = "";
	int listener = -1;

	(void)state;
	snprintf(run, sizeof(run), "%s/mine", folder);
	snprintf(other, sizeof(other), "%s/socket", run);
	assert_int_equal(mkdir(run, 0700), 0);
	assert_true(unix_socket_listen(other, 0666, 10, &listener));
	assert_int_equal(mode_of(run), 0700);
	close(listener);
	unlink(other);
	rmdir(run);
	/* One directory is made, not a whole path. */
	snprintf(other, sizeof(other), "%s/none/none/socket", folder);
	assert_false(unix_socket_listen(other, 0666, 10, &listener));
	assert_int_equal(errno, ENOENT);
}

static void test_only_sockets_are_removed(void **state)
{
	char file[150] = "";
	int listener = -1;
	int fd = -1;

	(void)state;
	snprintf(file, sizeof(file), "%s/file", folder);
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_false(unix_socket_listen(file, 0666, 10, &listener));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(mode_of(file), 0600);
	unlink(file);
	/* Nor is a link followed. */
	assert_int_equal(symlink("/dev/null", file), 0);
	assert_false(unix_socket_listen(file, 0666, 10, &listener));
	assert_int_equal(errno, EEXIST);
	unlink(file);
}

static void test_long_paths(void **state)
{
	char deep[1100] = "";
	int listener = -1;

	(void)state;
	strcpy(deep, folder);
	for (int i = 0; i < 4; i++) {
		size_t at = strlen(deep);

		deep[at] = '/';
		memset(deep + at + 1, 'a' + i, 200);
		deep[at + 201] = 0;
		assert_int_equal(mkdir(deep, 0755), 0);
	}
	strcat(deep, "/run/keyclave.sock");
	assert_true(unix_socket_listen(deep, 0666, 10, &listener));
	assert_int_equal(mode_of(deep), 0666);
	check_connection(deep, listener);
	close(listener);
	assert_true(unix_socket_listen(deep, 0666, 10, &listener));
	check_connection(deep, listener);
	close(listener);
	/* Around the length that fits sun_path. */
	for (size_t length = 105; length <= 110; length++) {
		memset(path, 'n', sizeof(path));
		memcpy(path, folder, strlen(folder));
		path[strlen(folder)] = '/';
		path[length] = 0;
		assert_true(unix_socket_listen(path, 0666, 10, &listener));
		check_connection(path, listener);
		close(listener);
	}
	memset(path + strlen(folder) + 1, 'n', 200);
	path[strlen(folder) + 201] = 0;
	assert_false(unix_socket_listen(path, 0666, 10, &listener));
	assert_int_equal(errno, ENAMETOOLONG);
	snprintf(path, sizeof(path), "%s/run/socket", folder);
}

static void test_nobody_listens(void **state)
{
	int listener = -1;
	int fd = 0;

	(void)state;
	assert_int_equal(unix_socket_connect("/nowhere/to/be/found", 100, &fd), TRANSPORT_FAILED);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fd, -1);
	assert_true(unix_socket_listen(path, 0666, 10, &listener));
	close(listener);
	assert_int_equal(unix_socket_connect(path, 100, &fd), TRANSPORT_FAILED);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(unix_socket_connect("relative", 100, &fd), TRANSPORT_FAILED);
	unlink(path);
}

static void test_full_backlog_times_out(void **state)
{
	int listener = -1;
	int fd[64];
	int count = 0;
	enum transport_result result = TRANSPORT_OK;

	(void)state;
	assert_true(unix_socket_listen(path, 0666, 1, &listener));
	while (result == TRANSPORT_OK && count < 64)
		result = unix_socket_connect(path, 50, &fd[count++]);
	assert_int_equal(result, TRANSPORT_TIMEOUT);
	while (count-- > 0)
		if (fd[count] >= 0)
			close(fd[count]);
	close(listener);
	unlink(path);
}

static void test_peer(void **state)
{
	struct unix_socket_peer peer = {0};
	int listener = -1;
	int client = -1;
	int server = -1;
	int plain = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(unix_socket_listen(path, 0666, 10, &listener));
	assert_int_equal(unix_socket_connect(path, 1000, &client), TRANSPORT_OK);
	assert_int_equal(unix_socket_accept(listener, &server), TRANSPORT_OK);
	assert_true(unix_socket_peer(client, &peer));
	assert_true(peer.uid == geteuid() && peer.gid == getegid() && peer.pid == getpid());
	assert_true(unix_socket_peer(server, &peer));
	assert_true(peer.uid == geteuid());
	assert_true(unix_socket_peer_in_group(server, getegid()));
	assert_false(unix_socket_peer_in_group(server, 54321));
	assert_false(unix_socket_peer(plain, &peer));
	assert_false(unix_socket_peer_in_group(plain, getegid()));
	close(plain);
	close(client);
	close(server);
	close(listener);
	unlink(path);
}

/* A client with 200 supplementary groups, of which the last one counts. */
static void test_peer_groups(void **state)
{
	int listener = -1;
	int server = -1;
	pid_t pid = 0;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_true(unix_socket_listen(path, 0666, 10, &listener));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		gid_t groups[200];
		int client = -1;

		for (gid_t i = 0; i < 200; i++)
			groups[i] = 70000 + i;
		_exit(setgroups(200, groups) || unix_socket_connect(path, 1000, &client));
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(unix_socket_accept(listener, &server), TRANSPORT_OK);
	assert_true(unix_socket_peer_in_group(server, 70199));
	assert_false(unix_socket_peer_in_group(server, 70200));
	close(server);
	close(listener);
	unlink(path);
}

static void test_channel_notices_reuse(void **state)
{
	struct channel channel = CHANNEL_INIT;
	struct endpoint endpoint = {.kind = ENDPOINT_UNIX};
	int listener = -1;
	int number = -1;
	int other = -1;

	(void)state;
	assert_false(channel_intact(&channel));
	channel_close(&channel);
	assert_true(unix_socket_listen(path, 0666, 10, &listener));
	strcpy(endpoint.path, path);
	assert_int_equal(endpoint_connect(&endpoint, 1000, &channel), TRANSPORT_OK);
	assert_true(channel_intact(&channel));
	/* The host program closes all it does not know, and opens something of its own there. */
	number = channel.fd;
	close(number);
	assert_false(channel_intact(&channel));
	other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(dup2(other, number), number);
	assert_false(channel_intact(&channel));
	channel_forget(&channel);
	assert_int_equal(channel.fd, -1);
	assert_true(fcntl(number, F_GETFD) >= 0);
	assert_false(channel_open_socket(&channel, number));
	assert_int_equal(errno, ENOTSOCK);
	close(number);
	close(other);
	close(listener);
	unlink(path);
}

static void test_endpoint_parse(void **state)
{
	static const char *const bad[] = {
		"",	       "/run/socket",  "unix:",	      "unix:run/s",   "unix:/",	       "unix:/run/",
		"UNIX:/run/s", "unix+tls:run", "tcp:host",    "tcp::1",	      "tcp:host:0",    "tcp:host:65536",
		"tcp:host:1x", "tcp:::1:1",    "tcp:[]:1",    "vsock:1",      "vsock:x:1",     "vsock:1:",
		"vsock:-1:1",  "vsock:1:-1",   "vsock:1:1 ",  "vsock:4294967295:1",	       "tls:/run/s"};
	struct endpoint e = {.kind = 0};
	char why[200] = "";
	char deep[PATH_MAX + 10] = "unix:/";

	(void)state;
	assert_true(endpoint_parse("unix:/run/keyclave/keyclave.sock", &e, why, sizeof(why)));
	assert_int_equal(e.kind, ENDPOINT_UNIX);
	assert_string_equal(e.path, "/run/keyclave/keyclave.sock");
	assert_false(e.attested);
	assert_true(endpoint_parse("unix+tls:/run/keyclave/host.sock", &e, why, sizeof(why)));
	assert_int_equal(e.kind, ENDPOINT_UNIX);
	assert_true(e.attested);
	assert_string_equal(e.path, "/run/keyclave/host.sock");
	assert_true(endpoint_parse("vsock:16:5000", &e, why, sizeof(why)));
	assert_int_equal(e.kind, ENDPOINT_VSOCK);
	assert_true(e.attested && e.cid == 16 && e.port == 5000);
	assert_true(endpoint_parse("vsock:any:5000", &e, why, sizeof(why)));
	assert_true(e.cid == UINT32_MAX);
	assert_true(endpoint_parse("tcp:keys.example:5000", &e, why, sizeof(why)));
	assert_true(e.kind == ENDPOINT_TCP && e.attested && e.port == 5000);
	assert_string_equal(e.host, "keys.example");
	assert_true(endpoint_parse("tcp:[::1]:65535", &e, why, sizeof(why)));
	assert_string_equal(e.host, "::1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(endpoint_parse(bad[i], &e, why, sizeof(why)));
		assert_non_null(strstr(why, "unix:/absolute/path"));
		assert_false(endpoint_parse(bad[i], &e, NULL, 0));
	}
	memset(deep + 6, 'x', PATH_MAX);
	assert_false(endpoint_parse(deep, &e, why, sizeof(why)));
	assert_non_null(strstr(why, "too long"));
}

/* Becomes a process as a service manager starts it, with FDS (COUNT of them) from 3 on. */
static int activated_as(const int *fds, int count, const char *announced, int max)
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (!pid) {
		char number[32] = "";
		int got[4] = {-1, -1, -1, -1};
		int high[4];
		int n = 0;

		for (int i = 0; i < count; i++)
			high[i] = fcntl(fds[i], F_DUPFD, 100);
		for (int i = 0; i < count; i++)
			dup2(high[i], 3 + i);
		snprintf(number, sizeof(number), "%d", (int)getpid());
		setenv("LISTEN_PID", announced ? "1" : number, 1);
		snprintf(number, sizeof(number), "%d", count);
		setenv("LISTEN_FDS", announced ? announced : number, 1);
		n = activation_listeners(got, max);
		for (int i = 0; i < n; i++)
			if (got[i] != 3 + i || fcntl(got[i], F_GETFD) != FD_CLOEXEC ||
			    !(fcntl(got[i], F_GETFL) & O_NONBLOCK))
				n = 50;
		if (getenv("LISTEN_FDS") || getenv("LISTEN_PID"))
			n = 51;
		_exit(n < 0 ? 60 + (errno == EINVAL) : n);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_activation(void **state)
{
	int fds[3] = {-1, -1, -1};
	int deaf = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int inet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char other[700] = "";

	(void)state;
	snprintf(other, sizeof(other), "%s.other", path);
	assert_true(unix_socket_listen(path, 0666, 10, &fds[0]));
	assert_true(unix_socket_listen(other, 0666, 10, &fds[1]));
	assert_int_equal(activated_as(fds, 1, NULL, 4), 1);
	assert_int_equal(activated_as(fds, 2, NULL, 4), 2);
	assert_int_equal(activated_as(fds, 2, NULL, 1), 60);
	assert_int_equal(activated_as(fds, 1, "1", 4), 0); /* meant for another process */
	fds[2] = deaf;
	assert_int_equal(activated_as(fds, 3, NULL, 4), 61);
	fds[2] = inet;
	if (inet >= 0)
		assert_int_equal(activated_as(fds, 3, NULL, 4), 61);
	assert_int_equal(activated_as(fds, 0, NULL, 4), 0);
	close(fds[0]);
	close(fds[1]);
	close(deaf);
	close(inet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listen_and_connect),
		cmocka_unit_test(test_directory_that_is_there_stays_as_it_is),
		cmocka_unit_test(test_only_sockets_are_removed),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_full_backlog_times_out),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_peer_groups),
		cmocka_unit_test(test_channel_notices_reuse),
		cmocka_unit_test(test_endpoint_parse),
		cmocka_unit_test(test_activation),
	};

	return cmocka_run_group_tests_name("transport/unix_socket", tests, make_folder, remove_folder);
}

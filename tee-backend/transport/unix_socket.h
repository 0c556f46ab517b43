/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix stream sockets, client and listener side by side. Paths longer than sun_path go through
 * their directory's descriptor, so that any path works. Peer credentials are the kernel's word.
 */
#ifndef KEYCLAVE_TRANSPORT_UNIX_SOCKET_H
#define KEYCLAVE_TRANSPORT_UNIX_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "transport/result.h"

/* Connects to PATH; *FD is close-on-exec, blocking, >= CHANNEL_FD_MIN. errno kept when not OK. */
enum transport_result unix_socket_connect(const char *path, unsigned timeout_ms, int *fd);

/*
 * Listens on PATH. A missing last directory is made with mode 0755 whatever the umask is; the
 * socket gets MODE whatever the umask is, and never more before it has it. A stale socket at PATH
 * is removed, so the caller holds the lock that proves it stale; anything but a socket is left
 * alone (EEXIST). *FD is close-on-exec and non-blocking. False: errno.
 */
bool unix_socket_listen(const char *path, mode_t mode, int backlog, int *fd);

/*
 * The next connection, close-on-exec and blocking: a call on it that must not wait says so. WANT_MORE:
 * nobody waits, or he is gone again. FAILED: errno, of which EMFILE and ENFILE ask the caller to pause.
 */
enum transport_result unix_socket_accept(int listener, int *fd);

struct unix_socket_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/* Who connected (for a client: who listened), at the time of connect(2) or listen(2). False: errno.
 */
bool unix_socket_peer(int fd, struct unix_socket_peer *peer);

/* True if GID is the peer's primary or one of its supplementary groups (SO_PEERGROUPS). */
bool unix_socket_peer_in_group(int fd, gid_t gid);

#endif

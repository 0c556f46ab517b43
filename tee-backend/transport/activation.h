/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listeners that a service manager opened for us (sd_listen_fds(3)), without its library. Called
 * once by the daemon when it starts.
 */
#ifndef KEYCLAVE_TRANSPORT_ACTIVATION_H
#define KEYCLAVE_TRANSPORT_ACTIVATION_H

/*
 * The listeners that were passed (LISTEN_PID, LISTEN_FDS, from descriptor 3 on): up to MAX of them
 * into FDS, each made close-on-exec and non-blocking; the variables are removed, whatever comes of
 * it. The number of them; 0: none were passed to this process; -1: something else than listening
 * stream sockets (unix, vsock, TCP) was passed (errno EINVAL), or more than MAX (E2BIG). Before there are
 * threads.
 */
int activation_listeners(int *fds, int max);

#endif

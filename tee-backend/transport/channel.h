/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connected byte stream: a descriptor and the two calls that move bytes over it. Plain sockets
 * are the only kind in this file; a TLS channel brings its own calls and state. Owned by one thread
 * at a time, on both sides of the trust boundary.
 */
#ifndef KEYCLAVE_TRANSPORT_CHANNEL_H
#define KEYCLAVE_TRANSPORT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Descriptors of clients are kept at this number and above (DESIGN 7.7). */
#define CHANNEL_FD_MIN 64

/* Descriptors that one message may carry. */
#define CHANNEL_FDS_MAX 4

/* Descriptors that travel with bytes; on receipt owned by whoever holds this struct. */
struct channel_fds {
	int fd[CHANNEL_FDS_MAX];
	size_t count;
};

struct channel;

struct channel_ops {
	/*
	 * As recv(2) and sendmsg(2): bytes moved, 0 for end of stream (receive), -1 with errno.
	 * WAIT false: never blocks. WAIT true: may block for at most CHANNEL_SLICE_MS. EAGAIN in
	 * either case means: poll for *EVENTS. FDS may be NULL.
	 */
	ssize_t (*receive)(struct channel *c, void *data, size_t size, struct channel_fds *fds,
			   bool wait, short *events);
	ssize_t (*send)(struct channel *c, const struct iovec *parts, size_t count,
			const struct channel_fds *fds, bool wait, short *events);
	/* True: bytes are held that no event of the descriptor tells of. NULL: never. */
	bool (*pending)(const struct channel *c);
	void (*close)(
	    struct channel *c); /* frees .state; the descriptor is closed by channel_close */
};

/* The longest that a blocking call of an ops may take before it looks at the deadline. */
#define CHANNEL_SLICE_MS 250

/* Start with CHANNEL_INIT. */
struct channel {
	int fd;
	dev_t device; /* of the descriptor, to notice that the host program closed and reused it */
	ino_t inode;
	const struct channel_ops *ops;
	void *state; /* of the ops; NULL for a plain socket */
};

#define CHANNEL_INIT                                                                               \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* Takes FD, a connected stream socket, blocking or not. False with errno: FD stays the caller's. */
bool channel_open_socket(struct channel *c, int fd);

/*
 * True while the descriptor is the one that was opened (device and inode, one fstat). False: the
 * host program closed it, and it must be dropped by channel_forget, for the number may be its own.
 */
bool channel_intact(const struct channel *c);

/* True: receive before waiting for the descriptor. */
bool channel_pending(const struct channel *c);

/* Closes; accepts a channel that is not open. errno is preserved. */
void channel_close(struct channel *c);

/* Frees the state without touching the descriptor. */
void channel_forget(struct channel *c);

/*
 * Moves *FD to CHANNEL_FD_MIN or above, close-on-exec, and closes the old number. False with errno:
 * *FD is as it was.
 */
bool channel_fd_raise(int *fd);

/* Closes the descriptors that are left in FDS and empties it; errno is preserved. */
void channel_fds_close(struct channel_fds *fds);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: a 4-byte big-endian length and that many bytes. One reader serves the blocking client and
 * the non-blocking server; what it holds is wiped. No memory is allocated for a frame once the
 * reader has grown to the sizes in use. The length comes from the peer and is bounded before it is
 * believed.
 */
#ifndef KEYCLAVE_TRANSPORT_FRAME_H
#define KEYCLAVE_TRANSPORT_FRAME_H

#include "common/buffer.h"
#include "transport/channel.h"
#include "transport/result.h"
#include "transport/spin.h"

#define FRAME_HEAD_SIZE 4
#define FRAME_LIMIT_DEFAULT (1024U * 1024U)
#define FRAME_LIMIT_HELLO 1024U /* before hello is done */

/*
 * Sends one frame, of A and then B (either may be empty), gathered by one system call as a rule.
 * Never raises SIGPIPE. TOO_LARGE above LIMIT: nothing was sent. TIMEOUT and FAILED: the connection
 * is of no more use. Works on blocking and non-blocking descriptors.
 */
enum transport_result frame_send(struct channel *c, struct span a, struct span b, size_t limit,
				 int64_t deadline);

/* As frame_send, and the descriptors of FDS travel with the frame; they stay the caller's. */
enum transport_result frame_send_fds(struct channel *c, struct span a,
				     const struct channel_fds *fds, size_t limit, int64_t deadline);

/*
 * As frame_send without ever waiting: *SENT (0 at first) counts the bytes of head and body that are
 * gone. WANT_MORE: poll for writing, then call again with the same arguments. The epoll server
 * answers with it.
 */
enum transport_result frame_send_some(struct channel *c, struct span a, struct span b, size_t limit,
				      size_t *sent);

/* Per connection. Its memory is secret memory: frames carry PINs and plain text. */
struct frame_reader {
	struct buffer in;      /* .size bytes are received; they begin with the current frame */
	size_t frame_size;     /* head and body of the frame that the caller holds; 0: none */
	unsigned small_frames; /* in a row, until a buffer that grew large is given back */
	bool takes_fds;	       /* else descriptors that a peer sends are closed by the kernel */
	struct channel_fds fds;
};

void frame_reader_init(struct frame_reader *r);

/*
 * The next frame, within DEADLINE. FRAME is borrowed from R until the next call with R. Waits in
 * recv(2), so that a round trip is two system calls; bytes of later frames are kept in R.
 * TOO_LARGE: its head announces more than LIMIT; the connection must be closed.
 */
enum transport_result frame_receive(struct frame_reader *r, struct channel *c, size_t limit,
				    int64_t deadline, struct span *frame);

/*
 * As frame_receive without waiting, and with at most one recv(2) a call: for a level-triggered
 * epoll. WANT_MORE: no whole frame yet.
 */
enum transport_result frame_receive_some(struct frame_reader *r, struct channel *c, size_t limit,
					 struct span *frame);

/* As frame_receive_some; its recv(2) may wait for as long as the descriptor's receive timeout says. */
enum transport_result frame_receive_slice(struct frame_reader *r, struct channel *c, size_t limit,
					  struct span *frame);

/* As frame_receive_some, again and again for as long as SPIN says, which has begun. WANT_MORE: block now. */
enum transport_result frame_receive_spin(struct frame_reader *r, struct channel *c, size_t limit,
					 struct spin *spin, struct span *frame);

/* True if a whole further frame (or a head above LIMIT) is held already: call again before epoll.
 */
bool frame_reader_pending(const struct frame_reader *r, size_t limit);

/*
 * The descriptors that came with the bytes read so far go to FDS, which owns them; more than
 * CHANNEL_FDS_MAX were closed. Only when .takes_fds was set after frame_reader_init.
 */
void frame_reader_take_fds(struct frame_reader *r, struct channel_fds *fds);

/* Wipes the frame that the caller held. The next frame_receive does it too. */
void frame_reader_release(struct frame_reader *r);

/* Gives the memory back as well, unless bytes of a further frame are held: for idle connections. */
void frame_reader_trim(struct frame_reader *r);

/* Wipes and frees all, closes descriptors not taken. */
void frame_reader_free(struct frame_reader *r);

#endif

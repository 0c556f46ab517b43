/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames over a channel. The reader asks for a block at a time while it does not know what comes,
 * and for exactly the rest of a larger frame, so that held-over bytes, and the cost of moving them,
 * stay below one block whatever a peer sends.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/memory.h"
#include "transport/frame.h"

/* What is asked for when the next frame's size is unknown. */
#define FRAME_BLOCK 4096U
/* A frame that claims to be large gets this much, then double: memory follows what was really sent.
 */
#define FRAME_FIRST_LARGE 65536U
/* A buffer above this size is given back after so many frames in a row that did not need it. */
#define FRAME_KEEP 65536U
#define FRAME_KEEP_FRAMES 32U

/* ---- sending ---- */

struct frame_parts {
	uint8_t head[FRAME_HEAD_SIZE];
	struct iovec part[3];
	size_t total;
};

static bool frame_parts_init(struct frame_parts *f, struct span a, struct span b, size_t limit)
{
	size_t size = 0;

	if (__builtin_add_overflow(a.size, b.size, &size) || size > limit || size > UINT32_MAX)
		return false;
	for (size_t i = 0; i < FRAME_HEAD_SIZE; i++)
		f->head[i] = (uint8_t)(size >> (8 * (FRAME_HEAD_SIZE - 1 - i)));
	f->part[0] = (struct iovec){.iov_base = f->head, .iov_len = FRAME_HEAD_SIZE};
	/* sendmsg(2) only reads, but an iovec has no const. */
	f->part[1] = (struct iovec){.iov_base = (void *)(uintptr_t)a.data, .iov_len = a.size};
	f->part[2] = (struct iovec){.iov_base = (void *)(uintptr_t)b.data, .iov_len = b.size};
	f->total = FRAME_HEAD_SIZE + size;
	return true;
}

/* Passes over N bytes that are gone. */
static void frame_parts_skip(struct frame_parts *f, size_t n)
{
	for (size_t i = 0; i < 3 && n; i++) {
		size_t here = n < f->part[i].iov_len ? n : f->part[i].iov_len;

		if (!here) /* of an empty span, which may be NULL */
			continue;
		f->part[i].iov_base = (char *)f->part[i].iov_base + here;
		f->part[i].iov_len -= here;
		n -= here;
	}
}

static enum transport_result frame_error(void)
{
	if (errno == EAGAIN)
		return TRANSPORT_WANT_MORE;
	return errno == EPIPE || errno == ECONNRESET ? TRANSPORT_CLOSED : TRANSPORT_FAILED;
}

/* Waits for EVENTS; OK also when nothing but an error is to be had: the next call finds it. */
static enum transport_result frame_wait(const struct channel *c, short events, int64_t deadline)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	int n = poll(&p, 1, result_time_left(deadline));

	if (n < 0 && errno != EINTR)
		return TRANSPORT_FAILED;
	if (!n && !result_time_left(deadline))
		return TRANSPORT_TIMEOUT;
	return TRANSPORT_OK;
}

/* True if a call that may block for a slice cannot overrun DEADLINE. */
static bool frame_may_block(int64_t deadline)
{
	int left = result_time_left(deadline);

	return left < 0 || left > CHANNEL_SLICE_MS;
}

static enum transport_result frame_send_parts(struct channel *c, struct frame_parts *f,
					      const struct channel_fds *fds, int64_t deadline)
{
	size_t sent = 0;

	while (sent < f->total) {
		short events = 0;
		bool wait = frame_may_block(deadline);
		ssize_t n = c->ops->send(c, f->part, 3, sent ? NULL : fds, wait, &events);
		enum transport_result result = TRANSPORT_OK;

		if (n >= 0) {
			sent += (size_t)n;
			frame_parts_skip(f, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		result = frame_error();
		if (result == TRANSPORT_WANT_MORE)
			result = frame_wait(c, events, deadline);
		if (result != TRANSPORT_OK)
			return result;
	}
	return TRANSPORT_OK;
}

enum transport_result frame_send(struct channel *c, struct span a, struct span b, size_t limit,
				 int64_t deadline)
{
	struct frame_parts f;

	if (!frame_parts_init(&f, a, b, limit))
		return TRANSPORT_TOO_LARGE;
	return frame_send_parts(c, &f, NULL, deadline);
}

enum transport_result frame_send_fds(struct channel *c, struct span a,
				     const struct channel_fds *fds, size_t limit, int64_t deadline)
{
	struct frame_parts f;

	if (!frame_parts_init(&f, a, (struct span){0}, limit))
		return TRANSPORT_TOO_LARGE;
	return frame_send_parts(c, &f, fds, deadline);
}

enum transport_result frame_send_some(struct channel *c, struct span a, struct span b, size_t limit,
				      size_t *sent)
{
	struct frame_parts f;

	if (!frame_parts_init(&f, a, b, limit))
		return TRANSPORT_TOO_LARGE;
	frame_parts_skip(&f, *sent);
	while (*sent < f.total) {
		short events = 0;
		ssize_t n = c->ops->send(c, f.part, 3, NULL, false, &events);

		if (n >= 0) {
			*sent += (size_t)n;
			frame_parts_skip(&f, (size_t)n);
		} else if (errno != EINTR) {
			return frame_error();
		}
	}
	return TRANSPORT_OK;
}

/* ---- receiving ---- */

void frame_reader_init(struct frame_reader *r)
{
	*r = (struct frame_reader){.in = {.secret = true}};
}

/*
 * What is held: OK and the frame, TOO_LARGE, or WANT_MORE and in *NEED the size of head and body,
 * as far as it is known.
 */
static enum transport_result frame_reader_parse(const struct frame_reader *r, size_t limit,
						struct span *frame, size_t *need)
{
	const uint8_t *in = r->in.data;
	size_t size = 0;

	*need = FRAME_HEAD_SIZE;
	if (r->in.size < FRAME_HEAD_SIZE)
		return TRANSPORT_WANT_MORE;
	size = (size_t)in[0] << 24 | (size_t)in[1] << 16 | (size_t)in[2] << 8 | in[3];
	if (size > limit)
		return TRANSPORT_TOO_LARGE;
	*need += size;
	if (r->in.size < *need)
		return TRANSPORT_WANT_MORE;
	*frame = (struct span){.data = in + FRAME_HEAD_SIZE, .size = size};
	return TRANSPORT_OK;
}

/* Room for what is asked for next; the number of bytes to ask for, 0: no memory. */
static size_t frame_reader_room(struct frame_reader *r, size_t need)
{
	size_t capacity = need > FRAME_BLOCK ? need : FRAME_BLOCK;

	if (capacity > r->in.capacity && capacity > FRAME_FIRST_LARGE) {
		size_t step = r->in.size * 2;

		if (step < FRAME_FIRST_LARGE)
			step = FRAME_FIRST_LARGE;
		if (step < capacity)
			capacity = step;
	}
	if (!buffer_reserve(&r->in, capacity))
		return 0;
	return capacity - r->in.size;
}

/* One receive call. OK: bytes came. */
static enum transport_result frame_reader_fill(struct frame_reader *r, struct channel *c,
					       size_t need, bool wait, short *events)
{
	size_t room = frame_reader_room(r, need);
	ssize_t n = 0;

	if (!room)
		return TRANSPORT_NO_MEMORY;
	do {
		n = c->ops->receive(c, r->in.data + r->in.size, room, r->takes_fds ? &r->fds : NULL,
				    wait, events);
		/* A waiting call goes back to its deadline first. */
	} while (n < 0 && errno == EINTR && !wait);
	if (n > 0) {
		r->in.size += (size_t)n;
		return TRANSPORT_OK;
	}
	if (!n)
		return TRANSPORT_CLOSED;
	return errno == EINTR ? TRANSPORT_OK : frame_error();
}

enum transport_result frame_receive(struct frame_reader *r, struct channel *c, size_t limit,
				    int64_t deadline, struct span *frame)
{
	enum transport_result result = TRANSPORT_OK;
	size_t need = 0;
	short events = 0;

	*frame = (struct span){0};
	frame_reader_release(r);
	for (;;) {
		result = frame_reader_parse(r, limit, frame, &need);
		if (result == TRANSPORT_OK)
			r->frame_size = need;
		if (result != TRANSPORT_WANT_MORE)
			return result;
		result = frame_reader_fill(r, c, need, frame_may_block(deadline), &events);
		if (result == TRANSPORT_WANT_MORE)
			result = frame_wait(c, events, deadline);
		if (result != TRANSPORT_OK)
			return result;
	}
}

static enum transport_result frame_receive_once(struct frame_reader *r, struct channel *c,
						size_t limit, bool wait, struct span *frame)
{
	enum transport_result result = TRANSPORT_OK;
	size_t need = 0;
	short events = 0;

	*frame = (struct span){0};
	frame_reader_release(r);
	result = frame_reader_parse(r, limit, frame, &need);
	if (result == TRANSPORT_WANT_MORE) {
		do {
			result = frame_reader_fill(r, c, need, wait, &events);
			if (result == TRANSPORT_OK)
				result = frame_reader_parse(r, limit, frame, &need);
			/* What TLS has decrypted already will make no event. */
		} while (result == TRANSPORT_WANT_MORE && channel_pending(c));
	}
	if (result == TRANSPORT_OK)
		r->frame_size = need;
	return result;
}

enum transport_result frame_receive_some(struct frame_reader *r, struct channel *c, size_t limit,
					 struct span *frame)
{
	return frame_receive_once(r, c, limit, false, frame);
}

enum transport_result frame_receive_slice(struct frame_reader *r, struct channel *c, size_t limit,
					  struct span *frame)
{
	return frame_receive_once(r, c, limit, true, frame);
}

enum transport_result frame_receive_spin(struct frame_reader *r, struct channel *c, size_t limit,
					 struct spin *spin, struct span *frame)
{
	enum transport_result result = TRANSPORT_WANT_MORE;

	*frame = (struct span){0};
	while (result == TRANSPORT_WANT_MORE && spin_again(spin))
		result = frame_receive_once(r, c, limit, false, frame);
	return result;
}

bool frame_reader_pending(const struct frame_reader *r, size_t limit)
{
	struct frame_reader rest = *r;
	struct span frame = {0};
	size_t need = 0;

	if (r->frame_size) {
		rest.in.data += r->frame_size;
		rest.in.size -= r->frame_size;
	}
	return frame_reader_parse(&rest, limit, &frame, &need) != TRANSPORT_WANT_MORE;
}

void frame_reader_take_fds(struct frame_reader *r, struct channel_fds *fds)
{
	*fds = r->fds;
	r->fds.count = 0;
}

/* Gives a large buffer back when the frames of late did not need it. */
static void frame_reader_settle(struct frame_reader *r, size_t frame_size)
{
	if (r->in.capacity <= FRAME_KEEP || frame_size > FRAME_KEEP) {
		r->small_frames = 0;
		return;
	}
	if (++r->small_frames < FRAME_KEEP_FRAMES)
		return;
	r->small_frames = 0;
	frame_reader_trim(r);
}

void frame_reader_release(struct frame_reader *r)
{
	size_t frame_size = r->frame_size;
	size_t rest = r->in.size - frame_size;

	if (!frame_size)
		return;
	r->frame_size = 0;
	if (rest)
		memmove(r->in.data, r->in.data + frame_size, rest);
	memory_wipe(r->in.data + rest, frame_size);
	r->in.size = rest;
	frame_reader_settle(r, frame_size);
}

void frame_reader_trim(struct frame_reader *r)
{
	frame_reader_release(r);
	if (!r->in.size)
		buffer_free(&r->in);
}

void frame_reader_free(struct frame_reader *r)
{
	buffer_free(&r->in);
	channel_fds_close(&r->fds);
	r->frame_size = 0;
	r->small_frames = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body is as long as Content-Length says, comes in chunks, or goes on to the end of the connection. Two lengths that
 * contradict each other are no answer.
 */
#include "config.h"

#include "kms/http_answer.h"

#include <string.h>
#include <strings.h>

#define UNKNOWN SIZE_MAX

/* The line at the beginning of *REST, without its end, and past it. False: it has no end yet. */
static bool take_line(struct span *rest, struct span *line)
{
	const uint8_t *end = rest->size ? memmem(rest->data, rest->size, "\r\n", 2) : NULL;

	if (!end)
		return false;
	*line = (struct span){rest->data, (size_t)(end - rest->data)};
	*rest = (struct span){end + 2, rest->size - line->size - 2};
	return true;
}

static bool begins(struct span text, const char *word)
{
	return text.size >= strlen(word) && strncasecmp((const char *)text.data, word, strlen(word)) == 0;
}

static struct span value_of(struct span line, const char *name)
{
	line = (struct span){line.data + strlen(name), line.size - strlen(name)};
	while (line.size && (line.data[0] == ' ' || line.data[0] == '\t'))
		line = (struct span){line.data + 1, line.size - 1};
	while (line.size && (line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t'))
		line.size--;
	return line;
}

/* Digits alone, to base 10 or 16; at most eight of them. */
static bool read_number(struct span text, unsigned base, size_t *number)
{
	static const char digits[] = "0123456789abcdef";

	*number = 0;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i] >= 'A' && text.data[i] <= 'F' ? (uint8_t)(text.data[i] + 32) : text.data[i];
		const char *digit = c ? strchr(digits, c) : NULL;

		if (!digit || (size_t)(digit - digits) >= base)
			return false;
		*number = *number * base + (size_t)(digit - digits);
	}
	return text.size > 0 && text.size <= 8;
}

struct head {
	unsigned status;
	size_t length; /* UNKNOWN: none was said */
	bool chunked;
};

static bool read_status(struct span line, unsigned *status)
{
	size_t number = 0;

	if (!begins(line, "HTTP/1.1 ") && !begins(line, "HTTP/1.0 "))
		return false;
	if (line.size < 12 || (line.size > 12 && line.data[12] != ' ') ||
	    !read_number((struct span){line.data + 9, 3}, 10, &number))
		return false;
	*status = (unsigned)number;
	return number >= 100;
}

static bool read_field(struct span line, struct head *head)
{
	size_t length = 0;

	if (begins(line, "transfer-encoding:")) {
		struct span value = value_of(line, "transfer-encoding:");

		if (head->chunked || value.size != 7 || !begins(value, "chunked"))
			return false;
		head->chunked = true;
	} else if (begins(line, "content-length:")) {
		if (!read_number(value_of(line, "content-length:"), 10, &length) ||
		    (head->length != UNKNOWN && head->length != length))
			return false;
		head->length = length;
	}
	return true;
}

static enum http_answer_state read_head(struct span *rest, struct head *head)
{
	size_t before = rest->size;
	struct span line = {0};

	*head = (struct head){.length = UNKNOWN};
	if (!take_line(rest, &line))
		return before > HTTP_ANSWER_HEAD_MAX ? HTTP_ANSWER_BAD : HTTP_ANSWER_MORE;
	if (!read_status(line, &head->status))
		return HTTP_ANSWER_BAD;
	for (;;) {
		if (before - rest->size > HTTP_ANSWER_HEAD_MAX)
			return HTTP_ANSWER_BAD;
		if (!take_line(rest, &line))
			return rest->size > HTTP_ANSWER_HEAD_MAX ? HTTP_ANSWER_BAD : HTTP_ANSWER_MORE;
		if (!line.size)
			break;
		if (!read_field(line, head))
			return HTTP_ANSWER_BAD;
	}
	return head->chunked && head->length != UNKNOWN ? HTTP_ANSWER_BAD : HTTP_ANSWER_WHOLE;
}

static enum http_answer_state read_chunks(struct span rest, size_t max, struct buffer *body)
{
	struct span line = {0};
	size_t size = 0;

	for (;;) {
		const uint8_t *end = NULL;

		if (!take_line(&rest, &line))
			return rest.size > 256 ? HTTP_ANSWER_BAD : HTTP_ANSWER_MORE;
		end = line.size ? memchr(line.data, ';', line.size) : NULL;
		if (end)
			line.size = (size_t)(end - line.data);
		if (!read_number(line, 16, &size) || size > max - body->size)
			return HTTP_ANSWER_BAD;
		if (!size)
			return HTTP_ANSWER_WHOLE;
		if (rest.size < size + 2)
			return HTTP_ANSWER_MORE;
		if (memcmp(rest.data + size, "\r\n", 2) != 0 || !buffer_append(body, rest.data, size))
			return HTTP_ANSWER_BAD;
		rest = (struct span){rest.data + size + 2, rest.size - size - 2};
	}
}

enum http_answer_state http_answer_read(struct span bytes, bool ended, size_t max, unsigned *status, struct buffer *body)
{
	struct span rest = bytes;
	struct head head = {.length = UNKNOWN};
	enum http_answer_state state = read_head(&rest, &head);

	buffer_reset(body);
	*status = head.status;
	if (state == HTTP_ANSWER_MORE && ended)
		return HTTP_ANSWER_BAD;
	if (state != HTTP_ANSWER_WHOLE)
		return state;
	if (head.chunked) {
		state = read_chunks(rest, max, body);
		return state == HTTP_ANSWER_MORE && ended ? HTTP_ANSWER_BAD : state;
	}
	if ((head.length != UNKNOWN && head.length > max) || (head.length == UNKNOWN && rest.size > max))
		return HTTP_ANSWER_BAD;
	if (head.length == UNKNOWN ? !ended : rest.size < head.length)
		return ended ? HTTP_ANSWER_BAD : HTTP_ANSWER_MORE;
	return buffer_append(body, rest.data, head.length == UNKNOWN ? rest.size : head.length) ? HTTP_ANSWER_WHOLE
												: HTTP_ANSWER_BAD;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for tests, made from the request table itself: every field filled within its limits, so that a
 * new row is tested without anybody writing its test.
 */
#ifndef KEYCLAVE_TESTS_UNIT_MESSAGE_SAMPLE_H
#define KEYCLAVE_TESTS_UNIT_MESSAGE_SAMPLE_H

#include "protocol/request.h"

/*
 * Fills every field. VARIANT 0 gives the smallest values, others gives others, of any mechanism. The
 * bytes are static, so that messages may be compared and kept.
 */
void message_sample(const struct schema *schema, unsigned variant, union message *message);

/* True if both hold the same values, by the schema. */
bool message_sample_equal(const struct schema *schema, const union message *a,
			  const union message *b);

/* True if every span of MESSAGE lies in BODY (or is empty). */
bool message_sample_within(const struct schema *schema, const union message *message,
			   struct span body);

/* A valid mechanism of ROW. */
struct mechanism message_sample_mechanism(const struct mechanism_row *row);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one use of nettle in the enclave. libcrypto's EVP digests cannot be given a state, and its SHA256_CTX and
 * the like are deprecated, so that a later libcrypto may drop them; nettle's contexts are public structs,
 * and the module that made the state hashes with the same code. A test compares both libraries.
 */
#include "config.h"

#include "crypto/digest_state.h"

#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "common/memory.h"

struct digest_state {
	const struct digest_state_form *form;
	union {
		struct sha1_ctx sha1;
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} context;
};

/* How a digest of the table lies in nettle's structs. */
struct digest_state_form {
	size_t output; /* of its row, as is the next */
	size_t block;
	size_t chain; /* bytes of the chaining value */
	void (*set)(struct digest_state *state, const uint8_t *chain, uint64_t blocks,
		    struct span rest);
	void (*feed)(struct digest_state *state, struct span data);
	void (*close)(struct digest_state *state, uint8_t *out);
};

static uint64_t number(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | at[i];
	return value;
}

static void set_sha1(struct digest_state *state, const uint8_t *chain, uint64_t blocks,
		     struct span rest)
{
	struct sha1_ctx *ctx = &state->context.sha1;

	for (size_t i = 0; i < sizeof(ctx->state) / sizeof(ctx->state[0]); i++)
		ctx->state[i] = (uint32_t)number(chain + 4 * i, 4);
	ctx->count = blocks;
	ctx->index = 0;
	sha1_update(ctx, rest.size, rest.data);
}

static void feed_sha1(struct digest_state *state, struct span data)
{
	sha1_update(&state->context.sha1, data.size, data.data);
}

static void close_sha1(struct digest_state *state, uint8_t *out)
{
	sha1_digest(&state->context.sha1, state->form->output, out);
}

static void set_sha256(struct digest_state *state, const uint8_t *chain, uint64_t blocks,
		       struct span rest)
{
	struct sha256_ctx *ctx = &state->context.sha256;

	for (size_t i = 0; i < sizeof(ctx->state) / sizeof(ctx->state[0]); i++)
		ctx->state[i] = (uint32_t)number(chain + 4 * i, 4);
	ctx->count = blocks;
	ctx->index = 0;
	sha256_update(ctx, rest.size, rest.data);
}

static void feed_sha256(struct digest_state *state, struct span data)
{
	sha256_update(&state->context.sha256, data.size, data.data);
}

/* SHA-224 is SHA-256 from another start, and cut: only its own call takes that size. */
static void close_sha224(struct digest_state *state, uint8_t *out)
{
	sha224_digest(&state->context.sha256, state->form->output, out);
}

static void close_sha256(struct digest_state *state, uint8_t *out)
{
	sha256_digest(&state->context.sha256, state->form->output, out);
}

static void set_sha512(struct digest_state *state, const uint8_t *chain, uint64_t blocks,
		       struct span rest)
{
	struct sha512_ctx *ctx = &state->context.sha512;

	for (size_t i = 0; i < sizeof(ctx->state) / sizeof(ctx->state[0]); i++)
		ctx->state[i] = number(chain + 8 * i, 8);
	ctx->count_low = blocks;
	ctx->count_high = 0;
	ctx->index = 0;
	sha512_update(ctx, rest.size, rest.data);
}

static void feed_sha512(struct digest_state *state, struct span data)
{
	sha512_update(&state->context.sha512, data.size, data.data);
}

static void close_sha384(struct digest_state *state, uint8_t *out)
{
	sha384_digest(&state->context.sha512, state->form->output, out);
}

static void close_sha512(struct digest_state *state, uint8_t *out)
{
	sha512_digest(&state->context.sha512, state->form->output, out);
}

static const struct digest_state_form forms[] = {
	{SHA1_DIGEST_SIZE, SHA1_BLOCK_SIZE, 20, set_sha1, feed_sha1, close_sha1},
	{SHA224_DIGEST_SIZE, SHA224_BLOCK_SIZE, 32, set_sha256, feed_sha256, close_sha224},
	{SHA256_DIGEST_SIZE, SHA256_BLOCK_SIZE, 32, set_sha256, feed_sha256, close_sha256},
	{SHA384_DIGEST_SIZE, SHA384_BLOCK_SIZE, 64, set_sha512, feed_sha512, close_sha384},
	{SHA512_DIGEST_SIZE, SHA512_BLOCK_SIZE, 64, set_sha512, feed_sha512, close_sha512},
};

static const struct digest_state_form *find_form(const struct mechanism_row *row)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].output == row->output && forms[i].block == row->block)
			return &forms[i];
	return NULL;
}

CK_RV digest_state_open(const struct mechanism_row *row, struct span state,
			struct digest_state **opened)
{
	const struct digest_state_form *form = find_form(row);
	struct span rest = {0};
	uint64_t count = 0;

	*opened = NULL;
	if (row->family != FAMILY_DIGEST || !form)
		return CKR_MECHANISM_INVALID;
	if (state.size < form->chain + 8)
		return CKR_ARGUMENTS_BAD;
	count = number(state.data + form->chain, 8);
	rest = (struct span){state.data + form->chain + 8, state.size - form->chain - 8};
	/* No more than can be counted in bits, as FIPS 180-4 does. */
	if (rest.size != count % form->block || count > UINT64_MAX / 8)
		return CKR_ARGUMENTS_BAD;
	*opened = memory_secret_new(sizeof(**opened));
	if (!*opened)
		return CKR_DEVICE_MEMORY;
	(*opened)->form = form;
	form->set(*opened, state.data, count / form->block, rest);
	return CKR_OK;
}

void digest_state_feed(struct digest_state *state, struct span data)
{
	if (data.size)
		state->form->feed(state, data);
}

void digest_state_close(struct digest_state *state, uint8_t out[DIGEST_MAX])
{
	state->form->close(state, out);
}

void digest_state_free(struct digest_state **state)
{
	memory_secret_free(*state);
	*state = NULL;
}

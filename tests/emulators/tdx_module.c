/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See tdx_module.h. Registers are what the control file says, extended by what was written.
 */
#include "config.h"

#include "tdx_module.h"

#include <openssl/evp.h>
#include <string.h>

#include "control.h"
#include "signing.h"

/* What was extended, in order, so that a change of the starting value by the control file changes the result. */
static struct buffer extended[4];

static void hash_two(uint8_t value[TDX_MODULE_REGISTER_SIZE], const uint8_t *digest)
{
	uint8_t both[2 * TDX_MODULE_REGISTER_SIZE];

	memcpy(both, value, TDX_MODULE_REGISTER_SIZE);
	memcpy(both + TDX_MODULE_REGISTER_SIZE, digest, TDX_MODULE_REGISTER_SIZE);
	EVP_Digest(both, sizeof(both), value, NULL, EVP_sha384(), NULL);
}

void tdx_module_register(unsigned index, uint8_t value[TDX_MODULE_REGISTER_SIZE])
{
	static const char *const names[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrtd"};
	static const char *const contents[] = {"a firmware", "a kernel", "a command line", "zero", "a TD"};

	control_digest(names[index], contents[index], value, TDX_MODULE_REGISTER_SIZE);
	for (size_t at = 0; index < 4 && at < extended[index].size; at += TDX_MODULE_REGISTER_SIZE)
		hash_two(value, extended[index].data + at);
}

void tdx_module_extend(unsigned index, const uint8_t digest[TDX_MODULE_REGISTER_SIZE])
{
	buffer_append(&extended[index], digest, TDX_MODULE_REGISTER_SIZE);
}

static void put_le64(uint8_t *p, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

void tdx_module_quote(const uint8_t data[64], struct buffer *out)
{
	uint8_t body[TDX_SIGNER_BODY_15_SIZE] = {0};

	signing_tdx_body(data, body);
	put_le64(body + 120, control_number("attributes", 0x10000000)); /* SEPT_VE_DISABLE */
	tdx_module_register(4, body + 136);
	for (unsigned i = 0; i < 4; i++)
		tdx_module_register(i, body + 328 + (size_t)i * TDX_MODULE_REGISTER_SIZE);
	if (control_fault("other-data"))
		body[520] ^= 1;
	signing_tdx((struct span){body, TDX_SIGNER_BODY_SIZE}, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm-mix of docs/store.md, to CBOR and back.
 */
#include "config.h"

#include "platform/tpm_mix.h"

#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "platform/platform.h"
#include "platform/tpm_approval.h"
#include "platform/tpm_seal.h"

#define FORM_VERSION 2 /* 1 had neither endorsement key nor floor */
#define NAME_MAX_SIZE 66

bool tpm_mix_write(const struct tpm_mix *mix, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, PLATFORM_MIX_MAX);
	cbor_writer_array(&w, 10);
	cbor_writer_uint(&w, FORM_VERSION);
	cbor_writer_uint(&w, mix->kind);
	cbor_writer_bytes(&w, mix->srk);
	cbor_writer_bytes(&w, mix->public);
	cbor_writer_bytes(&w, mix->private);
	cbor_writer_bytes(&w, mix->policy_key);
	cbor_writer_uint(&w, mix->selection.bank);
	cbor_writer_map(&w, (size_t)__builtin_popcount(mix->selection.mask));
	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
		if (!(mix->selection.mask >> pcr & 1))
			continue;
		cbor_writer_uint(&w, pcr);
		cbor_writer_bytes(&w, (struct span){mix->values.value[pcr], mix->values.size});
	}
	cbor_writer_bytes(&w, mix->ek);
	cbor_writer_array(&w, mix->kind == TPM_MIX_VERSIONS ? 4 : 0);
	if (mix->kind == TPM_MIX_VERSIONS) {
		cbor_writer_uint(&w, mix->floor.handle);
		cbor_writer_uint(&w, mix->floor.start);
		cbor_writer_uint(&w, mix->floor.zero);
		cbor_writer_uint(&w, mix->floor.first);
	}
	return !w.failed;
}

static bool read_values(struct cbor_reader *r, struct tpm_mix *mix)
{
	size_t count = 0;
	uint64_t pcr = 0, last = 0;

	if (!cbor_reader_map(r, TPM_PCR_COUNT, &count) || !count)
		return false;
	for (size_t i = 0; i < count; i++, last = pcr) {
		struct span value = {0};

		if (!cbor_reader_uint(r, TPM_PCR_COUNT - 1, &pcr) || (i && pcr <= last) ||
		    !cbor_reader_bytes(r, TPM_PCR_SIZE_MAX, &value) || value.size != mix->values.size)
			return false;
		mix->selection.mask |= UINT32_C(1) << pcr;
		memcpy(mix->values.value[pcr], value.data, value.size);
	}
	return true;
}

static bool read_floor(struct cbor_reader *r, struct tpm_mix *mix)
{
	uint64_t handle = 0, zero = 0, first = 0;
	size_t count = 0;

	if (!cbor_reader_array(r, 4, &count) || count != (mix->kind == TPM_MIX_VERSIONS ? 4 : 0))
		return false;
	if (!count)
		return true;
	if (!cbor_reader_uint(r, UINT32_MAX, &handle) || !cbor_reader_uint(r, INT64_MAX, &mix->floor.start) ||
	    !cbor_reader_uint(r, TPM_APPROVAL_VERSION_MAX, &zero) || !cbor_reader_uint(r, TPM_APPROVAL_VERSION_MAX, &first) ||
	    !zero || first < zero)
		return false;
	mix->floor.handle = (uint32_t)handle;
	mix->floor.zero = (uint32_t)zero;
	mix->floor.first = (uint32_t)first;
	return true;
}

/* What version 2 added. An empty name would pin nothing. */
static bool read_additions(struct cbor_reader *r, struct tpm_mix *mix)
{
	return cbor_reader_bytes(r, NAME_MAX_SIZE, &mix->ek) && mix->ek.size && read_floor(r, mix);
}

bool tpm_mix_read(struct span bytes, struct tpm_mix *mix, const char **why)
{
	struct cbor_reader r;
	uint64_t version = 0, bank = 0;
	size_t count = 0;

	*mix = (struct tpm_mix){0};
	*why = "not of a form that is known here";
	cbor_reader_init(&r, bytes);
	if (!cbor_reader_array(&r, 10, &count) || !cbor_reader_uint(&r, FORM_VERSION, &version) || !version ||
	    count != 6 + 2 * version ||
	    !cbor_reader_uint(&r, version == 1 ? TPM_MIX_KEY : TPM_MIX_VERSIONS, &mix->kind) || !mix->kind ||
	    !cbor_reader_bytes(&r, NAME_MAX_SIZE, &mix->srk) || !cbor_reader_bytes(&r, TPM_SEAL_AREA_MAX, &mix->public) ||
	    !cbor_reader_bytes(&r, TPM_SEAL_AREA_MAX, &mix->private) ||
	    !cbor_reader_bytes(&r, NAME_MAX_SIZE, &mix->policy_key) || !cbor_reader_uint(&r, UINT16_MAX, &bank))
		return false;
	mix->selection.bank = (uint16_t)bank;
	mix->values.size = tpm_pcr_size(mix->selection.bank);
	/* An empty name would pin nothing. */
	if (!mix->srk.size || !mix->values.size || !read_values(&r, mix) || (version > 1 && !read_additions(&r, mix)) ||
	    !cbor_reader_end(&r) || (mix->kind == TPM_MIX_PCRS) != (mix->policy_key.size == 0))
		return false;
	*why = NULL;
	return true;
}

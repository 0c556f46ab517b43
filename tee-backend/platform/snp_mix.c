/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR of the mix, and its comparison with the guest as it is now, so that a key that came out as another is
 * explained and not only noticed.
 */
#include "config.h"

#include "platform/snp_mix.h"

#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"

#define LAYOUT 1
#define ITEMS 9

bool snp_mix_write(const struct snp_mix *mix, struct buffer *out)
{
	struct cbor_writer w;

	buffer_reset(out);
	cbor_writer_init(&w, out, 512);
	cbor_writer_array(&w, ITEMS);
	cbor_writer_uint(&w, LAYOUT);
	cbor_writer_uint(&w, mix->key.root);
	cbor_writer_uint(&w, mix->key.fields);
	cbor_writer_uint(&w, mix->key.vmpl);
	cbor_writer_uint(&w, mix->key.svn);
	cbor_writer_uint(&w, mix->key.tcb);
	cbor_writer_uint(&w, mix->policy);
	cbor_writer_bytes(&w, (struct span){mix->measurement, sizeof(mix->measurement)});
	cbor_writer_bytes(&w, (struct span){mix->chip, sizeof(mix->chip)});
	return !w.failed;
}

static bool read_number(struct cbor_reader *r, uint32_t max, uint32_t *value)
{
	uint64_t number = 0;

	if (!cbor_reader_uint(r, max, &number))
		return false;
	*value = (uint32_t)number;
	return true;
}

static bool read_bytes(struct cbor_reader *r, uint8_t *bytes, size_t size)
{
	struct span value = {0};

	if (!cbor_reader_bytes(r, size, &value) || value.size != size)
		return false;
	memcpy(bytes, value.data, size);
	return true;
}

bool snp_mix_read(struct span bytes, struct snp_mix *mix, const char **why)
{
	struct cbor_reader r;
	size_t count = 0;
	uint64_t version = 0;

	memset(mix, 0, sizeof(*mix));
	cbor_reader_init(&r, bytes);
	*why = "not in a form that is known";
	if (!cbor_reader_array(&r, ITEMS, &count) || count != ITEMS ||
	    !cbor_reader_uint(&r, LAYOUT, &version) || version != LAYOUT ||
	    !read_number(&r, 4, &mix->key.root) ||
	    !cbor_reader_uint(&r, UINT64_MAX, &mix->key.fields) ||
	    !read_number(&r, SEV_GUEST_VMPL_MAX, &mix->key.vmpl) ||
	    !read_number(&r, UINT32_MAX, &mix->key.svn) ||
	    !cbor_reader_uint(&r, UINT64_MAX, &mix->key.tcb) ||
	    !cbor_reader_uint(&r, UINT64_MAX, &mix->policy) ||
	    !read_bytes(&r, mix->measurement, sizeof(mix->measurement)) ||
	    !read_bytes(&r, mix->chip, sizeof(mix->chip)) || !cbor_reader_end(&r))
		return false;
	*why = "a key that is not mixed from policy, measurement and TCB";
	if ((mix->key.fields & SNP_MIX_MANDATORY) != SNP_MIX_MANDATORY)
		return false;
	*why = "a key mixed from what is not known here";
	return !(mix->key.fields & ~(uint64_t)(SNP_MIX_MANDATORY | SNP_MIX_OPTIONAL)) &&
	       mix->key.root != 3;
}

static bool is_zero(const uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (p[i])
			return false;
	return true;
}

const char *snp_mix_differs(const struct snp_mix *mix, const struct snp_report *report, unsigned vmpl)
{
	/* The root that all chips of a provider share, and the migration agent's, are not of this chip. */
	const bool of_chip = mix->key.root == 2;

	if (memcmp(mix->measurement, report->measurement, sizeof(mix->measurement)) != 0)
		return "the launch measurement differs";
	if (mix->policy != report->policy)
		return "the guest policy differs";
	if (mix->key.vmpl != vmpl)
		return "the privilege level (VMPL) differs";
	if (of_chip && !is_zero(mix->chip, sizeof(mix->chip)) &&
	    !is_zero(report->chip, sizeof(report->chip)) &&
	    memcmp(mix->chip, report->chip, sizeof(mix->chip)) != 0)
		return "the chip differs";
	if (!snp_report_tcb_within(mix->key.tcb, report->committed_tcb))
		return "the committed TCB version is older";
	if ((mix->key.fields & SEV_GUEST_FIELD_GUEST_SVN) && mix->key.svn > report->svn)
		return "the guest's security version is older";
	return NULL;
}

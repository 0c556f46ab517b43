/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extension 1.2.840.113741.1.13.1: SEQUENCE OF SEQUENCE { OID, ANY }, and its TCB of the same form.
 */
#include "config.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/intel_pck.h"

#define SGX_EXTENSION "1.2.840.113741.1.13.1"
#define PCESVN 17
#define CPUSVN 18

/* What was read, one bit each. */
#define HAS_TCB 1u
#define HAS_PCEID 2u
#define HAS_FMSPC 4u

/* Takes the value whose OID ends in LAST, 0 for one of another tree. */
typedef bool pck_item(void *to, unsigned long last, const ASN1_TYPE *value);

static ASN1_OCTET_STRING *find(const X509 *certificate)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(SGX_EXTENSION, 1);
	X509_EXTENSION *extension = NULL;
	int at = oid ? X509_get_ext_by_OBJ(certificate, oid, -1) : -1;

	if (at >= 0 && X509_get_ext_by_OBJ(certificate, oid, at) < 0) /* once */
		extension = X509_get_ext(certificate, at);
	ASN1_OBJECT_free(oid);
	return extension ? X509_EXTENSION_get_data(extension) : NULL;
}

bool intel_pck_is(const X509 *certificate)
{
	return find(certificate) != NULL;
}

static void sequence_free(ASN1_SEQUENCE_ANY *sequence)
{
	sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
}

/* The whole of DER as a sequence; the caller frees. */
static ASN1_SEQUENCE_ANY *sequence_read(struct span der)
{
	const unsigned char *at = der.data;
	ASN1_SEQUENCE_ANY *sequence = d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)der.size);

	if (sequence && at != der.data + der.size) {
		sequence_free(sequence);
		return NULL;
	}
	return sequence;
}

static struct span string_of(const ASN1_STRING *string)
{
	return (struct span){ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string)};
}

/* PREFIX "." LAST: the last arc of OID, or 0 when it is no child of PREFIX. */
static unsigned long child_of(const char *prefix, const ASN1_OBJECT *oid)
{
	char text[80];
	size_t size = strlen(prefix);
	int length = OBJ_obj2txt(text, sizeof(text), oid, 1);

	if (length <= 0 || (size_t)length >= sizeof(text) || strncmp(text, prefix, size) != 0 || text[size] != '.' ||
	    strchr(text + size + 1, '.'))
		return 0;
	return strtoul(text + size + 1, NULL, 10);
}

/* Each pair of the sequence in DER to ITEM. */
static bool each_pair(struct span der, const char *prefix, pck_item *item, void *to)
{
	ASN1_SEQUENCE_ANY *pairs = sequence_read(der);
	bool good = pairs != NULL;

	for (int i = 0; good && i < sk_ASN1_TYPE_num(pairs); i++) {
		const ASN1_TYPE *outer = sk_ASN1_TYPE_value(pairs, i), *name = NULL;
		ASN1_SEQUENCE_ANY *pair = NULL;

		if (outer->type == V_ASN1_SEQUENCE)
			pair = sequence_read(string_of(outer->value.sequence));
		name = pair && sk_ASN1_TYPE_num(pair) == 2 ? sk_ASN1_TYPE_value(pair, 0) : NULL;
		good = name && name->type == V_ASN1_OBJECT &&
		       item(to, child_of(prefix, name->value.object), sk_ASN1_TYPE_value(pair, 1));
		sequence_free(pair);
	}
	sequence_free(pairs);
	return good;
}

static bool read_number(const ASN1_TYPE *value, uint64_t max, uint64_t *number)
{
	return value->type == V_ASN1_INTEGER && ASN1_INTEGER_get_uint64(number, value->value.integer) == 1 &&
	       *number <= max;
}

static bool read_octets(const ASN1_TYPE *value, uint8_t *out, size_t size)
{
	struct span found = {0};

	if (value->type != V_ASN1_OCTET_STRING)
		return false;
	found = string_of(value->value.octet_string);
	if (found.size != size)
		return false;
	memcpy(out, found.data, size);
	return true;
}

struct tcb_reading {
	struct intel_pck *pck;
	uint32_t seen;
};

static bool read_tcb_item(void *to, unsigned long last, const ASN1_TYPE *value)
{
	struct tcb_reading *r = to;
	uint8_t cpusvn[16]; /* the components again, in an order that is the processor's business */
	uint64_t number = 0;

	if (last < 1 || last > CPUSVN || (r->seen >> last & 1))
		return false;
	r->seen |= 1u << last;
	if (last == CPUSVN)
		return read_octets(value, cpusvn, sizeof(cpusvn));
	if (!read_number(value, UINT16_MAX, &number))
		return false;
	if (last == PCESVN)
		r->pck->pcesvn = (uint16_t)number;
	else
		r->pck->component[last - 1] = (uint16_t)number;
	return true;
}

static bool read_tcb(struct intel_pck *pck, const ASN1_TYPE *value)
{
	struct tcb_reading r = {.pck = pck};
	const uint32_t all = (1u << (CPUSVN + 1)) - 2;

	return value->type == V_ASN1_SEQUENCE &&
	       each_pair(string_of(value->value.sequence), SGX_EXTENSION ".2", read_tcb_item, &r) && r.seen == all;
}

struct reading {
	struct intel_pck *pck;
	uint32_t seen;
};

static bool note(struct reading *r, uint32_t what, bool good)
{
	bool first = !(r->seen & what);

	r->seen |= what;
	return first && good;
}

static bool read_item(void *to, unsigned long last, const ASN1_TYPE *value)
{
	struct reading *r = to;

	switch (last) {
	case 2:
		return note(r, HAS_TCB, read_tcb(r->pck, value));
	case 3:
		return note(r, HAS_PCEID, read_octets(value, r->pck->pceid, sizeof(r->pck->pceid)));
	case 4:
		return note(r, HAS_FMSPC, read_octets(value, r->pck->fmspc, sizeof(r->pck->fmspc)));
	default: /* PPID, type, instance, configuration, and what Intel adds: nothing hangs on them */
		return last != 0;
	}
}

bool intel_pck_read(const X509 *certificate, struct intel_pck *pck)
{
	struct reading r = {.pck = pck};
	const ASN1_OCTET_STRING *data = find(certificate);
	bool good = false;

	memset(pck, 0, sizeof(*pck));
	if (!data)
		return false;
	ERR_set_mark();
	good = each_pair(string_of(data), SGX_EXTENSION, read_item, &r) && r.seen == (HAS_TCB | HAS_PCEID | HAS_FMSPC);
	ERR_pop_to_mark();
	return good;
}

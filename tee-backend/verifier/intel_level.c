/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk over Intel's TCB levels: platform, TDX module and quoting enclave, each to its first level that is met. Rules
 * as in Intel's "TCB info" and "enclave identity" models of the PCS, version 4.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "verifier/cursor.h"
#include "verifier/intel_json.h"
#include "verifier/intel_level.h"

/* Of the quoting enclave's report (SGX report body). */
#define QE_MISCSELECT 16
#define QE_ATTRIBUTES 48
#define QE_MRSIGNER 128
#define QE_ISVPRODID 256
#define QE_ISVSVN 258

static const char *const names[] = {
	[INTEL_LEVEL_UP_TO_DATE] = "UpToDate",
	[INTEL_LEVEL_SW_HARDENING] = "SWHardeningNeeded",
	[INTEL_LEVEL_CONFIGURATION] = "ConfigurationNeeded",
	[INTEL_LEVEL_CONFIGURATION_AND_SW_HARDENING] = "ConfigurationAndSWHardeningNeeded",
	[INTEL_LEVEL_RELAUNCH] = "TDRelaunchAdvised",
	[INTEL_LEVEL_RELAUNCH_AND_CONFIGURATION] = "TDRelaunchAdvisedConfigurationNeeded",
	[INTEL_LEVEL_OUT_OF_DATE] = "OutOfDate",
	[INTEL_LEVEL_OUT_OF_DATE_CONFIGURATION] = "OutOfDateConfigurationNeeded",
	[INTEL_LEVEL_REVOKED] = "Revoked",
	[INTEL_LEVEL_UNKNOWN] = "unknown",
};

const char *intel_level_name(enum intel_level_status status)
{
	return names[status];
}

enum intel_level_status intel_level_converge(enum intel_level_status one, enum intel_level_status other)
{
	enum intel_level_status worse = one > other ? one : other, better = one > other ? other : one;

	if (worse == INTEL_LEVEL_OUT_OF_DATE &&
	    (better == INTEL_LEVEL_CONFIGURATION || better == INTEL_LEVEL_CONFIGURATION_AND_SW_HARDENING))
		return INTEL_LEVEL_OUT_OF_DATE_CONFIGURATION;
	return worse;
}

static bool is_configuration(enum intel_level_status status)
{
	return status == INTEL_LEVEL_CONFIGURATION || status == INTEL_LEVEL_CONFIGURATION_AND_SW_HARDENING ||
	       status == INTEL_LEVEL_OUT_OF_DATE_CONFIGURATION;
}

enum intel_level_status intel_level_relaunch(enum intel_level_status launched, enum intel_level_status current)
{
	if ((launched == INTEL_LEVEL_OUT_OF_DATE || launched == INTEL_LEVEL_OUT_OF_DATE_CONFIGURATION) &&
	    current < INTEL_LEVEL_RELAUNCH)
		return is_configuration(launched) || is_configuration(current) ? INTEL_LEVEL_RELAUNCH_AND_CONFIGURATION :
										 INTEL_LEVEL_RELAUNCH;
	return intel_level_converge(launched, current);
}

static bool fail(struct intel_level *level, const char *why)
{
	level->why = why;
	return false;
}

/* ---- levels ---- */

static bool read_level(const json_t *json, struct intel_level *level)
{
	const char *status = intel_json_text(json, "tcbStatus"), *date = intel_json_text(json, "tcbDate");
	int64_t time = 0;

	if (!status || !date || !intel_json_time(json, "tcbDate", &time))
		return fail(level, "a level has no status or date");
	snprintf(level->date, sizeof(level->date), "%s", date);
	for (enum intel_level_status s = 0; s < INTEL_LEVEL_UNKNOWN; s++) {
		if (strcmp(names[s], status) == 0 && s != INTEL_LEVEL_RELAUNCH && s != INTEL_LEVEL_RELAUNCH_AND_CONFIGURATION) {
			level->status = s;
			return true;
		}
	}
	return fail(level, "a level has a status that is not known");
}

/* *MET: each component of the array from FROM is no higher than ours. False: not an array of that form. */
static bool compare_components(const json_t *tcb, const char *name, const uint16_t *ours, size_t from, bool *met)
{
	const json_t *array = json_object_get(tcb, name);

	*met = true;
	if (!json_is_array(array) || json_array_size(array) != INTEL_PCK_COMPONENTS)
		return false;
	for (size_t i = 0; i < INTEL_PCK_COMPONENTS; i++) {
		uint64_t svn = 0;

		if (!intel_json_number(json_array_get(array, i), "svn", UINT16_MAX, &svn))
			return false;
		if (i >= from && ours[i] < svn)
			*met = false;
	}
	return true;
}

bool intel_level_platform(const json_t *info, const struct intel_level_subject *s, struct intel_level *level)
{
	const json_t *levels = json_object_get(info, "tcbLevels");
	uint16_t tdx[INTEL_PCK_COMPONENTS];

	for (size_t i = 0; i < INTEL_PCK_COMPONENTS; i++)
		tdx[i] = s->tee_tcb_svn.data[i];
	for (size_t i = 0; i < json_array_size(levels); i++) {
		const json_t *one = json_array_get(levels, i), *tcb = json_object_get(one, "tcb");
		bool sgx_met = false, tdx_met = false;
		uint64_t pcesvn = 0;

		/* Since TDX 1.5 the first two are the module's, which has an identity of its own. */
		if (!compare_components(tcb, "sgxtcbcomponents", s->pck.component, 0, &sgx_met) ||
		    !compare_components(tcb, "tdxtcbcomponents", tdx, tdx[1] > 0 ? 2 : 0, &tdx_met) ||
		    !intel_json_number(tcb, "pcesvn", UINT16_MAX, &pcesvn))
			return fail(level, "a level has not the components that it should");
		if (sgx_met && tdx_met && s->pck.pcesvn >= pcesvn)
			return read_level(one, level);
	}
	return fail(level, "no TCB level of Intel's matches this platform");
}

/* The first level whose isvsvn is no higher than SVN. */
static bool walk_svn(const json_t *identity, uint64_t svn, struct intel_level *level)
{
	const json_t *levels = json_object_get(identity, "tcbLevels");

	for (size_t i = 0; i < json_array_size(levels); i++) {
		const json_t *one = json_array_get(levels, i);
		uint64_t needed = 0;

		if (!intel_json_number(json_object_get(one, "tcb"), "isvsvn", UINT16_MAX, &needed))
			return fail(level, "a level has no isvsvn");
		if (svn >= needed)
			return read_level(one, level);
	}
	return fail(level, "no level of Intel's matches its version");
}

static bool masked_equal(struct span found, const uint8_t *mask, const uint8_t *expected)
{
	for (size_t i = 0; i < found.size; i++)
		if ((found.data[i] & mask[i]) != expected[i])
			return false;
	return true;
}

/* ---- the TDX module ---- */

static const json_t *module_of(const json_t *info, uint8_t version)
{
	const json_t *all = json_object_get(info, "tdxModuleIdentities");
	char id[8];

	if (version == 0)
		return json_object_get(info, "tdxModule");
	snprintf(id, sizeof(id), "TDX_%02X", version);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i);
		const char *name = intel_json_text(one, "id");

		if (name && strcasecmp(name, id) == 0)
			return one;
	}
	return NULL;
}

bool intel_level_module(const json_t *info, const struct intel_level_subject *s, struct intel_level *level)
{
	uint8_t version = s->tee_tcb_svn.data[1], mrsigner[48], attributes[8], mask[8];
	const json_t *module = module_of(info, version);

	if (!module)
		return fail(level, "Intel does not know this TDX module");
	if (!intel_json_hex(module, "mrsigner", mrsigner, sizeof(mrsigner)) ||
	    !intel_json_hex(module, "attributes", attributes, sizeof(attributes)) ||
	    !intel_json_hex(module, "attributesMask", mask, sizeof(mask)))
		return fail(level, "the TDX module's identity has not the members that it should");
	if (!span_equal(s->mrsigner_seam, (struct span){mrsigner, sizeof(mrsigner)}))
		return fail(level, "the TDX module has another signer than Intel's");
	if (!masked_equal(s->seam_attributes, mask, attributes))
		return fail(level, "the TDX module has other attributes than Intel's");
	if (version == 0) { /* judged as components of the platform */
		level->status = INTEL_LEVEL_UP_TO_DATE;
		return true;
	}
	return walk_svn(module, s->tee_tcb_svn.data[0], level);
}

/* ---- the quoting enclave ---- */

static uint16_t qe_number(const struct intel_level_subject *s, size_t offset)
{
	return (uint16_t)(s->qe_report.data[offset] | s->qe_report.data[offset + 1] << 8);
}

bool intel_level_qe(const json_t *identity, const struct intel_level_subject *s, struct intel_level *level)
{
	uint8_t misc[4], misc_mask[4], attributes[16], mask[16], mrsigner[32];
	uint64_t product = 0;

	if (!intel_json_hex(identity, "miscselect", misc, sizeof(misc)) ||
	    !intel_json_hex(identity, "miscselectMask", misc_mask, sizeof(misc_mask)) ||
	    !intel_json_hex(identity, "attributes", attributes, sizeof(attributes)) ||
	    !intel_json_hex(identity, "attributesMask", mask, sizeof(mask)) ||
	    !intel_json_hex(identity, "mrsigner", mrsigner, sizeof(mrsigner)) ||
	    !intel_json_number(identity, "isvprodid", UINT16_MAX, &product))
		return fail(level, "it has not the members that it should");
	if (!span_equal(cursor_slice(s->qe_report, QE_MRSIGNER, 32), (struct span){mrsigner, sizeof(mrsigner)}))
		return fail(level, "the quoting enclave has another signer");
	if (qe_number(s, QE_ISVPRODID) != product)
		return fail(level, "the quoting enclave is another product");
	if (!masked_equal(cursor_slice(s->qe_report, QE_MISCSELECT, sizeof(misc)), misc_mask, misc) ||
	    !masked_equal(cursor_slice(s->qe_report, QE_ATTRIBUTES, sizeof(attributes)), mask, attributes))
		return fail(level, "the quoting enclave has other attributes");
	return walk_svn(identity, qe_number(s, QE_ISVSVN), level);
}

bool intel_level_qe_is_intels(const struct intel_level_subject *s)
{
	static const uint8_t mrsigner[32] = {0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34,
					     0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba,
					     0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5};

	return span_equal(cursor_slice(s->qe_report, QE_MRSIGNER, 32), (struct span){mrsigner, sizeof(mrsigner)}) &&
	       qe_number(s, QE_ISVPRODID) == 2 && !(s->qe_report.data[QE_ATTRIBUTES] & 0x02);
}

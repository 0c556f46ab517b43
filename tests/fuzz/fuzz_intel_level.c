/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCB information and QE identities behind a signature that held: any of them, against one platform.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/intel_json.h"
#include "verifier/intel_level.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef bool level_of(const json_t *json, const struct intel_level_subject *s, struct intel_level *level);

static void judge(level_of *judge_one, const json_t *json, const struct intel_level_subject *s)
{
	struct intel_level level = {0};

	if (!judge_one(json, s, &level) && !level.why)
		abort();
	if (level.status > INTEL_LEVEL_REVOKED)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t svn[2][16] = {{5, 1, 3}, {5, 0, 3}}, zeros[384];
	const struct span file = {data, size};
	struct intel_json json;

	for (int i = 0; i < 2; i++) {
		const struct intel_level_subject subject = {
			.pck = {.component = {4, 4, 2, 2, 4, 1, 0, 5}, .pcesvn = 13},
			.tee_tcb_svn = {svn[i], 16},
			.mrsigner_seam = {zeros, 48},
			.seam_attributes = {zeros, 8},
			.qe_report = {zeros, sizeof(zeros)},
		};

		if (intel_json_read(file, "tcbInfo", &json)) {
			int64_t time = 0;

			(void)intel_json_time(json.object, "issueDate", &time);
			judge(intel_level_platform, json.object, &subject);
			judge(intel_level_module, json.object, &subject);
		}
		intel_json_free(&json);
		if (intel_json_read(file, "enclaveIdentity", &json))
			judge(intel_level_qe, json.object, &subject);
		intel_json_free(&json);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of single attributes and of whole sets that do not depend on how an object comes to be.
 * Called by object_make.c, object_change.c and object_permits.c. Inside the enclave.
 */
#include "config.h"

#include "token/object_rules.h"

#include "common/hex.h"
#include "common/memory.h"
#include "mechanism/attribute_usage.h"
#include "mechanism/keyclave.h"

#define UNIQUE_ID_RANDOM 16 /* bytes; twice as many hex digits */

CK_RV object_rules_value(const struct attribute_row *row, const struct object_policy *policy,
			 struct span *value)
{
	static const uint8_t nothing[1];

	if (!value->data && value->size == 0)
		value->data = nothing;
	if (!value->data || !attribute_value_valid(row, *value))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (row->notes & NOTE_SO_ONLY_TRUE && value->data[0] && !policy->so)
		return CKR_ATTRIBUTE_READ_ONLY;
	return CKR_OK;
}

CK_RV object_rules_policy(const struct attribute_set *set, const struct object_policy *policy)
{
	unsigned bit =
	    attribute_class_bit(attribute_set_ulong(set, CKA_CLASS, CK_UNAVAILABLE_INFORMATION));
	bool private = attribute_set_bool(set, CKA_PRIVATE, true);

	if (private && !policy->user)
		return CKR_USER_NOT_LOGGED_IN;
	if (bit & (CLASS_PRIVATE | CLASS_SECRET) && !policy->extractable_allowed &&
	    (attribute_set_bool(set, CKA_EXTRACTABLE, false) ||
	     !attribute_set_bool(set, CKA_SENSITIVE, true)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	/* PKCS#11 v3.1 table 30: "can only be set to CK_TRUE when CKA_PRIVATE is also CK_TRUE". */
	if (attribute_set_bool(set, CKA_ALWAYS_AUTHENTICATE, false) && !private)
		return CKR_TEMPLATE_INCONSISTENT;
	if (bit != CLASS_CERTIFICATE)
		return CKR_OK;
	if (attribute_set_ulong(set, CKA_CERTIFICATE_TYPE, CKC_X_509) != CKC_X_509)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	/* Table 21, footnotes 3 and 4: one of the two must be there. */
	if (!attribute_set_get(set, CKA_VALUE).size && !attribute_set_get(set, CKA_URL).size)
		return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

bool object_rules_usage(struct attribute_set *set, unsigned class_bit, CK_KEY_TYPE key_type)
{
	CK_FLAGS can = mechanism_key_type_flags(key_type);
	size_t count = 0;
	const struct attribute_usage *uses = attribute_usage_rows(&count);

	for (size_t i = 0; i < count; i++) {
		bool allowed =
		    uses[i].classes & class_bit && can & uses[i].usage && uses[i].usage != CKF_WRAP;

		if (attribute_set_has(set, uses[i].flag) ||
		    !attribute_find(uses[i].flag, class_bit, key_type))
			continue;
		if (!attribute_set_put_bool(set, uses[i].flag, allowed))
			return false;
	}
	return true;
}

CK_RV object_rules_identity(struct attribute_set *set)
{
	uint8_t random[UNIQUE_ID_RANDOM] = {0};
	char text[2 * UNIQUE_ID_RANDOM + 1] = "";

	if (!memory_random(random, sizeof(random)))
		return CKR_DEVICE_ERROR;
	hex_encode((struct span){random, sizeof(random)}, text);
	if (!attribute_set_put(set, CKA_UNIQUE_ID, span_text(text)) ||
	    !attribute_set_put_ulong(set, CKA_KEYCLAVE_VERSION, 1))
		return CKR_DEVICE_MEMORY;
	return CKR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the module says of itself: C_GetInfo, the function lists and the interfaces. The lists are
 * written by cryptoki.h's own enumeration, so that none of them can be short of an entry.
 */
#include "config.h"

#include <string.h>

#include "pkcs11/session.h"
#include "pkcs11/text.h"

#define LIST_ENTRY(name) .name = name,

static CK_FUNCTION_LIST functions_2_40 = {
	.version = {2, 40},
	CKI_LIST_2_40(LIST_ENTRY)
};

static CK_FUNCTION_LIST_3_0 functions_3_0 = {
	.version = {3, 0},
	CKI_LIST_2_40(LIST_ENTRY)
	CKI_LIST_3_0(LIST_ENTRY)
};

static CK_UTF8CHAR interface_name[] = "PKCS 11";

/* The first one is the default (PKCS#11 v3.1 section 5.4.5). */
static CK_INTERFACE interfaces[] = {
	{interface_name, &functions_3_0, CKF_INTERFACE_FORK_SAFE},
	{interface_name, &functions_2_40, CKF_INTERFACE_FORK_SAFE},
};

#define INTERFACE_COUNT (sizeof(interfaces) / sizeof(interfaces[0]))

MODULE_EXPORT CK_RV C_GetInfo(CK_INFO_PTR pInfo)
{
	struct client *client = NULL;
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	if (!pInfo) {
		rv = CKR_ARGUMENTS_BAD;
	} else {
		memset(pInfo, 0, sizeof(*pInfo));
		pInfo->cryptokiVersion = functions_2_40.version;
		text_pad(pInfo->manufacturerID, sizeof(pInfo->manufacturerID), span_text("Keyclave"));
		text_pad(pInfo->libraryDescription, sizeof(pInfo->libraryDescription),
			 span_text("Keyclave PKCS#11 module"));
		pInfo->libraryVersion = (CK_VERSION){KEYCLAVE_VERSION_MAJOR, KEYCLAVE_VERSION_MINOR};
	}
	module_leave();
	return rv;
}

MODULE_EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ppFunctionList)
{
	if (!ppFunctionList)
		return CKR_ARGUMENTS_BAD;
	*ppFunctionList = &functions_2_40;
	return CKR_OK;
}

MODULE_EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE_PTR pInterfacesList, CK_ULONG_PTR pulCount)
{
	if (!pulCount)
		return CKR_ARGUMENTS_BAD;
	if (pInterfacesList && *pulCount < INTERFACE_COUNT) {
		*pulCount = INTERFACE_COUNT;
		return CKR_BUFFER_TOO_SMALL;
	}
	if (pInterfacesList)
		memcpy(pInterfacesList, interfaces, sizeof(interfaces));
	*pulCount = INTERFACE_COUNT;
	return CKR_OK;
}

static bool interface_matches(const CK_INTERFACE *candidate, const CK_UTF8CHAR *name,
			      const CK_VERSION *version, CK_FLAGS flags)
{
	const CK_VERSION *own = candidate->pFunctionList; /* each list begins with its version */

	if (name && strcmp((const char *)name, (const char *)candidate->pInterfaceName) != 0)
		return false;
	if (version && (version->major != own->major || version->minor != own->minor))
		return false;
	return (candidate->flags & flags) == flags;
}

MODULE_EXPORT CK_RV C_GetInterface(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
				   CK_INTERFACE_PTR_PTR ppInterface, CK_FLAGS flags)
{
	if (!ppInterface)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < INTERFACE_COUNT; i++) {
		if (interface_matches(&interfaces[i], pInterfaceName, pVersion, flags)) {
			*ppInterface = &interfaces[i];
			return CKR_OK;
		}
	}
	return CKR_FUNCTION_FAILED;
}

/* Legacy functions, with the errors of every function that takes a session (v3.0 section 5.20). */
static CK_RV not_parallel(CK_SESSION_HANDLE handle)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(handle, &s);

	if (rv != CKR_OK)
		return rv;
	session_leave(s);
	return CKR_FUNCTION_NOT_PARALLEL;
}

MODULE_EXPORT CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE hSession)
{
	return not_parallel(hSession);
}

MODULE_EXPORT CK_RV C_CancelFunction(CK_SESSION_HANDLE hSession)
{
	return not_parallel(hSession);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interface MODULE: the function lists and interfaces of a module of PKCS#11 3.0 (v3.0 section 5.4): no entry
 * is NULL, C_GetInterface finds what it should and nothing else. Prints TAP.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mechanism/cryptoki.h"

#define INTERFACES_MAX 16

static int count, failed;

static void check(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
	failed += !good;
}

#define COUNT_NULL(entry) missing += list->entry == NULL;

static unsigned missing_2_40(const CK_FUNCTION_LIST *list)
{
	unsigned missing = 0;

	CKI_LIST_2_40(COUNT_NULL)
	return missing;
}

static unsigned missing_3_0(const CK_FUNCTION_LIST_3_0 *list)
{
	unsigned missing = 0;

	CKI_LIST_2_40(COUNT_NULL)
	CKI_LIST_3_0(COUNT_NULL)
	return missing;
}

static bool is_version(const CK_INTERFACE *interface, CK_BYTE major, CK_BYTE minor)
{
	const CK_VERSION *version = interface ? interface->pFunctionList : NULL;

	return version && version->major == major && version->minor == minor;
}

static void find(CK_C_GetInterface get)
{
	CK_UTF8CHAR name[] = "PKCS 11", other[] = "Vendor";
	CK_VERSION old = {2, 40}, new = {3, 0}, none = {9, 0};
	CK_INTERFACE *found = NULL;

	check(get(NULL, NULL, NULL, 0) == CKR_ARGUMENTS_BAD, "C_GetInterface without a place for the answer");
	check(get(NULL, NULL, &found, 0) == CKR_OK && is_version(found, 3, 0), "the default interface is 3.0");
	check(found && missing_3_0(found->pFunctionList) == 0, "no entry of the 3.0 list is NULL");
	check(get(name, NULL, &found, 0) == CKR_OK && is_version(found, 3, 0), "by name");
	check(get(name, &old, &found, 0) == CKR_OK && is_version(found, 2, 40), "by name and version 2.40");
	check(get(name, &new, &found, 0) == CKR_OK && is_version(found, 3, 0), "by name and version 3.0");
	check(get(NULL, &old, &found, 0) == CKR_OK && is_version(found, 2, 40), "by version");
	check(get(NULL, NULL, &found, CKF_INTERFACE_FORK_SAFE) == CKR_OK && found &&
	      found->flags & CKF_INTERFACE_FORK_SAFE, "fork safe");
	check(get(name, NULL, &found, CKF_INTERFACE_FORK_SAFE << 1) == CKR_FUNCTION_FAILED, "flags that none has");
	check(get(name, &none, &found, 0) == CKR_FUNCTION_FAILED, "no such version");
	check(get(other, NULL, &found, 0) == CKR_FUNCTION_FAILED, "no such name");
}

static void list_all(CK_C_GetInterfaceList get_list, const CK_FUNCTION_LIST *old)
{
	CK_INTERFACE all[INTERFACES_MAX];
	CK_ULONG size = 0;
	bool good = true, has_old = false;

	check(get_list(NULL, NULL) == CKR_ARGUMENTS_BAD, "C_GetInterfaceList without a count");
	check(get_list(NULL, &size) == CKR_OK && size >= 2, "it says how many");
	size = 1;
	check(get_list(all, &size) == CKR_BUFFER_TOO_SMALL && size >= 2, "too small a list");
	size = INTERFACES_MAX;
	check(get_list(all, &size) == CKR_OK, "all interfaces");
	for (CK_ULONG i = 0; i < size; i++) {
		good = good && strcmp((const char *)all[i].pInterfaceName, "PKCS 11") == 0 && all[i].pFunctionList &&
		       all[i].flags == CKF_INTERFACE_FORK_SAFE;
		has_old = has_old || all[i].pFunctionList == old;
	}
	check(good, "each is named PKCS 11 and fork safe");
	check(has_old, "one is what C_GetFunctionList gives");
}

int main(int argc, char **argv)
{
	void *module = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	CK_C_GetFunctionList get = NULL;
	CK_C_GetInterface get_interface = NULL;
	CK_C_GetInterfaceList get_list = NULL;
	CK_FUNCTION_LIST *old = NULL;

	if (!module) {
		fprintf(stderr, "usage: interface MODULE (%s)\n", argc == 2 ? dlerror() : "no module");
		return EXIT_FAILURE;
	}
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	*(void **)&get_interface = dlsym(module, "C_GetInterface");
	*(void **)&get_list = dlsym(module, "C_GetInterfaceList");
	if (!get || !get_interface || !get_list) {
		fprintf(stderr, "%s: an entry point is not exported\n", argv[1]);
		return EXIT_FAILURE;
	}
	check(get(&old) == CKR_OK && old->version.major == 2 && old->version.minor == 40, "the 2.40 list");
	check(missing_2_40(old) == 0, "no entry of the 2.40 list is NULL");
	find(get_interface);
	list_all(get_list, old);
	dlclose(module);
	module = dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD);
	check(module != NULL, "the module stays after dlclose");
	printf("1..%d\n", count);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

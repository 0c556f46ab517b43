/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slot list as this process last saw it. It changes only at C_GetSlotList(NULL) (DESIGN section 7,
 * rule 13; PKCS#11 v3.1 section 5.5.1).
 */
#ifndef KEYCLAVE_PKCS11_SLOT_H
#define KEYCLAVE_PKCS11_SLOT_H

#include "pkcs11/module.h"

/* CKR_SLOT_ID_INVALID when SLOT is not in the list, which is fetched if it never was. */
CK_RV slot_known(struct client *client, uint64_t slot);

#endif

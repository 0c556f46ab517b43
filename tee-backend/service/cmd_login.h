/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of PINs and logins (PKCS#11 v3.1 sections 5.5 and 5.6). Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_LOGIN_H
#define KEYCLAVE_SERVICE_CMD_LOGIN_H

#include "service/call.h"

/* CKR_USER_TYPE_INVALID, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN, as token_check_pin. */
CK_RV cmd_login(struct call *call);

/* CKR_USER_NOT_LOGGED_IN. */
CK_RV cmd_login_logout(struct call *call);

/*
 * A login by its ticket, after a restart or in a forked child. Who is logged in as user gets a fresh ticket,
 * whatever he shows. CKR_USER_NOT_LOGGED_IN: the ticket is no good, or tickets are off.
 */
CK_RV cmd_login_resume(struct call *call);

CK_RV cmd_login_pin_init(struct call *call);

/* Of the SO if he is logged in, else of the user (PKCS#11 v3.1 section 5.5.7). */
CK_RV cmd_login_pin_set(struct call *call);

/* CKR_ARGUMENTS_BAD: not one use. CKR_KEY_HANDLE_INVALID. */
CK_RV cmd_login_grant(struct call *call);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock under which login state, and which sessions exist, are decided (DESIGN section 7, rule 12). Held
 * across the round trip of C_Login; taken before any session's lock.
 */
#ifndef KEYCLAVE_PKCS11_LOGIN_H
#define KEYCLAVE_PKCS11_LOGIN_H

void login_lock(void);
void login_unlock(void);

/* In a forked child, whose other threads are gone. */
void login_repair(void);

#endif

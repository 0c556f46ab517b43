/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a PIN comes from, and when one may be tried: pin-value or pin-source of the URI, pin-source of the
 * configuration, else OpenSSL's passphrase callback. Never a second try of a PIN that was wrong, as long as nobody
 * has logged in or changed it since; never the last one unasked (recipe P4).
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_PIN_H
#define KEYCLAVE_OSSL_PROVIDER_PIN_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

#include "client/uri.h"
#include "ossl-provider/provider.h"

/*
 * Logs the provider's context in to SLOT as the user, unless it is already or TOKEN needs no login. PIN (.secret)
 * gets the PIN that was used, or stays empty. CALLBACK may be NULL. 1; 0 with an error raised when
 * there is a PIN and it was refused; -1, nothing raised, when nobody has a PIN.
 */
int pin_login(struct provider *p, uint64_t slot, const struct token_response *token, const struct uri *uri,
	      OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg, struct buffer *pin);

/*
 * Logs in to SLOT with PIN unless somebody has by now; the caller holds provider_login_lock. CKR_PIN_INCORRECT, without
 * a try, for one that was refused before.
 */
CK_RV pin_try(struct provider *p, uint64_t slot, struct span pin);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging the provider's context in: which PIN, and whether it may be tried at all.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "ossl-provider/pin.h"
#include "ossl-provider/refusal.h"

/* Asks the application. 1: PIN filled; -1: nobody to ask, or he does not answer. */
static int pin_prompt(const struct token_response *token, OSSL_PASSPHRASE_CALLBACK *callback,
		      void *callback_arg, struct buffer *pin)
{
	char pass[PROTOCOL_PIN_MAX + 1] = "";
	char info[128];
	size_t size = 0;
	int ok = -1;
	OSSL_PARAM params[] = {
		OSSL_PARAM_DEFN(OSSL_PASSPHRASE_PARAM_INFO, OSSL_PARAM_UTF8_STRING, info, 0),
		OSSL_PARAM_END,
	};

	if (!callback)
		return -1;
	params[0].data_size = (size_t)snprintf(info, sizeof(info), "PIN of token %.*s",
					       (int)(token->label.size < 64 ? token->label.size : 64),
					       (const char *)token->label.data);
	if (callback(pass, sizeof(pass) - 1, &size, params, callback_arg) && size &&
	    buffer_set(pin, pass, size))
		ok = 1;
	memory_wipe(pass, sizeof(pass));
	return ok;
}

/* 1: PIN filled, *ASKED if the user typed it; 0: raised; -1: there is none. */
static int pin_get(struct provider *p, const struct token_response *token, const struct uri *uri,
		   OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg, struct buffer *pin, bool *asked)
{
	struct uri configured = {0};
	CK_RV rv = uri ? uri_pin(uri, pin) : CKR_OK;

	if (rv == CKR_OK && pin->size == 0 && provider_pin_source(p)) {
		configured.pin_source = (char *)(uintptr_t)provider_pin_source(p); /* borrowed, only read */
		rv = uri_pin(&configured, pin);
	}
	if (rv != CKR_OK)
		return provider_raise_rv(p, rv, "reading the PIN");
	if (pin->size)
		return 1;
	*asked = true;
	return pin_prompt(token, callback, callback_arg, pin);
}

/*
 * Whether the PIN may be tried now: never one that was refused, never a locked one, and the last try only by somebody
 * who types it.
 */
static int pin_allowed(struct provider *p, uint64_t slot, const struct token_response *token, struct span pin,
		       bool asked)
{
	if (token->flags & CKF_USER_PIN_LOCKED)
		return provider_raise(p, PROVIDER_PIN_LOCKED, "token %.*s", (int)token->label.size,
				      (const char *)token->label.data);
	if ((token->flags & CKF_USER_PIN_FINAL_TRY) && !asked)
		return provider_raise(p, PROVIDER_PIN_LAST_TRY, "token %.*s", (int)token->label.size,
				      (const char *)token->label.data);
	/* A right login and a new PIN both set the token's count back. */
	if (!(token->flags & CKF_USER_PIN_COUNT_LOW))
		refusal_forget(p, slot);
	if (refusal_holds(p, slot, pin))
		return provider_raise(p, PROVIDER_PIN_REFUSED, "token %.*s", (int)token->label.size,
				      (const char *)token->label.data);
	return 1;
}

CK_RV pin_try(struct provider *p, uint64_t slot, struct span pin)
{
	struct client *client = provider_client(p);
	CK_RV rv = CKR_OK;

	if (client_user(client, slot) == CKU_USER)
		return CKR_OK;
	/* Once more: another thread may have tried it while we waited for the lock. */
	if (refusal_holds(p, slot, pin))
		return CKR_PIN_INCORRECT;
	rv = client_login(client, slot, CKU_USER, pin);
	if (rv == CKR_PIN_INCORRECT)
		refusal_add(p, slot, pin);
	else if (rv == CKR_OK)
		refusal_forget(p, slot);
	return rv;
}

int pin_login(struct provider *p, uint64_t slot, const struct token_response *token, const struct uri *uri,
	      OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg, struct buffer *pin)
{
	struct client *client = provider_client(p);
	bool asked = false;
	int ok = 1;
	CK_RV rv = CKR_OK;

	if (!client || !provider_attach(p, slot))
		return 0;
	if (!(token->flags & CKF_LOGIN_REQUIRED) || !(token->flags & CKF_USER_PIN_INITIALIZED))
		return 1;
	pin->secret = true;
	/* The PIN that came with this URI is remembered even where somebody has logged in already. */
	if (client_user(client, slot) == CKU_USER) {
		(void)(uri && uri_pin(uri, pin));
		return 1;
	}
	ok = pin_get(p, token, uri, callback, callback_arg, pin, &asked);
	if (ok == 1)
		ok = pin_allowed(p, slot, token, buffer_span(pin), asked);
	if (ok != 1)
		return ok;
	provider_login_lock(p);
	rv = pin_try(p, slot, buffer_span(pin));
	provider_login_unlock(p);
	if (rv != CKR_OK)
		return provider_raise_rv(p, rv, "logging in");
	return 1;
}

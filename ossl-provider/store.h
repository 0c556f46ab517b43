/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The STORE's calls, in the shapes of OSSL_FUNC_store_*; algorithms.c makes its dispatch table of them, and
 * decoder.c opens URIs from PEM references through them.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_STORE_H
#define KEYCLAVE_OSSL_PROVIDER_STORE_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

OSSL_FUNC_store_open_fn store_open;
OSSL_FUNC_store_settable_ctx_params_fn store_settable;
OSSL_FUNC_store_set_ctx_params_fn store_set_params;
OSSL_FUNC_store_load_fn store_load;
OSSL_FUNC_store_eof_fn store_eof;
OSSL_FUNC_store_close_fn store_close;
OSSL_FUNC_store_export_object_fn store_export;

/* For who can use a private key only: a URI that says no type means that one. Before store_load. */
void store_wants_private(void *loader);

#endif

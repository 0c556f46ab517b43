/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key generation in the token, by `openssl genpkey` and EVP_PKEY_generate (DESIGN section 7, rule 20).
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_GENERATE_H
#define KEYCLAVE_OSSL_PROVIDER_GENERATE_H

#include <openssl/core_dispatch.h>

#include "ossl-provider/pkey.h"

struct generation; /* the context of one generation */

/* TYPE's calls; the others are the same for all types. */
struct generation *generate_new(struct provider *p, const struct pkey_type *type, int selection,
				const OSSL_PARAM params[]);
OSSL_FUNC_keymgmt_gen_set_template_fn generate_set_template;
OSSL_FUNC_keymgmt_gen_set_params_fn generate_set_params;
OSSL_FUNC_keymgmt_gen_settable_params_fn generate_settable;
OSSL_FUNC_keymgmt_gen_fn generate_run;
OSSL_FUNC_keymgmt_gen_cleanup_fn generate_free;

#endif

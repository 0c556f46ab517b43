/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HKDF-SHA256 (RFC 5869) and the library context that it runs in: the enclave's own, which reads no
 * openssl.cnf, so that neither the machine's configuration nor our own provider is ever between us
 * and libcrypto. Inside the enclave; used by the platforms and by keys/.
 */
#ifndef KEYCLAVE_PLATFORM_HKDF_H
#define KEYCLAVE_PLATFORM_HKDF_H

#include <openssl/types.h>

#include "common/buffer.h"
#include "common/status.h"

/* Made at first use, lives as long as the process. NULL: no memory, or libcrypto is unusable
 * (logged). */
OSSL_LIB_CTX *hkdf_library(void);

/*
 * Mixes ENTROPY into the random generator of TO, this context or another, beside what the kernel gave: it can only
 * add. False, logged: libcrypto failed.
 */
bool hkdf_seed(OSSL_LIB_CTX *to, struct span entropy);

/*
 * SIZE bytes into OUT. An empty SALT is RFC 5869's string of zeros. INFO begins with a label of
 * docs/store.md. CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR (logged); OUT is wiped then.
 */
CK_RV hkdf_derive(struct span ikm, struct span salt, struct span info, uint8_t *out, size_t size);

#endif

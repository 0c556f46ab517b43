/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one kind of CMS message (RFC 5652) that AWS KMS sends to a recipient: EnvelopedData for one RSA key, in BER. Inside
 * the enclave; the bytes are the network's.
 */
#ifndef KEYCLAVE_KMS_CMS_H
#define KEYCLAVE_KMS_CMS_H

#include <openssl/evp.h>

#include "common/buffer.h"
#include "common/status.h"

#define CMS_SIZE_MAX ((size_t)64 * 1024)

/*
 * The content into PLAIN, which is .secret. False, and WHY (static text): more or other than one message in this form, not
 * for KEY, or changed on its way; but its cipher is CBC, so not every change is noticed here.
 */
bool cms_open(struct span message, EVP_PKEY *key, struct buffer *plain, const char **why);

#endif

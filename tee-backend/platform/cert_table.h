/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate table that an SNP host hands to its guest with a report (GHCB specification, extended guest
 * request). The host wrote it: it is carried as it is for verifiers to judge, never believed here. Called by
 * sev_snp.c.
 */
#ifndef KEYCLAVE_PLATFORM_CERT_TABLE_H
#define KEYCLAVE_PLATFORM_CERT_TABLE_H

#include "common/buffer.h"

/*
 * PEM of the table's certificates, those of the report's key first (VCEK, VLEK, then ASK or ASVK, then ARK), into PEM,
 * each once; entries that are no certificate are left out. False, and WHY (static): not a table, with PEM empty.
 */
bool cert_table_pem(struct span table, struct buffer *pem, const char **why);

#endif

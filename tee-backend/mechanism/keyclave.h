/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave.h: what Keyclave adds to PKCS#11. For applications that include any cryptoki header
 * before it (CKA_VENDOR_DEFINED is 0x80000000). The numbers are fixed for ever; docs/evidence.md
 * describes the values.
 */
#ifndef KEYCLAVE_H
#define KEYCLAVE_H

/* Our own range within CKA_VENDOR_DEFINED: "KC" = 0x4B43. */
#define CKA_KEYCLAVE_BASE (0x80000000UL | 0x4B430000UL)

/*
 * The evidence of a key, or of the token when read from its CKO_HW_FEATURE object: a CMW collection
 * in CBOR (RFC 9999), over the nonce that is set, if any. Read only. A size query and the value
 * query that follows it return the same bytes.
 */
#define CKA_KEYCLAVE_EVIDENCE (CKA_KEYCLAVE_BASE + 0x01UL)

/*
 * The nonce for CKA_KEYCLAVE_EVIDENCE, 0 to 64 bytes. Set with C_SetAttributeValue on the object
 * that will be read; local to the session, writes nothing, needs no read/write session.
 */
#define CKA_KEYCLAVE_NONCE (CKA_KEYCLAVE_BASE + 0x02UL)

/* How the key came to be (CK_ULONG, CKV_KEYCLAVE_ORIGIN_*). Read only. */
#define CKA_KEYCLAVE_ORIGIN (CKA_KEYCLAVE_BASE + 0x03UL)

/* Counts each change of the object, from 1 (CK_ULONG). Read only. */
#define CKA_KEYCLAVE_VERSION (CKA_KEYCLAVE_BASE + 0x04UL)

/*
 * The platform that vouches: "notee", "sev-snp", ... (text). Read only, on the hardware feature
 * object.
 */
#define CKA_KEYCLAVE_PLATFORM (CKA_KEYCLAVE_BASE + 0x05UL)

/*
 * Public key (SubjectPublicKeyInfo) of the token identity. Read only, on the hardware feature
 * object.
 */
#define CKA_KEYCLAVE_TOKEN_IDENTITY (CKA_KEYCLAVE_BASE + 0x06UL)

/* "none" or "counter": whether a replay of the whole store is detected. Read only, same object. */
#define CKA_KEYCLAVE_ROLLBACK (CKA_KEYCLAVE_BASE + 0x07UL)

/*
 * True in a search template, alone: finds the objects whose records the store lost or forged (CK_BBOOL). Nothing can
 * be read of them (CKR_DEVICE_ERROR); C_DestroyObject takes them away for good. After a login only.
 */
#define CKA_KEYCLAVE_DAMAGED (CKA_KEYCLAVE_BASE + 0x08UL)

/*
 * In the template of C_DeriveKey from the object KEYCLAVE_ROOT_LABEL: whether the platform's measurement is mixed into
 * the key, so that another measurement gets another key (CK_BBOOL; without it false). Then fixed.
 */
#define CKA_KEYCLAVE_BIND_MEASUREMENT (CKA_KEYCLAVE_BASE + 0x09UL)

/* CKA_HW_FEATURE_TYPE of the token's hardware feature object. */
#define CKH_KEYCLAVE_TOKEN (0x80000000UL | 0x4B430001UL)

#define CKV_KEYCLAVE_ORIGIN_IMPORTED 1UL
#define CKV_KEYCLAVE_ORIGIN_GENERATED 2UL
#define CKV_KEYCLAVE_ORIGIN_DERIVED 3UL
#define CKV_KEYCLAVE_ORIGIN_UNWRAPPED 4UL
#define CKV_KEYCLAVE_ORIGIN_KMS_UNWRAPPED 5UL

/* CKA_APPLICATION of the data objects: a nonce to set, evidence to read. */
#define KEYCLAVE_APPLICATION_NONCE "keyclave-nonce"
#define KEYCLAVE_APPLICATION_EVIDENCE "keyclave-evidence"

#define KEYCLAVE_NONCE_MAX 64

/*
 * CKA_LABEL of the secret key that applications derive their own from, by CKM_HKDF_DERIVE or CKM_SP800_108_COUNTER_KDF.
 * Every token has it; it is found by a template that names this label and CKA_CLASS.
 */
#define KEYCLAVE_ROOT_LABEL "keyclave-root"

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the provider's algorithms. Each operation stands under OpenSSL's own names and under the alias
 * that our KEYMGMTs return, which nobody else has (recipe P1).
 */
#include "config.h"

#include <openssl/core_dispatch.h>

#include "ossl-provider/algorithms.h"
#include "ossl-provider/asym_cipher.h"
#include "ossl-provider/decoder.h"
#include "ossl-provider/encoder.h"
#include "ossl-provider/keyexch.h"
#include "ossl-provider/keymgmt.h"
#include "ossl-provider/signature.h"
#include "ossl-provider/store.h"

#define PROPERTIES "provider=keyclave"
#define PRIVATE_PEM PROPERTIES ",output=pem,structure=PrivateKeyInfo"
#define ENCRYPTED_PEM PROPERTIES ",output=pem,structure=EncryptedPrivateKeyInfo"
#define PRIVATE_DER PROPERTIES ",output=der,structure=PrivateKeyInfo"
#define TEXT PROPERTIES ",output=text"
#define FROM_PEM PROPERTIES ",input=pem"
#define FROM_REFERENCE PROPERTIES ",input=der,structure=" DECODER_STRUCTURE

#define RSA_NAMES "RSA:rsaEncryption:1.2.840.113549.1.1.1"
#define RSA_PSS_NAMES "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10"
#define EC_NAMES "EC:id-ecPublicKey:1.2.840.10045.2.1"
#define ED25519_NAMES "ED25519:1.3.101.112"
#define X25519_NAMES "X25519:1.3.101.110"

/* OpenSSL 3.4's own names of a key's algorithm with a digest. */
#define RSA_SHA1_NAMES "RSA-SHA1:RSA-SHA-1:sha1WithRSAEncryption:1.2.840.113549.1.1.5"
#define RSA_SHA224_NAMES "RSA-SHA2-224:RSA-SHA224:sha224WithRSAEncryption:1.2.840.113549.1.1.14"
#define RSA_SHA256_NAMES "RSA-SHA2-256:RSA-SHA256:sha256WithRSAEncryption:1.2.840.113549.1.1.11"
#define RSA_SHA384_NAMES "RSA-SHA2-384:RSA-SHA384:sha384WithRSAEncryption:1.2.840.113549.1.1.12"
#define RSA_SHA512_NAMES "RSA-SHA2-512:RSA-SHA512:sha512WithRSAEncryption:1.2.840.113549.1.1.13"
#define ECDSA_SHA1_NAMES "ECDSA-SHA1:ECDSA-SHA-1:ecdsa-with-SHA1:1.2.840.10045.4.1"
#define ECDSA_SHA224_NAMES "ECDSA-SHA2-224:ECDSA-SHA224:ecdsa-with-SHA224:1.2.840.10045.4.3.1"
#define ECDSA_SHA256_NAMES "ECDSA-SHA2-256:ECDSA-SHA256:ecdsa-with-SHA256:1.2.840.10045.4.3.2"
#define ECDSA_SHA384_NAMES "ECDSA-SHA2-384:ECDSA-SHA384:ecdsa-with-SHA384:1.2.840.10045.4.3.3"
#define ECDSA_SHA512_NAMES "ECDSA-SHA2-512:ECDSA-SHA512:ecdsa-with-SHA512:1.2.840.10045.4.3.4"

static const OSSL_ALGORITHM keymgmts[] = {
	{RSA_NAMES, PROPERTIES, keymgmt_rsa_functions, "RSA keys in the enclave"},
	{RSA_PSS_NAMES, PROPERTIES, keymgmt_rsa_pss_functions, "RSA keys that sign with PSS only"},
	{EC_NAMES, PROPERTIES, keymgmt_ec_functions, "EC keys in the enclave"},
	{ED25519_NAMES, PROPERTIES, keymgmt_ed25519_functions, "Ed25519 keys in the enclave"},
	{X25519_NAMES, PROPERTIES, keymgmt_x25519_functions, "X25519 keys in the enclave"},
	{NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signatures[] = {
	{RSA_NAMES, PROPERTIES, signature_rsa_functions, "RSA signatures by the enclave"},
	{"KEYCLAVE-RSA", PROPERTIES, signature_rsa_functions, "RSA signatures by the enclave"},
	{"ECDSA", PROPERTIES, signature_ecdsa_functions, "ECDSA by the enclave"},
	{"KEYCLAVE-EC", PROPERTIES, signature_ecdsa_functions, "ECDSA by the enclave"},
	{ED25519_NAMES, PROPERTIES, signature_eddsa_functions, "Ed25519 by the enclave"},
	{"KEYCLAVE-ED25519", PROPERTIES, signature_eddsa_functions, "Ed25519 by the enclave"},
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
	{RSA_SHA1_NAMES, PROPERTIES, signature_rsa_sha1_functions, "RSA with SHA-1 by the enclave"},
	{RSA_SHA224_NAMES, PROPERTIES, signature_rsa_sha224_functions, "RSA with SHA-224 by the enclave"},
	{RSA_SHA256_NAMES, PROPERTIES, signature_rsa_sha256_functions, "RSA with SHA-256 by the enclave"},
	{RSA_SHA384_NAMES, PROPERTIES, signature_rsa_sha384_functions, "RSA with SHA-384 by the enclave"},
	{RSA_SHA512_NAMES, PROPERTIES, signature_rsa_sha512_functions, "RSA with SHA-512 by the enclave"},
	{ECDSA_SHA1_NAMES, PROPERTIES, signature_ecdsa_sha1_functions, "ECDSA with SHA-1 by the enclave"},
	{ECDSA_SHA224_NAMES, PROPERTIES, signature_ecdsa_sha224_functions, "ECDSA with SHA-224 by the enclave"},
	{ECDSA_SHA256_NAMES, PROPERTIES, signature_ecdsa_sha256_functions, "ECDSA with SHA-256 by the enclave"},
	{ECDSA_SHA384_NAMES, PROPERTIES, signature_ecdsa_sha384_functions, "ECDSA with SHA-384 by the enclave"},
	{ECDSA_SHA512_NAMES, PROPERTIES, signature_ecdsa_sha512_functions, "ECDSA with SHA-512 by the enclave"},
#endif
	{NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM asym_ciphers[] = {
	{RSA_NAMES, PROPERTIES, asym_cipher_rsa_functions, "RSA decryption by the enclave"},
	{"KEYCLAVE-RSA", PROPERTIES, asym_cipher_rsa_functions, "RSA decryption by the enclave"},
	{NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM keyexchs[] = {
	{"ECDH", PROPERTIES, keyexch_ecdh_functions, "ECDH by the enclave"},
	{"KEYCLAVE-EC", PROPERTIES, keyexch_ecdh_functions, "ECDH by the enclave"},
	{X25519_NAMES, PROPERTIES, keyexch_x25519_functions, "X25519 by the enclave"},
	{"KEYCLAVE-X25519", PROPERTIES, keyexch_x25519_functions, "X25519 by the enclave"},
	{NULL, NULL, NULL, NULL},
};

static const OSSL_DISPATCH store_functions[] = {
	{OSSL_FUNC_STORE_OPEN, (void (*)(void))store_open},
	{OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, (void (*)(void))store_settable},
	{OSSL_FUNC_STORE_SET_CTX_PARAMS, (void (*)(void))store_set_params},
	{OSSL_FUNC_STORE_LOAD, (void (*)(void))store_load},
	{OSSL_FUNC_STORE_EOF, (void (*)(void))store_eof},
	{OSSL_FUNC_STORE_CLOSE, (void (*)(void))store_close},
	{OSSL_FUNC_STORE_EXPORT_OBJECT, (void (*)(void))store_export},
	{0, NULL},
};

static const OSSL_ALGORITHM stores[] = {
	{"pkcs11", PROPERTIES, store_functions, "pkcs11: URIs (RFC 7512)"},
	{NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM encoders[] = {
	{RSA_NAMES, PRIVATE_PEM, encoder_pem_functions, "reference to a token key"},
	{RSA_NAMES, ENCRYPTED_PEM, encoder_pem_functions, "reference to a token key"},
	{RSA_NAMES, PRIVATE_DER, encoder_der_functions, "reference to a token key"},
	{RSA_NAMES, TEXT, encoder_text_functions, "text"},
	{RSA_PSS_NAMES, PRIVATE_PEM, encoder_pem_functions, "reference to a token key"},
	{RSA_PSS_NAMES, ENCRYPTED_PEM, encoder_pem_functions, "reference to a token key"},
	{RSA_PSS_NAMES, PRIVATE_DER, encoder_der_functions, "reference to a token key"},
	{RSA_PSS_NAMES, TEXT, encoder_text_functions, "text"},
	{EC_NAMES, PRIVATE_PEM, encoder_pem_functions, "reference to a token key"},
	{EC_NAMES, ENCRYPTED_PEM, encoder_pem_functions, "reference to a token key"},
	{EC_NAMES, PRIVATE_DER, encoder_der_functions, "reference to a token key"},
	{EC_NAMES, TEXT, encoder_text_functions, "text"},
	{ED25519_NAMES, PRIVATE_PEM, encoder_pem_functions, "reference to a token key"},
	{ED25519_NAMES, ENCRYPTED_PEM, encoder_pem_functions, "reference to a token key"},
	{ED25519_NAMES, PRIVATE_DER, encoder_der_functions, "reference to a token key"},
	{ED25519_NAMES, TEXT, encoder_text_functions, "text"},
	{X25519_NAMES, PRIVATE_PEM, encoder_pem_functions, "reference to a token key"},
	{X25519_NAMES, ENCRYPTED_PEM, encoder_pem_functions, "reference to a token key"},
	{X25519_NAMES, PRIVATE_DER, encoder_der_functions, "reference to a token key"},
	{X25519_NAMES, TEXT, encoder_text_functions, "text"},
	{NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM decoders[] = {
	{"DER", FROM_PEM, decoder_pem_functions, "PEM reference to DER"},
	{RSA_NAMES, FROM_REFERENCE, decoder_rsa_functions, "reference to an RSA key"},
	{RSA_PSS_NAMES, FROM_REFERENCE, decoder_rsa_pss_functions, "reference to an RSA-PSS key"},
	{EC_NAMES, FROM_REFERENCE, decoder_ec_functions, "reference to an EC key"},
	{ED25519_NAMES, FROM_REFERENCE, decoder_ed25519_functions, "reference to an Ed25519 key"},
	{X25519_NAMES, FROM_REFERENCE, decoder_x25519_functions, "reference to an X25519 key"},
	{NULL, NULL, NULL, NULL},
};

const OSSL_ALGORITHM *algorithms_find(int operation)
{
	static const struct {
		int operation;
		const OSSL_ALGORITHM *rows;
	} operations[] = {
		{OSSL_OP_KEYMGMT, keymgmts},	     {OSSL_OP_SIGNATURE, signatures},
		{OSSL_OP_ASYM_CIPHER, asym_ciphers}, {OSSL_OP_KEYEXCH, keyexchs},
		{OSSL_OP_STORE, stores},	     {OSSL_OP_ENCODER, encoders},
		{OSSL_OP_DECODER, decoders},
	};

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].operation == operation)
			return operations[i].rows;
	return NULL;
}

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each row of ossl-provider/algorithms.c is what OpenSSL lists, and stands under a test: the names below say which test
# exercises it, and a row that nobody named here fails.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99
keyclave_env

# list TABLE LISTING: what openssl lists of us, as "TABLE NAME [PROPERTIES]".
list() {
	host openssl list "$2" -provider keyclave -provider default -verbose -propquery provider=keyclave 2>/dev/null |
		awk -v table="$1" '/@ keyclave/ && !/^ *Provided/ { sub(/ @ keyclave.*/, ""); gsub(/[{} ]/, ""); count = split($0, n, ","); for (i = 1; i <= count; i++) print table, n[i] }'
}
covered='
keymgmts RSA openssl_genpkey
keymgmts RSA-PSS openssl_genpkey
keymgmts EC openssl_genpkey
keymgmts ED25519 openssl_genpkey
keymgmts X25519 openssl_genpkey
signatures RSA openssl_sign
signatures KEYCLAVE-RSA openssl_sign
signatures ECDSA openssl_sign
signatures KEYCLAVE-EC openssl_sign
signatures ED25519 openssl_sign
signatures KEYCLAVE-ED25519 openssl_sign
signatures RSA-SHA1 openssl_message
signatures RSA-SHA2-224 openssl_message
signatures RSA-SHA2-256 openssl_message
signatures RSA-SHA2-384 openssl_message
signatures RSA-SHA2-512 openssl_message
signatures ECDSA-SHA1 openssl_message
signatures ECDSA-SHA2-224 openssl_message
signatures ECDSA-SHA2-256 openssl_message
signatures ECDSA-SHA2-384 openssl_message
signatures ECDSA-SHA2-512 openssl_message
asym_ciphers RSA openssl_decrypt
asym_ciphers KEYCLAVE-RSA openssl_decrypt
keyexchs ECDH openssl_decrypt
keyexchs KEYCLAVE-EC openssl_decrypt
keyexchs X25519 openssl_decrypt
keyexchs KEYCLAVE-X25519 openssl_decrypt
stores pkcs11 openssl_store
encoders RSA openssl_genpkey
encoders RSA-PSS openssl_genpkey
encoders EC openssl_genpkey
encoders ED25519 openssl_genpkey
encoders X25519 openssl_genpkey
decoders DER openssl_store
decoders RSA openssl_store
decoders RSA-PSS openssl_store
decoders EC openssl_store
decoders ED25519 openssl_store
decoders X25519 openssl_store
'
# What the headers of libcrypto that this provider was built with know; a row below #ifdef OSSL_FUNC_... is built with it.
known=$(echo '#include <openssl/core_dispatch.h>' | ${KC_CC:-cc} -E -dM -x c - | awk '/OSSL_FUNC_/ { print $2 }')
# rows [MACROS]: "TABLE NAME" of the source, its name macros resolved; all rows, or those that are built where MACROS are known.
rows() {
	awk -v built="$#" -v known=" $(echo ${1:-}) " '
		/^#ifdef OSSL_FUNC_/ { left_out = built && index(known, " " $2 " ") == 0 }
		/^#endif/ { left_out = 0 }
		left_out { next }
		/^#define [A-Z0-9_]+_NAMES / { split($3, n, "[\":]"); name[$2] = n[2] }
		/^static const OSSL_ALGORITHM / { table = $4; sub(/\[.*/, "", table) }
		table && /^\t\{("|[A-Z0-9_]+_NAMES)/ {
			row = $1
			gsub(/[{,"]/, "", row)
			print table, row in name ? name[row] : row
		}
		/^};/ { table = "" }' "$KC_SRCDIR/ossl-provider/algorithms.c" | sort -u
}
is "each row has a test, each test a row" "$(rows)" "$(awk 'NF { print $1, $2 }' <<<"$covered" | sort -u)"
for name in $(awk 'NF { print $3 }' <<<"$covered" | sort -u); do
	check "$name.sh is run" grep -q "integration_tests.*/$name\.sh" "$KC_SRCDIR/tests/integration/module.mk"
done
{
	list keymgmts -key-managers
	list signatures -signature-algorithms
	list asym_ciphers -asymcipher-algorithms
	list keyexchs -key-exchange-algorithms
	list encoders -encoders
	list decoders -decoders
	list stores -store-loaders
} | sort -u >"$T/listed"
awk '{ print toupper($0) }' "$T/listed" | sort -u >"$T/upper"
is "OpenSSL lists each row" "$(rows "$known" | awk '{ print toupper($0) }' | sort -u | comm -23 - "$T/upper")" "" || diag_file "$T/listed"
done_testing

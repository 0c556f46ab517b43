#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# OpenSSL 3.4's algorithms that have a digest in their name (RSA-SHA2-256), by provider_message.c in both provider orders;
# they have the names of libcrypto's own. Where the headers are older the provider has none of them.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

"$KC_BUILDDIR/tests/integration/provider_message" 2>/dev/null
[ $? -ne 77 ] || skip_all "the provider was built with a libcrypto before 3.4"
openssl_setup rsa rsapss p256 ed25519
check "a key that signs with SHA-1 and by one mechanism" p11tool_on --token-label kc --login --pin "$PIN" --keypairgen \
	--key-type rsa:2048 --label sha1 --id 51 --usage-sign --allowed-mechanisms SHA1-RSA-PKCS
api() {
	"$KC_BUILDDIR/tests/integration/provider_message" "${order[0]}" "${order[1]}" "pkcs11:token=kc" "$PIN" \
		>"$T/api" 2>"$T/api.err"
	is "the program ends well ($tag)" $? 0 || diag_file "$T/api.err"
	while read -r line; do
		case $line in
		ok*) ok "${line#ok * - } ($tag)" ;;
		not*) not_ok "${line#not ok * - } ($tag)" ;;
		esac
	done <"$T/api"
	is "all of it was run" "$(grep -c '^1\.\.' "$T/api")" 1
}
in_both_orders api

# names PROVIDER: the names of its composites, a line for each algorithm.
names() {
	host openssl list -signature-algorithms -verbose -provider keyclave -provider default -propquery "provider=$1" |
		sed -n "s/^ *{ \(.*\) } @ $1\$/\1/p" | grep -E '(RSA|ECDSA)-SHA'
}
names keyclave | sort >"$T/ours"
names default | sort >"$T/theirs"
is "ten algorithms are listed" "$(wc -l <"$T/ours")" 10
is "each has all of libcrypto's names and no other" "$(comm -23 "$T/ours" "$T/theirs")" ""
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# provider_api.c in both provider orders, and across a restart of the daemon.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

openssl_setup rsa p256 ed25519
make_ca
certify p256
api() {
	"$KC_BUILDDIR/tests/integration/provider_api" "${order[0]}" "${order[1]}" "pkcs11:token=kc" "$PIN" "$T/p256.crt" \
		"$T/p256.pem" "$T/ca.key" >"$T/api" 2>"$T/api.err"
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
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the module shows to a program that loads it: function lists and interfaces, the libraries that it
# brings along, its names (DESIGN section 7, rule 14).
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
need readelf nm

keyclave_env
tap_run host "$KC_BUILDDIR/tests/conformance/interface" "$KC_MODULE"
status=$tap_status
while IFS= read -r line; do
	case $line in
	'ok '*) ok "${line#*- }" ;;
	'not ok '*) not_ok "${line#*- }" ;;
	esac
done <"$T/out"
is "the interface program ran to its end" "$status $(grep -c '^1\.\.' "$T/out")" "0 1" || diag_file "$T/err"

# The loader is libc's other half. A sanitizer's run time is a dependency of its own kind.
needed=$(readelf -d "$KC_MODULE" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^ld-linux|^lib(asan|ubsan|tsan|gcc_s)\.so')
others=$(grep -vE '^(libcbor|libnettle|libinih|libc)\.so' <<<"$needed")
is "it needs libcbor, nettle, inih and libc only" "${others//$'\n'/ }" ""
for library in libcbor libnettle libinih; do
	is "it needs $library" "$(grep -c "^$library\.so" <<<"$needed")" 1
done
is "it is never unloaded" "$(readelf -d "$KC_MODULE" | grep -c 'FLAGS_1.*NODELETE')" 1
names=$(nm -D --defined-only "$KC_MODULE" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }')
is "it exports C_ functions only" "$(grep -v '^C_[A-Z]' <<<"$names" | tr '\n' ' ')" ""
is "it exports every function of 3.0" \
	"$(sed -n '/define CKI_LIST_2_40/,/^$/p; /define CKI_LIST_3_0/,/^$/p' "$KC_SRCDIR/tee-backend/mechanism/cryptoki.h" |
		grep -oE 'F\(C_[A-Za-z]+' | sed 's/F(//' | sort -u | comm -23 - <(sort -u <<<"$names") | tr '\n' ' ')" ""
done_testing

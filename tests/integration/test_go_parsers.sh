#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 1200
# platforms.sh once more, with Google's Go parsers of SNP reports and TDX quotes beside ours: what they find in the evidence of the
# emulated platforms is what keyclave verify says. They come as Debian 13's golang-github-google-go-sev-guest-dev and
# golang-github-google-go-tdx-guest-dev.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
need go python3
gocode=/usr/share/gocode
for package in go-sev-guest go-tdx-guest; do
	[ -d "$gocode/src/github.com/google/$package/abi" ] || skip_all "Google's $package is not there as source"
done
/usr/bin/python3 -c 'import cbor2' 2>/dev/null || skip_all "python3-cbor2 is not there"
mkdir "$T/go"
# No network: what the packages need lies beside them.
env GO111MODULE=off GOPATH="$T/go:$gocode" GOCACHE="$T/go/cache" GOFLAGS=-p=2 GOTOOLCHAIN=local \
	go build -o "$T/parse_report" "$KC_SRCDIR/tests/integration/parse_report.go" 2>"$T/err" || {
	diag_file "$T/err"
	bail_out "the parsers do not build"
}
KC_PARSE_REPORT=$T/parse_report bash "$KC_SRCDIR/tests/integration/platforms.sh" >"$T/tap" 2>"$T/err"
status=$?
grep -q '^1\.\.0' "$T/tap" && skip_all "$(sed -n 's/^1\.\.0 # SKIP //p' "$T/tap")"
cat "$T/tap"
[ $status -eq 0 ] || diag_file "$T/err"
grep -q "^ok .*Google.s parser agrees" "$T/tap" || status=1
exit $status

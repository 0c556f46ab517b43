#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Sets up a token of Keyclave and one of SoftHSM2 in a folder of its own, and prints the benchmark's table.
#
#	tests/bench/run.sh [--build DIR] [--smoke] [bench's options: --json --runs N --ms N ...]
#
#	--build DIR    the build tree; default: ./b, else .
#	--smoke        one short run; checks only that there are figures (TAP)
# SOFTHSM2_MODULE names SoftHSM2's module; without one Keyclave is compared to libcrypto alone.
source=$(cd "$(dirname "$0")/../.." && pwd)
KC_SRCDIR=${KC_SRCDIR:-$source}
if [ -z "${KC_BUILDDIR:-}" ]; then
	KC_BUILDDIR=$source
	[ ! -x "$source/b/tests/bench/bench" ] || KC_BUILDDIR=$source/b
fi
smoke=no
options=()
while [ $# -gt 0 ]; do
	case $1 in
	--build)
		KC_BUILDDIR=$(cd "$2" && pwd)
		shift
		;;
	--smoke) smoke=yes ;;
	*) options+=("$1") ;;
	esac
	shift
done
. "$KC_SRCDIR/tests/lib/tap.sh" || exit 99
keyclave_env
bench=$KC_BUILDDIR/tests/bench/bench
[ -x "$bench" ] || {
	echo "run.sh: $bench is not built: make $(realpath --relative-to="$KC_BUILDDIR" "$bench")" >&2
	exit 2
}

echo 12345678 >"$T/so-pin"
echo 123456 >"$T/pin"
"$KC_CLI" init --label bench --so-pin-file "$T/so-pin" --pin-file "$T/pin" >"$T/init.log" 2>&1 ||
	bail_out "keyclave init: $(cat "$T/init.log")"
modules=(--module "keyclave=$KC_MODULE")

softhsm=${SOFTHSM2_MODULE:-}
for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[ -n "$softhsm" ] || [ ! -e "$path" ] || softhsm=$path
done
# SoftHSM2 leaks at each C_SignInit, which the leak checker would tell of as if it were ours.
[ -z "${KC_SANITIZERS:-}" ] || softhsm=
if [ -n "$softhsm" ] && command -v softhsm2-util >/dev/null; then
	mkdir "$T/softhsm"
	export SOFTHSM2_CONF=$T/softhsm2.conf
	printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$T/softhsm" \
		>"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label bench --so-pin 12345678 --pin 123456 >"$T/init.log" 2>&1 ||
		bail_out "softhsm2-util: $(cat "$T/init.log")"
	modules+=(--module "softhsm2=$softhsm")
fi

if [ $smoke = no ]; then
	"$bench" --token bench --pin 123456 "${modules[@]}" "${options[@]}"
	exit
fi
run_bench() { "$bench" --token bench --pin 123456 "${modules[@]}" --runs 1 --ms 20 --objects 20 "$@"; }
check "the benchmark runs" run_bench --json
cp "$T/out" "$T/figures"
is "it has a figure for each row, at one thread and at two" \
	"$(grep -c '"module": "keyclave", "per second": [1-9]' "$T/figures")" 18
check_output "its table has a line for P-256" '^sign P-256 +2 +keyclave +[0-9]+' run_bench --only P-256
done_testing

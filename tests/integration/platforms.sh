#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# keyclaved on emulated SEV-SNP, TDX and Nitro: a token made there opens after a restart and under no other measurement,
# says why not, and stays as it is; evidence of its keys verifies under the test authority and under nothing else; a
# platform without a sealing key says so and keeps its token in memory.
#
# The emulators are FUSE file systems in a mount namespace of this test's own.
if [ "${KC_PLATFORMS_INSIDE:-}" != yes ]; then
	export KC_PLATFORMS_INSIDE=yes
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare -m --propagation private bash "$0" "$@"
	fi
	exec unshare -Urm --propagation private bash "$0" "$@"
fi
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
emulators=$KC_BUILDDIR/tests/emulators
[ -x "$emulators/emulate-nsm" ] || skip_all "the emulators are not built (libfuse3)"
(exec 3<>/dev/fuse) 2>/dev/null || skip_all "/dev/fuse cannot be opened"
need openssl python3
k() { timeout 60 "$KC_CLI" "$@"; }
root=$T/root
control=$T/control
authority=$T/ca
mkdir -p "$authority"
: >"$control"
keeper=
emulator_pids=

# emulate PROGRAM WHERE [OPTION]
emulate() {
	mkdir -p "$root/$2"
	"$emulators/$1" "$root/$2" --control="$control" --ca="$authority" ${3:+"$3"} >>"$T/emulators" 2>&1 &
	emulator_pids="$emulator_pids $!"
	at_exit "kill $! 2>/dev/null"
	wait_until 20 mountpoint -q "$root/$2" || bail_out "$1: $(cat "$T/emulators")"
}
emulate_none() {
	# shellcheck disable=SC2086 # a list of process ids
	[ -z "$emulator_pids" ] || { kill $emulator_pids && wait $emulator_pids; } 2>/dev/null
	emulator_pids=
	rm -rf "$root"
}
# facts LINE...: what the guest is from now on.
facts() {
	printf '%s\n' "$@" >"$control.new"
	mv "$control.new" "$control"
}
# configure PLATFORM [LINE...]: of section [platform].
configure() {
	local platform=$1
	shift
	{
		printf '[daemon]\nplatform = %s\n[platform]\nplatform-root = %s\ndevice-timeout = 2s\n' "$platform" "$root"
		printf '%s\n' "$@"
	} >"$KEYCLAVE_CONF"
}
start() {
	: >"$T/log"
	"$KC_DAEMON" >>"$T/log" 2>&1 &
	keeper=$!
	wait_until 30 k status
}
stop() {
	kill "$keeper" 2>/dev/null
	wait "$keeper" 2>/dev/null
	keeper=
}
# refuses: the daemon ends by itself.
refuses() {
	: >"$T/log"
	! timeout 60 "$KC_DAEMON" >>"$T/log" 2>&1
}
at_exit '[ -z "$keeper" ] || kill "$keeper"'
logged() { check_output "$1" "$2" cat "$T/log"; }
# A value of the JSON of a command, d.
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
identity() { json 'd["tokens"][0]["identity"]' k status; }
# A token with a random PIN, for there is no counter, and a key.
init_token() {
	rm -f "$T/pin"
	k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/pin" >"$T/init" 2>&1 || {
		diag_file "$T/init"
		diag_file "$T/log"
		return 1
	}
}
make_key() { k keygen --type ec:P-256 --label web --pin-file "$T/pin" --token pkcs11:token=t; }
attest() { k attest --nonce "$nonce" --pin-file "$T/pin" --out "$1" 'pkcs11:token=t;object=web;type=private'; }
# verify FILE OPTION...
verify() {
	local file=$1
	shift
	k verify --nonce "$nonce" --identity "$id" --generated --never-extractable --allow no-revocation "$@" "$file"
}
# independent PLATFORM FILE ROOT: the verifier in another language says good.
independent() {
	if /usr/bin/python3 -c 'import cbor2, cryptography' 2>/dev/null; then
		check_output "$1: an independent verifier accepts it" '^good: keyclave/object-key/1' \
			env -u OPENSSL_MODULES /usr/bin/python3 "$KC_SRCDIR/tests/integration/independent.py" "$1" "$2" "$3" "$nonce"
	else
		skip "$1: an independent verifier accepts it" "python3-cbor2 or python3-cryptography is not there"
	fi
}
# parsed PLATFORM FILE OPTION...: Google's parser, where test_go_parsers.sh has built it, finds what our verifier tells.
parsed() {
	local platform=$1 file=$2
	shift 2
	[ -n "${KC_PARSE_REPORT:-}" ] || return 0
	verify "$file" --allow any-measurement --json "$@" >"$T/verdict" 2>/dev/null
	check_output "$platform: Google's parser agrees" '^[1-9][0-9]* facts agree' /usr/bin/python3 \
		"$KC_SRCDIR/tests/integration/parse_report.py" "$platform" "$file" "$T/verdict" "$KC_PARSE_REPORT"
}
# The store as it is, byte for byte.
store() { (cd "$KEYCLAVE_STATE_DIR/store" && sha256sum keyclave.db* 2>/dev/null); }
openssl rand -hex 16 >"$T/so-pin"
nonce=$(openssl rand -hex 32)

# ---- sev-snp ----
emulate emulate-sev-guest dev
emulate emulate-tsm sys --kind=sev
configure auto 'snp-launch = measured-kernel'
check "sev-snp: the daemon starts" start
logged "sev-snp: auto says which and why" 'platform auto: sev-snp, for /dev/sev-guest is there'
check "sev-snp: a token is made" init_token
is "sev-snp: status names the platform" "$(json 'd["daemon"]["platform"]' k status)" sev-snp
id=$(identity)
check "sev-snp: a key" make_key
check "sev-snp: its evidence" attest "$T/snp.evidence"
check_output "sev-snp: verifies under the test authority" good verify "$T/snp.evidence" --trust-root "$authority/ark.pem" \
	--allow any-measurement
check_status "sev-snp: and under no other" 1 verify "$T/snp.evidence" --allow any-measurement
check "sev-snp: a policy that pins the measurement" sh -c '"$@" >"$0"' "$T/policy" "$KC_CLI" policy from-evidence \
	--nonce "$nonce" --trust-root "$authority/ark.pem" --allow no-revocation "$T/snp.evidence"
independent sev-snp "$T/snp.evidence" "$authority/ark.pem"
parsed sev-snp "$T/snp.evidence" --trust-root "$authority/ark.pem"
check "sev-snp: holds" k verify --nonce "$nonce" --trust-root "$authority/ark.pem" --policy "$T/policy" "$T/snp.evidence"
stop
check "sev-snp: the daemon starts again" start
is "sev-snp: it is the same token" "$(identity)" "$id"
check "sev-snp: its key signs" k keygen --type aes:256 --label more --pin-file "$T/pin" --token pkcs11:token=t
stop
before=$(store)
facts 'measurement another launch'
check "sev-snp: another measurement opens nothing" refuses
logged "sev-snp: it says what differs" 'the launch measurement differs .then: measurement [0-9a-f]{96}.*now: measurement [0-9a-f]{96}'
logged "sev-snp: and what to do" 'recovery'
is "sev-snp: nothing was overwritten" "$(store)" "$before"
facts 'policy 0xb0000'
check "sev-snp: another guest policy neither" refuses
logged "sev-snp: says so" 'the guest policy differs'
facts 'chip another'
check "sev-snp: another chip neither" refuses
logged "sev-snp: says so too" 'the chip differs'
is "sev-snp: nothing was overwritten either" "$(store)" "$before"
facts 'tcb 0xdb1b000000000004'
check "sev-snp: an older TCB neither" refuses
facts 'tcb 0xdb1d000000000004'
check "sev-snp: a newer TCB opens it" start
is "sev-snp: with the same token" "$(identity)" "$id"
stop
facts ''
check "sev-snp: after that the older TCB opens it no more" refuses
logged "sev-snp: for the slot went forward" 'the committed TCB version is older'
facts 'tcb 0xdb1d000000000004'
configure notee
check "sev-snp: its store is refused by another platform" refuses
logged "sev-snp: by name" 'sev-snp'
configure sev-snp
check "sev-snp: and without the statement about the launch" refuses
logged "sev-snp: with the reason" 'snp-launch = measured-kernel'
mv "$KEYCLAVE_STATE_DIR/store" "$T/store.snp"
check "sev-snp: without it, and without a store, a token in memory" start
check "sev-snp: is made" init_token
check "sev-snp: no store is left" test ! -e "$KEYCLAVE_STATE_DIR/store"
stop

# Derived keys (security rule 15): an update that the recovery secret lets in changes only those that are bound.
derive() { json 'd["key"]' k derive --label disk "$@" --pin-file "$T/pin" pkcs11:token=t; }
(umask 077 && openssl rand -hex 32 >"$T/recovery")
configure sev-snp 'snp-launch = measured-kernel' "recovery-file = $T/recovery" '[token]' 'extractable = allow'
check "sev-snp: a store with a recovery secret" start
check "sev-snp: a token to derive from" init_token
free=$(derive)
bound=$(derive --bind-measurement)
is "sev-snp: a derived key has 256 bits" "${#free}" 64
check "sev-snp: one that is bound to the measurement is another" test "${#bound}-$bound" != "64-$free"
stop
facts 'measurement an update' 'tcb 0xdb1d000000000004'
check "sev-snp: the updated enclave starts" start
is "sev-snp: derives the same key" "$(derive)" "$free"
updated=$(derive --bind-measurement)
is "sev-snp: and a bound one" "${#updated}" 64
check "sev-snp: which is another" test "$updated" != "$bound"
stop
facts 'tcb 0xdb1d000000000004'
check "sev-snp: the enclave of before starts" start
is "sev-snp: with its bound key" "$(derive --bind-measurement)" "$bound"
stop
emulate_none
rm -rf "$KEYCLAVE_STATE_DIR"

# ---- tdx and nitro: no sealing key ----
# session_only PLATFORM ROOT-CERTIFICATE [OPTION OF verify...]
session_only() {
	local platform=$1 anchor=$2
	shift 2
	check "$platform: the daemon starts" start
	logged "$platform: auto says which and why" "platform auto: $platform, for .* is there"
	logged "$platform: it says that tokens do not last" 'no sealing key'
	check "$platform: a token" init_token
	id=$(identity)
	check "$platform: a key" make_key
	check "$platform: its evidence" attest "$T/$platform.evidence"
	check_output "$platform: verifies under the test authority" good verify "$T/$platform.evidence" \
		--trust-root "$authority/$anchor" --allow any-measurement "$@"
	check_status "$platform: and under no other" 1 verify "$T/$platform.evidence" --allow any-measurement "$@"
	independent "$platform" "$T/$platform.evidence" "$authority/$anchor"
	[ "$platform" != tdx ] || parsed tdx "$T/tdx.evidence" --trust-root "$authority/$anchor" "$@"
	check "$platform: no store is written" test ! -e "$KEYCLAVE_STATE_DIR/store"
	stop
	check "$platform: the daemon starts again" start
	check_output "$platform: with no token" '^0$' json 'len([t for t in d["tokens"] if t.get("identity")])' k status
	stop
	mkdir -p "$KEYCLAVE_STATE_DIR/store"
	check "$platform: a store that is there is not forgotten" refuses
	logged "$platform: it says so" 'there is a store, but platform '"$platform"' has no sealing key'
	rm -rf "$KEYCLAVE_STATE_DIR"
}
facts ''
emulate emulate-tsm sys --kind=tdx
mkdir -p "$root/dev"
: >"$root/dev/tdx_guest"
configure auto
session_only tdx tdx-root.pem --endorsements "$authority/tdx-collateral"
# Security rule 5. The token's identity would pin, so any is allowed here.
pin() {
	k verify --nonce "$nonce" --any-identity --allow no-revocation --trust-root "$authority/tdx-root.pem" \
		--endorsements "$authority/tdx-collateral" "$@" "$T/tdx.evidence"
}
register() { pin --allow any-measurement --json | python3 -c "import json,sys; print(json.load(sys.stdin)['facts']['$1'])"; }
printf '{"version": 1, "tdx": {"rtmr2": "%s"}}' "$(register rtmr2)" >"$T/late.json"
printf '{"version": 1, "tdx": {"rtmr1": "%s", "rtmr2": "%s"}}' "$(register rtmr1)" "$(register rtmr2)" >"$T/both.json"
check_status "what was booted could have made RTMR2: alone it pins nothing" 1 pin --policy "$T/late.json"
pin --policy "$T/late.json" >"$T/late" 2>&1
check_output "it is named" 'rtmr2 is self-reported' cat "$T/late"
check_output "allowed, it is marked self-reported" SELF-REPORTED pin --policy "$T/late.json" --allow self-reported
check_output "beside what the firmware extended it counts" 'pinned by the policy: rtmr1' pin --policy "$T/both.json"
emulate_none

emulate emulate-nsm dev
session_only nitro nitro-root.pem
facts 'pcr0 zero'
check "nitro: in debug mode" start
logged "nitro: it warns" 'debug mode'
check "nitro: a token" init_token
id=$(identity)
check "nitro: a key" make_key
check "nitro: its evidence" attest "$T/debug.evidence"
check_status "nitro: is refused by verifiers" 1 verify "$T/debug.evidence" --trust-root "$authority/nitro-root.pem" \
	--allow any-measurement
stop
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# keyclaved on a TPM (swtpm behind emulate-tpm): a token opens after a restart and under no other PCR values, by the recovery
# secret all the same; a store that was put back, another TPM and a counter that is gone are refused by name; a signed
# policy carries it over an update; its evidence is good for `keyclave verify` once its key is pinned.
#
# The emulator is a FUSE file system in a mount namespace of this test's own.
if [ "${KC_PLATFORMS_INSIDE:-}" != yes ]; then
	export KC_PLATFORMS_INSIDE=yes
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare -m --propagation private bash "$0" "$@"
	fi
	exec unshare -Urm --propagation private bash "$0" "$@"
fi
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
grep -q '^#define HAVE_TPM' "$KC_BUILDDIR/config.h" || skip_all "this build has no platform tpm (tpm2-tss)"
emulator=$KC_BUILDDIR/tests/emulators/emulate-tpm
[ -x "$emulator" ] || skip_all "the emulators are not built (libfuse3)"
(exec 3<>/dev/fuse) 2>/dev/null || skip_all "/dev/fuse cannot be opened"
need swtpm tpm2_pcrextend openssl python3
k() { timeout 60 "$KC_CLI" "$@"; }
root=$T/root
keeper=
tpm_pid=
mkdir -p "$root/dev"
export TPM2TOOLS_TCTI="device:$root/dev/tpmrm0"
# tpm_on [STATE]: powers a TPM up; its PCRs are as after a reset, then as after a boot.
tpm_on() {
	mkdir -p "$T/${1:-tpm}"
	"$emulator" "$root/dev" --state="$T/${1:-tpm}" >>"$T/emulator" 2>&1 &
	tpm_pid=$!
	wait_until 20 mountpoint -q "$root/dev" || bail_out "emulate-tpm: $(cat "$T/emulator")"
	measure 0=1 2=1 4=1 7=1
}
tpm_off() {
	kill "$tpm_pid" 2>/dev/null
	wait "$tpm_pid" 2>/dev/null
	tpm_pid=
}
# measure PCR=NUMBER...
measure() {
	local one digests=()
	for one; do
		digests+=("${one%=*}:sha256=$(printf '%064d' "${one#*=}")")
	done
	tpm2_pcrextend "${digests[@]}" || bail_out "tpm2_pcrextend"
}
at_exit '[ -z "$tpm_pid" ] || tpm_off'
at_exit '[ -z "$keeper" ] || stop'
configure() {
	{
		printf '[daemon]\nplatform = auto\n[platform]\nplatform-root = %s\ntpm-tcti = %s\n' "$root" "$TPM2TOOLS_TCTI"
		printf '%s\n' "$@"
	} >"$KEYCLAVE_CONF"
}
start() {
	: >"$T/log"
	"$KC_DAEMON" >>"$T/log" 2>&1 &
	keeper=$!
	wait_until 30 k status || {
		diag_file "$T/log"
		return 1
	}
}
stop() {
	kill "$keeper" 2>/dev/null
	wait "$keeper" 2>/dev/null
	keeper=
}
# refuses NAME WORDS: the daemon ends by itself, and its log has the words.
refuses() {
	: >"$T/log"
	if timeout 60 "$KC_DAEMON" >>"$T/log" 2>&1 || ! grep -Eq -- "$2" "$T/log"; then
		not_ok "$1 (expected: $2)"
		diag_file "$T/log"
	else
		ok "$1"
	fi
}
# starts NAME: as the token whose identity is $id; running after that.
starts() {
	if start; then is "$1" "$(identity)" "$id"; else not_ok "$1"; fi
}
logged() { check_output "$1" "$2" cat "$T/log"; }
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
identity() { json 'd["tokens"][0]["identity"]' k status; }
# new_token NAME: in a new store, with a random PIN.
new_token() {
	rm -rf "$KEYCLAVE_STATE_DIR" "$T/pin"
	start
	k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/pin" >"$T/init" 2>&1 || diag_file "$T/init"
	id=$(identity)
	check "$1: a token is made" [ -n "$id" ]
}
openssl rand -hex 16 >"$T/so-pin"
nonce=$(openssl rand -hex 32)

# ---- a token and its evidence ----
tpm_on
configure
new_token "tpm"
logged "tpm: auto finds it" 'platform auto: tpm, for /dev/tpmrm0 is there'
is "tpm: status says what protects the store" "$(json 'd["daemon"]["platform"] + " " + d["daemon"]["rollback protection"]' k status)" \
	"tpm counter"
check "tpm: a key" k keygen --type ec:P-256 --label web --pin-file "$T/pin" --token pkcs11:token=t
check "evidence of it" k attest --nonce "$nonce" --pin-file "$T/pin" --out "$T/evidence" 'pkcs11:token=t;object=web;type=private'
stop
cp -a "$KEYCLAVE_STATE_DIR/store" "$T/store.before"
check_status "evidence: refused when nobody vouches for the TPM's key" 1 k verify --nonce "$nonce" --identity "$id" "$T/evidence"
ak=$(json 'd["facts"]["ak-name"]' k verify --nonce "$nonce" --identity "$id" --allow host-vtpm "$T/evidence")
policy() { printf '{"version": 1, "identity": ["hex:%s"], "tpm": {"ak-name": "%s"}}' "$id" "$1" >"$T/policy"; }
policy "$ak"
check_output "evidence: good with the key's name pinned" good k verify --nonce "$nonce" --policy "$T/policy" "$T/evidence"
policy "000b00${ak:6}"
check_status "evidence: refused with another name pinned" 1 k verify --nonce "$nonce" --policy "$T/policy" "$T/evidence"

# ---- another state, another TPM, a store that was put back ----
tpm_off
tpm_on other
refuses "another TPM opens nothing" 'another TPM'
tpm_off
tpm_on
starts "booted as before, it opens"
stop
measure 4=2
refuses "another boot loader opens nothing, and the PCR is named" 'PCR4 .sha256. differs: then [0-9a-f]{64}, now [0-9a-f]{64}'
logged "it says what to do" 'recovery'
tpm_off
tpm_on
rm -rf "$KEYCLAVE_STATE_DIR/store"
cp -a "$T/store.before" "$KEYCLAVE_STATE_DIR/store"
refuses "rollback: a store of before the last start is refused by name" 'ROLLED BACK'

# ---- recovery, and a counter that is gone ----
openssl rand -hex 32 >"$T/recovery"
chmod 600 "$T/recovery"
configure "recovery-file = $T/recovery"
new_token "recovery"
index=$(sed -n 's/.*a counter was made, NV index \(0x[0-9a-f]*\).*/\1/p' "$T/log")
stop
measure 4=2
starts "recovery: other PCR values, with the secret"
logged "recovery: it says so" 'opened with the recovery secret'
stop
configure
starts "recovery: afterwards it is bound to the new values"
stop
configure 'tpm-counter = off'
refuses "counter: a store that has one is refused without" 'refused without'
configure
tpm2_nvundefine "$index" || diag "tpm2_nvundefine $index"
refuses "counter: deleted, the store is refused" 'is gone'
tpm_off

# ---- signed policies ----
openssl ecparam -name prime256v1 -genkey -noout -out "$T/policy.key"
openssl pkey -in "$T/policy.key" -pubout -out "$T/policy.pem"
mkdir "$T/policies"
configure "tpm-policy-key = $T/policy.pem" "tpm-policy-dir = $T/policies"
# approve NAME: signs the policy that the log asks for, as docs/platforms/tpm.md says.
approve() {
	grep -o 'whose policy is [0-9a-f]*' "$T/log" | tail -1 | sed 's/.* //' | python3 -c \
		'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read().strip()) + b"keyclave/1/tpm-policy")' |
		openssl dgst -sha256 -sign "$T/policy.key" -out "$T/policies/$1.sig"
}
tpm_on
rm -rf "$KEYCLAVE_STATE_DIR"
refuses "policy: nothing is sealed that no signature would open; it says what to sign" 'whose policy is [0-9a-f]{64}'
check "policy: signed" approve one
new_token "policy: then"
stop
measure 4=2
refuses "policy: other PCR values are refused" 'whose policy is [0-9a-f]{64}'
check "policy: signed by the update" approve two
starts "policy: then they open it"
stop
tpm_off
done_testing

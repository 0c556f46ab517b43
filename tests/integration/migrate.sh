#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 600
# An authorised update on emulated SEV-SNP (security rules 4 and 17): version A wraps its root to version B's evidence, B opens with the
# same token, keys and derived keys, and A no longer does. Each request that the store's policy does not cover is refused by name.
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
[ -x "$emulators/emulate-sev-guest" ] || skip_all "the emulators are not built (libfuse3)"
(exec 3<>/dev/fuse) 2>/dev/null || skip_all "/dev/fuse cannot be opened"
need openssl python3 sha384sum
k() { timeout 60 "$KC_CLI" "$@"; }
root=$T/root
control=$T/control
authority=$T/ca
mkdir -p "$authority"
: >"$control"
keeper=

emulate() {
	mkdir -p "$root/$2"
	"$emulators/$1" "$root/$2" --control="$control" --ca="$authority" ${3:+"$3"} >>"$T/emulators" 2>&1 &
	at_exit "kill $! 2>/dev/null"
	wait_until 20 mountpoint -q "$root/$2" || bail_out "$1: $(cat "$T/emulators")"
}
# version FACT...: which code this guest runs from now on, and where.
version() {
	printf '%s\n' "$@" >"$control.new"
	mv "$control.new" "$control"
}
# configure [LINE...]: of section [platform].
configure() {
	{
		printf '[daemon]\nplatform = sev-snp\n[platform]\nplatform-root = %s\nsnp-launch = measured-kernel\n' "$root"
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
refuses() {
	: >"$T/log"
	! timeout 60 "$KC_DAEMON" >>"$T/log" 2>&1
}
at_exit '[ -z "$keeper" ] || kill "$keeper"'
logged() { check_output "$1" "$2" cat "$T/log"; }
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
identity() { json 'd["tokens"][0]["identity"]' k status; }
kinds() { json '" ".join(s["kind"] for s in d["slots"])' k migrate status; }
bound() { json '[s["bound to"] for s in d["slots"] if s["kind"] == "'"$1"'"][0].split()[1].rstrip(",")' k migrate status; }
challenge() { json 'd["nonce"]' k migrate challenge --so-pin-file "$T/so-pin"; }
grant() { k migrate grant --to "$1" --so-pin-file "$T/so-pin"; }
offer() { "$KC_DAEMON" --migration-request="$nonce" 2>>"$T/log"; }
measured() { printf %s "$1" | sha384sum | cut -d' ' -f1; }
derive() { json 'd["key"]' k derive --label disk --pin-file "$T/pin" pkcs11:token=t; }
sign() { # the same key, not one of the same name: what it signed before verifies with its certificate's key
	k attest --nonce "$nonce" --pin-file "$T/pin" --out "$T/key.evidence" 'pkcs11:token=t;object=web;type=private' &&
		json 'd["claims"]["public key"]' k verify --nonce "$nonce" --identity "$id" --policy "$T/verify.json" "$T/key.evidence"
}
# policy FILE JSON: with the emulated vendor's root, as a private platform would name its own.
policy() {
	python3 - "$authority/ark.pem" "$2" >"$1" <<'PYTHON'
import json, sys
policy = json.loads(sys.argv[2])
policy["trust-roots"] = [open(sys.argv[1]).read()]
json.dump(policy, sys.stdout)
PYTHON
}
A='measurement version A'
B='measurement version B'
openssl rand -hex 16 >"$T/so-pin"
emulate emulate-sev-guest dev
emulate emulate-tsm sys --kind=sev
configure
check "the platform works" start
stop
rm -rf "$KEYCLAVE_STATE_DIR"

# ---- policies that are too weak make no store ----
version "$A"
configure "migration-policy = $T/weak.json"
policy "$T/weak.json" '{"version": 1, "platforms": ["sev-snp"], "sev-snp": {"tcb.snp": {"min": 28}}}'
check "a policy that fixes no code makes no store" refuses
logged "and says what is missing" 'weak.json: "sev-snp": neither measurement is fixed'
policy "$T/weak.json" '{"version": 1, "platforms": ["sev-snp"], "allow": ["debug"],
	"sev-snp": {"measurement": "hex:'"$(measured "version B")"'", "tcb.snp": {"min": 28}}}'
check "nor does one that allows debug" refuses
logged "by name" 'it allows "debug"'
rm -rf "$KEYCLAVE_STATE_DIR"

# ---- version A ----
policy "$T/policy.json" '{"version": 1, "platforms": ["sev-snp"], "allow": ["no-revocation"],
	"sev-snp": {"measurement": ["hex:'"$(measured "version B")"'", "hex:'"$(measured "version A")"'"], "tcb.snp": {"min": 28}}}'
policy "$T/verify.json" '{"version": 1, "platforms": ["sev-snp"], "allow": ["no-revocation", "any-measurement"]}'
hash=$(sha256sum "$T/policy.json" | cut -d' ' -f1)
configure "migration-policy = $T/policy.json" '[token]' 'extractable = allow'
check "version A starts" start
rm -f "$T/pin"
check "a token" k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/pin"
check "a key" k keygen --type ec:P-256 --label web --pin-file "$T/pin" --token pkcs11:token=t
id=$(identity)
free=$(derive)
is "a derived key" "${#free}" 64
is "status shows the policy" "$(json 'd["policy"]' k migrate status)" "$hash"
is "and one wrap slot" "$(kinds)" platform
is "which is version A's" "$(bound platform)" "$(measured "version A")"
check_output "people read it too" 'bound to: measurement [0-9a-f]{96}, policy 0x30000, VMPL 0, TCB 0x' k migrate status
nonce=$(openssl rand -hex 32)
key=$(sign)
is "evidence of its key" "${#key}" 182
is "names the policy" "$(json 'd["claims"]["migration"]' k verify --nonce "$nonce" --identity "$id" --policy "$T/verify.json" \
	"$T/key.evidence")" "$hash"
check_fails "without an officer there is no challenge" k migrate challenge --so-pin-file "$T/pin"
nonce=$(challenge)
is "a challenge" "${#nonce}" 64
check "evidence of another purpose over the same nonce" k attest --nonce "$nonce" --out "$T/token.cmw" pkcs11:token=t
stop

# ---- version B, once, on the same chip ----
version "$B"
check "version B does not open the store" refuses
logged "and says which way there is" 'keyclave migrate'
check "its request, beside the store that is refused" eval 'offer >"$T/request.cmw"'
check_status "which is not evidence of a token" 1 k verify --nonce "$nonce" --policy "$T/verify.json" --any-identity "$T/request.cmw"
if grep -q 'keyclave/migration/1, not keyclave/token/1' "$T/out" "$T/err"; then ok "by name"; else not_ok "by name"; fi
other=$nonce
nonce=$(openssl rand -hex 32)
check "one over another nonce" eval 'offer >"$T/stale.cmw"'
nonce=$other
version "$B" 'policy 0xb0000'
check "one of a debug guest" eval 'offer >"$T/debug.cmw"'
version "$B" 'tcb 0xdb1b000000000004'
check "one with an older TCB" eval 'offer >"$T/old.cmw"'
version 'measurement version C'
check "one of another measurement" eval 'offer >"$T/other.cmw"'
version "$B"
(
	export KEYCLAVE_STATE_DIR=$T/scratch
	configure '[token]'
	start && k migrate request --nonce "$nonce" --out "$T/scratch.cmw"
	status=$?
	stop
	exit $status
) && ok "version B answers with a store of its own, too" || not_ok "version B answers with a store of its own, too"
# The attacker's key in claims that were not signed.
python3 - "$T/request.cmw" "$T/forged.cmw" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = data.index(b"\x18\x32\x58\x20") + 4  # claim 50: the key
data[at:at + 32] = bytes(31) + b"\x09"
open(sys.argv[2], "wb").write(data)
PYTHON
head -c 900 "$T/request.cmw" >"$T/cut.cmw"
configure "migration-policy = $T/policy.json" '[token]' 'extractable = allow'

# ---- version A judges ----
version "$A"
check "version A starts again" start
is "its challenge outlives the restart" "$(json 'd["challenge waits for a request"]' k migrate status)" True
# wrong NAME FILE WORDS
wrong() {
	check_fails "$1: refused" grant "$2"
	if grep -Eq -- "refused: $3" "$T/err"; then ok "$1: by name"; else
		not_ok "$1: by name ($3)"
		diag_file "$T/err"
	fi
}
wrong "another purpose" "$T/token.cmw" 'purpose: keyclave/token/1, not keyclave/migration/1'
wrong "another nonce" "$T/stale.cmw" 'nonce: another one'
wrong "a debug guest" "$T/debug.cmw" '[a-z ]*: .*debug'
wrong "an older TCB" "$T/old.cmw" '.*tcb.snp'
wrong "another measurement" "$T/other.cmw" '.*measurement'
wrong "an attacker's key" "$T/forged.cmw" 'report data'
wrong "half of it" "$T/cut.cmw" 'form'
is "none left a slot" "$(kinds)" platform
is "and the challenge still waits" "$(json 'd["challenge waits for a request"]' k migrate status)" True
logged "the log says so" 'a request for migration was refused: purpose'
check "version B's request is granted" grant "$T/request.cmw"
check "asked again, it still is" grant "$T/request.cmw"
is "it has its slot" "$(kinds)" 'platform migration'
is "which is bound to version B" "$(bound migration)" "$(measured "version B")"
wrong "a second request over a nonce that is used" "$T/scratch.cmw" 'nonce: none was asked for'
check_output "a slot can be taken back" 'cancelled: 1' k migrate cancel --so-pin-file "$T/so-pin"
is "and is gone" "$(kinds)" platform
wrong "an old request, then" "$T/request.cmw" 'nonce: none was asked for'
nonce=$(challenge)
version "$B"
check "a new request" eval 'offer >"$T/request.cmw"'
version "$A"
check "is granted" grant "$T/request.cmw"
worker=$(tr -d ' ' <"/proc/$keeper/task/$keeper/children")
check "the worker is killed" kill -9 "$worker"
stop
check "version A opens it until then" start
is "with the same token" "$(identity)" "$id"
stop
version "$B" 'chip another'
check "version B on another chip does not open it" refuses
version 'measurement version C'
check "version C on this one neither" refuses

# ---- version B ----
version "$B"
check "version B opens the store" start
logged "and says by what" 'opened by the wrap slot that an earlier version of the enclave made for this one .measurement '"$(measured "version B")"
logged "it makes a slot of its own" 'wrap slots were renewed'
is "it is the same token" "$(identity)" "$id"
is "with the same key" "$(sign)" "$key"
is "and the same derived key" "$(derive)" "$free"
is "one slot is left" "$(kinds)" platform
is "which is version B's" "$(bound platform)" "$(measured "version B")"
wrong "the request of before" "$T/request.cmw" 'nonce: none was asked for'
stop
check "version B opens it alone" start
check "without that slot" eval '! grep -q "earlier version" "$T/log"'
stop
version "$A"
check "version A opens it no more" refuses

# ---- back again, by the same way ----
version "$B"
check "version B starts" start
nonce=$(challenge)
version "$A"
check "version A asks" eval 'offer >"$T/back.cmw"'
version "$B"
check "and gets it: a roll-back is an update" grant "$T/back.cmw"
stop
version "$A"
check "version A opens it again" start
is "it is the same token still" "$(identity)" "$id"
stop

# ---- the policy is fixed ----
cp "$T/policy.json" "$T/kept.json"
echo >>"$T/policy.json"
check "with a changed policy the store opens" start
logged "but it is named" 'migration-policy .*/policy.json: this is not the file that the store was made with'
is "status says that nothing is granted" "$(json 'd["migrations are granted"]' k migrate status)" False
is "and which policy counts" "$(json 'd["policy"]' k migrate status)" "$hash"
check_fails "there is no challenge" k migrate challenge --so-pin-file "$T/so-pin"
if grep -q 'its file has changed' "$T/err"; then ok "by name"; else not_ok "by name"; fi
check_fails "and no grant" grant "$T/back.cmw"
stop
mv "$T/kept.json" "$T/policy.json"
check "with the old one" start
check "there is" k migrate challenge --so-pin-file "$T/so-pin"
stop

# ---- notee ----
rm -rf "$KEYCLAVE_STATE_DIR"
printf '[daemon]\nplatform = notee\n' >"$KEYCLAVE_CONF"
check "notee" start
check_fails "makes no request" k migrate request --nonce "$nonce" --out "$T/notee.cmw"
if grep -q 'no store can move to this platform' "$T/err"; then ok "and says so"; else not_ok "and says so"; fi
stop
rm -rf "$KEYCLAVE_STATE_DIR"
printf '[daemon]\nplatform = notee\n[platform]\nmigration-policy = %s\n' "$T/policy.json" >"$KEYCLAVE_CONF"
check "nor a store with a policy" refuses
logged "by name" 'stores of platform notee with a root like this one.s do not migrate'
done_testing

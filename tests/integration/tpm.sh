#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# keyclaved on a TPM (swtpm): a token opens after a restart and under no other PCR values, by the recovery secret all the same;
# a store that was put back, another TPM and a counter that is gone are refused by name; a signed policy carries it over an
# update; quotes pass tpm2_checkquote and `keyclave verify`.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need swtpm socat tpm2_pcrextend tpm2_checkquote openssl python3
k() { timeout 60 "$KC_CLI" "$@"; }
keeper=
swtpm_pid=
socket=$T/tpm.sock
export TPM2TOOLS_TCTI="swtpm:path=$socket"
# tpm_on [STATE]: powers a TPM up; its PCRs are as after a reset, then as after a boot.
tpm_on() {
	mkdir -p "$T/${1:-tpm}"
	swtpm socket --tpm2 --tpmstate "dir=$T/${1:-tpm}" --server "type=unixio,path=$socket" \
		--ctrl "type=unixio,path=$socket.ctrl" --flags not-need-init,startup-clear >>"$T/swtpm" 2>&1 &
	swtpm_pid=$!
	wait_for_socket "$socket" || bail_out "swtpm: $(cat "$T/swtpm")"
	for pcr in 0 2 4 7; do
		tpm2_pcrextend "$pcr:sha256=$(printf '%064d' "$pcr")" || bail_out "tpm2_pcrextend"
	done
}
tpm_off() {
	kill "$swtpm_pid" 2>/dev/null
	wait "$swtpm_pid" 2>/dev/null
	swtpm_pid=
	rm -f "$socket" "$socket.ctrl"
}
at_exit '[ -z "$swtpm_pid" ] || kill "$swtpm_pid"'
at_exit '[ -z "$keeper" ] || kill "$keeper"'
# tpm2-tss opens a socket for each command to a swtpm, which the sandbox forbids; a device, or this, stays open.
configure() {
	{
		printf '[daemon]\nplatform = tpm\n[platform]\nplatform-root = %s\ntpm-tcti = cmd:exec %s\n' "$T/root" "$T/bridge"
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
logged() { check_output "$1" "$2" cat "$T/log"; }
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
identity() { json 'd["tokens"][0]["identity"]' k status; }
init_token() {
	rm -f "$T/pin"
	k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/pin" >"$T/init" 2>&1 || {
		diag_file "$T/init"
		diag_file "$T/log"
		return 1
	}
}
mkdir -p "$T/root"
# tpm2-tss leaves the ends of its own pipes open in what it starts, which then never sees their end.
cat >"$T/bridge" <<EOF
#!/bin/bash
for fd in /proc/\$\$/fd/*; do
	fd=\${fd##*/}
	[ "\$fd" -le 2 ] || [ "\$fd" -eq 255 ] || eval "exec \$fd>&-"
done
exec socat STDIO UNIX-CONNECT:$socket
EOF
chmod 755 "$T/bridge"
openssl rand -hex 16 >"$T/so-pin"
nonce=$(openssl rand -hex 32)

tpm_on
configure 'tpm-pcrs = sha1:0,2'
check "a SHA-1 bank is refused" refuses
logged "by name" 'SHA-1 binds nothing'
configure 'tpm-pcrs = sha256:0,16'
check "a PCR that can be reset is refused" refuses
logged "by name too" 'PCR16'
configure 'tpm-pcrs = sha256:8,9'
check "PCRs that nothing was measured into are refused" refuses
logged "with the reason" 'nothing was measured'
configure
check "the daemon starts" start || diag_file "$T/log"
check "a token is made" init_token
is "status names the platform" "$(json 'd["daemon"]["platform"]' k status)" tpm
is "and the counter" "$(json 'd["daemon"]["rollback protection"]' k status)" counter
id=$(identity)
check "a key" k keygen --type ec:P-256 --label web --pin-file "$T/pin" --token pkcs11:token=t
check "its evidence" k attest --nonce "$nonce" --pin-file "$T/pin" --out "$T/evidence" 'pkcs11:token=t;object=web;type=private'
stop
check "the daemon starts again" start
is "it is the same token" "$(identity)" "$id"
stop

# ---- the evidence ----
check_status "evidence: refused when nobody vouches for the key" 1 k verify --nonce "$nonce" --identity "$id" "$T/evidence"
check_output "evidence: good where the policy allows that" good k verify --nonce "$nonce" --identity "$id" \
	--allow host-vtpm "$T/evidence"
ak=$(k verify --nonce "$nonce" --identity "$id" --allow host-vtpm --json "$T/evidence" 2>/dev/null |
	python3 -c 'import json,sys; print(json.load(sys.stdin)["facts"]["ak-name"])')
printf '{"version": 1, "identity": ["hex:%s"], "tpm": {"ak-name": "%s"}}' "$id" "$ak" >"$T/policy"
check_output "evidence: good with the key's name pinned" good k verify --nonce "$nonce" --policy "$T/policy" "$T/evidence"
sed -i 's/"ak-name": "000b../"ak-name": "000b00/' "$T/policy"
check_status "evidence: refused with another name pinned" 1 k verify --nonce "$nonce" --policy "$T/policy" "$T/evidence"

# ---- another state, another TPM ----
cp -a "$KEYCLAVE_STATE_DIR/store" "$T/store.before"
tpm2_pcrextend "4:sha256=$(printf '%064d' 44)"
check "another boot loader opens nothing" refuses
logged "it names the PCR" 'PCR4 .sha256. differs: then [0-9a-f]{64}, now [0-9a-f]{64}'
logged "and what to do" 'recovery'
tpm_off
tpm_on
check "booted as before, it opens" start
is "the same token" "$(identity)" "$id"
stop
tpm_off
tpm_on other
check "another TPM opens nothing" refuses
logged "it says so" 'another TPM'
tpm_off

# ---- the attack: the store is put back ----
tpm_on
rm -rf "$KEYCLAVE_STATE_DIR/store"
cp -a "$T/store.before" "$KEYCLAVE_STATE_DIR/store"
check "rollback: a store of before the last start is refused" refuses
logged "rollback: by name" 'ROLLED BACK'
tpm_off
rm -rf "$KEYCLAVE_STATE_DIR"

# ---- recovery, and a counter that is gone ----
tpm_on
openssl rand -hex 32 >"$T/recovery"
chmod 600 "$T/recovery"
configure "recovery-file = $T/recovery"
check "recovery: a new store" start || diag_file "$T/log"
check "recovery: a token" init_token
id=$(identity)
stop
tpm2_pcrextend "4:sha256=$(printf '%064d' 44)"
check "recovery: other PCR values, with the secret" start
logged "recovery: it says so" 'opened with the recovery secret'
is "recovery: the same token" "$(identity)" "$id"
stop
configure
check "recovery: afterwards it is bound to the new values" start
stop
configure 'tpm-counter = off'
check "counter: a store that has one is refused without" refuses
logged "counter: by name" 'refused without'
configure
index=$(tpm2_nvreadpublic | grep -o '^0x184[0-9A-Fa-f]*' | tail -1)
tpm2_nvundefine "$index" || diag "tpm2_nvundefine $index"
check "counter: deleted, the store is refused" refuses
logged "counter: it says so" 'is gone'
tpm2_nvdefine -s 8 -a 'authread|authwrite|no_da|nt=counter' "$index" >/dev/null 2>&1
tpm2_nvincrement -C "$index" "$index"
check "counter: defined anew by somebody else, it is refused too" refuses
logged "counter: and says so" 'somebody else|another one'
tpm_off
rm -rf "$KEYCLAVE_STATE_DIR"

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
check "policy: nothing is sealed that no signature would open" refuses
logged "policy: it says what to sign" 'whose policy is [0-9a-f]{64}'
check "policy: signed" approve one
check "policy: then a store is made" start || diag_file "$T/log"
check "policy: and a token" init_token
id=$(identity)
stop
tpm2_pcrextend "4:sha256=$(printf '%064d' 44)"
check "policy: other PCR values are refused" refuses
check "policy: signed by the update" approve two
check "policy: then they open it" start
is "policy: the same token" "$(identity)" "$id"
stop
tpm_off
done_testing

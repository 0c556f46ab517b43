#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# Versioned approvals on a TPM (swtpm): `keyclave tpm-policy` makes and verifies them, an update is carried over, and what was
# approved once opens nothing after the floor was raised: neither as it is, nor with an older store, nor with a counter made anew.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
. "$KC_SRCDIR/tests/integration/swtpm.sh" || exit 99
mkdir -p "$T/root/sys/class/tpm/tpm0/pcr-sha256" "$T/policies"
approvals=("tpm-policy-key = $T/policy.pem" "tpm-policy-dir = $T/policies")
# values KERNEL: PCR values of a boot of that kernel, in tpm2_pcrread's form.
values() {
	python3 - "$1" >"$T/values.$1" <<'END'
import hashlib, sys
pcr4 = hashlib.sha256(bytes(32) + bytes.fromhex("%064d" % int(sys.argv[1]))).hexdigest().upper()
print("  sha1:\n    0 : 0x" + "11" * 20 + "\n  sha256:\n    0 : 0x" + "00" * 32 + "\n    4 : 0x" + pcr4)
END
}
# approve KERNEL VERSION
approve() {
	k tpm-policy --values "$T/values.$1" --version "$2" --sign "$T/policy.key" --out "$T/policies/kernel$1-v$2.sig" \
		>"$T/approve" 2>&1
}

# ---- the command ----
openssl ecparam -name prime256v1 -genkey -noout -out "$T/policy.key"
openssl pkey -in "$T/policy.key" -pubout -out "$T/policy.pem"
openssl genrsa -out "$T/rsa.key" 2048 2>/dev/null
openssl pkey -in "$T/rsa.key" -pubout -out "$T/rsa.pem"
configure "${approvals[@]}"
boot 1
for kernel in 1 2; do values $kernel; done
check_output "command: what it prints" 'policy: [0-9a-f]{64}' k tpm-policy --values "$T/values.1"
policy=$(json 'd["policy"]' k tpm-policy --values "$T/values.1")
tpm2_createpolicy --policy-pcr -l sha256:0,4 -L "$T/tools.policy" >/dev/null 2>&1
is "command: the digest is that of tpm2_createpolicy on the TPM" "$policy" "$(od -An -tx1 -v "$T/tools.policy" | tr -d ' \n')"
tpm2_pcrread sha256:0,4 >"$T/values.read"
is "command: it reads what tpm2_pcrread prints" "$(json 'd["policy"]' k tpm-policy --values "$T/values.read")" "$policy"
for pcr in 0 4; do
	sed -n "s/^ *$pcr *: *0x//p" "$T/values.read" >"$T/root/sys/class/tpm/tpm0/pcr-sha256/$pcr"
done
is "command: without values it takes this machine's TPM" "$(json 'd["policy"]' k tpm-policy)" "$policy"
is "command: what is signed names the version" "$(json 'd["to sign"]' k tpm-policy --version 7)" \
	"$policy$(printf keyclave/1/tpm-policy/7 | od -An -tx1 -v | tr -d ' \n')"
check "command: the bytes for elsewhere" k tpm-policy --version 7 --out "$T/message"
openssl dgst -sha256 -sign "$T/rsa.key" -out "$T/elsewhere-7.sig" "$T/message"
check "command: a signature from elsewhere verifies" k tpm-policy --version 7 --verify "$T/elsewhere-7.sig" --key "$T/rsa.pem"
check_status "command: as another version it does not" 1 k tpm-policy --version 8 --verify "$T/elsewhere-7.sig" --key "$T/rsa.pem"
check_status "command: nor without one" 1 k tpm-policy --verify "$T/elsewhere-7.sig" --key "$T/rsa.pem"
check_status "command: nor by another key" 1 k tpm-policy --version 7 --verify "$T/elsewhere-7.sig" --key "$T/policy.pem"
check_status "command: nor for other values" 1 k tpm-policy --values "$T/values.2" --version 7 --verify "$T/elsewhere-7.sig" \
	--key "$T/rsa.pem"
check "command: it signs with RSA too" k tpm-policy --version 7 --sign "$T/rsa.key" --out "$T/rsa-v7.sig"
check "command: which openssl verifies" openssl dgst -sha256 -verify "$T/rsa.pem" -signature "$T/rsa-v7.sig" "$T/message"
check_status "command: a name that says another version is refused" 2 k tpm-policy --version 7 --sign "$T/rsa.key" --out "$T/v8.sig"
check_status "command: values of too few registers are refused" 2 k tpm-policy --pcrs sha256:0,4,7 --values "$T/values.1"
printf '0 : 0x00\n4 : 0x00\n' >"$T/values.short"
check_status "command: short values are refused" 2 k tpm-policy --values "$T/values.short"
printf '0 : 0x%064d\n4 : 0x%064d\n' 0 0 >"$T/values.zero"
check_status "command: values that nothing was measured into are refused" 2 k tpm-policy --values "$T/values.zero"
check_status "command: so is a bank of SHA-1" 2 k tpm-policy --pcrs sha1:0 --values "$T/values.1"

# ---- a store under a version, and its update ----
check "kernel 1 is approved as version 1" approve 1 1
configure "${approvals[@]}" 'tpm-version-floor = 2'
check "a floor above what runs is refused" refuses
logged "by name" 'above what runs'
configure "${approvals[@]}"
check "a store is made" start || diag_file "$T/log"
logged "it has a floor" 'version floor was made'
floor=$(grep -oE "version floor was made, NV index 0x[0-9a-f]+" "$T/log" | grep -oE '0x[0-9a-f]+')
openssl rand -hex 16 >"$T/so-pin"
check "and a token" k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/new-pin"
id=$(identity)
check "its evidence" k attest --nonce 00112233445566778899aabbccddeeff --out "$T/evidence" pkcs11:token=t
is "command: the values of evidence" "$(json 'd["policy"]' k tpm-policy --from-evidence "$T/evidence")" "$policy"
check_status "command: something else is no evidence" 2 k tpm-policy --from-evidence "$T/policy.pem"
stop
cp -a "$KEYCLAVE_STATE_DIR/store" "$T/store.v1"
boot 2
check "kernel 2, approved by nobody, opens nothing" refuses
k tpm-policy --values "$T/values.2" --sign "$T/policy.key" --out "$T/policies/plain.sig" >/dev/null || diag "approving"
check "nor does an approval without a version" refuses
logged "it says what is missing" 'with a version, whose policy is [0-9a-f]{64}'
rm "$T/policies/plain.sig"
check "kernel 2 is approved as version 2" approve 2 2
check "then it opens" start
is "the same token" "$(identity)" "$id"
stop
boot 1
check "until the floor is raised, kernel 1 opens it as well" start
stop

# ---- the attack: back to an image that was approved once ----
boot 2
configure "${approvals[@]}" 'tpm-version-floor = own'
check "kernel 2 raises the floor" start
logged "it says so" 'version floor is 2 now'
stop
configure "${approvals[@]}"
boot 1
check "floor: kernel 1 is refused" refuses
logged "floor: by name" 'approved as version 1, but the version floor is 2'
cp -a "$KEYCLAVE_STATE_DIR/store" "$T/store.v2"
rm -rf "$KEYCLAVE_STATE_DIR/store"
cp -a "$T/store.v1" "$KEYCLAVE_STATE_DIR/store"
check "floor: kernel 1 with the store of its own time is refused" refuses
logged "floor: by name again" 'approved as version 1, but the version floor is 2'
rm -rf "$KEYCLAVE_STATE_DIR/store"
cp -a "$T/store.v2" "$KEYCLAVE_STATE_DIR/store"
boot 2
check "floor: kernel 2 still opens it" start || diag_file "$T/log"
is "floor: the same token" "$(identity)" "$id"
stop
tpm2_nvundefine "$floor" >/dev/null || diag "tpm2_nvundefine $floor"
boot 1
check "floor: deleted, nothing opens" refuses
logged "floor: it says so" 'version floor, NV index .* is gone'
tpm2_nvdefine -s 8 -a 'authread|authwrite|no_da|nt=counter' "$floor" >/dev/null 2>&1 || diag "tpm2_nvdefine"
check "floor: defined anew, it is another one" refuses
tpm2_nvincrement -C "$floor" "$floor" || diag "tpm2_nvincrement"
check "floor: and counted, it is above all that ever were" refuses
logged "floor: too old still" 'too old'
boot 2
check "floor: what ran last is refused then, too" refuses
tpm_off
done_testing

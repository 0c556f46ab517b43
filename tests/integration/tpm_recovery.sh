#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# A store with a counter on another TPM (swtpm): refused, with the recovery secret too, until the operator accepts that it may be
# an old copy; then it goes on under a new counter, and its evidence says so. And keys that are bound to what was booted.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
. "$KC_SRCDIR/tests/integration/swtpm.sh" || exit 99
nonce=00112233445566778899aabbccddeeff
replaced() {
	k attest --nonce $nonce --out "$T/evidence" pkcs11:token=t >/dev/null 2>&1
	json 'd["claims"].get("rollback counter replaced", 0)' k verify --nonce $nonce --identity "$id" --allow host-vtpm "$T/evidence"
	rm -f "$T/evidence"
}
openssl rand -hex 32 >"$T/recovery"
chmod 600 "$T/recovery"
openssl rand -hex 16 >"$T/so-pin"
boot 1
configure "recovery-file = $T/recovery"
check "a store is made" start || diag_file "$T/log"
check "and a token" k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/new-pin"
id=$(identity)
is "its counter is its first" "$(replaced)" 0

# ---- bound to what was booted ----
derive() {
	rm -f "$T/bound"
	k derive --label app --bind-measurement --pin-file "$T/new-pin" "$@" pkcs11:token=t 2>"$T/derive.err"
}
check "a key that is bound to the boot" derive --out "$T/bound" || diag_file "$T/derive.err"
cp "$T/bound" "$T/bound.1" 2>/dev/null
stop
boot 1
configure
check "after a reboot" start
derive --out "$T/bound"
check "it is the same" cmp "$T/bound" "$T/bound.1"
stop
boot 2
configure "recovery-file = $T/recovery"
check "another kernel, with the recovery secret" start
derive --out "$T/bound"
check_status "has another key" 1 cmp "$T/bound" "$T/bound.1"
stop

# ---- another TPM ----
cp -a "$KEYCLAVE_STATE_DIR/store" "$T/store.old"
boot 2 other
check "another TPM: refused with the recovery secret" refuses
logged "it says why and what could be done" 'accept-rollback'
logged "and which TPM it was" 'was made with another TPM'
configure 'accept-rollback = yes'
check "accepting a rollback alone opens nothing" refuses
configure "recovery-file = $T/recovery" 'accept-rollback = yes'
check "with both it is taken as it is" start || diag_file "$T/log"
logged "the log says so" 'TAKEN AS IT IS'
logged "and to take the setting out" 'take it out'
is "it is the same token" "$(identity)" "$id"
is "and its evidence says what happened" "$(replaced)" 1
stop
configure
check "afterwards it opens by itself" start || diag_file "$T/log"
is "the same token still" "$(identity)" "$id"
is "and says so still" "$(replaced)" 1
stop

# ---- the attack: a copy of the store of this TPM, put back ----
cp -a "$KEYCLAVE_STATE_DIR/store" "$T/store.new"
check "it goes on" start
stop
rm -rf "$KEYCLAVE_STATE_DIR/store"
cp -a "$T/store.new" "$KEYCLAVE_STATE_DIR/store"
check "the new counter shows what was put back" refuses
logged "by name" 'ROLLED BACK'
rm -rf "$KEYCLAVE_STATE_DIR/store"
cp -a "$T/store.old" "$KEYCLAVE_STATE_DIR/store"
check "and the store of the old TPM is refused without the switch" refuses
tpm_off
done_testing

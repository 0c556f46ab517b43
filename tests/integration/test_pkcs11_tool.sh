#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pkcs11-tool's own test modes, and the life of a token through it.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need pkcs11-tool openssl

any() { host timeout 60 pkcs11-tool --module "$KC_MODULE" "$@"; }

check_output "without a store, the empty slot is listed" "token state: +uninitialized" any --list-slots
check "and no store came into being" test ! -e "$KEYCLAVE_STATE_DIR/store"
check "C_InitToken" any --init-token --slot 1 --so-pin $SO_PIN --label t
check "C_InitPIN" tool --login --login-type so --so-pin $SO_PIN --init-pin --pin $PIN
check_output "a new empty slot is there" "token state: +uninitialized" any --list-slots
check_output "the mechanisms are listed" "ECDSA-SHA256" any --list-mechanisms --slot 1

check "an RSA pair" user --keypairgen --key-type rsa:2048 --id 01 --label rsa
check "a P-256 pair" user --keypairgen --key-type EC:prime256v1 --id 02 --label ec
check "an AES key" user --keygen --key-type AES:32 --id 03 --label aes
check_output "--test --login" "^No errors" user --test
for curve in prime256v1 secp384r1 secp521r1; do
	check_output "--test-ec $curve" "==> OK" user --session-rw --test-ec --key-type EC:$curve --id 20
done
check_output "--test-fork: C_Initialize in the child" "Calling C_Initialize" any --test-fork
check "--test-threads" any --test-threads ILGISLT0T0GI --test-threads ILSLT0GISLT0 --test-threads ILT0SLGISL
# Several processes, each with threads and logins of its own.
several() {
	local pids=() pid status=0
	for _ in 1 2 3 4; do
		user --test-threads ILSLT0GI --test-threads ILT0SLGI >/dev/null 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || status=1; done
	return $status
}
check "--test-threads in four processes that log in" several

echo "a message" >"$T/message"
openssl dgst -sha256 -binary -out "$T/digest" "$T/message"
# OpenSC 0.23 reads parameters that it has freed, when it writes a public key: in a sanitizer's build freed memory
# goes unnoticed here.
read_public() { ASAN_OPTIONS=poison_heap=0 tool --read-object --type pubkey --id 02 --output-file "$T/ec.der"; }
check "a public key is read" read_public
openssl pkey -pubin -inform DER -in "$T/ec.der" -out "$T/ec.pem"
check "ECDSA over a digest" user --sign --mechanism ECDSA --id 02 --input-file "$T/digest" \
	--output-file "$T/sig" --signature-format openssl
check_output "openssl verifies it" "Verified OK" openssl dgst -sha256 -verify "$T/ec.pem" -signature "$T/sig" "$T/message"
check "ECDSA-SHA256 over a message" user --sign --mechanism ECDSA-SHA256 --id 02 \
	--input-file "$T/message" --output-file "$T/sig" --signature-format openssl
check_output "openssl verifies it" "Verified OK" openssl dgst -sha256 -verify "$T/ec.pem" -signature "$T/sig" "$T/message"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/k.pem" -subj /CN=c \
	-outform DER -out "$T/c.der" 2>/dev/null
check "a certificate is written" user --write-object "$T/c.der" --type cert --id 02 --label ec
check "and read" tool --read-object --type cert --id 02 --output-file "$T/c2.der"
same_file "unchanged" "$T/c2.der" "$T/c.der"
check "data is written" user --write-object "$T/message" --type data --label note --application-label app
check "and read" user --read-object --type data --label note --application-label app --output-file "$T/note"
same_file "unchanged" "$T/note" "$T/message"

check "evidence is read as a data object" tool --read-object --type data --label ec \
	--application-label keyclave-evidence --output-file "$T/evidence"
check_output "and verified" "verdict: good" "$KC_CLI" verify --no-nonce --any-identity --allow-notee "$T/evidence"
printf nonce-of-mine >"$T/nonce"
check "a nonce is set by writing a data object" user --write-object "$T/nonce" --type data --label n \
	--application-label keyclave-nonce
check "and evidence over it is read" tool --read-object --type data --label ec \
	--application-label keyclave-evidence --output-file "$T/evidence"
check_output "with that nonce in it" "verdict: good" "$KC_CLI" verify --any-identity --allow-notee \
	--nonce "$(xxd -p "$T/nonce")" "$T/evidence"

check_fails "a wrong PIN is refused" tool --login --pin 000000 --list-objects
check "the right one still works" user --list-objects
check_output "private keys are not listed without a login" "^[^P]*$" \
	bash -c "! host timeout 60 pkcs11-tool --module '$KC_MODULE' --token-label t --list-objects | grep 'Private Key'"
check "the PIN is changed" user --change-pin --new-pin 654321
check_fails "the old one is refused" user --list-objects
check "the new one works" tool --login --pin 654321 --list-objects
check "an object is destroyed" tool --login --pin 654321 --delete-object --type secrkey --id 03
check_fails "and is gone" tool --login --pin 654321 --delete-object --type secrkey --id 03
done_testing

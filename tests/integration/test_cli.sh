#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every sub-command of keyclave, for people and as JSON, with its errors and exit statuses.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need openssl python3
k() { timeout 60 "$KC_CLI" "$@"; }
# json EXPRESSION COMMAND...: the value of a Python expression over the command's JSON, d.
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}

check_output "--help" "^Commands:" k --help
check_output "--version" "^keyclave [0-9]" k --version
check_status "no command is a usage error" 2 k
check_status "an unknown command is one too" 2 k frobnicate
for command in init status list keygen derive import delete pin attest verify policy csr cert uri; do
	check_output "$command --help" "^Usage: keyclave $command" k $command --help
done
check_fails "status without a store does not make one" k status
check "and none is there" test ! -e "$KEYCLAVE_STATE_DIR/store"

check_output "init" "^identity: 302a300506032b6570032100" k init --label t --so-pin-file "$T/so-pin" --pin-file "$T/pin"
identity=$(json 'd["tokens"][0]["identity"]' k status)
is "status has the token" "$(json 'd["tokens"][0]["token"]' k status)" t
is "and says that there is no TEE" "$(json 'd["daemon"]["TEE"]' k status)" False
check_output "status --settings" "connect-timeout" k status --settings
check_output "init --generate-pin" "^token: u" k init --label u --so-pin-file "$T/so-pin" --generate-pin "$T/pin.u"
is "its file is the owner's alone" "$(stat -c %a "$T/pin.u")" 600
check_fails "which is not written over" k init --label v --so-pin-file "$T/so-pin" --generate-pin "$T/pin.u"
check_fails "with two tokens, one has to be named" k keygen --type ed25519 --label e --pin-file "$T/pin"

p=(--pin-file "$T/pin" --token pkcs11:token=t)
for type in rsa:2048 ec:P-256 ec:P-384 ec:P-521 ed25519 x25519 aes:256 secret:256; do
	check_output "keygen $type" "^uri: pkcs11:.*object=k-$type|^uri: pkcs11:.*object=k-${type/:/%3a}|object=k-" \
		k keygen --type $type --label "k-$type" "${p[@]}"
done
check_fails "keygen of nonsense" k keygen --type rot13 --label x "${p[@]}"
check_fails "keygen with a wrong PIN" k keygen --type ed25519 --label x --pin-file "$T/so-pin" --token pkcs11:token=t
check "keygen --id" k keygen --type ec:P-256 --label web --id 0a0b "${p[@]}"
is "list shows both halves" "$(json 'len([o for o in d["objects"] if o["label"]=="web"])' k list --pin-file "$T/pin" \
	'pkcs11:token=t')" 2
is "without a login only the public one" "$(json 'len([o for o in d["objects"] if o["label"]=="web"])' k list \
	'pkcs11:token=t')" 1
check_output "uri" "object=web;type=private" k uri --pin-file "$T/pin" 'pkcs11:token=t;object=web;type=private'

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/k.pem" -subj /CN=c -out "$T/c.pem" 2>/dev/null
openssl pkey -in "$T/k.pem" -pubout -out "$T/k.pub"
openssl genrsa -out "$T/r.pem" 2048 2>/dev/null
openssl pkcs8 -topk8 -in "$T/r.pem" -out "$T/r.enc" -v2 aes256 -passout pass:secret
echo secret >"$T/pass"
check_output "import a certificate" "^class: cert" k import --label c --id 0c "${p[@]}" "$T/c.pem"
check_output "import a public key" "^class: public" k import --label kp --id 0c "${p[@]}" "$T/k.pub"
check_output "import a private key" "^class: private" k import --label kk --id 0c "${p[@]}" "$T/k.pem"
check_output "import an encrypted RSA key" "^class: private" k import --label rr --id 0d --passphrase-file "$T/pass" \
	"${p[@]}" "$T/r.enc"
for type in ed25519 x25519; do
	openssl genpkey -algorithm $type -out "$T/$type.pem"
	check_output "import $type" "^class: private" k import --label "i-$type" "${p[@]}" "$T/$type.pem"
done
check_fails "import of something else" k import --label no "${p[@]}" "$T/pass"

nonce=00112233445566778899
web='pkcs11:token=t;object=web'
check "attest a key" k attest --nonce $nonce --out "$T/e" --pin-file "$T/pin" "$web"
check "attest the token" k attest --nonce $nonce --out "$T/te" 'pkcs11:token=t'
v=(--identity "$identity" --allow-notee)
check_output "verify" "^verdict: good" k verify --nonce $nonce "${v[@]}" --never-extractable --generated "$T/e"
check_output "verify the token's" "^verdict: good" k verify --nonce $nonce "${v[@]}" "$T/te"
check_output "the verdict names that no TEE vouches" "NO TEE VOUCHES" k verify --nonce $nonce "${v[@]}" "$T/e"
check_status "refused without --allow-notee" 1 k verify --nonce $nonce --identity "$identity" "$T/e"
check_status "refused with another nonce" 1 k verify --nonce 00 "${v[@]}" "$T/e"
check_status "refused without a nonce" 1 k verify "${v[@]}" "$T/e"
check_status "refused for another identity" 1 k verify --nonce $nonce --identity "${identity%??}00" --allow-notee "$T/e"
check_status "refused without a pinned identity" 1 k verify --nonce $nonce --allow-notee "$T/e"
check_status "refused for another key" 1 k verify --nonce $nonce "${v[@]}" --key "$T/k.pub" "$T/e"
check "attest the imported key" k attest --nonce $nonce --out "$T/ie" --pin-file "$T/pin" 'pkcs11:token=t;object=kk'
check_status "an imported key is not generated" 1 k verify --nonce $nonce "${v[@]}" --generated "$T/ie"
check "its evidence is about that key" k verify --nonce $nonce "${v[@]}" --key "$T/c.pem" "$T/ie"
check_status "nonsense is unusable" 2 k verify --nonce $nonce "${v[@]}" "$T/pass"
python3 - "$T/e" "$T/flip" <<'END'
import sys
data = bytearray(open(sys.argv[1], 'rb').read())
data[len(data) // 2] ^= 1
open(sys.argv[2], 'wb').write(data)
END
check_fails "a flipped bit is refused" k verify --nonce $nonce "${v[@]}" "$T/flip"

echo 111111 >"$T/pin2"
check "pin change" k pin change --token pkcs11:token=t --old-pin-file "$T/pin" --new-pin-file "$T/pin2"
check_fails "the old PIN is refused" k list --pin-file "$T/pin" 'pkcs11:token=t'
check "pin reset by the security officer" k pin reset --token pkcs11:token=t --so-pin-file "$T/so-pin" \
	--new-pin-file "$T/pin"
check "the new PIN works" k list --pin-file "$T/pin" 'pkcs11:token=t'
check_fails "delete wants one object" k delete --pin-file "$T/pin" "$web"
check_output "delete --all" "^destroyed: 2" k delete --all --pin-file "$T/pin" "$web"
check_fails "and then there is none" k delete --all --pin-file "$T/pin" "$web"
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Certificates and requests that carry evidence: made by the token, checked by openssl, and their evidence verified; also
# evidence that was moved to another key's certificate, and policies that were begun from evidence.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need openssl python3
k() { timeout 60 "$KC_CLI" "$@"; }
fails() { ! "$@"; }
make_token
identity=$(sed -n 's/^identity: //p' "$T/init")
v=(--identity "$identity" --allow-notee)
nonce=00112233445566778899aabbccddeeff

for type in rsa:2048 ec:P-256 ec:P-384 ec:P-521 ed25519; do
	name=${type/:/-}
	check "keygen $type" k keygen --type $type --label "$name" --pin-file "$T/pin"
	uri="pkcs11:token=t;object=$name"
	check "csr of $type" k csr --subject '/CN=www.example.org/O=A\/B' --dns www.example.org --dns example.org \
		--nonce $nonce --pin-file "$T/pin" --out "$T/$name.csr" "$uri"
	check_output "openssl verifies it" "verify OK" openssl req -in "$T/$name.csr" -noout -verify
	check_output "with its names" "DNS:www.example.org, DNS:example.org" openssl req -in "$T/$name.csr" -noout -text
	check_output "keyclave verify reads it" "^verdict: good" k verify --nonce $nonce "${v[@]}" \
		--never-extractable --generated "$T/$name.csr"
	check "cert of $type" k cert --subject /CN=localhost --days 30 --pin-file "$T/pin" --out "$T/$name.crt" "$uri"
	check_output "openssl verifies it" "OK" openssl verify -CAfile "$T/$name.crt" "$T/$name.crt"
	check_output "keyclave verify reads it" "^verdict: good" k verify --no-nonce "${v[@]}" --generated "$T/$name.crt"
done

check_output "the subject keeps its slash" "O *= *\"?A/B" openssl req -in "$T/ec-P-256.csr" -noout -subject
openssl req -in "$T/ec-P-256.csr" -outform DER -out "$T/csr.der"
check "a request in DER" k verify --nonce $nonce "${v[@]}" "$T/csr.der"
check_status "the authority's nonce is judged" 1 k verify --nonce 00 "${v[@]}" "$T/ec-P-256.csr"
check_status "another key than the certificate's can be asked for, and is not there" 1 \
	k verify --no-nonce "${v[@]}" --key "$T/rsa-2048.crt" "$T/ec-P-256.crt"

# Somebody takes a good piece of evidence and puts it into a certificate of a key of his own.
k attest --out "$T/evidence" --pin-file "$T/pin" 'pkcs11:token=t;object=ec-P-256'
openssl asn1parse -genstr "FORMAT:HEX,OCT:$(od -An -v -tx1 "$T/evidence" | tr -d ' \n')" -out "$T/cmw.der" -noout
printf '[req]\ndistinguished_name=dn\n[dn]\n[stolen]\n1.3.6.1.5.5.7.1.35=DER:%s\n' \
	"$(od -An -v -tx1 "$T/cmw.der" | tr -d ' \n')" >"$T/stolen.cnf"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/own.key" -subj /CN=localhost \
	-config "$T/stolen.cnf" -extensions stolen -out "$T/stolen.crt" 2>"$T/stolen.log" || diag "$(cat "$T/stolen.log")"
check_output "evidence in another key's certificate is refused by name" "REFUSED *public key: .*another key" \
	fails k verify --no-nonce "${v[@]}" "$T/stolen.crt"
printf '[req]\ndistinguished_name=dn\n[dn]\n' >"$T/plain.cnf"
openssl req -x509 -key "$T/own.key" -subj /CN=localhost -config "$T/plain.cnf" -out "$T/plain.crt"
check_status "a certificate without evidence is unusable" 2 k verify --no-nonce "${v[@]}" "$T/plain.crt"
python3 - "$T/csr.der" "$T/flip.der" <<'EOF'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-1] ^= 1
open(sys.argv[2], "wb").write(data)
EOF
check_status "a request whose own signature does not hold is unusable" 2 k verify --nonce $nonce "${v[@]}" "$T/flip.der"

check_output "fresh evidence by a URI" "^verdict: good" k verify --nonce $nonce "${v[@]}" \
	"pkcs11:token=t;object=ec-P-256?pin-source=$T/pin"

check "a policy begins with evidence" sh -c "'$KC_CLI' policy from-evidence --allow-notee --no-nonce '$T/evidence' >'$T/policy.json' 2>'$T/policy.note'"
check_output "which is said to be trust on first use" "trust on first use" cat "$T/policy.note"
check_output "and pins the identity" '"identity": "hex:' cat "$T/policy.json"
check_output "the evidence meets it" "^verdict: good" k verify --no-nonce --policy "$T/policy.json" "$T/evidence"
check "import of a key" sh -c "openssl genpkey -algorithm ed25519 -out '$T/i.pem' && '$KC_CLI' import --label i --pin-file '$T/pin' '$T/i.pem'"
k attest --out "$T/imported" --pin-file "$T/pin" 'pkcs11:token=t;object=i'
check_output "an imported key's does not" "REFUSED *key policy" fails k verify --no-nonce --policy "$T/policy.json" "$T/imported"
sed -i 's/"version": 1/"version": 1, "maxage": 5/' "$T/policy.json"
check_output "a misspelt demand is an error" "\"maxage\" is not known" fails k verify --no-nonce --policy "$T/policy.json" "$T/evidence"
check_status "with status 2" 2 k verify --no-nonce --policy "$T/policy.json" "$T/evidence"

check_status "csr without a subject is a usage error" 2 k csr --pin-file "$T/pin" 'pkcs11:token=t;object=ec-P-256'
check "keygen x25519" k keygen --type x25519 --label x --pin-file "$T/pin"
check_output "a key that cannot sign" "does not sign" fails k csr --subject /CN=x --pin-file "$T/pin" 'pkcs11:token=t;object=x'
done_testing

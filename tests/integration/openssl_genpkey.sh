#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 600
# openssl genpkey and req -newkey make keys in the token when they are asked to, where the URI says, and only then.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

openssl_setup
generate() { ossl genpkey -propquery provider=keyclave "$@"; }
listed() { p11tool_on --token-label "$1" --login --pin "$PIN" -O --type privkey 2>/dev/null; }

kinds() {
	local n=0 kind
	for kind in RSA RSA-PSS EC ED25519 X25519; do
		local options=() alias=keyclave_uri
		[ $kind = EC ] && options=(-pkeyopt ec_paramgen_curve:P-384)
		[ "$tag" = "default first" ] && alias=pkcs11_uri
		n=$((n + 1))
		check "genpkey $kind by $alias ($tag)" generate -algorithm $kind "${options[@]}" \
			-pkeyopt "$alias:pkcs11:token=kc;object=$kind-${order[0]};id=%a$n?pin-value=$PIN" -out "$T/key.pem"
		check_output "writes a reference" 'PKCS#11 PROVIDER URI' cat "$T/key.pem"
		check_output "has its label" "label: +$kind-${order[0]}" listed kc
		check "the reference finds it" ossl pkey -in "$T/key.pem" -passin "pass:$PIN" -pubout -out "$T/pub"
		check_output "as the right kind" "$(sed 's/^X/&/; s/RSA.*/Public-Key: .2048 bit./; s/^EC$/secp384r1/' <<<$kind)" \
			plain pkey -pubin -in "$T/pub" -text -noout
	done
	check_output "never extractable, local" 'never extractable, local' listed kc
	check "RSA-PSS for one digest" generate -algorithm RSA-PSS -pkeyopt rsa_pss_keygen_md:sha384 \
		-pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48 \
		-pkeyopt "keyclave_uri:pkcs11:token=kc;object=pss-${order[0]};id=%99%${#order[0]}0?pin-value=$PIN" -out "$T/key.pem"
	pss=$(uri "pss-${order[0]}")
	check_output "its public half says so" 'Minimum Salt Length: .*0x30|Minimum Salt Length: 48' ossl pkey -in "$pss" -pubout -text
	sed -n '/BEGIN PUBLIC/,/END PUBLIC/p' "$T/out" >"$T/pub"
	check "it signs with that" ossl dgst -sha384 -sign "$pss" -out "$T/sig" "$T/pin"
	check "well" plain dgst -sha384 -verify "$T/pub" -signature "$T/sig" "$T/pin"
	check_fails "not with another digest" ossl dgst -sha256 -sign "$pss" -out "$T/never" "$T/pin"
	check_output "as the error says" 'SHA2?-?384 only' cat "$T/err.kept"
	check_fails "nor with a shorter salt" ossl dgst -sha384 -sign "$pss" -sigopt rsa_pss_saltlen:20 -out "$T/never" "$T/pin"
	check_fails "the token does not let it either" p11tool_on --token-label kc --login --pin "$PIN" --sign \
		--mechanism SHA256-RSA-PKCS-PSS --id "99${#order[0]}0" --input-file "$T/pin" --output-file "$T/never"
	check "req -x509 takes it" ossl req -x509 -key "$pss" -subj /CN=pss -out "$T/x.pem"
	check "with a good signature" plain verify -CAfile "$T/x.pem" -check_ss_sig "$T/x.pem"
	check_fails "what a token cannot hold a key to" generate -algorithm RSA-PSS -pkeyopt rsa_pss_keygen_md:sha256 \
		-pkeyopt rsa_pss_keygen_saltlen:20 -pkeyopt "keyclave_uri:$(uri never)" -out "$T/never"
	check_output "is refused in words" 'salt' cat "$T/err.kept"
	check "RSA of 3072 bits" generate -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -pkeyopt rsa_keygen_pubexp:65537 \
		-pkeyopt "keyclave_uri:$(uri big)" -out "$T/key.pem"
	check_output "it has them" '3072 bit' ossl pkey -in "$(uri big)" -text -noout
	check_fails "a curve that no token has" generate -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 \
		-pkeyopt "keyclave_uri:$(uri never)" -out "$T/never"
	check_fails "a URI that is none" generate -algorithm RSA -pkeyopt keyclave_uri:file:x -out "$T/never"
	check_fails "without a PIN" generate -algorithm RSA -pkeyopt keyclave_uri:pkcs11:token=kc -out "$T/never"
	check_output "says so" 'no PIN' grep 'no PIN' "$T/err.kept"
	check "genpkey without a propquery ($tag)" ossl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/soft.pem"
	check_output "makes a software key" 'BEGIN PRIVATE KEY' cat "$T/soft.pem"
	check "req -newkey" ossl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout "$T/soft.pem" -out "$T/x.pem"
	check_output "makes a software key" 'BEGIN PRIVATE KEY' cat "$T/soft.pem"
	check "req -newkey with a propquery" ossl req -x509 -newkey EC -pkeyopt ec_paramgen_curve:P-256 \
		-propquery '?provider=keyclave' -pkeyopt "keyclave_uri:$(uri req)" -subj /CN=x -keyout "$T/ref.pem" -out "$T/x.pem"
	check_output "makes a token key" 'PKCS#11 PROVIDER URI' cat "$T/ref.pem"
	check "and signs with it" plain verify -CAfile "$T/x.pem" -check_ss_sig "$T/x.pem"
}
check_fails() { # keeps stderr for the next check
	local name=$1
	shift
	tap_run "$@"
	cp "$T/err" "$T/err.kept"
	if [ "$tap_status" -ne 0 ] && [ "$tap_status" -lt 124 ]; then ok "$name"; else
		not_ok "$name (failure expected)"
		tap_explain "$@"
	fi
}
in_both_orders kinds

# ---- which token, when nobody names one ----
cat >"$T/pin.cnf" <<-CNF
	openssl_conf = init
	[init]
	providers = both
	[both]
	keyclave = keyclave_section
	default = default_section
	[default_section]
	activate = 1
	[keyclave_section]
	activate = 1
	pin-source = file:$T/pin
CNF
unnamed() { host env OPENSSL_CONF="$T/pin.cnf" openssl genpkey -propquery provider=keyclave -algorithm ED25519 -out "$T/key.pem"; }
check "the only token is taken" unnamed
check_output "its reference names it" 'token=kc;' sh -c "sed '/^-/d' '$T/key.pem' | base64 -d | strings"
make_token second || diag_file "$T/token.log"
check_fails "of two tokens none is taken" unnamed
check_output "as the error says" 'several tokens match: name one.*keyclave_uri' cat "$T/err.kept"
printf '[provider]\ntoken = second\n' >"$KEYCLAVE_CONF"
check "the configured one is" unnamed
check_output "its reference names it" 'token=second;' sh -c "sed '/^-/d' '$T/key.pem' | base64 -d | strings"
: >"$KEYCLAVE_CONF"
echo 'token = second' >>"$T/pin.cnf"
check "so is the one of the provider's section" unnamed
check_output "its reference names it" 'token=second;' sh -c "sed '/^-/d' '$T/key.pem' | base64 -d | strings"
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 600
# The openssl command signs with keys in the token: requests, certificates, a CA, digests, raw signatures, CMS,
# S/MIME, OCSP and time stamps, in both provider orders. Each signature is verified by openssl without us.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

openssl_setup rsa rsapss p256 p384 p521 ed25519
make_ca

requests() {
	local kind
	for kind in rsa rsapss p256 p384 p521 ed25519; do
		check "req -x509 with $kind ($tag)" ossl req -x509 -key "$(uri $kind)" -subj "/CN=self $kind" -days 30 \
			-out "$T/self.pem"
		check "its signature is good" plain verify -CAfile "$T/self.pem" -check_ss_sig "$T/self.pem"
	done
	check "req -new ($tag)" ossl req -new -key "$(uri p256)" -subj /CN=request -out "$T/request.pem"
	check_output "the request's signature is good" 'verify OK' plain req -in "$T/request.pem" -verify -noout
	check_output "req verifies with our provider too" 'verify OK' ossl req -in "$T/request.pem" -verify -noout
	check "req -x509 with PSS and RSA" ossl req -x509 -key "$(uri rsa)" -subj "/CN=pss" -days 30 \
		-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -out "$T/pss.pem"
	check "its signature is good" plain verify -CAfile "$T/pss.pem" -check_ss_sig "$T/pss.pem"
	check_output "it says which" 'Salt Length: 0x20' plain x509 -in "$T/pss.pem" -noout -text
}

certificates() {
	check "a CA certificate ($tag)" ossl req -x509 -key "$(uri p384)" -subj "/CN=token CA" -days 30 \
		-out "$T/token_ca.pem"
	plain req -new -newkey rsa:2048 -nodes -keyout "$T/leaf.key" -subj /CN=leaf -out "$T/leaf.csr" 2>"$T/err"
	check "x509 -CA -CAkey" ossl x509 -req -in "$T/leaf.csr" -CA "$T/token_ca.pem" -CAkey "$(uri p384)" \
		-days 10 -out "$T/leaf.pem"
	check "the certificate is good" plain verify -CAfile "$T/token_ca.pem" "$T/leaf.pem"
	rm -rf "$T/ca"
	mkdir "$T/ca"
	: >"$T/ca/index.txt"
	cat >"$T/ca.cnf" <<-CNF
		[ca]
		default_ca = own
		[own]
		new_certs_dir = $T/ca
		database = $T/ca/index.txt
		rand_serial = yes
		default_md = sha256
		default_days = 10
		policy = any
		default_crl_days = 5
		[any]
		commonName = supplied
	CNF
	check "ca" ossl ca -config "$T/ca.cnf" -batch -in "$T/leaf.csr" -cert "$T/token_ca.pem" -keyfile "$(uri p384)" \
		-out "$T/by_ca.pem"
	check "the certificate is good" plain verify -CAfile "$T/token_ca.pem" "$T/by_ca.pem"
	check "ca -revoke" ossl ca -config "$T/ca.cnf" -revoke "$T/by_ca.pem" -cert "$T/token_ca.pem" \
		-keyfile "$(uri p384)"
	check "ca -gencrl" ossl ca -config "$T/ca.cnf" -gencrl -cert "$T/token_ca.pem" -keyfile "$(uri p384)" \
		-out "$T/crl.pem"
	check_output "the list is signed well" 'verify OK' plain crl -in "$T/crl.pem" -CAfile "$T/token_ca.pem" -noout
	check_fails "x509 refuses a CA certificate of another key" ossl x509 -req -in "$T/leaf.csr" \
		-CA "$T/token_ca.pem" -CAkey "$(uri p256)" -days 10 -out "$T/never.pem"
}

# dgst NAME KIND DIGEST [OPTION...]
dgst() {
	local name=$1 kind=$2 digest=$3
	shift 3
	check "dgst $name ($tag)" ossl dgst "-$digest" -sign "$(uri "$kind")" "$@" -out "$T/sig" "$T/message"
	check "it is good" plain dgst "-$digest" -verify "$T/$kind.pub" "$@" -signature "$T/sig" "$T/message"
	check "our provider says so too" ossl dgst "-$digest" -verify "pkcs11:token=kc;object=$kind;type=public" \
		"$@" -signature "$T/sig" "$T/message"
	check_status "another message is refused" 1 ossl dgst "-$digest" \
		-verify "pkcs11:token=kc;object=$kind;type=public" "$@" -signature "$T/sig" "$T/pin"
}
digests() {
	dgst "RSA PKCS #1" rsa sha256
	dgst "RSA PKCS #1" rsa sha512
	dgst "RSA PKCS #1" rsa sha1
	dgst "RSA PSS" rsa sha256 -sigopt rsa_padding_mode:pss
	dgst "RSA PSS, salt of 17" rsa sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:17
	dgst "RSA PSS, MGF1 of another digest" rsa sha256 -sigopt rsa_padding_mode:pss \
		-sigopt rsa_pss_saltlen:digest -sigopt rsa_mgf1_md:sha384
	dgst "RSA-PSS key" rsapss sha256 -sigopt rsa_pss_saltlen:max
	dgst P-256 p256 sha256
	dgst P-384 p384 sha384
	dgst P-521 p521 sha512
	dgst "P-256, SHA-224" p256 sha224
	check_fails "an RSA-PSS key refuses PKCS #1 ($tag)" ossl dgst -sha256 -sign "$(uri rsapss)" \
		-sigopt rsa_padding_mode:pkcs1 -out "$T/never" "$T/message"
	check_fails "a digest that no token knows" ossl dgst -md5 -sign "$(uri rsa)" -out "$T/never" "$T/message"
}

raw() {
	plain dgst -sha256 -binary -out "$T/hash" "$T/message"
	check "pkeyutl -sign P-256 ($tag)" ossl pkeyutl -sign -inkey "$(uri p256)" -in "$T/hash" -out "$T/sig"
	check "it is good" plain pkeyutl -verify -pubin -inkey "$T/p256.pub" -in "$T/hash" -sigfile "$T/sig"
	check "our provider says so too" ossl pkeyutl -verify -inkey "$(uri p256)" -in "$T/hash" -sigfile "$T/sig"
	check "pkeyutl -sign RSA, DigestInfo" ossl pkeyutl -sign -inkey "$(uri rsa)" -pkeyopt digest:sha256 \
		-in "$T/hash" -out "$T/sig"
	check "it is good" plain pkeyutl -verify -pubin -inkey "$T/rsa.pub" -pkeyopt digest:sha256 -in "$T/hash" \
		-sigfile "$T/sig"
	check "it is recovered" ossl pkeyutl -verifyrecover -inkey "$(uri rsa)" -pkeyopt digest:sha256 -in "$T/sig" \
		-out "$T/recovered"
	same_file "as it was" "$T/recovered" "$T/hash"
	check "pkeyutl -sign RSA without a digest's name" ossl pkeyutl -sign -inkey "$(uri rsa)" -in "$T/message" \
		-out "$T/sig"
	check "it is recovered" plain pkeyutl -verifyrecover -pubin -inkey "$T/rsa.pub" -in "$T/sig" \
		-out "$T/recovered"
	same_file "as it was" "$T/recovered" "$T/message"
	check "pkeyutl -sign PSS" ossl pkeyutl -sign -inkey "$(uri rsa)" -pkeyopt rsa_padding_mode:pss \
		-pkeyopt digest:sha256 -in "$T/hash" -out "$T/sig"
	check "it is good" plain pkeyutl -verify -pubin -inkey "$T/rsa.pub" -pkeyopt rsa_padding_mode:pss \
		-pkeyopt digest:sha256 -in "$T/hash" -sigfile "$T/sig"
	check "pkeyutl -rawin Ed25519" ossl pkeyutl -sign -inkey "$(uri ed25519)" -rawin -in "$T/message" -out "$T/sig"
	check "it is good" plain pkeyutl -verify -pubin -inkey "$T/ed25519.pub" -rawin -in "$T/message" \
		-sigfile "$T/sig"
	check "our provider says so too" ossl pkeyutl -verify -inkey "$(uri ed25519)" -rawin -in "$T/message" \
		-sigfile "$T/sig"
	check_fails "Ed25519 of another message is refused" ossl pkeyutl -verify -inkey "$(uri ed25519)" -rawin \
		-in "$T/hash" -sigfile "$T/sig"
	check "pkeyutl -rawin with a digest, P-384" ossl pkeyutl -sign -inkey "$(uri p384)" -rawin -digest sha384 \
		-in "$T/message" -out "$T/sig"
	check "it is good" plain dgst -sha384 -verify "$T/p384.pub" -signature "$T/sig" "$T/message"
	check_fails "a digest of the wrong length" ossl pkeyutl -sign -inkey "$(uri rsa)" -pkeyopt digest:sha384 \
		-in "$T/hash" -out "$T/never"
}

messages() {
	local kind
	for kind in rsa p256; do # OpenSSL 3.0 itself signs no CMS with Ed25519
		check "cms -sign with $kind ($tag)" ossl cms -sign -in "$T/message" -signer "$T/$kind.crt" \
			-inkey "$(uri $kind)" -binary -nodetach -outform DER -out "$T/cms"
		check "it is good" plain cms -verify -in "$T/cms" -inform DER -CAfile "$T/ca.pem" -out "$T/back"
		same_file "as it was" "$T/back" "$T/message"
	done
	check "cms -sign with PSS ($tag)" ossl cms -sign -in "$T/message" -signer "$T/rsa.crt" -inkey "$(uri rsa)" \
		-keyopt rsa_padding_mode:pss -binary -nodetach -outform DER -out "$T/cms"
	check "it is good" plain cms -verify -in "$T/cms" -inform DER -CAfile "$T/ca.pem" -out "$T/back"
	check "cms verifies with our provider too" ossl cms -verify -in "$T/cms" -inform DER -CAfile "$T/ca.pem" \
		-out "$T/back"
	check "smime -sign ($tag)" ossl smime -sign -in "$T/message" -signer "$T/rsa.crt" -inkey "$(uri rsa)" \
		-out "$T/mail"
	check "it is good" plain smime -verify -in "$T/mail" -CAfile "$T/ca.pem" -out "$T/back"
}

ocsp() {
	local serial
	serial=$(plain x509 -in "$T/p256.crt" -noout -serial)
	printf 'V\t350101000000Z\t\t%s\tunknown\t/CN=p256\n' "${serial#serial=}" >"$T/index"
	plain ocsp -issuer "$T/ca.pem" -cert "$T/p256.crt" -reqout "$T/ocsp.req" -no_nonce
	check "ocsp responder ($tag)" ossl ocsp -index "$T/index" -CA "$T/ca.pem" -rsigner "$T/rsa.crt" \
		-rkey "$(uri rsa)" -reqin "$T/ocsp.req" -respout "$T/ocsp.resp" -ndays 1
	check_output "its answer is good" 'Response verify OK' plain ocsp -respin "$T/ocsp.resp" -CAfile "$T/ca.pem" \
		-issuer "$T/ca.pem" -cert "$T/p256.crt" -no_nonce
	check_output "and says so" 'good' plain ocsp -respin "$T/ocsp.resp" -CAfile "$T/ca.pem" \
		-issuer "$T/ca.pem" -cert "$T/p256.crt" -no_nonce
}

# `openssl ts` reads its key from a file: the PEM reference. It takes no -provider for the signer's key
# in 3.0, so the PIN comes with the provider's section of a configuration.
timestamps() {
	local first=${order[0]} second=${order[1]}
	cat >"$T/ts.cnf" <<-CNF
		openssl_conf = init
		[init]
		providers = both
		[both]
		$first = ${first}_section
		$second = ${second}_section
		[default_section]
		activate = 1
		[keyclave_section]
		activate = 1
		pin-source = file:$T/pin
		[tsa]
		default_tsa = own
		[own]
		serial = $T/ts.serial
		signer_digest = sha256
		default_policy = 1.2.3.4
		digests = sha256
		ess_cert_id_chain = no
	CNF
	plain ts -query -data "$T/message" -sha256 -cert -no_nonce -out "$T/ts.req" 2>"$T/err"
	check "ts -reply with a PEM reference ($tag)" host env OPENSSL_CONF="$T/ts.cnf" openssl ts -reply -config "$T/ts.cnf" \
		-queryfile "$T/ts.req" -signer "$T/p384.crt" -inkey "$T/p384.pem" -out "$T/ts.resp"
	check_output "it is good" 'Verification: OK' plain ts -verify -data "$T/message" -in "$T/ts.resp" \
		-CAfile "$T/ca.pem"
}

certify rsa "extendedKeyUsage=OCSPSigning,emailProtection"
certify p256
certify p384 "extendedKeyUsage=critical,timeStamping"
in_both_orders requests
in_both_orders certificates
in_both_orders digests
in_both_orders raw
in_both_orders messages
in_both_orders ocsp
in_both_orders timestamps
done_testing

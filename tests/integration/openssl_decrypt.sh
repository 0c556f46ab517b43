#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 600
# The openssl command decrypts and derives with keys in the token: pkeyutl, CMS and S/MIME for RSA and for ECDH
# recipients, in both provider orders. What is decrypted was encrypted by openssl without us.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

openssl_setup rsa p256 p384 p521 x25519
make_ca

# decrypt NAME OPTION...: the same options for both sides.
decrypt() {
	local name=$1
	shift
	plain pkeyutl -encrypt -pubin -inkey "$T/rsa.pub" "$@" -in "$T/message" -out "$T/hidden" 2>"$T/err" ||
		diag_file "$T/err"
	check "pkeyutl -decrypt, $name ($tag)" ossl pkeyutl -decrypt -inkey "$(uri rsa)" "$@" -in "$T/hidden" -out "$T/back"
	same_file "as it was" "$T/back" "$T/message"
	check "our provider encrypts, too" ossl pkeyutl -encrypt -pubin -inkey 'pkcs11:token=kc;object=rsa;type=public' \
		"$@" -in "$T/message" -out "$T/hidden"
	check "and decrypts" ossl pkeyutl -decrypt -inkey "$(uri rsa)" "$@" -in "$T/hidden" -out "$T/back"
	same_file "as it was" "$T/back" "$T/message"
}
decryptions() {
	decrypt "PKCS #1"
	decrypt "OAEP" -pkeyopt rsa_padding_mode:oaep
	decrypt "OAEP, SHA-256" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256
	decrypt "OAEP, SHA-384 and MGF1 of SHA-1" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha384 \
		-pkeyopt rsa_mgf1_md:sha1
	decrypt "OAEP, label" -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
		-pkeyopt rsa_oaep_label:6b6579
	plain pkeyutl -encrypt -pubin -inkey "$T/rsa.pub" -pkeyopt rsa_padding_mode:oaep -in "$T/message" -out "$T/hidden"
	check_fails "OAEP of another digest is refused" ossl pkeyutl -decrypt -inkey "$(uri rsa)" \
		-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in "$T/hidden" -out "$T/never"
	{ printf '\0'; head -c 255 /dev/urandom; } >"$T/block"
	# 256 bytes that are no PKCS #1 message: a made-up one comes of them, the same each time (implicit rejection).
	plain pkeyutl -encrypt -pubin -inkey "$T/rsa.pub" -pkeyopt rsa_padding_mode:none -in "$T/block" -out "$T/hidden"
	for made_up in "$T/made-up.1" "$T/made-up.2"; do
		check "a wrong PKCS #1 padding is no error ($tag)" ossl pkeyutl -decrypt -inkey "$(uri rsa)" \
			-pkeyopt rsa_padding_mode:pkcs1 -in "$T/hidden" -out "$made_up"
	done
	check "what it gives is always the same ($tag)" cmp "$T/made-up.1" "$T/made-up.2"
	plain pkeyutl -encrypt -pubin -inkey "$T/rsa.pub" -pkeyopt rsa_padding_mode:none -in "$T/block" -out "$T/hidden"
	check "pkeyutl -decrypt, raw ($tag)" ossl pkeyutl -decrypt -inkey "$(uri rsa)" -pkeyopt rsa_padding_mode:none \
		-in "$T/hidden" -out "$T/back"
	same_file "as it was" "$T/back" "$T/block"
	check_fails "an EC key decrypts nothing" ossl pkeyutl -decrypt -inkey "$(uri p256)" -in "$T/hidden" -out "$T/never"
}

# derive KIND ALGORITHM [OPTION...]
derive() {
	local kind=$1 algorithm=$2
	shift 2
	plain genpkey -algorithm "$algorithm" "$@" -out "$T/peer.key" 2>"$T/err"
	plain pkey -in "$T/peer.key" -pubout -out "$T/peer.pub"
	plain pkeyutl -derive -inkey "$T/peer.key" -peerkey "$T/$kind.pub" -out "$T/theirs"
	check "pkeyutl -derive with $kind ($tag)" ossl pkeyutl -derive -inkey "$(uri "$kind")" -peerkey "$T/peer.pub" \
		-out "$T/ours"
	same_file "the same secret" "$T/ours" "$T/theirs"
}
derivations() {
	derive p256 EC -pkeyopt ec_paramgen_curve:P-256
	derive p384 EC -pkeyopt ec_paramgen_curve:P-384
	derive p521 EC -pkeyopt ec_paramgen_curve:P-521
	check_fails "a peer on another curve" ossl pkeyutl -derive -inkey "$(uri p256)" -peerkey "$T/peer.pub" -out "$T/never"
	derive x25519 X25519
}

messages() {
	local kind
	for kind in rsa p256 p384; do
		plain cms -encrypt -binary -aes-256-cbc -in "$T/message" -outform DER -out "$T/cms" "$T/$kind.crt"
		check "cms -decrypt with $kind ($tag)" ossl cms -decrypt -in "$T/cms" -inform DER -inkey "$(uri $kind)" \
			-recip "$T/$kind.crt" -out "$T/back"
		same_file "as it was" "$T/back" "$T/message"
		check "cms -encrypt with our provider" ossl cms -encrypt -binary -aes-128-gcm -in "$T/message" -outform DER \
			-out "$T/cms" "$T/$kind.crt"
		check "and back" ossl cms -decrypt -in "$T/cms" -inform DER -inkey "$(uri $kind)" -out "$T/back" \
			-recip "$T/$kind.crt"
		same_file "as it was" "$T/back" "$T/message"
	done
	plain cms -encrypt -binary -aes256 -in "$T/message" -outform DER -out "$T/cms" -recip "$T/rsa.crt" \
		-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256
	check "cms -decrypt, OAEP ($tag)" ossl cms -decrypt -in "$T/cms" -inform DER -inkey "$(uri rsa)" -recip "$T/rsa.crt" \
		-out "$T/back"
	same_file "as it was" "$T/back" "$T/message"
	plain cms -encrypt -binary -aes256 -in "$T/message" -outform DER -out "$T/cms" -recip "$T/p256.crt" \
		-keyopt ecdh_kdf_md:sha384
	check "cms -decrypt, ECDH with SHA-384" ossl cms -decrypt -in "$T/cms" -inform DER -inkey "$(uri p256)" \
		-recip "$T/p256.crt" -out "$T/back"
	same_file "as it was" "$T/back" "$T/message"
	plain smime -encrypt -aes128 -binary -in "$T/message" -out "$T/mail" "$T/rsa.crt"
	check "smime -decrypt ($tag)" ossl smime -decrypt -in "$T/mail" -inkey "$(uri rsa)" -recip "$T/rsa.crt" -out "$T/back"
	same_file "as it was" "$T/back" "$T/message"
}

certify rsa
certify p256
certify p384
in_both_orders decryptions
in_both_orders derivations
in_both_orders messages
done_testing

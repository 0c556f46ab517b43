#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 600
# Finding keys and certificates in tokens: storeutl, PEM references, PINs and what happens to wrong ones; and what the
# provider must not do: start a daemon when it is loaded, take over other keys, hang, or weaken a demanded property.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

# error_says PATTERN: what the command before wrote to stderr.
error_says() {
	if grep -Eq -- "$1" "$T/err"; then ok "as the error says"; else
		not_ok "the error says: $1"
		diag_file "$T/err"
	fi
}

# ---- nothing is opened when the provider is loaded ----
keyclave_env
check_output "list -providers" 'name: Keyclave' host openssl list -providers -verbose -provider keyclave -provider default
check_output "it is active" 'status: active' host openssl list -providers -provider keyclave
check_output "list -store-loaders" 'pkcs11 @ keyclave' host openssl list -store-loaders -provider keyclave
check_output "list -signature-algorithms" 'ECDSA @ keyclave' host openssl list -signature-algorithms -provider keyclave \
	-provider default
config() { # config PROPERTIES [LINE...]: both providers by configuration, ours first
	local properties=$1
	shift
	cat <<-CNF
		openssl_conf = init
		[init]
		providers = both
		alg_section = algorithms
		[algorithms]
		default_properties = $properties
		[both]
		keyclave = keyclave_section
		default = default_section
		[default_section]
		activate = 1
		[keyclave_section]
		activate = 1
	CNF
	printf '%s\n' "$@"
}
config "" >"$T/both.cnf"
configured() { host env OPENSSL_CONF="$T/both.cnf" openssl "$@"; }
check "a program with the provider in its openssl.cnf" configured dgst -sha256 "$T/both.cnf"
check "it makes EC keys in software" configured genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/soft.key"
check_output "as its PEM shows" 'BEGIN PRIVATE KEY' cat "$T/soft.key"
check "and signs with them" configured dgst -sha256 -sign "$T/soft.key" -out "$T/sig" "$T/both.cnf"
is "no socket, no store, no daemon" "$(find "$KEYCLAVE_STATE_DIR" 2>/dev/null; tap_daemon_pids)" ""

openssl_setup rsa rsapss p256 ed25519 x25519
make_ca
certify p256
plain x509 -in "$T/p256.crt" -outform DER -out "$T/p256.der"
p256_id=$(p11tool_on --token-label kc --login --pin $PIN -O --type pubkey 2>/dev/null |
	awk '/label:/ { l = $2 } /ID:/ && l == "p256" { print $2; exit }')
check "a certificate is put there by pkcs11-tool" p11tool_on --token-label kc --login --pin $PIN \
	--write-object "$T/p256.der" --type cert --label p256 --id "$p256_id"

# ---- storeutl ----
stores() {
	check "storeutl of a whole token ($tag)" ossl storeutl "pkcs11:token=kc?pin-value=$PIN"
	is "5 private keys" "$(grep -c ': Pkey' "$T/out")" 5
	is "5 public keys" "$(grep -c ': Public key' "$T/out")" 5
	is "one certificate" "$(grep -c ': Certificate' "$T/out")" 1
	is "in this order" "$(grep -E '^[0-9]+: ' "$T/out" | sed 's/^[0-9]*: //' | uniq | tr '\n' ' ')" \
		"Pkey Public key Certificate "
	check_output "storeutl -certs" 'Total found: 1' ossl storeutl -certs "pkcs11:token=kc"
	check_output "storeutl -keys" 'Total found: 5' ossl storeutl -keys "pkcs11:token=kc?pin-value=$PIN"
	check_output "one key by label" 'Total found: 1' ossl storeutl -keys "$(uri p256)"
	check_output "by id" 'Total found: 3' ossl storeutl "pkcs11:token=kc;id=%${p256_id:0:2}$(sed 's/../%&/g' \
		<<<"${p256_id:2}")?pin-value=$PIN"
	check_output "a certificate by its subject" 'Total found: 1' ossl storeutl -certs -subject /CN=p256 "pkcs11:token=kc"
	check_output "one that is not there" 'Total found: 0|none matches the URI' ossl storeutl -certs -subject /CN=nobody "pkcs11:token=kc"
	check_output "a label that is not there" 'none matches the URI' ossl storeutl "$(uri nothing)"
	check_output "a token that is not there" 'no such token' ossl storeutl "pkcs11:token=nothing"
	check_fails "no URI" ossl storeutl "pkcs11:token=%zz"
	check "x509 -in a token's certificate" ossl x509 -in "pkcs11:token=kc;object=p256;type=cert" -noout
	check_output "pkey -text" 'private key in a Keyclave token' ossl pkey -in "$(uri p256)" -text -noout
	check "public keys want no PIN" ossl pkey -pubin -in "pkcs11:token=kc;object=p256;type=public" -pubout -out "$T/pub"
	same_file "the same key" "$T/pub" "$T/p256.pub"
	check_fails "a private key does" ossl pkey -in "pkcs11:token=kc;object=p256;type=private" -noout
}
in_both_orders stores

# ---- PEM references: the bytes that other PKCS#11 providers read and write ----
check_output "genpkey writes a reference" 'BEGIN PKCS#11 PROVIDER URI' head -1 "$T/p256.pem"
sed '/^-----/d' "$T/p256.pem" | base64 -d >"$T/reference.der"
check_output "of a sequence" '0:d=0 .*SEQUENCE' plain asn1parse -inform DER -in "$T/reference.der"
is "with a description" "$(plain asn1parse -inform DER -in "$T/reference.der" | sed -n '2s/.*: //p')" \
	"VISIBLESTRING     :PKCS#11 Provider URI v1.0"
check_output "and the URI, without a PIN" 'UTF8STRING +:pkcs11:serial=[0-9a-f]+;token=kc;id=.*;object=p256;type=private$' \
	plain asn1parse -inform DER -in "$T/reference.der"
foreign=$(printf 'pkcs11:token=kc;object=p256;type=private?pin-source=file:%s' "$T/pin")
printf 'asn1 = SEQUENCE:s\n[s]\na = VISIBLE:PKCS\\#11 Provider URI v1.0\nb = UTF8:%s\n' "$foreign" >"$T/gen.cnf"
plain asn1parse -genconf "$T/gen.cnf" -noout -out "$T/foreign.der"
{
	echo '-----BEGIN PKCS#11 PROVIDER URI-----'
	base64 -w 64 "$T/foreign.der"
	echo '-----END PKCS#11 PROVIDER URI-----'
} >"$T/foreign.pem"
references() {
	check "a reference made elsewhere ($tag)" ossl dgst -sha256 -sign "$T/foreign.pem" -out "$T/sig" "$T/message"
	check "signs" plain dgst -sha256 -verify "$T/p256.pub" -signature "$T/sig" "$T/message"
	for kind in rsa rsapss ed25519 x25519; do
		check "-passin with the reference of $kind" ossl pkey -in "$T/$kind.pem" -passin "pass:$PIN" -pubout -out "$T/pub"
		same_file "the right key" "$T/pub" "$T/$kind.pub"
	done
	sed 's/^M/N/; s/AM/AN/' "$T/foreign.pem" >"$T/broken.pem"
	check_fails "a broken one" ossl pkey -in "$T/broken.pem" -noout
	check "a software key's file is read as ever" ossl pkey -in "$T/soft.key" -noout
	check "so is an encrypted one" plain pkey -in "$T/soft.key" -aes128 -passout pass:x -out "$T/encrypted.key"
	check "with its own passphrase" ossl pkey -in "$T/encrypted.key" -passin pass:x -noout
	cat "$T/p256.crt" "$T/foreign.pem" "$T/p256.crt" >"$T/mixed.pem"
	check "a reference between certificates" ossl pkey -in "$T/mixed.pem" -noout
}
in_both_orders references

# ---- PINs ----
check "pin-source" ossl pkey -in "pkcs11:token=kc;object=p256?pin-source=file:$T/pin" -noout
check "-passin" ossl pkey -in "pkcs11:token=kc;object=p256" -passin "pass:$PIN" -noout
check_fails "a pin-source that is not there" ossl pkey -in "pkcs11:token=kc;object=p256?pin-source=file:$T/none" -noout
check_fails "nobody has a PIN" ossl pkey -in "pkcs11:token=kc;object=p256" -noout
flags() { p11tool_on -L 2>/dev/null | grep 'token flags' | tail -1; }
is "no try was counted" "$(flags | grep -c 'PIN count low')" 0
printf '[token]\npin-tries = 3\n' >"$KEYCLAVE_CONF"
tap_stop_daemons
check_fails "a wrong PIN" ossl pkey -in "pkcs11:token=kc;object=p256?pin-value=wrong-one" -noout
check_output "is tried once" 'user PIN count low' flags
is "and not twice" "$(flags | grep -c 'final user PIN try')" 0
check "the right one sets the count back" ossl pkey -in "$(uri p256)" -noout
check_fails "a wrong PIN with a reference" ossl pkey -in "$T/p256.pem" -passin pass:wrong-one -noout
check_output "is tried once, not once for each decoder" 'user PIN count low' flags
is "as the flags show" "$(flags | grep -c 'final user PIN try')" 0
check_fails "a second wrong PIN" ossl pkey -in "pkcs11:token=kc;object=p256?pin-value=wrong-one" -noout
check_output "leaves one try" 'final user PIN try' flags
check_fails "which no PIN of a URI gets, not even the right one" ossl pkey -in "$(uri p256)" -noout
error_says 'one PIN try is left'
is "the PIN is not locked" "$(flags | grep -c 'user PIN locked')" 0
check "a user who types it may" ossl pkey -in "pkcs11:token=kc;object=p256" -passin "pass:$PIN" -noout
: >"$KEYCLAVE_CONF"
tap_stop_daemons

# ---- properties that the configuration demands ----
printf '[provider]\nproperties = tee=yes\n' >"$KEYCLAVE_CONF"
check_fails "tee=yes is refused without a TEE" ossl pkey -in "$(uri p256)" -noout
error_says 'tee=yes is demanded'
printf '[provider]\nproperties = attested=yes\n' >"$KEYCLAVE_CONF"
check_fails "attested=yes is refused without attestation" ossl pkey -in "$(uri p256)" -noout
error_says 'attested=yes is demanded'
printf '[provider]\nproperties = tee=snp,attested=no\n' >"$KEYCLAVE_CONF"
check_fails "tee=snp is refused" ossl pkey -in "$(uri p256)" -noout
printf '[provider]\nproperties = tee=no,attested=no\n' >"$KEYCLAVE_CONF"
check "what is true is accepted" ossl pkey -in "$(uri p256)" -noout
: >"$KEYCLAVE_CONF"

# ---- our own name in default_properties ----
config '?provider=keyclave' "pin-source = file:$T/pin" >"$T/both.cnf"
check "?provider=keyclave: a token key signs" host timeout 30 env OPENSSL_CONF="$T/both.cnf" openssl dgst -sha256 \
	-sign "pkcs11:token=kc;object=p256" -out "$T/sig" "$T/message"
check "our provider verifies for a file's key" host timeout 30 env OPENSSL_CONF="$T/both.cnf" openssl dgst -sha256 \
	-verify "$T/p256.pub" -signature "$T/sig" "$T/message"
check "a file's private key signs" host timeout 30 env OPENSSL_CONF="$T/both.cnf" openssl dgst -sha256 -sign "$T/soft.key" \
	-out "$T/sig" "$T/message"
check "derive does not hang" host timeout 30 env OPENSSL_CONF="$T/both.cnf" openssl pkeyutl -derive \
	-inkey "pkcs11:token=kc;object=x25519" -peerkey "$T/x25519.pub" -out "$T/secret"

# ---- nothing of ours is said to be FIPS 140's ----
fips() { # fips PROPERTIES
	config "$1" >"$T/fips.cnf"
	host timeout 60 env OPENSSL_CONF="$T/fips.cnf" openssl storeutl -certs "pkcs11:token=kc"
}
check_output "?fips=yes: a token is listed" 'Total found: 1' fips '?fips=yes'
check_fails "fips=yes finds nothing of ours" fips 'fips=yes'

# ---- a private key needs no public object beside it ----
check "the public object is deleted" p11tool_on --token-label kc --login --pin $PIN --delete-object --type pubkey --label p256
alone() {
	check "its public half is still told ($tag)" ossl pkey -in "$(uri p256)" -pubout -out "$T/pub"
	same_file "as it was" "$T/pub" "$T/p256.pub"
	check "by a URI of type=public, too" ossl pkey -pubin -pubout -out "$T/pub" \
		-in "pkcs11:token=kc;object=p256;type=public?pin-value=$PIN"
	same_file "as it was" "$T/pub" "$T/p256.pub"
	plain req -new -key "$T/soft.key" -subj /CN=soft -out "$T/soft.csr" 2>"$T/err"
	check "its certificate and it belong together" ossl x509 -req -in "$T/soft.csr" -CA "$T/p256.crt" \
		-CAkey "$(uri p256)" -days 5 -out "$T/soft.crt"
}
in_both_orders alone
done_testing

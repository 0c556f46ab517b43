# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the tests of the OpenSSL provider share: a token "kc" with a key of each kind, the stock
# openssl.cnf, both provider orders, and a software CA. Read after tests/lib/tap.sh.

need openssl pkcs11-tool
unset OPENSSL_CONF

PIN=48151623
SO_PIN=98765432

# ossl COMMAND ARGUMENT...: openssl with our provider and the default one, in the order of the moment.
order=(keyclave default)
ossl() {
	local command=$1
	shift
	host openssl "$command" -provider "${order[0]}" -provider "${order[1]}" "$@"
}
# plain COMMAND ARGUMENT...: without our provider; what is said to be right is checked by others.
plain() { openssl "$@"; }

# in_both_orders FUNCTION
in_both_orders() {
	order=(keyclave default)
	tag="keyclave first"
	"$1"
	order=(default keyclave)
	tag="default first"
	"$1"
}

p11tool_on() { host pkcs11-tool --module "$KC_MODULE" "$@"; }

# make_token LABEL [PIN]: the first one starts the daemon.
make_token() {
	local label=$1 pin=${2:-$PIN} slot
	slot=$(p11tool_on -L 2>/dev/null | awk '/^Slot [0-9]+ / { s = $2 } /uninitialized/ { print s; exit }')
	p11tool_on --init-token --slot-index "${slot:-0}" --label "$label" --so-pin "$SO_PIN" >"$T/token.log" 2>&1 &&
		p11tool_on --token-label "$label" --init-pin --login --login-type so --so-pin "$SO_PIN" \
			--pin "$pin" >>"$T/token.log" 2>&1
}

# make_key LABEL ALGORITHM [OPTION...]: by openssl genpkey, in token kc.
make_key() {
	local label=$1 algorithm=$2
	shift 2
	host openssl genpkey -provider keyclave -provider default -propquery provider=keyclave \
		-algorithm "$algorithm" "$@" -pkeyopt "keyclave_uri:pkcs11:token=kc;object=$label?pin-value=$PIN" \
		-out "$T/$label.pem" >"$T/$label.log" 2>&1
}

# uri LABEL: the private key, with its PIN.
uri() { echo "pkcs11:token=kc;object=$1?pin-value=$PIN"; }

# make_keys KIND...: rsa p256 p384 p521 ed25519 x25519 rsapss.
make_keys() {
	local kind
	for kind; do
		case $kind in
		rsa*pss) make_key "$kind" RSA-PSS -pkeyopt rsa_keygen_bits:2048 ;;
		rsa*) make_key "$kind" RSA -pkeyopt rsa_keygen_bits:2048 ;;
		p[0-9]*) make_key "$kind" EC -pkeyopt "ec_paramgen_curve:P-${kind#p}" ;;
		ed25519) make_key "$kind" ED25519 ;;
		x25519) make_key "$kind" X25519 ;;
		esac || {
			diag_file "$T/$kind.log"
			bail_out "no key $kind"
		}
		ossl pkey -in "$(uri "$kind")" -pubout -out "$T/$kind.pub" 2>"$T/err" || {
			diag_file "$T/err"
			bail_out "no public key $kind"
		}
	done
}

# openssl_setup KIND...
openssl_setup() {
	keyclave_env
	make_token kc || {
		diag_file "$T/token.log"
		bail_out "no token"
	}
	make_keys "$@"
	printf '%s' "$PIN" >"$T/pin"
	echo "a message that is signed and hidden" >"$T/message"
}

# make_ca: $T/ca.key and $T/ca.pem, in software.
make_ca() {
	plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/ca.key" -out "$T/ca.pem" \
		-subj "/CN=software CA" -days 30 2>"$T/ca.log" || bail_out "no CA"
}
# certify KIND [EXTENSION...]: $T/KIND.crt by that CA, by the public key alone.
certify() {
	local kind=$1
	shift
	printf '%s\n' "subjectAltName=DNS:localhost,IP:127.0.0.1" "$@" >"$T/ext"
	plain x509 -new -force_pubkey "$T/$kind.pub" -subj "/CN=$kind" -CA "$T/ca.pem" -CAkey "$T/ca.key" \
		-extfile "$T/ext" -days 30 -out "$T/$kind.crt" 2>"$T/ca.log" || {
		diag_file "$T/ca.log"
		bail_out "no certificate for $kind"
	}
}

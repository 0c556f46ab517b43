#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# What the provider does with PINs: each is given to one token, and once where it is wrong, however often a program opens
# the same URI; a right login or a new PIN ends that. The tokens' own counts say how many tries there were.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

keyclave_env
printf '[token]\npin-tries = 4\n' >"$KEYCLAVE_CONF"
openssl_setup p256
make_token other 11223344 || bail_out "no second token"
echo $SO_PIN >"$T/so-pin"
for _ in 1 2; do
	"$KC_CLI" init --label twin --so-pin-file "$T/so-pin" --pin-file "$T/pin" >"$T/token.log" 2>&1 || bail_out "no twins"
done
make_ca
certify p256
plain x509 -in "$T/p256.crt" -outform DER -out "$T/p256.der"
p11tool_on --token-label other --login --pin 11223344 --write-object "$T/p256.der" --type cert --label web \
	>/dev/null 2>&1 || bail_out "no certificate"

# tries: what the tokens' flags say, in order: "-" none failed, "low", "last", "locked".
tries() {
	p11tool_on -L 2>/dev/null | awk '/token flags/ && /token initialized/ {
		printf "%s ", /user PIN locked/ ? "locked" : /final user PIN try/ ? "last" : /user PIN count low/ ? "low" : "-" }' |
		sed 's/ $//'
}
is "four tokens, no try failed" "$(tries)" "- - - -"

# ---- one token for one PIN ----
refused() { # refused NAME PATTERN COMMAND...
	local name=$1 pattern=$2
	shift 2
	check_fails "$name ($tag)" "$@"
	if grep -Eq -- "$pattern" "$T/err"; then ok "and is told why"; else
		not_ok "and is told why ($pattern)"
		diag_file "$T/err"
	fi
}
one_token() {
	refused "a PIN for several tokens is given to none" 'several tokens match.*add serial=\.\.\.' \
		ossl pkey -in "pkcs11:object=p256?pin-value=$PIN" -noout
	refused "nor is a pin-source" 'several tokens match.*one token only' \
		ossl pkey -in "pkcs11:object=p256?pin-source=file:$T/pin" -noout
	refused "nor what a callback says" 'several tokens match' ossl pkey -in "pkcs11:object=p256" -passin "pass:$PIN" -noout
	check_output "nor one for a list" 'several tokens match' ossl storeutl "pkcs11:?pin-value=$PIN"
	refused "twins are told apart by their serial" 'add serial=' ossl pkey -in "pkcs11:token=twin?pin-value=$PIN" -noout
	is "no token was asked" "$(tries)" "- - - -"
	check_output "a list without a PIN shows what is public ($tag)" 'Total found: 2' ossl storeutl "pkcs11:"
	check_output "so do certificates" 'Total found: 1' ossl storeutl -certs "pkcs11:"
	check "a certificate of one of them" ossl x509 -in "pkcs11:object=web" -noout
	check "the token's name is enough" ossl pkey -in "pkcs11:token=kc;object=p256?pin-value=$PIN" -noout
	is "still no try failed" "$(tries)" "- - - -"
}
in_both_orders one_token
asn1='asn1 = SEQUENCE:s\n[s]\na = VISIBLE:PKCS\\#11 Provider URI v1.0\nb = UTF8:%s\n'
# shellcheck disable=SC2059 # a format on purpose
printf "$asn1" "pkcs11:object=p256" >"$T/gen.cnf"
plain asn1parse -genconf "$T/gen.cnf" -noout -out "$T/vague.der"
{
	echo '-----BEGIN PKCS#11 PROVIDER URI-----'
	base64 -w 64 "$T/vague.der"
	echo '-----END PKCS#11 PROVIDER URI-----'
} >"$T/vague.pem"
tag="by a file"
check_fails "a reference that names no token gets no PIN either" ossl pkey -in "$T/vague.pem" -passin "pass:$PIN" -noout
is "and costs no try" "$(tries)" "- - - -"

# ---- once, however often ----
coproc server { exec "${KC_BUILDDIR}/tests/integration/provider_open" 2>"$T/server.err"; }
# shellcheck disable=SC2154 # by coproc; kept, for bash forgets it when the program ends
server_pid=$server_PID
ask() {
	local line=
	echo "$*" >&"${server[1]}"
	IFS= read -r -t 60 line <&"${server[0]}"
	echo "$line"
}
wrong="pkcs11:token=kc;object=p256?pin-value=87651234"
right="pkcs11:token=kc;object=p256?pin-value=$PIN"
sockets() { find "/proc/$server_pid/fd" -lname 'socket:*' | wc -l; }
check_output "a server without a key signs nothing" ':' echo "$(ask sign)"
is "and has no socket although the provider is loaded" "$(sockets)" 0
check_output "a server opens a URI with a wrong PIN" '^login failed' echo "$(ask open "$wrong")"
for _ in 1 2 3 4 5 6; do last=$(ask open "$wrong"); done
check_output "six times more" '^this PIN was refused before' echo "$last"
is "the token was asked once" "$(tries)" "low - - -"
check_output "another wrong PIN is another try" '^login failed' echo "$(ask open "pkcs11:token=kc;object=p256?pin-value=00000000")"
is "so two" "$(tries)" "low - - -"
last=$(ask open "$wrong")
check_output "the first is still known" '^this PIN was refused before' echo "$last"
is "the right one is good" "$(ask open "$right")" ok
check "now it has a socket" [ "$(sockets)" -ge 1 ]
is "and signs" "$(ask sign)" ok
is "which sets the count back" "$(tries)" "- - - -"
eval "exec ${server[1]}>&-"
wait "$server_pid" 2>/dev/null

# ---- until the PIN is changed ----
coproc server { exec "${KC_BUILDDIR}/tests/integration/provider_open" 2>"$T/server.err"; }
# shellcheck disable=SC2154 # by coproc; kept, for bash forgets it when the program ends
server_pid=$server_PID
new=87651234
check_output "a PIN that is wrong yet" '^login failed' echo "$(ask open "$wrong")"
check_output "is not tried twice" '^this PIN was refused before' echo "$(ask open "$wrong")"
check "the token gets that PIN" p11tool_on --token-label kc --login --pin "$PIN" --change-pin --new-pin "$new"
is "now it is right" "$(ask open "$wrong")" ok
is "and signs" "$(ask sign)" ok

# ---- a key that wants its PIN for each signature, after the PIN was changed ----
check "a key with always-authenticate" p11tool_on --token-label kc --login --pin "$new" --keypairgen \
	--key-type EC:prime256v1 --label strict --always-auth
is "is opened" "$(ask open "pkcs11:token=kc;object=strict;type=private?pin-value=$new")" ok
is "and signs" "$(ask sign)" ok
check "the PIN is changed" p11tool_on --token-label kc --login --pin "$new" --change-pin --new-pin "$PIN"
for _ in 1 2 3 4 5 6; do last=$(ask sign); done
check_output "then it signs no more" 'signing' echo "$last"
is "which costs one try, not six" "$(tries)" "low - - -"
is "and with the new PIN it does" "$(ask open "pkcs11:token=kc;object=strict;type=private?pin-value=$PIN"; ask sign)" $'ok\nok'
tap_stop_daemons
eval "exec ${server[1]}>&-"
wait "$server_pid" 2>/dev/null
is "a server ends well although the daemon is gone" $? 0
is "and starts none for its end" "$(tap_daemon_pids)" ""

# ---- a fork while another thread logs in ----
"$KC_CLI" status >"$T/status" 2>&1
coproc server { exec "${KC_BUILDDIR}/tests/integration/provider_open" 2>"$T/server.err"; }
# shellcheck disable=SC2154 # by coproc; kept, for bash forgets it when the program ends
server_pid=$server_PID
is "a child made in the middle of a login opens its key" \
	"$(ask fork "$PIN" "$(tap_worker)" "pkcs11:token=kc;object=p256;type=private")" ok
eval "exec ${server[1]}>&-"
wait "$server_pid" 2>/dev/null
done_testing

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 900
# keyclaved on emulated Nitro with AWS KMS, which tests/peers/kms.py plays: the root outlives the daemon by it, users' keys
# come out of it, and whoever swaps, mixes, replays or answers in its place gets a refusal by name.
if [ "${KC_KMS_INSIDE:-}" != yes ]; then
	export KC_KMS_INSIDE=yes
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare -m --propagation private bash "$0" "$@"
	fi
	exec unshare -Urm --propagation private bash "$0" "$@"
fi
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
emulators=$KC_BUILDDIR/tests/emulators
[ -x "$emulators/emulate-nsm" ] || skip_all "the emulators are not built (libfuse3)"
(exec 3<>/dev/fuse) 2>/dev/null || skip_all "/dev/fuse cannot be opened"
need openssl python3
for module in botocore cbor2 cryptography; do
	/usr/bin/python3 -c "import $module" 2>/dev/null || skip_all "python3-$module is not there"
done
k() { timeout 60 "$KC_CLI" "$@"; }
peer() { env -u OPENSSL_MODULES -u OPENSSL_CONF /usr/bin/python3 "$KC_SRCDIR/tests/peers/kms.py" "$@"; }
root=$T/root
control=$T/control
authority=$T/ca
kms=$T/kms
key=arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555
next=arn:aws:kms:eu-central-1:111122223333:key/22222222-2222-3333-4444-555555555555
users=arn:aws:kms:eu-central-1:111122223333:key/33333333-2222-3333-4444-555555555555
foreign=arn:aws:kms:eu-central-1:999999999999:key/44444444-2222-3333-4444-555555555555
mkdir -p "$authority" "$kms"
: >"$control"
keeper=

# ---- the enclave: each start of emulate is another one ----
emulator=
emulate() {
	mkdir -p "$root/dev"
	"$emulators/emulate-nsm" "$root/dev" --control="$control" --ca="$authority" >>"$T/emulators" 2>&1 &
	emulator=$!
	at_exit "kill $emulator 2>/dev/null"
	wait_until 20 mountpoint -q "$root/dev" || bail_out "emulate-nsm: $(cat "$T/emulators")"
}
reboot() {
	kill "$emulator"
	wait "$emulator" 2>/dev/null
	rm -rf "$root"
	emulate
}
# configure [LINE...]: of section [kms], beside those that are always there.
configure() {
	{
		printf '[daemon]\nplatform = nitro\n[platform]\nplatform-root = %s\n[kms]\n' "$root"
		printf 'kms-roots = %s\nkms-connect = unix:%s\nkms-credentials-from = unix:%s\n' "$T/tls-ca.pem" \
			"$kms/kms.sock" "$kms/imds.sock"
		printf '%s\n' "kms-timeout = 8s" "$@"
	} >"$KEYCLAVE_CONF"
}
# shellcheck disable=SC2120
usual() { configure 'kms = aws' "kms-key = $key" "kms-user-keys = $users" "$@"; }
start() {
	: >"$T/log"
	"$KC_DAEMON" >>"$T/log" 2>&1 &
	keeper=$!
	wait_until 30 k status
}
stop() {
	kill "$keeper" 2>/dev/null
	wait "$keeper" 2>/dev/null
	keeper=
}
restart() { stop; start; }
refuses() {
	: >"$T/log"
	! timeout 60 "$KC_DAEMON" >>"$T/log" 2>&1
}
at_exit '[ -z "$keeper" ] || kill "$keeper"'
logged() { check_output "$1" "$2" cat "$T/log"; }
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
identity() { json 'd["tokens"][0]["identity"]' k status; }
serial() { json 'd["tokens"][0]["serial"]' k status; }
store() { (cd "$KEYCLAVE_STATE_DIR/store" && sha256sum keyclave.db); }

# ---- the service ----
certificate() { # FILE CA: for the service's name, by an authority of that name
	[ -e "$T/$2.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout "$T/$2.key" \
		-out "$T/$2.pem" -subj "/CN=$2" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj /CN=kms -out "$1.csr" 2>/dev/null
	printf 'subjectAltName=DNS:%s\n' "${3:-kms.eu-central-1.amazonaws.com}" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$T/$2.pem" -CAkey "$T/$2.key" -CAcreateserial -days 2 -extfile "$1.ext" \
		-out "$1.pem" 2>/dev/null
	cat "$1.key" >>"$1.pem"
}
pcr0() { printf '%s' "$1" | openssl dgst -sha384 -r | cut -d' ' -f1; }
# settings CURRENT-ACCESS-KEY [PCR0]
settings() {
	python3 - "$kms/config.json" "$authority/nitro-root.pem" "$1" "$2" "$key" "$next" "$users" "$foreign" <<-'PY'
		import json, sys
		out, root, current, pcr, key, following, users, foreign = sys.argv[1:]
		conditions = {"pcrs": {"0": pcr}} if pcr else {}
		json.dump({"root": root, "current": current,
		           "keys": {key: conditions, following: conditions, users: conditions, foreign: {}},
		           "credentials": {"AKIAONE": {"secret": "one", "token": "token/one+"},
		                           "AKIATWO": {"secret": "two", "token": "token/two+"}}}, open(out, "w"))
	PY
}
peer_pid=
serve() {
	rm -f "$kms/kms.sock"
	peer serve "$kms" 2>>"$T/peer" &
	peer_pid=$!
	at_exit "kill $peer_pid 2>/dev/null"
	wait_for_socket "$kms/kms.sock" 20
}
unserve() {
	kill "$peer_pid"
	wait "$peer_pid" 2>/dev/null
}
faults() { printf '%s\n' "$@" >"$kms/faults"; }
requests() { grep -c "^$1 " "$kms/log"; }
certificate "$T/good" tls-ca
certificate "$T/other-tls" other-ca
certificate "$T/name" tls-ca kms.example
cp "$T/good.pem" "$kms/tls.pem"
emulate
measured=$(python3 -c 'import hashlib; print(hashlib.sha384(b"an image").hexdigest())')
settings AKIAONE "$measured"
serve || bail_out "kms.py: $(cat "$T/peer")"
openssl rand -hex 16 >"$T/so-pin"
nonce=$(openssl rand -hex 32)

# ---- the root ----
usual
check "the first start makes a root with the KMS" start
logged "it says so" 'root protected by aws-kms'
is "by GenerateDataKey, once" "$(requests GenerateDataKey)" 1
check_output "bound to the store" '"keyclave-purpose": "root", "keyclave-store": "[0-9a-f]{32}"' cat "$kms/log"
rm -f "$T/pin"
check "a token" k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/pin"
check "a key" k keygen --type ec:P-256 --label web --pin-file "$T/pin" --token pkcs11:token=t
is "status names the protector" "$(json 'd["daemon"]["root protector"]' k status)" aws-kms
is "and the key" "$(json 'd["daemon"]["KMS key"]' k status)" "$key"
id=$(identity)
check "its evidence" k attest --nonce "$nonce" --pin-file "$T/pin" --out "$T/evidence" 'pkcs11:token=t;object=web;type=private'
verify() {
	k verify --nonce "$nonce" --identity "$id" --allow no-revocation --allow any-measurement \
		--trust-root "$authority/nitro-root.pem" "$@"
}
check "verifies" verify --generated --never-extractable "$T/evidence"
is "names the KMS's key" "$(json 'd["claims"]["KMS key"]' verify "$T/evidence")" "$key"
is "and its region" "$(json 'd["claims"]["KMS region"]' verify "$T/evidence")" eu-central-1
pcr16=$({ head -c 48 /dev/zero
	printf 'keyclave/1/kms\nplatform=nitro\nkms=aws\nregion=eu-central-1\nkey=%s\nprevious-keys=\nuser-keys=%s\n' "$key" "$users"
} | openssl dgst -sha384 -r | cut -d' ' -f1)
check_output "PCR16 is what docs/kms.md says" "hex:$pcr16" verify --json "$T/evidence"
check "the daemon starts again" restart
is "by Decrypt, for the second time: what is written has been tried" "$(requests Decrypt)" 2
is "with the same token" "$(identity)" "$id"
check_output "and its key" web k list --pin-file "$T/pin" pkcs11:token=t
reboot
check "so it does in another enclave of the same image" restart
is "it is the same token there" "$(identity)" "$id"
check "no key is in the log of what the parent saw" sh -c '! grep -q Plaintext "$0"' "$kms/log"

# ---- evidence is no oracle (security rule 1) ----
check "evidence names no public key" /usr/bin/python3 - "$T/evidence" <<-'PY'
	import cbor2, sys
	records = cbor2.loads(open(sys.argv[1], "rb").read())
	document = cbor2.loads(cbor2.loads(records["evidence"][1])[2])
	assert document["public_key"] is None and document["user_data"], document
PY

# ---- another image; the parent's own key ----
stop
before=$(store)
reboot
printf 'pcr0 another image\n' >"$control"
check "another image gets nothing" refuses
logged "the KMS says why" 'AccessDeniedException: kms:RecipientAttestation:PCR0'
logged "and the log what to do" 'docs/kms.md'
is "nothing is overwritten" "$(store)" "$before"
: >"$control"
reboot
configure 'kms = aws' "kms-key = $foreign"
check "under another key of the KMS the store does not open" refuses
logged "by name" 'is under .*11111111.*, which is neither kms-key nor among kms-previous-keys'
mv "$KEYCLAVE_STATE_DIR/store" "$T/store.kept"
reboot
check "a parent that has it make a store under a key of its own" start
check "and a token of the same name" k init --label t --so-pin-file "$T/so-pin" --generate-pin "$T/pin2"
check "has another identity" test "$(identity)" != "$id"
check "its evidence" k attest --nonce "$nonce" --pin-file "$T/pin2" --out "$T/foreign.evidence" pkcs11:token=t
check_output "is refused by who pinned the token" 'token identity' sh -c '! "$@"' - "$KC_CLI" verify --nonce "$nonce" --identity "$id" \
	--allow no-revocation --allow any-measurement --trust-root "$authority/nitro-root.pem" "$T/foreign.evidence"
stop
rm -rf "$KEYCLAVE_STATE_DIR/store"
mv "$T/store.kept" "$KEYCLAVE_STATE_DIR/store"
usual
check "the configuration is locked into the enclave: another one has to start" refuses
logged "it says so" 'PCR16 has been extended by something else'
reboot
check "in a new one the store opens" start
is "with its token" "$(identity)" "$id"
serial=$(serial)

# ---- users' keys ----
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/user.key" 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$T/user.key" -outform DER -out "$T/user.p8"
openssl req -x509 -key "$T/user.key" -subj /CN=user -days 2 -out "$T/user.pem" 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$T/rsa.key" 2>/dev/null
head -c 32 /dev/urandom >"$T/aes.key"
encrypt() { # FILE LABEL VERSION
	peer encrypt "$kms" "$users" "$1" "keyclave-label=$2" keyclave-purpose=key "keyclave-token=$serial" "keyclave-version=$3"
}
import() { k import --pin-file "$T/pin" --token pkcs11:token=t "$@"; }
encrypt "$T/user.p8" user 1 >"$T/user.blob"
encrypt "$T/aes.key" wrapping 1 >"$T/aes.blob"
encrypt "$T/user.key" user 2 | base64 >"$T/user2.b64"
check "a key in PKCS#8, with its certificate" import --label user --kms-ciphertext "$T/user.blob" --cert "$T/user.pem"
check_output "they have the same id" '%' sh -c '"$0" list --json --pin-file "$1" pkcs11:token=t | grep -o "id=[^;?\"]*" | sort | uniq -d' \
	"$KC_CLI" "$T/pin"
check "its evidence" k attest --nonce "$nonce" --pin-file "$T/pin" --out "$T/user.evidence" 'pkcs11:token=t;object=user;type=private'
is "says where it comes from" "$(json 'd["claims"]["origin"]' verify "$T/user.evidence")" KMS-unwrapped
is "and not that it was always here" "$(json 'd["claims"]["local"], d["claims"]["never extractable"], d["claims"]["extractable"]' \
	verify "$T/user.evidence")" "False False False"
echo hello >"$T/text"
check "it signs" host openssl pkeyutl -provider keyclave -provider default -sign -rawin -digest sha256 \
	-inkey "pkcs11:token=t;object=user;type=private?pin-source=$T/pin" -in "$T/text" -out "$T/signature"
check "what its certificate verifies" sh -c 'openssl x509 -in "$0" -noout -pubkey >"$1.pub" &&
	openssl dgst -sha256 -verify "$1.pub" -signature "$2" "$1"' "$T/user.pem" "$T/text" "$T/signature"
check "a secret key" import --label wrapping --secret aes --kms-ciphertext "$T/aes.blob"
check "a key in PEM, in base64, of the next version" import --label user --kms-version 2 --kms-ciphertext "$T/user2.b64"
peer envelope "$kms" "$users" "$T/rsa.key" "$serial" big 1 >"$T/rsa.envelope"
check "a key in an envelope" import --label big --kms-ciphertext "$T/rsa.envelope"
check_output "all of them are there" 'big' k list --pin-file "$T/pin" pkcs11:token=t

# ---- attacks on them ----
encrypt "$T/rsa.key" attacker 1 >"$T/attacker.blob"
check_output "a ciphertext of another label is refused" 'not a key that was encrypted for this token, label and version' \
	sh -c '! "$@"' - "$KC_CLI" import --pin-file "$T/pin" --token pkcs11:token=t --label user --kms-ciphertext "$T/attacker.blob"
logged "by the KMS" 'InvalidCiphertextException'
check_fails "one of another version too" import --label user --kms-version 2 --kms-ciphertext "$T/user.blob"
check_fails "an envelope of another label too" import --label user --kms-ciphertext "$T/rsa.envelope"
python3 - "$T/rsa.envelope" "$T/mixed.envelope" <<-'PY'
	import base64, json, sys
	d = json.load(open(sys.argv[1])); b = bytearray(base64.b64decode(d["ciphertext"])); b[5] ^= 1
	d["ciphertext"] = base64.b64encode(bytes(b)).decode(); json.dump(d, open(sys.argv[2], "w"))
PY
check_fails "and one whose content was changed" import --label big --kms-ciphertext "$T/mixed.envelope"
peer encrypt "$kms" "$key" "$T/user.p8" keyclave-label=user keyclave-purpose=key "keyclave-token=$serial" keyclave-version=1 >"$T/rootkey.blob"
check_fails "what is under the root's key is none of the users'" import --label user --kms-ciphertext "$T/rootkey.blob"
check_fails "nor can it be asked for" import --label user --kms-key "$key" --kms-ciphertext "$T/rootkey.blob"
logged "it says so" 'is not among kms-user-keys'
openssl req -x509 -key "$T/rsa.key" -subj /CN=other -days 2 -out "$T/other.pem" 2>/dev/null
count=$(json 'len(d["objects"])' k list --pin-file "$T/pin" pkcs11:token=t)
check_output "a certificate of another key is refused" 'the certificate is not of this key' sh -c '! "$@"' - \
	"$KC_CLI" import --pin-file "$T/pin" --token pkcs11:token=t --label user --kms-ciphertext "$T/user.blob" --cert "$T/other.pem"
is "and its key with it" "$(json 'len(d["objects"])' k list --pin-file "$T/pin" pkcs11:token=t)" "$count"
printf '[{"id":1,"label":"acm-key","encrypted_pem_b64":"%s","cert_pem":"%s"}]' \
	"$(peer encrypt "$kms" "$users" "$T/user.key" | base64 -w0)" "$(sed ':a;N;$!ba;s/\n/\\n/g' "$T/user.pem")" >"$T/acm.json"
check_output "a file of ACM for Nitro Enclaves binds its key to nothing" 'kms-unbound = allow' sh -c '! "$@"' - \
	"$KC_CLI" import --pin-file "$T/pin" --token pkcs11:token=t --label acm-key --kms-ciphertext "$T/acm.json"
printf 'no key at all' >"$T/nothing"
encrypt "$T/nothing" nothing 1 >"$T/nothing.blob"
check_fails "what is no key is refused" import --label nothing --kms-ciphertext "$T/nothing.blob"

# ---- the service has faults ----
faults throttle internal hang-up
check "throttled, broken and cut off, it is asked again" import --label retried --kms-ciphertext "$(encrypt "$T/user.p8" retried 1 >"$T/b" && echo "$T/b")"
settings AKIATWO "$measured"
faults expired
check "an expired token is replaced" import --label renewed --kms-ciphertext "$(encrypt "$T/user.p8" renewed 1 >"$T/b" && echo "$T/b")"
check_output "by the one that IMDS has now" '^imds AKIATWO' cat "$kms/log"
faults primitive
check "both forms of the CMS message open" import --label primitive --kms-ciphertext "$(encrypt "$T/user.p8" primitive 1 >"$T/b" && echo "$T/b")"
encrypt "$T/user.p8" f 1 >"$T/f.blob"
# spoilt FAULT PATTERN
spoilt() {
	faults "$1"
	check_fails "$1: refused" import --label f --kms-ciphertext "$T/f.blob"
	logged "$1: by name" "$2"
}
spoilt denied 'AWS KMS refuses Decrypt'
spoilt disabled 'DisabledException'
spoilt wrong-recipient 'for another recipient'
spoilt truncated 'no CMS message'
spoilt plaintext 'a plaintext, which is not for the network'
spoilt other-key 'about another key'
spoilt garbage 'no JSON object'
spoilt huge 'its answer is too long'
spoilt redirect 'status 307'
: >"$kms/faults"
# answers FILE PATTERN NAME: somebody with that certificate in the service's place.
answers() {
	unserve
	cp "$1" "$kms/tls.pem"
	serve
	check_fails "$3 is not spoken to" import --label f --kms-ciphertext "$T/f.blob"
	logged "$3 is named" "who answers is not the service: .*$2"
}
was=$(requests Decrypt)
answers "$T/other-tls.pem" "" "an authority of the parent's own"
answers "$T/name.pem" "" "a certificate of another name"
is "nothing was sent to them" "$(requests Decrypt)" "$was"
unserve
cp "$T/good.pem" "$kms/tls.pem"
serve
check "and to the service again" import --label f --kms-ciphertext "$T/f.blob"

# ---- rotation ----
stop
cp -r "$KEYCLAVE_STATE_DIR/store" "$T/store.old"
check "the daemon starts" start
faults short
check_fails "a rotation that fails" k rotate-root
logged "says so" 'the root was not wrapped anew'
: >"$kms/faults"
check "leaves the root as it was" restart
check_output "a rotation" 'rotated: (true|yes)' k rotate-root
logged "is logged" 'the root was wrapped anew under'
check "and the daemon starts again" restart
is "with the same token" "$(identity)" "$id"
stop
reboot
configure 'kms = aws' "kms-key = $next" "kms-previous-keys = $key" "kms-user-keys = $users"
check "another key, with the old one named" start
logged "the root goes under it" "wrap slots were renewed"
is "as status says" "$(json 'd["daemon"]["KMS key"]' k status)" "$next"
is "it is the same token" "$(identity)" "$id"
stop
reboot
configure 'kms = aws' "kms-key = $next" "kms-user-keys = $users"
check "then the old one is not needed any more" start
is "and the token is still the same" "$(identity)" "$id"
stop

# ---- a user's key without a context, where it is allowed ----
configure 'kms = aws' "kms-key = $next" "kms-user-keys = $users" 'kms-unbound = allow'
check "with kms-unbound = allow" start
check "the file of ACM for Nitro Enclaves is imported" import --label acm-key --kms-ciphertext "$T/acm.json"
check_output "with its certificate" acm-key sh -c '"$0" list pkcs11:token=t | grep cert' "$KC_CLI"

# ---- the sandbox ----
worker=$(pgrep -P "$keeper")
dialer=$(pgrep -P "$worker")
is "one process of the worker's opens connections" "$(cat "/proc/$dialer/comm")" keyclaved-dial
is "it has its end of one socket, and no file of the store" "$(find "/proc/$dialer/fd" -lname 'socket:*' | wc -l) $(find "/proc/$dialer/fd" -lname '*keyclave.db*' | wc -l)" "1 0"
kill -9 "$dialer"
check_fails "without it there is no way out" import --label f --kms-ciphertext "$T/f.blob"
check "but tokens go on" k list --pin-file "$T/pin" pkcs11:token=t
stop

# ---- other platforms (security rule 12) ----
sed -i 's/platform = nitro/platform = notee/' "$KEYCLAVE_CONF"
rm -rf "$KEYCLAVE_STATE_DIR"
check "what is no TEE takes no keys from a KMS" refuses
logged "it says so" 'platform notee is no TEE, and takes no keys from a KMS'
# shellcheck disable=SC2016
sed -i 's/platform = notee/platform = nitro/' "$KEYCLAVE_CONF"

# ---- credentials from elsewhere ----
configure 'kms = aws' "kms-key = $key" 'kms-credentials = environment'
sed -i '/kms-credentials-from/d' "$KEYCLAVE_CONF"
export AWS_ACCESS_KEY_ID=AKIAONE AWS_SECRET_ACCESS_KEY=one AWS_SESSION_TOKEN=token/one+
reboot
check "credentials from the environment" start
stop
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
printf '{"AccessKeyId": "AKIATWO", "SecretAccessKey": "two", "SessionToken": "token/two+"}' >"$KEYCLAVE_STATE_DIR/kms-credentials.json"
sed -i 's/kms-credentials = environment/kms-credentials = file/' "$KEYCLAVE_CONF"
check "credentials from a file" start
stop
rm -f "$KEYCLAVE_STATE_DIR/kms-credentials.json"
check "none" refuses
logged "it says where they were looked for" 'credentials for the KMS, from .*kms-credentials.json: No such file'
done_testing

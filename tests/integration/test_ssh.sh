#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# OpenSSH: public keys from the token, a login to a local sshd with a token key, and by the agent.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need ssh ssh-keygen /usr/sbin/sshd
need_root # sshd without privilege separation's folder, and without PAM
[ -z "${KC_SANITIZER_PRELOAD:-}" ] || skip_all "ssh cleans its children's environment: no run time of a sanitizer there"
make_token
"$KC_CLI" keygen --type ec:P-256 --label ssh --id 01 --pin-file "$T/pin" >/dev/null || bail_out "keygen"
"$KC_CLI" keygen --type rsa:2048 --label ssh-rsa --id 02 --pin-file "$T/pin" >/dev/null || bail_out "keygen"

timeout 30 ssh-keygen -D "$KC_MODULE" >"$T/keys" 2>"$T/err"
check_output "ssh-keygen -D lists the EC key" "^ecdsa-sha2-nistp256 " cat "$T/keys"
check_output "and the RSA key" "^ssh-rsa " cat "$T/keys"

mkdir -p /run/sshd "$T/ssh"
chmod 0755 "$T/ssh"
ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/host"
grep nistp256 "$T/keys" >"$T/ssh/authorized"
port=$(free_port)
cat >"$T/ssh/sshd_config" <<END
Port $port
ListenAddress 127.0.0.1
HostKey $T/ssh/host
AuthorizedKeysFile $T/ssh/authorized
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
END
background /usr/sbin/sshd -D -e -f "$T/ssh/sshd_config" 2>"$T/sshd.log"
wait_for_port "$port"
echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$T/ssh/host.pub")" >"$T/ssh/known"
printf '#!/bin/sh\ncat %q\n' "$T/pin" >"$T/askpass"
chmod 0755 "$T/askpass"
login() {
	SSH_ASKPASS=$T/askpass SSH_ASKPASS_REQUIRE=force timeout 60 ssh -F none -p "$port" -o UserKnownHostsFile="$T/ssh/known" \
		-o IdentityFile=none -o PasswordAuthentication=no "$@" root@127.0.0.1 echo in
}
check_output "a login with the token's key" "^in$" login -o PKCS11Provider="$KC_MODULE"
mv "$T/ssh/authorized" "$T/ssh/authorized.ec"
grep ssh-rsa "$T/keys" >"$T/ssh/authorized"
check_output "a login with its RSA key" "^in$" login -o PKCS11Provider="$KC_MODULE"
: >"$T/ssh/authorized"
check_status "no login without an authorised key" 255 login -o PKCS11Provider="$KC_MODULE"
done_testing

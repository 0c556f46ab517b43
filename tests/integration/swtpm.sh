# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For integration tests, after tap.sh and token.sh: keyclaved on a swtpm by a command as its TCTI, as docs/platforms/tpm.md has it.
need swtpm socat tpm2_pcrextend openssl python3
k() { timeout 60 "$KC_CLI" "$@"; }
keeper=
swtpm_pid=
socket=$T/tpm.sock
export TPM2TOOLS_TCTI="swtpm:path=$socket"
tpm_on() {
	mkdir -p "$T/${1:-tpm}"
	swtpm socket --tpm2 --tpmstate "dir=$T/${1:-tpm}" --server "type=unixio,path=$socket" \
		--ctrl "type=unixio,path=$socket.ctrl" --flags not-need-init,startup-clear >>"$T/swtpm" 2>&1 &
	swtpm_pid=$!
	wait_for_socket "$socket" || bail_out "swtpm: $(cat "$T/swtpm")"
}
tpm_off() {
	kill "$swtpm_pid" 2>/dev/null
	wait "$swtpm_pid" 2>/dev/null
	swtpm_pid=
	rm -f "$socket" "$socket.ctrl"
}
at_exit '[ -z "$swtpm_pid" ] || kill "$swtpm_pid"'
at_exit '[ -z "$keeper" ] || kill "$keeper"'
# boot KERNEL [TPM]: a TPM after the boot of that one.
boot() {
	[ -z "$swtpm_pid" ] || tpm_off
	tpm_on "${2:-tpm}"
	tpm2_pcrextend "4:sha256=$(printf '%064d' "$1")" || bail_out "tpm2_pcrextend"
}
# What keeps the TPM's connection open (docs/platforms/tpm.md).
cat >"$T/bridge" <<EOF
#!/bin/bash
for fd in /proc/\$\$/fd/*; do
	fd=\${fd##*/}
	[ "\$fd" -le 2 ] || [ "\$fd" -eq 255 ] || eval "exec \$fd>&-"
done
exec socat STDIO UNIX-CONNECT:$socket
EOF
chmod 755 "$T/bridge"
mkdir -p "$T/root"
configure() {
	{
		printf '[daemon]\nplatform = tpm\n[platform]\nplatform-root = %s\ntpm-tcti = cmd:exec %s\n' "$T/root" "$T/bridge"
		printf 'tpm-pcrs = sha256:0,4\n'
		printf '%s\n' "$@"
	} >"$KEYCLAVE_CONF"
}
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
refuses() {
	: >"$T/log"
	! timeout 60 "$KC_DAEMON" >>"$T/log" 2>&1
}
logged() { check_output "$1" "$2" cat "$T/log"; }
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
identity() { json 'd["tokens"][0]["identity"]' k status; }

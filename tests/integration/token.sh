# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For integration tests, after tap.sh: a token `t` with a user PIN, made by the product's own command.
keyclave_env
SO_PIN=87654321
PIN=123456
echo $SO_PIN >"$T/so-pin"
echo $PIN >"$T/pin"
export SO_PIN PIN

# make_token [LABEL]
make_token() {
	"$KC_CLI" init --label "${1:-t}" --so-pin-file "$T/so-pin" --pin-file "$T/pin" >"$T/init" 2>&1 ||
		bail_out "keyclave init: $(cat "$T/init")"
}
# tool ARGUMENTS...: pkcs11-tool on the module and the token t, with a deadline.
tool() { host timeout 60 pkcs11-tool --module "$KC_MODULE" --token-label t "$@"; }
# user ARGUMENTS...: the same, logged in.
user() { tool --login --pin "$PIN" "$@"; }
